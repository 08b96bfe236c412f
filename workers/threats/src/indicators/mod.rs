//! Indicators of threats that others know: STIX 2.1 patterns, MISP attributes, plain lists ([`feeds`]), and the keyed
//! digests that members of the consortium share.
//!
//! A digest is HMAC-SHA-256 (RFC 2104) under a key that the members hold and the ledger does not, over the kind and
//! the value in one form: whoever meets the same thing recognises it, and nobody can try all addresses without the
//! key.

use std::{
	collections::{BTreeSet, HashMap, HashSet},
	net::IpAddr,
};

use curex_primitives::Moment;
use hmac::{Hmac, Mac};
use ipnet::IpNet;
use sha2::Sha256;

use crate::event::{Event, Notice};
use feeds::entry;

pub mod feeds;

/// Days after which an indicator without an expiry of its own no longer counts.
const LIFETIME: Moment = 90 * 86_400_000;

/// Separates these digests from everything else made with the key.
const DIGEST_CONTEXT: &[u8] = b"curex/indicator/1";

/// Where a shared indicator comes from: the ledger's record names no reporter to those who only match it.
const SHARED: &str = "a member of the consortium";

/// Contact with a host that is known to be used by attackers (ATT&CK Enterprise).
const COMMAND_AND_CONTROL: &str = "T1071";

/// A file that is known to be used by attackers came over the network (ATT&CK Enterprise).
const TOOL_TRANSFER: &str = "T1105";

/// What kind of thing an indicator names.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
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
	/// Networks of which every address is one.
	networks: HashMap<IpNet, Indicator>,
	/// Whether of IPv6, and how long the prefixes of these networks are.
	prefixes: BTreeSet<(bool, u8)>,
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

impl Indicators {
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
				let named = mentioned(&line.message).into_iter().filter_map(|(value, kind)| {
					let found = self.find(kind, &value, at)?;
					Some(notice(&value, found, line.host.clone(), None, None))
				});
				named.collect()
			},
			Event::Contact(contact) => {
				let named = with_hosts(contact.named.iter().cloned());
				let notices = named.into_iter().filter_map(|(value, kind)| {
					let found = self.find(kind, &value, at)?;
					let technique = match kind {
						IndicatorKind::Hash => TOOL_TRANSFER,
						_ => COMMAND_AND_CONTROL,
					};
					let (from, to) = (contact.source.clone(), contact.destination.clone());
					Some(notice(&value, found, from, to, Some(technique.into())))
				});
				notices.collect()
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
		match kind {
			IndicatorKind::Domain if !is_domain(&value) => return self.refuse("no domain name"),
			IndicatorKind::Hash if !is_hash(&value) => return self.refuse("no hash of a file"),
			_ => {},
		}
		if let Some(reason) = self.refusal(kind, &value) {
			return self.refuse(reason);
		}
		let indicator = Indicator { source: source.trim().into(), expires };
		longer(self.known.entry((kind, value)), indicator);
	}

	fn add_network(&mut self, network: IpNet, source: &str, expires: Moment, now: Moment) {
		let least = if network.network().is_ipv6() { 16 } else { 8 };
		if expires <= now {
			return self.refuse("expired");
		}
		if network.prefix_len() < least {
			return self.refuse("a network of half the world");
		}
		if !is_public(network.network()) || !is_public(network.broadcast()) {
			return self.refuse("a private address");
		}
		let indicator = Indicator { source: source.trim().into(), expires };
		self.prefixes.insert((network.network().is_ipv6(), network.prefix_len()));
		longer(self.networks.entry(network.trunc()), indicator);
	}

	/// Why a value is no indicator.
	fn refusal(&self, kind: IndicatorKind, value: &str) -> Option<&'static str> {
		if self.warnings.contains(value) {
			return Some("on a warning list");
		}
		if kind == IndicatorKind::Url {
			let address = host_of(value).and_then(|host| host.parse().ok());
			return address
				.is_some_and(|address| !is_public(address))
				.then_some("a private address");
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
			if kind == IndicatorKind::Address {
				return self.network_of(rest, now);
			}
			rest = match rest.split_once('.') {
				Some((_, parent)) if kind == IndicatorKind::Domain && parent.contains('.') => {
					parent
				},
				_ => return None,
			};
		}
	}

	/// The network with this address that still counts, the smallest first.
	fn network_of(&self, address: &str, now: Moment) -> Option<&Indicator> {
		if self.networks.is_empty() {
			return None;
		}
		let address: IpAddr = address.parse().ok()?;
		let prefixes = self.prefixes.iter().rev().filter(|(v6, _)| *v6 == address.is_ipv6());
		let mut networks = prefixes.filter_map(|(_, length)| IpNet::new(address, *length).ok());
		let found = networks.find_map(|network| {
			self.networks.get(&network.trunc()).filter(|found| found.expires > now)
		})?;
		self.refusal(IndicatorKind::Address, &address.to_string()).is_none().then_some(found)
	}

	/// Removes what has expired.
	pub fn expire(&mut self, now: Moment) {
		self.networks.retain(|_, indicator| indicator.expires > now);
		self.known.retain(|_, indicator| indicator.expires > now);
		self.shared.retain(|_, indicator| indicator.expires > now);
	}

	/// How many there are.
	pub fn len(&self) -> usize {
		self.known.len() + self.networks.len() + self.shared.len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.len() == 0
	}
}

