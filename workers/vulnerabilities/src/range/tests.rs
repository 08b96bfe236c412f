use super::*;

fn check(set: &VersionSet, inside: &[&str], outside: &[&str]) {
	for version in inside {
		assert_eq!(set.contains(version), Some(true), "{version} in {}: {set:?}", set.text);
	}
	for version in outside {
		assert_eq!(set.contains(version), Some(false), "{version} in {}: {set:?}", set.text);
	}
}

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
		("<=5.17.1-754993421", &["5.17.0", "5.17.1"], &["5.18"]),
		("(Release 1.3.2 1.4.0 1.4.1)", &["1.4.0"], &["1.5"]),
		("1.1.3 MR Build 11", &["1.1.3 MR Build 11"], &["1.1.3 MR Build 12", "1.1.3"]),
		("Rev B-M", &["B", "F", "M"], &["A", "N"]),
		("LPI 3.5.12.P30", &["LPI 3.5.12.P30"], &["LPI 3.5.13"]),
	] {
		check(&VersionSet::parse_range(text), inside, outside);
	}
}

/// Shapes of other advisories and other publishers.
#[test]
fn other_wordings_are_understood_too() {
	for (text, inside, outside) in [
		("1.0 or later", &["1.0", "2"][..], &["0.9"][..]),
		("prior to 3.2", &["3.1"], &["3.2"]),
		("versions prior to 3.2", &["3.1"], &["3.2"]),
		("All versions prior to and including 3.2", &["3.1", "3.2"], &["3.3"]),
		("all versions before V3.2", &["3.1"], &["3.2"]),
		("Version 9.5 and prior versions", &["9.5", "9"], &["9.6"]),
		("9.5, and earlier", &["9.5", "9"], &["9.6"]),
		("9.5 and all earlier versions", &["9.5", "9"], &["9.6"]),
		("firmware versions earlier than 4.0e", &["4.0d", "4.0"], &["4.0e", "4.1"]),
		("up to and including 4.2", &["4.2"], &["4.3"]),
		("up to (but not including) 4.2", &["4.1"], &["4.2"]),
		("up to 4.2", &["4.2"], &["4.3"]),
		("1.0 through 1.3", &["1.0", "1.2", "1.3"], &["0.9", "1.4"]),
		("versions 1.1 to 1.3.2", &["1.1", "1.3.2"], &["1.3.3"]),
		("from 1.0 to 1.3", &["1.0", "1.3"], &["1.4", "0.9"]),
		("between 1.0 and 1.3", &["1.0", "1.3"], &["1.4", "0.9"]),
		("1.0 - 1.3", &["1.2"], &["1.4"]),
		("1.0-1.3", &["1.2"], &["1.4"]),
		("1.0 – 1.3", &["1.2"], &["1.4"]),
		("≤ 2.4", &["2.4"], &["2.5"]),
		("=<2.4", &["2.4"], &["2.5"]),
		("&lt;2.4", &["2.3"], &["2.4"]),
		(">1.0 <=1.3", &["1.1", "1.3"], &["1.0", "1.4"]),
		(">=1.0 and <1.3", &["1.0", "1.2"], &["1.3"]),
		("<=1.3, >=1.0", &["1.0", "1.3"], &["0.9", "1.4"]),
		("<=1.3 | >=2.0", &["1.0", "2.1"], &["1.9"]),
		("<1.3 | >=2.0 | <2.2", &["1.0", "2.1"], &["1.9", "2.2"]),
		("5.1.x before 5.1.3", &["5.1.0", "5.1.2"], &["5.1.3", "5.0"]),
		("2.1 and 2.2", &["2.1", "2.2"], &["2.3"]),
		("2.1, 2.2, and 2.4", &["2.1", "2.4"], &["2.3"]),
		("2.1+", &["2.1", "3"], &["2.0"]),
		("10.3 SP1", &["10.3 SP1"], &["10.3", "10.3 SP2"]),
		("<V4.0 SP1", &["4.0"], &["4.0 SP1", "4.1"]),
		("<= 2.0 Hotfix 3", &["2.0", "2.0 Hotfix 3"], &["2.0 Hotfix 4"]),
		("va10 and earlier", &["va10", "va09"], &["va11"]),
		("3.1.*", &["3.1.9"], &["3.2"]),
		("vers:semver/>=1.0.0|<1.3.0", &["1.2.9", "1.0.0"], &["1.3.0", "1.0.0-rc.1"]),
		("vers:deb/<1:9.2p1-2%2Bdeb12u3", &["1:9.2p1-2+deb12u2"], &["1:9.2p1-2+deb12u3"]),
		("vers:generic/1.0|2.0", &["1.0", "2.0"], &["1.5"]),
		("vers:intdot/<=3.4", &["3.4"], &["3.5"]),
		("vers:generic/>=1.0|<2.0|!=1.5", &["1.4", "1.6"], &["1.5", "2.0"]),
		("all versions except 1.5", &["1.4"], &["1.5"]),
		("All versions", &["1"], &[]),
	] {
		check(&VersionSet::parse_range(text), inside, outside);
	}
}

