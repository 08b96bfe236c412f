//! Indicators of threats that others know: STIX 2.1 patterns, MISP attributes, plain lists.

use std::{
	collections::{HashMap, HashSet},
	net::IpAddr,
};

use chrono::DateTime;
use curex_primitives::Moment;
use serde::Deserialize;

/// Days after which an indicator without an expiry of its own no longer counts.
const LIFETIME: Moment = 90 * 86_400_000;

/// What kind of thing an indicator names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndicatorKind {
	/// IPv4 or IPv6 address.
	Address,
	/// Domain name.
	Domain,
	/// SHA-256 or another hash of a file, in lower case.
	Hash,
	/// URL.
	Url,
}

/// Where an indicator comes from and how long it counts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Indicator {
	/// Feed, and the id within it if there is one.
	pub source: String,
	/// From when it counts no more.
	pub expires: Moment,
}

/// A set of indicators. Private, loopback and group addresses are never among them, nor what a
/// warning list names: a wrong indicator must not raise an alarm at every resolver.
#[derive(Clone, Debug, Default)]
pub struct Indicators {
	known: HashMap<(IndicatorKind, String), Indicator>,
	warnings: HashSet<String>,
	/// Entries that were read and not taken, by the reason.
	pub refused: HashMap<&'static str, u64>,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{feed} cannot be read: {reason}; fetch the feed again")]
pub struct IndicatorError {
	/// Name of the feed.
	pub feed: String,
	/// Why.
	pub reason: String,
}

#[derive(Deserialize)]
struct Bundle {
	objects: Vec<StixObject>,
}

#[derive(Deserialize)]
struct StixObject {
	#[serde(rename = "type")]
	kind: String,
	id: Option<String>,
	pattern: Option<String>,
	pattern_type: Option<String>,
	valid_until: Option<String>,
	#[serde(default)]
	revoked: bool,
}

#[derive(Deserialize)]
struct MispFile {
	#[serde(rename = "Event")]
	event: MispEvent,
}

#[derive(Deserialize)]
struct MispEvent {
	uuid: Option<String>,
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
}

impl Indicators {
	/// Names that are never taken as indicators (MISP's warning lists: public resolvers, large
	/// sites). To be set before feeds are read.
	pub fn warn_of(&mut self, names: impl IntoIterator<Item = String>) {
		self.warnings.extend(names.into_iter().map(|name| name.trim().to_ascii_lowercase()));
	}

	/// Reads a STIX 2.1 bundle: indicators whose pattern compares one value for equality, joined by
	/// OR. Other patterns are counted as refused.
	///
	/// # Errors
	/// [`IndicatorError`] if it is no bundle.
	pub fn read_stix(&mut self, feed: &str, text: &str, now: Moment) -> Result<(), IndicatorError> {
		let bundle: Bundle = serde_json::from_str(text).map_err(|error| fault(feed, &error))?;
		for object in bundle.objects.into_iter().filter(|object| object.kind == "indicator") {
			let Some(pattern) = object.pattern else { continue };
			if object.revoked || object.pattern_type.is_some_and(|kind| kind != "stix") {
				self.refuse("revoked or of another pattern language");
				continue;
			}
			let until = object.valid_until.and_then(|until| {
				let until = DateTime::parse_from_rfc3339(&until).ok()?;
				u64::try_from(until.timestamp_millis()).ok()
			});
			let expires = until.unwrap_or(now.saturating_add(LIFETIME));
			let source = format!("{feed} {}", object.id.unwrap_or_default());
			match comparisons(&pattern) {
				Some(found) => {
					for (kind, value) in found {
						self.add(kind, &value, &source, expires, now);
					}
				},
				None => self.refuse("a pattern of more than equalities"),
			}
		}
		Ok(())
	}

