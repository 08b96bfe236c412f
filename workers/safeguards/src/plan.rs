//! What was chosen, what it achieves, and how anybody can check it.

use crate::{
	instance::{Budget, Instance, Selection},
	weighted::Optimum,
	SafeguardsError,
};

/// Relative gap below which objective and bound are taken to be equal: the solver's own tolerance.
const EQUAL: f64 = 1e-8;

/// A selection of safeguards with its proof.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
	/// What was chosen.
	pub selection: Vec<Chosen>,
	/// Direct cost, in the unit of the instance.
	pub cost: u64,
	/// Indirect cost, in the unit of the instance.
	pub indirect_cost: u64,
	/// What was minimised: the risk in parts per million of the unit, or the direct cost.
	pub objective: f64,
	/// No selection is better than this, in the same unit.
	pub bound: f64,
	/// `(objective − bound) / objective`, 0 if the difference is within the tolerance of the
	/// solver.
	pub gap: f64,
	/// Risk without any safeguard in parts per million of the unit, in integer arithmetic.
	pub base_ppm: u64,
	/// Risk that is left in parts per million of the unit, in integer arithmetic.
	pub risk_ppm: u64,
	/// Risk that is left, in parts per million of the risk without any safeguard.
	pub remaining_ppm: u32,
	/// Proven lower bound of it, if the risk was minimised; else the same.
	pub remaining_bound_ppm: u32,
	/// Budget, if there was one.
	pub budget: Option<Budget>,
	/// Solver and version.
	pub solver: String,
	/// Seed of the solver.
	pub seed: u32,
	/// Selections at which the risk was approximated.
	pub rounds: usize,
	/// What each chosen safeguard is worth, the greatest first.
	pub explanation: Vec<LeaveOneOut>,
}

/// A chosen safeguard.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
	/// Safeguard.
	pub safeguard: String,
	/// Level, from 1.
	pub level: usize,
}

/// What a chosen safeguard is worth beside the others.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveOneOut {
	/// Safeguard.
	pub safeguard: String,
	/// Direct cost saved by leaving it out.
	pub cost: u64,
	/// By how much the risk would rise without it, in parts per million of the unit.
	pub risk_rise_ppm: u64,
}

impl Plan {
	pub(crate) fn new(
		instance: &Instance,
		optimum: Optimum,
		objective: f64,
		budget: Option<Budget>,
		seed: u32,
		solver: String,
	) -> Self {
		let Optimum { selection, bound, rounds } = optimum;
		let (cost, indirect_cost) = instance.cost(&selection);
		let bound = bound.min(objective).max(0.0);
		let difference = if objective > 0.0 { (objective - bound) / objective } else { 0.0 };
		let gap = if difference <= EQUAL { 0.0 } else { difference };
		let nothing: Selection = vec![None; selection.len()];
		let (base_ppm, risk_ppm) = (instance.risk_ppm(&nothing), instance.risk_ppm(&selection));
		let share = |risk: f64| {
			if base_ppm == 0 {
				0
			} else {
				(risk * 1e6 / base_ppm as f64).round().clamp(0.0, 1e6) as u32
			}
		};
		let remaining_ppm = share(risk_ppm as f64);
		let minimised_risk = budget.is_some() && gap > 0.0;
		let remaining_bound_ppm =
			if minimised_risk { share(bound).min(remaining_ppm) } else { remaining_ppm };
		Self {
			selection: named(instance, &selection),
			explanation: leave_one_out(instance, &selection, risk_ppm),
			cost,
			indirect_cost,
			objective,
			bound,
			gap,
			base_ppm,
			risk_ppm,
			remaining_ppm,
			remaining_bound_ppm,
			budget,
			solver,
			seed,
			rounds,
		}
	}
}

fn named(instance: &Instance, selection: &Selection) -> Vec<Chosen> {
	let chosen = instance.safeguards().iter().zip(selection);
	chosen
		.filter_map(|(safeguard, level)| {
			Some(Chosen { safeguard: safeguard.id.clone(), level: (*level)? + 1 })
		})
		.collect()
}

fn leave_one_out(instance: &Instance, selection: &Selection, risk_ppm: u64) -> Vec<LeaveOneOut> {
	let mut worth: Vec<LeaveOneOut> = (0..selection.len())
		.filter(|position| selection[*position].is_some())
		.map(|position| {
			let mut without = selection.clone();
			without[position] = None;
			LeaveOneOut {
				safeguard: instance.safeguards()[position].id.clone(),
				cost: instance.cost(selection).0.saturating_sub(instance.cost(&without).0),
				risk_rise_ppm: instance.risk_ppm(&without).saturating_sub(risk_ppm),
			}
		})
		.collect();
	worth.sort_by_key(|one| std::cmp::Reverse(one.risk_rise_ppm));
	worth
}

/// What a re-check found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recheck {
	/// Whether the selection keeps the plan's budget.
	pub feasible: bool,
	/// Direct cost.
	pub cost: u64,
	/// Indirect cost.
	pub indirect_cost: u64,
	/// Risk that is left, in parts per million of the unit.
	pub risk_ppm: u64,
	/// Whether the plan states these very costs and risks, and no bound above what it achieves.
	pub truthful: bool,
}

/// Checks a plan against its instance in integer arithmetic, without a solver: what another member
/// can do cheaply and bit for bit. It does not prove optimality.
///
/// # Errors
/// [`SafeguardsError::Inconsistent`] if the instance makes no sense or the plan chooses what it
/// does not have.
pub fn recheck(instance: &Instance, plan: &Plan) -> Result<Recheck, SafeguardsError> {
	instance.check()?;
	let mut selection: Selection = vec![None; instance.safeguards().len()];
	for chosen in &plan.selection {
		let refuse = |reason: &str| {
			let what = format!("plan, safeguard {}", chosen.safeguard);
			Err(SafeguardsError::Inconsistent { what, reason: reason.into() })
		};
		let found =
			instance.safeguards().iter().position(|safeguard| safeguard.id == chosen.safeguard);
		let Some(position) = found else { return refuse("is not in the instance") };
		let levels = instance.safeguards()[position].levels.len();
		if !(1..=levels).contains(&chosen.level) {
			return refuse("does not have this level");
		}
		if selection[position].replace(chosen.level - 1).is_some() {
			return refuse("is chosen twice");
		}
	}
	let (cost, indirect_cost) = instance.cost(&selection);
	let risk_ppm = instance.risk_ppm(&selection);
	let feasible = plan.budget.is_none_or(|budget| {
		cost <= budget.direct && budget.indirect.is_none_or(|limit| indirect_cost <= limit)
	});
	let truthful = (plan.cost, plan.indirect_cost, plan.risk_ppm)
		== (cost, indirect_cost, risk_ppm)
		&& plan.base_ppm == instance.risk_ppm(&vec![None; selection.len()])
		&& plan.remaining_bound_ppm <= plan.remaining_ppm
		&& plan.bound <= plan.objective;
	Ok(Recheck { feasible, cost, indirect_cost, risk_ppm, truthful })
}
