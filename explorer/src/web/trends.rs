//! Charts: levels of risk over time, flows between organisations, how far exchanges come. Each is drawn in the page
//! itself, with its figures as a table beside it.

use super::{
	api::{self, ApiError},
	content, layout,
	pages::{bar, level_name, show, Answer, Parameters, LEVELS, RISKS},
	words::{self, plain, said, say, word},
	App, Surroundings, Who,
};
use crate::{
	access::Viewer,
	store::trends::{self, Pair, Period, Stage, Trends, Week, MOST_PAIRS},
	Error,
};
use axum::{
	extract::{Extension, Query, State},
	response::Response,
};
use curex_client::time;
use maud::{html, Markup};
use std::sync::Arc;

async fn ask(
	app: &Arc<App>,
	viewer: &Viewer,
	parameters: &[(String, String)],
) -> Result<Trends, Error> {
	let period = Period::parse(parameters)?;
	let scope = viewer.scope();
	let risks = RISKS.map(|(field, _)| field);
	app.read(move |connection| trends::trends(connection, &scope, &risks, period)).await
}

pub(super) async fn for_programs(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Result<Response, ApiError> {
	Ok(api::answer(&ask(&app, &viewer, &parameters).await?))
}

pub(super) async fn page(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	let around = app.surroundings(&viewer).await?;
	let trends = ask(&app, &viewer, &parameters).await?;
	let body = html! {
		h1 { (say!("Charts")) }
		p.lead {
			(say!("Over what you may see, from {since} to {until}, whole days. Every chart has its figures beside it.",
				since = content::moment_of(Some(trends.since)), until = content::moment_of(Some(trends.until))))
		}
		form.filter method="get" action="/trends" aria-label=(say!("Period")) {
			@for (name, text, moment) in
				[("since", say!("Since (UTC)"), trends.since), ("until", say!("Until (UTC)"), trends.until)]
			{
				div {
					label for=(name) { (text) }
					input id=(name) name=(name) maxlength="32" spellcheck="false"
						value=(time::text(moment).unwrap_or_default());
				}
			}
			div.buttons { button type="submit" { (say!("Show")) } }
		}
		section aria-labelledby="stages" {
			h2 id="stages" { (say!("How far exchanges come")) }
			p.quiet {
				(say!("Of the exchanges that began in the period: how many have a commitment to what was sent, to its receipt, and an \
					acknowledgement. What the ledger pruned since is counted, too."))
			}
			(stages(&trends.stages))
		}
		section aria-labelledby="pairs" {
			h2 id="pairs" { (say!("Between whom")) }
			p.quiet { (say!("The {count} pairs of organisations with most exchanges, in either direction.", count = MOST_PAIRS)) }
			(pairs(&trends.pairs, &around))
		}
		@for (field, name) in RISKS {
			section aria-labelledby=(field) {
				h2 id=(field) { (say!("{risk}: levels of risk over time", risk = plain(name))) }
				p.quiet {
					(say!("Organisations by their newest assessment at the end of each week of the period."))
				}
				(weeks(field, plain(name), &trends.weeks))
			}
		}
	};
	show(layout::page(say!("Charts"), "/trends", &around, body))
}

fn stages(stages: &[Stage]) -> Markup {
	let all = stages.first().map_or(0, |stage| stage.exchanges).max(1);
	html! {
		@if stages.iter().all(|stage| stage.exchanges == 0) { p { (say!("None.")) } }
		@else {
			div.scroll tabindex="0" role="region" aria-label=(say!("Table of stages")) {
				table.bars {
					thead { tr {
						th scope="col" { (say!("Came to be")) }
						th.number scope="col" { (say!("Exchanges")) }
						th.number scope="col" { (say!("Share")) }
						td {}
					} }
					tbody {
						@for stage in stages {
							tr {
								th scope="row" { (word(stage.name)) }
								td.number { (content::count(stage.exchanges)) }
								td.number { (stage.exchanges * 100 / all) " %" }
								td aria-hidden="true" { (bar(stage.exchanges, all, "bar")) }
							}
						}
					}
				}
			}
		}
	}
}

fn pairs(pairs: &[Pair], around: &Surroundings) -> Markup {
	let most = pairs.iter().map(|pair| pair.exchanges).max().unwrap_or(0).max(1);
	html! {
		@if pairs.is_empty() { p { (say!("None.")) } }
		@else {
			div.scroll tabindex="0" role="region" aria-label=(say!("Table of pairs")) {
				table.bars {
					thead { tr {
						th scope="col" { (say!("One")) }
						th scope="col" { (say!("Other")) }
						th.number scope="col" { (say!("Exchanges")) }
						td {}
					} }
					tbody {
						@for pair in pairs {
							@let link = format!("/exchanges?organisation={}&partner={}", pair.one, pair.other);
							tr {
								th scope="row" { (content::organisation(pair.one, around)) }
								td { (content::organisation(pair.other, around)) }
								td.number { a href=(link) { (content::count(pair.exchanges)) } }
								td aria-hidden="true" { (bar(pair.exchanges, most, "bar")) }
							}
						}
					}
				}
			}
		}
	}
}

fn weeks(field: &str, name: &str, weeks: &[Week]) -> Markup {
	let count = |week: &Week, level: &str| {
		week.levels.get(field).and_then(|levels| levels.get(level)).copied().unwrap_or(0)
	};
	let all = |week: &Week| LEVELS.iter().map(|level| count(week, level)).sum::<u64>();
	let most = weeks.iter().map(all).max().unwrap_or(0);
	let day = |moment| time::text(moment).map(|text| words::day(&text));
	html! {
		@if most == 0 { p { (say!("No organisation was assessed yet.")) } }
		@else {
			div.two {
				div {
					svg.drawing role="img" focusable="false" viewBox=(format!("0 0 {} 100", weeks.len() * 10))
						aria-label=(said!("{risk}: organisations by level of risk, week by week, as in the table", risk = name))
					{
						@for (column, week) in weeks.iter().enumerate() {
							@for (step, level) in LEVELS.iter().enumerate() {
								@let below: u64 = LEVELS[..step].iter().map(|level| count(week, level)).sum();
								@let height = count(week, level) * 100 / most;
								@if height > 0 {
									rect class=(format!("fill{step}")) x=(column * 10 + 1) width="8"
										y=(100 - (below * 100 / most) - height) height=(height) {}
								}
							}
						}
					}
					ul.legend {
						@for (step, level) in LEVELS.iter().enumerate() {
							li { span class=(format!("swatch fill{step}")) {} (level_name(level)) }
						}
					}
				}
				div.scroll tabindex="0" role="region" aria-label=(said!("Table: {name}", name = name)) {
					table {
						thead { tr {
							th scope="col" { (say!("Week to")) }
							@for level in LEVELS { th scope="col" { (level_name(level)) } }
						} }
						tbody {
							@for week in weeks.iter().rev().filter(|week| all(week) > 0) {
								tr {
									th scope="row" { (day(week.end).unwrap_or_default()) }
									@for level in LEVELS { td.number { (count(week, level)) } }
								}
							}
						}
					}
				}
			}
		}
	}
}
