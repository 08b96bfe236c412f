//! Requests that their recipient signs off the ledger, so that the holder puts request, approval and dispatch there in one
//! transaction.
//!
//! The recipient hands over a file: the requests with their sealed envelopes, one signature over all of them in their order,
//! and one over each. A holder that serves every one of them uses the first; a holder that withholds some uses the others,
//! and the ledger learns nothing of those it withholds.

use super::{
	batch::{size, BatchOutcome},
	exchange_id, Kind, Pending,
};
use crate::{
	client::{Client, View},
	keys::{is_signed_in, Scheme},
	ledger::curex::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
	submission::Submission,
	Error,
};
use codec::Decode;
use curex_primitives::{
	batch::BatchService,
	exchange::{batch_message, request_message, Countersignature},
	transfer::{Manifest, Part},
	BatchRequest, BlockNumber, Commitment, Direction, Duty, Exchange, ExchangeId, ExchangeProposal,
	OrganisationId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a recipient signed, to be handed to the holder. Envelopes in it are sealed to the holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Countersigned {
	/// Hash of the ledger's first block.
	#[serde(with = "crate::hexadecimal")]
	ledger: [u8; 32],
	/// Who asks.
	recipient: OrganisationId,
	/// The account that signed (sr25519): a delegate of the recipient with the duty to exchange.
	#[serde(with = "crate::hexadecimal")]
	signer: [u8; 32],
	/// The last block that may record the requests.
	expires_at: BlockNumber,
	/// The signature over all requests, in their order.
	#[serde(with = "crate::hexadecimal")]
	signature: [u8; 64],
	/// The requests.
	requests: Vec<SignedRequest>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SignedRequest {
	#[serde(with = "crate::hexadecimal")]
	key: [u8; 32],
	proposal: ExchangeProposal,
	/// The signature over this request alone.
	#[serde(with = "crate::hexadecimal")]
	signature: [u8; 64],
	#[serde(with = "crate::hexadecimal")]
	envelope_salt: [u8; 32],
	/// In hexadecimal.
	envelope: String,
}

impl std::fmt::Debug for Countersigned {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let Self { recipient, requests, .. } = self;
		write!(formatter, "Countersigned({} requests of organisation {recipient})", requests.len())
	}
}

impl SignedRequest {
	fn request(&self) -> BatchRequest {
		BatchRequest { key: self.key, proposal: self.proposal.clone() }
	}

	/// The sealed envelope, if it is the one that the proposal is committed to.
	fn envelope(&self, id: ExchangeId) -> Result<Vec<u8>, Error> {
		let sealed = hex::decode(&self.envelope)
			.map_err(|_| Error::input("the requests: `envelope` is not hexadecimal"))?;
		let manifest = Manifest::of(self.envelope_salt, &sealed);
		if manifest.commitment(Part::Envelope, &id) != self.proposal.envelope {
			return Err(Error::Sealed("it is not the envelope that the request is committed to"));
		}
		Ok(sealed)
	}
}

/// A request that was checked, as its holder sees it.
pub(crate) struct Asked {
	pub(crate) id: ExchangeId,
	pub(crate) exchange: Exchange,
	/// Sealed to the holder.
	pub(crate) envelope: Vec<u8>,
	/// Its place among the requests.
	place: usize,
}

impl Countersigned {
	/// Reads requests from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		let read: Self =
			serde_json::from_slice(json).map_err(|error| Error::json("the requests", &error))?;
		size(read.requests.len())?;
		Ok(read)
	}

	/// Who asks.
	pub fn recipient(&self) -> OrganisationId {
		self.recipient
	}

	/// The last block that may record the requests.
	pub fn expires_at(&self) -> BlockNumber {
		self.expires_at
	}

	/// The exchanges, in the order of the requests.
	pub fn exchanges(&self) -> Vec<ExchangeId> {
		let requests = self.requests.iter();
		requests.map(|request| exchange_id(self.recipient, &request.key)).collect()
	}

	fn message(&self) -> [u8; 48] {
		let requests: Vec<BatchRequest> =
			self.requests.iter().map(SignedRequest::request).collect();
		batch_message(&self.ledger, self.recipient, requests.iter(), self.expires_at)
	}

	fn message_of(&self, request: &SignedRequest) -> [u8; 48] {
		let SignedRequest { key, proposal, .. } = request;
		request_message(&self.ledger, self.recipient, key, proposal, self.expires_at)
	}

	fn countersignature(&self, signature: [u8; 64]) -> Countersignature {
		Countersignature { signer: self.signer, signature, expires_at: self.expires_at }
	}

	/// Checks all that can be seen without the ledger: that the requests are of its chain and asked of `holder`, that each
	/// is signed, and that each envelope is the one its request is committed to.
	pub(crate) fn check(
		&self,
		ledger: [u8; 32],
		holder: OrganisationId,
	) -> Result<Vec<Asked>, Error> {
		size(self.requests.len())?;
		if self.ledger != ledger {
			let [expected, found] = [self.ledger, ledger].map(hex::encode);
			return Err(Error::WrongChain { expected, found });
		}
		let signed = |message: [u8; 48], signature| {
			is_signed_in(Scheme::Sr25519, &self.signer, &message, signature)
		};
		let mut known = BTreeSet::new();
		let mut asked = Vec::with_capacity(self.requests.len());
		for (place, (request, id)) in self.requests.iter().zip(self.exchanges()).enumerate() {
			if request.proposal.partner != holder {
				return Err(Error::input(format!("{id} is asked of another organisation")));
			}
			request.proposal.check(self.recipient, Direction::Pull).map_err(|defect| {
				Error::input(format!("{id}: the ledger would refuse it: {defect:?}"))
			})?;
			if !known.insert(id) {
				return Err(Error::input(format!("{id} is there twice")));
			}
			if !signed(self.message_of(request), &request.signature) {
				return Err(Error::Sealed("a request is not signed by the account it names"));
			}
			let envelope = request.envelope(id)?;
			asked.push(Asked {
				id,
				exchange: Exchange::proposed(self.recipient, Direction::Pull, &request.proposal),
				envelope,
				place,
			});
		}
		if !signed(self.message(), &self.signature) {
			return Err(Error::Sealed("the requests are not signed by the account they name"));
		}
		Ok(asked)
	}
}

