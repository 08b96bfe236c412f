//! Compares services with the feed: those of one product together, their versions in one go.

use std::collections::{BTreeMap, HashMap};

use super::{
	conditions::{check_requirements, Check},
	index::{Candidate, Index, Number},
	ladder::{Ladder, Standing},
	package,
	subject::{Signature, Subject, Within},
	AssetService, Found, NotUnderstood, Outcome, Status,
};
use crate::{
	feed::{Feed, Part},
	names::same_vendor,
	range::Versions,
	version::Scheme,
};

// Qualities of detection, after the scale of Greenbone's scanners.
/// A distribution's statement about an installed package.
pub(super) const BY_PACKAGE: u8 = 97;
/// Version of a product named in the CPE dictionary.
pub(super) const BY_CPE: u8 = 80;
/// Version of a product matched by the names that people wrote.
pub(super) const BY_NAME: u8 = 70;
/// A distribution's package whose distribution says nothing: the fix may have been backported.
pub(super) const BACKPORT_UNKNOWN: u8 = 50;
/// The version is not known.
pub(super) const WITHOUT_VERSION: u8 = 30;

/// Products whose versions are looked at together; bounds the memory for the statements that concern them.
const SUBJECTS_AT_ONCE: usize = 256;

/// All services of every asset.
pub(crate) type ByAsset<'a> = HashMap<&'a str, Vec<&'a AssetService>>;

/// Orders services by their asset.
pub(crate) fn by_asset(services: &[AssetService]) -> ByAsset<'_> {
	let mut out = ByAsset::new();
	for service in services {
		out.entry(&service.asset).or_default().push(service);
	}
	out
}

/// Like [`match_each`](super::match_each) for some services of a larger inventory; `assets` holds all services
/// of their assets, for conditions on platforms.
pub(crate) fn match_some(
	services: &[&AssetService],
	assets: &ByAsset<'_>,
	feed: &Feed,
	sink: &mut dyn FnMut(Outcome<'_>),
) {
	let index = Index::new(feed);
	// Services that look the same are compared with the feed once.
	let mut alike: BTreeMap<Signature<'_>, Vec<&AssetService>> = BTreeMap::new();
	for service in services {
		alike.entry(Signature::of(service)).or_default().push(service);
	}
	// Services of one product look for the same statements.
	let mut products: BTreeMap<Product, Services<'_>> = BTreeMap::new();
	for services in alike.into_values() {
		let Some(first) = services.first() else { continue };
		let subject = Subject::new(first);
		let product = products.entry(Product::of(&subject)).or_default();
		product.subjects.push(subject);
		product.services.push(services);
	}
	for (product, Services { subjects, services }) in products {
		let places = product.concerned(&index);
		let parts = subjects.chunks(SUBJECTS_AT_ONCE).zip(services.chunks(SUBJECTS_AT_ONCE));
		for (subjects, services) in parts {
			let drafts = drafts(subjects, &index, &places);
			for ((subject, services), drafts) in subjects.iter().zip(services).zip(drafts) {
				deliver(subject, services, drafts, assets, &index, sink);
			}
		}
	}
}

/// What a service must have in common with another one to be concerned by the same statements.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Product {
	keys: Vec<String>,
	vendor: Option<String>,
	part: Option<Part>,
}

/// Services of one product: what they are, and for each the services that are the same.
#[derive(Default)]
struct Services<'a> {
	subjects: Vec<Subject<'a>>,
	services: Vec<Vec<&'a AssetService>>,
}

impl Product {
	fn of(subject: &Subject<'_>) -> Self {
		Self { keys: subject.keys.clone(), vendor: subject.vendor.clone(), part: subject.part }
	}

	/// Places of the statements about this product, in the order of the feed.
	fn concerned(&self, index: &Index<'_>) -> Vec<u32> {
		let mut vendors: HashMap<&str, bool> = HashMap::new();
		let mut places = index.places(&self.keys);
		places.retain(|place| {
			let Some(candidate) = index.candidate(*place) else { return false };
			let affected = candidate.affected;
			let same = match &self.vendor {
				Some(vendor) if !affected.vendor.is_empty() => *vendors
					.entry(&affected.vendor)
					.or_insert_with(|| same_vendor(vendor, &affected.vendor)),
				_ => true,
			};
			same && part_fits(self.part, affected.part)
		});
		places
	}
}

/// Whether a statement about one kind of product can concern another. Firmware and the device that runs it
/// count as one.
fn part_fits(own: Option<Part>, stated: Option<Part>) -> bool {
	match (own, stated) {
		(Some(Part::Application), Some(part)) => part == Part::Application,
		(Some(_), Some(part)) => part != Part::Application,
		_ => true,
	}
}

