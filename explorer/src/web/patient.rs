//! The page of patients: with the viewing code of a receipt it tells what happened under the consent, with the withdrawal
//! code it withdraws it. Nobody signs in. A code is sent once, in the body of a form; it stands in no address, no answer and
//! no log, and what is unknown is answered in one way, whatever about it is unknown.

use super::{
	content,
	forms::{lead, set_cookie, Form},
	guard, layout,
	pages::{show, Answer},
	proofs,
	words::{plain, said, say, told},
	App, PageError, Peer, Surroundings, Who,
};
use crate::{
	access::{
		visits::{Stage, Visit, VISIT_LIFE},
		Scope, Viewer,
	},
	kind::Kind,
	ledger::{is_viewed_by, is_withdrawn_by, Step},
	prove::At,
	store::{
		query::{self, Filter},
		Connection, RecordRow,
	},
	Error, RecordId,
};
use axum::{
	body::Bytes,
	extract::{Extension, Path, State},
	http::{HeaderMap, StatusCode},
	response::{Html, IntoResponse, Response},
};
use curex_client::{paper::PaperCode, time};
use curex_primitives::{Consent, ConsentId, ConsentTerms, Grantee};
use maud::{html, Markup};
use serde_json::Value as Json;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The cookie of a visit.
const COOKIE: &str = "curex-visit";

/// What a code looks like.
const SHAPE: &str = "CUREX:V:0123ABCD…";

/// The most exchanges under one consent that are shown.
const MOST: usize = 1_000;

/// The visit that a request belongs to, and the ticket that confirms its withdrawal.
fn visit(app: &App, headers: &HeaderMap) -> Result<Option<(Visit, Option<String>)>, Error> {
	match guard::cookie(headers, COOKIE) {
		Some(token) => app.visits.get(&token, time::now()),
		None => Ok(None),
	}
}

/// A visit of somebody who may look.
fn viewing(app: &App, headers: &HeaderMap) -> Result<Visit, Error> {
	let found = visit(app, headers)?.map(|(visit, _)| visit);
	found
		.filter(|visit| matches!(visit.stage, Stage::Viewing))
		.ok_or_else(|| Error::NotFound(say!("Your visit has ended: enter the code again.").into()))
}

pub(super) async fn page(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	show(entrance(&app, &viewer, false).await?)
}

async fn entrance(app: &Arc<App>, viewer: &Viewer, failed: bool) -> Result<Markup, Error> {
	let around = app.surroundings(viewer).await?;
	let body = html! {
		h1 { (say!("Your consent")) }
		p.lead {
			(say!("With the code on your receipt you see what happened to your health data under your consent, or withdraw the \
				consent. You need no account and nobody's permission."))
		}
		@if failed {
			p.verdict.bad role="alert" id="failed" {
				strong { (say!("This code opens nothing here.")) } " "
				(say!("Look for typing errors, and whether the receipt is from this consortium. A consent that was deleted when \
					its time had come cannot be shown any more."))
			}
		}
		form.stacked method="post" action="/patient" autocomplete="off" {
			label for="code" { (say!("Code from your receipt")) }
			p.quiet id="code-help" {
				(say!("The whole text under one of the two square patterns. Spaces and line breaks do not matter. The code to view \
					begins with {view}, the code to withdraw with {withdraw}.",
					view = html! { code { "CUREX:V" } }, withdraw = html! { code { "CUREX:W" } }))
			}
			textarea id="code" name="code" rows="4" maxlength="400" required spellcheck="false" autocomplete="off"
				autocapitalize="characters" translate="no" placeholder=(SHAPE) aria-describedby="code-help"
				aria-invalid=[failed.then_some("true")] aria-errormessage=[failed.then_some("failed")] {}
			button type="submit" { (say!("Continue")) }
		}
		h2 { (say!("What the code tells this explorer")) }
		ul {
			li { (say!("The code reaches the program of whoever runs this explorer, over an encrypted connection. It is compared \
				with the ledger and then forgotten; it stands in no address and no log.")) }
			li { (say!("Whoever runs this explorer could learn that somebody at your internet address holds this receipt. The \
				ledger itself names no patient.")) }
			li { (say!("A code to withdraw can do nothing but withdraw. Whoever runs this explorer could delay it, or use it \
				although you did not confirm. You see on the ledger whether it was used.")) }
			li { (say!("If you want to trust nobody, use the consortium's program on your own computer, with any node: {history} \
				and {withdraw}.",
				history = html! { code { "curex patient history" } },
				withdraw = html! { code { "curex consent withdraw" } })) }
		}
		h2 { (say!("What is not here")) }
		p { (say!("Data that were taken in an emergency, or on the ground of a law or of another consent, do not rest on this \
			consent. Each organisation has to tell you of those when you ask it. What an organisation refused before it reached \
			the ledger is not here either.")) }
	};
	Ok(layout::page(say!("Your consent"), "/patient", &around, body))
}

