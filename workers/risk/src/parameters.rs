//! Policy values. They are part of the inputs: who recomputes an assessment uses the same.

use curex_primitives::{Confidence, Level};

use crate::model::Exposure;

/// Policy values; shares in parts per million. The defaults are those of the CUREX risk method;
/// where no source is given they are the project's own judgement.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
	/// Share of exploitation attempts that can reach an asset: internet, partner, internal,
	/// isolated, physical, unknown.
	pub exposure_ppm: [u64; 6],
	/// Least likelihood of exploitation of a vulnerability that CISA lists as exploited.
	pub known_exploited_ppm: u64,
	/// The same, if ransomware uses it.
	pub ransomware_ppm: u64,
	/// Likelihood of exploitation without an EPSS value, by CVSS base score: below 4, below 7,
	/// below 9, from 9.
	pub cvss_fallback_ppm: [u64; 4],
	/// Likelihood through a weakness nobody knows, on an asset matched with advisories, before
	/// exposure.
	pub residual_ppm: u64,
	/// The same on an asset whose software is not known.
	pub unassessed_ppm: u64,
	/// Share of forged mails that are clicked, by level of the group; 14.2 % is the mean and 7.4 to
	/// 30.7 % the range of campaign medians over 2.97 million mails (JAMA Netw Open 2019).
	pub click_ppm: [u64; 5],
	/// Share of clicks that end in a compromised workplace.
	pub compromise_after_click_ppm: u64,
	/// Forged mails per person that pass the filter within the window.
	pub forged_mails_per_person: u32,
	/// Likelihood that an attacker goes on to a dependent asset, where the model does not say.
	pub spread_ppm: u64,
	/// Likelihood that somebody with access misuses it within the window.
	pub misuse_ppm: u64,
	/// Likelihood ratio of an alert in thousandths, by severity, at high confidence: true over
	/// false positive rate.
	pub alert_ratio_thousandths: [u64; 5],
	/// Share of the ratio's excess over one that counts at low, medium and high confidence.
	pub alert_confidence_ppm: [u64; 3],
	/// Greatest product of the ratios of one asset's alerts, in thousandths.
	pub greatest_ratio_thousandths: u64,
	/// Hours after which an alert counts half.
	pub alert_half_life_hours: u32,
	/// Share of outages that last longer than so many hours: (hours, parts per million), by hours.
	pub outage_longer_than: Vec<(u32, u64)>,
	/// Least likelihood of low, moderate, high, very high (NIST SP 800-30 r1, table G-2: 5, 21, 80,
	/// 96 of 100).
	pub likelihood_from_ppm: [u64; 4],
}

impl Default for Parameters {
	fn default() -> Self {
		Self {
			exposure_ppm: [1_000_000, 600_000, 300_000, 100_000, 50_000, 600_000],
			known_exploited_ppm: 500_000,
			ransomware_ppm: 700_000,
			cvss_fallback_ppm: [10_000, 40_000, 100_000, 200_000],
			residual_ppm: 5_000,
			unassessed_ppm: 50_000,
			click_ppm: [50_000, 74_000, 142_000, 220_000, 307_000],
			compromise_after_click_ppm: 10_000,
			forged_mails_per_person: 1,
			spread_ppm: 300_000,
			misuse_ppm: 10_000,
			alert_ratio_thousandths: [1_000, 1_500, 4_000, 12_000, 40_000],
			alert_confidence_ppm: [250_000, 600_000, 1_000_000],
			greatest_ratio_thousandths: 1_000_000,
			alert_half_life_hours: 72,
			outage_longer_than: vec![
				(0, 1_000_000),
				(4, 900_000),
				(24, 700_000),
				(72, 500_000),
				(168, 300_000),
				(672, 100_000),
			],
			likelihood_from_ppm: [50_000, 210_000, 800_000, 960_000],
		}
	}
}

impl Parameters {
	/// Reach of attempts at an exposure, in parts per million.
	pub fn exposure(&self, exposure: Exposure) -> u64 {
		self.exposure_ppm[exposure as usize]
	}

	/// Likelihood ratio of one alert in thousandths, after decay: its excess over one halves every
	/// half-life, linearly in between.
	pub fn alert_ratio(&self, severity: Level, confidence: Confidence, age_hours: u32) -> u64 {
		let ratio = self.alert_ratio_thousandths[severity as usize];
		let share = self.alert_confidence_ppm[confidence as usize].min(1_000_000);
		let excess = u128::from(ratio.saturating_sub(1_000)) * u128::from(share) / 1_000_000;
		let half_life = self.alert_half_life_hours.max(1);
		let halved = excess.checked_shr(age_hours / half_life).unwrap_or(0);
		let lost = halved * u128::from(age_hours % half_life) / (2 * u128::from(half_life));
		1_000 + (halved - lost) as u64
	}

	/// Share of outages that last longer than so many hours, in parts per million.
	pub fn outage_longer_than(&self, hours: u32) -> u64 {
		let steps = self.outage_longer_than.iter().filter(|(from, _)| *from <= hours);
		steps.map(|(_, share)| *share).min().unwrap_or(1_000_000)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_alert_halves_with_its_half_life_and_never_argues_for_innocence() {
		let parameters = Parameters::default();
		let ratio = |age| parameters.alert_ratio(Level::VeryHigh, Confidence::High, age);
		assert_eq!((ratio(0), ratio(72), ratio(144)), (40_000, 20_500, 10_750));
		assert!(ratio(36) < ratio(0) && ratio(36) > ratio(72));
		assert_eq!(ratio(u32::MAX), 1_000);
		assert_eq!(parameters.alert_ratio(Level::VeryLow, Confidence::High, 0), 1_000);
	}

	#[test]
	fn a_longer_tolerance_never_makes_an_outage_worse() {
		let parameters = Parameters::default();
		let shares: Vec<u64> =
			(0..1_000).map(|hours| parameters.outage_longer_than(hours)).collect();
		assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]));
		assert_eq!((shares[3], shares[4]), (1_000_000, 900_000));
	}
}
