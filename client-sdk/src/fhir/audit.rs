//! AuditEvents in the manner of IHE BALP, out of what the ledger holds of an exchange: the decision on a consent, the
//! disclosure at its source and at its recipient, the breaking of the glass.
//!
//! The ledger knows organisations and handles, and no persons: an organisation adds its own patient and users.

use super::{
	check::codes::{ACT_REASON, CONSENT, EXCHANGE, LIFECYCLE, MEMBER, PARTICIPATION},
	Identifier,
};
use crate::time;
use curex_primitives::{
	Exchange, ExchangeId, ExchangeState, Gate, Moment, OrganisationId, Purpose, Side,
};
use serde_json::{json, Value};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const ROLE_CLASS: &str = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";

/// An exchange as the ledger holds it, and who tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
	/// The exchange.
	pub id: ExchangeId,
	/// Its record.
	pub exchange: &'a Exchange,
	/// Hash of the ledger's first block.
	pub ledger: [u8; 32],
	/// The organisation whose gateway tells it.
	pub observer: OrganisationId,
	/// When it is told.
	pub now: Moment,
	/// Reference to the patient, if the teller knows whom it is about.
	pub patient: Option<&'a str>,
}

impl Telling<'_> {
	/// The events that follow from the record as it stands: none for what has not happened yet.
	pub fn events(&self) -> Vec<Value> {
		let mut events = Vec::new();
		if let Gate::BreakGlass(_) = self.exchange.gate {
			events.push(self.break_glass());
		}
		if let (Gate::Consent(_), Some(served)) = (self.exchange.gate, self.decision()) {
			events.push(self.consent_decision(served));
		}
		if self.exchange.payload.is_some() {
			events.push(self.disclosure(Side::Holder));
		}
		if self.exchange.receipt.is_some() {
			events.push(self.disclosure(Side::Recipient));
		}
		events
	}

	/// Whether the exchange was served, once that is decided.
	fn decision(&self) -> Option<bool> {
		if self.exchange.payload.is_some() || self.exchange.state == ExchangeState::Approved {
			Some(true)
		} else {
			self.exchange.state.is_final().then_some(false)
		}
	}

	/// Whether a consent was found to allow the exchange.
	fn consent_decision(&self, served: bool) -> Value {
		let mut event = self.event("110113", "Security Alert", "E");
		let subtype = json!([{ "system": "urn:ietf:rfc:3986", "code": "AuthZ-Consent" }]);
		event["subtype"] = subtype;
		event["outcome"] = if served { "0" } else { "8" }.into();
		event
	}

	/// That nothing was disclosed, of an exchange that rests on no consent.
	pub fn denial(&self) -> Value {
		let mut event = self.disclosure(Side::Holder);
		event["outcome"] = "8".into();
		event
	}

	/// The disclosure, as the holder sends or the recipient receives it.
	fn disclosure(&self, side: Side) -> Value {
		let mut event = match side {
			Side::Holder => self.event("110106", "Export", "R"),
			Side::Recipient => self.event("110107", "Import", "C"),
		};
		event["subtype"] = json!([{
			"system": LIFECYCLE,
			"code": "disclose",
		}]);
		event
	}

	/// That a person of the recipient opened what was received (BALP, the pattern of a read by a user): for the
	/// organisation's access log, which it anchors. The ledger knows no persons; this event stays in the house.
	pub fn opening(&self, person: &Identifier) -> Value {
		let mut event = self.event("rest", "Restful Operation", "R");
		event["type"]["system"] = "http://terminology.hl7.org/CodeSystem/audit-event-type".into();
		event["subtype"] =
			json!([{ "system": "http://hl7.org/fhir/restful-interaction", "code": "read" }]);
		event["agent"] = json!([
			{
				"type": { "coding": [{ "system": PARTICIPATION, "code": "IRCP" }] },
				"who": handle(&person.system, &person.value),
				"requestor": true,
			},
			{
				"type": { "coding": [{ "system": ROLE_CLASS, "code": "PROV" }] },
				"who": member(self.exchange.recipient),
				"requestor": false,
			},
		]);
		if let Some(event) = event.as_object_mut() {
			// When it was opened is when it is recorded, not when the exchange was begun.
			event.remove("period");
		}
		event
	}

	/// That the package of the exchange was assessed: the hashes of the result and of the package (SHA-256, in hexadecimal), for the
	/// organisation's access log. What the result says stays in the house.
	pub fn assessment(&self, result: &str, package: &str) -> Value {
		let mut event = self.event("110100", "Application Activity", "E");
		event["subtype"] =
			json!([{ "system": "urn:curex:activity", "code": "package-assessment" }]);
		if let Some(entities) = event["entity"].as_array_mut() {
			let details = entities.last_mut().and_then(|entity| entity["detail"].as_array_mut());
			if let Some(details) = details {
				details.push(json!({ "type": "assessment-sha256", "valueString": result }));
				details.push(json!({ "type": "package-sha256", "valueString": package }));
			}
		}
		if let Some(event) = event.as_object_mut() {
			// When it was assessed is when it is recorded, not when the exchange was begun.
			event.remove("period");
		}
		event
	}

	/// The breaking of the glass.
	fn break_glass(&self) -> Value {
		let mut event = self.event("110113", "Security Alert", "E");
		event["subtype"] = json!([{
			"system": DCM, "code": "110127", "display": "Emergency Override Started",
		}]);
		let reason = json!({ "coding": [{ "system": ACT_REASON, "code": "BTG" }] });
		event["purposeOfEvent"] = json!([reason]);
		event
	}

	fn event(&self, code: &str, display: &str, action: &str) -> Value {
		let Exchange { holder, recipient, gate, purpose, .. } = *self.exchange;
		let initiator = self.exchange.initiator();
		let agent = |organisation: OrganisationId, code: &str| {
			json!({
				"type": { "coding": [{ "system": DCM, "code": code }] },
				"who": member(organisation),
				"requestor": organisation == initiator,
			})
		};
		let reason = json!([{ "coding": [code_of(purpose)] }]);
		let mut event = json!({
			"resourceType": "AuditEvent",
			"type": { "system": DCM, "code": code, "display": display },
			"action": action,
			"period": { "start": time::text(self.exchange.begun) },
			"recorded": time::text(self.now),
			"outcome": "0",
			"purposeOfEvent": reason,
			"agent": [agent(holder, "110153"), agent(recipient, "110152")],
			"source": { "observer": member(self.observer) },
			"entity": [{
				"what": handle(EXCHANGE, &self.id.to_string()),
				"detail": [
					{ "type": "ledger", "valueString": format!("0x{}", hex::encode(self.ledger)) },
					{ "type": "state", "valueString": word(self.exchange.state) },
				],
			}],
		});
		let mut entities = vec![];
		if let Some(patient) = self.patient {
			entities.push(json!({
				"what": { "reference": patient },
				"type": {
					"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1"
				},
				"role": { "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1" },
			}));
		}
		if let Gate::Consent(consent) = gate {
			entities.push(json!({
				"what": handle(CONSENT, &consent.to_string()),
				"type": { "system": "http://hl7.org/fhir/resource-types", "code": "Consent" },
			}));
		}
		if let Some(list) = event["entity"].as_array_mut() {
			drop(list.splice(0..0, entities));
		}
		event
	}
}

