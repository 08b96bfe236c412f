//! `curex inquiry case` and `sign`: inquiries that an explorer's page prepares and that are signed here.

use crate::context::{parse, pretty, read_text, write_private, Context, Output};
use curex_client::{exchange::Opening, prepared::Prepared, time, Error};
use curex_primitives::{commitment::Domain, RecordHandle};
use serde_json::json;
use std::{
	io::{IsTerminal, Write},
	path::Path,
};

/// Commits to the text of a case file, under the record that an inquiry is about.
pub fn case(file: &Path, about: RecordHandle, out: &Path) -> Result<Output, Error> {
	let opening = Opening::new(Domain::Oversight, &about.0, &read_text(file)?);
	write_private(out, &pretty(&opening)?)?;
	Ok(Output::new(
		format!("commitment {}; keep {}", opening.commitment, out.display()),
		json!({ "commitment": opening.commitment, "opening": out }),
	))
}

/// What a prepared inquiry says, in words of this program's own.
fn said(prepared: &Prepared) -> String {
	let question = &prepared.question;
	format!(
		"You are about to sign: an inquiry to organisation {} in the field of {:?}, about the record {}, to be answered within \
		 {} days. Your case file's commitment: {}. Account 0x{}, its transaction number {}, on the ledger 0x{}; it lapses 64 \
		 blocks after block {}.",
		question.organisation,
		question.field,
		question.about,
		question.term / time::DAY,
		prepared.case,
		hex::encode(prepared.account),
		prepared.number,
		hex::encode(prepared.ledger),
		prepared.block,
	)
}

/// Reads a prepared inquiry out and signs it.
pub fn sign(context: &Context, path: &Path, yes: bool) -> Result<Output, Error> {
	let prepared: Prepared = parse(path, "the prepared inquiry")?;
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
