//! Whole assessments.

use curex_primitives::{Confidence, Level, SizeBucket, StaffGroup};
use curex_risk::*;
use proptest::prelude::*;

fn asset(id: &str, exposure: Exposure, services: &[&str]) -> Asset {
	Asset {
		id: id.into(),
		aliases: vec![],
		criticality: Level::Moderate,
		exposure,
		services: services.iter().map(|service| service.to_string()).collect(),
		data: vec![],
		assessed: true,
	}
}

fn vulnerability(asset: &str, cve: &str, epss: f64) -> Vulnerability {
	Vulnerability {
		asset: asset.into(),
		cve: cve.into(),
		cvss: Some(9.8),
		epss: Some(epss),
		known_exploited: false,
		ransomware: false,
	}
}

/// A gateway on the internet that leads to an archive on which the emergency radiology depends.
fn hospital() -> Model {
	Model {
		assets: vec![
			asset("vpn-1", Exposure::Internet, &[]),
			asset("pacs-1", Exposure::Internal, &["image-archive"]),
			asset("printer-7", Exposure::Isolated, &[]),
		],
		vulnerabilities: vec![
			vulnerability("vpn-1", "CVE-2026-0001", 0.9),
			vulnerability("pacs-1", "CVE-2026-0002", 0.02),
		],
		dependencies: vec![Dependency {
			from: "vpn-1".into(),
			to: "pacs-1".into(),
			probability: Some(0.5),
		}],
		workflows: vec![Workflow {
			id: "emergency-radiology".into(),
			patient_group: "patients with stroke".into(),
			needs: Need::Service("image-archive".into()),
			harm: Level::VeryHigh,
			operation: Level::Low,
			financial: Level::Low,
			tolerable_hours: 0,
		}],
		processing: vec![ProcessingActivity {
			id: "radiology-reports".into(),
			assets: vec!["pacs-1".into()],
			data: DataClass::Sensitive,
			context: 0,
			identification: Identification::Maximum,
			vulnerable_subjects: true,
			unintelligible: false,
		}],
		hygiene: vec![GroupAwareness {
			group: StaffGroup::Clinical,
			level: Level::Low,
			confidence: Confidence::High,
			size_bucket: SizeBucket::Units,
			workplaces: vec!["printer-7".into()],
		}],
		..Model::default()
	}
}

#[test]
fn the_explanation_names_the_path_from_the_vulnerability_to_the_patients() {
	let assessment = assess(&hospital()).unwrap();
	let path = "on vpn-1 -> pacs-1 -> image-archive -> emergency-radiology -> patients with stroke";
	let safety = &assessment.explanation[0];
	assert!(safety.contains("CVE-2026-0001"), "{safety}");
	assert!(safety.contains(path), "{safety}");
	// 1 − (1 − 0.905·0.5)·(1 − ~0.0075): about 46 %, which is moderate; with harm very high the
	// level is high.
	assert_eq!(assessment.patient_safety, Level::High);
	assert_eq!(assessment.cyber, Level::High);
	assert_eq!((assessment.confidence, assessment.unknown.len()), (Confidence::High, 0));
	let [lower, upper] = assessment.figures.workflows[0].failure_ppm;
	assert!(lower == upper && (450_000..470_000).contains(&lower), "{lower} {upper}");
}

#[test]
fn an_alert_on_the_gateway_raises_the_likelihood_and_its_age_lowers_it_again() {
	let failure = |alerts: Vec<ObservedAlert>| {
		let assessment = assess(&Model { alerts, ..hospital() }).unwrap();
		assessment.figures.workflows[0].failure_ppm[1]
	};
	let alert = |age_hours| ObservedAlert {
		entity: "pacs-1".into(),
		kind: ObservedKind::Device,
		severity: Level::High,
		confidence: Confidence::High,
		age_hours,
	};
	let (quiet, fresh, old) = (failure(vec![]), failure(vec![alert(0)]), failure(vec![alert(500)]));
	assert!(fresh > old && old > quiet, "{fresh} {old} {quiet}");
}

#[test]
fn a_snooping_user_raises_privacy_and_nothing_else() {
	let alert = ObservedAlert {
		entity: "staff-0999".into(),
		kind: ObservedKind::RecordAccess,
		severity: Level::VeryHigh,
		confidence: Confidence::High,
		age_hours: 0,
	};
	let mut model = hospital();
	model.vulnerabilities.clear();
	let before = assess(&model).unwrap();
	model.alerts.push(alert);
	let after = assess(&model).unwrap();
	assert!(after.privacy > before.privacy, "{after:#?}");
	assert_eq!((after.cyber, after.patient_safety), (before.cyber, before.patient_safety));
	assert!(after.explanation[2].contains("misuse of access"), "{after:#?}");
}

