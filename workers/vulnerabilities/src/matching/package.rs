//! What distributions say about installed packages, which outweighs upstream versions: they backport fixes.

use std::{
	cmp::Ordering,
	collections::{BTreeMap, HashSet},
};

use super::{
	compare::{Finding, BACKPORT_UNKNOWN, BY_PACKAGE},
	index::{Index, Number},
	Status, Subject,
};
use crate::{
	feed::{AffectedPackage, Event},
	version::Scheme,
};

/// What the distribution says about the installed package.
pub(super) enum PackageState {
	Affected { fixed_by: Option<String> },
	Fixed { by: String },
	NotAffected,
}

/// Ecosystem and name as they are looked up: without case, and without marks such as `:LTS`.
pub(crate) fn package_key(ecosystem: &str, name: &str) -> (String, String) {
	let ecosystem = ecosystem.to_ascii_lowercase();
	let ecosystem = ecosystem.trim_end_matches(":lts").replace(":pro:", ":").replace(":v", ":");
	(ecosystem, name.to_owned())
}

/// How versions of an ecosystem compare (OSV schema, "affected[].package").
fn scheme(ecosystem: &str) -> Scheme {
	let name = ecosystem.split(':').next().unwrap_or_default();
	match name {
		"Debian" | "Ubuntu" => Scheme::Debian,
		"npm" | "crates.io" | "Go" | "NuGet" | "Hex" | "Pub" | "SwiftURL" => Scheme::Semver,
		"Red Hat" | "Rocky Linux" | "AlmaLinux" | "SUSE" | "openSUSE" | "Fedora" | "Mageia"
		| "openEuler" | "Photon OS" => Scheme::Rpm,
		_ => Scheme::Generic,
	}
}

/// Whether an ecosystem is a distribution, which backports fixes, and not a registry of a language.
fn backports(ecosystem: &str) -> bool {
	!matches!(
		ecosystem,
		"npm"
			| "crates.io"
			| "Go" | "NuGet"
			| "PyPI" | "Maven"
			| "RubyGems"
			| "Packagist"
			| "Hex" | "Pub"
	)
}

/// Findings by package.
pub(super) fn apply<'a>(
	subject: &Subject<'_>,
	index: &Index<'a>,
	findings: &mut BTreeMap<Number, Finding<'a>>,
) {
	let Some(package) = &subject.package else { return };
	let statements = index.package(package);
	let named = format!("{} {}", package.source, package.version);
	let mut spoken_of: HashSet<Number> = HashSet::new();
	for (cve, statement) in statements {
		spoken_of.insert(*cve);
		let whose = format!("{} ({})", statement.ecosystem, statement.source);
		match package_state(statement, &package.version) {
			PackageState::Fixed { by } => {
				// A fix is worth reporting only where the version would have been suspected.
				if let Some(finding) = findings.get_mut(cve) {
					finding.status =
						Status::FixedByPackage { by: format!("{} {by}, {whose}", statement.name) };
					finding.confidence = BY_PACKAGE;
					finding.reason.push(format!(
						"{whose} fixed it in {} {by}; {named} is installed.",
						statement.name
					));
				}
			},
			PackageState::NotAffected => {
				if let Some(finding) = findings.get_mut(cve) {
					let by = format!("{named}, which never had it, {whose}");
					finding.status = Status::FixedByPackage { by };
					finding.confidence = BY_PACKAGE;
					finding.reason.push(format!("{whose} does not count {named} as affected."));
				}
			},
			PackageState::Affected { fixed_by } => {
				let advice = match &fixed_by {
					Some(version) => format!("update to {version}"),
					None => "no fixed package is published yet".into(),
				};
				let finding = findings.entry(*cve).or_insert_with(|| Finding {
					status: Status::Affected,
					confidence: BY_PACKAGE,
					by_product: None,
					reason: Vec::new(),
				});
				finding.status = Status::Affected;
				finding.confidence = BY_PACKAGE;
				finding.reason.push(format!("{whose} says that {named} is affected; {advice}."));
			},
		}
	}
	if !backports(&package.distribution) {
		return;
	}
	for (cve, finding) in findings.iter_mut() {
		if !spoken_of.contains(cve) {
			finding.confidence = finding.confidence.min(BACKPORT_UNKNOWN);
			finding.reason.push(format!(
				"{named} is a package of {}, and the feed has no statement of the distribution: the fix \
				 may have been backported.",
				package.distribution
			));
		}
	}
}

fn order(scheme: Scheme, a: &str, b: &str) -> Ordering {
	scheme.compare(a, b).unwrap_or_else(|| a.cmp(b))
}

/// Evaluates events in ascending order, as the OSV schema describes ("Evaluation").
pub(super) fn package_state(statement: &AffectedPackage, version: &str) -> PackageState {
	let scheme = scheme(&statement.ecosystem);
	if statement.versions.iter().any(|listed| order(scheme, listed, version).is_eq()) {
		return PackageState::Affected { fixed_by: first_fix_after(statement, version, scheme) };
	}
	let mut events: Vec<&Event> = statement.events.iter().collect();
	events.sort_by(|a, b| event_order(event_version(a), event_version(b), scheme));
	let mut state = PackageState::NotAffected;
	for event in events {
		let reached = event_order(event_version(event), version, scheme);
		match event {
			Event::Introduced(_) if reached.is_le() => {
				state = PackageState::Affected { fixed_by: None };
			},
			Event::Fixed(by) if reached.is_le() => {
				state = PackageState::Fixed { by: by.clone() };
			},
			Event::LastAffected(last) if reached.is_lt() => {
				state = PackageState::Fixed { by: format!("a version after {last}") };
			},
			_ => {},
		}
	}
	match state {
		PackageState::Affected { .. } => {
			PackageState::Affected { fixed_by: first_fix_after(statement, version, scheme) }
		},
		state => state,
	}
}

fn event_version(event: &Event) -> &str {
	match event {
		Event::Introduced(version) | Event::Fixed(version) | Event::LastAffected(version) => {
			version
		},
	}
}

/// Order of an event's version and another; the bare `0` of an event is before everything.
fn event_order(event: &str, other: &str, scheme: Scheme) -> Ordering {
	match (event, other) {
		("0", "0") => Ordering::Equal,
		("0", _) => Ordering::Less,
		(_, "0") => Ordering::Greater,
		(event, other) => order(scheme, event, other),
	}
}

fn first_fix_after(statement: &AffectedPackage, version: &str, scheme: Scheme) -> Option<String> {
	statement
		.events
		.iter()
		.filter_map(|event| match event {
			Event::Fixed(fix) if order(scheme, fix, version).is_gt() => Some(fix),
			_ => None,
		})
		.min_by(|a, b| order(scheme, a, b))
		.cloned()
}
