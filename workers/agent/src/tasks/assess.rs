//! Assesses the risk, then plans safeguards against it: one assessment and one plan from the same inputs.

use curex_primitives::{Assessment, Attestation, Moment, Report};
use serde_json::json;

use super::{planning, situation::Situation, TO_BE_SEALED};
use crate::{
	store::{Draft, Outcome},
	Config, Error, Store,
};

/// Assesses what is known now and drafts assessment and plan.
///
/// # Errors
/// [`Error::Risk`], [`Error::Safeguards`], and what the store refuses.
pub fn execute(config: &Config, store: &Store, now: Moment) -> Result<Outcome, Error> {
	let situation = Situation::gather(config, store, now)?;
	let assessed = curex_risk::assess(&situation.model)?;
	let confidence = situation.confidence(assessed.confidence);
	let report = Report::Assessment(Assessment {
		cyber: assessed.cyber,
		privacy: assessed.privacy,
		patient_safety: assessed.patient_safety,
		confidence,
		attestation: Attestation::SelfAssessed,
		inputs: TO_BE_SEALED,
		parameters: config.clinical.parameters_version,
		evidence: TO_BE_SEALED,
		assessed_at: now,
		expires_at: now.saturating_add(config.assessment.validity()),
	});
	let document = json!({
		"assessment": assessed,
		"confidence": confidence,
		"missing": situation.missing,
		"doubtful": situation.doubtful,
		"sources": situation.sources,
		"assessed_at": now,
	});
	let inputs = serde_json::to_value(&situation.model)?;
	let mut drafts = vec![Draft { report, document, inputs: Some(inputs), alert: None }];
	// Notes are logged: how a level came about names assets and vulnerabilities, and stays in the sealed document.
	let mut notes = vec![format!(
		"Patient safety {:?}, cyber {:?}, privacy {:?}, confidence {confidence:?}.",
		assessed.patient_safety, assessed.cyber, assessed.privacy
	)];
	notes.extend(situation.missing.iter().chain(&situation.doubtful).cloned());
	match planning::draft(config, &assessed)? {
		Some(plan) => drafts.push(plan),
		None => notes.push("No budget is configured, so no safeguards are planned.".into()),
	}
	Ok(Outcome { drafts, notes, ..Outcome::default() })
}
