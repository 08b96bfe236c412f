//! Fingerprint databases in recog's XML format: patterns over banners that give vendor, product and version.
//!
//! Patterns are written for Ruby; those that use what this engine's linear-time expressions lack (look-around,
//! references to groups) are left out and counted.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use quick_xml::{
	events::{BytesStart, Event},
	Reader,
};
use regex::{Regex, RegexBuilder};

use crate::{error::Error, evidence, snapshot::Service};

/// Largest file that is read, bytes.
const FILE_BYTES: u64 = 16 << 20;
/// Largest compiled pattern, bytes.
const PATTERN_BYTES: usize = 1 << 20;
/// Most fingerprints that are kept.
const FINGERPRINTS: usize = 50_000;

/// Fingerprints by the field they are matched with, for example `ssh.banner`.
#[derive(Default)]
pub struct Fingerprints {
	by_field: BTreeMap<String, Field>,
}

#[derive(Default)]
struct Field {
	fingerprints: Vec<Fingerprint>,
	/// Compiled when first needed; `None` where a pattern cannot be.
	compiled: OnceLock<Vec<Option<Regex>>>,
}

#[derive(Default)]
struct Fingerprint {
	pattern: String,
	ignore_case: bool,
	/// Name, group (0 for a fixed value) and value.
	parameters: Vec<(String, usize, String)>,
}

/// What a fingerprint says, by names such as `service.product`.
pub type Facts = BTreeMap<String, String>;

impl Fingerprints {
	/// Reads every `.xml` file of a folder, in order of their names.
	///
	/// # Errors
	/// [`Error::Import`] names the first file that cannot be read.
	pub fn load(folder: &Path) -> Result<Self, Error> {
		let wrong = |path: &Path, reason: String| Error::Import {
			what: "a fingerprint database",
			reason: format!("{}: {reason}", path.display()),
		};
		let entries = fs::read_dir(folder).map_err(|error| wrong(folder, error.to_string()))?;
		let mut paths: Vec<_> = entries
			.filter_map(|entry| entry.ok().map(|entry| entry.path()))
			.filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
			.collect();
		paths.sort();
		let mut out = Self::default();
		for path in paths {
			let size = fs::metadata(&path).map_err(|e| wrong(&path, e.to_string()))?.len();
			if size > FILE_BYTES {
				return Err(wrong(&path, format!("it has {size} bytes, more than {FILE_BYTES}")));
			}
			let bytes = fs::read(&path).map_err(|e| wrong(&path, e.to_string()))?;
			out.add(&bytes).map_err(|reason| wrong(&path, reason))?;
		}
		Ok(out)
	}

	/// Adds one database.
	///
	/// # Errors
	/// What is wrong with the XML and where.
	pub fn add(&mut self, xml: &[u8]) -> Result<(), String> {
		let text = String::from_utf8_lossy(xml);
		let mut reader = Reader::from_str(&text);
		let mut field = String::new();
		let mut current: Option<Fingerprint> = None;
		loop {
			let at = reader.buffer_position();
			let event = reader.read_event().map_err(|error| format!("byte {at}: {error}"))?;
			match event {
				Event::Start(ref start) | Event::Empty(ref start) => match start.name().as_ref() {
					"fingerprints" => field = attribute(start, "matches").unwrap_or_default(),
					"fingerprint" => {
						current = Some(Fingerprint {
							pattern: attribute(start, "pattern").unwrap_or_default(),
							ignore_case: attribute(start, "flags")
								.is_some_and(|flags| flags.contains("ICASE")),
							parameters: Vec::new(),
						});
					},
					"param" => {
						if let Some(fingerprint) = &mut current {
							let name = attribute(start, "name").unwrap_or_default();
							let group = attribute(start, "pos").and_then(|pos| pos.parse().ok());
							let value = attribute(start, "value").unwrap_or_default();
							fingerprint.parameters.push((name, group.unwrap_or(0), value));
						}
					},
					_ => {},
				},
				Event::End(end) if end.name().as_ref() == "fingerprint" => {
					if let Some(fingerprint) = current.take() {
						if self.len() >= FINGERPRINTS {
							return Err(format!("more than {FINGERPRINTS} fingerprints"));
						}
						self.by_field
							.entry(field.clone())
							.or_default()
							.fingerprints
							.push(fingerprint);
					}
				},
				Event::Eof => return Ok(()),
				_ => {},
			}
		}
	}

	/// How many fingerprints there are.
	pub fn len(&self) -> usize {
		self.by_field.values().map(|field| field.fingerprints.len()).sum()
	}

	/// Whether there are none.
	pub fn is_empty(&self) -> bool {
		self.by_field.is_empty()
	}

	/// How many patterns cannot be used, for all fields. Compiles all of them.
	pub fn unusable(&self) -> usize {
		self.by_field.values().flat_map(Field::compiled).filter(|pattern| pattern.is_none()).count()
	}

