//! Folders and ports of the local consortium.

use std::path::PathBuf;

/// Where things are.
#[derive(Clone, Debug)]
pub struct Layout {
	/// Folder of the local consortium; everything in it can be discarded with `--fresh`.
	pub home: PathBuf,
	/// Folder with `curex-node`, `curex-agent`, `curex` and, if it is there, `curex-explorer`.
	pub binaries: PathBuf,
	/// The laboratory.
	pub laboratory: PathBuf,
	/// The advisory feed.
	pub feed: PathBuf,
	/// First port of the nodes.
	pub port_base: u16,
}

/// A member of the local consortium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
	/// Number on the ledger.
	pub number: u32,
	/// Folder and prefix of its logs.
	pub id: &'static str,
	/// Name on the ledger.
	pub name: &'static str,
	/// `hospital`, `care-centre` or `authority`.
	pub kind: &'static str,
	/// ISO 3166-1 alpha-2.
	pub country: &'static str,
}

/// Four hospitals, a care centre and an authority.
pub const MEMBERS: [Member; 6] = [
	Member { number: 0, id: "hospital-a", name: "Hospital A", kind: "hospital", country: "GR" },
	Member { number: 1, id: "hospital-b", name: "Hospital B", kind: "hospital", country: "ES" },
	Member { number: 2, id: "hospital-c", name: "Hospital C", kind: "hospital", country: "SE" },
	Member { number: 3, id: "hospital-d", name: "Hospital D", kind: "hospital", country: "CY" },
	Member {
		number: 4,
		id: "care-centre",
		name: "Care Centre",
		kind: "care-centre",
		country: "GR",
	},
	Member {
		number: 5,
		id: "regulator",
		name: "Data Protection Authority",
		kind: "authority",
		country: "GR",
	},
];

/// Hospitals run nodes.
pub const HOSPITALS: usize = 4;

impl Layout {
	/// Folder of a member.
	pub fn member(&self, member: &Member) -> PathBuf {
		self.home.join("members").join(member.id)
	}

	/// Logs.
	pub fn logs(&self) -> PathBuf {
		self.home.join("logs")
	}

	/// The consortium's specification.
	pub fn specification(&self) -> PathBuf {
		self.home.join("chain.json")
	}

	/// A program of the project.
	pub fn binary(&self, name: &str) -> String {
		self.binaries.join(name).display().to_string()
	}

	/// Port of a hospital's JSON-RPC.
	pub fn rpc_port(&self, hospital: usize) -> u16 {
		self.port_base + hospital as u16
	}

	/// Address of a hospital's JSON-RPC.
	pub fn rpc(&self, hospital: usize) -> String {
		format!("ws://127.0.0.1:{}", self.rpc_port(hospital))
	}

	/// Port on which a hospital's node meets the others.
	pub fn peer_port(&self, hospital: usize) -> u16 {
		self.port_base + 20 + hospital as u16
	}

	/// Port of the regulator's explorer.
	pub fn explorer_port(&self) -> u16 {
		self.port_base + 60
	}

	/// Address of the regulator's explorer.
	pub fn explorer(&self) -> String {
		format!("http://127.0.0.1:{}", self.explorer_port())
	}

	/// Whether the explorer stands beside the other programs.
	pub fn has_explorer(&self) -> bool {
		self.binaries.join("curex-explorer").exists()
	}

	/// Port of a hospital's metrics.
	pub fn metrics_port(&self, hospital: usize) -> u16 {
		self.port_base + 40 + hospital as u16
	}
}
