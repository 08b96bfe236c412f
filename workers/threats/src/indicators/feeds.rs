//! Feeds and warning lists as others write them: STIX 2.1 bundles, MISP events, lists of lines.

use std::{fs, io, path::Path};

use chrono::DateTime;
use curex_primitives::Moment;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::Value;

use super::{kind_of, IndicatorError, IndicatorKind, Indicators, LIFETIME};

/// Folder of warning lists within the folder of the feeds.
const WARNINGS: &str = "warnings";

/// Characters that separate the fields of a line, of which the first that is known counts.
const SEPARATORS: [char; 5] = [',', ';', '\t', ' ', '|'];

/// Where indicators were read.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
	/// How it is called.
	pub name: &'a str,
	/// When it was fetched: what has no expiry of its own counts for 90 days from then.
	pub fetched: Moment,
}

/// A warning list of MISP.
#[derive(Deserialize)]
struct WarningList {
	list: Vec<String>,
}

#[derive(Deserialize)]
struct StixObject {
	id: Option<String>,
	pattern: Option<String>,
	pattern_type: Option<String>,
	valid_from: Option<String>,
	valid_until: Option<String>,
	#[serde(default)]
	revoked: bool,
}

#[derive(Deserialize)]
struct MispEvent {
	uuid: Option<String>,
	#[serde(rename = "Attribute", default)]
	attributes: Vec<MispAttribute>,
	#[serde(rename = "Object", default)]
	objects: Vec<MispObject>,
}

/// What belongs together, for instance a file with its hashes.
#[derive(Deserialize)]
struct MispObject {
	#[serde(rename = "Attribute", default)]
	attributes: Vec<MispAttribute>,
}

#[derive(Deserialize)]
struct MispAttribute {
	#[serde(rename = "type")]
	kind: String,
	value: String,
	#[serde(default)]
	to_ids: bool,
	#[serde(default)]
	deleted: bool,
}

impl Indicators {
	/// Reads every file of a folder: JSON is STIX or MISP, anything else a list. Those in its folder `warnings`
	/// are warning lists, of MISP or plain. A feed was fetched when its file was last changed. Returns why files could not
	/// be read; the others count.
	///
	/// # Errors
	/// What the system says of the folder.
	pub fn load(folder: &Path, now: Moment) -> io::Result<(Self, Vec<String>)> {
		let (mut indicators, mut reasons) = (Self::default(), Vec::new());
		let warnings = folder.join(WARNINGS);
		let mut lists = if warnings.is_dir() { files(&warnings)? } else { Vec::new() };
		let first = lists.len();
		lists.extend(files(folder)?);
		for (place, path) in lists.into_iter().enumerate() {
			let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
			let read = fs::read_to_string(&path).map_err(|error| fault(&name, &error));
			let read = read.and_then(|text| match place < first {
				true => indicators.read_warnings(&name, &text),
				false => {
					let feed =
						Feed { name: &name, fetched: changed(&path).unwrap_or(now).min(now) };
					indicators.read_feed(&feed, &text, now)
				},
			});
			reasons.extend(read.err().map(|error| error.to_string()));
		}
		Ok((indicators, reasons))
	}

	pub(super) fn read_warnings(&mut self, name: &str, text: &str) -> Result<(), IndicatorError> {
		let text = content(text);
		if text.starts_with('{') {
			let found: WarningList =
				serde_json::from_str(text).map_err(|error| fault(name, &error))?;
			self.warn_of(found.list);
		} else {
			self.warn_of(text.lines().filter_map(entry).map(String::from));
		}
		Ok(())
	}

	fn read_feed(&mut self, feed: &Feed, text: &str, now: Moment) -> Result<(), IndicatorError> {
		let text = content(text);
		if !text.starts_with(['{', '[']) {
			self.read_list(feed, text, now);
			return Ok(());
		}
		let held: Value = serde_json::from_str(text).map_err(|error| fault(feed.name, &error))?;
		match events(&held).is_empty() {
			false => self.read_misp(feed, text, now),
			true => self.read_stix(feed, text, now),
		}
	}

	/// Reads a STIX 2.1 bundle, or what a TAXII server answers: indicators whose pattern compares one value for equality,
	/// or an address with a network, joined by OR. Other patterns are counted as refused.
	///
	/// # Errors
	/// [`IndicatorError`] if it is no bundle.
	pub fn read_stix(
		&mut self,
		feed: &Feed,
		text: &str,
		now: Moment,
	) -> Result<(), IndicatorError> {
		let neither = || IndicatorError {
			feed: feed.name.into(),
			reason: "it holds neither `objects` of STIX nor an `Event` of MISP".into(),
		};
		let mut held: Value =
			serde_json::from_str(content(text)).map_err(|error| fault(feed.name, &error))?;
		let objects = held.get_mut("objects").map(Value::take).unwrap_or(held);
		let Value::Array(objects) = objects else { return Err(neither()) };
		for object in objects {
			if object.get("type").is_none() {
				return Err(neither());
			}
			if object["type"] != "indicator" {
				continue;
			}
			match serde_json::from_value(object) {
				Ok(object) => self.read_indicator(feed, object, now),
				Err(_) => self.refuse("an indicator that is not in the form of STIX 2.1"),
			}
		}
		Ok(())
	}

