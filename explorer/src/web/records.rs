//! Lists of records with their filters, and the page of one record with its timeline.

use super::{
	breach, content, inquiry, layout,
	pages::{read_kind, show, verify_box, Answer, Parameters},
	past::{self, Stood},
	words::{plain, said, say, word},
	App, Surroundings, Who,
};
use crate::{
	access::Scope,
	kind::Kind,
	store::{
		past::Point,
		query::{self, category_word, Filter, Page},
		Connection, EventRow, RecordRow,
	},
	Error,
};
use axum::extract::{Extension, Path, Query, State};
use curex_client::time;
use curex_primitives::Category;
use maud::{html, Markup};
use std::sync::Arc;

pub(super) async fn records(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(slug): Path<String>,
	Query(parameters): Parameters,
) -> Answer {
	let kind = read_kind(&slug)?;
	let filter = Filter::parse(&parameters)?;
	let around = app.surroundings(&viewer).await?;
	let (asked, scope) = (filter.clone(), viewer.scope());
	let is_in_scope = scope.has(kind);
	let (page, tallies, then) = app
		.read(move |connection| {
			Ok((
				query::records(connection, &scope, kind, &asked)?,
				query::tallies(connection, &scope)?,
				asked.at.map(|at| at.block(connection)).transpose()?,
			))
		})
		.await?;
	let now = format!("/{}?{}", kind.slug(), Filter { at: None, ..filter.clone() }.to_query());
	let states: Vec<String> = tallies
		.get(&kind)
		.into_iter()
		.flatten()
		.map(|(state, _)| state.clone())
		.filter(|state| !state.is_empty())
		.collect();
	let part = format!("/{}", kind.slug());
	let body = html! {
		h1 { (word(kind.plural())) }
		p.lead { (word(kind.about())) }
		@if kind == Kind::Inquiry && inquiry::is_open_to(&viewer) {
			p { a.button href="/inquiries/new" { (say!("Open an inquiry")) } }
		}
		@if !is_in_scope { p.note { (say!("These records lie outside your field: none is shown to you.")) } }
		@if let Some(block) = &then { (past::note(block, &now, &around)) }
		(filter_form(kind, &filter, &states, &around))
		section aria-labelledby="found" {
			h2 id="found" {
				@match (page.items.len(), page.next.is_some()) {
					(1, false) => { (say!("1 record")) },
					(count, false) => { (say!("{count} records", count = count)) },
					(count, true) => { (say!("{count} of more records", count = count)) },
				}
			}
			(records_table(kind, &page.items, filter.at, &around))
			(after(kind, &filter, &page))
		}
	};
	show(layout::page(plain(kind.plural()), &part, &around, body))
}

/// The next page, and the same records for programs.
fn after(kind: Kind, filter: &Filter, page: &Page<RecordRow>) -> Markup {
	let query = filter.to_query();
	let next = page.next.map(|serial| {
		let and = if query.is_empty() { "" } else { "&" };
		format!("/{}?{query}{and}after={serial}", kind.slug())
	});
	html! {
		@if let Some(next) = next {
			nav.pages aria-label=(say!("Pages")) { a rel="next" href=(next) { (say!("Older records")) } }
		}
		p.exports {
			(say!("The same for programs:")) " "
			a translate="no" href=(format!("/export/{}.csv?{query}", kind.slug())) download { "CSV" } ", "
			a translate="no" href=(format!("/export/{}.ndjson?{query}", kind.slug())) download { "NDJSON" } ", "
			a translate="no" href=(format!("/api/v1/{}?{query}", kind.slug())) { "JSON" } ", "
			a href=(format!("/print/{}?{query}", kind.slug())) { (say!("for print")) } ", "
			a translate="no" href=(format!("/export/{}.pdf?{query}", kind.slug())) download { "PDF" }
			@if kind == Kind::Exchange {
				", " a href=(format!("/export/exchanges.fhir.ndjson?{query}")) download { (say!("FHIR AuditEvents")) }
			}
			"."
		}
	}
}