pub(super) fn member(organisation: OrganisationId) -> Value {
	handle(MEMBER, &organisation.to_string())
}

pub(super) fn handle(system: &str, value: &str) -> Value {
	json!({ "identifier": { "system": system, "value": value } })
}

fn word(state: ExchangeState) -> Value {
	serde_json::to_value(state).unwrap_or_default()
}

/// The purpose as FHIR has it; those of secondary use that FHIR lacks as the ledger names them.
pub(super) fn code_of(purpose: Purpose) -> Value {
	let code = match purpose {
		Purpose::Treatment => "TREAT",
		Purpose::EmergencyTreatment => "ETREAT",
		Purpose::PatientRequest => "PATRQT",
		Purpose::Payment => "HPAYMT",
		Purpose::Operations => "HOPERAT",
		Purpose::PublicHealth => "PUBHLTH",
		Purpose::Research => "HRESCH",
		Purpose::PolicyMaking
		| Purpose::Statistics
		| Purpose::Education
		| Purpose::CareImprovement => {
			let word = serde_json::to_value(purpose).unwrap_or_default();
			return json!({ "system": "urn:curex:purpose", "code": word });
		},
	};
	json!({ "system": ACT_REASON, "code": code })
}

#[cfg(test)]
pub(super) mod tests {
	use super::{super::check::check, *};
	use curex_primitives::{Categories, Commitment, ConsentId, Direction, Ground, LegalBasis};

	pub(in super::super) fn exchange(gate: Gate, state: ExchangeState) -> Exchange {
		let sent = !matches!(state, ExchangeState::Requested | ExchangeState::NotServed);
		let received = matches!(state, ExchangeState::Delivered | ExchangeState::Acknowledged);
		Exchange {
			direction: Direction::Pull,
			holder: OrganisationId(1),
			recipient: OrganisationId(2),
			gate,
			purpose: Purpose::Treatment,
			categories: Categories::all(),
			state,
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
			payload: sent.then_some(Commitment([3; 32])),
			receipt: received.then_some(Commitment([4; 32])),
			acknowledgement: None,
			released: None,
			deadline: 10,
			begun_at: 1,
			begun: 0,
			holder_sequence: 1,
			recipient_sequence: 1,
			border: None,
			law_version: 1,
			subscription: None,
			suspended_by: None,
			recorded_late: false,
			ended_at: None,
		}
	}

