//! Contents of the ledger for people: links, names, words, moments.

use super::{
	words::{self as texts, plain, said, say, word},
	Surroundings,
};
use crate::{
	facts::{bytes_as_text, kebab},
	kind::Kind,
};
use curex_client::time;
use curex_primitives::{
	oversight::{AnchorAlarms, Regimes},
	permit::DataUseConditions,
	AccessModes, Categories, Competences, Duties, Purposes,
};
use maud::{html, Markup};
use serde::Serialize;
use serde_json::Value as Json;

/// Numbers of this size are moments in milliseconds (from 2001 on), never blocks or counts.
const MOMENTS: std::ops::Range<u64> = 1_000_000_000_000..10_000_000_000_000;

/// Fields that hold the number of an organisation.
const ORGANISATIONS: [&str; 14] = [
	"organisation",
	"holder",
	"recipient",
	"partner",
	"issuer",
	"user",
	"authority",
	"reviewer",
	"second",
	"attester",
	"reporter",
	"requester",
	"grantee",
	"Organisation",
];

/// Fields that hold the number of a block.
const BLOCKS: [&str; 13] = [
	"begun_at",
	"ended_at",
	"filed_at",
	"deadline",
	"admitted_at",
	"issued_at",
	"revoked_at",
	"opened_at",
	"raised_at",
	"released_at",
	"expires_at",
	"due",
	"at",
];

/// A content as a list of fields, nested where it is.
pub(super) fn fields(value: &Json, around: &Surroundings) -> Markup {
	match value {
		Json::Object(fields) if !fields.is_empty() => html! {
			dl.fields {
				@for (name, value) in fields {
					div {
						dt { (label(name)) }
						dd { (field(name, value, around)) }
					}
				}
			}
		},
		other => field("", other, around),
	}
}

/// Fields that say most of a record, in the order in which people ask for them.
const FIRST: [&str; 20] = [
	"name",
	"kind",
	"state",
	"status",
	"outcome",
	"authority",
	"organisation",
	"holder",
	"recipient",
	"user",
	"reviewer",
	"direction",
	"purpose",
	"categories",
	"gate",
	"about",
	"terms",
	"begun",
	"begun_at",
	"deadline",
];

/// The content of a record: first what says most, at the end which fields have no value.
pub(super) fn record(value: &Json, around: &Surroundings) -> Markup {
	let Json::Object(all) = value else { return fields(value, around) };
	let (empty, mut told): (Vec<_>, Vec<_>) = all.iter().partition(|(_, value)| value.is_null());
	let place = |name: &str| FIRST.iter().position(|first| *first == name);
	told.sort_by_key(|(name, _)| place(name).unwrap_or(FIRST.len()));
	html! {
		dl.fields {
			@for (name, value) in told {
				div {
					dt { (label(name)) }
					dd { (field(name, value, around)) }
				}
			}
		}
		@if !empty.is_empty() {
			@let names = html! {
				@for (position, (name, _)) in empty.iter().enumerate() {
					@if position > 0 { ", " }
					(label(name))
				}
			};
			p.quiet { (say!("Without a value: {names}.", names = names)) }
		}
	}
}

/// A field's value.
fn field(name: &str, value: &Json, around: &Surroundings) -> Markup {
	match value {
		Json::Null => html! { span.quiet { (say!("none")) } },
		Json::Bool(true) => html! { (say!("yes")) },
		Json::Bool(false) => html! { (say!("no")) },
		_ if matches!(name, "name" | "country") => match bytes_as_text(value) {
			Some(text) => html! { span translate="no" { (text) } },
			None => html! { code { (value) } },
		},
		Json::Number(number) => number_of(name, number, around),
		Json::String(text) if text.starts_with("0x") => handle_of(name, text),
		Json::String(text) => spaced(text),
		Json::Array(values) if values.is_empty() => html! { span.quiet { (say!("nothing")) } },
		Json::Array(values) => html! {
			ol.items { @for value in values { li { (field(name, value, around)) } } }
		},
		Json::Object(inner) if inner.is_empty() => html! { span.quiet { (say!("nothing")) } },
		// One of several forms, with what belongs to it.
		Json::Object(inner) if inner.len() == 1 => html! {
			@for (name, value) in inner {
				strong.form { (label(&kebab(name).replace('-', "_"))) } " "
				@if !value.is_null() { (field(name, value, around)) }
			}
		},
		Json::Object(_) => fields(value, around),
	}
}

