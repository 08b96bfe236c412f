use crate::{mock::*, Error, Event, Exports};
use curex_primitives::OrganisationId;
use frame::testing_prelude::*;

fn export(by: OrganisationId, outputs: u8, check: u8) -> DispatchResult {
	SecondaryUse::export(officer(by), id(), commitment(outputs), commitment(check))
}

#[test]
fn the_body_lets_checked_outputs_out() {
	run(|| {
		extracted();
		assert_ok!(export(BODY, 70, 71));
		System::assert_last_event(Event::Exported { permit: id(), export: 0 }.into());
		assert_eq!(Exports::<Test>::get(id(), 0), Some((commitment(70), commitment(71))));
	});
}

#[test]
fn neither_user_nor_holder_lets_anything_out() {
	run(|| {
		extracted();
		for by in [USER, HOLDER, SUPERVISOR, SECOND_BODY] {
			refuse(|| export(by, 70, 71), Error::NotAuthorized);
		}
	});
}

#[test]
fn nothing_leaves_unchecked_or_without_an_extraction_or_after_the_permit() {
	run(|| {
		issued();
		refuse(|| export(BODY, 70, 71), Error::NothingExtracted);
	});
	run(|| {
		extracted();
		refuse(|| export(BODY, 70, 0), Error::MissingCommitment);
		refuse(|| export(BODY, 0, 71), Error::MissingCommitment);
		refuse(|| export(BODY, 70, 70), Error::CommitmentReused);
		Now::set(END);
		refuse(|| export(BODY, 70, 71), Error::NotLive);
	});
	run(|| {
		extracted();
		assert_ok!(SecondaryUse::report_reidentification(officer(HOLDER), id(), commitment(60)));
		refuse(|| export(BODY, 70, 71), Error::ReportOpen);
	});
}
