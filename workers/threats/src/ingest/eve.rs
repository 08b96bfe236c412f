//! Suricata EVE, JSON lines (<https://docs.suricata.io>, EVE JSON output).

use std::{borrow::Cow, net::IpAddr};

use super::{instant, named::Named, not_json};
use crate::event::{Contact, Event, Flow, Notice};

/// Reads one line: a flow, a signature that fired, what was named, nothing (another event type), or the reason why
/// not.
pub(super) fn parse(line: &str) -> Result<Option<Event>, String> {
	let row: Row = serde_json::from_str(line).map_err(|error| not_json(&error))?;
	match row.event_type.as_ref() {
		"flow" => row.into_flow().map(|flow| Some(Event::Flow(flow))),
		"alert" => row.into_notice().map(|notice| Some(Event::Notice(notice))),
		"dns" | "http" | "tls" | "fileinfo" => row.into_contact().map(|it| it.map(Event::Contact)),
		_ => Ok(None),
	}
}

#[derive(serde::Deserialize)]
struct Row<'a> {
	#[serde(borrow)]
	timestamp: Cow<'a, str>,
	#[serde(borrow)]
	event_type: Cow<'a, str>,
	#[serde(borrow)]
	src_ip: Option<Cow<'a, str>>,
	#[serde(borrow)]
	dest_ip: Option<Cow<'a, str>>,
	dest_port: Option<u16>,
	#[serde(borrow)]
	proto: Option<Cow<'a, str>>,
	#[serde(borrow)]
	flow: Option<Counters<'a>>,
	#[serde(borrow)]
	alert: Option<Signature<'a>>,
	#[serde(borrow)]
	dns: Option<Question<'a>>,
	#[serde(borrow)]
	http: Option<Request<'a>>,
	#[serde(borrow)]
	tls: Option<Handshake<'a>>,
	#[serde(borrow)]
	fileinfo: Option<File<'a>>,
}

/// Of DNS, as Suricata 4 to 7 write it, and since 8, with a list of questions.
#[derive(serde::Deserialize)]
struct Question<'a> {
	#[serde(borrow)]
	rrname: Option<Cow<'a, str>>,
	#[serde(borrow, default)]
	queries: Vec<Record<'a>>,
	#[serde(borrow, default)]
	answers: Vec<Record<'a>>,
}

#[derive(serde::Deserialize)]
struct Record<'a> {
	#[serde(borrow)]
	rrname: Option<Cow<'a, str>>,
	#[serde(borrow)]
	rrtype: Option<Cow<'a, str>>,
	#[serde(borrow)]
	rdata: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Request<'a> {
	#[serde(borrow)]
	hostname: Option<Cow<'a, str>>,
	#[serde(borrow)]
	url: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Handshake<'a> {
	#[serde(borrow)]
	sni: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct File<'a> {
	#[serde(borrow)]
	md5: Option<Cow<'a, str>>,
	#[serde(borrow)]
	sha1: Option<Cow<'a, str>>,
	#[serde(borrow)]
	sha256: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Counters<'a> {
	#[serde(default)]
	pkts_toserver: u64,
	#[serde(default)]
	pkts_toclient: u64,
	#[serde(default)]
	bytes_toserver: u64,
	#[serde(default)]
	bytes_toclient: u64,
	#[serde(borrow)]
	start: Option<Cow<'a, str>>,
	#[serde(borrow)]
	end: Option<Cow<'a, str>>,
	#[serde(borrow)]
	state: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
struct Signature<'a> {
	#[serde(default)]
	signature_id: u64,
	#[serde(borrow)]
	signature: Cow<'a, str>,
	severity: Option<u8>,
	#[serde(default)]
	metadata: Metadata,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Metadata {
	mitre_technique_id: Vec<String>,
}

fn address(name: &str, text: Option<Cow<str>>) -> Result<IpAddr, String> {
	let text = text.ok_or_else(|| format!("{name} is missing"))?;
	text.parse().map_err(|_| format!("{name} is no address"))
}

