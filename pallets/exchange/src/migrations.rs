//! From earlier layouts of the storage.

use crate::{
	Commitments, Config, Duties, DutiesDue, DutiesOf, Evidence, Exchanges, NextAgenda, NextDuty,
	NextSubscription, OfConsent, Pallet, Reviews, Sequences,
};
use alloc::vec::Vec;
use curex_primitives::{
	AcknowledgementCode, BlockNumber, Categories, Commitment, ConsentId, Direction, DueDuty,
	Exchange, ExchangeId, ExchangeState, Gate, Ground, Law, LegalBasis, Moment, Obligation,
	OrganisationId, PermitId, Purpose, ReleaseReason, Review, ReviewVerdict,
};
use frame::{
	deps::frame_support::{
		migrations::VersionedMigration, storage_alias, traits::UncheckedOnRuntimeUpgrade,
	},
	prelude::*,
};

/// The layout of version 1.
mod v1 {
	use super::*;

	/// A gate of version 1: a permit stood alone.
	#[derive(Clone, Copy, Encode, Decode, PartialEq, Eq, Debug)]
	pub enum OldGate {
		Consent(ConsentId),
		Statutory(LegalBasis),
		Permit(PermitId),
		BreakGlass(Ground),
	}

	impl From<OldGate> for Gate {
		fn from(gate: OldGate) -> Self {
			match gate {
				OldGate::Consent(id) => Self::Consent(id),
				OldGate::Statutory(basis) => Self::Statutory(basis),
				// No extraction has this number: what was not dispatched is not served any more.
				OldGate::Permit(permit) => Self::Permit { permit, extraction: u32::MAX },
				OldGate::BreakGlass(ground) => Self::BreakGlass(ground),
			}
		}
	}

	/// An exchange of version 1.
	#[derive(Clone, Encode, Decode, PartialEq, Eq, Debug)]
	pub struct OldExchange {
		pub direction: Direction,
		pub holder: OrganisationId,
		pub recipient: OrganisationId,
		pub gate: OldGate,
		pub purpose: Purpose,
		pub categories: Categories,
		pub state: ExchangeState,
		pub envelope: Commitment,
		pub recipient_key: Commitment,
		pub payload: Option<Commitment>,
		pub receipt: Option<Commitment>,
		pub acknowledgement: Option<AcknowledgementCode>,
		pub released: Option<ReleaseReason>,
		pub deadline: BlockNumber,
		pub begun_at: BlockNumber,
		pub begun: Moment,
		pub sequence: u64,
	}

	/// A review of version 1.
	#[derive(Clone, Encode, Decode, PartialEq, Eq, Debug)]
	pub struct OldReview {
		pub reviewer: Option<OrganisationId>,
		pub evidence: Commitment,
		pub due: BlockNumber,
		pub verdict: Option<ReviewVerdict>,
		pub reasons: Option<Commitment>,
	}

	#[storage_alias]
	pub type Exchanges<T: Config> = StorageMap<Pallet<T>, Identity, ExchangeId, OldExchange>;

	#[storage_alias]
	pub type Reviews<T: Config> = StorageMap<Pallet<T>, Identity, ExchangeId, OldReview>;

	#[storage_alias]
	pub type ReviewsDue<T: Config> =
		StorageDoubleMap<Pallet<T>, Twox64Concat, BlockNumber, Identity, ExchangeId, ()>;
}

/// The layout of version 2: what ran and what was over stood in lists of their own.
mod v2 {
	use super::*;

	#[storage_alias]
	pub type Closing<T: Config> =
		StorageDoubleMap<Pallet<T>, Twox64Concat, BlockNumber, Identity, ExchangeId, ()>;

	#[storage_alias]
	pub type NextClosing<T: Config> = StorageValue<Pallet<T>, BlockNumber, ValueQuery>;

	#[storage_alias]
	pub type Pruning<T: Config> =
		StorageDoubleMap<Pallet<T>, Twox64Concat, BlockNumber, Identity, ExchangeId, ()>;

	#[storage_alias]
	pub type NextPruning<T: Config> = StorageValue<Pallet<T>, BlockNumber, ValueQuery>;
}

#[cfg(test)]
pub(crate) use v1::OldGate;
pub(crate) use v1::{OldExchange, OldReview};
#[cfg(test)]
pub(crate) use v2::{Closing, NextClosing, NextPruning, Pruning};

/// From version 1 to 2: both sides' numbers, border, law, duties instead of due reviews, lists for pruning.
///
/// In one block, over every exchange. Version 1 was never released, and its networks are small.
pub type ToVersion2<T> =
	VersionedMigration<1, 2, BothSides<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// What [`ToVersion2`] does.
