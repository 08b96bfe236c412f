//! Compares services with the feed.

use std::{
	cmp::Ordering,
	collections::{BTreeMap, HashMap},
};

use serde::{Deserialize, Serialize};

use crate::{
	cpe::{Cpe, CpeVersion},
	cvss::Cvss,
	debian::{compare_debian, upstream},
	feed::{Advisory, AffectedPackage, AffectedProduct, Event, Feed},
	priority::{Exposure, Priority},
	range::{letters_and_digits, Versions},
};

/// A service of an asset, as the inventory knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AssetService {
	/// Id of the asset.
	pub asset: String,
	/// The service in the words of the inventory, for example `192.0.2.7 22/tcp`.
	pub service: String,
	/// Vendor, if known.
	pub vendor: Option<String>,
	/// Product; without it (and without a CPE) nothing can be matched.
	pub product: Option<String>,
	/// Upstream version, if known.
	pub version: Option<String>,
	/// CPE 2.3 formatted string, if known; it fills in what the three fields above leave open.
	pub cpe23: Option<String>,
	/// Distribution package that provides the service, if known.
	pub package: Option<InstalledPackage>,
	/// How sure the inventory is of product and version, 0 to 100.
	pub confidence: u8,
	/// Who can reach the service.
	pub exposure: Exposure,
}

/// An installed package of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledPackage {
	/// Source package, the name that distributions use in their advisories.
	pub source: String,
	/// Version of the source package.
	pub version: String,
	/// Distribution and release, for example `Debian:12`.
	pub distribution: String,
}

/// Whether a service is affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
	/// The version lies in the affected range and no fix is known to be installed.
	Affected,
	/// The version lies in the affected range, but the distribution fixed it in the installed package.
	FixedByPackage {
		/// Which package version contains the fix, and who says so.
		by: String,
	},
	/// The product is affected in some versions, and which version runs is not known.
	Unknown,
}

/// A service and a vulnerability that concerns it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
	/// Id of the asset.
	pub asset: String,
	/// The service in the words of the inventory.
	pub service: String,
	/// CVE id.
	pub cve: String,
	/// Severity, if known.
	pub cvss: Option<Cvss>,
	/// Probability of exploitation within 30 days, if known.
	pub epss: Option<f64>,
	/// Whether it is known to be exploited.
	pub kev: bool,
	/// Whether ransomware is known to use it.
	pub ransomware: bool,
	/// Whether the service is affected.
	pub status: Status,
	/// How urgent it is.
	pub priority: Priority,
	/// Quality of detection, 0 to 100; 70 and more is worth a person's time without a second look.
	pub confidence: u8,
	/// Why, in sentences: which range, which version, which package.
	pub reason: Vec<String>,
}

/// A statement about a product of the inventory that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotUnderstood {
	/// Id of the asset.
	pub asset: String,
	/// The service in the words of the inventory.
	pub service: String,
	/// CVE id.
	pub cve: String,
	/// Who published the statement.
	pub source: String,
	/// The affected versions in the publisher's words.
	pub range: String,
	/// Why it could not be compared.
	pub reason: String,
}

/// What came of comparing an inventory with a feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchReport {
	/// Matches, most urgent first.
	pub matches: Vec<Match>,
	/// Statements that need a person.
	pub not_understood: Vec<NotUnderstood>,
}

// Qualities of detection, after the scale of Greenbone's scanners.
/// A distribution's statement about an installed package.
const BY_PACKAGE: u8 = 97;
/// Version of a product named in the CPE dictionary.
const BY_CPE: u8 = 80;
/// Version of a product matched by the names that people wrote.
const BY_NAME: u8 = 70;
/// A distribution's package whose distribution says nothing: the fix may have been backported.
const BACKPORT_UNKNOWN: u8 = 50;
/// The version is not known.
const WITHOUT_VERSION: u8 = 30;

