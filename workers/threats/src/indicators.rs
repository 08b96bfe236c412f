//! Indicators of threats that others know: STIX 2.1 patterns, MISP attributes, plain lists, and the keyed digests
//! that members of the consortium share.
//!
//! A digest is HMAC-SHA-256 (RFC 2104) under a key that the members hold and the ledger does not, over the kind and
//! the value in one form: whoever meets the same thing recognises it, and nobody can try all addresses without the
//! key.

use std::{
	collections::{HashMap, HashSet},
	fs, io,
	net::IpAddr,
	path::Path,
};

use chrono::DateTime;
use curex_primitives::Moment;
use hmac::{Hmac, Mac};
use ipnet::IpNet;
use serde::Deserialize;
use sha2::Sha256;

use crate::event::{Event, Notice};

/// Days after which an indicator without an expiry of its own no longer counts.
const LIFETIME: Moment = 90 * 86_400_000;

/// Separates these digests from everything else made with the key.
const DIGEST_CONTEXT: &[u8] = b"curex/indicator/1";

/// Folder of warning lists within the folder of the feeds.
const WARNINGS: &str = "warnings";

/// Where a shared indicator comes from: the ledger's record names no reporter to those who only match it.
const SHARED: &str = "a member of the consortium";

/// Contact with a host that is known to be used by attackers (ATT&CK Enterprise).
const COMMAND_AND_CONTROL: &str = "T1071";

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
	/// Networks on warning lists, apart from each other, ascending.
	warned_networks: Vec<IpNet>,
	shared: HashMap<[u8; 32], Indicator>,
	/// The key of the shared ones, ready to be used.
	key: Option<Hmac<Sha256>>,
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