impl Row<'_> {
	fn into_flow(self) -> Result<Flow, String> {
		let counters = self.flow.ok_or("a flow without its counters")?;
		let at = instant(counters.start.as_deref().unwrap_or(&self.timestamp))?;
		let end = counters.end.as_deref().map_or(Ok(at), instant)?;
		Ok(Flow {
			at,
			source: address("src_ip", self.src_ip)?,
			destination: address("dest_ip", self.dest_ip)?,
			destination_port: self.dest_port.unwrap_or(0),
			protocol: self.proto.ok_or("proto is missing")?.to_ascii_lowercase(),
			// Without an answer there was no service, whatever Suricata calls the state.
			state: counters.state.unwrap_or_default().into_owned(),
			duration: end.saturating_sub(at) as f64 / 1_000.0,
			bytes_sent: counters.bytes_toserver,
			bytes_received: counters.bytes_toclient,
			packets: counters.pkts_toserver.saturating_add(counters.pkts_toclient),
			packets_received: counters.pkts_toclient,
			hardware: None,
		})
	}

	/// Nothing if nothing is named.
	fn into_contact(self) -> Result<Option<Contact>, String> {
		let mut named = Named::default();
		if let Some(dns) = self.dns {
			let Question { rrname, queries, answers } = dns;
			rrname.iter().for_each(|name| named.domain(name));
			for record in queries.iter().chain(&answers) {
				record.rrname.iter().for_each(|name| named.domain(name));
				if matches!(record.rrtype.as_deref(), Some("A" | "AAAA" | "CNAME")) {
					record.rdata.iter().for_each(|data| named.host(data));
				}
			}
		}
		if let Some(http) = self.http {
			named.url(http.hostname.as_deref(), http.url.as_deref());
		}
		self.tls.iter().flat_map(|tls| &tls.sni).for_each(|name| named.host(name));
		if let Some(file) = self.fileinfo {
			[file.md5, file.sha1, file.sha256].iter().flatten().for_each(|hash| named.hash(hash));
		}
		let named = named.all();
		if named.is_empty() {
			return Ok(None);
		}
		Ok(Some(Contact {
			at: instant(&self.timestamp)?,
			log: self.event_type.into_owned(),
			source: address("src_ip", self.src_ip)?.to_string(),
			destination: Some(address("dest_ip", self.dest_ip)?.to_string()),
			named,
		}))
	}

	fn into_notice(self) -> Result<Notice, String> {
		let alert = self.alert.ok_or("an alert without its signature")?;
		Ok(Notice {
			at: instant(&self.timestamp)?,
			source: address("src_ip", self.src_ip)?.to_string(),
			destination: Some(address("dest_ip", self.dest_ip)?.to_string()),
			rule: alert.signature_id.to_string(),
			title: alert.signature.into_owned(),
			severity: alert.severity.unwrap_or(3),
			technique: alert.metadata.mitre_technique_id.into_iter().next(),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const FLOW: &str = r#"{"timestamp":"2021-06-06T15:59:50.000000+0200","event_type":"flow",
		"src_ip":"10.0.0.1","dest_ip":"10.0.0.2","dest_port":445,"proto":"TCP",
		"flow":{"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":180,"bytes_toclient":120,
		"start":"2021-06-06T15:59:46.500000+0200","end":"2021-06-06T15:59:48.000000+0200","state":"new"}}"#;

	#[test]
	fn a_flow_has_its_own_start_and_both_directions() {
		let Ok(Some(Event::Flow(flow))) = parse(FLOW) else { panic!("a flow") };
		assert_eq!(flow.at, 1_622_987_986_500);
		assert_eq!((flow.duration, flow.packets, flow.packets_received), (1.5, 5, 2));
		assert_eq!((flow.bytes_sent, flow.bytes_received), (180, 120));
		assert_eq!(flow.protocol, "tcp");
	}

	#[test]
	fn a_signature_is_a_notice_with_its_technique_and_other_types_are_passed_over() {
		let alert = FLOW.replace(
			r#""event_type":"flow""#,
			r#""event_type":"alert","alert":{
			"signature_id":7,"signature":"ET SCAN","severity":2,
			"metadata":{"mitre_technique_id":["T1046"],"tag":["x"]}}"#,
		);
		let Ok(Some(Event::Notice(notice))) = parse(&alert) else { panic!("a notice") };
		assert_eq!((notice.rule.as_str(), notice.technique.as_deref()), ("7", Some("T1046")));
		assert_eq!(
			parse(&FLOW.replace(r#""event_type":"flow""#, r#""event_type":"stats""#)),
			Ok(None)
		);
	}

	#[test]
	fn what_is_named_in_a_connection_is_read() {
		let contact = |kind: &str, fields: &str| {
			let line = format!(
				r#"{{"timestamp":"2021-06-06T15:59:50.000000+0200","event_type":"{kind}","src_ip":"10.0.0.1",
				"dest_ip":"10.0.0.2","dest_port":53,"proto":"UDP",{fields}}}"#
			);
			match parse(&line).unwrap() {
				Some(Event::Contact(contact)) => {
					assert_eq!(
						(contact.at, contact.source.as_str()),
						(1_622_987_990_000, "10.0.0.1")
					);
					contact.named.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
				},
				other => panic!("{other:?}"),
			}
		};
		let answer = r#""dns":{"type":"answer","rrname":"a.example","answers":[
			{"rrname":"a.example","rrtype":"CNAME","rdata":"b.example"},
			{"rrname":"b.example","rrtype":"A","rdata":"203.0.113.9"}]}"#;
		assert_eq!(contact("dns", answer), ["a.example", "b.example", "203.0.113.9"]);
		let newer = r#""dns":{"version":3,"type":"request","queries":[{"rrname":"a.example","rrtype":"A"}]}"#;
		assert_eq!(contact("dns", newer), ["a.example"]);
		let request = r#""http":{"hostname":"a.example","url":"/x?y=1","http_method":"GET"}"#;
		assert_eq!(contact("http", request), ["http://a.example/x?y=1"]);
		assert_eq!(
			contact("tls", r#""tls":{"sni":"a.example","version":"TLS 1.3"}"#),
			["a.example"]
		);
		let hash = "44d88612fea8a8f36de82e1278abb02f";
		assert_eq!(contact("fileinfo", &format!(r#""fileinfo":{{"md5":"{hash}"}}"#)), [hash]);
		let nothing = FLOW.replace(r#""event_type":"flow""#, r#""event_type":"tls","tls":{}"#);
		assert_eq!(parse(&nothing), Ok(None));
	}

	#[test]
	fn a_flow_without_addresses_is_malformed() {
		let reason = parse(&FLOW.replace("src_ip", "other")).unwrap_err();
		assert!(reason.contains("src_ip"), "{reason}");
	}
}
