//! From one storage version to the next.

use crate::{Config, Consents, Pallet};
use codec::{Decode, Encode};
use curex_primitives::{
	AccessModes, BlockNumber, Categories, Commitment, Consent, ConsentStatus, ConsentTerms,
	Grantee, LegalBasis, Moment, OrganisationId, Purposes, Representation, WithdrawLock,
};
use frame::{
	deps::frame_support::{migrations::VersionedMigration, traits::UncheckedOnRuntimeUpgrade},
	prelude::*,
};

/// Version 2: a consent says who gave it, how often it was narrowed, whether it was confirmed and whether it is a
/// ticket. What version 1 had was given by the patients themselves.
pub type ToVersion2<T> =
	VersionedMigration<1, 2, Version2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// The terms of version 1. Grantees and statuses of version 1 are a part of those of version 2.
#[derive(Encode, Decode)]
pub(crate) struct TermsV1 {
	pub grantee: Grantee,
	pub basis: LegalBasis,
	pub purposes: Purposes,
	pub categories: Categories,
	pub access_modes: AccessModes,
	pub valid_from: Moment,
	pub valid_until: Moment,
	pub erase_at: Moment,
	pub max_uses: u32,
	pub min_interval_s: u32,
	pub terms: Commitment,
	pub evidence: Commitment,
	pub withdraw_lock: WithdrawLock,
	pub policy_version: u16,
}

/// The consent of version 1.
#[derive(Encode, Decode)]
pub(crate) struct ConsentV1 {
	pub holder: OrganisationId,
	pub terms: TermsV1,
	pub status: ConsentStatus,
	pub used: u32,
	pub last_used: Moment,
	pub filed_at: BlockNumber,
}

impl From<ConsentV1> for Consent {
	fn from(old: ConsentV1) -> Self {
		let terms = ConsentTerms {
			grantee: old.terms.grantee,
			basis: old.terms.basis,
			purposes: old.terms.purposes,
			categories: old.terms.categories,
			access_modes: old.terms.access_modes,
			valid_from: old.terms.valid_from,
			valid_until: old.terms.valid_until,
			erase_at: old.terms.erase_at,
			max_uses: old.terms.max_uses,
			min_interval_s: old.terms.min_interval_s,
			terms: old.terms.terms,
			evidence: old.terms.evidence,
			withdraw_lock: old.terms.withdraw_lock,
			policy_version: old.terms.policy_version,
			representation: Representation::Own,
		};
		Self {
			status: old.status,
			used: old.used,
			last_used: old.last_used,
			..Self::filed(old.holder, terms, old.filed_at)
		}
	}
}

/// Rewrites every consent.
pub struct Version2<T>(core::marker::PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for Version2<T> {
	fn on_runtime_upgrade() -> Weight {
		let mut consents = 0u64;
		Consents::<T>::translate_values::<ConsentV1, _>(|old| {
			consents.saturating_inc();
			Some(old.into())
		});
		T::DbWeight::get().reads_writes(consents.saturating_add(1), consents)
	}

	#[cfg(feature = "try-runtime")]
	fn pre_upgrade() -> Result<alloc::vec::Vec<u8>, frame::try_runtime::TryRuntimeError> {
		Ok((Consents::<T>::iter_keys().count() as u64).encode())
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(state: alloc::vec::Vec<u8>) -> Result<(), frame::try_runtime::TryRuntimeError> {
		let before = u64::decode(&mut &state[..]).map_err(|_| "the number of consents")?;
		ensure!(Consents::<T>::iter_values().count() as u64 == before, "a consent was lost");
		Ok(())
	}
}