/// A warning list of MISP.
#[derive(Deserialize)]
struct WarningList {
	list: Vec<String>,
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
	/// Reads every file of a folder: JSON is STIX or MISP, anything else a plain list. Those in its folder `warnings`
	/// are warning lists, of MISP or plain. Returns why files could not be read; the others count.
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
				false => indicators.read_feed(&name, &text, now),
			});
			reasons.extend(read.err().map(|error| error.to_string()));
		}
		Ok((indicators, reasons))
	}

	fn read_warnings(&mut self, name: &str, text: &str) -> Result<(), IndicatorError> {
		if text.trim_start().starts_with('{') {
			let found: WarningList =
				serde_json::from_str(text).map_err(|error| fault(name, &error))?;
			self.warn_of(found.list);
		} else {
			self.warn_of(text.lines().filter_map(entry).map(String::from));
		}
		Ok(())
	}

	fn read_feed(&mut self, name: &str, text: &str, now: Moment) -> Result<(), IndicatorError> {
		if !text.trim_start().starts_with('{') {
			self.read_list(name, text, now);
			return Ok(());
		}
		let held: serde_json::Value =
			serde_json::from_str(text).map_err(|error| fault(name, &error))?;
		match held.get("Event") {
			Some(_) => self.read_misp(name, text, now),
			None => self.read_stix(name, text, now),
		}
	}

	/// Reads what members share: a line is the digest in hexadecimal and, behind a space, the millisecond since 1970
	/// at which it counts no more. Replaces those that were read before.
	///
	/// # Errors
	/// [`IndicatorError`] for the first line that is none.
	pub fn read_shared(
		&mut self,
		key: &[u8],
		text: &str,
		now: Moment,
	) -> Result<(), IndicatorError> {
		let mut shared = HashMap::new();
		for (place, line) in text.lines().enumerate() {
			let Some(line) = entry(line) else { continue };
			let read = line.split_once(' ').and_then(|(digest, expires)| {
				Some((digest_from(digest)?, expires.trim().parse::<Moment>().ok()?))
			});
			let (digest, expires) = read.ok_or_else(|| IndicatorError {
				feed: SHARED.into(),
				reason: format!("line {} is no digest with its expiry", place + 1),
			})?;
			if expires > now {
				shared.insert(digest, Indicator { source: SHARED.into(), expires });
			}
		}
		self.shared = shared;
		self.key = Some(keyed(key));
		Ok(())
	}

	/// The digest under which a value may be shared.
	///
	/// # Errors
	/// Why it may not: it is nothing that is known here, an address that means another host elsewhere, or on a
	/// warning list.
	pub fn to_share(&self, key: &[u8], value: &str) -> Result<[u8; 32], &'static str> {
		let kind = kind_of(value.trim()).ok_or("it is no address, domain, hash or URL")?;
		let value = canonical(kind, value);
		self.refusal(kind, &value).map_or_else(|| Ok(digest(keyed(key), kind, &value)), Err)
	}

	/// What is known of an event: contacts with addresses, and what messages name.
	pub fn notices(&self, event: &Event) -> Vec<Notice> {
		if self.is_empty() {
			return Vec::new();
		}
		let at = event.at();
		let notice = |value: &str, found: &Indicator, source: String, destination, technique| {
			let title = format!("{value} is named by {}", found.source);
			let rule = format!("indicator {value}");
			Notice { at, source, destination, rule, title, severity: 2, technique }
		};
		match event {
			Event::Flow(flow) => {
				let (from, to) = (flow.source.to_string(), flow.destination.to_string());
				let find = |address: IpAddr, text: &str| {
					is_public(address)
						.then(|| self.find(IndicatorKind::Address, text, at))
						.flatten()
				};
				let contacted = find(flow.destination, &to).map(|found| {
					let technique = Some(COMMAND_AND_CONTROL.into());
					notice(&to, found, from.clone(), Some(to.clone()), technique)
				});
				let came = find(flow.source, &from)
					.map(|found| notice(&from, found, from.clone(), Some(to.clone()), None));
				contacted.into_iter().chain(came).collect()
			},
			Event::Log(line) | Event::Results(line, _) => {
				let is_part = |character: char| {
					character.is_alphanumeric() || matches!(character, '.' | '-' | ':' | '/' | '_')
				};
				let words: HashSet<&str> =
					line.message.split(|character| !is_part(character)).collect();
				let mut words: Vec<&str> = words.into_iter().collect();
				words.sort_unstable();
				let named = words.into_iter().filter_map(|word| {
					let word = word.trim_matches(['.', ':', '-', '/']);
					// A host with its port.
					let is_bare = word.contains("://") || word.parse::<IpAddr>().is_ok();
					let word = if is_bare { word } else { word.split(':').next()? };
					let kind = kind_of(word)?;
					let found = self.find(kind, word, at)?;
					let value = canonical(kind, word);
					Some(notice(&value, found, line.host.clone(), None, None))
				});
				named.collect()
			},
			Event::Access(_) | Event::Measured(_) | Event::Notice(_) => Vec::new(),
		}
	}

	/// Names, addresses and networks (`192.0.2.0/24`, `2001:db8::/32`) that are never taken as indicators (MISP's warning
	/// lists: public resolvers, large sites, clouds). To be set before feeds are read.
	pub fn warn_of(&mut self, names: impl IntoIterator<Item = String>) {
		let mut networks = std::mem::take(&mut self.warned_networks);
		for name in names {
			let name = name.trim();
			match (name.parse::<IpNet>(), name.parse::<IpAddr>()) {
				(Ok(network), _) => networks.push(network.trunc()),
				(_, Ok(address)) => {
					self.warnings.insert(address.to_string());
				},
				_ => {
					self.warnings.insert(name.to_ascii_lowercase());
				},
			}
		}
		self.warned_networks = IpNet::aggregate(&networks);
		self.warned_networks.sort_by_key(IpNet::network);
	}

	/// Whether an address is in a network that is warned of.
	fn is_warned_of(&self, address: IpAddr) -> bool {
		let after = self.warned_networks.partition_point(|network| network.network() <= address);
		after.checked_sub(1).is_some_and(|place| self.warned_networks[place].contains(&address))
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
		for value in text.lines().filter_map(entry) {
			let Some(kind) = kind_of(value) else {
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
		if let Some(reason) = self.refusal(kind, &value) {
			return self.refuse(reason);
		}
		let indicator = Indicator { source: source.trim().into(), expires };
		let known = self.known.entry((kind, value)).or_insert_with(|| indicator.clone());
		if known.expires < indicator.expires {
			*known = indicator;
		}
	}

	/// Why a value is no indicator.
	fn refusal(&self, kind: IndicatorKind, value: &str) -> Option<&'static str> {
		if self.warnings.contains(value) {
			return Some("on a warning list");
		}
		match value.parse::<IpAddr>() {
			_ if kind != IndicatorKind::Address => None,
			Ok(address) if self.is_warned_of(address) => Some("on a warning list"),
			Ok(address) if is_public(address) => None,
			Ok(_) => Some("a private address"),
			Err(_) => Some("no address"),
		}
	}

	fn shared(&self, kind: IndicatorKind, value: &str) -> Option<&Indicator> {
		let key = self.key.as_ref().filter(|_| !self.shared.is_empty())?;
		let found = self.shared.get(&digest(key.clone(), kind, value))?;
		// A member may have shared what this one is warned of.
		self.refusal(kind, value).is_none().then_some(found)
	}

	/// The indicator that names a value and still counts. A domain is named by its parents too.
	pub fn find(&self, kind: IndicatorKind, value: &str, now: Moment) -> Option<&Indicator> {
		let value = canonical(kind, value);
		let mut rest = value.as_str();
		loop {
			let found = self.known.get(&(kind, rest.to_string()));
			let found = found.or_else(|| self.shared(kind, rest));
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
		self.shared.retain(|_, indicator| indicator.expires > now);
	}

	/// How many there are.
	pub fn len(&self) -> usize {
		self.known.len() + self.shared.len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.known.is_empty() && self.shared.is_empty()
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

/// What a line of a list says; `#` begins a comment.
fn entry(line: &str) -> Option<&str> {
	Some(line.split('#').next()?.trim()).filter(|entry| !entry.is_empty())
}

/// What kind of thing a value is, if it is one of those known here.
fn kind_of(value: &str) -> Option<IndicatorKind> {
	let is_hexadecimal = value.bytes().all(|byte| byte.is_ascii_hexdigit());
	if value.parse::<IpAddr>().is_ok() {
		Some(IndicatorKind::Address)
	} else if value.contains("://") {
		Some(IndicatorKind::Url)
	} else if is_hexadecimal && matches!(value.len(), 32 | 40 | 64) {
		Some(IndicatorKind::Hash)
	} else if value.contains('.') && !value.contains(char::is_whitespace) {
		Some(IndicatorKind::Domain)
	} else {
		None
	}
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
	Hmac::new_from_slice(key).expect("HMAC takes keys of any length; qed")
}

fn digest(mut mac: Hmac<Sha256>, kind: IndicatorKind, value: &str) -> [u8; 32] {
	let kind: &[u8] = match kind {
		IndicatorKind::Address => b"address",
		IndicatorKind::Domain => b"domain",
		IndicatorKind::Hash => b"hash",
		IndicatorKind::Url => b"url",
	};
	for part in [DIGEST_CONTEXT, kind, value.as_bytes()] {
		mac.update(&(part.len() as u64).to_le_bytes());
		mac.update(part);
	}
	mac.finalize().into_bytes().into()
}

fn digest_from(text: &str) -> Option<[u8; 32]> {
	let text = text.strip_prefix("0x").unwrap_or(text);
	let mut digest = [0; 32];
	if text.len() != 64 || !text.is_ascii() {
		return None;
	}
	for (byte, place) in digest.iter_mut().zip((0..64).step_by(2)) {
		*byte = u8::from_str_radix(&text[place..place + 2], 16).ok()?;
	}
	Some(digest)
}

fn fault(feed: &str, error: &dyn std::fmt::Display) -> IndicatorError {
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
	fn addresses_in_a_network_on_a_warning_list_are_refused() {
		let mut indicators = Indicators::default();
		let cloud = r#"{"name":"cloud","type":"cidr","list":["198.51.100.64/26","198.51.100.0/26",
			"203.0.113.77/28","2001:DB8:7::/48","192.0.2.9","198.51.100.0/27"]}"#;
		indicators.read_warnings("cloud", cloud).unwrap();
		indicators.read_warnings("own", "2001:0DB8:9::0/64 # ours\n2001:0DB8:A::1\n").unwrap();
		for (address, warned) in [
			("198.51.100.0", true),
			("198.51.100.127", true),
			("198.51.100.128", false),
			("203.0.113.64", true),
			("203.0.113.79", true),
			("203.0.113.80", false),
			("203.0.113.63", false),
			("192.0.2.9", true),
			("192.0.2.10", false),
			("2001:db8:7::1", true),
			("2001:db8:8::1", false),
			("2001:db8:9::ffff", true),
			("2001:db8:9:1::1", false),
			("2001:db8:a::1", true),
			("1.1.1.1", false),
		] {
			let shared = indicators.to_share(b"key", address);
			assert_eq!(shared == Err("on a warning list"), warned, "{address}: {shared:?}");
		}
		indicators.read_list(
			"list",
			"198.51.100.7\n2001:db8:7::5\n1.1.1.1\nhttp://198.51.100.7/a\n",
			NOW,
		);
		assert_eq!((indicators.len(), indicators.refused["on a warning list"]), (2, 2));
	}

	fn hexadecimal(digest: [u8; 32]) -> String {
		digest.iter().map(|byte| format!("{byte:02x}")).collect()
	}

	#[test]
	fn what_one_member_shares_another_with_the_key_detects_and_nobody_else() {
		let sharing = Indicators::default();
		let digest = sharing.to_share(b"key", "203.0.113.9").unwrap();
		let domain = sharing.to_share(b"key", "Bad.Example.").unwrap();
		assert_eq!(sharing.to_share(b"key", "10.1.2.3"), Err("a private address"));
		assert!(sharing.to_share(b"key", "nothing").is_err());
		let text = format!(
			"# from the ledger\n{} {}\n0x{} {}\n",
			hexadecimal(digest),
			NOW + 10,
			hexadecimal(domain),
			NOW + 10
		);
		let (mut member, mut stranger) = (Indicators::default(), Indicators::default());
		member.read_shared(b"key", &text, NOW).unwrap();
		stranger.read_shared(b"other", &text, NOW).unwrap();
		for (kind, value) in
			[(IndicatorKind::Address, "203.0.113.9"), (IndicatorKind::Domain, "www.bad.example")]
		{
			assert_eq!(member.find(kind, value, NOW).unwrap().source, SHARED);
			assert!(member.find(kind, value, NOW + 10).is_none(), "it has expired");
			assert!(stranger.find(kind, value, NOW).is_none());
		}
		assert!(member.read_shared(b"key", "0xab 5", NOW).is_err());
		assert_eq!(member.len(), 2, "what cannot be read replaces nothing");
		member.warn_of(["203.0.113.9".to_string()]);
		assert!(member.find(IndicatorKind::Address, "203.0.113.9", NOW).is_none());
	}

	#[test]
	fn a_folder_of_feeds_and_warning_lists_is_read_and_what_is_broken_is_named() {
		let folder = tempfile::tempdir().unwrap();
		let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
		fs::create_dir(folder.path().join(WARNINGS)).unwrap();
		write("warnings/resolvers.json", r#"{"name":"resolvers","list":["9.9.9.9"]}"#);
		write("warnings/own.txt", "own.example # ours\n");
		write("list.txt", "9.9.9.9\nown.example\n203.0.113.1\n");
		write(
			"stix.json",
			r#"{"type":"bundle","objects":[{"type":"indicator","pattern":"[domain-name:value = 'bad.example']"}]}"#,
		);
		write(
			"misp.json",
			r#"{"Event":{"Attribute":[{"type":"ip-dst","value":"198.51.100.7","to_ids":true}]}}"#,
		);
		write("broken.json", "{");
		let (indicators, reasons) = Indicators::load(folder.path(), NOW).unwrap();
		assert_eq!((indicators.len(), reasons.len()), (3, 1), "{reasons:?}");
		assert!(reasons[0].contains("broken.json"));
	}

	#[test]
	fn contacts_and_messages_that_meet_an_indicator_are_noticed() {
		let mut indicators = Indicators::default();
		indicators.read_list("cert", "203.0.113.9\nbad.example", NOW);
		let mut flow = crate::event::Flow {
			at: NOW,
			source: [10, 0, 0, 7].into(),
			destination: [203, 0, 113, 9].into(),
			destination_port: 443,
			protocol: "tcp".into(),
			state: "SF".into(),
			duration: 1.0,
			bytes_sent: 1,
			bytes_received: 1,
			packets: 2,
			packets_received: 1,
			hardware: None,
		};
		let found = indicators.notices(&Event::Flow(flow.clone()));
		assert_eq!(found.len(), 1);
		assert_eq!(
			(found[0].source.as_str(), found[0].technique.as_deref()),
			("10.0.0.7", Some("T1071"))
		);
		flow.destination = [203, 0, 113, 10].into();
		assert!(indicators.notices(&Event::Flow(flow)).is_empty());
		let line = |message: &str| {
			Event::Log(crate::event::LogLine {
				at: NOW,
				host: "proxy".into(),
				program: "squid".into(),
				process: None,
				kind: None,
				message: message.into(),
			})
		};
		let found = indicators.notices(&line("CONNECT www.bad.example:443 by 203.0.113.9."));
		let rules: Vec<&str> = found.iter().map(|notice| notice.rule.as_str()).collect();
		assert_eq!(rules, ["indicator 203.0.113.9", "indicator www.bad.example"]);
		assert!(indicators.notices(&line("all is well at good.example")).is_empty());
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
