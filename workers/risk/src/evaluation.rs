//! The figures of a model, and its consistency.

use std::collections::{BTreeMap, BTreeSet};

use curex_primitives::Level;

use crate::{
	fixed::Probability,
	likelihood::{passing, phishing, residual, through, Ways},
	matrix,
	model::{
		Against, Identification, Model, Need, ObservedAlert, ObservedKind, ProcessingActivity,
	},
	privacy::{severity, FearedEvent},
	propagation::{BestPaths, Bracket, Graph},
	workflow::{at_least, failure, leaves, Failure},
	RiskError,
};

/// A checked model with its references resolved.
pub(crate) struct Resolved<'a> {
	pub(crate) model: &'a Model,
	/// Position of an asset by id and by alias.
	pub(crate) asset: BTreeMap<&'a str, usize>,
	/// Positions of the assets that provide a service.
	pub(crate) providers: BTreeMap<&'a str, Vec<usize>>,
	/// Stated activities, and one for each asset with data that no activity speaks of.
	pub(crate) processing: Vec<ProcessingActivity>,
	/// How many activities are stated.
	pub(crate) stated: usize,
}

impl<'a> Resolved<'a> {
	pub(crate) fn new(model: &'a Model) -> Result<Self, RiskError> {
		if model.assets.is_empty() {
			return Err(RiskError::NothingToAssess);
		}
		let mut asset = BTreeMap::new();
		let mut providers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
		for (position, one) in model.assets.iter().enumerate() {
			if asset.insert(one.id.as_str(), position).is_some() {
				return Err(RiskError::Duplicate { kind: "asset", id: one.id.clone() });
			}
			for service in &one.services {
				providers.entry(service).or_default().push(position);
			}
		}
		unique("workflow", model.workflows.iter().map(|workflow| &workflow.id))?;
		unique("processing activity", model.processing.iter().map(|activity| &activity.id))?;
		check_numbers(model)?;
		check_references(model, &asset, &providers)?;
		for (position, one) in model.assets.iter().enumerate() {
			for alias in &one.aliases {
				asset.entry(alias).or_insert(position);
			}
		}
		let mut processing = model.processing.clone();
		processing.extend(implied_activities(model));
		Ok(Self { model, asset, providers, processing, stated: model.processing.len() })
	}

	/// Whether an alert can be attributed to an asset.
	pub(crate) fn concerns(&self, alert: &ObservedAlert) -> Option<usize> {
		self.asset.get(alert.entity.as_str()).copied()
	}
}

/// Records on an asset that no stated activity mentions: taken as directly identifying.
fn implied_activities(model: &Model) -> impl Iterator<Item = ProcessingActivity> + '_ {
	let mentioned: BTreeSet<&str> =
		model.processing.iter().flat_map(|activity| &activity.assets).map(String::as_str).collect();
	model.assets.iter().filter(move |asset| !mentioned.contains(asset.id.as_str())).filter_map(
		|asset| {
			let data = asset.data.iter().copied().max()?;
			Some(ProcessingActivity {
				id: format!("records on {}", asset.id),
				assets: vec![asset.id.clone()],
				data,
				context: 0,
				identification: Identification::Maximum,
				vulnerable_subjects: true,
				unintelligible: false,
			})
		},
	)
}

fn unique<'a>(kind: &'static str, ids: impl Iterator<Item = &'a String>) -> Result<(), RiskError> {
	let mut seen = BTreeSet::new();
	for id in ids {
		if !seen.insert(id) {
			return Err(RiskError::Duplicate { kind, id: id.clone() });
		}
	}
	Ok(())
}

fn check_numbers(model: &Model) -> Result<(), RiskError> {
	let share = |what: String, share: f64| match Probability::from_share(share) {
		Some(_) => Ok(()),
		None => Err(RiskError::OutOfRange { what, range: "0 to 1" }),
	};
	for one in &model.vulnerabilities {
		if let Some(epss) = one.epss {
			share(format!("EPSS of {}", one.cve), epss)?;
		}
		if one.cvss.is_some_and(|score| !(0.0..=10.0).contains(&score)) {
			let what = format!("CVSS score of {}", one.cve);
			return Err(RiskError::OutOfRange { what, range: "0 to 10" });
		}
	}
	for step in &model.dependencies {
		if let Some(probability) = step.probability {
			share(format!("probability from {} to {}", step.from, step.to), probability)?;
		}
	}
	for control in &model.controls {
		share(format!("efficacy of {}", control.id), control.efficacy)?;
		share(format!("coverage of {}", control.id), control.coverage)?;
	}
	Ok(())
}

