//! A DocumentReference: what is exchanged, in the ledger's words, and what of it stays with the holder.

use super::{
	codes::{category_of, CONSENT, EXCHANGE, LOINC},
	element::Element,
	outcome::{IssueType, Outcome, Severity},
};
use crate::time;
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use curex_primitives::Category;
use serde_json::{json, Value};
use sha1::{Digest, Sha1};

const DOCUMENT_REFERENCE: [&str; 16] = [
	"masterIdentifier",
	"identifier",
	"status",
	"docStatus",
	"type",
	"category",
	"subject",
	"date",
	"author",
	"authenticator",
	"custodian",
	"relatesTo",
	"description",
	"securityLabel",
	"content",
	"context",
];
const ATTACHMENT: [&str; 8] =
	["contentType", "language", "data", "url", "size", "hash", "title", "creation"];
const CONTEXT: [&str; 7] = [
	"encounter",
	"event",
	"period",
	"facilityType",
	"practiceSetting",
	"sourcePatientInfo",
	"related",
];
const DOC_STATUS: [&str; 4] = ["preliminary", "final", "amended", "entered-in-error"];

pub(super) fn map(document: &Element, outcome: &mut Outcome) -> Option<Value> {
	if !document.is_resource_of(&DOCUMENT_REFERENCE, outcome) {
		return None;
	}
	let standings = ["current", "superseded", "entered-in-error"];
	let status = document.require("status", outcome).and_then(|it| it.code(&standings, outcome));
	let doc_status = document.get("docStatus").and_then(|it| it.code(&DOC_STATUS, outcome));
	for (key, told) in [("status", status), ("docStatus", doc_status)] {
		if told == Some("entered-in-error") {
			let path = format!("{}.{key}", document.path);
			let diagnostics = "a document that was entered in error means nothing";
			outcome.error(IssueType::BusinessRule, path, diagnostics);
		}
	}
	let mut handles = Handles::default();
	let master = document.get("masterIdentifier");
	for identifier in master.into_iter().chain(document.list("identifier", outcome)) {
		if let Some(identifier) = identifier.identifier(outcome) {
			handles.note(identifier);
		}
	}
	let kind = document.get("type").map(|kind| kind.codings(outcome)).unwrap_or_default();
	let kind: Vec<Value> =
		kind.iter().map(|(system, code, _)| json!({ "system": system, "code": code })).collect();
	let category = category(&kind, &document.path, outcome);
	document.concepts("category", outcome);
	let subject = document.get("subject").and_then(|subject| subject.reference(outcome));
	let date = document.get("date").and_then(|date| date.moment(outcome));
	let authors = document.parties("author", outcome);
	let authenticator = document.get("authenticator").and_then(|it| it.party(outcome));
	let custodian = document.get("custodian").and_then(|it| it.party(outcome));
	let relations = relations(document, outcome);
	if let Some(description) = document.get("description") {
		description.text(outcome);
	}
	let labels = document.concepts("securityLabel", outcome);
	let contents: Vec<Value> = document
		.required_list("content", outcome)
		.iter()
		.filter_map(|content| self::content(content, outcome))
		.collect();
	let context = document.get("context").map(|it| context(&it, &mut handles, outcome));
	let Handles { exchange, consent } = handles;
	Some(json!({
		"standing": status,
		"doc-status": doc_status,
		"type": kind,
		"category": category,
		"subject": subject,
		"date": date.and_then(time::text),
		"author": authors,
		"authenticator": authenticator.map(|(said, _)| said),
		"custodian": custodian.map(|(said, _)| said),
		"relates-to": relations,
		"content": contents,
		"context": context,
		"exchange": exchange,
		"consent": consent,
		"held-by-the-holder": { "security-labels": coded(labels) },
	}))
}

/// The records of the ledger that identifiers name.
#[derive(Default)]
pub(super) struct Handles<'a> {
	pub exchange: Option<&'a str>,
	pub consent: Option<&'a str>,
}

impl<'a> Handles<'a> {
	pub fn note(&mut self, (system, value): (&'a str, &'a str)) {
		match system {
			EXCHANGE => self.exchange = Some(value),
			CONSENT => self.consent = Some(value),
			_ => (),
		}
	}
}

pub(super) fn coded(codings: Vec<(String, String)>) -> Vec<Value> {
	codings.into_iter().map(|(system, code)| json!({ "system": system, "code": code })).collect()
}

/// The category of the ledger to which the type belongs: `other` if it is none of the finer ones.
fn category(kind: &[Value], path: &str, outcome: &mut Outcome) -> Option<Category> {
	let known = kind
		.iter()
		.filter(|coding| coding["system"] == LOINC)
		.find_map(|coding| category_of(coding["code"].as_str()?));
	if known.is_none() && !kind.is_empty() {
		let diagnostics = "no finer category of the ledger has this type: it is `other` there";
		let path = format!("{path}.type");
		outcome.add(Severity::Information, IssueType::NotSupported, path, diagnostics);
		return Some(Category::Other);
	}
	known
}