/// Takes a code. What is not known is answered in one way: a code with an error, of another ledger, of a consent that is
/// not there, and a wrong code of one that is.
pub(super) async fn enter(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	peer: Option<Extension<Peer>>,
	headers: HeaderMap,
	body: Bytes,
) -> Result<Response, PageError> {
	let now = time::now();
	let address = peer.map_or([0; 4].into(), |Extension(peer)| peer.0.ip());
	app.visits.count(address, now)?;
	let form = Form::read(&body)?;
	let code = Zeroizing::new(form.field("code").to_owned()).parse::<PaperCode>().ok();
	let genesis = app.genesis().await?;
	// A node is asked in every case, so that the time tells nothing either.
	let asked = match &code {
		Some(PaperCode::View { consent, .. } | PaperCode::Withdraw { consent, .. }) => *consent,
		None => ConsentId([0; 32]),
	};
	let known = app.ledger().consent(genesis, asked).await?;
	let token = match (code, known) {
		(Some(code), Some(known)) => open(&app, known, genesis, code, now)?,
		_ => None,
	};
	match token {
		Some((token, to)) => Ok(lead(to, set_cookie(&headers, COOKIE, &token, VISIT_LIFE / 1_000))),
		None => {
			let page = entrance(&app, &viewer, true).await?;
			Ok((StatusCode::NOT_FOUND, Html(page.into_string())).into_response())
		},
	}
}

/// Begins the visit that a code opens, if it is this consent's.
fn open(
	app: &App,
	record: Consent,
	genesis: [u8; 32],
	code: PaperCode,
	now: u64,
) -> Result<Option<(String, &'static str)>, Error> {
	Ok(match code {
		PaperCode::View { ledger, consent, code }
			if ledger == genesis && is_viewed_by(consent, &record, &code) =>
		{
			Some((app.visits.view(consent, record, now)?, "/patient/consent"))
		},
		PaperCode::Withdraw { ledger, consent, code }
			if ledger == genesis && is_withdrawn_by(&record, &code) =>
		{
			Some((app.visits.ask(consent, record, code, now)?, "/patient/withdrawal"))
		},
		_ => None,
	})
}

/// What the visit sees of the index: the consent and the exchanges under it, oldest first.
fn history(
	connection: &Connection,
	consent: ConsentId,
) -> Result<(Option<RecordRow>, Vec<RecordRow>), Error> {
	let everything = Scope::everything();
	let id = RecordId::parse(Kind::Consent, &hex::encode(consent.0));
	let row = match id {
		Some(id) => query::record(connection, &everything, Kind::Consent, &id)?,
		None => None,
	};
	let mut filter =
		Filter { consent: Some(consent.0), limit: query::MAX_LIMIT, ..Filter::default() };
	let mut exchanges = Vec::new();
	loop {
		let page = query::records(connection, &everything, Kind::Exchange, &filter)?;
		exchanges.extend(page.items);
		filter.after = page.next;
		if page.next.is_none() || exchanges.len() >= MOST {
			break;
		}
	}
	exchanges.sort_by_key(|row| (row.begun, row.serial));
	Ok((row, exchanges))
}

