//! What may be probed, how fast and how patiently. Everything else is refused.

use std::{collections::BTreeSet, fmt, net::IpAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
	/// Transmission Control Protocol.
	Tcp,
	/// User Datagram Protocol.
	Udp,
}

impl fmt::Display for Transport {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		out.write_str(match self {
			Self::Tcp => "tcp",
			Self::Udp => "udp",
		})
	}
}

/// What kind of device answers at an address, as the hospital knows it.
#[derive(
	Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceClass {
	/// A server of the computer centre.
	Server,
	/// A workstation or notebook.
	Workstation,
	/// A switch, router, firewall or access point.
	Network,
	/// An imaging modality or its console, without a patient attached while it is idle.
	Imaging,
	/// Pump, ventilator, monitor, implant programmer: a fault here reaches a patient.
	PatientConnected,
	/// Nobody has said what it is.
	#[default]
	Unknown,
}

impl DeviceClass {
	/// Whether a device of this class may be probed without an explicit allow rule.
	pub fn may_be_probed(self) -> bool {
		!matches!(self, Self::PatientConnected | Self::Unknown)
	}
}

impl fmt::Display for DeviceClass {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		out.write_str(match self {
			Self::Server => "server",
			Self::Workstation => "workstation",
			Self::Network => "network",
			Self::Imaging => "imaging",
			Self::PatientConnected => "patient-connected",
			Self::Unknown => "unknown",
		})
	}
}

/// One address that may be probed, on the listed ports only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
	/// The address. Each address appears in one target only.
	pub address: IpAddr,
	/// TCP ports that may be connected to.
	#[serde(default)]
	pub tcp_ports: Vec<u16>,
	/// UDP ports that may be asked by SNMP.
	#[serde(default)]
	pub udp_ports: Vec<u16>,
	/// What the hospital knows about the device.
	#[serde(default)]
	pub device_class: DeviceClass,
	/// Explicit permission to probe although the device class is unknown or patient-connected.
	#[serde(default)]
	pub allow_active: bool,
	/// Explicit permission to send an HL7 v2 status query to the target's HL7 ports, which are only listened to
	/// otherwise.
	#[serde(default)]
	pub allow_hl7_query: bool,
	/// Whether this address belongs to the host that `host_packages` describes. Loopback always does.
	#[serde(default)]
	pub this_host: bool,
}

/// A part of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
	/// First minute, counted from midnight UTC, 0 to 1,439.
	pub from_minute: u16,
	/// First minute that is outside again, 0 to 1,440. At or before `from_minute` it is on the next day.
	pub to_minute: u16,
}

impl Hours {
	fn contains(self, minute: u16) -> bool {
		if self.from_minute < self.to_minute {
			(self.from_minute..self.to_minute).contains(&minute)
		} else {
			minute >= self.from_minute || minute < self.to_minute
		}
	}
}

impl fmt::Display for Hours {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		let clock = |minute: u16| (minute / 60, minute % 60);
		let ((a, b), (c, d)) = (clock(self.from_minute), clock(self.to_minute));
		write!(out, "{a:02}:{b:02} to {c:02}:{d:02}")
	}
}

/// What a discovery may do. Unknown fields are refused when it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
	/// Master switch; nothing is sent while it is false, which is the default.
	#[serde(default)]
	pub active: bool,
	/// The addresses and ports that may be probed. Nothing else is.
	#[serde(default)]
	pub targets: Vec<Target>,
	/// Probes per second over all targets, 1 to 1,000.
	#[serde(default = "default_probes_per_second")]
	pub probes_per_second: u32,
	/// Probes per second to any one target, 1 to 1,000; `probes_per_second` if absent.
	#[serde(default)]
	pub probes_per_second_per_target: Option<u32>,
	/// Hours of the day (UTC) in which probes may be sent; any hour if empty.
	#[serde(default)]
	pub hours: Vec<Hours>,
	/// Write down what would be sent, and send nothing.
	#[serde(default)]
	pub dry_run: bool,
	/// While a file exists at this path, nothing is sent: a switch that anybody at the machine can throw.
	#[serde(default)]
	pub stop_file: Option<PathBuf>,
	/// Folder of fingerprints in recog's format, if any are to be used beside the built-in ones.
	#[serde(default)]
	pub fingerprints: Option<PathBuf>,
	/// Longest wait for one answer, milliseconds, 50 to 60,000.
	#[serde(default = "default_timeout_ms")]
	pub timeout_ms: u64,
	/// SNMP v2c community for reading.
	#[serde(default = "default_snmp_community")]
	pub snmp_community: String,
	/// Application entity title we call ourselves in a DICOM association, 1 to 16 characters.
	#[serde(default = "default_calling_ae_title")]
	pub calling_ae_title: String,
	/// Application entity title we ask for in a DICOM association, 1 to 16 characters.
	#[serde(default = "default_called_ae_title")]
	pub called_ae_title: String,
	/// The dpkg status file of this host (`/var/lib/dpkg/status`), if its packages may be read.
	#[serde(default)]
	pub host_packages: Option<PathBuf>,
	/// The release file of this host, read together with `host_packages`.
	#[serde(default = "default_host_release")]
	pub host_release: PathBuf,
}

