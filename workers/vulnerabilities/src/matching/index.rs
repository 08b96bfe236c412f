//! The feed by what services are looked up with.

use std::collections::HashMap;

use super::{package::package_key, InstalledPackage, Subject};
use crate::{
	cpe::Cpe,
	cvss::Cvss,
	feed::{Advisory, AffectedPackage, AffectedProduct, Feed, VexStatement},
	names::product_keys,
	range::{CompiledSet, Versions},
};

/// A statement about a product.
pub(super) struct Candidate<'a> {
	pub(super) advisory: &'a Advisory,
	pub(super) affected: &'a AffectedProduct,
	pub(super) compiled: CompiledSet<'a>,
	/// Whether it was found by the name of an edition, which then needs no further comparison.
	pub(super) by_edition: bool,
}

impl Candidate<'_> {
	pub(super) fn is_conditional(&self) -> bool {
		!self.affected.requires.is_empty()
			|| self.affected.target.is_some()
			|| self.affected.versions.condition.is_some()
	}
}

pub(super) struct Index<'a> {
	candidates: Vec<Candidate<'a>>,
	products: HashMap<String, Vec<u32>>,
	/// By ecosystem and name.
	packages: HashMap<(String, String), Vec<&'a AffectedPackage>>,
	/// Worst severity of a CVE over all sources: newest CVSS version first.
	severity: HashMap<&'a str, &'a Cvss>,
	vex: HashMap<&'a str, Vec<&'a VexStatement>>,
	/// Products that a publisher calls not affected, by CVE.
	not_affected: HashMap<&'a str, Vec<(&'a Advisory, &'a AffectedProduct)>>,
}

/// Keys under which a statement is found, and whether each is the name of an edition.
pub(crate) fn statement_keys(affected: &AffectedProduct) -> Vec<(String, bool)> {
	let mut keys: Vec<(String, bool)> = product_keys(&affected.vendor, &affected.product)
		.into_iter()
		.map(|key| (key, false))
		.collect();
	// Some advisories name the family as the product and the products as its versions.
	if let Versions::Names(names) = &affected.versions.versions {
		let editions = names.iter().filter(|name| {
			name.split_whitespace().count() > 1
				&& name.chars().filter(|c| c.is_alphabetic()).count() > 4
		});
		for name in editions {
			let more = product_keys(&affected.vendor, name).into_iter().map(|key| (key, true));
			keys.extend(more.filter(|(key, _)| !key.ends_with("edition")));
		}
	}
	keys.sort();
	keys.dedup_by(|a, b| a.0 == b.0);
	keys
}

impl<'a> Index<'a> {
	pub(super) fn new(feed: &'a Feed) -> Self {
		let mut index = Self {
			candidates: Vec::new(),
			products: HashMap::new(),
			packages: HashMap::new(),
			severity: feed.severities.iter().map(|(cve, cvss)| (cve.as_str(), cvss)).collect(),
			vex: HashMap::new(),
			not_affected: HashMap::new(),
		};
		for advisory in &feed.advisories {
			for affected in &advisory.affected {
				index.add(advisory, affected);
			}
			for product in &advisory.not_affected {
				index.not_affected.entry(&advisory.cve).or_default().push((advisory, product));
			}
			if let Some(cvss) = &advisory.cvss {
				let kept = index.severity.entry(&advisory.cve).or_insert(cvss);
				if cvss.rank() > kept.rank() {
					*kept = cvss;
				}
			}
		}
		for package in &feed.packages {
			let key = package_key(&package.ecosystem, &package.name);
			index.packages.entry(key).or_default().push(package);
		}
		for statement in &feed.vex {
			index.vex.entry(&statement.cve).or_default().push(statement);
		}
		index
	}

	fn add(&mut self, advisory: &'a Advisory, affected: &'a AffectedProduct) {
		let mut editions = Vec::new();
		let at = u32::try_from(self.candidates.len()).unwrap_or(u32::MAX);
		for (key, by_edition) in statement_keys(affected) {
			if by_edition {
				editions.push(key);
			} else {
				self.products.entry(key).or_default().push(at);
			}
		}
		let candidate = |by_edition| Candidate {
			advisory,
			affected,
			compiled: CompiledSet::new(&affected.versions),
			by_edition,
		};
		self.candidates.push(candidate(false));
		if !editions.is_empty() {
			for key in editions {
				self.products.entry(key).or_default().push(at + 1);
			}
			self.candidates.push(candidate(true));
		}
	}