pub(super) async fn consent(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	headers: HeaderMap,
) -> Answer {
	let visit = viewing(&app, &headers)?;
	let around = app.surroundings(&viewer).await?;
	let id = visit.consent;
	let (row, exchanges) = app.read(move |connection| history(connection, id)).await?;
	let record = &visit.record;
	let state = row.as_ref().and_then(|row| row.state.clone());
	let state = state.unwrap_or_else(|| state_of(&visit));
	let used = row.as_ref().and_then(|row| row.value["used"].as_u64());
	let used = used.unwrap_or(record.used.into());
	let body = html! {
		h1 { (say!("What happened under your consent")) }
		p.lead { (standing(&state, used, &record.terms)) }
		section aria-labelledby="agreed" {
			h2 id="agreed" { (say!("What you agreed to")) }
			(terms(&visit, &around))
			dl.fields {
				div {
					dt { (say!("How often")) }
					dd { (say!("{used} of at most {most} exchanges so far", used = used, most = record.terms.max_uses)) }
				}
			}
			@if row.is_some() {
				p.verify {
					a.button href="/patient/records/consent/verify" { (say!("Verify")) }
					span { (say!("Proves how your consent stands on the ledger, without trusting this explorer.")) }
				}
			} @else {
				p.note { (say!("The consent is final and not in this explorer's index yet. Look again in a minute.")) }
			}
		}
		section aria-labelledby="uses" {
			h2 id="uses" { (count_of(exchanges.len())) }
			@for exchange in &exchanges { (use_of(exchange, &around)) }
			@if exchanges.len() >= MOST { p.note { (say!("There are more exchanges than these.")) } }
			@let missing = used.saturating_sub(served(&exchanges));
			@if missing > 0 {
				p.note { (say!("The ledger counted {missing} more than are shown here. Records are deleted when their time has \
					come; ask the organisations what they kept.", missing = missing)) }
			}
		}
		p.quiet { (say!("Data that were taken in an emergency, or on the ground of a law or of another consent, do not rest on \
			this consent and are not on this page.")) }
		p { (say!("To withdraw your consent, {enter}.",
			enter = html! { a href="/patient" { (say!("enter the code to withdraw")) } })) }
		(leave())
	};
	show(layout::page(say!("Your consent"), "/patient", &around, body))
}

fn count_of(exchanges: usize) -> Markup {
	match exchanges {
		0 => html! { (say!("Nobody asked for your data under it")) },
		1 => html! { (say!("One exchange rests on it")) },
		count => say!("{count} exchanges rest on it", count = count),
	}
}

/// How many of the exchanges the ledger counts as uses.
fn served(exchanges: &[RecordRow]) -> u64 {
	let is_served = |row: &&RecordRow| {
		!matches!(row.state.as_deref(), Some("requested" | "held" | "not-served") | None)
	};
	exchanges.iter().filter(is_served).count() as u64
}

fn leave() -> Markup {
	html! {
		form method="post" action="/patient/leave" {
			button type="submit" { (say!("End the visit")) }
			" " span.quiet { (say!("It ends by itself after a quarter of an hour.")) }
		}
	}
}

fn state_of(visit: &Visit) -> String {
	use curex_primitives::ConsentStatus::{Active, Superseded, Suspended, Withdrawn};
	match visit.record.status {
		Active => "active",
		Withdrawn { .. } => "withdrawn",
		Superseded { .. } => "superseded",
		Suspended { .. } => "suspended",
	}
	.into()
}

