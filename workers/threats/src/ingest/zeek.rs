//! Logs of Zeek (<https://docs.zeek.org/en/master/script-reference/log-files.html>): connections, what was named in them, and
//! what Zeek noticed.

use std::{borrow::Cow, net::IpAddr};

use serde::de::{self, Deserializer};
use serde_json::Value;

use super::{instant, named::Named, not_json};
use crate::event::{Contact, Event, Flow, Notice};

/// Kinds of notices of Zeek's own policies that are attacks, with their ATT&CK techniques. Others are told as well, with the
/// least severity.
const ATTACKS: [(&str, &str); 7] = [
	("Scan::Address_Scan", "T1046"),
	("Scan::Port_Scan", "T1046"),
	("SSH::Password_Guessing", "T1110"),
	("FTP::Bruteforcing", "T1110"),
	("HTTP::SQL_Injection_Attacker", "T1190"),
	("HTTP::SQL_Injection_Victim", "T1190"),
	("TeamCymruMalwareHashRegistry::Match", "T1105"),
];

/// What a TSV log said about itself so far.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Header {
	separator: char,
	unset: String,
	fields: Vec<String>,
}

impl Default for Header {
	fn default() -> Self {
		Self { separator: '\t', unset: "-".into(), fields: Vec::new() }
	}
}

impl Header {
	/// Reads one line: a flow, what was named or noticed, nothing (a directive, a line of another log), or the reason why
	/// not.
	pub(super) fn parse(&mut self, line: &str) -> Result<Option<Event>, String> {
		if line.starts_with('{') {
			let row: Row = serde_json::from_str(line).map_err(|error| not_json(&error))?;
			return row.into_event();
		}
		if let Some(directive) = line.strip_prefix('#') {
			self.directive(directive);
			return Ok(None);
		}
		if self.fields.is_empty() {
			return Err("neither JSON nor preceded by a #fields line".into());
		}
		self.row(line)?.into_event()
	}

	fn directive(&mut self, text: &str) {
		if let Some(separator) = text.strip_prefix("separator ") {
			let code =
				separator.strip_prefix("\\x").and_then(|hex| u8::from_str_radix(hex, 16).ok());
			self.separator = code.map_or('\t', char::from);
		} else if let Some((name, rest)) = text.split_once(self.separator) {
			match name {
				"unset_field" => self.unset = rest.into(),
				"fields" => self.fields = rest.split(self.separator).map(Into::into).collect(),
				_ => {},
			}
		}
	}

	fn row<'a>(&self, line: &'a str) -> Result<Row<'a>, String> {
		let values: Vec<&str> = line.split(self.separator).collect();
		if values.len() != self.fields.len() {
			return Err(format!("{} columns, header has {}", values.len(), self.fields.len()));
		}
		fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<Option<T>, String> {
			value.parse().map(Some).map_err(|_| format!("{name} is no number"))
		}
		let mut row = Row::default();
		for (name, value) in self.fields.iter().map(String::as_str).zip(values) {
			if value == self.unset {
				continue;
			}
			match name {
				"ts" => row.ts = number(name, value)?.map(Time),
				"duration" => row.duration = number(name, value)?,
				"id.resp_p" => row.destination_port = number(name, value)?,
				"orig_bytes" => row.bytes_sent = number(name, value)?,
				"resp_bytes" => row.bytes_received = number(name, value)?,
				"orig_pkts" => row.packets_sent = number(name, value)?,
				"resp_pkts" => row.packets_received = number(name, value)?,
				// A set or vector; `set_separator` is a comma wherever it was not changed.
				"answers" => row.answers = value.split(',').map(Cow::Borrowed).collect(),
				"trans_id" => row.question = Some(de::IgnoredAny),
				"rcode" => row.answer = Some(de::IgnoredAny),
				_ => {
					if let Some(field) = row.text(name) {
						*field = Some(value.into());
					}
				},
			}
		}
		Ok(row)
	}
}

