//! Ranges in free text, and versions under every scheme, which compare alike both ways and in one order.
#![no_main]

use std::cmp::Ordering;

use curex_vulnerabilities::{Scheme, VersionSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
	for set in [VersionSet::parse_range(text), VersionSet::parse_version(text)] {
		set.contains("1.0");
		set.contains(text);
	}
	let mut parts = text.splitn(3, '\n');
	let (Some(a), Some(b), Some(c)) = (parts.next(), parts.next(), parts.next()) else { return };
	for scheme in [Scheme::Generic, Scheme::Semver, Scheme::Debian, Scheme::Rpm, Scheme::Date] {
		let order = scheme.compare(a, b);
		assert_eq!(order, scheme.compare(b, a).map(Ordering::reverse), "{scheme:?}");
		// RPM does not compare a release that one side lacks, and so has no order.
		if scheme == Scheme::Rpm {
			continue;
		}
		let not_greater = |order| matches!(order, Some(Ordering::Less | Ordering::Equal));
		if not_greater(order) && not_greater(scheme.compare(b, c)) {
			assert_ne!(scheme.compare(a, c), Some(Ordering::Greater), "{scheme:?}");
		}
	}
});
