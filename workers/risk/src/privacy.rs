//! Severity of the feared events of data protection.

use crate::model::{DataClass, Identification, ProcessingActivity};

/// A feared event (CNIL, PIA methodology).
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum FearedEvent {
	/// Somebody reads who must not.
	IllegitimateAccess,
	/// Data are changed against the will of who answers for them.
	UnwantedChange,
	/// Data are gone.
	Disappearance,
}

impl FearedEvent {
	/// All of them.
	pub const ALL: [Self; 3] =
		[Self::IllegitimateAccess, Self::UnwantedChange, Self::Disappearance];
}

/// Circumstances of a breach in hundredths (ENISA 2013, annex 3): 0, 25 or 50 for each property, 50
/// if malicious.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
	/// Loss of confidentiality.
	pub confidentiality: u16,
	/// Loss of integrity.
	pub integrity: u16,
	/// Loss of availability.
	pub availability: u16,
	/// Whether somebody meant it.
	pub malicious: bool,
}

/// Severity of a breach in hundredths, `DPC · EI + CB` (ENISA, Recommendations for a methodology of
/// the assessment of severity of personal data breaches, 2013). `context` corrects the class; the
/// corrected class stays in 1..=4.
pub fn breach_severity(
	data: DataClass,
	context: i8,
	identification: Identification,
	circumstances: Circumstances,
) -> u16 {
	let class = (data as i8 + 1).saturating_add(context).clamp(1, 4) as u16;
	let ease = 25 * (identification as u16 + 1);
	let Circumstances { confidentiality, integrity, availability, malicious } = circumstances;
	let malice = if malicious { 50 } else { 0 };
	class * ease + confidentiality + integrity + availability + malice
}

/// The band of a breach severity: below 2 low (1), below 3 medium (2), below 4 high (3), else very
/// high (4).
pub fn severity_band(hundredths: u16) -> u8 {
	match hundredths {
		0..=199 => 1,
		200..=299 => 2,
		300..=399 => 3,
		_ => 4,
	}
}

/// Severity from 1 to 4 of a feared event brought about by an attacker: the ENISA band, and at
/// least 3 for sensitive data of vulnerable subjects. Data a thief cannot read lose nothing by
/// being read: then access is of severity 1.
pub fn severity(activity: &ProcessingActivity, event: FearedEvent) -> u8 {
	if activity.unintelligible && event == FearedEvent::IllegitimateAccess {
		return 1;
	}
	let mut circumstances = Circumstances { malicious: true, ..Circumstances::default() };
	match event {
		FearedEvent::IllegitimateAccess => circumstances.confidentiality = 50,
		FearedEvent::UnwantedChange => circumstances.integrity = 50,
		FearedEvent::Disappearance => circumstances.availability = 50,
	}
	let hundredths =
		breach_severity(activity.data, activity.context, activity.identification, circumstances);
	let floor =
		if activity.vulnerable_subjects && activity.data == DataClass::Sensitive { 3 } else { 1 };
	severity_band(hundredths).max(floor)
}

#[cfg(test)]
mod tests {
	use super::*;

	const READ_BY_UNKNOWN: Circumstances =
		Circumstances { confidentiality: 50, integrity: 0, availability: 0, malicious: false };

	#[test]
	fn an_export_of_names_and_business_mails_has_severity_one_and_a_half() {
		let severity =
			breach_severity(DataClass::Simple, 0, Identification::Maximum, READ_BY_UNKNOWN);
		assert_eq!(severity, 150);
		assert_eq!(severity_band(severity), 1);
	}

	#[test]
	fn the_class_of_a_blood_test_depends_on_what_it_tells() {
		// ENISA's example: tests were done (1), visit to the emergency room (2), test for a disease
		// (3), results (4).
		let class = |context| {
			breach_severity(
				DataClass::Sensitive,
				context,
				Identification::Maximum,
				Circumstances::default(),
			)
		};
		assert_eq!([class(-3), class(-2), class(-1), class(0)], [100, 200, 300, 400]);
		assert_eq!((class(i8::MAX), class(i8::MIN)), (400, 100));
	}

	#[test]
	fn bands_start_at_two_three_and_four() {
		let bands = [199, 200, 299, 300, 399, 400].map(severity_band);
		assert_eq!(bands, [1, 2, 2, 3, 3, 4]);
	}

	#[test]
	fn vulnerable_subjects_have_a_floor_and_encryption_helps_only_against_reading() {
		let mut activity = ProcessingActivity {
			id: "ward".into(),
			assets: vec![],
			data: DataClass::Sensitive,
			context: -3,
			identification: Identification::Negligible,
			vulnerable_subjects: false,
			unintelligible: false,
		};
		assert_eq!(severity(&activity, FearedEvent::Disappearance), 1);
		activity.vulnerable_subjects = true;
		assert_eq!(severity(&activity, FearedEvent::Disappearance), 3);
		activity.unintelligible = true;
		assert_eq!(severity(&activity, FearedEvent::IllegitimateAccess), 1);
		assert_eq!(severity(&activity, FearedEvent::Disappearance), 3);
	}
}
