//! What there is to choose from, and the risk of a selection in fixed point.

use crate::SafeguardsError;

/// Parts in one for pass probabilities and efficacies.
pub const MILLION: u64 = 1_000_000;

/// Parts in one for products.
const FINE: u128 = 1_000_000_000_000;

/// A safeguard with its levels, of which at most one is chosen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Safeguard {
	/// Stable name.
	pub id: String,
	/// Levels, from the least.
	pub levels: Vec<SafeguardLevel>,
}

/// What a level costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafeguardLevel {
	/// Direct cost in cents, or hundredths of the instance's own unit.
	pub cost: u64,
	/// Indirect cost in hundredths of hours, or of the instance's own unit.
	pub indirect_cost: u64,
}

/// What may be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
	/// Direct cost, in the unit of the instance.
	pub direct: u64,
	/// Indirect cost, in the unit of the instance; no limit if absent.
	pub indirect: Option<u64>,
}

/// The chosen level of each safeguard, in order.
pub type Selection = Vec<Option<usize>>;

/// Something to choose for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instance {
	/// Independent risks.
	Weighted(WeightedRisks),
	/// The paths of an attacker.
	Graph(AttackGraph),
}

/// Risks whose residuals add up: `Σ weight · Π (1 − efficacy)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedRisks {
	/// What can be chosen.
	pub safeguards: Vec<Safeguard>,
	/// What it acts upon.
	pub risks: Vec<WeightedRisk>,
}

/// One risk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedRisk {
	/// Stable name.
	pub id: String,
	/// Risk without any safeguard, in parts per million of the unit.
	pub weight_ppm: u64,
	/// Efficacy by safeguard and level in parts per million, below a million.
	pub efficacy_ppm: Vec<Vec<u64>>,
}

/// An attack graph: the risk is `impact` times the highest product of probabilities over the paths
/// from any attacker to the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttackGraph {
	/// What can be chosen.
	pub safeguards: Vec<Safeguard>,
	/// Number of vertices.
	pub vertices: usize,
	/// Where attackers start.
	pub attackers: Vec<usize>,
	/// Where they must not get.
	pub target: usize,
	/// Damage at the target, in parts per million of the unit.
	pub impact_ppm: u64,
	/// Steps.
	pub edges: Vec<Edge>,
}

/// A step of an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
	/// From.
	pub source: usize,
	/// To.
	pub target: usize,
	/// Probability that it succeeds without any safeguard, in parts per million; never, if 0.
	pub probability_ppm: u64,
	/// What hinders it.
	pub hindrances: Vec<Hindrance>,
}

/// A safeguard that hinders a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
	/// Position of the safeguard.
	pub safeguard: usize,
	/// What each level lets pass, in parts per million, above 0.
	pub pass_ppm: Vec<u64>,
}

impl Instance {
	/// What can be chosen.
	pub fn safeguards(&self) -> &[Safeguard] {
		match self {
			Self::Weighted(risks) => &risks.safeguards,
			Self::Graph(graph) => &graph.safeguards,
		}
	}

	/// The risk of a selection in parts per million of the unit, in integer arithmetic, rounded.
	pub fn risk_ppm(&self, selection: &Selection) -> u64 {
		match self {
			Self::Weighted(risks) => risks.risk_ppm(selection),
			Self::Graph(graph) => graph.risk_ppm(selection),
		}
	}

	/// Direct and indirect cost of a selection.
	pub fn cost(&self, selection: &Selection) -> (u64, u64) {
		let chosen = self.safeguards().iter().zip(selection);
		let levels =
			chosen.filter_map(|(safeguard, level)| safeguard.levels.get((*level)?).copied());
		levels.fold((0u64, 0u64), |(direct, indirect), level| {
			(direct.saturating_add(level.cost), indirect.saturating_add(level.indirect_cost))
		})
	}

	/// Checks what the types cannot.
	///
	/// # Errors
	/// [`SafeguardsError::Inconsistent`] for the first thing that makes no sense.
	pub fn check(&self) -> Result<(), SafeguardsError> {
		let refuse = |what: &str, reason: &str| {
			Err(SafeguardsError::Inconsistent { what: what.into(), reason: reason.into() })
		};
		for (position, safeguard) in self.safeguards().iter().enumerate() {
			if safeguard.levels.is_empty() {
				return refuse(&safeguard.id, "has no level");
			}
			// Greater sums could not be added up exactly by the solver.
			if safeguard.levels.iter().any(|level| level.cost.max(level.indirect_cost) > 1 << 40) {
				return refuse(&safeguard.id, "costs more than 2^40");
			}
			if self.safeguards()[..position].iter().any(|other| other.id == safeguard.id) {
				return refuse(&safeguard.id, "appears twice");
			}
		}
		match self {
			Self::Weighted(risks) => risks.check(),
			Self::Graph(graph) => graph.check(),
		}
	}
}

