//! The worst path: one mixed-integer problem of polynomial size (Khouzani, Liu and Malacaria, EJOR
//! 2019).
//!
//! `λ_v` is the logarithm of the best an attacker can do up to `v`: `λ = 0` where he starts and
//! `λ_v ≥ λ_u + ln π + Σ x ln(pass)` along every edge. The least `λ` of the target is the dual of
//! the longest path.

use std::collections::BTreeMap;

use highs::Col;

use crate::{
	instance::{AttackGraph, Budget, Selection, MILLION},
	solver::{Choice, Price, DIRECT, FREE, INDIRECT, TOLERANCE},
	weighted::Optimum,
	SafeguardsError,
};

/// The least risk within a budget; of equals the cheapest, then the one with the least indirect
/// cost. The bound is of the risk in parts per million.
pub(crate) fn minimise_risk(
	graph: &AttackGraph,
	budget: Budget,
	seed: u32,
) -> Result<Optimum, SafeguardsError> {
	let nothing =
		|| Optimum { selection: vec![None; graph.safeguards.len()], bound: 0.0, rounds: 0 };
	let Some(least) = least_logarithms(graph) else { return Ok(nothing()) };
	let model = |price, path_price, budget, limit| {
		formulate(
			graph,
			&least,
			Choice::new(&graph.safeguards, price, Some(budget)),
			path_price,
			limit,
		)
	};
	let Some(best) = model(FREE, 1.0, budget, None).solve(seed)? else { return Ok(nothing()) };
	let limit = risk(graph, &best.selection).ln() + TOLERANCE;
	let mut selection = best.selection;
	let mut within = budget;
	for (price, position) in [(DIRECT as Price, 0), (INDIRECT as Price, 1)] {
		if let Some(cheaper) = model(price, 0.0, within, Some(limit)).solve(seed)? {
			// The tolerance of the solver must not cost risk.
			if risk(graph, &cheaper.selection).ln() <= limit + TOLERANCE {
				selection = cheaper.selection;
			}
		}
		if position == 0 {
			within.direct = crate::Instance::Graph(graph.clone()).cost(&selection).0;
		}
	}
	let proven = best.bound.exp().min(risk(graph, &selection));
	Ok(Optimum { selection, bound: proven * graph.impact_ppm as f64, rounds: 1 })
}

/// The least cost at which the risk is acceptable; of equals the one with the least indirect cost.
/// The bound is of the cost. Nothing if there is no such selection.
pub(crate) fn minimise_cost(
	graph: &AttackGraph,
	acceptable_ppm: u64,
	seed: u32,
) -> Result<Option<Optimum>, SafeguardsError> {
	let Some(least) = least_logarithms(graph) else {
		let selection = vec![None; graph.safeguards.len()];
		return Ok(Some(Optimum { selection, bound: 0.0, rounds: 0 }));
	};
	let share = acceptable_ppm.max(1) as f64 / graph.impact_ppm.max(1) as f64;
	let model = |price, limit| {
		let mut choice = Choice::new(&graph.safeguards, price, None);
		choice.limit(&graph.safeguards, DIRECT, limit);
		formulate(graph, &least, choice, 0.0, Some(share.ln() + TOLERANCE))
	};
	let Some(cheapest) = model(DIRECT, None).solve(seed)? else { return Ok(None) };
	let cost = crate::Instance::Graph(graph.clone()).cost(&cheapest.selection).0;
	let second = model(INDIRECT, Some(cost)).solve(seed)?;
	let selection = second.map_or(cheapest.selection, |second| second.selection);
	Ok(Some(Optimum { selection, bound: cheapest.bound, rounds: 1 }))
}

fn share(ppm: u64) -> f64 {
	ppm as f64 / MILLION as f64
}

/// Highest product over all paths under a selection, in floating point.
pub(crate) fn risk(graph: &AttackGraph, selection: &Selection) -> f64 {
	let logarithms = longest(graph, |safeguard, pass| {
		selection[safeguard].map_or(0.0, |level| share(pass[level]).ln())
	});
	logarithms[graph.target].exp()
}

/// Least conceivable `λ` by vertex, with every safeguard at its strongest; nothing if the target
/// cannot be reached.
fn least_logarithms(graph: &AttackGraph) -> Option<Vec<f64>> {
	let strongest =
		|_: usize, pass: &[u64]| pass.iter().map(|pass| share(*pass).ln()).fold(0.0, f64::min);
	let least = longest(graph, strongest);
	least[graph.target].is_finite().then_some(least)
}

/// Longest paths in logarithms; minus infinity where no path leads.
fn longest(graph: &AttackGraph, hindered: impl Fn(usize, &[u64]) -> f64) -> Vec<f64> {
	let mut reached = vec![f64::NEG_INFINITY; graph.vertices];
	for attacker in &graph.attackers {
		reached[*attacker] = 0.0;
	}
	let lengths: Vec<f64> = graph
		.edges
		.iter()
		.map(|edge| {
			let hindrances = edge.hindrances.iter();
			let sum: f64 = hindrances.map(|one| hindered(one.safeguard, &one.pass_ppm)).sum();
			share(edge.probability_ppm).ln() + sum
		})
		.collect();
	// Lengths are at most 0, so that no path gets longer by visiting a vertex twice.
	for _ in 0..graph.vertices {
		for (edge, length) in graph.edges.iter().zip(&lengths) {
			reached[edge.target] = reached[edge.target].max(reached[edge.source] + length);
		}
	}
	reached
}

fn formulate(
	graph: &AttackGraph,
	least: &[f64],
	mut choice: Choice,
	path_price: f64,
	limit: Option<f64>,
) -> Choice {
	let vertices: Vec<Option<Col>> = (0..graph.vertices)
		.map(|vertex| {
			let price = if vertex == graph.target { path_price } else { 0.0 };
			let lower = least[vertex];
			let starts = graph.attackers.contains(&vertex);
			let lower = if starts { 0.0 } else { lower };
			lower.is_finite().then(|| choice.problem.add_column(price, lower..=0.0))
		})
		.collect();
	for edge in graph.edges.iter().filter(|edge| edge.probability_ppm > 0) {
		let (Some(source), Some(target)) = (vertices[edge.source], vertices[edge.target]) else {
			continue;
		};
		if source == target {
			continue;
		}
		let mut terms = vec![(target, 1.0), (source, -1.0)];
		// A safeguard may hinder a step twice; the solver wants each column once.
		let mut hindered: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
		for hindrance in &edge.hindrances {
			let levels = hindrance.pass_ppm.len();
			let sums = hindered.entry(hindrance.safeguard).or_insert_with(|| vec![0.0; levels]);
			for (sum, pass) in sums.iter_mut().zip(&hindrance.pass_ppm) {
				*sum -= share(*pass).ln();
			}
		}
		for (safeguard, sums) in hindered {
			terms.extend(choice.columns[safeguard].iter().copied().zip(sums));
		}
		choice.problem.add_row(share(edge.probability_ppm).ln().., terms);
	}
	if let (Some(limit), Some(target)) = (limit, vertices[graph.target]) {
		choice.problem.add_row(..=limit, [(target, 1.0)]);
	}
	choice
}
