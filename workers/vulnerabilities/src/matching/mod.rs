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
pub(crate) use self::{
	index::statement_keys,
	package::package_key,
	subject::{installed_package, service_keys},
};
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
pub enum Outcome<'a> {
	/// A service and a vulnerability that concerns it, [`Status::NotAffected`] included.
	Match(Found<'a>),
	/// A statement that needs a person.
	NotUnderstood(NotUnderstood),
}

/// A match whose reasons are not put into words yet.
pub struct Found<'a> {
	cve: &'a str,
	subject: &'a Subject<'a>,
	finding: &'a Finding<'a>,
	feed: &'a Feed,
	index: &'a Index<'a>,
}

impl Found<'_> {
	/// Id of the asset.
	pub fn asset(&self) -> &str {
		&self.subject.service.asset
	}

	/// CVE id.
	pub fn cve(&self) -> &str {
		self.cve
	}

	/// Quality of detection, 0 to 100.
	pub fn confidence(&self) -> u8 {
		self.finding.confidence
	}

	/// How urgent it is.
	pub fn priority(&self) -> Priority {
		self.rated(&self.status().0)
	}

	/// The state, with a VEX statement that bears on it.
	fn status(&self) -> (Status, Option<&VexStatement>) {
		match self.index.vex(self.cve, self.subject) {
			None => (self.finding.status.clone(), None),
			Some(statement) => (under_vex(statement, &self.finding.status), Some(statement)),
		}
	}

	fn rated(&self, status: &Status) -> Priority {
		match status {
			Status::FixedByPackage { .. } | Status::NotAffected { .. } => Priority::done(),
			Status::Affected | Status::Unknown => Priority::of(
				self.feed.kev.get(self.cve),
				self.feed.epss.get(self.cve),
				self.index.severity(self.cve).map(|cvss| cvss.score),
				self.subject.service.exposure,
				self.subject.service.criticality,
			),
		}
	}

	/// The whole match with its reasons.
	pub fn to_match(&self) -> Match {
		let Self { cve, subject, finding, feed, index } = self;
		let cvss = index.severity(cve).cloned();
		let kev = feed.kev.get(*cve);
		let epss = feed.epss.get(*cve);
		let mut reason = Vec::with_capacity(finding.reason.len() + 2);
		reason.extend(finding.by_product.map(|candidate| self.by_product(candidate)));
		reason.extend(finding.reason.iter().cloned());
		if let Some(stated) = cvss.as_ref().and_then(|cvss| cvss.stated) {
			reason.push(format!(
				"The publisher states a CVSS score of {stated}, which its own vector does not give; the \
				 computed score is used."
			));
		}
		let (status, vex) = self.status();
		reason.extend(vex.map(vex_words));
		let priority = self.rated(&status);
		if priority != Priority::done() {
			reason.extend(
				kev.map(|kev| format!("It is known to be exploited since {} (KEV).", kev.added)),
			);
		}
		Match {
			asset: subject.service.asset.clone(),
			service: subject.service.service.clone(),
			cve: (*cve).into(),
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

	/// The statement about product and version in a sentence.
	fn by_product(&self, candidate: &Candidate<'_>) -> String {
		let (affected, source) = (candidate.affected, &candidate.advisory.source);
		let range = &affected.versions.text;
		if self.finding.status == Status::Unknown {
			return format!(
				"{} is affected in the versions \"{range}\" by {source}; which version runs is not known.",
				self.subject.product.as_deref().unwrap_or("The product")
			);
		}
		let names = format!("{} {}", affected.vendor, affected.product);
		format!(
			"{} is in the range \"{range}\" of {} that {source} gives.",
			self.subject.named(),
			names.trim()
		)
	}
}

/// The state that a VEX statement leaves.
fn under_vex(statement: &VexStatement, status: &Status) -> Status {
	let what = match statement.status {
		VexStatus::NotAffected => "not affected",
		VexStatus::Fixed => "fixed",
		VexStatus::Affected | VexStatus::UnderInvestigation => return status.clone(),
	};
	let by = format!("{} states that it is {what}{}", statement.author, because(statement));
	Status::NotAffected { by }
}

fn because(statement: &VexStatement) -> String {
	match statement.justification.as_str() {
		"" => String::new(),
		words => format!(" ({words})"),
	}
}

fn vex_words(statement: &VexStatement) -> String {
	let what = match statement.status {
		VexStatus::NotAffected => "states that it is not affected",
		VexStatus::Fixed => "states that it is fixed",
		VexStatus::Affected => "confirms it",
		VexStatus::UnderInvestigation => "is investigating it",
	};
	format!("{} {what}{}.", statement.author, because(statement))
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
		Outcome::Match(found) => {
			let found = found.to_match();
			if matches!(found.status, Status::NotAffected { .. }) {
				report.not_affected.push(found);
			} else {
				report.matches.push(found);
			}
		},
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
pub fn match_each(services: &[AssetService], feed: &Feed, sink: &mut dyn FnMut(Outcome<'_>)) {
	let all: Vec<&AssetService> = services.iter().collect();
	match_some(&all, &|_| Vec::new(), feed, sink);
}

/// Like [`match_each`] for some services of a larger inventory; `others` gives the remaining services of an
/// asset, for conditions on platforms.
pub(crate) fn match_some(
	services: &[&AssetService],
	others: &dyn Fn(&str) -> Vec<AssetService>,
	feed: &Feed,
	sink: &mut dyn FnMut(Outcome<'_>),
) {
	let index = Index::new(feed);
	let index = &index;
	let mut by_asset: HashMap<&str, Vec<&AssetService>> = HashMap::new();
	// Services that look the same are compared with the feed once.
	let mut alike: BTreeMap<subject::Signature<'_>, Vec<&AssetService>> = BTreeMap::new();
	for service in services {
		by_asset.entry(&service.asset).or_default().push(service);
		alike.entry(subject::Signature::of(service)).or_default().push(service);
	}
	// Services of one product look for the same statements.
	let mut places: HashMap<Vec<String>, Vec<u32>> = HashMap::new();
	for group in alike.values() {
		let Some(first) = group.first() else { continue };
		let subject = Subject::new(first);
		let places =
			places.entry(subject.keys.clone()).or_insert_with(|| index.places(&subject.keys));
		let drafts = drafts(&subject, index, places);
		let conditional =
			drafts.iter().any(|draft| draft.candidate.is_some_and(|c| c.is_conditional()));
		let shared = (!conditional).then(|| findings(&subject, &drafts, &[], index));
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
					own = findings(&subject, &drafts, &neighbours, index);
					(&own.0, &own.1)
				},
			};
			for (cve, finding) in found {
				sink(Outcome::Match(Found { cve, subject: &subject, finding, feed, index }));
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
	/// The version is affected, or (`known` is false) not known.
	Suspected { known: bool, confidence: u8 },
	/// The statement could not be compared.
	Undecided { reason: String },
}

/// What was found about one CVE.
#[derive(Clone)]
struct Finding<'a> {
	status: Status,
	confidence: u8,
	/// The statement by name and version, if there is one.
	by_product: Option<&'a Candidate<'a>>,
	/// What else speaks for it or against it.
	reason: Vec<String>,
}

/// Statements by vendor, product and upstream version.
fn drafts<'a>(subject: &Subject<'_>, index: &'a Index<'a>, places: &[u32]) -> Vec<Draft<'a>> {
	let mut out = Vec::new();
	let mut same_vendors: HashMap<&str, bool> = HashMap::new();
	// Statements about one product mostly name the same vendor.
	let mut last: Option<(&str, bool)> = None;
	let mut cache = subject::VersionCache::default();
	for candidate in places.iter().filter_map(|place| index.candidate(*place)) {
		let affected = candidate.affected;
		let vendor_known = match &subject.vendor {
			Some(vendor) if !affected.vendor.is_empty() => {
				let theirs = affected.vendor.as_str();
				let same = match last {
					Some((name, same)) if name == theirs => same,
					_ => *same_vendors
						.entry(theirs)
						.or_insert_with(|| crate::names::same_vendor(vendor, theirs)),
				};
				last = Some((theirs, same));
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
			Within::Yes => out.push(draft(Verdict::Suspected { known: true, confidence })),
			Within::VersionUnknown => out.push(draft(Verdict::Suspected {
				known: false,
				confidence: confidence.min(WITHOUT_VERSION),
			})),
			Within::Incomparable(reason) => out.push(draft(Verdict::Undecided { reason })),
		}
	}
	out
}

type Findings<'a> = (BTreeMap<&'a str, Finding<'a>>, Vec<(Draft<'a>, String)>);