impl Client {
	/// Signs requests that were prepared singly, up to [`super::MAX_ITEMS`] of one holder; nothing is sent. They may be
	/// recorded within so many blocks, the ledger's delivery window at most. The requests stay pending: they go on with
	/// [`Client::open_dispatched`] and [`Client::complete_batch`], or singly with [`Client::receive`].
	///
	/// # Errors
	/// [`Error::Input`] when there is nothing, too much, something that is no request, or holders differ; [`Error::Key`]
	/// when the account is not sr25519, which alone the ledger checks; [`Error::Connection`].
	pub async fn countersign(
		&self,
		requests: &[Pending],
		blocks: BlockNumber,
	) -> Result<Countersigned, Error> {
		size(requests.len())?;
		let signer = self.signer()?;
		if signer.scheme() != Scheme::Sr25519 {
			return Err(Error::Key(
				"the ledger takes countersignatures of sr25519 accounts".into(),
			));
		}
		let delegate = self.own_delegate().await?;
		if !delegate.duties.contains(Duty::Exchange) {
			return Err(Error::input("the account lacks the duty `exchange`"));
		}
		let longest = self.delivery_window().await?;
		if !(1..=longest).contains(&blocks) {
			let reason = format!("requests may be recorded within 1 to {longest} blocks");
			return Err(Error::input(reason));
		}
		let holders: BTreeSet<_> =
			requests.iter().map(|pending| pending.proposal.partner).collect();
		if holders.len() > 1 {
			return Err(Error::input("the requests are for several holders: sign for each apart"));
		}
		let best = self.height(View::Best).await?;
		let expires_at = BlockNumber::try_from(best)
			.ok()
			.and_then(|best| best.checked_add(blocks))
			.ok_or_else(|| Error::Protocol("the ledger's height is out of range".into()))?;
		let requests = requests
			.iter()
			.map(|pending| match pending.kind {
				Kind::Request { .. } => Ok(SignedRequest {
					key: pending.key,
					proposal: pending.proposal.clone(),
					signature: [0; 64],
					envelope_salt: pending.envelope_salt,
					envelope: pending.envelope.clone(),
				}),
				Kind::BreakGlass { .. } | Kind::Offer { .. } => {
					Err(Error::input("ordinary requests alone are countersigned"))
				},
			})
			.collect::<Result<_, _>>()?;
		let mut signed = Countersigned {
			ledger: self.genesis(),
			recipient: delegate.organisation,
			signer: signer.account(),
			expires_at,
			signature: [0; 64],
			requests,
		};
		signed.signature = signer.sign(&signed.message())?;
		for place in 0..signed.requests.len() {
			let message = signed.message_of(&signed.requests[place]);
			signed.requests[place].signature = signer.sign(&message)?;
		}
		Ok(signed)
	}

