use crate::{
	migrations::{ConsentV1, TermsV1, ToVersion2},
	mock::*,
	Commitments, Consents, Counts, Locks, NextPruning, Retained,
};
use curex_primitives::{
	Consent as Record, ConsentId, ConsentStatus, Grantee, OrganisationKind, Representation,
};
use frame::{
	deps::frame_support::{
		storage::unhashed,
		traits::{GetStorageVersion, OnRuntimeUpgrade},
	},
	testing_prelude::*,
};

fn old(number: u8, status: ConsentStatus, change: impl FnOnce(&mut ConsentV1)) -> ConsentV1 {
	let terms = terms(number);
	let mut old = ConsentV1 {
		holder: HOLDER,
		terms: TermsV1 {
			grantee: terms.grantee,
			basis: terms.basis,
			purposes: terms.purposes,
			categories: terms.categories,
			access_modes: terms.access_modes,
			valid_from: terms.valid_from,
			valid_until: terms.valid_until,
			erase_at: terms.erase_at,
			max_uses: terms.max_uses,
			min_interval_s: terms.min_interval_s,
			terms: terms.terms,
			evidence: terms.evidence,
			withdraw_lock: terms.withdraw_lock,
			policy_version: terms.policy_version,
		},
		status,
		used: 0,
		last_used: 0,
		filed_at: 1,
	};
	change(&mut old);
	old
}

/// Writes what version 1 had written for a consent.
fn write(number: u8, consent: &ConsentV1) {
	let id = id(number);
	unhashed::put(&Consents::<Test>::hashed_key_for(id), consent);
	Commitments::<Test>::insert(consent.terms.terms, id);
	Commitments::<Test>::insert(consent.terms.evidence, id);
	Locks::<Test>::insert(consent.terms.withdraw_lock, id);
	Counts::<Test>::mutate(HOLDER, |count| *count += 1);
	let end = if consent.status.has_ended() { START } else { consent.terms.valid_until };
	Retained::<Test>::insert(Consent::retained_until(end), id, ());
	NextPruning::<Test>::put(Consent::day(START));
}

#[test]
fn consents_of_every_status_survive_and_go_on() {
	run(|| {
		StorageVersion::new(1).put::<Consent>();
		let by = id(5);
		let before = [
			old(1, ConsentStatus::Active, |_| ()),
			old(2, ConsentStatus::Active, |consent| {
				consent.used = 2;
				consent.last_used = START;
				consent.terms.grantee = Grantee::Kind(OrganisationKind::CareCentre);
			}),
			old(3, ConsentStatus::Withdrawn { at: 1 }, |_| ()),
			old(4, ConsentStatus::Superseded { by, at: 1 }, |_| ()),
			old(5, ConsentStatus::Active, |consent| consent.used = 3),
		];
		for (number, consent) in (1..).zip(&before) {
			write(number, consent);
		}
		assert!(Consents::<Test>::get(id(1)).is_none(), "unreadable before");

		ToVersion2::<Test>::on_runtime_upgrade();

		assert_eq!(Consent::on_chain_storage_version(), StorageVersion::new(2));
		let migrated = |number: u8| Consents::<Test>::get(id(number)).unwrap();
		for (number, old) in (1..).zip(&before) {
			let new = migrated(number);
			assert_eq!((new.status, new.used), (old.status, old.used));
			assert_eq!((new.last_used, new.filed_at), (old.last_used, old.filed_at));
			assert_eq!(new.terms.grantee, old.terms.grantee);
			assert_eq!(new.terms.representation, Representation::Own);
			assert_eq!((new.narrowed, &new.confirmed, new.tickets), (0, &None, None));
		}
		assert_eq!(migrated(1), Record::filed(HOLDER, terms(1), 1));
		assert_ok!(Consent::do_try_state());

		// What lived goes on; what had ended stays as it was.
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_by_code(authorized, id(1), CODE));
		assert_ok!(Consent::supersede(holder(), id(2), id(6), terms(6)));
		assert_ok!(Consent::withdraw(holder(), id(3)));
		assert_eq!(migrated(3).status, ConsentStatus::Withdrawn { at: 1 });
		assert_eq!(migrated(4).status, ConsentStatus::Superseded { by, at: 1 });
	});
}

#[test]
fn the_migration_runs_once() {
	run(|| {
		assert_ok!(Consent::file(holder(), id(1), terms(1)));
		let before = Consents::<Test>::get(ConsentId([1; 32]));
		StorageVersion::new(2).put::<Consent>();
		ToVersion2::<Test>::on_runtime_upgrade();
		assert_eq!(Consents::<Test>::get(id(1)), before);
	});
}
