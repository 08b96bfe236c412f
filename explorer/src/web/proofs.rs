//! The pages that prove what the others show, and the bundles to take away.

use super::{
	content,
	guard::POLICY_OF_PROOFS,
	layout,
	pages::{finish, read_id, read_kind},
	App, PageError, Who,
};
use crate::{
	access::Viewer,
	prove::{claim_of_extrinsic, claim_of_record, At, Claim, Report},
	store::query,
	Error, RecordId,
};
use axum::{
	extract::{Extension, Path, Query, State},
	http::header,
	response::{IntoResponse, Response},
};
use curex_verify::Bundle;
use maud::{html, Markup};
use std::sync::Arc;

/// The events of a block are one value of the state: a bundle holds all of them or none.
const BUNDLE_SHOWS_OTHERS: &str =
	"the bundle of this transaction holds events of its block that are not for you; \
	take the bundle of the record that it changed";

pub(super) async fn verify_record(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): super::pages::Parameters,
) -> Result<Response, PageError> {
	let kind = read_kind(&slug)?;
	let at = read_at(&parameters)?;
	let (_, report) = prove_record(&app, &viewer, &slug, id.clone(), at).await?;
	let key = RecordId::parse(kind, &id).map(|id| id.key(kind)).unwrap_or_default();
	let link = format!("/{}/{id}", kind.slug());
	let short = content::short(&id);
	let steps = [(link.as_str(), short.as_str())];
	show(&app, &viewer, &steps, &link, &report, About::Record(key, at)).await
}

pub(super) async fn verify_transaction(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Result<Response, PageError> {
	let (_, report) = prove_transaction(&app, &viewer, &id).await?;
	let (_, position) = read_id(&id)?;
	let link = format!("/transactions/{id}");
	let steps = [(link.as_str(), id.as_str())];
	show(&app, &viewer, &steps, &link, &report, About::Transaction(position)).await
}

pub(super) async fn record_bundle(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): super::pages::Parameters,
) -> Result<Response, PageError> {
	let at = read_at(&parameters)?;
	let (bundle, report) = prove_record(&app, &viewer, &slug, id, at).await?;
	Ok(download(&bundle, &report))
}

