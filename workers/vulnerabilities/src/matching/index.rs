//! The feed by what services are looked up with.

use std::collections::{hash_map::Entry, HashMap};

use super::{package::package_key, AssetService, InstalledPackage, Subject};
use crate::{
	cpe::Cpe,
	cvss::Cvss,
	feed::{Advisory, AffectedPackage, AffectedProduct, Epss, Feed, Kev, VexStatement},
	names::product_keys,
	range::{CompiledSet, Versions},
};

/// A vulnerability of the feed, by a number that only the index knows.
pub(super) type Number = u32;

/// What is known about a vulnerability beside the statements about products and packages.
pub(super) struct Facts<'a> {
	pub(super) cve: &'a str,
	/// Worst severity over all sources: newest CVSS version first.
	pub(super) severity: Option<&'a Cvss>,
	pub(super) kev: Option<&'a Kev>,
	pub(super) epss: Option<&'a Epss>,
	vex: Vec<&'a VexStatement>,
	/// Products that a publisher calls not affected.
	not_affected: Vec<(&'a Advisory, &'a AffectedProduct)>,
}

/// A statement about a product.
pub(super) struct Candidate<'a> {
	pub(super) advisory: &'a Advisory,
	/// Number of its vulnerability.
	pub(super) cve: Number,
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
	/// Places of the candidates that a key leads to.
	products: HashMap<String, Vec<u32>>,
	/// By ecosystem and name.
	packages: HashMap<(String, String), Vec<(Number, &'a AffectedPackage)>>,
	facts: Vec<Facts<'a>>,
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

/// What the index needs only while it is built.
#[derive(Default)]
struct Names<'a> {
	numbers: HashMap<&'a str, Number>,
	/// Keys of products that carry no names of editions: most statements are about few products.
	keys: HashMap<(&'a str, &'a str), Vec<String>>,
}

impl<'a> Index<'a> {
	pub(super) fn new(feed: &'a Feed) -> Self {
		let mut index = Self {
			candidates: Vec::new(),
			products: HashMap::new(),
			packages: HashMap::new(),
			facts: Vec::new(),
		};
		let mut names = Names::default();
		for advisory in &feed.advisories {
			let cve = index.number(&advisory.cve, feed, &mut names);
			for affected in &advisory.affected {
				index.add(advisory, affected, cve, &mut names);
			}
			let Some(facts) = index.facts.get_mut(cve as usize) else { continue };
			facts.not_affected.extend(advisory.not_affected.iter().map(|one| (advisory, one)));
			let worse = advisory
				.cvss
				.as_ref()
				.filter(|cvss| facts.severity.is_none_or(|kept| cvss.rank() > kept.rank()));
			facts.severity = worse.or(facts.severity);
		}
		for package in &feed.packages {
			let cve = index.number(&package.cve, feed, &mut names);
			let key = package_key(&package.ecosystem, &package.name);
			index.packages.entry(key).or_default().push((cve, package));
		}
		for statement in &feed.vex {
			let number = names.numbers.get(statement.cve.as_str());
			if let Some(facts) = number.and_then(|number| index.facts.get_mut(*number as usize)) {
				facts.vex.push(statement);
			}
		}
		index
	}

	fn number(&mut self, cve: &'a str, feed: &'a Feed, names: &mut Names<'a>) -> Number {
		match names.numbers.entry(cve) {
			Entry::Occupied(known) => *known.get(),
			Entry::Vacant(new) => {
				let number = Number::try_from(self.facts.len()).unwrap_or(Number::MAX);
				self.facts.push(Facts {
					cve,
					severity: feed.severities.get(cve),
					kev: feed.kev.get(cve),
					epss: feed.epss.get(cve),
					vex: Vec::new(),
					not_affected: Vec::new(),
				});
				*new.insert(number)
			},
		}
	}

	fn add(
		&mut self,
		advisory: &'a Advisory,
		affected: &'a AffectedProduct,
		cve: Number,
		names: &mut Names<'a>,
	) {
		let at = u32::try_from(self.candidates.len()).unwrap_or(u32::MAX);
		let mut lead = |key: &String, place: u32| match self.products.get_mut(key) {
			Some(places) => places.push(place),
			None => {
				self.products.insert(key.clone(), vec![place]);
			},
		};
		let mut editions = false;
		if matches!(affected.versions.versions, Versions::Names(_)) {
			for (key, by_edition) in statement_keys(affected) {
				editions |= by_edition;
				lead(&key, at + u32::from(by_edition));
			}
		} else {
			let (vendor, product) = (affected.vendor.as_str(), affected.product.as_str());
			let keys = names
				.keys
				.entry((vendor, product))
				.or_insert_with(|| product_keys(vendor, product));
			keys.iter().for_each(|key| lead(key, at));
		}
		let candidate = |by_edition| Candidate {
			advisory,
			cve,
			affected,
			compiled: CompiledSet::new(&affected.versions),
			by_edition,
		};
		self.candidates.push(candidate(false));
		if editions {
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

	/// What is known about a vulnerability.
	///
	/// # Panics
	/// If the number is not one of this index.
	pub(super) fn facts(&self, cve: Number) -> &Facts<'a> {
		&self.facts[cve as usize]
	}

	/// What distributions say about a package, each with the number of the vulnerability.
	pub(super) fn package(&self, installed: &InstalledPackage) -> &[(Number, &'a AffectedPackage)] {
		let key = package_key(&installed.distribution, &installed.source);
		self.packages.get(&key).map_or(&[], Vec::as_slice)
	}
}

impl<'a> Facts<'a> {
	/// The statement that names the service most closely; the last one wins among equals.
	pub(super) fn vex(&self, service: &AssetService) -> Option<&'a VexStatement> {
		let rank = |statement: &VexStatement| {
			if statement.products.is_empty() {
				return Some(0_u8);
			}
			statement.products.iter().filter_map(|product| concerns(product, service)).max()
		};
		self.vex
			.iter()
			.filter_map(|statement| rank(statement).map(|rank| (rank, *statement)))
			.max_by_key(|(rank, _)| *rank)
			.map(|(_, statement)| statement)
	}

	/// The publisher that calls the service's product and version not affected.
	pub(super) fn says_not_affected(&self, subject: &Subject<'_>) -> Option<String> {
		for (advisory, product) in &self.not_affected {
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
fn concerns(product: &str, service: &AssetService) -> Option<u8> {
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
