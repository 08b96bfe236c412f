//! Sets of versions, and how to read them out of the free text of advisories.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::version::{compare_versions, strip_label};

/// One end of an interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
	/// The version at the end.
	pub version: String,
	/// Whether that version belongs to the interval.
	pub inclusive: bool,
}

impl Limit {
	/// A limit that belongs to the interval.
	pub fn including(version: impl Into<String>) -> Self {
		Self { version: version.into(), inclusive: true }
	}

	/// A limit that does not.
	pub fn excluding(version: impl Into<String>) -> Self {
		Self { version: version.into(), inclusive: false }
	}
}

/// Versions between two ends; an end that is absent is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
	/// The earliest version.
	pub from: Option<Limit>,
	/// The latest version.
	pub to: Option<Limit>,
}

impl Interval {
	fn exactly(version: impl Into<String>) -> Self {
		let limit = Limit::including(version);
		Self { from: Some(limit.clone()), to: Some(limit) }
	}

	/// Whether the version lies within; `None` if it does not compare with an end.
	fn contains(&self, version: &str) -> Option<bool> {
		let after = match &self.from {
			None => true,
			Some(limit) => match compare_versions(version, &limit.version)? {
				Ordering::Greater => true,
				Ordering::Equal => limit.inclusive,
				Ordering::Less => false,
			},
		};
		let before = match &self.to {
			None => true,
			Some(limit) => match compare_versions(version, &limit.version)? {
				Ordering::Less => true,
				Ordering::Equal => limit.inclusive,
				Ordering::Greater => false,
			},
		};
		Some(after && before)
	}
}

/// What a version must be to be affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Versions {
	/// Every version.
	All,
	/// A version in any of the intervals.
	Intervals(Vec<Interval>),
	/// A model or edition of one of these names, compared as text without case, blanks and punctuation.
	Names(Vec<String>),
	/// The text could not be understood.
	NotUnderstood {
		/// Why not.
		reason: String,
	},
}

/// Affected versions together with the text they were read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSet {
	/// The versions.
	pub versions: Versions,
	/// A condition in the text that the engine cannot check, such as `on Windows 8.1`.
	pub condition: Option<String>,
	/// The text of the advisory.
	pub text: String,
}

impl VersionSet {
	/// Whether the version belongs to the set; `None` if that cannot be said.
	pub fn contains(&self, version: &str) -> Option<bool> {
		match &self.versions {
			Versions::All => Some(true),
			Versions::Names(names) => Some(
				names.iter().any(|name| letters_and_digits(name) == letters_and_digits(version)),
			),
			Versions::NotUnderstood { .. } => None,
			Versions::Intervals(intervals) => {
				let answers: Vec<_> = intervals.iter().map(|i| i.contains(version)).collect();
				if answers.contains(&Some(true)) {
					Some(true)
				} else if answers.contains(&None) {
					None
				} else {
					Some(false)
				}
			},
		}
	}

	/// Whether the text was understood.
	pub fn is_understood(&self) -> bool {
		!matches!(self.versions, Versions::NotUnderstood { .. })
	}

	/// Reads a `product_version_range` of CSAF: free text in the shapes that occur (see the tests).
	pub fn parse_range(text: &str) -> Self {
		Self::parse(text, false)
	}

	/// Reads a `product_version` of CSAF, which may be a version, a list, a range in words or a model name.
	pub fn parse_version(text: &str) -> Self {
		Self::parse(text, true)
	}

