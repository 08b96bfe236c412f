//! How compromise spreads over assets.
//!
//! An asset is compromised if some asset from which a chain of successful steps leads to it is
//! compromised directly (an OR node of a Bayesian attack graph, Poolsappasit et al. 2012). Cycles
//! are allowed: what an attacker holds he keeps.

use std::collections::BinaryHeap;

use crate::fixed::Probability;

/// States examined for one asset before the exact value is given up.
const EXACT_STATES: u32 = 1 << 13;

/// Rounds of the upper bound. It is valid after any round.
const UPPER_ROUNDS: usize = 64;

/// Assets up to which the ancestors of each are collected.
const ANCESTORS_UP_TO: usize = 512;

/// Direct compromises and the steps between assets.
#[derive(Clone, Debug, Default)]
pub struct Graph {
	/// Likelihood of direct compromise by asset.
	pub direct: Vec<Probability>,
	/// Steps: from, to, likelihood.
	pub steps: Vec<(usize, usize, Probability)>,
}

/// How likely an asset is compromised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
	/// At least: the best single path.
	pub lower: Probability,
	/// At most: parents taken as independent, which for OR nodes is an upper bound since they are
	/// positively associated, and no more than that some asset upstream is compromised directly.
	pub upper: Probability,
	/// Exactly, if the graph upstream is small.
	pub exact: Option<Probability>,
}

impl Bracket {
	/// What to go by: the exact value, else the upper bound.
	pub fn estimate(&self) -> Probability {
		self.exact.unwrap_or(self.upper)
	}
}

/// The best path to an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestPaths {
	/// Likelihood of the best path by asset.
	pub likelihood: Vec<Probability>,
	/// The asset before, or none where it begins.
	pub before: Vec<Option<usize>>,
}

impl BestPaths {
	/// The assets of the best path, from its beginning.
	pub fn to(&self, asset: usize) -> Vec<usize> {
		let mut path = vec![asset];
		let mut here = asset;
		while let Some(before) = self.before[here] {
			path.push(before);
			here = before;
		}
		path.reverse();
		path
	}
}

impl Graph {
	/// The bracket of every asset, in order.
	pub fn brackets(&self) -> Vec<Bracket> {
		let lower = self.best_paths().likelihood;
		let upper = self.upper();
		(0..self.direct.len())
			.map(|asset| Bracket {
				lower: lower[asset],
				upper: upper[asset].max(lower[asset]),
				exact: self.exact(asset),
			})
			.collect()
	}

	/// The best path to every asset (Dijkstra on products).
	pub fn best_paths(&self) -> BestPaths {
		let mut leaving = vec![Vec::new(); self.direct.len()];
		for (from, to, likelihood) in &self.steps {
			leaving[*from].push((*to, *likelihood));
		}
		let mut paths =
			BestPaths { likelihood: self.direct.clone(), before: vec![None; self.direct.len()] };
		let mut queue: BinaryHeap<(Probability, usize)> = self
			.direct
			.iter()
			.copied()
			.enumerate()
			.map(|(asset, direct)| (direct, asset))
			.collect();
		while let Some((likelihood, asset)) = queue.pop() {
			if likelihood < paths.likelihood[asset] {
				continue;
			}
			for (to, step) in &leaving[asset] {
				let reached = likelihood.and(*step);
				if reached > paths.likelihood[*to] {
					paths.likelihood[*to] = reached;
					paths.before[*to] = Some(asset);
					queue.push((reached, *to));
				}
			}
		}
		paths
	}

	/// Iterates `1 − (1 − direct) Π (1 − step · parent)` downwards from an upper bound: every
	/// iterate is one.
	fn upper(&self) -> Vec<Probability> {
		let mut upper = self.some_ancestor();
		for _ in 0..UPPER_ROUNDS {
			let mut spared: Vec<Probability> =
				self.direct.iter().map(|direct| direct.not()).collect();
			for (from, to, step) in &self.steps {
				spared[*to] = spared[*to].and(step.and(upper[*from]).not());
			}
			let next: Vec<Probability> =
				spared.iter().zip(&upper).map(|(spared, upper)| spared.not().min(*upper)).collect();
			if next == upper {
				break;
			}
			upper = next;
		}
		upper
	}

