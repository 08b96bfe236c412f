//! The pages that prove what the others show, and the bundles to take away.

use super::{
	content, layout,
	pages::{finish, read_id, read_kind},
	App, PageError,
};
use crate::{
	prove::{claim_of_extrinsic, claim_of_record, At, Claim, Report},
	store::query,
	Error,
};
use axum::{
	extract::{Path, Query, State},
	http::header,
	response::{Html, IntoResponse, Response},
};
use curex_verify::Bundle;
use maud::{html, Markup};
use std::sync::Arc;

pub(super) async fn verify_record(
	State(app): State<Arc<App>>,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): super::pages::Parameters,
) -> Result<Html<String>, PageError> {
	let kind = read_kind(&slug)?;
	let at = read_at(&parameters)?;
	let (_, report) = prove_record(&app, &slug, id.clone(), at).await?;
	let link = format!("/{}/{id}", kind.slug());
	let short = content::short(&id);
	let steps = [(link.as_str(), short.as_str())];
	show(&app, &steps, &link, &report, Some(at)).await
}

pub(super) async fn verify_transaction(
	State(app): State<Arc<App>>,
	Path(id): Path<String>,
) -> Result<Html<String>, PageError> {
	let (_, report) = prove_transaction(&app, &id).await?;
	let link = format!("/transactions/{id}");
	let steps = [(link.as_str(), id.as_str())];
	show(&app, &steps, &link, &report, None).await
}

pub(super) async fn record_bundle(
	State(app): State<Arc<App>>,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): super::pages::Parameters,
) -> Result<Response, PageError> {
	let at = read_at(&parameters)?;
	let (bundle, report) = prove_record(&app, &slug, id, at).await?;
	Ok(download(&bundle, &report))
}

pub(super) async fn transaction_bundle(
	State(app): State<Arc<App>>,
	Path(id): Path<String>,
) -> Result<Response, PageError> {
	let (bundle, report) = prove_transaction(&app, &id).await?;
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
	slug: &str,
	id: String,
	at: At,
) -> Result<(Bundle, Report), Error> {
	let kind = read_kind(slug)?;
	query::check_parameter("id", &id)?;
	let claim = app.with_reader(move |reader| claim_of_record(reader, kind, &id, at)).await?;
	prove(app, claim).await
}

/// Proves a transaction as the index shows it.
pub(super) async fn prove_transaction(app: &Arc<App>, id: &str) -> Result<(Bundle, Report), Error> {
	let (block, position) = read_id(id)?;
	let claim = app.with_reader(move |reader| claim_of_extrinsic(reader, block, position)).await?;
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
		[(name, value)] if name == "at" && value == "change" => Ok(At::Change),
		[(name, value)] if name == "at" && value == "now" => Ok(At::Now),
		_ => Err(Error::input("at: expected change or now")),
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

async fn show(
	app: &Arc<App>,
	steps: &[(&str, &str)],
	link: &str,
	report: &Report,
	at: Option<At>,
) -> Result<Html<String>, PageError> {
	let around = app.surroundings().await?;
	let title = if report.agrees { "Proven" } else { "What is shown is not what is proven" };
	let query = if at == Some(At::Now) { "?at=now" } else { "" };
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
	};
	Ok(finish("Proof", &around, body))
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
