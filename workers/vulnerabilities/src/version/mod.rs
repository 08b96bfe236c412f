//! Comparison of upstream version numbers in the many styles that vendors use.

mod date;
mod debian;
mod rpm;
mod semver;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
	date::{find_dates, Date},
	debian::upstream,
};
pub use self::{debian::compare_debian, rpm::compare_rpm};

/// Words that mark a version as earlier than the same version without them.
const PRE_RELEASES: [&str; 9] =
	["dev", "alpha", "a", "beta", "b", "pre", "preview", "rc", "candidate"];

/// How the versions of a set are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
	/// Numbers, letters, revisions and serial numbers as vendors write them; see [`compare_versions`].
	#[default]
	Generic,
	/// Semantic versioning 2.0.0.
	Semver,
	/// Debian packages (deb-version(7)).
	Debian,
	/// RPM packages (rpm-version(7)).
	Rpm,
	/// Calendar dates.
	Date,
}

impl Scheme {
	/// Compares two versions; `None` if they cannot be compared under this scheme.
	pub fn compare(self, a: &str, b: &str) -> Option<Ordering> {
		self.parse(a).compare(&self.parse(b))
	}

	/// Reads a version once, so that it can be compared often.
	pub fn parse(self, version: &str) -> ParsedVersion {
		ParsedVersion(match self {
			Self::Generic => Form::Generic(Generic::parse(version)),
			Self::Semver => semver::Semver::parse(version)
				.map_or_else(|| Form::Generic(Generic::parse(version)), Form::Semver),
			Self::Debian => Form::Debian(version.trim().to_owned()),
			Self::Rpm => Form::Rpm(version.trim().to_owned()),
			Self::Date => date::Date::parse(version).map_or(Form::None, Form::Date),
		})
	}
}

/// A version that was read under a [`Scheme`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedVersion(Form);

/// What two versions must have in common to compare. Versions of one style are in one order: each two of
/// them compare, and the order is transitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Style {
	/// A row of numbers and words that begins with a number, or with a word.
	Generic { number_first: bool, serial: Option<usize> },
	/// Semantic versioning.
	Semver,
	/// Debian packages.
	Debian,
	/// RPM packages.
	Rpm,
	/// Calendar dates.
	Date,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
	Generic(Generic),
	Semver(semver::Semver),
	Debian(String),
	Rpm(String),
	Date(date::Date),
	None,
}

impl ParsedVersion {
	/// Its style; `None` if it compares with nothing.
	pub(crate) fn style(&self) -> Option<Style> {
		match &self.0 {
			Form::Generic(generic) => generic.style(),
			Form::Semver(_) => Some(Style::Semver),
			Form::Debian(_) => Some(Style::Debian),
			Form::Rpm(_) => Some(Style::Rpm),
			Form::Date(_) => Some(Style::Date),
			Form::None => None,
		}
	}

	/// Order of the two; `None` if they are of different styles or schemes.
	pub fn compare(&self, other: &Self) -> Option<Ordering> {
		match (&self.0, &other.0) {
			(Form::Generic(a), Form::Generic(b)) => a.compare(b),
			(Form::Semver(a), Form::Semver(b)) => Some(a.cmp(b)),
			(Form::Debian(a), Form::Debian(b)) => Some(compare_debian(a, b)),
			(Form::Rpm(a), Form::Rpm(b)) => Some(compare_rpm(a, b)),
			(Form::Date(a), Form::Date(b)) => Some(a.cmp(b)),
			_ => None,
		}
	}

	/// Whether this is `base` with a patch level behind it: `7.7p1` of `7.7`.
	pub fn is_patch_level_of(&self, base: &Self) -> bool {
		let (Form::Generic(own), Form::Generic(base)) = (&self.0, &base.0) else { return false };
		match own.parts.strip_prefix(base.parts.as_slice()) {
			// Level 0 is not written out: see `canonical`.
			Some([Part::Word { word, .. }]) => word == "p",
			Some([Part::Word { word, .. }, level]) => word == "p" && level.is_number(),
			_ => false,
		}
	}

	/// Whether a word `p` occurs in it, so that it may be a patch level of another version.
	pub(crate) fn has_patch_level(&self) -> bool {
		let Form::Generic(own) = &self.0 else { return false };
		own.parts.iter().any(|part| matches!(part, Part::Word { word, .. } if word == "p"))
	}

	/// The first of its patch levels in the order; the others follow it.
	pub(crate) fn first_patch_level(&self) -> Option<Self> {
		let Form::Generic(own) = &self.0 else { return None };
		let mut first = own.clone();
		first.parts.push(Part::Word { word: "p".into(), pre_release: false });
		Some(Self(Form::Generic(first)))
	}

