//! When two names mean the same vendor or the same product.
//!
//! People, advisories, scanners and the CPE dictionary write names differently: `Becton, Dickinson and Company
//! (BD)` and `BD`, `IntelliVue MX40 Patient Worn Monitor (WLAN only)` and `IntelliVue MX40`,
//! `acuson_p300_firmware` and `ACUSON P300`. A product's name becomes a key: its words without those of the
//! vendor and without words that distinguish nothing. Products are the same if they share a key and their
//! vendors are not known to differ.

use std::borrow::Cow;

use crate::range::letters_and_digits;

/// Words that distinguish no product from another one of the same vendor.
const EMPTY_WORDS: [&str; 24] = [
	"software",
	"firmware",
	"toolkit",
	"application",
	"applications",
	"app",
	"system",
	"systems",
	"device",
	"devices",
	"product",
	"products",
	"family",
	"series",
	"version",
	"versions",
	"model",
	"models",
	"the",
	"for",
	"and",
	"of",
	"with",
	"project",
];
/// Words that describe a medical device. They distinguish nothing beside a model number.
const DEVICE_WORDS: [&str; 22] = [
	"patient",
	"monitor",
	"monitors",
	"pump",
	"pumps",
	"infusion",
	"syringe",
	"insulin",
	"wireless",
	"worn",
	"portable",
	"bedside",
	"programmer",
	"ventilator",
	"ventilators",
	"unit",
	"pc",
	"defibrillator",
	"ultrasound",
	"scanner",
	"medical",
	"module",
];
/// Legal forms and trades behind a vendor's name.
const CORPORATE_WORDS: [&str; 30] = [
	"inc",
	"incorporated",
	"ltd",
	"limited",
	"llc",
	"gmbh",
	"ag",
	"se",
	"sa",
	"bv",
	"nv",
	"kg",
	"co",
	"corp",
	"corporation",
	"company",
	"plc",
	"pty",
	"and",
	"the",
	"healthcare",
	"medical",
	"technologies",
	"technology",
	"laboratories",
	"systems",
	"software",
	"foundation",
	"project",
	"group",
];
/// Vendors that publish the same product under several names.
const SAME_VENDOR: &[&[&str]] = &[
	&["f5", "nginx", "igorsysoev"],
	&["orthancserver", "orthanc", "osimis", "uclouvain"],
	&["openbsd", "openssh"],
	&["offis", "dcmtk"],
	&["netsnmp", "netsnmpproject"],
	&["eclipse", "mosquitto"],
	&["oracle", "mysql", "sun"],
	&["bectondickinson", "bd", "carefusion"],
	&["stjude", "abbott"],
	&["hillrom", "welchallyn", "baxter"],
	&["nextgen", "mirth"],
	&["ge", "generalelectric", "gehealth"],
];
/// Products that are known under two names, as keys.
const SAME_PRODUCT: &[(&str, &str)] = &[
	("httpd", "http server"),
	("apache", "http server"),
	("apache2", "http server"),
	("core log4j", "log4j"),
	("connect mirth", "connect mirth"),
	("postgres", "postgresql"),
	("smbd", "samba"),
	("snmpd", "net snmp"),
];
/// Most names that one text with slashes is taken for.
const ALTERNATIVES: usize = 16;

/// Words of a name in lower case, cut at everything that is neither letter nor digit.
pub(crate) fn words(text: &str) -> Vec<String> {
	text.split(|c: char| !c.is_alphanumeric())
		.filter(|word| !word.is_empty())
		.map(str::to_lowercase)
		.collect()
}

/// A word without the `s` of a plural.
fn singular(word: &str) -> &str {
	let stem = word.strip_suffix('s').filter(|stem| stem.len() >= 4);
	stem.filter(|stem| !stem.ends_with(['s', 'u', 'i'])).unwrap_or(word)
}

fn without_parentheses(text: &str) -> String {
	let mut depth = 0_usize;
	let kept: String = text
		.chars()
		.filter(|c| match c {
			'(' => {
				depth += 1;
				false
			},
			')' => {
				depth = depth.saturating_sub(1);
				false
			},
			_ => depth == 0,
		})
		.collect();
	if kept.trim().is_empty() {
		text.to_owned()
	} else {
		kept
	}
}

/// A product's name without the processors it is for, as Microsoft writes them: `Windows 7 for x64-based Systems`, with a
/// service pack behind it or before it.
fn without_architecture(name: &str) -> Cow<'_, str> {
	let lower = name.to_ascii_lowercase();
	let found =
		["32-bit", "x64-based", "arm64-based", "itanium-based"].iter().find_map(|processor| {
			let words = format!(" for {processor} systems");
			lower.find(&words).map(|at| (at, at + words.len()))
		});
	match found {
		Some((from, to)) => Cow::Owned(format!("{}{}", &name[..from], &name[to..])),
		None => Cow::Borrowed(name),
	}
}

