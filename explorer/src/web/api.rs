//! The JSON interface: the same questions as the pages, for programs.

use super::{
	pages::{read_id, read_kind, read_search, Parameters},
	past::{self, Stood},
	proofs::{prove_record, prove_transaction, read_at},
	sector, sign_in, status_of, App, Who,
};
use crate::{
	kind::Kind,
	prove::Report,
	store::{
		self,
		query::{self, Filter},
	},
	Error,
};
use axum::{
	extract::{Extension, Path, Query, State},
	http::header,
	response::{IntoResponse, Response},
	routing::{get, post},
	Router,
};
use serde::Serialize;
use serde_json::{json, Value as Json};
use std::sync::Arc;

/// An error as JSON.
pub(super) struct ApiError(Error);

impl From<Error> for ApiError {
	fn from(error: Error) -> Self {
		Self(error)
	}
}

impl IntoResponse for ApiError {
	fn into_response(self) -> Response {
		let status = status_of(&self.0);
		let told = match &self.0 {
			Error::Database(_) | Error::Server(_) | Error::Damaged(_) | Error::System { .. } => {
				tracing::warn!("{}", self.0);
				"the explorer has a fault; its log says more".into()
			},
			told => told.to_string(),
		};
		(status, answer(&json!({ "error": told }))).into_response()
	}
}

type Answer = Result<Response, ApiError>;

pub(super) fn router() -> Router<Arc<App>> {
	Router::new()
		.route("/openapi.json", get(openapi))
		.route("/sector", get(sector))
		.route("/challenge", get(sign_in::challenge))
		.route("/sign-in", post(sign_in::by_program))
		.route("/query-log/head", get(query_log_head))
		.route("/questions", get(questions))
		.route("/trends", get(super::trends::for_programs))
		.route("/network", get(super::network::for_programs))
		.route("/status", get(status))
		.route("/search", get(search))
		.route("/blocks", get(blocks))
		.route("/blocks/{block}", get(block))
		.route("/transactions/{id}", get(transaction))
		.route("/transactions/{id}/verify", get(verify_transaction))
		.route("/{kind}", get(records))
		.route("/{kind}/{id}", get(record))
		.route("/{kind}/{id}/verify", get(verify_record))
		.fallback(not_found)
}

