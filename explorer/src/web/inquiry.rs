//! An inquiry from a page. The page prepares the exact call; the delegate's own machine reads out what it says and signs it;
//! the page hands it to a node and shows how far it came. No key is in this program.

pub(super) mod ending;

use super::{
	content,
	forms::{lead_to, Form},
	layout,
	pages::{show, Answer, Parameters},
	patient::steps,
	words::{plain, say},
	App, PageError, Surroundings, Who,
};
use crate::{
	access::{standing::Role, Standing, Viewer},
	kind::{handle, Kind},
	ledger::{Progress, Step},
	store::query,
	Error, RecordId,
};
use axum::{
	body::Bytes,
	extract::{Extension, Query, State},
	http::header,
	response::{IntoResponse, Response},
};
use curex_client::{
	oversight::Question,
	prepared::{Act, Prepared},
	time,
};
use curex_primitives::{Commitment, Competences, OrganisationId, RecordHandle};
use maud::{html, Markup};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
};

/// A draft is kept for so long, in milliseconds.
const DRAFT_LIFE: u64 = 60 * 60_000;

/// Within how many days an inquiry may be answered.
const DAYS: std::ops::RangeInclusive<u16> = 1..=90;

/// What delegates are about to sign, or have handed in: one each.
#[derive(Default)]
pub(super) struct Drafts(Mutex<HashMap<[u8; 32], Draft>>);

#[derive(Clone)]
struct Draft {
	prepared: Prepared,
	progress: Option<Progress>,
	until: u64,
}

impl Drafts {
	fn of(&self, account: [u8; 32]) -> Option<Draft> {
		let mut drafts = self.0.lock().ok()?;
		let now = time::now();
		drafts.retain(|_, draft| draft.until > now);
		drafts.get(&account).cloned()
	}

	fn keep(&self, draft: Draft) {
		if let Ok(mut drafts) = self.0.lock() {
			drafts.insert(draft.prepared.account, draft);
		}
	}
}

/// The authority that looks, and its fields of supervision.
fn authority(viewer: &Viewer) -> Result<(&Standing, Competences), Error> {
	match viewer {
		Viewer::SignedIn(standing) => match standing.role {
			Role::Authority(competences) => Ok((standing, competences)),
			_ => Err(Error::Refused("inquiries are opened by authorities".into())),
		},
		_ => Err(Error::Refused("inquiries are opened by authorities".into())),
	}
}

/// Somebody who signs what concerns inquiries: for an authority, or for an organisation that is asked.
fn signer(viewer: &Viewer) -> Result<&Standing, Error> {
	match viewer {
		Viewer::SignedIn(standing) if standing.role != Role::SecurityOfficer => Ok(standing),
		_ => Err(Error::Refused(
			"inquiries are opened by authorities and answered by protection officers".into(),
		)),
	}
}

/// Whether somebody may open inquiries.
pub(super) fn is_open_to(viewer: &Viewer) -> bool {
	authority(viewer).is_ok()
}

/// What stands in the form.
#[derive(Default)]
struct Filled {
	organisation: String,
	field: String,
	about: String,
	case: String,
	days: String,
}

pub(super) async fn page(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Query(parameters): Parameters,
) -> Answer {
	authority(&viewer)?;
	let mut filled = Filled { days: "14".into(), ..Filled::default() };
	for (name, value) in parameters {
		query::check_parameter(&name, &value)?;
		match name.as_str() {
			"organisation" => filled.organisation = value,
			"about" => filled.about = value,
			_ => return Err(Error::input(format!("there is no parameter {name}")).into()),
		}
	}
	show(form(&app, &viewer, &filled, None).await?)
}

async fn form(
	app: &Arc<App>,
	viewer: &Viewer,
	filled: &Filled,
	wrong: Option<&str>,
) -> Result<Markup, Error> {
	let (standing, competences) = authority(viewer)?;
	let around = app.surroundings(viewer).await?;
	let others = standing.within.iter().filter(|number| **number != standing.organisation);
	let body = html! {
		(layout::trail(&[("/inquiries", plain(Kind::Inquiry.plural()))], say!("New inquiry")))
		h1 { (say!("Open an inquiry")) }
		p.lead { (say!("You ask an organisation about a record. This page prepares the inquiry; you sign it on your own machine, and \
			nothing is sent before that.")) }
		@if let Some(wrong) = wrong { p.verdict.bad role="alert" { (super::words::word(wrong)) } }
		form.stacked method="post" action="/inquiries/new" {
			label for="organisation" { (say!("Organisation")) }
			select id="organisation" name="organisation" required {
				@for number in others {
					option translate="no" value=(number) selected[number.to_string() == filled.organisation] {
						(content::called(*number, &around)) " (" (number) ")"
					}
				}
			}
			label for="field" { (say!("Field of supervision")) }
			select id="field" name="field" required {
				@for field in competences.iter() {
					@let word = word_of(field);
					option value=(word) selected[word == filled.field] { (plain(&word.replace('-', " "))) }
				}
			}
			label for="about" { (say!("Handle of the record that it is about")) }
			input id="about" name="about" required maxlength="66" spellcheck="false" placeholder="0x…" value=(filled.about);
			label for="case" { (say!("Commitment to your case file")) }
			p.quiet id="case-help" {
				(say!("The file stays with you. {command} makes the commitment.",
					command = html! { code { "curex inquiry case FILE --about HANDLE --out OPENING" } }))
			}
			input id="case" name="case" required maxlength="66" spellcheck="false" placeholder="0x…" value=(filled.case)
				aria-describedby="case-help";
			label for="days" { (say!("Days for the answer (1 to 90)")) }
			input id="days" name="days" required inputmode="numeric" maxlength="2" value=(filled.days);
			button type="submit" { (say!("Prepare it")) }
		}
	};
	Ok(layout::page(say!("New inquiry"), "/inquiries", &around, body))
}