/// The keys of a product. `vendor` may be empty.
pub(crate) fn product_keys(vendor: &str, product: &str) -> Vec<String> {
	let vendor_words = vendor_words(vendor);
	let mut keys = Vec::new();
	for name in alternatives(&without_architecture(&without_parentheses(product))) {
		let all = words(&name);
		let own: Vec<&String> = all.iter().filter(|word| !vendor_words.contains(word)).collect();
		let own = if own.is_empty() { all.iter().collect() } else { own };
		add_keys(&own, &mut keys);
		// Somebody who does not name the vendor apart may write it into the product's name.
		if !vendor.is_empty() {
			let mut joined: Vec<String> = words(vendor);
			joined.extend(all.iter().cloned());
			joined.dedup();
			if joined.len() <= 8 {
				add_keys(&joined.iter().collect::<Vec<_>>(), &mut keys);
			}
		}
	}
	keys.sort();
	keys.dedup();
	keys
}

fn vendor_words(vendor: &str) -> Vec<String> {
	let mut all = words(vendor);
	all.retain(|word| !matches!(word.as_str(), "and" | "the" | "of"));
	// The vendor's other names are no part of a product's name either.
	let forms = vendor_forms(vendor);
	let others =
		SAME_VENDOR.iter().filter(|names| forms.iter().any(|f| names.contains(&f.as_str())));
	all.extend(others.copied().flatten().map(|name| (*name).to_owned()));
	all
}

fn add_keys(words: &[&String], keys: &mut Vec<String>) {
	let key = |empty: &[&str]| {
		let mut kept: Vec<&str> = words
			.iter()
			.map(|word| word.as_str())
			.filter(|word| !EMPTY_WORDS.contains(word) && !empty.contains(word))
			.collect();
		kept.iter_mut().for_each(|word| *word = singular(word));
		kept.sort_unstable();
		kept.dedup();
		kept.join(" ")
	};
	let plain = key(&[]);
	let plain = if plain.is_empty() {
		words.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(" ")
	} else {
		plain
	};
	let numbered = |key: &str| {
		key.split(' ').any(|word| word.len() >= 3 && word.chars().any(|c| c.is_ascii_digit()))
	};
	let model = key(&DEVICE_WORDS);
	if model != plain && numbered(&model) {
		keys.push(model);
	}
	if let Some((_, name)) = SAME_PRODUCT.iter().find(|(other, _)| *other == plain) {
		keys.push((*name).to_owned());
	}
	keys.push(plain);
}

/// `FM20/FM30` is two names, `MX800/700` is `MX800` and `MX700`; the whole is a name as well (`PET/CT`).
fn alternatives(name: &str) -> Vec<String> {
	let mut out = vec![name.to_owned()];
	let pieces: Vec<&str> = name.split_whitespace().collect();
	let Some(at) = pieces.iter().position(|piece| piece.trim_matches('/').contains('/')) else {
		return out;
	};
	let parts: Vec<&str> = pieces[at].split('/').filter(|part| !part.is_empty()).collect();
	let letters: String =
		parts.first().map_or("", |p| p).chars().take_while(|c| c.is_alphabetic()).collect();
	for part in parts.iter().take(ALTERNATIVES) {
		let digits_only = part.chars().all(|c| c.is_ascii_digit());
		let full = if digits_only && !letters.is_empty() {
			format!("{letters}{part}")
		} else {
			(*part).to_owned()
		};
		let mut words: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
		words[at] = full;
		out.push(words.join(" "));
	}
	out
}

/// Whether two vendors are the same.
pub(crate) fn same_vendor(a: &str, b: &str) -> bool {
	let (forms_a, forms_b) = (vendor_forms(a), vendor_forms(b));
	forms_a.iter().any(|a| {
		forms_b.iter().any(|b| {
			a == b
				|| SAME_VENDOR.iter().any(|n| n.contains(&a.as_str()) && n.contains(&b.as_str()))
				|| is_prefix(a, b)
				|| is_prefix(b, a)
				|| is_typo(a, b)
		})
	})
}

/// Whether the longer name goes on after all of the shorter one (`bbraun`, `bbraunmelsungen`).
fn is_prefix(shorter: &str, longer: &str) -> bool {
	shorter.len() >= 5 && longer.starts_with(shorter)
}

/// One letter doubled, missing or wrong in a name of at least seven letters (`Phillips`).
fn is_typo(a: &str, b: &str) -> bool {
	let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
	if short.len() < 7 || long.len() - short.len() > 1 {
		return false;
	}
	let head = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
	let tail = short.bytes().rev().zip(long.bytes().rev()).take_while(|(a, b)| a == b).count();
	head + tail + 1 >= long.len()
}

