//! Plans safeguards against the drivers of an assessment, and shows plans to people.

use curex_primitives::{merkle, Plan, Report, ReportKind, SizeBucket};
use curex_safeguards::{
	catalogue::PLAN_SEED, plan_for, recheck, Budget, Catalogue, Chosen, RiskDriver,
};
use serde_json::{json, Value};

use super::TO_BE_SEALED;
use crate::{canonical, store::Draft, Config, Error, Store};

/// Cents of a euro, and hundredths of an hour.
const HUNDREDTHS: u64 = 100;

/// Drafts the best plan within the configured budget; nothing if there is no budget.
///
/// The plan is checked again in integer arithmetic, as other members will check it, before it is drafted.
///
/// # Errors
/// [`Error::Safeguards`]; [`Error::PlanNotConfirmed`] if the re-check disagrees.
pub fn draft(config: &Config, assessed: &curex_risk::Assessment) -> Result<Option<Draft>, Error> {
	let Some(limits) = config.budget else { return Ok(None) };
	let catalogue = Catalogue::standard();
	let drivers: Vec<RiskDriver> = assessed
		.drivers
		.iter()
		.map(|driver| RiskDriver { id: driver.kind.name().into(), weight_ppm: driver.weight_ppm })
		.collect();
	let budget = Budget {
		direct: limits.cents,
		indirect: limits.indirect_hours.map(|hours| hours.saturating_mul(HUNDREDTHS)),
	};
	let plan = plan_for(&drivers, &catalogue, budget)?;
	let checked = recheck(&catalogue.instance(&drivers)?, &plan)?;
	if !(checked.feasible && checked.truthful) {
		return Err(Error::PlanNotConfirmed);
	}
	let report = Report::Plan(Plan {
		inputs: TO_BE_SEALED,
		catalogue_version: catalogue.version,
		budget: SizeBucket::of(limits.cents / HUNDREDTHS),
		objective_ppm: plan.remaining_ppm,
		bound_ppm: plan.remaining_bound_ppm,
		selection: merkle::root(leaves(&plan.selection)?),
		evidence: TO_BE_SEALED,
	});
	let inputs = json!({
		"drivers": drivers,
		"catalogue": catalogue,
		"budget": budget,
		"seed": PLAN_SEED,
	});
	let document = json!({ "plan": plan, "recheck": checked });
	Ok(Some(Draft { report, document, inputs: Some(inputs), alert: None }))
}

/// The leaves of the selection's tree: the canonical JSON of every chosen safeguard with its level, in the plan's order.
fn leaves(selection: &[Chosen]) -> Result<Vec<Vec<u8>>, Error> {
	selection.iter().map(|chosen| canonical::to_bytes(&serde_json::to_value(chosen)?)).collect()
}

/// The newest plan in words, for a security officer.
///
/// # Errors
/// [`Error::NotFound`] if there is no plan, and whatever opening its evidence gives.
pub fn show(store: &Store) -> Result<String, Error> {
	let (number, _, mut document) = store
		.newest_document(ReportKind::Plan)?
		.ok_or_else(|| Error::NotFound { what: "a plan".into() })?;
	let plan: curex_safeguards::Plan = serde_json::from_value(document["plan"].take())?;
	let catalogue: Catalogue = serde_json::from_value(document["inputs"]["catalogue"].take())?;
	let drivers: Vec<RiskDriver> = serde_json::from_value(document["inputs"]["drivers"].take())?;
	Ok(describe(number, &plan, &catalogue, &drivers))
}

fn describe(
	number: u64,
	plan: &curex_safeguards::Plan,
	catalogue: &Catalogue,
	drivers: &[RiskDriver],
) -> String {
	let mut lines = vec![format!("Plan {number}")];
	if let Some(budget) = plan.budget {
		let hours = budget.indirect.map_or("without limit".into(), hours);
		lines.push(format!("Budget   {} a first year, staff time {hours}", euros(budget.direct)));
	}
	lines.push(format!("Cost     {}, staff time {}", euros(plan.cost), hours(plan.indirect_cost)));
	let proof = if plan.remaining_bound_ppm == plan.remaining_ppm {
		"proven: no selection within the budget leaves less".into()
	} else {
		format!(
			"proven: no selection leaves less than {}",
			percent(plan.remaining_bound_ppm.into())
		)
	};
	lines.push(format!("Leaves   {} of the risk ({proof})", percent(plan.remaining_ppm.into())));
	lines.push(String::new());
	lines.push("The risk comes from".into());
	let whole: u64 = drivers.iter().map(|driver| driver.weight_ppm).sum();
	for driver in drivers.iter().filter(|driver| driver.weight_ppm > 0) {
		lines.push(format!("  {:>6}  {}", percent(share(driver.weight_ppm, whole)), driver.id));
	}
	lines.push(String::new());
	if plan.selection.is_empty() {
		lines.push("No safeguard fits the budget.".into());
		return lines.join("\n");
	}
	lines.push(
		"Put in place, what is worth most first (share of the risk that returns without it)".into(),
	);
	for worth in &plan.explanation {
		let level = plan.selection.iter().find(|chosen| chosen.safeguard == worth.safeguard);
		lines.push(format!(
			"  {:>6}  {}, {}",
			percent(share(worth.risk_rise_ppm, plan.base_ppm)),
			title(catalogue, &worth.safeguard, level.map_or(1, |chosen| chosen.level)),
			euros(worth.cost)
		));
	}
	lines.join("\n")
}

/// Title and level of a safeguard; its id if the catalogue does not have it.
fn title(catalogue: &Catalogue, id: &str, level: usize) -> String {
	let entry = catalogue.safeguards.iter().find(|entry| entry.id == id);
	let name = entry.and_then(|entry| entry.levels.get(level.saturating_sub(1)));
	match (entry, name) {
		(Some(entry), Some(level)) => format!("{}: {}", entry.title, level.name),
		_ => format!("{id} {level}"),
	}
}

fn share(part: u64, whole: u64) -> u64 {
	let share = u128::from(part) * 1_000_000 / u128::from(whole.max(1));
	u64::try_from(share).unwrap_or(u64::MAX)
}

fn percent(ppm: u64) -> String {
	format!("{}.{} %", ppm / 10_000, ppm / 1_000 % 10)
}

fn euros(cents: u64) -> String {
	format!("EUR {}.{:02}", cents / HUNDREDTHS, cents % HUNDREDTHS)
}

fn hours(hundredths: u64) -> String {
	format!("{} h", hundredths / HUNDREDTHS)
}

/// The plan's selection as the ledger's root has it, to check a plan from its document.
///
/// # Errors
/// [`Error::Json`] if the document holds no plan.
pub fn selection_root(document: &Value) -> Result<curex_primitives::MerkleRoot, Error> {
	let plan: curex_safeguards::Plan = serde_json::from_value(document["plan"].clone())?;
	Ok(merkle::root(leaves(&plan.selection)?))
}
