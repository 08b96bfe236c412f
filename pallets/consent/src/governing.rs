//! What the council keeps: the law, and the groups that consents name.

use crate::{Config, Error, GroupMembers, LawCells, LawVersion, Pallet};
use curex_primitives::{
	Bases, Country, GroupId, Law, OrganisationId, OrganisationKind, Organisations, Purpose,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_law(
		country: Option<Country>,
		purpose: Purpose,
		kind: OrganisationKind,
		bases: Option<Bases>,
	) -> Result<u32, Error<T>> {
		if let Some(bases) = bases {
			bases.check(purpose, kind)?;
		}
		let cell = (country, purpose, kind);
		ensure!(LawCells::<T>::get(cell) != bases, Error::<T>::NothingChanged);
		LawCells::<T>::set(cell, bases);
		LawVersion::<T>::mutate(|version| version.saturating_inc());
		Ok(LawVersion::<T>::get())
	}

	pub(crate) fn do_set_group_member(
		group: GroupId,
		organisation: OrganisationId,
		belongs: bool,
	) -> Result<(), Error<T>> {
		let since = GroupMembers::<T>::get(group, organisation);
		ensure!(since.is_some() != belongs, Error::<T>::NothingChanged);
		if belongs {
			ensure!(T::Organisations::facts(organisation).is_some(), Error::<T>::GranteeNotFound);
			GroupMembers::<T>::insert(group, organisation, Self::block());
		} else {
			GroupMembers::<T>::remove(group, organisation);
		}
		Ok(())
	}
}

impl<T: Config> Law for Pallet<T> {
	fn bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
		LawCells::<T>::get((Some(country), purpose, kind))
			.or_else(|| LawCells::<T>::get((None::<Country>, purpose, kind)))
			.unwrap_or_else(|| Bases::built_in(purpose, kind))
	}

	fn version() -> u32 {
		LawVersion::<T>::get()
	}
}
