//! A service with what can be concluded about its names and version.

use super::{index::Candidate, purl, AssetService, InstalledPackage};
use crate::{
	cpe::{Cpe, CpeVersion},
	feed::Part,
	names::product_keys,
	range::{letters_and_digits, Versions},
	version::{upstream, Scheme},
};

/// All that two services must have in common to be compared with the feed in the same way.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Signature<'a> {
	names: [Option<&'a str>; 7],
	part: Option<Part>,
	package: Option<(&'a str, &'a str, &'a str)>,
	updates: &'a [String],
	confidence: u8,
}

impl<'a> Signature<'a> {
	pub(super) fn of(service: &'a AssetService) -> Self {
		Self {
			names: [
				service.vendor.as_deref(),
				service.product.as_deref(),
				service.version.as_deref(),
				service.cpe23.as_deref(),
				service.purl.as_deref(),
				service.model.as_deref(),
				service.manufactured.as_deref(),
			],
			part: service.part,
			package: service
				.package
				.as_ref()
				.map(|p| (p.source.as_str(), p.version.as_str(), p.distribution.as_str())),
			updates: &service.updates,
			confidence: service.confidence,
		}
	}
}

#[derive(Clone)]
pub(crate) struct Subject<'a> {
	pub(super) service: &'a AssetService,
	pub(super) part: Option<Part>,
	pub(super) vendor: Option<String>,
	pub(super) product: Option<String>,
	pub(super) version: Option<String>,
	/// What the feed is looked up with.
	pub(super) keys: Vec<String>,
	pub(super) package: Option<InstalledPackage>,
	pub(super) version_from_package: bool,
	/// Whether the inventory says that there is no version (CPE `-`), not only that none is known.
	pub(super) has_no_version: bool,
}

/// Whether a service's version is among the affected ones.
pub(super) enum Within {
	Yes,
	No,
	VersionUnknown,
	Incomparable(String),
}

/// The keys by which the statements about a service's product are found.
pub(crate) fn service_keys(service: &AssetService) -> Vec<String> {
	Subject::new(service).keys
}

/// The package that provides a service: as stated, or by its package URL.
pub(crate) fn installed_package(service: &AssetService) -> Option<InstalledPackage> {
	service.package.clone().or_else(|| {
		service
			.purl
			.as_deref()
			.and_then(purl::Purl::parse)
			.and_then(|purl| purl.installed_package())
	})
}

impl<'a> Subject<'a> {
	pub(super) fn new(service: &'a AssetService) -> Self {
		let cpe = service.cpe23.as_deref().and_then(Cpe::parse);
		let package_url = service.purl.as_deref().and_then(purl::Purl::parse);
		let stated = service
			.version
			.clone()
			.filter(|version| !version.trim().is_empty())
			.or_else(|| match cpe.as_ref().map(|c| &c.version) {
				Some(CpeVersion::Exactly(version)) => Some(version.clone()),
				_ => None,
			})
			.or_else(|| package_url.as_ref().and_then(purl::Purl::upstream_version));
		let package = installed_package(service);
		let packaged = package.as_ref().map(|package| upstream(&package.version).to_owned());
		let named = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
		// Names of the CPE dictionary compare exactly, so they go first.
		let vendor = cpe
			.as_ref()
			.map(|c| c.vendor.clone())
			.filter(|vendor| vendor != "*")
			.or_else(|| named(&service.vendor))
			.or_else(|| package_url.as_ref().and_then(purl::Purl::vendor));
		let product = cpe
			.as_ref()
			.map(|c| c.product.clone())
			.filter(|product| product != "*")
			.or_else(|| named(&service.product))
			.or_else(|| package_url.as_ref().and_then(purl::Purl::product));
		let mut keys = product.as_deref().map_or(Vec::new(), |product| {
			product_keys(vendor.as_deref().unwrap_or_default(), product)
		});
		// The name a person gave may be in an advisory that knows no CPE.
		if let (Some(_), Some(product)) = (&cpe, named(&service.product)) {
			let vendor = service.vendor.as_deref().unwrap_or_default();
			keys.extend(product_keys(vendor, &product));
			keys.sort();
			keys.dedup();
		}
		Self {
			service,
			part: service.part.or(cpe.as_ref().and_then(|cpe| cpe.part)),
			vendor,
			product,
			has_no_version: cpe.as_ref().is_some_and(|c| c.version == CpeVersion::NotApplicable),
			version_from_package: stated.is_none() && packaged.is_some(),
			version: stated.or(packaged),
			keys,
			package,
		}
	}

