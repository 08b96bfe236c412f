//! What of a record the index searches by: read from its content, whatever runtime wrote it.

use crate::kind::{handle, Kind};
use serde_json::Value as Json;

/// The searchable facts of a record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
	/// The organisations it concerns, each with the other side if there is one.
	pub parties: Vec<(u32, Option<u32>)>,
	/// Where it stands, in lower case with hyphens.
	pub state: Option<String>,
	/// The purpose, likewise.
	pub purpose: Option<String>,
	/// The consent on which it rests.
	pub consent: Option<[u8; 32]>,
	/// The categories of data, a bit for each.
	pub categories: Option<u32>,
}

impl Facts {
	/// Reads the facts of a record of this kind. `organisation` is the one that its id begins with.
	pub fn of(kind: Kind, organisation: Option<u32>, value: &Json) -> Self {
		let number = |name: &str| value.get(name).and_then(as_number);
		let word = |name: &str| value.get(name).and_then(variant).map(|name| kebab(&name));
		let both = |one: &str, other: &str| match (number(one), number(other)) {
			(Some(one), Some(other)) => vec![(one, Some(other)), (other, Some(one))],
			(one, other) => one.or(other).map(|number| (number, None)).into_iter().collect(),
		};
		let own = || organisation.map(|number| (number, None)).into_iter().collect();
		match kind {
			Kind::Organisation => Self { parties: own(), state: word("status"), ..Self::default() },
			Kind::Account => Self {
				parties: number("organisation").map(|number| (number, None)).into_iter().collect(),
				..Self::default()
			},
			Kind::Consent => {
				let grantee = value.pointer("/terms/grantee/Organisation").and_then(as_number);
				let parties = match (number("holder"), grantee) {
					(Some(holder), Some(grantee)) => {
						vec![(holder, Some(grantee)), (grantee, Some(holder))]
					},
					(holder, _) => holder.map(|holder| (holder, None)).into_iter().collect(),
				};
				let categories = value.pointer("/terms/categories").and_then(as_number);
				Self { parties, state: word("status"), categories, ..Self::default() }
			},
			Kind::Exchange => Self {
				parties: both("holder", "recipient"),
				state: word("state"),
				purpose: word("purpose"),
				consent: value.pointer("/gate/Consent").and_then(Json::as_str).and_then(handle),
				categories: number("categories"),
			},
			Kind::Review => {
				let reviewers = [number("reviewer"), number("second")];
				let state = word("verdict").unwrap_or_else(|| {
					let overdue = value.get("overdue") == Some(&Json::Bool(true));
					if overdue { "overdue" } else { "pending" }.into()
				});
				Self {
					parties: reviewers.into_iter().flatten().map(|number| (number, None)).collect(),
					state: Some(state),
					..Self::default()
				}
			},
			Kind::Permit => {
				let revoked = value.get("revoked_at").is_some_and(|at| !at.is_null());
				Self {
					parties: both("issuer", "user"),
					state: Some(if revoked { "revoked" } else { "issued" }.into()),
					purpose: word("purpose"),
					categories: number("categories"),
					..Self::default()
				}
			},
			Kind::Erasure => Self::default(),
			Kind::Inquiry => Self {
				parties: both("authority", "organisation"),
				state: word("outcome"),
				..Self::default()
			},
			Kind::Breach => Self {
				parties: number("organisation").map(|number| (number, None)).into_iter().collect(),
				..Self::default()
			},
			Kind::Anchor | Kind::Inventory => Self { parties: own(), ..Self::default() },
			Kind::Alert => {
				let closed = value.get("closed").is_some_and(|closed| !closed.is_null());
				let state = if closed { "closed" } else { "open" };
				Self { parties: own(), state: Some(state.into()), ..Self::default() }
			},
			Kind::Assessment => Self { parties: own(), state: word("cyber"), ..Self::default() },
			Kind::Plan => {
				let done = value.get("implemented").is_some_and(|evidence| !evidence.is_null());
				let verdict = value.pointer("/decision/verdict").and_then(variant);
				let state = match verdict {
					_ if done => "implemented".into(),
					Some(verdict) => kebab(&verdict),
					None => "undecided".into(),
				};
				Self { parties: own(), state: Some(state), ..Self::default() }
			},
		}
	}
}

