//! What a transfer asks the chain, answered by the runtime.

use super::{
	access::{self, Ledger, View},
	Error,
};
use curex_primitives::{
	transfer::Authorisation, Duties, Exchange, ExchangeId, Moment, OrganisationId,
	OrganisationStatus, PeerRole, Subscription, SubscriptionId,
};
use curex_runtime::AccountId;
use pallet_consortium::api::ConsortiumApi;
use pallet_exchange::runtime_api::ExchangeApi;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Block as BlockT, Hash as _};
use std::{
	collections::{HashMap, HashSet, VecDeque},
	hash::Hash,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
	time::{SystemTime, UNIX_EPOCH},
};

/// A ledger seen through the runtime of a client.
///
/// Every chunk asks what the chunk before it asked, and the runtime takes longer to answer than a chunk to travel. What a
/// block answered, it answers again: that is kept while the block is the best or the finalised one.
pub struct ClientLedger<Block: BlockT, C> {
	client: Arc<C>,
	answers: Mutex<Answers<Block::Hash>>,
	signed: Mutex<Signed>,
}

impl<Block: BlockT, C: HeaderBackend<Block>> ClientLedger<Block, C> {
	/// The ledger of this client.
	pub fn new(client: Arc<C>) -> Self {
		Self { client, answers: Mutex::default(), signed: Mutex::default() }
	}

	fn at(&self, view: View) -> Block::Hash {
		let info = self.client.info();
		match view {
			View::Finalised => info.finalized_hash,
			View::Best => info.best_hash,
		}
	}

	fn answers(&self) -> MutexGuard<'_, Answers<Block::Hash>> {
		self.answers.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// What the block answered before, or what it answers now.
	fn remembered<K: Eq + Hash, V: Clone>(
		&self,
		at: Block::Hash,
		key: K,
		kind: fn(&mut Known) -> &mut HashMap<K, V>,
		ask: impl FnOnce() -> Result<V, Error>,
	) -> Result<V, Error> {
		if let Some(known) = kind(self.answers().of(at)).get(&key) {
			return Ok(known.clone());
		}
		// Without the lock: others ask other things meanwhile.
		let answer = ask()?;
		let mut answers = self.answers();
		let known = kind(answers.of(at));
		if known.len() >= MAX_KNOWN {
			known.clear();
		}
		known.insert(key, answer.clone());
		Ok(answer)
	}
}

/// Blocks whose answers are kept: the best one, the finalised one, and those that were so a moment ago.
const BLOCKS: usize = 4;
/// Answers of a kind that are kept of a block.
const MAX_KNOWN: usize = 1024;

/// The hashes of authorisations, signatures included, whose signatures are right.
#[derive(Default)]
struct Signed(HashSet<H256>);

impl Signed {
	fn add(&mut self, hash: H256) {
		if self.0.len() >= MAX_KNOWN {
			self.0.clear();
		}
		self.0.insert(hash);
	}
}

/// What blocks answered.
struct Answers<Hash>(VecDeque<(Hash, Known)>);

/// What one block answered.
#[derive(Default)]
struct Known {
	exchanges: HashMap<ExchangeId, Option<Exchange>>,
	subscriptions: HashMap<SubscriptionId, Option<Subscription>>,
	delegates: HashMap<[u8; 32], Option<(OrganisationId, Duties)>>,
	peers: HashMap<[u8; 38], Option<(OrganisationId, PeerRole)>>,
}

impl<Hash> Default for Answers<Hash> {
	fn default() -> Self {
		Self(VecDeque::new())
	}
}

impl<Hash: Eq> Answers<Hash> {
	/// The answers of a block; those of the block that was asked first are forgotten when there are too many.
	fn of(&mut self, block: Hash) -> &mut Known {
		let present = self.0.iter().position(|(known, _)| *known == block);
		let index = present.unwrap_or_else(|| {
			if self.0.len() == BLOCKS {
				self.0.pop_front();
			}
			self.0.push_back((block, Known::default()));
			self.0.len() - 1
		});
		&mut self.0[index].1
	}
}

impl<Block, C> ClientLedger<Block, C>
where
	Block: BlockT,
	C: HeaderBackend<Block> + ProvideRuntimeApi<Block>,
	C::Api: ConsortiumApi<Block, AccountId>,
{
	fn is_active(&self, id: OrganisationId, at: Block::Hash) -> Result<bool, Error> {
		let organisation = self.client.runtime_api().organisation(at, id).map_err(failure)?;
		Ok(organisation.is_some_and(|facts| facts.status == OrganisationStatus::Active))
	}
}