	/// Checks requests that were handed over, as their holder: also that the ledger would take them as the recipient's.
	pub(crate) async fn check_countersigned(
		&self,
		requests: &Countersigned,
		holder: OrganisationId,
	) -> Result<Vec<Asked>, Error> {
		let asked = requests.check(self.genesis(), holder)?;
		let delegate = self.delegate(requests.signer, View::Finalised).await?;
		let speaks = delegate.is_some_and(|delegate| {
			delegate.organisation == requests.recipient && delegate.duties.contains(Duty::Exchange)
		});
		if !speaks {
			return Err(Error::Sealed("they were not signed by a delegate of the recipient"));
		}
		if self.height(View::Best).await? >= u64::from(requests.expires_at) {
			return Err(Error::input("the signatures have expired: ask for fresh ones"));
		}
		Ok(asked)
	}

	/// Puts every one of the requests on the ledger with its payload, as their holder, in one transaction.
	pub(crate) async fn serve_all_countersigned(
		&self,
		requests: &Countersigned,
		payloads: &[Commitment],
	) -> Result<BatchOutcome, Error> {
		let items = requests.requests.iter().zip(payloads);
		let items = items.map(|(request, payload)| {
			BatchService { request: request.request(), payload: *payload }.into()
		});
		let items = BoundedVec(items.collect());
		let signature = requests.countersignature(requests.signature).into();
		let call = curex::tx().exchange().serve_countersigned_batch(items, signature);
		BatchOutcome::read(self.record(&call).await?, payloads.len())
	}

	/// Puts one of the requests on the ledger with its payload, as its holder.
	pub(crate) async fn serve_one_countersigned(
		&self,
		requests: &Countersigned,
		asked: &Asked,
		payload: Commitment,
	) -> Result<Submission, Error> {
		let SignedRequest { key, proposal, signature, .. } = &requests.requests[asked.place];
		let signature = requests.countersignature(*signature).into();
		let call = curex::tx().exchange().serve_countersigned(
			*key,
			proposal.clone().into(),
			payload.into(),
			signature,
		);
		self.submit(&call).await
	}

