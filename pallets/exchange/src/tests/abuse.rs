//! The abuse cases that concern exchanges, by their numbers in `docs/abuse-cases/exchange.md`. Those that other files
//! test as a matter of course are listed there with those tests.

use crate::{mock::*, Call, Error, Event, Exchanges, Reviews, Sequences};
use curex_primitives::{
	exchange::exchange_id, AcknowledgementCode, Categories, Commitment, ConsentId, ConsentTerms,
	Duty, ExchangeProposal, ExchangeState, Gate, Grantee, LegalBasis, OrganisationStatus,
	ReviewVerdict,
};
use frame::{deps::frame_support::traits::OnRuntimeUpgrade, testing_prelude::*};

#[test]
fn case_04_nobody_asks_in_the_name_of_another() {
	run(|| {
		let id = requested(1);
		assert_eq!(Exchanges::<Test>::get(id).unwrap().recipient, RECIPIENT);
		assert_ok!(Exchange::request(side(OUTSIDER), key(1), pull()));
		let foreign = exchange_id(OUTSIDER, &key(1));
		assert_eq!(Exchanges::<Test>::get(foreign).unwrap().recipient, OUTSIDER);
		// The consent names another: the holder's gateway cannot serve it even if it wants to.
		refuse(|| Exchange::approve(side(HOLDER), foreign), Error::GateClosed);
	});
}

#[test]
fn case_05_no_organisation_approves_its_own_request() {
	run(|| {
		let own = ExchangeProposal { partner: RECIPIENT, ..pull() };
		refuse(|| Exchange::request(side(RECIPIENT), key(1), own), Error::PartnerIsSelf);
		let id = requested(1);
		refuse(|| Exchange::approve(side(RECIPIENT), id), Error::NotAuthorized);
		let own = ExchangeProposal { partner: HOLDER, ..push() };
		refuse(|| Exchange::offer(side(HOLDER), key(2), own), Error::PartnerIsSelf);
	});
}

#[test]
fn case_06_a_suspended_or_exited_side_stops_an_exchange_at_every_step() {
	for status in [OrganisationStatus::Suspended, OrganisationStatus::Exited] {
		for who in [HOLDER, RECIPIENT] {
			for state in [ExchangeState::Approved, ExchangeState::Dispatched] {
				run(|| {
					let id = in_state(state, 1);
					set_status(who, status);
					assert_eq!(state_of(id), ExchangeState::Terminated);
					serves_nothing(id);
				});
			}
			run(|| {
				let id = requested(1);
				set_status(who, status);
				serves_nothing(id);
			});
		}
	}
}

#[test]
fn case_07_a_dismissed_delegates_signature_no_longer_serves() {
	run(|| {
		let proposal = pull();
		let request = countersigned(key(1), &proposal);
		// The recipient rotated the key after it had signed.
		Signers::set(Default::default());
		refuse(
			|| {
				let holder = side(HOLDER);
				Exchange::serve_countersigned(holder, key(1), proposal, fresh(), request)
			},
			Error::WrongSigner,
		);
	});
}

#[test]
fn case_31_whatever_the_consent_is_the_error_and_the_weight_are_the_same() {
	let foreign = ConsentTerms { grantee: Grantee::Organisation(OUTSIDER), ..terms() };
	let expired = ConsentTerms { valid_until: START + 1, erase_at: START + DAY, ..terms() };
	let worlds: [&dyn Fn(); 5] = [
		&|| (),
		&|| file(CONSENT, foreign.clone()),
		&|| file(CONSENT, expired.clone()),
		&|| {
			file(CONSENT, terms());
			withdraw();
		},
		&|| file(CONSENT, ConsentTerms { max_uses: 1, ..terms() }),
	];
	let mut seen = Vec::new();
	for (index, world) in worlds.into_iter().enumerate() {
		new_test_ext().execute_with(|| {
			world();
			if index == 4 {
				approved(7);
			}
			skip(1);
			let id = requested(1);
			let call = RuntimeCall::from(Call::approve { id });
			let declared = call.get_dispatch_info().call_weight;
			let error = call.dispatch(side(HOLDER)).unwrap_err();
			seen.push((declared, error.post_info.actual_weight, error.error));
		});
	}
	assert_eq!(seen[0].2, Error::<Test>::GateClosed.into());
	assert!(seen.iter().all(|world| *world == seen[0]), "{seen:?}");
}

