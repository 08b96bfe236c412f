//! Tickets: consents for one exchange each that share no handle, for patients who do not want their exchanges to be seen to
//! belong together.
//!
//! The holder records one root over 1,024 leaves, best of many patients, filled with leaves that mean nothing. The grantee
//! gets a [`Ticket`] and redeems it when it is needed; then it is a consent like any other. The patient's receipt withdraws
//! it, redeemed or not. The holder's [`TicketBook`] withdraws all of them.

use crate::{
	client::{Client, View},
	ledger::curex,
	receipt::{random, ConsentSpec, Receipt, TicketPlace, WithdrawalCode},
	submission::{Recorded, Submission},
	time, Error,
};
use curex_primitives::{
	commitment, merkle,
	ticket::{self, MAX_VALIDITY, TICKETS},
	ConsentId, ConsentTerms, MerkleRoot, Moment, OrganisationId, TicketProof, TicketRoot,
};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// What a grantee redeems. It tells the terms, and nothing of the patient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
	/// The root in which it stands.
	pub root: MerkleRoot,
	/// The terms of the consent that it becomes.
	pub terms: ConsentTerms,
	/// Shows that it stands there.
	pub proof: TicketProof,
}

impl Ticket {
	/// The handle of the consent that it becomes.
	pub fn consent(&self) -> ConsentId {
		ticket::handle(&self.terms)
	}
}

/// What the holder keeps of a root: with it all its tickets are withdrawn.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketBook {
	/// The root.
	pub root: MerkleRoot,
	/// No ticket is valid from this moment on.
	pub valid_until: Moment,
	/// Withdraws every ticket of the root, at any node.
	pub withdrawal_code: WithdrawalCode,
	/// The tickets that are some; the other leaves mean nothing.
	pub tickets: Vec<ConsentId>,
}

impl std::fmt::Debug for TicketBook {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "TicketBook({}, {} tickets)", self.root, self.tickets.len())
	}
}

/// Tickets that are ready to be recorded.
#[derive(Debug)]
pub struct PreparedTickets {
	/// For the holder.
	pub book: TicketBook,
	/// The tickets for their grantees, each with the receipt for its patient.
	pub tickets: Vec<(Ticket, Receipt)>,
}

impl PreparedTickets {
	/// Makes tickets of these specs, in random places among leaves that mean nothing.
	///
	/// # Errors
	/// [`Error::Input`] when there are none or more than 1,024, one allows more than one exchange or outlasts the root, the
	/// root lasts longer than 92 days, or the ledger would refuse the terms.
	pub fn new(
		ledger: [u8; 32],
		holder: OrganisationId,
		specs: &[ConsentSpec],
		valid_until: Moment,
		now: Moment,
	) -> Result<Self, Error> {
		let leaves = usize::try_from(TICKETS).unwrap_or(usize::MAX);
		if specs.is_empty() || specs.len() > leaves {
			return Err(Error::input(format!("a root has 1 to {TICKETS} tickets")));
		}
		if valid_until <= now || valid_until - now > MAX_VALIDITY {
			return Err(Error::input("tickets last 92 days at most"));
		}
		let mut prepared = Vec::new();
		for spec in specs {
			let consent = spec.prepare(ledger, holder, now)?;
			if consent.terms.max_uses != 1 {
				return Err(Error::input("a ticket is for one exchange: say max-uses 1"));
			}
			if consent.terms.valid_until > valid_until {
				return Err(Error::input("a ticket may not outlast the others of its root"));
			}
			prepared.push(consent);
		}
		// Where a ticket stands tells nothing: neither how many there are, nor which belong together.
		let mut places: Vec<usize> = (0..leaves).collect();
		places.shuffle(&mut rand::rng());
		let mut handles: Vec<[u8; 32]> = std::iter::repeat_with(random).take(leaves).collect();
		for (consent, &place) in prepared.iter().zip(&places) {
			handles[place] = ticket::handle(&consent.terms).0;
		}
		let tree = merkle::Tree::new(handles.iter().map(|handle| merkle::leaf(handle)).collect());
		let root = tree.root();
		let mut tickets = Vec::new();
		for (consent, place) in prepared.into_iter().zip(places) {
			let proof = u16::try_from(place)
				.ok()
				.and_then(|place| TicketProof::of(&tree, place))
				.ok_or_else(|| Error::input("a ticket has no place"))?;
			let ticket = Ticket { root, terms: consent.terms, proof: proof.clone() };
			let place = TicketPlace { consent: ticket.consent(), root, proof };
			tickets.push((ticket, Receipt { ticket: Some(place), ..consent.receipt }));
		}
		let book = TicketBook {
			root,
			valid_until,
			withdrawal_code: WithdrawalCode(random()),
			tickets: tickets.iter().map(|(ticket, _)| ticket.consent()).collect(),
		};
		Ok(Self { book, tickets })
	}
}