	/// Whether it begins with all parts of `other`.
	pub(crate) fn begins_with(&self, other: &Self) -> bool {
		match (&self.0, &other.0) {
			(Form::Generic(own), Form::Generic(other)) => own.parts.starts_with(&other.parts),
			_ => false,
		}
	}
}

/// A version in a vendor's own style.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Generic {
	parts: Vec<Part>,
	/// Digits, one letter, digits: how many digits stand before the letter.
	serial: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
	/// A number of up to 18 digits.
	Number(u64),
	/// Digits of a longer number, without leading zeros.
	Long(String),
	/// Letters in lower case.
	Word {
		word: String,
		/// Whether it may mark a pre-release: a word of its own (`1.0-rc1`), not a letter behind a number
		/// (`2.6A`), which is a later revision.
		pre_release: bool,
	},
}

impl Part {
	fn is_number(&self) -> bool {
		matches!(self, Self::Number(_) | Self::Long(_))
	}
}

/// Compares two versions; `None` if they are not of the same style.
///
/// A version is a row of numbers and words; a change between digits and letters separates as `.` does.
/// Numbers compare as numbers, words by the alphabet. A missing number is 0 (`1.0` = `1.0.0`, and `1.0-rc1` =
/// `1.0.0-rc1`); a word behind the end is later (`9.2p1` > `9.2`, `2.6A` > `2.6`) unless it marks a pre-release (`1.0-rc1` < `1.0`); a
/// number is later than a word in the same place (`9.2.1` > `9.2p1`). One version that begins with a number
/// and one that begins with a word (`3.2` and `K`) do not compare; neither do a serial number (`012U000040`)
/// and anything of another shape.
pub fn compare_versions(a: &str, b: &str) -> Option<Ordering> {
	Scheme::Generic.compare(a, b)
}

impl Generic {
	fn parse(version: &str) -> Self {
		Self { parts: canonical(parts(version)), serial: serial_shape(version.trim()) }
	}

	fn style(&self) -> Option<Style> {
		let number_first = self.parts.first()?.is_number();
		Some(Style::Generic { number_first, serial: self.serial })
	}