impl<Block, C> Ledger for ClientLedger<Block, C>
where
	Block: BlockT,
	Block::Hash: AsRef<[u8]>,
	C: HeaderBackend<Block> + ProvideRuntimeApi<Block> + Send + Sync + 'static,
	C::Api: ConsortiumApi<Block, AccountId> + ExchangeApi<Block>,
{
	fn genesis(&self) -> [u8; 32] {
		let hash = self.client.info().genesis_hash;
		std::array::from_fn(|index| hash.as_ref().get(index).copied().unwrap_or(0))
	}

	fn now(&self) -> Moment {
		let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX)
	}

	fn exchange(&self, id: &ExchangeId, view: View) -> Result<Option<Exchange>, Error> {
		let at = self.at(view);
		self.remembered(
			at,
			*id,
			|known| &mut known.exchanges,
			|| self.client.runtime_api().exchange(at, *id).map_err(failure),
		)
	}

	fn subscription(&self, id: &SubscriptionId, view: View) -> Result<Option<Subscription>, Error> {
		let at = self.at(view);
		self.remembered(
			at,
			*id,
			|known| &mut known.subscriptions,
			|| self.client.runtime_api().subscription(at, *id).map_err(failure),
		)
	}

	fn delegate(
		&self,
		account: &[u8; 32],
		view: View,
	) -> Result<Option<(OrganisationId, Duties)>, Error> {
		let at = self.at(view);
		self.remembered(
			at,
			*account,
			|known| &mut known.delegates,
			|| {
				let account = AccountId::from(*account);
				match self.client.runtime_api().delegate(at, account).map_err(failure)? {
					Some((organisation, duties)) if self.is_active(organisation, at)? => {
						Ok(Some((organisation, duties)))
					},
					_ => Ok(None),
				}
			},
		)
	}

	fn peer(&self, peer: &[u8], view: View) -> Result<Option<(OrganisationId, PeerRole)>, Error> {
		let Ok(peer) = <[u8; 38]>::try_from(peer) else { return Ok(None) };
		let at = self.at(view);
		self.remembered(
			at,
			peer,
			|known| &mut known.peers,
			|| match self.client.runtime_api().peer(at, peer).map_err(failure)? {
				Some((organisation, role)) if self.is_active(organisation, at)? => {
					Ok(Some((organisation, role)))
				},
				_ => Ok(None),
			},
		)
	}

	fn peers(&self) -> Result<Vec<(Vec<u8>, OrganisationId, PeerRole)>, Error> {
		let peers = self.client.runtime_api().peers(self.at(View::Best)).map_err(failure)?;
		Ok(peers
			.into_iter()
			.map(|(peer, organisation, role)| (peer.to_vec(), organisation, role))
			.collect())
	}

	fn is_signed(&self, authorisation: &Authorisation) -> bool {
		let signed = || self.signed.lock().unwrap_or_else(PoisonError::into_inner);
		let hash = BlakeTwo256::hash_of(authorisation);
		if signed().0.contains(&hash) {
			return true;
		}
		// Without the lock: a signature takes long.
		let is_signed = access::is_signed(authorisation);
		if is_signed {
			signed().add(hash);
		}
		is_signed
	}
}

fn failure(reason: sp_api::ApiError) -> Error {
	Error::Ledger(reason.to_string())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_answers_of_a_block_are_kept_apart_and_those_of_old_blocks_forgotten() {
		let mut answers = Answers::<usize>::default();
		let id = ExchangeId([1; 32]);
		answers.of(0).exchanges.insert(id, None);
		assert!(answers.of(0).exchanges.contains_key(&id));
		assert!(!answers.of(1).exchanges.contains_key(&id), "another block answers anew");
		for block in 2..=BLOCKS {
			answers.of(block);
		}
		assert_eq!(answers.0.len(), BLOCKS);
		assert!(!answers.of(0).exchanges.contains_key(&id), "it was forgotten");
	}

	#[test]
	fn the_memory_for_right_signatures_is_bounded() {
		let mut signed = Signed::default();
		for number in 0..=MAX_KNOWN as u64 {
			let hash = BlakeTwo256::hash_of(&number);
			signed.add(hash);
			assert!(signed.0.contains(&hash) && signed.0.len() <= MAX_KNOWN);
		}
	}
}
