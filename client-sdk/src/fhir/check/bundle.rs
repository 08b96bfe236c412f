//! A Bundle that is a document or a collection of one patient's data.

use super::{
	element::{short, Element},
	outcome::{IssueType, Outcome},
	unreadable,
};
use crate::{
	fhir::{document::ownership_of, read_bundle, Defect, PatientIdentification, Resource},
	time,
};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};

const BUNDLE: [&str; 7] =
	["identifier", "type", "timestamp", "total", "link", "entry", "signature"];
const ENTRY: [&str; 6] = ["link", "fullUrl", "resource", "search", "request", "response"];

pub(super) fn map(bundle: &Element, bytes: &[u8], outcome: &mut Outcome) -> Option<Value> {
	let types = [
		"document",
		"message",
		"transaction",
		"transaction-response",
		"batch",
		"batch-response",
		"history",
		"searchset",
		"collection",
	];
	let kind = bundle.require("type", outcome).and_then(|kind| kind.code(&types, outcome))?;
	if !matches!(kind, "document" | "collection") {
		let diagnostics =
			format!("a `{kind}` is no record of a patient; a document or a collection is");
		outcome.error(IssueType::NotSupported, "Bundle.type", diagnostics);
		return None;
	}
	if !bundle.is_resource_of(&BUNDLE, outcome) {
		return None;
	}
	entries(bundle, kind, outcome);
	if outcome.is_refusal() {
		return None;
	}
	let resources = match read_bundle(bytes) {
		Ok((_, resources)) => resources,
		Err(defect) => {
			outcome.issues.extend(unreadable(defect).issues);
			return None;
		},
	};
	let head = (kind == "document").then(|| document(bundle, &resources, outcome));
	let patient = one_patient(&resources, outcome)?;
	for (index, resource) in resources.iter().enumerate() {
		if let Err(defect) = ownership_of(resource, patient) {
			let code = match defect {
				Defect::UnknownModifier => IssueType::Extension,
				_ => IssueType::Invariant,
			};
			outcome.error(code, entry(index), format!("{}: {defect}", short(resource.kind())));
		}
	}
	let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
	for resource in &resources {
		*counts.entry(resource.kind()).or_default() += 1;
	}
	Some(json!({
		"type": kind,
		"document": head,
		"patient-identifiable": PatientIdentification::of(patient.value()).is_some(),
		"resources": counts,
	}))
}

fn entry(index: usize) -> String {
	format!("Bundle.entry[{index}].resource")
}

/// Every entry of a document or collection has a resource and, in a document, an address of its own.
fn entries(bundle: &Element, kind: &str, outcome: &mut Outcome) {
	let mut addresses = BTreeSet::new();
	for entry in bundle.required_list("entry", outcome) {
		if !entry.is_object_of(&ENTRY, outcome) {
			continue;
		}
		for key in ["search", "request", "response"] {
			if let Some(found) = entry.get(key) {
				let diagnostics = format!("a {kind} has no entries with a {key} (bdl-2 to bdl-4)");
				outcome.error(IssueType::Invariant, found.path, diagnostics);
			}
		}
		match entry.require("resource", outcome) {
			Some(resource) if resource.value["resourceType"].as_str().is_none() => {
				let path = format!("{}.resourceType", resource.path);
				outcome.error(IssueType::Structure, path, "a FHIR resource says its type");
			},
			_ => (),
		}
		let Some(address) = entry.get("fullUrl") else {
			if kind == "document" {
				let path = format!("{}.fullUrl", entry.path);
				outcome.error(IssueType::Required, path, "an entry of a document has an address");
			}
			continue;
		};
		if let Some(url) = address.text(outcome) {
			if !addresses.insert(url) {
				let diagnostics = "two entries have the same address (bdl-7)";
				outcome.error(IssueType::Duplicate, address.path, diagnostics);
			}
		}
	}
}

/// What a document has beyond a collection: identifier, time, and a Composition whose sections lead to entries.
fn document(bundle: &Element, resources: &[Resource], outcome: &mut Outcome) -> Value {
	let identified = bundle.value["identifier"]["value"].is_string();
	if !identified {
		let diagnostics = "a document has an identifier with system and value (bdl-9)";
		outcome.error(IssueType::Required, "Bundle.identifier", diagnostics);
	}
	let timestamp = bundle.require("timestamp", outcome).and_then(|it| it.moment(outcome));
	let Some(composition) = resources.first().filter(|first| first.kind() == "Composition") else {
		let diagnostics = "a document begins with its Composition (bdl-11)";
		outcome.error(IssueType::Invariant, "Bundle.entry[0].resource", diagnostics);
		return Value::Null;
	};
	let path = entry(0);
	for key in ["status", "type", "subject", "date", "author", "title"] {
		if composition.value().get(key).is_none() {
			let path = format!("{path}.{key}");
			outcome.error(IssueType::Required, path, "the Composition lacks it");
		}
	}
	if composition.value()["status"] == "entered-in-error" {
		let path = format!("{path}.status");
		let diagnostics = "a document that was entered in error means nothing";
		outcome.error(IssueType::BusinessRule, path, diagnostics);
	}
	sections(composition.value(), &format!("{path}.section"), resources, outcome);
	let code = &composition.value()["type"]["coding"][0];
	json!({
		"timestamp": timestamp.and_then(time::text),
		"status": composition.value()["status"],
		"type": { "system": code["system"], "code": code["code"] },
		"sections": composition.value()["section"].as_array().map_or(0, Vec::len),
	})
}

/// Every entry of a section is in the document.
fn sections(parent: &Value, path: &str, resources: &[Resource], outcome: &mut Outcome) {
	for (index, section) in super::super::array(parent, "section").enumerate() {
		let path = format!("{path}[{index}]");
		for (place, entry) in super::super::array(section, "entry").enumerate() {
			let target = entry["reference"].as_str().unwrap_or_default();
			if !resources.iter().any(|resource| resource.is_target_of(target)) {
				let path = format!("{path}.entry[{place}].reference");
				outcome.error(IssueType::NotFound, path, "it leads to no entry of the document");
			}
		}
		sections(section, &format!("{path}.section"), resources, outcome);
	}
}

fn one_patient<'a>(resources: &'a [Resource], outcome: &mut Outcome) -> Option<&'a Resource> {
	let mut patients =
		resources.iter().enumerate().filter(|(_, resource)| resource.kind() == "Patient");
	let Some((_, patient)) = patients.next() else {
		let diagnostics = "no entry is a Patient: whose data these are cannot be checked";
		outcome.error(IssueType::Required, "Bundle.entry", diagnostics);
		return None;
	};
	for (index, _) in patients {
		let diagnostics = "a second patient: a record is one patient's";
		outcome.error(IssueType::Invariant, entry(index), diagnostics);
	}
	Some(patient)
}