#[test]
fn case_33_nothing_is_received_that_was_not_dispatched() {
	run(|| {
		for state in [ExchangeState::Requested, ExchangeState::Held, ExchangeState::Approved] {
			let id = in_state(state, 1 + state as u8);
			refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::WrongState);
			refuse(
				|| {
					let code = AcknowledgementCode::Accepted;
					Exchange::complete(side(RECIPIENT), id, fresh(), code, None)
				},
				Error::WrongState,
			);
		}
	});
}

#[test]
fn case_34_a_receipt_is_the_recipients_for_its_exchange_in_time_and_before_the_acknowledgement() {
	run(|| {
		let (id, other) = (dispatched(1), dispatched(2));
		for by in [HOLDER, OUTSIDER, AUTHORITY] {
			refuse(|| Exchange::receive(side(by), id, fresh()), Error::NotAuthorized);
		}
		let payload = Exchanges::<Test>::get(other).unwrap().payload.unwrap();
		refuse(|| Exchange::receive(side(RECIPIENT), id, payload), Error::CommitmentReused);
		let code = AcknowledgementCode::Accepted;
		refuse(|| Exchange::acknowledge(side(RECIPIENT), id, code, None), Error::WrongState);
		skip(DeliveryWindow::get() + 1);
		refuse(|| Exchange::receive(side(RECIPIENT), id, fresh()), Error::WindowClosed);
	});
}

#[test]
fn case_35_no_commitment_serves_twice_in_any_call() {
	run(|| {
		let used = Exchanges::<Test>::get(requested(1)).unwrap().envelope;
		let reused = DispatchError::from(Error::<Test>::CommitmentReused);
		let again = |call: &dyn Fn() -> DispatchResult| {
			assert_noop!(call(), reused);
		};
		again(&|| {
			let proposal = ExchangeProposal { envelope: used, ..pull() };
			Exchange::request(side(RECIPIENT), key(9), proposal)
		});
		let agreed = approved(2);
		again(&|| Exchange::dispatch(side(HOLDER), agreed, used));
		assert_ok!(Exchange::dispatch(side(HOLDER), agreed, fresh()));
		again(&|| Exchange::receive(side(RECIPIENT), agreed, used));
		assert_ok!(Exchange::receive(side(RECIPIENT), agreed, fresh()));
		let code = AcknowledgementCode::Unreadable;
		again(&|| Exchange::acknowledge(side(RECIPIENT), agreed, code, Some(used)));
		again(&|| Exchange::rectify(side(HOLDER), agreed, used));
		again(&|| Exchange::attest_package(side(HOLDER), agreed, used));
		let grounds = curex_primitives::DisputeGrounds::Content;
		again(&|| Exchange::dispute(side(RECIPIENT), agreed, grounds, used));
		assert_ok!(Exchange::dispute(side(RECIPIENT), agreed, grounds, fresh()));
		again(&|| Exchange::answer_dispute(side(HOLDER), agreed, used));
		let origin = || delegate(RECIPIENT, Duty::Emergency);
		again(&|| Exchange::break_glass(origin(), key(8), urgent(), used));
	});
}