fn filter_form(kind: Kind, filter: &Filter, states: &[String], around: &Surroundings) -> Markup {
	let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
	let both_sides = matches!(kind, Kind::Exchange | Kind::Consent | Kind::Permit | Kind::Inquiry);
	let has_purpose = matches!(kind, Kind::Exchange | Kind::Permit);
	// Whoever asked for something rare sees it.
	let rare = filter.category.is_some()
		|| filter.consent.is_some()
		|| filter.action.is_some()
		|| filter.case.is_some()
		|| filter.from.is_some()
		|| filter.to.is_some();
	let organisations = |id: &str, text: &str, chosen: Option<u32>| {
		html! {
			div {
				label for=(id) { (text) }
				select id=(id) name=(id) {
					option value="" { (say!("any")) }
					@for (number, name) in &around.names {
						option translate="no" value=(number) selected[chosen == Some(*number)] { (name) " (" (number) ")" }
					}
				}
			}
		}
	};
	html! {
		form.filter method="get" action=(format!("/{}", kind.slug())) aria-label=(say!("Filter")) {
			@if !matches!(kind, Kind::Organisation | Kind::Erasure) {
				(organisations("organisation", say!("Organisation"), filter.organisation))
			}
			@if both_sides { (organisations("partner", say!("With"), filter.partner)) }
			@if !states.is_empty() {
				div {
					label for="state" { (say!("State")) }
					select id="state" name="state" {
						option value="" { (say!("any")) }
						@for state in states {
							option value=(state) selected[filter.state.as_ref() == Some(state)] {
								(plain(&state.replace('-', " ")))
							}
						}
					}
				}
			}
			@if has_purpose {
				div {
					label for="purpose" { (say!("Purpose")) }
					input id="purpose" name="purpose" maxlength="64"
						value=(filter.purpose.clone().unwrap_or_default()) placeholder=(say!("treatment"));
				}
			}
			@for (name, text, moment) in
				[("since", say!("Since (UTC)"), filter.since), ("until", say!("Until (UTC)"), filter.until)]
			{
				div {
					label for=(name) { (text) }
					input id=(name) name=(name) maxlength="32" spellcheck="false" placeholder="2026-11-01T08:00:00Z"
						value=(moment.and_then(time::text).unwrap_or_default());
				}
			}
			div {
				label for="at" { (say!("As they stood (block, or moment in UTC)")) }
				input id="at" name="at" maxlength="32" spellcheck="false" placeholder="2026-11-01T08:00:00Z"
					value=(filter.at.and_then(Point::text).unwrap_or_default());
			}
			details open[rare] {
				summary { (say!("More filters")) }
				div.more {
					@if matches!(kind, Kind::Exchange | Kind::Consent | Kind::Permit) {
						div {
							label for="category" { (say!("Category of data")) }
							select id="category" name="category" {
								option value="" { (say!("any")) }
								@for category in Category::ALL {
									@let word = category_word(*category);
									option value=(word) selected[filter.category == Some(*category)] { (plain(&word.replace('-', " "))) }
								}
							}
						}
					}
					@if kind == Kind::Exchange {
						div.grow {
							label for="consent" { (say!("Consent")) }
							input id="consent" name="consent" maxlength="66" spellcheck="false" placeholder="0x…"
								value=(filter.consent.map(|id| format!("0x{}", hex::encode(id))).unwrap_or_default());
						}
					}
					div {
						label for="action" { (say!("Changed by (event)")) }
						input id="action" name="action" maxlength="64" spellcheck="false" placeholder="withdrawn"
							value=(filter.action.clone().unwrap_or_default());
					}
					@if matches!(kind, Kind::Exchange | Kind::Consent | Kind::Review | Kind::Permit | Kind::Inquiry) {
						div.grow {
							label for="case" { (say!("Case (exchange, or commitment to the file)")) }
							input id="case" name="case" maxlength="66" spellcheck="false" placeholder="0x…"
								value=(filter.case.map(|id| format!("0x{}", hex::encode(id))).unwrap_or_default());
						}
					}
					div {
						label for="from" { (say!("From block")) }
						input id="from" name="from" inputmode="numeric" maxlength="12" value=(number(filter.from));
					}
					div {
						label for="to" { (say!("To block")) }
						input id="to" name="to" inputmode="numeric" maxlength="12" value=(number(filter.to));
					}
				}
			}
			div.buttons {
				button type="submit" { (say!("Filter")) }
				a href=(format!("/{}", kind.slug())) { (say!("Clear")) }
			}
		}
	}
}