	/// That some asset upstream, or the asset itself, is compromised directly.
	fn some_ancestor(&self) -> Vec<Probability> {
		let any = |assets: &mut dyn Iterator<Item = usize>| {
			assets.fold(Probability::ZERO, |sum, asset| sum.or(self.direct[asset]))
		};
		if self.direct.len() > ANCESTORS_UP_TO {
			return vec![any(&mut (0..self.direct.len())); self.direct.len()];
		}
		(0..self.direct.len()).map(|asset| any(&mut self.ancestors(asset).into_iter())).collect()
	}

	/// The asset and everything upstream, in order.
	fn ancestors(&self, asset: usize) -> Vec<usize> {
		let mut is_ancestor = vec![false; self.direct.len()];
		is_ancestor[asset] = true;
		let mut changed = true;
		while changed {
			changed = false;
			for (from, to, _) in &self.steps {
				if is_ancestor[*to] && !is_ancestor[*from] {
					is_ancestor[*from] = true;
					changed = true;
				}
			}
		}
		(0..self.direct.len()).filter(|asset| is_ancestor[*asset]).collect()
	}

	/// The exact value by factoring (Satyanarayana and Chang 1983): condition on one event after
	/// another that leaves what the attacker holds. Which events are examined depends on the graph
	/// alone, never on a likelihood, so that the result stays monotone after rounding.
	fn exact(&self, target: usize) -> Option<Probability> {
		if self.direct.len() > ANCESTORS_UP_TO {
			return None;
		}
		let assets = self.ancestors(target);
		if assets.len() > 64 {
			return None;
		}
		let place = |asset: usize| assets.binary_search(&asset).ok();
		let mut events: Vec<Event> = assets
			.iter()
			.enumerate()
			.map(|(to, asset)| Event { from: None, to, likelihood: self.direct[*asset] })
			.collect();
		for (from, to, likelihood) in &self.steps {
			if let (Some(from), Some(to)) = (place(*from), place(*to)) {
				if from != to {
					events.push(Event { from: Some(from), to, likelihood: *likelihood });
				}
			}
		}
		let target = place(target)?;
		// What decides at once is examined first.
		events.sort_by_key(|event| event.to != target);
		let mut factoring =
			Factoring { happened: vec![None; events.len()], events, target, states: 0 };
		factoring.run(0)
	}
}

struct Event {
	from: Option<usize>,
	to: usize,
	likelihood: Probability,
}

struct Factoring {
	events: Vec<Event>,
	/// Whether an event was ruled out.
	happened: Vec<Option<bool>>,
	target: usize,
	states: u32,
}

