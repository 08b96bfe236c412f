//! Compares services with the feed.

mod compare;
mod conditions;
mod index;
mod ladder;
mod package;
mod purl;
mod subject;

use serde::{Deserialize, Serialize};

use self::{
	compare::Finding,
	index::{Candidate, Facts},
	subject::Subject,
};
pub(crate) use self::{
	compare::{by_asset, match_some, ByAsset},
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
	/// Updates installed on the asset by their number in the vendor's knowledge base (`KB5033372`).
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub updates: Vec<String>,
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
	/// The version lies in the affected range, but the distribution fixed it in the installed package, or the
	/// publisher in an installed update.
	FixedByPackage {
		/// Which package version or update contains the fix, and who says so.
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
	service: &'a AssetService,
	subject: &'a Subject<'a>,
	finding: &'a Finding<'a>,
	facts: &'a Facts<'a>,
}

impl Found<'_> {
	/// Id of the asset.
	pub fn asset(&self) -> &str {
		&self.service.asset
	}

	/// CVE id.
	pub fn cve(&self) -> &str {
		self.facts.cve
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
		match self.facts.vex(self.service) {
			None => (self.finding.status.clone(), None),
			Some(statement) => (under_vex(statement, &self.finding.status), Some(statement)),
		}
	}

	fn rated(&self, status: &Status) -> Priority {
		match status {
			Status::FixedByPackage { .. } | Status::NotAffected { .. } => Priority::done(),
			Status::Affected | Status::Unknown => Priority::of(
				self.facts.kev,
				self.facts.epss,
				self.facts.severity.map(|cvss| cvss.score),
				self.service.exposure,
				self.service.criticality,
			),
		}
	}

	/// The whole match with its reasons.
	pub fn to_match(&self) -> Match {
		let Self { service, finding, facts, .. } = self;
		let cvss = facts.severity.cloned();
		let kev = facts.kev;
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
			asset: service.asset.clone(),
			service: service.service.clone(),
			cve: facts.cve.into(),
			cvss,
			epss: facts.epss.map(|epss| epss.probability),
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

/// Compares every service with the feed.
///
/// Per service and CVE there is one match: the surest. A distribution's statement about the installed
/// package outweighs upstream ranges. Deterministic: the order of the input does not matter beyond ties.
pub fn match_assets(services: &[AssetService], feed: &Feed) -> MatchReport {
	let mut report = MatchReport::default();
	match_each(services, feed, &mut |outcome| report.take(outcome));
	report.order();
	report
}

impl MatchReport {
	/// Adds a result.
	pub fn take(&mut self, outcome: Outcome<'_>) {
		match outcome {
			Outcome::Match(found) => {
				let found = found.to_match();
				if matches!(found.status, Status::NotAffected { .. }) {
					self.not_affected.push(found);
				} else {
					self.matches.push(found);
				}
			},
			Outcome::NotUnderstood(left) => self.not_understood.push(left),
		}
	}

	/// Brings results, which come in no particular order, into the order of urgency.
	pub fn order(&mut self) {
		let by_urgency = |a: &Match, b: &Match| {
			b.priority
				.score
				.cmp(&a.priority.score)
				.then_with(|| b.confidence.cmp(&a.confidence))
				.then_with(|| (&a.asset, &a.service, &a.cve).cmp(&(&b.asset, &b.service, &b.cve)))
		};
		self.matches.sort_by(by_urgency);
		self.not_affected.sort_by(by_urgency);
		self.not_understood.sort_by(|a, b| {
			(&a.asset, &a.service, &a.cve, &a.range).cmp(&(&b.asset, &b.service, &b.cve, &b.range))
		});
	}
}

/// Compares every service with the feed and hands the results over one by one, so that no more than one is
/// held in memory. They come in no particular order.
pub fn match_each(services: &[AssetService], feed: &Feed, sink: &mut dyn FnMut(Outcome<'_>)) {
	let all: Vec<&AssetService> = services.iter().collect();
	match_some(&all, &by_asset(services), feed, sink);
}

#[cfg(test)]
mod tests;
