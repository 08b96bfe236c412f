//! The pages.

use super::{
	content, layout,
	records::records_table,
	sector,
	words::{plain, said, say, word},
	App, PageError, Surroundings, Who,
};
use crate::{
	access::Viewer,
	facts::kebab,
	kind::Kind,
	store::{
		self,
		query::{self, Filter},
		BlockRow, EventRow, ExtrinsicRow, Found, RecordRow,
	},
	Error,
};
use axum::{
	extract::{Extension, Path, Query, State},
	http::header,
	response::{Html, IntoResponse, Response},
};
use maud::{html, Markup, Render};
use std::{collections::BTreeMap, sync::Arc};

pub(super) type Answer = Result<Html<String>, PageError>;
pub(super) type Parameters = Query<Vec<(String, String)>>;

/// Levels of risk, from the best to the worst (NIST SP 800-30 r1, table I-2).
pub(super) const LEVELS: [&str; 5] = ["very-low", "low", "moderate", "high", "very-high"];

/// Kinds of risk: the field of an assessment, and what it is called.
pub(super) const RISKS: [(&str, &str); 3] =
	[("cyber", "Cybersecurity"), ("privacy", "Privacy"), ("patient_safety", "Patient safety")];

/// Questions that a supervisor asks first.
const READY: [(&str, &str); 8] = [
	("/exchanges?state=not-served", "Requests that were not served"),
	("/exchanges?state=terminated", "Exchanges that a withdrawal ended"),
	("/exchanges?state=expired", "Not dispatched, received or acknowledged in time"),
	("/exchanges?state=disputed", "Disputed deliveries"),
	("/reviews?state=overdue", "Overdue reviews of a break-glass"),
	("/reviews?state=unjustified", "Break-glass without ground"),
	("/alerts?state=open", "Open alerts"),
	("/inquiries?state=open", "Open inquiries"),
];

pub(super) fn show(page: Markup) -> Answer {
	Ok(Html(page.into_string()))
}

