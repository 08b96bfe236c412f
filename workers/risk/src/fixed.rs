//! Probabilities in fixed point.

/// Parts in one: the unit is one part per billion.
const ONE: u64 = 1_000_000_000;

/// A probability in parts per billion. Every operation is monotone, also after rounding: what is
/// less likely before is never more likely after.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Probability(u64);

impl Probability {
	/// Impossible.
	pub const ZERO: Self = Self(0);
	/// Certain.
	pub const ONE: Self = Self(ONE);

	/// From a share in [0, 1], rounded; nothing outside.
	pub fn from_share(share: f64) -> Option<Self> {
		((0.0..=1.0).contains(&share)).then(|| Self((share * ONE as f64).round() as u64))
	}

	/// From parts per million; more than a million counts as certain.
	pub const fn from_ppm(ppm: u64) -> Self {
		if ppm >= 1_000_000 {
			Self::ONE
		} else {
			Self(ppm * 1_000)
		}
	}

	/// In parts per million, rounded.
	pub const fn ppm(self) -> u64 {
		(self.0 + 500) / 1_000
	}

	/// Of the opposite.
	#[must_use]
	pub const fn not(self) -> Self {
		Self(ONE - self.0)
	}

	/// Of both, if independent.
	#[must_use]
	pub const fn and(self, other: Self) -> Self {
		// At most 1e18 + 5e8, below 2^64.
		Self((self.0 * other.0 + ONE / 2) / ONE)
	}

	/// Of at least one, if independent.
	#[must_use]
	pub const fn or(self, other: Self) -> Self {
		self.not().and(other.not()).not()
	}

	/// Of all of so many independent events of this probability.
	#[must_use]
	pub fn to_the(self, mut times: u32) -> Self {
		let (mut result, mut base) = (Self::ONE, self);
		while times > 0 {
			if times & 1 == 1 {
				result = result.and(base);
			}
			base = base.and(base);
			times >>= 1;
		}
		result
	}

	/// `condition · if_true + (1 − condition) · if_false`, where `if_true` is at least `if_false`
	/// in truth; a rounding that says otherwise is corrected.
	#[must_use]
	pub fn choose(condition: Self, if_true: Self, if_false: Self) -> Self {
		let gain = Self(if_true.0.saturating_sub(if_false.0));
		Self(if_false.0 + condition.and(gain).0)
	}

	/// After evidence with a likelihood ratio in thousandths: `odds' = odds · LR`.
	#[must_use]
	pub fn after(self, ratio_thousandths: u64) -> Self {
		let with = u128::from(self.0) * u128::from(ratio_thousandths);
		let without = u128::from(ONE - self.0) * 1_000;
		if with == 0 {
			return Self::ZERO;
		}
		Self((with * u128::from(ONE) / (with + without)) as u64)
	}

	/// The sum of values divided by a count, at most certain.
	#[must_use]
	pub fn sum_over(values: &[Self], count: usize) -> Self {
		let sum: u64 = values.iter().map(|value| value.0).sum();
		Self((sum / count.max(1) as u64).min(ONE))
	}
}

/// In percent with one decimal.
impl std::fmt::Display for Probability {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let tenths = (self.0 + 500_000) / 1_000_000;
		write!(formatter, "{}.{} %", tenths / 10, tenths % 10)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn any() -> impl Strategy<Value = Probability> {
		(0..=ONE).prop_map(Probability)
	}

	#[test]
	fn evidence_multiplies_the_odds() {
		// 20 % are odds of 1:4; a ratio of 12 makes them 3:1.
		let after = Probability::from_ppm(200_000).after(12_000);
		assert_eq!(after.ppm(), 750_000);
		assert_eq!(Probability::ZERO.after(1_000_000), Probability::ZERO);
		assert_eq!(Probability::ONE.after(1_000), Probability::ONE);
	}

	#[test]
	fn a_share_outside_zero_to_one_is_no_probability() {
		assert_eq!(Probability::from_share(0.25), Some(Probability::from_ppm(250_000)));
		for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
			assert_eq!(Probability::from_share(share), None);
		}
	}

	#[test]
	fn powers_agree_with_repeated_products() {
		let half = Probability::from_ppm(500_000);
		assert_eq!(half.to_the(3).ppm(), 125_000);
		assert_eq!(half.to_the(0), Probability::ONE);
		assert_eq!(Probability::from_ppm(123_400).to_string(), "12.3 %");
	}

	proptest! {
		#[test]
		fn every_operation_is_monotone_after_rounding(
			one in any(), other in any(), third in any(), ratio in 1_000u64..1_000_000,
		) {
			let (low, high) = (one.min(other), one.max(other));
			prop_assert!(low.and(third) <= high.and(third));
			prop_assert!(low.or(third) <= high.or(third));
			prop_assert!(low.after(ratio) <= high.after(ratio));
			prop_assert!(low <= low.after(ratio));
			prop_assert!(low.to_the(17) <= high.to_the(17));
			prop_assert!(Probability::choose(low, high, third.min(high))
				<= Probability::choose(high, high, third.min(high)));
			prop_assert!(Probability::choose(third, high, low)
				<= Probability::choose(third, Probability::ONE, high));
		}
	}
}