fn check_references(
	model: &Model,
	asset: &BTreeMap<&str, usize>,
	providers: &BTreeMap<&str, Vec<usize>>,
) -> Result<(), RiskError> {
	let missing = |from: String, kind, id: &str| {
		Err(RiskError::UnknownReference { from, kind, id: id.to_string() })
	};
	let known =
		|from: String, ids: &[String]| match ids.iter().find(|id| !asset.contains_key(id.as_str()))
		{
			Some(id) => missing(from, "asset", id),
			None => Ok(()),
		};
	for one in &model.vulnerabilities {
		known(one.cve.clone(), std::slice::from_ref(&one.asset))?;
	}
	for step in &model.dependencies {
		known("a dependency".into(), &[step.from.clone(), step.to.clone()])?;
	}
	for control in &model.controls {
		known(format!("control {}", control.id), &control.assets)?;
	}
	for group in &model.hygiene {
		known(format!("staff group {:?}", group.group), &group.workplaces)?;
	}
	for activity in &model.processing {
		known(format!("processing {}", activity.id), &activity.assets)?;
	}
	for workflow in &model.workflows {
		let from = || format!("workflow {}", workflow.id);
		for leaf in leaves(&workflow.needs) {
			match leaf {
				Need::Service(id) if !providers.contains_key(id.as_str()) => {
					return missing(from(), "service", id);
				},
				Need::Asset(id) => known(from(), std::slice::from_ref(id))?,
				_ => {},
			}
		}
	}
	Ok(())
}

/// How likely everything is.
pub(crate) struct Evaluation {
	pub(crate) brackets: Vec<Bracket>,
	pub(crate) paths: BestPaths,
	/// By workflow: that it cannot go on for longer than it can bear.
	pub(crate) workflows: Vec<Failure>,
	/// By processing activity and feared event.
	pub(crate) processing: Vec<[Failure; 3]>,
}

pub(crate) fn evaluate(resolved: &Resolved, ways: Ways) -> Evaluation {
	let graph = graph(resolved, ways);
	let brackets = graph.brackets();
	let asset = |position: usize| Failure {
		lower: brackets[position].exact.unwrap_or(brackets[position].lower),
		upper: brackets[position].estimate(),
	};
	let workflows = resolved.model.workflows.iter().map(|workflow| {
		let by_id = |id: &str| asset(resolved.asset[id]);
		let by_service = |id: &str| {
			let parts: Vec<Failure> =
				resolved.providers[id].iter().map(|position| asset(*position)).collect();
			at_least(&parts, 1)
		};
		let stopped = failure(&workflow.needs, &by_id, &by_service);
		let longer = resolved.model.parameters.outage_longer_than(workflow.tolerable_hours);
		let longer = Probability::from_ppm(longer);
		Failure { lower: stopped.lower.and(longer), upper: stopped.upper.and(longer) }
	});
	let workflows = workflows.collect();
	let misuse = misuse(resolved, ways);
	let processing = resolved.processing.iter().map(|activity| {
		let parts: Vec<Failure> =
			activity.assets.iter().map(|id| asset(resolved.asset[id.as_str()])).collect();
		let technical = at_least(&parts, parts.len());
		FearedEvent::ALL.map(|event| match event {
			FearedEvent::IllegitimateAccess => {
				Failure { lower: technical.lower.max(misuse), upper: technical.upper.or(misuse) }
			},
			_ => technical,
		})
	});
	let processing = processing.collect();
	Evaluation { brackets, paths: graph.best_paths(), workflows, processing }
}

fn graph(resolved: &Resolved, ways: Ways) -> Graph {
	let model = resolved.model;
	let parameters = &model.parameters;
	let stopped = |against, asset: &str| passing(&model.controls, against, Some(asset));
	let mut spared: Vec<Probability> = Vec::with_capacity(model.assets.len());
	let mut exploits: Vec<Probability> = Vec::with_capacity(model.assets.len());
	for asset in &model.assets {
		let passing = stopped(Against::Exploitation, &asset.id);
		exploits.push(passing);
		spared.push(residual(asset, passing, parameters).not());
	}
	if ways.exploitation {
		for one in &model.vulnerabilities {
			let position = resolved.asset[one.asset.as_str()];
			let asset = &model.assets[position];
			let through = through(one, asset, exploits[position], parameters);
			spared[position] = spared[position].and(through.not());
		}
	}
	if ways.phishing {
		for group in &model.hygiene {
			for workplace in &group.workplaces {
				let passing = stopped(Against::Phishing, workplace);
				let position = resolved.asset[workplace.as_str()];
				spared[position] = spared[position].and(phishing(group, passing, parameters).not());
			}
		}
	}
	let mut ratios = vec![1_000u64; model.assets.len()];
	for alert in model.alerts.iter().filter(|alert| alert.kind == ObservedKind::Device) {
		if let Some(position) = resolved.concerns(alert) {
			let ratio = parameters.alert_ratio(alert.severity, alert.confidence, alert.age_hours);
			ratios[position] =
				multiply(ratios[position], ratio, parameters.greatest_ratio_thousandths);
		}
	}
	let direct =
		spared.into_iter().zip(ratios).map(|(spared, ratio)| spared.not().after(ratio)).collect();
	let steps = model.dependencies.iter().filter(|_| ways.spread).map(|step| {
		let likelihood = step.probability.and_then(Probability::from_share);
		let likelihood = likelihood.unwrap_or(Probability::from_ppm(parameters.spread_ppm));
		let (from, to) = (resolved.asset[step.from.as_str()], resolved.asset[step.to.as_str()]);
		(from, to, likelihood.and(stopped(Against::Spread, &step.to)))
	});
	Graph { direct, steps: steps.collect() }
}

