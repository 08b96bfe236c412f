//! The worked examples of IHE Privacy Consent on FHIR against [`curex_primitives::conflict`].
//!
//! The examples are read from `consent/ihe-pcf-consents.fsh` in the data folder: the environment variable
//! `CUREX_DATA`, else `../shared/data` beside the workspace. Without them the test says so and passes.

use curex_primitives::{
	conflict::{resolve, Specificity, Statement, Whom},
	OverarchingPolicy, Position, Purpose,
};
use std::{collections::BTreeMap, path::PathBuf};

/// A provision of a consent, as far as the examples use it.
#[derive(Clone, Default, Debug)]
struct Provision {
	denies: bool,
	purposes: Vec<String>,
	actors: Vec<String>,
	labels: Vec<String>,
	period_end: Option<String>,
	data_from: Option<String>,
	data_until: Option<String>,
	/// References to documents, encounters, authors.
	data: Vec<String>,
}

#[derive(Clone, Default, Debug)]
struct Example {
	active: bool,
	policy: String,
	base: Provision,
	exception: Option<Provision>,
}

fn code(value: &str) -> String {
	value.rsplit('#').next().unwrap_or(value).split_whitespace().next().unwrap_or("").into()
}

fn reference(value: &str) -> String {
	value.trim_start_matches("Reference(").trim_end_matches(')').into()
}

impl Provision {
	fn take(&mut self, path: &str, value: &str) {
		match path.split('[').next().unwrap_or(path) {
			"type" => self.denies = code(value) == "deny",
			"purpose" => self.purposes.push(code(value)),
			"securityLabel" => self.labels.push(code(value)),
			"actor.reference" => self.actors.push(reference(value)),
			"period.end" => self.period_end = Some(value.trim_matches('"').into()),
			"dataPeriod.start" => self.data_from = Some(value.into()),
			"dataPeriod.end" => self.data_until = Some(value.into()),
			"data" if path.ends_with(".reference") => self.data.push(reference(value)),
			"data" if path.ends_with(".meaning") => (),
			"actor.role" => (),
			_ => panic!("provision.{path} = {value}: not understood"),
		}
	}

	fn names_resources(&self) -> bool {
		!self.labels.is_empty() || self.data_from.is_some() || !self.data.is_empty()
	}

	fn statement(&self) -> Statement {
		Statement {
			position: if self.denies { Position::Objection } else { Position::Permit },
			specificity: Specificity {
				whom: match self.actors.first() {
					None => Whom::Anybody,
					Some(actor) if actor.starts_with("Group/") => Whom::Category,
					Some(_) => Whom::Organisation,
				},
				context: !self.purposes.is_empty(),
				resources: self.names_resources(),
			},
		}
	}

	/// What an exception speaks of: itself, and what it leaves open as the consent around it.
	fn within(&self, base: &Self) -> Self {
		let mut whole = self.clone();
		if whole.purposes.is_empty() {
			whole.purposes.clone_from(&base.purposes);
		}
		if whole.actors.is_empty() {
			whole.actors.clone_from(&base.actors);
		}
		if !whole.names_resources() {
			whole.labels.clone_from(&base.labels);
			whole.data.clone_from(&base.data);
			whole.data_from.clone_from(&base.data_from);
			whole.data_until.clone_from(&base.data_until);
		}
		whole
	}

	fn applies(&self, request: &Request) -> bool {
		let any = |named: &[String], of: &[&str]| {
			named.is_empty() || named.iter().any(|name| of.contains(&name.as_str()))
		};
		let authored = request.authored;
		self.period_end.as_deref().is_none_or(|end| request.today <= end)
			&& any(&self.purposes, &[request.purpose])
			&& any(&self.actors, &request.actors)
			&& any(&self.labels, &request.labels)
			&& any(&self.data, &request.about)
			&& self.data_from.as_deref().is_none_or(|from| from <= authored)
			&& self.data_until.as_deref().is_none_or(|until| authored <= until)
	}
}

/// Who asks for what.
#[derive(Clone, Debug)]
struct Request {
	purpose: &'static str,
	actors: Vec<&'static str>,
	/// Confidentiality and sensitivity of the resource.
	labels: Vec<&'static str>,
	/// The resource, its author and encounter.
	about: Vec<&'static str>,
	authored: &'static str,
	today: &'static str,
}

/// A clinician other than those the examples name asks for a normal result of 2021, for treatment.
fn clinician() -> Request {
	Request {
		purpose: "TREAT",
		actors: vec!["Practitioner/ex-clinician"],
		labels: vec!["N"],
		about: vec!["Observation/ex-other", "Practitioner/ex-author", "Encounter/ex-other"],
		authored: "2021-05-05",
		today: "2022-12-01",
	}
}

