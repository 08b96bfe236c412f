//! The official examples of HL7 FHIR R4 and the worked consents of IHE Privacy Consent on FHIR: each is mapped, or refused
//! with an outcome that says where and why.
//!
//! They are read from `fhir/` and `consent/` in the data folder: the environment variable `CUREX_DATA`, else
//! `../shared/data` beside the workspace. Without them the tests say so and pass.

use curex_client::fhir::check::{check, Mapped, Outcome, Severity};
use serde_json::{json, Map, Value};
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

/// The folder, if it is there.
fn folder(name: &str) -> Option<PathBuf> {
	let data = std::env::var_os("CUREX_DATA").map_or_else(
		|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
		PathBuf::from,
	);
	let folder = data.join(name);
	if folder.is_dir() {
		return Some(folder);
	}
	println!("skipped: {} is not there; set CUREX_DATA", folder.display());
	None
}

/// Checks that a refusal is precise, or that a mapping is one.
fn judge(name: &str, outcome: &Result<Mapped, Outcome>) {
	match outcome {
		Ok(mapped) => assert!(mapped.mapping.is_object(), "{name}"),
		Err(outcome) => {
			assert!(outcome.is_refusal(), "{name}");
			for issue in &outcome.issues {
				assert!(!issue.expression.is_empty(), "{name}: {issue:?}");
				assert!(issue.diagnostics.len() > 10, "{name}: {issue:?}");
			}
		},
	}
}

/// The first error: its code and place.
fn first_error(outcome: &Outcome) -> (&'static str, &str) {
	let error = outcome.issues.iter().find(|issue| issue.severity == Severity::Error).unwrap();
	(error.code.code(), &error.expression)
}

#[test]
fn every_official_example_is_mapped_or_precisely_refused() {
	let Some(folder) = folder("fhir") else { return };
	let mut outcomes = BTreeMap::new();
	for entry in std::fs::read_dir(folder).unwrap() {
		let path = entry.unwrap().path();
		let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
		let outcome = check(&std::fs::read(&path).unwrap());
		judge(&name, &outcome);
		outcomes.insert(name, outcome);
	}
	let mapped: Vec<&str> = outcomes
		.iter()
		.filter(|(_, outcome)| outcome.is_ok())
		.map(|(name, _)| name.as_str())
		.collect();
	println!("mapped: {mapped:?}");
	let refused: BTreeMap<&str, (&str, &str)> = outcomes
		.iter()
		.filter_map(|(name, outcome)| Some((name.as_str(), first_error(outcome.as_ref().err()?))))
		.collect();
	println!("refused: {refused:#?}");
	for kind in ["Consent-", "AuditEvent-", "Bundle-", "DocumentReference-"] {
		assert!(mapped.iter().any(|name| name.starts_with(kind)), "no {kind} is mapped");
	}
	let unclear = ("business-rule", "Consent.provision.type");
	let expected = [
		("Bundle-bundle-example", ("not-supported", "Bundle.type")),
		("Bundle-bundle-transaction", ("not-supported", "Bundle.type")),
		("Bundle-lipids", ("required", "Bundle.entry")),
		("Consent-consent-example-Emergency", unclear),
		("Consent-consent-example-grantor", unclear),
		("Patient-example", ("not-supported", "resourceType")),
	];
	for (name, error) in expected {
		assert_eq!(refused.get(name), Some(&error), "{name}");
	}
	let events = outcomes.keys().filter(|name| name.starts_with("AuditEvent-"));
	assert!(events.clone().count() > 0 && events.into_iter().all(|name| outcomes[name].is_ok()));
}

#[test]
fn every_worked_consent_of_ihe_is_mapped_or_precisely_refused() {
	let Some(folder) = folder("consent") else { return };
	let text = std::fs::read_to_string(folder.join("ihe-pcf-consents.fsh")).unwrap();
	let consents = instances(&text);
	assert!(consents.len() > 10, "the examples were not understood");
	let mut mapped = 0;
	for (name, consent) in &consents {
		let outcome = check(consent.to_string().as_bytes());
		judge(name, &outcome);
		match &outcome {
			Ok(_) => mapped += 1,
			Err(outcome) => {
				println!("{name}: {:?}", first_error(outcome));
				assert!(consent.to_string().contains("FooBar"), "{name}: {}", outcome.to_json());
			},
		}
	}
	println!("{mapped} of {} are mapped", consents.len());
	assert_eq!(mapped + 1, consents.len(), "all but the one with a purpose of its own");
	let positions = |name: &str| {
		let mapping = check(consents[name].to_string().as_bytes()).unwrap().mapping;
		let exception = mapping["exceptions"][0]["position"].clone();
		(mapping["statement"]["position"].clone(), exception)
	};
	assert_eq!(positions("ex-consent-basic-treat"), (json!("permit"), Value::Null));
}