/// The vendor's name without legal form, and the short form in parentheses.
fn vendor_forms(name: &str) -> Vec<String> {
	let mut forms = vec![letters_and_digits(name)];
	let outside = words(&without_parentheses(name));
	let core: String =
		outside.iter().filter(|word| !CORPORATE_WORDS.contains(&word.as_str())).cloned().collect();
	if !core.is_empty() {
		forms.push(core);
	}
	if let Some((_, rest)) = name.split_once('(') {
		forms.push(letters_and_digits(rest.split(')').next().unwrap_or_default()));
	}
	forms.retain(|form| !form.is_empty());
	forms
}

/// Families of operating systems, as far as conditions tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemFamily {
	Windows,
	Linux,
	Apple,
	Android,
}

impl SystemFamily {
	/// The family that a name belongs to.
	pub(crate) fn of(name: &str) -> Option<Self> {
		const LINUX: [&str; 14] = [
			"linux",
			"debian",
			"ubuntu",
			"redhat",
			"rhel",
			"centos",
			"fedora",
			"suse",
			"opensuse",
			"sles",
			"alpine",
			"rocky",
			"almalinux",
			"kernel",
		];
		const APPLE: [&str; 5] = ["macos", "mac", "ios", "ipados", "iphone"];
		let words = words(name);
		let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
		if has(&["android"]) {
			Some(Self::Android)
		} else if words.iter().any(|word| word.starts_with("windows")) {
			Some(Self::Windows)
		} else if has(&LINUX) {
			Some(Self::Linux)
		} else if has(&APPLE) {
			Some(Self::Apple)
		} else {
			None
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn same_product(a: (&str, &str), b: (&str, &str)) -> bool {
		let keys = product_keys(a.0, a.1);
		product_keys(b.0, b.1).iter().any(|key| keys.contains(key))
	}

	#[test]
	fn one_product_under_several_names_is_one() {
		for (a, b) in [
			(
				("Philips", "IntelliVue MX40"),
				("Philips", "IntelliVue MX40 Patient Worn Monitor (WLAN only)"),
			),
			(("Siemens", "ACUSON P300"), ("siemens", "acuson_p300_firmware")),
			(
				("BD", "BD Pyxis MedStation ES"),
				("Becton, Dickinson and Company (BD)", "Pyxis MedStation ES"),
			),
			(("", "MicroDicom DICOM Viewer"), ("MicroDicom", "DICOM Viewer")),
			(
				("Philips", "Avalon Fetal/Maternal Monitors FM30"),
				("Philips", "Avalon Fetal/Maternal Monitors FM30"),
			),
			(("Abbott", "Assurity"), ("Abbott Laboratories", "Assurity/Allure")),
			(("", "openssh"), ("openbsd", "openssh")),
			(("net-snmp", "net-snmp"), ("net-snmp", "Net-SNMP")),
			(("apache", "apache"), ("apache", "http_server")),
		] {
			assert!(
				same_product(a, b),
				"{a:?} and {b:?}: {:?} {:?}",
				product_keys(a.0, a.1),
				product_keys(b.0, b.1)
			);
		}
	}

	#[test]
	fn near_misses_are_different() {
		for (a, b) in [
			(("BD", "Pyxis MedStation ES"), ("BD", "Pyxis MedStation ES Server")),
			(("BD", "Pyxis MedStation 4000"), ("BD", "Pyxis MedStation ES")),
			(("Philips", "IntelliVue MX40"), ("Philips", "IntelliVue MX400")),
			(("Medtronic", "24950 MyCareLink Monitor"), ("Medtronic", "24952 MyCareLink Monitor")),
			(("apache", "tomcat"), ("apache", "http_server")),
			(("Baxter", "Sigma Spectrum"), ("Baxter", "Spectrum IQ")),
			(("openbsd", "openssh"), ("openbsd", "openbsd")),
		] {
			assert!(!same_product(a, b), "{a:?} and {b:?}");
		}
	}

	#[test]
	fn vendors_are_compared_without_legal_form() {
		for (a, b) in [
			("BD", "Becton, Dickinson and Company (BD)"),
			("Becton Dickinson", "Becton, Dickinson and Company (BD)"),
			("Phillips", "Philips"),
			("GE Healthcare", "GE"),
			("B. Braun", "B. Braun Melsungen AG"),
			("Natus", "Natus Medical, Inc. (Natus)"),
			("orthanc-server", "Orthanc"),
			("openbsd", "OpenSSH"),
		] {
			assert!(same_vendor(a, b), "{a} and {b}");
		}
		for (a, b) in
			[("Acme", "OpenBSD"), ("GE", "Roche"), ("Philips", "Siemens"), ("BD", "B. Braun")]
		{
			assert!(!same_vendor(a, b), "{a} and {b}");
		}
	}

	proptest::proptest! {
		#[test]
		fn no_name_makes_it_panic(a in "\\PC{0,30}", b in "[A-Za-z0-9/ ()é]{0,30}") {
			product_keys(&a, &b);
			product_keys(&b, &a);
			same_vendor(&a, &b);
		}
	}
}
