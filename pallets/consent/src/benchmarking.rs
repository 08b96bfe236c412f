//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Call, Config, Consents, GroupMembers, LawVersion, NextPruning, OldestPolicy, Pallet, Retained,
	RetainedTickets, Tickets, VoidTickets,
};
use curex_primitives::{
	commitment, consent::Quarter, ticket, AccessModes, Bases, BenchmarkClock, BenchmarkDelegates,
	Categories, Commitment, ConsentId, ConsentStatus, ConsentTerms, Country, Duty, Grantee,
	GroupId, LegalBasis, MerkleRoot, OrganisationId, OrganisationKind, Purpose, Representation,
	TicketProof,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use ::frame::{
		prelude::*,
		traits::{Authorize, UnixTime},
	};

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const CODE: [u8; 32] = [7; 32];
	const DAY: u64 = 24 * 3_600 * 1_000;

	fn terms<T: Config>(grantee: OrganisationId, number: u8) -> ConsentTerms {
		let now = T::Clock::now().as_millis().saturated_into::<u64>();
		ConsentTerms {
			grantee: Grantee::Organisation(grantee),
			basis: LegalBasis::EXPLICIT_CONSENT,
			purposes: [Purpose::Treatment, Purpose::Payment].into_iter().collect(),
			categories: Categories::all(),
			access_modes: AccessModes::all(),
			valid_from: now,
			valid_until: now + 1_000,
			erase_at: now + 1_000,
			max_uses: 2,
			min_interval_s: 0,
			terms: Commitment([number; 32]),
			evidence: Commitment([100 + number; 32]),
			withdraw_lock: commitment::withdraw_lock(&[CODE[0] + number - 1; 32]),
			policy_version: 1,
			representation: Representation::Own,
		}
	}

	/// Narrower terms than those of the number.
	fn narrower<T: Config>(grantee: OrganisationId, number: u8) -> ConsentTerms {
		ConsentTerms {
			max_uses: 1,
			terms: Commitment([50 + number; 32]),
			evidence: Commitment([150 + number; 32]),
			..terms::<T>(grantee, number)
		}
	}

	const ROOT_CODE: [u8; 32] = [9; 32];

	/// A recorded root: the holder's delegate, the recipient's, the root, a ticket and its proof.
	fn recorded<T: Config>(
	) -> (T::RuntimeOrigin, T::RuntimeOrigin, MerkleRoot, ConsentTerms, TicketProof) {
		let (holder, _) = T::BenchmarkHelper::origin(Duty::Consent, OrganisationKind::Hospital);
		let (recipient, grantee) =
			T::BenchmarkHelper::origin(Duty::Exchange, OrganisationKind::CareCentre);
		let terms = ConsentTerms { max_uses: 1, ..terms::<T>(grantee, 1) };
		let tree = ticket::tree(core::slice::from_ref(&terms), || [1; 32])
			.expect("one ticket is no more than 1,024; qed");
		let proof = TicketProof::of(&tree, 0).expect("the ticket is there; qed");
		let (root, lock) = (tree.root(), commitment::withdraw_lock(&ROOT_CODE));
		let recording = Pallet::<T>::record_tickets(holder.clone(), root, lock, terms.valid_until);
		recording.expect("the root is new; qed");
		(holder, recipient, root, terms, proof)
	}

	/// A filed consent: the holder's delegate, the grantee, the consent.
	fn filed<T: Config>() -> (T::RuntimeOrigin, OrganisationId, ConsentId) {
		let (origin, _) = T::BenchmarkHelper::origin(Duty::Consent, OrganisationKind::Hospital);
		let (_, grantee) = T::BenchmarkHelper::origin(Duty::Exchange, OrganisationKind::CareCentre);
		let id = ConsentId([1; 32]);
		let filing = Pallet::<T>::file(origin.clone(), id, terms::<T>(grantee, 1));
		filing.expect("the terms have no defect; qed");
		(origin, grantee, id)
	}

	#[benchmark]
	fn file() {
		let (origin, _) = T::BenchmarkHelper::origin(Duty::Consent, OrganisationKind::Hospital);
		let (_, grantee) = T::BenchmarkHelper::origin(Duty::Exchange, OrganisationKind::CareCentre);
		let id = ConsentId([1; 32]);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, terms::<T>(grantee, 1));

		assert!(Consents::<T>::contains_key(id));
	}

	#[benchmark]
	fn supersede() {
		let (origin, grantee, old) = filed::<T>();
		let id = ConsentId([2; 32]);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, old, id, terms::<T>(grantee, 2));

		assert!(Consents::<T>::contains_key(id));
	}

	#[benchmark]
	fn withdraw() {
		let (origin, _, id) = filed::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Consents::<T>::get(id).is_some_and(|c| c.status != ConsentStatus::Active));
	}

	#[benchmark]
	fn withdraw_by_code() {
		let (_, _, id) = filed::<T>();

		#[extrinsic_call]
		_(frame_system::RawOrigin::Authorized, id, CODE);

		assert!(Consents::<T>::get(id).is_some_and(|c| c.status != ConsentStatus::Active));
	}

	#[benchmark]
	fn authorize_withdraw_by_code() -> Result<(), BenchmarkError> {
		let (_, _, id) = filed::<T>();
		let call = Call::<T>::withdraw_by_code { id, code: CODE };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}
		Ok(())
	}

	#[benchmark]
	fn narrow() {
		let (origin, grantee, id) = filed::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, narrower::<T>(grantee, 1));

		assert!(Consents::<T>::get(id).is_some_and(|consent| consent.narrowed == 1));
	}

	#[benchmark]
	fn suspend() {
		let (origin, _, id) = filed::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Consents::<T>::get(id).is_some_and(|c| c.status != ConsentStatus::Active));
	}

	#[benchmark]
	fn resume() {
		let (origin, _, id) = filed::<T>();
		Pallet::<T>::suspend(origin.clone(), id).expect("the consent is active; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Consents::<T>::get(id).is_some_and(|c| c.status == ConsentStatus::Active));
	}

	#[benchmark]
	fn confirm() {
		let (origin, _, id) = filed::<T>();
		Consents::<T>::mutate_extant(id, |consent| {
			consent.terms.representation = Representation::Minor { of_age: Quarter(0) };
		});

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([77; 32]));

		assert!(Consents::<T>::get(id).is_some_and(|consent| consent.confirmed.is_some()));
	}

	#[benchmark]
	fn withdraw_by_court() {
		let (_, _, id) = filed::<T>();
		let (origin, _) = T::BenchmarkHelper::origin(Duty::Court, OrganisationKind::Authority);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([78; 32]));

		assert!(Consents::<T>::get(id).is_some_and(|consent| consent.status.has_ended()));
	}

	#[benchmark]
	fn set_law() {
		let country = Country::new(*b"GR");
		let kind = OrganisationKind::CareCentre;

		#[extrinsic_call]
		_(
			frame_system::RawOrigin::Root,
			country,
			Purpose::Treatment,
			kind,
			Some(Bases::from(LegalBasis::CARE)),
		);

		assert_eq!(LawVersion::<T>::get(), 1);
	}

	#[benchmark]
	fn raise_oldest_policy() {
		#[extrinsic_call]
		_(frame_system::RawOrigin::Root, 2);

		assert_eq!(OldestPolicy::<T>::get(), 2);
	}

	#[benchmark]
	fn set_group_member() {
		let (_, grantee) = T::BenchmarkHelper::origin(Duty::Exchange, OrganisationKind::CareCentre);

		#[extrinsic_call]
		_(frame_system::RawOrigin::Root, GroupId(1), grantee, true);

		assert!(GroupMembers::<T>::contains_key(GroupId(1), grantee));
	}

	#[benchmark]
	fn record_tickets() {
		let (origin, _) = T::BenchmarkHelper::origin(Duty::Consent, OrganisationKind::Hospital);
		let root = MerkleRoot([3; 32]);
		let until = T::Clock::now().as_millis().saturated_into::<u64>() + 1_000;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, root, commitment::withdraw_lock(&ROOT_CODE), until);

		assert!(Tickets::<T>::contains_key(root));
	}

	#[benchmark]
	fn redeem() {
		let (_, recipient, root, terms, proof) = recorded::<T>();
		let id = ticket::handle(&terms);

		#[extrinsic_call]
		_(recipient as T::RuntimeOrigin, root, terms, proof);

		assert!(Consents::<T>::contains_key(id));
	}

	#[benchmark]
	fn withdraw_ticket_by_code() {
		let (_, _, root, terms, proof) = recorded::<T>();
		let id = ticket::handle(&terms);

		#[extrinsic_call]
		_(frame_system::RawOrigin::Authorized, root, terms, proof, CODE);

		assert!(VoidTickets::<T>::contains_key(root, id));
	}

	#[benchmark]
	fn authorize_withdraw_ticket_by_code() -> Result<(), BenchmarkError> {
		let (_, _, root, terms, proof) = recorded::<T>();
		let call = Call::<T>::withdraw_ticket_by_code { root, terms, proof, code: CODE };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}
		Ok(())
	}

	#[benchmark]
	fn withdraw_tickets() {
		let (holder, _, root, _, _) = recorded::<T>();

		#[extrinsic_call]
		_(holder as T::RuntimeOrigin, root);

		assert!(Tickets::<T>::get(root).is_some_and(|tickets| tickets.withdrawn_at.is_some()));
	}

	#[benchmark]
	fn withdraw_tickets_by_code() {
		let (_, _, root, _, _) = recorded::<T>();

		#[extrinsic_call]
		_(frame_system::RawOrigin::Authorized, root, ROOT_CODE);

		assert!(Tickets::<T>::get(root).is_some_and(|tickets| tickets.withdrawn_at.is_some()));
	}

	#[benchmark]
	fn authorize_withdraw_tickets_by_code() -> Result<(), BenchmarkError> {
		let (_, _, root, _, _) = recorded::<T>();
		let call = Call::<T>::withdraw_tickets_by_code { root, code: ROOT_CODE };

		#[block]
		{
			call.authorize(TransactionSource::External).ok_or("the call authorises itself")??;
		}
		Ok(())
	}

	#[benchmark]
	fn prune_day() {
		filed::<T>();
		let now = T::Clock::now().as_millis().saturated_into::<u64>();
		let passed = Pallet::<T>::day(now);
		NextPruning::<T>::put(passed);
		T::BenchmarkHelper::set(now + DAY);

		// Nothing is kept until the day that has passed; the day is looked through all the same.
		#[block]
		{
			Pallet::<T>::prune(Weight::MAX);
		}

		assert_eq!(NextPruning::<T>::get(), Some(passed + 1));
	}

	#[benchmark]
	fn prune() {
		let (_, _, id) = filed::<T>();
		let (court, _) = T::BenchmarkHelper::origin(Duty::Court, OrganisationKind::Authority);
		let withdrawal = Pallet::<T>::withdraw_by_court(court, id, Commitment([78; 32]));
		withdrawal.expect("the consent is active; qed");
		let (day, _, ()) = Retained::<T>::iter().next().expect("the consent has its day; qed");

		#[block]
		{
			Pallet::<T>::forget(day, id);
		}

		assert!(!Consents::<T>::contains_key(id));
	}

	#[benchmark]
	fn prune_tickets() {
		let (_, _, root, _, _) = recorded::<T>();
		let (day, _, ()) = RetainedTickets::<T>::iter().next().expect("the root has its day; qed");

		#[block]
		{
			Pallet::<T>::forget_tickets(day, root);
		}

		assert!(!Tickets::<T>::contains_key(root));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