	fn compare(&self, other: &Self) -> Option<Ordering> {
		if self.style()? != other.style()? {
			return None;
		}
		let (a, b) = (&self.parts, &other.parts);
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
}

/// `012U000040`: one word of nine characters or more, digits but for one letter inside.
fn serial_shape(version: &str) -> Option<usize> {
	let bytes = version.as_bytes();
	let letter = bytes.iter().position(u8::is_ascii_alphabetic)?;
	let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
	(bytes.len() >= 9 && digits(&bytes[..letter]) && digits(&bytes[letter + 1..])).then_some(letter)
}

fn compare_parts(a: &Part, b: &Part) -> Ordering {
	match (a, b) {
		(Part::Number(a), Part::Number(b)) => a.cmp(b),
		(Part::Long(a), Part::Long(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
		(Part::Number(_), Part::Long(_)) => Ordering::Less,
		(Part::Long(_), Part::Number(_)) => Ordering::Greater,
		(
			Part::Word { word: a, pre_release: pre_a },
			Part::Word { word: b, pre_release: pre_b },
		) => pre_b.cmp(pre_a).then_with(|| a.cmp(b)),
		(_, Part::Word { .. }) => Ordering::Greater,
		(Part::Word { .. }, _) => Ordering::Less,
	}
}

/// Order of a version that goes on with this part and one that ends there. A zero is not the last part (see
/// [`canonical`]), so that a number is later.
fn beyond_the_end(part: &Part) -> Ordering {
	match part {
		Part::Word { pre_release: true, .. } => Ordering::Less,
		_ => Ordering::Greater,
	}
}

/// The parts without zeros before a word or the end, the first part excepted: a missing number is 0, so that
/// they say nothing. Left there, they would make `1` = `1.0` and `1` < `1a` < `1.0`, which is no order.
fn canonical(parts: Vec<Part>) -> Vec<Part> {
	let mut out: Vec<Part> = Vec::with_capacity(parts.len());
	let drop_zeros = |out: &mut Vec<Part>| {
		while out.len() > 1 && out.last() == Some(&Part::Number(0)) {
			out.pop();
		}
	};
	for part in parts {
		if !part.is_number() {
			drop_zeros(&mut out);
		}
		out.push(part);
	}
	drop_zeros(&mut out);
	out
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
			let digits = digits.trim_start_matches('0');
			out.push(match digits {
				"" => Part::Number(0),
				short if short.len() <= 18 => Part::Number(
					short.bytes().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')),
				),
				long => Part::Long(long.to_owned()),
			});
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
			("1.0-rc1", "1.0.0-rc1", Equal),
			("1", "1.0a", Less),
			("1a", "1.0", Greater),
			("1.0.1", "1a", Greater),
			("0", "0.0-rc1", Greater),
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
			("012U000040", "012U000061", Less),
			("4107600010.23", "4107600010.9", Greater),
			("1.1.3 Build 10", "1.1.3 Build 9", Greater),
			("10.3 SP1", "10.3", Greater),
			("99999999999999999999999", "100000000000000000000000", Less),
		] {
			assert_eq!(compare_versions(a, b), Some(expected), "{a} and {b}");
			assert_eq!(compare_versions(b, a), Some(expected.reverse()), "{b} and {a}");
		}
	}

	#[test]
	fn versions_of_different_styles_do_not_compare() {
		for (a, b) in [
			("K", "3.2"),
			("1.0", "B.06"),
			("", "1.0"),
			("...", "1"),
			("1", "?"),
			("012U000040", "1.0"),
			("012U000040", "4107600010.23"),
		] {
			assert_eq!(compare_versions(a, b), None, "{a} and {b}");
		}
	}

	#[test]
	fn every_scheme_compares_in_its_own_way() {
		for (scheme, a, b, expected) in [
			(Scheme::Semver, "1.0.0-alpha.1", "1.0.0-alpha.beta", Some(Less)),
			(Scheme::Generic, "1.0a", "1.0", Some(Greater)),
			(Scheme::Debian, "1.0~rc1", "1.0", Some(Less)),
			(Scheme::Rpm, "1:1.0-1.el9", "2.0-1.el9", Some(Greater)),
			(Scheme::Date, "8/30/2024", "2024-08-29", Some(Greater)),
			(Scheme::Date, "1.0", "2024-08-29", None),
		] {
			assert_eq!(scheme.compare(a, b), expected, "{scheme:?}: {a} and {b}");
		}
	}

	/// Every short version over two numbers, a letter, a patch level and a pre-release.
	fn short_versions() -> Vec<String> {
		let pieces = [".0", ".1", "a", "p1", "-rc1", "-rc"];
		let mut out: Vec<String> = vec!["0".into(), "1".into()];
		let mut last = out.clone();
		for _ in 0..3 {
			last = last.iter().flat_map(|v| pieces.map(|piece| format!("{v}{piece}"))).collect();
			out.extend(last.iter().cloned());
		}
		out
	}

	#[test]
	fn versions_of_one_style_are_in_one_order() {
		let mut versions: Vec<ParsedVersion> =
			short_versions().iter().map(|text| Scheme::Generic.parse(text)).collect();
		versions.sort_by(|a, b| a.compare(b).expect("one style"));
		for (at, a) in versions.iter().enumerate() {
			for b in &versions[at..] {
				assert_ne!(a.compare(b), Some(Greater), "{a:?} and {b:?}");
			}
		}
	}

	#[test]
	fn patch_levels_follow_the_first_of_them() {
		let versions = short_versions();
		for (base, other) in versions.iter().flat_map(|a| versions.iter().map(move |b| (a, b))) {
			let [base, other] = [base, other].map(|text| Scheme::Generic.parse(text));
			let first = base.first_patch_level().expect("a generic version");
			if other.is_patch_level_of(&base) {
				assert!(other.begins_with(&first) && other.has_patch_level());
				assert_ne!(other.compare(&first), Some(Less));
			}
			assert!(!other.begins_with(&first) || other.compare(&first) != Some(Less));
		}
		let patched = Scheme::Generic.parse("7.7p1");
		assert!(patched.is_patch_level_of(&Scheme::Generic.parse("7.7.0")));
		assert!(!patched.is_patch_level_of(&Scheme::Generic.parse("7.6")));
	}

	proptest::proptest! {
		#[test]
		fn comparison_is_transitive_under_every_scheme(
			a in "[0-2](\\.[0-2]|[abp]|-rc[12]|~1|-1|\\^1){0,3}",
			b in "[0-2](\\.[0-2]|[abp]|-rc[12]|~1|-1|\\^1){0,3}",
			c in "[0-2](\\.[0-2]|[abp]|-rc[12]|~1|-1|\\^1){0,3}",
		) {
			for scheme in [Scheme::Generic, Scheme::Semver, Scheme::Debian, Scheme::Rpm] {
				let order = |a: &str, b: &str| scheme.compare(a, b);
				if let (Some(Less | Equal), Some(Less | Equal)) = (order(&a, &b), order(&b, &c)) {
					proptest::prop_assert_ne!(order(&a, &c), Some(Greater), "{:?} {} {} {}", scheme, a, b, c);
				}
			}
		}

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
