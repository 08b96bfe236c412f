//! An AuditEvent: what it records, in the words of BALP, and its leaf in the anchor of an access log.

use super::{
	codes::purpose_of,
	element::Element,
	outcome::{IssueType, Outcome, Severity},
};
use crate::time;
use curex_primitives::merkle;
use serde_json::{json, Value};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const AUDIT_EVENT: [&str; 11] = [
	"type",
	"subtype",
	"action",
	"period",
	"recorded",
	"outcome",
	"outcomeDesc",
	"purposeOfEvent",
	"agent",
	"source",
	"entity",
];
const AGENT: [&str; 11] = [
	"type",
	"role",
	"who",
	"altId",
	"name",
	"requestor",
	"location",
	"policy",
	"media",
	"network",
	"purposeOfUse",
];
const ENTITY: [&str; 9] = [
	"what",
	"type",
	"role",
	"lifecycle",
	"securityLabel",
	"name",
	"description",
	"query",
	"detail",
];

pub(super) fn map(event: &Element, bytes: &[u8], outcome: &mut Outcome) -> Option<Value> {
	if !event.is_resource_of(&AUDIT_EVENT, outcome) {
		return None;
	}
	let codes = |element: &Element, outcome: &mut Outcome| -> Vec<(String, String)> {
		let codings = element.codings(outcome).into_iter();
		codings.map(|(system, code, _)| (system.to_owned(), code.to_owned())).collect()
	};
	let kind = event.require("type", outcome).map(|kind| codes(&kind, outcome)).unwrap_or_default();
	let subtypes: Vec<(String, String)> =
		event.list("subtype", outcome).iter().flat_map(|subtype| codes(subtype, outcome)).collect();
	let action = event.get("action").and_then(|it| it.code(&["C", "R", "U", "D", "E"], outcome));
	let recorded = event.require("recorded", outcome).and_then(|recorded| {
		let has_time = recorded.value.as_str().is_some_and(|text| text.contains('T'));
		if !has_time {
			let diagnostics = "an instant has a time and an offset";
			outcome.error(IssueType::Value, &recorded.path, diagnostics);
			return None;
		}
		recorded.moment(outcome)
	});
	if let Some(period) = event.get("period") {
		period.period(outcome);
	}
	let ended = event.get("outcome").and_then(|it| it.code(&["0", "4", "8", "12"], outcome));
	let mut purposes = purposes(&event.list("purposeOfEvent", outcome), outcome);
	let agents = agents(event, &mut purposes, outcome);
	source(event, outcome);
	let entities = entities(event, outcome);
	purposes.sort_by_key(Value::to_string);
	purposes.dedup();
	let is_told = |wanted: &str| subtypes.iter().any(|(_, code)| code == wanted);
	let told_as = match kind.first().map(|(system, code)| (system.as_str(), code.as_str())) {
		Some((DCM, "110113")) if is_told("AuthZ-Consent") => "consent-decision",
		Some((DCM, "110113")) if is_told("110127") => "break-glass",
		Some((DCM, "110106")) => "disclosure-source",
		Some((DCM, "110107")) => "disclosure-recipient",
		Some((DCM, "110100")) => "application-activity",
		Some((DCM, "110114")) => "user-authentication",
		Some((_, "rest")) => "access",
		_ => "other",
	};
	let emergency = purposes.iter().any(|purpose| purpose["ledger"] == "emergency-treatment");
	let code = |(system, code): &(String, String)| json!({ "system": system, "code": code });
	Some(json!({
		"kind": told_as,
		"emergency": emergency || told_as == "break-glass",
		"type": kind.first().map(code),
		"subtypes": subtypes.iter().map(code).collect::<Vec<_>>(),
		"action": action,
		"recorded": recorded.and_then(time::text),
		"succeeded": ended.map(|ended| ended == "0"),
		"purposes": purposes,
		"agents": agents,
		"entities": entities,
		"leaf": format!("0x{}", hex::encode(merkle::leaf(&canonical(bytes)?))),
	}))
}

/// The event as it is anchored: JSON without blanks, keys in order.
fn canonical(bytes: &[u8]) -> Option<Vec<u8>> {
	let value = super::json::parse(bytes).ok()?;
	serde_json::to_vec(&sorted(value)).ok()
}

fn sorted(value: Value) -> Value {
	match value {
		Value::Object(object) => {
			let ordered: std::collections::BTreeMap<String, Value> =
				object.into_iter().map(|(key, value)| (key, sorted(value))).collect();
			ordered.into_iter().collect::<serde_json::Map<_, _>>().into()
		},
		Value::Array(list) => list.into_iter().map(sorted).collect::<Vec<_>>().into(),
		other => other,
	}
}

