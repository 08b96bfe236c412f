//! Which vulnerability to treat first.

use serde::{Deserialize, Serialize};

use crate::feed::{Epss, Kev};

/// Who can reach the service.
#[derive(
	Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
	/// Only its own host or an isolated segment.
	Isolated,
	/// The hospital's network. Assumed where nothing is known.
	#[default]
	Internal,
	/// Everybody.
	Internet,
}

/// How much care depends on the asset.
#[derive(
	Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
	/// Care goes on without it.
	Low,
	/// Care is slowed down without it.
	Medium,
	/// Care is interrupted without it. Assumed where nothing is known.
	#[default]
	High,
	/// A patient's life depends on it.
	Vital,
}

/// What to do, in the spirit of SSVC's deployer tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
	/// Nothing is left to do: the installed package contains the fix.
	None,
	/// Treat it in the ordinary course.
	Track,
	/// Treat it sooner than the ordinary course.
	Attend,
	/// Treat it at once.
	Act,
}

/// Urgency of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Priority {
	/// What to do.
	pub decision: Decision,
	/// 0 to 1,100; see [`Priority::of`].
	pub score: u16,
}

/// Points of known exploitation; more than EPSS and CVSS have together.
const KEV_POINTS: f64 = 550.0;
/// Additional points of known use by ransomware.
const RANSOMWARE_POINTS: f64 = 50.0;
/// Points of an exploitation probability of 1.
const EPSS_POINTS: f64 = 250.0;
/// Points of a CVSS score of 10.
const CVSS_POINTS: f64 = 150.0;

/// Assumed where no EPSS score is known: unknown is not "never". About one in twenty.
const UNKNOWN_EPSS: f64 = 0.05;
/// Assumed where no CVSS score is known: the middle of "high".
const UNKNOWN_CVSS: f64 = 8.0;
/// Scores from here on are attended to.
const ATTEND: f64 = 150.0;

impl Priority {
	/// Urgency from known exploitation, probability of exploitation and severity, in this order, weighted by
	/// exposure and by what depends on the asset.
	///
	/// `score = exposure × criticality × (550·KEV + 50·ransomware + 250·EPSS + 150·CVSS/10)` with exposure 1 for
	/// the internet, 0.9 inside and 0.6 isolated, and criticality 1.1 vital, 1 high, 0.85 medium and 0.7 low. At
	/// the same weights a vulnerability that is known to be exploited comes before every other one. An absent
	/// EPSS counts as 0.05, an absent CVSS as 8.0.
	/// Known exploitation is to act on, unless the service is isolated; a score from 150 is to attend to.
	pub fn of(
		kev: Option<&Kev>,
		epss: Option<&Epss>,
		cvss: Option<f64>,
		exposure: Exposure,
		criticality: Criticality,
	) -> Self {
		let weight = match exposure {
			Exposure::Internet => 1.0,
			Exposure::Internal => 0.9,
			Exposure::Isolated => 0.6,
		};
		let weight = weight
			* match criticality {
				Criticality::Vital => 1.1,
				Criticality::High => 1.0,
				Criticality::Medium => 0.85,
				Criticality::Low => 0.7,
			};
		let points = kev.map_or(0.0, |_| KEV_POINTS)
			+ kev.filter(|kev| kev.ransomware).map_or(0.0, |_| RANSOMWARE_POINTS)
			+ EPSS_POINTS * epss.map_or(UNKNOWN_EPSS, |epss| epss.probability)
			+ CVSS_POINTS * cvss.unwrap_or(UNKNOWN_CVSS) / 10.0;
		let score = (weight * points).clamp(0.0, 1_100.0);
		let decision = match kev {
			Some(_) if exposure > Exposure::Isolated => Decision::Act,
			_ if score >= ATTEND => Decision::Attend,
			_ => Decision::Track,
		};
		Self { decision, score: score.round() as u16 }
	}

	/// Of a match whose fix is installed.
	pub const fn done() -> Self {
		Self { decision: Decision::None, score: 0 }
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn score(kev: Option<bool>, epss: Option<f64>, cvss: Option<f64>) -> u16 {
		let kev = kev.map(|ransomware| Kev { added: String::new(), ransomware });
		let epss = epss.map(|probability| Epss { probability, percentile: probability });
		Priority::of(kev.as_ref(), epss.as_ref(), cvss, Exposure::Internal, Criticality::High).score
	}

	#[test]
	fn known_exploitation_comes_first_then_probability_then_severity() {
		assert!(score(Some(false), Some(0.0), Some(0.1)) > score(None, Some(1.0), Some(10.0)));
		assert!(score(Some(true), None, Some(5.0)) > score(Some(false), None, Some(5.0)));
		assert!(score(None, Some(0.9), Some(5.0)) > score(None, Some(0.01), Some(9.8)));
		assert!(score(None, Some(0.1), Some(9.8)) > score(None, Some(0.1), Some(5.0)));
	}

	#[test]
	fn what_is_unknown_is_not_taken_for_harmless() {
		assert!(score(None, None, Some(5.0)) > score(None, Some(0.0), Some(5.0)));
		assert!(score(None, Some(0.1), None) > score(None, Some(0.1), Some(1.0)));
	}

	#[test]
	fn what_care_depends_on_comes_before_what_it_does_not() {
		let of = |criticality| {
			Priority::of(None, None, Some(7.5), Exposure::Internal, criticality).score
		};
		assert!(of(Criticality::Vital) > of(Criticality::High));
		assert!(of(Criticality::High) > of(Criticality::Medium));
		assert!(of(Criticality::Medium) > of(Criticality::Low));
	}

	#[test]
	fn exposure_weighs() {
		let at = |exposure| Priority::of(None, None, Some(9.8), exposure, Criticality::High).score;
		assert!(at(Exposure::Internet) > at(Exposure::Internal));
		assert!(at(Exposure::Internal) > at(Exposure::Isolated));
		let kev = Kev { added: String::new(), ransomware: false };
		let decision =
			|exposure| Priority::of(Some(&kev), None, None, exposure, Criticality::High).decision;
		assert_eq!(decision(Exposure::Internal), Decision::Act);
		assert_eq!(decision(Exposure::Isolated), Decision::Attend);
	}
}
