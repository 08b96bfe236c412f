//! The lab's own survey.

use curex_hygiene::{assess, Questionnaire, StaffGroup, Status, Survey};

#[test]
fn the_labs_survey_gives_results_except_for_the_group_that_is_too_small() {
	let questionnaire = Questionnaire::standard();
	let text = include_str!("../../../lab/survey.json");
	let survey = Survey::from_json(text, &questionnaire).unwrap();
	let assessments = assess(&survey, &questionnaire);
	assert_eq!(assessments.len(), 4);
	for assessment in &assessments {
		let small = assessment.group == StaffGroup::Executive;
		assert_eq!(assessment.result.is_none(), small, "{assessment:?}");
		assert_eq!(assessment.status == Status::TooFewAnswers, small, "{assessment:?}");
	}
	let level = |group| {
		let found = assessments.iter().find(|assessment| assessment.group == group).unwrap();
		found.result.as_ref().unwrap().level
	};
	assert!(level(StaffGroup::Clinical) > level(StaffGroup::InformationTechnology));
}