fn default_probes_per_second() -> u32 {
	10
}
fn default_timeout_ms() -> u64 {
	2_000
}
fn default_snmp_community() -> String {
	"public".into()
}
fn default_calling_ae_title() -> String {
	"CUREX".into()
}
fn default_called_ae_title() -> String {
	"ANY-SCP".into()
}
fn default_host_release() -> PathBuf {
	"/etc/os-release".into()
}

impl Default for Policy {
	fn default() -> Self {
		Self {
			active: false,
			targets: Vec::new(),
			probes_per_second: default_probes_per_second(),
			probes_per_second_per_target: None,
			hours: Vec::new(),
			dry_run: false,
			stop_file: None,
			fingerprints: None,
			timeout_ms: default_timeout_ms(),
			snmp_community: default_snmp_community(),
			calling_ae_title: default_calling_ae_title(),
			called_ae_title: default_called_ae_title(),
			host_packages: None,
			host_release: default_host_release(),
		}
	}
}

impl Policy {
	/// Checks every field.
	///
	/// # Errors
	/// [`Error::InvalidPolicy`] names the first field that is not usable.
	pub fn validate(&self) -> Result<(), Error> {
		let invalid = |field, reason: String| Err(Error::InvalidPolicy { field, reason });
		if !(1..=1_000).contains(&self.probes_per_second) {
			return invalid(
				"probes_per_second",
				format!("{} is not between 1 and 1,000", self.probes_per_second),
			);
		}
		if self.probes_per_second_per_target.is_some_and(|rate| !(1..=1_000).contains(&rate)) {
			return invalid("probes_per_second_per_target", "it is not between 1 and 1,000".into());
		}
		if self.hours.iter().any(|hours| hours.from_minute >= 1_440 || hours.to_minute > 1_440) {
			return invalid("hours", "a day has the minutes 0 to 1,439".into());
		}
		if !(50..=60_000).contains(&self.timeout_ms) {
			return invalid("timeout_ms", format!("{} is not in 50..=60,000", self.timeout_ms));
		}
		if self.snmp_community.is_empty() || self.snmp_community.len() > 255 {
			return invalid("snmp_community", "it must have 1 to 255 characters".into());
		}
		for (field, title) in [
			("calling_ae_title", &self.calling_ae_title),
			("called_ae_title", &self.called_ae_title),
		] {
			let printable = title.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'\\');
			if title.trim().is_empty() || title.len() > 16 || !printable {
				return invalid(
					field,
					"a title has 1 to 16 printable ASCII characters without backslash (PS3.5, AE)"
						.into(),
				);
			}
		}
		let mut seen = BTreeSet::new();
		for target in &self.targets {
			if !seen.insert(target.address) {
				return invalid("targets", format!("{} is listed twice", target.address));
			}
			if target.address.is_unspecified() || target.address.is_multicast() {
				return invalid("targets", format!("{} is not one host", target.address));
			}
			if target.tcp_ports.contains(&0) || target.udp_ports.contains(&0) {
				return invalid("targets", format!("{} lists port 0", target.address));
			}
		}
		Ok(())
	}

	/// Whether this port of this address may be probed now.
	///
	/// # Errors
	/// [`Error::NotActive`], [`Error::OutsidePolicy`] or [`Error::DeviceClassNotAllowed`].
	pub fn permits(
		&self,
		address: IpAddr,
		port: u16,
		transport: Transport,
	) -> Result<&Target, Error> {
		if !self.active {
			return Err(Error::NotActive);
		}
		let target = self
			.targets
			.iter()
			.find(|target| target.address == address && target.ports(transport).contains(&port))
			.ok_or(Error::OutsidePolicy { address, port, transport })?;
		target.permits_active()?;
		Ok(target)
	}

	/// Whether probes may be sent at this moment, milliseconds since 1970 (UTC).
	///
	/// # Errors
	/// [`Error::OutsideWindow`] or [`Error::Stopped`].
	pub fn permits_now(&self, now_ms: u64) -> Result<(), Error> {
		if let Some(file) = self.stop_file.as_ref().filter(|file| file.exists()) {
			return Err(Error::Stopped { reason: format!("the file {} exists", file.display()) });
		}
		let minute = u16::try_from(now_ms / 60_000 % 1_440).unwrap_or(0);
		if self.hours.is_empty() || self.hours.iter().any(|hours| hours.contains(minute)) {
			return Ok(());
		}
		let windows: Vec<String> = self.hours.iter().map(ToString::to_string).collect();
		Err(Error::OutsideWindow { windows: windows.join(", ") })
	}

	pub(crate) fn timeout(&self) -> Duration {
		Duration::from_millis(self.timeout_ms)
	}

	/// How long a server may take to greet before it is spoken to: a second, or the timeout if shorter.
	pub(crate) fn greeting_time(&self) -> Duration {
		self.timeout().min(Duration::from_secs(1))
	}
}