	/// Places of the statements that share a key with a service, each once, in the order of the feed.
	pub(super) fn places(&self, keys: &[String]) -> Vec<u32> {
		let mut found: Vec<u32> =
			keys.iter().filter_map(|key| self.products.get(key)).flatten().copied().collect();
		found.sort_unstable();
		found.dedup();
		found
	}

	/// The statement at a place.
	pub(super) fn candidate(&self, place: u32) -> Option<&Candidate<'a>> {
		self.candidates.get(place as usize)
	}

	pub(super) fn severity(&self, cve: &str) -> Option<&'a Cvss> {
		self.severity.get(cve).copied()
	}

	pub(super) fn package(&self, installed: &InstalledPackage) -> &[&'a AffectedPackage] {
		let key = package_key(&installed.distribution, &installed.source);
		self.packages.get(&key).map_or(&[], Vec::as_slice)
	}

	/// The statement about this CVE that names the service most closely; the last one wins among equals.
	pub(super) fn vex(&self, cve: &str, subject: &Subject<'_>) -> Option<&'a VexStatement> {
		let statements = self.vex.get(cve)?;
		let rank = |statement: &VexStatement| {
			if statement.products.is_empty() {
				return Some(0_u8);
			}
			statement.products.iter().filter_map(|product| concerns(product, subject)).max()
		};
		statements
			.iter()
			.filter_map(|statement| rank(statement).map(|rank| (rank, *statement)))
			.max_by_key(|(rank, _)| *rank)
			.map(|(_, statement)| statement)
	}

	/// The publisher that calls the service's product and version not affected.
	pub(super) fn says_not_affected(&self, cve: &str, subject: &Subject<'_>) -> Option<String> {
		for (advisory, product) in self.not_affected.get(cve)? {
			let same_product = product_keys(&product.vendor, &product.product)
				.iter()
				.any(|key| subject.keys.contains(key));
			let same_vendor = subject.vendor.as_deref().is_none_or(|vendor| {
				product.vendor.is_empty() || crate::names::same_vendor(vendor, &product.vendor)
			});
			let version = subject.version.as_deref();
			let within = version
				.is_some_and(|version| product.versions.contains(version) == Some(true))
				&& product.versions.condition.is_none();
			if same_product && same_vendor && within {
				return Some(format!(
					"{} counts {} in \"{}\" as not affected or fixed",
					advisory.source, product.product, product.versions.text
				));
			}
		}
		None
	}
}

/// How closely a product of a VEX statement names the service: by asset id, by full name, by name without
/// version; `None` if it names another.
fn concerns(product: &str, subject: &Subject<'_>) -> Option<u8> {
	let service = subject.service;
	let one = product.split_once('#').is_some_and(|(asset, name)| {
		(asset, name) == (service.asset.as_str(), service.service.as_str())
	});
	if one || product == service.asset || product == service.service {
		return Some(3);
	}
	let without_qualifiers = |purl: &str| purl.split(['?', '#']).next().unwrap_or(purl).to_owned();
	if let (true, Some(own)) = (product.starts_with("pkg:"), &service.purl) {
		let (stated, own) = (without_qualifiers(product), without_qualifiers(own));
		if stated == own {
			return Some(2);
		}
		let name = own.rsplit_once('@').map_or(own.as_str(), |(name, _)| name);
		return (stated == name).then_some(1);
	}
	let (stated, own) = (Cpe::parse(product)?, Cpe::parse(service.cpe23.as_deref()?)?);
	let same = stated.vendor == own.vendor && stated.product == own.product;
	match (same, &stated.version) {
		(true, version) if *version == own.version => Some(2),
		(true, crate::cpe::CpeVersion::Any) => Some(1),
		_ => None,
	}
}
