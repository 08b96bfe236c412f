//! Protocols in which the client speaks first, in binary: SMB, PostgreSQL, MQTT, Redis, HL7 over MLLP.
//!
//! Each is asked only at the ports where it usually lives, or where the policy says so: a stranger must not be
//! sent what it may take for an order. Every question only reads.

use std::net::SocketAddr;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{heard, read_some, service, Answer, Finding, Prober};
use crate::{
	audit::ProbeAction,
	error::Error,
	evidence, hl7,
	policy::Transport,
	snapshot::{Identity, Service},
};

/// Largest answer that is read, bytes.
const ANSWER_BYTES: usize = 8 << 10;

/// A protocol of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
	Smb,
	Postgres,
	Mqtt,
	Redis,
	Mllp,
}

impl Protocol {
	/// The protocol that usually lives at a port.
	pub(super) fn usual(port: u16) -> Option<Self> {
		match port {
			445 => Some(Self::Smb),
			5_432 | 5_433 => Some(Self::Postgres),
			1_883 => Some(Self::Mqtt),
			6_379 => Some(Self::Redis),
			_ => None,
		}
	}

	fn action(self) -> ProbeAction {
		match self {
			Self::Smb => ProbeAction::SmbNegotiate,
			Self::Postgres => ProbeAction::PostgresTlsRequest,
			Self::Mqtt => ProbeAction::MqttConnect,
			Self::Redis => ProbeAction::RedisInfo,
			Self::Mllp => ProbeAction::Hl7Query,
		}
	}
}

pub(super) async fn ask(
	prober: &Prober<'_>,
	at: SocketAddr,
	protocol: Protocol,
) -> Result<Answer, Error> {
	let Ok(mut stream) = prober.connect(at).await? else { return Ok(Answer::Else(String::new())) };
	prober.announce(at, Transport::Tcp, protocol.action()).await?;
	let found = match protocol {
		Protocol::Smb => smb(prober, at, &mut stream).await,
		Protocol::Postgres => postgres(prober, at, &mut stream).await.map(Finding::from),
		Protocol::Mqtt => mqtt(prober, at, &mut stream).await.map(Finding::from),
		Protocol::Redis => redis(prober, at, &mut stream).await.map(Finding::from),
		Protocol::Mllp => mllp(prober, at, &mut stream).await.map(Finding::from),
	};
	Ok(match found {
		Ok(finding) => Answer::Understood(finding),
		Err(bytes) => Answer::Else(heard(&bytes)),
	})
}

/// Sends a question and reads until `done`; nothing if the other side is gone.
async fn exchange(
	prober: &Prober<'_>,
	stream: &mut TcpStream,
	question: &[u8],
	done: impl Fn(&[u8]) -> bool,
) -> Vec<u8> {
	if stream.write_all(question).await.is_err() {
		return Vec::new();
	}
	read_some(stream, ANSWER_BYTES, prober.policy.timeout(), done).await.0
}

fn found(
	at: SocketAddr,
	protocol: &str,
	product: Option<&str>,
	version: Option<String>,
	evidence: &str,
	confidence: u8,
) -> Service {
	let evidence = evidence::text(evidence.as_bytes());
	service(at, Transport::Tcp, protocol, product, version, evidence, confidence)
}

/// Dialects of SMB 2 and 3 that we offer (MS-SMB2, 2.2.3), oldest first.
const DIALECTS: [u16; 4] = [0x0202, 0x0210, 0x0300, 0x0302];

/// An SMB 2 NEGOTIATE request (MS-SMB2, 2.2.3). SMB 1 is not offered: a server that only speaks it closes the
/// connection, which is told apart below.
fn smb2_negotiate() -> Vec<u8> {
	let mut body = Vec::with_capacity(112);
	body.extend(b"\xfeSMB");
	body.extend(64_u16.to_le_bytes());
	body.extend([0; 58]);
	body.extend(36_u16.to_le_bytes());
	body.extend((DIALECTS.len() as u16).to_le_bytes());
	// Signing enabled, not required; no capabilities; client id and start time empty.
	body.extend([1, 0, 0, 0]);
	body.extend([0; 28]);
	DIALECTS.iter().for_each(|dialect| body.extend(dialect.to_le_bytes()));
	framed(&body)
}

