//! What everybody may know: aggregates of the sector. A figure is published if at least five organisations stand behind
//! it, rounded down to a multiple of five, and made anew once an hour, so that watching it tells of no single exchange.

use super::{
	layout,
	pages::{bars, count_levels, risk_table, Levels},
	words::{say, word},
	App, Surroundings,
};
use crate::{
	kind::Kind,
	store::{query, RecordRow},
	Error,
};
use curex_client::time;
use maud::{html, Markup};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// So many organisations have to stand behind a figure.
const FEWEST: u64 = 5;

/// Counts are told in steps of this size.
const STEP: u64 = 5;

/// How long figures stand, in milliseconds.
const LIFE: u64 = 3_600_000;

/// The aggregates, and when they were made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Published {
	/// When they were made (milliseconds since 1970, UTC).
	pub made: u64,
	/// At least so many records of a kind stand in a state.
	pub counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
	/// At least so many organisations stand at a level, by kind of risk; nothing if too few were assessed.
	pub levels: Option<Levels>,
}

/// Kinds whose counts say something of the sector.
const KINDS: [Kind; 8] = [
	Kind::Exchange,
	Kind::Consent,
	Kind::Review,
	Kind::Permit,
	Kind::Inquiry,
	Kind::Breach,
	Kind::Alert,
	Kind::Plan,
];

/// The aggregates that stand now.
pub(super) async fn published(app: &Arc<App>) -> Result<Published, Error> {
	let now = time::now();
	let held = app.sector.lock().ok().and_then(|held| held.clone());
	if let Some(held) = held.filter(|held| now < held.made + LIFE) {
		return Ok(held);
	}
	let (counts, assessments) = app
		.read(|connection| {
			Ok((query::sector(connection)?, query::newest(connection, Kind::Assessment)?))
		})
		.await?;
	let made = Published { made: now, counts: publish(counts), levels: levels(&assessments) };
	if let Ok(mut held) = app.sector.lock() {
		*held = Some(made.clone());
	}
	Ok(made)
}

fn publish(
	counts: BTreeMap<(Kind, String), query::Tally>,
) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
	let mut published: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
	for ((kind, state), tally) in counts {
		let count = tally.count / STEP * STEP;
		if KINDS.contains(&kind) && tally.organisations >= FEWEST && count > 0 {
			published.entry(kind.slug()).or_default().insert(state, count);
		}
	}
	published
}

fn levels(assessments: &BTreeMap<u32, RecordRow>) -> Option<Levels> {
	if (assessments.len() as u64) < FEWEST {
		return None;
	}
	let mut levels = count_levels(assessments);
	for count in levels.values_mut().flat_map(BTreeMap::values_mut) {
		*count = *count / STEP * STEP;
	}
	Some(levels)
}

/// The overview of those who are not signed in.
pub(super) fn page(published: &Published, around: &Surroundings) -> Markup {
	let body = html! {
		h1 { (say!("The sector at a glance")) }
		p.lead {
			(say!("What members of the consortium exchange, and how they look after their security: figures of the whole \
				sector. Records are for members and the authorities that supervise them."))
		}
		p { a.button href="/sign-in" { (say!("Sign in")) } }
		@if published.counts.is_empty() {
			p.note { (say!("Fewer than five organisations stand behind every figure: none is published.")) }
		}
		@for (slug, states) in &published.counts {
			@if let Some(kind) = Kind::from_slug(slug) {
				section aria-labelledby=(slug) {
					h2 id=(slug) { (word(kind.plural())) }
					p.quiet { (word(kind.about())) }
					(bars(states, |_| None))
				}
			}
		}
		@if let Some(levels) = &published.levels {
			section aria-labelledby="risk" {
				h2 id="risk" { (say!("Risk levels of the sector")) }
				(risk_table(levels))
			}
		}
		p.quiet {
			(say!("A figure stands here if at least five organisations stand behind it; it is rounded down to a multiple of \
				five and made anew once an hour. Made {moment}.",
				moment = super::content::moment_of(Some(published.made))))
		}
	};
	layout::page(say!("Overview"), "/", around, body)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::kind::RecordId;

	#[test]
	fn a_figure_behind_which_few_stand_is_not_published() {
		let tally = |count, organisations| query::Tally { count, organisations };
		let counts = BTreeMap::from([
			((Kind::Exchange, "acknowledged".into()), tally(123, 5)),
			((Kind::Exchange, "disputed".into()), tally(500, 4)),
			((Kind::Exchange, "reversed".into()), tally(4, 9)),
			((Kind::Account, String::new()), tally(500, 50)),
		]);
		let published = publish(counts);
		let exchanges = BTreeMap::from([("acknowledged".to_string(), 120)]);
		assert_eq!(published, BTreeMap::from([("exchanges", exchanges)]));
		assert_eq!(levels(&BTreeMap::new()), None);
	}

	#[test]
	fn a_level_at_which_few_stand_tells_of_none_of_them() {
		let row = |organisation: u32, level: &str| {
			let row = RecordRow {
				serial: i64::from(organisation),
				kind: Kind::Assessment,
				id: RecordId::parse(Kind::Organisation, &organisation.to_string()).unwrap(),
				begun: 1,
				changed: 1,
				removed: None,
				state: None,
				purpose: None,
				consent: None,
				value: serde_json::json!({ "cyber": level }),
			};
			(organisation, row)
		};
		let low = (1..=11).map(|number| row(number, "Low"));
		let assessments: BTreeMap<_, _> = low.chain([row(12, "Critical")]).collect();
		let cyber = BTreeMap::from([("critical".to_string(), 0), ("low".to_string(), 10)]);
		assert_eq!(levels(&assessments).unwrap()["cyber"], cyber);
	}
}
