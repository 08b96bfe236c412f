//! How the network is governed and how it goes.

use super::{
	api::{self, ApiError},
	content, layout,
	pages::{event_list, show, Answer},
	words::say,
	App, Surroundings, Who,
};
use crate::{
	store::{
		governance::{governance, Blocks, Governance, Runtime, MOST_EVENTS},
		EventRow,
	},
	Error,
};
use axum::{
	extract::{Extension, State},
	response::Response,
};
use maud::{html, Markup};
use std::sync::Arc;

async fn ask(app: &Arc<App>) -> Result<Governance, Error> {
	app.read(governance).await
}

pub(super) async fn for_programs(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
	Ok(api::answer(&ask(&app).await?))
}

pub(super) async fn page(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let around = app.surroundings(&viewer).await?;
	let found = ask(&app).await?;
	let events: Vec<&EventRow> = found.events.iter().collect();
	let body = html! {
		h1 { (say!("The network")) }
		p.lead { (say!("How blocks come, which runtime makes them, and what the council and the validators decided.")) }
		section aria-labelledby="blocks" {
			h2 id="blocks" { (say!("How blocks come")) }
			(blocks(&found.blocks, &around))
		}
		section aria-labelledby="runtimes" {
			h2 id="runtimes" { (say!("Runtimes")) }
			(runtimes(&found.runtimes))
		}
		section aria-labelledby="decisions" {
			h2 id="decisions" { (say!("Decisions and changes")) }
			p.quiet {
				(say!("Motions and votes of the council, members and seats, the law, sets of authorities, offences: the newest {count}.",
					count = MOST_EVENTS))
			}
			(event_list(&events, &around, place))
		}
	};
	show(layout::page(say!("The network"), "/network", &around, body))
}

fn seconds(milliseconds: u64) -> String {
	format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}

fn blocks(blocks: &Blocks, around: &Surroundings) -> Markup {
	html! {
		p {
			(say!("Of the last {count} final blocks.", count = content::count(blocks.count)))
			@if let Some(interval) = blocks.median_interval {
				" " (say!("Half of them came at most {seconds} after the one before.", seconds = seconds(interval)))
			}
			@if let Some((pause, block)) = blocks.longest_pause {
				" " (say!("The longest pause was {seconds}, before block {block}.",
					seconds = seconds(pause), block = content::block(block)))
			}
		}
		@if !blocks.authors.is_empty() {
			div.scroll tabindex="0" role="region" aria-label=(say!("Table of authors")) {
				table {
					thead { tr { th scope="col" { (say!("Organisation")) } th.number scope="col" { (say!("Blocks")) } } }
					tbody {
						@for (organisation, count) in &blocks.authors {
							tr {
								th scope="row" { (content::organisation(*organisation, around)) }
								td.number { (content::count(*count)) }
							}
						}
					}
				}
			}
		}
	}
}

fn runtimes(runtimes: &[Runtime]) -> Markup {
	html! {
		div.scroll tabindex="0" role="region" aria-label=(say!("Table of runtimes")) {
			table {
				thead { tr { th.number scope="col" { (say!("Version")) } th.number scope="col" { (say!("From block")) } } }
				tbody {
					@for runtime in runtimes {
						tr {
							td.number { (runtime.spec_version) }
							td.number { (content::block(runtime.first_block)) }
						}
					}
				}
			}
		}
	}
}

/// The transaction that caused an event, or the block.
fn place(event: &EventRow) -> Markup {
	html! {
		", "
		@match event.extrinsic {
			Some(position) => {
				@let id = format!("{}-{position}", event.block);
				a href=(format!("/transactions/{id}")) { (say!("transaction {id}", id = id)) }
			},
			None => { (say!("block {number}", number = content::block(event.block))) },
		}
	}
}
