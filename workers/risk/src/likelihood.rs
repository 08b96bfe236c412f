//! How likely an asset is compromised directly, within 30 days.

use crate::{
	fixed::Probability,
	model::{Against, Asset, Control, GroupAwareness, Vulnerability},
	parameters::Parameters,
};

/// Ways in that can be left out, to see how much they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
	/// Through known vulnerabilities.
	pub exploitation: bool,
	/// Through forged mail.
	pub phishing: bool,
	/// From asset to asset.
	pub spread: bool,
	/// Through insiders.
	pub misuse: bool,
}

impl Ways {
	/// All of them.
	pub const ALL: Self = Self { exploitation: true, phishing: true, spread: true, misuse: true };
}

/// Likelihood that the vulnerability is exploited somewhere: the greatest of EPSS, the floor for
/// exploited ones, and the floor for those ransomware uses; without EPSS the CVSS score stands in.
/// The flag tells that it did.
pub fn exploitation(vulnerability: &Vulnerability, parameters: &Parameters) -> (Probability, bool) {
	let floor = match (vulnerability.ransomware, vulnerability.known_exploited) {
		(true, true) => parameters.ransomware_ppm.max(parameters.known_exploited_ppm),
		(true, false) => parameters.ransomware_ppm,
		(false, true) => parameters.known_exploited_ppm,
		(false, false) => 0,
	};
	let floor = Probability::from_ppm(floor);
	match vulnerability.epss.and_then(Probability::from_share) {
		Some(epss) => (epss.max(floor), false),
		None => (floor.max(from_score(vulnerability.cvss, parameters)), true),
	}
}

/// An unknown score counts as the highest.
fn from_score(score: Option<f64>, parameters: &Parameters) -> Probability {
	let bin = match score {
		Some(score) if score < 4.0 => 0,
		Some(score) if score < 7.0 => 1,
		Some(score) if score < 9.0 => 2,
		_ => 3,
	};
	Probability::from_ppm(parameters.cvss_fallback_ppm[bin])
}

/// What controls let pass at an asset: `Π (1 − efficacy · coverage)`.
pub fn passing(controls: &[Control], against: Against, asset: Option<&str>) -> Probability {
	let applies = |control: &&Control| {
		control.against == against
			&& (control.assets.is_empty()
				|| asset.is_some_and(|asset| control.assets.iter().any(|other| other == asset)))
	};
	controls.iter().filter(applies).fold(Probability::ONE, |passing, control| {
		let efficacy = Probability::from_share(control.efficacy).unwrap_or_default();
		let coverage = Probability::from_share(control.coverage).unwrap_or_default();
		passing.and(efficacy.and(coverage).not())
	})
}

/// Likelihood that the vulnerability is exploited on this asset: exploitation × reach × what
/// controls let pass.
pub fn through(
	vulnerability: &Vulnerability,
	asset: &Asset,
	passing: Probability,
	parameters: &Parameters,
) -> Probability {
	let reach = Probability::from_ppm(parameters.exposure(asset.exposure));
	exploitation(vulnerability, parameters).0.and(reach).and(passing)
}

/// Likelihood through weaknesses nobody matched.
pub fn residual(asset: &Asset, passing: Probability, parameters: &Parameters) -> Probability {
	let base = if asset.assessed {
		parameters.residual_ppm
	} else {
		parameters.unassessed_ppm.max(parameters.residual_ppm)
	};
	let reach = Probability::from_ppm(parameters.exposure(asset.exposure));
	Probability::from_ppm(base).and(reach).and(passing)
}

/// Likelihood that forged mail compromises a workplace of the group: `1 − (1 − click · passing ·
/// compromise after click)^n`, for `n` forged mails to the people of the group.
pub fn phishing(
	group: &GroupAwareness,
	passing: Probability,
	parameters: &Parameters,
) -> Probability {
	let once = Probability::from_ppm(parameters.click_ppm[group.level as usize])
		.and(passing)
		.and(Probability::from_ppm(parameters.compromise_after_click_ppm));
	let people: u32 = match group.size_bucket as u8 {
		0 => 0,
		// Groups of fewer than five have no result, so that five is the least.
		1 => 5,
		bucket => 10u32.pow(u32::from(bucket) - 1),
	};
	once.not().to_the(people.saturating_mul(parameters.forged_mails_per_person)).not()
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{Confidence, Level, SizeBucket, StaffGroup};

	fn vulnerability(epss: Option<f64>, cvss: Option<f64>) -> Vulnerability {
		Vulnerability {
			asset: "a".into(),
			cve: "CVE-2026-0001".into(),
			cvss,
			epss,
			known_exploited: false,
			ransomware: false,
		}
	}

	#[test]
	fn a_known_exploited_vulnerability_counts_at_least_its_floor() {
		let parameters = Parameters::default();
		let mut one = vulnerability(Some(0.02), Some(9.8));
		assert_eq!(exploitation(&one, &parameters), (Probability::from_ppm(20_000), false));
		one.known_exploited = true;
		assert_eq!(exploitation(&one, &parameters).0.ppm(), 500_000);
		one.ransomware = true;
		assert_eq!(exploitation(&one, &parameters).0.ppm(), 700_000);
		one.epss = Some(0.97);
		assert_eq!(exploitation(&one, &parameters).0.ppm(), 970_000);
	}

	#[test]
	fn without_any_score_the_worst_is_assumed_and_said() {
		let parameters = Parameters::default();
		let (unknown, said) = exploitation(&vulnerability(None, None), &parameters);
		assert!(said);
		assert_eq!(unknown, exploitation(&vulnerability(None, Some(9.8)), &parameters).0);
		assert!(unknown > exploitation(&vulnerability(None, Some(5.0)), &parameters).0);
	}

	#[test]
	fn efficacies_multiply_and_never_add_up_to_more_than_one() {
		let control = |id: &str, efficacy| Control {
			id: id.into(),
			against: Against::Exploitation,
			assets: vec![],
			efficacy,
			coverage: 1.0,
		};
		let both = [control("one", 0.2), control("other", 0.3)];
		assert_eq!(passing(&both, Against::Exploitation, Some("a")).ppm(), 560_000);
		assert_eq!(passing(&both, Against::Phishing, Some("a")), Probability::ONE);
	}

	#[test]
	fn a_less_aware_or_larger_group_is_a_likelier_way_in() {
		let parameters = Parameters::default();
		let entry = |level, size_bucket| {
			let group = GroupAwareness {
				group: StaffGroup::Clinical,
				level,
				confidence: Confidence::High,
				size_bucket,
				workplaces: vec![],
			};
			phishing(&group, Probability::ONE, &parameters)
		};
		assert!(entry(Level::High, SizeBucket::Tens) > entry(Level::Low, SizeBucket::Tens));
		assert!(entry(Level::Low, SizeBucket::Hundreds) > entry(Level::Low, SizeBucket::Tens));
		// 100 mails, 14.2 % clicks, 1 % of clicks: 1 − (1 − 0.00142)^100.
		assert_eq!(entry(Level::Moderate, SizeBucket::Hundreds).ppm(), 132_466);
	}
}