impl Target {
	/// The listed ports of one transport.
	pub fn ports(&self, transport: Transport) -> &[u16] {
		match transport {
			Transport::Tcp => &self.tcp_ports,
			Transport::Udp => &self.udp_ports,
		}
	}

	pub(crate) fn permits_active(&self) -> Result<(), Error> {
		if self.device_class.may_be_probed() || self.allow_active {
			Ok(())
		} else {
			Err(Error::DeviceClassNotAllowed { address: self.address, class: self.device_class })
		}
	}

	pub(crate) fn is_this_host(&self) -> bool {
		self.this_host || self.address.is_loopback()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn policy(json: &str) -> Policy {
		serde_json::from_str(json).expect("the test's policy is valid JSON")
	}

	#[test]
	fn an_empty_policy_is_off() {
		let policy = policy("{}");
		assert!(!policy.active);
		assert_eq!(policy, Policy::default());
		let refused = policy.permits([127, 0, 0, 1].into(), 22, Transport::Tcp);
		assert!(matches!(refused, Err(Error::NotActive)));
	}

	#[test]
	fn an_unknown_field_is_refused() {
		let read = serde_json::from_str::<Policy>(r#"{"activ": true}"#);
		assert!(read.is_err_and(|error| error.to_string().contains("activ")));
	}

	#[test]
	fn what_is_not_listed_is_refused() {
		let policy = policy(
			r#"{"active": true, "targets": [
				{"address": "192.0.2.7", "tcp_ports": [22], "device_class": "server"}]}"#,
		);
		let at = |address: [u8; 4], port, transport| {
			policy.permits(address.into(), port, transport).map(|target| target.address)
		};
		assert!(at([192, 0, 2, 7], 22, Transport::Tcp).is_ok());
		for (address, port, transport) in [
			([192, 0, 2, 7], 23, Transport::Tcp),
			([192, 0, 2, 7], 22, Transport::Udp),
			([192, 0, 2, 8], 22, Transport::Tcp),
		] {
			assert!(matches!(at(address, port, transport), Err(Error::OutsidePolicy { .. })));
		}
	}

	#[test]
	fn unknown_and_patient_connected_devices_need_an_allow_rule() {
		for class in ["unknown", "patient-connected"] {
			let mut policy = policy(&format!(
				r#"{{"active": true, "targets": [
					{{"address": "192.0.2.7", "tcp_ports": [104], "device_class": "{class}"}}]}}"#
			));
			let address = policy.targets[0].address;
			let refused = policy.permits(address, 104, Transport::Tcp);
			assert!(matches!(refused, Err(Error::DeviceClassNotAllowed { .. })), "{class}");
			policy.targets[0].allow_active = true;
			assert!(policy.permits(address, 104, Transport::Tcp).is_ok(), "{class}");
		}
	}

	#[test]
	fn hours_may_span_midnight() {
		let night = Policy {
			hours: vec![Hours { from_minute: 22 * 60, to_minute: 5 * 60 }],
			..Policy::default()
		};
		let at = |hour: u64| night.permits_now(hour * 3_600_000).is_ok();
		assert!(at(23) && at(0) && at(4) && !at(5) && !at(12) && !at(21));
		let message = night.permits_now(12 * 3_600_000).expect_err("it is noon").to_string();
		assert!(message.contains("22:00 to 05:00"), "{message}");
	}

	#[test]
	fn a_policy_out_of_bounds_names_the_field() {
		let base = Policy::default();
		let target = Target {
			address: [192, 0, 2, 7].into(),
			tcp_ports: vec![22],
			udp_ports: vec![],
			device_class: DeviceClass::Server,
			allow_active: false,
			allow_hl7_query: false,
			this_host: false,
		};
		let cases = [
			(Policy { probes_per_second: 0, ..base.clone() }, "probes_per_second"),
			(Policy { timeout_ms: 1, ..base.clone() }, "timeout_ms"),
			(Policy { snmp_community: String::new(), ..base.clone() }, "snmp_community"),
			(
				Policy { called_ae_title: "SEVENTEEN LETTERS".into(), ..base.clone() },
				"called_ae_title",
			),
			(Policy { targets: vec![target.clone(), target], ..base }, "targets"),
		];
		for (policy, name) in cases {
			match policy.validate() {
				Err(Error::InvalidPolicy { field, .. }) => assert_eq!(field, name),
				other => panic!("{name}: {other:?}"),
			}
		}
	}
}
