//! Which training a group needs.

use curex_primitives::StaffGroup;

use crate::{
	group::{GroupAssessment, Status},
	questionnaire::Area,
};

/// Mean gap of an area from which on it wants training: worse than the middle between "good" and
/// "neither".
const TRAIN_FROM: f64 = 0.375;

/// A training module.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
	/// Stable name.
	pub id: String,
	/// Title.
	pub title: String,
	/// What it covers.
	pub areas: Vec<Area>,
	/// Time it takes a person.
	pub minutes: u32,
}

/// What is recommended to a group.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recommendation {
	/// The group.
	pub group: StaffGroup,
	/// Ids of modules, the greatest gap first.
	pub modules: Vec<String>,
	/// What to know about it.
	pub notes: Vec<String>,
}

/// The modules that come with this crate.
pub fn standard_modules() -> Vec<Module> {
	serde_json::from_str(include_str!("../modules.json"))
		.expect("the file is compiled in and a test parses it; qed")
}

/// Chooses modules for a group by the gaps of its areas. A group without sufficient evidence is
/// asked to be surveyed first; nothing is recommended to a group too small to have a result.
pub fn recommend(assessment: &GroupAssessment, modules: &[Module]) -> Recommendation {
	let mut recommendation =
		Recommendation { group: assessment.group, modules: Vec::new(), notes: Vec::new() };
	let Some(measurement) = &assessment.measurement else {
		recommendation.notes.push("Too few answers: survey more people of this group.".into());
		return recommendation;
	};
	if assessment.status == Status::InsufficientEvidence {
		recommendation.notes.push(format!(
			"Insufficient evidence (half width {:.2}): survey more people before spending on training.",
			measurement.half_width
		));
	}
	let gap_of = |module: &Module| {
		let gaps = module.areas.iter().filter_map(|area| measurement.gap_by_area.get(area));
		gaps.copied().fold(0.0, f64::max)
	};
	let mut wanted: Vec<(&Module, f64)> = modules
		.iter()
		.map(|module| (module, gap_of(module)))
		.filter(|(_, gap)| *gap >= TRAIN_FROM)
		.collect();
	wanted.sort_by(|one, other| other.1.total_cmp(&one.1));
	recommendation.modules = wanted.iter().map(|(module, _)| module.id.clone()).collect();
	if measurement.gap_by_area.get(&Area::Mail).is_some_and(|gap| *gap >= TRAIN_FROM) {
		recommendation.notes.push(
			"Training alone lowers clicks on forged mail little (failure 1.7 % lower in a trial of 19,500 staff, \
			 IEEE S&P 2025): plan mail filtering and a second factor with it."
				.into(),
		);
	}
	recommendation
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{assess, Questionnaire, Survey};

	fn recommendation(size: u32, marks: [u8; 8]) -> Recommendation {
		let questionnaire = Questionnaire::standard();
		let survey = Survey {
			questionnaire: questionnaire.id.clone(),
			groups: vec![crate::GroupAnswers {
				group: StaffGroup::Clinical,
				size,
				answers: vec![marks.map(Some).to_vec(); 6],
			}],
		};
		recommend(&assess(&survey, &questionnaire)[0], &standard_modules())
	}

	#[test]
	fn the_greatest_gap_is_trained_first_and_no_gap_is_not_trained() {
		// Agreement: items 3, 6 and 8 are reversed. Worst in reporting, poor in screen locking,
		// else best.
		let found = recommendation(6, [5, 5, 1, 5, 5, 1, 3, 5]);
		assert_eq!(found.modules, ["tell-us-early", "desk-and-screen"]);
		assert!(found.notes.is_empty());
		assert!(recommendation(6, [5, 5, 1, 5, 5, 1, 5, 1]).modules.is_empty());
	}

	#[test]
	fn a_gap_in_mail_comes_with_the_advice_to_add_technical_controls() {
		let found = recommendation(6, [5, 1, 5, 5, 5, 1, 5, 1]);
		assert_eq!(found.modules, ["mail-in-practice"]);
		assert!(found.notes[0].contains("second factor"), "{found:?}");
	}

	#[test]
	fn insufficient_evidence_asks_for_a_survey_first() {
		assert!(recommendation(300, [3; 8]).notes[0].contains("survey more people"));
	}

	#[test]
	fn every_area_is_covered_by_a_module() {
		let modules = standard_modules();
		for item in Questionnaire::standard().items {
			assert!(modules.iter().any(|module| module.areas.contains(&item.area)), "{item:?}");
		}
	}
}
