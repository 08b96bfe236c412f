//! Qualitative levels: the only form in which a risk reaches the ledger.

use crate::vocabulary;

vocabulary! {
	/// A qualitative level on the five-step scale of NIST SP 800-30 r1, table I-2.
	#[derive(PartialOrd, Ord)]
	pub enum Level {
		/// Negligible.
		VeryLow = 0,
		/// Limited.
		Low = 1,
		/// To be treated in the ordinary course.
		Moderate = 2,
		/// To be treated first.
		High = 3,
		/// To be treated before anything else.
		VeryHigh = 4,
	}
}

vocabulary! {
	/// How sure the author of a level is of it.
	#[derive(PartialOrd, Ord)]
	pub enum Confidence {
		/// Inputs are missing or contradict each other.
		Low = 0,
		/// Inputs are complete but partly inferred.
		Medium = 1,
		/// Inputs are complete and observed.
		High = 2,
	}
}

vocabulary! {
	/// Who stands behind an assessment.
	#[derive(PartialOrd, Ord)]
	pub enum Attestation {
		/// The assessed organisation alone.
		SelfAssessed = 0,
		/// At least one other member recomputed the result from the sealed inputs.
		Recomputed = 1,
		/// An auditor examined inputs and result.
		Audited = 2,
	}
}

vocabulary! {
	/// A count in steps of ten, so that the ledger never tells an exact number.
	#[derive(PartialOrd, Ord)]
	pub enum SizeBucket {
		/// Nothing counted.
		None = 0,
		/// 1 to 9.
		Units = 1,
		/// 10 to 99.
		Tens = 2,
		/// 100 to 999.
		Hundreds = 3,
		/// 1,000 to 9,999.
		Thousands = 4,
		/// 10,000 or more.
		More = 5,
	}
}

impl SizeBucket {
	/// The bucket of a count.
	pub const fn of(count: u64) -> Self {
		match count {
			0 => Self::None,
			1..=9 => Self::Units,
			10..=99 => Self::Tens,
			100..=999 => Self::Hundreds,
			1_000..=9_999 => Self::Thousands,
			_ => Self::More,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn levels_are_ordered_from_very_low_to_very_high() {
		let mut levels = Level::ALL.to_vec();
		levels.reverse();
		levels.sort();
		assert_eq!(levels, Level::ALL);
		assert!(Level::VeryLow < Level::VeryHigh);
	}

	#[test]
	fn a_bucket_changes_exactly_at_powers_of_ten() {
		for (count, bucket) in [
			(0, SizeBucket::None),
			(1, SizeBucket::Units),
			(9, SizeBucket::Units),
			(10, SizeBucket::Tens),
			(99, SizeBucket::Tens),
			(100, SizeBucket::Hundreds),
			(999, SizeBucket::Hundreds),
			(1_000, SizeBucket::Thousands),
			(9_999, SizeBucket::Thousands),
			(10_000, SizeBucket::More),
			(u64::MAX, SizeBucket::More),
		] {
			assert_eq!(SizeBucket::of(count), bucket, "count {count}");
		}
	}
}
