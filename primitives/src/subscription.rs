//! Standing subscriptions: one agreement, many deliveries, the gate asked at each.

use crate::{
	consent::record, vocabulary, BlockNumber, Border, Categories, Commitment, Gate, Moment,
	OrganisationId, Purpose, SubscriptionId,
};

record! {
	/// What the recipient submits to open a subscription.
	pub struct SubscriptionTerms {
		/// Whose records.
		pub holder: OrganisationId,
		/// On what it rests; never break-glass.
		pub gate: Gate,
		/// Why.
		pub purpose: Purpose,
		/// Which categories; at least one.
		pub categories: Categories,
		/// The border that the data cross, if they cross one.
		pub border: Option<Border>,
		/// Nothing is delivered from this moment on.
		pub until: Moment,
		/// Least time between two deliveries, in seconds.
		pub min_interval_s: u32,
		/// Commitment to the encrypted envelope that tells the holder whom it is about.
		pub envelope: Commitment,
		/// Commitment to the recipient's key for what is delivered.
		pub recipient_key: Commitment,
	}
}

vocabulary! {
	/// What is wrong with the terms of a subscription.
	pub enum SubscriptionDefect {
		/// Names the recipient itself as holder.
		HolderIsSelf = 0,
		/// Names no category.
		NoCategory = 1,
		/// A commitment is missing (all zero), or both are equal.
		MissingCommitment = 2,
		/// Break-glass is for one exchange, and so is what was extracted under a permit.
		WrongGate = 3,
		/// Has ended already, or lasts longer than [`MAX_SUBSCRIPTION`].
		WrongPeriod = 4,
	}
}

/// No subscription lasts longer than a year of 366 days, in milliseconds; renewal is a new act.
pub const MAX_SUBSCRIPTION: Moment = 366 * 24 * 3_600 * 1_000;

impl SubscriptionTerms {
	/// Checks the form of the terms that `recipient` submits at `now`.
	///
	/// # Errors
	/// The first [`SubscriptionDefect`] found.
	pub fn check(&self, recipient: OrganisationId, now: Moment) -> Result<(), SubscriptionDefect> {
		if self.holder == recipient {
			return Err(SubscriptionDefect::HolderIsSelf);
		}
		if self.categories.is_empty() {
			return Err(SubscriptionDefect::NoCategory);
		}
		if self.envelope.is_zero()
			|| self.recipient_key.is_zero()
			|| self.envelope == self.recipient_key
		{
			return Err(SubscriptionDefect::MissingCommitment);
		}
		if matches!(self.gate, Gate::Permit { .. } | Gate::BreakGlass(_)) {
			return Err(SubscriptionDefect::WrongGate);
		}
		if self.until <= now || self.until - now > MAX_SUBSCRIPTION {
			return Err(SubscriptionDefect::WrongPeriod);
		}
		Ok(())
	}
}

vocabulary! {
	/// Where a subscription stands.
	pub enum SubscriptionState {
		/// Opened by the recipient; the holder may accept it until its answer window closes.
		Opened = 0,
		/// Accepted; the holder delivers.
		Active = 1,
		/// The gate is shut for now: an organisation or the consent is suspended.
		Suspended = 2,
		/// Over: its time has come, the consent ended, or one of the two ended it.
		Ended = 3,
		/// The answer window closed. The only outcome of every refusal.
		NotServed = 4,
	}
}

impl SubscriptionState {
	/// Whether nothing more can happen.
	pub const fn is_final(self) -> bool {
		matches!(self, Self::Ended | Self::NotServed)
	}
}

record! {
	/// A subscription on the ledger.
	pub struct Subscription {
		/// Who receives.
		pub recipient: OrganisationId,
		/// What was agreed.
		pub terms: SubscriptionTerms,
		/// Where it stood when the ledger last looked; see [`Subscription::state_at`].
		pub state: SubscriptionState,
		/// The block after which the ledger looks again: while it is only opened, the end of the answer window.
		pub deadline: BlockNumber,
		/// Deliveries so far.
		pub deliveries: u64,
		/// When the last was dispatched; zero for never.
		pub last_delivery: Moment,
		/// The block in which it ended, once the ledger wrote it down.
		pub ended_at: Option<BlockNumber>,
	}
}

/// How the gate behind a subscription stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
	/// Nothing stands against it.
	Open,
	/// An organisation or the consent is suspended.
	Paused,
	/// The consent, the permit or a membership has ended for good.
	Over,
}