/// A JSON answer.
pub(super) fn answer(value: &impl Serialize) -> Response {
	let bytes = serde_json::to_vec(value).unwrap_or_default();
	([(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

async fn sector(State(app): State<Arc<App>>) -> Answer {
	Ok(answer(&sector::published(&app).await?))
}

async fn questions(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let scope = viewer.scope();
	let answers = app.read(move |connection| store::questions::answers(connection, &scope)).await?;
	Ok(answer(&answers))
}

async fn query_log_head(State(app): State<Arc<App>>) -> Answer {
	let log = sign_in::desk(&app)?.log();
	let (head, anchors) = (log.head()?, log.anchors(1)?);
	Ok(answer(&json!({
		"entries": head.entries, "hash": head.hash, "last_anchor": anchors.first(),
		"anchoring": app.anchoring(),
	})))
}

async fn status(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let scope = viewer.scope();
	let (head, tallies) = app
		.read(move |connection| Ok((query::head(connection)?, query::tallies(connection, &scope)?)))
		.await?;
	let status = app.status.read().map(|status| status.clone()).unwrap_or_default();
	let records: serde_json::Map<String, Json> = tallies
		.into_iter()
		.map(|(kind, states)| (kind.slug().to_string(), states.values().sum::<u64>().into()))
		.collect();
	let genesis = app.genesis().await.ok().map(|hash| format!("0x{}", hex::encode(hash)));
	Ok(answer(&json!({
		"genesis": genesis, "head": head, "records": records, "indexer": status,
		"version": env!("CARGO_PKG_VERSION"),
	})))
}

async fn search(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	let scope = viewer.scope();
	let text = read_search(&parameters)?;
	let found = app.read(move |connection| store::search(connection, &scope, &text)).await?;
	Ok(answer(&json!({ "items": found })))
}

async fn blocks(State(app): State<Arc<App>>, Query(parameters): Parameters) -> Answer {
	let filter = Filter::parse(&parameters)?;
	if !filter.to_query().is_empty() && filter.to_query() != format!("limit={}", filter.limit) {
		return Err(Error::input("blocks: after and limit alone can be given").into());
	}
	let after = filter.after.map(i64::unsigned_abs);
	let rows = app.read(move |connection| query::blocks(connection, after, filter.limit)).await?;
	let next = rows.last().map(|row| row.number).filter(|number| *number > 0);
	Ok(answer(&json!({ "items": rows, "next": next })))
}

async fn block(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(which): Path<String>,
) -> Answer {
	let scope = viewer.scope();
	let (row, extrinsics, events) =
		app.read(move |connection| query::whole_block(connection, &scope, &which)).await?;
	Ok(answer(&json!({ "block": row, "transactions": extrinsics, "events": events })))
}

async fn transaction(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Answer {
	let scope = viewer.scope();
	let (block, position) = read_id(&id)?;
	let (row, events) =
		app.read(move |connection| query::transaction(connection, &scope, block, position)).await?;
	Ok(answer(&json!({ "transaction": row, "events": events })))
}

async fn records(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(slug): Path<String>,
	Query(parameters): Parameters,
) -> Answer {
	let kind = read_kind(&slug)?;
	let filter = Filter::parse(&parameters)?;
	let scope = viewer.scope();
	let (page, as_of) = app
		.read(move |connection| {
			let as_of = filter.at.map(|at| at.block(connection)).transpose()?;
			Ok((query::records(connection, &scope, kind, &filter)?, as_of))
		})
		.await?;
	let as_of = as_of.map(|block| json!({ "block": block, "known_from": past::KNOWN_FROM }));
	Ok(answer(&json!({ "items": page.items, "next": page.next, "as_of": as_of })))
}

async fn record(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): Parameters,
) -> Answer {
	let scope = viewer.scope();
	let kind = read_kind(&slug)?;
	query::check_parameter("id", &id)?;
	let at = past::read(&parameters)?;
	let Stood { row, timeline, more, block } =
		app.read(move |connection| past::stood(connection, &scope, kind, &id, at)).await?;
	let as_of = block.map(|block| json!({ "block": block, "known_from": past::KNOWN_FROM }));
	Ok(answer(&json!({
		"record": row, "timeline": timeline, "timeline_cut_short": more, "as_of": as_of,
	})))
}

async fn verify_record(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): Parameters,
) -> Answer {
	let at = read_at(&parameters)?;
	let (_, report) = prove_record(&app, &viewer, &slug, id.clone(), at).await?;
	let query = at.proven_in(report.block).to_query();
	Ok(proof(&report, format!("/{slug}/{id}/bundle.json{query}")))
}

async fn verify_transaction(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Answer {
	let (_, report) = prove_transaction(&app, &viewer, &id).await?;
	Ok(proof(&report, format!("/transactions/{id}/bundle.json")))
}

/// The report, and where the bundle lies that the asker verifies alone.
fn proof(report: &Report, bundle: String) -> Response {
	answer(&json!({ "report": report, "bundle": bundle }))
}

async fn not_found() -> ApiError {
	ApiError(Error::NotFound("there is no such path; see /api/v1/openapi.json".into()))
}

async fn openapi() -> Response {
	answer(&description())
}

/// The OpenAPI description.
fn description() -> Json {
	let text = |description: &str| json!({"type": "string", "description": description});
	let parameter = |name: &str, place: &str, schema: Json| json!({"name": name, "in": place, "required": place == "path", "schema": schema});
	let whole = json!({"type": "integer", "minimum": 0});
	let filters: Vec<Json> = [
		("organisation", whole.clone()),
		("partner", whole.clone()),
		("consent", text("handle of 64 hexadecimal digits")),
		("state", text("as in the records, for example not-served")),
		("purpose", text("for example treatment")),
		("category", text("of data, for example test-result")),
		("action", text("name of an event that changed it, for example withdrawn")),
		("case", text("handle of an exchange, or commitment to an authority's case file")),
		("at", text("as they stood then: number of a block, or moment with its zone")),
		("from", whole.clone()),
		("to", whole.clone()),
		("since", text("moment with its zone, for example 2026-11-01T08:00:00Z")),
		("until", text("moment with its zone")),
		("after", json!({"type": "integer", "description": "cursor: next of the page before"})),
		("limit", json!({"type": "integer", "minimum": 1, "maximum": query::MAX_LIMIT})),
	]
	.into_iter()
	.map(|(name, schema)| parameter(name, "query", schema))
	.collect();
	let slugs: Vec<&str> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
	let kind = parameter("kind", "path", json!({"type": "string", "enum": slugs}));
	let id = parameter("id", "path", text("the record's id"));
	let transaction = parameter("id", "path", text("block and position, for example 120-2"));
	let at =
		parameter("at", "query", text("change, now, number of a block, or moment with its zone"));
	let then = parameter(
		"at",
		"query",
		text("as it stood then: number of a block, or moment with its zone"),
	);
	let path = |summary: &str, parameters: Vec<Json>| {
		json!({"get": {"summary": summary, "parameters": parameters, "responses": {
			"200": {"description": "The answer", "content": {"application/json": {"schema": {"type": "object"}}}},
			"400": {"description": "The question cannot be understood; `error` says why"},
			"401": {"description": "Sign in first"},
			"404": {"description": "Nothing is there, or not for you"},
			"409": {"description": "Not proven"},
			"429": {"description": "Too many questions; wait"},
			"502": {"description": "No node helps with the proof"},
		}}})
	};
	json!({
		"openapi": "3.1.0",
		"info": {
			"title": "CUREX explorer",
			"version": env!("CARGO_PKG_VERSION"),
			"description": "The finalised ledger of a CUREX consortium. Lists are newest first; ask for the next page \
				with `after`. Every record and transaction can be proven: `verify` returns a report and the \
				address of the bundle that `curex verify` checks offline.",
		},
		"servers": [{"url": "/api/v1"}],
		"paths": {
			"/sector": path("Aggregates of the sector, for everybody", vec![]),
			"/challenge": path("What an account signs to sign in", vec![]),
			"/sign-in": {"post": {
				"summary": "Begins a session: the token goes into Authorization: Bearer",
				"requestBody": {"content": {"application/json": {"schema": {
					"type": "object", "required": ["account", "challenge", "signature"], "properties": {
						"account": text("public key, hexadecimal"), "challenge": text("as given"),
						"signature": text("over the text that names explorer, ledger and challenge"),
					},
				}}}},
				"responses": {
					"200": {"description": "token, link, organisation, until"},
					"401": {"description": "The account is not let in; `error` says why"},
				},
			}},
			"/questions": path("Questions whose answers are worked out", vec![]),
			"/network": path("Blocks, runtimes, decisions of the council, seats and keys of validators", vec![]),
			"/trends": path("Levels of risk over time, flows between organisations, how far exchanges come", vec![
				parameter("since", "query", text("moment with its zone; 26 weeks before the end if not said")),
				parameter("until", "query", text("moment with its zone; that of the last block if not said")),
			]),
			"/query-log/head": path("End of the log of queries, its last anchor on the ledger, and whether it is anchored at all", vec![]),
			"/status": path("How the index stands", vec![]),
			"/search": path("Find anything", vec![parameter("q", "query", text("what to look for"))]),
			"/blocks": path("Final blocks", vec![
				parameter("after", "query", whole),
				parameter("limit", "query", json!({"type": "integer", "maximum": query::MAX_LIMIT})),
			]),
			"/blocks/{block}": path(
				"A block with its transactions and events",
				vec![parameter("block", "path", text("number or hash"))],
			),
			"/transactions/{id}": path("A transaction with its events", vec![transaction.clone()]),
			"/transactions/{id}/verify": path("Its proof", vec![transaction]),
			"/{kind}": path("Records of a kind", [vec![kind.clone()], filters].concat()),
			"/{kind}/{id}": path("A record with its timeline", vec![kind.clone(), id.clone(), then]),
			"/{kind}/{id}/verify": path("Its proof", vec![kind, id, at]),
		},
	})
}