fn purposes(elements: &[Element], outcome: &mut Outcome) -> Vec<Value> {
	let mut purposes = Vec::new();
	for element in elements {
		for (system, code, path) in element.codings(outcome) {
			let purpose = purpose_of(system, code);
			if purpose.is_none() {
				let diagnostics = "the ledger has no such purpose; it is kept as it was recorded";
				outcome.add(Severity::Information, IssueType::NotSupported, path, diagnostics);
			}
			purposes.push(json!({ "system": system, "code": code, "ledger": purpose }));
		}
	}
	purposes
}

fn agents(event: &Element, purposes: &mut Vec<Value>, outcome: &mut Outcome) -> Vec<Value> {
	let mut agents = Vec::new();
	let mut asked = false;
	for agent in event.required_list("agent", outcome) {
		if !agent.is_object_of(&AGENT, outcome) {
			continue;
		}
		let requestor = agent.require("requestor", outcome).and_then(|it| {
			let requestor = it.value.as_bool();
			if requestor.is_none() {
				outcome.error(IssueType::Structure, it.path, "true or false is expected");
			}
			requestor
		});
		asked |= requestor == Some(true);
		let kind = agent.get("type").map(|kind| kind.codings(outcome)).unwrap_or_default();
		let role = kind.first().map_or("unknown", |(_, code, _)| match *code {
			"humanuser" | "IRCP" => "person",
			"PROV" => "organisation",
			"110150" | "110153" => "source",
			"110152" => "destination",
			"110154" | "110155" => "media",
			"authserver" => "authoriser",
			_ => "other",
		});
		let who = agent.get("who").and_then(|who| who.reference(outcome));
		if let Some(network) = agent.get("network") {
			if network.is_object_of(&["address", "type"], outcome) {
				if let Some(kind) = network.get("type") {
					kind.code(&["1", "2", "3", "4", "5"], outcome);
				}
			}
		}
		purposes.extend(self::purposes(&agent.list("purposeOfUse", outcome), outcome));
		agents.push(json!({ "role": role, "requestor": requestor, "who": who }));
	}
	if !agents.is_empty() && !asked {
		let diagnostics = "no agent is marked as the one who asked for it";
		let severity = Severity::Information;
		outcome.add(severity, IssueType::Informational, "AuditEvent.agent", diagnostics);
	}
	agents
}

fn source(event: &Element, outcome: &mut Outcome) {
	let Some(source) = event.require("source", outcome) else { return };
	if source.is_object_of(&["site", "observer", "type"], outcome) {
		if let Some(observer) = source.require("observer", outcome) {
			observer.reference(outcome);
		}
		for kind in source.list("type", outcome) {
			kind.codings(outcome);
		}
	}
}

fn entities(event: &Element, outcome: &mut Outcome) -> Vec<Value> {
	let mut entities = Vec::new();
	for entity in event.list("entity", outcome) {
		if !entity.is_object_of(&ENTITY, outcome) {
			continue;
		}
		if entity.get("name").is_some() && entity.get("query").is_some() {
			let diagnostics = "an entity has a name or a query, not both (sev-1)";
			outcome.error(IssueType::Invariant, &entity.path, diagnostics);
		}
		let what = entity.get("what").and_then(|what| what.reference(outcome));
		let code = |key: &str, outcome: &mut Outcome| {
			let codings = entity.get(key).map(|it| it.codings(outcome)).unwrap_or_default();
			codings.first().map(|(_, code, _)| (*code).to_owned())
		};
		let (kind, role) = (code("type", outcome), code("role", outcome));
		let target = what.as_ref().and_then(|what| what["reference"].as_str()).unwrap_or_default();
		let is = |resource: &str| {
			target.starts_with(&format!("{resource}/")) || target.contains(&format!("/{resource}/"))
		};
		let told = match (kind.as_deref(), role.as_deref()) {
			(Some("1"), Some("1")) => "patient",
			_ if is("Patient") => "patient",
			(Some("Consent"), _) => "consent",
			_ if is("Consent") => "consent",
			_ => "other",
		};
		entities.push(json!({ "kind": told, "what": what, "type": kind, "role": role }));
	}
	let patients = entities.iter().filter(|entity| entity["kind"] == "patient").count();
	if patients > 1 {
		let diagnostics = "more than one patient: an access log has one event for each";
		let severity = Severity::Warning;
		outcome.add(severity, IssueType::BusinessRule, "AuditEvent.entity", diagnostics);
	}
	entities
}
