//! Admission, suspension and exit of organisations, and what they say of themselves.

use crate::{
	types::first_duties, Config, CouncilAccounts, Delegates, Error, Event, Name, NextOrganisation,
	Organisation, Organisations, Pallet, Peers, PeersOf, Quotas, Reviewers, Staff,
};
use alloc::vec::Vec;
use curex_primitives::{
	Competences, Country, Duties, OrganisationFacts, OrganisationId, OrganisationKind,
	OrganisationStatus,
};
use frame::{arithmetic::ArithmeticError, prelude::*};

impl<T: Config> Pallet<T> {
	/// The organisation with this number.
	pub fn organisation(organisation: OrganisationId) -> Option<Organisation> {
		Organisations::<T>::get(organisation)
	}

	pub(crate) fn do_admit(
		kind: OrganisationKind,
		country: Country,
		competences: Competences,
		encryption_key: [u8; 32],
		name: Name,
		administrator: &T::AccountId,
	) -> DispatchResult {
		let organisation =
			Self::insert_organisation(kind, country, competences, encryption_key, name)?;
		Self::deposit_event(Event::OrganisationAdmitted { organisation, kind, country });
		Self::do_set_delegate(organisation, administrator, first_duties(kind))
	}

	/// Gives an organisation its number. It has no delegates yet.
	pub(crate) fn insert_organisation(
		kind: OrganisationKind,
		country: Country,
		competences: Competences,
		encryption_key: [u8; 32],
		name: Name,
	) -> Result<OrganisationId, DispatchError> {
		let is_authority = kind == OrganisationKind::Authority;
		ensure!(is_authority != competences.is_empty(), Error::<T>::NotAllowedForKind);
		ensure!(encryption_key != [0; 32], Error::<T>::InvalidKey);
		ensure!(is_valid_name(&name), Error::<T>::InvalidName);

		let number = NextOrganisation::<T>::get();
		NextOrganisation::<T>::put(number.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		let id = OrganisationId(number);
		let organisation = Organisation {
			kind,
			country,
			competences,
			status: OrganisationStatus::Active,
			encryption_key,
			name,
			agreement: 0,
			admitted_at: Self::now(),
		};
		Self::update_reviewers(id, &organisation)?;
		Organisations::<T>::insert(id, organisation);
		Ok(id)
	}

	pub(crate) fn do_suspend(id: OrganisationId) -> DispatchResult {
		let mut organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(organisation.is_active(), Error::<T>::NotActive);
		organisation.status = OrganisationStatus::Suspended;
		Self::update_reviewers(id, &organisation)?;
		Organisations::<T>::insert(id, organisation);
		if let Some(account) = CouncilAccounts::<T>::get(id) {
			Self::change_council(None, Some(&account))?;
		}
		Self::deposit_event(Event::OrganisationSuspended { organisation: id });
		Ok(())
	}

	pub(crate) fn do_reinstate(id: OrganisationId) -> DispatchResult {
		let mut organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(organisation.status == OrganisationStatus::Suspended, Error::<T>::NotSuspended);
		organisation.status = OrganisationStatus::Active;
		Self::update_reviewers(id, &organisation)?;
		Organisations::<T>::insert(id, organisation);
		if let Some(account) = CouncilAccounts::<T>::get(id) {
			Self::change_council(Some(&account), None)?;
		}
		Self::deposit_event(Event::OrganisationReinstated { organisation: id });
		Ok(())
	}

	pub(crate) fn do_expel(id: OrganisationId) -> DispatchResult {
		let mut organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(organisation.status != OrganisationStatus::Exited, Error::<T>::Exited);
		Self::give_up_seat(id)?;
		Self::leave_council(id)?;
		for account in Staff::<T>::take(id) {
			Delegates::<T>::remove(&account);
			Self::retire(&account)?;
		}
		for peer in PeersOf::<T>::take(id) {
			Peers::<T>::remove(peer);
		}
		Quotas::<T>::remove(id);
		organisation.status = OrganisationStatus::Exited;
		Self::update_reviewers(id, &organisation)?;
		Organisations::<T>::insert(id, organisation);
		Self::deposit_event(Event::OrganisationExpelled { organisation: id });
		Ok(())
	}

	pub(crate) fn do_set_quota(id: OrganisationId, limit: u32) -> DispatchResult {
		let organisation = Self::organisation(id).ok_or(Error::<T>::NotFound)?;
		ensure!(organisation.status != OrganisationStatus::Exited, Error::<T>::Exited);
		Quotas::<T>::mutate(id, |quota| quota.limit = Some(limit));
		Self::deposit_event(Event::QuotaSet { organisation: id, limit });
		Ok(())
	}

	pub(crate) fn do_rotate_encryption_key(
		id: OrganisationId,
		encryption_key: [u8; 32],
	) -> DispatchResult {
		Organisations::<T>::try_mutate(id, |organisation| {
			let organisation = organisation.as_mut().ok_or(Error::<T>::NotFound)?;
			ensure!(
				encryption_key != [0; 32] && encryption_key != organisation.encryption_key,
				Error::<T>::InvalidKey
			);
			organisation.encryption_key = encryption_key;
			Self::deposit_event(Event::EncryptionKeyRotated { organisation: id, encryption_key });
			Ok(())
		})
	}

	pub(crate) fn do_accept_agreement(id: OrganisationId, version: u16) -> DispatchResult {
		Organisations::<T>::try_mutate(id, |organisation| {
			let organisation = organisation.as_mut().ok_or(Error::<T>::NotFound)?;
			ensure!(version > organisation.agreement, Error::<T>::AgreementNotNewer);
			organisation.agreement = version;
			Self::deposit_event(Event::AgreementAccepted { organisation: id, version });
			Ok(())
		})
	}

	/// The number of the current block.
	pub(crate) fn now() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Puts the organisation among the reviewers if it may review, takes it away if not.
	fn update_reviewers(id: OrganisationId, organisation: &Organisation) -> DispatchResult {
		Reviewers::<T>::try_mutate(|reviewers| {
			match (reviewers.binary_search(&id), organisation.may_review()) {
				(Err(place), true) => {
					reviewers.try_insert(place, id).map_err(|_| Error::<T>::MaxReviewersExceeded)?
				},
				(Ok(place), false) => {
					reviewers.remove(place);
				},
				(Ok(_), true) | (Err(_), false) => {},
			}
			Ok(())
		})
	}
}

/// Whether the bytes are a text that can be shown: not empty, UTF-8, no control characters.
pub(crate) fn is_valid_name(name: &[u8]) -> bool {
	core::str::from_utf8(name)
		.is_ok_and(|text| !text.trim().is_empty() && !text.chars().any(char::is_control))
}

impl<T: Config> curex_primitives::DelegateKeys for Pallet<T> {
	fn delegate(public: &[u8; 32]) -> Option<(OrganisationId, Duties)> {
		let account = T::AccountId::decode(&mut &public[..]).ok()?;
		Self::delegate(&account)
			.filter(|delegate| Self::is_active(delegate.organisation))
			.map(|delegate| (delegate.organisation, delegate.duties))
	}
}

impl<T: Config> curex_primitives::Organisations for Pallet<T> {
	fn facts(organisation: OrganisationId) -> Option<OrganisationFacts> {
		Self::organisation(organisation).map(|organisation| organisation.facts())
	}

	fn reviewers() -> Vec<OrganisationId> {
		Reviewers::<T>::get().into_inner()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn prepare(id: OrganisationId, kind: OrganisationKind) {
		use curex_primitives::Competence;

		let competences = match kind {
			OrganisationKind::Authority => Competence::ALL.iter().copied().collect(),
			OrganisationKind::Hospital | OrganisationKind::CareCentre => Competences::EMPTY,
		};
		let organisation = Organisation {
			kind,
			country: Country::new(*b"GR").expect("GR is two upper-case letters; qed"),
			competences,
			status: OrganisationStatus::Active,
			encryption_key: [1; 32],
			name: b"benchmark".to_vec().try_into().expect("9 bytes are at most 64; qed"),
			agreement: 0,
			admitted_at: 0,
		};
		let _ = Self::update_reviewers(id, &organisation);
		Organisations::<T>::insert(id, organisation);
		NextOrganisation::<T>::mutate(|next| *next = (*next).max(id.0.saturating_add(1)));
	}
}