	pub(super) fn named(&self) -> String {
		let product = self.product.as_deref().unwrap_or("a product");
		match &self.version {
			Some(version) if self.version_from_package => {
				format!("{product} {version} (version of the installed package)")
			},
			Some(version) => format!("{product} {version}"),
			None => format!("{product} of unknown version"),
		}
	}

	/// Whether the service's version is in the candidate's range.
	pub(super) fn within(&self, candidate: &Candidate<'_>) -> Within {
		let set = &candidate.affected.versions;
		if let Versions::NotUnderstood { reason } = &set.versions {
			return Within::Incomparable(reason.clone());
		}
		if candidate.by_edition || set.versions == Versions::All && set.except.is_empty() {
			return Within::Yes;
		}
		if let (Some(model), true) = (&self.service.model, candidate.affected.part.is_none()) {
			if candidate.compiled.contains(model, &set.scheme.parse(model)) == Some(true) {
				return Within::Yes;
			}
		}
		if let Versions::Names(names) = &set.versions {
			return self.among(names);
		}
		if set.versions == Versions::NoVersion {
			return match &self.version {
				_ if self.has_no_version => Within::Yes,
				None => Within::VersionUnknown,
				Some(version) => Within::Incomparable(format!(
					"version {version} is known, and the record speaks of a product without versions (CPE `-`)"
				)),
			};
		}
		let dated = set.scheme == Scheme::Date;
		let version = match (dated, &self.service.manufactured, &self.version) {
			(true, Some(day), _) => day,
			(_, _, Some(version)) => version,
			_ => return Within::VersionUnknown,
		};
		let own_date = dated && self.service.manufactured.is_some();
		match candidate.compiled.contains(version, &set.scheme.parse(version)) {
			Some(true) => Within::Yes,
			Some(false) => Within::No,
			None if dated && !own_date => Within::VersionUnknown,
			None => Within::Incomparable(format!(
				"version {version} and the range are of different styles"
			)),
		}
	}

	/// Whether model or version is one of these names.
	fn among(&self, names: &[String]) -> Within {
		let named = |text: &str| {
			let text = letters_and_digits(text);
			names.iter().any(|name| letters_and_digits(name) == text)
		};
		match (&self.service.model, &self.version) {
			(Some(model), _) if named(model) => Within::Yes,
			(_, Some(version)) if named(version) => Within::Yes,
			(Some(_), _) => Within::No,
			(None, Some(version)) if version.chars().filter(|c| c.is_alphabetic()).count() >= 3 => {
				Within::No
			},
			(None, _) => Within::Incomparable(
				"the advisory names models or editions, and the asset's is not known".into(),
			),
		}
	}
}

/// A product's keys may say more than its name: see [`crate::names`].
#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_cpe_and_a_persons_name_are_both_looked_up() {
		let service = AssetService {
			product: Some("IntelliSpace Portal".into()),
			cpe23: Some("cpe:2.3:a:philips:isp:8.0:*:*:*:*:*:*:*".into()),
			..AssetService::default()
		};
		let keys = service_keys(&service);
		assert!(
			keys.contains(&"isp".into()) && keys.contains(&"intellispace portal".into()),
			"{keys:?}"
		);
		assert!(service_keys(&AssetService::default()).is_empty());
	}
}
