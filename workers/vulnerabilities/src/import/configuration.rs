//! Applicability statements of the NVD and of CVE 5: CPE names joined by AND and OR.

use serde::Deserialize;

use crate::{
	cpe::{Cpe, CpeVersion},
	feed::{AffectedProduct, Platform},
	range::{Interval, Limit, VersionSet, Versions},
};

#[derive(Deserialize)]
pub(super) struct Configuration {
	#[serde(default)]
	operator: Operator,
	#[serde(default)]
	negate: bool,
	nodes: Vec<Node>,
}

#[derive(Deserialize, Default, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
enum Operator {
	#[default]
	Or,
	And,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
	#[serde(default)]
	operator: Operator,
	#[serde(default)]
	negate: bool,
	#[serde(default)]
	cpe_match: Vec<CpeMatch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CpeMatch {
	vulnerable: bool,
	criteria: String,
	version_start_including: Option<String>,
	version_start_excluding: Option<String>,
	version_end_including: Option<String>,
	version_end_excluding: Option<String>,
}

/// The vulnerable products of a configuration. What an AND joins with a product must be there as well: every
/// other node of the configuration, and every other name of an AND node.
pub(super) fn affected(configuration: &Configuration) -> Vec<AffectedProduct> {
	let mut out = Vec::new();
	for (at, node) in configuration.nodes.iter().enumerate() {
		let others: Vec<Vec<Platform>> = match configuration.operator {
			Operator::Or => Vec::new(),
			Operator::And => configuration
				.nodes
				.iter()
				.enumerate()
				.filter(|(other, _)| *other != at)
				.flat_map(|(_, node)| groups(node))
				.collect(),
		};
		for (place, wanted) in node.cpe_match.iter().enumerate() {
			if !wanted.vulnerable {
				continue;
			}
			let negated = configuration.negate || node.negate;
			let Some(mut product) = product(wanted, negated) else { continue };
			product.requires.clone_from(&others);
			if node.operator == Operator::And {
				let beside = node.cpe_match.iter().enumerate().filter(|(other, _)| *other != place);
				product.requires.extend(beside.filter_map(|(_, m)| Some(vec![platform(m)?])));
			}
			out.push(product);
		}
	}
	out
}

/// What a node requires: one of all its names, or each of them.
fn groups(node: &Node) -> Vec<Vec<Platform>> {
	let platforms: Vec<Platform> = node.cpe_match.iter().filter_map(platform).collect();
	match node.operator {
		_ if platforms.is_empty() => Vec::new(),
		Operator::Or => vec![platforms],
		Operator::And => platforms.into_iter().map(|platform| vec![platform]).collect(),
	}
}

fn platform(wanted: &CpeMatch) -> Option<Platform> {
	let cpe = Cpe::parse(&wanted.criteria)?;
	let mut versions = versions(wanted, &cpe);
	// A platform without version is any version of it.
	if versions.versions == Versions::NoVersion {
		versions = VersionSet::all(versions.text);
	}
	Some(Platform { part: cpe.part, vendor: cpe.vendor, product: cpe.product, versions })
}

fn product(wanted: &CpeMatch, negated: bool) -> Option<AffectedProduct> {
	let cpe = Cpe::parse(&wanted.criteria)?;
	let mut versions = versions(wanted, &cpe);
	if negated {
		versions.versions =
			Versions::NotUnderstood { reason: "the configuration is negated".into() };
	}
	Some(AffectedProduct {
		vendor: cpe.vendor,
		product: cpe.product,
		versions,
		from_cpe: true,
		part: cpe.part,
		target: cpe.target,
		requires: Vec::new(),
		fixed_by: Vec::new(),
	})
}

fn versions(wanted: &CpeMatch, cpe: &Cpe) -> VersionSet {
	let limit = |including: &Option<String>, excluding: &Option<String>| {
		including
			.as_ref()
			.map(Limit::including)
			.or_else(|| excluding.as_ref().map(Limit::excluding))
	};
	let from = limit(&wanted.version_start_including, &wanted.version_start_excluding);
	let to = limit(&wanted.version_end_including, &wanted.version_end_excluding);
	let versions = match &cpe.version {
		_ if from.is_some() || to.is_some() => {
			Versions::Intervals(vec![Interval { from: from.clone(), to: to.clone() }])
		},
		CpeVersion::Any => Versions::All,
		CpeVersion::NotApplicable => Versions::NoVersion,
		CpeVersion::Exactly(version) => {
			Versions::Intervals(vec![Interval::exactly(version.clone())])
		},
	};
	VersionSet::of(versions, words(cpe, from.as_ref(), to.as_ref()))
}

/// The range in words, for reasons.
fn words(cpe: &Cpe, from: Option<&Limit>, to: Option<&Limit>) -> String {
	let lower = from.map(|l| format!("{} {}", if l.inclusive { ">=" } else { ">" }, l.version));
	let upper = to.map(|l| format!("{} {}", if l.inclusive { "<=" } else { "<" }, l.version));
	let ends: Vec<String> = lower.into_iter().chain(upper).collect();
	match (&cpe.version, ends.is_empty()) {
		(_, false) => ends.join(", "),
		(CpeVersion::Exactly(version), true) => format!("= {version}"),
		(CpeVersion::NotApplicable, true) => "no version".into(),
		(CpeVersion::Any, true) => "all versions".into(),
	}
}
