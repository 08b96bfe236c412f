//! A place in a resource: its value, and the FHIRPath that leads there.

use super::{
	codes::MEMBER,
	outcome::{IssueType, Outcome},
};
use curex_primitives::{Moment, OrganisationId};
use serde_json::Value;

/// Elements that any element may have.
const ELEMENT: [&str; 2] = ["id", "extension"];
/// Elements that any resource may have.
const RESOURCE: [&str; 6] =
	["resourceType", "meta", "language", "text", "contained", "implicitRules"];

/// An element that is there.
#[derive(Clone)]
pub(super) struct Element<'a> {
	pub value: &'a Value,
	pub path: String,
}

impl<'a> Element<'a> {
	pub fn root(value: &'a Value, kind: &str) -> Self {
		Self { value, path: kind.into() }
	}

	fn child(&self, key: &str, value: &'a Value) -> Self {
		Self { value, path: format!("{}.{key}", self.path) }
	}

	/// The element under a key, if there is one.
	pub fn get(&self, key: &str) -> Option<Self> {
		self.value.get(key).map(|value| self.child(key, value))
	}

	/// The element under a key, which has to be there.
	pub fn require(&self, key: &str, outcome: &mut Outcome) -> Option<Self> {
		let found = self.get(key);
		if found.is_none() {
			let path = format!("{}.{key}", self.path);
			outcome.error(IssueType::Required, path, "the element is missing");
		}
		found
	}

	/// The elements of the list under a key. One that is there has to be a list of at least one element.
	pub fn list(&self, key: &str, outcome: &mut Outcome) -> Vec<Self> {
		let Some(found) = self.get(key) else { return Vec::new() };
		match found.value.as_array() {
			Some(list) if !list.is_empty() => (0..)
				.zip(list)
				.map(|(index, value): (usize, _)| Self {
					value,
					path: format!("{}[{index}]", found.path),
				})
				.collect(),
			_ => {
				outcome.error(
					IssueType::Structure,
					found.path,
					"a list of at least one is expected",
				);
				Vec::new()
			},
		}
	}

	/// The list under a key, which has to be there.
	pub fn required_list(&self, key: &str, outcome: &mut Outcome) -> Vec<Self> {
		match self.require(key, outcome) {
			Some(_) => self.list(key, outcome),
			None => Vec::new(),
		}
	}