	fn read_indicator(&mut self, feed: &Feed, object: StixObject, now: Moment) {
		let StixObject { id, pattern, pattern_type, valid_from, valid_until, revoked } = object;
		if revoked || pattern_type.is_some_and(|kind| kind != "stix") {
			return self.refuse("revoked or of another pattern language");
		}
		let Some(found) = pattern.as_deref().and_then(comparisons) else {
			return self.refuse("a pattern of more than equalities");
		};
		let from = valid_from.map_or(Some(0), |from| moment(&from));
		let lifetime = feed.fetched.saturating_add(LIFETIME);
		let until = valid_until.map_or(Some(lifetime), |until| moment(&until));
		let (Some(from), Some(expires)) = (from, until) else {
			return self.refuse("a validity that is no time");
		};
		if from > now {
			return self.refuse("not yet valid");
		}
		let source = format!("{} {}", feed.name, id.unwrap_or_default());
		for value in found {
			match value {
				Compared::Value(kind, value) => self.add(kind, &value, &source, expires, now),
				Compared::Network(network) => self.add_network(network, &source, expires, now),
			}
		}
	}

	/// Reads a MISP event, or several as MISP's search and its feeds write them: attributes meant for detection, those of
	/// objects among them.
	///
	/// # Errors
	/// [`IndicatorError`] if it is no event.
	pub fn read_misp(
		&mut self,
		feed: &Feed,
		text: &str,
		now: Moment,
	) -> Result<(), IndicatorError> {
		let held: Value =
			serde_json::from_str(content(text)).map_err(|error| fault(feed.name, &error))?;
		let events = events(&held);
		if events.is_empty() {
			return Err(IndicatorError {
				feed: feed.name.into(),
				reason: "it holds no `Event` of MISP".into(),
			});
		}
		for event in events {
			let event = MispEvent::deserialize(event).map_err(|error| fault(feed.name, &error))?;
			let source = format!("{} {}", feed.name, event.uuid.unwrap_or_default());
			let of_objects = event.objects.into_iter().flat_map(|object| object.attributes);
			let attributes = event.attributes.into_iter().chain(of_objects);
			for attribute in attributes.filter(|attribute| attribute.to_ids && !attribute.deleted) {
				self.read_attribute(feed, &attribute, &source, now);
			}
		}
		Ok(())
	}

	/// An attribute, or each part of a composite one (`domain|ip`, `filename|sha256`).
	fn read_attribute(
		&mut self,
		feed: &Feed,
		attribute: &MispAttribute,
		source: &str,
		now: Moment,
	) {
		let expires = feed.fetched.saturating_add(LIFETIME);
		let mut known = false;
		for (kind, value) in attribute.kind.split('|').zip(attribute.value.split('|')) {
			let kind = match kind {
				"ip-src" | "ip-dst" | "ip" => IndicatorKind::Address,
				"domain" | "hostname" => IndicatorKind::Domain,
				"md5" | "sha1" | "sha256" => IndicatorKind::Hash,
				"url" => IndicatorKind::Url,
				_ => continue,
			};
			known = true;
			match value.trim().parse::<IpNet>() {
				Ok(network) if kind == IndicatorKind::Address => {
					self.add_network(network, source, expires, now);
				},
				_ => self.add(kind, value, source, expires, now),
			}
		}
		if !known {
			self.refuse("an attribute of another type");
		}
	}

	/// Reads a list: an address, network, domain, hash or URL a line, or in a field of it; `#` begins a comment. What was
	/// written so that nobody follows it (`hxxp://bad[.]example`) is read as what is meant.
	pub fn read_list(&mut self, feed: &Feed, text: &str, now: Moment) {
		let expires = feed.fetched.saturating_add(LIFETIME);
		for line in content(text).lines().filter_map(entry) {
			let line = meant(line);
			let fields = line.split(SEPARATORS).map(|field| field.trim_matches(['"', '\'']));
			let mut found = fields.filter_map(|field| {
				let network = field.parse::<IpNet>().ok().map(Compared::Network);
				network.or_else(|| {
					// A host with its port.
					let host =
						field.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
					let known = |value: &str| Some((kind_of(value)?, value.to_owned()));
					let (kind, value) = known(field).or_else(|| known(host?.0))?;
					Some(Compared::Value(kind, value))
				})
			});
			match found.next() {
				Some(Compared::Value(kind, value)) => {
					self.add(kind, &value, feed.name, expires, now);
				},
				Some(Compared::Network(network)) => {
					self.add_network(network, feed.name, expires, now);
				},
				None => self.refuse("a line of no known kind"),
			}
		}
	}
}

