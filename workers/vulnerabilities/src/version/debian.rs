//! Comparison of Debian package versions.

use std::cmp::Ordering;

/// Compares two Debian versions `[epoch:]upstream[-revision]` (deb-version(7), Debian Policy 5.6.12).
///
/// Epochs compare as numbers (none is 0), then upstream parts, then revisions (none sorts as `0`). `~` sorts
/// before everything, even the end of a part; letters sort before all other characters.
pub fn compare_debian(a: &str, b: &str) -> Ordering {
	let (epoch_a, upstream_a, revision_a) = split(a);
	let (epoch_b, upstream_b, revision_b) = split(b);
	compare_part(epoch_a, epoch_b)
		.then_with(|| compare_part(upstream_a, upstream_b))
		.then_with(|| compare_part(revision_a, revision_b))
}

fn split(version: &str) -> (&str, &str, &str) {
	let version = version.trim();
	let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
	let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
	(epoch, upstream, revision)
}

/// Place of a byte in the non-digit comparison; the end of a part has 0.
fn place(byte: Option<&u8>) -> i32 {
	match byte {
		Some(b'~') => -1,
		None => 0,
		Some(byte) if byte.is_ascii_digit() => 0,
		Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
		Some(byte) => i32::from(*byte) + 256,
	}
}

/// Alternates between a non-digit and a digit run, as dpkg does.
fn compare_part(a: &str, b: &str) -> Ordering {
	let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
	while !a.is_empty() || !b.is_empty() {
		while a.first().is_some_and(|c| !c.is_ascii_digit())
			|| b.first().is_some_and(|c| !c.is_ascii_digit())
		{
			match place(a.first()).cmp(&place(b.first())) {
				Ordering::Equal => {},
				unequal => return unequal,
			}
			a = a.get(1..).unwrap_or_default();
			b = b.get(1..).unwrap_or_default();
		}
		let (number_a, rest_a) = leading_number(a);
		let (number_b, rest_b) = leading_number(b);
		// Without leading zeros the longer number is the greater, so that no number is too large.
		match number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b)) {
			Ordering::Equal => {},
			unequal => return unequal,
		}
		(a, b) = (rest_a, rest_b);
	}
	Ordering::Equal
}

fn leading_number(bytes: &[u8]) -> (&[u8], &[u8]) {
	let end = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
	let (digits, rest) = bytes.split_at(end);
	let zeros = digits.iter().take_while(|b| **b == b'0').count();
	(&digits[zeros..], rest)
}

/// Upstream part of a Debian version without repacking marks: `1.10.1+dfsg-2+deb12u1` gives `1.10.1`.
pub(crate) fn upstream(version: &str) -> &str {
	let (_, upstream, _) = split(version);
	["+dfsg", "+ds", "+repack", "~dfsg"]
		.iter()
		.filter_map(|mark| upstream.find(mark))
		.min()
		.map_or(upstream, |at| &upstream[..at])
}

#[cfg(test)]
mod tests {
	use super::*;
	use Ordering::{Equal, Greater, Less};

	const TABLE: &[(&str, &str, Ordering)] = &[
		("1:9.2p1-2+deb12u3", "1:9.2p1-2+deb12u10", Less),
		("1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3", Less),
		("1:9.2p1-2", "9.8p1-1", Greater),
		("3.6.7-9~deb12u4", "3.6.7-9", Less),
		("1.0~rc1", "1.0", Less),
		("1.0~~", "1.0~", Less),
		("1.0", "1.0-0", Equal),
		("1.0-1", "1.0-1.1", Less),
		("0:1.0", "1.0", Equal),
		("1.002", "1.2", Equal),
		("1.2a", "1.2.1", Less),
		("1.2+b1", "1.2", Greater),
		("1.10.1+dfsg-2+deb12u1", "1.12.0", Less),
		("99999999999999999999999999", "100000000000000000000000000", Less),
		("", "0", Equal),
		("a-b-1", "a-b-2", Less),
	];

	#[test]
	fn versions_compare_as_dpkg_compares_them() {
		for (a, b, expected) in TABLE {
			assert_eq!(compare_debian(a, b), *expected, "{a} and {b}");
			assert_eq!(compare_debian(b, a), expected.reverse(), "{b} and {a}");
		}
	}

	/// The same table and some generated pairs against dpkg itself, where it is installed.
	#[test]
	fn dpkg_agrees() {
		let dpkg = |a: &str, relation: &str, b: &str| {
			std::process::Command::new("dpkg").args(["--compare-versions", a, relation, b]).status()
		};
		if dpkg("1", "lt", "2").is_err() {
			eprintln!("skipped: dpkg is not installed");
			return;
		}
		let pieces =
			["1", "2.0", "9.2p1", "1~", "1~rc1", "1+b", "1.a", "10", "01", "1:0", "1-1~", "1-a"];
		let generated = pieces.iter().flat_map(|a| pieces.iter().map(move |b| (*a, *b)));
		let table = TABLE.iter().map(|(a, b, _)| (*a, *b)).filter(|(a, _)| !a.is_empty());
		for (a, b) in table.chain(generated) {
			if a.starts_with('a') {
				continue;
			}
			let relation = match compare_debian(a, b) {
				Less => "lt",
				Equal => "eq",
				Greater => "gt",
			};
			let agrees = dpkg(a, relation, b).expect("dpkg ran a moment ago").success();
			assert!(agrees, "{a} {relation} {b}");
		}
	}

	#[test]
	fn the_upstream_part_has_no_repacking_mark() {
		assert_eq!(upstream("5.9.3+dfsg-2+deb12u1"), "5.9.3");
		assert_eq!(upstream("1:9.2p1-2+deb12u10"), "9.2p1");
	}

	proptest::proptest! {
		#[test]
		fn comparison_is_antisymmetric(a in "[0-9a-z.+~:-]{0,12}", b in "[0-9a-z.+~:-]{0,12}") {
			proptest::prop_assert_eq!(compare_debian(&a, &b), compare_debian(&b, &a).reverse());
		}
	}
}
