use crate::{mock::*, Cohorts, Error, Event};
use curex_primitives::{MerkleRoot, SizeBucket};
use frame::testing_prelude::*;

#[test]
fn a_named_holder_commits_to_a_cohort() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SizeBucket::Hundreds));
		let event =
			Event::CohortCommitted { permit: id(), holder: HOLDER, size: SizeBucket::Hundreds };
		System::assert_last_event(event.into());
		assert_eq!(Cohorts::<Test>::get(id(), HOLDER).unwrap().committed_at, 1);
		next_block();
		assert_ok!(commit(HOLDER, SizeBucket::Tens));
		assert_eq!(Cohorts::<Test>::get(id(), HOLDER).unwrap().committed_at, 2, "replaced");
	});
}

/// Abuse cases 62 and 82: no small cell reaches the ledger.
#[test]
fn a_bucket_below_k_is_refused() {
	run(|| {
		issued();
		for size in [SizeBucket::None, SizeBucket::Units] {
			refuse(|| commit(HOLDER, size), Error::TooFew);
		}
		let excluded = |excluded| {
			let (cohort, opt_out) = (MerkleRoot([101; 32]), MerkleRoot([102; 32]));
			let (origin, size) = (exchanger(HOLDER), SizeBucket::Hundreds);
			SecondaryUse::commit_cohort(origin, id(), DATASET, cohort, size, opt_out, excluded)
		};
		refuse(|| excluded(SizeBucket::Units), Error::TooFew);
		assert_ok!(excluded(SizeBucket::None));
		assert_ok!(excluded(SizeBucket::Tens));
	});
}

#[test]
fn a_cohort_without_roots_is_refused() {
	run(|| {
		issued();
		let with = |cohort, opt_out| {
			let (size, none) = (SizeBucket::Hundreds, SizeBucket::None);
			let (cohort, opt_out) = (MerkleRoot([cohort; 32]), MerkleRoot([opt_out; 32]));
			let origin = exchanger(HOLDER);
			SecondaryUse::commit_cohort(origin, id(), DATASET, cohort, size, opt_out, none)
		};
		refuse(|| with(0, 102), Error::MissingRoot);
		refuse(|| with(101, 0), Error::MissingRoot);
		refuse(|| with(101, 101), Error::MissingRoot);
	});
}

#[test]
fn nobody_commits_for_another_holder() {
	run(|| {
		refuse(|| commit(HOLDER, SizeBucket::Hundreds), Error::NotFound);
		issued();
		for other in [OTHER, USER] {
			refuse(|| commit(other, SizeBucket::Hundreds), Error::HolderNotNamed);
		}
	});
}
