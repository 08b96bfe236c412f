//! The command line.

use clap::Parser;
use std::path::PathBuf;

/// A node of the CUREX consortium.
#[derive(Debug, Parser)]
pub struct Cli {
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	#[clap(flatten)]
	pub run: sc_cli::RunCmd,

	#[clap(flatten)]
	pub curex: CurexParams,

	#[clap(flatten)]
	pub storage_monitor: sc_storage_monitor::StorageMonitorParams,
}

/// What a hospital adds to a plain node.
#[derive(Debug, Clone, Parser)]
pub struct CurexParams {
	/// Configuration of curex-agent (TOML). The node starts and supervises the agent with it.
	#[arg(long, value_name = "FILE")]
	pub agent: Option<PathBuf>,

	/// Unix socket over which the agent and this node exchange work orders and reports. Without it the node has
	/// no mailbox; with --agent it lies in the base path.
	#[arg(long, value_name = "SOCKET")]
	pub mailbox: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Create the home of a member: node key, session keys, worker key, and its public description.
	Init(InitCmd),

	/// Describe a member without a node of its own, such as a care centre or an authority.
	Describe(DescribeCmd),

	/// Compose the specification of a new consortium from the descriptions of its founding members.
	Genesis(GenesisCmd),

	/// Join a consortium: check its specification and keep it in the home.
	Join(JoinCmd),

	/// Run the node of a home that has joined a consortium.
	Run(RunHomeCmd),

	/// Show or rotate the keys of a home.
	#[command(subcommand)]
	Keys(KeysCmd),

	/// Print a specification without the runtime's code, which depends on the compiler. For comparison only.
	StripCode(StripCodeCmd),

	/// Write the metadata of the runtime (SCALE) to standard output.
	Metadata,

	/// Write a specification as JSON, plain or raw.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Validate blocks.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Export blocks.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Import blocks.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove the whole chain from the disk; keys stay.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Revert the chain to an earlier state.
	Revert(sc_cli::RevertCmd),

	/// Show what the database holds.
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// The public facts of a member.
#[derive(Debug, Clone, clap::Args)]
pub struct MemberParams {
	/// Name of the organisation, at most 64 bytes.
	#[arg(long)]
	pub name: String,

	/// hospital, care-centre or authority.
	#[arg(long)]
	pub kind: String,

	/// Country of establishment, two letters (ISO 3166-1 alpha-2).
	#[arg(long)]
	pub country: String,

	/// Fields of supervision of an authority, separated by commas: data-protection, network-security,
	/// health-data-access, market-surveillance.
	#[arg(long, value_delimiter = ',')]
	pub competence: Vec<String>,

	/// Public X25519 key (hexadecimal) to which envelopes for the organisation are sealed.
	#[arg(long, value_name = "HEX")]
	pub encryption_key: String,

	/// An account and its duties, such as 5F…=exchange,consent. May be given several times.
	#[arg(long = "delegate", value_name = "ACCOUNT=DUTIES", required = true)]
	pub delegates: Vec<String>,
}

/// `curex-node init`
#[derive(Debug, clap::Args)]
pub struct InitCmd {
	/// Folder of the member; created, readable for its owner only.
	#[arg(long, value_name = "DIR")]
	pub home: PathBuf,

	#[clap(flatten)]
	pub member: MemberParams,

	/// Replace the keys of a home that exists.
	#[arg(long)]
	pub replace: bool,
}

/// `curex-node describe`
#[derive(Debug, clap::Args)]
pub struct DescribeCmd {
	#[clap(flatten)]
	pub member: MemberParams,
}

/// `curex-node genesis`
#[derive(Debug, clap::Args)]
pub struct GenesisCmd {
	/// Description of a founding member (organisation.json). Give it once per member, hospitals first: the order
	/// gives the organisations their numbers.
	#[arg(long = "member", value_name = "FILE", required = true)]
	pub members: Vec<PathBuf>,

	/// Name of the consortium.
	#[arg(long, default_value = "CUREX Consortium")]
	pub name: String,

	/// Identifier of the chain; names its folders.
	#[arg(long, default_value = "curex_consortium")]
	pub id: String,

	/// Length of a slot in milliseconds, 500 to 4000. It can never change.
	#[arg(long, default_value_t = 3000)]
	pub slot_ms: u64,

	/// Length of an epoch in slots. It can never change.
	#[arg(long, default_value_t = 1200)]
	pub epoch_slots: u32,

	/// Write the specification in its readable form; nodes of other builds would make another first block of it.
	#[arg(long)]
	pub plain: bool,

	/// Mark the chain as local, so that private addresses and development keys are accepted.
	#[arg(long)]
	pub local: bool,
}

/// `curex-node strip-code`
#[derive(Debug, clap::Args)]
pub struct StripCodeCmd {
	/// The specification.
	pub spec: PathBuf,
}

/// `curex-node join`
#[derive(Debug, clap::Args)]
pub struct JoinCmd {
	/// Folder of the member, made by `init`.
	#[arg(long, value_name = "DIR")]
	pub home: PathBuf,

	/// Specification of the consortium.
	#[arg(long, value_name = "FILE")]
	pub spec: PathBuf,

	/// Hash of the first block, learned from the council over another channel. Nothing is joined if it differs.
	#[arg(long, value_name = "HASH")]
	pub genesis_hash: Option<String>,

	/// Address of a fellow member's node, such as /dns/node.example/tcp/30333/p2p/12D3…; at least two.
	#[arg(long = "peer", value_name = "MULTIADDR")]
	pub peers: Vec<String>,
}

/// `curex-node run`
#[derive(Debug, clap::Args)]
pub struct RunHomeCmd {
	/// Folder of the member, joined to a consortium by `join`.
	#[arg(long, value_name = "DIR")]
	pub home: PathBuf,

	/// Options passed on to the node, such as --rpc-port 9944 or --listen-addr …
	#[arg(trailing_var_arg = true, allow_hyphen_values = true)]
	pub options: Vec<String>,
}

/// `curex-node keys`
#[derive(Debug, clap::Subcommand)]
pub enum KeysCmd {
	/// Print the public keys of a home as JSON.
	Show {
		/// Folder of the member.
		#[arg(long, value_name = "DIR")]
		home: PathBuf,
	},
	/// Create new session keys beside the old ones and print them with their proof of ownership, ready for
	/// Session.set_keys. The old ones stay until the session that takes the new ones over has begun.
	Rotate {
		/// Folder of the member.
		#[arg(long, value_name = "DIR")]
		home: PathBuf,
		/// Account of the administrator who will register them.
		#[arg(long)]
		owner: String,
	},
}