pub struct BothSides<T>(core::marker::PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for BothSides<T> {
	fn on_runtime_upgrade() -> Weight {
		let mut old: Vec<(ExchangeId, OldExchange)> = v1::Exchanges::<T>::drain().collect();
		// The order in which they began; ids settle what began in one block.
		old.sort_by_key(|(id, exchange)| (exchange.begun_at, *id));
		let (block, next) = (Pallet::<T>::block(), v2::NextClosing::<T>::get());
		let mut touched = old.len() as u64;
		for (id, exchange) in old {
			write_exchange::<T>(id, exchange, block);
		}
		NextDuty::<T>::put(next);
		v2::NextPruning::<T>::put(next);
		NextSubscription::<T>::put(next);
		let reviews: Vec<(ExchangeId, OldReview)> = v1::Reviews::<T>::drain().collect();
		touched.saturating_accrue(reviews.len() as u64);
		for (id, review) in reviews {
			write_review::<T>(id, review, next);
		}
		touched.saturating_accrue(v1::ReviewsDue::<T>::drain().count() as u64);
		touched.saturating_accrue(list_evidence::<T>());
		// Each record: read, removed, written, with its numbers and lists.
		T::DbWeight::get().reads_writes(touched.saturating_mul(6), touched.saturating_mul(8))
	}

	#[cfg(feature = "try-runtime")]
	fn pre_upgrade() -> Result<Vec<u8>, frame::try_runtime::TryRuntimeError> {
		Ok((v1::Exchanges::<T>::iter_keys().count() as u64).encode())
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(before: Vec<u8>) -> Result<(), frame::try_runtime::TryRuntimeError> {
		let before = u64::decode(&mut &before[..]).map_err(|_| "the count does not decode")?;
		ensure!(Exchanges::<T>::iter_keys().count() as u64 == before, "an exchange was lost");
		Ok(())
	}
}

/// From version 2 to 3: one agenda instead of a list of what closes and a list of what is pruned.
///
/// In one block, over every exchange. Version 2 was never released, and its networks are small.
pub type ToVersion3<T> =
	VersionedMigration<2, 3, OneAgenda<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// What [`ToVersion3`] does.
pub struct OneAgenda<T>(core::marker::PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for OneAgenda<T> {
	fn on_runtime_upgrade() -> Weight {
		let next = v2::NextClosing::<T>::take();
		v2::NextPruning::<T>::kill();
		NextAgenda::<T>::put(next);
		let mut moved = 0_u64;
		for (block, id, ()) in v2::Closing::<T>::drain().chain(v2::Pruning::<T>::drain()) {
			// Pruning may have been behind.
			Pallet::<T>::list(block.max(next), id);
			moved.saturating_inc();
		}
		let moved = moved.saturating_add(1);
		T::DbWeight::get().reads_writes(moved.saturating_mul(2), moved.saturating_mul(2))
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(_: Vec<u8>) -> Result<(), frame::try_runtime::TryRuntimeError> {
		Pallet::<T>::do_try_state()
	}
}

/// The number that the side which did not begin gets: after all that it began itself.
fn following<T: Config>(organisation: OrganisationId) -> u64 {
	Sequences::<T>::mutate(organisation, |last| {
		last.saturating_inc();
		*last
	})
}

fn write_exchange<T: Config>(id: ExchangeId, old: OldExchange, block: BlockNumber) {
	let (holder_sequence, recipient_sequence) = match old.direction {
		Direction::Pull => (following::<T>(old.holder), old.sequence),
		Direction::Push => (old.sequence, following::<T>(old.recipient)),
	};
	let ended_at = old.state.is_final().then_some(block);
	if let Some(ended_at) = ended_at {
		v2::Pruning::<T>::insert(Pallet::<T>::pruned_after(ended_at), id, ());
	}
	let gate = Gate::from(old.gate);
	if let Gate::Consent(consent) = gate {
		OfConsent::<T>::insert(consent, id, ());
	}
	let exchange = Exchange {
		direction: old.direction,
		holder: old.holder,
		recipient: old.recipient,
		gate,
		purpose: old.purpose,
		categories: old.categories,
		state: old.state,
		envelope: old.envelope,
		recipient_key: old.recipient_key,
		payload: old.payload,
		receipt: old.receipt,
		acknowledgement: old.acknowledgement,
		released: old.released,
		deadline: old.deadline,
		begun_at: old.begun_at,
		begun: old.begun,
		holder_sequence,
		recipient_sequence,
		border: None,
		law_version: T::Law::version(),
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at,
	};
	Exchanges::<T>::insert(id, exchange);
}

/// A review that was announced as overdue stays so; nobody is told of it again.
fn write_review<T: Config>(id: ExchangeId, old: OldReview, next: BlockNumber) {
	let open = old.verdict.is_none();
	let overdue = open && old.due < next;
	if open {
		let duty = DueDuty { organisation: old.reviewer, due: old.due, overdue, deferred: None };
		if !overdue {
			DutiesDue::<T>::insert(old.due, (id, Obligation::Review), ());
		}
		if let Some(reviewer) = old.reviewer {
			DutiesOf::<T>::insert(reviewer, (id, Obligation::Review), old.due);
		}
		Duties::<T>::insert(id, Obligation::Review, duty);
	}
	let review = Review {
		reviewer: old.reviewer,
		evidence: old.evidence,
		due: old.due,
		verdict: old.verdict,
		reasons: old.reasons,
		second: None,
		overdue,
	};
	Reviews::<T>::insert(id, review);
}

/// Lists the commitments that no record of an exchange carries, so that they are pruned with it.
fn list_evidence<T: Config>() -> u64 {
	let mut seen = 0;
	for (commitment, handle) in Commitments::<T>::iter() {
		seen += 1;
		let id = ExchangeId(handle.0);
		let Some(exchange) = Exchanges::<T>::get(id) else { continue };
		let carried = [Some(exchange.envelope), Some(exchange.recipient_key), exchange.payload];
		if !carried.contains(&Some(commitment)) && exchange.receipt != Some(commitment) {
			let _ = Evidence::<T>::try_mutate(id, |list| list.try_push(commitment));
		}
	}
	seen
}