/// The consents among the instances of a FHIR Shorthand file, as JSON.
fn instances(text: &str) -> BTreeMap<String, Value> {
	let mut consents = BTreeMap::new();
	let mut name = String::new();
	let mut consent: Option<Value> = None;
	let mut quoted = false;
	for line in text.lines().map(str::trim) {
		if quoted || line.contains("\"\"\"") {
			quoted ^= line.matches("\"\"\"").count() % 2 == 1;
			continue;
		}
		if let Some(next) = line.strip_prefix("Instance:") {
			consents.extend(consent.take().map(|consent| (name.clone(), consent)));
			name = next.trim().into();
		} else if let Some(profile) = line.strip_prefix("InstanceOf:") {
			let is_consent = profile.trim().ends_with("Consent");
			consent = is_consent.then(|| json!({ "resourceType": "Consent" }));
		} else if line.contains(':') && line.starts_with(|c: char| c.is_ascii_uppercase()) {
			let ends = ["Profile:", "ValueSet:", "CodeSystem:", "RuleSet:"];
			if ends.iter().any(|keyword| line.starts_with(keyword)) {
				consents.extend(consent.take().map(|consent| (name.clone(), consent)));
			}
		} else if let (Some(consent), Some(rule)) = (&mut consent, line.strip_prefix("* ")) {
			if let Some((path, value)) = rule.split_once(" = ") {
				let path: Vec<&str> = path.trim().split('.').collect();
				set(consent, &path, value.trim(), &[]);
			}
		}
	}
	consents.extend(consent.map(|consent| (name, consent)));
	for consent in consents.values_mut() {
		name_recipients(&mut consent["provision"]);
	}
	consents
}

/// The profiles fix the role of every actor.
fn name_recipients(provision: &mut Value) {
	for actor in provision["actor"].as_array_mut().into_iter().flatten() {
		actor["role"] = json!({"coding": [{
			"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"
		}]});
	}
	for nested in provision["provision"].as_array_mut().into_iter().flatten() {
		name_recipients(nested);
	}
	if let Some(object) = provision.as_object_mut() {
		object.retain(|_, value| !value.is_null());
	}
}

/// Elements that repeat; a provision does within a provision.
fn repeats(element: &str, above: &[&str]) -> bool {
	let lists = [
		"security",
		"category",
		"performer",
		"organization",
		"policy",
		"purpose",
		"securityLabel",
		"actor",
		"data",
		"verification",
		"class",
		"code",
	];
	lists.contains(&element) || element == "provision" && above.contains(&"provision")
}

fn set(target: &mut Value, path: &[&str], text: &str, above: &[&str]) {
	let [step, rest @ ..] = path else { unreachable!("a rule has a path") };
	let (element, index) = match step.split_once('[') {
		Some((element, index)) => (element, index.trim_end_matches(']')),
		None => (*step, "="),
	};
	if !target.is_object() {
		*target = Value::Object(Map::new());
	}
	let place = &mut target[element];
	let place = if repeats(element, above) {
		if place.is_null() {
			*place = json!([]);
		}
		let list = place.as_array_mut().unwrap();
		// Slices of data (`data[iData][+]`) begin with their meaning.
		let index = match (element, rest) {
			("data", ["meaning"]) => "+",
			("data", _) => "=",
			_ => index,
		};
		let index = match index {
			"+" => list.len(),
			"=" => list.len().saturating_sub(1),
			number => number.parse().unwrap(),
		};
		while list.len() <= index {
			list.push(Value::Null);
		}
		&mut list[index]
	} else {
		place
	};
	if rest.is_empty() {
		*place = value(element, text);
	} else {
		set(place, rest, text, &[above, &[element]].concat());
	}
}

fn value(element: &str, text: &str) -> Value {
	if let Some(reference) = text.strip_prefix("Reference(") {
		return json!({ "reference": reference.split(')').next().unwrap() });
	}
	if let Some(text) = text.strip_prefix('"') {
		return json!(text.split('"').next().unwrap());
	}
	let code = text.split_whitespace().next().unwrap();
	match code.split_once('#') {
		Some(("", code)) => json!(code),
		Some((system, code)) => {
			let coding = json!({ "system": system, "code": code });
			match element {
				"scope" | "category" | "role" | "policyRule" => json!({ "coding": [coding] }),
				_ => coding,
			}
		},
		None => json!(code),
	}
}
