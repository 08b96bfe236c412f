//! Logs of the Zeek network monitor: `software`, `known_services`, `known_hosts`, in TSV or JSON lines.

use std::{
	collections::BTreeMap,
	io::{BufRead, BufReader, Read},
	net::IpAddr,
};

use serde_json::Value;

use super::Observations;
use crate::{error::Error, evidence, policy::Transport, products, snapshot::Service};

/// Longest line, bytes.
const LINE_BYTES: u64 = 256 << 10;

/// What was read of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZeekLog {
	/// Lines with an entry.
	pub entries: u64,
	/// Lines that could not be read.
	pub malformed: u64,
}

impl Observations {
	/// Reads a log of Zeek. Lines that cannot be read are counted and left out.
	///
	/// # Errors
	/// [`Error::Import`] if the log cannot be read, or no line of it is Zeek's.
	pub fn read_zeek(&mut self, reader: impl Read) -> Result<ZeekLog, Error> {
		let wrong = |reason: String| Error::Import { what: "a Zeek log", reason };
		let mut reader = BufReader::new(reader);
		let mut fields: Vec<String> = Vec::new();
		let mut out = ZeekLog::default();
		let mut line = Vec::new();
		loop {
			line.clear();
			let count = reader
				.by_ref()
				.take(LINE_BYTES)
				.read_until(b'\n', &mut line)
				.map_err(|error| wrong(error.to_string()))?;
			if count == 0 {
				break;
			}
			let text = String::from_utf8_lossy(&line);
			let text = text.trim_end_matches(['\r', '\n']);
			if let Some(names) = text.strip_prefix("#fields\t") {
				fields = names.split('\t').map(str::to_owned).collect();
				continue;
			}
			if text.is_empty() || text.starts_with('#') {
				continue;
			}
			let entry = if text.starts_with('{') { json(text) } else { tsv(text, &fields) };
			match entry.and_then(|entry| self.zeek_entry(&entry)) {
				Some(()) => out.entries += 1,
				None => out.malformed += 1,
			}
		}
		if out.entries == 0 && out.malformed > 0 {
			return Err(wrong("none of its lines names a host as Zeek does".into()));
		}
		Ok(out)
	}

	fn zeek_entry(&mut self, entry: &BTreeMap<String, String>) -> Option<()> {
		let field = |name: &str| {
			entry.get(name).map(String::as_str).filter(|text| !matches!(*text, "-" | ""))
		};
		let host: IpAddr = field("host")?.parse().ok()?;
		let transport = match field("port_proto") {
			Some("udp") => Transport::Udp,
			_ => Transport::Tcp,
		};
		let port = field("port_num").or_else(|| field("host_p")).and_then(|text| text.parse().ok());
		if let Some(name) = field("name") {
			// software.log: what a host runs, servers and clients alike.
			let product = evidence::name(&name.to_lowercase())?;
			let version = zeek_version(entry);
			let kind = field("software_type").unwrap_or_default().to_lowercase();
			let protocol = ["ssh", "http", "smtp", "ftp", "mysql", "dhcp"]
				.into_iter()
				.find(|protocol| kind.contains(protocol))
				.unwrap_or("unknown");
			let known = products::product(&product);
			let is_server = kind.contains("server") || kind.contains("appserver");
			self.service(Service {
				address: host,
				port: port.filter(|_| is_server).unwrap_or(0),
				transport,
				protocol: protocol.into(),
				vendor: known.map(|known| known.vendor.to_owned()),
				cpe23: known.and_then(|known| known.cpe23(version.as_deref())),
				evidence: evidence::text(
					format!("Zeek software: {kind} {}", field("unparsed_version").unwrap_or(name))
						.as_bytes(),
				),
				confidence: if is_server { 70 } else { 50 },
				product: Some(product),
				version,
				package: None,
			});
		} else if let Some(port) = port {
			// known_services.log; `service` may hold several.
			let named = field("service").unwrap_or("unknown").to_lowercase();
			let protocol = named.split(',').next().and_then(evidence::name)?;
			self.service(Service {
				address: host,
				port,
				transport,
				protocol,
				product: None,
				vendor: None,
				version: None,
				cpe23: None,
				evidence: evidence::text(format!("Zeek known service: {named}").as_bytes()),
				confidence: 60,
				package: None,
			});
		} else {
			// known_hosts.log: it is there.
			self.host(host)?;
		}
		Some(())
	}
}

fn zeek_version(entry: &BTreeMap<String, String>) -> Option<String> {
	let part = |name: &str| entry.get(name).filter(|text| !matches!(text.as_str(), "-" | ""));
	let numbers: Vec<&str> = ["version.major", "version.minor", "version.minor2", "version.minor3"]
		.into_iter()
		.map_while(|name| part(name).map(String::as_str))
		.collect();
	if numbers.is_empty() {
		return None;
	}
	// `9.2` with `p1` behind it.
	let level = part("version.addl").filter(|text| {
		text.strip_prefix('p').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
	});
	let version = format!("{}{}", numbers.join("."), level.map_or("", String::as_str));
	evidence::name(&version)
}

fn json(text: &str) -> Option<BTreeMap<String, String>> {
	let Value::Object(object) = serde_json::from_str(text).ok()? else { return None };
	let plain = |value: Value| match value {
		Value::String(text) => Some(text),
		Value::Number(number) => Some(number.to_string()),
		Value::Array(list) => {
			Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
		},
		_ => None,
	};
	Some(object.into_iter().filter_map(|(key, value)| Some((key, plain(value)?))).collect())
}

fn tsv(text: &str, fields: &[String]) -> Option<BTreeMap<String, String>> {
	if fields.is_empty() {
		return None;
	}
	Some(fields.iter().cloned().zip(text.split('\t').map(str::to_owned)).collect())
}