pub(super) async fn overview(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let around = app.surroundings(&viewer).await?;
	if viewer == Viewer::Public {
		return show(sector::page(&sector::published(&app).await?, &around));
	}
	let scope = viewer.scope();
	let (tallies, recent, assessments) = app
		.read(move |connection| {
			let newest = Filter { limit: 8, ..Filter::default() };
			let mut assessments = BTreeMap::new();
			for (organisation, row) in query::newest(connection, Kind::Assessment)? {
				if scope.admits(connection, &row)? {
					assessments.insert(organisation, row);
				}
			}
			Ok((
				query::tallies(connection, &scope)?,
				query::records(connection, &scope, Kind::Exchange, &newest)?,
				assessments,
			))
		})
		.await?;
	let status = app.status.read().map(|status| status.clone()).unwrap_or_default();
	let none = BTreeMap::new();
	let of = |kind: Kind| tallies.get(&kind).unwrap_or(&none);
	let all = |kind: Kind| of(kind).values().sum::<u64>();
	let one = |kind: Kind, state: &str| of(kind).get(state).copied().unwrap_or(0);
	let cards = [
		("/exchanges", "Exchanges", all(Kind::Exchange)),
		("/consents?state=active", "Active consents", one(Kind::Consent, "active")),
		("/reviews", "Break-glass", all(Kind::Review)),
		("/alerts?state=open", "Open alerts", one(Kind::Alert, "open")),
		("/breaches", "Breaches", all(Kind::Breach)),
		("/inquiries?state=open", "Open inquiries", one(Kind::Inquiry, "open")),
	];
	let lag = match (around.finalised, around.head) {
		(Some(finalised), Some((indexed, ..))) => Some(finalised.saturating_sub(indexed)),
		_ => None,
	};
	let body = html! {
		h1 { (say!("The ledger at a glance")) }
		p.lead {
			(say!("Who exchanged what under which basis, and how members look after their security. Every figure leads to its \
				records, every record to its proof."))
		}
		section aria-labelledby="health" {
			h2.aside id="health" { (say!("State of the ledger")) }
			ul.health {
				li {
					@match lag {
						Some(0) => {
							span.state.good { (say!("up to date")) } " " (say!("every final block is indexed"))
						},
						Some(behind) => {
							span.state.open { (say!("catching up")) } " "
							(say!("{behind} final blocks are not indexed yet", behind = content::count(behind)))
							@if let Some(rate) = status.blocks_per_second {
								", " (say!("{rate} blocks a second", rate = rate))
							}
						},
						None => { span.state.bad { (say!("no node")) } " " (say!("no node answers")) },
					}
				}
				li {
					@match &status.reconciled {
						Some(compared) if compared.lacking == 0 => {
							span.state.good { (say!("complete")) } " "
							(say!("index and ledger hold the same {records} records as of block {block}",
								records = content::count(compared.indexed), block = content::block(compared.block)))
						},
						Some(compared) => {
							span.state.bad { (say!("incomplete")) } " "
							(say!("the index lacks {records} records of the ledger as of block {block}",
								records = content::count(compared.lacking), block = compared.block))
						},
						None => { span.state.open { (say!("not compared yet")) } " " (say!("index and ledger")) },
					}
				}
			}
		}
		ul.cards {
			@for (link, name, count) in cards {
				li { a href=(link) { strong { (content::count(count)) } span { (word(name)) } } }
			}
		}
		div.two {
			section aria-labelledby="outcomes" {
				h2 id="outcomes" { (say!("How exchanges stand")) }
				(bars(of(Kind::Exchange), |state| Some(format!("/exchanges?state={state}"))))
			}
			section aria-labelledby="risk" {
				h2 id="risk" { (say!("Risk levels of the sector")) }
				(risk(&assessments))
			}
		}
		section aria-labelledby="recent" {
			h2 id="recent" { (say!("Latest exchanges")) }
			(records_table(Kind::Exchange, &recent.items, None, &around))
		}
		section aria-labelledby="ready" {
			h2 id="ready" { (say!("Ready questions")) }
			ul.columns { @for (link, name) in READY { li { a href=(link) { (word(name)) } } } }
		}
	};
	show(layout::page(say!("Overview"), "/", &around, body))
}

/// Counts by state, as a table with bars.
pub(super) fn bars(
	states: &BTreeMap<String, u64>,
	link: impl Fn(&str) -> Option<String>,
) -> Markup {
	let mut states: Vec<_> = states.iter().collect();
	states.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
	let most = states.first().map_or(1, |(_, count)| **count).max(1);
	html! {
		@if states.is_empty() { p.quiet { (say!("None yet.")) } }
		@else {
			table.bars {
				thead { tr { th scope="col" { (say!("State")) } th.number scope="col" { (say!("Count")) } td {} } }
				tbody {
					@for (state, count) in states {
						tr {
							th scope="row" {
								@match link(state) {
									Some(link) => a href=(link) { (word(&state.replace('-', " "))) },
									None => {
										@if state.is_empty() { (say!("all")) } @else { (word(&state.replace('-', " "))) }
									},
								}
							}
							td.number { (content::count(*count)) }
							td aria-hidden="true" { (bar(*count, most, "bar")) }
						}
					}
				}
			}
		}
	}
}

/// A bar as long as a count is of another, lying.
pub(super) fn bar(count: u64, of: u64, class: &str) -> Markup {
	let width = (count * 100).div_ceil(of);
	html! {
		svg.chart viewBox="0 0 100 10" preserveAspectRatio="none" focusable="false" {
			rect class=(class) x="0" y="0" width=(width) height="10" {}
		}
	}
}

/// How many organisations stand at which level, by their newest assessment.
fn risk(assessments: &BTreeMap<u32, RecordRow>) -> Markup {
	html! {
		@if assessments.is_empty() { p.quiet { (say!("No organisation was assessed yet.")) } }
		@else {
			(risk_table(&count_levels(assessments)))
			p.quiet {
				(say!("Organisations by their newest assessment; {count} have one.", count = assessments.len())) " "
				a href="/assessments" { (say!("All assessments")) }
			}
		}
	}
}

