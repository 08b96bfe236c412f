use super::*;
use ::serde_json::{json, Value};

fn consent() -> Value {
	json!({
		"resourceType": "Consent",
		"status": "active",
		"scope": {"coding": [{
			"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"
		}]},
		"category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
		"patient": {"reference": "Patient/p1"},
		"organization": [{"identifier": {"system": "urn:curex:organisation", "value": "3"}}],
		"policy": [{"uri": "https://example.org/policy"}],
		"provision": {
			"type": "permit",
			"period": {"start": "2026-01-01", "end": "2026-12-31"},
			"actor": [{
				"role": {"coding": [{
					"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"
				}]},
				"reference": {"identifier": {"system": "urn:curex:organisation", "value": "4"}},
			}],
			"action": [{"coding": [{
				"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "access"
			}]}],
			"purpose": [{
				"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"
			}],
		},
	})
}

fn audit_event() -> Value {
	json!({
		"resourceType": "AuditEvent",
		"type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106"},
		"action": "R",
		"recorded": "2026-01-01T00:00:00Z",
		"outcome": "0",
		"agent": [{"who": {"display": "a gateway"}, "requestor": true}],
		"source": {"observer": {"display": "a gateway"}},
		"entity": [{"what": {"reference": "Patient/p1"}}],
	})
}

fn mapped(resource: &Value) -> Mapped {
	let outcome = check(resource.to_string().as_bytes());
	outcome.unwrap_or_else(|outcome| panic!("{}", outcome.to_json()))
}

/// The first error after a change: its code and place.
fn error(mut resource: Value, change: impl FnOnce(&mut Value)) -> (&'static str, String) {
	change(&mut resource);
	let outcome = check(resource.to_string().as_bytes()).unwrap_err();
	let issue = outcome.issues.iter().find(|issue| issue.severity == Severity::Error).unwrap();
	assert!(!issue.diagnostics.is_empty());
	(issue.code.code(), issue.expression.clone())
}

