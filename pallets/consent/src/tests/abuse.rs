//! The abuse cases of consents that the ledger must withstand; `docs/abuse-cases/consent.md` lists them.

use crate::{mock::*, Call, Consents, Error};
use codec::{Decode, Encode};
use curex_primitives::{
	gate::Answer, Commitment, ConsentId, ConsentStatus, ConsentTerms, Duty, Grantee, Quarter,
	Representation, Standing,
};
use frame::testing_prelude::*;

fn filing(change: impl FnOnce(&mut ConsentTerms)) -> DispatchResult {
	let mut terms = terms(1);
	change(&mut terms);
	Consent::file(holder(), id(1), terms)
}

fn answer(consent: ConsentId) -> Answer {
	Consent::may_be_served(asked(consent))
}

fn status(number: u8) -> ConsentStatus {
	Consents::<Test>::get(id(number)).unwrap().status
}

#[test]
fn abuse_13_an_empty_past_endless_or_unerased_period_is_refused() {
	run(|| {
		type E = Error<Test>;
		assert_noop!(filing(|terms| terms.valid_from = terms.valid_until + 1), E::EmptyPeriod);
		assert_noop!(filing(|terms| terms.valid_from = terms.valid_until), E::EmptyPeriod);
		assert_noop!(
			filing(|terms| {
				terms.valid_from = 0;
				terms.valid_until = START - 1;
			}),
			E::EmptyPeriod
		);
		assert_noop!(filing(|terms| terms.valid_until = u64::MAX), E::TooLong);
		assert_noop!(
			filing(|terms| {
				terms.valid_from = u64::MAX - 1;
				terms.valid_until = u64::MAX;
			}),
			E::TooLong
		);
		assert_noop!(filing(|terms| terms.erase_at = terms.valid_until - 1), E::ErasedBeforeEnd);
		assert_noop!(filing(|terms| terms.erase_at = 0), E::ErasedBeforeEnd);
		assert_noop!(filing(|terms| terms.erase_at = u64::MAX), E::TooLong);
	});
}

#[test]
fn abuse_14_no_unknown_or_bundled_purposes_are_filed() {
	run(|| {
		type E = Error<Test>;
		assert_noop!(filing(|terms| terms.purposes = Default::default()), E::NothingCovered);
		assert_noop!(
			filing(|terms| terms.purposes = curex_primitives::Purposes::all()),
			E::Bundled
		);
		// Purposes follow grantee (5 bytes) and basis (2 bytes); a bit without meaning does not decode.
		let mut bytes = terms(1).encode();
		assert!(ConsentTerms::decode(&mut &bytes[..]).is_ok());
		bytes[8] |= 0b1000_0000;
		assert!(ConsentTerms::decode(&mut &bytes[..]).is_err());
	});
}

#[test]
fn abuse_15_no_consent_without_a_category_is_filed() {
	run(|| {
		assert_noop!(
			filing(|terms| terms.categories = Default::default()),
			Error::<Test>::NothingCovered
		);
	});
}

#[test]
fn abuse_16_the_holder_is_no_grantee_even_through_its_kind() {
	run(|| {
		assert_noop!(
			filing(|terms| terms.grantee = Grantee::Organisation(HOLDER)),
			Error::<Test>::GranteeIsHolder
		);
		let kind = Grantee::Kind(curex_primitives::OrganisationKind::Hospital);
		assert_ok!(filing(|terms| terms.grantee = kind));
		let own = curex_primitives::gate::Asked { recipient: HOLDER, ..asked(id(1)) };
		assert_eq!(Consent::may_be_served(own), Answer::NotServed);
		assert_eq!(answer(id(1)), Answer::Served);
	});
}

