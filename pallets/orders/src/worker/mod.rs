//! The off-chain worker.
//!
//! Runs after each best block, on every node that executes off-chain workers. What it writes to the ledger's state is
//! thrown away; what it keeps lies in the node's persistent off-chain storage, the
//! [`mailbox`](curex_primitives::orders::mailbox).

mod deliver;
mod lead;

pub use deliver::{MAX_BATCH, RESEND_AFTER};

#[cfg(test)]
pub(crate) use deliver::InFlight;

use crate::{crypto, Config, DelegateLookup, LOG_TARGET};
use curex_primitives::{BlockNumber, Duty, OrganisationId};
use frame::{
	deps::sp_runtime::offchain::storage_lock::{StorageLock, Time},
	log,
	prelude::*,
};
use sp_application_crypto::RuntimeAppPublic;

/// Runs of consecutive blocks may overlap; this keeps them apart. It expires, should a run die with it.
pub(crate) const LOCK: &[u8] = b"curex/orders-lock";

/// For whom this node works, and with which key.
struct Worker<T: Config> {
	organisation: OrganisationId,
	key: crypto::Public,
	account: Account<T>,
}

impl<T: Config> Worker<T> {
	/// The first key in the keystore that an active organisation entrusted with reporting.
	fn of_this_node() -> Option<Self> {
		crypto::Public::all().into_iter().enumerate().find_map(|(index, key)| {
			let generic =
				<T::AuthorityId as AppCrypto<T::Public, T::Signature>>::GenericPublic::from(
					key.clone(),
				);
			let public: T::Public = generic.into();
			let account = Account::new(index, public.clone().into_account(), public);
			let organisation = T::Delegates::organisation_with(&account.id, Duty::SecurityReport)?;
			Some(Self { organisation, key, account })
		})
	}
}

/// Leads the agent and delivers its reports, if the node has a worker key.
pub fn run<T: Config>(block: BlockNumber) {
	let Some(worker) = Worker::<T>::of_this_node() else { return };
	let mut lock = StorageLock::<Time>::new(LOCK);
	let Ok(_guard) = lock.try_lock() else {
		log::debug!(target: LOG_TARGET, "block {block}: the run before has not ended");
		return;
	};
	worker.lead(block);
	worker.deliver(block);
}
