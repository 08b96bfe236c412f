//! The table of the states of an exchange. Nothing else says what is allowed from where.

use crate::vocabulary;

vocabulary! {
	/// Where an exchange stands.
	pub enum ExchangeState {
		/// Asked for; the holder may approve until the answer window closes.
		Requested = 0,
		/// As requested, but a person at the holder must release it first, because of a risk level.
		Held = 1,
		/// Offered; the recipient may accept until the answer window closes.
		Offered = 2,
		/// Both sides agree; the holder may dispatch.
		Approved = 3,
		/// The ciphertext is ready for the recipient.
		Dispatched = 4,
		/// The recipient has the ciphertext.
		Delivered = 5,
		/// The recipient opened it and said how it was; the exchange is closed. A dispute or a reversal may still
		/// follow for a while.
		Acknowledged = 6,
		/// The answer window closed without an approval. The only outcome of every refusal.
		NotServed = 7,
		/// The consent was withdrawn, or an organisation suspended, before delivery.
		Terminated = 8,
		/// Agreed, but not dispatched, received or acknowledged in time.
		Expired = 9,
		/// Agreed, and suspended before the dispatch. The window runs on.
		AgreementSuspended = 10,
		/// Dispatched, and suspended before the receipt. The window runs on.
		DeliverySuspended = 11,
		/// The recipient disputes what it received.
		Disputed = 12,
		/// The dispute is over.
		Settled = 13,
		/// It belonged to another patient: the recipient uses nothing of it, the holder follows it up as a breach.
		Reversed = 14,
	}
}

vocabulary! {
	/// One of the two organisations of an exchange.
	pub enum Side {
		/// Whose records they are.
		Holder = 0,
		/// Who receives.
		Recipient = 1,
	}
}

vocabulary! {
	/// Who suspended an exchange. Nobody else resumes it.
	pub enum Suspender {
		/// The holder.
		Holder = 0,
		/// An authority competent for data protection.
		Policy = 1,
	}
}

vocabulary! {
	/// What happens to an exchange.
	pub enum Step {
		/// A person at the holder accepts the recipient's risk for this exchange.
		Release = 0,
		/// The holder approves a request.
		Approve = 1,
		/// The recipient accepts an offer.
		Accept = 2,
		/// The holder dispatches.
		Dispatch = 3,
		/// The recipient receives.
		Receive = 4,
		/// The recipient acknowledges.
		Acknowledge = 5,
		/// A deadline passes.
		Lapse = 6,
		/// The gate closes.
		Terminate = 7,
		/// The holder, or an authority, stops it for now.
		Suspend = 8,
		/// Whoever suspended it lets it go on.
		Resume = 9,
		/// The recipient disputes what it received.
		Dispute = 10,
		/// The recipient, or an authority, ends the dispute.
		Settle = 11,
		/// The recipient finds another patient's data.
		Reverse = 12,
	}
}

impl Step {
	/// The side that makes the step; nothing for what the ledger itself does. An authority may stand in for the
	/// side that suspends, resumes and settles.
	pub const fn side(self) -> Option<Side> {
		match self {
			Self::Release | Self::Approve | Self::Dispatch | Self::Suspend | Self::Resume => {
				Some(Side::Holder)
			},
			Self::Accept
			| Self::Receive
			| Self::Acknowledge
			| Self::Dispute
			| Self::Settle
			| Self::Reverse => Some(Side::Recipient),
			Self::Lapse | Self::Terminate => None,
		}
	}
}

