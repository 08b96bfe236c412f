use proptest::prelude::*;

use super::*;
use crate::{
	feed::{Advisory, AffectedProduct},
	range::{Interval, Limit, VersionSet},
};

/// Versions that are close to each other, some of another style.
fn version() -> impl Strategy<Value = String> {
	prop_oneof![
		8 => "[0-2](\\.[0-2]|[abp]|p[01]|-rc1){0,3}",
		1 => "[AK](\\.[01]){0,2}",
		1 => Just("012U000040".to_owned()),
		1 => Just("?".to_owned()),
		1 => Just("2024-01-02".to_owned()),
	]
}

fn limit() -> impl Strategy<Value = Option<Limit>> {
	prop::option::weighted(
		0.7,
		(version(), any::<bool>()).prop_map(|(version, inclusive)| Limit { version, inclusive }),
	)
}

fn intervals(most: usize) -> impl Strategy<Value = Vec<Interval>> {
	let interval = prop_oneof![
		3 => (limit(), limit()).prop_map(|(from, to)| Interval { from, to }),
		1 => version().prop_map(Interval::exactly),
	];
	prop::collection::vec(interval, 0..=most)
}

fn set() -> impl Strategy<Value = VersionSet> {
	let versions = prop_oneof![
		12 => intervals(3).prop_map(Versions::Intervals),
		1 => Just(Versions::All),
		1 => Just(Versions::NoVersion),
		1 => prop::collection::vec(version(), 1..3).prop_map(Versions::Names),
		1 => Just(Versions::NotUnderstood { reason: "a riddle".into() }),
	];
	let scheme = prop_oneof![
		4 => Just(Scheme::Generic),
		1 => Just(Scheme::Semver),
		1 => Just(Scheme::Debian),
		1 => Just(Scheme::Rpm),
		1 => Just(Scheme::Date),
	];
	let except = prop_oneof![3 => Just(Vec::new()), 1 => intervals(2)];
	(versions, scheme, except).prop_map(|(versions, scheme, except)| VersionSet {
		scheme,
		except,
		..VersionSet::of(versions, "some text")
	})
}

fn part() -> impl Strategy<Value = Option<Part>> {
	prop::sample::select(vec![None, Some(Part::Application), Some(Part::Hardware)])
}

fn vendor() -> impl Strategy<Value = String> {
	prop::sample::select(vec!["", "openbsd", "acme"]).prop_map(str::to_owned)
}

fn advisory() -> impl Strategy<Value = Advisory> {
	let affected =
		(vendor(), set(), part(), any::<bool>()).prop_map(|(vendor, versions, part, from_cpe)| {
			AffectedProduct {
				vendor,
				product: "openssh".into(),
				versions,
				from_cpe,
				part,
				target: None,
				requires: Vec::new(),
				fixed_by: Vec::new(),
			}
		});
	(0..4_u8, prop::collection::vec(affected, 0..4)).prop_map(|(number, affected)| Advisory {
		cve: format!("CVE-{number}"),
		source: "NVD".into(),
		summary: String::new(),
		cvss: None,
		affected,
		not_affected: Vec::new(),
	})
}

fn service() -> impl Strategy<Value = AssetService> {
	let known = |strategy| prop::option::weighted(0.8, strategy);
	(known(version()), vendor(), part(), prop::option::weighted(0.2, version()), 0..100_u8)
		.prop_map(|(version, vendor, part, model, confidence)| AssetService {
			asset: "ip:192.0.2.7".into(),
			vendor: Some(vendor).filter(|vendor| !vendor.is_empty()),
			product: Some("openssh".into()),
			version,
			model,
			part,
			confidence,
			..AssetService::default()
		})
}

/// What asking for every pair gives.
fn pair_by_pair(subject: &Subject<'_>, index: &Index<'_>) -> Vec<Draft> {
	let mut out = Vec::new();
	for place in index.places(&subject.keys) {
		let candidate = index.candidate(place).expect("a place of this index");
		let affected = candidate.affected;
		let same = subject.vendor.as_deref().is_none_or(|vendor| {
			affected.vendor.is_empty() || same_vendor(vendor, &affected.vendor)
		});
		if same && part_fits(subject.part, affected.part) {
			let verdict = Verdict::of(&subject.within(candidate));
			out.extend(verdict.map(|verdict| Draft { place, verdict }));
		}
	}
	out
}

proptest! {
	#[test]
	fn many_versions_in_one_go_give_what_every_pair_gives(
		services in prop::collection::vec(service(), 1..30),
		advisories in prop::collection::vec(advisory(), 1..8),
	) {
		let feed = Feed { advisories, ..Feed::default() };
		let index = Index::new(&feed);
		let mut groups: BTreeMap<Product, Vec<Subject<'_>>> = BTreeMap::new();
		for service in &services {
			let subject = Subject::new(service);
			groups.entry(Product::of(&subject)).or_default().push(subject);
		}
		for (product, subjects) in groups {
			let together = drafts(&subjects, &index, &product.concerned(&index));
			for (subject, found) in subjects.iter().zip(together) {
				prop_assert_eq!(found, pair_by_pair(subject, &index), "{:?}", subject.version);
			}
		}
	}

	#[test]
	fn services_together_give_what_each_gives_alone(
		services in prop::collection::vec(service(), 1..20),
		advisories in prop::collection::vec(advisory(), 1..8),
	) {
		let services: Vec<AssetService> = services
			.into_iter()
			.enumerate()
			.map(|(at, service)| AssetService { asset: format!("asset-{at}"), ..service })
			.collect();
		let feed = Feed { advisories, ..Feed::default() };
		let mut together = crate::match_assets(&services, &feed);
		let mut alone = crate::MatchReport::default();
		for service in &services {
			let report = crate::match_assets(std::slice::from_ref(service), &feed);
			alone.matches.extend(report.matches);
			alone.not_understood.extend(report.not_understood);
		}
		for report in [&mut together, &mut alone] {
			report.matches.sort_by(|a, b| (&a.asset, &a.cve).cmp(&(&b.asset, &b.cve)));
			report.not_understood.sort_by(|a, b| {
				(&a.asset, &a.cve, &a.range, &a.reason).cmp(&(&b.asset, &b.cve, &b.range, &b.reason))
			});
		}
		prop_assert_eq!(together, alone);
	}
}
