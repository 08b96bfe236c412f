//! `curex inquiry case`, `reasons` and `sign`: what an explorer's page prepares about inquiries, and is signed here.

use crate::context::{parse, pretty, read_text, write_private, Context, Output};
use curex_client::{
	exchange::Opening,
	oversight,
	prepared::{Act, Prepared},
	time, Error,
};
use curex_primitives::{commitment::Domain, RecordHandle};
use serde_json::json;
use std::{
	io::{IsTerminal, Write},
	path::Path,
};

/// Commits to the text of a case file, under the record that an inquiry is about.
pub fn case(file: &Path, about: RecordHandle, out: &Path) -> Result<Output, Error> {
	keep(&Opening::new(Domain::Oversight, &about.0, &read_text(file)?), out)
}

/// Commits to the text of the reasons for which an inquiry is refused.
pub fn reasons(file: &Path, inquiry: u32, out: &Path) -> Result<Output, Error> {
	keep(&oversight::reasons(inquiry, &read_text(file)?), out)
}

fn keep(opening: &Opening, out: &Path) -> Result<Output, Error> {
	write_private(out, &pretty(opening)?)?;
	Ok(Output::new(
		format!("commitment {}; keep {}", opening.commitment, out.display()),
		json!({ "commitment": opening.commitment, "opening": out }),
	))
}

/// What was prepared, in words of this program's own.
fn said(prepared: &Prepared) -> String {
	let act = match &prepared.act {
		Act::Open { question, case } => format!(
			"an inquiry to organisation {} in the field of {:?}, about the record {}, to be answered within {} days. Your case \
			 file's commitment: {case}",
			question.organisation,
			question.field,
			question.about,
			question.term / time::DAY,
		),
		Act::Refuse { inquiry, ground, reasons } => format!(
			"the refusal to disclose what inquiry {inquiry} asks for, on the ground {ground:?}. Your reasons' commitment: {reasons}",
		),
		Act::Withdraw { inquiry } => {
			format!("the withdrawal of inquiry {inquiry}, which then needs no answer")
		},
	};
	format!(
		"You are about to sign: {act}. Account 0x{}, its transaction number {}, on the ledger 0x{}; it lapses 64 blocks after \
		 block {}.",
		hex::encode(prepared.account),
		prepared.number,
		hex::encode(prepared.ledger),
		prepared.block,
	)
}

/// Reads out what was prepared, and signs it.
pub fn sign(context: &Context, path: &Path, yes: bool) -> Result<Output, Error> {
	let prepared: Prepared = parse(path, "what was prepared")?;
	eprintln!("{}", said(&prepared));
	if !yes && !is_confirmed() {
		return Err(Error::Input(
			"not signed: it was not confirmed (at a terminal, or with --yes)".into(),
		));
	}
	let signature = format!("0x{}", hex::encode(prepared.sign(&context.account()?)?));
	Ok(Output::new(signature.clone(), json!({ "signature": signature })))
}

fn is_confirmed() -> bool {
	if !std::io::stdin().is_terminal() {
		return false;
	}
	eprint!("Sign it? Type yes: ");
	let mut answer = String::new();
	let asked = std::io::stderr().flush().and_then(|()| std::io::stdin().read_line(&mut answer));
	asked.is_ok() && answer.trim() == "yes"
}
