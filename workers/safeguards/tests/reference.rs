//! Published and generated instances with reference values by brute force.

use std::path::{Path, PathBuf};

use curex_safeguards::*;

/// A shared instance and its document, if at hand.
fn shared(name: &str) -> Option<(Instance, serde_json::Value)> {
	let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
	let data = std::env::var_os("CUREX_DATA").map_or_else(default, PathBuf::from);
	let path = data.join("safeguards").join(name);
	let Ok(text) = std::fs::read_to_string(&path) else {
		eprintln!("skipped: {} is absent; set CUREX_DATA", path.display());
		return None;
	};
	Some((formats::read(&text).unwrap(), serde_json::from_str(&text).unwrap()))
}

fn number(value: &serde_json::Value, field: &str) -> f64 {
	value[field].as_f64().unwrap_or_else(|| panic!("{field} of {value}"))
}

fn rows<'a>(value: &'a serde_json::Value, field: &str) -> &'a [serde_json::Value] {
	let rows = value[field].as_array().unwrap();
	assert!(!rows.is_empty());
	rows
}

fn budget(row: &serde_json::Value) -> Budget {
	let hundredths = |number: f64| (number * 100.0).round() as u64;
	Budget {
		direct: hundredths(number(row, "budget")),
		indirect: row["indirect_budget"].as_f64().map(hundredths),
	}
}

/// References are printed with about six digits.
fn assert_same(found_ppm: f64, expected: f64, row: &serde_json::Value) {
	let found = found_ppm / 1e6;
	assert!((found / expected - 1.0).abs() < 1e-6, "{found} but {row}");
}

#[test]
fn the_weaknesses_have_their_reference_risks() {
	let Some((instance, document)) = shared("weaknesses-small.json") else { return };
	for row in rows(&document, "reference") {
		let plan = minimise_risk(&instance, budget(row), 1).unwrap();
		assert_same(plan.objective, number(row, "risk"), row);
		assert_eq!(plan.gap, 0.0, "{row}");
		assert!(recheck(&instance, &plan).unwrap().truthful);
	}
}

#[test]
fn the_small_graph_has_its_reference_risks_and_costs() {
	let Some((instance, document)) = shared("attack-graph-small.json") else { return };
	for row in rows(&document["reference"], "best") {
		let plan = minimise_risk(&instance, budget(row), 1).unwrap();
		assert_same(plan.objective, number(row, "risk"), row);
		assert_eq!(plan.gap, 0.0, "{row}");
		assert_eq!(plan.cost as f64, 100.0 * number(row, "cost"), "{row}");
		assert_eq!(plan.indirect_cost as f64, 100.0 * number(row, "indirect_cost"), "{row}");
	}
}

/// The front by walking down the budget: the whole front, no point missed and none too many.
fn front(instance: &Instance) -> Vec<(f64, f64)> {
	let mut points = Vec::new();
	let mut budget = Budget { direct: 1 << 30, indirect: None };
	loop {
		let plan = minimise_risk(instance, budget, 1).unwrap();
		points.push((plan.objective / 1e6, plan.cost as f64 / 100.0));
		match plan.cost.checked_sub(1) {
			Some(less) => budget.direct = less,
			None => return points,
		}
	}
}

#[test]
fn both_numbered_graphs_have_their_whole_reference_front() {
	for name in ["attack-graph-small.json", "attack-graph-per-level.json"] {
		let Some((instance, document)) = shared(name) else { return };
		let found = front(&instance);
		let expected = rows(&document["reference"], "front");
		let expected = if expected.is_empty() { rows(&document, "front") } else { expected };
		assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
		for ((risk, cost), row) in found.iter().zip(expected) {
			assert_same(risk * 1e6, number(row, "risk"), row);
			assert_eq!(*cost, number(row, "cost"), "{row}");
		}
	}
}

#[test]
fn the_robot_arm_has_its_reference_risks_and_costs() {
	let Some((instance, document)) = shared("attack-graph-robot-arm.json") else { return };
	for row in rows(&document["reference"], "minimum_risk_at_budget") {
		let plan = minimise_risk(&instance, budget(row), 1).unwrap();
		assert_same(plan.objective, number(row, "risk"), row);
		assert_eq!(plan.base_ppm, 10_000_000);
	}
	for row in rows(&document["reference"], "minimum_cost_at_risk_cap") {
		let cap = (number(row, "cap") * 1e6).round() as u64;
		let plan = minimise_cost(&instance, &[cap], 1).unwrap();
		assert_eq!(plan.cost as f64, 100.0 * number(row, "cost"), "{row}");
		assert!(plan.risk_ppm <= cap, "{plan:?}");
		assert_eq!(plan.gap, 0.0);
	}
}
