//! Roots of tickets, and what becomes of single ones.

use crate::{Config, Consents, Error, Event, Locks, Pallet, RetainedTickets, Tickets, VoidTickets};
use curex_primitives::{
	commitment, ticket, Consent, ConsentId, ConsentTerms, MerkleRoot, Moment, OrganisationId,
	TicketProof, TicketRoot, WithdrawLock,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_record_tickets(
		holder: OrganisationId,
		root: MerkleRoot,
		withdraw_lock: WithdrawLock,
		valid_until: Moment,
	) -> Result<(), Error<T>> {
		let now = Self::now();
		ensure!(!root.is_zero() && !withdraw_lock.is_zero(), Error::<T>::MissingCommitment);
		ensure!(!Tickets::<T>::contains_key(root), Error::<T>::AlreadyExists);
		ensure!(!Locks::<T>::contains_key(withdraw_lock), Error::<T>::CommitmentReused);
		ensure!(now < valid_until, Error::<T>::EmptyPeriod);
		ensure!(valid_until - now <= ticket::MAX_VALIDITY, Error::<T>::TooLong);
		Locks::<T>::insert(withdraw_lock, ConsentId(root.0));
		RetainedTickets::<T>::insert(Self::retained_until(valid_until), root, ());
		Self::begin_pruning(now);
		let recorded_at = Self::block();
		let tickets =
			TicketRoot { holder, valid_until, withdraw_lock, withdrawn_at: None, recorded_at };
		Tickets::<T>::insert(root, tickets);
		Ok(())
	}

	pub(crate) fn do_redeem(
		recipient: OrganisationId,
		root: MerkleRoot,
		terms: ConsentTerms,
		proof: &TicketProof,
	) -> Result<(ConsentId, OrganisationId), Error<T>> {
		let tickets = Tickets::<T>::get(root).ok_or(Error::<T>::NotFound)?;
		ensure!(tickets.is_live(Self::now()), Error::<T>::TicketsNotLive);
		ensure!(terms.max_uses == 1, Error::<T>::NotATicket);
		ensure!(terms.valid_until <= tickets.valid_until, Error::<T>::TooLong);
		ensure!(proof.leads(&terms, &root), Error::<T>::WrongProof);
		let id = ticket::handle(&terms);
		ensure!(!VoidTickets::<T>::contains_key(root, id), Error::<T>::TicketWithdrawn);
		let named = Self::candidate(recipient, terms.grantee.group())
			.is_some_and(|candidate| terms.grantee.covers(&candidate, tickets.recorded_at));
		ensure!(named, Error::<T>::NotAuthorized);
		let filed = Consent::filed(tickets.holder, terms, Self::block());
		Self::write_new(id, Consent { tickets: Some(root), ..filed })?;
		Ok((id, tickets.holder))
	}

	pub(crate) fn do_withdraw_ticket(
		root: MerkleRoot,
		terms: &ConsentTerms,
		proof: &TicketProof,
		code: &[u8; 32],
	) -> Result<(), Error<T>> {
		let tickets = Tickets::<T>::get(root).ok_or(Error::<T>::NotFound)?;
		ensure!(commitment::withdraw_lock(code) == terms.withdraw_lock, Error::<T>::WrongCode);
		ensure!(proof.leads(terms, &root), Error::<T>::WrongProof);
		let id = ticket::handle(terms);
		ensure!(!Consents::<T>::contains_key(id), Error::<T>::AlreadyExists);
		if !VoidTickets::<T>::contains_key(root, id) {
			VoidTickets::<T>::insert(root, id, Self::block());
			let holder = tickets.holder;
			Self::deposit_event(Event::TicketWithdrawn { ticket: id, root, holder });
		}
		Ok(())
	}

	/// Whether the pool takes the withdrawal of a ticket that was not redeemed.
	pub(crate) fn authorize_ticket_withdrawal(
		_source: TransactionSource,
		root: &MerkleRoot,
		terms: &ConsentTerms,
		proof: &TicketProof,
		code: &[u8; 32],
	) -> TransactionValidityWithRefund {
		let id = ticket::handle(terms);
		ensure!(
			Tickets::<T>::contains_key(root)
				&& !Consents::<T>::contains_key(id)
				&& !VoidTickets::<T>::contains_key(root, id),
			InvalidTransaction::Stale
		);
		let proven =
			commitment::withdraw_lock(code) == terms.withdraw_lock && proof.leads(terms, root);
		ensure!(proven, InvalidTransaction::BadProof);
		Self::urgent(("ticket", id))
	}

	/// Whether the pool takes the withdrawal of every ticket of a root.
	pub(crate) fn authorize_tickets_withdrawal(
		_source: TransactionSource,
		root: &MerkleRoot,
		code: &[u8; 32],
	) -> TransactionValidityWithRefund {
		let tickets = Tickets::<T>::get(root).ok_or(InvalidTransaction::Stale)?;
		ensure!(tickets.withdrawn_at.is_none(), InvalidTransaction::Stale);
		ensure!(
			commitment::withdraw_lock(code) == tickets.withdraw_lock,
			InvalidTransaction::BadProof
		);
		Self::urgent(("tickets", root))
	}

	/// The first withdrawal wins. Consents that were redeemed from the root show as withdrawn from now on; see
	/// [`Pallet::consent`].
	pub(crate) fn do_withdraw_tickets(root: MerkleRoot, tickets: TicketRoot) {
		if tickets.withdrawn_at.is_some() {
			return;
		}
		let holder = tickets.holder;
		let withdrawn_at = Some(Self::block());
		Tickets::<T>::insert(root, TicketRoot { withdrawn_at, ..tickets });
		Self::deposit_event(Event::TicketsWithdrawn { root, holder });
	}
}