	/// The text of this element, which has to be one with something in it.
	pub fn text(&self, outcome: &mut Outcome) -> Option<&'a str> {
		let text = self.value.as_str().filter(|text| !text.trim().is_empty());
		if text.is_none() {
			outcome.error(IssueType::Structure, &self.path, "a text is expected");
		}
		text
	}

	/// The text, which has to be one of these.
	pub fn code(&self, allowed: &[&str], outcome: &mut Outcome) -> Option<&'a str> {
		let text = self.text(outcome)?;
		if allowed.contains(&text) {
			return Some(text);
		}
		let diagnostics = format!("`{}` is not one of {}", short(text), allowed.join(", "));
		outcome.error(IssueType::CodeInvalid, &self.path, diagnostics);
		None
	}

	/// Checks that the element is an object with these keys only, and holds nothing that would change its meaning unseen.
	pub fn is_object_of(&self, known: &[&str], outcome: &mut Outcome) -> bool {
		self.has_keys(&[&ELEMENT, known], outcome)
	}

	/// As [`Self::is_object_of`], for a resource.
	pub fn is_resource_of(&self, known: &[&str], outcome: &mut Outcome) -> bool {
		self.has_keys(&[&ELEMENT, &RESOURCE, known], outcome)
	}

	fn has_keys(&self, known: &[&[&str]], outcome: &mut Outcome) -> bool {
		let Some(object) = self.value.as_object().filter(|object| !object.is_empty()) else {
			outcome.error(IssueType::Structure, &self.path, "an object is expected");
			return false;
		};
		for (key, value) in object {
			// Extensions of primitive elements stand beside them.
			let name = key.strip_prefix('_').unwrap_or(key);
			let path = format!("{}.{}", self.path, short(name));
			match name {
				"modifierExtension" if value.as_array().is_none_or(|list| !list.is_empty()) => {
					let diagnostics =
						"a modifier extension that is not known may change the meaning";
					outcome.error(IssueType::Extension, path, diagnostics);
				},
				"implicitRules" => {
					let diagnostics = "rules that are not known may change the meaning";
					outcome.error(IssueType::Extension, path, diagnostics);
				},
				"modifierExtension" => (),
				_ if known.iter().any(|keys| keys.contains(&name)) => (),
				_ => outcome.error(IssueType::Structure, path, "FHIR R4 has no such element here"),
			}
		}
		true
	}

	/// A CodeableConcept's codings, or a Coding itself, as pairs of system and code. There has to be one.
	pub fn codings(&self, outcome: &mut Outcome) -> Vec<(&'a str, &'a str, String)> {
		let concept = self.value.get("coding").is_some() || self.value.get("code").is_none();
		let codings = if concept {
			if !self.is_object_of(&["coding", "text"], outcome) {
				return Vec::new();
			}
			self.list("coding", outcome)
		} else {
			vec![self.clone()]
		};
		let mut found = Vec::with_capacity(codings.len());
		for coding in codings {
			let known = ["system", "version", "code", "display", "userSelected"];
			if !coding.is_object_of(&known, outcome) {
				continue;
			}
			let part =
				|key: &str| coding.value.get(key).and_then(Value::as_str).unwrap_or_default();
			if part("code").is_empty() {
				let path = format!("{}.code", coding.path);
				outcome.error(IssueType::Required, path, "a coding without a code says nothing");
			} else {
				found.push((part("system"), part("code"), coding.path.clone()));
			}
		}
		found
	}

	/// A Reference: what it says of its target. It has to say something.
	pub fn reference(&self, outcome: &mut Outcome) -> Option<Value> {
		let known = ["reference", "type", "identifier", "display"];
		if !self.is_object_of(&known, outcome) {
			return None;
		}
		let mut said = serde_json::Map::new();
		if let Some(reference) = self.get("reference") {
			said.insert("reference".into(), reference.text(outcome)?.into());
		}
		if let Some(identifier) = self.get("identifier") {
			if identifier.identifier(outcome).is_some() {
				let part = |key: &str| identifier.value.get(key).cloned().unwrap_or_default();
				let told = serde_json::json!({ "system": part("system"), "value": part("value") });
				said.insert("identifier".into(), told);
			}
		}
		if said.is_empty() && self.value.get("display").is_none() {
			let diagnostics = "a reference has a reference, an identifier or a display";
			outcome.error(IssueType::Invariant, &self.path, diagnostics);
			return None;
		}
		Some(Value::Object(said))
	}

	/// A Reference, with the member of the consortium that it names, if it names one by its number.
	pub fn party(&self, outcome: &mut Outcome) -> Option<(Value, Option<OrganisationId>)> {
		let mut said = self.reference(outcome)?;
		let identifier = &said["identifier"];
		let member = (identifier["system"] == MEMBER)
			.then(|| identifier["value"].as_str()?.parse().ok().map(OrganisationId))
			.flatten();
		if let Some(member) = member {
			said["member"] = serde_json::json!(member);
		}
		Some((said, member))
	}

	/// The parties of a list of references.
	pub fn parties(&self, key: &str, outcome: &mut Outcome) -> Vec<Value> {
		let list = self.list(key, outcome);
		list.iter().filter_map(|element| element.party(outcome)).map(|(said, _)| said).collect()
	}

	/// Checks an Identifier and gives its system and value, as far as it has them.
	pub fn identifier(&self, outcome: &mut Outcome) -> Option<(&'a str, &'a str)> {
		let known = ["use", "type", "system", "value", "period", "assigner"];
		let part = |key: &str| self.value[key].as_str().unwrap_or_default();
		self.is_object_of(&known, outcome).then(|| (part("system"), part("value")))
	}

	/// The codings of a list of CodeableConcepts, as pairs of system and code.
	pub fn concepts(&self, key: &str, outcome: &mut Outcome) -> Vec<(String, String)> {
		let list = self.list(key, outcome);
		let codings = list.iter().flat_map(|concept| concept.codings(outcome));
		codings.map(|(system, code, _)| (system.to_owned(), code.to_owned())).collect()
	}

	/// A Period: from, and before. A date without time counts from its beginning to its end, in UTC.
	pub fn period(&self, outcome: &mut Outcome) -> (Option<Moment>, Option<Moment>) {
		if !self.is_object_of(&["start", "end"], outcome) {
			return (None, None);
		}
		let mut edge = |key: &str, end: bool| {
			let element = self.get(key)?;
			let text = element.text(outcome)?;
			let moment = date_time(text).map(|(from, before)| if end { before } else { from });
			if moment.is_none() {
				outcome.error(IssueType::Value, element.path, "not a FHIR date or time");
			}
			moment
		};
		let (start, end) = (edge("start", false), edge("end", true));
		if let (Some(start), Some(end)) = (start, end) {
			// What lies before the epoch counts from it.
			if start > end || start == end && end > 0 {
				let diagnostics = "the period ends before it begins";
				outcome.error(IssueType::Invariant, &self.path, diagnostics);
			}
		}
		(start, end)
	}

	/// An instant or dateTime: the moment in which it begins.
	pub fn moment(&self, outcome: &mut Outcome) -> Option<Moment> {
		let moment = date_time(self.text(outcome)?).map(|(from, _)| from);
		if moment.is_none() {
			outcome.error(IssueType::Value, &self.path, "not a FHIR date or time");
		}
		moment
	}
}

