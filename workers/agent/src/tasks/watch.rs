//! Watches the logs, reports every new alert.

use std::{
	fs::File,
	path::{Path, PathBuf},
	sync::Arc,
	time::SystemTime,
};

use curex_primitives::{AlertDigest, Moment, Report};
use curex_threats::{
	incident::correlate,
	ingest::files_of,
	snapshots::{Snapshot, Snapshots},
	Alert, Format, Incident, Replay,
};
use serde_json::json;

use super::TO_BE_SEALED;
use crate::{
	config::EventSource,
	feedback::take,
	knowledge::gather,
	listen::{
		counts,
		spool::{retire, segments, Segment},
		Listener,
	},
	store::{Draft, Outcome, StateName},
	Config, Error, Store,
};

/// The folder within the data folder that holds positions in the logs and what was learned, sealed.
const FOLDER: &str = "watch";

/// Events after which the state is committed while logs are read.
const COMMIT_EVERY: u64 = 100_000;

/// Milliseconds between alerts of one incident: four hours.
const TOGETHER: Moment = 4 * 3_600_000;

/// States that stay, to go back to.
const KEPT: usize = 8;

/// A watch that goes on: positions in the logs and everything learned.
pub struct Watching {
	replay: Replay,
	/// What was said of what is known beforehand.
	known: Vec<String>,
	/// How the files were when they were last looked at.
	seen: Vec<Look>,
	told_anew: bool,
}

/// Name, length and last change of a file.
type Look = (PathBuf, u64, Option<SystemTime>);

impl Watching {
	fn open(config: &Config, store: &Store) -> Result<Self, Error> {
		let folder = folder(config);
		let seal = Box::new(store.watch_seal());
		let mut replay = Replay::open(&folder, &config.watch, COMMIT_EVERY, KEPT, Some(seal))?;
		replay.use_pseudonyms(config.staff.pseudonyms(store)?);
		Ok(Self { told_anew: !replay.learns_anew(), replay, known: Vec::new(), seen: Vec::new() })
	}

	fn know(&mut self, config: &Config, store: &Store, now: Moment) -> Result<(), Error> {
		let (knowledge, known) = gather(config, store, now)?;
		self.replay.use_knowledge(Arc::new(knowledge));
		self.known = known;
		Ok(())
	}

	/// A report for every alert that was not announced before, or not with so high a severity.
	fn drafts(&self, store: &Store, now: Moment) -> Result<Vec<Draft>, Error> {
		let alerts = self.replay.report().alerts;
		let mut incidents = None;
		let mut drafts = Vec::new();
		for alert in &alerts {
			let known = store.announced(&alert.id)?;
			if known.is_none_or(|severity| severity < alert.severity) {
				let incidents = incidents.get_or_insert_with(|| correlate(&alerts, TOGETHER));
				let incident = incidents.iter().find(|one| one.alerts.contains(&alert.id));
				drafts.push(draft(store, alert, incident, now));
			}
		}
		Ok(drafts)
	}
}

/// The logs to read.
struct Sources<'a> {
	logs: Vec<(PathBuf, Format)>,
	/// How many of `[[events]]` can be read, if not all their files.
	readable: usize,
	/// Which files or folders cannot be read, and why.
	missing: Vec<String>,
	spools: Vec<(&'a Listener, PathBuf, Vec<Segment>)>,
}

impl<'a> Sources<'a> {
	fn find(config: &'a Config) -> Self {
		let mut found =
			Self { logs: Vec::new(), readable: 0, missing: Vec::new(), spools: Vec::new() };
		for source in &config.events {
			match files_of(&source.path) {
				Ok(files) => found.add(source, files),
				Err(error) => found.missing.push(format!("{}: {error}", source.name)),
			}
		}
		for listener in &config.listen {
			let folder = listener.spool(&config.data);
			match segments(&folder) {
				Ok(waiting) => {
					let logs = waiting.iter().map(|one| (one.path.clone(), Format::Syslog));
					found.logs.extend(logs);
					found.spools.push((listener, folder, waiting));
				},
				Err(error) => found.missing.push(format!("{}: {error}", listener.name)),
			}
		}
		found
	}

