//! What is known of the network without asking: captures, logs of Zeek, and a tap at an interface.

use std::{
	collections::BTreeSet,
	fs::File,
	io::BufReader,
	net::IpAddr,
	path::{Path, PathBuf},
	sync::atomic::AtomicBool,
	time::Duration,
};

use curex_discovery::Observations;
use ipnet::IpNet;
use serde::Deserialize;

use crate::Error;

/// Longest time at a tap, seconds: an order is carried out within it.
const LONGEST: u32 = 3_600;

/// Where is looked, and whose hosts count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observe {
	/// The hospital's networks, for example `10.20.0.0/16`. Hosts outside are passed over.
	pub networks: Vec<IpNet>,
	/// Captures (pcap, pcapng).
	#[serde(default)]
	pub captures: Vec<PathBuf>,
	/// Zeek's logs of software, hosts and services.
	#[serde(default)]
	pub zeek: Vec<PathBuf>,
	/// nmap's reports (`-oX`), for a hospital that has it already.
	#[serde(default)]
	pub nmap: Vec<PathBuf>,
	/// An interface that is watched at each discovery. It needs the right to do so (CAP_NET_RAW).
	#[serde(default)]
	pub tap: Option<Tap>,
}

/// A network interface that sees the hospital's traffic, such as the mirror port of a switch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tap {
	/// Its name.
	pub interface: String,
	/// How long it is watched, seconds.
	pub seconds: u32,
}

impl Observe {
	/// The first key that is not usable, and why.
	pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
		if self.networks.is_empty() {
			let problem =
				"it is empty; name the hospital's networks, for hosts elsewhere are passed over";
			return Err(("observe.networks", problem.into()));
		}
		match &self.tap {
			Some(tap) if !(1..=LONGEST).contains(&tap.seconds) => Err((
				"observe.tap.seconds",
				format!("{} is not between 1 and {LONGEST}", tap.seconds),
			)),
			_ => Ok(()),
		}
	}

	pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
		self.captures.iter_mut().chain(&mut self.zeek).chain(&mut self.nmap)
	}

	pub(crate) fn is_ours(&self, address: IpAddr) -> bool {
		self.networks.iter().any(|network| network.contains(&address))
	}

	/// Looks everywhere. What cannot be read is told in sentences; the rest counts.
	pub(crate) fn look(&self) -> (Observations, Vec<String>) {
		let mut observations = Observations::default();
		let mut notes = BTreeSet::new();
		let open = |path: &Path| File::open(path).map_err(Error::io("reading", path));
		for path in &self.captures {
			let read =
				open(path).and_then(|file| Ok(observations.read_capture(BufReader::new(file))?));
			notes.extend(read.err().map(|error| format!("{}: {error}", path.display())));
		}
		for path in &self.zeek {
			let read =
				open(path).and_then(|file| Ok(observations.read_zeek(BufReader::new(file))?));
			notes.extend(read.err().map(|error| format!("{}: {error}", path.display())));
		}
		if let Some(tap) = &self.tap {
			let time = Duration::from_secs(tap.seconds.into());
			let seen = observations.watch(&tap.interface, time, &AtomicBool::new(false));
			notes.extend(seen.err().map(|error| error.to_string()));
		}
		if observations.left_out() > 0 {
			notes.insert(format!(
				"{} hosts too many were seen and left out.",
				observations.left_out()
			));
		}
		(observations, notes.into_iter().collect())
	}
}
