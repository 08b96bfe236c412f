//! Selection instances from JSON.
//!
//! Three formats: weaknesses (controls in consecutive pairs, low and high), attack graphs with
//! numbered vertices and levels, attack graphs with named vertices and one factor a control. Costs
//! become hundredths, probabilities, efficacies, weights and impacts parts per million. Fields that
//! only comment (name, source, reference) are ignored.

use crate::{
	instance::{
		AttackGraph, Edge, Hindrance, Instance, Safeguard, SafeguardLevel, WeightedRisk,
		WeightedRisks, MILLION,
	},
	SafeguardsError,
};

/// Reads an instance, whichever of the formats it has.
///
/// # Errors
/// [`SafeguardsError::Malformed`] or [`SafeguardsError::Inconsistent`].
pub fn read(text: &str) -> Result<Instance, SafeguardsError> {
	let malformed = |error: serde_json::Error| SafeguardsError::Malformed {
		what: "instance",
		reason: error.to_string(),
	};
	let value: serde_json::Value = serde_json::from_str(text).map_err(malformed)?;
	let instance = if value.get("threats").is_some() {
		Instance::Weighted(serde_json::from_value::<Weaknesses>(value).map_err(malformed)?.read()?)
	} else if value.get("attackers").is_some() {
		Instance::Graph(serde_json::from_value::<NamedGraph>(value).map_err(malformed)?.read()?)
	} else {
		Instance::Graph(serde_json::from_value::<NumberedGraph>(value).map_err(malformed)?.read()?)
	};
	instance.check()?;
	Ok(instance)
}

fn inconsistent(what: impl Into<String>, reason: &str) -> SafeguardsError {
	SafeguardsError::Inconsistent { what: what.into(), reason: reason.into() }
}

/// A non-negative number in so many parts of one.
fn parts(what: &str, number: f64, of_one: f64) -> Result<u64, SafeguardsError> {
	let scaled = number * of_one;
	if !(0.0..=1e15).contains(&scaled) {
		return Err(inconsistent(what, "must be a number from 0 to 10^9"));
	}
	if (scaled - scaled.round()).abs() > (scaled * 1e-12).max(1e-6) {
		return Err(inconsistent(what, "has more decimals than are kept (2 for costs, 6 else)"));
	}
	Ok(scaled.round() as u64)
}

fn hundredths(what: &str, number: f64) -> Result<u64, SafeguardsError> {
	parts(what, number, 100.0)
}

fn ppm(what: &str, number: f64) -> Result<u64, SafeguardsError> {
	parts(what, number, MILLION as f64)
}

#[derive(serde::Deserialize)]
struct Weaknesses {
	controls: Vec<String>,
	cost: Vec<f64>,
	threats: Vec<Threat>,
}

#[derive(serde::Deserialize)]
struct Threat {
	id: String,
	weight: f64,
	efficacy: Vec<f64>,
}

impl Weaknesses {
	fn read(self) -> Result<WeightedRisks, SafeguardsError> {
		let lengths = self.threats.iter().map(|threat| threat.efficacy.len());
		if !self.controls.len().is_multiple_of(2)
			|| lengths.chain([self.cost.len()]).any(|length| length != self.controls.len())
		{
			return Err(inconsistent(
				"controls",
				"must come in pairs, each with cost and efficacy",
			));
		}
		let safeguards = self.controls.chunks(2).zip(self.cost.chunks(2)).map(|(names, costs)| {
			let levels = costs.iter().map(|cost| {
				Ok(SafeguardLevel { cost: hundredths(&names[0], *cost)?, indirect_cost: 0 })
			});
			let id = names[0].trim_end_matches("_L").to_string();
			Ok(Safeguard { id, levels: levels.collect::<Result<_, SafeguardsError>>()? })
		});
		let safeguards = safeguards.collect::<Result<_, SafeguardsError>>()?;
		let risks = self.threats.iter().map(|threat| {
			let efficacy = threat.efficacy.chunks(2).map(|pair| {
				pair.iter()
					.map(|efficacy| ppm(&threat.id, *efficacy))
					.collect::<Result<Vec<_>, _>>()
			});
			Ok(WeightedRisk {
				id: threat.id.clone(),
				weight_ppm: ppm(&threat.id, threat.weight)?,
				efficacy_ppm: efficacy.collect::<Result<_, SafeguardsError>>()?,
			})
		});
		let risks = risks.collect::<Result<_, SafeguardsError>>()?;
		Ok(WeightedRisks { safeguards, risks })
	}
}

