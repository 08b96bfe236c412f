//! Anchors of access logs, inquiries of authorities, and the breach register.

use crate::{
	consent::record, merkle, vocabulary, BlockNumber, Commitment, MerkleRoot, Moment,
	OrganisationId, RecordHandle, SizeBucket,
};

record! {
	/// Binds an organisation to its access log of one period. Anchors follow each other without a gap.
	pub struct LogAnchor {
		/// Merkle root over the entries.
		pub root: MerkleRoot,
		/// How many entries.
		pub count: SizeBucket,
		/// Entries from this moment on.
		pub from: Moment,
		/// Entries before this moment.
		pub to: Moment,
	}
}

vocabulary! {
	/// What is wrong with an anchor.
	pub enum AnchorDefect {
		/// Ends before or when it begins.
		EmptyPeriod = 0,
		/// Ends in the future.
		InFuture = 1,
		/// Does not begin where the anchor before ended.
		NotContiguous = 2,
		/// The root is all zero, or says "no entries" where the count does not, or the other way round.
		WrongCount = 3,
	}
}

impl LogAnchor {
	/// Checks the anchor at `now`, given where the anchor before ended, if there is one.
	///
	/// # Errors
	/// The first [`AnchorDefect`] found.
	pub fn check(&self, previous_to: Option<Moment>, now: Moment) -> Result<(), AnchorDefect> {
		if self.from >= self.to {
			return Err(AnchorDefect::EmptyPeriod);
		}
		if self.to > now {
			return Err(AnchorDefect::InFuture);
		}
		if previous_to.is_some_and(|previous_to| previous_to != self.from) {
			return Err(AnchorDefect::NotContiguous);
		}
		let empty = self.root == merkle::empty_root();
		if self.root.is_zero() || empty != (self.count == SizeBucket::None) {
			return Err(AnchorDefect::WrongCount);
		}
		Ok(())
	}
}

record! {
	/// An authority asks an organisation to disclose what stands behind a record.
	pub struct Inquiry {
		/// Who asks.
		pub authority: OrganisationId,
		/// Who is asked.
		pub organisation: OrganisationId,
		/// The record it is about.
		pub about: RecordHandle,
		/// Commitment to the authority's case file.
		pub case: Commitment,
		/// The block in which it was opened.
		pub opened_at: BlockNumber,
		/// Commitment to what was disclosed, once it was.
		pub disclosure: Option<Commitment>,
	}
}

/// The supervisory authority learns of a breach within 72 hours (GDPR art. 33(1)), in milliseconds.
pub const BREACH_NOTICE_PERIOD: Moment = 72 * 3_600 * 1_000;

record! {
	/// A breach in the register.
	pub struct BreachCase {
		/// Whose.
		pub organisation: OrganisationId,
		/// Commitment to the case file.
		pub case: Commitment,
		/// When the organisation became aware of it.
		pub detected_at: Moment,
		/// The block in which it was opened.
		pub opened_at: BlockNumber,
		/// The notice to the authority, once given.
		pub notice: Option<BreachNotice>,
	}
}

record! {
	/// The notice of a breach to the authority.
	pub struct BreachNotice {
		/// Commitment to the notice.
		pub notice: Commitment,
		/// When it was given.
		pub at: Moment,
	}
}

impl BreachCase {
	/// Until when the authority is to be notified.
	pub const fn due(&self) -> Moment {
		self.detected_at.saturating_add(BREACH_NOTICE_PERIOD)
	}

	/// Whether the notice came, or still is, after its due time.
	pub fn is_late(&self, now: Moment) -> bool {
		self.notice.as_ref().map_or(now, |notice| notice.at) > self.due()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_defect_of_an_anchor_is_named() {
		use AnchorDefect::*;
		let anchor =
			LogAnchor { root: merkle::root([[1]]), count: SizeBucket::Units, from: 100, to: 200 };
		let check = |change: fn(&mut LogAnchor)| {
			let mut anchor = anchor.clone();
			change(&mut anchor);
			anchor.check(Some(100), 200).err()
		};
		assert_eq!(check(|_| ()), None);
		assert_eq!(anchor.check(None, 200), Ok(()));
		assert_eq!(check(|anchor| anchor.to = 100), Some(EmptyPeriod));
		assert_eq!(check(|anchor| anchor.to = 201), Some(InFuture));
		assert_eq!(check(|anchor| anchor.from = 101), Some(NotContiguous));
		assert_eq!(check(|anchor| anchor.from = 99), Some(NotContiguous), "an overlap");
		assert_eq!(check(|anchor| anchor.root = MerkleRoot([0; 32])), Some(WrongCount));
		assert_eq!(check(|anchor| anchor.count = SizeBucket::None), Some(WrongCount));
		assert_eq!(check(|anchor| anchor.root = merkle::empty_root()), Some(WrongCount));
	}

	#[test]
	fn a_notice_is_in_time_until_the_72nd_hour_is_full() {
		let mut case = BreachCase {
			organisation: OrganisationId(1),
			case: Commitment([1; 32]),
			detected_at: 1_000,
			opened_at: 1,
			notice: None,
		};
		let due = 1_000 + 72 * 60 * 60 * 1_000;
		assert!(!case.is_late(due));
		assert!(case.is_late(due + 1));
		case.notice = Some(BreachNotice { notice: Commitment([2; 32]), at: due });
		assert!(!case.is_late(due + 1), "it was given in time");
	}
}
