//! What can go wrong with a transfer.

use curex_primitives::transfer::TransferRefusal;

/// Why a part was not deposited, served or fetched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The input cannot be read.
	#[error("{0} cannot be read; see docs/rpc.md for its form")]
	Malformed(&'static str),
	/// The authorisation is over, or would live too long.
	#[error("the authorisation has expired or lives for more than an hour; sign a new one")]
	Expired,
	/// The authorisation does not cover this.
	#[error("not authorised: {0}")]
	NotAuthorised(&'static str),
	/// The exchange does not stand where this is allowed.
	#[error(
		"the ledger has no such exchange, or it does not stand where this part may travel; wait for \
		 the block that carries the step, or look at the state of the exchange"
	)]
	NotNow,
	/// The part is not on this node, or not all of it.
	#[error("this node does not have the part; deposit or fetch it first")]
	NotHere,
	/// The manifest belongs to something else.
	#[error("the manifest's commitment is not the one on the ledger; check salt, length and root")]
	ManifestMismatch,
	/// The chunk has the wrong length, place or content.
	#[error("chunk {index} is not of this part: wrong index, length or content")]
	WrongChunk {
		/// Its index.
		index: u64,
	},
	/// The part is larger than what is taken.
	#[error("the part has {length} bytes, at most {limit} are taken")]
	TooLarge {
		/// Bytes of the part.
		length: u64,
		/// Bytes that are taken.
		limit: u64,
	},
	/// No room is left.
	#[error("the transfer store of this node is full; try later or use another node")]
	Full,
	/// All chunks are there, and their root is not the manifest's.
	#[error(
		"the chunks do not make up the root of the manifest and were deleted; deposit them again"
	)]
	RootMismatch,
	/// Too much at once.
	#[error("this node has as many transfers running as it takes; try again in a few seconds")]
	Busy,
	/// No peer served the part.
	#[error("none of {asked} nodes served the part; the last one: {last}")]
	Unserved {
		/// How many were asked.
		asked: usize,
		/// What the last one said.
		last: String,
	},
	/// Disk.
	#[error("the transfer store failed: {0}")]
	Storage(#[from] std::io::Error),
	/// Chain.
	#[error("the ledger cannot be read: {0}")]
	Ledger(String),
}

impl Error {
	/// What another node is told, if it is told anything.
	pub fn refusal(&self) -> Option<TransferRefusal> {
		match self {
			Self::Malformed(_) => Some(TransferRefusal::Malformed),
			Self::Expired | Self::NotAuthorised(_) => Some(TransferRefusal::NotAuthorised),
			Self::NotNow => Some(TransferRefusal::NotNow),
			Self::NotHere => Some(TransferRefusal::NotHere),
			Self::WrongChunk { .. } => Some(TransferRefusal::Malformed),
			_ => None,
		}
	}
}