impl Subscription {
	/// Where it stands in block `block` at `now`.
	pub fn state_at(
		&self,
		block: BlockNumber,
		now: Moment,
		standing: Standing,
	) -> SubscriptionState {
		match self.state {
			SubscriptionState::Opened if block > self.deadline => SubscriptionState::NotServed,
			// What stands against a mere opening must not show.
			SubscriptionState::Opened => SubscriptionState::Opened,
			SubscriptionState::Active | SubscriptionState::Suspended => match standing {
				_ if now >= self.terms.until => SubscriptionState::Ended,
				Standing::Over => SubscriptionState::Ended,
				Standing::Paused => SubscriptionState::Suspended,
				Standing::Open => SubscriptionState::Active,
			},
			ended => ended,
		}
	}

	/// Whether enough time has passed since the last delivery.
	pub fn is_due(&self, now: Moment) -> bool {
		let interval = u64::from(self.terms.min_interval_s) * 1_000;
		self.deliveries == 0 || now >= self.last_delivery.saturating_add(interval)
	}
}

/// The handle of the subscription that `recipient` opens under its own 32-byte key.
pub fn subscription_id(recipient: OrganisationId, key: &[u8; 32]) -> SubscriptionId {
	let mut input = [0; 16 + 4 + 32];
	input[..16].copy_from_slice(b"curex/subscripti");
	input[16..20].copy_from_slice(&recipient.0.to_le_bytes());
	input[20..].copy_from_slice(key);
	SubscriptionId(sp_crypto_hashing::blake2_256(&input))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{Category, Ground, LegalBasis, PermitId};

	const EXTRACTED: Gate = Gate::Permit { permit: PermitId([1; 32]), extraction: 0 };

	fn terms() -> SubscriptionTerms {
		SubscriptionTerms {
			holder: OrganisationId(1),
			gate: Gate::Statutory(LegalBasis::CARE),
			purpose: Purpose::Treatment,
			categories: Category::TestResult.into(),
			border: None,
			until: 2_000,
			min_interval_s: 1,
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
		}
	}

	fn subscription(state: SubscriptionState) -> Subscription {
		Subscription {
			recipient: OrganisationId(2),
			terms: terms(),
			state,
			deadline: 10,
			deliveries: 0,
			last_delivery: 0,
			ended_at: None,
		}
	}

	#[test]
	fn every_defect_of_the_terms_is_named() {
		use SubscriptionDefect::*;
		let check = |change: fn(&mut SubscriptionTerms)| {
			let mut terms = terms();
			change(&mut terms);
			terms.check(OrganisationId(2), 1_000).err()
		};
		assert_eq!(check(|_| ()), None);
		assert_eq!(check(|terms| terms.holder = OrganisationId(2)), Some(HolderIsSelf));
		assert_eq!(check(|terms| terms.categories = Categories::EMPTY), Some(NoCategory));
		assert_eq!(check(|terms| terms.recipient_key = terms.envelope), Some(MissingCommitment));
		assert_eq!(check(|terms| terms.gate = Gate::BreakGlass(Ground::Other)), Some(WrongGate));
		assert_eq!(check(|terms| terms.gate = EXTRACTED), Some(WrongGate));
		assert_eq!(check(|terms| terms.until = 1_000), Some(WrongPeriod));
		assert_eq!(check(|terms| terms.until = u64::MAX), Some(WrongPeriod));
	}

	#[test]
	fn an_opening_shows_nothing_of_the_gate() {
		let opened = subscription(SubscriptionState::Opened);
		for standing in [Standing::Open, Standing::Paused, Standing::Over] {
			assert_eq!(opened.state_at(10, 0, standing), SubscriptionState::Opened);
			assert_eq!(opened.state_at(11, 0, standing), SubscriptionState::NotServed);
		}
	}

	#[test]
	fn an_active_subscription_follows_its_gate_and_ends_with_its_time() {
		use SubscriptionState::*;
		let active = subscription(Active);
		assert_eq!(active.state_at(99, 1_999, Standing::Open), Active);
		assert_eq!(active.state_at(99, 1_999, Standing::Paused), Suspended);
		assert_eq!(active.state_at(99, 1_999, Standing::Over), Ended);
		assert_eq!(active.state_at(99, 2_000, Standing::Open), Ended);
		assert_eq!(subscription(Ended).state_at(99, 0, Standing::Open), Ended);
	}

	#[test]
	fn the_first_delivery_waits_for_nothing_and_the_next_for_the_interval() {
		let mut active = subscription(SubscriptionState::Active);
		assert!(active.is_due(0));
		(active.deliveries, active.last_delivery) = (1, 500);
		assert!(!active.is_due(1_499));
		assert!(active.is_due(1_500));
	}
}