/// That somebody misuses access: the base rate with the evidence of record-access alerts.
fn misuse(resolved: &Resolved, ways: Ways) -> Probability {
	if !ways.misuse {
		return Probability::ZERO;
	}
	let parameters = &resolved.model.parameters;
	let alerts = resolved.model.alerts.iter();
	let ratio = alerts
		.filter(|alert| alert.kind == ObservedKind::RecordAccess)
		.map(|alert| parameters.alert_ratio(alert.severity, alert.confidence, alert.age_hours))
		.fold(1_000, |product, ratio| {
			multiply(product, ratio, parameters.greatest_ratio_thousandths)
		});
	Probability::from_ppm(parameters.misuse_ppm)
		.and(passing(&resolved.model.controls, Against::Misuse, None))
		.after(ratio)
}

fn multiply(one: u64, other: u64, greatest: u64) -> u64 {
	let product = u128::from(one) * u128::from(other) / 1_000;
	product.min(u128::from(greatest.max(1_000))) as u64
}

/// Impact of a level in tenths of the worst event (NIST SP 800-30 r1, table H-3: 0, 2, 5, 8, 10).
pub(crate) const fn weight(level: Level) -> u64 {
	[0, 2, 5, 8, 10][level as usize]
}

/// Expected harm in parts per million of one worst event: the sum over workflows and processing
/// activities of likelihood × weight, and over assets that neither speaks of.
pub(crate) fn expected_harm(resolved: &Resolved, evaluation: &Evaluation) -> u64 {
	let model = resolved.model;
	let workflows = model.workflows.iter().zip(&evaluation.workflows).map(|(workflow, failure)| {
		let impact = workflow.harm.max(workflow.operation).max(workflow.financial);
		failure.upper.ppm() * weight(impact) / 10
	});
	let processing =
		resolved.processing.iter().zip(&evaluation.processing).map(|(activity, events)| {
			let worst = FearedEvent::ALL.iter().zip(events).map(|(event, failure)| {
				failure.upper.ppm() * u64::from(severity(activity, *event)) / 4
			});
			worst.max().unwrap_or(0)
		});
	let spoken_of = assets_in_workflows(resolved);
	let assets = model.assets.iter().zip(&evaluation.brackets).enumerate().filter_map(
		|(position, (asset, bracket))| {
			let left_out = !spoken_of.contains(&position);
			left_out.then(|| bracket.estimate().ppm() * weight(asset.criticality) / 10)
		},
	);
	workflows.chain(processing).chain(assets).sum()
}

/// Positions of the assets that some workflow needs, directly or through a service.
pub(crate) fn assets_in_workflows(resolved: &Resolved) -> BTreeSet<usize> {
	let needs = resolved.model.workflows.iter().flat_map(|workflow| leaves(&workflow.needs));
	needs.flat_map(|leaf| assets_of(resolved, leaf)).collect()
}

/// Positions of the assets behind a leaf.
pub(crate) fn assets_of(resolved: &Resolved, leaf: &Need) -> Vec<usize> {
	match leaf {
		Need::Asset(id) => vec![resolved.asset[id.as_str()]],
		Need::Service(id) => resolved.providers[id.as_str()].clone(),
		Need::All(_) | Need::Any(_) | Need::AtLeast { .. } => Vec::new(),
	}
}

/// The level of a likelihood and an impact under the model's bands.
pub(crate) fn level(resolved: &Resolved, likelihood: Probability, impact: Level) -> Level {
	matrix::cyber(matrix::band(likelihood, &resolved.model.parameters), impact)
}
