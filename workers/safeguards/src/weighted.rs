//! Total expected risk: outer approximation of a convex objective.
//!
//! With `s_k = Σ ln(1 − e) x`, the risk `Σ w_k exp(s_k)` is convex in `x`. Each exponential is
//! replaced by a variable above its tangents at the selections visited. The mixed-integer problem
//! bounds the risk from below; its selection, evaluated, bounds it from above; a selection met
//! twice is optimal (Duran and Grossmann 1986). The variables are scaled by the risk of a first
//! selection: unscaled, the solver's tolerance stalls the bound.

use highs::Col;

use crate::{
	instance::{Budget, Selection, WeightedRisks, MILLION},
	solver::{Choice, Price, Solution, DIRECT, FREE, INDIRECT, TOLERANCE},
	SafeguardsError,
};

/// Value of the scaled objective at the first selection.
const SCALE: f64 = 1_000.0;

/// Rounds after which the best selection and the bound so far are given.
const ROUNDS: usize = 500;

/// The best selection, the proven bound of the risk, and the rounds it took.
pub(crate) struct Optimum {
	pub(crate) selection: Selection,
	pub(crate) bound: f64,
	pub(crate) rounds: usize,
}

/// The least risk within a budget; of equals the cheapest, then the one with the least indirect
/// cost.
pub(crate) fn minimise_risk(
	risks: &WeightedRisks,
	budget: Budget,
	seed: u32,
) -> Result<Optimum, SafeguardsError> {
	let nothing: Selection = vec![None; risks.safeguards.len()];
	let mut approximation = Approximation::new(risks, greedy(risks, budget));
	approximation.cut(&nothing);
	let mut best = approximation.visited[0].clone();
	let mut bound = 0.0f64;
	for _ in 0..ROUNDS {
		let choice = Choice::new(&risks.safeguards, FREE, Some(budget));
		let Some(solution) = approximation.solve(choice, 1.0, None, seed)? else { break };
		bound = bound.max(solution.bound * approximation.unit);
		if risk(risks, &solution.selection) < risk(risks, &best) {
			best = solution.selection.clone();
		}
		if !approximation.cut(&solution.selection) {
			break;
		}
	}
	let limit = risk(risks, &best);
	let cheapest = approximation.cheapest(budget, DIRECT, limit, seed)?.unwrap_or(best);
	let cost = crate::Instance::Weighted(risks.clone()).cost(&cheapest).0;
	let within = Budget { direct: cost, indirect: budget.indirect };
	let selection = approximation.cheapest(within, INDIRECT, limit, seed)?.unwrap_or(cheapest);
	Ok(Optimum { selection, bound: bound.min(limit), rounds: approximation.visited.len() })
}

/// The least cost at which every risk is acceptable; of equals the one with the least indirect
/// cost. Linear in logarithms: no approximation. The bound is of the cost. Nothing if there is no
/// such selection.
pub(crate) fn minimise_cost(
	risks: &WeightedRisks,
	acceptable_ppm: &[u64],
	seed: u32,
) -> Result<Option<Optimum>, SafeguardsError> {
	let constrained = |price, limit| {
		let mut choice = Choice::new(&risks.safeguards, price, None);
		choice.limit(&risks.safeguards, DIRECT, limit);
		for (position, acceptable) in acceptable_ppm.iter().enumerate() {
			let risk = &risks.risks[position];
			if risk.weight_ppm > 0 {
				let share = (*acceptable).max(1) as f64 / risk.weight_ppm as f64;
				let terms = logarithms(risks, position, &choice.columns);
				choice.problem.add_row(..=share.ln() + TOLERANCE, terms);
			}
		}
		choice
	};
	let Some(cheapest) = constrained(DIRECT, None).solve(seed)? else { return Ok(None) };
	let cost = crate::Instance::Weighted(risks.clone()).cost(&cheapest.selection).0;
	let second = constrained(INDIRECT, Some(cost)).solve(seed)?;
	let selection = second.map_or(cheapest.selection, |second| second.selection);
	Ok(Some(Optimum { selection, bound: cheapest.bound, rounds: 1 }))
}

/// `ln(1 − e)` by column.
fn logarithms(risks: &WeightedRisks, risk: usize, columns: &[Vec<Col>]) -> Vec<(Col, f64)> {
	let efficacies = risks.risks[risk].efficacy_ppm.iter().flatten();
	let terms = columns.iter().flatten().copied().zip(efficacies);
	terms.map(|(column, efficacy)| (column, passing(*efficacy).ln())).collect()
}

fn passing(efficacy_ppm: u64) -> f64 {
	(MILLION - efficacy_ppm) as f64 / MILLION as f64
}