pub(super) async fn transaction_bundle(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Result<Response, PageError> {
	let (block, _) = read_id(&id)?;
	let scope = viewer.scope();
	let hides = app
		.read(move |connection| {
			let (row, _, seen) = query::whole_block(connection, &scope, &block.to_string())?;
			Ok(seen.len() < row.events as usize)
		})
		.await?;
	if hides {
		return Err(Error::Refused(BUNDLE_SHOWS_OTHERS.into()).into());
	}
	let (bundle, report) = prove_transaction(&app, &viewer, &id).await?;
	Ok(download(&bundle, &report))
}

pub(super) async fn trust_root(State(app): State<Arc<App>>) -> Result<Response, PageError> {
	let root = app.witness.root(app.genesis().await?).await?;
	let json = serde_json::to_vec_pretty(&root)
		.map_err(|error| Error::Damaged(format!("the trust root: {error}")))?;
	Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// Proves a record as the index shows it.
pub(super) async fn prove_record(
	app: &Arc<App>,
	viewer: &Viewer,
	slug: &str,
	id: String,
	at: At,
) -> Result<(Bundle, Report), Error> {
	let kind = read_kind(slug)?;
	query::check_parameter("id", &id)?;
	let scope = viewer.scope();
	let claim =
		app.with_reader(move |reader| claim_of_record(reader, &scope, kind, &id, at)).await?;
	prove(app, claim).await
}

/// Proves a transaction as the index shows it.
pub(super) async fn prove_transaction(
	app: &Arc<App>,
	viewer: &Viewer,
	id: &str,
) -> Result<(Bundle, Report), Error> {
	let (block, position) = read_id(id)?;
	let scope = viewer.scope();
	let claim =
		app.with_reader(move |reader| claim_of_extrinsic(reader, &scope, block, position)).await?;
	prove(app, claim).await
}

async fn prove(app: &Arc<App>, claim: Claim) -> Result<(Bundle, Report), Error> {
	let genesis = app.genesis().await?;
	app.witness.prove(&claim, genesis, &app.reader).await
}

/// In which state: `at=change` (if nothing else is asked for) or `at=now`.
pub(super) fn read_at(parameters: &[(String, String)]) -> Result<At, Error> {
	match parameters {
		[] => Ok(At::Change),
		[(name, value)] if name == "at" => {
			query::check_parameter(name, value)?;
			At::parse(value)
		},
		_ => Err(Error::input("at: expected change, now, the number of a block, or a moment")),
	}
}

fn download(bundle: &Bundle, report: &Report) -> Response {
	let name = format!("attachment; filename=\"curex-block-{}.bundle.json\"", report.block);
	let headers = [
		(header::CONTENT_TYPE, "application/json".to_string()),
		(header::CONTENT_DISPOSITION, name),
	];
	(headers, bundle.to_json()).into_response()
}

/// What a page of proof is about.
enum About {
	/// A record, by its storage key.
	Record(Vec<u8>, At),
	/// A transaction, by its position.
	Transaction(u32),
}

impl About {
	fn at(&self) -> Option<At> {
		match self {
			Self::Record(_, at) => Some(*at),
			Self::Transaction(_) => None,
		}
	}
}

/// The verifier for browsers.
pub(super) async fn verifier(State(app): State<Arc<App>>) -> Result<Response, PageError> {
	let none = || Error::NotFound("this explorer has no verifier for browsers".into());
	let module = app.verifier.clone().ok_or_else(none)?;
	let headers =
		[(header::CONTENT_TYPE, "application/wasm"), (header::CACHE_CONTROL, "max-age=3600")];
	Ok((headers, module).into_response())
}

/// The check in the browser. It shows itself once the script runs; all of its words stand here.
fn in_browser(about: &About, report: &Report, bundle: &str) -> Markup {
	let (key, position) = match about {
		About::Record(key, _) => (format!("0x{}", hex::encode(key)), String::new()),
		About::Transaction(position) => (String::new(), position.to_string()),
	};
	html! {
		section id="browser-proof" hidden aria-labelledby="here" data-bundle=(bundle) data-key=(key)
			data-position=(position) data-number=(report.block)
			data-own="Proven in this browser, from your own trust root on."
			data-given="Proven in this browser, from this explorer's trust root on: compare that root with what the consortium published."
			data-refused="Not proven:" data-other="The bundle proves something else than this page shows."
			data-failed="The check could not be made:" data-block="Block" data-justified="Made final by block"
			data-set="Authority set" data-genesis="First block" data-bytes="Proven bytes (SCALE)" {
			h2 id="here" { "Verify it in this browser" }
			p {
				"Your browser fetches the bundle and checks all signatures and hashes itself. It uses a program that came from \
				 this explorer: who does not trust even that takes the bundle to a machine of their own."
			}
			div.stacked {
				label for="browser-root" { "Trust root from your own source (this explorer's, if you choose none)" }
				input id="browser-root" type="file" accept=".json,application/json";
				button id="browser-verify" type="button" { "Verify here" }
			}
			div id="browser-verdict" role="status" {}
			script src="/verify.js" defer {}
		}
	}
}

async fn show(
	app: &Arc<App>,
	viewer: &Viewer,
	steps: &[(&str, &str)],
	link: &str,
	report: &Report,
	about: About,
) -> Result<Response, PageError> {
	let at = about.at();
	let around = app.surroundings(viewer).await?;
	let title = if report.agrees { "Proven" } else { "What is shown is not what is proven" };
	let query = at.map(At::to_query).unwrap_or_default();
	let body = html! {
		(layout::trail(steps, "Proof"))
		h1 { (title) }
		(verdict(report))
		h2 { "How it was proven" }
		ol {
			li {
				"The chain begins with the block " code.long { (report.genesis) } " and its "
				(report.first_authorities) " authorities."
			}
			li {
				@if report.authority_set == 0 { "These authorities, still in office, finalised block " }
				@else {
					"Authority set " (report.authority_set)
					", reached from them by signed hand-overs, finalised block "
				}
				(report.justified_by) " with more than two thirds of its votes."
			}
			li {
				@if report.justified_by == report.block { "That is the block of the record. " }
				@else { "Headers lead from it back to block " (report.block) ", " }
				"hash " code.long { (report.block_hash) } "."
			}
			li {
				"Merkle proofs lead from that block's header to the bytes, which runtime "
				(report.spec_version) " wrote."
			}
		}
		h2 { "What is shown, and what is proven" }
		(findings(report))
		h2 { "What this does not prove" }
		ul {
			@if at != Some(At::Now) {
				li {
					"That nothing changed after block " (report.block) ". "
					@if at.is_some() {
						a href=(format!("{link}/verify?at=now")) { "Prove it as of the last final block" } "."
					}
				}
			}
			li { "That no other records exist, and what lies behind commitments." }
			li { "That the first block is the consortium's: compare its hash with what was published." }
			li {
				"This page is this explorer's word. For your own: take the bundle and run "
				code { "curex verify" } " on your machine. " a href="/about" { "How" } "."
			}
		}
		p.verify { a.button href=(format!("{link}/bundle.json{query}")) download { "Evidence bundle" } }
		@if app.verifier.is_some() { (in_browser(&about, report, &format!("{link}/bundle.json{query}"))) }
	};
	let policy = [(header::CONTENT_SECURITY_POLICY, POLICY_OF_PROOFS)];
	Ok((policy, finish("Proof", &around, body)).into_response())
}

fn verdict(report: &Report) -> Markup {
	html! {
		@if report.agrees {
			p.verdict.good role="status" {
				strong { "Everything that is shown is proven" }
				" as of block " a href=(format!("/blocks/{}", report.block)) { (report.block) } "."
			}
		} @else {
			p.verdict.bad role="alert" {
				strong { "This explorer's index says something else than the ledger." }
				" Rely on the proven side, keep the bundle, and tell the operator."
			}
		}
	}
}

fn findings(report: &Report) -> Markup {
	html! {
		div.scroll tabindex="0" role="region" aria-label="Table of what is shown and proven" {
			table.findings {
				thead {
					tr {
						th scope="col" { "What" } th scope="col" { "Shown" }
						th scope="col" { "Proven" } th scope="col" { "Result" }
					}
				}
				tbody {
					@for finding in &report.findings {
						tr {
							th scope="row" { (content::label(&finding.what)) }
							td { code.long { (finding.shown) } }
							td {
								@if finding.agrees { span.quiet { "the same" } }
								@else { code.long { (finding.proven) } }
							}
							td {
								@if finding.agrees { span.state.good { "agrees" } }
								@else { span.state.bad { "differs" } }
							}
						}
					}
				}
			}
		}
	}
}
