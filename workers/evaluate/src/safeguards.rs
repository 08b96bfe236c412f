//! `safeguards solve`.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use clap::{Args, Subcommand};
use curex_safeguards::{
	formats, minimise_cost, minimise_risk, Budget, Instance, Plan, SafeguardsError,
};
use serde_json::{json, Value};

use crate::{error::read_text, Error};

/// The unit of an instance in parts of its arithmetic.
const COST_UNIT: f64 = 100.0;
const RISK_UNIT: f64 = 1e6;

/// Points of a front at most.
const POINTS: usize = 200;

#[derive(Subcommand)]
pub enum Command {
	/// The best selection for a budget, the cheapest below a risk, or the front between.
	Solve(Solve),
}

#[derive(Args)]
pub struct Solve {
	/// Instance, JSON.
	instance: PathBuf,
	/// Direct cost that may be spent; the file's own `budget`, else no limit.
	#[arg(long)]
	budget: Option<f64>,
	/// Indirect cost that may be spent; the file's own `indirect_budget`, else no limit.
	#[arg(long)]
	indirect_budget: Option<f64>,
	/// Find the cheapest selection whose risk is at most this, each risk for instances of several.
	#[arg(long, conflicts_with_all = ["budget", "indirect_budget"])]
	risk_cap: Option<f64>,
	/// Every undominated pair of risk and cost within the budget.
	#[arg(long, conflicts_with = "risk_cap")]
	pareto: bool,
	/// Seed of the solver.
	#[arg(long, default_value_t = 0)]
	seed: u32,
}

/// # Errors
/// [`Error::File`], [`Error::Format`], [`Error::Argument`], [`Error::Safeguards`].
pub fn run(command: Command) -> Result<Value, Error> {
	let Command::Solve(solve) = command;
	let text = read_text(&solve.instance)?;
	let instance = formats::read(&text)?;
	let file: Value =
		serde_json::from_str(&text).map_err(|error| Error::format(&solve.instance, error))?;
	let limit = |given: Option<f64>, name: &str| {
		let limit = given.or_else(|| file.get(name).and_then(Value::as_f64));
		limit.map(|limit| parts(name, limit, COST_UNIT)).transpose()
	};
	let started = Instant::now();
	let seconds = || started.elapsed().as_secs_f64();
	if let Some(cap) = solve.risk_cap {
		let cap = parts("risk-cap", cap, RISK_UNIT)?;
		let risks = match &instance {
			Instance::Weighted(risks) => risks.risks.len(),
			Instance::Graph(_) => 1,
		};
		let plan = minimise_cost(&instance, &vec![cap; risks], solve.seed)?;
		return Ok(described(&plan, COST_UNIT, seconds()));
	}
	let everything: u64 = instance
		.safeguards()
		.iter()
		.filter_map(|safeguard| safeguard.levels.iter().map(|level| level.cost).max())
		.sum();
	let budget = Budget {
		direct: limit(solve.budget, "budget")?.unwrap_or(everything),
		indirect: limit(solve.indirect_budget, "indirect_budget")?,
	};
	if !solve.pareto {
		let plan = minimise_risk(&instance, budget, solve.seed)?;
		return Ok(described(&plan, RISK_UNIT, seconds()));
	}
	let (front, complete) = front(&instance, budget, solve.seed)?;
	let points: Vec<Value> = front
		.iter()
		.map(|plan| {
			json!({
				"risk": plan.risk_ppm as f64 / RISK_UNIT,
				"cost": plan.cost as f64 / COST_UNIT,
				"indirect_cost": plan.indirect_cost as f64 / COST_UNIT,
				"selection": selection(plan),
				"gap": plan.gap,
			})
		})
		.collect();
	Ok(json!({ "front": points, "complete": complete, "seconds": seconds() }))
}

