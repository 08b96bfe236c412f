//! How a record stood before, written as what differs from how it stood next.

use crate::Error;
use serde_json::{Map, Value as Json};

/// The way from a content back to the one before it.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Patch {
	/// These fields had these values; the others the same.
	Fields(Map<String, Json>),
	/// It was this.
	Whole(Json),
}

impl Patch {
	/// The way from `next` back to `before`.
	pub fn between(next: &Json, before: &Json) -> Self {
		match (next, before) {
			(Json::Object(next), Json::Object(before)) if next.keys().eq(before.keys()) => {
				let differing =
					before.iter().filter(|(name, value)| next.get(*name) != Some(*value));
				Self::Fields(differing.map(|(name, value)| (name.clone(), value.clone())).collect())
			},
			_ => Self::Whole(before.clone()),
		}
	}

	/// Goes the way back.
	pub fn apply(self, content: &mut Json) {
		match (self, content) {
			(Self::Fields(fields), Json::Object(content)) => content.extend(fields),
			// Fields of what has none: what it was is not known, so that it is left.
			(Self::Fields(_), _) => {},
			(Self::Whole(before), content) => *content = before,
		}
	}

	/// Reads what [`Self::text`] wrote.
	pub fn read(text: &str) -> Result<Self, Error> {
		serde_json::from_str(text).map_err(|error| Error::Damaged(format!("a version: {error}")))
	}

	pub fn text(&self) -> String {
		serde_json::json!(self).to_string()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn a_way_back_leads_to_what_was_and_says_no_more_than_it_must() {
		let whole = json!({"whole": 5}).to_string();
		for (next, before, text) in [
			(json!({"a": 1, "b": 2}), json!({"a": 1, "b": null}), r#"{"fields":{"b":null}}"#),
			(json!({"a": 1}), json!({"a": 1}), r#"{"fields":{}}"#),
			(json!({"a": 1}), json!(5), &whole),
			(json!(1), json!(5), &whole),
			(json!({"a": 1, "b": 2}), json!({"a": 1}), r#"{"whole":{"a":1}}"#),
		] {
			let patch = Patch::between(&next, &before);
			assert_eq!(patch.text(), text);
			let mut content = next;
			Patch::read(text).unwrap().apply(&mut content);
			assert_eq!(content, before);
		}
		assert!(matches!(Patch::read("{}"), Err(Error::Damaged(_))));
	}
}