impl Factoring {
	fn run(&mut self, held: u64) -> Option<Probability> {
		if held & (1 << self.target) != 0 {
			return Some(Probability::ONE);
		}
		self.states += 1;
		if self.states > EXACT_STATES {
			return None;
		}
		let holds = |place: usize| held & (1 << place) != 0;
		let next = self.events.iter().zip(&self.happened).position(|(event, happened)| {
			happened.is_none() && !holds(event.to) && event.from.is_none_or(holds)
		});
		let Some(next) = next else { return Some(Probability::ZERO) };
		let gained = held | (1 << self.events[next].to);
		let if_true = self.run(gained)?;
		self.happened[next] = Some(false);
		let if_false = self.run(held);
		self.happened[next] = None;
		Some(Probability::choose(self.events[next].likelihood, if_true, if_false?))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn ppm(ppm: u64) -> Probability {
		Probability::from_ppm(ppm)
	}

	#[test]
	fn a_diamond_has_its_textbook_value_inside_the_bracket() {
		// 0 leads to 3 over 1 and over 2; all steps 1/2, only 0 compromised, surely: 1 − (1 − 1/4)²
		// = 7/16.
		let half = ppm(500_000);
		let graph = Graph {
			direct: vec![Probability::ONE, Probability::ZERO, Probability::ZERO, Probability::ZERO],
			steps: vec![(0, 1, half), (0, 2, half), (1, 3, half), (2, 3, half)],
		};
		let bracket = graph.brackets()[3];
		assert_eq!(bracket.lower.ppm(), 250_000);
		assert_eq!(bracket.exact.unwrap().ppm(), 437_500);
		assert!(bracket.upper >= bracket.exact.unwrap());
		assert_eq!(graph.best_paths().to(3).len(), 3);
	}

	#[test]
	fn a_cycle_does_not_feed_itself() {
		// Two assets that reach each other surely: both are compromised if one is.
		let graph = Graph {
			direct: vec![ppm(100_000), ppm(100_000)],
			steps: vec![(0, 1, Probability::ONE), (1, 0, Probability::ONE)],
		};
		for bracket in graph.brackets() {
			assert_eq!(bracket.exact.unwrap().ppm(), 190_000);
			assert_eq!(bracket.upper.ppm(), 190_000);
		}
	}

	/// By enumeration of every combination of events, in floating point.
	fn enumerate(graph: &Graph, target: usize) -> f64 {
		let count = graph.direct.len() + graph.steps.len();
		let share = |probability: Probability| probability.ppm() as f64 / 1e6;
		let mut sum = 0.0;
		for world in 0..1u32 << count {
			let happens = |event: usize| world & (1 << event) != 0;
			let mut weight = 1.0;
			let mut held: Vec<bool> = Vec::new();
			for (asset, direct) in graph.direct.iter().enumerate() {
				weight *= if happens(asset) { share(*direct) } else { 1.0 - share(*direct) };
				held.push(happens(asset));
			}
			for (index, (_, _, step)) in graph.steps.iter().enumerate() {
				let event = graph.direct.len() + index;
				weight *= if happens(event) { share(*step) } else { 1.0 - share(*step) };
			}
			for _ in 0..graph.direct.len() {
				for (index, (from, to, _)) in graph.steps.iter().enumerate() {
					held[*to] |= held[*from] && happens(graph.direct.len() + index);
				}
			}
			sum += if held[target] { weight } else { 0.0 };
		}
		sum
	}

	fn graphs() -> impl Strategy<Value = Graph> {
		(2usize..=5).prop_flat_map(|assets| {
			let likelihood = (0u64..=1_000_000).prop_map(Probability::from_ppm);
			(
				proptest::collection::vec(likelihood.clone(), assets),
				proptest::collection::vec((0..assets, 0..assets, likelihood), 0..=8),
			)
				.prop_map(|(direct, steps)| Graph { direct, steps })
		})
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(200))]

		#[test]
		fn the_exact_value_equals_enumeration_and_the_bracket_contains_it(graph in graphs()) {
			for (asset, bracket) in graph.brackets().into_iter().enumerate() {
				let exact = bracket.exact.expect("the graph is small");
				let truth = enumerate(&graph, asset);
				prop_assert!((exact.ppm() as f64 / 1e6 - truth).abs() < 2e-6, "{exact:?} {truth}");
				// Rounding may move a value by a few parts per billion.
				prop_assert!(bracket.lower.ppm() <= exact.ppm());
				prop_assert!(exact.ppm() <= bracket.upper.ppm());
			}
		}

		#[test]
		fn a_likelier_step_never_lowers_anything(graph in graphs(), by in 1u64..400_000, at in any::<prop::sample::Index>()) {
			let mut worse = graph.clone();
			let at = at.index(graph.direct.len() + graph.steps.len());
			let raise = |probability: &mut Probability| {
				*probability = Probability::from_ppm(probability.ppm() + by);
			};
			match at.checked_sub(graph.direct.len()) {
				None => raise(&mut worse.direct[at]),
				Some(step) => raise(&mut worse.steps[step].2),
			}
			for (before, after) in graph.brackets().into_iter().zip(worse.brackets()) {
				prop_assert!(before.lower <= after.lower);
				prop_assert!(before.upper <= after.upper);
				prop_assert!(before.exact <= after.exact);
			}
		}
	}
}
