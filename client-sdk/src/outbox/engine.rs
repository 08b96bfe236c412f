//! The steps of an outbox, over anything that answers like a node.

use super::store::{Open, Store};
use crate::{error::Rejection, Error, Recorded};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use subxt::{
	ext::{
		scale_encode::{EncodeAsFields, FieldIter},
		scale_type_resolver::TypeResolver,
	},
	tx::{Payload, ValidationDetails},
};

/// What the outbox asks of a node.
pub(super) trait Chain {
	/// The number of the last finalised block.
	async fn finalised(&self) -> Result<u64, Error>;
	/// How many numbers the account has used in the state of a finalised block.
	async fn used_numbers(&self, block: u64) -> Result<u64, Error>;
	/// The first number that neither the best block nor the pool has used.
	async fn next_number(&self) -> Result<u64, Error>;
	/// Hashes of the transactions of a finalised block.
	async fn transactions(&self, block: u64) -> Result<Vec<[u8; 32]>, Error>;
	/// Signs a call, mortal from the last finalised block on.
	async fn sign(&self, call: &StoredCall, number: u64) -> Result<Signed, Error>;
	/// Offers a transaction to the pool.
	async fn offer(&self, bytes: &[u8]) -> Result<(), Error>;
	/// What came of a transaction in the finalised block that holds it.
	async fn outcome(
		&self,
		block: u64,
		hash: [u8; 32],
		own_handle: bool,
	) -> Result<Recorded, Error>;
}

/// A call as it is kept: by name, so that a runtime in which it has another number still finds it, and with the hash of its
/// form, so that a runtime in which it has another form refuses it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StoredCall {
	pub pallet: String,
	pub call: String,
	pub form: Option<[u8; 32]>,
	/// SCALE.
	pub arguments: Vec<u8>,
}

impl Payload for StoredCall {
	type CallData = Self;

	fn pallet_name(&self) -> &str {
		&self.pallet
	}

	fn call_name(&self) -> &str {
		&self.call
	}

	fn call_data(&self) -> &Self {
		self
	}

	fn validation_details(&self) -> Option<ValidationDetails<'_>> {
		let hash = self.form?;
		Some(ValidationDetails { pallet_name: &self.pallet, call_name: &self.call, hash })
	}
}

impl EncodeAsFields for StoredCall {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_: &mut dyn FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), subxt::ext::scale_encode::Error> {
		out.extend(&self.arguments);
		Ok(())
	}
}

/// A signed transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Signed {
	pub bytes: Vec<u8>,
	/// The block from which its mortality counts.
	pub born: u64,
	/// The first block that can no longer hold it.
	pub expires: u64,
}

/// Takes every entry one step further.
pub(super) async fn step(store: &Store, chain: &impl Chain) -> Result<(), Error> {
	settle(store, chain).await?;
	send(store, chain).await
}

/// Looks for transactions in finalised blocks; those that can no longer be in one wait to be signed anew.
async fn settle(store: &Store, chain: &impl Chain) -> Result<(), Error> {
	let mut sent: BTreeMap<[u8; 32], Open> = BTreeMap::new();
	for open in store.open_entries()? {
		if let Some(transaction) = &open.transaction {
			sent.insert(transaction.hash, open.clone());
		}
	}
	let looked = sent.values().filter_map(|open| Some(open.transaction.as_ref()?.looked)).min();
	let Some(looked) = looked else { return Ok(()) };
	let head = chain.finalised().await?;
	// Another node may be behind the one that was asked before.
	if head < looked {
		return Ok(());
	}
	// No block from the last expiry on can hold one.
	let last = sent.values().filter_map(|open| Some(open.transaction.as_ref()?.expires));
	let last = last.max().unwrap_or(head).min(head);
	for block in looked + 1..=last {
		for hash in chain.transactions(block).await? {
			let Some(open) = sent.get(&hash) else { continue };
			match chain.outcome(block, hash, open.own_handle).await {
				Ok(recorded) => store.recorded(open.number, &recorded)?,
				Err(Error::Rejected(rejection)) => {
					store.rejected(open.number, block, &rejection)?
				},
				Err(error) => return Err(error),
			}
			sent.remove(&hash);
		}
		store.looked(block)?;
	}
	if sent.is_empty() {
		return Ok(());
	}
	let used = chain.used_numbers(head).await?;
	for open in sent.into_values() {
		let Some(transaction) = open.transaction else { continue };
		let over = head >= transaction.expires || used > transaction.account_number;
		match (over, transaction.refusal) {
			(false, _) => (),
			// The pool would not have it, and no block has it.
			(true, Some(refusal)) => store.rejected(open.number, head, &refusal)?,
			(true, None) => store.sign_anew(open.number)?,
		}
	}
	Ok(())
}

/// Offers what no finalised block holds yet: first what was signed before, in the order of its numbers, then the rest.
async fn send(store: &Store, chain: &impl Chain) -> Result<(), Error> {
	let open = store.open_entries()?;
	if open.is_empty() {
		return Ok(());
	}
	let next = chain.next_number().await?;
	let sent = open.iter().filter_map(|open| open.transaction.as_ref());
	// The number of one that the pool would not have is free for the next: whichever comes in, the other cannot.
	let mut sent: Vec<_> = sent.filter(|transaction| transaction.refusal.is_none()).collect();
	sent.sort_by_key(|transaction| transaction.account_number);
	for transaction in sent.iter().filter(|transaction| transaction.account_number >= next) {
		// The pool has it, had it, or will not have it: the finalised chain decides.
		match chain.offer(&transaction.bytes).await {
			Ok(()) | Err(Error::NotAdmitted { .. }) => (),
			Err(error) => return Err(error),
		}
	}
	let mut taken: BTreeSet<u64> =
		sent.iter().map(|transaction| transaction.account_number).collect();
	for waiting in open.iter().filter(|open| open.transaction.is_none()) {
		let number = (next..).find(|number| !taken.contains(number)).unwrap_or(next);
		let signed = match chain.sign(&waiting.call, number).await {
			Ok(signed) => signed,
			// No transaction of it is anywhere, and none will be.
			Err(Error::WrongRuntime { .. }) => {
				let rejection = Rejection {
					pallet: String::new(),
					name: "WrongRuntime".into(),
					docs: "the call has another form in the runtime that is in force now".into(),
				};
				store.rejected(waiting.number, chain.finalised().await?, &rejection)?;
				continue;
			},
			Err(error) => return Err(error),
		};
		// Kept before the node sees it.
		store.signed(waiting.number, number, &signed)?;
		taken.insert(number);
		match chain.offer(&signed.bytes).await {
			Ok(()) => (),
			Err(Error::NotAdmitted { retry: true, message, .. }) => {
				tracing::info!(%message, "the node does not take a transaction yet; it is offered again");
				return Ok(());
			},
			Err(Error::NotAdmitted { message, remedy, .. }) => {
				let refusal =
					Rejection { pallet: String::new(), name: message, docs: remedy.into() };
				return store.refused(waiting.number, &refusal);
			},
			Err(error) => return Err(error),
		}
	}
	Ok(())
}