/// How many organisations stand at a level, by kind of risk.
pub(super) type Levels = BTreeMap<&'static str, BTreeMap<String, u64>>;

/// Counts organisations by kind of risk and level.
pub(super) fn count_levels(assessments: &BTreeMap<u32, RecordRow>) -> Levels {
	let mut levels = Levels::new();
	for (field, _) in RISKS {
		for row in assessments.values() {
			if let Some(level) = row.value.get(field).and_then(serde_json::Value::as_str) {
				*levels.entry(field).or_default().entry(kebab(level)).or_default() += 1;
			}
		}
	}
	levels
}

/// What a level is called.
pub(super) fn level_name(level: &str) -> String {
	plain(&level.replace('-', " ")).into()
}

/// The counts as a table.
pub(super) fn risk_table(levels: &Levels) -> Markup {
	let count = |field: &str, level: &str| {
		levels.get(field).and_then(|levels| levels.get(level)).copied().unwrap_or(0)
	};
	html! {
		div.scroll tabindex="0" role="region" aria-label=(say!("Table of risk levels")) {
			table.levels {
				thead {
					tr {
						th scope="col" { (say!("Risk")) }
						@for level in LEVELS { th scope="col" { (level_name(level)) } }
					}
				}
				tbody {
					@for (field, name) in RISKS {
						tr {
							th scope="row" { (word(name)) }
							@for (step, level) in LEVELS.iter().enumerate() {
								@let count = count(field, level);
								td class=(format!("level step{step}")) data-none[count == 0] { (count) }
							}
						}
					}
				}
			}
		}
	}
}

pub(super) async fn blocks(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	let mut after = None;
	for (name, value) in &parameters {
		query::check_parameter(name, value)?;
		match name.as_str() {
			"after" => after = Some(query::number(name, value)?),
			_ => return Err(Error::input(format!("there is no parameter {name}")).into()),
		}
	}
	let around = app.surroundings(&viewer).await?;
	let rows =
		app.read(move |connection| query::blocks(connection, after, query::DEFAULT_LIMIT)).await?;
	let next = rows.last().map(|row| row.number).filter(|number| *number > 0);
	let body = html! {
		h1 { (say!("Blocks")) }
		p.lead { (say!("Final blocks, newest first.")) }
		div.scroll tabindex="0" role="region" aria-label=(say!("Table of blocks")) {
			table {
				thead {
					tr {
						@for name in [
							say!("Block"), say!("Time"), say!("Author"), say!("Transactions"), say!("Events"), say!("Hash"),
						] {
							th scope="col" { (name) }
						}
					}
				}
				tbody { @for row in &rows { (block_line(row, &around)) } }
			}
		}
		@if let Some(next) = next {
			nav.pages aria-label=(say!("Pages")) {
				a rel="next" href=(format!("/blocks?after={next}")) { (say!("Older blocks")) }
			}
		}
	};
	show(layout::page(say!("Blocks"), "/blocks", &around, body))
}

fn block_line(row: &BlockRow, around: &Surroundings) -> Markup {
	let hash = format!("0x{}", hex::encode(row.hash));
	html! {
		tr {
			th scope="row" { a href=(format!("/blocks/{}", row.number)) { (row.number) } }
			td { (content::moment_of(row.time)) }
			td { (author(row, around)) }
			td.number { (row.extrinsics) }
			td.number { (row.events) }
			td { code { (content::short(&hash)) } }
		}
	}
}

fn author(row: &BlockRow, around: &Surroundings) -> Markup {
	match row.author {
		Some(author) => content::organisation(author, around),
		None => html! { span.quiet { (say!("none")) } },
	}
}

