//! From a group's answers to its level.

use std::collections::BTreeMap;

use curex_primitives::{Confidence, Level, SizeBucket, StaffGroup};

use crate::{
	questionnaire::{Area, Questionnaire},
	survey::{GroupAnswers, Survey},
};

/// Respondents below which a group has no result (k-anonymity).
pub const FEWEST_ANSWERS: usize = 5;

/// Half width of the interval of the mean gap beyond which the evidence is insufficient.
pub const WIDEST_HALF: f64 = 0.15;

/// Quantile of the standard normal distribution for 95 %.
const Z: f64 = 1.96;

/// What may leave the hospital.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroupResult {
	/// The group.
	pub group: StaffGroup,
	/// Risk from the group's gaps.
	pub level: Level,
	/// How sure.
	pub confidence: Confidence,
	/// How many answered.
	pub size_bucket: SizeBucket,
}

/// What is known about a group. Stays inside the hospital.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GroupAssessment {
	/// The group.
	pub group: StaffGroup,
	/// Whether there is enough to go by.
	pub status: Status,
	/// What may leave the hospital; nothing if too few answered.
	pub result: Option<GroupResult>,
	/// The figures; nothing if too few answered.
	pub measurement: Option<Measurement>,
}

/// Whether there is enough to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
	/// The interval is narrow enough.
	Sufficient,
	/// The interval is wider than [`WIDEST_HALF`] to either side: survey more people first.
	InsufficientEvidence,
	/// Fewer than [`FEWEST_ANSWERS`] complete answers: nothing is said, to protect who answered.
	TooFewAnswers,
}

/// A group's figures.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Measurement {
	/// Respondents who answered at least one item.
	pub respondents: u32,
	/// `5 · mean mark`, in 5..=25, as the CUREX hygiene study has it (JMIR 25:e41294): its lowest
	/// band, below 5, cannot be reached.
	pub risk_marking: f64,
	/// `1 + 24 · (mean mark − 1) / 4`, in 1..=25: the same bands, all of which can be reached.
	pub rebased_marking: f64,
	/// Mean gap `(mark − 1) / 4`, in 0..=1.
	pub gap: f64,
	/// Half width of the 95 % interval of the mean gap.
	pub half_width: f64,
	/// Mean gap by area, of the areas that were answered.
	pub gap_by_area: BTreeMap<Area, f64>,
}

/// Assesses every group of a survey, in the survey's order.
pub fn assess(survey: &Survey, questionnaire: &Questionnaire) -> Vec<GroupAssessment> {
	survey.groups.iter().map(|answers| assess_group(answers, questionnaire)).collect()
}

fn assess_group(answers: &GroupAnswers, questionnaire: &Questionnaire) -> GroupAssessment {
	let group = answers.group;
	let rows: Vec<Vec<(Area, f64)>> = answers
		.answers
		.iter()
		.map(|row| {
			let answered = questionnaire.items.iter().zip(row);
			answered
				.filter_map(|(item, agreement)| {
					let mark = item.mark((*agreement)?);
					Some((item.area, f64::from(mark.clamp(1, 5) - 1) / 4.0))
				})
				.collect()
		})
		.filter(|row: &Vec<_>| !row.is_empty())
		.collect();
	if rows.len() < FEWEST_ANSWERS {
		let status = Status::TooFewAnswers;
		return GroupAssessment { group, status, result: None, measurement: None };
	}
	let measurement = measure(&rows, answers.size);
	let status = if measurement.half_width > WIDEST_HALF {
		Status::InsufficientEvidence
	} else {
		Status::Sufficient
	};
	let result = GroupResult {
		group,
		level: level_of(measurement.rebased_marking),
		confidence: confidence_of(&measurement),
		size_bucket: SizeBucket::of(u64::from(measurement.respondents)),
	};
	GroupAssessment { group, status, result: Some(result), measurement: Some(measurement) }
}

/// Measures respondents (at least one), each with the gaps of the items answered (at least one).
/// Every respondent counts the same, however many items were answered.
fn measure(rows: &[Vec<(Area, f64)>], size: u32) -> Measurement {
	let mean = |values: &mut dyn Iterator<Item = f64>| {
		let (sum, count) = values.fold((0.0, 0u32), |(sum, count), gap| (sum + gap, count + 1));
		sum / f64::from(count.max(1))
	};
	let gap = mean(&mut rows.iter().map(|row| mean(&mut row.iter().map(|(_, gap)| *gap))));
	let mut by_area: BTreeMap<Area, Vec<f64>> = BTreeMap::new();
	for (area, gap) in rows.iter().flatten() {
		by_area.entry(*area).or_default().push(*gap);
	}
	let respondents = rows.len() as u32;
	Measurement {
		respondents,
		risk_marking: 5.0 * (1.0 + 4.0 * gap),
		rebased_marking: 1.0 + 24.0 * gap,
		gap,
		half_width: half_width(tempered(gap, respondents), respondents, size),
		gap_by_area: by_area
			.into_iter()
			.map(|(area, gaps)| (area, mean(&mut gaps.into_iter())))
			.collect(),
	}
}

/// The proportion after two good and two bad answers more (Agresti and Coull 1998): without it,
/// five respondents who all say the same would count as certainty.
fn tempered(gap: f64, respondents: u32) -> f64 {
	(gap * f64::from(respondents) + 2.0) / (f64::from(respondents) + 4.0)
}

