//! HiGHS: one thread, fixed seed, no gap.

use highs::{Col, HighsModelStatus, RowProblem, Sense};

use crate::{
	instance::{Budget, Safeguard, Selection},
	SafeguardsError,
};

/// Tolerance of the solver in the units of its rows, which are scaled to about one or are exact
/// logarithms.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// A mixed-integer problem with one binary column for each level of each safeguard.
#[derive(Clone)]
pub(crate) struct Choice {
	pub(crate) problem: RowProblem,
	/// By safeguard and level.
	pub(crate) columns: Vec<Vec<Col>>,
}

/// A solution and what was proved of it.
pub(crate) struct Solution {
	pub(crate) selection: Selection,
	/// No solution is better than this.
	pub(crate) bound: f64,
}

/// What a level costs in the objective.
pub(crate) type Price = fn(&crate::instance::SafeguardLevel) -> f64;

pub(crate) const DIRECT: Price = |level| level.cost as f64;
pub(crate) const INDIRECT: Price = |level| level.indirect_cost as f64;
pub(crate) const FREE: Price = |_| 0.0;

impl Choice {
	/// At most one level of each safeguard, within the budget if there is one.
	pub(crate) fn new(safeguards: &[Safeguard], price: Price, budget: Option<Budget>) -> Self {
		let mut problem = RowProblem::default();
		let columns: Vec<Vec<Col>> = safeguards
			.iter()
			.map(|safeguard| {
				let levels = safeguard.levels.iter();
				levels.map(|level| problem.add_integer_column(price(level), 0..=1)).collect()
			})
			.collect();
		for levels in columns.iter().filter(|levels| levels.len() > 1) {
			problem.add_row(..=1, levels.iter().map(|column| (*column, 1.0)));
		}
		let mut choice = Self { problem, columns };
		if let Some(budget) = budget {
			choice.limit(safeguards, DIRECT, Some(budget.direct));
			choice.limit(safeguards, INDIRECT, budget.indirect);
		}
		choice
	}

	/// Limits a cost, in integers.
	pub(crate) fn limit(&mut self, safeguards: &[Safeguard], price: Price, limit: Option<u64>) {
		let Some(limit) = limit else { return };
		let costs = safeguards.iter().zip(&self.columns);
		let terms: Vec<(Col, f64)> = costs
			.flat_map(|(safeguard, columns)| safeguard.levels.iter().zip(columns))
			.map(|(level, column)| (*column, price(level)))
			.collect();
		self.problem.add_row(..=limit as f64, terms);
	}

	/// The best selection; nothing if there is none.
	pub(crate) fn solve(self, seed: u32) -> Result<Option<Solution>, SafeguardsError> {
		let failed = |status: String| SafeguardsError::Solver { status };
		let mut model = self
			.problem
			.try_optimise(Sense::Minimise)
			.map_err(|status| failed(format!("{status:?} (the problem was refused)")))?;
		let mut set = |name: &str, value: f64| {
			model.try_set_option(name, value).map_err(|_| failed(format!("option {name} refused")))
		};
		set("mip_rel_gap", 0.0)?;
		set("mip_abs_gap", 0.0)?;
		set("mip_feasibility_tolerance", TOLERANCE)?;
		set("primal_feasibility_tolerance", TOLERANCE)?;
		set("dual_feasibility_tolerance", TOLERANCE)?;
		let mut set = |name: &str, value: i32| {
			model.try_set_option(name, value).map_err(|_| failed(format!("option {name} refused")))
		};
		set("threads", 1)?;
		set("random_seed", (seed & i32::MAX as u32) as i32)?;
		model
			.try_set_option("parallel", "off")
			.map_err(|_| failed("option parallel refused".into()))?;
		let solved = model.try_solve().map_err(|status| failed(format!("{status:?}")))?;
		match solved.status() {
			HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty => {},
			HighsModelStatus::Infeasible => return Ok(None),
			status => return Err(failed(format!("{status:?}"))),
		}
		let values = solved.get_solution();
		let selection = self
			.columns
			.iter()
			.map(|levels| levels.iter().position(|column| values[*column] > 0.5))
			.collect();
		let bound = if self.columns.is_empty() {
			// Nothing to choose: a linear problem, which has no bound apart from its optimum.
			solved.objective_value()
		} else {
			solved
				.double_info_value(c"mip_dual_bound")
				.map_err(|status| failed(format!("{status:?} (no dual bound)")))?
		};
		Ok(Some(Solution { selection, bound }))
	}
}

/// Name and version of the solver.
pub(crate) fn name() -> String {
	// SAFETY: the three functions take no argument, read constants and touch no state.
	let [major, minor, patch] = unsafe {
		[
			highs_sys::Highs_versionMajor(),
			highs_sys::Highs_versionMinor(),
			highs_sys::Highs_versionPatch(),
		]
	};
	format!("HiGHS {major}.{minor}.{patch}")
}