pub(super) async fn block(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(which): Path<String>,
) -> Answer {
	let scope = viewer.scope();
	let around = app.surroundings(&viewer).await?;
	let (row, extrinsics, events) =
		app.read(move |connection| query::whole_block(connection, &scope, &which)).await?;
	let number = row.number;
	let own: Vec<&EventRow> = events.iter().filter(|event| event.extrinsic.is_none()).collect();
	let last = around.head.map_or(0, |(head, ..)| head);
	let title = said!("Block {number}", number = number);
	let body = html! {
		(layout::trail(&[("/blocks", say!("Blocks"))], number))
		h1 { (title) }
		dl.fields {
			div { dt { (say!("Time")) } dd { (content::moment_of(row.time)) } }
			div { dt { (say!("Author")) } dd { (author(&row, &around)) } }
			div { dt { (say!("Hash")) } dd { code.long { (format!("0x{}", hex::encode(row.hash))) } } }
			div {
				dt { (say!("Parent")) }
				dd {
					@let parent = format!("0x{}", hex::encode(row.parent));
					@if number > 0 {
						a.long href=(format!("/blocks/{}", number - 1)) { code { (parent) } }
					} @else { code.long { (parent) } }
				}
			}
			div { dt { (say!("Runtime")) } dd { (say!("version {version}", version = row.spec_version)) } }
		}
		section aria-labelledby="transactions" {
			h2 id="transactions" { (say!("Transactions")) }
			@let hidden = row.extrinsics as usize - extrinsics.len();
			@if hidden > 0 { p.note { (say!("{count} transactions of others are not shown to you.", count = hidden)) } }
			@if extrinsics.is_empty() { p.quiet { (say!("None.")) } }
			@else {
				div.scroll tabindex="0" role="region" aria-label=(say!("Table of transactions")) {
					table {
						thead {
							tr {
								@for name in [say!("Transaction"), say!("Call"), say!("Signed by"), say!("Result")] {
									th scope="col" { (name) }
								}
							}
						}
						tbody {
							@for extrinsic in &extrinsics {
								tr {
									th scope="row" {
										a href=(format!("/transactions/{}", extrinsic.id())) { (extrinsic.id()) }
									}
									td translate="no" { (extrinsic.name()) }
									td { (signer(extrinsic)) }
									td { (result(extrinsic)) }
								}
							}
						}
					}
				}
			}
		}
		section aria-labelledby="own" {
			h2 id="own" { (say!("What the block itself did")) }
			(event_list(&own, &around, |_| html! {}))
		}
		nav.pages aria-label=(say!("Pages")) {
			@if number > 0 { a rel="prev" href=(format!("/blocks/{}", number - 1)) { (say!("Block before")) } }
			@if number < last { a rel="next" href=(format!("/blocks/{}", number + 1)) { (say!("Block after")) } }
		}
	};
	show(layout::page(&title, "/blocks", &around, body))
}

fn signer(row: &ExtrinsicRow) -> Markup {
	match row.signer {
		Some(account) => {
			let text = format!("0x{}", hex::encode(account));
			html! {
				a href=(format!("/accounts/{text}")) { code { (content::short(&text)) } }
			}
		},
		None => html! { span.quiet { (say!("nobody")) } },
	}
}

fn result(row: &ExtrinsicRow) -> Markup {
	match &row.failure {
		None => html! { span.state.good { (say!("success")) } },
		Some(failure) => {
			html! { span.state.bad { (say!("failed")) } " " span lang="en" { (failure) } }
		},
	}
}

/// Events with their contents. `place` says behind an event's name where it happened.
pub(super) fn event_list(
	events: &[&EventRow],
	around: &Surroundings,
	place: impl Fn(&EventRow) -> Markup,
) -> Markup {
	html! {
		@if events.is_empty() { p.quiet { (say!("Nothing.")) } }
		@else {
			ol.events {
				@for event in events {
					li {
						h3 { span translate="no" { (event.pallet) "." (event.name) } (place(event)) }
						(content::fields(&event.fields, around))
					}
				}
			}
		}
	}
}