/// Half width of the 95 % interval of a mean in 0..=1 from `respondents` of a group of `size`:
/// `z·sqrt(p(1−p)/n · (N−n)/(N−1))`, with the variance at its greatest for that mean. Nothing is
/// uncertain once everybody answered.
pub fn half_width(mean: f64, respondents: u32, size: u32) -> f64 {
	if respondents >= size {
		return 0.0;
	}
	let (n, whole) = (f64::from(respondents.max(1)), f64::from(size));
	Z * (mean * (1.0 - mean) / n * (whole - n) / (whole - 1.0)).sqrt()
}

/// The bands of the CUREX hygiene study on the re-based marking: below 5 acceptance, below 10
/// checking, below 15 monitoring, below 20 reduction, else mitigation.
fn level_of(rebased_marking: f64) -> Level {
	match rebased_marking {
		marking if marking < 5.0 => Level::VeryLow,
		marking if marking < 10.0 => Level::Low,
		marking if marking < 15.0 => Level::Moderate,
		marking if marking < 20.0 => Level::High,
		_ => Level::VeryHigh,
	}
}

/// High if the whole interval lies in one band, medium if it reaches into the next, low if it is
/// too wide.
fn confidence_of(measurement: &Measurement) -> Confidence {
	let Measurement { gap, half_width, .. } = *measurement;
	let level_at = |gap: f64| level_of(1.0 + 24.0 * gap.clamp(0.0, 1.0));
	if half_width > WIDEST_HALF {
		Confidence::Low
	} else if level_at(gap - half_width) == level_at(gap + half_width) {
		Confidence::High
	} else {
		Confidence::Medium
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn survey(size: u32, rows: Vec<Vec<Option<u8>>>) -> GroupAssessment {
		let answers = GroupAnswers { group: StaffGroup::Clinical, size, answers: rows };
		assess_group(&answers, &Questionnaire::standard())
	}

	/// A row in which every item gets this risk mark.
	fn row(mark: u8) -> Vec<Option<u8>> {
		let items = Questionnaire::standard().items;
		items.iter().map(|item| (1..=5).find(|agreement| item.mark(*agreement) == mark)).collect()
	}

	#[test]
	fn the_published_half_widths_are_reproduced() {
		// HO2 of the CUREX study: 2 of 5 in IT, 3 of 12 executives, at the widest proportion.
		assert!((100.0 * half_width(0.5, 2, 5) - 60.01).abs() < 0.01);
		assert!((100.0 * half_width(0.5, 3, 12) - 51.18).abs() < 0.01);
	}

	#[test]
	fn the_published_example_gives_its_marking() {
		// Answers 9·1, 11·2, 2·3, 6·4, 2·5, 15·5 over 3 questions and 15 people: 146·5/45 = 16.22.
		let marks: Vec<u8> = [(9, 1), (11, 2), (2, 3), (6, 4), (2, 5), (15, 5)]
			.into_iter()
			.flat_map(|(count, mark)| std::iter::repeat_n(mark, count))
			.collect();
		let rows: Vec<Vec<(Area, f64)>> = marks
			.chunks(3)
			.map(|row| row.iter().map(|mark| (Area::Mail, f64::from(mark - 1) / 4.0)).collect())
			.collect();
		let measurement = measure(&rows, 15);
		assert!((measurement.risk_marking - 16.22).abs() < 0.005, "{measurement:?}");
		assert_eq!(measurement.half_width, 0.0);
	}

	#[test]
	fn four_answers_have_no_result_and_five_have_one() {
		let four = survey(100, vec![row(3); 4]);
		assert_eq!(
			(four.status, four.result, four.measurement),
			(Status::TooFewAnswers, None, None)
		);
		assert!(survey(100, vec![row(3); 5]).result.is_some());
	}

	#[test]
	fn an_empty_answer_does_not_help_to_reach_five() {
		let mut rows = vec![row(3); 4];
		rows.push(vec![None; 8]);
		assert_eq!(survey(100, rows).status, Status::TooFewAnswers);
	}

	#[test]
	fn five_of_a_hundred_are_insufficient_even_if_they_agree() {
		let five = survey(100, vec![row(1); 5]);
		assert_eq!(five.status, Status::InsufficientEvidence);
		assert_eq!(five.result.unwrap().confidence, Confidence::Low);
		let everybody = survey(5, vec![row(1); 5]);
		assert_eq!(everybody.status, Status::Sufficient);
		assert_eq!(everybody.result.unwrap().confidence, Confidence::High);
	}

	#[test]
	fn every_band_can_be_reached() {
		let levels: Vec<Level> =
			(1..=5).map(|mark| survey(9, vec![row(mark); 9]).result.unwrap().level).collect();
		assert_eq!(levels, Level::ALL);
	}

	proptest! {
		#[test]
		fn a_worse_answer_never_lowers_the_level(
			marks in proptest::collection::vec(1u8..=4, 5..30),
			index in any::<prop::sample::Index>(),
		) {
			let rows = |marks: &[u8]| marks.iter().map(|mark| row(*mark)).collect::<Vec<_>>();
			let mut worse = marks.clone();
			*index.get_mut(&mut worse) += 1;
			let before = survey(40, rows(&marks)).result.unwrap().level;
			prop_assert!(survey(40, rows(&worse)).result.unwrap().level >= before);
		}
	}
}