#[test]
fn no_member_stops_an_emergency_by_sending_its_commitments_first() {
	run(|| {
		let own = Exchanges::<Test>::get(requested(5)).unwrap().envelope;
		let (proposal, evidence, payload) = (urgent(), fresh(), fresh());
		// An outsider that saw them all on their way into a block takes each for an exchange of its own.
		let seen = [proposal.envelope, proposal.recipient_key, evidence, payload];
		for (number, commitment) in (20..).zip(seen) {
			let gate = Gate::Statutory(LegalBasis::CARE);
			let copied = ExchangeProposal { gate, envelope: commitment, ..pull() };
			assert_ok!(Exchange::request(side(OUTSIDER), key(number), copied));
		}
		let origin = || delegate(RECIPIENT, Duty::Emergency);
		assert_ok!(Exchange::break_glass(origin(), key(1), proposal.clone(), evidence));
		let id = exchange_id(RECIPIENT, &key(1));
		let envelope = proposal.envelope;
		refuse(|| Exchange::dispatch(side(HOLDER), id, envelope), Error::MissingCommitment);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, payload));
		check_invariants();
		// Whoever uses its own twice is still told so.
		refuse(|| Exchange::break_glass(origin(), key(2), urgent(), own), Error::CommitmentReused);
		assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
		forward(ExchangeRetention::get() + AnswerWindow::get() + DeliveryWindow::get() + 4);
		assert_eq!(Exchanges::<Test>::iter().count(), 0, "each is pruned with what is its own");
		assert_eq!(crate::Commitments::<Test>::iter().count(), 0);
	});
}

#[test]
fn case_36_an_all_zero_commitment_is_none() {
	run(|| {
		let zero = Commitment([0; 32]);
		let none = Error::<Test>::MissingCommitment;
		let agreed = approved(1);
		refuse(|| Exchange::dispatch(side(HOLDER), agreed, zero), none);
		let sent = dispatched(2);
		refuse(|| Exchange::receive(side(RECIPIENT), sent, zero), Error::MissingCommitment);
	});
}

#[test]
fn case_37_a_sequence_ends_where_u64_ends_and_passes_u32() {
	run(|| {
		Sequences::<Test>::insert(RECIPIENT, u64::from(u32::MAX));
		crate::PrunedUpTo::<Test>::insert(RECIPIENT, u64::from(u32::MAX));
		let id = requested(1);
		let number = Exchanges::<Test>::get(id).unwrap().recipient_sequence;
		assert_eq!(number, u64::from(u32::MAX) + 1);
	});
}

#[test]
fn case_38_a_repeated_submission_changes_nothing_whatever_it_says() {
	run(|| {
		let id = requested(1);
		let before = Exchanges::<Test>::get(id);
		let other = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), ..pull() };
		refuse(|| Exchange::request(side(RECIPIENT), key(1), other), Error::AlreadyExists);
		assert_eq!(Exchanges::<Test>::get(id), before);
	});
}

#[test]
fn case_39_a_withdrawal_stops_an_exchange_at_every_step_before_the_receipt() {
	use ExchangeState::*;
	for &state in ExchangeState::ALL {
		run(|| {
			let id = in_state(state, 1);
			if state != Terminated {
				withdraw();
			}
			let expected = match state {
				Approved | Dispatched | AgreementSuspended | DeliverySuspended => Terminated,
				_ => state,
			};
			assert_eq!(state_of(id), expected);
			serves_nothing(id);
		});
	}
}

#[test]
fn case_40_a_gate_that_another_fork_saw_is_asked_again_at_the_dispatch() {
	run(|| {
		// The approval survived the fork, the consent did not.
		let id = approved(1);
		let terms = ConsentTerms { grantee: Grantee::Organisation(OUTSIDER), ..terms() };
		pallet_consent::Consents::<Test>::mutate(CONSENT, |consent| {
			consent.as_mut().unwrap().terms = terms;
		});
		refuse(|| Exchange::dispatch(side(HOLDER), id, fresh()), Error::GateClosed);
	});
}