impl WeightedRisks {
	/// What is left of one risk in parts per million of the unit, times 10^12.
	fn residual(&self, risk: &WeightedRisk, selection: &Selection) -> u128 {
		let chosen = risk.efficacy_ppm.iter().zip(selection);
		let passing = chosen
			.filter_map(|(levels, level)| levels.get((*level)?))
			.fold(FINE, |passing, efficacy| {
				passing * u128::from(MILLION - efficacy.min(&MILLION)) / 1_000_000
			});
		u128::from(risk.weight_ppm) * passing
	}

	/// What is left of one risk in parts per million of the unit, rounded.
	pub fn residual_ppm(&self, risk: usize, selection: &Selection) -> u64 {
		((self.residual(&self.risks[risk], selection) + FINE / 2) / FINE) as u64
	}

	fn risk_ppm(&self, selection: &Selection) -> u64 {
		let sum: u128 = self.risks.iter().map(|risk| self.residual(risk, selection)).sum();
		((sum + FINE / 2) / FINE) as u64
	}

	fn check(&self) -> Result<(), SafeguardsError> {
		for risk in &self.risks {
			let refuse = |reason: &str| {
				Err(SafeguardsError::Inconsistent { what: risk.id.clone(), reason: reason.into() })
			};
			let shape = self.safeguards.iter().map(|safeguard| safeguard.levels.len());
			if !risk.efficacy_ppm.iter().map(Vec::len).eq(shape) {
				return refuse("needs one efficacy for each level of each safeguard");
			}
			if risk.efficacy_ppm.iter().flatten().any(|efficacy| *efficacy >= MILLION) {
				return refuse("an efficacy must be below 1: nothing is stopped for certain");
			}
			if risk.weight_ppm > 1 << 50 {
				return refuse("its weight is above 10^9");
			}
		}
		Ok(())
	}
}

impl AttackGraph {
	/// Longest product by Bellman and Ford; probabilities are at most 1, so that no cycle lengthens
	/// a path.
	fn risk_ppm(&self, selection: &Selection) -> u64 {
		let mut reached = vec![0u128; self.vertices];
		for attacker in &self.attackers {
			reached[*attacker] = FINE;
		}
		let probabilities: Vec<u128> = self
			.edges
			.iter()
			.map(|edge| {
				let base = u128::from(edge.probability_ppm) * 1_000_000;
				let passes = edge.hindrances.iter().filter_map(|hindrance| {
					hindrance.pass_ppm.get((*selection.get(hindrance.safeguard)?)?)
				});
				passes.fold(base, |product, pass| product * u128::from(*pass) / 1_000_000)
			})
			.collect();
		let mut changed = true;
		while changed {
			changed = false;
			for (edge, probability) in self.edges.iter().zip(&probabilities) {
				let through = reached[edge.source] * probability / FINE;
				if through > reached[edge.target] {
					reached[edge.target] = through;
					changed = true;
				}
			}
		}
		((u128::from(self.impact_ppm) * reached[self.target] + FINE / 2) / FINE) as u64
	}

	fn check(&self) -> Result<(), SafeguardsError> {
		let refuse = |what: String, reason: &str| {
			Err(SafeguardsError::Inconsistent { what, reason: reason.into() })
		};
		let outside = |vertex: &usize| *vertex >= self.vertices;
		if outside(&self.target) || self.attackers.iter().any(outside) || self.attackers.is_empty()
		{
			return refuse("attackers and target".into(), "must be vertices of the graph");
		}
		if self.impact_ppm > 1 << 50 {
			return refuse("impact".into(), "is above 10^9");
		}
		for (number, edge) in self.edges.iter().enumerate() {
			let what = || format!("edge {number}");
			if outside(&edge.source) || outside(&edge.target) {
				return refuse(what(), "leads out of the graph");
			}
			if edge.probability_ppm > MILLION {
				return refuse(what(), "has a probability above 1");
			}
			for hindrance in &edge.hindrances {
				let Some(safeguard) = self.safeguards.get(hindrance.safeguard) else {
					return refuse(what(), "is hindered by a safeguard that does not exist");
				};
				if hindrance.pass_ppm.len() != safeguard.levels.len() {
					return refuse(what(), "needs one pass probability for each level");
				}
				if hindrance.pass_ppm.iter().any(|pass| !(1..=MILLION).contains(pass)) {
					return refuse(what(), "a pass probability must be above 0 and at most 1");
				}
			}
		}
		Ok(())
	}
}