pub(super) async fn transaction(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Answer {
	let scope = viewer.scope();
	let around = app.surroundings(&viewer).await?;
	let (block, position) = read_id(&id)?;
	let (row, events, time, organisation) = app
		.read(move |connection| {
			let (row, events) = query::transaction(connection, &scope, block, position)?;
			let organisation = match row.signer {
				Some(account) => query::organisation_of(connection, account)?,
				None => None,
			};
			let time = query::block(connection, block)?.and_then(|block| block.time);
			Ok((row, events, time, organisation))
		})
		.await?;
	let events: Vec<&EventRow> = events.iter().collect();
	let in_block = format!("/blocks/{block}");
	let body = html! {
		(layout::trail(
			&[("/blocks", say!("Blocks")), (&in_block, &said!("Block {number}", number = block))],
			html! { span translate="no" { (row.name()) } },
		))
		h1 { span translate="no" { (row.name()) } }
		(verify_box(
			&format!("/transactions/{}", row.id()),
			"",
			say!("Proves this transaction, its result and its events against a block that the validators finalised."),
		))
		dl.fields {
			div { dt { (say!("Transaction")) } dd { (row.id()) } }
			div { dt { (say!("Block")) } dd { a href=(in_block) { (block) } ", " (content::moment_of(time)) } }
			div { dt { (say!("Result")) } dd { (result(&row)) } }
			div {
				dt { (say!("Signed by")) }
				dd {
					(signer(&row))
					@if let Some(organisation) = organisation {
						" " (say!("for {organisation}", organisation = content::organisation(organisation, &around)))
					}
				}
			}
			div { dt { (say!("Hash")) } dd { code.long { (format!("0x{}", hex::encode(row.hash))) } } }
		}
		section.tree aria-labelledby="call" {
			h2 id="call" { (say!("The call")) }
			(content::fields(&row.arguments, &around))
		}
		section aria-labelledby="events" {
			h2 id="events" { (say!("What it caused")) }
			(event_list(&events, &around, |_| html! {}))
		}
	};
	show(layout::page(&row.name(), "/blocks", &around, body))
}

/// Reads `block-position`.
pub(super) fn read_id(id: &str) -> Result<(u64, u32), Error> {
	query::check_parameter("transaction", id)?;
	let wrong = || Error::input("a transaction is named by block and position, such as 120-2");
	let (block, position) = id.split_once('-').ok_or_else(wrong)?;
	let read = (query::number("block", block)?, query::number("position", position)?);
	Ok(read)
}

/// The kind that an address names.
pub(super) fn read_kind(slug: &str) -> Result<Kind, Error> {
	Kind::from_slug(slug).ok_or_else(|| Error::NotFound("there is no such page".into()))
}

/// The way to a proof, on every page that shows a record.
pub(super) fn verify_box(link: &str, query: &str, what: &str) -> Markup {
	html! {
		p.verify {
			a.button href=(format!("{link}/verify{query}")) { (say!("Verify")) }
			span { (what) }
			a href=(format!("{link}/bundle.json{query}")) download { (say!("Evidence bundle")) }
		}
	}
}

pub(super) async fn search(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	let scope = viewer.scope();
	let text = read_search(&parameters)?;
	let around = app.surroundings(&viewer).await?;
	let wanted = text.clone();
	let found = app.read(move |connection| store::search(connection, &scope, &wanted)).await?;
	let body = html! {
		h1 { (say!("Search")) }
		@if text.is_empty() {
			p.lead {
				(say!("Number or hash of a block, a transaction, an account, number or name of an organisation, handle of a \
					consent, exchange or permit, or a commitment."))
			}
			section id="by-file" hidden data-most="16777216"
				data-none=(say!("The file opens no commitment, or is larger than 16 MiB.")) {
				h2 { (say!("By a file")) }
				p {
					label for="opening" { (say!("A file that opens a commitment, such as what `curex` kept of an inquiry or a \
						review:")) } " "
					input id="opening" type="file" accept="application/json,.json" aria-describedby="opening-help";
				}
				p.quiet id="opening-help" {
					(say!("Choose it, or drop it on the field. It is read in your browser and goes nowhere; the search is told its \
						commitment alone."))
				}
				div role="status" {}
			}
			script src="/search.js" defer {}
		} @else {
			p.lead { (say!("For {text}:", text = html! { strong.long translate="no" { (text) } })) }
			(found_list(&found))
		}
	};
	show(layout::page(say!("Search"), "/search", &around, body))
}

pub(super) async fn search_script() -> Response {
	let headers = [
		(header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
		(header::CACHE_CONTROL, "max-age=3600"),
	];
	(headers, include_str!("search.js")).into_response()
}

fn found_list(found: &[Found]) -> Markup {
	html! {
		@if found.is_empty() {
			p { (say!("Nothing final has this. What is not final yet is not indexed.")) }
		} @else {
			ul.found {
				@for found in found {
					li { a href=(found.link) { span.quiet { (word(&found.what)) } " " code.long { (found.which) } } }
				}
			}
		}
	}
}

/// The text that is searched for.
pub(super) fn read_search(parameters: &[(String, String)]) -> Result<String, Error> {
	let mut text = String::new();
	for (name, value) in parameters {
		query::check_parameter(name, value)?;
		match name.as_str() {
			"q" => text = value.trim().into(),
			_ => return Err(Error::input(format!("there is no parameter {name}"))),
		}
	}
	Ok(text)
}

pub(super) async fn about(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let around = app.surroundings(&viewer).await?;
	let given = app.witness.given_root().is_some();
	let genesis = app.genesis().await.ok();
	let root = html! { a href="/trust-root.json" { (say!("trust root")) } };
	let body = html! {
		h1 { (say!("What a proof shows")) }
		p.lead {
			(say!("You need not trust this explorer, nor the node it asks. Every record leads to an evidence bundle: one file \
				that anybody can check alone, offline and years later."))
		}
		h2 { (say!("What a bundle proves")) }
		ol {
			li { strong { (say!("The authorities.")) } " "
				(say!("From the authorities of the first block, every change of the set of validators is shown with the \
					signatures of the set before it.")) }
			li { strong { (say!("Finality.")) } " "
				(say!("More than two thirds of the validators in office signed the block, or a later one that descends from \
					it (GRANDPA).")) }
			li { strong { (say!("The state or the transaction.")) } " "
				(say!("Merkle proofs lead from the block's header to the record, or to the transaction and to the events that \
					say how it ended.")) }
		}
		h2 { (say!("What it does not prove")) }
		ul {
			li { (say!("That there is nothing else: a bundle shows a record, not that no other exists. The explorer \
				compares its index with the ledger's state and tells the result on the overview; that comparison trusts \
				the node.")) }
			li { (say!("That the record still stands so. A bundle speaks of one block. Ask for the proof as of the last \
				final block to see that nothing changed since.")) }
			li { (say!("What lies behind a commitment. The ledger holds no clinical data and no reports, only \
				commitments; whoever opens one shows its content.")) }
			li { (say!("What members do outside the ledger.")) }
			li { (say!("The names of fields. They come from the runtime's metadata in the index; the bytes are proven.")) }
		}
		h2 { (say!("Where trust begins")) }
		p {
			@if given {
				(say!("The operator gave this explorer the authorities of the first block. Compare its {root} with what the \
					consortium published.", root = root))
			} @else {
				(say!("The authorities of the first block were derived from its hash. Compare the hash, or this explorer's \
					{root}, with what the consortium published.", root = root))
			}
		}
		@if let Some(genesis) = genesis {
			dl.fields {
				div { dt { (say!("First block")) } dd { code.long { (format!("0x{}", hex::encode(genesis))) } } }
			}
		}
		h2 { (say!("Check it yourself")) }
		pre tabindex="0" { code { "curex verify bundle.json --trust-root trust-root.json" } }
		p { (say!("Take the trust root from a source you trust, not from here. The answer lists the proven bytes.")) }
		h2 { (say!("For programs")) }
		p { a href="/api/v1/openapi.json" { (say!("Description of the JSON interface (OpenAPI 3.1)")) } }
	};
	show(layout::page(say!("About proofs"), "/about", &around, body))
}

pub(super) async fn not_found() -> PageError {
	PageError(Error::NotFound("there is no such page".into()))
}

/// A page as text, for other modules.
pub(super) fn finish(title: &str, around: &Surroundings, body: impl Render) -> Html<String> {
	Html(layout::page(title, "", around, html! { (body) }).into_string())
}