/// The columns that are used, of every log; Zeek sites add their own, which are ignored.
#[derive(Default, serde::Deserialize)]
struct Row<'a> {
	ts: Option<Time>,
	#[serde(borrow, rename = "id.orig_h")]
	source: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "id.resp_h")]
	destination: Option<Cow<'a, str>>,
	#[serde(rename = "id.resp_p")]
	destination_port: Option<u16>,
	#[serde(borrow, rename = "proto")]
	protocol: Option<Cow<'a, str>>,
	duration: Option<f64>,
	#[serde(rename = "orig_bytes")]
	bytes_sent: Option<u64>,
	#[serde(rename = "resp_bytes")]
	bytes_received: Option<u64>,
	#[serde(borrow, rename = "conn_state")]
	state: Option<Cow<'a, str>>,
	#[serde(rename = "orig_pkts")]
	packets_sent: Option<u64>,
	#[serde(rename = "resp_pkts")]
	packets_received: Option<u64>,
	/// Written by Zeek's policy `protocols/conn/mac-logging`.
	#[serde(borrow, rename = "orig_l2_addr")]
	hardware: Option<Cow<'a, str>>,
	/// Of `dns.log`; a row may have no question.
	#[serde(borrow)]
	query: Option<Cow<'a, str>>,
	#[serde(rename = "trans_id")]
	question: Option<de::IgnoredAny>,
	#[serde(rename = "rcode")]
	answer: Option<de::IgnoredAny>,
	#[serde(borrow, default)]
	answers: Vec<Cow<'a, str>>,
	/// Of `http.log`; in `software.log` and others another.
	#[serde(borrow)]
	host: Option<Cow<'a, str>>,
	#[serde(borrow)]
	uri: Option<Cow<'a, str>>,
	#[serde(borrow)]
	method: Option<Cow<'a, str>>,
	/// Of `ssl.log`.
	#[serde(borrow)]
	server_name: Option<Cow<'a, str>>,
	/// Of `files.log`, in which old versions name no connection.
	#[serde(borrow)]
	fuid: Option<Cow<'a, str>>,
	#[serde(borrow)]
	md5: Option<Cow<'a, str>>,
	#[serde(borrow)]
	sha1: Option<Cow<'a, str>>,
	#[serde(borrow)]
	sha256: Option<Cow<'a, str>>,
	/// Of `notice.log`.
	#[serde(borrow)]
	note: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "msg")]
	message: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "src")]
	noticed_source: Option<Cow<'a, str>>,
	#[serde(borrow, rename = "dst")]
	noticed_destination: Option<Cow<'a, str>>,
	/// Of `syslog.log`, which has a protocol too.
	#[serde(borrow)]
	facility: Option<Cow<'a, str>>,
	/// Of every log of connections.
	#[serde(borrow)]
	uid: Option<Cow<'a, str>>,
}

/// Seconds since 1970, or since a capture began.
#[derive(Clone, Copy)]
struct Time(f64);

impl<'de> serde::Deserialize<'de> for Time {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let seconds = match Value::deserialize(deserializer)? {
			Value::Number(seconds) => seconds.as_f64(),
			// As `LogAscii::json_timestamps` may have it.
			Value::String(text) => instant(&text).ok().map(|at| at as f64 / 1_000.0),
			_ => None,
		};
		seconds.map(Self).ok_or_else(|| {
			de::Error::custom("ts, expected a time in seconds or in the form of ISO 8601")
		})
	}
}

