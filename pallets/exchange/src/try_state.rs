//! What holds between any two calls.

use crate::{
	Agenda, Commitments, Config, Disputes, Documents, Duties, DutiesDue, DutiesOf, Evidence,
	Exchanges, Holds, NextAgenda, NextDuty, NextSubscription, OfConsent, PackageAssessments,
	Pallet, PrunedAhead, PrunedUpTo, Rectifications, Reviews, Sequences, Subscriptions,
	SubscriptionsDue, MAX_AGENDA,
};
use alloc::{
	collections::{BTreeMap, BTreeSet},
	vec::Vec,
};
use curex_primitives::{
	BlockNumber, Commitment, Direction, Exchange, ExchangeId, ExchangeState, Gate, Obligation,
	RecordHandle,
};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of the exchanges
	///
	/// 1. The numbers of the exchanges in which an organisation takes part are exactly those up to the last of its
	///    sequence that are not pruned.
	/// 2. Exactly the exchanges that are over have the block in which they ended. Each exchange is in the agenda, not
	///    later than the ledger has to look at it, unless every list from there on was full; or its retention is over
	///    and it is held. No list of a block that is done is left.
	/// 3. Every commitment that an exchange, what followed from it, or a subscription carries leads back to it, once,
	///    and nothing else leads anywhere. Only those of a break-glass may lead to another record, or nowhere.
	/// 4. An exchange has a payload from its dispatch on, a receipt from its delivery on, an acknowledgement exactly
	///    when it was acknowledged or reversed, a suspender exactly while it is suspended, and two different sides.
	/// 5. Exactly the break-glasses have a review; no side reviews; verdict and reasons come together; a review is
	///    owed exactly until its verdict.
	/// 6. A duty that is not overdue is listed with its due block, and with whoever owes it; nothing else is.
	/// 7. Exactly what is or was disputed has a dispute, settled exactly when it is over; documents were dispatched
	///    under one consent or permit; whatever else belongs to an exchange belongs to one that is kept.
	/// 8. Every subscription is listed once, with the block in which the ledger looks at it.
	/// 9. An exchange that rests on a consent is listed with it, and nothing else is.
	/// 10. An assessment is attested of a package that exists, and its commitment is kept with the exchange.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let exchanges: BTreeMap<ExchangeId, Exchange> = Exchanges::<T>::iter().collect();
		Self::check_sequences(&exchanges)?;
		Self::check_agenda(&exchanges)?;
		Self::check_commitments(&exchanges)?;
		ensure!(exchanges.values().all(Self::is_well_shaped), "4: the parts do not fit the state");
		Self::check_reviews(&exchanges)?;
		Self::check_duties(&exchanges)?;
		Self::check_followers(&exchanges)?;
		Self::check_subscriptions()?;
		Self::check_consents(&exchanges)?;
		Self::check_assessments(&exchanges)
	}

	fn check_sequences(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		let mut numbers: BTreeMap<_, Vec<u64>> = BTreeMap::new();
		for exchange in exchanges.values() {
			numbers.entry(exchange.holder).or_default().push(exchange.holder_sequence);
			numbers.entry(exchange.recipient).or_default().push(exchange.recipient_sequence);
		}
		for (organisation, last) in Sequences::<T>::iter() {
			let mut all = numbers.remove(&organisation).unwrap_or_default();
			all.extend(PrunedAhead::<T>::iter_key_prefix(organisation));
			all.sort_unstable();
			let first = PrunedUpTo::<T>::get(organisation) + 1;
			ensure!(all.into_iter().eq(first..=last), "1: a sequence has a gap");
		}
		ensure!(numbers.is_empty(), "1: a number of an organisation without a sequence");
		Ok(())
	}

	fn check_agenda(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		let next = NextAgenda::<T>::get();
		let mut first: BTreeMap<ExchangeId, BlockNumber> = BTreeMap::new();
		let mut full = BTreeSet::new();
		for (block, listed) in Agenda::<T>::iter() {
			ensure!(block >= next, "2: a list was passed over");
			ensure!(!listed.is_empty(), "2: an empty list is kept");
			if listed.len() as u32 == MAX_AGENDA {
				full.insert(block);
			}
			for id in listed {
				first.entry(id).and_modify(|seen| *seen = block.min(*seen)).or_insert(block);
			}
		}
		for (id, exchange) in exchanges {
			ensure!(
				exchange.ended_at.is_some() == exchange.state.is_final(),
				"2: over without an end, or an end too early"
			);
			let due = Self::listed_by(exchange);
			let in_time = first
				.get(id)
				.is_some_and(|block| (due..*block).all(|at| at < next || full.contains(&at)));
			let held = Holds::<T>::iter_key_prefix(id).next().is_some();
			let passed_over = exchange.ended_at.is_some() && due <= next && held;
			ensure!(in_time || passed_over, "2: not listed in time");
		}
		Ok(())
	}

	fn check_commitments(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		let mut carried: Vec<(Commitment, RecordHandle)> = Vec::new();
		let mut shared = BTreeSet::new();
		for (id, exchange) in exchanges {
			let key = (!exchange.recipient_key.is_zero()).then_some(exchange.recipient_key);
			let root = Documents::<T>::get(id).map(|documents| Commitment(documents.root.0));
			let own = [Some(exchange.envelope), key, exchange.payload, exchange.receipt, root];
			let all = own.into_iter().flatten().chain(Evidence::<T>::get(id));
			let all = all.map(|commitment| (commitment, RecordHandle(id.0)));
			match exchange.gate {
				Gate::BreakGlass(_) => shared.extend(all),
				_ => carried.extend(all),
			}
		}
		for (id, subscription) in Subscriptions::<T>::iter() {
			carried.push((subscription.terms.envelope, RecordHandle(id.0)));
			carried.push((subscription.terms.recipient_key, RecordHandle(id.0)));
		}
		let mut known: Vec<_> = Commitments::<T>::iter().collect();
		known.retain(|pair| !shared.contains(pair));
		carried.sort_unstable();
		known.sort_unstable();
		ensure!(carried == known, "3: a commitment leads elsewhere, or nowhere");
		for (id, review) in Reviews::<T>::iter() {
			let evidence = Evidence::<T>::get(id);
			let mut own = core::iter::once(review.evidence).chain(review.reasons);
			ensure!(own.all(|own| evidence.contains(&own)), "3: a review's commitment is not kept");
		}
		Ok(())
	}

	fn is_well_shaped(exchange: &Exchange) -> bool {
		use ExchangeState::{
			Acknowledged, AgreementSuspended, Approved, Delivered, DeliverySuspended, Dispatched,
			Disputed, Expired, Held, NotServed, Offered, Requested, Reversed, Settled, Terminated,
		};
		let parts = (
			exchange.payload.is_some(),
			exchange.receipt.is_some(),
			exchange.acknowledgement.is_some(),
		);
		let fits = match exchange.state {
			Requested | Held | Offered | NotServed | Approved | AgreementSuspended => {
				parts == (false, false, false)
			},
			Dispatched | DeliverySuspended => parts == (true, false, false),
			Delivered => parts == (true, true, false),
			Acknowledged | Reversed => parts == (true, true, true),
			Disputed | Settled => matches!(parts, (true, true, _)),
			Terminated => matches!(parts, (_, false, false)),
			Expired => matches!(parts, (true, _, false) | (false, false, false)),
		};
		let unanswered =
			exchange.direction == Direction::Push && matches!(exchange.state, Offered | NotServed);
		let keyless = unanswered || exchange.subscription.is_some();
		let suspended = match exchange.state {
			AgreementSuspended | DeliverySuspended => exchange.suspended_by.is_some(),
			// What ended while it was suspended still tells by whom.
			Terminated | Expired => true,
			_ => exchange.suspended_by.is_none(),
		};
		fits && suspended
			&& exchange.holder != exchange.recipient
			&& exchange.recipient_key.is_zero() == keyless
	}

	fn check_reviews(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		for (id, exchange) in exchanges {
			let broken = matches!(exchange.gate, Gate::BreakGlass(_));
			ensure!(Reviews::<T>::contains_key(id) == broken, "5: a review too few or too many");
		}
		for (id, review) in Reviews::<T>::iter() {
			let exchange = exchanges.get(&id).ok_or("5: a review without its exchange")?;
			for side in [Some(exchange.holder), Some(exchange.recipient)] {
				ensure!(side != review.reviewer && side != review.second, "5: a side reviews");
			}
			ensure!(review.verdict.is_some() == review.reasons.is_some(), "5: half a review");
			let owed = Duties::<T>::get(id, Obligation::Review);
			ensure!(owed.is_some() == review.verdict.is_none(), "5: owed and done, or neither");
			ensure!(
				owed.is_none_or(|duty| duty.overdue == review.overdue),
				"5: overdue and not, at once"
			);
		}
		Ok(())
	}

	fn check_duties(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		let next = NextDuty::<T>::get();
		let mut of = BTreeSet::new();
		for (id, obligation, duty) in Duties::<T>::iter() {
			ensure!(exchanges.contains_key(&id), "6: a duty without its exchange");
			let listed = DutiesDue::<T>::contains_key(duty.due, (id, obligation));
			ensure!(listed == (duty.due >= next) || duty.overdue, "6: a duty is not listed");
			ensure!(listed || duty.overdue, "6: neither listed nor overdue");
			of.extend(duty.organisation.map(|owing| (owing, id, obligation)));
			if obligation == Obligation::Review {
				let second = Reviews::<T>::get(id).and_then(|review| review.second);
				of.extend(second.map(|owing| (owing, id, obligation)));
			}
		}
		let listed: BTreeSet<_> = DutiesOf::<T>::iter_keys()
			.map(|(organisation, (id, obligation))| (organisation, id, obligation))
			.collect();
		ensure!(listed == of, "6: listed with another organisation");
		let resolved = DutiesDue::<T>::iter_keys().all(|(due, (id, obligation))| {
			due >= next && Duties::<T>::get(id, obligation).is_some_and(|duty| duty.due == due)
		});
		ensure!(resolved, "6: a due duty does not exist");
		Ok(())
	}

	fn check_followers(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		for (id, exchange) in exchanges {
			let dispute = Disputes::<T>::get(id);
			match exchange.state {
				ExchangeState::Disputed => ensure!(
					dispute.is_some_and(|dispute| dispute.settlement.is_none()),
					"7: disputed without an open dispute"
				),
				ExchangeState::Settled => ensure!(
					dispute.is_some_and(|dispute| dispute.settlement.is_some()),
					"7: settled without a settlement"
				),
				ExchangeState::Reversed => ensure!(
					dispute.is_none_or(|dispute| dispute.settlement.is_some()),
					"7: reversed with an open dispute"
				),
				_ => ensure!(dispute.is_none(), "7: a dispute of what is not disputed"),
			}
		}
		for (id, _) in Documents::<T>::iter() {
			let gate = exchanges.get(&id).map(|exchange| exchange.gate);
			ensure!(
				matches!(gate, Some(Gate::Consent(_) | Gate::Permit { .. })),
				"7: documents under another gate"
			);
		}
		let kept = Disputes::<T>::iter_keys()
			.chain(Rectifications::<T>::iter_keys())
			.chain(Evidence::<T>::iter_keys())
			.chain(Holds::<T>::iter_keys().map(|(id, _)| id))
			.all(|id| exchanges.contains_key(&id));
		ensure!(kept, "7: something belongs to an exchange that is pruned");
		Ok(())
	}

	fn check_assessments(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		for (id, assessments) in PackageAssessments::<T>::iter() {
			let exchange = exchanges.get(&id).ok_or("10: an assessment without its exchange")?;
			ensure!(
				assessments.recipient.is_none() || exchange.receipt.is_some(),
				"10: assessed by who received nothing"
			);
			let attested: Vec<_> =
				[assessments.holder, assessments.recipient].into_iter().flatten().collect();
			let evidence = Evidence::<T>::get(id);
			ensure!(!attested.is_empty(), "10: an entry without an assessment");
			ensure!(
				attested.iter().all(|one| evidence.contains(one)),
				"10: an assessment's commitment is not kept"
			);
		}
		Ok(())
	}

	fn check_subscriptions() -> Result<(), DispatchError> {
		let next = NextSubscription::<T>::get();
		for (id, subscription) in Subscriptions::<T>::iter() {
			let listed = SubscriptionsDue::<T>::contains_key(subscription.deadline, id);
			ensure!(listed && subscription.deadline >= next, "8: a subscription is not listed");
			ensure!(
				subscription.ended_at.is_some() == subscription.state.is_final(),
				"8: over without an end, or an end too early"
			);
		}
		ensure!(
			Subscriptions::<T>::iter_keys().count() == SubscriptionsDue::<T>::iter_keys().count(),
			"8: listed twice, or nothing is listed"
		);
		Ok(())
	}

	fn check_consents(exchanges: &BTreeMap<ExchangeId, Exchange>) -> Result<(), DispatchError> {
		let resting: BTreeSet<_> = exchanges
			.iter()
			.filter_map(|(id, exchange)| match exchange.gate {
				Gate::Consent(consent) => Some((consent, *id)),
				_ => None,
			})
			.collect();
		let listed: BTreeSet<_> = OfConsent::<T>::iter_keys().collect();
		ensure!(resting == listed, "9: the exchanges of a consent are not those listed");
		Ok(())
	}
}
