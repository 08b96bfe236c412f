//! Watches the logs, reports every new alert.

use std::{
	fs::File,
	path::{Path, PathBuf},
};

use curex_primitives::{AlertDigest, Moment, Report};
use curex_threats::{ingest::files_of, sigma::Rules, Alert, Format, Replay};
use serde_json::json;

use super::TO_BE_SEALED;
use crate::{
	listen::{
		counts,
		spool::{retire, segments},
	},
	store::{Draft, Outcome, StateName},
	Config, Error, Store,
};

/// Folder within the data folder that holds positions in the logs and what was learned, sealed.
const FOLDER: &str = "watch";

/// Events after which the state is committed while logs are read.
const COMMIT_EVERY: u64 = 100_000;

/// States that stay, to go back to.
const KEPT: usize = 8;

/// Reads what is new in the logs and drafts a report for every alert that was not announced before, or not with
/// so high a severity. Positions and everything learned outlast the program; alerts are kept among them, so that
/// one that was found but not recorded, because the program ended in between, is drafted the next time.
///
/// # Errors
/// [`Error::MissingInput`] if no log can be read, [`Error::Threats`], and what the store refuses.
pub fn execute(config: &Config, store: &Store, now: Moment) -> Result<Outcome, Error> {
	let mut logs: Vec<(PathBuf, Format)> = Vec::new();
	let mut missing = Vec::new();
	for source in &config.events {
		// Opened here to tell which cannot be; a log that vanishes afterwards fails the task, which is tried again.
		let readable = files_of(&source.path).and_then(|files| {
			files.iter().try_for_each(|file| File::open(file).map(drop))?;
			Ok(files)
		});
		match readable {
			Ok(files) => logs.extend(files.into_iter().map(|file| (file, source.format))),
			Err(error) => missing.push(format!("{}: {error}", source.name)),
		}
	}
	let mut spools = Vec::new();
	for listener in &config.listen {
		let folder = listener.spool(&config.data);
		match segments(&folder) {
			Ok(found) => {
				logs.extend(found.iter().map(|segment| (segment.path.clone(), Format::Syslog)));
				spools.push((listener, folder, found));
			},
			Err(error) => missing.push(format!("{}: {error}", listener.name)),
		}
	}
	if missing.len() == config.events.len() + config.listen.len() {
		return Err(Error::MissingInput {
			task: "watch",
			what: match missing.is_empty() {
				true => "every log".into(),
				false => format!("every log ({})", missing.join("; ")),
			},
			remedy: "name a readable log under [[events]], or let the agent listen ([[listen]])",
		});
	}
	let rules = match &config.sigma_rules {
		Some(folder) => {
			Rules::load(folder).map_err(Error::io("reading Sigma rules from", folder))?
		},
		None => Rules::default(),
	};
	let seal = store.watch_seal();
	let folder = config.data.join(FOLDER);
	let mut replay =
		Replay::open(&folder, &config.watch, COMMIT_EVERY, KEPT, Some(&seal))?.with_rules(&rules);
	let before = replay.report().events;
	let logs: Vec<(&Path, Format)> =
		logs.iter().map(|(path, format)| (path.as_path(), *format)).collect();
	replay.read(&logs, &mut |_| {})?;
	let mut listeners = serde_json::Map::new();
	for (listener, folder, found) in &spools {
		// The newest may still be written to; the others were whole before they were read.
		let whole = found.split_last().map_or(&[][..], |(_, whole)| whole);
		retire(folder, whole, listener.keep()).map_err(Error::io("clearing", folder))?;
		listeners.insert(listener.name.clone(), json!(counts(folder)));
	}
	let report = replay.report();
	let mut drafts = Vec::new();
	for alert in &report.alerts {
		let known = store.announced(&alert.id)?;
		if known.is_none_or(|severity| severity < alert.severity) {
			drafts.push(draft(store, alert, now));
		}
	}
	let mut notes = vec![format!(
		"{} new events of {}, {} alerts, {} of them new or worse.",
		report.events - before,
		report.events,
		report.alerts.len(),
		drafts.len()
	)];
	if replay.learns_anew() {
		notes.push("The configuration of the watch changed: what is usual is learned anew.".into());
	}
	if config.sigma_rules.is_some() {
		notes.push(format!(
			"{} Sigma rules, {} passed over, {} not understood.",
			rules.len(),
			rules.passed_over,
			rules.refused
		));
		notes.extend(rules.reasons.iter().cloned());
	}
	if !missing.is_empty() {
		notes.push(format!("Not readable: {}.", missing.join("; ")));
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
		"alerts": report.alerts.len(),
		"listeners": listeners,
		"missing": missing,
	});
	Ok(Outcome { drafts, states: vec![(StateName::Watch, state)], notes })
}

fn draft(store: &Store, alert: &Alert, now: Moment) -> Draft {
	Draft {
		report: Report::Alert(AlertDigest {
			severity: alert.severity,
			confidence: alert.confidence,
			evidence: TO_BE_SEALED,
			raised_at: now,
		}),
		document: json!({ "alert": alert, "raised_at": now }),
		inputs: None,
		alert: Some(store.alert_mark(&alert.id, alert.severity)),
	}
}
