//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{Call, Config, Consents, NextPruning, Pallet, Retained};
use curex_primitives::{
	commitment, AccessModes, BenchmarkDelegates, Categories, Commitment, ConsentId, ConsentStatus,
	ConsentTerms, Duty, Grantee, LegalBasis, OrganisationId, OrganisationKind, Purposes,
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

	fn terms<T: Config>(grantee: OrganisationId, number: u8) -> ConsentTerms {
		let now = T::Clock::now().as_millis().saturated_into::<u64>();
		ConsentTerms {
			grantee: Grantee::Organisation(grantee),
			basis: LegalBasis::EXPLICIT_CONSENT,
			purposes: Purposes::all(),
			categories: Categories::all(),
			access_modes: AccessModes::all(),
			valid_from: now,
			valid_until: now + 1_000,
			erase_at: now + 1_000,
			max_uses: 1,
			min_interval_s: 0,
			terms: Commitment([number; 32]),
			evidence: Commitment([100 + number; 32]),
			withdraw_lock: commitment::withdraw_lock(&[CODE[0] + number - 1; 32]),
			policy_version: 1,
		}
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
	fn prune_day() {
		filed::<T>();

		#[block]
		{
			NextPruning::<T>::mutate(|day| *day = Some(1));
			let _ = Retained::<T>::drain_prefix(0).next();
		}
	}

	#[benchmark]
	fn prune() {
		let (_, _, id) = filed::<T>();

		#[block]
		{
			Pallet::<T>::forget(id);
		}

		assert!(!Consents::<T>::contains_key(id));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
