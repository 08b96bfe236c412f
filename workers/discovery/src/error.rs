use std::{io, net::IpAddr, path::PathBuf};

use crate::policy::{DeviceClass, Transport};

/// Why a discovery did not take place.
///
/// A host that does not answer, or answers rubbish, is not an error: that is a finding.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The policy does not switch active discovery on.
	#[error("active discovery is off; set `active` to true in the policy to allow probes")]
	NotActive,
	/// A field of the policy makes no sense.
	#[error("the policy's `{field}` is not usable: {reason}")]
	InvalidPolicy {
		/// Name of the field.
		field: &'static str,
		/// What is wrong with it and what would be right.
		reason: String,
	},
	/// A probe was asked for that the policy does not list.
	#[error(
		"{transport} port {port} of {address} is not among the policy's targets; add it to the \
		 target's ports if it may be probed"
	)]
	OutsidePolicy {
		/// The address that was to be probed.
		address: IpAddr,
		/// The port that was to be probed.
		port: u16,
		/// The transport that was to be used.
		transport: Transport,
	},
	/// The target's device class forbids active probes.
	#[error(
		"{address} is of the device class `{class}`, which is never probed actively; set \
		 `allow_active` on this target if its vendor or biomedical engineering agreed"
	)]
	DeviceClassNotAllowed {
		/// The address that was to be probed.
		address: IpAddr,
		/// Its device class.
		class: DeviceClass,
	},
	/// The audit sink could not write a probe down, so the probe was not sent.
	#[error("a probe could not be written to the audit log and was not sent: {0}; repair the log")]
	Audit(#[source] io::Error),
	/// The stop switch is on.
	#[error("the stop switch is on ({reason}); nothing more is sent")]
	Stopped {
		/// Which switch.
		reason: String,
	},
	/// The policy does not allow probes at this time of day.
	#[error("probes are allowed {windows} (UTC) only; nothing more is sent now")]
	OutsideWindow {
		/// The hours of the policy.
		windows: String,
	},
	/// Frames at an interface cannot be watched.
	#[error("the network interface {interface} cannot be watched: {reason}")]
	Tap {
		/// Name of the interface.
		interface: String,
		/// What is wrong and what to do.
		reason: String,
	},
	/// A file to be imported is not what it should be.
	#[error("{what} cannot be read: {reason}")]
	Import {
		/// The kind of file.
		what: &'static str,
		/// What is wrong, with the place if known.
		reason: String,
	},
	/// An inventory file of the host could not be read.
	#[error("the host inventory {} cannot be used: {reason}", path.display())]
	HostInventory {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
}