/// Compares every service with the feed.
///
/// Per service and CVE there is one match: the surest. A distribution's statement about the installed
/// package outweighs upstream ranges. Deterministic: the order of the input does not matter beyond ties.
pub fn match_assets(services: &[AssetService], feed: &Feed) -> MatchReport {
	let index = Index::new(feed);
	let mut by_asset: HashMap<&str, Vec<Subject<'_>>> = HashMap::new();
	for service in services {
		by_asset.entry(&service.asset).or_default().push(Subject::new(service));
	}
	let mut report = MatchReport::default();
	for service in services {
		let subject = Subject::new(service);
		let neighbours = by_asset.get(service.asset.as_str()).map_or(&[][..], Vec::as_slice);
		let mut findings: BTreeMap<&str, Finding> = BTreeMap::new();
		by_product(&subject, &index, neighbours, &mut findings, &mut report.not_understood);
		by_package(&subject, &index, &mut findings);
		for (cve, finding) in findings {
			report.matches.push(subject.report(cve, finding, feed, &index));
		}
	}
	report.matches.sort_by(|a, b| {
		b.priority
			.score
			.cmp(&a.priority.score)
			.then_with(|| b.confidence.cmp(&a.confidence))
			.then_with(|| (&a.asset, &a.service, &a.cve).cmp(&(&b.asset, &b.service, &b.cve)))
	});
	report
}

/// The feed by what services are looked up with.
struct Index<'a> {
	products: HashMap<String, Vec<(&'a Advisory, &'a AffectedProduct)>>,
	/// By distribution, then by source package.
	packages: HashMap<&'a str, HashMap<&'a str, Vec<&'a AffectedPackage>>>,
	/// Worst severity of a CVE over all sources: newest CVSS version first.
	severity: HashMap<&'a str, &'a Cvss>,
}

impl<'a> Index<'a> {
	fn new(feed: &'a Feed) -> Self {
		let mut index =
			Self { products: HashMap::new(), packages: HashMap::new(), severity: HashMap::new() };
		for advisory in &feed.advisories {
			for affected in &advisory.affected {
				let key = product_key(&affected.product);
				index.products.entry(key).or_default().push((advisory, affected));
			}
			if let Some(cvss) = &advisory.cvss {
				let kept = index.severity.entry(&advisory.cve).or_insert(cvss);
				let rank = |c: &Cvss| (c.generation(), (c.score * 10.0) as u32);
				if rank(cvss) > rank(kept) {
					*kept = cvss;
				}
			}
		}
		for package in &feed.packages {
			let distribution = index.packages.entry(&package.ecosystem).or_default();
			distribution.entry(&package.name).or_default().push(package);
		}
		index
	}

	fn package(&self, installed: &InstalledPackage) -> &[&'a AffectedPackage] {
		self.packages
			.get(installed.distribution.as_str())
			.and_then(|distribution| distribution.get(installed.source.as_str()))
			.map_or(&[], Vec::as_slice)
	}
}

/// How a product's name is compared: letters and digits only, without words that add nothing.
fn product_key(name: &str) -> String {
	let key = letters_and_digits(name);
	["server", "software", "toolkit"]
		.iter()
		.find_map(|word| key.strip_suffix(word).filter(|rest| !rest.is_empty()))
		.map_or(key.clone(), str::to_owned)
}

/// Vendors that publish the same product under several names.
const SAME_VENDOR: &[&[&str]] = &[
	&["f5", "nginx", "igorsysoev"],
	&["orthancserver", "orthanc", "osimis", "uclouvain"],
	&["openbsd", "openssh"],
	&["offis", "dcmtk"],
	&["netsnmp", "netsnmpproject"],
	&["apache", "apachesoftwarefoundation"],
];

fn same_vendor(a: &str, b: &str) -> bool {
	let (a, b) = (letters_and_digits(a), letters_and_digits(b));
	a == b
		|| SAME_VENDOR
			.iter()
			.any(|names| names.contains(&a.as_str()) && names.contains(&b.as_str()))
}

/// A service with what can be concluded about its names and version.
struct Subject<'a> {
	service: &'a AssetService,
	vendor: Option<String>,
	product: Option<String>,
	version: Option<String>,
	version_from_package: bool,
}

/// What was found about one CVE.
struct Finding {
	status: Status,
	confidence: u8,
	reason: Vec<String>,
}

