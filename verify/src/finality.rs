//! GRANDPA: which authorities are in office, how they hand over, and which block they finalised.

use crate::{
	hash::{is_signed, LedgerHash},
	Error,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use codec::{DecodeAll, Encode};
use finality_grandpa::voter_set::VoterSet;
use sp_consensus_grandpa::{
	localized_payload_with_buffer, AuthorityId, AuthorityList, ConsensusLog, GrandpaJustification,
	SetId, GRANDPA_ENGINE_ID,
};
use sp_core::H256;
use sp_runtime::{
	generic::{DigestItem, Header as GenericHeader},
	traits::Header as _,
};

/// A header of the ledger.
pub type Header = GenericHeader<u32, LedgerHash>;

/// Reads a header from its SCALE encoding, without rest.
///
/// # Errors
/// [`Error::Malformed`].
pub fn read_header(bytes: &[u8]) -> Result<Header, Error> {
	let header = Header::decode_all(&mut &bytes[..]).map_err(|_| Error::Malformed("a header"))?;
	if header.encode() == bytes {
		Ok(header)
	} else {
		Err(Error::Malformed("a header is not canonical"))
	}
}

/// The authorities in office during one set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthoritySet {
	/// Number of the set, from 0 at the first block.
	pub id: SetId,
	/// Authorities with their weights.
	pub authorities: AuthorityList,
}

impl AuthoritySet {
	/// Checks that this set finalised `header`: more than two thirds of the weight signed for it or for a
	/// descendant, and the descendants' ancestry is shown.
	///
	/// # Errors
	/// [`Error::Malformed`] when the justification cannot be read, [`Error::NotFinal`] otherwise.
	pub fn finalises(&self, header: &Header, justification: &[u8]) -> Result<(), Error> {
		let justification = GrandpaJustification::<Header>::decode_all(&mut &justification[..])
			.map_err(|_| Error::Malformed("a justification"))?;
		let commit = &justification.commit;
		if commit.target_hash != header.hash() || commit.target_number != *header.number() {
			return Err(Error::NotFinal("the justification is of another block"));
		}
		let voters = VoterSet::new(self.authorities.iter().cloned())
			.ok_or(Error::NotFinal("the authority set is empty or its weight overflows"))?;
		let ancestry = Ancestry::new(&justification.votes_ancestries);
		match finality_grandpa::validate_commit(commit, &voters, &ancestry) {
			Ok(result) if result.is_valid() => (),
			_ => return Err(Error::NotFinal("not enough of the authorities voted for it")),
		}
		self.check_votes(&justification, &ancestry)
	}

	/// Checks every signature and that exactly the headers between the votes are given.
	fn check_votes(
		&self,
		justification: &GrandpaJustification<Header>,
		ancestry: &Ancestry,
	) -> Result<(), Error> {
		let precommits = &justification.commit.precommits;
		let base = precommits
			.iter()
			.map(|signed| &signed.precommit)
			.min_by_key(|precommit| precommit.target_number)
			.ok_or(Error::NotFinal("nobody voted"))?
			.target_hash;
		let mut visited = BTreeSet::new();
		let mut buffer = Vec::new();
		for signed in precommits {
			let message = finality_grandpa::Message::Precommit(signed.precommit.clone());
			let round = justification.round;
			localized_payload_with_buffer(round, self.id, &message, &mut buffer);
			let key = sp_core::ed25519::Public::from(signed.id.clone());
			let signature = sp_core::ed25519::Signature::from(signed.signature.clone());
			if !is_signed(&key.0, &buffer, &signature.0) {
				return Err(Error::NotFinal("a signature is wrong"));
			}
			let target = signed.precommit.target_hash;
			if target != base {
				visited.insert(target);
				visited.extend(
					ancestry
						.route(base, target)
						.ok_or(Error::NotFinal("a vote is for another branch"))?,
				);
			}
		}
		if visited.iter().eq(ancestry.headers.keys())
			&& ancestry.headers.len() == justification.votes_ancestries.len()
		{
			Ok(())
		} else {
			Err(Error::NotFinal("headers are given that no vote needs"))
		}
	}

	/// The set that follows this one, as announced by `header`, which this set must have finalised.
	///
	/// # Errors
	/// As [`Self::finalises`], and [`Error::HandOver`] when the header announces no change, a delayed one or a
	/// forced one.
	pub fn hand_over(&self, header: &Header, justification: &[u8]) -> Result<Self, Error> {
		self.finalises(header, justification)?;
		let refuse = |reason| Error::HandOver { set: self.id, reason };
		let change = announced_change(header).map_err(refuse)?;
		let authorities = change.ok_or(refuse("the header announces no change"))?;
		let id = self.id.checked_add(1).ok_or(refuse("the sets are used up"))?;
		Ok(Self { id, authorities })
	}
}

/// The authorities that a header announces for the set after it, if any.
///
/// # Errors
/// In words, what makes the announcement unusable: it cannot be read, is delayed or forced.
pub fn announced_change(header: &Header) -> Result<Option<AuthorityList>, &'static str> {
	let mut scheduled = None;
	for item in header.digest().logs() {
		let DigestItem::Consensus(GRANDPA_ENGINE_ID, bytes) = item else { continue };
		match ConsensusLog::<u32>::decode_all(&mut &bytes[..]) {
			Ok(ConsensusLog::ScheduledChange(change)) if change.delay == 0 => {
				scheduled.get_or_insert(change.next_authorities);
			},
			Ok(ConsensusLog::ScheduledChange(_)) => return Err("the change is delayed"),
			Ok(ConsensusLog::ForcedChange(..)) => return Err("the change is forced"),
			Ok(_) => (),
			Err(_) => return Err("the announcement cannot be read"),
		}
	}
	Ok(scheduled)
}

/// Reads the authorities from their SCALE encoding, as storage holds them.
///
/// # Errors
/// [`Error::Malformed`].
pub fn read_authorities(bytes: &[u8]) -> Result<AuthorityList, Error> {
	AuthorityList::decode_all(&mut &bytes[..]).map_err(|_| Error::Malformed("the authorities"))
}

/// The authority with this ed25519 public key.
pub fn authority(key: [u8; 32]) -> AuthorityId {
	sp_core::ed25519::Public::from_raw(key).into()
}

/// The headers between the votes of one justification.
struct Ancestry {
	headers: BTreeMap<H256, Header>,
}

impl Ancestry {
	fn new(headers: &[Header]) -> Self {
		Self { headers: headers.iter().map(|header| (header.hash(), header.clone())).collect() }
	}

	/// The blocks strictly between `base` and `block`, nearest to `block` first.
	fn route(&self, base: H256, block: H256) -> Option<Vec<H256>> {
		let mut route = Vec::new();
		let mut current = block;
		while current != base {
			current = *self.headers.get(&current)?.parent_hash();
			route.push(current);
		}
		route.pop();
		Some(route)
	}
}

impl finality_grandpa::Chain<H256, u32> for Ancestry {
	fn ancestry(&self, base: H256, block: H256) -> Result<Vec<H256>, finality_grandpa::Error> {
		self.route(base, block).ok_or(finality_grandpa::Error::NotDescendent)
	}
}
