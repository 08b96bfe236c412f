//! Signing in and out, and what the own organisation asked.

use super::{
	api::ApiError,
	content,
	forms::{host, is_local, lead, set_cookie, Form},
	guard::{token, COOKIE},
	layout,
	pages::{show, Answer, Parameters},
	words::say,
	App, PageError, Who,
};
use crate::{
	access::{
		anchor::Anchoring,
		desk::{Desk, SESSION_LIFE},
		log::Anchor,
		Access, Standing, Viewer,
	},
	kind::handle,
	store::query,
	Error,
};
use axum::{
	body::Bytes,
	extract::{Extension, Path, Query, State},
	http::HeaderMap,
	response::Response,
};
use curex_client::{sign_in, time};
use maud::{html, Markup};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// What is sent to sign in.
#[derive(Deserialize)]
struct Signed {
	account: String,
	challenge: String,
	signature: String,
}

/// The desk; an open explorer has none.
pub(super) fn desk(app: &App) -> Result<&Desk, Error> {
	match &app.access {
		Access::SignIn(desk) => Ok(desk),
		Access::Open => Err(Error::NotFound("this explorer is open: nobody signs in".into())),
	}
}

/// Checks a signed challenge. Returns the standing of the account.
async fn check(app: &Arc<App>, host: &str, signed: &Signed) -> Result<Standing, Error> {
	let desk = desk(app)?;
	let account = handle(&signed.account)
		.ok_or_else(|| Error::input("account: expected a public key of 64 hexadecimal digits"))?;
	let mut signature = [0; 64];
	let digits = signed.signature.trim().trim_start_matches("0x");
	hex::decode_to_slice(digits, &mut signature)
		.map_err(|_| Error::input("signature: expected 128 hexadecimal digits"))?;
	let message = sign_in::message(host, &app.genesis().await?, &signed.challenge);
	if !sign_in::is_signed_by(&account, &message, &signature) {
		return Err(Error::Refused("the signature is not this account's over this text".into()));
	}
	desk.take_challenge(&signed.challenge, time::now())?;
	app.read(move |connection| Standing::of(connection, account)).await
}

/// Begins a session, and writes down that it began.
fn begin(desk: &Desk, standing: &Standing) -> Result<String, Error> {
	let now = time::now();
	desk.log().write(now, &standing.account, standing.organisation, "/sign-in")?;
	desk.begin(standing.account, now)
}

/// To the overview, with a cookie.
fn enter(headers: &HeaderMap, token: &str, seconds: u64) -> Response {
	lead("/", set_cookie(headers, COOKIE, token, seconds))
}

pub(super) async fn challenge(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
	let challenge = desk(&app)?.challenge(time::now());
	let genesis = format!("0x{}", hex::encode(app.genesis().await?));
	Ok(super::api::answer(&json!({ "challenge": challenge, "genesis": genesis })))
}

pub(super) async fn by_program(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	body: Bytes,
) -> Result<Response, ApiError> {
	let signed: Signed = serde_json::from_slice(&body).map_err(|error| {
		Error::input(format!("expected account, challenge, signature: {error}"))
	})?;
	let standing = check(&app, host(&headers), &signed).await?;
	let desk = desk(&app)?;
	let token = begin(desk, &standing)?;
	let now = time::now();
	let ticket = desk.ticket(standing.account, now)?;
	Ok(super::api::answer(&sign_in::Session {
		token,
		link: format!("/sign-in/{ticket}"),
		organisation: standing.organisation,
		until: time::text(now + SESSION_LIFE).unwrap_or_default(),
	}))
}

pub(super) async fn by_form(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	body: Bytes,
) -> Result<Response, PageError> {
	let form = Form::read(&body)?;
	let field = |name: &str| form.field(name).to_owned();
	let signed = Signed {
		account: field("account"),
		challenge: field("challenge"),
		signature: field("signature"),
	};
	let standing = check(&app, host(&headers), &signed).await?;
	Ok(enter(&headers, &begin(desk(&app)?, &standing)?, SESSION_LIFE / 1_000))
}

pub(super) async fn by_ticket(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	Path(ticket): Path<String>,
) -> Result<Response, PageError> {
	let desk = desk(&app)?;
	let account = desk.ticket_of(&ticket, true, time::now())?;
	let standing = app.read(move |connection| Standing::of(connection, account)).await?;
	Ok(enter(&headers, &begin(desk, &standing)?, SESSION_LIFE / 1_000))
}

pub(super) async fn out(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
) -> Result<Response, PageError> {
	if let Some(token) = token(&headers) {
		desk(&app)?.end(&token)?;
	}
	Ok(enter(&headers, "", 0))
}

/// Says whose session a link opens, before it does.
pub(super) async fn ticket(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(ticket): Path<String>,
) -> Answer {
	let account = desk(&app)?.ticket_of(&ticket, false, time::now())?;
	let standing = app.read(move |connection| Standing::of(connection, account)).await?;
	let around = app.surroundings(&viewer).await?;
	let body = html! {
		h1 { (say!("Continue as {name}?", name = html! { span translate="no" { (standing.name) } })) }
		p.lead {
			(say!("You signed in with the account {account}.",
				account = html! { code.long { "0x" (hex::encode(account)) } }))
		}
		p { (say!("Go on only if you asked for this link yourself. What you ask is written down.")) }
		form method="post" action=(format!("/sign-in/{ticket}")) {
			button type="submit" { (say!("Continue")) }
		}
	};
	show(layout::page(say!("Continue"), "", &around, body))
}