/// A code or name as a diagnostic may show it: short, and without control characters.
pub(super) fn short(text: &str) -> String {
	text.chars().filter(|character| !character.is_control()).take(40).collect()
}

/// The moment from which a FHIR dateTime (`YYYY`, `YYYY-MM`, `YYYY-MM-DD` or with time and offset) counts, and the one
/// before which it does, in milliseconds since the epoch. What lies before the epoch counts from it.
pub(super) fn date_time(text: &str) -> Option<(Moment, Moment)> {
	use chrono::{DateTime, Months, NaiveDate, Utc};
	let millis = |moment: DateTime<Utc>| Moment::try_from(moment.timestamp_millis().max(0)).ok();
	if text.contains('T') {
		let moment = millis(DateTime::parse_from_rfc3339(text).ok()?.to_utc())?;
		return Some((moment, moment.checked_add(1)?));
	}
	let digits = |range: std::ops::Range<usize>| {
		text.get(range)
			.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
			.and_then(|part| part.parse::<u32>().ok())
	};
	let bytes = text.as_bytes();
	let (month, day) = match text.len() {
		4 => (None, None),
		7 if bytes[4] == b'-' => (Some(digits(5..7)?), None),
		10 if bytes[4] == b'-' && bytes[7] == b'-' => (Some(digits(5..7)?), Some(digits(8..10)?)),
		_ => return None,
	};
	let year = i32::try_from(digits(0..4)?).ok()?;
	let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?;
	let next = match (month, day) {
		(_, Some(_)) => first.succ_opt()?,
		(Some(_), None) => first.checked_add_months(Months::new(1))?,
		(None, None) => first.checked_add_months(Months::new(12))?,
	};
	let midnight = |date: NaiveDate| millis(date.and_hms_opt(0, 0, 0)?.and_utc());
	Some((midnight(first)?, midnight(next)?))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_date_counts_to_its_end_and_a_wrong_one_does_not_count() {
		const DAY: Moment = 24 * 3_600 * 1_000;
		assert_eq!(date_time("1970-01-02"), Some((DAY, 2 * DAY)));
		assert_eq!(date_time("1970-02"), Some((31 * DAY, 59 * DAY)));
		assert_eq!(date_time("1971"), Some((365 * DAY, 730 * DAY)));
		assert_eq!(date_time("1970-01-02T00:00:00Z"), Some((DAY, DAY + 1)));
		assert_eq!(date_time("1964-01-01"), Some((0, 0)), "before the epoch");
		for wrong in ["", "197", "1970-13", "1970-02-30", "1970-1-1", "1970-01-02T00:00:00", "+970"]
		{
			assert_eq!(date_time(wrong), None, "{wrong}");
		}
	}
}