fn relations(document: &Element, outcome: &mut Outcome) -> Vec<Value> {
	let mut relations = Vec::new();
	for relation in document.list("relatesTo", outcome) {
		if !relation.is_object_of(&["code", "target"], outcome) {
			continue;
		}
		let codes = ["replaces", "transforms", "signs", "appends"];
		let code = relation.require("code", outcome).and_then(|it| it.code(&codes, outcome));
		let target = relation.require("target", outcome).and_then(|it| it.reference(outcome));
		relations.push(json!({ "code": code, "target": target }));
	}
	relations
}

/// One form of the document: its media type, size and hash; data that are in it are counted and hashed.
fn content(content: &Element, outcome: &mut Outcome) -> Option<Value> {
	if !content.is_object_of(&["attachment", "format"], outcome) {
		return None;
	}
	let attachment = content.require("attachment", outcome)?;
	let format = content.get("format").map(|format| format.codings(outcome)).unwrap_or_default();
	if !attachment.is_object_of(&ATTACHMENT, outcome) {
		return None;
	}
	for key in ["language", "title"] {
		if let Some(found) = attachment.get(key) {
			found.text(outcome);
		}
	}
	let created = attachment.get("creation").and_then(|it| it.moment(outcome));
	let media_type = attachment.get("contentType").and_then(|it| it.text(outcome));
	let url = attachment.get("url").and_then(|it| it.text(outcome));
	let hash = attachment.get("hash").and_then(|it| bytes(&it, outcome));
	let size = attachment.get("size").and_then(|it| {
		let size = it.value.as_u64();
		if size.is_none() {
			outcome.error(IssueType::Value, &it.path, "a size is a number of bytes");
		}
		size
	});
	let data = attachment.get("data").and_then(|it| bytes(&it, outcome));
	if data.is_some() && media_type.is_none() {
		let path = format!("{}.contentType", attachment.path);
		outcome.error(IssueType::Invariant, path, "data have a contentType (att-1)");
	}
	if let Some(data) = &data {
		if size.is_some_and(|size| size != data.len() as u64) {
			let path = format!("{}.size", attachment.path);
			outcome.error(IssueType::Invariant, path, "the data are of another size");
		}
		if hash.as_ref().is_some_and(|hash| hash[..] != Sha1::digest(data)[..]) {
			let path = format!("{}.hash", attachment.path);
			outcome.error(IssueType::Invariant, path, "the data have another hash (SHA-1)");
		}
	} else if hash.as_ref().is_some_and(|hash| hash.len() != 20) {
		let path = format!("{}.hash", attachment.path);
		let diagnostics = "a hash in FHIR R4 is a SHA-1: this one has another length";
		outcome.add(Severity::Warning, IssueType::Value, path, diagnostics);
	}
	if data.is_none() && url.is_none() {
		let diagnostics = "neither data nor a url: the document is not to be had from here";
		let severity = Severity::Warning;
		outcome.add(severity, IssueType::BusinessRule, &attachment.path, diagnostics);
	}
	let format = format.first().map(|(system, code, _)| json!({ "system": system, "code": code }));
	Some(json!({
		"media-type": media_type,
		"format": format,
		"size": size.or(data.as_ref().map(|data| data.len() as u64)),
		"sha-1": hash.map(hex::encode),
		"sha-256": data.map(|data| hex::encode(sp_crypto_hashing::sha2_256(&data))),
		"url": url,
		"created": created.and_then(time::text),
	}))
}

/// A base64Binary.
pub(super) fn bytes(element: &Element, outcome: &mut Outcome) -> Option<Vec<u8>> {
	let text: String = element.text(outcome)?.split_ascii_whitespace().collect();
	let bytes = BASE64.decode(text).ok();
	if bytes.is_none() {
		outcome.error(IssueType::Value, &element.path, "not in base64");
	}
	bytes
}

fn context<'a>(context: &Element<'a>, handles: &mut Handles<'a>, outcome: &mut Outcome) -> Value {
	if !context.is_object_of(&CONTEXT, outcome) {
		return Value::Null;
	}
	for key in ["facilityType", "practiceSetting"] {
		if let Some(found) = context.get(key) {
			found.codings(outcome);
		}
	}
	let period = context.get("period").map(|period| period.period(outcome)).unwrap_or_default();
	let events = context.concepts("event", outcome);
	context.parties("encounter", outcome);
	if let Some(source) = context.get("sourcePatientInfo") {
		source.reference(outcome);
	}
	for related in context.list("related", outcome) {
		related.reference(outcome);
		let identifier = &related.value["identifier"];
		let part = |key: &str| identifier[key].as_str().unwrap_or_default();
		handles.note((part("system"), part("value")));
	}
	let text = |moment: Option<_>| moment.and_then(time::text);
	json!({
		"period": { "from": text(period.0), "before": text(period.1) },
		"event": coded(events),
	})
}