pub(super) async fn page(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	headers: HeaderMap,
) -> Answer {
	let challenge = desk(&app)?.challenge(time::now());
	let host = host(&headers);
	let message = sign_in::message(host, &app.genesis().await?, &challenge);
	let around = app.surroundings(&viewer).await?;
	let scheme = if is_local(&headers) { "http" } else { "https" };
	let body = html! {
		h1 { (say!("Sign in")) }
		p.lead { (say!("Accounts of the ledger sign in: those with the duty of oversight, and the security officers of \
			hospitals and care centres. There is no password; your key stays on your machine.")) }
		h2 { (say!("With the command line")) }
		pre tabindex="0" {
			code { "curex --key KEY --password-file FILE sign-in " (scheme) "://" (host) }
		}
		p { (say!("It answers with a link that opens your session here.")) }
		h2 { (say!("With another wallet")) }
		p { (say!("Sign this text with your account (sr25519 or ed25519), within five minutes:")) }
		pre tabindex="0" { code { (message) } }
		form.stacked method="post" action="/sign-in" {
			input type="hidden" name="challenge" value=(challenge);
			label for="account" { (say!("Account: public key in hexadecimal")) }
			input id="account" name="account" maxlength="66" required spellcheck="false"
				autocomplete="username" placeholder="0x…";
			label for="signature" { (say!("Signature in hexadecimal")) }
			input id="signature" name="signature" maxlength="130" required spellcheck="false"
				autocomplete="off" placeholder="0x…";
			button type="submit" { (say!("Sign in")) }
		}
		h2 { (say!("What you will see")) }
		ul {
			li { (say!("An authority sees what concerns organisations of its country, in its fields of supervision.")) }
			li { (say!("A data protection officer sees everything that concerns the own organisation; a security officer \
				its security.")) }
			li { (say!("Every question is written down in a log whose entries are chained, so that none can be taken out \
				unseen.")) }
		}
	};
	show(layout::page(say!("Sign in"), "/sign-in", &around, body))
}

/// What the own organisation's delegates asked.
/// How the log is anchored on the ledger.
fn anchored(last: Option<&Anchor>, anchoring: Option<&Anchoring>) -> Markup {
	html! {
		@match (last, anchoring.and_then(|anchoring| anchoring.organisation)) {
			(Some(anchor), Some(organisation)) if anchor.settled => {
				@let link = html! {
					a href=(format!("/anchors/{organisation}-{}", anchor.sequence)) { (anchor.sequence) }
				};
				(say!("entries up to before {end}, as anchor {anchor}", end = anchor.end, anchor = link))
				", " (content::moment_of(Some(anchor.until)))
			},
			(Some(anchor), _) if anchor.settled => {
				(say!("entries up to before {end}, as anchor {anchor}", end = anchor.end, anchor = anchor.sequence))
			},
			(Some(anchor), _) => { (say!("anchor {number} is on its way", number = anchor.sequence)) },
			(None, Some(_)) => { (say!("nothing yet")) },
			(None, None) => { (say!("nothing")) },
		}
		@match anchoring {
			None => { ". " (say!("Nothing anchors this log: the explorer was started without a key for it.")) },
			Some(Anchoring { failure: Some(failure), .. }) => {
				". " (say!("The last attempt failed: {reason}", reason = html! { span lang="en" { (failure) } }))
			},
			Some(_) => { "." },
		}
	}
}

pub(super) async fn query_log(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	let Viewer::SignedIn(standing) = &viewer else {
		return Err(Error::NotFound("this explorer is open: nothing is written down".into()).into());
	};
	let mut before = None;
	for (name, value) in &parameters {
		query::check_parameter(name, value)?;
		match name.as_str() {
			"after" => before = Some(query::number(name, value)?),
			_ => return Err(Error::input(format!("there is no parameter {name}")).into()),
		}
	}
	let log = desk(&app)?.log();
	let entries = log.entries(standing.organisation, before, query::DEFAULT_LIMIT)?;
	let (head, anchors) = (log.head()?, log.anchors(1)?);
	let anchoring = app.anchoring();
	let around = app.surroundings(&viewer).await?;
	let next = entries.last().map(|entry| entry.number).filter(|number| *number > 0);
	let body = html! {
		h1 { (say!("What {name} asked", name = html! { span translate="no" { (standing.name) } })) }
		p.lead { (say!("Every question is written down before it is answered. Each entry holds the hash of the one \
			before it: whoever keeps the last hash notices any change.")) }
		dl.fields {
			div { dt { (say!("Entries of all organisations")) } dd { (content::count(head.entries)) } }
			div { dt { (say!("Hash of the last one")) } dd { code.long { (head.hash) } } }
			div { dt { (say!("Anchored on the ledger")) } dd { (anchored(anchors.first(), anchoring.as_ref())) } }
		}
		div.scroll tabindex="0" role="region" aria-label=(say!("Table of questions")) {
			table {
				thead { tr {
					th scope="col" { (say!("Number")) } th scope="col" { (say!("When")) }
					th scope="col" { (say!("Account")) } th scope="col" { (say!("Question")) }
				} }
				tbody {
					@for entry in &entries {
						tr {
							th scope="row" { (entry.number) }
							td { (content::moment_of(Some(entry.moment))) }
							td { code { (content::short(&entry.account)) } }
							td { code.long { (entry.question) } }
						}
					}
				}
			}
		}
		@if let Some(next) = next {
			nav.pages aria-label=(say!("Pages")) {
				a rel="next" href=(format!("/query-log?after={next}")) { (say!("Older questions")) }
			}
		}
	};
	show(layout::page(say!("What we asked"), "/query-log", &around, body))
}