#[test]
fn abuse_17_a_guessed_id_filed_first_opens_nothing_of_the_holder() {
	run(|| {
		let other = delegate(OTHER, Duty::Consent);
		assert_ok!(Consent::file(other, id(1), terms(2)));
		assert_noop!(Consent::file(holder(), id(1), terms(1)), Error::<Test>::AlreadyExists);
		assert_eq!(answer(id(1)), Answer::NotServed, "another holder's consent");
		assert_ok!(Consent::file(holder(), id(3), terms(1)));
		assert_noop!(Consent::file(holder(), id(3), terms(3)), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn abuse_18_no_more_uses_are_served_than_allowed_and_none_is_not_filed() {
	run(|| {
		assert_noop!(filing(|terms| terms.max_uses = 0), Error::<Test>::NoUses);
		assert_ok!(filing(|_| ()));
		for _ in 0..terms(1).max_uses {
			assert_eq!(answer(id(1)), Answer::Served);
			<Consent as curex_primitives::consent::Consents>::count_use(id(1), START);
		}
		assert_eq!(answer(id(1)), Answer::NotServed);
		assert_eq!(Consent::consent_standing(id(1)), Some(Standing::UsedUp));
	});
}

#[test]
fn abuse_19_a_second_withdrawal_by_whomever_keeps_the_first_block() {
	run(|| {
		assert_ok!(filing(|_| ()));
		System::set_block_number(2);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		System::set_block_number(3);
		assert_ok!(Consent::withdraw(holder(), id(1)));
		let authorized = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
		assert_ok!(Consent::withdraw_by_code(authorized, id(1), CODE));
		let court = delegate(AUTHORITY, Duty::Court);
		assert_ok!(Consent::withdraw_by_court(court, id(1), Commitment([99; 32])));
		assert_eq!(status(1), ConsentStatus::Withdrawn { at: 2 });
	});
}

#[test]
fn abuse_20_an_expired_consent_is_withdrawn_all_the_same() {
	run(|| {
		assert_ok!(filing(|_| ()));
		Now::set(terms(1).valid_until);
		let call = Call::<Test>::withdraw_by_code { id: id(1), code: CODE };
		assert!(call.authorize(TransactionSource::External).unwrap().is_ok());
		assert_ok!(Consent::withdraw(holder(), id(1)));
		assert_eq!(status(1), ConsentStatus::Withdrawn { at: 1 });
	});
}

#[test]
fn abuse_21_successors_form_no_loop_and_belong_to_the_holder() {
	run(|| {
		assert_ok!(filing(|_| ()));
		let supersede =
			|origin, old, new, number| Consent::supersede(origin, id(old), id(new), terms(number));
		assert_noop!(supersede(holder(), 1, 1, 2), Error::<Test>::AlreadyExists);
		let other = delegate(OTHER, Duty::Consent);
		assert_noop!(supersede(other, 1, 2, 2), Error::<Test>::NotAuthorized);
		assert_ok!(supersede(holder(), 1, 2, 2));
		assert_ok!(supersede(holder(), 2, 3, 3));
		assert_noop!(supersede(holder(), 3, 1, 4), Error::<Test>::AlreadyExists);
		assert_noop!(supersede(holder(), 1, 4, 4), Error::<Test>::NotActive);
	});
}

#[test]
fn abuse_22_only_the_right_code_of_the_right_length_withdraws_and_only_its_own_consent() {
	run(|| {
		assert_ok!(filing(|_| ()));
		assert_ok!(Consent::file(holder(), id(2), terms(2)));
		let pool = |number, code| {
			Call::<Test>::withdraw_by_code { id: id(number), code }
				.authorize(TransactionSource::External)
				.unwrap()
		};
		assert_eq!(pool(1, [0; 32]).err(), Some(InvalidTransaction::BadProof.into()));
		assert_eq!(pool(2, CODE).err(), Some(InvalidTransaction::BadProof.into()));
		assert!(pool(1, CODE).is_ok());
		let bytes = Call::<Test>::withdraw_by_code { id: id(1), code: CODE }.encode();
		assert!(Call::<Test>::decode(&mut &bytes[..bytes.len() - 1]).is_err(), "short");
		let huge = [&bytes[..], &[0; 1_000]].concat();
		let mut rest = &huge[..];
		assert!(Call::<Test>::decode(&mut rest).is_ok());
		assert_eq!(rest.len(), 1_000, "a code has 32 bytes, whatever follows is no part of it");
		assert_eq!(status(2), ConsentStatus::Active);
	});
}

#[test]
fn abuse_23_a_withdrawal_needs_no_account_nonce_or_fee_and_has_its_place_in_full_blocks() {
	run(|| {
		assert_ok!(filing(|_| ()));
		// The holder may not act, and nobody signs.
		suspend(HOLDER);
		let call = RuntimeCall::from(Call::withdraw_by_code { id: id(1), code: CODE });
		let info = call.get_dispatch_info();
		assert_eq!(info.class, DispatchClass::Operational);
		let sent = frame_system::AuthorizeCall::<Test>::new().dispatch_transaction(
			RuntimeOrigin::none(),
			call,
			&info,
			0,
			0,
		);
		assert!(matches!(sent, Ok(Ok(_))));
		assert_eq!(status(1), ConsentStatus::Withdrawn { at: 1 });
	});
}

#[test]
fn abuse_24_time_jumps_change_answers_and_no_record() {
	run(|| {
		assert_ok!(filing(|terms| terms.valid_from = START + DAY));
		let before = Consents::<Test>::get(id(1));
		for (now, expected) in [
			(START, Standing::NotYetValid),
			(START + DAY, Standing::Active),
			(u64::MAX, Standing::Expired),
			(0, Standing::NotYetValid),
			(START + 10 * DAY, Standing::Expired),
			(START + 10 * DAY - 1, Standing::Active),
		] {
			Now::set(now);
			assert_eq!(Consent::consent_standing(id(1)), Some(expected), "at {now}");
			let served = expected == Standing::Active;
			assert_eq!(answer(id(1)) == Answer::Served, served, "at {now}");
		}
		assert_eq!(Consents::<Test>::get(id(1)), before);
		Now::set(START);
	});
}

#[test]
fn abuse_25_an_outdated_policy_informs_nobody() {
	run(|| {
		assert_ok!(filing(|_| ()));
		for origin in [holder(), delegate(AUTHORITY, Duty::Oversight), RuntimeOrigin::none()] {
			assert_noop!(Consent::raise_oldest_policy(origin, 2), BadOrigin);
		}
		assert_ok!(Consent::raise_oldest_policy(RuntimeOrigin::root(), 2));
		for old in [0, 1, 2] {
			assert_noop!(
				Consent::raise_oldest_policy(RuntimeOrigin::root(), old),
				Error::<Test>::PolicyOutdated
			);
		}
		type E = Error<Test>;
		assert_noop!(Consent::file(holder(), id(2), terms(2)), E::PolicyOutdated);
		assert_noop!(Consent::supersede(holder(), id(1), id(2), terms(2)), E::PolicyOutdated);
		assert_noop!(Consent::narrow(holder(), id(1), narrower(1)), E::PolicyOutdated);
		assert_eq!(answer(id(1)), Answer::Served, "what was filed before stays valid");
		let informed = ConsentTerms { policy_version: 2, ..terms(2) };
		assert_ok!(Consent::file(holder(), id(2), informed));
	});
}

#[test]
fn abuse_27_a_guardians_consent_ends_with_the_quarter_in_which_the_minor_comes_of_age() {
	run(|| {
		let of_age = Quarter(Quarter::of(START).0 + 1);
		let minor = |of_age| {
			move |terms: &mut ConsentTerms| {
				terms.representation = Representation::Minor { of_age };
				terms.valid_until = START + 400 * DAY;
				terms.erase_at = terms.valid_until;
			}
		};
		assert_noop!(filing(minor(Quarter::of(START))), Error::<Test>::OfAge);
		assert_ok!(filing(minor(of_age)));
		Now::set(of_age.start() - 1);
		assert_eq!(answer(id(1)), Answer::Served);
		Now::set(of_age.start());
		assert_eq!(answer(id(1)), Answer::NotServed);
		assert_eq!(status(1), ConsentStatus::Active, "neither withdrawn nor ended");
		assert_ok!(Consent::confirm(holder(), id(1), Commitment([88; 32])));
		assert_eq!(answer(id(1)), Answer::Served);
	});
}

#[test]
fn abuse_28_a_consent_ends_at_the_very_moment_of_its_end() {
	run(|| {
		assert_ok!(filing(|_| ()));
		Now::set(terms(1).valid_until - 1);
		assert_eq!(answer(id(1)), Answer::Served);
		Now::set(terms(1).valid_until);
		assert_eq!(answer(id(1)), Answer::NotServed);
		Now::set(terms(1).valid_from);
		assert_eq!(answer(id(1)), Answer::Served);
	});
}

#[test]
fn abuse_29_a_refused_call_rolls_back_no_expiry() {
	run(|| {
		assert_ok!(filing(|_| ()));
		Now::set(terms(1).valid_until);
		// Nothing has to be written for a consent to be expired, so a failing call cannot undo it.
		assert_noop!(Consent::narrow(holder(), id(1), narrower(1)), Error::<Test>::EmptyPeriod);
		assert_eq!(Consent::consent_standing(id(1)), Some(Standing::Expired));
		assert_eq!(answer(id(1)), Answer::NotServed);
	});
}

#[test]
fn abuse_30_no_call_renews_a_consent() {
	run(|| {
		assert_ok!(filing(|_| ()));
		let longer = ConsentTerms { valid_until: START + 11 * DAY, ..narrower(1) };
		assert_noop!(Consent::narrow(holder(), id(1), longer), Error::<Test>::NotNarrower);
		assert_ok!(Consent::suspend(holder(), id(1)));
		Now::set(terms(1).valid_until);
		assert_ok!(Consent::resume(holder(), id(1)));
		assert_eq!(answer(id(1)), Answer::NotServed);
		let info = <ConsentTerms as scale_info::TypeInfo>::type_info();
		let scale_info::TypeDef::Composite(fields) = info.type_def else { panic!("a record") };
		assert!(fields
			.fields
			.iter()
			.all(|field| { field.name.is_some_and(|name| !name.contains("renew")) }));
	});
}
