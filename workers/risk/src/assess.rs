//! From a model to levels.

use curex_primitives::{Confidence, Level};

use crate::{
	evaluation::{
		assets_in_workflows, assets_of, evaluate, expected_harm, level, Evaluation, Resolved,
	},
	fixed::Probability,
	likelihood::{exploitation, passing, phishing, residual, through, Ways},
	matrix,
	model::{Against, Exposure, Model, ObservedKind, Workflow},
	privacy::{severity, FearedEvent},
	workflow::leaves,
	RiskError,
};

/// The risk of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Assessment {
	/// The highest level over workflows and assets; never below the patient-safety level.
	pub cyber: Level,
	/// The highest level over processing activities and feared events.
	pub privacy: Level,
	/// The highest level over workflows by harm to patients alone.
	pub patient_safety: Level,
	/// How sure.
	pub confidence: Confidence,
	/// How each level came about: way in, assets, service, workflow, patient group.
	pub explanation: Vec<String>,
	/// What is not known, and what was assumed instead.
	pub unknown: Vec<String>,
	/// The figures behind the levels.
	pub figures: Figures,
	/// What the risk comes from, greatest first: input to the choice of safeguards.
	pub drivers: Vec<Driver>,
}

/// The figures behind the levels; probabilities in parts per million.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Figures {
	/// The highest of all levels.
	pub highest: Level,
	/// That at least one event of high impact happens within the window: at least, at most.
	pub some_high_impact_ppm: [u64; 2],
	/// Expected harm in parts per million of one worst event.
	pub expected_harm_ppm: u64,
	/// How many events (workflows, assets, feared events) have each level, from very low.
	pub count_by_level: [u32; 5],
	/// By workflow.
	pub workflows: Vec<WorkflowFigures>,
}

/// The figures of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WorkflowFigures {
	/// Id of the workflow.
	pub id: String,
	/// That it cannot go on for longer than it can bear: at least, at most.
	pub failure_ppm: [u64; 2],
	/// Level by harm to patients.
	pub patient_safety: Level,
	/// Level by the greatest of its impacts.
	pub cyber: Level,
}

/// Something that the risk comes from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Driver {
	/// What.
	pub kind: DriverKind,
	/// By how much the expected harm would fall without it, in parts per million of one worst
	/// event. Drivers on one path both count it in full.
	pub weight_ppm: u64,
}

/// What a risk can come from.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum DriverKind {
	/// Vulnerabilities that are known.
	KnownVulnerabilities,
	/// Forged mail.
	Phishing,
	/// Spreading from asset to asset.
	LateralMovement,
	/// People with access.
	InsiderMisuse,
	/// What remains: weaknesses nobody knows of, on reachable assets.
	UnknownWeaknesses,
}

impl DriverKind {
	/// The name under which a safeguard catalogue speaks of it.
	pub const fn name(self) -> &'static str {
		match self {
			Self::KnownVulnerabilities => "known-vulnerabilities",
			Self::Phishing => "phishing",
			Self::LateralMovement => "lateral-movement",
			Self::InsiderMisuse => "insider-misuse",
			Self::UnknownWeaknesses => "unknown-weaknesses",
		}
	}
}

/// Assesses a model.
///
/// # Errors
/// [`RiskError`] if the model is empty or inconsistent.
pub fn assess(model: &Model) -> Result<Assessment, RiskError> {
	let resolved = Resolved::new(model)?;
	let evaluation = evaluate(&resolved, Ways::ALL);
	let cyber_events = cyber_events(&resolved, &evaluation);
	let safety_events = safety_events(&resolved, &evaluation);
	let privacy_events = privacy_events(&resolved, &evaluation);
	let worst =
		|events: &[Event]| events.iter().map(|event| event.level).max().unwrap_or(Level::VeryLow);
	let (patient_safety, privacy) = (worst(&safety_events), worst(&privacy_events));
	let cyber = worst(&cyber_events).max(patient_safety);
	let unknown = unknown(&resolved, &evaluation);
	let all = || cyber_events.iter().chain(&privacy_events);
	let mut count_by_level = [0; 5];
	for event in all() {
		count_by_level[event.level as usize] += 1;
	}
	let high = || all().filter(|event| event.impact >= Level::High);
	let figures = Figures {
		highest: cyber.max(privacy),
		some_high_impact_ppm: [
			high().map(|event| event.likelihood[0].ppm()).max().unwrap_or(0),
			high().fold(Probability::ZERO, |any, event| any.or(event.likelihood[1])).ppm(),
		],
		expected_harm_ppm: expected_harm(&resolved, &evaluation),
		count_by_level,
		workflows: workflow_figures(&resolved, &evaluation),
	};
	let titled = [
		("Patient safety", &safety_events),
		("Cyber", &cyber_events),
		("Privacy", &privacy_events),
	];
	Ok(Assessment {
		cyber,
		privacy,
		patient_safety,
		confidence: confidence(&resolved, &unknown, all()),
		explanation: titled.iter().filter_map(|(title, events)| explain(title, events)).collect(),
		drivers: drivers(&resolved, figures.expected_harm_ppm),
		unknown,
		figures,
	})
}