#[derive(serde::Deserialize)]
struct NumberedGraph {
	vertices: usize,
	attacker: usize,
	target: usize,
	impact: f64,
	controls: Vec<LevelledControl>,
	edges: Vec<NumberedEdge>,
}

#[derive(serde::Deserialize)]
struct LevelledControl {
	id: String,
	levels: Vec<ControlLevel>,
}

#[derive(serde::Deserialize)]
struct ControlLevel {
	cost: f64,
	#[serde(default)]
	indirect_cost: f64,
	pass_probability: f64,
}

#[derive(serde::Deserialize)]
struct NumberedEdge {
	source: usize,
	target: usize,
	probability: f64,
	#[serde(default)]
	controls: Vec<EdgeControl>,
}

#[derive(serde::Deserialize)]
struct EdgeControl {
	id: String,
	multiplier: Option<f64>,
	cap: Option<f64>,
	#[serde(default)]
	pass_probabilities: Vec<f64>,
}

impl EdgeControl {
	/// A level multiplies by `pass_probabilities[level]` where given, a level beyond its end by the
	/// last; else by `min(pass_probability · multiplier, cap)`.
	fn pass(&self, level: usize, of_level: f64) -> Result<u64, SafeguardsError> {
		let listed = self.pass_probabilities.get(level).or(self.pass_probabilities.last());
		let scaled = of_level * self.multiplier.unwrap_or(1.0);
		let pass = listed.copied().unwrap_or_else(|| scaled.min(self.cap.unwrap_or(1.0)));
		ppm(&self.id, pass)
	}
}

impl NumberedGraph {
	fn read(self) -> Result<AttackGraph, SafeguardsError> {
		let mut safeguards = Vec::new();
		for control in &self.controls {
			let mut levels = Vec::new();
			for level in &control.levels {
				levels.push(SafeguardLevel {
					cost: hundredths(&control.id, level.cost)?,
					indirect_cost: hundredths(&control.id, level.indirect_cost)?,
				});
			}
			safeguards.push(Safeguard { id: control.id.clone(), levels });
		}
		let mut edges = Vec::new();
		for edge in &self.edges {
			let mut hindrances = Vec::new();
			for one in &edge.controls {
				let safeguard = self.controls.iter().position(|control| control.id == one.id);
				let safeguard =
					safeguard.ok_or_else(|| inconsistent(&one.id, "is not among the controls"))?;
				let levels = self.controls[safeguard].levels.iter().enumerate();
				let pass_ppm = levels
					.map(|(level, of_level)| one.pass(level, of_level.pass_probability))
					.collect::<Result<_, _>>()?;
				hindrances.push(Hindrance { safeguard, pass_ppm });
			}
			edges.push(Edge {
				source: edge.source,
				target: edge.target,
				probability_ppm: ppm("edge", edge.probability)?,
				hindrances,
			});
		}
		Ok(AttackGraph {
			safeguards,
			vertices: self.vertices,
			attackers: vec![self.attacker],
			target: self.target,
			impact_ppm: ppm("impact", self.impact)?,
			edges,
		})
	}
}

#[derive(serde::Deserialize)]
struct NamedGraph {
	vertices: Vec<String>,
	attackers: Vec<String>,
	target: String,
	impact: f64,
	edges: Vec<NamedEdge>,
	controls: Vec<FactorControl>,
}