fn remove(resource: &mut Value, key: &str) {
	resource.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn a_consent_is_mapped_to_what_the_ledger_knows() {
	let Mapped { mapping, .. } = mapped(&consent());
	assert_eq!(mapping["standing"], "active");
	assert_eq!(mapping["holders"][0]["member"], 3);
	let statement = &mapping["statement"];
	assert_eq!(statement["position"], "permit");
	assert_eq!(statement["recipients"][0]["member"], 4);
	assert_eq!(statement["purposes"], json!(["treatment"]));
	assert_eq!(statement["access-modes"], json!(["view"]));
	assert_eq!(statement["until"], "2027-01-01T00:00:00Z", "the last day counts");
	assert_eq!(statement["specificity"]["whom"], "organisation");
	assert_eq!(mapping["open"], json!(["the number of uses"]));
}

#[test]
fn a_consent_that_is_not_understood_is_refused_with_the_place() {
	let error = |change: fn(&mut Value)| error(consent(), change);
	let at = |code, place: &str| (code, place.to_string());
	assert_eq!(error(|it| remove(it, "status")), at("required", "Consent.status"));
	assert_eq!(error(|it| it["status"] = json!("on")), at("code-invalid", "Consent.status"));
	assert_eq!(
		error(|it| it["status"] = json!("entered-in-error")),
		at("business-rule", "Consent.status")
	);
	assert_eq!(error(|it| remove(it, "patient")), at("required", "Consent.patient"));
	assert_eq!(error(|it| remove(it, "policy")), at("invariant", "Consent.policy"));
	assert_eq!(
		error(|it| it["scope"]["coding"][0]["code"] = json!("research")),
		at("not-supported", "Consent.scope")
	);
	assert_eq!(
		error(|it| it["provision"]["purpose"][0]["code"] = json!("HMARKT")),
		at("code-invalid", "Consent.provision.purpose[0]")
	);
	assert_eq!(
		error(|it| it["provision"]["purpose"] = json!([{"system": "urn:x", "code": "TREAT"}])),
		at("code-invalid", "Consent.provision.purpose[0]")
	);
	assert_eq!(
		error(|it| it["provision"]["securityLabel"] = json!([{"system": "urn:x", "code": "X"}])),
		at("code-invalid", "Consent.provision.securityLabel[0]")
	);
	assert_eq!(
		error(|it| it["provision"]["actor"][0]["role"]["coding"][0]["code"] = json!("XYZ")),
		at("code-invalid", "Consent.provision.actor[0].role")
	);
	assert_eq!(
		error(|it| it["provision"]["period"]["end"] = json!("2025-01-01")),
		at("invariant", "Consent.provision.period")
	);
	assert_eq!(
		error(|it| it["provision"]["period"]["end"] = json!("soon")),
		at("value", "Consent.provision.period.end")
	);
	assert_eq!(
		error(|it| it["provision"]["provision"] = json!([{"actor": []}])),
		at("required", "Consent.provision.provision[0].type")
	);
	assert_eq!(
		error(|it| {
			it["provision"]["provision"] =
				json!([{"type": "deny", "provision": [{"type": "permit"}]}])
		}),
		at("not-supported", "Consent.provision.provision[0].provision")
	);
	assert_eq!(
		error(|it| it["provision"]["modifierExtension"] = json!([{"url": "urn:x"}])),
		at("extension", "Consent.provision.modifierExtension")
	);
	assert_eq!(error(|it| it["controller"] = json!([])), at("structure", "Consent.controller"));
}

#[test]
fn a_status_of_another_release_of_fhir_is_not_taken_for_one_of_this() {
	for status in ["not-done", "unknown", "Active", ""] {
		let refused = error(consent(), |consent| consent["status"] = status.into());
		assert_eq!(refused.1, "Consent.status", "{status}: R5 or nothing");
	}
	for (status, standing) in [("proposed", "draft"), ("rejected", "refused-by-patient")] {
		let mut resource = consent();
		resource["status"] = status.into();
		assert_eq!(mapped(&resource).mapping["standing"], standing);
	}
}

#[test]
fn what_an_opt_out_means_is_not_guessed() {
	let opt_out = |provision: Value| {
		let mut consent = consent();
		consent["policyRule"] = json!({"coding": [{
			"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTOUT"
		}]});
		consent["provision"] = provision;
		consent
	};
	let bounded = opt_out(json!({"period": {"start": "2026-01-01"}}));
	let (code, place) = error(bounded, |_| ());
	assert_eq!((code, place.as_str()), ("business-rule", "Consent.provision.type"));
	let blanket = mapped(&opt_out(json!({"extension": [{"url": "urn:x"}]})));
	assert_eq!(blanket.mapping["statement"]["position"], "objection");
}

#[test]
fn an_exception_is_more_specific_than_the_consent_around_it() {
	let mut consent = consent();
	consent["provision"]["provision"] = json!([{
		"type": "deny",
		"securityLabel": [{
			"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"
		}],
	}]);
	let mapping = mapped(&consent).mapping;
	let exception = &mapping["exceptions"][0];
	assert_eq!(exception["position"], "objection");
	let specificity = json!({"whom": "organisation", "context": true, "resources": true});
	assert_eq!(exception["specificity"], specificity);
	assert_eq!(exception["held-by-the-holder"]["labels"], json!(["PSY"]));
}

#[test]
fn an_audit_event_is_classified_and_has_one_leaf_however_it_is_written() {
	let event = mapped(&audit_event());
	assert_eq!(event.mapping["kind"], "disclosure-source");
	assert_eq!(event.mapping["entities"][0]["kind"], "patient");
	let spaced = serde_json::to_string_pretty(&audit_event()).unwrap();
	assert_eq!(check(spaced.as_bytes()).unwrap().mapping["leaf"], event.mapping["leaf"]);
	let mut other = audit_event();
	other["recorded"] = json!("2026-01-01T00:00:01Z");
	assert_ne!(mapped(&other).mapping["leaf"], event.mapping["leaf"]);
}

#[test]
fn an_audit_event_that_is_none_is_refused_with_the_place() {
	let error = |change: fn(&mut Value)| error(audit_event(), change);
	let at = |code, place: &str| (code, place.to_string());
	assert_eq!(error(|it| remove(it, "type")), at("required", "AuditEvent.type"));
	assert_eq!(error(|it| remove(it, "agent")), at("required", "AuditEvent.agent"));
	assert_eq!(error(|it| it["action"] = json!("X")), at("code-invalid", "AuditEvent.action"));
	assert_eq!(
		error(|it| it["recorded"] = json!("2026-01-01")),
		at("value", "AuditEvent.recorded")
	);
	assert_eq!(
		error(|it| remove(&mut it["agent"][0], "requestor")),
		at("required", "AuditEvent.agent[0].requestor")
	);
	assert_eq!(
		error(|it| it["source"] = json!({"site": "here"})),
		at("required", "AuditEvent.source.observer")
	);
	assert_eq!(
		error(|it| {
			it["entity"][0]["name"] = json!("n");
			it["entity"][0]["query"] = json!("cQ==");
		}),
		at("invariant", "AuditEvent.entity[0]")
	);
}

#[test]
fn a_document_is_checked_entry_by_entry() {
	let document = json!({
		"resourceType": "Bundle", "type": "document", "timestamp": "2026-01-01T00:00:00Z",
		"identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"},
		"entry": [
			{"fullUrl": "urn:uuid:2", "resource": {
				"resourceType": "Composition", "status": "final", "title": "Summary", "date": "2026-01-01",
				"type": {"coding": [{"system": "http://loinc.org", "code": "60591-5"}]},
				"subject": {"reference": "urn:uuid:3"}, "author": [{"display": "a hospital"}],
				"section": [{"entry": [{"reference": "urn:uuid:4"}]}],
			}},
			{"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Patient", "id": "p1"}},
			{"fullUrl": "urn:uuid:4", "resource": {
				"resourceType": "Condition", "subject": {"reference": "urn:uuid:3"}
			}},
		],
	});
	let mapping = mapped(&document).mapping;
	assert_eq!(mapping["document"]["type"]["code"], "60591-5");
	assert_eq!(mapping["resources"]["Condition"], 1);
	let error = |change: fn(&mut Value)| error(document.clone(), change);
	let at = |code, place: &str| (code, place.to_string());
	assert_eq!(error(|it| it["type"] = json!("message")), at("not-supported", "Bundle.type"));
	assert_eq!(error(|it| remove(it, "timestamp")), at("required", "Bundle.timestamp"));
	assert_eq!(error(|it| remove(it, "identifier")), at("required", "Bundle.identifier"));
	assert_eq!(
		error(|it| it["entry"][2]["fullUrl"] = json!("urn:uuid:3")),
		at("duplicate", "Bundle.entry[2].fullUrl")
	);
	assert_eq!(
		error(|it| it["entry"][0]["resource"]["section"][0]["entry"][0] = json!({"reference": "x"})),
		at("not-found", "Bundle.entry[0].resource.section[0].entry[0].reference")
	);
	assert_eq!(
		error(|it| it["entry"][2]["resource"]["subject"]["reference"] = json!("Patient/p2")),
		at("invariant", "Bundle.entry[2].resource")
	);
	assert_eq!(
		error(|it| it["entry"][2]["resource"] = json!({"resourceType": "Patient", "id": "p2"})),
		at("invariant", "Bundle.entry[2].resource")
	);
}