/// Something that may happen, with what it takes to explain it.
struct Event {
	/// At least, at most.
	likelihood: [Probability; 2],
	impact: Level,
	level: Level,
	/// The level at the lower likelihood.
	least_level: Level,
	path: String,
}

fn cyber_events(resolved: &Resolved, evaluation: &Evaluation) -> Vec<Event> {
	let impact =
		|workflow: &Workflow| workflow.harm.max(workflow.operation).max(workflow.financial);
	let mut events = workflow_events(resolved, evaluation, impact);
	let spoken_of = assets_in_workflows(resolved);
	for (position, asset) in resolved.model.assets.iter().enumerate() {
		if !spoken_of.contains(&position) {
			let bracket = evaluation.brackets[position];
			let likelihood = [bracket.exact.unwrap_or(bracket.lower), bracket.estimate()];
			let path = path_to(resolved, evaluation, position);
			events.push(event(resolved, likelihood, asset.criticality, path));
		}
	}
	events
}

/// By workflow; without any workflow the criticality of assets stands in for the harm to patients.
fn safety_events(resolved: &Resolved, evaluation: &Evaluation) -> Vec<Event> {
	if resolved.model.workflows.is_empty() {
		return cyber_events(resolved, evaluation);
	}
	workflow_events(resolved, evaluation, |workflow| workflow.harm)
}

fn workflow_events(
	resolved: &Resolved,
	evaluation: &Evaluation,
	impact: impl Fn(&Workflow) -> Level,
) -> Vec<Event> {
	let workflows = resolved.model.workflows.iter().zip(&evaluation.workflows);
	workflows
		.map(|(workflow, failure)| {
			let path = path_to_workflow(resolved, evaluation, workflow);
			event(resolved, [failure.lower, failure.upper], impact(workflow), path)
		})
		.collect()
}

fn event(resolved: &Resolved, likelihood: [Probability; 2], impact: Level, path: String) -> Event {
	Event {
		likelihood,
		impact,
		level: level(resolved, likelihood[1], impact),
		least_level: level(resolved, likelihood[0], impact),
		path,
	}
}

fn privacy_events(resolved: &Resolved, evaluation: &Evaluation) -> Vec<Event> {
	let parameters = &resolved.model.parameters;
	let mut found = Vec::new();
	for (activity, events) in resolved.processing.iter().zip(&evaluation.processing) {
		for (feared, failure) in FearedEvent::ALL.into_iter().zip(events) {
			let severity = severity(activity, feared);
			let at = |likelihood| matrix::privacy(matrix::band(likelihood, parameters), severity);
			let worst = activity
				.assets
				.iter()
				.map(|id| resolved.asset[id.as_str()])
				.max_by_key(|position| evaluation.paths.likelihood[*position]);
			let way = worst.map(|position| path_to(resolved, evaluation, position));
			let misused = worst
				.is_none_or(|position| evaluation.brackets[position].estimate() < failure.lower);
			let way = way.filter(|_| !misused).unwrap_or_else(|| "misuse of access".into());
			found.push(Event {
				likelihood: [failure.lower, failure.upper],
				// From severity 1..4 to an impact, for the figures alone.
				impact: Level::ALL[usize::from(severity)],
				level: at(failure.upper),
				least_level: at(failure.lower),
				path: format!("{way} -> {} ({feared:?} to {:?} data)", activity.id, activity.data),
			});
		}
	}
	found
}

