//! What others ask of the consents.

use crate::{Config, Consents, GroupMembers, Pallet, Tickets};
use curex_primitives::{
	gate::{decide, Answer, Asked, Verdict},
	BlockNumber, Consent, ConsentId, ConsentStatus, Grantee, GroupId, Moment, OrganisationId,
	Organisations, Standing,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// The consent as it stands now, if the ledger has it: a ticket whose root was withdrawn is withdrawn.
	pub fn consent(id: ConsentId) -> Option<Consent> {
		let consent = Consents::<T>::get(id)?;
		if consent.status.has_ended() {
			return Some(consent);
		}
		let withdrawn = consent
			.tickets
			.and_then(Tickets::<T>::get)
			.and_then(|tickets| tickets.withdrawn_at)
			.map(|at| ConsentStatus::Withdrawn { at });
		let status = withdrawn.unwrap_or(consent.status);
		Some(Consent { status, ..consent })
	}

	/// How the consent stands now, time and members taken into account.
	pub fn standing(id: ConsentId) -> Option<Standing> {
		let consent = Self::consent(id)?;
		let is_active = |organisation| {
			T::Organisations::facts(organisation).is_some_and(|facts| facts.is_active())
		};
		let grantee_active = match consent.terms.grantee {
			Grantee::Organisation(named) => is_active(named),
			Grantee::Kind(_) | Grantee::KindIn(..) | Grantee::Group(_) => true,
		};
		Some(consent.standing(Self::now(), grantee_active && is_active(consent.holder)))
	}

	/// The answer to the closed question.
	pub fn answer(asked: &Asked) -> Answer {
		asked
			.ask::<Self, T::Permits, Self, T::Organisations, T::Risk, Verdict>(
				false,
				Self::now(),
				decide,
			)
			.answer()
	}
}

impl<T: Config> curex_primitives::consent::Consents for Pallet<T> {
	fn get(id: ConsentId) -> Option<Consent> {
		Self::consent(id)
	}

	fn count_use(id: ConsentId, now: Moment) {
		Consents::<T>::mutate_extant(id, |consent| {
			consent.used.saturating_inc();
			consent.last_used = now;
		});
	}

	fn member_since(group: GroupId, organisation: OrganisationId) -> Option<BlockNumber> {
		GroupMembers::<T>::get(group, organisation)
	}
}
