//! The page of questions whose answers are worked out.

use super::{
	content, layout,
	pages::{show, Answer},
	records::records_table,
	words::{said, say},
	App, Surroundings, Who,
};
use crate::{
	kind::Kind,
	store::questions::{
		self, Answers, COMPARED_DAYS, SEQUENCE_LENGTH, UNUSUAL_FROM, UNUSUAL_TIMES, WINDOW_DAYS,
	},
};
use axum::extract::{Extension, State};
use maud::{html, Markup};
use std::sync::Arc;

pub(super) async fn page(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let around = app.surroundings(&viewer).await?;
	let scope = viewer.scope();
	let answers = app.read(move |connection| questions::answers(connection, &scope)).await?;
	let body = html! {
		h1 { (say!("Questions")) }
		p.lead {
			(say!("What a supervisor asks first, worked out over what you may see, as of {moment}.",
				moment = content::moment_of(Some(answers.moment))))
		}
		(question("used", say!("Used after withdrawal"),
			say!("Exchanges that began in a block after the withdrawal of their consent and were served."),
			records_table(Kind::Exchange, &answers.used_after_withdrawal, None, &around)))
		(question("unacknowledged", say!("Never acknowledged"),
			say!("Exchanges that were received, and expired because the recipient never said how the data were."),
			records_table(Kind::Exchange, &answers.never_acknowledged, None, &around)))
		(question("broken", say!("How often the glass was broken"),
			&said!("Of the exchanges in which an organisation received in the last {days} days.", days = WINDOW_DAYS),
			break_glass(&answers, &around)))
		(question("unassessed", say!("Without a valid assessment"),
			say!("Active hospitals and care centres whose newest assessment has expired, or that have none."),
			unassessed(&answers, &around)))
		(question("gaps", say!("Gaps in sequences"),
			&said!("Numbers missing among the last {count} exchanges of an organisation, which the ledger counts without gaps.",
				count = content::count(SEQUENCE_LENGTH)),
			gaps(&answers, &around)))
		(question("anchors", say!("Marked anchors of access logs"),
			say!("Anchors that left a gap after the one before, overlap it, came late, or whose count was disproved."),
			records_table(Kind::Anchor, &answers.marked_anchors, None, &around)))
		(question("unusual", say!("Unusual volume"),
			&said!("Of the last {days} days, those on which an organisation took part in at least {from} exchanges and in more \
				than {times} times the median of the {before} days before. Days are counted back from the last block.",
				days = COMPARED_DAYS, from = UNUSUAL_FROM, times = UNUSUAL_TIMES, before = WINDOW_DAYS),
			unusual(&answers, &around)))
	};
	show(layout::page(say!("Questions"), "/questions", &around, body))
}

fn question(id: &str, title: &str, about: &str, answer: Markup) -> Markup {
	html! {
		section aria-labelledby=(id) {
			h2 id=(id) { (title) }
			p.quiet { (about) }
			(answer)
		}
	}
}

/// A table of answers; `None.` without rows.
fn table(name: &str, columns: &[&str], rows: &[Vec<Markup>]) -> Markup {
	html! {
		@if rows.is_empty() { p { (say!("None.")) } }
		@else {
			div.scroll tabindex="0" role="region" aria-label=(name) {
				table {
					thead { tr { @for column in columns { th scope="col" { (column) } } } }
					tbody {
						@for row in rows {
							tr {
								@for (position, cell) in row.iter().enumerate() {
									@if position == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
								}
							}
						}
					}
				}
			}
		}
	}
}

fn break_glass(answers: &Answers, around: &Surroundings) -> Markup {
	let rows: Vec<Vec<Markup>> = answers
		.break_glass
		.iter()
		.map(|row| {
			let share = row.by_break_glass * 100 / row.received.max(1);
			vec![
				content::organisation(row.organisation, around),
				html! { (row.by_break_glass) },
				html! { (row.received) },
				html! { (share) " %" },
			]
		})
		.collect();
	table(
		say!("Table of break-glass"),
		&[say!("Organisation"), say!("Break-glass"), say!("Received"), say!("Share")],
		&rows,
	)
}

fn unassessed(answers: &Answers, around: &Surroundings) -> Markup {
	let rows: Vec<Vec<Markup>> = answers
		.without_assessment
		.iter()
		.map(|row| {
			let expired = match row.expired {
				Some(moment) => content::moment_of(Some(moment)),
				None => html! { (say!("never assessed")) },
			};
			vec![content::organisation(row.organisation, around), expired]
		})
		.collect();
	table(
		say!("Table of organisations without assessment"),
		&[say!("Organisation"), say!("Expired")],
		&rows,
	)
}

fn gaps(answers: &Answers, around: &Surroundings) -> Markup {
	let rows: Vec<Vec<Markup>> = answers
		.sequence_gaps
		.iter()
		.map(|row| {
			vec![
				content::organisation(row.organisation, around),
				html! { (row.from) },
				html! { (row.to) },
			]
		})
		.collect();
	table(
		say!("Table of gaps"),
		&[say!("Organisation"), say!("First missing"), say!("Last missing")],
		&rows,
	)
}

fn unusual(answers: &Answers, around: &Surroundings) -> Markup {
	let rows: Vec<Vec<Markup>> = answers
		.unusual_days
		.iter()
		.map(|row| {
			vec![
				content::organisation(row.organisation, around),
				content::moment_of(Some(row.day)),
				html! { (row.exchanges) },
				html! { (row.baseline) },
			]
		})
		.collect();
	table(
		say!("Table of unusual days"),
		&[say!("Organisation"), say!("Day from"), say!("Exchanges"), say!("Median before")],
		&rows,
	)
}