/// Way in -> assets.
fn path_to(resolved: &Resolved, evaluation: &Evaluation, position: usize) -> String {
	let assets = evaluation.paths.to(position);
	let names: Vec<&str> =
		assets.iter().map(|position| resolved.model.assets[*position].id.as_str()).collect();
	format!("{} on {}", way_in(resolved, assets[0]), names.join(" -> "))
}

/// Way in -> assets -> service -> workflow -> patient group.
fn path_to_workflow(resolved: &Resolved, evaluation: &Evaluation, workflow: &Workflow) -> String {
	let weakest = leaves(&workflow.needs)
		.into_iter()
		.flat_map(|leaf| assets_of(resolved, leaf).into_iter().map(move |asset| (leaf, asset)))
		.max_by_key(|(_, asset)| evaluation.paths.likelihood[*asset]);
	let Some((leaf, asset)) = weakest else {
		return format!("nothing needed by {}", workflow.id);
	};
	let service = match leaf {
		crate::model::Need::Service(id) => format!(" -> {id}"),
		_ => String::new(),
	};
	format!(
		"{}{service} -> {} -> {}",
		path_to(resolved, evaluation, asset),
		workflow.id,
		workflow.patient_group
	)
}

/// The likeliest way into an asset, in words.
fn way_in(resolved: &Resolved, position: usize) -> String {
	let model = resolved.model;
	let (asset, parameters) = (&model.assets[position], &model.parameters);
	let exploits = passing(&model.controls, Against::Exploitation, Some(&asset.id));
	let mut best =
		(residual(asset, exploits, parameters), "a weakness not matched with any advisory".into());
	for one in model.vulnerabilities.iter().filter(|one| one.asset == asset.id) {
		let likelihood = through(one, asset, exploits, parameters);
		if likelihood > best.0 {
			let known =
				if one.known_exploited || one.ransomware { ", known to be exploited" } else { "" };
			let anywhere = exploitation(one, parameters).0;
			best = (likelihood, format!("{} ({anywhere} anywhere{known})", one.cve));
		}
	}
	for group in model.hygiene.iter().filter(|group| group.workplaces.contains(&asset.id)) {
		let passing = passing(&model.controls, Against::Phishing, Some(&asset.id));
		let likelihood = phishing(group, passing, parameters);
		if likelihood > best.0 {
			best = (likelihood, format!("forged mail to {:?} staff", group.group));
		}
	}
	best.1
}

fn explain(title: &str, events: &[Event]) -> Option<String> {
	// The first of equals, so that the order of the model decides.
	let worst = events.iter().rev().max_by_key(|event| (event.level, event.likelihood[1]))?;
	Some(format!(
		"{title} {}: {}; likelihood {}, impact {}.",
		word(worst.level),
		worst.path,
		worst.likelihood[1],
		word(worst.impact)
	))
}

const fn word(level: Level) -> &'static str {
	match level {
		Level::VeryLow => "very low",
		Level::Low => "low",
		Level::Moderate => "moderate",
		Level::High => "high",
		Level::VeryHigh => "very high",
	}
}

fn workflow_figures(resolved: &Resolved, evaluation: &Evaluation) -> Vec<WorkflowFigures> {
	let workflows = resolved.model.workflows.iter().zip(&evaluation.workflows);
	workflows
		.map(|(workflow, failure)| WorkflowFigures {
			id: workflow.id.clone(),
			failure_ppm: [failure.lower.ppm(), failure.upper.ppm()],
			patient_safety: level(resolved, failure.upper, workflow.harm),
			cyber: level(
				resolved,
				failure.upper,
				workflow.harm.max(workflow.operation).max(workflow.financial),
			),
		})
		.collect()
}

