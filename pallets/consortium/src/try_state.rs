//! What must hold after every block.

use crate::{
	organisations::is_valid_name, types::duties_of, Config, Council, CouncilAccounts, Delegates,
	GenesisTiming, NextOrganisation, Organisations, Pallet, Peers, PeersOf, PendingChange, Quotas,
	Retired, Reviewers, SeatChange, Staff, Validators,
};
use alloc::{collections::BTreeSet, vec::Vec};
use curex_primitives::{Duty, OrganisationKind, OrganisationStatus};
use frame::{deps::sp_runtime::TryRuntimeError, prelude::*};

impl<T: Config> Pallet<T> {
	/// ### Invariants of the consortium
	///
	/// 1. Every organisation is numbered below `NextOrganisation`, has a key and a name, and
	///    competences if and only if it is an authority.
	/// 2. `Staff` and `Delegates` agree. An exited organisation has no delegates, any other an
	///    administrator.
	/// 3. Every delegate has duties that its organisation may entrust, a provider, and is not
	///    retired.
	/// 4. `CouncilAccounts` are the delegates with `Duty::Council`; `Council` are those of active
	///    organisations, ascending.
	/// 5. `Reviewers` are the organisations that may review, ascending.
	/// 6. `Peers` and `PeersOf` agree; an exited organisation has none.
	/// 7. An organisation has one seat at most and an account holds one at most. The holder is an
	///    administrator of a hospital, unless the seat is about to be removed.
	/// 8. Only known organisations that have not exited have a quota.
	/// 9. The timing is within its limits.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_organisations()?;
		Self::check_staff()?;
		Self::check_delegates()?;
		Self::check_council()?;
		Self::check_reviewers()?;
		Self::check_peers()?;
		Self::check_seats()?;
		Self::check_quotas()?;
		Self::check_timing()
	}

	fn check_organisations() -> Result<(), TryRuntimeError> {
		let next = NextOrganisation::<T>::get();
		for (id, organisation) in Organisations::<T>::iter() {
			ensure!(id.0 < next, "1: an organisation is numbered ahead of time");
			ensure!(organisation.encryption_key != [0; 32], "1: an organisation has no key");
			ensure!(is_valid_name(&organisation.name), "1: an organisation has no name");
			let is_authority = organisation.kind == OrganisationKind::Authority;
			ensure!(
				is_authority != organisation.competences.is_empty(),
				"1: competences are for authorities"
			);
		}
		Ok(())
	}

	fn check_staff() -> Result<(), TryRuntimeError> {
		let mut count = 0;
		for (id, staff) in Staff::<T>::iter() {
			for account in &staff {
				let delegate = Delegates::<T>::get(account);
				ensure!(
					delegate.is_some_and(|delegate| delegate.organisation == id),
					"2: a member of the staff is no delegate"
				);
			}
			ensure!(
				staff.iter().collect::<BTreeSet<_>>().len() == staff.len(),
				"2: a delegate is twice on the staff"
			);
			count += staff.len();
		}
		ensure!(count == Delegates::<T>::iter().count(), "2: a delegate is not on the staff");
		for (id, organisation) in Organisations::<T>::iter() {
			let staff = Staff::<T>::get(id);
			let is_administered = staff.iter().any(|account| Self::administers(id, account));
			match organisation.status {
				OrganisationStatus::Exited => {
					ensure!(staff.is_empty(), "2: an exited organisation has delegates")
				},
				OrganisationStatus::Active | OrganisationStatus::Suspended => {
					ensure!(is_administered, "2: an organisation has no administrator")
				},
			}
		}
		Ok(())
	}

	fn check_delegates() -> Result<(), TryRuntimeError> {
		for (account, delegate) in Delegates::<T>::iter() {
			let organisation =
				Self::organisation(delegate.organisation).ok_or("3: a delegate acts for nobody")?;
			ensure!(!delegate.duties.is_empty(), "3: a delegate has no duty");
			ensure!(
				duties_of(organisation.kind).contains_all(delegate.duties),
				"3: a delegate has a duty that its organisation may not entrust"
			);
			ensure!(
				frame_system::Pallet::<T>::providers(&account) > 0,
				"3: a delegate has no provider"
			);
			ensure!(!Retired::<T>::contains_key(&account), "3: a delegate is retired");
		}
		Ok(())
	}

	fn check_council() -> Result<(), TryRuntimeError> {
		let mut voters: Vec<_> = Delegates::<T>::iter()
			.filter(|(_, delegate)| delegate.duties.contains(Duty::Council))
			.map(|(account, delegate)| (delegate.organisation, account))
			.collect();
		voters.sort();
		let mut accounts: Vec<_> = CouncilAccounts::<T>::iter().collect();
		accounts.sort();
		ensure!(voters == accounts, "4: the council accounts are not the voting delegates");
		let mut council: Vec<_> = accounts
			.into_iter()
			.filter(|(id, _)| Self::is_active(*id))
			.map(|(_, account)| account)
			.collect();
		council.sort();
		ensure!(Council::<T>::get().into_inner() == council, "4: the council is another");
		Ok(())
	}

	fn check_reviewers() -> Result<(), TryRuntimeError> {
		let mut reviewers: Vec<_> = Organisations::<T>::iter()
			.filter(|(_, organisation)| organisation.may_review())
			.map(|(id, _)| id)
			.collect();
		reviewers.sort();
		ensure!(Reviewers::<T>::get().into_inner() == reviewers, "5: the reviewers are others");
		Ok(())
	}

	fn check_peers() -> Result<(), TryRuntimeError> {
		let mut count = 0;
		for (id, peers) in PeersOf::<T>::iter() {
			let organisation = Self::organisation(id).ok_or("6: a peer is nobody's")?;
			ensure!(
				peers.is_empty() || organisation.status != OrganisationStatus::Exited,
				"6: an exited organisation has peers"
			);
			for peer in &peers {
				ensure!(
					Peers::<T>::get(peer).is_some_and(|peer| peer.organisation == id),
					"6: a peer is another's"
				);
			}
			count += peers.len();
		}
		ensure!(count == Peers::<T>::iter().count(), "6: a peer is on no list");
		Ok(())
	}

	fn check_seats() -> Result<(), TryRuntimeError> {
		let seats = Validators::<T>::get();
		let holders: BTreeSet<_> = seats.iter().map(|seat| seat.organisation).collect();
		ensure!(holders.len() == seats.len(), "7: an organisation has two seats");
		let accounts: BTreeSet<_> = seats.iter().map(|seat| &seat.account).collect();
		ensure!(accounts.len() == seats.len(), "7: an account holds two seats");
		let pending = PendingChange::<T>::get();
		for seat in &seats {
			let organisation = seat.organisation;
			let is_hospital = Self::organisation(organisation)
				.is_some_and(|organisation| organisation.kind == OrganisationKind::Hospital);
			let is_leaving = pending == Some(SeatChange::Remove { organisation });
			ensure!(
				is_hospital && (is_leaving || Self::administers(organisation, &seat.account)),
				"7: a seat is held by no administrator of a hospital"
			);
		}
		Ok(())
	}

	fn check_quotas() -> Result<(), TryRuntimeError> {
		for id in Quotas::<T>::iter_keys() {
			ensure!(
				Self::organisation(id)
					.is_some_and(|organisation| organisation.status != OrganisationStatus::Exited),
				"8: a quota is nobody's"
			);
		}
		Ok(())
	}

	fn check_timing() -> Result<(), TryRuntimeError> {
		ensure!(GenesisTiming::<T>::get().is_valid(), "9: the timing is out of its limits");
		Ok(())
	}
}