	fn parse(text: &str, names_allowed: bool) -> Self {
		let cleaned = text.split_whitespace().collect::<Vec<_>>().join(" ");
		let lower = cleaned.to_ascii_lowercase();
		let set = |versions, condition: Option<&str>| Self {
			versions,
			condition: condition.map(str::to_owned),
			text: text.to_owned(),
		};
		if ["vers:all/*", "*", "all", "all versions"].contains(&lower.as_str()) {
			return set(Versions::All, None);
		}
		if let Some(list) = lower.strip_prefix("(release ").and_then(|rest| rest.strip_suffix(')'))
		{
			let intervals = list.split(' ').map(Interval::exactly).collect();
			return set(Versions::Intervals(intervals), None);
		}
		let (main, condition) = split_condition(&cleaned);
		let refused = |reason: &str| Versions::NotUnderstood { reason: reason.to_owned() };
		if names_a_month_or_day(main) {
			return set(refused("it is a date, not a version"), condition);
		}
		if let Some(intervals) = intervals(main) {
			if intervals.iter().any(has_serial_number) {
				return set(refused("it is a serial number, not a version"), condition);
			}
			return set(Versions::Intervals(intervals), condition);
		}
		if names_allowed && !cleaned.is_empty() {
			let names = cleaned.split('|').map(|name| name.trim().to_owned()).collect();
			return set(Versions::Names(names), None);
		}
		set(refused("its shape is not known"), condition)
	}
}