fn drivers(resolved: &Resolved, whole: u64) -> Vec<Driver> {
	let without = |ways| expected_harm(resolved, &evaluate(resolved, ways));
	let fall = |ways| whole.saturating_sub(without(ways));
	let nothing = Ways { exploitation: false, phishing: false, spread: false, misuse: false };
	let mut drivers: Vec<Driver> = [
		(DriverKind::KnownVulnerabilities, fall(Ways { exploitation: false, ..Ways::ALL })),
		(DriverKind::Phishing, fall(Ways { phishing: false, ..Ways::ALL })),
		(DriverKind::LateralMovement, fall(Ways { spread: false, ..Ways::ALL })),
		(DriverKind::InsiderMisuse, fall(Ways { misuse: false, ..Ways::ALL })),
		(DriverKind::UnknownWeaknesses, without(nothing)),
	]
	.map(|(kind, weight_ppm)| Driver { kind, weight_ppm })
	.to_vec();
	drivers.sort_by(|one, other| (other.weight_ppm, one.kind).cmp(&(one.weight_ppm, other.kind)));
	drivers
}

fn unknown(resolved: &Resolved, evaluation: &Evaluation) -> Vec<String> {
	let model = resolved.model;
	let parameters = &model.parameters;
	let mut unknown = Vec::new();
	let mut say = |names: Vec<&str>, what: &str| {
		if !names.is_empty() {
			let shown = names.iter().take(3).copied().collect::<Vec<_>>().join(", ");
			let more = if names.len() > 3 { ", ..." } else { "" };
			unknown.push(format!("{} {what} ({shown}{more})", names.len()));
		}
	};
	let assets = || model.assets.iter();
	say(
		assets().filter(|asset| !asset.assessed).map(|asset| asset.id.as_str()).collect(),
		"assets not matched with advisories: a raised rate of unknown weaknesses is assumed",
	);
	say(
		assets()
			.filter(|asset| asset.exposure == Exposure::Unknown)
			.map(|asset| asset.id.as_str())
			.collect(),
		"assets of unknown exposure: taken as reachable by partners",
	);
	say(
		model
			.vulnerabilities
			.iter()
			.filter(|one| exploitation(one, parameters).1)
			.map(|one| one.cve.as_str())
			.collect(),
		"vulnerabilities without EPSS: the CVSS score stands in, or the worst where there is none",
	);
	say(
		model
			.dependencies
			.iter()
			.filter(|step| step.probability.is_none())
			.map(|step| step.to.as_str())
			.collect(),
		"dependencies without a probability: the policy's value is assumed",
	);
	say(
		model
			.alerts
			.iter()
			.filter(|one| one.kind == ObservedKind::Device && resolved.concerns(one).is_none())
			.map(|alert| alert.entity.as_str())
			.collect(),
		"alerts about devices that are not in the model: not counted",
	);
	say(
		resolved.processing[resolved.stated..].iter().map(|one| one.id.as_str()).collect(),
		"stores of personal data without a stated processing activity: directly identifying data assumed",
	);
	let bracketed = evaluation.brackets.iter().filter(|bracket| bracket.exact.is_none()).count();
	if bracketed > 0 {
		unknown.push(format!(
			"{bracketed} assets with too large a graph upstream: the upper bound counts"
		));
	}
	if model.hygiene.is_empty() {
		unknown.push("No awareness results: forged mail is not counted as a way in".into());
	}
	let unsure = model.hygiene.iter().filter(|group| group.confidence == Confidence::Low).count();
	if unsure > 0 {
		unknown
			.push(format!("{unsure} staff groups with insufficient evidence of their awareness"));
	}
	if model.workflows.is_empty() {
		unknown.push(
			"No workflow is modelled: the criticality of assets stands in for harm to patients"
				.into(),
		);
	}
	unknown
}

/// Low if a quarter of the assets is not known well, if no workflow is modelled, or if some event's
/// level spans more than two steps; medium if anything is unknown or a level is not settled; else
/// high.
fn confidence<'a>(
	resolved: &Resolved,
	unknown: &[String],
	mut events: impl Iterator<Item = &'a Event> + Clone,
) -> Confidence {
	let model = resolved.model;
	let vague = model
		.assets
		.iter()
		.filter(|asset| !asset.assessed || asset.exposure == Exposure::Unknown)
		.count();
	let span = |event: &Event| event.level as u8 - event.least_level as u8;
	let widest = events.clone().map(span).max().unwrap_or(0);
	if vague * 4 > model.assets.len() || model.workflows.is_empty() || widest > 1 {
		Confidence::Low
	} else if !unknown.is_empty() || events.any(|event| span(event) > 0) {
		Confidence::Medium
	} else {
		Confidence::High
	}
}