#[derive(serde::Deserialize)]
struct NamedEdge {
	id: String,
	source: String,
	target: String,
	probability: f64,
}

#[derive(serde::Deserialize)]
struct FactorControl {
	id: String,
	cost: f64,
	#[serde(default)]
	indirect_cost: f64,
	factor: f64,
	edges: Vec<String>,
}

impl NamedGraph {
	fn read(self) -> Result<AttackGraph, SafeguardsError> {
		let vertex = |name: &String| {
			let position = self.vertices.iter().position(|vertex| vertex == name);
			position.ok_or_else(|| inconsistent(name, "is not among the vertices"))
		};
		let mut edges = Vec::new();
		for edge in &self.edges {
			edges.push(Edge {
				source: vertex(&edge.source)?,
				target: vertex(&edge.target)?,
				probability_ppm: ppm(&edge.id, edge.probability)?,
				hindrances: Vec::new(),
			});
		}
		let mut safeguards = Vec::new();
		for (safeguard, control) in self.controls.iter().enumerate() {
			for id in &control.edges {
				let position = self.edges.iter().position(|edge| edge.id == *id);
				let position =
					position.ok_or_else(|| inconsistent(id, "is not among the edges"))?;
				let pass_ppm = vec![ppm(&control.id, control.factor)?];
				edges[position].hindrances.push(Hindrance { safeguard, pass_ppm });
			}
			let level = SafeguardLevel {
				cost: hundredths(&control.id, control.cost)?,
				indirect_cost: hundredths(&control.id, control.indirect_cost)?,
			};
			safeguards.push(Safeguard { id: control.id.clone(), levels: vec![level] });
		}
		Ok(AttackGraph {
			safeguards,
			vertices: self.vertices.len(),
			attackers: self.attackers.iter().map(vertex).collect::<Result<_, _>>()?,
			target: vertex(&self.target)?,
			impact_ppm: ppm("impact", self.impact)?,
			edges,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const WEAKNESSES: &str = r#"{"controls":["1_L","1_H"],"cost":[271.0,657.3],
		"threats":[{"id":"T0","weight":7.39,"efficacy":[0.32,0.63]}]}"#;

	#[test]
	fn costs_become_hundredths_and_shares_parts_per_million() {
		let Instance::Weighted(risks) = read(WEAKNESSES).unwrap() else { panic!("weighted") };
		assert_eq!(risks.safeguards[0].id, "1");
		assert_eq!(risks.safeguards[0].levels[1].cost, 65_730);
		assert_eq!(risks.risks[0].efficacy_ppm, [[320_000, 630_000]]);
		assert_eq!(Instance::Weighted(risks).risk_ppm(&vec![Some(1)]), 2_734_300);
	}

	#[test]
	fn numbers_that_cannot_be_kept_exactly_are_refused() {
		for (good, bad) in
			[("657.3", "657.305"), ("0.32", "0.3200001"), ("7.39", "-1"), ("0.63", "1.0")]
		{
			let text = WEAKNESSES.replace(good, bad);
			assert!(matches!(read(&text), Err(SafeguardsError::Inconsistent { .. })), "{bad}");
		}
		assert!(matches!(read("{}"), Err(SafeguardsError::Malformed { .. })));
	}

	#[test]
	fn a_level_beyond_the_list_lets_pass_what_the_last_one_does() {
		let control = EdgeControl {
			id: "c".into(),
			multiplier: None,
			cap: None,
			pass_probabilities: vec![0.5, 0.25],
		};
		assert_eq!(control.pass(0, 0.9), Ok(500_000));
		assert_eq!(control.pass(7, 0.9), Ok(250_000));
		let scaled = EdgeControl {
			multiplier: Some(4.0),
			cap: Some(0.999),
			pass_probabilities: vec![],
			..control
		};
		assert_eq!((scaled.pass(0, 0.3), scaled.pass(0, 0.2)), (Ok(999_000), Ok(800_000)));
	}
}