/// An SMB 1 NEGOTIATE request that offers `NT LM 0.12` only (MS-CIFS, 2.2.4.52).
fn smb1_negotiate() -> Vec<u8> {
	let mut body = b"\xffSMB\x72\0\0\0\0\x18\x01\x28".to_vec();
	body.extend([0; 20]);
	body.extend(b"\0\x0c\0\x02NT LM 0.12\0");
	framed(&body)
}

/// NetBIOS session framing: a zero, then the length in three bytes.
fn framed(body: &[u8]) -> Vec<u8> {
	let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
	[&[0][..], &length[1..], body].concat()
}

fn smb_is_whole(bytes: &[u8]) -> bool {
	match bytes {
		[0, a, b, c, rest @ ..] => {
			rest.len() >= usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c)
		},
		[] | [0, ..] => false,
		_ => true,
	}
}

async fn smb(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
) -> Result<Finding, Vec<u8>> {
	let answer = exchange(prober, stream, &smb2_negotiate(), smb_is_whole).await;
	let modern = smb2_answer(&answer);
	// Whether SMB 1 is switched on is what MS17-010 and its like depend on.
	let mut old = false;
	if prober.announce(at, Transport::Tcp, ProbeAction::SmbNegotiate).await.is_ok() {
		if let Ok(Ok(mut second)) = prober.connect(at).await {
			let answer = exchange(prober, &mut second, &smb1_negotiate(), smb_is_whole).await;
			old = smb1_answer(&answer);
		}
	}
	match (modern, old) {
		(Some(Smb2 { words, id }), old) => {
			let words = format!("{words}; SMB 1 {}", if old { "enabled" } else { "disabled" });
			let (product, confidence) = if id.is_none() { (Some("samba"), 80) } else { (None, 90) };
			let mut finding = Finding::from(found(at, "smb", product, None, &words, confidence));
			finding.identities.extend(id.map(Identity::SmbServer));
			Ok(finding)
		},
		(None, true) => Ok(found(at, "smb", None, None, "SMB 1 enabled, nothing newer", 95).into()),
		(None, false) => Err(answer),
	}
}

/// What a NEGOTIATE response tells (MS-SMB2, 2.2.4).
struct Smb2 {
	/// Dialect, signing and server id.
	words: String,
	/// The server id, hexadecimal; nothing if Samba made it, which writes its own name into it, in text, where others have
	/// random bytes.
	id: Option<String>,
}

fn smb2_answer(answer: &[u8]) -> Option<Smb2> {
	let body = answer.get(4..)?;
	if !body.starts_with(b"\xfeSMB") {
		return None;
	}
	let half = |at: usize| body.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
	let signing = if half(66)? & 2 != 0 { "required" } else { "not required" };
	let dialect = half(68)?;
	let id = body.get(72..88)?;
	let name = id.split(|byte| *byte == 0).next().unwrap_or_default();
	let is_name = !name.is_empty()
		&& name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
		&& id[name.len()..].iter().all(|byte| *byte == 0);
	let words = format!(
		"SMB dialect {}.{}.{}; signing {signing}; server id {}",
		dialect >> 8,
		dialect >> 4 & 0xf,
		dialect & 0xf,
		if is_name { String::from_utf8_lossy(name).into_owned() } else { hex::encode(id) }
	);
	Some(Smb2 { words, id: (!is_name).then(|| hex::encode(id)) })
}

fn smb1_answer(answer: &[u8]) -> bool {
	let Some(body) = answer.get(4..) else { return false };
	// The chosen dialect; 0xffff is none.
	body.starts_with(b"\xffSMB\x72") && body.get(33..35).is_some_and(|index| index != [0xff, 0xff])
}

/// SSLRequest (PostgreSQL documentation, "Message Formats"): the server answers `S` or `N`. A startup with a
/// protocol version that does not exist then draws an error message with the server's own words.
async fn postgres(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
) -> Result<Service, Vec<u8>> {
	let answer = exchange(prober, stream, &[0, 0, 0, 8, 4, 210, 22, 47], |b| !b.is_empty()).await;
	postgres_server(at, &answer).ok_or(answer)
}