	/// Blocks within which a step is taken, as the runtime has it.
	async fn delivery_window(&self) -> Result<BlockNumber, Error> {
		let metadata = self.at(self.block_of(View::Finalised).await?).await?.metadata();
		metadata
			.pallet_by_name("Exchange")
			.and_then(|pallet| pallet.constant_by_name("DeliveryWindow"))
			.and_then(|constant| BlockNumber::decode(&mut constant.value()).ok())
			.ok_or_else(|| Error::Protocol("the runtime names no delivery window".into()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Signer;
	use curex_primitives::{Categories, Category, Gate, LegalBasis, Purpose};

	const LEDGER: [u8; 32] = [1; 32];
	const HOLDER: OrganisationId = OrganisationId(1);
	const RECIPIENT: OrganisationId = OrganisationId(2);

	fn request(number: u8) -> SignedRequest {
		let key = [number; 32];
		let id = exchange_id(RECIPIENT, &key);
		let (envelope_salt, envelope) = ([4; 32], [number; 9]);
		let proposal = ExchangeProposal {
			partner: HOLDER,
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Categories::all(),
			border: None,
			envelope: Manifest::of(envelope_salt, &envelope).commitment(Part::Envelope, &id),
			recipient_key: Commitment([3; 32]),
		};
		let envelope = hex::encode(envelope);
		SignedRequest { key, proposal, signature: [0; 64], envelope_salt, envelope }
	}

	fn sign(mut signed: Countersigned) -> Countersigned {
		let bob = Signer::development("//Bob").unwrap();
		signed.signer = bob.account();
		signed.signature = bob.sign(&signed.message()).unwrap();
		for place in 0..signed.requests.len() {
			let message = signed.message_of(&signed.requests[place]);
			signed.requests[place].signature = bob.sign(&message).unwrap();
		}
		signed
	}

	fn signed(count: u8) -> Countersigned {
		sign(Countersigned {
			ledger: LEDGER,
			recipient: RECIPIENT,
			signer: [0; 32],
			expires_at: 9,
			signature: [0; 64],
			requests: (1..=count).map(request).collect(),
		})
	}

	#[test]
	fn signed_requests_come_back_from_their_file_as_they_were_signed() {
		let signed = signed(3);
		let json = serde_json::to_vec(&signed).unwrap();
		let read = Countersigned::from_json(&json).unwrap();
		assert_eq!(read, signed);
		let asked = read.check(LEDGER, HOLDER).unwrap();
		let ids: Vec<ExchangeId> = asked.iter().map(|asked| asked.id).collect();
		assert_eq!(ids, read.exchanges());
		assert_eq!(asked[1].envelope, [2; 9]);
		assert_eq!(asked[2].exchange.recipient, RECIPIENT);
		for rubbish in ["", "null", "{}", "[]", "{\"ledger\": \"0x00\"}"] {
			let read = Countersigned::from_json(rubbish.as_bytes());
			assert!(matches!(read, Err(Error::Input(_))), "{rubbish}");
		}
		let empty = serde_json::to_vec(&Countersigned { requests: vec![], ..signed }).unwrap();
		assert!(matches!(Countersigned::from_json(&empty), Err(Error::Input(_))));
	}

	#[test]
	fn whatever_is_changed_after_signing_is_refused() {
		let refused = |change: fn(&mut Countersigned)| {
			let mut changed = signed(2);
			change(&mut changed);
			changed.check(LEDGER, HOLDER).is_err()
		};
		assert!(!refused(|_| ()));
		assert!(refused(|signed| signed.expires_at += 1));
		assert!(refused(|signed| signed.recipient = OrganisationId(3)));
		assert!(refused(|signed| signed.signature[0] ^= 1));
		assert!(refused(|signed| signed.requests[1].signature[0] ^= 1));
		assert!(refused(|signed| signed.requests.swap(0, 1)), "another order");
		assert!(refused(|signed| drop(signed.requests.pop())), "one fewer");
		assert!(refused(|signed| signed.requests[0].key = [9; 32]));
		assert!(refused(|signed| signed.requests[0].envelope = "00".into()));
		assert!(refused(|signed| signed.requests[0].envelope = "no".into()));
		assert!(refused(|signed| signed.requests[0].proposal.purpose = Purpose::Research));
		assert!(refused(|signed| {
			signed.requests[0].proposal.categories = Category::PatientSummary.into();
		}));
		assert!(refused(|signed| signed.signer = [7; 32]));
	}

	#[test]
	fn requests_are_for_one_chain_and_one_holder_and_none_is_there_twice() {
		let signed = signed(2);
		assert!(matches!(signed.check([9; 32], HOLDER), Err(Error::WrongChain { .. })));
		assert!(matches!(signed.check(LEDGER, OrganisationId(7)), Err(Error::Input(_))));
		let twice = Countersigned { requests: vec![request(1), request(1)], ..signed };
		assert!(matches!(sign(twice).check(LEDGER, HOLDER), Err(Error::Input(_))));
	}

	#[test]
	fn a_signature_of_another_scheme_is_none() {
		use sp_core::{ed25519, Pair};
		let pair = ed25519::Pair::from_seed(&[1; 32]);
		let mut signed = signed(1);
		signed.signer = pair.public().0;
		signed.signature = pair.sign(&signed.message()).0;
		let message = signed.message_of(&signed.requests[0]);
		signed.requests[0].signature = pair.sign(&message).0;
		assert!(signed.check(LEDGER, HOLDER).is_err(), "the ledger would refuse it");
	}

	#[test]
	fn debug_shows_neither_key_nor_envelope() {
		assert_eq!(format!("{:?}", signed(2)), "Countersigned(2 requests of organisation 2)");
	}
}
