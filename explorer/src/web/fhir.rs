//! Exchanges as FHIR R4 AuditEvents (IHE BALP): one for every step that the ledger recorded, so that a hospital's own
//! audit repository can read them beside its own.

use crate::{
	store::{query, Connection, EventRow, RecordRow},
	Error,
};
use curex_client::time;
use curex_primitives::Purpose;
use serde_json::{json, Value as Json};
use std::collections::BTreeMap;

/// DICOM's vocabulary, of which FHIR takes the kinds of audit events.
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";

/// Why data are used (HL7 v3 ActReason).
const REASONS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

/// Whole names of numbers and handles of the ledger, as identifiers.
const ORGANISATION: &str = "urn:curex:organisation";
const EXCHANGE: &str = "urn:curex:exchange";
const CONSENT: &str = "urn:curex:consent";
const LEDGER: &str = "urn:curex:ledger";

/// The audit events of an exchange, oldest first.
///
/// # Errors
/// [`Error::Database`] and [`Error::Damaged`].
pub(super) fn events(
	connection: &Connection,
	row: &RecordRow,
	names: &BTreeMap<u32, String>,
	genesis: &str,
) -> Result<Vec<Json>, Error> {
	let (timeline, _) = query::timeline(connection, row)?;
	let mut events = Vec::new();
	for event in &timeline {
		let block = query::block(connection, event.block)?;
		// What stands since the first block has no moment; it is no event.
		if let Some(moment) = block.and_then(|block| block.time).and_then(time::text) {
			events.push(audit_event(row, event, &moment, names, genesis));
		}
	}
	Ok(events)
}

fn audit_event(
	row: &RecordRow,
	event: &EventRow,
	moment: &str,
	names: &BTreeMap<u32, String>,
	genesis: &str,
) -> Json {
	let (code, display) = kind_of(&event.name);
	let agent = |field: &str, code: &str, role: &str| {
		let number = row.value[field].as_u64().and_then(|number| u32::try_from(number).ok());
		let name = number.and_then(|number| names.get(&number)).cloned().unwrap_or_default();
		json!({
			"type": {"coding": [{"system": DICOM, "code": code, "display": role}]},
			"who": {
				"identifier": {"system": ORGANISATION, "value": number.unwrap_or_default().to_string()},
				"display": name,
			},
			"requestor": field == "recipient",
		})
	};
	let entity = |system: &str, value: &str| json!({"what": {"identifier": {"system": system, "value": value}}});
	let mut entities = vec![entity(EXCHANGE, row.id.as_str())];
	if let Some(consent) = row.consent {
		entities.push(entity(CONSENT, &format!("0x{}", hex::encode(consent))));
	}
	let failed = event.fields["outcome"].is_string();
	let mut resource = json!({
		"resourceType": "AuditEvent",
		"id": format!("{}-{}", event.block, event.position),
		"type": {"system": DICOM, "code": code, "display": display},
		"subtype": [{"system": "urn:curex:event", "code": format!("{}.{}", event.pallet, event.name)}],
		"action": "E",
		"recorded": moment,
		"outcome": if failed { "4" } else { "0" },
		"agent": [
			agent("holder", "110153", "Source Role ID"),
			agent("recipient", "110152", "Destination Role ID"),
		],
		"source": {"observer": {"identifier": {"system": LEDGER, "value": genesis}}},
		"entity": entities,
	});
	if let Some(reason) = row.purpose.as_deref().and_then(reason) {
		resource["purposeOfEvent"] = json!([{"coding": [{"system": REASONS, "code": reason}]}]);
	}
	resource
}

/// The kind of audit event of a step.
fn kind_of(event: &str) -> (&'static str, &'static str) {
	match event {
		"Requested" | "Offered" => ("110112", "Query"),
		"Dispatched" => ("110106", "Export"),
		"Delivered" => ("110107", "Import"),
		"GlassBroken" => ("110127", "Emergency Override Started"),
		"PackageAssessed" => ("110100", "Application Activity"),
		_ => ("110110", "Patient Record"),
	}
}

/// The code of a purpose, as `primitives` names it beside each.
fn reason(purpose: &str) -> Option<&'static str> {
	let purpose =
		Purpose::ALL.iter().find(|known| crate::facts::kebab(&format!("{known:?}")) == purpose)?;
	Some(match purpose {
		Purpose::Treatment => "TREAT",
		Purpose::EmergencyTreatment => "ETREAT",
		Purpose::PatientRequest => "PATRQT",
		Purpose::Payment => "HPAYMT",
		Purpose::Operations => "HOPERAT",
		Purpose::PublicHealth => "PUBHLTH",
		Purpose::Research => "HRESCH",
		// Secondary uses of EHDS art. 53 without a code of their own.
		_ => return None,
	})
}