fn postgres_server(at: SocketAddr, answer: &[u8]) -> Option<Service> {
	let words = match answer {
		[b'S'] => "TLS offered",
		[b'N'] => "TLS not offered",
		_ => return None,
	};
	Some(found(at, "postgresql", Some("postgresql"), None, words, 90))
}

/// Where MQTT brokers publish their version.
const VERSION_TOPIC: &[u8] = b"$SYS/broker/version";

/// CONNECT with an empty client id and a clean session (MQTT 3.1.1, 3.1), then the broker's own version topic,
/// which is kept below `$SYS` and read only.
async fn mqtt(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
) -> Result<Service, Vec<u8>> {
	let connect = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 30, 0, 0];
	let answer = exchange(prober, stream, &connect, |bytes| bytes.len() >= 4).await;
	let code = match answer.as_slice() {
		[0x20, 2, _, code, ..] => *code,
		_ => return Err(answer),
	};
	if code != 0 {
		let words = format!("connection refused with code {code}");
		return Ok(found(at, "mqtt", None, None, &words, 90));
	}
	let topic = VERSION_TOPIC;
	let length = topic.len() as u8;
	let subscribe = [&[0x82, length + 5, 0, 1, 0, length][..], topic, &[0]].concat();
	let is_published = |bytes: &[u8]| mqtt_payload(bytes, topic).is_some();
	let answer = exchange(prober, stream, &subscribe, is_published).await;
	// DISCONNECT: politeness only.
	let _ = stream.write_all(&[0xe0, 0]).await;
	Ok(mqtt_broker(at, mqtt_payload(&answer, topic).as_deref()))
}

/// A broker by what it published about its version, if anything.
fn mqtt_broker(at: SocketAddr, published: Option<&[u8]>) -> Service {
	let Some(text) = published else {
		return found(at, "mqtt", None, None, "connection accepted", 90);
	};
	let words = evidence::text(text);
	let version = words.strip_prefix("mosquitto version ").and_then(evidence::name);
	let product = words.starts_with("mosquitto").then_some("mosquitto");
	found(at, "mqtt", product, version, &words, 95)
}

/// Payload of the PUBLISH about this topic; `None` while it is not there as a whole.
fn mqtt_payload(bytes: &[u8], topic: &[u8]) -> Option<Vec<u8>> {
	let mut rest = bytes;
	// Packets: type, remaining length in up to four bytes of seven bits each.
	for _ in 0..16 {
		let kind = *rest.first()?;
		let mut length = 0_usize;
		let mut at = 1;
		loop {
			let byte = *rest.get(at)?;
			length |= usize::from(byte & 0x7f) << (7 * (at - 1));
			at += 1;
			if byte & 0x80 == 0 {
				break;
			}
			if at > 4 {
				return None;
			}
		}
		let body = rest.get(at..at.checked_add(length)?)?;
		if kind & 0xf0 == 0x30 {
			let name = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
			if body.get(2..2 + name)? == topic {
				return body.get(2 + name..).map(<[u8]>::to_vec);
			}
		}
		rest = &rest[at + length..];
	}
	None
}

/// `INFO server` (Redis documentation); a server that wants a password says so.
async fn redis(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
) -> Result<Service, Vec<u8>> {
	let is_whole = |bytes: &[u8]| bytes.ends_with(b"\r\n");
	let answer = exchange(prober, stream, b"INFO server\r\n", is_whole).await;
	redis_server(at, &answer).ok_or(answer)
}

/// A Redis server by its answer to `INFO`.
fn redis_server(at: SocketAddr, answer: &[u8]) -> Option<Service> {
	if answer.starts_with(b"-NOAUTH") || answer.starts_with(b"-DENIED") {
		return Some(found(at, "redis", Some("redis"), None, &heard(answer), 90));
	}
	let text = String::from_utf8_lossy(answer);
	let version = text
		.lines()
		.find_map(|line| line.strip_prefix("redis_version:"))
		.and_then(evidence::name)?;
	let words = format!("redis_version {version}");
	Some(found(at, "redis", Some("redis"), Some(version), &words, 95))
}