impl<'a> Subject<'a> {
	fn new(service: &'a AssetService) -> Self {
		let cpe = service.cpe23.as_deref().and_then(Cpe::parse);
		let from_cpe = |part: fn(&Cpe) -> String| cpe.as_ref().map(part);
		let stated = service.version.clone().or_else(|| match cpe.as_ref().map(|c| &c.version) {
			Some(CpeVersion::Exactly(version)) => Some(version.clone()),
			_ => None,
		});
		let packaged =
			service.package.as_ref().map(|package| upstream(&package.version).to_owned());
		Self {
			service,
			// Names of the CPE dictionary compare exactly, so they go first.
			vendor: from_cpe(|c| c.vendor.clone()).or_else(|| service.vendor.clone()),
			product: from_cpe(|c| c.product.clone()).or_else(|| service.product.clone()),
			version_from_package: stated.is_none() && packaged.is_some(),
			version: stated.or(packaged),
		}
	}

	fn named(&self) -> String {
		let product = self.product.as_deref().unwrap_or("a product");
		match &self.version {
			Some(version) if self.version_from_package => {
				format!("{product} {version} (version of the installed package)")
			},
			Some(version) => format!("{product} {version}"),
			None => format!("{product} of unknown version"),
		}
	}

	fn report(&self, cve: &str, finding: Finding, feed: &Feed, index: &Index<'_>) -> Match {
		let cvss = index.severity.get(cve).map(|cvss| (*cvss).clone());
		let kev = feed.kev.get(cve);
		let epss = feed.epss.get(cve);
		let mut reason = finding.reason;
		if let Some(stated) = cvss.as_ref().and_then(|cvss| cvss.stated) {
			reason.push(format!(
				"The publisher states a CVSS score of {stated}, which its own vector does not give; the \
				 computed score is used."
			));
		}
		let priority = match finding.status {
			Status::FixedByPackage { .. } => Priority::done(),
			Status::Affected | Status::Unknown => {
				Priority::of(kev, epss, cvss.as_ref().map(|c| c.score), self.service.exposure)
			},
		};
		if priority != Priority::done() {
			reason.extend(
				kev.map(|kev| format!("It is known to be exploited since {} (KEV).", kev.added)),
			);
		}
		Match {
			asset: self.service.asset.clone(),
			service: self.service.service.clone(),
			cve: cve.into(),
			cvss,
			epss: epss.map(|epss| epss.probability),
			kev: kev.is_some(),
			ransomware: kev.is_some_and(|kev| kev.ransomware),
			status: finding.status,
			priority,
			confidence: finding.confidence,
			reason,
		}
	}
}

/// Findings by vendor, product and upstream version.
fn by_product<'a>(
	subject: &Subject<'_>,
	index: &Index<'a>,
	neighbours: &[Subject<'_>],
	findings: &mut BTreeMap<&'a str, Finding>,
	not_understood: &mut Vec<NotUnderstood>,
) {
	let Some(product) = &subject.product else { return };
	let Some(candidates) = index.products.get(&product_key(product)) else { return };
	for (advisory, affected) in candidates {
		let vendor_known = match &subject.vendor {
			Some(vendor) if !affected.vendor.is_empty() => {
				if !same_vendor(vendor, &affected.vendor) {
					continue;
				}
				true
			},
			_ => false,
		};
		let set = &affected.versions;
		let within = match &subject.version {
			Some(version) => set.contains(version),
			None => set.is_understood().then_some(true),
		};
		let service = subject.service;
		let Some(within) = within else {
			let reason = match (&set.versions, &subject.version) {
				(Versions::NotUnderstood { reason }, _) => reason.clone(),
				(_, version) => format!(
					"version {} and the range are of different styles",
					version.as_deref().unwrap_or("unknown")
				),
			};
			not_understood.push(NotUnderstood {
				asset: service.asset.clone(),
				service: service.service.clone(),
				cve: advisory.cve.clone(),
				source: advisory.source.clone(),
				range: set.text.clone(),
				reason,
			});
			continue;
		};
		if !within {
			continue;
		}
		let mut finding = Finding {
			status: if subject.version.is_some() { Status::Affected } else { Status::Unknown },
			confidence: if affected.from_cpe && vendor_known { BY_CPE } else { BY_NAME }
				.min(service.confidence),
			reason: vec![format!(
				"{} is in the range \"{}\" of {} {} that {} gives.",
				subject.named(),
				set.text,
				affected.vendor,
				affected.product,
				advisory.source
			)],
		};
		if subject.version.is_none() {
			finding.confidence = finding.confidence.min(WITHOUT_VERSION);
			finding.reason = vec![format!(
				"{} is affected in the versions \"{}\" by {}; which version runs is not known.",
				product, set.text, advisory.source
			)];
		}
		check_conditions(&mut finding, affected, neighbours);
		let better = findings.get(advisory.cve.as_str()).is_none_or(|kept| {
			(finding.status == Status::Affected, finding.confidence)
				> (kept.status == Status::Affected, kept.confidence)
		});
		if better {
			findings.insert(&advisory.cve, finding);
		}
	}
}