fn number_of(name: &str, number: &serde_json::Number, around: &Surroundings) -> Markup {
	let Some(value) = number.as_u64() else { return html! { (number) } };
	if ORGANISATIONS.contains(&name) {
		if let Ok(value) = u32::try_from(value) {
			return organisation(value, around);
		}
	}
	if MOMENTS.contains(&value) {
		if let Some(text) = time::text(value) {
			return moment(&text);
		}
	}
	if BLOCKS.contains(&name) {
		// Deadlines lie ahead.
		let is_there = around.head.is_some_and(|(head, ..)| value <= head);
		return match is_there {
			true => say!("block {number}", number = block(value)),
			false => say!("block {number}", number = value),
		};
	}
	match set(name, value) {
		Some(words) if words.is_empty() => html! { span.quiet { (say!("none")) } },
		Some(words) => html! { (words.join(", ")) },
		None => html! { (value) },
	}
}

/// What elements of the ledger's vocabulary are called.
pub(super) fn words<E: Serialize>(elements: impl Iterator<Item = E>) -> Vec<String> {
	elements
		.filter_map(|element| serde_json::to_value(element).ok())
		.filter_map(|word| word.as_str().map(|word| plain(&word.replace('-', " ")).to_owned()))
		.collect()
}

/// The words of a set that the ledger keeps as bits.
pub(super) fn set(name: &str, bits: u64) -> Option<Vec<String>> {
	let small = u8::try_from(bits).ok();
	let medium = u16::try_from(bits).ok();
	let large = u32::try_from(bits).ok();
	Some(match name {
		"categories" => words(Categories::from_bits(bits.try_into().ok()?)?.iter()),
		"purposes" => words(Purposes::from_bits(bits.try_into().ok()?)?.iter()),
		"access_modes" => words(AccessModes::from_bits(small?)?.iter()),
		"duties" => words(Duties::from_bits(medium?)?.iter()),
		"competences" => words(Competences::from_bits(small?)?.iter()),
		"regimes" => words(Regimes::from_bits(small?)?.iter()),
		"alarms" => words(AnchorAlarms::from_bits(small?)?.iter()),
		"conditions" => words(DataUseConditions::from_bits(large?)?.iter()),
		_ => return None,
	})
}

/// A handle with the page that it leads to.
fn handle_of(name: &str, text: &str) -> Markup {
	if text.len() != 66 {
		return html! { code.long { (text) } };
	}
	let page = match name {
		"exchange" => format!("/{}/{text}", Kind::Exchange.slug()),
		"consent" | "Consent" => format!("/{}/{text}", Kind::Consent.slug()),
		"permit" | "Permit" => format!("/{}/{text}", Kind::Permit.slug()),
		"account" | "signer" | "old" | "new" | "Id" => format!("/{}/{text}", Kind::Account.slug()),
		_ => format!("/search?q={text}"),
	};
	html! { a.long href=(page) { code { (text) } } }
}

/// An organisation by number, with its name.
pub(super) fn organisation(number: u32, around: &Surroundings) -> Markup {
	let name = around.names.get(&number).cloned().unwrap_or_default();
	html! {
		a href=(format!("/organisations/{number}")) {
			@if name.is_empty() { (say!("organisation {number}", number = number)) }
			@else { span translate="no" { (name) } }
		}
		@if !name.is_empty() { " " span.quiet { "(" (number) ")" } }
	}
}

/// What an organisation is called, for those who may not look at it.
pub(super) fn called(number: u32, around: &Surroundings) -> String {
	let name = around.names.get(&number).filter(|name| !name.is_empty());
	name.cloned().unwrap_or_else(|| said!("organisation {number}", number = number))
}

/// A moment for people and programs.
pub(super) fn moment(text: &str) -> Markup {
	html! { time datetime=(text) { (texts::moment(text)) } }
}

