//! Orders to erase (GDPR art. 17), which tell nobody what they are about.
//!
//! An order is a random handle: it names no consent, no exchange, nobody who would have to erase. Whoever is bound
//! by it learns the rest outside the ledger. An organisation files [`SLOTS`] handles at once, once a day, in the
//! first hours of the day, and fills what it does not need with handles that mean nothing. What was requested on a
//! day is filed on a random later one ([`filing_day`]). All orders of a day fall due together. Every organisation
//! that treats patients answers every order, within one Merkle root over a whole batch. So neither handle, time,
//! number, party nor answer leads from an order to a consent.

use crate::{
	commitment::{self, Domain},
	consent::record,
	merkle, vocabulary, BlockNumber, Commitment, ErasureId, MerkleRoot, Moment, Purpose, Side,
};
use codec::Encode;

/// Milliseconds of a day.
pub const DAY: Moment = 24 * 3_600 * 1_000;

/// How many handles an organisation files at once: always so many, whatever it needs.
pub const SLOTS: usize = 16;

/// Orders are filed in the first two hours of a day, UTC, so that the time of day tells nothing.
pub const FILING_WINDOW: Moment = 2 * 3_600 * 1_000;

/// An order is filed on one of this many days after the request, each as likely as the others.
pub const DELAY_DAYS: u32 = 7;

/// Every organisation answers a batch within 21 days of its release, so that the month of GDPR art. 12(3) is kept:
/// at most 7 days until the filing, one until the release, 21 until the answer.
pub const ATTESTATION_PERIOD: Moment = 21 * DAY;

/// The day of a moment: days since the Unix epoch, UTC.
pub fn day_of(moment: Moment) -> u32 {
	u32::try_from(moment / DAY).unwrap_or(u32::MAX)
}

/// Whether orders are taken at this moment.
pub const fn is_filing_time(now: Moment) -> bool {
	now % DAY < FILING_WINDOW
}

/// The day on which what was requested at `requested` is filed. `entropy` is random and uniform.
pub fn filing_day(requested: Moment, entropy: u64) -> u32 {
	let delay = entropy % u64::from(DELAY_DAYS);
	day_of(requested).saturating_add(1).saturating_add(u32::try_from(delay).unwrap_or(0))
}

/// Until when the batch of this day is answered.
pub fn due(day: u32) -> Moment {
	(Moment::from(day) + 1).saturating_mul(DAY).saturating_add(ATTESTATION_PERIOD)
}

record! {
	/// The orders of a day, once they are released.
	pub struct ErasureBatch {
		/// How many.
		pub orders: u32,
		/// Organisations with lower numbers are bound; later ones held nothing at the time.
		pub members: u32,
		/// Until when they answer.
		pub due: Moment,
		/// The block of the release.
		pub released_at: BlockNumber,
	}
}

vocabulary! {
	/// How an organisation erases (NIST SP 800-88 r1).
	pub enum ErasureMethod {
		/// Destroys the keys, so that nothing encrypted under them can be read (cryptographic erase).
		CryptographicErase = 0,
		/// Overwrites (clear).
		Overwrite = 1,
		/// Destroys the medium (destroy).
		Destruction = 2,
	}
}

vocabulary! {
	/// Why an organisation need not erase (GDPR art. 17(3)).
	pub enum RefusalGround {
		/// (a) freedom of expression and information.
		Expression = 0,
		/// (b) a legal obligation or public task, such as the keeping of medical records.
		LegalObligation = 1,
		/// (c) public interest in public health.
		PublicHealth = 2,
		/// (d) archiving, research or statistics that erasure would defeat.
		ResearchOrArchive = 3,
		/// (e) legal claims.
		LegalClaims = 4,
		/// (b), (c): received for treatment, and since then part of the recipient's own statutory record.
		OwnTreatmentRecord = 5,
	}
}

/// Why an order does not reach data that an organisation has from an exchange on this side, for this purpose; nothing
/// if it does. What was received for treatment is the recipient's own record.
pub const fn excluded(side: Side, purpose: Purpose) -> Option<RefusalGround> {
	match side {
		Side::Recipient if purpose.is_care() => Some(RefusalGround::OwnTreatmentRecord),
		_ => None,
	}
}

