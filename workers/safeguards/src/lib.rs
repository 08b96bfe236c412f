//! Chooses the safeguards that leave the least risk for a budget, or cost the least for an
//! acceptable risk, and proves it.
//!
//! | module | what it does |
//! |---|---|
//! | [`instance`] | what there is to choose from and what it acts upon; the risk of a selection in fixed point |
//! | [`optimise`] | the choice, with a proven bound |
//! | [`plan`] | the choice in words and figures; its re-check without a solver |
//! | [`catalogue`] | safeguards for hospitals with costs and efficacies, and the plan for a risk assessment |
//! | [`formats`] | reads selection instances from JSON |
//!
//! Two kinds of instance: [`instance::WeightedRisks`], the sum of weights × Π (1 − efficacy), and
//! [`instance::AttackGraph`], the worst path of an attacker. Both are solved to global optimality
//! with HiGHS on one thread with a fixed seed: the same inputs give the same plan.
#![warn(missing_docs)]

pub mod catalogue;
pub mod formats;
mod graph;
pub mod instance;
pub mod optimise;
pub mod plan;
mod solver;
mod weighted;

pub use catalogue::{plan_for, Catalogue, RiskDriver};
pub use instance::{AttackGraph, Budget, Instance, Safeguard, SafeguardLevel, WeightedRisks};
pub use optimise::{minimise_cost, minimise_risk};
pub use plan::{recheck, Chosen, LeaveOneOut, Plan, Recheck};

/// What can be wrong with an instance, or with solving it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SafeguardsError {
	/// The file is no instance or catalogue.
	#[error("the {what} cannot be read: {reason}; correct the file")]
	Malformed {
		/// Which file.
		what: &'static str,
		/// Why.
		reason: String,
	},
	/// A number or reference of the instance makes no sense.
	#[error("{what}: {reason}; correct the instance")]
	Inconsistent {
		/// Where.
		what: String,
		/// What was wrong.
		reason: String,
	},
	/// Some risks stay above what is acceptable whatever is chosen.
	#[error("not acceptable with every safeguard in place: {}; accept more or add safeguards", .risks.join(", "))]
	NotReachable {
		/// Each with the least that can be reached.
		risks: Vec<String>,
	},
	/// Each risk can be made acceptable, but not all together.
	#[error("the acceptable levels exclude each other: no selection reaches all of them; accept more of one")]
	NotReachableTogether,
	/// The solver did not finish.
	#[error("the solver stopped with status {status}; reduce the instance or report this")]
	Solver {
		/// HiGHS's own word.
		status: String,
	},
}
