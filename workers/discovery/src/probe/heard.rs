//! What an answer tells by itself, apart from asking: for answers that somebody else recorded.

use std::net::SocketAddr;

use super::{banner, binary, dicom, http, snmp, tls, Protocol};
use crate::snapshot::Service;

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
	/// Nothing that was asked: a greeting.
	Greeting,
	/// A GET request for this path (RFC 9110).
	Http(&'a str),
	/// A request for a DICOM association (PS3.8, section 9.3.2).
	Dicom,
	/// An SMB negotiation, with its framing (MS-SMB2, 2.2.3).
	Smb,
	/// PostgreSQL's question for TLS.
	Postgres,
	/// An MQTT subscription to the broker's version.
	Mqtt,
	/// Redis' `INFO server`.
	Redis,
	/// An HL7 v2 query, with or without MLLP around it.
	Hl7,
	/// An SNMP v2c request for description and object id.
	Snmp,
	/// A TLS handshake: the certificate in DER (RFC 5280).
	Certificate,
}

/// The service behind an answer; nothing if it is not in the protocol that was spoken.
pub fn identify(at: SocketAddr, asked: Heard<'_>, answer: &[u8]) -> Option<Service> {
	let binary = |protocol| binary::identify(at, protocol, answer);
	match asked {
		Heard::Greeting => Some(banner::identify(at, answer)),
		Heard::Http(path) => http::identify_any(at, path, answer),
		Heard::Dicom => dicom::identify(at, answer),
		Heard::Smb => binary(Protocol::Smb),
		Heard::Postgres => binary(Protocol::Postgres),
		Heard::Mqtt => binary(Protocol::Mqtt),
		Heard::Redis => binary(Protocol::Redis),
		Heard::Hl7 => binary(Protocol::Mllp),
		Heard::Snmp => snmp::identify(at, answer),
		Heard::Certificate => Some(tls::identify(at, answer)),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn told(asked: Heard<'_>, answer: &[u8]) -> Option<(String, Option<String>, Option<String>)> {
		let found = identify(([192, 0, 2, 7], 1).into(), asked, answer)?;
		Some((found.protocol, found.product, found.version))
	}

	#[test]
	fn recorded_answers_tell_what_live_ones_do() {
		// sysDescr "Linux", sysObjectID of Net-SNMP on Linux.
		let snmp = b"\x30\x3b\x02\x01\x01\x04\x06public\xa2\x2e\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x23\
			\x30\x11\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x04\x05Linux\
			\x30\x0e\x06\x03\x2b\x06\x01\x06\x07\x2b\x06\x01\x04\x01\xbf\x08";
		let fhir = b"HTTP/1.0 200 OK\r\n\r\n{\"resourceType\":\"CapabilityStatement\",\
			\"software\":{\"name\":\"HAPI\",\"version\":\"6.2\"}}";
		for (asked, answer, protocol, product, version) in [
			(
				Heard::Greeting,
				&b"SSH-2.0-OpenSSH_9.2p1\r\n"[..],
				"ssh",
				Some("openssh"),
				Some("9.2p1"),
			),
			(Heard::Http("/metadata"), fhir, "fhir", Some("hapi"), Some("6.2")),
			(
				Heard::Http("/"),
				b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n",
				"http",
				Some("nginx"),
				Some("1.22.1"),
			),
			(Heard::Postgres, b"S", "postgresql", Some("postgresql"), None),
			(
				Heard::Redis,
				b"$20\r\nredis_version:7.0.15\r\n",
				"redis",
				Some("redis"),
				Some("7.0.15"),
			),
			(
				Heard::Mqtt,
				b"\x30\x2d\x00\x13$SYS/broker/versionmosquitto version 2.0.11",
				"mqtt",
				Some("mosquitto"),
				Some("2.0.11"),
			),
			(
				Heard::Hl7,
				b"\x0bMSH|^~\\&|MIRTH|H|C|C|2026||ACK|1|P|2.5\r",
				"hl7",
				Some("mirth"),
				None,
			),
			(Heard::Snmp, snmp, "snmp", Some("net-snmp"), None),
			(Heard::Certificate, b"rubbish", "tls", None, None),
		] {
			let expected =
				(protocol.to_owned(), product.map(str::to_owned), version.map(str::to_owned));
			assert_eq!(told(asked, answer), Some(expected), "{asked:?}");
		}
		for asked in [Heard::Http("/"), Heard::Dicom, Heard::Smb, Heard::Mqtt, Heard::Snmp] {
			assert_eq!(told(asked, b"rubbish"), None, "{asked:?}");
		}
	}
}
