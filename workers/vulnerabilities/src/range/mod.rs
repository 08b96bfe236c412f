//! Sets of versions, and how to read them out of the free text of advisories.

mod condition;
mod lexer;
mod text;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

pub use self::condition::{Condition, Requirement};
pub(crate) use self::text::trailing_version;
use crate::version::{Date, ParsedVersion, Scheme, Style};

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
	/// One version and no other.
	pub fn exactly(version: impl Into<String>) -> Self {
		let limit = Limit::including(version);
		Self { from: Some(limit.clone()), to: Some(limit) }
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
	/// The product has no versions (CPE `-`, which is not `*`).
	NoVersion,
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
	/// How they compare.
	#[serde(default)]
	pub scheme: Scheme,
	/// Versions that are not affected although they lie within `versions`.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub except: Vec<Interval>,
	/// What else must hold, such as `on Windows 8.1`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub condition: Option<Condition>,
	/// The text of the advisory.
	pub text: String,
}

impl VersionSet {
	/// A set without condition and exception, compared generically.
	pub fn of(versions: Versions, text: impl Into<String>) -> Self {
		Self {
			versions,
			scheme: Scheme::Generic,
			except: Vec::new(),
			condition: None,
			text: text.into(),
		}
	}

	/// Every version; `text` says in whose words.
	pub fn all(text: impl Into<String>) -> Self {
		Self::of(Versions::All, text)
	}

	/// A text that says nothing that can be compared.
	pub fn not_understood(reason: impl Into<String>, text: impl Into<String>) -> Self {
		Self::of(Versions::NotUnderstood { reason: reason.into() }, text)
	}

	/// Whether the version belongs to the set, conditions aside; `None` if that cannot be said.
	pub fn contains(&self, version: &str) -> Option<bool> {
		CompiledSet::new(self).contains(version, &self.scheme.parse(version))
	}

	/// Whether the text was understood.
	pub fn is_understood(&self) -> bool {
		!matches!(self.versions, Versions::NotUnderstood { .. })
	}

	/// Reads a `product_version_range` of CSAF: a `vers:` identifier or free text.
	pub fn parse_range(text: &str) -> Self {
		text::parse(text, None, false)
	}

	/// Reads a `product_version` of CSAF, which may be a version, a list, a range in words or a model name.
	pub fn parse_version(text: &str) -> Self {
		text::parse(text, None, true)
	}

	/// Like [`parse_range`](Self::parse_range) and [`parse_version`](Self::parse_version), for a text that was
	/// published on a known day (`YYYY-MM-DD…`), so that "August 28" is a date.
	pub(crate) fn parse_published(text: &str, published: Option<&str>, may_be_name: bool) -> Self {
		text::parse(text, published.and_then(Date::parse), may_be_name)
	}
}

/// A set whose limits were parsed once, for many comparisons.
pub(crate) struct CompiledSet<'a> {
	set: &'a VersionSet,
	intervals: Vec<CompiledInterval>,
	except: Vec<CompiledInterval>,
}

/// An interval whose ends were parsed: each with whether it belongs to the interval.
pub(crate) struct CompiledInterval {
	pub(crate) from: Option<(ParsedVersion, bool)>,
	pub(crate) to: Option<(ParsedVersion, bool)>,
}

impl CompiledInterval {
	fn new(interval: &Interval, scheme: Scheme) -> Self {
		let end = |limit: &Option<Limit>| {
			limit.as_ref().map(|limit| (scheme.parse(&limit.version), limit.inclusive))
		};
		Self { from: end(&interval.from), to: end(&interval.to) }
	}

	/// Whether versions of this style compare with both ends.
	pub(crate) fn is_of(&self, style: Option<Style>) -> bool {
		let fits = |end: &Option<(ParsedVersion, bool)>| {
			end.as_ref().is_none_or(|(limit, _)| style.is_some() && limit.style() == style)
		};
		fits(&self.from) && fits(&self.to)
	}

	/// Whether the version lies within; `None` if it does not compare with an end.
	fn contains(&self, version: &ParsedVersion) -> Option<bool> {
		let after = match &self.from {
			None => true,
			Some((limit, inclusive)) => match version.compare(limit)? {
				Ordering::Greater => true,
				Ordering::Equal => *inclusive,
				Ordering::Less => false,
			},
		};
		let before = match &self.to {
			None => true,
			Some((limit, inclusive)) => match version.compare(limit)? {
				Ordering::Less => true,
				Ordering::Equal => *inclusive,
				// `<= 7.7` was written for every patch level of 7.7 (`7.7p1`).
				Ordering::Greater => *inclusive && version.is_patch_level_of(limit),
			},
		};
		Some(after && before)
	}
}

/// Yes if any answer is yes, else unknown if any is, else no.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
	let mut unknown = false;
	for answer in answers {
		match answer {
			Some(true) => return Some(true),
			Some(false) => {},
			None => unknown = true,
		}
	}
	if unknown {
		None
	} else {
		Some(false)
	}
}

impl<'a> CompiledSet<'a> {
	pub(crate) fn new(set: &'a VersionSet) -> Self {
		let compiled = |intervals: &[Interval]| {
			intervals.iter().map(|one| CompiledInterval::new(one, set.scheme)).collect()
		};
		let intervals = match &set.versions {
			Versions::Intervals(intervals) => compiled(intervals),
			_ => Vec::new(),
		};
		Self { set, intervals, except: compiled(&set.except) }
	}

	/// Whether a version belongs to the set. `parsed` is `version` read under the set's scheme.
	pub(crate) fn contains(&self, version: &str, parsed: &ParsedVersion) -> Option<bool> {
		let within = match &self.set.versions {
			Versions::All => Some(true),
			Versions::Names(names) => Some(
				names.iter().any(|name| letters_and_digits(name) == letters_and_digits(version)),
			),
			Versions::NoVersion | Versions::NotUnderstood { .. } => None,
			Versions::Intervals(_) => any(self.intervals.iter().map(|i| i.contains(parsed))),
		};
		self.but_for_exceptions(within, parsed)
	}

	/// Like [`contains`](Self::contains) for a set of intervals.
	pub(crate) fn contains_parsed(&self, parsed: &ParsedVersion) -> Option<bool> {
		let within = any(self.intervals.iter().map(|interval| interval.contains(parsed)));
		self.but_for_exceptions(within, parsed)
	}

	/// The intervals; empty if the set has none.
	pub(crate) fn intervals(&self) -> &[CompiledInterval] {
		&self.intervals
	}

	/// The exceptions from them.
	pub(crate) fn except(&self) -> &[CompiledInterval] {
		&self.except
	}

	fn but_for_exceptions(&self, within: Option<bool>, parsed: &ParsedVersion) -> Option<bool> {
		if within == Some(false) || self.except.is_empty() {
			return within;
		}
		match any(self.except.iter().map(|interval| interval.contains(parsed))) {
			Some(true) => Some(false),
			Some(false) => within,
			None => None,
		}
	}
}

/// A text's letters and digits in lower case: how names are compared.
pub(crate) fn letters_and_digits(text: &str) -> String {
	text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
