//! The frame of every page.

use super::{content, Surroundings};
use crate::{access::Viewer, kind::Kind, Error};
use axum::http::StatusCode;
use maud::{html, Markup, DOCTYPE};

/// The parts of the explorer, as the navigation names them.
const PARTS: [(&str, &str); 9] = [
	("/", "Overview"),
	("/exchanges", "Exchanges"),
	("/consents", "Consents"),
	("/reviews", "Break-glass"),
	("/organisations", "Organisations"),
	("/questions", "Questions"),
	("/trends", "Charts"),
	("/blocks", "Blocks"),
	("/about", "About proofs"),
];

/// What everybody finds there.
const PUBLIC_PARTS: [(&str, &str); 3] =
	[("/", "Overview"), ("/about", "About proofs"), ("/sign-in", "Sign in")];

/// The other lists, in the footer and on the overview.
pub(super) const REGISTERS: [Kind; 10] = [
	Kind::Assessment,
	Kind::Plan,
	Kind::Inventory,
	Kind::Alert,
	Kind::Breach,
	Kind::Inquiry,
	Kind::Anchor,
	Kind::Erasure,
	Kind::Permit,
	Kind::Account,
];

/// A page. `here` is the part of the explorer that it belongs to.
pub(super) fn page(title: &str, here: &str, around: &Surroundings, body: Markup) -> Markup {
	let is_public = around.viewer == Viewer::Public;
	let shown = around.head.filter(|_| !is_public).map(|(number, ..)| number);
	frame(
		title,
		here,
		Some(&around.viewer),
		html! {
			@if let Some(number) = shown {
				p.note id="live" role="status" data-block=(number) hidden {
					"Block " span {} " was indexed after this page was made. " a href="" { "Show it" }
				}
			}
			(body)
			@if shown.is_some() { script src="/live.js" defer {} }
		},
		html! {
			p {
				@match around.head {
					Some((number, hash, time)) => {
						"Indexed up to block "
						@if is_public { (number) } @else { a href=(format!("/blocks/{number}")) { (number) } }
						", "
						(content::moment_of(time)) ", hash "
						code.long { (format!("0x{}", hex::encode(hash))) } ". "
					},
					None => { "No block is indexed yet. " },
				}
				@match (around.finalised, around.connected) {
					(Some(finalised), true) => { "The node says that block " (finalised) " is final." },
					_ => strong { "No node is followed at present: newer blocks are not shown." },
				}
			}
		},
	)
}

fn frame(title: &str, here: &str, viewer: Option<&Viewer>, body: Markup, status: Markup) -> Markup {
	let is_public = viewer.is_none_or(|viewer| *viewer == Viewer::Public);
	let parts: &[(&str, &str)] = if is_public { &PUBLIC_PARTS } else { &PARTS };
	html! {
		(DOCTYPE)
		html lang="en" {
			head {
				meta charset="utf-8";
				meta name="viewport" content="width=device-width, initial-scale=1";
				meta name="color-scheme" content="light dark";
				title { (title) " · CUREX explorer" }
				link rel="stylesheet" href="/style.css";
			}
			body {
				a.skip href="#content" { "Skip to content" }
				header.top {
					div.wide {
						p.mark { a href="/" { "CUREX " span { "explorer" } } }
						@if !is_public { form.search role="search" action="/search" method="get" {
							label for="q" { "Search" }
							input id="q" name="q" type="search" maxlength="128" autocomplete="off"
								spellcheck="false" placeholder="Block, hash, account, organisation, handle";
							button type="submit" { "Search" }
						} }
						@if let Some(Viewer::SignedIn(standing)) = viewer {
							form.who method="post" action="/sign-out" {
								span { (standing.name) }
								button type="submit" { "Sign out" }
							}
						}
					}
					nav aria-label="Main" {
						ul.wide {
							@for (link, name) in parts {
								li {
									a href=(link) aria-current=[(*link == here).then_some("page")] { (name) }
								}
							}
						}
					}
				}
				main id="content" tabindex="-1" { div.wide { (body) } }
				footer {
					div.wide {
						@if !is_public { nav aria-label="Registers" {
							h2 { "Registers" }
							ul.columns {
								@for kind in REGISTERS {
									li { a href=(format!("/{}", kind.slug())) { (kind.plural()) } }
								}
								@if let Some(Viewer::SignedIn(_)) = viewer {
									li { a href="/query-log" { "What we asked" } }
								}
							}
						} }
						section aria-labelledby="status" {
							h2 id="status" { "State of this explorer" }
							(status)
							p {
								"What a page shows comes from this explorer's own index. "
								"Every record has a page that proves it; "
								a href="/about" { "what a proof shows and what not" } "."
							}
						}
					}
				}
			}
		}
	}
}

/// The page of an error.
pub(super) fn failure(status: StatusCode, error: &Error) -> Markup {
	let (title, advice) = match error {
		Error::Input(_) => {
			("This question cannot be answered", "Change the question and ask again.")
		},
		Error::NotFound(_) => ("Nothing is here", "Search for it by number, hash, handle or name."),
		Error::Refused(_) => {
			("This is not open to you", "Sign in with an account that may see it.")
		},
		Error::TooMany => {
			("Too many questions", "Wait a minute; programs ask the JSON interface for pages.")
		},
		Error::NotProven(_) => (
			"Not proven",
			"Do not rely on what this explorer shows of it. Keep this page and tell the operator.",
		),
		Error::Node(_) | Error::Stalled(_) => (
			"The node does not help",
			"Proofs need a node that keeps old states (an archive node). Try again in a minute.",
		),
		_ => ("The explorer has a fault", "Tell the operator; the log of the explorer says more."),
	};
	// What is damaged inside concerns the operator, who has the log.
	let told = match error {
		Error::Database(_) | Error::Server(_) | Error::Damaged(_) | Error::System { .. } => None,
		told => Some(told.to_string()),
	};
	frame(
		title,
		"",
		None,
		html! {
			h1 { (title) }
			@if let Some(told) = told { p.lead { (told) } }
			p { (advice) }
			@if matches!(error, Error::Refused(_)) { p { a.button href="/sign-in" { "Sign in" } } }
			p.quiet { "Status " (status.as_u16()) }
		},
		html! {},
	)
}

/// The way to a page.
pub(super) fn trail(steps: &[(&str, &str)], last: &str) -> Markup {
	html! {
		nav.trail aria-label="Breadcrumb" {
			ol {
				@for (link, name) in steps { li { a href=(link) { (name) } } }
				li aria-current="page" { (last) }
			}
		}
	}
}
