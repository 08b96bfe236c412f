//! Finds the assets of a hospital's network: hosts, the services that answer on them, and what those
//! services say they are.
//!
//! The engine is plain data in, plain data out and knows nothing of the ledger:
//!
//! - [`Policy`] says which addresses and ports may be asked, how fast, and with which patience. It is off
//!   unless it is switched on, and whatever it does not list is refused ([`Policy::permits`]).
//! - [`AuditSink`] receives every probe *before* it is sent; a probe that cannot be written down is not sent.
//! - [`discover`] asks the listed ports and returns a [`Snapshot`]: assets in canonical order, each with its
//!   services, their evidence and a confidence. [`differences`] compares two snapshots.
//! - [`Observations`] holds what was seen without asking: captures, a tap at an interface, logs of Zeek.
//! - [`import_nmap`] and [`import_mds2`] read what others wrote about devices.
//! - [`installed_packages`] reads a Debian host's own package inventory, so that the versions of the
//!   distribution (and its backported fixes) are known beside the versions that banners show. [`HostInventory`]
//!   reads such lists of other hosts, Windows among them.
//!
//! A service is identified by the protocol it speaks, never by its port number: a port number only decides
//! which question is asked first. Nothing is asked that could change the state of the other side, and a host
//! is asked one question at a time. Answers are hostile input: bounded in size and time, and cleaned.

#![warn(missing_docs)]

mod audit;
mod error;
mod evidence;
mod hl7;
mod host;
mod imports;
mod packages;
mod passive;
mod policy;
mod probe;
mod products;
mod recog;
mod snapshot;

pub use audit::{AuditSink, ProbeAction, ProbeRecord};
pub use error::Error;
pub use host::{HostInventory, OperatingSystem, Program};
pub use imports::{import_mds2, import_nmap, Disclosure, Response, SecurityAnswer};
pub use packages::{distribution, installed_packages, InstalledPackage};
pub use passive::{Capture, Observations, ZeekLog};
pub use policy::{DeviceClass, Hours, Policy, Target, Transport};
pub use probe::{discover, identify, Heard};
pub use recog::{Facts, Fingerprints};
pub use snapshot::{
	differences, Asset, Difference, HeldBack, Identity, Package, Service, Snapshot,
};