/// How a consent stands, in a sentence.
fn standing(state: &str, used: u64, terms: &ConsentTerms) -> &'static str {
	let now = time::now();
	match state {
		"withdrawn" => say!("You withdrew it, or it was withdrawn for you: nothing more is sent."),
		"superseded" => say!("It was replaced by another consent: nothing more is sent under this one."),
		"suspended" => say!("The organisation that holds your records suspended it: nothing is sent until it resumes it."),
		_ if used >= terms.max_uses.into() => say!("It is used up: nothing more is sent."),
		_ if now >= terms.valid_until => say!("Its time is over: nothing more is sent."),
		_ if now < terms.valid_from => say!("It is not in force yet."),
		_ => say!("It is in force. You may withdraw it at any time with the code to withdraw."),
	}
}

/// What was agreed to, as the ledger holds it.
fn terms(visit: &Visit, around: &Surroundings) -> Markup {
	let terms = &visit.record.terms;
	let moment = |moment| content::moment_of(Some(moment));
	html! {
		dl.fields {
			div { dt { (say!("Who holds the records")) } dd { (content::called(visit.record.holder.0, around)) } }
			div { dt { (say!("Who may receive")) } dd { (grantee(terms.grantee, around)) } }
			div { dt { (say!("What for")) } dd { (content::words(terms.purposes.iter()).join(", ")) } }
			div { dt { (say!("Which data")) } dd { (content::words(terms.categories.iter()).join(", ")) } }
			div { dt { (say!("Valid from")) } dd { (moment(terms.valid_from)) } }
			div { dt { (say!("Valid until")) } dd { (moment(terms.valid_until)) } }
			div { dt { (say!("Kept by the recipient until")) } dd { (moment(terms.erase_at)) } }
		}
	}
}

fn grantee(grantee: Grantee, around: &Surroundings) -> String {
	let kind = |kind| content::words(std::iter::once(kind)).concat();
	match grantee {
		Grantee::Organisation(organisation) => content::called(organisation.0, around),
		Grantee::Kind(which) => said!("every member of the kind: {kind}", kind = kind(which)),
		Grantee::KindIn(which, country) => {
			said!(
				"every member in {country} of the kind: {kind}",
				country = country.as_str(),
				kind = kind(which)
			)
		},
		Grantee::Group(group) => said!("the members of group {number}", number = group.0),
	}
}

/// An exchange in plain words.
fn use_of(row: &RecordRow, around: &Surroundings) -> Markup {
	let side = |name: &str| {
		let number = row.value[name].as_u64().and_then(|number| u32::try_from(number).ok());
		number.map(|number| content::called(number, around)).unwrap_or_default()
	};
	let (holder, recipient) = (side("holder"), side("recipient"));
	let headline = match row.value["direction"].as_str() {
		Some("Push") => {
			said!("{holder} offered data to {recipient}", holder = holder, recipient = recipient)
		},
		_ => said!("{recipient} asked {holder} for data", holder = holder, recipient = recipient),
	};
	let purpose = row.purpose.as_deref().unwrap_or("none").replace('-', " ");
	let refused = matches!(row.state.as_deref(), Some("not-served"));
	html! {
		article.use {
			h3 { (headline) }
			p {
				@if refused { span.state.ended { (say!("refused")) } " " }
				strong { (outcome(row)) }
			}
			dl.fields {
				div { dt { (say!("When")) } dd { (content::moment_of(row.value["begun"].as_u64())) } }
				div { dt { (say!("What for")) } dd { (plain(&purpose)) } }
				div { dt { (say!("Which data")) } dd { (categories(&row.value)) } }
			}
			p { a href=(format!("/patient/records/{}/verify", row.serial)) { (say!("Verify this record")) } }
		}
	}
}

fn categories(value: &Json) -> String {
	let bits = value["categories"].as_u64().unwrap_or_default();
	content::set("categories", bits).unwrap_or_default().join(", ")
}

