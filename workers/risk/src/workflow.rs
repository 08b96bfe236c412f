//! How likely care cannot go on.

use crate::{fixed::Probability, model::Need};

/// Bounds of the likelihood that something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
	/// At least.
	pub lower: Probability,
	/// At most.
	pub upper: Probability,
}

/// Bounds of the likelihood that a need is not met. `asset` and `service` give those of the leaves.
///
/// "At least k of n" fails if m = n − k + 1 of its parts fail. Parts fail together rather than
/// apart (one attacker), so that at least the m likeliest all fail as if independent; and at most
/// the likelihood that one of the n − m + 1 least likely fails, and at most the mean of all times n
/// / m (Markov).
pub fn failure(
	need: &Need,
	asset: &impl Fn(&str) -> Failure,
	service: &impl Fn(&str) -> Failure,
) -> Failure {
	match need {
		Need::Asset(id) => asset(id),
		Need::Service(id) => service(id),
		Need::All(parts) => of_parts(parts, parts.len(), asset, service),
		Need::Any(parts) => of_parts(parts, 1, asset, service),
		Need::AtLeast { count, of } => of_parts(of, *count, asset, service),
	}
}

fn of_parts(
	parts: &[Need],
	count: usize,
	asset: &impl Fn(&str) -> Failure,
	service: &impl Fn(&str) -> Failure,
) -> Failure {
	let parts: Vec<Failure> = parts.iter().map(|part| failure(part, asset, service)).collect();
	at_least(&parts, count)
}

/// Bounds of the likelihood that fewer than `count` of the parts work.
pub fn at_least(parts: &[Failure], count: usize) -> Failure {
	if count > parts.len() {
		return Failure { lower: Probability::ONE, upper: Probability::ONE };
	}
	let failing = parts.len() + 1 - count;
	if count == 0 {
		return Failure { lower: Probability::ZERO, upper: Probability::ZERO };
	}
	let mut lower: Vec<Probability> = parts.iter().map(|part| part.lower).collect();
	let mut upper: Vec<Probability> = parts.iter().map(|part| part.upper).collect();
	lower.sort_by(|one, other| other.cmp(one));
	upper.sort();
	let together = lower.iter().take(failing).fold(Probability::ONE, |all, part| all.and(*part));
	let one_of = upper.iter().take(count).fold(Probability::ZERO, |any, part| any.or(*part));
	Failure { lower: together, upper: one_of.min(Probability::sum_over(&upper, failing)) }
}

/// Every asset and service a need speaks of, in order of appearance.
pub fn leaves(need: &Need) -> Vec<&Need> {
	match need {
		Need::Asset(_) | Need::Service(_) => vec![need],
		Need::All(parts) | Need::Any(parts) | Need::AtLeast { of: parts, .. } => {
			parts.iter().flat_map(leaves).collect()
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn parts(ppm: &[u64]) -> Vec<Failure> {
		let exactly = |ppm: &u64| {
			let probability = Probability::from_ppm(*ppm);
			Failure { lower: probability, upper: probability }
		};
		ppm.iter().map(exactly).collect()
	}

	#[test]
	fn needing_all_fails_with_any_and_needing_any_fails_only_with_all() {
		let both = parts(&[100_000, 400_000]);
		let all = at_least(&both, 2);
		assert_eq!((all.lower.ppm(), all.upper.ppm()), (400_000, 460_000));
		let any = at_least(&both, 1);
		assert_eq!((any.lower.ppm(), any.upper.ppm()), (40_000, 100_000));
	}

	#[test]
	fn more_than_there_is_cannot_be_had() {
		assert_eq!(at_least(&parts(&[1]), 2).lower, Probability::ONE);
		assert_eq!(at_least(&parts(&[1]), 0).upper, Probability::ZERO);
	}

	proptest! {
		#[test]
		fn the_bounds_hold_for_independent_parts(
			shares in proptest::collection::vec(0u64..=1_000_000, 1..6), count in 1usize..6,
		) {
			let bounds = at_least(&parts(&shares), count);
			let mut truth = 0.0;
			for world in 0..1u32 << shares.len() {
				let fails = |part: usize| world & (1 << part) != 0;
				let weight: f64 = shares
					.iter()
					.enumerate()
					.map(|(part, ppm)| {
						let share = *ppm as f64 / 1e6;
						if fails(part) { share } else { 1.0 - share }
					})
					.product();
				let working = (0..shares.len()).filter(|part| !fails(*part)).count();
				truth += if working < count { weight } else { 0.0 };
			}
			prop_assert!(bounds.lower.ppm() as f64 / 1e6 <= truth + 2e-6, "{bounds:?} {truth}");
			prop_assert!(bounds.upper.ppm() as f64 / 1e6 >= truth - 2e-6, "{bounds:?} {truth}");
		}
	}
}
