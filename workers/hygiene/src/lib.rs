//! Measures the security awareness of staff groups and chooses training.
//!
//! Answers carry no identities: a respondent is a row of marks within a group. A group with fewer
//! than five complete answers has no result at all. Every result comes with its interval, and a
//! result whose interval is too wide says that there is insufficient evidence.
//!
//! | module | what it does |
//! |---|---|
//! | [`questionnaire`] | the statements, their areas, what an answer means |
//! | [`survey`] | reads answers from JSON or CSV |
//! | [`group`] | from answers to a level with its uncertainty |
//! | [`training`] | which modules a group needs |
#![warn(missing_docs)]

pub mod group;
pub mod questionnaire;
pub mod survey;
pub mod training;

pub use curex_primitives::StaffGroup;
pub use group::{assess, GroupAssessment, GroupResult, Measurement, Status, FEWEST_ANSWERS};
pub use questionnaire::{Area, Item, Questionnaire};
pub use survey::{GroupAnswers, Survey};
pub use training::{recommend, Module, Recommendation};

/// What can be wrong with a questionnaire or with answers.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HygieneError {
	/// The file is not what it should be.
	#[error("the {what} cannot be read: {reason}; see the sample in lab/survey.json")]
	Malformed {
		/// Which file.
		what: &'static str,
		/// Why.
		reason: String,
	},
	/// The answers belong to another questionnaire.
	#[error("the answers are to questionnaire {found}, not {expected}; load that questionnaire")]
	OtherQuestionnaire {
		/// What the answers say.
		found: String,
		/// What was loaded.
		expected: String,
	},
	/// A column that is neither a group, nor a group size, nor an item. It may hold identities, so
	/// nothing is read.
	#[error("unknown column {0}; remove it: answers must not carry anything but marks")]
	UnknownColumn(String),
	/// A row is too short, too long or has a mark outside 1 to 5.
	#[error("group {group:?}, row {row}: {reason}; correct the row or leave the mark empty")]
	Row {
		/// The group.
		group: StaffGroup,
		/// The row within the group, from 1.
		row: usize,
		/// What was wrong.
		reason: String,
	},
	/// More answers than people, or a size that differs between rows, or a group twice.
	#[error("group {group:?}: {reason}; correct the group's size")]
	Size {
		/// The group.
		group: StaffGroup,
		/// What was wrong.
		reason: String,
	},
}
