//! The frame of every page.

use super::{
	content,
	words::{self, said, say, word, Language},
	Surroundings,
};
use crate::{access::Viewer, kind::Kind, Error};
use axum::http::StatusCode;
use maud::{html, Markup, Render, DOCTYPE};

/// The parts of the explorer, as the navigation names them.
const PARTS: [(&str, &str); 11] = [
	("/", "Overview"),
	("/exchanges", "Exchanges"),
	("/consents", "Consents"),
	("/reviews", "Break-glass"),
	("/organisations", "Organisations"),
	("/questions", "Questions"),
	("/trends", "Charts"),
	("/blocks", "Blocks"),
	("/network", "Network"),
	("/patient", "For patients"),
	("/about", "About proofs"),
];

/// What everybody finds there.
const PUBLIC_PARTS: [(&str, &str); 4] = [
	("/", "Overview"),
	("/patient", "For patients"),
	("/about", "About proofs"),
	("/sign-in", "Sign in"),
];

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
					(say!("Block {block} was indexed after this page was made.", block = html! { span {} }))
					" " a href="" { (say!("Show it")) }
				}
			}
			(body)
			@if shown.is_some() { script src="/live.js" defer {} }
		},
		html! {
			p {
				@match around.head {
					Some((number, hash, time)) => {
						@let block = if is_public { html! { (number) } } else { content::block(number) };
						(say!("Indexed up to block {block}, {moment}, hash {hash}.", block = block,
							moment = content::moment_of(time),
							hash = html! { code.long { (format!("0x{}", hex::encode(hash))) } }))
						" "
					},
					None => { (say!("No block is indexed yet.")) " " },
				}
				@match (around.finalised, around.connected) {
					(Some(finalised), true) => { (say!("The node says that block {block} is final.", block = finalised)) },
					_ => strong { (say!("No node is followed at present: newer blocks are not shown.")) },
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
		html lang=(words::language().tag()) {
			head {
				meta charset="utf-8";
				meta name="viewport" content="width=device-width, initial-scale=1";
				meta name="color-scheme" content="light dark";
				title { (said!("{title} · CUREX explorer", title = title)) }
				link rel="stylesheet" href="/style.css";
			}
			body {
				a.skip href="#content" { (say!("Skip to content")) }
				header.top {
					div.wide {
						p.mark { a href="/" { span.name translate="no" { "CUREX" } " " span { (say!("explorer")) } } }
						@if !is_public { form.search role="search" action="/search" method="get" {
							label for="q" { (say!("Search")) }
							input id="q" name="q" type="search" maxlength="128" autocomplete="off"
								spellcheck="false" placeholder=(say!("Block, hash, account, organisation, handle"));
							button type="submit" { (say!("Search")) }
						} }
						@if let Some(Viewer::SignedIn(standing)) = viewer {
							form.who method="post" action="/sign-out" {
								span translate="no" { (standing.name) }
								button type="submit" { (say!("Sign out")) }
							}
						}
					}
					nav aria-label=(say!("Main")) {
						ul.wide {
							@for (link, name) in parts {
								li {
									a href=(link) aria-current=[(*link == here).then_some("page")] { (word(name)) }
								}
							}
						}
					}
				}
				main id="content" tabindex="-1" { div.wide { (body) } }
				footer {
					div.wide {
						(languages())
						@if !is_public { nav aria-label=(say!("Registers")) {
							h2 { (say!("Registers")) }
							ul.columns {
								@for kind in REGISTERS {
									li { a href=(format!("/{}", kind.slug())) { (word(kind.plural())) } }
								}
								@if let Some(Viewer::SignedIn(_)) = viewer {
									li { a href="/query-log" { (say!("What we asked")) } }
								}
							}
						} }
						section aria-labelledby="status" {
							h2 id="status" { (say!("State of this explorer")) }
							(status)
							p {
								(say!("What a page shows comes from this explorer's own index. Every record has a page that proves \
									it; {about}.", about = html! { a href="/about" { (say!("what a proof shows and what \
										not")) } }))
							}
						}
					}
				}
			}
		}
	}
}

/// The other languages, to choose from.
fn languages() -> Markup {
	html! {
		form.languages method="post" action="/language" aria-label=(say!("Language")) {
			h2 { (say!("Language")) }
			input type="hidden" name="back" value=(words::address());
			@for (language, name) in Language::OFFERED {
				button.plain type="submit" name="to" value=(language.tag()) lang=(language.tag()) translate="no"
					aria-pressed=(if words::language() == language { "true" } else { "false" }) { (name) }
			}
		}
	}
}

/// The page of an error.
pub(super) fn failure(status: StatusCode, error: &Error) -> Markup {
	let (title, advice) = match error {
		Error::Input(_) => {
			(say!("This question cannot be answered"), say!("Change the question and ask again."))
		},
		Error::NotFound(_) => (say!("Nothing is here"), say!("Search for it by number, hash, handle or name.")),
		Error::Refused(_) => {
			(say!("This is not open to you"), say!("Sign in with an account that may see it."))
		},
		Error::TooMany => {
			(say!("Too many questions"), say!("Wait a minute; programs ask the JSON interface for pages."))
		},
		Error::NotProven(_) => (
			say!("Not proven"),
			say!("Do not rely on what this explorer shows of it. Keep this page and tell the operator."),
		),
		Error::Node(_) | Error::Stalled(_) => (
			say!("The node does not help"),
			say!("Proofs need a node that keeps old states (an archive node). Try again in a minute."),
		),
		_ => (say!("The explorer has a fault"), say!("Tell the operator; the log of the explorer says more.")),
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
			@if let Some(told) = told { p.lead { (words::told(&told)) } }
			p { (advice) }
			@if matches!(error, Error::Refused(_)) { p { a.button href="/sign-in" { (say!("Sign in")) } } }
			p.quiet { (say!("Status {code}", code = status.as_u16())) }
		},
		html! {},
	)
}

/// The way to a page.
pub(super) fn trail(steps: &[(impl Render, impl Render)], last: impl Render) -> Markup {
	html! {
		nav.trail aria-label=(say!("Breadcrumb")) {
			ol {
				@for (link, name) in steps { li { a href=(link) { (name) } } }
				li aria-current="page" { (last) }
			}
		}
	}
}