/// Brings the statements together: conditions, packages, VEX; one finding for a CVE, the surest.
fn findings<'a>(
	subject: &Subject<'_>,
	drafts: &[Draft<'a>],
	neighbours: &[Subject<'_>],
	index: &Index<'a>,
) -> Findings<'a> {
	let mut out: BTreeMap<&'a str, Finding<'a>> = BTreeMap::new();
	let mut left = Vec::new();
	for draft in drafts {
		let (known, confidence) = match &draft.verdict {
			Verdict::Undecided { reason } => {
				left.push((draft.clone(), reason.clone()));
				continue;
			},
			Verdict::Suspected { known, confidence } => (*known, *confidence),
		};
		let mut finding = Finding {
			status: if known { Status::Affected } else { Status::Unknown },
			confidence,
			by_product: draft.candidate,
			reason: Vec::new(),
		};
		let conditional = draft.candidate.filter(|candidate| candidate.is_conditional());
		let check = conditional.map_or(Check::Holds(Vec::new()), |candidate| {
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
	left.retain(|(draft, _): &(Draft<'a>, String)| !out.contains_key(draft.cve));
	package::apply(subject, index, &mut out);
	for (cve, finding) in &mut out {
		if let Some(by) = index.says_not_affected(cve, subject) {
			finding.reason.push(format!("{by}."));
			finding.status = Status::NotAffected { by };
		}
	}
	(out, left)
}

#[cfg(test)]
mod tests;