	/// Reads a MISP event: attributes meant for detection.
	///
	/// # Errors
	/// [`IndicatorError`] if it is no event.
	pub fn read_misp(&mut self, feed: &str, text: &str, now: Moment) -> Result<(), IndicatorError> {
		let file: MispFile = serde_json::from_str(text).map_err(|error| fault(feed, &error))?;
		let source = format!("{feed} {}", file.event.uuid.unwrap_or_default());
		for attribute in file.event.attributes.into_iter().filter(|attribute| attribute.to_ids) {
			let kind = match attribute.kind.as_str() {
				"ip-src" | "ip-dst" => IndicatorKind::Address,
				"domain" | "hostname" => IndicatorKind::Domain,
				"md5" | "sha1" | "sha256" => IndicatorKind::Hash,
				"url" => IndicatorKind::Url,
				_ => {
					self.refuse("an attribute of another type");
					continue;
				},
			};
			self.add(kind, &attribute.value, &source, now.saturating_add(LIFETIME), now);
		}
		Ok(())
	}

	/// Reads a plain list: an address, domain, hash or URL a line, `#` begins a comment.
	pub fn read_list(&mut self, feed: &str, text: &str, now: Moment) {
		for line in text.lines() {
			let value = line.split('#').next().unwrap_or_default().trim();
			if value.is_empty() {
				continue;
			}
			let hexadecimal = value.bytes().all(|byte| byte.is_ascii_hexdigit());
			let kind = if value.parse::<IpAddr>().is_ok() {
				IndicatorKind::Address
			} else if value.contains("://") {
				IndicatorKind::Url
			} else if hexadecimal && matches!(value.len(), 32 | 40 | 64) {
				IndicatorKind::Hash
			} else if value.contains('.') && !value.contains(char::is_whitespace) {
				IndicatorKind::Domain
			} else {
				self.refuse("a line of no known kind");
				continue;
			};
			self.add(kind, value, feed, now.saturating_add(LIFETIME), now);
		}
	}

	fn refuse(&mut self, reason: &'static str) {
		*self.refused.entry(reason).or_default() += 1;
	}

	fn add(
		&mut self,
		kind: IndicatorKind,
		value: &str,
		source: &str,
		expires: Moment,
		now: Moment,
	) {
		let value = canonical(kind, value);
		if expires <= now {
			return self.refuse("expired");
		}
		if self.warnings.contains(&value) {
			return self.refuse("on a warning list");
		}
		if kind == IndicatorKind::Address {
			match value.parse::<IpAddr>() {
				Ok(address) if is_public(address) => {},
				Ok(_) => return self.refuse("a private address"),
				Err(_) => return self.refuse("no address"),
			}
		}
		let indicator = Indicator { source: source.trim().into(), expires };
		let known = self.known.entry((kind, value)).or_insert_with(|| indicator.clone());
		if known.expires < indicator.expires {
			*known = indicator;
		}
	}

	/// The indicator that names a value and still counts. A domain is named by its parents too.
	pub fn find(&self, kind: IndicatorKind, value: &str, now: Moment) -> Option<&Indicator> {
		let value = canonical(kind, value);
		let mut rest = value.as_str();
		loop {
			let found = self.known.get(&(kind, rest.to_string()));
			if let Some(indicator) = found.filter(|indicator| indicator.expires > now) {
				return Some(indicator);
			}
			rest = match rest.split_once('.') {
				Some((_, parent)) if kind == IndicatorKind::Domain && parent.contains('.') => {
					parent
				},
				_ => return None,
			};
		}
	}

	/// Removes what has expired.
	pub fn expire(&mut self, now: Moment) {
		self.known.retain(|_, indicator| indicator.expires > now);
	}