	/// What the first fingerprint that fits says about a text.
	pub fn identify(&self, field: &str, text: &str) -> Option<Facts> {
		let field = self.by_field.get(field)?;
		for (fingerprint, pattern) in field.fingerprints.iter().zip(field.compiled()) {
			let Some(groups) = pattern.as_ref().and_then(|pattern| pattern.captures(text)) else {
				continue;
			};
			let mut facts = Facts::new();
			for (name, group, value) in &fingerprint.parameters {
				let value = match group {
					0 => value.clone(),
					group => groups.get(*group).map_or(String::new(), |m| m.as_str().to_owned()),
				};
				if !value.is_empty() {
					facts.insert(name.clone(), value);
				}
			}
			// `cpe:/a:openbsd:openssh:{service.version}`
			let plain = facts.clone();
			for value in facts.values_mut() {
				for (name, other) in &plain {
					*value = value.replace(&format!("{{{name}}}"), other);
				}
			}
			return Some(facts);
		}
		None
	}

	/// Fills in what a service does not know about itself.
	pub(crate) fn refine(&self, field: &str, text: &str, service: &mut Service) {
		// The database describes what stands behind the protocol's own prefix.
		let text = match field {
			"ssh.banner" => text.splitn(3, '-').nth(2).unwrap_or(text),
			"ftp.banner" | "smtp.banner" => text.trim_start_matches("220").trim_start(),
			_ => text,
		};
		let Some(facts) = self.identify(field, text) else { return };
		let fact = |name: &str| facts.get(name).and_then(|value| evidence::name(value));
		if service.product.is_none() {
			service.product = fact("service.product").map(|product| product.to_lowercase());
			service.vendor = fact("service.vendor").map(|vendor| vendor.to_lowercase());
			service.confidence = service.confidence.max(80);
		}
		if service.version.is_none() {
			service.version = fact("service.version");
		}
		if service.cpe23.is_none() {
			service.cpe23 = facts.get("service.cpe23").and_then(|cpe| formatted(cpe));
		}
	}
}

impl Field {
	fn compiled(&self) -> &[Option<Regex>] {
		self.compiled.get_or_init(|| {
			let compile = |fingerprint: &Fingerprint| {
				RegexBuilder::new(&fingerprint.pattern)
					.case_insensitive(fingerprint.ignore_case)
					.size_limit(PATTERN_BYTES)
					.build()
					.ok()
			};
			self.fingerprints.iter().map(compile).collect()
		})
	}
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
	let found = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
	let raw = found.value.into_owned();
	// Only the predefined entities and characters: nothing that a document defines is expanded.
	Some(quick_xml::escape::unescape(&raw).map_or(raw.clone(), |text| text.into_owned()))
}

/// A CPE in the older URI binding as a formatted string; `None` while a part of it is still open.
fn formatted(uri: &str) -> Option<String> {
	if uri.contains('{') {
		return None;
	}
	if uri.starts_with("cpe:2.3:") {
		return Some(uri.to_owned());
	}
	let mut parts: Vec<&str> =
		uri.strip_prefix("cpe:/")?.split(':').map(|p| if p.is_empty() { "*" } else { p }).collect();
	if parts.len() < 3 || parts.len() > 11 {
		return None;
	}
	parts.resize(11, "*");
	Some(format!("cpe:2.3:{}", parts.join(":")))
}

#[cfg(test)]
mod tests {
	use super::*;

	const DATABASE: &str = r#"<?xml version="1.0"?>
		<fingerprints matches="ssh.banner" protocol="ssh">
			<fingerprint pattern="^(?=impossible)">
				<param pos="0" name="service.product" value="never"/>
			</fingerprint>
			<fingerprint pattern="^RomSShell_([\d.]+)$" flags="REG_ICASE">
				<description>x &amp; y</description>
				<param pos="0" name="service.vendor" value="Allegro"/>
				<param pos="0" name="service.product" value="RomSShell"/>
				<param pos="1" name="service.version"/>
				<param pos="0" name="service.cpe23" value="cpe:/a:allegro:romsshell:{service.version}"/>
			</fingerprint>
		</fingerprints>"#;

	#[test]
	fn a_fingerprint_gives_product_version_and_cpe() {
		let mut fingerprints = Fingerprints::default();
		fingerprints.add(DATABASE.as_bytes()).expect("a database");
		assert_eq!((fingerprints.len(), fingerprints.unusable()), (2, 1));
		let facts = fingerprints.identify("ssh.banner", "romsshell_5.40").expect("it fits");
		assert_eq!(facts["service.version"], "5.40");
		assert_eq!(
			formatted(&facts["service.cpe23"]).as_deref(),
			Some("cpe:2.3:a:allegro:romsshell:5.40:*:*:*:*:*:*:*")
		);
		assert_eq!(fingerprints.identify("ssh.banner", "OpenSSH"), None);
	}

	#[test]
	fn a_bomb_of_entities_is_not_expanded() {
		let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
			<fingerprints matches="&b;&b;"><fingerprint pattern="&b;"></fingerprint></fingerprints>"#;
		let mut fingerprints = Fingerprints::default();
		fingerprints.add(bomb.as_bytes()).expect("it is XML");
		assert!(fingerprints.by_field.keys().all(|key| key.len() < 20));
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(text in "[<>/=\"'&;! a-z?-]{0,80}") {
			let _ = Fingerprints::default().add(text.as_bytes());
			let _ = Fingerprints::default().add(format!("<fingerprints matches=\"x\">{text}").as_bytes());
		}
	}
}