#[test]
fn a_condition_is_kept_beside_the_range_and_taken_apart() {
	let named = |requirement: &Requirement| match requirement {
		Requirement::Component { name, versions } => (name.clone(), versions.text.clone()),
		Requirement::Model(name) => ("model".into(), name.clone()),
	};
	let set = VersionSet::parse_range("<=11.2 on Windows 8.1 with IIS 7.5");
	check(&set, &["11.2"], &["11.3"]);
	let condition = set.condition.expect("there is one");
	assert_eq!(condition.text, "on Windows 8.1 with IIS 7.5");
	let parts: Vec<_> = condition.requires.iter().map(named).collect();
	assert_eq!(parts, [("Windows".into(), "8.1".into()), ("IIS".into(), "7.5".into())]);

	for text in [
		"9.x (with Wireless Battery Modules >= 22D19 | <= v22D28)",
		"9.x (Wireless Battery Modules (16 | 22D19 | 22D24)",
	] {
		let set = VersionSet::parse_range(text);
		check(&set, &["9.4"], &["8.0"]);
		let requires = set.condition.expect("there is one").requires;
		let Requirement::Component { name, versions } = &requires[0] else {
			panic!("{requires:?}");
		};
		assert_eq!(name, "Wireless Battery Modules");
		check(versions, &["22D24"], &["23D01"]);
	}
	let set = VersionSet::parse_version("8.x model 35700BAX2");
	check(&set, &["8.1"], &["9.0"]);
	let model = set.condition.expect("there is one").requires;
	assert_eq!(model, [Requirement::Model("35700BAX2".into())]);

	let set = VersionSet::parse_version("Version A, Firmware A.03.09, Part #: M8096-67501");
	check(&set, &["A.03.09"], &["A.03.10"]);
	assert!(set.condition.is_some_and(|condition| condition.text.contains("M8096-67501")));
}

#[test]
fn dates_compare_as_dates() {
	let set = VersionSet::parse_range("distributed  < april 1, 2018");
	check(&set, &["2018-03-31", "March 3, 2018"], &["2018-04-01", "4/2/2018"]);
	assert_eq!(set.contains("1.0"), None, "a version is no date");
	check(&VersionSet::parse_range("<8/30/2024"), &["2024-08-29"], &["2024-08-30"]);
	let published = VersionSet::parse_published("< august 28", Some("2017-08-29T00:00:00Z"), false);
	check(&published, &["2017-08-27"], &["2017-08-28", "2018-01-01"]);
	let undated = VersionSet::parse_range("< august 28");
	assert!(
		matches!(&undated.versions, Versions::NotUnderstood { reason } if reason.contains("year"))
	);
}

