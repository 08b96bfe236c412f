use crate::{mock::*, Call, Consents, Error, Event, VoidTickets};
use curex_primitives::{gate::Answer, ticket, ConsentStatus, Duty, MerkleRoot, Standing};
use frame::testing_prelude::*;

fn authorized() -> RuntimeOrigin {
	frame_system::RawOrigin::Authorized.into()
}

/// Sends a call the way the network does: a general transaction, without account or nonce.
fn submit(call: Call<Test>) -> Result<DispatchResult, TransactionValidityError> {
	let call = RuntimeCall::from(call);
	let info = call.get_dispatch_info();
	frame_system::AuthorizeCall::<Test>::new()
		.dispatch_transaction(RuntimeOrigin::none(), call, &info, 0, 0)
		.map(|result| result.map(|_| ()).map_err(|failure| failure.error))
}

#[test]
fn the_code_of_the_root_reaches_every_ticket_redeemed_or_not() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let [(first, proof), (second, second_proof), _] = &tickets[..] else { panic!("three") };
		let id = ticket::handle(first);
		assert_ok!(Consent::redeem(recipient(), root, first.clone(), proof.clone()));
		assert_eq!(Consent::may_be_served(asked(id)), Answer::Served);
		System::set_block_number(5);
		let call = || Call::withdraw_tickets_by_code { root, code: ROOT_CODE };
		assert_eq!(submit(call()), Ok(Ok(())));
		System::assert_last_event(Event::TicketsWithdrawn { root, holder: HOLDER }.into());
		let withdrawn = ConsentStatus::Withdrawn { at: 5 };
		assert_eq!(
			<Consent as curex_primitives::consent::Consents>::get(id).unwrap().status,
			withdrawn
		);
		assert_eq!(Consent::consent_standing(id), Some(Standing::Withdrawn));
		assert_eq!(Consent::may_be_served(asked(id)), Answer::NotServed);
		let redeem = Consent::redeem(recipient(), root, second.clone(), second_proof.clone());
		assert_eq!(redeem, Err(Error::<Test>::TicketsNotLive.into()));
		assert_eq!(submit(call()), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn what_was_withdrawn_with_its_root_is_not_withdrawn_again_narrowed_or_suspended() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let id = ticket::handle(&ticket);
		assert_ok!(Consent::redeem(recipient(), root, ticket, proof));
		assert_ok!(Consent::withdraw_tickets(holder(), root));
		let before = Consents::<Test>::get(id);
		System::reset_events();
		assert_ok!(Consent::withdraw(holder(), id));
		assert_eq!(Consents::<Test>::get(id), before);
		assert!(System::events().is_empty());
		assert_noop!(Consent::suspend(holder(), id), Error::<Test>::NotActive);
		assert_noop!(Consent::narrow(holder(), id, narrower(1)), Error::<Test>::NotActive);
	});
}

#[test]
fn a_ticket_that_was_withdrawn_first_keeps_its_block() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let id = ticket::handle(&ticket);
		assert_ok!(Consent::redeem(recipient(), root, ticket, proof));
		assert_ok!(Consent::withdraw(holder(), id));
		System::set_block_number(5);
		assert_ok!(Consent::withdraw_tickets(holder(), root));
		assert_eq!(Consent::consent(id).unwrap().status, ConsentStatus::Withdrawn { at: 1 });
	});
}

#[test]
fn the_code_of_a_ticket_withdraws_it_before_it_is_redeemed() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[1].clone();
		let id = ticket::handle(&ticket);
		let call = |code| Call::withdraw_ticket_by_code {
			root,
			terms: ticket.clone(),
			proof: proof.clone(),
			code,
		};
		assert_eq!(submit(call([9; 32])), Err(InvalidTransaction::BadProof.into()));
		assert_eq!(submit(call([8; 32])), Ok(Ok(())));
		let event = Event::TicketWithdrawn { ticket: id, root, holder: HOLDER };
		System::assert_last_event(event.into());
		assert_eq!(VoidTickets::<Test>::get(root, id), Some(1));
		assert_eq!(submit(call([8; 32])), Err(InvalidTransaction::Stale.into()));
		assert_noop!(
			Consent::redeem(recipient(), root, ticket.clone(), proof.clone()),
			Error::<Test>::TicketWithdrawn
		);
		let (other, proof) = tickets[0].clone();
		assert_ok!(Consent::redeem(recipient(), root, other, proof));
	});
}

#[test]
fn the_dispatch_checks_codes_and_proofs_itself() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let withdraw = |root, proof: &curex_primitives::TicketProof, code| {
			Consent::withdraw_ticket_by_code(
				authorized(),
				root,
				ticket.clone(),
				proof.clone(),
				code,
			)
		};
		let unknown = MerkleRoot([1; 32]);
		assert_noop!(withdraw(unknown, &proof, CODE), Error::<Test>::NotFound);
		assert_noop!(withdraw(root, &proof, [1; 32]), Error::<Test>::WrongCode);
		assert_noop!(withdraw(root, &tickets[1].1, CODE), Error::<Test>::WrongProof);
		assert_ok!(Consent::redeem(recipient(), root, ticket.clone(), proof.clone()));
		assert_noop!(withdraw(root, &proof, CODE), Error::<Test>::AlreadyExists);
		let all = |root, code| Consent::withdraw_tickets_by_code(authorized(), root, code);
		assert_noop!(all(unknown, ROOT_CODE), Error::<Test>::NotFound);
		assert_noop!(all(root, CODE), Error::<Test>::WrongCode);
		assert_ok!(all(root, ROOT_CODE));
		assert_ok!(all(root, ROOT_CODE));
	});
}

#[test]
fn nobody_withdraws_tickets_by_code_with_an_account_nor_anothers_by_account() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		for origin in [holder(), recipient(), RuntimeOrigin::root(), RuntimeOrigin::none()] {
			assert_noop!(
				Consent::withdraw_tickets_by_code(origin.clone(), root, ROOT_CODE),
				BadOrigin
			);
			assert_noop!(
				Consent::withdraw_ticket_by_code(origin, root, ticket.clone(), proof.clone(), CODE),
				BadOrigin
			);
		}
		let other = delegate(OTHER, Duty::Consent);
		assert_noop!(Consent::withdraw_tickets(other, root), Error::<Test>::NotAuthorized);
		assert_noop!(Consent::withdraw_tickets(recipient(), root), BadOrigin);
		assert_noop!(
			Consent::withdraw_tickets(holder(), MerkleRoot([1; 32])),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn the_pool_takes_withdrawals_of_tickets_first_once_and_spreads_them() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let single = |index: usize, code| {
			let (terms, proof) = tickets[index].clone();
			Call::<Test>::withdraw_ticket_by_code { root, terms, proof, code }
		};
		let all = Call::<Test>::withdraw_tickets_by_code { root, code: ROOT_CODE };
		let mut tags = std::collections::BTreeSet::new();
		for call in [single(0, CODE), single(1, [8; 32]), all] {
			assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational);
			let (validity, _) = call.authorize(TransactionSource::External).unwrap().unwrap();
			assert_eq!(validity.priority, WithdrawalPriority::get());
			assert!(validity.propagate && validity.requires.is_empty());
			assert!(tags.insert(validity.provides));
		}
		assert_eq!(tags.len(), 3);
	});
}
