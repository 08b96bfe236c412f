//! Four validators on loopback.

use crate::{
	members::{self, Pair},
	Error,
};
use curex_localnet::process::{self, Process};
use std::{
	fs,
	path::{Path, PathBuf},
};

/// The well-known keys with which the validators run.
const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// Identity of the first node in the network: that of the secret key one.
const FIRST_PEER: &str = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp";

/// How the network is made.
#[derive(Clone, Debug)]
pub struct Options {
	/// The program `curex-node`.
	pub node: PathBuf,
	/// A folder that is the bench's alone.
	pub home: PathBuf,
	/// First of the ports.
	pub port_base: u16,
	/// Length of a slot, milliseconds.
	pub slot_ms: u64,
	/// Passed on to every node.
	pub node_options: Vec<String>,
	/// Passed on to the first node besides.
	pub first_node_options: Vec<String>,
	/// Another runtime than the node's: WebAssembly, compact or compressed.
	pub runtime: Option<PathBuf>,
}

/// The running validators; they end when this is dropped.
pub struct Network {
	/// The nodes.
	pub nodes: Vec<Process>,
	options: Options,
}

impl Network {
	/// Makes the specification with these organisations and starts the validators.
	pub fn start(options: &Options, pairs: &[Pair]) -> Result<Self, Error> {
		let specification = specification(options, pairs)?;
		let first = format!("/ip4/127.0.0.1/tcp/{}/p2p/{FIRST_PEER}", peer_port(options, 0));
		let nodes = (0..VALIDATORS.len())
			.map(|number| {
				let name = VALIDATORS[number];
				process::ensure_free_tcp(rpc_port(options, number), name)?;
				process::ensure_free_tcp(peer_port(options, number), name)?;
				let mut command = vec![
					options.node.display().to_string(),
					format!("--{name}"),
					"--chain".into(),
					specification.display().to_string(),
					"--base-path".into(),
					options.home.join(name).display().to_string(),
					"--node-key".into(),
					format!("{:064x}", number + 1),
					"--rpc-port".into(),
					rpc_port(options, number).to_string(),
					"--listen-addr".into(),
					format!("/ip4/127.0.0.1/tcp/{}", peer_port(options, number)),
					"--allow-private-ip".into(),
					"--no-mdns".into(),
					"--no-telemetry".into(),
					"--no-prometheus".into(),
				];
				if number > 0 {
					command.extend(["--bootnodes".into(), first.clone()]);
				}
				command.extend(options.node_options.iter().cloned());
				if number == 0 {
					command.extend(options.first_node_options.iter().cloned());
				}
				Ok(Process::start(name, &command, &log(options, number))?)
			})
			.collect::<Result<_, Error>>()?;
		Ok(Self { nodes, options: options.clone() })
	}

	/// Fails if a node has ended.
	pub fn check(&mut self) -> Result<(), Error> {
		self.nodes.iter_mut().try_for_each(|node| Ok(node.check()?))
	}

	/// The addresses of the nodes' JSON-RPC.
	pub fn endpoints(&self) -> Vec<String> {
		(0..VALIDATORS.len())
			.map(|number| format!("ws://127.0.0.1:{}", rpc_port(&self.options, number)))
			.collect()
	}

	/// What the nodes have logged so far.
	pub fn logs(&self) -> Result<Vec<String>, Error> {
		(0..VALIDATORS.len())
			.map(|number| {
				let path = log(&self.options, number);
				fs::read_to_string(&path).map_err(Error::at(&path))
			})
			.collect()
	}
}

fn rpc_port(options: &Options, number: usize) -> u16 {
	options.port_base + number as u16
}

fn peer_port(options: &Options, number: usize) -> u16 {
	options.port_base + 10 + number as u16
}

fn log(options: &Options, number: usize) -> PathBuf {
	options.home.join(format!("{}.log", VALIDATORS[number]))
}

/// Writes the raw specification and says where.
fn specification(options: &Options, pairs: &[Pair]) -> Result<PathBuf, Error> {
	let node = options.node.display().to_string();
	let export = |chain: &Path, raw: bool| {
		let mut command = vec![node.clone(), "export-chain-spec".into(), "--chain".into()];
		command.push(chain.display().to_string());
		command.extend(raw.then(|| "--raw".into()));
		process::output(&command)
	};
	let unreadable =
		|reason: serde_json::Error| Error::Protocol(format!("the specification: {reason}"));
	let mut readable =
		serde_json::from_str(&export(Path::new("local"), false)?).map_err(unreadable)?;
	members::add_to(&mut readable, pairs, options.slot_ms)?;
	if let Some(path) = &options.runtime {
		let code = fs::read(path).map_err(Error::at(path))?;
		readable["genesis"]["runtimeGenesis"]["code"] = format!("0x{}", hex::encode(code)).into();
	}
	let path = options.home.join("readable.json");
	let text = serde_json::to_vec(&readable).map_err(unreadable)?;
	fs::write(&path, text).map_err(Error::at(&path))?;
	let raw = options.home.join("chain.json");
	fs::write(&raw, export(&path, true)?).map_err(Error::at(&raw))?;
	Ok(raw)
}