/// The word of the ledger's vocabulary for one of its elements.
fn word_of(element: impl std::fmt::Debug) -> String {
	crate::facts::kebab(&format!("{element:?}"))
}

/// What was filled in, as an act.
fn read(
	filled: &Filled,
	standing: &Standing,
	competences: Competences,
) -> Result<Act, &'static str> {
	let organisation: u32 = filled.organisation.parse().map_err(|_| "choose an organisation")?;
	if organisation == standing.organisation || !standing.within.contains(&organisation) {
		return Err("choose an organisation");
	}
	let mut fields = competences.iter();
	let field =
		fields.find(|field| word_of(*field) == filled.field).ok_or("choose one of your fields")?;
	let about = handle(&filled.about).ok_or("a handle has 64 hexadecimal digits")?;
	let case = handle(&filled.case).ok_or("a commitment has 64 hexadecimal digits")?;
	let days = filled.days.parse::<u16>().ok().filter(|days| DAYS.contains(days));
	let days = days.ok_or("an inquiry is answered within 1 to 90 days")?;
	let question = Question {
		organisation: OrganisationId(organisation),
		field,
		about: RecordHandle(about),
		term: u64::from(days) * time::DAY,
	};
	Ok(Act::Open { question, case: Commitment(case) })
}

pub(super) async fn prepare(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	body: Bytes,
) -> Result<Response, PageError> {
	let (standing, competences) = authority(&viewer)?;
	let fields = Form::read(&body)?;
	let field = |name: &str| fields.field(name).to_owned();
	let filled = Filled {
		organisation: field("organisation"),
		field: field("field"),
		about: field("about"),
		case: field("case"),
		days: field("days"),
	};
	let act = match read(&filled, standing, competences) {
		Ok(read) => read,
		Err(wrong) => {
			let page = form(&app, &viewer, &filled, Some(wrong)).await?;
			let status = axum::http::StatusCode::BAD_REQUEST;
			return Ok((status, axum::response::Html(page.into_string())).into_response());
		},
	};
	keep_draft(&app, standing.account, act).await?;
	Ok(lead_to("/inquiries/draft"))
}

/// Prepares an act for an account, and keeps it for the signature.
async fn keep_draft(app: &Arc<App>, account: [u8; 32], act: Act) -> Result<(), Error> {
	let genesis = app.genesis().await?;
	let prepared = app.ledger().prepare(genesis, account, act).await?;
	app.drafts.keep(Draft { prepared, progress: None, until: time::now() + DRAFT_LIFE });
	Ok(())
}

fn no_draft() -> Error {
	Error::NotFound("nothing is prepared; begin anew".into())
}

pub(super) async fn draft(State(app): State<Arc<App>>, Extension(viewer): Who) -> Answer {
	let standing = signer(&viewer)?;
	let draft = app.drafts.of(standing.account).ok_or_else(no_draft)?;
	let around = app.surroundings(&viewer).await?;
	let title = match draft.prepared.act {
		Act::Open { .. } => say!("Your inquiry"),
		Act::Refuse { .. } => say!("Your refusal"),
		Act::Withdraw { .. } => say!("Your withdrawal"),
	};
	let body = html! {
		(layout::trail(&[("/inquiries", plain(Kind::Inquiry.plural()))], title))
		h1 { (title) }
		(said(&draft.prepared.act, &around))
		@match &draft.progress {
			Some(progress) => {
				(steps(&progress.step(), "/inquiries/draft"))
				@if matches!(progress.step(), Step::Finalised(_)) {
					p { a href="/inquiries" { (say!("All inquiries")) } }
				}
			},
			None => { (signing(&draft.prepared)) },
		}
	};
	show(layout::page(title, "/inquiries", &around, body))
}