	/// Kind and success of the events of an exchange, as the check of this library reads them back.
	fn told(gate: Gate, state: ExchangeState) -> Vec<(String, bool)> {
		let exchange = exchange(gate, state);
		let telling = Telling {
			id: ExchangeId([9; 32]),
			exchange: &exchange,
			ledger: [8; 32],
			observer: OrganisationId(1),
			now: 1_700_000_000_000,
			patient: Some("Patient/p1"),
		};
		let read = |event: &Value| {
			let mapping = check(event.to_string().as_bytes()).unwrap().mapping;
			assert_eq!(mapping["entities"][0]["kind"], "patient");
			let kind = mapping["kind"].as_str().unwrap().to_owned();
			(kind, mapping["succeeded"].as_bool().unwrap())
		};
		telling.events().iter().map(read).collect()
	}

	fn pairs(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
		expected.iter().map(|(kind, succeeded)| ((*kind).to_owned(), *succeeded)).collect()
	}

	#[test]
	fn the_events_of_an_exchange_say_what_happened_and_no_more() {
		let consent = Gate::Consent(ConsentId([7; 32]));
		assert_eq!(told(consent, ExchangeState::Requested), pairs(&[]));
		assert_eq!(
			told(consent, ExchangeState::NotServed),
			pairs(&[("consent-decision", false)]),
			"why it was not served is nobody's to tell"
		);
		assert_eq!(
			told(consent, ExchangeState::Dispatched),
			pairs(&[("consent-decision", true), ("disclosure-source", true)])
		);
		assert_eq!(
			told(Gate::Statutory(LegalBasis::CARE), ExchangeState::Delivered),
			pairs(&[("disclosure-source", true), ("disclosure-recipient", true)])
		);
		assert_eq!(
			told(Gate::BreakGlass(Ground::LifeThreat), ExchangeState::Dispatched),
			pairs(&[("break-glass", true), ("disclosure-source", true)])
		);
	}

	#[test]
	fn an_opening_names_the_person_who_opened_it_and_the_organisation() {
		let exchange = exchange(Gate::Statutory(LegalBasis::CARE), ExchangeState::Delivered);
		let telling = Telling {
			id: ExchangeId([9; 32]),
			exchange: &exchange,
			ledger: [8; 32],
			observer: OrganisationId(2),
			now: 1_700_000_000_000,
			patient: Some("Patient/p1"),
		};
		let person = Identifier { system: "urn:oid:1.2.3.4".into(), value: "17".into() };
		let mapping = check(telling.opening(&person).to_string().as_bytes()).unwrap().mapping;
		assert_eq!(mapping["kind"], "access");
		assert_eq!(mapping["agents"][0]["role"], "person");
		assert_eq!(mapping["agents"][0]["who"]["identifier"]["value"], "17");
		assert_eq!(mapping["agents"][1]["role"], "organisation");
		assert_eq!(mapping["entities"][0]["kind"], "patient");
	}

	#[test]
	fn an_assessment_tells_both_hashes_beside_the_exchange() {
		let exchange = exchange(Gate::Consent(ConsentId([7; 32])), ExchangeState::Approved);
		let telling = Telling {
			id: ExchangeId([9; 32]),
			exchange: &exchange,
			ledger: [8; 32],
			observer: OrganisationId(1),
			now: 1_700_000_000_000,
			patient: None,
		};
		let event = telling.assessment("aa", "bb");
		assert_eq!(
			check(event.to_string().as_bytes()).unwrap().mapping["kind"],
			"application-activity"
		);
		let of_exchange = event["entity"]
			.as_array()
			.unwrap()
			.iter()
			.find(|one| one["what"]["identifier"]["value"] == ExchangeId([9; 32]).to_string());
		let details = of_exchange.unwrap()["detail"].to_string();
		for hash in ["assessment-sha256", "\"aa\"", "package-sha256", "\"bb\""] {
			assert!(details.contains(hash), "{details}");
		}
	}

	#[test]
	fn every_purpose_has_a_code() {
		for &purpose in Purpose::ALL {
			let code = code_of(purpose);
			assert!(code["code"].as_str().is_some_and(|code| !code.is_empty()), "{purpose:?}");
		}
	}
}