impl Request {
	fn overarching(&self, policy: OverarchingPolicy) -> Position {
		let (purpose, glass) = match self.purpose {
			"TREAT" => (Purpose::Treatment, false),
			"HPAYMT" => (Purpose::Payment, false),
			"HOPERAT" => (Purpose::Operations, false),
			"HRESCH" => (Purpose::Research, false),
			"BTG" => (Purpose::EmergencyTreatment, true),
			// A purpose that nobody knows is not served.
			_ => return Position::Objection,
		};
		policy.position(purpose, glass, !self.labels.contains(&"N"))
	}
}

impl Example {
	/// A consent on file permits what it says; what it does not speak of, its overarching policy decides, if it names
	/// one of the four.
	fn answer(&self, request: &Request) -> Position {
		let otherwise = OverarchingPolicy::from_uri(&self.policy)
			.map_or(Position::Objection, |policy| request.overarching(policy));
		if !self.active {
			return otherwise;
		}
		let mut applicable = Vec::new();
		if self.base.applies(request) {
			applicable.push(self.base.statement());
		}
		if let Some(exception) = &self.exception {
			if exception.within(&self.base).applies(request) {
				let Statement { position, specificity } = exception.statement();
				let specificity = specificity.within(self.base.statement().specificity);
				applicable.push(Statement { position, specificity });
			}
		}
		resolve(&applicable, otherwise)
	}
}

fn parse(text: &str) -> BTreeMap<String, Example> {
	let mut examples = BTreeMap::new();
	let (mut name, mut is_consent) = (String::new(), false);
	for line in text.lines() {
		if let Some(instance) = line.strip_prefix("Instance:") {
			(name, is_consent) = (instance.trim().into(), false);
		} else if let Some(of) = line.strip_prefix("InstanceOf:") {
			is_consent = of.trim().ends_with("Consent");
			if is_consent {
				examples.insert(name.clone(), Example::default());
			}
		} else if line.starts_with("Profile:") || line.starts_with("ValueSet:") {
			is_consent = false;
		}
		let Some((path, value)) = line.strip_prefix("* ").and_then(|rule| rule.split_once(" = "))
		else {
			continue;
		};
		let Some(example) = examples.get_mut(&name).filter(|_| is_consent) else { continue };
		let (path, value) = (path.trim(), value.trim());
		if let Some(path) = path.strip_prefix("provision.provision.") {
			example.exception.get_or_insert_with(Provision::default).take(path, value);
		} else if let Some(path) = path.strip_prefix("provision.") {
			example.base.take(path, value);
		} else if path == "status" {
			example.active = value == "#active";
		} else if path == "policy.uri" {
			example.policy = value.trim_matches('"').into();
		}
	}
	examples
}