/// What an answer of this protocol tells by itself.
pub(super) fn identify(at: SocketAddr, protocol: Protocol, answer: &[u8]) -> Option<Service> {
	match protocol {
		Protocol::Smb => match smb2_answer(answer) {
			Some(Smb2 { words, .. }) => Some(found(at, "smb", None, None, &words, 80)),
			None => smb1_answer(answer).then(|| found(at, "smb", None, None, "SMB 1 enabled", 80)),
		},
		Protocol::Postgres => postgres_server(at, answer),
		Protocol::Mqtt => {
			mqtt_payload(answer, VERSION_TOPIC).map(|text| mqtt_broker(at, Some(&text)))
		},
		Protocol::Redis => redis_server(at, answer),
		Protocol::Mllp => hl7::sender(answer).map(|sender| sender.service(at)),
	}
}

/// A query for the other side's status: it names no patient and changes nothing; who does not know it says so
/// in the acknowledgement, which names the application all the same.
async fn mllp(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
) -> Result<Service, Vec<u8>> {
	let message = "MSH|^~\\&|CUREX|CUREX|||20000101000000||NMQ^N01|1|P|2.5\rQRD|20000101000000|R|I|1|||1^RD||OTH\r";
	let framed = [b"\x0b", message.as_bytes(), b"\x1c\r"].concat();
	let is_whole = |bytes: &[u8]| bytes.ends_with(b"\x1c\r");
	let answer = exchange(prober, stream, &framed, is_whole).await;
	match hl7::sender(&answer) {
		Some(sender) => Ok(sender.service(at)),
		None => Err(answer),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_negotiate_response_tells_dialect_and_signing() {
		let mut body = b"\xfeSMB".to_vec();
		body.extend([0; 60]);
		body.extend([65, 0, 3, 0, 0x11, 0x03, 0, 0]);
		body.extend([7; 16]);
		let Smb2 { words, id } = smb2_answer(&framed(&body)).expect("SMB 2");
		assert_eq!(id.as_deref(), Some("07".repeat(16).as_str()));
		let at = body.len() - 16;
		body[at..].copy_from_slice(b"files-1\0\0\0\0\0\0\0\0\0");
		assert!(smb2_answer(&framed(&body)).is_some_and(|samba| samba.id.is_none()));
		assert!(
			words.starts_with("SMB dialect 3.1.1; signing required; server id 0707"),
			"{words}"
		);
		assert!(smb_is_whole(&framed(&body)) && !smb_is_whole(&framed(&body)[..20]));
		assert!(smb2_answer(b"HTTP/1.1 400").is_none());
		assert_eq!(smb2_negotiate().len(), 4 + 64 + 36 + 8);
		let mut old = b"\xffSMB\x72".to_vec();
		old.extend([0; 27]);
		old.extend([17, 0, 0]);
		assert!(smb1_answer(&framed(&old)));
		assert!(!smb1_answer(&smb2_negotiate()));
	}

	#[test]
	fn a_published_version_is_found_behind_other_packets() {
		let topic = VERSION_TOPIC;
		let text = b"mosquitto version 2.0.11";
		let body = [&[0, topic.len() as u8][..], topic, text].concat();
		let packet = [&[0x90, 3, 0, 1, 0, 0x31, body.len() as u8][..], &body].concat();
		assert_eq!(mqtt_payload(&packet, topic).as_deref(), Some(&text[..]));
		assert_eq!(mqtt_payload(&packet[..packet.len() - 1], topic), None);
	}

	proptest::proptest! {
		#[test]
		fn no_answer_makes_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
			smb2_answer(&bytes);
			smb2_answer(&framed(&[b"\xfeSMB", &bytes[..]].concat()));
			smb1_answer(&framed(&[b"\xffSMB\x72", &bytes[..]].concat()));
			smb_is_whole(&bytes);
			mqtt_payload(&bytes, b"$SYS");
			mqtt_payload(&[&[0x31, 0xff, 0xff, 0x7f], &bytes[..]].concat(), b"$SYS");
		}
	}
}