/// A statement of the feed that concerns a service, before conditions are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Draft {
	/// Place of the statement.
	place: u32,
	verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
	/// The version is affected.
	Affected,
	/// Some versions are, and which one runs is not known.
	VersionUnknown,
	/// The statement could not be compared.
	Undecided,
}

impl Verdict {
	fn of(within: &Within) -> Option<Self> {
		match within {
			Within::No => None,
			Within::Yes => Some(Self::Affected),
			Within::VersionUnknown => Some(Self::VersionUnknown),
			Within::Incomparable(_) => Some(Self::Undecided),
		}
	}
}

/// Statements by upstream version for subjects of one product. Gives for every subject what [`Subject::within`]
/// says of every statement, without asking it for each pair: most statements are intervals, and most versions
/// lie outside.
fn drafts(subjects: &[Subject<'_>], index: &Index<'_>, places: &[u32]) -> Vec<Vec<Draft>> {
	let mut out: Vec<Vec<Draft>> = vec![Vec::new(); subjects.len()];
	let mut ladders: Vec<(Scheme, Ladder)> = Vec::new();
	// A model may stand in for the version.
	let irregular: Vec<usize> = (0..subjects.len())
		.filter(|at| subjects[*at].version.is_none() || subjects[*at].service.model.is_some())
		.collect();
	let every: Vec<usize> = (0..subjects.len()).collect();
	for place in places {
		let Some(candidate) = index.candidate(*place) else { continue };
		let set = &candidate.affected.versions;
		let ordered = matches!(set.versions, Versions::Intervals(_))
			&& set.scheme != Scheme::Date
			&& set.scheme.is_order()
			&& !candidate.by_edition;
		let regular = |subject: &Subject<'_>| {
			ordered
				&& subject.version.is_some()
				&& (subject.service.model.is_none() || candidate.affected.part.is_some())
		};
		if ordered {
			let at = ladders.iter().position(|(scheme, _)| *scheme == set.scheme);
			let at = at.unwrap_or_else(|| {
				ladders.push((set.scheme, Ladder::new(subjects, set.scheme)));
				ladders.len() - 1
			});
			ladders[at].1.visit(&candidate.compiled, &mut |position, standing| {
				let position = position as usize;
				let verdict = match standing {
					Standing::Within => Verdict::Affected,
					Standing::Incomparable => Verdict::Undecided,
				};
				if regular(&subjects[position]) {
					out[position].push(Draft { place: *place, verdict });
				}
			});
		}
		for position in if ordered { &irregular } else { &every } {
			let subject = &subjects[*position];
			if regular(subject) {
				continue;
			}
			let verdict = Verdict::of(&subject.within(candidate));
			out[*position].extend(verdict.map(|verdict| Draft { place: *place, verdict }));
		}
	}
	out
}

/// Hands over what was found about services that are the same.
fn deliver<'a>(
	subject: &Subject<'a>,
	services: &[&'a AssetService],
	mut drafts: Vec<Draft>,
	assets: &ByAsset<'a>,
	index: &Index<'_>,
	sink: &mut dyn FnMut(Outcome<'_>),
) {
	drafts.sort_by_key(|draft| index.candidate(draft.place).map(|c| (c.cve, draft.place)));
	let conditional = drafts
		.iter()
		.any(|draft| index.candidate(draft.place).is_some_and(Candidate::is_conditional));
	let shared = (!conditional).then(|| findings(subject, &drafts, &[], index));
	for service in services {
		let own;
		let Findings { found, undecided } = match &shared {
			Some(shared) => shared,
			None => {
				let known = assets.get(service.asset.as_str()).map_or(&[][..], Vec::as_slice);
				let neighbours: Vec<Subject<'_>> =
					known.iter().copied().map(Subject::new).collect();
				let subject = Subject { service, ..subject.clone() };
				own = findings(&subject, &drafts, &neighbours, index);
				&own
			},
		};
		for (cve, finding) in found {
			sink(Outcome::Match(Found { service, subject, finding, facts: index.facts(*cve) }));
		}
		for (place, reason) in undecided {
			let Some(candidate) = index.candidate(*place) else { continue };
			sink(Outcome::NotUnderstood(NotUnderstood {
				asset: service.asset.clone(),
				service: service.service.clone(),
				cve: candidate.advisory.cve.clone(),
				source: candidate.advisory.source.clone(),
				range: candidate.affected.versions.text.clone(),
				reason: reason.clone(),
			}));
		}
	}
}

/// What was found about one vulnerability.
pub(super) struct Finding<'a> {
	pub(super) status: Status,
	pub(super) confidence: u8,
	/// The statement by name and version, if there is one.
	pub(super) by_product: Option<&'a Candidate<'a>>,
	/// What else speaks for it or against it.
	pub(super) reason: Vec<String>,
}

