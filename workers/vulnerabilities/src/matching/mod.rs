//! Compares services with the feed.

mod conditions;
mod index;
mod package;
mod purl;
mod subject;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use self::{
	conditions::{check_requirements, Check},
	index::{Candidate, Index},
	subject::{Subject, Within},
};
pub(crate) use self::{index::statement_keys, package::package_key, subject::{installed_package, service_keys}};
use crate::{
	cvss::Cvss,
	feed::{Feed, Part, VexStatement, VexStatus},
	priority::{Criticality, Exposure, Priority},
};

/// A service of an asset, as the inventory knows it.
///
/// Not only what listens is a service here: the operating system, the firmware and the model of a device are
/// entries of their own, so that conditions on platforms can be checked.
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
	/// Package URL, if known (purl specification).
	pub purl: Option<String>,
	/// Kind of product; a CPE says it too.
	pub part: Option<Part>,
	/// Model or edition of a device, if known.
	pub model: Option<String>,
	/// When the device was made or delivered (`YYYY-MM-DD`), if known.
	pub manufactured: Option<String>,
	/// Distribution package that provides the service, if known.
	pub package: Option<InstalledPackage>,
	/// How sure the inventory is of product and version, 0 to 100.
	pub confidence: u8,
	/// Who can reach the service.
	pub exposure: Exposure,
	/// How much care depends on the asset.
	pub criticality: Criticality,
}

/// An installed package of a distribution or of a language's registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstalledPackage {
	/// Source package, the name that distributions use in their advisories.
	pub source: String,
	/// Version of the source package.
	pub version: String,
	/// Distribution and release in OSV's words, for example `Debian:12`, or registry, for example `npm`.
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
	/// Somebody stated that this product is not affected or fixed (VEX).
	NotAffected {
		/// Who, and why.
		by: String,
	},
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
	/// What would have matched, had not a VEX statement or the publisher said that it does not apply.
	#[serde(default)]
	pub not_affected: Vec<Match>,
}

/// One result of [`match_each`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
	/// A service and a vulnerability that concerns it, [`Status::NotAffected`] included.
	Match(Match),
	/// A statement that needs a person.
	NotUnderstood(NotUnderstood),
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
	let mut report = MatchReport::default();
	match_each(services, feed, &mut |outcome| match outcome {
		Outcome::Match(found) if matches!(found.status, Status::NotAffected { .. }) => {
			report.not_affected.push(found);
		},
		Outcome::Match(found) => report.matches.push(found),
		Outcome::NotUnderstood(left) => report.not_understood.push(left),
	});
	let by_urgency = |a: &Match, b: &Match| {
		b.priority
			.score
			.cmp(&a.priority.score)
			.then_with(|| b.confidence.cmp(&a.confidence))
			.then_with(|| (&a.asset, &a.service, &a.cve).cmp(&(&b.asset, &b.service, &b.cve)))
	};
	report.matches.sort_by(by_urgency);
	report.not_affected.sort_by(by_urgency);
	report.not_understood.sort_by(|a, b| {
		(&a.asset, &a.service, &a.cve, &a.range).cmp(&(&b.asset, &b.service, &b.cve, &b.range))
	});
	report
}

/// Compares every service with the feed and hands the results over one by one, so that no more than one is
/// held in memory. They come in no particular order.
pub fn match_each(services: &[AssetService], feed: &Feed, sink: &mut dyn FnMut(Outcome)) {
	let all: Vec<&AssetService> = services.iter().collect();
	match_some(&all, &|_| Vec::new(), feed, sink);
}