/// A table of records of a kind.
pub(super) fn records_table(
	kind: Kind,
	rows: &[RecordRow],
	at: Option<Point>,
	around: &Surroundings,
) -> Markup {
	let then = at.and_then(Point::text).map(|at| format!("?at={at}")).unwrap_or_default();
	let columns: &[&str] = match kind {
		Kind::Exchange => &["Exchange", "Holder", "Recipient", "Purpose", "State", "Begun"],
		Kind::Consent => &["Consent", "Holder", "Grantee", "State", "Filed", "Changed"],
		Kind::Organisation => &["Number", "Name", "Kind", "Country", "State", "Changed"],
		Kind::Assessment => {
			&["Assessment", "Of", "Cybersecurity", "Privacy", "Patient safety", "Changed"]
		},
		_ => &["Record", "Concerns", "State", "First seen", "Changed"],
	};
	let cell = |row: &RecordRow, column: &str| -> Markup {
		let value = |name: &str| row.value.get(name).cloned().unwrap_or_default();
		let member = |name: &str| match value(name).as_u64().and_then(|n| u32::try_from(n).ok()) {
			Some(number) => content::organisation(number, around),
			None => html! { span.quiet { (say!("none")) } },
		};
		let level = |name: &str| match value(name).as_str() {
			Some(level) => content::state(&crate::facts::kebab(level)),
			None => html! {},
		};
		let at = |block: u64| html! { a href=(format!("/blocks/{block}")) { (block) } };
		match column {
			"Holder" => member("holder"),
			"Recipient" => member("recipient"),
			"Grantee" => content::fields(
				row.value.pointer("/terms/grantee").unwrap_or(&serde_json::Value::Null),
				around,
			),
			"Purpose" => word(&row.purpose.as_deref().unwrap_or("none").replace('-', " ")),
			"State" => html! {
				@if let Some(state) = &row.state { (content::state(state)) }
				@if let Some(block) = row.removed { " " span.quiet { (say!("gone since {block}", block = at(block))) } }
			},
			"Name" => html! { span translate="no" {
				(crate::facts::bytes_as_text(&value("name")).unwrap_or_default())
			} },
			"Country" => html! { span translate="no" {
				(crate::facts::bytes_as_text(&value("country")).unwrap_or_default())
			} },
			"Kind" => content::spaced(value("kind").as_str().unwrap_or_default()),
			"Cybersecurity" => level("cyber"),
			"Privacy" => level("privacy"),
			"Patient safety" => level("patient_safety"),
			"Of" => match row.id.organisation() {
				Some(number) => content::organisation(number, around),
				None => html! {},
			},
			"Concerns" => match (row.value.get("organisation"), kind) {
				(Some(_), _) => member("organisation"),
				(None, Kind::Review) => {
					say!("reviewer {organisation}", organisation = member("reviewer"))
				},
				(None, Kind::Permit) => member("user"),
				(None, Kind::Erasure) => html! { (say!("every member")) },
				(None, _) => match row.id.organisation() {
					Some(number) => content::organisation(number, around),
					None => html! {},
				},
			},
			"Begun" | "Filed" | "First seen" => at(row.begun),
			"Changed" => at(row.changed),
			_ => html! {},
		}
	};
	html! {
		@if rows.is_empty() { p.quiet { (say!("None.")) } }
		@else {
			@let name = said!("Table: {name}", name = plain(kind.plural()));
			div.scroll tabindex="0" role="region" aria-label=(name) {
				table {
					thead { tr { @for column in columns { th scope="col" { (word(column)) } } } }
					tbody {
						@for row in rows {
							tr {
								th scope="row" {
									a href=(format!("{}{then}", row.link())) { code { (content::short(row.id.as_str())) } }
								}
								@for column in &columns[1..] { td { (cell(row, column)) } }
							}
						}
					}
				}
			}
		}
	}
}