/// What was found about a service.
struct Findings<'a> {
	found: BTreeMap<Number, Finding<'a>>,
	/// Places of the statements that need a person, and why.
	undecided: Vec<(u32, String)>,
}

/// Brings the statements together: conditions, packages, VEX; one finding for a vulnerability, the surest.
/// `drafts` are in the order of the vulnerabilities.
fn findings<'a>(
	subject: &Subject<'_>,
	drafts: &[Draft],
	neighbours: &[Subject<'_>],
	index: &'a Index<'a>,
) -> Findings<'a> {
	let mut found: Vec<(Number, Finding<'a>)> = Vec::new();
	let mut undecided: Vec<(Number, u32, String)> = Vec::new();
	let mut fixed: BTreeMap<Number, String> = BTreeMap::new();
	for draft in drafts {
		let Some(candidate) = index.candidate(draft.place) else { continue };
		if let Some(update) = installed_fix(subject, candidate) {
			fixed.entry(candidate.cve).or_insert_with(|| {
				format!("the installed update {update}, {}", candidate.advisory.source)
			});
		}
		if draft.verdict == Verdict::Undecided {
			if let Within::Incomparable(reason) = subject.within(candidate) {
				undecided.push((candidate.cve, draft.place, reason));
			}
			continue;
		}
		let Some(finding) = finding(subject, candidate, draft.verdict, neighbours) else {
			continue;
		};
		let surer = |kept: &Finding<'_>| {
			(finding.status == Status::Affected, finding.confidence)
				> (kept.status == Status::Affected, kept.confidence)
		};
		match found.last_mut() {
			Some((cve, kept)) if *cve == candidate.cve => {
				if surer(kept) {
					*kept = finding;
				}
			},
			_ => found.push((candidate.cve, finding)),
		}
	}
	let mut found: BTreeMap<Number, Finding<'a>> = found.into_iter().collect();
	// What is decided by one source needs no person because of another.
	undecided.retain(|(cve, ..)| !found.contains_key(cve));
	undecided.sort_by_key(|(_, place, _)| *place);
	package::apply(subject, index, &mut found);
	for (cve, by) in fixed {
		if let Some(finding) = found.get_mut(&cve) {
			finding.reason.push(format!("It is fixed by {by}."));
			finding.confidence = BY_PACKAGE;
			finding.status = Status::FixedByPackage { by };
		}
	}
	for (cve, finding) in &mut found {
		if let Some(by) = index.facts(*cve).says_not_affected(subject) {
			finding.reason.push(format!("{by}."));
			finding.status = Status::NotAffected { by };
		}
	}
	let undecided = undecided.into_iter().map(|(_, place, reason)| (place, reason)).collect();
	Findings { found, undecided }
}

/// The installed update that fixes what a statement is about, if there is one.
fn installed_fix<'a>(subject: &Subject<'a>, candidate: &Candidate<'_>) -> Option<&'a String> {
	subject.service.updates.iter().find(|update| candidate.affected.fixed_by.contains(update))
}

/// What one statement leads to; nothing if one of its conditions does not hold.
fn finding<'a>(
	subject: &Subject<'_>,
	candidate: &'a Candidate<'a>,
	verdict: Verdict,
	neighbours: &[Subject<'_>],
) -> Option<Finding<'a>> {
	let affected = candidate.affected;
	let by_cpe = affected.from_cpe && subject.vendor.is_some() && !affected.vendor.is_empty();
	let confidence = if by_cpe { BY_CPE } else { BY_NAME }.min(subject.service.confidence);
	let (status, confidence) = match verdict {
		Verdict::Affected => (Status::Affected, confidence),
		_ => (Status::Unknown, confidence.min(WITHOUT_VERSION)),
	};
	let mut finding =
		Finding { status, confidence, by_product: Some(candidate), reason: Vec::new() };
	if candidate.is_conditional() {
		match check_requirements(subject, affected, neighbours) {
			Check::Fails => return None,
			Check::Holds(why) => finding.reason = why,
			Check::Unknown(why) => {
				finding.confidence = finding.confidence.min(BACKPORT_UNKNOWN);
				finding.reason = why;
			},
		}
	}
	Some(finding)
}

#[cfg(test)]
mod tests;
