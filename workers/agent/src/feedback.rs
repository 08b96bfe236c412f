//! What a person says to the watch: left in a folder, taken by the next watch, which may be another program.

use std::{
	fs,
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
};

use curex_threats::{Feedback, Replay};
use serde::{Deserialize, Serialize};

use crate::{
	listen::spool::make_folder,
	notices::{Decision, Said},
	Error, Store,
};

/// Folder within the data folder.
const FOLDER: &str = "feedback";
const EXTENSION: &str = "json";

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
	/// The alert was what it said.
	Confirm(String),
	/// The alert was nothing: its like is usual from now on.
	Dismiss(String),
	/// The watch goes back to what it had learned at the state of this number.
	Revert(u64),
}

/// Leaves a word for the next watch.
///
/// # Errors
/// [`Error::Io`].
pub fn leave(data: &Path, word: &Word) -> Result<(), Error> {
	let folder = data.join(FOLDER);
	let number = left(&folder)?.last().map_or(0, |(number, _)| *number) + 1;
	let text = serde_json::to_vec(word)?;
	let path = folder.join(format!("{number:020}.{EXTENSION}"));
	let unfinished = folder.join(format!("{number:020}.{}", std::process::id()));
	let write = || {
		make_folder(&folder)?;
		let mut options = fs::OpenOptions::new();
		let mut file =
			options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
		std::io::Write::write_all(&mut file, &text)?;
		file.sync_all()?;
		// Two people at once get two numbers: a link never replaces.
		fs::hard_link(&unfinished, &path)?;
		fs::remove_file(&unfinished)
	};
	write().map_err(Error::io("writing", &path))
}

/// Tells the watch what was left, in the order in which it was said, and returns what came of it, in sentences, and what is to
/// be recorded with it. A word that was taken when the program was stopped is taken again, which changes nothing.
///
/// # Errors
/// [`Error::Io`], [`Error::Threats`].
pub(crate) fn take(
	data: &Path,
	replay: &mut Replay,
	store: &Store,
) -> Result<(Vec<String>, Vec<Said>), Error> {
	let (mut notes, mut all) = (Vec::new(), Vec::new());
	for (_, path) in left(&data.join(FOLDER))? {
		let text = fs::read(&path).map_err(Error::io("reading", &path))?;
		let mut about = None;
		let note = match serde_json::from_slice(&text) {
			Ok(Word::Confirm(alert)) => {
				about = Some((store.alert_fingerprint(&alert), Decision::Confirmed));
				said("confirmed", replay.feedback(&alert, Feedback::Confirm)?)
			},
			Ok(Word::Dismiss(alert)) => {
				about = Some((store.alert_fingerprint(&alert), Decision::Dismissed));
				said("dismissed", replay.feedback(&alert, Feedback::Dismiss)?)
			},
			Ok(Word::Revert(number)) => match replay.revert_model(number) {
				Ok(state) => {
					format!("What was learned is that of state {number} ({}).", state.hash)
				},
				Err(error) => error.to_string(),
			},
			Err(error) => format!("What was said to the watch cannot be read: {error}."),
		};
		notes.push(note);
		all.push(Said { path, about });
	}
	Ok((notes, all))
}

fn said(what: &str, known: bool) -> String {
	match known {
		true => format!("An alert was {what}."),
		false => format!("An alert that was {what} is none of the watch's."),
	}
}

/// What was left, in the order of its numbers.
fn left(folder: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
	if !folder.is_dir() {
		return Ok(Vec::new());
	}
	let entries = folder.read_dir().map_err(Error::io("reading", folder))?;
	let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
	let words = paths.filter(|path| path.extension().is_some_and(|end| end == EXTENSION));
	let mut words: Vec<(u64, PathBuf)> =
		words.filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path))).collect();
	words.sort();
	Ok(words)
}
