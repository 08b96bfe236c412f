//! Who sees what: signing in with a delegate's account, what follows from an organisation's kind, country and
//! competence, and the log of everything that auditors ask.
//!
//! | module | what it holds |
//! |---|---|
//! | [`standing`] | for whom an account speaks, as the ledger says |
//! | [`scope`] | which records that opens |
//! | [`desk`] | challenges, sessions, and how often somebody may ask |
//! | [`log`] | the chained log of queries |
//! | [`visits`] | what patients open with the codes of their receipts |
//! | [`anchor`] | its anchors on the ledger |

pub mod anchor;
pub mod desk;
pub mod log;
pub mod scope;
pub mod standing;
pub mod visits;

pub use desk::Desk;
pub use log::QueryLog;
pub use scope::Scope;
pub use standing::Standing;
pub use visits::Visits;

/// Whether those who reach the explorer have to sign in.
pub enum Access {
	/// Whoever reaches it reads everything: for one person on one machine.
	Open,
	/// Everybody reads aggregates of the sector; the rest is for those who sign in.
	SignIn(Box<Desk>),
}

/// Who asks.
#[derive(Clone, PartialEq, Debug)]
pub enum Viewer {
	/// Whoever is at this machine.
	Open,
	/// Somebody unknown.
	Public,
	/// A delegate who signed in.
	SignedIn(Standing),
}

impl Viewer {
	/// What they may see of the records.
	pub fn scope(&self) -> Scope {
		match self {
			Self::Open => Scope::everything(),
			Self::Public => Scope::nothing(),
			Self::SignedIn(standing) => standing.scope(),
		}
	}
}