/// What came of an exchange, in a sentence.
fn outcome(row: &RecordRow) -> &'static str {
	match row.state.as_deref().unwrap_or_default() {
		"requested" => say!("It waits for an answer."),
		"held" => say!("It waits for a person to decide, because of a risk."),
		"offered" => say!("It waits to be accepted."),
		"approved" | "agreement-suspended" => say!("Both sides agreed. No data were sent yet."),
		"dispatched" | "delivery-suspended" => {
			say!("The data were sent, locked. The recipient has not confirmed them yet.")
		},
		"delivered" | "acknowledged" => say!("The recipient has the data."),
		"not-served" => say!("Nothing was sent."),
		"terminated" => say!("It was stopped before the recipient confirmed any data, by a withdrawal or a suspension."),
		"expired" if !row.value["payload"].is_null() => {
			say!("The data were sent, locked, and the recipient did not confirm them in time.")
		},
		"expired" => say!("Nothing was sent in time."),
		"disputed" => say!("The recipient has the data and disputes them."),
		"settled" => say!("The recipient has the data; a dispute about them is over."),
		"reversed" => say!("The data were another person's. The recipient uses nothing of them."),
		_ => say!("The ledger knows it in a state that this page does not know."),
	}
}

pub(super) async fn withdrawal(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	headers: HeaderMap,
) -> Answer {
	let ended = || Error::NotFound(say!("Your visit has ended: enter the code again.").into());
	let (visit, ticket) = visit(&app, &headers)?.ok_or_else(ended)?;
	let around = app.surroundings(&viewer).await?;
	let body = match (&visit.stage, ticket) {
		(Stage::Asked, _) if visit.record.status.has_ended() => html! {
			h1 { (say!("Withdraw your consent")) }
			p.lead { (standing(&state_of(&visit), 0, &visit.record.terms)) }
			p { (say!("There is nothing left to withdraw.")) }
			(terms(&visit, &around))
		},
		(Stage::Asked, Some(ticket)) => confirmation(&visit, &ticket, &around),
		(Stage::Withdrawing(progress), _) => html! {
			h1 { (say!("Withdraw your consent")) }
			(steps(&progress.step(), "/patient/withdrawal"))
			(leave())
		},
		_ => return Err(ended().into()),
	};
	show(layout::page(say!("Withdraw your consent"), "/patient", &around, body))
}

fn confirmation(visit: &Visit, ticket: &str, around: &Surroundings) -> Markup {
	html! {
		h1 { (say!("Withdraw your consent?")) }
		p.lead { (say!("Nothing has happened yet. Look whether this is the consent that you mean.")) }
		(terms(visit, around))
		h2 { (say!("What happens if you withdraw")) }
		ul {
			li { (say!("From the next block on nothing more is sent under this consent. Exchanges that were agreed and not yet \
				received end.")) }
			li { (say!("It cannot be undone. You may give a new consent at any time.")) }
			li { (say!("What was exchanged before stays lawful. You need give no reason, and your treatment must not \
				suffer.")) }
		}
		form method="post" action="/patient/withdrawal" {
			input type="hidden" name="ticket" value=(ticket);
			button type="submit" { (say!("Withdraw for good")) }
		}
		form method="post" action="/patient/leave" {
			button.plain type="submit" { (say!("Do not withdraw")) }
		}
		p.quiet { (say!("If you do nothing, the code is forgotten after five minutes.")) }
	}
}

