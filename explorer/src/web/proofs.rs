//! The pages that prove what the others show, and the bundles to take away.

use super::{
	content,
	guard::POLICY_OF_PROOFS,
	layout,
	pages::{finish, read_id, read_kind},
	words::say,
	App, PageError, Who,
};
use crate::{
	access::Viewer,
	prove::{claim_of_extrinsic, claim_of_record, At, Claim, Report},
	store::query,
	Error, Kind, RecordId,
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
	let link = format!("/{}/{id}", kind.slug());
	let place = Place { trail: vec![(link.clone(), content::named(&id))], link };
	show_record(&app, &viewer, &viewer, kind, &id, at, &place).await
}

/// Where a proof stands.
pub(super) struct Place {
	/// The page of what is proven; its proof and its bundle stand below it.
	pub link: String,
	/// The way there.
	pub trail: Vec<(String, Markup)>,
}

/// The page that proves a record to `viewer`, with the rights of `prover`.
pub(super) async fn show_record(
	app: &Arc<App>,
	viewer: &Viewer,
	prover: &Viewer,
	kind: Kind,
	id: &str,
	at: At,
	place: &Place,
) -> Result<Response, PageError> {
	let (_, report) = prove_record(app, prover, kind.slug(), id.to_owned(), at).await?;
	let key = RecordId::parse(kind, id).map(|id| id.key(kind)).unwrap_or_default();
	show(app, viewer, place, &report, About::Record(key, at)).await
}

pub(super) async fn verify_transaction(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Result<Response, PageError> {
	let (_, report) = prove_transaction(&app, &viewer, &id).await?;
	let (_, position) = read_id(&id)?;
	let link = format!("/transactions/{id}");
	let place = Place { trail: vec![(link.clone(), content::named(&id))], link };
	show(&app, &viewer, &place, &report, About::Transaction(position)).await
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

pub(super) fn download(bundle: &Bundle, report: &Report) -> Response {
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
			data-own=(say!("Proven in this browser, from your own trust root on."))
			data-given=(say!("Proven in this browser, from this explorer's trust root on: compare that root with what \
				the consortium published."))
			data-refused=(say!("Not proven:")) data-other=(say!("The bundle proves something else than this page shows."))
			data-failed=(say!("The check could not be made:")) data-block=(say!("Block"))
			data-justified=(say!("Made final by block"))
			data-set=(say!("Authority set")) data-genesis=(say!("First block"))
			data-bytes=(say!("Proven bytes (SCALE)")) {
			h2 id="here" { (say!("Verify it in this browser")) }
			p { (say!("Your browser fetches the bundle and checks all signatures and hashes itself. It uses a program \
				that came from this explorer: who does not trust even that takes the bundle to a machine of their own.")) }
			div.stacked {
				label for="browser-root" { (say!("Trust root from your own source (this explorer's, if you choose none)")) }
				input id="browser-root" type="file" accept=".json,application/json";
				button id="browser-verify" type="button" { (say!("Verify here")) }
			}
			div id="browser-verdict" role="status" {}
			script src="/verify.js" defer {}
		}
	}
}

async fn show(
	app: &Arc<App>,
	viewer: &Viewer,
	place: &Place,
	report: &Report,
	about: About,
) -> Result<Response, PageError> {
	let at = about.at();
	let link = &place.link;
	let around = app.surroundings(viewer).await?;
	let title =
		if report.agrees { say!("Proven") } else { say!("What is shown is not what is proven") };
	let query = at.map(|at| at.proven_in(report.block).to_query()).unwrap_or_default();
	let body = html! {
		(layout::trail(&place.trail, say!("Proof")))
		h1 { (title) }
		(verdict(report, *viewer != Viewer::Public))
		h2 { (say!("How it was proven")) }
		ol {
			li {
				(say!("The chain begins with the block {genesis} and its {count} authorities.",
					genesis = html! { code.long { (report.genesis) } }, count = report.first_authorities))
			}
			li {
				@if report.authority_set == 0 {
					(say!("These authorities, still in office, finalised block {block} with more than two thirds of the votes.",
						block = report.justified_by))
				} @else {
					(say!("Authority set {set}, reached from them by signed hand-overs, finalised block {block} with more than two \
						thirds of its votes.", set = report.authority_set, block = report.justified_by))
				}
			}
			li {
				@let hash = html! { code.long { (report.block_hash) } };
				@if report.justified_by == report.block {
					(say!("That is the block of the record, hash {hash}.", hash = hash))
				} @else {
					(say!("Headers lead from it back to block {block}, hash {hash}.", block = report.block, hash = hash))
				}
			}
			li {
				(say!("Merkle proofs lead from that block's header to the bytes, which runtime {version} wrote.",
					version = report.spec_version))
			}
		}
		h2 { (say!("What is shown, and what is proven")) }
		(findings(report))
		h2 { (say!("What this does not prove")) }
		ul {
			@if at != Some(At::Now) {
				li {
					(say!("That nothing changed after block {block}.", block = report.block)) " "
					@if at.is_some() {
						a href=(format!("{link}/verify?at=now")) { (say!("Prove it as of the last final block")) }
					}
				}
			}
			li { (say!("That no other records exist, and what lies behind commitments.")) }
			li { (say!("That the first block is the consortium's: compare its hash with what was published.")) }
			li {
				(say!("This page is this explorer's word. For your own: take the bundle and run {command} on your machine.",
					command = html! { code { "curex verify" } }))
				" " a href="/about" { (say!("How")) }
			}
		}
		p.verify { a.button href=(format!("{link}/bundle.json{query}")) download { (say!("Evidence bundle")) } }
		@if app.verifier.is_some() { (in_browser(&about, report, &format!("{link}/bundle.json{query}"))) }
	};
	let policy = [(header::CONTENT_SECURITY_POLICY, POLICY_OF_PROOFS)];
	Ok((policy, finish(say!("Proof"), &around, body)).into_response())
}

fn verdict(report: &Report, shows_blocks: bool) -> Markup {
	html! {
		@if report.agrees {
			p.verdict.good role="status" {
				@let block = if shows_blocks { content::block(report.block.into()) } else { html! { (report.block) } };
				(say!("{everything} as of block {block}.",
					everything = html! { strong { (say!("Everything that is shown is proven")) } }, block = block))
			}
		} @else {
			p.verdict.bad role="alert" {
				strong { (say!("This explorer's index says something else than the ledger.")) }
				" " (say!("Rely on the proven side, keep the bundle, and tell the operator."))
			}
		}
	}
}

fn findings(report: &Report) -> Markup {
	html! {
		div.scroll tabindex="0" role="region" aria-label=(say!("Table of what is shown and proven")) {
			table.findings {
				thead {
					tr {
						th scope="col" { (say!("What")) } th scope="col" { (say!("Shown")) }
						th scope="col" { (say!("Proven")) } th scope="col" { (say!("Result")) }
					}
				}
				tbody {
					@for finding in &report.findings {
						tr {
							th scope="row" {
								@match finding.what.strip_prefix("event ") {
									Some(number) => (say!("Event {number}", number = number)),
									None => (content::label(&finding.what)),
								}
							}
							td { code.long { (finding.shown) } }
							td {
								@if finding.agrees { span.quiet { (say!("the same")) } }
								@else { code.long { (finding.proven) } }
							}
							td {
								@if finding.agrees { span.state.good { (say!("agrees")) } }
								@else { span.state.bad { (say!("differs")) } }
							}
						}
					}
				}
			}
		}
	}
}