/// What an act says.
fn said(act: &Act, around: &Surroundings) -> Markup {
	let inquiry = |number: u32| {
		html! {
			div { dt { (say!("Inquiry")) } dd { a href=(format!("/inquiries/{number}")) { (number) } } }
		}
	};
	html! {
		dl.fields {
			@match act {
				Act::Open { question, case } => {
					div { dt { (say!("Organisation")) } dd { (content::organisation(question.organisation.0, around)) } }
					div { dt { (say!("Field of supervision")) } dd { (plain(&word_of(question.field).replace('-', " "))) } }
					div { dt { (say!("Handle of the record that it is about")) } dd { code.long { (question.about) } } }
					div { dt { (say!("Commitment to your case file")) } dd { code.long { (case) } } }
					div { dt { (say!("Days for the answer (1 to 90)")) } dd { (question.term / time::DAY) } }
				},
				Act::Refuse { inquiry: number, ground, reasons } => {
					(inquiry(*number))
					div { dt { (say!("Ground")) } dd { (plain(&word_of(*ground).replace('-', " "))) } }
					div { dt { (say!("Commitment to your reasons")) } dd { code.long { (reasons) } } }
				},
				Act::Withdraw { inquiry: number } => (inquiry(*number)),
			}
		}
	}
}

fn signing(prepared: &Prepared) -> Markup {
	html! {
		h2 { (say!("Sign it on your machine")) }
		p { (say!("Save the prepared file there and sign it. The command reads out what it says, from the file and not from this \
			page, before it signs: compare the two. It needs no connection.")) }
		p.verify { a.button href="/inquiries/draft.json" download="inquiry.json" { (say!("Prepared file")) } }
		pre tabindex="0" { code { "curex --key KEY --password-file FILE inquiry sign inquiry.json" } }
		form.stacked method="post" action="/inquiries/draft" {
			label for="signature" { (say!("Signature in hexadecimal")) }
			input id="signature" name="signature" required maxlength="130" spellcheck="false" autocomplete="off" placeholder="0x…";
			button type="submit" { (say!("Hand it in")) }
		}
		p.quiet { (say!("The signature is good for this alone: your account's transaction number {number}, on this ledger, \
			until 64 blocks after block {block}.", number = prepared.number, block = prepared.block)) }
	}
}

/// What was prepared, as a file.
pub(super) async fn file(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
) -> Result<Response, PageError> {
	let standing = signer(&viewer)?;
	let draft = app.drafts.of(standing.account).ok_or_else(no_draft)?;
	let json = serde_json::to_vec_pretty(&draft.prepared)
		.map_err(|error| Error::Damaged(error.to_string()))?;
	Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

pub(super) async fn hand_in(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	body: Bytes,
) -> Result<Response, PageError> {
	let standing = signer(&viewer)?;
	let draft = app.drafts.of(standing.account).ok_or_else(no_draft)?;
	let is_under_way =
		draft.progress.as_ref().is_some_and(|progress| !matches!(progress.step(), Step::Failed(_)));
	if is_under_way {
		return Ok(lead_to("/inquiries/draft"));
	}
	let form = Form::read(&body)?;
	let mut signature = [0; 64];
	hex::decode_to_slice(form.field("signature").trim_start_matches("0x"), &mut signature)
		.map_err(|_| Error::input("signature: expected 128 hexadecimal digits"))?;
	// A wrong signature is told before anything is sent.
	draft.prepared.signed_with(&signature).map_err(|error| Error::Input(error.to_string()))?;
	let progress = Progress::default();
	app.drafts.keep(Draft { progress: Some(progress.clone()), ..draft.clone() });
	let genesis = app.genesis().await?;
	tokio::spawn(async move {
		app.ledger().hand_in(genesis, draft.prepared, signature, progress).await;
	});
	Ok(lead_to("/inquiries/draft"))
}

/// The way to an inquiry about a record, for authorities that may open one.
pub(super) fn offer(viewer: &Viewer, kind: Kind, id: &RecordId, holder: Option<u32>) -> Markup {
	let Ok((standing, _)) = authority(viewer) else { return html! {} };
	if !matches!(kind, Kind::Exchange | Kind::Consent | Kind::Permit) {
		return html! {};
	}
	let asked = holder.filter(|number| standing.within.contains(number));
	let organisation = asked.map(|number| format!("&organisation={number}")).unwrap_or_default();
	html! {
		p { a href=(format!("/inquiries/new?about={id}{organisation}")) { (say!("Open an inquiry about it")) } }
	}
}

/// How to read and check what was disclosed under an inquiry.
pub(super) fn reading(number: &RecordId) -> Markup {
	html! {
		section aria-labelledby="reading" {
			h2 id="reading" { (say!("Read the disclosure")) }
			p { (say!("What the organisation sent you is sealed to your authority's key, which is not here. Open it on your machine; \
				the command compares it with the commitment on the ledger and refuses anything else.")) }
			pre tabindex="0" {
				code { "curex --encryption-key KEY --password-file FILE inquiry receive " (number) " --sealed SEALED --out DISCLOSED" }
			}
			p.quiet { (say!("If it opens, it is proven that the organisation committed to exactly this content when it answered. It is \
				not proven that the content is true or complete.")) }
		}
	}
}