/// Residual of one risk in parts per million, in floating point.
fn residual(risks: &WeightedRisks, risk: usize, selection: &Selection) -> f64 {
	let risk = &risks.risks[risk];
	let chosen = risk.efficacy_ppm.iter().zip(selection);
	let passing = chosen.filter_map(|(levels, level)| Some(passing(levels[(*level)?])));
	risk.weight_ppm as f64 * passing.product::<f64>()
}

/// Risk in parts per million, in floating point.
pub(crate) fn risk(risks: &WeightedRisks, selection: &Selection) -> f64 {
	(0..risks.risks.len()).map(|risk| residual(risks, risk, selection)).sum()
}

/// Takes whatever lowers the risk most for its cost, until nothing fits: a first selection, to
/// scale by.
fn greedy(risks: &WeightedRisks, budget: Budget) -> Selection {
	let instance = crate::Instance::Weighted(risks.clone());
	let mut selection: Selection = vec![None; risks.safeguards.len()];
	loop {
		let now = risk(risks, &selection);
		let mut best: Option<(f64, usize, usize)> = None;
		for (position, safeguard) in risks.safeguards.iter().enumerate() {
			for (level, price) in safeguard.levels.iter().enumerate() {
				let before = selection[position].replace(level);
				let (direct, indirect) = instance.cost(&selection);
				let fits = direct <= budget.direct
					&& budget.indirect.is_none_or(|limit| indirect <= limit);
				let gain = (now - risk(risks, &selection)) / (1 + price.cost) as f64;
				selection[position] = before;
				if fits && gain > 0.0 && best.is_none_or(|(other, ..)| gain > other) {
					best = Some((gain, position, level));
				}
			}
		}
		match best {
			Some((_, position, level)) => selection[position] = Some(level),
			None => return selection,
		}
	}
}

struct Approximation<'a> {
	risks: &'a WeightedRisks,
	/// Risk that one unit of the scaled objective stands for.
	unit: f64,
	/// Selections at which tangents were taken.
	visited: Vec<Selection>,
}

impl<'a> Approximation<'a> {
	fn new(risks: &'a WeightedRisks, first: Selection) -> Self {
		let unit = (risk(risks, &first) / SCALE).max(f64::MIN_POSITIVE);
		Self { risks, unit, visited: vec![first] }
	}

	/// Takes tangents at a selection; false if they were taken before.
	fn cut(&mut self, selection: &Selection) -> bool {
		let new = !self.visited.contains(selection);
		if new {
			self.visited.push(selection.clone());
		}
		new
	}

	/// Solves a choice with the scaled risk priced at `price` and, if given, limited.
	fn solve(
		&self,
		mut choice: Choice,
		price: f64,
		limit: Option<f64>,
		seed: u32,
	) -> Result<Option<Solution>, SafeguardsError> {
		let count = self.risks.risks.len();
		let above: Vec<Col> = (0..count).map(|_| choice.problem.add_column(price, 0.0..)).collect();
		for selection in &self.visited {
			for (risk, above) in above.iter().enumerate() {
				let here = residual(self.risks, risk, selection) / self.unit;
				let terms = logarithms(self.risks, risk, &choice.columns);
				let chosen = selection.iter().zip(&self.risks.risks[risk].efficacy_ppm);
				let log_here: f64 = chosen
					.filter_map(|(level, levels)| Some(passing(levels[(*level)?]).ln()))
					.sum();
				// above >= here · (1 + s − s_here)
				let terms = terms.into_iter().map(|(column, factor)| (column, -here * factor));
				let terms = terms.chain([(*above, 1.0)]);
				choice.problem.add_row(here * (1.0 - log_here).., terms);
			}
		}
		if let Some(limit) = limit {
			let scaled = limit / self.unit;
			choice.problem.add_row(..=scaled, above.iter().map(|column| (*column, 1.0)));
		}
		choice.solve(seed)
	}

	/// Of the selections that reach a risk, the one with the lowest price.
	fn cheapest(
		&mut self,
		budget: Budget,
		price: Price,
		risk_limit: f64,
		seed: u32,
	) -> Result<Option<Selection>, SafeguardsError> {
		let limit = risk_limit * (1.0 + TOLERANCE);
		for _ in 0..ROUNDS {
			let choice = Choice::new(&self.risks.safeguards, price, Some(budget));
			let Some(solution) = self.solve(choice, 0.0, Some(limit), seed)? else { break };
			if risk(self.risks, &solution.selection) <= limit {
				return Ok(Some(solution.selection));
			}
			if !self.cut(&solution.selection) {
				break;
			}
		}
		Ok(None)
	}
}