/// Like [`match_each`] for some services of a larger inventory; `others` gives the remaining services of an
/// asset, for conditions on platforms.
pub(crate) fn match_some(
	services: &[&AssetService],
	others: &dyn Fn(&str) -> Vec<AssetService>,
	feed: &Feed,
	sink: &mut dyn FnMut(Outcome),
) {
	let index = Index::new(feed);
	let mut by_asset: HashMap<&str, Vec<&AssetService>> = HashMap::new();
	// Services that look the same are compared with the feed once.
	let mut alike: BTreeMap<subject::Signature<'_>, Vec<&AssetService>> = BTreeMap::new();
	for service in services {
		by_asset.entry(&service.asset).or_default().push(service);
		alike.entry(subject::Signature::of(service)).or_default().push(service);
	}
	for group in alike.values() {
		let Some(first) = group.first() else { continue };
		let subject = Subject::new(first);
		let drafts = drafts(&subject, &index);
		let conditional = drafts.iter().any(|draft| draft.candidate.is_some_and(|c| c.is_conditional()));
		let shared = (!conditional).then(|| findings(&subject, &drafts, &[], &index));
		for service in group {
			let subject = Subject { service, ..subject.clone() };
			let own;
			let (found, left) = match &shared {
				Some(shared) => (&shared.0, &shared.1),
				None => {
					let known = by_asset.get(service.asset.as_str()).map_or(&[][..], Vec::as_slice);
					let further = others(&service.asset);
					let neighbours: Vec<Subject<'_>> =
						known.iter().copied().chain(&further).map(Subject::new).collect();
					own = findings(&subject, &drafts, &neighbours, &index);
					(&own.0, &own.1)
				},
			};
			for (cve, finding) in found {
				sink(Outcome::Match(subject.report(cve, finding, feed, &index)));
			}
			for (draft, reason) in left {
				sink(Outcome::NotUnderstood(NotUnderstood {
					asset: service.asset.clone(),
					service: service.service.clone(),
					cve: draft.cve.to_owned(),
					source: draft.source.to_owned(),
					range: draft.range.to_owned(),
					reason: reason.clone(),
				}));
			}
		}
	}
}

/// A statement of the feed that concerns a service, before conditions are looked at.
#[derive(Clone)]
struct Draft<'a> {
	cve: &'a str,
	source: &'a str,
	range: &'a str,
	candidate: Option<&'a Candidate<'a>>,
	verdict: Verdict,
}

#[derive(Clone)]
enum Verdict {
	/// Version or package is affected, or not known.
	Suspected { status: Status, confidence: u8, reason: String },
	/// The statement could not be compared.
	Undecided { reason: String },
}

/// What was found about one CVE.
#[derive(Clone)]
struct Finding {
	status: Status,
	confidence: u8,
	reason: Vec<String>,
}

/// Statements by vendor, product and upstream version.
fn drafts<'a>(subject: &Subject<'_>, index: &'a Index<'a>) -> Vec<Draft<'a>> {
	let mut out = Vec::new();
	let mut same_vendors: HashMap<&str, bool> = HashMap::new();
	let mut cache = subject::VersionCache::default();
	for candidate in index.candidates(&subject.keys) {
		let affected = candidate.affected;
		let vendor_known = match &subject.vendor {
			Some(vendor) if !affected.vendor.is_empty() => {
				let same = *same_vendors
					.entry(affected.vendor.as_str())
					.or_insert_with(|| crate::names::same_vendor(vendor, &affected.vendor));
				if !same {
					continue;
				}
				true
			},
			_ => false,
		};
		if !subject.part_fits(affected.part) {
			continue;
		}
		let set = &affected.versions;
		let draft = |verdict| Draft {
			cve: &candidate.advisory.cve,
			source: &candidate.advisory.source,
			range: &set.text,
			candidate: Some(candidate),
			verdict,
		};
		let confidence = if affected.from_cpe && vendor_known { BY_CPE } else { BY_NAME };
		let confidence = confidence.min(subject.service.confidence);
		match subject.within(candidate, &mut cache) {
			Within::No => {},
			Within::Yes => {
				let names = format!("{} {}", affected.vendor, affected.product);
				out.push(draft(Verdict::Suspected {
					status: Status::Affected,
					confidence,
					reason: format!(
						"{} is in the range \"{}\" of {} that {} gives.",
						subject.named(),
						set.text,
						names.trim(),
						candidate.advisory.source
					),
				}));
			},
			Within::VersionUnknown => out.push(draft(Verdict::Suspected {
				status: Status::Unknown,
				confidence: confidence.min(WITHOUT_VERSION),
				reason: format!(
					"{} is affected in the versions \"{}\" by {}; which version runs is not known.",
					subject.product.as_deref().unwrap_or("The product"),
					set.text,
					candidate.advisory.source
				),
			})),
			Within::Incomparable(reason) => out.push(draft(Verdict::Undecided { reason })),
		}
	}
	out
}

