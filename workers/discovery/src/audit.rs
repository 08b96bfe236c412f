//! What is written down about a probe before it is sent.

use std::{fmt, io, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::policy::Transport;

/// Receives every probe before it is sent.
///
/// Any `Fn(&ProbeRecord) -> io::Result<()>` that is `Send + Sync` is one. If it returns an error, the probe
/// is not sent and the discovery ends with [`Error::Audit`](crate::Error::Audit).
pub trait AuditSink: Send + Sync {
	/// Writes one probe down. It must not return `Ok` before the record is kept.
	fn record(&self, probe: &ProbeRecord) -> io::Result<()>;
}

impl<F> AuditSink for F
where
	F: Fn(&ProbeRecord) -> io::Result<()> + Send + Sync,
{
	fn record(&self, probe: &ProbeRecord) -> io::Result<()> {
		self(probe)
	}
}

/// One question to one port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeRecord {
	/// When it was about to be sent, milliseconds since 1970 (UTC).
	pub at_ms: u64,
	/// The address asked.
	pub address: IpAddr,
	/// The port asked.
	pub port: u16,
	/// TCP or UDP.
	pub transport: Transport,
	/// What was asked.
	pub action: ProbeAction,
	/// Whether this is a dry run, in which nothing is sent.
	#[serde(default, skip_serializing_if = "std::ops::Not::not")]
	pub dry_run: bool,
}

/// What a probe does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAction {
	/// Opens a connection and listens; sends nothing.
	Connect,
	/// Sends one HTTP GET request for this path.
	HttpGet {
		/// The path, without host.
		path: String,
	},
	/// Requests a DICOM association for Verification (PS3.8, section 9.3.2) and releases it.
	DicomAssociation,
	/// Does a TLS handshake and reads the certificate.
	TlsHandshake,
	/// Begins an SSH key exchange, reads the host key and breaks off; signs in as nobody.
	SshKeyExchange,
	/// Negotiates a dialect of SMB and goes no further.
	SmbNegotiate,
	/// Asks PostgreSQL whether it offers TLS.
	PostgresTlsRequest,
	/// Connects to an MQTT broker and reads the topic of its own version.
	MqttConnect,
	/// Reads the section `server` of Redis' information.
	RedisInfo,
	/// Sends an HL7 v2 query for the status of the application; only with the target's explicit permission.
	Hl7Query,
	/// Reads these object identifiers with one SNMP v2c GetRequest.
	SnmpGet {
		/// Dotted object identifiers.
		oids: Vec<String>,
	},
}

impl fmt::Display for ProbeAction {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Connect => out.write_str("connect and listen"),
			Self::HttpGet { path } => write!(out, "HTTP GET {path}"),
			Self::DicomAssociation => out.write_str("DICOM association for Verification"),
			Self::TlsHandshake => out.write_str("TLS handshake"),
			Self::SshKeyExchange => out.write_str("SSH key exchange"),
			Self::SmbNegotiate => out.write_str("SMB negotiate"),
			Self::PostgresTlsRequest => out.write_str("PostgreSQL TLS request"),
			Self::MqttConnect => out.write_str("MQTT connect and version topic"),
			Self::RedisInfo => out.write_str("Redis INFO server"),
			Self::Hl7Query => out.write_str("HL7 status query"),
			Self::SnmpGet { oids } => write!(out, "SNMP get {}", oids.join(", ")),
		}
	}
}