#[test]
fn what_is_no_resource_or_has_no_counterpart_is_refused() {
	for (text, code, place) in [
		("", "structure", "$this"),
		("<Consent/>", "structure", "$this"),
		("[]", "structure", "resourceType"),
		(r#"{"resourceType":"Patient"}"#, "not-supported", "resourceType"),
		(r#"{"resourceType":"Consent","resourceType":"Consent"}"#, "structure", "$this"),
		(r#"{"resourceType":"Bundle"}"#, "required", "Bundle.type"),
	] {
		let outcome = check(text.as_bytes()).unwrap_err();
		let issue = &outcome.issues[0];
		assert_eq!((issue.code.code(), issue.expression.as_str()), (code, place), "{text}");
		assert_eq!(outcome.to_json()["resourceType"], "OperationOutcome");
	}
	assert_eq!(check(&b"[".repeat(100_000)).unwrap_err().issues[0].code, IssueType::TooCostly);
}

#[test]
fn an_outcome_never_quotes_a_name_or_an_identifier() {
	let mut consent = consent();
	consent["patient"]["display"] = json!("Papadopoulou");
	consent["patient"]["surname"] = json!("Papadopoulou");
	consent["provision"]["purpose"][0]["code"] = json!("HMARKT");
	let outcome = check(consent.to_string().as_bytes()).unwrap_err().to_json().to_string();
	assert!(!outcome.contains("Papadopoulou"), "{outcome}");
}