type Findings<'a> = (BTreeMap<&'a str, Finding>, Vec<(Draft<'a>, String)>);

/// Brings the statements together: conditions, packages, VEX; one finding for a CVE, the surest.
fn findings<'a>(
	subject: &Subject<'_>,
	drafts: &[Draft<'a>],
	neighbours: &[Subject<'_>],
	index: &Index<'a>,
) -> Findings<'a> {
	let mut out: BTreeMap<&'a str, Finding> = BTreeMap::new();
	let mut left = Vec::new();
	for draft in drafts {
		let (status, confidence, reason) = match &draft.verdict {
			Verdict::Undecided { reason } => {
				left.push((draft.clone(), reason.clone()));
				continue;
			},
			Verdict::Suspected { status, confidence, reason } => (status, *confidence, reason),
		};
		let mut finding =
			Finding { status: status.clone(), confidence, reason: vec![reason.clone()] };
		let check = draft.candidate.map_or(Check::Holds(Vec::new()), |candidate| {
			check_requirements(subject, candidate.affected, neighbours)
		});
		match check {
			Check::Fails => continue,
			Check::Holds(why) => finding.reason.extend(why),
			Check::Unknown(why) => {
				finding.confidence = finding.confidence.min(BACKPORT_UNKNOWN);
				finding.reason.extend(why);
			},
		}
		let better = out.get(draft.cve).is_none_or(|kept| {
			(finding.status == Status::Affected, finding.confidence)
				> (kept.status == Status::Affected, kept.confidence)
		});
		if better {
			out.insert(draft.cve, finding);
		}
	}
	// What is decided by one source needs no person because of another.
	left.retain(|(draft, _)| !out.contains_key(draft.cve));
	package::apply(subject, index, &mut out);
	for (cve, finding) in &mut out {
		if let Some(by) = index.says_not_affected(cve, subject) {
			finding.reason.push(format!("{by}."));
			finding.status = Status::NotAffected { by };
		}
	}
	(out, left)
}

impl<'a> Subject<'a> {
	fn report(&self, cve: &str, finding: &Finding, feed: &Feed, index: &Index<'_>) -> Match {
		let cvss = index.severity(cve).cloned();
		let kev = feed.kev.get(cve);
		let epss = feed.epss.get(cve);
		let mut reason = finding.reason.clone();
		if let Some(stated) = cvss.as_ref().and_then(|cvss| cvss.stated) {
			reason.push(format!(
				"The publisher states a CVSS score of {stated}, which its own vector does not give; the \
				 computed score is used."
			));
		}
		let mut status = finding.status.clone();
		match index.vex(cve, self) {
			Some(statement) => self.apply_vex(statement, &mut status, &mut reason),
			None => {},
		}
		let priority = match status {
			Status::FixedByPackage { .. } | Status::NotAffected { .. } => Priority::done(),
			Status::Affected | Status::Unknown => Priority::of(
				kev,
				epss,
				cvss.as_ref().map(|c| c.score),
				self.service.exposure,
				self.service.criticality,
			),
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
			status,
			priority,
			confidence: finding.confidence,
			reason,
		}
	}

	fn apply_vex(&self, statement: &VexStatement, status: &mut Status, reason: &mut Vec<String>) {
		let because = if statement.justification.is_empty() {
			String::new()
		} else {
			format!(" ({})", statement.justification)
		};
		match statement.status {
			VexStatus::NotAffected | VexStatus::Fixed => {
				let what = if statement.status == VexStatus::Fixed { "fixed" } else { "not affected" };
				let by = format!("{} states that it is {what}{because}", statement.author);
				reason.push(format!("{by}."));
				*status = Status::NotAffected { by };
			},
			VexStatus::Affected => {
				reason.push(format!("{} confirms it{because}.", statement.author));
			},
			VexStatus::UnderInvestigation => {
				reason.push(format!("{} is investigating it{because}.", statement.author));
			},
		}
	}
}

#[cfg(test)]
mod tests;
