//! Safeguards for hospitals, and the plan for a risk assessment.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
	instance::{Budget, Instance, Safeguard, SafeguardLevel, WeightedRisk, WeightedRisks, MILLION},
	optimise::minimise_risk,
	plan::Plan,
	SafeguardsError,
};

/// Safeguards with costs and efficacies.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
	/// Goes up with every change.
	pub version: u32,
	/// Where names and figures come from.
	pub source: String,
	/// What safeguards can act upon, by the names the risk engine gives its drivers.
	pub drivers: Vec<String>,
	/// The safeguards.
	pub safeguards: Vec<Entry>,
}

/// A safeguard of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
	/// Stable name.
	pub id: String,
	/// What it is.
	pub title: String,
	/// Levels, from the least; at most one is chosen.
	pub levels: Vec<EntryLevel>,
}

/// A level of a safeguard.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLevel {
	/// What is done.
	pub name: String,
	/// To buy, once.
	pub purchase_cents: u64,
	/// To put in place, once.
	pub implementation_cents: u64,
	/// To run, a year.
	pub running_cents_per_year: u64,
	/// Working time of staff that it takes, a year.
	pub indirect_hours_per_year: u64,
	/// Share of each driver that it removes, in parts per million; 0 where absent.
	pub efficacy_ppm: BTreeMap<String, u64>,
}

/// Something that the risk comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskDriver {
	/// Name, as the catalogue has it.
	pub id: String,
	/// Expected harm that comes from it, in parts per million of one worst event.
	pub weight_ppm: u64,
}

impl EntryLevel {
	/// Cost over a first year: purchase, implementation and running.
	pub fn first_year_cents(&self) -> u64 {
		self.purchase_cents
			.saturating_add(self.implementation_cents)
			.saturating_add(self.running_cents_per_year)
	}
}

impl Catalogue {
	/// The catalogue that comes with this crate.
	pub fn standard() -> Self {
		Self::parse(include_str!("../catalogue.json"))
			.expect("the file is compiled in and a test parses it; qed")
	}

	/// Reads a catalogue.
	///
	/// # Errors
	/// [`SafeguardsError::Malformed`] if it is none or speaks of a driver it does not list.
	pub fn parse(text: &str) -> Result<Self, SafeguardsError> {
		let malformed = |reason: String| SafeguardsError::Malformed { what: "catalogue", reason };
		let catalogue: Self =
			serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
		let known: BTreeSet<&String> = catalogue.drivers.iter().collect();
		let levels = catalogue.safeguards.iter().flat_map(|entry| &entry.levels);
		for level in levels {
			if let Some((driver, _)) = level
				.efficacy_ppm
				.iter()
				.find(|(driver, ppm)| !known.contains(driver) || **ppm >= MILLION)
			{
				let name = &level.name;
				return Err(malformed(format!(
					"{name}: efficacy on {driver} is unknown or not below 1"
				)));
			}
		}
		Ok(catalogue)
	}

	/// The choice of safeguards for these drivers. Direct costs are those of the first year in
	/// cents, indirect costs hundredths of hours a year.
	///
	/// # Errors
	/// [`SafeguardsError::Inconsistent`] if a driver is not in the catalogue: nothing would act
	/// upon it unnoticed.
	pub fn instance(&self, drivers: &[RiskDriver]) -> Result<Instance, SafeguardsError> {
		if let Some(driver) = drivers.iter().find(|driver| !self.drivers.contains(&driver.id)) {
			return Err(SafeguardsError::Inconsistent {
				what: format!("driver {}", driver.id),
				reason: format!("is not among {}", self.drivers.join(", ")),
			});
		}
		let safeguards = self.safeguards.iter().map(|entry| Safeguard {
			id: entry.id.clone(),
			levels: entry
				.levels
				.iter()
				.map(|level| SafeguardLevel {
					cost: level.first_year_cents(),
					indirect_cost: level.indirect_hours_per_year.saturating_mul(100),
				})
				.collect(),
		});
		let risks = drivers.iter().map(|driver| WeightedRisk {
			id: driver.id.clone(),
			weight_ppm: driver.weight_ppm,
			efficacy_ppm: self
				.safeguards
				.iter()
				.map(|entry| {
					let levels = entry.levels.iter();
					levels
						.map(|level| level.efficacy_ppm.get(&driver.id).copied().unwrap_or(0))
						.collect()
				})
				.collect(),
		});
		let instance = Instance::Weighted(WeightedRisks {
			safeguards: safeguards.collect(),
			risks: risks.collect(),
		});
		instance.check()?;
		Ok(instance)
	}
}

/// Seed of the plans for a risk assessment: fixed, so that a plan can be recomputed.
pub const PLAN_SEED: u32 = 1;

/// The safeguards that leave the least of these drivers within a budget.
///
/// # Errors
/// As [`Catalogue::instance`] and [`minimise_risk`].
pub fn plan_for(
	drivers: &[RiskDriver],
	catalogue: &Catalogue,
	budget: Budget,
) -> Result<Plan, SafeguardsError> {
	minimise_risk(&catalogue.instance(drivers)?, budget, PLAN_SEED)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_standard_catalogue_parses_and_acts_upon_every_driver() {
		let catalogue = Catalogue::parse(include_str!("../catalogue.json")).unwrap();
		for driver in &catalogue.drivers {
			let acts = catalogue
				.safeguards
				.iter()
				.flat_map(|entry| &entry.levels)
				.any(|level| level.efficacy_ppm.get(driver).is_some_and(|ppm| *ppm > 0));
			assert!(acts, "nothing acts upon {driver}");
		}
	}

	#[test]
	fn no_level_is_dominated_by_another_of_its_safeguard() {
		for entry in Catalogue::standard().safeguards {
			for pair in entry.levels.windows(2) {
				assert!(pair[0].first_year_cents() < pair[1].first_year_cents(), "{}", entry.id);
				for (driver, low) in &pair[0].efficacy_ppm {
					assert!(
						pair[1].efficacy_ppm.get(driver) > Some(low),
						"{} on {driver}",
						entry.id
					);
				}
			}
		}
	}

	#[test]
	fn an_efficacy_on_an_unknown_driver_is_refused() {
		let text = include_str!("../catalogue.json").replacen(
			"\"phishing\": 500000",
			"\"fishing\": 500000",
			1,
		);
		assert!(Catalogue::parse(&text).unwrap_err().to_string().contains("fishing"));
	}
}
