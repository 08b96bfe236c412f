//! The choice of safeguards.

use crate::{
	graph,
	instance::{Budget, Instance, Selection},
	plan::Plan,
	solver,
	weighted::{self, Optimum},
	SafeguardsError,
};

/// The selection that leaves the least risk within a budget. Of several the cheapest is taken, then
/// the one with the least indirect cost.
///
/// # Errors
/// [`SafeguardsError::Inconsistent`], or [`SafeguardsError::Solver`].
pub fn minimise_risk(
	instance: &Instance,
	budget: Budget,
	seed: u32,
) -> Result<Plan, SafeguardsError> {
	instance.check()?;
	let optimum = match instance {
		Instance::Weighted(risks) => weighted::minimise_risk(risks, budget, seed)?,
		Instance::Graph(graph) => graph::minimise_risk(graph, budget, seed)?,
	};
	let objective = risk(instance, &optimum.selection);
	Ok(Plan::new(instance, optimum, objective, Some(budget), seed, solver::name()))
}

/// The cheapest selection at which every risk is acceptable: one level in parts per million for
/// each risk of [`Instance::Weighted`], one level for the worst path of [`Instance::Graph`]. Of
/// several the one with the least indirect cost is taken. Objective and bound of the plan are
/// costs.
///
/// # Errors
/// [`SafeguardsError::NotReachable`] with the risks that stay above,
/// [`SafeguardsError::NotReachableTogether`], [`SafeguardsError::Inconsistent`], or
/// [`SafeguardsError::Solver`].
pub fn minimise_cost(
	instance: &Instance,
	acceptable_ppm: &[u64],
	seed: u32,
) -> Result<Plan, SafeguardsError> {
	instance.check()?;
	let names = risk_names(instance);
	if names.len() != acceptable_ppm.len() {
		return Err(SafeguardsError::Inconsistent {
			what: "acceptable levels".into(),
			reason: format!("{} given for {} risks", acceptable_ppm.len(), names.len()),
		});
	}
	let least = least_reachable(instance);
	let risks: Vec<String> = names
		.iter()
		.zip(acceptable_ppm.iter().zip(&least))
		.filter(|(_, (acceptable, least))| least > acceptable)
		.map(|(name, (acceptable, least))| {
			format!("{name} (at least {least} ppm, acceptable {acceptable} ppm)")
		})
		.collect();
	if !risks.is_empty() {
		return Err(SafeguardsError::NotReachable { risks });
	}
	let optimum: Option<Optimum> = match instance {
		Instance::Weighted(risks) => weighted::minimise_cost(risks, acceptable_ppm, seed)?,
		Instance::Graph(graph) => graph::minimise_cost(graph, acceptable_ppm[0], seed)?,
	};
	let optimum = optimum.ok_or(SafeguardsError::NotReachableTogether)?;
	let cost = instance.cost(&optimum.selection).0 as f64;
	Ok(Plan::new(instance, optimum, cost, None, seed, solver::name()))
}

/// Risk in parts per million of the unit, in floating point.
fn risk(instance: &Instance, selection: &Selection) -> f64 {
	match instance {
		Instance::Weighted(risks) => weighted::risk(risks, selection),
		Instance::Graph(graph) => graph::risk(graph, selection) * graph.impact_ppm as f64,
	}
}

fn risk_names(instance: &Instance) -> Vec<String> {
	match instance {
		Instance::Weighted(risks) => risks.risks.iter().map(|risk| risk.id.clone()).collect(),
		Instance::Graph(_) => vec!["worst path".into()],
	}
}

/// What is left of each risk with the strongest level against it of every safeguard.
fn least_reachable(instance: &Instance) -> Vec<u64> {
	match instance {
		Instance::Weighted(risks) => (0..risks.risks.len())
			.map(|risk| {
				let levels = risks.risks[risk].efficacy_ppm.iter();
				let strongest = levels.map(|levels| strongest(levels.iter().copied()));
				risks.residual_ppm(risk, &strongest.collect())
			})
			.collect(),
		Instance::Graph(graph) => {
			// Each step hindered as much as can be: not always one selection, but never above any.
			let mut ideal = graph.clone();
			for edge in &mut ideal.edges {
				for hindrance in &mut edge.hindrances {
					let least = hindrance.pass_ppm.iter().copied().min().unwrap_or(1);
					hindrance.pass_ppm.fill(least);
				}
			}
			let all = vec![Some(0); graph.safeguards.len()];
			vec![Instance::Graph(ideal).risk_ppm(&all)]
		},
	}
}

fn strongest(efficacies: impl Iterator<Item = u64>) -> Option<usize> {
	efficacies.enumerate().max_by_key(|(_, efficacy)| *efficacy).map(|(level, _)| level)
}