impl ExchangeState {
	/// The state after a step, or nothing if the step is not allowed here.
	pub const fn after(self, step: Step) -> Option<Self> {
		use ExchangeState::{
			Acknowledged, AgreementSuspended, Approved, Delivered, DeliverySuspended, Dispatched,
			Disputed, Expired, Held, NotServed, Offered, Requested, Reversed, Settled, Terminated,
		};
		Some(match (self, step) {
			(Held, Step::Release) => Requested,
			// A risk that worsens later asks for a release as well, and an offer has no hold of its own.
			(Requested | Offered | Approved, Step::Release) => self,
			(Requested, Step::Approve) => Approved,
			(Offered, Step::Accept) => Approved,
			(Approved, Step::Dispatch) => Dispatched,
			(Dispatched, Step::Receive) => Delivered,
			(Delivered, Step::Acknowledge) => Acknowledged,
			(Approved, Step::Suspend) => AgreementSuspended,
			(AgreementSuspended, Step::Resume) => Approved,
			(Dispatched, Step::Suspend) => DeliverySuspended,
			(DeliverySuspended, Step::Resume) => Dispatched,
			// Once: what was settled or reversed is never disputed again.
			(Delivered | Acknowledged, Step::Dispute) => Disputed,
			(Disputed, Step::Settle | Step::Lapse) => Settled,
			(Delivered | Acknowledged | Disputed, Step::Reverse) => Reversed,
			(Requested | Held | Offered, Step::Lapse) => NotServed,
			(
				Approved | Dispatched | Delivered | AgreementSuspended | DeliverySuspended,
				Step::Lapse,
			) => Expired,
			// A refusal must not show: what was only asked for lapses with its window, whatever closed the gate.
			(Approved | Dispatched | AgreementSuspended | DeliverySuspended, Step::Terminate) => {
				Terminated
			},
			_ => return None,
		})
	}

	/// Whether it is over: no window runs, nobody waits for a step.
	pub const fn is_final(self) -> bool {
		matches!(
			self,
			Self::Acknowledged
				| Self::NotServed
				| Self::Terminated
				| Self::Expired
				| Self::Settled
				| Self::Reversed
		)
	}

	/// Whether the recipient has, or had, the ciphertext.
	pub const fn is_received(self) -> bool {
		matches!(
			self,
			Self::Delivered | Self::Acknowledged | Self::Disputed | Self::Settled | Self::Reversed
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_over_moves_only_by_the_recipients_late_findings() {
		for &state in ExchangeState::ALL {
			let exits: Vec<Step> =
				Step::ALL.iter().copied().filter(|&step| state.after(step).is_some()).collect();
			match state {
				ExchangeState::Acknowledged => assert_eq!(exits, [Step::Dispute, Step::Reverse]),
				_ => assert_eq!(exits.is_empty(), state.is_final(), "{state:?}"),
			}
			assert_eq!(state.after(Step::Lapse).is_some(), !state.is_final(), "{state:?}");
		}
	}

	#[test]
	fn every_state_is_over_after_at_most_one_lapse() {
		for &state in ExchangeState::ALL {
			let last = state.after(Step::Lapse).unwrap_or(state);
			assert!(last.is_final(), "{state:?}");
		}
	}

	#[test]
	fn a_dispute_comes_once() {
		for first in [ExchangeState::Delivered, ExchangeState::Acknowledged] {
			let disputed = first.after(Step::Dispute).unwrap();
			for ended in [Step::Settle, Step::Lapse, Step::Reverse] {
				assert_eq!(disputed.after(ended).unwrap().after(Step::Dispute), None);
			}
		}
	}

	#[test]
	fn a_resumption_leads_back_to_where_it_was_suspended() {
		for &state in ExchangeState::ALL {
			if let Some(suspended) = state.after(Step::Suspend) {
				assert_eq!(suspended.after(Step::Resume), Some(state));
				assert_eq!(suspended.after(Step::Dispatch), None);
				assert_eq!(suspended.after(Step::Receive), None);
				assert_eq!(suspended.after(Step::Terminate), Some(ExchangeState::Terminated));
			}
		}
	}

	/// All pairs of steps from all states, written down as they are meant; see `vectors/exchange-pairs.txt`.
	#[test]
	fn every_pair_of_steps_leads_where_the_vectors_say() {
		let mut lines = String::new();
		for &state in ExchangeState::ALL {
			for &first in Step::ALL {
				for &second in Step::ALL {
					let Some(between) = state.after(first) else { continue };
					let Some(last) = between.after(second) else { continue };
					lines += &format!("{state:?} {first:?} {between:?} {second:?} {last:?}\n");
				}
			}
		}
		assert_eq!(lines, include_str!("../../vectors/exchange-pairs.txt"));
	}
}
