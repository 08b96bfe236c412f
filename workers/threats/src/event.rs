//! What can be watched.

use std::net::IpAddr;

use curex_primitives::Moment;

use crate::indicators::IndicatorKind;

/// One observed event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
	/// A network connection.
	Flow(Flow),
	/// An access to patient records.
	Access(RecordAccess),
	/// A message of a log.
	Log(LogLine),
	/// A rule that fired.
	Notice(Notice),
	/// What a connection was about.
	Contact(Contact),
	/// What was measured at one moment.
	Measured(Vec<Measurement>),
	/// A message that carries results, and what they say was measured.
	Results(LogLine, Vec<Measurement>),
}

impl Event {
	/// When it happened.
	pub fn at(&self) -> Moment {
		match self {
			Self::Flow(flow) => flow.at,
			Self::Access(access) => access.at,
			Self::Log(line) | Self::Results(line, _) => line.at,
			Self::Notice(notice) => notice.at,
			Self::Contact(contact) => contact.at,
			Self::Measured(values) => values.first().map_or(0, |value| value.at),
		}
	}
}

/// One network connection, as Zeek saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
	/// First packet.
	pub at: Moment,
	/// Who opened the connection.
	pub source: IpAddr,
	/// To whom.
	pub destination: IpAddr,
	/// At which port.
	pub destination_port: u16,
	/// Transport protocol in lower case: `tcp`, `udp`, `icmp`.
	pub protocol: String,
	/// Zeek's connection state, for example `SF` or `S0`.
	pub state: String,
	/// Length in seconds, 0 if unknown.
	pub duration: f64,
	/// Payload bytes from the source, 0 if unknown.
	pub bytes_sent: u64,
	/// Payload bytes to the source, 0 if unknown.
	pub bytes_received: u64,
	/// Packets both ways.
	pub packets: u64,
	/// Packets to the source.
	pub packets_received: u64,
	/// Hardware address of the source, if the sensor is where it can be seen.
	pub hardware: Option<String>,
}

impl Flow {
	/// Whether the source got nothing out of it: a TCP connection without a byte of payload either
	/// way (refused, unanswered, or opened and dropped), or a UDP packet to one host that nobody
	/// answered.
	pub fn failed(&self) -> bool {
		match self.protocol.as_str() {
			"tcp" => self.bytes_sent == 0 && self.bytes_received == 0,
			"udp" => self.packets_received == 0 && !is_group_address(self.destination),
			_ => false,
		}
	}
}

fn is_group_address(address: IpAddr) -> bool {
	match address {
		IpAddr::V4(v4) => v4.is_multicast() || v4.octets()[3] == 255,
		IpAddr::V6(v6) => v6.is_multicast(),
	}
}

/// Whether the user is known to treat the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum CareRelationship {
	/// Known to treat.
	Present,
	/// Known not to treat.
	Absent,
	/// The record does not say.
	Unknown,
}

/// One access to the records of one or no patient.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RecordAccess {
	/// When it was recorded.
	pub at: Moment,
	/// Hour of the day where it was recorded, 0 to 23.
	pub local_hour: u32,
	/// Whether the day was a Saturday or Sunday where it was recorded.
	pub weekend: bool,
	/// Pseudonymous code of the user.
	pub user: String,
	/// Reference to the patient. Kept for counting; never copied into an alert.
	pub patient: Option<String>,
	/// The AuditEvent's action: `C`, `R`, `U`, `D` or `E`.
	pub action: char,
	/// Whether emergency access was invoked.
	pub break_glass: bool,
	/// Whether the user treats the patient.
	pub relationship: CareRelationship,
	/// The user's peers, a place and a role, if the record says.
	pub unit: Option<String>,
}

/// One measured value, without the patient.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
	/// When it was measured.
	pub at: Moment,
	/// The device that measured it, if the record says.
	pub device: Option<String>,
	/// What was measured, and in which unit.
	pub quantity: String,
	/// The value.
	pub value: f64,
}

/// A rule that fired, of a sensor or of Sigma: a threat that somebody else knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
	/// When.
	pub at: Moment,
	/// Whose doing it was: an address, else the host that noticed it.
	pub source: String,
	/// Against whom, if known: an address or a host.
	pub destination: Option<String>,
	/// Stable name of the rule.
	pub rule: String,
	/// What the rule says.
	pub title: String,
	/// 1 (worst) to 4, as Suricata counts.
	pub severity: u8,
	/// ATT&CK technique, if the rule names one.
	pub technique: Option<String>,
}

/// What a sensor saw named in a connection: who was asked for, or which file came. Nothing is learned from it; it is compared
/// with what others know.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
	/// When.
	pub at: Moment,
	/// Log or event type that says so, as the sensor calls it: `dns`, `http`, `ssl`, `files`, `tls`, `fileinfo`.
	pub log: String,
	/// Who asked, an address.
	pub source: String,
	/// Whom, if known.
	pub destination: Option<String>,
	/// Domains, addresses, URLs and hashes.
	pub named: Vec<(IndicatorKind, String)>,
}

/// One message of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
	/// When it was written.
	pub at: Moment,
	/// Host that wrote it.
	pub host: String,
	/// Program that wrote it.
	pub program: String,
	/// Process that wrote it.
	pub process: Option<String>,
	/// By what its source tells its kinds of messages apart, if it does: a number or name.
	pub kind: Option<String>,
	/// What it says.
	pub message: String,
}