/// A text's letters and digits in lower case: how names are compared.
pub(crate) fn letters_and_digits(text: &str) -> String {
	text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Splits `<=11.2 on Windows 8.1` and `9.x (with …)` into versions and condition.
fn split_condition(text: &str) -> (&str, Option<&str>) {
	let at = [" on ", " with ", " when ", " if ", " ("]
		.iter()
		.filter_map(|mark| text.find(mark))
		.filter(|at| *at > 0)
		.min();
	match at {
		Some(at) => (text[..at].trim(), Some(text[at..].trim())),
		None => (text, None),
	}
}

fn names_a_month_or_day(text: &str) -> bool {
	const MONTHS: [&str; 12] = [
		"january",
		"february",
		"march",
		"april",
		"may",
		"june",
		"july",
		"august",
		"september",
		"october",
		"november",
		"december",
	];
	let lower = text.to_ascii_lowercase();
	let month = lower.split(|c: char| !c.is_ascii_alphabetic()).any(|word| MONTHS.contains(&word));
	let slashes = lower
		.split(' ')
		.any(|word| word.matches('/').count() == 2 && word.chars().any(|c| c.is_ascii_digit()));
	month || slashes
}

/// `012U000040`: three digits, a letter and at least five digits in one word.
fn has_serial_number(interval: &Interval) -> bool {
	let serial = |limit: &Limit| {
		let version = limit.version.as_bytes();
		version.len() >= 9
			&& version.iter().all(u8::is_ascii_alphanumeric)
			&& version.iter().filter(|b| b.is_ascii_alphabetic()).count() == 1
			&& version[0].is_ascii_digit()
	};
	interval.from.iter().chain(&interval.to).any(serial)
}

/// Parts separated by `|`: comparisons, versions, wildcards. `>= a | <= b` is one interval.
fn intervals(text: &str) -> Option<Vec<Interval>> {
	let mut out: Vec<Interval> = Vec::new();
	let mut open_from: Option<Limit> = None;
	for part in text.split('|').map(str::trim) {
		let interval = interval(part)?;
		match (open_from.take(), interval) {
			(Some(from), Interval { from: None, to: Some(to) }) => {
				out.push(Interval { from: Some(from), to: Some(to) });
			},
			(before, interval) => {
				out.extend(before.map(|from| Interval { from: Some(from), to: None }));
				match interval {
					Interval { from: Some(from), to: None } => open_from = Some(from),
					whole => out.push(whole),
				}
			},
		}
	}
	out.extend(open_from.map(|from| Interval { from: Some(from), to: None }));
	Some(out)
}

fn interval(part: &str) -> Option<Interval> {
	const NOT_LATER: [&str; 9] = [
		" and below",
		" and prior",
		" and earlier",
		" and older",
		" and lower",
		" or below",
		" or prior",
		" or earlier",
		" or older",
	];
	const NOT_EARLIER: [&str; 6] =
		[" and later", " and newer", " and above", " or later", " or newer", " or above"];
	let lower = part.to_ascii_lowercase();
	let without = |endings: &[&str]| {
		endings.iter().find_map(|ending| lower.strip_suffix(ending)).map(|rest| &part[..rest.len()])
	};
	if let Some(to) = without(&NOT_LATER) {
		return bounded("<=", to);
	}
	if let Some(from) = without(&NOT_EARLIER) {
		return bounded(">=", from);
	}
	for word in ["prior to ", "before "] {
		if lower.starts_with(word) {
			return bounded("<", &part[word.len()..]);
		}
	}
	for sign in ["<=", ">=", "<", ">", "="] {
		if let Some(version) = part.strip_prefix(sign) {
			return bounded(sign, version);
		}
	}
	// `A10 < A11`: from the first up to the second.
	for sign in ["<=", "<"] {
		if let Some((from, to)) = part.split_once(sign) {
			let upper = bounded(sign, to)?;
			return Some(Interval { from: Some(Limit::including(version(from)?)), to: upper.to });
		}
	}
	bounded("=", part)
}

fn bounded(sign: &str, text: &str) -> Option<Interval> {
	let text = text.trim();
	let (first, next) = match wildcard(text) {
		Some((first, next)) => (first, Some(next)),
		None => (version(text)?, None),
	};
	// With a wildcard, `x` stands for every number: `<= 3.x` ends before 4, `< 3.x` before 3.
	let end_of = |inclusive: bool| match (&next, inclusive) {
		(Some(next), true) => Limit::excluding(next.clone()),
		(Some(_), false) => Limit::excluding(first.clone()),
		(None, inclusive) => Limit { version: first.clone(), inclusive },
	};
	Some(match sign {
		"<" => Interval { from: None, to: Some(end_of(false)) },
		"<=" => Interval { from: None, to: Some(end_of(true)) },
		">" => match &next {
			Some(next) => Interval { from: Some(Limit::including(next.clone())), to: None },
			None => Interval { from: Some(Limit::excluding(first)), to: None },
		},
		">=" => Interval { from: Some(Limit::including(first)), to: None },
		_ => match &next {
			Some(next) => Interval {
				from: Some(Limit::including(first)),
				to: Some(Limit::excluding(next.clone())),
			},
			None => Interval::exactly(first),
		},
	})
}

/// `5.x.x` is everything from 5 up to 6, `3.1.x` from 3.1 up to 3.2.
fn wildcard(text: &str) -> Option<(String, String)> {
	let text = strip_label(text);
	let head = text.trim_end_matches(".x").trim_end_matches(".X").trim_end_matches(".*");
	if head.len() == text.len() {
		return None;
	}
	let (front, last) = head.rsplit_once('.').map_or(("", head), |(front, last)| (front, last));
	let next = last.parse::<u64>().ok()?.checked_add(1)?;
	version(head)?;
	let separator = if front.is_empty() { "" } else { "." };
	Some((head.to_owned(), format!("{front}{separator}{next}")))
}

/// A text that looks like one version: up to three words of letters, digits and `.-_+`, each with a digit or
/// no more than three letters, at least one number or a single letter in all.
fn version(text: &str) -> Option<String> {
	let text = strip_label(text.trim());
	let words: Vec<&str> = text.split(' ').collect();
	let plausible_word = |word: &&str| {
		!word.is_empty()
			&& word.len() <= 32
			&& word.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c))
			&& (word.chars().any(|c| c.is_ascii_digit()) || word.len() == 1)
			&& !word.split(|c: char| !c.is_ascii_alphabetic()).any(|letters| letters.len() > 5)
	};
	let plausible = words.len() <= 2 && words.iter().all(plausible_word);
	plausible.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Every shape that occurs in the reference set, with versions inside and outside.
	#[test]
	fn ranges_in_free_text_are_understood() {
		for (text, inside, outside) in [
			("<= 9.33", &["9.33", "1"][..], &["9.34", "10"][..]),
			("<7.6.2", &["7.6.1"], &["7.6.2", "7.10"]),
			(">= 2.0", &["2.0", "3"], &["1.9"]),
			(">= 4.01 | <= 4.34", &["4.01", "4.2", "4.34"], &["4.0", "4.35"]),
			(">= 2003 | <= 2006", &["2005"], &["2007"]),
			("<= 2.6A", &["2.6", "2.6A", "2.5Z"], &["2.6B", "2.7"]),
			("< B.06.18", &["B.06.17", "A.99"], &["B.06.18", "C.01"]),
			("<= K", &["A", "K"], &["L"]),
			("<= R4.1L1", &["R4.1", "R4.1L1"], &["R4.2"]),
			("<= S4 A.07.107", &["S4 A.07.99"], &["S4 A.07.108"]),
			("A10 < A11", &["A10", "A10.5"], &["A11", "A9"]),
			("< 3.x", &["2.9"], &["3.0", "3.1"]),
			("<= 3.x", &["3.9"], &["4.0"]),
			("5.x.x", &["5.0", "5.9.9"], &["6.0", "4.9"]),
			("vers:all/*", &["1", "anything"], &[]),
			("5.0|5.1", &["5.0", "5.1"], &["5.2"]),
			("1.1 | 1.2 | 1.4 | 1.5", &["1.4"], &["1.3"]),
			("2.3.6 and  below", &["2.3.6", "1"], &["2.3.7"]),
			("1.0 or later", &["1.0", "2"], &["0.9"]),
			("prior to 3.2", &["3.1"], &["3.2"]),
			("<=5.17.1-754993421", &["5.17.0", "5.17.1"], &["5.18"]),
			("(Release 1.3.2 1.4.0 1.4.1)", &["1.4.0"], &["1.5"]),
		] {
			let set = VersionSet::parse_range(text);
			for version in inside {
				assert_eq!(set.contains(version), Some(true), "{version} in {text}: {set:?}");
			}
			for version in outside {
				assert_eq!(set.contains(version), Some(false), "{version} in {text}: {set:?}");
			}
		}
	}

	#[test]
	fn a_condition_is_kept_beside_the_range() {
		let set = VersionSet::parse_range("<=11.2 on Windows 8.1 with IIS 7.5");
		assert_eq!(set.contains("11.2"), Some(true));
		assert_eq!(set.condition.as_deref(), Some("on Windows 8.1 with IIS 7.5"));
		let set =
			VersionSet::parse_range("9.x (with Wireless Battery Modules >= 22D19 | <= v22D28)");
		assert_eq!(set.contains("9.4"), Some(true));
		assert!(set.condition.is_some_and(|condition| condition.contains("Battery")));
	}

	#[test]
	fn dates_and_serial_numbers_are_not_taken_for_versions() {
		for text in ["< august 28", "distributed  < april 1, 2018", "<8/30/2024", "< 012U000040"] {
			let set = VersionSet::parse_range(text);
			assert!(!set.is_understood(), "{text}: {set:?}");
			assert_eq!(set.contains("1.0"), None);
			assert_eq!(set.text, text);
		}
	}

	#[test]
	fn a_model_name_is_compared_as_a_name() {
		let set = VersionSet::parse_version("Accu-Chek Inform II");
		assert_eq!(set.contains("accu-chek inform ii"), Some(true));
		assert_eq!(set.contains("1.0"), Some(false));
		assert!(!VersionSet::parse_range("whatever the vendor thought of").is_understood());
	}

	#[test]
	fn a_version_of_another_style_cannot_be_decided() {
		assert_eq!(VersionSet::parse_range("<= K").contains("3.2"), None);
		assert_eq!(VersionSet::parse_range("1.0 | K").contains("1.0"), Some(true));
		assert_eq!(VersionSet::parse_range("1.0 | K").contains("2.0"), None);
	}

	proptest::proptest! {
		#[test]
		fn no_text_makes_it_panic(text in "\\PC{0,40}", version in "\\PC{0,12}") {
			VersionSet::parse_range(&text).contains(&version);
			VersionSet::parse_version(&text).contains(&version);
		}

		#[test]
		fn no_range_like_text_makes_it_panic(text in "[<>=|x.* 0-9A(Bé)]{0,24}") {
			VersionSet::parse_range(&text).contains("1.0");
		}
	}
}
