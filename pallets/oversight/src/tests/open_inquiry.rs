use crate::{mock::*, Error, Event, Inquiries};
use curex_primitives::{
	Commitment, Competence, Duty, Inquiry, InquiryOutcome, OrganisationId, RecordHandle,
};
use frame::testing_prelude::*;

const ABOUT: RecordHandle = RecordHandle([9; 32]);

fn ask(by: OrganisationId, organisation: OrganisationId, number: u8) -> DispatchResult {
	let field = Competence::DataProtection;
	Oversight::open_inquiry(officer(by), organisation, field, ABOUT, commitment(number), DAY)
}

#[test]
fn an_authority_asks_with_a_deadline() {
	run(|| {
		assert_ok!(ask(AUTHORITY, HOSPITAL, 1));
		let due = START + DAY;
		let expected = Inquiry {
			authority: AUTHORITY,
			field: Competence::DataProtection,
			organisation: HOSPITAL,
			about: ABOUT,
			case: commitment(1),
			opened_at: 1,
			due,
			outcome: InquiryOutcome::Open,
			closed: None,
		};
		assert_eq!(Inquiries::<Test>::get(0), Some(expected));
		let event =
			Event::InquiryOpened { inquiry: 0, authority: AUTHORITY, organisation: HOSPITAL, due };
		System::assert_last_event(event.into());
		assert_ok!(ask(AUTHORITY, OTHER, 2));
		assert!(Inquiries::<Test>::contains_key(1));
	});
}

#[test]
fn only_an_authority_asks() {
	run(|| {
		refuse(|| ask(OTHER, HOSPITAL, 1), Error::NotAuthorized);
		let clerk = delegate(AUTHORITY, Duty::Review);
		let field = Competence::DataProtection;
		let asked = Oversight::open_inquiry(clerk, HOSPITAL, field, ABOUT, commitment(1), DAY);
		assert_noop!(asked, BadOrigin);
	});
}

#[test]
fn an_authority_asks_in_its_own_field_and_country_only() {
	run(|| {
		refuse(|| ask(ACCESS_BODY, HOSPITAL, 1), Error::NotCompetent);
		refuse(|| ask(ABROAD, HOSPITAL, 1), Error::NotCompetent);
		let field = Competence::HealthDataAccess;
		let asked =
			|by| Oversight::open_inquiry(officer(by), HOSPITAL, field, ABOUT, commitment(1), DAY);
		refuse(|| asked(AUTHORITY), Error::NotCompetent);
		assert_ok!(asked(ACCESS_BODY));
	});
}

/// Abuse case 8: supervision reads and asks; it writes nothing into the records of others.
#[test]
fn an_authority_writes_nothing_in_the_name_of_others() {
	run(|| {
		assert_ok!(ask(AUTHORITY, HOSPITAL, 1));
		let by = || officer(AUTHORITY);
		refuse(|| Oversight::disclose(by(), 0, commitment(2)), Error::NotAuthorized);
		let ground = curex_primitives::InquiryRefusal::Privileged;
		refuse(|| Oversight::refuse_inquiry(by(), 0, ground, commitment(2)), Error::NotAuthorized);
		let regimes = curex_primitives::Regimes::all();
		let opened = Oversight::open_breach(officer(HOSPITAL), commitment(3), START, regimes, 0, 1);
		assert_ok!(opened);
		for kind in curex_primitives::NoticeKind::ALL {
			refuse(
				|| Oversight::notify_breach(by(), 0, *kind, commitment(4)),
				Error::NotAuthorized,
			);
		}
	});
}

#[test]
fn a_member_is_asked_even_while_it_is_suspended() {
	run(|| {
		suspend(HOSPITAL);
		assert_ok!(ask(AUTHORITY, HOSPITAL, 1));
	});
}

#[test]
fn a_malformed_inquiry_is_refused() {
	run(|| {
		let ask = |organisation, about, case: Commitment, term| {
			let field = Competence::DataProtection;
			Oversight::open_inquiry(officer(AUTHORITY), organisation, field, about, case, term)
		};
		refuse(|| ask(AUTHORITY, ABOUT, commitment(1), DAY), Error::OrganisationIsSelf);
		refuse(|| ask(OrganisationId(99), ABOUT, commitment(1), DAY), Error::OrganisationNotFound);
		refuse(
			|| ask(HOSPITAL, RecordHandle([0; 32]), commitment(1), DAY),
			Error::MissingCommitment,
		);
		refuse(|| ask(HOSPITAL, ABOUT, commitment(0), DAY), Error::MissingCommitment);
		refuse(|| ask(HOSPITAL, ABOUT, commitment(1), DAY - 1), Error::WrongDeadline);
		refuse(|| ask(HOSPITAL, ABOUT, commitment(1), 90 * DAY + 1), Error::WrongDeadline);
		assert_ok!(ask(HOSPITAL, ABOUT, commitment(1), DAY));
		refuse(|| ask(HOSPITAL, ABOUT, commitment(1), DAY), Error::CommitmentReused);
	});
}
