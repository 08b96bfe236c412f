//! The clocks of a breach: which notices the laws ask for, until when, and when they were given.

use super::{
	content,
	words::{plain, said, say},
};
use crate::{
	facts::kebab,
	store::{query, Connection, EventRow},
	Error,
};
use curex_primitives::{
	oversight::{BreachCase, NoticeKind, Regimes},
	Commitment, Moment, OrganisationId,
};
use maud::{html, Markup};
use serde_json::Value as Json;

/// A notice that a law asks for.
pub(super) struct Clock {
	notice: NoticeKind,
	due: Moment,
	/// The block with which it was given, and its moment.
	given: Option<(u64, Moment)>,
}

/// The clocks of a breach, from its content and its timeline; none of what is no breach.
pub(super) fn clocks(
	connection: &Connection,
	content: &Json,
	timeline: &[EventRow],
) -> Result<Vec<Clock>, Error> {
	let Some(breach) = read(content) else { return Ok(Vec::new()) };
	let mut clocks = Vec::new();
	let mut notified = None;
	for notice in NoticeKind::ALL.iter().copied() {
		let named = format!("{notice:?}");
		let told = timeline.iter().find(|event| {
			event.name == "BreachNotified" && event.fields["kind"].as_str() == Some(named.as_str())
		});
		let block = told.map(|event| query::block(connection, event.block)).transpose()?.flatten();
		let given = block.and_then(|block| Some((block.number, block.time?)));
		if notice == NoticeKind::IncidentNotification {
			notified = given.map(|(_, moment)| moment);
		}
		if let Some(due) = breach.due(notice, notified) {
			clocks.push(Clock { notice, due, given });
		}
	}
	Ok(clocks)
}

/// What the clocks of a breach run from, as the index holds it.
fn read(content: &Json) -> Option<BreachCase> {
	let bits = u8::try_from(content["regimes"].as_u64()?).ok()?;
	Some(BreachCase {
		organisation: OrganisationId(0),
		case: Commitment([0; 32]),
		detected_at: content["detected_at"].as_u64()?,
		opened_at: 0,
		regimes: Regimes::from_bits(bits)?,
		affected_from: 0,
		affected_until: 0,
	})
}

/// The clocks at a moment.
pub(super) fn table(clocks: &[Clock], now: Option<Moment>) -> Markup {
	html! {
		section aria-labelledby="clocks" {
			h2 id="clocks" { (say!("Deadlines")) }
			div.scroll tabindex="0" role="region" aria-label=(said!("Table: {name}", name = say!("Deadlines"))) {
				table {
					thead { tr {
						th scope="col" { (say!("Notice")) }
						th scope="col" { (say!("Asked for by")) }
						th scope="col" { (say!("Until")) }
						th scope="col" { (say!("Given")) }
						th scope="col" { (say!("State")) }
					} }
					tbody {
						@for clock in clocks {
							tr {
								th scope="row" { (plain(&kebab(&format!("{:?}", clock.notice)).replace('-', " "))) }
								td { (law(clock.notice)) }
								td { (content::moment_of(Some(clock.due))) }
								td {
									@match clock.given {
										Some((block, moment)) => {
											(content::moment_of(Some(moment))) ", "
											(say!("block {number}", number = content::block(block)))
										},
										None => span.quiet { (say!("not yet")) },
									}
								}
								td { (state(clock, now)) }
							}
						}
					}
				}
			}
		}
	}
}

fn law(notice: NoticeKind) -> &'static str {
	match notice {
		NoticeKind::DataProtection => say!("GDPR, article 33(1)"),
		NoticeKind::EarlyWarning => say!("NIS2, article 23(4)(a)"),
		NoticeKind::IncidentNotification => say!("NIS2, article 23(4)(b)"),
		NoticeKind::FinalReport => say!("NIS2, article 23(4)(d)"),
	}
}

fn state(clock: &Clock, now: Option<Moment>) -> Markup {
	let (class, word) = match clock.given {
		Some((_, given)) if given <= clock.due => ("state good", say!("in time")),
		Some(_) => ("state bad", say!("late")),
		None if now.is_some_and(|now| now > clock.due) => ("state bad", say!("overdue")),
		None => ("state open", say!("running")),
	};
	html! { span class=(class) { (word) } }
}
