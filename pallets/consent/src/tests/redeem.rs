use crate::{mock::*, Consents, Error, Event};
use curex_primitives::{
	commitment, gate::Answer, merkle, ticket, ConsentStatus, ConsentTerms, Duty, Grantee,
	MerkleRoot, OrganisationKind, TicketProof,
};
use frame::testing_prelude::*;

fn authorized() -> RuntimeOrigin {
	frame_system::RawOrigin::Authorized.into()
}

#[test]
fn a_redeemed_ticket_is_a_consent_for_one_exchange() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let id = ticket::handle(&ticket);
		System::set_block_number(2);
		assert_ok!(Consent::redeem(recipient(), root, ticket.clone(), proof));
		let consent = Consents::<Test>::get(id).unwrap();
		assert_eq!((consent.holder, consent.terms), (HOLDER, ticket));
		assert_eq!((consent.tickets, consent.filed_at), (Some(root), 2));
		assert_eq!(Consent::may_be_served(asked(id)), Answer::Served);
		let redeemed =
			Event::TicketRedeemed { consent: id, root, holder: HOLDER, recipient: GRANTEE };
		System::assert_last_event(redeemed.into());
	});
}

#[test]
fn two_tickets_of_one_patient_share_no_handle_commitment_or_lock() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let mut seen = std::collections::BTreeSet::new();
		for (ticket, proof) in tickets.clone() {
			assert_ok!(Consent::redeem(recipient(), root, ticket.clone(), proof));
			assert!(seen.insert(ticket::handle(&ticket).0));
			assert!(seen.insert(ticket.terms.0));
			assert!(seen.insert(ticket.evidence.0));
			assert!(seen.insert(ticket.withdraw_lock.0));
		}
		assert_eq!(Consents::<Test>::iter().count(), tickets.len());
	});
}

#[test]
fn each_ticket_is_redeemed_once() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let redeem = || {
			let (ticket, proof) = tickets[0].clone();
			Consent::redeem(recipient(), root, ticket, proof)
		};
		assert_ok!(redeem());
		assert_noop!(redeem(), Error::<Test>::AlreadyExists);
		assert_ok!(Consent::withdraw(holder(), ticket::handle(&tickets[0].0)));
		assert_noop!(redeem(), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn nothing_is_redeemed_without_a_proof_from_a_live_root() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let redeem = |root, ticket: &ConsentTerms, proof: &TicketProof| {
			Consent::redeem(recipient(), root, ticket.clone(), proof.clone())
		};
		assert_noop!(redeem(root, &ticket, &tickets[1].1), Error::<Test>::WrongProof);
		let wider =
			ConsentTerms { categories: curex_primitives::Categories::all(), ..ticket.clone() };
		assert_noop!(redeem(root, &wider, &proof), Error::<Test>::WrongProof);
		assert_noop!(redeem(MerkleRoot([4; 32]), &ticket, &proof), Error::<Test>::NotFound);
		let twice = ConsentTerms { max_uses: 2, ..ticket.clone() };
		assert_noop!(redeem(root, &twice, &proof), Error::<Test>::NotATicket);
		Now::set(START + 30 * DAY);
		assert_noop!(redeem(root, &ticket, &proof), Error::<Test>::TicketsNotLive);
		Now::set(START + 10 * DAY);
		assert_noop!(redeem(root, &ticket, &proof), Error::<Test>::EmptyPeriod);
		Now::set(START);
		assert_ok!(Consent::withdraw_tickets(holder(), root));
		assert_noop!(redeem(root, &ticket, &proof), Error::<Test>::TicketsNotLive);
	});
}

#[test]
fn no_ticket_outlasts_its_root() {
	run(|| {
		let long = ConsentTerms {
			max_uses: 1,
			valid_until: START + 31 * DAY,
			erase_at: START + 31 * DAY,
			..terms(1)
		};
		let tree = ticket::tree(core::slice::from_ref(&long), || [2; 32]).unwrap();
		let until = START + 30 * DAY;
		assert_ok!(Consent::record_tickets(holder(), tree.root(), root_lock(), until));
		let proof = TicketProof::of(&tree, 0).unwrap();
		assert_noop!(
			Consent::redeem(recipient(), tree.root(), long, proof),
			Error::<Test>::TooLong
		);
	});
}

#[test]
fn only_an_organisation_that_the_ticket_names_redeems_it() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let by = |origin| Consent::redeem(origin, root, ticket.clone(), proof.clone());
		assert_noop!(by(delegate(OTHER, Duty::Exchange)), Error::<Test>::NotAuthorized);
		assert_noop!(by(delegate(GRANTEE, Duty::Consent)), BadOrigin);
		assert_noop!(by(RuntimeOrigin::root()), BadOrigin);
		assert_ok!(by(recipient()));

		let kind = Grantee::Kind(OrganisationKind::Hospital);
		let open = ConsentTerms { max_uses: 1, grantee: kind, ..terms(9) };
		let tree = ticket::tree(core::slice::from_ref(&open), || [2; 32]).unwrap();
		let lock = commitment::withdraw_lock(&[55; 32]);
		assert_ok!(Consent::record_tickets(holder(), tree.root(), lock, START + 30 * DAY));
		let proof = TicketProof::of(&tree, 0).unwrap();
		assert_ok!(Consent::redeem(delegate(OTHER, Duty::Exchange), tree.root(), open, proof));
	});
}

#[test]
fn the_leaf_of_another_tree_or_a_smaller_one_proves_nothing() {
	run(|| {
		let (_, tickets) = recorded_tickets();
		let (ticket, _) = tickets[0].clone();
		let small = merkle::Tree::new(vec![merkle::leaf(&ticket::handle(&ticket).0)]);
		let lock = commitment::withdraw_lock(&[56; 32]);
		assert_ok!(Consent::record_tickets(holder(), small.root(), lock, START + 30 * DAY));
		let forged = TicketProof { index: 0, siblings: [[0; 32]; ticket::DEPTH] };
		assert_noop!(
			Consent::redeem(recipient(), small.root(), ticket, forged),
			Error::<Test>::WrongProof
		);
	});
}

#[test]
fn the_code_of_a_redeemed_ticket_withdraws_it_like_any_consent() {
	run(|| {
		let (root, tickets) = recorded_tickets();
		let (ticket, proof) = tickets[0].clone();
		let id = ticket::handle(&ticket);
		assert_ok!(Consent::redeem(recipient(), root, ticket, proof));
		assert_ok!(Consent::withdraw_by_code(authorized(), id, CODE));
		assert_eq!(Consent::consent(id).unwrap().status, ConsentStatus::Withdrawn { at: 1 });
		assert_eq!(Consent::may_be_served(asked(id)), Answer::NotServed);
	});
}
