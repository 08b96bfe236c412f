use crate::{mock::*, Cohorts, Error, Event, Extractions};
use curex_primitives::{Duty, SizeBucket};
use frame::testing_prelude::*;

const SIZE: SizeBucket = SizeBucket::Hundreds;

#[test]
fn an_extraction_follows_its_cohort() {
	run(|| {
		extracted();
		let event = Event::Extracted { permit: id(), holder: HOLDER, extraction: 0 };
		System::assert_last_event(event.into());
		let extraction = Extractions::<Test>::get(id(), 0).unwrap();
		assert_eq!((extraction.cohort.committed_at, extraction.extracted_at), (1, 2));
		assert_eq!(extraction.payload, commitment(50));
		assert!(!Cohorts::<Test>::contains_key(id(), HOLDER), "it serves once");
		refuse(|| extract(HOLDER, 51), Error::CohortNotBefore);
	});
}

/// Abuse case 78.
#[test]
fn nothing_is_extracted_before_the_opt_outs_are_committed() {
	run(|| {
		issued();
		refuse(|| extract(HOLDER, 50), Error::CohortNotBefore);
		assert_ok!(commit(HOLDER, SIZE));
		// In one block nobody could tell which of the two was first.
		refuse(|| extract(HOLDER, 50), Error::CohortNotBefore);
		next_block();
		assert_ok!(extract(HOLDER, 50));
	});
}

/// Abuse case 79.
#[test]
fn nothing_is_extracted_from_roots_older_than_the_maximum_age() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SIZE));
		next_block();
		Now::set(START + MaxCohortAge::get() + 1);
		refuse(|| extract(HOLDER, 50), Error::CohortTooOld);
		Now::set(START + MaxCohortAge::get());
		assert_ok!(extract(HOLDER, 50));
	});
}

/// Abuse case 80: the permit is expired or not valid yet.
#[test]
fn nothing_is_extracted_outside_the_validity_of_the_permit() {
	for (now, live) in [(END - 1, true), (END, false)] {
		run(|| {
			issued();
			Now::set(END - DAY);
			assert_ok!(commit(HOLDER, SIZE));
			next_block();
			Now::set(now);
			if live {
				assert_ok!(extract(HOLDER, 50));
			} else {
				refuse(|| extract(HOLDER, 50), Error::NotLive);
			}
		});
	}
	run(|| {
		let mut terms = terms(1);
		terms.valid_from = START + DAY;
		assert_ok!(SecondaryUse::issue(officer(BODY), KEY, terms));
		assert_ok!(SecondaryUse::name_holder(officer(BODY), id(), HOLDER, DATASET));
		refuse(|| commit(HOLDER, SIZE), Error::NotLive);
	});
}

/// Abuse case 80: the permit is revoked.
#[test]
fn nothing_is_extracted_under_a_revoked_permit() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SIZE));
		next_block();
		assert_ok!(SecondaryUse::revoke(officer(BODY), id(), commitment(220)));
		refuse(|| extract(HOLDER, 50), Error::NotLive);
	});
}

/// Abuse case 80: another data set or another holder.
#[test]
fn nothing_is_extracted_from_a_data_set_or_holder_that_the_permit_does_not_name() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SIZE));
		next_block();
		let other = commitment(201);
		let extract_from =
			|dataset| SecondaryUse::extract(exchanger(HOLDER), id(), dataset, commitment(50));
		refuse(|| extract_from(other), Error::OtherDataset);
		refuse(|| extract(OTHER, 50), Error::HolderNotNamed);
		refuse(|| extract(USER, 50), Error::HolderNotNamed);
		assert_ok!(extract_from(DATASET));
	});
}

#[test]
fn an_extraction_needs_the_duty_and_a_fresh_commitment() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SIZE));
		next_block();
		let clerk = delegate(HOLDER, Duty::Oversight);
		assert_noop!(SecondaryUse::extract(clerk, id(), DATASET, commitment(50)), BadOrigin);
		refuse(|| extract(HOLDER, 0), Error::MissingCommitment);
		refuse(|| extract(HOLDER, 200), Error::CommitmentReused);
	});
}

#[test]
fn an_open_report_stops_extractions_until_it_is_answered() {
	run(|| {
		issued();
		assert_ok!(commit(HOLDER, SIZE));
		next_block();
		assert_ok!(SecondaryUse::report_reidentification(officer(USER), id(), commitment(60)));
		refuse(|| extract(HOLDER, 50), Error::ReportOpen);
		let finding = curex_primitives::Finding::NotConfirmed;
		let answered =
			SecondaryUse::answer_reidentification(officer(BODY), 0, finding, commitment(61));
		assert_ok!(answered);
		assert_ok!(extract(HOLDER, 50));
	});
}