#[test]
fn case_42_categories_cannot_grow_between_request_and_payload() {
	run(|| {
		let asked = pull();
		let request = countersigned(key(1), &asked);
		let wider = ExchangeProposal { categories: Categories::all(), ..asked };
		refuse(
			|| Exchange::serve_countersigned(side(HOLDER), key(1), wider, fresh(), request),
			Error::WrongSignature,
		);
		let id = requested(2);
		let categories = Exchanges::<Test>::get(id).unwrap().categories;
		assert_ok!(Exchange::approve(side(HOLDER), id));
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		assert_eq!(Exchanges::<Test>::get(id).unwrap().categories, categories);
	});
}

#[test]
fn case_45_a_flood_of_disputes_stops_no_care() {
	run(|| {
		let lock = curex_primitives::WithdrawLock([6; 32]);
		let plenty = ConsentId([0xC6; 32]);
		file(plenty, ConsentTerms { max_uses: 1_000, withdraw_lock: lock, ..terms() });
		for number in 1..=60 {
			let proposal = ExchangeProposal { gate: Gate::Consent(plenty), ..pull() };
			let request = countersigned(key(number), &proposal);
			let holder = side(HOLDER);
			let payload = fresh();
			assert_ok!(Exchange::serve_countersigned(
				holder,
				key(number),
				proposal,
				payload,
				request
			));
			let id = exchange_id(RECIPIENT, &key(number));
			assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
			let grounds = curex_primitives::DisputeGrounds::Content;
			assert_ok!(Exchange::dispute(side(RECIPIENT), id, grounds, fresh()));
			refuse(|| Exchange::dispute(side(RECIPIENT), id, grounds, fresh()), Error::WrongState);
		}
		// As many disputes as exchanges, never more; and care goes on.
		assert_eq!(crate::Disputes::<Test>::iter().count(), 60);
		assert_eq!(state_of(dispatched(100)), ExchangeState::Dispatched);
		// None outlives its window.
		forward(DisputeWindow::get() + 3);
		assert!(Exchanges::<Test>::iter_values()
			.all(|exchange| exchange.state != ExchangeState::Disputed));
	});
}

#[test]
fn case_48_nothing_is_dispatched_after_the_emergency_window() {
	run(|| {
		let (last, late) = (emergency(1), emergency(2));
		skip(EmergencyWindow::get());
		assert_ok!(Exchange::dispatch(side(HOLDER), last, fresh()));
		skip(1);
		refuse(|| Exchange::dispatch(side(HOLDER), late, fresh()), Error::WindowClosed);
	});
}

#[test]
fn case_50_a_review_is_neither_the_sides_nor_made_twice_nor_taken_back() {
	run(|| {
		let id = emergency(1);
		let chosen = Reviews::<Test>::get(id).unwrap().reviewer.unwrap();
		let review =
			|by, verdict| Exchange::review(delegate(by, Duty::Review), id, verdict, fresh());
		for by in [HOLDER, RECIPIENT] {
			refuse(|| review(by, ReviewVerdict::Justified), Error::NotAuthorized);
		}
		skip(ReviewWindow::get() + 1);
		assert_ok!(review(chosen, ReviewVerdict::Unjustified));
		refuse(|| review(chosen, ReviewVerdict::Justified), Error::AlreadyReviewed);
		assert_eq!(crate::Unjustified::<Test>::get(RECIPIENT), 1);
		let duty = crate::Duties::<Test>::get(id, curex_primitives::Obligation::Misuse).unwrap();
		assert_eq!(duty.organisation, Some(RECIPIENT));
	});
}

#[test]
fn case_51_a_break_glass_is_never_turned_into_a_consented_exchange() {
	run(|| {
		let id = emergency(1);
		let gate = Exchanges::<Test>::get(id).unwrap().gate;
		for call in [
			Exchange::request(side(RECIPIENT), key(1), pull()),
			Exchange::approve(side(HOLDER), id),
			Exchange::accept(side(RECIPIENT), id, fresh()),
			Exchange::suspend(side(HOLDER), id),
		] {
			assert!(call.is_err());
		}
		let in_ordinary = ExchangeProposal { gate, ..pull() };
		refuse(|| Exchange::request(side(RECIPIENT), key(2), in_ordinary), Error::WrongGate);
		assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
		assert_eq!(Exchanges::<Test>::get(id).unwrap().gate, gate);
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 0);
		assert!(Reviews::<Test>::contains_key(id));
	});
}