/// Conditions in text and platforms that must be present lower the confidence unless they are confirmed.
fn check_conditions(finding: &mut Finding, affected: &AffectedProduct, neighbours: &[Subject<'_>]) {
	if let Some(condition) = &affected.versions.condition {
		finding.confidence = finding.confidence.min(BACKPORT_UNKNOWN);
		finding.reason.push(format!("Only \"{condition}\", which the engine cannot check."));
	}
	if affected.requires.is_empty() {
		return;
	}
	let present = neighbours.iter().any(|neighbour| {
		let name = format!(
			"{} {}",
			neighbour.vendor.as_deref().unwrap_or_default(),
			neighbour.product.as_deref().unwrap_or_default()
		);
		affected
			.requires
			.iter()
			.any(|wanted| letters_and_digits(wanted) == letters_and_digits(&name))
	});
	let wanted = affected.requires.join(" or ");
	if present {
		finding.reason.push(format!("The required platform ({wanted}) is present."));
	} else {
		finding.confidence = finding.confidence.min(BACKPORT_UNKNOWN);
		finding
			.reason
			.push(format!("Only together with {wanted}, which was not seen on the asset."));
	}
}

/// What the distribution says about the installed package.
enum PackageState {
	Affected { fixed_by: Option<String> },
	Fixed { by: String },
	NotAffected,
}

/// Findings by package, which outweigh those by version: a distribution backports fixes.
fn by_package<'a>(
	subject: &Subject<'_>,
	index: &Index<'a>,
	findings: &mut BTreeMap<&'a str, Finding>,
) {
	let Some(package) = &subject.service.package else { return };
	let statements = index.package(package);
	let named = format!("{} {}", package.source, package.version);
	let mut spoken_of: Vec<&str> = Vec::new();
	for statement in statements {
		spoken_of.push(&statement.cve);
		let whose = format!("{} ({})", statement.ecosystem, statement.source);
		match package_state(statement, &package.version) {
			PackageState::Fixed { by } => {
				// A fix is worth reporting only where the version would have been suspected.
				if let Some(finding) = findings.get_mut(statement.cve.as_str()) {
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
				if let Some(finding) = findings.get_mut(statement.cve.as_str()) {
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
				let finding = findings.entry(&statement.cve).or_insert_with(|| Finding {
					status: Status::Affected,
					confidence: BY_PACKAGE,
					reason: Vec::new(),
				});
				finding.status = Status::Affected;
				finding.confidence = BY_PACKAGE;
				finding.reason.push(format!("{whose} says that {named} is affected; {advice}."));
			},
		}
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

/// Evaluates events in ascending order, as the OSV schema describes ("Evaluation").
fn package_state(statement: &AffectedPackage, version: &str) -> PackageState {
	if statement.versions.iter().any(|listed| compare_debian(listed, version).is_eq()) {
		return PackageState::Affected { fixed_by: first_fix_after(statement, version) };
	}
	let mut events: Vec<&Event> = statement.events.iter().collect();
	events.sort_by(|a, b| event_order(event_version(a), event_version(b)));
	let mut state = PackageState::NotAffected;
	for event in events {
		let reached = event_order(event_version(event), version);
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
			PackageState::Affected { fixed_by: first_fix_after(statement, version) }
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
fn event_order(event: &str, other: &str) -> Ordering {
	match (event, other) {
		("0", "0") => Ordering::Equal,
		("0", _) => Ordering::Less,
		(_, "0") => Ordering::Greater,
		(event, other) => compare_debian(event, other),
	}
}

fn first_fix_after(statement: &AffectedPackage, version: &str) -> Option<String> {
	statement
		.events
		.iter()
		.filter_map(|event| match event {
			Event::Fixed(fix) if compare_debian(fix, version).is_gt() => Some(fix),
			_ => None,
		})
		.min_by(|a, b| compare_debian(a, b))
		.cloned()
}

#[cfg(test)]
mod tests;