/// The MISP events in a file: one, those of a search's `response`, or a list; what else it may be has none.
fn events(held: &Value) -> Vec<&Value> {
	let of = |value: &'_ Value| value.get("Event").is_some();
	let list = held.get("response").unwrap_or(held).as_array();
	match list {
		Some(list) => list.iter().filter(|one| of(one)).map(|one| &one["Event"]).collect(),
		None => held.get("Event").into_iter().collect(),
	}
}

/// The files of a folder by name.
fn files(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
	let entries = folder.read_dir()?.map(|entry| Ok(entry?.path()));
	let mut files = entries.collect::<io::Result<Vec<_>>>()?;
	files.retain(|path| path.is_file());
	files.sort();
	Ok(files)
}

/// When a file was last changed.
fn changed(path: &Path) -> Option<Moment> {
	let changed = path.metadata().ok()?.modified().ok()?;
	let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
	u64::try_from(since.as_millis()).ok()
}

/// The text behind a byte order mark and blanks.
fn content(text: &str) -> &str {
	text.trim_start_matches('\u{feff}').trim_start()
}

/// What a line of a list says; `#` begins a comment.
pub(super) fn entry(line: &str) -> Option<&str> {
	Some(line.split('#').next()?.trim()).filter(|entry| !entry.is_empty())
}

/// What is meant by a value that was written so that nobody follows it by mistake.
fn meant(text: &str) -> String {
	let text = text.replace("[.]", ".").replace("(.)", ".").replace("[:]", ":");
	match text.strip_prefix("hxxp") {
		Some(rest) => format!("http{rest}"),
		None => text,
	}
}

fn moment(text: &str) -> Option<Moment> {
	let at = DateTime::parse_from_rfc3339(text).ok()?;
	u64::try_from(at.timestamp_millis()).ok()
}

pub(super) fn fault(feed: &str, error: &dyn std::fmt::Display) -> IndicatorError {
	IndicatorError { feed: feed.into(), reason: error.to_string() }
}

/// What a pattern compares with.
enum Compared {
	Value(IndicatorKind, String),
	Network(IpNet),
}

/// The comparisons of a STIX pattern like `[a:value = 'x' OR ipv4-addr:value ISSUBSET '192.0.2.0/24']`.
fn comparisons(pattern: &str) -> Option<Vec<Compared>> {
	let mut found = Vec::new();
	for part in pattern.split(" OR ") {
		let part = part.trim().trim_matches(['[', ']', '(', ')']).trim();
		if part.contains(" AND ") || part.contains("FOLLOWEDBY") || part.contains("START ") {
			return None;
		}
		let (path, value) = part.split_once('=').or_else(|| part.split_once(" ISSUBSET "))?;
		let path = path.trim();
		let kind = match path {
			"ipv4-addr:value" | "ipv6-addr:value" => IndicatorKind::Address,
			"domain-name:value" => IndicatorKind::Domain,
			"url:value" => IndicatorKind::Url,
			_ if path.starts_with("file:hashes.") => IndicatorKind::Hash,
			_ => return None,
		};
		let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
		let value = value.replace("\\'", "'").replace("\\\\", "\\");
		found.push(match value.parse::<IpNet>() {
			Ok(network) if kind == IndicatorKind::Address => Compared::Network(network),
			_ => Compared::Value(kind, value),
		});
	}
	Some(found)
}

#[cfg(test)]
mod tests {
	use super::*;

	const NOW: Moment = 1_800_000_000_000;
	const FEED: Feed = Feed { name: "feed", fetched: NOW };

	fn finds(indicators: &Indicators, kind: IndicatorKind, value: &str) -> bool {
		indicators.find(kind, value, NOW).is_some()
	}

