//! A Provenance: who did what to which resources, and on which records of the ledger it rests.

use super::{
	codes::purpose_of,
	document_reference::{bytes, coded, Handles},
	element::Element,
	outcome::{IssueType, Outcome, Severity},
};
use crate::time;
use serde_json::{json, Value};

const PROVENANCE: [&str; 11] = [
	"target",
	"occurredPeriod",
	"occurredDateTime",
	"recorded",
	"policy",
	"location",
	"reason",
	"activity",
	"agent",
	"entity",
	"signature",
];
const SIGNATURE: [&str; 7] =
	["type", "when", "who", "onBehalfOf", "targetFormat", "sigFormat", "data"];
const ROLES: [&str; 5] = ["derivation", "revision", "quotation", "source", "removal"];

pub(super) fn map(provenance: &Element, outcome: &mut Outcome) -> Option<Value> {
	if !provenance.is_resource_of(&PROVENANCE, outcome) {
		return None;
	}
	let mut handles = Handles::default();
	let targets: Vec<Value> = provenance
		.required_list("target", outcome)
		.iter()
		.filter_map(|target| {
			note(target, &mut handles);
			target.reference(outcome)
		})
		.collect();
	let occurred = occurred(provenance, outcome);
	let recorded = provenance.require("recorded", outcome).and_then(|it| instant(&it, outcome));
	let policies: Vec<&str> =
		provenance.list("policy", outcome).iter().filter_map(|it| it.text(outcome)).collect();
	if let Some(location) = provenance.get("location") {
		location.reference(outcome);
	}
	let reasons: Vec<Value> = provenance
		.concepts("reason", outcome)
		.into_iter()
		.map(|(system, code)| {
			let purpose = purpose_of(&system, &code);
			json!({ "system": system, "code": code, "ledger": purpose })
		})
		.collect();
	let activity = provenance.get("activity").map(|it| it.codings(outcome)).unwrap_or_default();
	let activity: Vec<Value> = activity
		.iter()
		.map(|(system, code, _)| json!({ "system": system, "code": code }))
		.collect();
	let agents = agents(&provenance.required_list("agent", outcome), outcome);
	let mut entities = Vec::new();
	for entity in provenance.list("entity", outcome) {
		if !entity.is_object_of(&["role", "what", "agent"], outcome) {
			continue;
		}
		let role = entity.require("role", outcome).and_then(|it| it.code(&ROLES, outcome));
		let what = entity.require("what", outcome);
		let said = what.as_ref().and_then(|what| what.reference(outcome));
		what.iter().for_each(|what| note(what, &mut handles));
		let agents = self::agents(&entity.list("agent", outcome), outcome);
		entities.push(json!({ "role": role, "what": said, "agent": agents }));
	}
	let signatures: Vec<Value> = provenance
		.list("signature", outcome)
		.iter()
		.filter_map(|signature| self::signature(signature, outcome))
		.collect();
	let Handles { exchange, consent } = handles;
	Some(json!({
		"target": targets,
		"occurred": occurred,
		"recorded": recorded,
		"policy": policies,
		"reason": reasons,
		"activity": activity,
		"agent": agents,
		"entity": entities,
		"signature": signatures,
		"exchange": exchange,
		"consent": consent,
	}))
}

/// Notes the record of the ledger that a reference names by its identifier.
fn note<'a>(reference: &Element<'a>, handles: &mut Handles<'a>) {
	let part = |key: &str| reference.value["identifier"][key].as_str().unwrap_or_default();
	handles.note((part("system"), part("value")));
}

fn occurred(provenance: &Element, outcome: &mut Outcome) -> Value {
	let period = provenance.get("occurredPeriod");
	let moment = provenance.get("occurredDateTime");
	if period.is_some() && moment.is_some() {
		let diagnostics = "it occurred in a period or at a time, not both";
		outcome.error(IssueType::Structure, "Provenance.occurred", diagnostics);
	}
	let text = |moment: Option<_>| moment.and_then(time::text);
	let period = period.map(|period| period.period(outcome)).unwrap_or_default();
	let moment = moment.and_then(|moment| moment.moment(outcome));
	json!({ "from": text(moment.or(period.0)), "before": text(period.1) })
}

/// An instant: a moment with its time.
fn instant(element: &Element, outcome: &mut Outcome) -> Option<String> {
	if !element.value.as_str().is_some_and(|text| text.contains('T')) {
		outcome.error(IssueType::Value, &element.path, "an instant has a time and an offset");
		return None;
	}
	element.moment(outcome).and_then(time::text)
}

fn agents(list: &[Element], outcome: &mut Outcome) -> Vec<Value> {
	let mut agents = Vec::new();
	for agent in list {
		if !agent.is_object_of(&["type", "role", "who", "onBehalfOf"], outcome) {
			continue;
		}
		let kind = agent.get("type").map(|kind| kind.codings(outcome)).unwrap_or_default();
		let kind = kind.first().map(|(system, code, _)| json!({ "system": system, "code": code }));
		let roles = coded(agent.concepts("role", outcome));
		let who = agent.require("who", outcome).and_then(|who| who.party(outcome));
		let principal = agent.get("onBehalfOf").and_then(|it| it.party(outcome));
		agents.push(json!({
			"type": kind,
			"role": roles,
			"who": who.map(|(said, _)| said),
			"on-behalf-of": principal.map(|(said, _)| said),
		}));
	}
	agents
}

/// A signature: that there is one, whose and when. It is not verified, and said not to be.
fn signature(signature: &Element, outcome: &mut Outcome) -> Option<Value> {
	if !signature.is_object_of(&SIGNATURE, outcome) {
		return None;
	}
	let kinds: Vec<Element> = signature.required_list("type", outcome);
	let codes: Vec<Value> = kinds
		.iter()
		.flat_map(|kind| kind.codings(outcome))
		.map(|(system, code, _)| json!({ "system": system, "code": code }))
		.collect();
	let when = signature.require("when", outcome).and_then(|it| instant(&it, outcome));
	let who = signature.require("who", outcome).and_then(|it| it.party(outcome));
	if let Some(principal) = signature.get("onBehalfOf") {
		principal.party(outcome);
	}
	for key in ["targetFormat", "sigFormat"] {
		if let Some(found) = signature.get(key) {
			found.text(outcome);
		}
	}
	if let Some(data) = signature.get("data") {
		bytes(&data, outcome);
	}
	let diagnostics = "the signature is not verified here";
	let severity = Severity::Information;
	outcome.add(severity, IssueType::Informational, &signature.path, diagnostics);
	Some(json!({ "type": codes, "when": when, "who": who.map(|(said, _)| said) }))
}