#[test]
fn case_53_many_emergencies_about_one_person_are_each_reviewed_and_alarmed() {
	run(|| {
		for number in 1..=50 {
			let id = emergency(number);
			assert!(Reviews::<Test>::contains_key(id));
		}
		let alarm = |event: &Event<Test>| matches!(event, Event::EmergencyAlarmRaised { .. });
		let events = System::read_events_for_pallet::<Event<Test>>();
		assert_eq!(events.iter().filter(|event| alarm(event)).count(), 48);
		// Reviewers take turns: none passes the same requester's next case.
		let reviewers: Vec<_> = (1..=50)
			.map(|number| exchange_id(RECIPIENT, &key(number)))
			.map(|id| Reviews::<Test>::get(id).unwrap().reviewer)
			.collect();
		assert!(reviewers.windows(2).all(|pair| pair[0] != pair[1]));
	});
}

#[test]
fn case_54_an_overdue_flag_and_its_count_stay() {
	run(|| {
		let id = emergency(1);
		let first = Reviews::<Test>::get(id).unwrap().reviewer.unwrap();
		forward(ReviewWindow::get() + 2);
		let review = Reviews::<Test>::get(id).unwrap();
		assert!(review.overdue);
		let second = review.second.unwrap();
		assert!(second != first && ![HOLDER, RECIPIENT].contains(&second));
		assert_eq!(crate::OverdueReviews::<Test>::get(first), 1);
		System::assert_has_event(Event::ReviewEscalated { exchange: id, reviewer: second }.into());
		// An upgrade of this layout touches nothing.
		crate::migrations::ToVersion2::<Test>::on_runtime_upgrade();
		assert_ok!(Exchange::review(
			delegate(second, Duty::Review),
			id,
			ReviewVerdict::Justified,
			fresh()
		));
		assert!(Reviews::<Test>::get(id).unwrap().overdue, "for good");
	});
}

#[test]
fn case_87_a_member_leaves_no_state_for_good() {
	run(|| {
		let count = || {
			let mut keys = 0;
			let mut key = frame::deps::sp_io::hashing::twox_128(b"Exchange").to_vec();
			let prefix = key.clone();
			while let Some(next) =
				frame::deps::sp_io::storage::next_key(&key).filter(|next| next.starts_with(&prefix))
			{
				keys += 1;
				key = next;
			}
			// Numbers pruned out of order are joined by later prunings.
			let ahead = crate::PrunedAhead::<Test>::iter().count();
			assert!(ahead <= 80);
			keys - ahead
		};
		let spam = |from: u8| {
			for number in from..from + 40 {
				assert_ok!(Exchange::request(side(OUTSIDER), key(number), pull()));
			}
			forward(AnswerWindow::get() + ExchangeRetention::get() + 5);
			count()
		};
		assert_eq!(spam(1), spam(101), "nothing is left behind but counters");
	});
}

#[test]
fn case_88_a_call_raises_a_bounded_number_of_events() {
	run(|| {
		let raised = |call: &dyn Fn()| {
			System::reset_events();
			call();
			System::events().len()
		};
		assert!(raised(&|| assert!(!emergency(1).is_zero())) <= 5);
		assert!(raised(&|| assert!(!requested(2).is_zero())) <= 1);
		let items = vec![curex_primitives::BatchRequest { key: key(3), proposal: pull() }; 256];
		let batch: crate::Batch<_> = items.try_into().unwrap();
		let events = raised(&|| {
			assert_ok!(Exchange::request_batch(side(RECIPIENT), batch.clone()));
		});
		assert_eq!(events, 257, "one for each item and one for the batch");
	});
}