fn as_number(value: &Json) -> Option<u32> {
	value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// The name of a variant, with fields or without.
fn variant(value: &Json) -> Option<String> {
	match value {
		Json::String(name) => Some(name.clone()),
		Json::Object(fields) if fields.len() == 1 => fields.keys().next().cloned(),
		_ => None,
	}
}

/// `NotServed` as `not-served`, as the command line writes it.
pub fn kebab(name: &str) -> String {
	let mut text = String::with_capacity(name.len() + 4);
	for letter in name.chars() {
		if letter.is_ascii_uppercase() && !text.is_empty() {
			text.push('-');
		}
		text.push(letter.to_ascii_lowercase());
	}
	text
}

/// Text that the ledger keeps as bytes: an organisation's name, a country.
pub fn bytes_as_text(value: &Json) -> Option<String> {
	let bytes = match value {
		Json::String(text) => match text.strip_prefix("0x") {
			Some(digits) => hex::decode(digits).ok()?,
			None => return Some(text.clone()),
		},
		Json::Array(bytes) => bytes
			.iter()
			.map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()))
			.collect::<Option<Vec<u8>>>()?,
		// A tuple of one reads as what it holds.
		Json::Number(byte) => vec![u8::try_from(byte.as_u64()?).ok()?],
		_ => return None,
	};
	String::from_utf8(bytes).ok()
}

/// Every 32-byte value (handle, commitment, account) in a content.
pub fn handles(value: &Json, found: &mut Vec<[u8; 32]>) {
	match value {
		Json::String(text) if text.len() == 66 && text.starts_with("0x") => {
			found.extend(handle(text));
		},
		Json::Array(values) => values.iter().for_each(|value| handles(value, found)),
		Json::Object(fields) => fields.values().for_each(|value| handles(value, found)),
		_ => {},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn an_exchange_is_found_by_both_sides_its_consent_and_how_it_stands() {
		let consent = format!("0x{}", "0c".repeat(32));
		let value = json!({
			"holder": 1, "recipient": 4, "gate": {"Consent": consent}, "state": "NotServed",
			"purpose": "Treatment", "categories": 5,
		});
		assert_eq!(
			Facts::of(Kind::Exchange, None, &value),
			Facts {
				parties: vec![(1, Some(4)), (4, Some(1))],
				state: Some("not-served".into()),
				purpose: Some("treatment".into()),
				consent: Some([0x0c; 32]),
				categories: Some(5),
			}
		);
	}

	#[test]
	fn what_stands_in_variants_and_options_is_read_as_a_state() {
		let state = |kind, value| Facts::of(kind, Some(2), &value).state;
		assert_eq!(
			state(Kind::Consent, json!({"status": {"Withdrawn": {"at": 5}}})).as_deref(),
			Some("withdrawn")
		);
		assert_eq!(
			state(Kind::Review, json!({"verdict": null, "overdue": true})).as_deref(),
			Some("overdue")
		);
		assert_eq!(
			state(Kind::Review, json!({"verdict": "Justified", "overdue": true})).as_deref(),
			Some("justified")
		);
		assert_eq!(state(Kind::Plan, json!({"decision": null})).as_deref(), Some("undecided"));
		assert_eq!(
			state(Kind::Plan, json!({"decision": {"verdict": "Accepted"}})).as_deref(),
			Some("accepted")
		);
		assert_eq!(state(Kind::Alert, json!({"closed": "0x00"})).as_deref(), Some("closed"));
	}

	#[test]
	fn names_read_as_text_however_long_they_are() {
		assert_eq!(bytes_as_text(&json!("0x41424344")).as_deref(), Some("ABCD"));
		assert_eq!(bytes_as_text(&json!([71, 82])).as_deref(), Some("GR"));
		assert_eq!(bytes_as_text(&json!(65)).as_deref(), Some("A"));
		assert_eq!(bytes_as_text(&json!("0xff")), None);
	}

	#[test]
	fn every_commitment_in_a_content_is_found() {
		let one = format!("0x{}", "01".repeat(32));
		let mut found = Vec::new();
		handles(&json!({"a": [one, {"b": one}], "c": "0x01", "d": 5}), &mut found);
		assert_eq!(found, [[1; 32]; 2]);
	}
}