/// What an organisation did with an order. Stays off the ledger but for its place in a root.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
pub enum ErasureOutcome {
	/// It erased what it held.
	#[codec(index = 0)]
	Erased(ErasureMethod),
	/// It held nothing; also the answer to a handle without meaning.
	#[codec(index = 1)]
	NothingHeld,
	/// It keeps what it holds.
	#[codec(index = 2)]
	Refused(RefusalGround),
}

/// The leaf of an answer. The answers of a batch stand in the order of the handles; each has a salt of its own, so
/// that a proof of one tells nothing of its neighbours.
pub fn answer_leaf(order: &ErasureId, outcome: ErasureOutcome, salt: &[u8; 32]) -> Commitment {
	commitment::commit(Domain::Erasure, &order.0, salt, &outcome.encode())
}

record! {
	/// An organisation's answers to a batch.
	pub struct ErasureAttestation {
		/// Merkle root over one [`answer_leaf`] for each order.
		pub answers: MerkleRoot,
		/// How the organisation erases what it held; said whether or not it held anything.
		pub method: ErasureMethod,
		/// Commitment to the evidence.
		pub evidence: Commitment,
		/// When it was given.
		pub at: Moment,
		/// Whether it was given too late.
		pub late: bool,
	}
}

impl ErasureAttestation {
	/// Whether the organisation answered this order so.
	pub fn shows(
		&self,
		order: &ErasureId,
		outcome: ErasureOutcome,
		salt: &[u8; 32],
		proof: &merkle::Proof,
	) -> bool {
		merkle::verify(&self.answers, answer_leaf(order, outcome, salt).as_ref(), proof)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn treatment_data_at_the_recipient_are_its_own_record_and_nothing_else_is() {
		for &purpose in Purpose::ALL {
			let kept = excluded(Side::Recipient, purpose);
			assert_eq!(kept.is_some(), purpose.is_care(), "{purpose:?}");
			assert!(kept.is_none_or(|ground| ground == RefusalGround::OwnTreatmentRecord));
			assert_eq!(excluded(Side::Holder, purpose), None, "transport copies go");
		}
	}

	#[test]
	fn the_longest_way_of_an_order_takes_less_than_a_month() {
		let requested = 20_000 * DAY;
		let latest = (0..100).map(|entropy| filing_day(requested, entropy)).max().unwrap();
		assert!(due(latest) - requested <= 29 * DAY);
	}

	#[test]
	fn an_answer_is_shown_and_no_other() {
		let orders: Vec<_> = (0..5).map(|number| ErasureId([number; 32])).collect();
		let kept = ErasureOutcome::Refused(RefusalGround::OwnTreatmentRecord);
		let outcomes = [ErasureOutcome::NothingHeld, kept, kept, ErasureOutcome::NothingHeld, kept];
		let leaves =
			|index: usize| answer_leaf(&orders[index], outcomes[index], &[index as u8; 32]);
		let attestation = ErasureAttestation {
			answers: merkle::root((0..5).map(leaves)),
			method: ErasureMethod::CryptographicErase,
			evidence: Commitment([1; 32]),
			at: 0,
			late: false,
		};
		let proof = merkle::prove((0..5).map(leaves), 1).unwrap();
		assert!(attestation.shows(&orders[1], kept, &[1; 32], &proof));
		assert!(!attestation.shows(&orders[2], kept, &[1; 32], &proof));
		assert!(!attestation.shows(&orders[1], ErasureOutcome::NothingHeld, &[1; 32], &proof));
		assert!(!attestation.shows(&orders[1], kept, &[2; 32], &proof));
	}

	proptest! {
		#[test]
		fn an_order_is_filed_one_to_seven_days_after_its_request(requested in 0u64..1 << 45, entropy: u64) {
			let delay = filing_day(requested, entropy) - day_of(requested);
			prop_assert!((1..=DELAY_DAYS).contains(&delay));
		}

		#[test]
		fn orders_are_taken_in_the_first_two_hours_only(now in 0u64..1 << 45) {
			prop_assert_eq!(is_filing_time(now), (now / 3_600_000) % 24 < 2);
		}
	}
}
