//! Evaluates the staff survey, reports every group with enough answers.

use curex_hygiene::{
	assess, recommend, training::standard_modules, GroupAssessment, Questionnaire, Survey,
};
use curex_primitives::{GroupResult, Moment, Report, StaffGroup};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{read_text, TO_BE_SEALED};
use crate::{
	canonical,
	store::{Draft, Outcome, StateName},
	Config, Error, Store,
};

/// The last survey, as it is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastSurvey {
	/// Its campaign, counted from 1.
	pub campaign: u32,
	/// SHA-256 of its canonical answers.
	pub fingerprint: String,
	/// When it was evaluated first.
	pub at: Moment,
	/// Its groups.
	pub groups: Vec<SurveyedGroup>,
}

/// A group of the last survey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SurveyedGroup {
	/// People in the group.
	pub size: u32,
	/// What came out.
	pub assessment: GroupAssessment,
}

/// Evaluates the survey. Answers that were evaluated before are the same campaign and are not reported again, except of
/// groups whose result the ledger refused.
///
/// # Errors
/// [`Error::MissingInput`] if no survey is configured, [`Error::Hygiene`], and what files and store refuse.
pub fn execute(config: &Config, store: &Store, now: Moment) -> Result<Outcome, Error> {
	let files = config.survey.as_ref().ok_or(Error::MissingInput {
		task: "survey",
		what: "the survey".into(),
		remedy: "name its answers under [survey]",
	})?;
	let questionnaire = match &files.questionnaire {
		Some(path) => Questionnaire::parse(&read_text(path)?)?,
		None => Questionnaire::standard(),
	};
	let text = read_text(&files.answers)?;
	let survey = match files.answers.extension() {
		Some(extension) if extension == "csv" => Survey::from_csv(&text, &questionnaire)?,
		_ => Survey::from_json(&text, &questionnaire)?,
	};
	let fingerprint =
		hex::encode(Sha256::digest(canonical::to_bytes(&serde_json::to_value(&survey)?)?));
	let last = last(store)?;
	let assessments = assess(&survey, &questionnaire);
	let (campaign, due): (u32, Vec<StaffGroup>) = match &last {
		Some(last) if last.fingerprint == fingerprint => {
			(last.campaign, store.refused_groups(last.campaign)?)
		},
		_ => (
			last.as_ref()
				.map_or(0, |last| last.campaign)
				.saturating_add(1)
				.max(files.campaign_from),
			StaffGroup::ALL.to_vec(),
		),
	};
	if due.is_empty() {
		let note = format!("The answers are those of campaign {campaign}; nothing is new.");
		return Ok(Outcome { notes: vec![note], ..Outcome::default() });
	}
	// Results that the ledger refused are reported again, of a campaign that it may take.
	let campaign = campaign.max(files.campaign_from);
	let with_result = assessments.iter().filter(|assessment| assessment.result.is_some()).count();
	let drafts: Vec<Draft> = assessments
		.iter()
		.filter(|assessment| due.contains(&assessment.group))
		.filter_map(|assessment| draft(assessment, &questionnaire, campaign))
		.collect();
	let small = assessments.len() - with_result;
	let mut notes = vec![format!("Campaign {campaign}: {} groups reported.", drafts.len())];
	if small > 0 {
		notes.push(format!("{small} groups have too few answers for a result."));
	}
	let groups = survey
		.groups
		.iter()
		.zip(assessments)
		.map(|(answers, assessment)| SurveyedGroup { size: answers.size, assessment })
		.collect();
	let state = LastSurvey { campaign, fingerprint, at: now, groups };
	let states = vec![(StateName::Survey, serde_json::to_value(state)?)];
	Ok(Outcome { drafts, states, notes, ..Outcome::default() })
}

/// The last survey that was evaluated; nothing if none was.
///
/// # Errors
/// What the store refuses.
pub fn last(store: &Store) -> Result<Option<LastSurvey>, Error> {
	let state = store.state(StateName::Survey)?;
	Ok(state.map(serde_json::from_value).transpose()?)
}

fn draft(
	assessment: &GroupAssessment,
	questionnaire: &Questionnaire,
	campaign: u32,
) -> Option<Draft> {
	let result = assessment.result.as_ref()?;
	Some(Draft {
		report: Report::GroupResult(GroupResult {
			campaign,
			group: result.group,
			level: result.level,
			confidence: result.confidence,
			answers: result.size_bucket,
			evidence: TO_BE_SEALED,
		}),
		document: json!({
			"campaign": campaign,
			"questionnaire": questionnaire.id,
			"assessment": assessment,
			"recommendation": recommend(assessment, &standard_modules()),
		}),
		inputs: None,
		alert: None,
	})
}