	/// Adds the files of a source that can be read, and names the others.
	fn add(&mut self, source: &EventSource, files: Vec<PathBuf>) {
		let (is_empty, before) = (files.is_empty(), self.logs.len());
		for file in files {
			// Opened here to tell which cannot be; a log that vanishes afterwards fails the task, which is tried again.
			match File::open(&file) {
				Ok(_) => self.logs.push((file, source.format)),
				Err(error) => {
					self.missing.push(format!("{}: {}: {error}", source.name, file.display()));
				},
			}
		}
		self.readable += usize::from(is_empty || self.logs.len() > before);
	}

	fn logs(&self) -> Vec<(&Path, Format)> {
		self.logs.iter().map(|(path, format)| (path.as_path(), *format)).collect()
	}

	/// How the files are now, with that of shared indicators.
	fn look(&self, config: &Config) -> Vec<Look> {
		let shared = config.indicators.iter().flat_map(|files| &files.shared);
		let paths = self.logs.iter().map(|(path, _)| path).chain(shared);
		let look = |path: &PathBuf| {
			let about = path.metadata().ok()?;
			Some((path.clone(), about.len(), about.modified().ok()))
		};
		paths.filter_map(look).collect()
	}
}

/// Reads what is new in the logs and drafts a report for every alert that was not announced before, or not with
/// so high a severity. Positions and everything learned outlast the program; alerts are kept among them, so that
/// one that was found but not recorded, because the program ended in between, is drafted the next time. What is held
/// goes on; it is held afterwards if logs are watched as they grow.
///
/// # Errors
/// [`Error::MissingInput`] if no log can be read, [`Error::Threats`], and what the store refuses.
pub fn execute(
	config: &Config,
	store: &Store,
	held: &mut Option<Watching>,
	now: Moment,
) -> Result<Outcome, Error> {
	let sources = Sources::find(config);
	let missing = &sources.missing;
	if sources.readable + sources.spools.len() == 0 {
		return Err(Error::MissingInput {
			task: "watch",
			what: match missing.is_empty() {
				true => "every log".into(),
				false => format!("every log ({})", missing.join("; ")),
			},
			remedy: "name a readable log under [[events]], or let the agent listen ([[listen]])",
		});
	}
	let mut watching = held.take().map_or_else(|| Watching::open(config, store), Ok)?;
	watching.know(config, store, now)?;
	let (told, said) = take(&config.data, &mut watching.replay, store)?;
	let before = watching.replay.report().events;
	watching.seen = sources.look(config);
	watching.replay.read(&sources.logs(), &mut |_| {})?;
	let mut listeners = serde_json::Map::new();
	for (listener, folder, found) in &sources.spools {
		// The newest may still be written to; the others were whole before they were read.
		let whole = found.split_last().map_or(&[][..], |(_, whole)| whole);
		retire(folder, whole, listener.keep()).map_err(Error::io("clearing", folder))?;
		listeners.insert(listener.name.clone(), json!(counts(folder)));
	}
	let drafts = watching.drafts(store, now)?;
	let forgotten = config.staff.clear(&mut watching.replay, store, now)?;
	let report = watching.replay.report();
	let mut notes = vec![format!(
		"{} new events of {}, {} alerts, {} of them new or worse.",
		report.events - before,
		report.events,
		report.alerts.len(),
		drafts.len()
	)];
	if !std::mem::replace(&mut watching.told_anew, true) {
		notes.push("The configuration of the watch changed: what is usual is learned anew.".into());
	}
	notes.extend(told);
	if forgotten > 0 {
		notes.push(format!(
			"{forgotten} alerts and sealed names of staff were deleted: their time was over."
		));
	}
	notes.extend(watching.known.iter().cloned());
	if !missing.is_empty() {
		notes.push(format!("Not readable: {}.", missing.join("; ")));
	}
	if !report.drifted.is_empty() {
		notes.push(format!("What is usual has drifted lately: {}.", json!(report.drifted)));
	}
	if report.malformed.count > 0 {
		notes.push(format!("{} malformed lines.", report.malformed.count));
	}
	let state = json!({
		"at": now,
		"events": report.events,
		"malformed": report.malformed,
		"flows": report.flows,
		"accesses": report.accesses,
		"logs": report.logs,
		"working_days": report.working_days,
		"measurements": report.measurements,
		"drifted": report.drifted,
		"alerts": report.alerts.len(),
		"listeners": listeners,
		"missing": missing,
	});
	if config.watch_at_once {
		*held = Some(watching);
	}
	Ok(Outcome { drafts, states: vec![(StateName::Watch, state)], notes, said })
}