impl<'a> Row<'a> {
	/// The column of text of a name.
	fn text(&mut self, name: &str) -> Option<&mut Option<Cow<'a, str>>> {
		Some(match name {
			"id.orig_h" => &mut self.source,
			"id.resp_h" => &mut self.destination,
			"proto" => &mut self.protocol,
			"conn_state" => &mut self.state,
			"orig_l2_addr" => &mut self.hardware,
			"query" => &mut self.query,
			"host" => &mut self.host,
			"uri" => &mut self.uri,
			"method" => &mut self.method,
			"server_name" => &mut self.server_name,
			"fuid" => &mut self.fuid,
			"md5" => &mut self.md5,
			"sha1" => &mut self.sha1,
			"sha256" => &mut self.sha256,
			"note" => &mut self.note,
			"msg" => &mut self.message,
			"src" => &mut self.noticed_source,
			"dst" => &mut self.noticed_destination,
			"facility" => &mut self.facility,
			"uid" => &mut self.uid,
			_ => return None,
		})
	}

	fn into_event(self) -> Result<Option<Event>, String> {
		if self.note.is_some() {
			return self.into_notice().map(Event::Notice).map(Some);
		}
		if self.query.is_some() || self.question.is_some() || self.answer.is_some() {
			return self.into_contact("dns");
		}
		if self.protocol.is_some() && self.facility.is_none() || self.state.is_some() {
			return self.into_flow().map(Event::Flow).map(Some);
		}
		if self.method.is_some() || self.uri.is_some() {
			return self.into_contact("http");
		}
		if self.server_name.is_some() {
			return self.into_contact("ssl");
		}
		if self.md5.is_some() || self.sha1.is_some() || self.sha256.is_some() {
			return self.into_contact("files");
		}
		let others = [&self.uid, &self.fuid, &self.host, &self.source];
		match self.ts.is_some() && others.into_iter().any(Option::is_some) {
			true => Ok(None),
			false => Err("neither a connection nor a line of another log of Zeek".into()),
		}
	}

	fn at(&self) -> Result<u64, String> {
		let Time(seconds) = self.ts.ok_or("ts is missing")?;
		if !(seconds.is_finite() && (0.0..1e12).contains(&seconds)) {
			return Err("ts is no time in seconds".into());
		}
		Ok((seconds * 1_000.0) as u64)
	}

	/// Nothing if nothing is named.
	fn into_contact(self, log: &str) -> Result<Option<Event>, String> {
		let mut named = Named::default();
		self.query.iter().for_each(|name| named.domain(name));
		self.answers.iter().for_each(|answer| named.host(answer));
		if log == "http" {
			named.url(self.host.as_deref(), self.uri.as_deref());
		}
		self.server_name.iter().for_each(|name| named.host(name));
		[&self.md5, &self.sha1, &self.sha256].into_iter().flatten().for_each(|one| named.hash(one));
		let named = named.all();
		if named.is_empty() {
			return Ok(None);
		}
		let at = self.at()?;
		Ok(Some(Event::Contact(Contact {
			at,
			log: log.into(),
			source: self.source.unwrap_or(Cow::Borrowed("zeek")).into_owned(),
			destination: self.destination.map(Cow::into_owned),
			named,
		})))
	}

	fn into_notice(self) -> Result<Notice, String> {
		let at = self.at()?;
		let note = self.note.ok_or("note is missing")?;
		let attack = ATTACKS.iter().find(|(kind, _)| *kind == note);
		let source = self.noticed_source.or(self.source).unwrap_or(Cow::Borrowed("zeek"));
		let destination = self.noticed_destination.or(self.destination);
		Ok(Notice {
			at,
			source: source.into_owned(),
			destination: destination.map(Cow::into_owned),
			title: self.message.unwrap_or_default().into_owned(),
			rule: note.into_owned(),
			severity: if attack.is_some() { 2 } else { 4 },
			technique: attack.map(|(_, technique)| (*technique).into()),
		})
	}

	fn into_flow(self) -> Result<Flow, String> {
		let address = |name: &str, text: Option<&Cow<str>>| {
			let text = text.ok_or_else(|| format!("{name} is missing"))?;
			text.parse::<IpAddr>().map_err(|_| format!("{name} is no address"))
		};
		let at = self.at()?;
		let duration = self.duration.unwrap_or(0.0);
		if !(duration.is_finite() && duration >= 0.0) {
			return Err("duration is no length in seconds".into());
		}
		let packets_received = self.packets_received.unwrap_or(0);
		Ok(Flow {
			at,
			source: address("id.orig_h", self.source.as_ref())?,
			destination: address("id.resp_h", self.destination.as_ref())?,
			destination_port: self.destination_port.unwrap_or_default(),
			protocol: self.protocol.ok_or("proto is missing")?.to_ascii_lowercase(),
			state: self.state.unwrap_or_default().into_owned(),
			duration,
			bytes_sent: self.bytes_sent.unwrap_or(0),
			bytes_received: self.bytes_received.unwrap_or(0),
			packets: self.packets_sent.unwrap_or(0).saturating_add(packets_received),
			packets_received,
			hardware: self.hardware.map(Cow::into_owned),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::indicators::IndicatorKind::{Address, Domain, Hash, Url};

	fn one(line: &str) -> Option<Event> {
		Header::default().parse(line).unwrap()
	}

	fn contact(line: &str) -> Contact {
		match one(line) {
			Some(Event::Contact(contact)) => contact,
			other => panic!("{other:?}"),
		}
	}

	// As Zeek 4 wrote them, shortened.
	const DNS: &str = r#"{"ts":29.86,"uid":"C","id.orig_h":"10.0.2.15","id.orig_p":1,"id.resp_h":"10.0.2.3","id.resp_p":53,
		"proto":"udp","trans_id":7,"query":"wpad.example","qtype":1,"rcode":0,"answers":["relay.example","203.0.113.9"]}"#;
	const HTTP: &str = r#"{"ts":29.86,"uid":"C","id.orig_h":"10.0.2.15","id.orig_p":1,"id.resp_h":"203.0.113.7",
		"id.resp_p":80,"trans_depth":1,"method":"GET","host":"a.example","uri":"/bin.sh?x=1","status_code":200}"#;

	#[test]
	fn what_is_named_in_other_logs_is_read_and_no_flow() {
		let dns = contact(DNS);
		assert_eq!((dns.at, dns.log.as_str(), dns.source.as_str()), (29_860, "dns", "10.0.2.15"));
		let named = ["wpad.example", "relay.example", "203.0.113.9"];
		assert_eq!(
			dns.named,
			[Domain, Domain, Address].into_iter().zip(named.map(Into::into)).collect::<Vec<_>>()
		);
		assert_eq!(contact(HTTP).named, [(Url, "http://a.example/bin.sh?x=1".into())]);
		let proxied = HTTP.replace("/bin.sh", "http://b.example/bin.sh");
		assert_eq!(contact(&proxied).named, [(Url, "http://b.example/bin.sh?x=1".into())]);
		let tls = r#"{"ts":1,"uid":"C","id.orig_h":"10.0.2.15","id.resp_h":"203.0.113.7","version":"TLSv12","server_name":"a.example"}"#;
		assert_eq!(contact(tls).named, [(Domain, "a.example".into())]);
		let hash = "44d88612fea8a8f36de82e1278abb02f";
		let file = format!(r#"{{"ts":1,"fuid":"F","tx_hosts":["203.0.113.7"],"md5":"{hash}"}}"#);
		assert_eq!(contact(&file).named, [(Hash, hash.into())]);
	}

	#[test]
	fn what_zeek_noticed_is_a_notice_with_its_technique() {
		let line = r#"{"ts":1.5,"note":"Scan::Port_Scan","msg":"10.0.0.9 scanned at least 15 unique ports of host 10.0.0.1","src":"10.0.0.9","dst":"10.0.0.1","proto":"tcp"}"#;
		let Some(Event::Notice(notice)) = one(line) else { panic!("a notice") };
		assert_eq!(
			(notice.source.as_str(), notice.destination.as_deref()),
			("10.0.0.9", Some("10.0.0.1"))
		);
		assert_eq!((notice.severity, notice.technique.as_deref()), (2, Some("T1046")));
		let other = line.replace("Scan::Port_Scan", "SSL::Invalid_Server_Cert");
		let Some(Event::Notice(notice)) = one(&other) else { panic!("a notice") };
		assert_eq!((notice.severity, notice.technique), (4, None));
	}

	#[test]
	fn lines_of_logs_that_name_nothing_are_passed_over() {
		for line in [
			r#"{"ts":1,"host":"10.0.0.1","software_type":"SSH::CLIENT","name":"OpenSSH"}"#,
			r#"{"ts":1,"uid":"C","id.orig_h":"10.0.2.15","id.resp_h":"10.0.0.1","version":"TLSv12"}"#,
			r#"{"ts":1,"uid":"C","id.orig_h":"10.0.2.15","id.resp_h":"10.0.0.1","proto":"udp","facility":"DAEMON","message":"x"}"#,
			r#"{"ts":1,"uid":"C","id.orig_h":"10.0.2.15","id.resp_h":"10.0.0.1","proto":"udp","trans_id":7,"rejected":false}"#,
		] {
			assert_eq!(one(line), None, "{line}");
		}
		let lacking = r#"{"ts":1,"uid":"C","id.orig_h":"10.0.2.15","id.resp_h":"10.0.0.1","conn_state":"SF"}"#;
		assert!(Header::default().parse(lacking).unwrap_err().contains("proto is missing"));
		assert!(Header::default().parse(&HTTP.replace("\"ts\":29.86,", "")).is_err());
	}

	#[test]
	fn other_logs_read_the_same_from_tsv() {
		let mut header = Header::default();
		for line in [
			"#separator \\x09",
			"#set_separator\t,",
			"#unset_field\t-",
			"#path\tdns",
			"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\tquery\trcode\tanswers",
		] {
			assert_eq!(header.parse(line), Ok(None));
		}
		let row = "29.86\tC\t10.0.2.15\t1\t10.0.2.3\t53\tudp\t7\twpad.example\t0\trelay.example,203.0.113.9";
		assert_eq!(header.parse(row), Ok(Some(Event::Contact(contact(DNS)))));
		let unasked = "29.86\tC\t10.0.2.15\t1\t10.0.2.3\t53\tudp\t7\t-\t-\t-";
		assert_eq!(header.parse(unasked), Ok(None));
	}

	#[test]
	fn a_time_may_be_in_the_form_of_iso_8601() {
		let line = r#"{"ts":"2026-03-02T08:00:00.250000Z","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","proto":"tcp"}"#;
		assert_eq!(one(line).map(|event| event.at()), Some(1_772_438_400_250));
		assert!(Header::default().parse(&line.replace("2026-03-02T", "yesterday ")).is_err());
	}
}