pub(super) async fn record(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path((slug, id)): Path<(String, String)>,
	Query(parameters): Parameters,
) -> Answer {
	let kind = read_kind(&slug)?;
	query::check_parameter("id", &id)?;
	let at = past::read(&parameters)?;
	let scope = viewer.scope();
	let around = app.surroundings(&viewer).await?;
	let (stood, related, clocks) = app
		.read(move |connection| {
			let stood = past::stood(connection, &scope, kind, &id, at)?;
			// What belongs to a record is shown as it stands now.
			let related = match stood.block {
				Some(_) => Vec::new(),
				None => related(connection, &scope, &stood.row)?,
			};
			let clocks = match kind {
				Kind::Breach => breach::clocks(connection, &stood.row.value, &stood.timeline)?,
				_ => Vec::new(),
			};
			Ok((stood, related, clocks))
		})
		.await?;
	let Stood { row, timeline, more, block: then } = stood;
	let query = at.and_then(Point::text).map(|at| format!("?at={at}")).unwrap_or_default();
	let name = match kind {
		Kind::Organisation => row.id.organisation().and_then(|number| around.names.get(&number)),
		_ => None,
	};
	let title = name.cloned().unwrap_or_else(|| {
		format!("{} {}", plain(kind.singular()), content::short(row.id.as_str()))
	});
	let part = format!("/{}", kind.slug());
	let holder = row.value["holder"].as_u64().and_then(|number| u32::try_from(number).ok());
	let body = html! {
		(layout::trail(&[(part.as_str(), plain(kind.plural()))], content::named(row.id.as_str())))
		h1 { @if name.is_some() { span translate="no" { (title) } } @else {
			(word(kind.singular())) " " (content::named(row.id.as_str()))
		} }
		@if let Some(state) = &row.state { p { (content::state(state)) } }
		@if let Some(block) = row.removed {
			p.note {
				(say!("The ledger's state no longer holds this record; that was found in block {block}. What is shown is how it \
					stood last.", block = block))
			}
		}
		@if let Some(block) = &then { (past::note(block, &row.link(), &around)) }
		(verify_box(
			&row.link(),
			&query,
			say!("Proves what is shown here against a block that the validators finalised."),
		))
		(inquiry::offer(&viewer, kind, &row.id, holder))
		@if kind == Kind::Inquiry && then.is_none() { (inquiry::ending::offer(&viewer, &row)) }
		@if kind == Kind::Inquiry && row.state.as_deref() == Some("disclosed") { (inquiry::reading(&row.id)) }
		@if kind == Kind::Exchange {
			p { a href=(format!("{}/dossier", row.link())) { (say!("Dossier of this case")) } }
		}
		section aria-labelledby="record" {
			h2 id="record" { (say!("The record")) }
			dl.fields {
				div { dt { (word(kind.singular())) } dd { code.long { (row.id) } } }
				div { dt { (say!("First seen")) } dd { (say!("block {number}", number = content::block(row.begun))) } }
				div { dt { (say!("Last changed")) } dd { (say!("block {number}", number = content::block(row.changed))) } }
			}
			(content::record(&row.value, &around))
		}
		@if !clocks.is_empty() {
			@let now = then.as_ref().map_or(around.head.and_then(|(.., time)| time), |block| block.time);
			(breach::table(&clocks, now))
		}
		section aria-labelledby="timeline" {
			h2 id="timeline" { (say!("Timeline")) }
			(timeline_of(&timeline, more, &around))
		}
		form.filter method="get" action=(row.link()) aria-label=(say!("At another time")) {
			div {
				label for="at" { (say!("As it stood (block, or moment in UTC)")) }
				input id="at" name="at" maxlength="32" spellcheck="false" placeholder="2026-11-01T08:00:00Z"
					value=(at.and_then(Point::text).unwrap_or_default());
			}
			div.buttons { button type="submit" { (say!("Show")) } }
		}
		@for (kind, query, page) in &related {
			section aria-labelledby=(format!("related-{}", kind.slug())) {
				h2 id=(format!("related-{}", kind.slug())) { (word(kind.plural())) }
				(records_table(*kind, &page.items, None, &around))
				@if page.next.is_some() {
					p { a href=(format!("/{}?{query}", kind.slug())) { (say!("All of them")) } }
				}
			}
		}
	};
	show(layout::page(&title, &part, &around, body))
}

type Related = Vec<(Kind, String, Page<RecordRow>)>;

/// The records that belong to a record: those of an organisation, the exchanges under a consent, a review.
fn related(connection: &Connection, scope: &Scope, row: &RecordRow) -> Result<Related, Error> {
	let filter = Filter { limit: 8, ..Filter::default() };
	let mut related = Vec::new();
	let mut add = |kind: Kind, filter: Filter| -> Result<(), Error> {
		let page = query::records(connection, scope, kind, &filter)?;
		if !page.items.is_empty() {
			let query = Filter { limit: query::DEFAULT_LIMIT, ..filter }.to_query();
			related.push((kind, query, page));
		}
		Ok(())
	};
	match row.kind {
		Kind::Organisation => {
			let own = Filter { organisation: row.id.organisation(), ..filter };
			let kinds = [Kind::Exchange, Kind::Consent, Kind::Review].into_iter();
			for kind in kinds.chain(layout::REGISTERS).filter(|kind| *kind != Kind::Erasure) {
				add(kind, own.clone())?;
			}
		},
		Kind::Consent => {
			add(
				Kind::Exchange,
				Filter { consent: crate::kind::handle(row.id.as_str()), ..filter },
			)?;
		},
		Kind::Exchange | Kind::Review => {
			let other = if row.kind == Kind::Review { Kind::Exchange } else { Kind::Review };
			if let Some(review) = query::record(connection, scope, other, &row.id)? {
				related.push((other, String::new(), Page { items: vec![review], next: None }));
			}
		},
		_ => {},
	}
	Ok(related)
}

pub(super) fn timeline_of(events: &[EventRow], more: bool, around: &Surroundings) -> Markup {
	html! {
		@if events.is_empty() { p.quiet { (say!("It stands since the first block.")) } }
		@else {
			ol.timeline {
				@for event in events {
					li {
						h3 { (content::label(&crate::facts::kebab(&event.name).replace('-', "_"))) }
						p.quiet {
							@match event.extrinsic {
								Some(position) => { (say!("block {block}, transaction {transaction}",
									block = content::block(event.block),
									transaction = html! {
										a href=(format!("/transactions/{}-{position}", event.block)) {
											(event.block) "-" (position)
										}
									})) },
								None => {
									(say!("block {block}, by the ledger itself", block = content::block(event.block)))
								},
							}
						}
						details {
							summary { (say!("What the event says")) }
							(content::fields(&event.fields, around))
						}
					}
				}
			}
			@if more { p.note { (say!("There are more events than these.")) } }
		}
	}
}