	#[test]
	fn a_list_is_read_in_the_forms_in_which_lists_are_written() {
		let mut indicators = Indicators::default();
		let list =
			"\u{feff}203.0.113.9\r\n198.51.100.7,malware\n\"bad.example\"\nworse[.]example\n\
			hxxps://evil.example/x\n192.0.2.77:443\n2026-03-01;44d88612fea8a8f36de82e1278abb02f\n\
			45.77.1.0/24 ; SBL1\n2001:db8:7::/48\n";
		indicators.read_list(&FEED, list, NOW);
		use IndicatorKind::{Address, Domain, Hash, Url};
		for (kind, value) in [
			(Address, "203.0.113.9"),
			(Address, "198.51.100.7"),
			(Domain, "www.bad.example"),
			(Domain, "worse.example"),
			(Url, "https://evil.example/x"),
			(Address, "192.0.2.77"),
			(Hash, "44D88612FEA8A8F36DE82E1278ABB02F"),
			(Address, "45.77.1.200"),
			(Address, "2001:db8:7:1::1"),
		] {
			assert!(finds(&indicators, kind, value), "{value}");
		}
		assert!(!finds(&indicators, Address, "45.77.2.1"));
		assert_eq!((indicators.len(), indicators.refused.len()), (9, 0));
		indicators.read_list(&FEED, "no words\n0.0.0.0/0\n-bad-.example,x y\n10.0.0.0/24\n", NOW);
		assert_eq!(indicators.len(), 9);
		assert_eq!(indicators.refused.values().sum::<u64>(), 4, "{:?}", indicators.refused);
	}

	#[test]
	fn objects_composites_and_answers_of_a_search_are_read_from_misp() {
		let mut indicators = Indicators::default();
		let misp = r#"{"response":[{"Event":{"uuid":"u","Attribute":[
			{"type":"ip-dst|port","value":"203.0.113.9|443","to_ids":true},
			{"type":"domain|ip","value":"bad.example|198.51.100.7","to_ids":true},
			{"type":"ip-dst","value":"198.51.100.8","to_ids":true,"deleted":true},
			{"type":"mutex","value":"m","to_ids":true}],
			"Object":[{"name":"file","Attribute":[{"type":"filename|md5",
			"value":"a.exe|44d88612fea8a8f36de82e1278abb02f","to_ids":true}]}]}}]}"#;
		indicators.read_feed(&FEED, misp, NOW).unwrap();
		assert_eq!((indicators.len(), indicators.refused.values().sum::<u64>()), (4, 1));
		assert!(finds(&indicators, IndicatorKind::Address, "198.51.100.7"));
		assert!(finds(&indicators, IndicatorKind::Hash, "44d88612fea8a8f36de82e1278abb02f"));
		assert!(!finds(&indicators, IndicatorKind::Address, "198.51.100.8"));
	}

	#[test]
	fn networks_are_read_from_stix_and_what_is_not_valid_now_is_refused() {
		let mut indicators = Indicators::default();
		let object = |pattern: &str, more: &str| {
			format!(
				r#"{{"type":"indicator","id":"i","pattern":"{pattern}","pattern_type":"stix"{more}}}"#
			)
		};
		let objects = [
			object("[ipv4-addr:value ISSUBSET '45.77.1.0/24']", ""),
			object("[ipv4-addr:value = '45.77.2.0/24' OR domain-name:value='bad.example']", ""),
			object("[domain-name:value = 'a.example']", r#","valid_until":"soon""#),
			object("[domain-name:value = 'b.example']", r#","valid_from":"2199-01-01T00:00:00Z""#),
			object("[domain-name:value = 'c.example'] START t'2026-01-01T00:00:00Z' STOP t'x'", ""),
			r#"{"type":"indicator","pattern":7}"#.into(),
			r#"{"type":"malware","name":"m"}"#.into(),
		];
		let text = format!(r#"{{"type":"bundle","objects":[{}]}}"#, objects.join(","));
		indicators.read_feed(&FEED, &text, NOW).unwrap();
		assert!(finds(&indicators, IndicatorKind::Address, "45.77.1.9"));
		assert!(finds(&indicators, IndicatorKind::Address, "45.77.2.9"));
		assert_eq!((indicators.len(), indicators.refused.values().sum::<u64>()), (3, 4));
		// A list of objects without a bundle.
		let mut alone = Indicators::default();
		alone.read_feed(&FEED, &format!("[{}]", objects[0]), NOW).unwrap();
		assert_eq!(alone.len(), 1);
		let neither = alone.read_feed(&FEED, r#"{"a":1}"#, NOW).unwrap_err().to_string();
		assert!(neither.contains("neither"), "{neither}");
	}

	#[test]
	fn what_has_no_expiry_counts_for_ninety_days_from_when_its_file_was_written() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("list.txt");
		fs::write(&path, "203.0.113.9\n").unwrap();
		let written = changed(&path).unwrap();
		let read = |now| Indicators::load(folder.path(), now).unwrap().0;
		assert_eq!(read(written).len(), 1);
		assert_eq!(read(written + LIFETIME - 1).len(), 1);
		let expired = read(written + LIFETIME);
		assert_eq!((expired.len(), expired.refused.get("expired")), (0, Some(&1)));
	}
}
