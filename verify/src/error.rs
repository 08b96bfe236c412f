//! What can be wrong with a bundle.

use core::fmt;

/// Why something is not proven. A bundle never becomes right by trying again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
	/// A part cannot be read, or is not in its one canonical form.
	Malformed(&'static str),
	/// The bundle is of another chain than the trust root.
	WrongGenesis,
	/// The trust root does not follow from the hash of the first block.
	TrustRoot(&'static str),
	/// The justification does not finalise the header.
	NotFinal(&'static str),
	/// A change of the authority set is not shown; `set` is the set that would hand over.
	HandOver {
		/// Number of the outgoing set.
		set: u64,
		/// What is missing.
		reason: &'static str,
	},
	/// A header does not name the one before it as its parent; `position` counts from the record's block.
	BrokenChain {
		/// Position of the header in the bundle.
		position: usize,
	},
	/// A value does not follow from the state root.
	State(&'static str),
	/// The extrinsic does not follow from the extrinsics root.
	Extrinsic(&'static str),
	/// The bundle names another runtime than the one the state proves.
	WrongRuntime {
		/// What the bundle says.
		claimed: u32,
		/// What the state says.
		proven: u32,
	},
}

impl Error {
	/// A stable code, for programs.
	pub const fn code(&self) -> &'static str {
		match self {
			Self::Malformed(_) => "verify.malformed",
			Self::WrongGenesis => "verify.wrong-genesis",
			Self::TrustRoot(_) => "verify.trust-root",
			Self::NotFinal(_) => "verify.not-final",
			Self::HandOver { .. } => "verify.hand-over",
			Self::BrokenChain { .. } => "verify.broken-chain",
			Self::State(_) => "verify.state",
			Self::Extrinsic(_) => "verify.extrinsic",
			Self::WrongRuntime { .. } => "verify.wrong-runtime",
		}
	}

	/// Whether the same input may be accepted later: never.
	pub const fn is_retryable(&self) -> bool {
		false
	}

	/// What to do about it.
	pub const fn remedy(&self) -> &'static str {
		match self {
			Self::Malformed(_) => "ask for the bundle again: it was damaged or altered on its way",
			Self::WrongGenesis => "verify with the trust root of the chain that the bundle is from",
			Self::TrustRoot(_) => {
				"take the genesis hash from a source you trust and the first block from an archive node"
			},
			Self::NotFinal(_) | Self::HandOver { .. } | Self::BrokenChain { .. } => {
				"do not rely on the record; export the bundle from another node and compare"
			},
			Self::State(_) | Self::Extrinsic(_) | Self::WrongRuntime { .. } => {
				"do not rely on the record; whoever made the bundle shows another value than the ledger's"
			},
		}
	}
}

impl fmt::Display for Error {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Malformed(what) => write!(formatter, "the bundle is malformed: {what}"),
			Self::WrongGenesis => formatter.write_str("the bundle is of another chain"),
			Self::TrustRoot(what) => write!(formatter, "no trust root: {what}"),
			Self::NotFinal(what) => write!(formatter, "the block is not shown to be final: {what}"),
			Self::HandOver { set, reason } => {
				write!(formatter, "authority set {set} is not shown to hand over: {reason}")
			},
			Self::BrokenChain { position } => {
				write!(formatter, "header {position} of the bundle does not follow its parent")
			},
			Self::State(what) => write!(formatter, "the value is not proven: {what}"),
			Self::Extrinsic(what) => write!(formatter, "the extrinsic is not proven: {what}"),
			Self::WrongRuntime { claimed, proven } => {
				write!(formatter, "the bundle names runtime {claimed}, the state proves {proven}")
			},
		}
	}
}

impl core::error::Error for Error {}