/// A moment in milliseconds.
pub(super) fn moment_of(milliseconds: Option<u64>) -> Markup {
	match milliseconds.and_then(time::text) {
		Some(text) => moment(&text),
		None => html! { span.quiet { (say!("no time")) } },
	}
}

/// A block by number.
pub(super) fn block(number: u64) -> Markup {
	html! { a href=(format!("/blocks/{number}")) { (number) } }
}

/// A count of things.
pub(super) fn count(value: impl TryInto<u64>) -> String {
	texts::number(value)
}

/// The same as a name that is no word of any language.
pub(super) fn named(handle: &str) -> Markup {
	html! { span translate="no" { (short(handle)) } }
}

/// A handle cut short, to be told apart in tables; the whole of it is what the link leads to.
pub(super) fn short(text: &str) -> String {
	if text.len() == 66 {
		format!("{}…{}", &text[..10], &text[60..])
	} else {
		text.into()
	}
}

/// `NotServed` and `not-served` as `not served`, in the language of the page.
pub(super) fn spaced(text: &str) -> Markup {
	let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
	if is_word {
		word(&kebab(text).replace('-', " "))
	} else {
		html! { span translate="no" { (text) } }
	}
}

/// `holder_sequence` as `Holder sequence`, in the language of the page; names of pallets and variants stay.
pub(super) fn label(name: &str) -> Markup {
	let text = name.replace('_', " ");
	let mut letters = text.chars();
	match letters.next() {
		Some(first) => word(&first.to_uppercase().chain(letters).collect::<String>()),
		None => html! { (text) },
	}
}

/// A state as a label that does not speak by colour alone.
pub(super) fn state(state: &str) -> Markup {
	let class = match state {
		"acknowledged" | "active" | "justified" | "closed" | "disclosed" | "implemented"
		| "accepted" | "issued" | "settled" | "very-low" | "low" => "state good",
		"not-served" | "terminated" | "expired" | "withdrawn" | "superseded" | "revoked"
		| "exited" | "rejected" | "refused" => "state ended",
		"overdue"
		| "unjustified"
		| "reversed"
		| "disputed"
		| "suspended"
		| "high"
		| "very-high"
		| "delivery-suspended"
		| "agreement-suspended" => "state bad",
		_ => "state open",
	};
	html! { span class=(class) { (word(&state.replace('-', " "))) } }
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;
	use std::collections::BTreeMap;

	fn around() -> Surroundings {
		Surroundings {
			names: BTreeMap::from([(1, "<b>Hospital</b>".into())]),
			head: Some((8, [0; 32], None)),
			finalised: None,
			connected: false,
			viewer: crate::access::Viewer::Open,
		}
	}

	#[test]
	fn a_record_begins_with_what_says_most_and_ends_with_what_has_no_value() {
		let value = json!({"border": null, "envelope": "x", "holder": 1, "released": null, "state": "Held"});
		let html = record(&value, &around()).into_string();
		let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} in {html}"));
		assert!(at(">State<") < at(">Holder<") && at(">Holder<") < at(">Envelope<"));
		assert!(
			html.ends_with("</dl><p class=\"quiet\">Without a value: Border, Released.</p>"),
			"{html}"
		);
	}

	#[test]
	fn a_content_reads_as_people_write_and_nothing_of_it_is_markup() {
		let handle = format!("0x{}", "ab".repeat(32));
		let value = json!({
			"holder": 1, "state": "NotServed", "categories": 1, "begun_at": 7,
			"begun": 1_700_000_000_000_u64, "gate": {"Consent": handle}, "released": null, "deadline": 9,
			"name": "0x3c7363726970743e", "country": [71, 82], "note": "<img src=x>",
		});
		let html = fields(&value, &around()).into_string();
		for part in [
			"<a href=\"/organisations/1\"><span translate=\"no\">&lt;b&gt;Hospital&lt;/b&gt;</span></a>",
			"not served",
			"patient summary",
			"<a href=\"/blocks/7\">7</a>",
			"<dd>block 9</dd>",
			"2023-11-14 22:13:20 UTC",
			&format!("<a class=\"long\" href=\"/consents/{handle}\">"),
			"&lt;script&gt;",
			"GR",
			"&lt;img src=x&gt;",
		] {
			assert!(html.contains(part), "{part} in {html}");
		}
	}
}