/// What kind of thing a value is, if it is one of those known here.
fn kind_of(value: &str) -> Option<IndicatorKind> {
	if value.parse::<IpAddr>().is_ok() {
		Some(IndicatorKind::Address)
	} else if value.contains("://") {
		Some(IndicatorKind::Url)
	} else if is_hash(value) {
		Some(IndicatorKind::Hash)
	} else if is_domain(value.trim_end_matches('.')) {
		Some(IndicatorKind::Domain)
	} else {
		None
	}
}

/// Whether a value has the form of an MD5, SHA-1 or SHA-256.
fn is_hash(value: &str) -> bool {
	matches!(value.len(), 32 | 40 | 64) && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a message names, in the form in which indicators are known.
fn mentioned(message: &str) -> BTreeSet<(String, IndicatorKind)> {
	let is_part = |one: char| one.is_alphanumeric() || matches!(one, '.' | '-' | ':' | '/' | '_');
	let words = message.split(|one| !is_part(one)).filter_map(|word| {
		let word = word.trim_matches(['.', ':', '-', '/']);
		// A host with its port.
		let is_bare = word.contains("://") || word.parse::<IpAddr>().is_ok();
		let word = if is_bare { word } else { word.split(':').next()? };
		Some((kind_of(word)?, word.to_owned()))
	});
	// Questions and marks belong to a URL, brackets and quotation marks around it do not.
	let is_end = |one: char| {
		one.is_whitespace() || matches!(one, '"' | '\'' | '<' | '>' | '(' | ')' | '[' | ']')
	};
	let urls = message.split(is_end).filter(|word| word.contains("://"));
	let urls =
		urls.map(|url| (IndicatorKind::Url, url.trim_end_matches(['.', ',', ';']).to_owned()));
	with_hosts(words.chain(urls))
}

/// Values, and the hosts of URLs among them, in the form in which indicators are known.
fn with_hosts(
	values: impl Iterator<Item = (IndicatorKind, String)>,
) -> BTreeSet<(String, IndicatorKind)> {
	let mut all = BTreeSet::new();
	for (kind, value) in values {
		if kind == IndicatorKind::Url {
			let host = host_of(&value);
			all.extend(
				host.and_then(|host| kind_of(host).map(|kind| (canonical(kind, host), kind))),
			);
		}
		all.insert((canonical(kind, &value), kind));
	}
	all
}

/// Whether a value has the form of a domain name (RFC 1035, section 2.3.1, with underscores and other scripts): two labels
/// or more, the last of which is no number.
fn is_domain(value: &str) -> bool {
	let is_label = |label: &str| {
		let inner = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_');
		!label.is_empty()
			&& label.len() <= 63
			&& label.chars().all(inner)
			&& !label.starts_with('-')
			&& !label.ends_with('-')
	};
	let last = value.rsplit_once('.').map(|(_, last)| last);
	value.len() <= 253
		&& value.split('.').all(is_label)
		&& last.is_some_and(|last| !last.starts_with(|one: char| one.is_numeric()))
}

/// The host of a URL, without user and port.
fn host_of(url: &str) -> Option<&str> {
	let (_, rest) = url.split_once("://")?;
	let authority = rest.split(['/', '?', '#']).next()?;
	let host = authority.rsplit('@').next()?;
	match host.strip_prefix('[') {
		Some(v6) => v6.split(']').next(),
		None => host.split(':').next(),
	}
}

/// Keeps of two indicators of the same the one that counts for longer.
fn longer<K>(entry: std::collections::hash_map::Entry<K, Indicator>, indicator: Indicator) {
	let known = entry.or_insert_with(|| indicator.clone());
	if known.expires < indicator.expires {
		*known = indicator;
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

fn canonical(kind: IndicatorKind, value: &str) -> String {
	let value = value.trim();
	match kind {
		// Scheme and host mean the same in capitals, and so do no path and the root (RFC 3986, section 6.2).
		IndicatorKind::Url => {
			let from = value.find("://").map_or(0, |place| place + 3);
			let end = value[from..].find(['/', '?', '#']).map_or(value.len(), |place| from + place);
			let path = if end == value.len() { "/" } else { &value[end..] };
			value[..end].to_ascii_lowercase() + path
		},
		IndicatorKind::Address => {
			let address = value.parse::<IpAddr>();
			address.map_or_else(|_| value.into(), |address| address.to_canonical().to_string())
		},
		_ => value.trim_end_matches('.').to_ascii_lowercase(),
	}
}

/// Whether an address may be shared and watched for: not private, loopback, link-local, group or
/// unspecified.
pub fn is_public(address: IpAddr) -> bool {
	match address.to_canonical() {
		IpAddr::V4(v4) => {
			let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
			!(v4.is_private()
				|| v4.is_loopback()
				|| v4.is_link_local()
				|| v4.is_multicast()
				|| v4.is_unspecified()
				|| v4.is_broadcast()
				|| v4.octets()[0] == 0
				|| v4.octets()[0] >= 240
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

#[cfg(test)]
mod tests {
	use super::{feeds::Feed, *};
	use std::fs;

	const NOW: Moment = 1_800_000_000_000;
	const CERT: Feed = Feed { name: "cert", fetched: NOW };

	#[test]
	fn the_three_kinds_of_feed_are_found_until_they_expire() {
		let mut indicators = Indicators::default();
		let stix = r#"{"type":"bundle","objects":[{"type":"indicator","id":"indicator--1",
			"pattern_type":"stix","valid_until":"2027-02-01T00:00:00Z",
			"pattern":"[ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'Bad.example']"}]}"#;
		indicators.read_stix(&CERT, stix, NOW).unwrap();
		let misp = r#"{"Event":{"uuid":"u","Attribute":[
			{"type":"ip-dst","value":"198.51.100.7","to_ids":true},
			{"type":"ip-dst","value":"198.51.100.8","to_ids":false}]}}"#;
		indicators.read_misp(&CERT, misp, NOW).unwrap();
		indicators.read_list(&CERT, "# comment\n192.0.2.4 # scanner\n", NOW);
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
		indicators.read_list(&CERT, "10.0.0.1\n9.9.9.9\n100.64.1.1\nfe80::1\n203.0.113.1", NOW);
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
			&CERT,
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
		fs::create_dir(folder.path().join("warnings")).unwrap();
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
		indicators.read_list(&CERT, "203.0.113.9\nbad.example", NOW);
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
		// A proxy writes URLs; an indicator may be the whole of one, or its host.
		indicators.read_list(&CERT, "http://evil.example/x?id=7&a=b\nhttp://root.example", NOW);
		for (message, rules) in [
			("GET \"http://www.bad.example:8080/x\" 200", vec!["indicator www.bad.example"]),
			(
				"GET http://evil.example/x?id=7&a=b, 200",
				vec!["indicator http://evil.example/x?id=7&a=b"],
			),
			("GET http://good.example/bad.example 200", vec![]),
			("see HTTP://Root.Example", vec!["indicator http://root.example/"]),
		] {
			let found = indicators.notices(&line(message));
			let found: Vec<&str> = found.iter().map(|notice| notice.rule.as_str()).collect();
			assert_eq!(found, rules, "{message}");
		}
	}

	#[test]
	fn what_a_sensor_saw_named_is_looked_for() {
		let mut indicators = Indicators::default();
		indicators.read_list(&CERT, "bad.example\n44d88612fea8a8f36de82e1278abb02f", NOW);
		let contact = |kind, value: &str| {
			Event::Contact(crate::event::Contact {
				at: NOW,
				log: "http".into(),
				source: "10.0.0.7".into(),
				destination: Some("10.0.0.1".into()),
				named: vec![(kind, value.into())],
			})
		};
		for (kind, value, technique) in [
			(IndicatorKind::Domain, "www.BAD.example.", "T1071"),
			(IndicatorKind::Url, "http://bad.example/x", "T1071"),
			(IndicatorKind::Hash, "44D88612FEA8A8F36DE82E1278ABB02F", "T1105"),
		] {
			let notices = indicators.notices(&contact(kind, value));
			let [notice] = notices.as_slice() else { panic!("{value}: {notices:?}") };
			assert_eq!(notice.source, "10.0.0.7");
			assert_eq!(notice.technique.as_deref(), Some(technique));
		}
		assert!(indicators.notices(&contact(IndicatorKind::Domain, "good.example")).is_empty());
	}

	#[test]
	fn a_private_address_is_not_shared_in_whatever_form() {
		let indicators = Indicators::default();
		for value in
			["::ffff:10.1.2.3", "http://10.1.2.3/a", "https://me@[fd00::1]:8443/", "0.0.0.0"]
		{
			assert_eq!(indicators.to_share(b"key", value), Err("a private address"), "{value}");
		}
		assert!(indicators.to_share(b"key", "10.1.2.3:443").is_err());
		assert_eq!(
			indicators.to_share(b"key", "::ffff:203.0.113.9"),
			indicators.to_share(b"key", "203.0.113.9")
		);
	}

	#[test]
	fn an_expired_indicator_and_a_compound_pattern_are_counted_as_refused() {
		let mut indicators = Indicators::default();
		let stix = r#"{"objects":[
			{"type":"indicator","pattern":"[url:value = 'http://x']","valid_until":"2020-01-01T00:00:00Z"},
			{"type":"indicator","pattern":"[ipv4-addr:value = '203.0.113.9' AND x:y = 'z']"}]}"#;
		indicators.read_stix(&CERT, stix, NOW).unwrap();
		assert!(indicators.is_empty());
		assert_eq!(indicators.refused.values().sum::<u64>(), 2);
		assert!(indicators.read_stix(&CERT, "no json", NOW).is_err());
	}
}