impl Client {
	/// Prepares tickets of the client's organisation; nothing is sent. Write everything down before they are recorded.
	///
	/// # Errors
	/// As [`PreparedTickets::new`]; [`Error::NotFound`] when the account is no delegate.
	pub async fn prepare_tickets(
		&self,
		specs: &[ConsentSpec],
		valid_until: Moment,
	) -> Result<PreparedTickets, Error> {
		let holder = self.own_delegate().await?.organisation;
		PreparedTickets::new(self.genesis(), holder, specs, valid_until, time::now())
	}

	/// Records prepared tickets.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn record_tickets(&self, book: &TicketBook) -> Result<Recorded, Error> {
		let lock = commitment::withdraw_lock(&book.withdrawal_code.0);
		let call =
			curex::tx().consent().record_tickets(book.root.into(), lock.into(), book.valid_until);
		self.submit_own(&call).await?.finalized().await
	}

	/// What the ledger holds of a root; nothing if it does not know it.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn tickets(&self, root: MerkleRoot, view: View) -> Result<Option<TicketRoot>, Error> {
		self.read("ConsentApi_tickets", root, view).await
	}

	/// Redeems a ticket, as its grantee: it is a consent from then on, with [`Ticket::consent`] as its handle.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn redeem(&self, ticket: &Ticket) -> Result<Recorded, Error> {
		let (terms, proof) = (ticket.terms.clone().into(), ticket.proof.clone().into());
		let call = curex::tx().consent().redeem(ticket.root.into(), terms, proof);
		self.submit_own(&call).await?.finalized().await
	}

	/// Withdraws a ticket by the patient's receipt, redeemed or not. Needs no account and nobody's cooperation.
	///
	/// # Errors
	/// [`Error::Input`] when the receipt is none of a ticket, or a copy that cannot withdraw; otherwise as
	/// [`Client::withdraw_by_code`].
	pub async fn withdraw_ticket(&self, receipt: &Receipt) -> Result<Submission, Error> {
		let place = receipt
			.ticket
			.as_ref()
			.ok_or_else(|| Error::input("the receipt is not that of a ticket"))?;
		let terms = receipt.terms()?;
		let code = receipt
			.withdrawal_code
			.as_ref()
			.ok_or_else(|| Error::input("this is a copy of the receipt; it cannot withdraw"))?;
		if self.consent(place.consent, View::Best).await?.is_some() {
			return self.withdraw_by_code(place.consent, code).await;
		}
		if self.tickets(place.root, View::Best).await?.is_none() {
			return Err(Error::NotFound(format!("tickets {}", place.root)));
		}
		let call = curex::tx().consent().withdraw_ticket_by_code(
			place.root.into(),
			terms.into(),
			place.proof.clone().into(),
			code.0,
		);
		self.submit_authorised(&call).await
	}

	/// Withdraws every ticket of a root, as its holder.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn withdraw_tickets(&self, root: MerkleRoot) -> Result<Recorded, Error> {
		self.record(&curex::tx().consent().withdraw_tickets(root.into())).await
	}

	/// Withdraws every ticket of a root by the code of the holder's book, without account, at any node.
	///
	/// # Errors
	/// As [`Client::submit_authorised`].
	pub async fn withdraw_tickets_by_code(&self, book: &TicketBook) -> Result<Submission, Error> {
		let code = book.withdrawal_code.0;
		let call = curex::tx().consent().withdraw_tickets_by_code(book.root.into(), code);
		self.submit_authorised(&call).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const NOW: Moment = 1_700_000_000_000;
	const HOLDER: OrganisationId = OrganisationId(3);

	fn spec(uses: u32, until: Moment) -> ConsentSpec {
		serde_json::from_value(serde_json::json!({
			"grantee": {"organisation": 4},
			"purposes": ["treatment"],
			"categories": ["patient-summary"],
			"access-modes": ["view"],
			"valid-until": time::text(until).unwrap(),
			"max-uses": uses,
			"notice": {"language": "en", "text": "I agree that …"},
			"collection-method": "signed on paper",
			"policy-version": 1,
		}))
		.unwrap()
	}

	fn prepare(specs: &[ConsentSpec]) -> Result<PreparedTickets, Error> {
		PreparedTickets::new([1; 32], HOLDER, specs, NOW + 30 * time::DAY, NOW)
	}

	#[test]
	fn each_ticket_is_proven_and_its_receipt_gives_the_same_terms() {
		let prepared = prepare(&vec![spec(1, NOW + 20 * time::DAY); 5]).unwrap();
		assert_eq!(prepared.tickets.len(), 5);
		for ((ticket, receipt), &listed) in prepared.tickets.iter().zip(&prepared.book.tickets) {
			assert_eq!(ticket.root, prepared.book.root);
			assert!(ticket.proof.leads(&ticket.terms, &ticket.root));
			assert_eq!(receipt.terms().unwrap(), ticket.terms);
			assert_eq!((receipt.consent(), listed), (ticket.consent(), ticket.consent()));
			let json = serde_json::to_vec(receipt).unwrap();
			assert_eq!(serde_json::from_slice::<Receipt>(&json).unwrap(), *receipt);
		}
	}

	#[test]
	fn tickets_share_nothing_and_their_places_tell_nothing() {
		let specs = vec![spec(1, NOW + 20 * time::DAY); 64];
		let prepared = prepare(&specs).unwrap();
		let mut seen = std::collections::BTreeSet::new();
		for (ticket, receipt) in &prepared.tickets {
			let terms = &ticket.terms;
			assert!(seen.insert(ticket.consent().0));
			assert!(seen.insert(terms.terms.0) && seen.insert(terms.evidence.0));
			assert!(seen.insert(terms.withdraw_lock.0) && seen.insert(receipt.viewing_code));
		}
		// Sixty-four tickets at the beginning of a thousand places would tell how many there are.
		let last = prepared.tickets.iter().map(|(ticket, _)| ticket.proof.index).max().unwrap();
		assert!(last > 64, "{last}");
	}

	#[test]
	fn what_no_ledger_would_redeem_is_not_prepared() {
		let good = spec(1, NOW + 20 * time::DAY);
		let refused = |specs: &[ConsentSpec]| matches!(prepare(specs), Err(Error::Input(_)));
		assert!(refused(&[]));
		assert!(refused(&vec![good.clone(); 1_025]));
		assert!(refused(&[good.clone(), spec(2, NOW + 20 * time::DAY)]));
		assert!(refused(&[spec(1, NOW + 31 * time::DAY)]));
		assert!(!refused(std::slice::from_ref(&good)));
		let until =
			|until| PreparedTickets::new([1; 32], HOLDER, std::slice::from_ref(&good), until, NOW);
		assert!(matches!(until(NOW + 93 * time::DAY), Err(Error::Input(_))));
		assert!(matches!(until(NOW), Err(Error::Input(_))));
	}

	#[test]
	fn the_book_hides_its_code() {
		let book = prepare(&[spec(1, NOW + time::DAY)]).unwrap().book;
		assert!(!format!("{book:?}").contains(&hex::encode(book.withdrawal_code.0)));
	}
}
