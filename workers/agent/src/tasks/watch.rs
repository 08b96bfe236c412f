//! Watches the logs, reports every new alert.

use std::{fs::File, io::BufReader};

use curex_primitives::{AlertDigest, Moment, Report};
use curex_threats::{watch, Alert, Source};
use serde_json::json;

use super::TO_BE_SEALED;
use crate::{
	store::{Draft, Outcome, StateName},
	Config, Error, Store,
};

/// Reads the logs from their beginning and drafts a report for every alert that was not announced before, or not with
/// so high a severity.
///
/// # Errors
/// [`Error::MissingInput`] if no log can be read, [`Error::Threats`], and what the store refuses.
pub fn execute(config: &Config, store: &Store, now: Moment) -> Result<Outcome, Error> {
	let mut sources = Vec::new();
	let mut missing = Vec::new();
	for source in &config.events {
		match File::open(&source.path) {
			Ok(file) => {
				sources.push(Source::new(
					source.name.as_str(),
					source.format,
					BufReader::new(file),
				));
			},
			Err(error) => missing.push(format!("{}: {error}", source.name)),
		}
	}
	if sources.is_empty() {
		return Err(Error::MissingInput {
			task: "watch",
			what: match missing.is_empty() {
				true => "every log".into(),
				false => format!("every log ({})", missing.join("; ")),
			},
			remedy: "name a readable log under [[events]]",
		});
	}
	let report = watch(&config.watch, sources)?;
	let mut drafts = Vec::new();
	for alert in &report.alerts {
		let known = store.announced(&alert.id)?;
		if known.is_none_or(|severity| severity < alert.severity) {
			drafts.push(draft(store, alert, now));
		}
	}
	let mut notes = vec![format!(
		"{} events, {} alerts, {} of them new or worse.",
		report.events,
		report.alerts.len(),
		drafts.len()
	)];
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
		"alerts": report.alerts.len(),
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