#[test]
fn serial_numbers_compare_with_their_like_only() {
	let set = VersionSet::parse_range("< 012U000040");
	check(&set, &["012U000039"], &["012U000040", "012U000061"]);
	assert_eq!(set.contains("1.0"), None);
	assert_eq!(set.contains("L81"), None);
}

#[test]
fn a_model_name_is_compared_as_a_name() {
	let set = VersionSet::parse_version("Accu-Chek Inform II");
	check(&set, &["accu-chek inform ii"], &["1.0"]);
	let set = VersionSet::parse_version("MMT-512 / MMT-712 Paradigm x12");
	check(&set, &["MMT-512", "mmt712 paradigm x12"], &["MMT-513"]);
	check(&VersionSet::parse_version("2nd Edition"), &["2nd edition"], &["3rd edition"]);
}

#[test]
fn what_is_no_range_is_not_understood_and_says_why() {
	for text in [
		"whatever the vendor thought of",
		"",
		"n/a",
		"unknown",
		"and prior",
		"<",
		"before the update",
		"< Z.x",
		"1.0 before 2024-01-01",
	] {
		let set = VersionSet::parse_range(text);
		assert!(
			matches!(&set.versions, Versions::NotUnderstood { reason } if !reason.is_empty()),
			"{text}: {set:?}"
		);
		assert_eq!(set.contains("1.0"), None);
		assert_eq!(set.text, text);
	}
	assert!(!VersionSet::parse_range(&"<1.0 ".repeat(10_000)).is_understood());
}

#[test]
fn a_version_of_another_style_cannot_be_decided() {
	assert_eq!(VersionSet::parse_range("<= K").contains("3.2"), None);
	assert_eq!(VersionSet::parse_range("1.0 | K").contains("1.0"), Some(true));
	assert_eq!(VersionSet::parse_range("1.0 | K").contains("2.0"), None);
}

#[test]
fn a_version_in_a_products_name_is_found() {
	let split = |name| trailing_version(name).map(|(name, set)| (name, set.contains("8.0.2")));
	assert_eq!(split("IntelliSpace Portal 8.0.x"), Some(("IntelliSpace Portal", Some(true))));
	assert_eq!(split("Viewer version 8.0.2"), Some(("Viewer", Some(true))));
	assert_eq!(split("Alaris 8015"), None, "a bare number may be a model");
	assert_eq!(split("MX40"), None);
}

proptest::proptest! {
	#[test]
	fn no_text_makes_it_panic(text in "\\PC{0,40}", version in "\\PC{0,12}") {
		VersionSet::parse_range(&text).contains(&version);
		VersionSet::parse_version(&text).contains(&version);
		trailing_version(&text);
	}

	#[test]
	fn no_range_like_text_makes_it_panic(
		text in "([<>=|x.*+@/:%-]| |and|or|prior|to|firmware |\\(|\\)|vers:|on |é|[0-9A]){0,24}",
	) {
		VersionSet::parse_range(&text).contains("1.0");
		VersionSet::parse_published(&text, Some("2020-01-01"), true).contains("A");
	}

	#[test]
	fn the_limit_of_a_range_decides_membership(
		a in 0u32..20, b in 0u32..20, c in 0u32..20, d in 0u32..20,
	) {
		let version = format!("{a}.{b}");
		let limit = format!("{c}.{d}");
		let below = (a, b) < (c, d);
		let holds = |text: &str| VersionSet::parse_range(text).contains(&version);
		proptest::prop_assert_eq!(holds(&format!("< {limit}")), Some(below));
		proptest::prop_assert_eq!(holds(&format!(">= {limit}")), Some(!below));
		proptest::prop_assert_eq!(holds(&format!("prior to {limit}")), Some(below));
		proptest::prop_assert_eq!(
			holds(&format!("{limit} and prior")),
			Some(below || (a, b) == (c, d))
		);
	}
}
