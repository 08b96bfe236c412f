//! Comparison of RPM package versions.

use std::cmp::Ordering;

/// Compares two RPM versions `[epoch:]version[-release]` (rpm-version(7)).
///
/// Epochs compare as numbers (none is 0), then versions, then releases; a release that one side lacks is not
/// compared. Runs of digits and of letters alternate, everything else only separates; `~` sorts before
/// everything, even the end, and `^` after the end but before anything else.
pub fn compare_rpm(a: &str, b: &str) -> Ordering {
	let (epoch_a, version_a, release_a) = split(a);
	let (epoch_b, version_b, release_b) = split(b);
	let releases = match (release_a, release_b) {
		(Some(a), Some(b)) => segments(a, b),
		_ => Ordering::Equal,
	};
	segments(epoch_a, epoch_b).then_with(|| segments(version_a, version_b)).then(releases)
}

fn split(version: &str) -> (&str, &str, Option<&str>) {
	let version = version.trim();
	let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
	match rest.rsplit_once('-') {
		Some((version, release)) => (epoch, version, Some(release)),
		None => (epoch, rest, None),
	}
}

fn segments(a: &str, b: &str) -> Ordering {
	let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
	loop {
		a = skip_separators(a);
		b = skip_separators(b);
		match (a.first(), b.first()) {
			(Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
				(a, b) = (&a[1..], &b[1..]);
				continue;
			},
			(Some(b'~'), _) => return Ordering::Less,
			(_, Some(b'~')) => return Ordering::Greater,
			(Some(b'^'), None) => return Ordering::Greater,
			(None, Some(b'^')) => return Ordering::Less,
			(Some(b'^'), _) => return Ordering::Less,
			(_, Some(b'^')) => return Ordering::Greater,
			(None, None) => return Ordering::Equal,
			(None, Some(_)) => return Ordering::Less,
			(Some(_), None) => return Ordering::Greater,
			(Some(first), Some(second)) => {
				let number = first.is_ascii_digit();
				if number != second.is_ascii_digit() {
					return if number { Ordering::Greater } else { Ordering::Less };
				}
				let (run_a, rest_a) = run(a, number);
				let (run_b, rest_b) = run(b, number);
				let order = if number {
					let (run_a, run_b) = (without_zeros(run_a), without_zeros(run_b));
					run_a.len().cmp(&run_b.len()).then_with(|| run_a.cmp(run_b))
				} else {
					run_a.cmp(run_b)
				};
				if order != Ordering::Equal {
					return order;
				}
				(a, b) = (rest_a, rest_b);
			},
		}
	}
}

fn skip_separators(bytes: &[u8]) -> &[u8] {
	let at = bytes.iter().position(|b| b.is_ascii_alphanumeric() || matches!(b, b'~' | b'^'));
	&bytes[at.unwrap_or(bytes.len())..]
}

fn run(bytes: &[u8], number: bool) -> (&[u8], &[u8]) {
	let same = |b: &u8| if number { b.is_ascii_digit() } else { b.is_ascii_alphabetic() };
	bytes.split_at(bytes.iter().position(|b| !same(b)).unwrap_or(bytes.len()))
}

fn without_zeros(digits: &[u8]) -> &[u8] {
	&digits[digits.iter().take_while(|b| **b == b'0').count()..]
}

#[cfg(test)]
mod tests {
	use super::*;
	use Ordering::{Equal, Greater, Less};

	#[test]
	fn versions_compare_as_rpm_compares_them() {
		for (a, b, expected) in [
			("1.0", "1.0", Equal),
			("1.0", "2.0", Less),
			("2.0.1", "2.0.1a", Less),
			("5.5p1", "5.5p10", Less),
			("10xyz", "10.1xyz", Less),
			("xyz10", "xyz10.1", Less),
			("8.0", "8.0.rc1", Less),
			("10b2", "10a1", Greater),
			("1.0a", "1.0aa", Less),
			("10.0001", "10.1", Equal),
			("10.0001", "10.0039", Less),
			("4.999.9", "5.0", Less),
			("20101121", "20101122", Less),
			("2_0", "2.0", Equal),
			("1.0~rc1", "1.0", Less),
			("1.0~rc1", "1.0~rc2", Less),
			("1.0^20160101", "1.0", Greater),
			("1.0^20160101", "1.0.1", Less),
			("1.0~rc1^git1", "1.0~rc1", Greater),
			("1:1.0-1", "9.9-1", Greater),
			("8.7p1-38.el9_4.1", "8.7p1-38.el9_4.4", Less),
			("8.7p1", "8.7p1-38.el9", Equal),
		] {
			assert_eq!(compare_rpm(a, b), expected, "{a} and {b}");
			assert_eq!(compare_rpm(b, a), expected.reverse(), "{b} and {a}");
		}
	}

	proptest::proptest! {
		#[test]
		fn comparison_is_antisymmetric(a in "[0-9a-z.^~:-]{0,12}", b in "[0-9a-zé.^~:-]{0,12}") {
			proptest::prop_assert_eq!(compare_rpm(&a, &b), compare_rpm(&b, &a).reverse());
		}
	}
}
