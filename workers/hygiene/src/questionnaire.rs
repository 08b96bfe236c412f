//! The statements and what agreement with them means.

use crate::HygieneError;

/// What a statement is about: the focus areas of HAIS-Q (Parsons et al. 2014), with statements of
/// our own.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
	/// Choosing and keeping passwords.
	Passwords,
	/// Handling mail.
	Mail,
	/// Using the internet, installing software.
	Internet,
	/// Speaking about work in public.
	SocialMedia,
	/// Private and mobile devices.
	MobileDevices,
	/// Screens, paper, media.
	InformationHandling,
	/// Telling somebody.
	IncidentReporting,
}

/// Which side of awareness a statement asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
	/// What one knows.
	Knowledge,
	/// What one thinks of it.
	Attitude,
	/// What one does.
	Behaviour,
}

/// A statement to agree with, from 1 (strongly disagree) to 5 (strongly agree).
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
	/// Stable name.
	pub id: String,
	/// What it is about.
	pub area: Area,
	/// Which side.
	pub aspect: Aspect,
	/// Whether agreement is the risky answer.
	pub reverse: bool,
	/// The statement.
	pub text: String,
}

impl Item {
	/// The risk mark of an answer, both from 1 to 5: 1 is the best.
	pub fn mark(&self, agreement: u8) -> u8 {
		if self.reverse {
			agreement
		} else {
			6u8.saturating_sub(agreement)
		}
	}
}

/// Statements asked together.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
	/// Name with version; changes with every change of a statement.
	pub id: String,
	/// The statements, in the order in which they are answered.
	pub items: Vec<Item>,
}

impl Questionnaire {
	/// The questionnaire that comes with this crate.
	pub fn standard() -> Self {
		serde_json::from_str(include_str!("../questionnaire.json"))
			.expect("the file is compiled in and a test parses it; qed")
	}

	/// Reads a questionnaire of the customer's own.
	///
	/// # Errors
	/// [`HygieneError::Malformed`] if it is no questionnaire, has no item or two items of one name.
	pub fn parse(text: &str) -> Result<Self, HygieneError> {
		let malformed = |reason: String| HygieneError::Malformed { what: "questionnaire", reason };
		let questionnaire: Self =
			serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
		let mut names: Vec<&str> =
			questionnaire.items.iter().map(|item| item.id.as_str()).collect();
		names.sort_unstable();
		if names.is_empty() || names.windows(2).any(|pair| pair[0] == pair[1]) {
			return Err(malformed("it needs items, each with its own id".into()));
		}
		Ok(questionnaire)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_standard_questionnaire_is_sound_and_covers_every_area() {
		let standard = Questionnaire::parse(include_str!("../questionnaire.json")).unwrap();
		assert_eq!(standard, Questionnaire::standard());
		let mut areas: Vec<Area> = standard.items.iter().map(|item| item.area).collect();
		areas.sort_unstable();
		areas.dedup();
		assert_eq!(areas.len(), 7);
		assert!(standard.items.iter().any(|item| item.reverse));
		assert!(standard.items.iter().any(|item| !item.reverse));
	}

	#[test]
	fn agreement_is_best_except_with_a_reversed_statement() {
		let mut item = Questionnaire::standard().items[0].clone();
		item.reverse = false;
		assert_eq!((item.mark(5), item.mark(1), item.mark(3)), (1, 5, 3));
		item.reverse = true;
		assert_eq!((item.mark(5), item.mark(1), item.mark(3)), (5, 1, 3));
	}

	#[test]
	fn two_items_of_one_name_are_refused() {
		let text = include_str!("../questionnaire.json").replace("mail-hurry", "mail-check");
		assert!(matches!(Questionnaire::parse(&text), Err(HygieneError::Malformed { .. })));
	}
}