	/// How many there are.
	pub fn len(&self) -> usize {
		self.known.len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.known.is_empty()
	}
}

fn fault(feed: &str, error: &serde_json::Error) -> IndicatorError {
	IndicatorError { feed: feed.into(), reason: error.to_string() }
}

fn canonical(kind: IndicatorKind, value: &str) -> String {
	let value = value.trim();
	match kind {
		IndicatorKind::Url => value.into(),
		IndicatorKind::Address => {
			value.parse::<IpAddr>().map_or_else(|_| value.into(), |address| address.to_string())
		},
		_ => value.trim_end_matches('.').to_ascii_lowercase(),
	}
}

/// Whether an address may be shared and watched for: not private, loopback, link-local, group or
/// unspecified.
pub fn is_public(address: IpAddr) -> bool {
	match address {
		IpAddr::V4(v4) => {
			let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
			!(v4.is_private()
				|| v4.is_loopback()
				|| v4.is_link_local()
				|| v4.is_multicast()
				|| v4.is_unspecified()
				|| v4.is_broadcast()
				|| shared)
		},
		IpAddr::V6(v6) => {
			!(v6.is_loopback()
				|| v6.is_multicast()
				|| v6.is_unspecified()
				|| v6.is_unique_local()
				|| v6.is_unicast_link_local())
		},
	}
}

/// The equalities of a STIX pattern like `[a:value = 'x' OR b:value = 'y']`.
fn comparisons(pattern: &str) -> Option<Vec<(IndicatorKind, String)>> {
	let mut found = Vec::new();
	for part in pattern.split(" OR ") {
		let part = part.trim().trim_matches(['[', ']', '(', ')']);
		if part.contains(" AND ") || part.contains("FOLLOWEDBY") {
			return None;
		}
		let (path, value) = part.split_once('=')?;
		let path = path.trim();
		let kind = match path {
			"ipv4-addr:value" | "ipv6-addr:value" => IndicatorKind::Address,
			"domain-name:value" => IndicatorKind::Domain,
			"url:value" => IndicatorKind::Url,
			_ if path.starts_with("file:hashes.") => IndicatorKind::Hash,
			_ => return None,
		};
		let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
		found.push((kind, value.replace("\\'", "'")));
	}
	Some(found)
}

#[cfg(test)]
mod tests {
	use super::*;

	const NOW: Moment = 1_800_000_000_000;

	#[test]
	fn the_three_kinds_of_feed_are_found_until_they_expire() {
		let mut indicators = Indicators::default();
		let stix = r#"{"type":"bundle","objects":[{"type":"indicator","id":"indicator--1",
			"pattern_type":"stix","valid_until":"2027-02-01T00:00:00Z",
			"pattern":"[ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'Bad.example']"}]}"#;
		indicators.read_stix("cert", stix, NOW).unwrap();
		let misp = r#"{"Event":{"uuid":"u","Attribute":[
			{"type":"ip-dst","value":"198.51.100.7","to_ids":true},
			{"type":"ip-dst","value":"198.51.100.8","to_ids":false}]}}"#;
		indicators.read_misp("misp", misp, NOW).unwrap();
		indicators.read_list("list", "# comment\n192.0.2.4 # scanner\n", NOW);
		let find = |value, now| indicators.find(IndicatorKind::Address, value, now).is_some();
		assert!(find("203.0.113.9", NOW) && find("198.51.100.7", NOW) && find("192.0.2.4", NOW));
		assert!(!find("198.51.100.8", NOW));
		assert!(!find("192.0.2.4", NOW + LIFETIME + 1));
		assert!(indicators.find(IndicatorKind::Domain, "www.bad.example.", NOW).is_some());
		assert!(indicators.find(IndicatorKind::Domain, "example", NOW).is_none());
	}

	#[test]
	fn private_addresses_and_names_on_a_warning_list_are_refused() {
		let mut indicators = Indicators::default();
		indicators.warn_of(["9.9.9.9".to_string()]);
		indicators.read_list("list", "10.0.0.1\n9.9.9.9\n100.64.1.1\nfe80::1\n203.0.113.1", NOW);
		assert_eq!(indicators.len(), 1);
		assert_eq!(indicators.refused["a private address"], 3);
		assert_eq!(indicators.refused["on a warning list"], 1);
	}

	#[test]
	fn an_expired_indicator_and_a_compound_pattern_are_counted_as_refused() {
		let mut indicators = Indicators::default();
		let stix = r#"{"objects":[
			{"type":"indicator","pattern":"[url:value = 'http://x']","valid_until":"2020-01-01T00:00:00Z"},
			{"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.9' AND x:y = 'z']"}]}"#;
		indicators.read_stix("cert", stix, NOW).unwrap();
		assert!(indicators.is_empty());
		assert_eq!(indicators.refused.values().sum::<u64>(), 2);
		assert!(indicators.read_stix("cert", "no json", NOW).is_err());
	}
}