#[test]
fn what_is_not_known_is_said_and_lowers_the_confidence() {
	let mut model = hospital();
	model.assets[0].exposure = Exposure::Unknown;
	model.assets[1].assessed = false;
	model.vulnerabilities[0].epss = None;
	model.hygiene.clear();
	model.dependencies[0].probability = None;
	model.alerts.push(ObservedAlert {
		entity: "10.9.9.9".into(),
		kind: ObservedKind::Device,
		severity: Level::High,
		confidence: Confidence::High,
		age_hours: 0,
	});
	let assessment = assess(&model).unwrap();
	assert_eq!(assessment.confidence, Confidence::Low);
	assert_eq!(assessment.unknown.len(), 6, "{:#?}", assessment.unknown);
	assert!(assessment.unknown.iter().any(|line| line.contains("10.9.9.9")));
}

#[test]
fn a_fallback_that_outlasts_the_outage_lowers_the_level() {
	let mut model = hospital();
	model.workflows[0].tolerable_hours = 700;
	assert!(assess(&model).unwrap().patient_safety < assess(&hospital()).unwrap().patient_safety);
}

#[test]
fn data_without_a_stated_activity_are_assessed_all_the_same() {
	let mut model = hospital();
	model.processing.clear();
	assert_eq!(assess(&model).unwrap().privacy, Level::VeryLow);
	model.assets[1].data = vec![DataClass::Sensitive];
	let assessment = assess(&model).unwrap();
	assert!(assessment.privacy >= Level::High, "{assessment:#?}");
	assert!(assessment.unknown[0].contains("records on pacs-1"), "{assessment:#?}");
}

#[test]
fn drivers_add_no_credit_and_the_greatest_comes_first() {
	let assessment = assess(&hospital()).unwrap();
	let kinds: Vec<DriverKind> = assessment.drivers.iter().map(|driver| driver.kind).collect();
	assert_eq!(kinds[0], DriverKind::KnownVulnerabilities, "{assessment:#?}");
	for driver in &assessment.drivers {
		assert!(driver.weight_ppm <= assessment.figures.expected_harm_ppm);
	}
}

#[test]
fn inconsistent_models_are_refused_by_name() {
	assert_eq!(assess(&Model::default()), Err(RiskError::NothingToAssess));
	let refuse = |change: fn(&mut Model)| {
		let mut model = hospital();
		change(&mut model);
		assess(&model).unwrap_err().to_string()
	};
	assert!(refuse(|model| model.assets[1].id = "vpn-1".into()).contains("vpn-1 appears twice"));
	assert!(refuse(|model| model.vulnerabilities[0].asset = "gone".into()).contains("asset gone"));
	assert!(refuse(|model| model.assets[1].services.clear()).contains("service image-archive"));
	assert!(refuse(|model| model.vulnerabilities[0].epss = Some(1.5)).contains("EPSS"));
	assert!(refuse(|model| model.vulnerabilities[0].cvss = Some(f64::NAN)).contains("CVSS"));
}

#[test]
fn a_model_survives_json_and_refuses_unknown_fields() {
	let text = serde_json::to_string(&hospital()).unwrap();
	let again: Model = serde_json::from_str(&text).unwrap();
	assert_eq!(assess(&again), assess(&hospital()));
	assert!(serde_json::from_str::<Model>(&text.replacen("\"id\"", "\"idd\"", 1)).is_err());
}

fn level() -> impl Strategy<Value = Level> {
	(0usize..5).prop_map(|index| Level::ALL[index])
}

fn exposure() -> impl Strategy<Value = Exposure> {
	prop::sample::select(vec![
		Exposure::Internet,
		Exposure::Partner,
		Exposure::Internal,
		Exposure::Isolated,
		Exposure::Unknown,
	])
}