/// How far something came that was handed to a node.
pub(super) fn steps(step: &Step, here: &str) -> Markup {
	let reached = match step {
		Step::Sent | Step::Failed(_) => 0,
		Step::Accepted => 1,
		Step::InBlock(_) => 2,
		Step::Finalised(_) => 3,
	};
	let block = |step: &Step| match step {
		Step::InBlock(block) | Step::Finalised(block) => Some(*block),
		_ => None,
	};
	html! {
		@match step {
			Step::Failed(reason) => {
				p.verdict.bad role="alert" {
					strong { (say!("It failed.")) } " " (told(reason))
				}
				p { (say!("Nothing was recorded, as far as this explorer knows. Try again, here or at any other node.")) }
			},
			Step::Finalised(_) => p.verdict.good role="status" {
				strong { (say!("It is final.")) } " " (say!("Nobody can undo or change it any more."))
			},
			_ => p.verdict.open role="status" {
				strong { (say!("It is on its way.")) } " "
				(say!("This takes some seconds.")) " " a href=(here) { (say!("Look again")) }
			},
		}
		ol.steps {
			@for (position, name) in [
				say!("A node accepted it"), say!("A block holds it"), say!("The block is final"),
			].iter().enumerate() {
				li {
					@if position < reached { span.state.good { (say!("done")) } } @else { span.state.open { (say!("not yet")) } }
					" " (name)
				}
			}
		}
		@if let Some(block) = block(step) { p { (say!("It stands in block {block}.", block = block)) } }
	}
}

pub(super) async fn withdraw(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	body: Bytes,
) -> Result<Response, PageError> {
	let form = Form::read(&body)?;
	let token = guard::cookie(&headers, COOKIE).unwrap_or_default();
	let (consent, code, progress) =
		app.visits.confirm(&token, form.field("ticket"), time::now())?;
	let genesis = app.genesis().await?;
	let handing = app.clone();
	// It goes on when the browser hangs up.
	tokio::spawn(async move {
		handing.ledger().withdraw(genesis, consent, code, progress).await;
	});
	Ok(lead("/patient/withdrawal", set_cookie(&headers, COOKIE, &token, VISIT_LIFE / 1_000)))
}

pub(super) async fn end(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
) -> Result<Response, PageError> {
	if let Some(token) = guard::cookie(&headers, COOKIE) {
		app.visits.end(&token)?;
	}
	Ok(lead("/patient", set_cookie(&headers, COOKIE, "", 0)))
}

/// The record that an address of a visit means: `consent`, or the number of an exchange under it in the index. No handle
/// stands in the address.
async fn record(app: &Arc<App>, headers: &HeaderMap, which: &str) -> Result<(Kind, String), Error> {
	let visit = viewing(app, headers)?;
	let unknown = || Error::NotFound("there is no such record in this visit".into());
	if which == "consent" {
		return Ok((Kind::Consent, format!("0x{}", hex::encode(visit.consent.0))));
	}
	let serial: i64 = which.parse().map_err(|_| unknown())?;
	let (_, exchanges) = app.read(move |connection| history(connection, visit.consent)).await?;
	let row = exchanges.into_iter().find(|row| row.serial == serial).ok_or_else(unknown)?;
	Ok((Kind::Exchange, row.id.to_string()))
}

pub(super) async fn verify(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	headers: HeaderMap,
	Path(which): Path<String>,
	axum::extract::Query(parameters): super::pages::Parameters,
) -> Result<Response, PageError> {
	let at = proofs::read_at(&parameters)?;
	let (kind, id) = record(&app, &headers, &which).await?;
	let place = proofs::Place {
		link: format!("/patient/records/{which}"),
		trail: vec![("/patient/consent".into(), html! { (say!("Your consent")) })],
	};
	proofs::show_record(&app, &viewer, &Viewer::Open, kind, &id, at, &place).await
}

pub(super) async fn bundle(
	State(app): State<Arc<App>>,
	headers: HeaderMap,
	Path(which): Path<String>,
	axum::extract::Query(parameters): super::pages::Parameters,
) -> Result<Response, PageError> {
	let at: At = proofs::read_at(&parameters)?;
	let (kind, id) = record(&app, &headers, &which).await?;
	let (bundle, report) = proofs::prove_record(&app, &Viewer::Open, kind.slug(), id, at).await?;
	Ok(proofs::download(&bundle, &report))
}