/// Sweeps the budget downwards: the least risk within a budget, then the least within one unit less
/// than that selection costs, and so on. Of equal risks the engine takes the cheapest, so that no
/// point dominates another. False if there are more points than are listed.
fn front(
	instance: &Instance,
	mut budget: Budget,
	seed: u32,
) -> Result<(Vec<Plan>, bool), SafeguardsError> {
	let mut front: Vec<Plan> = Vec::new();
	while front.len() < POINTS {
		let plan = minimise_risk(instance, budget, seed)?;
		let cost = plan.cost;
		// Within the tolerance of the solver a risk may come twice: the cheaper one stays.
		if front.last().is_some_and(|last| last.risk_ppm >= plan.risk_ppm) {
			front.pop();
		}
		front.push(plan);
		if cost == 0 {
			front.reverse();
			return Ok((front, true));
		}
		budget.direct = cost - 1;
	}
	front.reverse();
	Ok((front, false))
}

fn parts(name: &str, number: f64, unit: f64) -> Result<u64, Error> {
	let scaled = number * unit;
	if !(0.0..=1e15).contains(&scaled) {
		return Err(Error::Argument(format!("{name} must be a number from 0 to 10^9")));
	}
	// A limit between two parts is kept by the part below.
	Ok((scaled + 1e-6).floor() as u64)
}

fn described(plan: &Plan, unit: f64, seconds: f64) -> Value {
	json!({
		"objective": plan.objective / unit,
		"bound": plan.bound / unit,
		"gap": plan.gap,
		"risk": plan.risk_ppm as f64 / RISK_UNIT,
		"risk_without": plan.base_ppm as f64 / RISK_UNIT,
		"cost": plan.cost as f64 / COST_UNIT,
		"indirect_cost": plan.indirect_cost as f64 / COST_UNIT,
		"selection": selection(plan),
		"solver": plan.solver,
		"seconds": seconds,
	})
}

fn selection(plan: &Plan) -> BTreeMap<&str, usize> {
	plan.selection.iter().map(|chosen| (chosen.safeguard.as_str(), chosen.level)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	/// Two controls of two levels each against one threat.
	const INSTANCE: &str = r#"{"controls":["a_L","a_H","b_L","b_H"],"cost":[1,3,2,5],
		"threats":[{"id":"t","weight":1.0,"efficacy":[0.5,0.8,0.4,0.9]}]}"#;

	fn solve(change: impl FnOnce(&mut Solve)) -> Value {
		let folder = tempfile::tempdir().unwrap();
		let instance = folder.path().join("instance.json");
		std::fs::write(&instance, INSTANCE).unwrap();
		let mut solve = Solve {
			instance,
			budget: None,
			indirect_budget: None,
			risk_cap: None,
			pareto: false,
			seed: 0,
		};
		change(&mut solve);
		run(Command::Solve(solve)).unwrap()
	}

	#[test]
	fn the_budget_binds_and_the_cap_buys_no_more_than_needed() {
		let within = solve(|solve| solve.budget = Some(3.0));
		assert!((within["objective"].as_f64().unwrap() - 0.2).abs() < 1e-6, "{within}");
		let capped = solve(|solve| solve.risk_cap = Some(0.3));
		// 0.5 * 0.6 = 0.3 for 3, and 0.2 for 3.
		assert!((capped["objective"].as_f64().unwrap() - 3.0).abs() < 1e-6, "{capped}");
	}

	#[test]
	fn no_point_of_the_front_dominates_another() {
		let value = solve(|solve| solve.pareto = true);
		let points: Vec<(f64, f64)> = value["front"]
			.as_array()
			.unwrap()
			.iter()
			.map(|point| (point["cost"].as_f64().unwrap(), point["risk"].as_f64().unwrap()))
			.collect();
		assert_eq!(points.first().unwrap(), &(0.0, 1.0));
		assert!((points.last().unwrap().1 - 0.02).abs() < 1e-6, "{points:?}");
		assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1));
		assert!(points.contains(&(3.0, 0.2)), "{points:?}");
	}
}
