//! How an inquiry ends without a disclosure: the organisation that is asked refuses, or the authority withdraws. Prepared here and
//! signed elsewhere, as inquiries are.

use super::{keep_draft, word_of};
use crate::{
	access::{standing::Role, Standing, Viewer},
	kind::{handle, Kind},
	store::{query, RecordRow},
	web::{
		content,
		forms::{lead_to, Form},
		layout,
		pages::{show, Answer},
		words::{plain, said, say, word},
		App, PageError, Who,
	},
	Error, RecordId,
};
use axum::{
	body::Bytes,
	extract::{Extension, Path, State},
	http::StatusCode,
	response::{Html, IntoResponse, Response},
};
use curex_client::prepared::Act;
use curex_primitives::{oversight::InquiryRefusal, Commitment};
use maud::{html, Markup};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
	Refusal,
	Withdrawal,
}

/// How a delegate may end an inquiry, if at all.
fn ending(standing: &Standing, row: &RecordRow) -> Option<Ending> {
	let is = |field: &str| row.value[field].as_u64() == Some(standing.organisation.into());
	let is_open = row.state.as_deref() == Some("open") && row.removed.is_none();
	let may_answer = matches!(standing.role, Role::Authority(_) | Role::ProtectionOfficer);
	if !is_open || !may_answer {
		None
	} else if is("authority") {
		Some(Ending::Withdrawal)
	} else {
		is("organisation").then_some(Ending::Refusal)
	}
}

/// The way to end an inquiry, for those who may.
pub(in crate::web) fn offer(viewer: &Viewer, row: &RecordRow) -> Markup {
	let Viewer::SignedIn(standing) = viewer else { return html! {} };
	let Some(ending) = ending(standing, row) else { return html! {} };
	html! { p { a href=(format!("{}/end", row.link())) { (title(ending)) } } }
}

fn title(ending: Ending) -> &'static str {
	match ending {
		Ending::Refusal => say!("Refuse to disclose"),
		Ending::Withdrawal => say!("Withdraw this inquiry"),
	}
}

/// The inquiry that somebody ends, with its number and how.
async fn ended<'a>(
	app: &Arc<App>,
	viewer: &'a Viewer,
	id: &str,
) -> Result<(&'a Standing, RecordRow, u32, Ending), Error> {
	query::check_parameter("id", id)?;
	let Viewer::SignedIn(standing) = viewer else {
		return Err(Error::Refused("sign in to end an inquiry".into()));
	};
	let unknown = || Error::NotFound(format!("there is no such {}", Kind::Inquiry.singular()));
	let id = RecordId::parse(Kind::Inquiry, id).ok_or_else(unknown)?;
	let number = id.as_str().parse().map_err(|_| unknown())?;
	let scope = viewer.scope();
	let row = app
		.read(move |connection| query::record(connection, &scope, Kind::Inquiry, &id))
		.await?
		.ok_or_else(unknown)?;
	let ending = ending(standing, &row)
		.ok_or_else(|| Error::Refused("this inquiry is not open, or not yours to end".into()))?;
	Ok((standing, row, number, ending))
}

pub(in crate::web) async fn page(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Answer {
	let (_, row, number, ending) = ended(&app, &viewer, &id).await?;
	show(form(&app, &viewer, &row, number, ending, &Filled::default(), None).await?)
}

/// What stands in the form of a refusal.
#[derive(Default)]
struct Filled {
	ground: String,
	reasons: String,
}

async fn form(
	app: &Arc<App>,
	viewer: &Viewer,
	row: &RecordRow,
	number: u32,
	ending: Ending,
	filled: &Filled,
	wrong: Option<&str>,
) -> Result<Markup, Error> {
	let around = app.surroundings(viewer).await?;
	let name = said!("Inquiry {number}", number = number);
	let link = row.link();
	let body = html! {
		(layout::trail(
			&[("/inquiries", plain(Kind::Inquiry.plural())), (link.as_str(), name.as_str())],
			title(ending),
		))
		h1 { (title(ending)) }
		@match ending {
			Ending::Refusal => p.lead { (say!("Your organisation refuses what inquiry {number} asks for. This page prepares the refusal; \
				you sign it on your own machine, and nothing is sent before that.", number = number)) },
			Ending::Withdrawal => p.lead { (say!("Your authority needs no answer to inquiry {number} any more. This page prepares the \
				withdrawal; you sign it on your own machine, and nothing is sent before that.", number = number)) },
		}
		@if let Some(wrong) = wrong { p.verdict.bad role="alert" { (word(wrong)) } }
		(content::record(&row.value, &around))
		form.stacked method="post" action=(format!("{link}/end")) {
			@if ending == Ending::Refusal {
				label for="ground" { (say!("Ground")) }
				select id="ground" name="ground" required {
					@for ground in InquiryRefusal::ALL {
						@let word = word_of(*ground);
						option value=(word) selected[word == filled.ground] { (plain(&word.replace('-', " "))) }
					}
				}
				label for="reasons" { (say!("Commitment to your reasons")) }
				p.quiet id="reasons-help" {
					(say!("The reasons stay with you. {command} makes the commitment.", command = html! {
						code { "curex inquiry reasons FILE --inquiry " (number) " --out OPENING" }
					}))
				}
				input id="reasons" name="reasons" required maxlength="66" spellcheck="false" placeholder="0x…"
					value=(filled.reasons) aria-describedby="reasons-help";
			}
			button type="submit" { (say!("Prepare it")) }
		}
	};
	Ok(layout::page(title(ending), "/inquiries", &around, body))
}

/// What was filled in, as an act.
fn read(ending: Ending, inquiry: u32, filled: &Filled) -> Result<Act, &'static str> {
	if ending == Ending::Withdrawal {
		return Ok(Act::Withdraw { inquiry });
	}
	let mut grounds = InquiryRefusal::ALL.iter().copied();
	let ground =
		grounds.find(|ground| word_of(*ground) == filled.ground).ok_or("choose a ground")?;
	let reasons = handle(&filled.reasons).ok_or("a commitment has 64 hexadecimal digits")?;
	Ok(Act::Refuse { inquiry, ground, reasons: Commitment(reasons) })
}

pub(in crate::web) async fn prepare(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
	body: Bytes,
) -> Result<Response, PageError> {
	let (standing, row, number, ending) = ended(&app, &viewer, &id).await?;
	let fields = Form::read(&body)?;
	let filled = Filled {
		ground: fields.field("ground").to_owned(),
		reasons: fields.field("reasons").to_owned(),
	};
	match read(ending, number, &filled) {
		Ok(act) => {
			keep_draft(&app, standing.account, act).await?;
			Ok(lead_to("/inquiries/draft"))
		},
		Err(wrong) => {
			let page = form(&app, &viewer, &row, number, ending, &filled, Some(wrong)).await?;
			Ok((StatusCode::BAD_REQUEST, Html(page.into_string())).into_response())
		},
	}
}