fn examples() -> Option<BTreeMap<String, Example>> {
	let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
	let folder =
		std::env::var_os("CUREX_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
	let file = folder.join("consent").join("ihe-pcf-consents.fsh");
	match std::fs::read_to_string(&file) {
		Ok(text) => Some(parse(&text)),
		Err(error) => {
			println!("skipped: {} cannot be read ({error}); set CUREX_DATA", file.display());
			None
		},
	}
}

type Change = fn(&mut Request);

/// What each example says of the clinician's request and of changes to it, in the words of its description.
fn expectations() -> Vec<(&'static str, Vec<(Change, Position)>)> {
	use Position::{Objection, Permit};
	let same: Change = |_| ();
	let payment: Change = |request| request.purpose = "HPAYMT";
	let research: Change = |request| request.purpose = "HRESCH";
	let unknown: Change = |request| request.purpose = "FooBar";
	let restricted: Change = |request| request.labels = vec!["R"];
	let named: Change = |request| request.actors = vec!["Practitioner/ex-practitioner"];
	let named_restricted: Change = |request| {
		request.actors = vec!["Practitioner/ex-practitioner"];
		request.labels = vec!["R"];
	};
	let in_2022: Change = |request| request.authored = "2022-05-05";
	let authored: Change = |request| request.about.push("Practitioner/ex-practitioner");
	let encounter: Change = |request| request.about.push("Encounter/ex-encounter");
	let glass: Change = |request| {
		request.purpose = "BTG";
		request.actors.push("Group/ex-privilegedUsers");
	};
	let glass_restricted: Change = |request| {
		request.purpose = "BTG";
		request.actors.push("Group/ex-privilegedUsers");
		request.labels = vec!["R"];
	};
	let stranger_glass: Change = |request| request.purpose = "BTG";
	let basic =
		vec![(same, Permit), (payment, Permit), (research, Objection), (unknown, Objection)];
	let psy: Change = |request| {
		request.actors = vec!["Practitioner/ex-practitioner"];
		request.labels = vec!["R", "PSY"];
	};
	let sdv: Change = |request| {
		request.actors = vec!["Practitioner/ex-practitioner"];
		request.labels = vec!["R", "SDV"];
	};
	let strangers_psy: Change = |request| request.labels = vec!["R", "PSY"];
	vec![
		("ex-consent-basic-treat", basic.clone()),
		("ex-consent-basic-treat-infant", basic.clone()),
		("ex-consent-basic-ink", basic),
		(
			"ex-consent-expired-treat",
			vec![(same, Permit), (|request| request.today = "2023-01-01", Objection)],
		),
		(
			"ex-consent-basic-reject",
			vec![(same, Objection), (payment, Objection), (research, Objection)],
		),
		("ex-consent-basic-research", vec![(research, Permit), (same, Objection)]),
		("ex-consent-intermediate-timeframe", vec![(in_2022, Permit), (same, Objection)]),
		("ex-consent-intermediate-not-timeframe", vec![(in_2022, Objection), (same, Permit)]),
		("ex-consent-intermediate-authoredby", vec![(authored, Permit), (same, Objection)]),
		("ex-consent-intermediate-not-authoredby", vec![(authored, Objection), (same, Permit)]),
		("ex-consent-intermediate-encounter", vec![(encounter, Permit), (same, Objection)]),
		("ex-consent-intermediate-not-encounter", vec![(encounter, Objection), (same, Permit)]),
		(
			"ex-consent-intermediate-data",
			vec![
				(|request| request.about.push("Observation/ex-weight"), Permit),
				(|request| request.about.push("Observation/ex-alcoholUse"), Permit),
				(same, Objection),
			],
		),
		(
			"ex-consent-intermediate-not-data",
			vec![
				(|request| request.about.push("Observation/ex-alcoholUse"), Objection),
				(|request| request.about.push("Observation/ex-weight"), Permit),
				(same, Permit),
			],
		),
		(
			"ex-consent-intermediate-purpose",
			vec![
				(
					|request| {
						request.purpose = "FooBar";
						request.actors = vec!["Organization/ex-org-researcher"];
					},
					Permit,
				),
				(unknown, Objection),
				(same, Permit),
				(payment, Objection),
				(restricted, Objection),
			],
		),
		(
			"ex-dissent-intermediate-break-glass",
			vec![
				(same, Objection),
				(named, Objection),
				(stranger_glass, Objection),
				(glass, Permit),
				(glass_restricted, Permit),
			],
		),
		(
			"ex-consent-advanced-normal",
			vec![(same, Permit), (restricted, Objection), (research, Objection)],
		),
		(
			"ex-consent-advanced-normal-restricted",
			vec![(same, Permit), (restricted, Permit), (strangers_psy, Permit)],
		),
		(
			"ex-consent-advanced-normal-not-restricted",
			vec![
				(same, Permit),
				(restricted, Objection),
				(|request| request.labels = vec!["N", "R"], Objection),
			],
		),
		(
			"ex-consent-advanced-normal-focused-restricted",
			vec![
				(same, Permit),
				(restricted, Objection),
				(named_restricted, Permit),
				(named, Permit),
			],
		),
		(
			"ex-consent-advanced-normal-focused-psy",
			vec![(same, Permit), (strangers_psy, Objection), (psy, Permit), (sdv, Objection)],
		),
		(
			"ex-consent-advanced-normal-focused-psy-or-sdv",
			vec![(same, Permit), (strangers_psy, Objection), (psy, Permit), (sdv, Permit)],
		),
		(
			"ex-consent-advanced-normal-break-glass-restricted",
			vec![
				(same, Permit),
				(restricted, Objection),
				(named_restricted, Objection),
				(glass_restricted, Permit),
				(
					|request| {
						request.purpose = "BTG";
						request.labels = vec!["R"];
					},
					Objection,
				),
			],
		),
	]
}

#[test]
fn every_worked_example_of_ihe_is_answered_as_it_describes() {
	let Some(examples) = examples() else { return };
	let expectations = expectations();
	let mut answers = 0;
	for (name, cases) in &expectations {
		let example = examples.get(*name).unwrap_or_else(|| panic!("{name} is missing"));
		for (number, (change, expected)) in cases.iter().enumerate() {
			let mut request = clinician();
			change(&mut request);
			assert_eq!(example.answer(&request), *expected, "{name}, case {number}: {request:?}");
			answers += 1;
		}
	}
	let unexpected: Vec<_> = examples
		.keys()
		.filter(|name| !expectations.iter().any(|(known, _)| known == name))
		.collect();
	assert!(unexpected.is_empty(), "examples that nobody looked at: {unexpected:?}");
	println!("{} examples, {answers} answers", examples.len());
}
