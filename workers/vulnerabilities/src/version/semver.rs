//! Semantic versions (semver.org, 2.0.0, clause 11), lenient in how many numbers there are.

use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Semver {
	numbers: Vec<u64>,
	/// Empty for a release.
	pre_release: Vec<Identifier>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
	// Numeric identifiers have lower precedence; the derived order follows the declaration.
	Number(u64),
	Text(String),
}

impl Semver {
	/// Reads a version; `None` if it is none.
	pub(super) fn parse(text: &str) -> Option<Self> {
		let text = text.trim();
		let text = text.strip_prefix(['v', 'V', '=']).unwrap_or(text);
		let text = text.split('+').next()?;
		let (core, pre_release) = text.split_once('-').unwrap_or((text, ""));
		let mut numbers: Vec<u64> =
			core.split('.').map(|n| n.parse().ok()).collect::<Option<_>>()?;
		while numbers.last() == Some(&0) {
			numbers.pop();
		}
		let pre_release = pre_release
			.split('.')
			.filter(|identifier| !identifier.is_empty())
			.map(|identifier| match identifier.parse() {
				Ok(number) => Identifier::Number(number),
				Err(_) => Identifier::Text(identifier.to_owned()),
			})
			.collect();
		Some(Self { numbers, pre_release })
	}
}

impl Ord for Semver {
	fn cmp(&self, other: &Self) -> Ordering {
		self.numbers.cmp(&other.numbers).then_with(|| {
			match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
				(true, true) => Ordering::Equal,
				(true, false) => Ordering::Greater,
				(false, true) => Ordering::Less,
				(false, false) => self.pre_release.cmp(&other.pre_release),
			}
		})
	}
}

impl PartialOrd for Semver {
	fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
		Some(self.cmp(other))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The order that the specification gives as its example.
	#[test]
	fn precedence_is_that_of_the_specification() {
		let order = [
			"1.0.0-alpha",
			"1.0.0-alpha.1",
			"1.0.0-alpha.beta",
			"1.0.0-beta",
			"1.0.0-beta.2",
			"1.0.0-beta.11",
			"1.0.0-rc.1",
			"1.0.0",
			"2.0.0",
			"2.1.0",
			"2.1.1",
		];
		for pair in order.windows(2) {
			assert!(Semver::parse(pair[0]) < Semver::parse(pair[1]), "{pair:?}");
		}
		assert_eq!(Semver::parse("v1.0+build.7"), Semver::parse("1.0.0"));
		assert_eq!(Semver::parse("1.x"), None);
	}
}