/// Reads what is new in logs that have grown since they were last looked at; nothing if none has, or if no alert comes
/// of it. Keeps nothing: the next ordered watch does.
///
/// # Errors
/// [`Error::Threats`], and what the store refuses.
pub fn glance(
	config: &Config,
	store: &Store,
	held: &mut Option<Watching>,
	now: Moment,
) -> Result<Option<Outcome>, Error> {
	let sources = Sources::find(config);
	let seen = sources.look(config);
	if held.as_ref().is_some_and(|watching| watching.seen == seen) {
		return Ok(None);
	}
	let shared = |seen: &[Look]| {
		let shared = config.indicators.as_ref().and_then(|files| files.shared.as_ref());
		seen.iter().find(|(path, ..)| Some(path) == shared).cloned()
	};
	let mut watching = held.take().map_or_else(|| Watching::open(config, store), Ok)?;
	if watching.seen.is_empty() || shared(&watching.seen) != shared(&seen) {
		watching.know(config, store, now)?;
	}
	watching.seen = seen;
	watching.replay.glance(&sources.logs())?;
	let drafts = watching.drafts(store, now)?;
	*held = Some(watching);
	let notes = vec![format!("{} alerts in logs that grew.", drafts.len())];
	Ok((!drafts.is_empty()).then_some(Outcome { drafts, notes, ..Outcome::default() }))
}

/// The folder of a watch within the data folder.
pub fn folder(config: &Config) -> PathBuf {
	config.data.join(FOLDER)
}

/// The states that are kept of what was learned, oldest first, with the hashes of their sealed form.
///
/// # Errors
/// [`Error::Threats`] if the folder cannot be read.
pub fn states(config: &Config) -> Result<Vec<Snapshot>, Error> {
	Ok(Snapshots::open(&folder(config), KEPT)?.list()?)
}

fn draft(store: &Store, alert: &Alert, incident: Option<&Incident>, now: Moment) -> Draft {
	let staff = alert.kind.is_about_staff().then_some(alert.entity.as_str());
	Draft {
		report: Report::Alert(AlertDigest {
			severity: alert.severity,
			confidence: alert.confidence,
			evidence: TO_BE_SEALED,
			raised_at: now,
		}),
		document: json!({ "alert": alert, "incident": incident, "raised_at": now }),
		inputs: None,
		alert: Some(store.alert_mark(&alert.id, alert.severity, staff)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_file_that_cannot_be_read_is_named_and_the_others_of_its_folder_are_read() {
		let folder = tempfile::tempdir().unwrap();
		let (good, gone) = (folder.path().join("conn.log"), folder.path().join("dns.log"));
		std::fs::write(&good, "").unwrap();
		let source =
			EventSource { name: "zeek".into(), format: Format::Zeek, path: folder.path().into() };
		let mut found =
			Sources { logs: Vec::new(), readable: 0, missing: Vec::new(), spools: Vec::new() };
		found.add(&source, vec![gone.clone()]);
		assert_eq!(found.readable, 0);
		found.add(&source, vec![good.clone(), gone]);
		assert_eq!((found.readable, found.logs), (1, vec![(good, Format::Zeek)]));
		assert!(found.missing[1].starts_with("zeek: ") && found.missing[1].contains("dns.log"));
	}
}