prop_compose! {
	fn models()(
		exposures in prop::collection::vec((exposure(), level(), any::<bool>()), 2..6),
		vulnerabilities in prop::collection::vec((0usize..6, 0.0f64..1.0, any::<bool>()), 0..6),
		steps in prop::collection::vec((0usize..6, 0usize..6, 0.0f64..=1.0), 0..8),
		workflows in prop::collection::vec((0usize..6, 0usize..6, level(), level(), 0u32..200), 0..3),
		alerts in prop::collection::vec((0usize..6, level(), any::<bool>()), 0..3),
		controls in prop::collection::vec((0usize..4, 0.0f64..=1.0), 0..3),
	) -> Model {
		let count = exposures.len();
		let name = |index: usize| format!("asset-{}", index % count);
		let against = [Against::Exploitation, Against::Phishing, Against::Spread, Against::Misuse];
		Model {
			assets: exposures.into_iter().enumerate().map(|(index, (exposure, criticality, data))| Asset {
				criticality,
				data: if data { vec![DataClass::Sensitive] } else { vec![] },
				..asset(&name(index), exposure, &[])
			}).collect(),
			vulnerabilities: vulnerabilities.into_iter().enumerate().map(|(index, (at, epss, exploited))| Vulnerability {
				known_exploited: exploited,
				..vulnerability(&name(at), &format!("CVE-{index}"), epss)
			}).collect(),
			dependencies: steps.into_iter().map(|(from, to, probability)| Dependency {
				from: name(from), to: name(to), probability: Some(probability),
			}).collect(),
			workflows: workflows.into_iter().enumerate().map(|(index, (one, other, harm, operation, tolerable_hours))| Workflow {
				id: format!("workflow-{index}"),
				patient_group: "patients".into(),
				needs: Need::All(vec![
					Need::Asset(name(one)),
					Need::Any(vec![Need::Asset(name(other)), Need::Asset(name(one + 1))]),
				]),
				harm, operation, financial: Level::Low, tolerable_hours,
			}).collect(),
			alerts: alerts.into_iter().map(|(at, severity, device)| ObservedAlert {
				entity: name(at),
				kind: if device { ObservedKind::Device } else { ObservedKind::RecordAccess },
				severity, confidence: Confidence::Medium, age_hours: 10,
			}).collect(),
			controls: controls.into_iter().enumerate().map(|(index, (kind, efficacy))| Control {
				id: format!("control-{index}"), against: against[kind], assets: vec![], efficacy, coverage: 1.0,
			}).collect(),
			..Model::default()
		}
	}
}

fn no_lower(worse: &Assessment, better: &Assessment) -> Result<(), TestCaseError> {
	prop_assert!(worse.cyber >= better.cyber);
	prop_assert!(worse.privacy >= better.privacy);
	prop_assert!(worse.patient_safety >= better.patient_safety);
	prop_assert!(worse.figures.expected_harm_ppm >= better.figures.expected_harm_ppm);
	prop_assert!(worse.figures.some_high_impact_ppm[1] >= better.figures.some_high_impact_ppm[1]);
	Ok(())
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(300))]

	#[test]
	fn one_more_vulnerability_never_lowers_a_risk(model in models(), at in 0usize..6, epss in 0.0f64..=1.0) {
		let mut worse = model.clone();
		let asset = model.assets[at % model.assets.len()].id.clone();
		worse.vulnerabilities.push(vulnerability(&asset, "CVE-more", epss));
		no_lower(&assess(&worse).unwrap(), &assess(&model).unwrap())?;
	}

	#[test]
	fn one_more_control_never_raises_a_risk(model in models(), kind in 0usize..4, efficacy in 0.0f64..=1.0) {
		let against = [Against::Exploitation, Against::Phishing, Against::Spread, Against::Misuse][kind];
		let mut better = model.clone();
		better.controls.push(Control {
			id: "more".into(), against, assets: vec![], efficacy, coverage: 0.9,
		});
		no_lower(&assess(&model).unwrap(), &assess(&better).unwrap())?;
	}

	#[test]
	fn one_more_alert_never_lowers_a_risk(model in models(), at in 0usize..6, severity in level()) {
		let mut worse = model.clone();
		worse.alerts.push(ObservedAlert {
			entity: model.assets[at % model.assets.len()].id.clone(),
			kind: ObservedKind::Device, severity, confidence: Confidence::Low, age_hours: 0,
		});
		no_lower(&assess(&worse).unwrap(), &assess(&model).unwrap())?;
	}

	#[test]
	fn no_impact_of_another_kind_lowers_the_level_below_patient_safety(model in models()) {
		let assessment = assess(&model).unwrap();
		prop_assert!(assessment.cyber >= assessment.patient_safety);
		let mut harmless = model.clone();
		for workflow in &mut harmless.workflows {
			workflow.operation = Level::VeryLow;
			workflow.financial = Level::VeryLow;
		}
		prop_assert_eq!(assess(&harmless).unwrap().patient_safety, assessment.patient_safety);
	}

	#[test]
	fn the_same_model_gives_the_same_assessment(model in models()) {
		prop_assert_eq!(assess(&model), assess(&model));
	}
}
