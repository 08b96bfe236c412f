//! Comparison of upstream version numbers in the many styles that vendors use.

use std::cmp::Ordering;

/// Words that mark a version as earlier than the same version without them.
const PRE_RELEASES: [&str; 9] =
	["dev", "alpha", "a", "beta", "b", "pre", "preview", "rc", "candidate"];

#[derive(Debug, PartialEq, Eq)]
enum Part {
	/// Digits without leading zeros.
	Number(String),
	/// Letters in lower case.
	Word {
		word: String,
		/// Whether it may mark a pre-release: a word of its own (`1.0-rc1`), not a letter behind a number
		/// (`2.6A`), which is a later revision.
		pre_release: bool,
	},
}

/// Compares two versions; `None` if they are not of the same style.
///
/// A version is a row of numbers and words; a change between digits and letters separates as `.` does.
/// Numbers compare as numbers, words by the alphabet. A missing number is 0 (`1.0` = `1.0.0`); a word behind
/// the end is later (`9.2p1` > `9.2`, `2.6A` > `2.6`) unless it marks a pre-release (`1.0-rc1` < `1.0`); a
/// number is later than a word in the same place (`9.2.1` > `9.2p1`). One version that begins with a number
/// and one that begins with a word (`3.2` and `K`) do not compare.
pub fn compare_versions(a: &str, b: &str) -> Option<Ordering> {
	let (a, b) = (parts(a), parts(b));
	let (first_a, first_b) = (a.first()?, b.first()?);
	if matches!(first_a, Part::Number(_)) != matches!(first_b, Part::Number(_)) {
		return None;
	}
	for at in 0..a.len().max(b.len()) {
		let order = match (a.get(at), b.get(at)) {
			(Some(a), Some(b)) => compare_parts(a, b),
			(Some(a), None) => beyond_the_end(a),
			(None, Some(b)) => beyond_the_end(b).reverse(),
			(None, None) => Ordering::Equal,
		};
		if order != Ordering::Equal {
			return Some(order);
		}
	}
	Some(Ordering::Equal)
}

fn compare_parts(a: &Part, b: &Part) -> Ordering {
	match (a, b) {
		(Part::Number(a), Part::Number(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
		(
			Part::Word { word: a, pre_release: pre_a },
			Part::Word { word: b, pre_release: pre_b },
		) => pre_b.cmp(pre_a).then_with(|| a.cmp(b)),
		(Part::Number(_), Part::Word { .. }) => Ordering::Greater,
		(Part::Word { .. }, Part::Number(_)) => Ordering::Less,
	}
}

fn beyond_the_end(part: &Part) -> Ordering {
	match part {
		Part::Number(digits) if digits.is_empty() => Ordering::Equal,
		Part::Word { pre_release: true, .. } => Ordering::Less,
		_ => Ordering::Greater,
	}
}

fn parts(version: &str) -> Vec<Part> {
	let version = strip_label(version.trim());
	let mut out = Vec::new();
	let mut rest = version;
	let mut separated = true;
	while let Some(first) = rest.chars().next() {
		let run = |wanted: fn(&char) -> bool| {
			rest.chars().take_while(wanted).map(char::len_utf8).sum::<usize>()
		};
		if first.is_ascii_digit() {
			let (digits, tail) = rest.split_at(run(char::is_ascii_digit));
			out.push(Part::Number(digits.trim_start_matches('0').to_owned()));
			(rest, separated) = (tail, false);
		} else if first.is_ascii_alphabetic() {
			let (word, tail) = rest.split_at(run(char::is_ascii_alphabetic));
			let word = word.to_ascii_lowercase();
			// `1.0rc1` is a pre-release without a separator too; a single letter there is a revision.
			let pre_release = !out.is_empty()
				&& PRE_RELEASES.contains(&word.as_str())
				&& (separated || word.len() > 1);
			out.push(Part::Word { word, pre_release });
			(rest, separated) = (tail, false);
		} else {
			(rest, separated) = (&rest[first.len_utf8()..], true);
		}
	}
	out
}

/// Strips `v`, `ver.`, `version`, `rev`, `revision` or `release` before a digit.
pub(crate) fn strip_label(version: &str) -> &str {
	let letters = version.bytes().take_while(u8::is_ascii_alphabetic).count();
	let (word, rest) = version.split_at(letters);
	let label = ["v", "ver", "version", "rev", "revision", "release"]
		.contains(&word.to_ascii_lowercase().as_str());
	let rest = rest.trim_start_matches(['.', ' ', ':']);
	if label && rest.starts_with(|c: char| c.is_ascii_digit()) {
		rest
	} else {
		version
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use Ordering::{Equal, Greater, Less};

	#[test]
	fn versions_of_one_style_compare() {
		for (a, b, expected) in [
			("9.2p1", "9.8p1", Less),
			("8.5p1", "9.2p1", Less),
			("9.2p1", "9.2", Greater),
			("9.2p1", "9.2p2", Less),
			("9.2p1", "9.2.1", Less),
			("1.10.1", "1.12.0", Less),
			("1.9", "1.10", Less),
			("1.0", "1.0.0", Equal),
			("3.6.7", "3.6.7", Equal),
			("v2.1", "2.1", Equal),
			("Release 1.3.2", "1.3.2", Equal),
			("1.0-rc1", "1.0", Less),
			("1.0rc1", "1.0", Less),
			("1.0-rc1", "1.0-rc2", Less),
			("1.0-beta", "1.0-rc1", Less),
			("5.10.pre2", "5.10", Less),
			("2.6A", "2.6", Greater),
			("2.6A", "2.7A", Less),
			("2.4B", "2.4A", Greater),
			("B.06.18", "B.06.9", Greater),
			("B.06.18", "C.01", Less),
			("K", "N", Less),
			("L81", "L9", Greater),
			("S4 A.07.107", "S4 A.07.99", Greater),
			("R4.1L1", "R8.0.3", Less),
			("1.4.2.0-9d9eff4", "1.4.2.0", Greater),
			("5.17.1-754993421", "5.17.1", Greater),
			("0009.2", "9.2", Equal),
			("99999999999999999999999", "100000000000000000000000", Less),
		] {
			assert_eq!(compare_versions(a, b), Some(expected), "{a} and {b}");
			assert_eq!(compare_versions(b, a), Some(expected.reverse()), "{b} and {a}");
		}
	}

	#[test]
	fn versions_of_different_styles_do_not_compare() {
		for (a, b) in [("K", "3.2"), ("1.0", "B.06"), ("", "1.0"), ("...", "1"), ("1", "?")] {
			assert_eq!(compare_versions(a, b), None, "{a} and {b}");
		}
	}

	proptest::proptest! {
		#[test]
		fn comparison_is_antisymmetric(a in "\\PC{0,16}", b in "[0-9a-zA-Z.-]{0,12}") {
			let reversed = compare_versions(&b, &a).map(Ordering::reverse);
			proptest::prop_assert_eq!(compare_versions(&a, &b), reversed);
		}

		#[test]
		fn a_version_equals_itself(a in "[0-9][0-9a-z.-]{0,12}") {
			proptest::prop_assert_eq!(compare_versions(&a, &a), Some(Ordering::Equal));
		}
	}
}
