//! FHIR R4 AuditEvent resources (<https://hl7.org/fhir/R4/auditevent.html>), as IHE BALP profiles
//! them.

use chrono::{DateTime, Datelike, Timelike, Weekday};

use super::not_json;
use crate::event::{CareRelationship, RecordAccess};

/// Codes of HL7 v3 ActReason that mean emergency access.
pub(super) const EMERGENCY: [&str; 2] = ["BTG", "ETREAT"];

/// `AuditEvent.entity.detail.type` under which a system says whether the user treats the patient:
/// `present` or `absent`.
pub(super) const RELATIONSHIP: &str = "care-relationship";

/// Reads one resource: an access, nothing (an AuditEvent without an acting user), or the reason why
/// not.
pub(super) fn parse(line: &str) -> Result<Option<RecordAccess>, String> {
	let event: AuditEvent = serde_json::from_str(line).map_err(|error| not_json(&error))?;
	if event.resource_type != "AuditEvent" {
		return Err(format!("a {}, not an AuditEvent", brief(&event.resource_type)));
	}
	let recorded = DateTime::parse_from_rfc3339(&event.recorded)
		.map_err(|_| "recorded is no instant with a time zone".to_string())?;
	let at = u64::try_from(recorded.timestamp_millis())
		.map_err(|_| "recorded lies before 1970".to_string())?;
	let Some(user) = event.user() else { return Ok(None) };
	Ok(Some(RecordAccess {
		at,
		local_hour: recorded.hour(),
		weekend: matches!(recorded.weekday(), Weekday::Sat | Weekday::Sun),
		user,
		patient: event.patient(),
		action: event.action.as_ref().and_then(|action| action.chars().next()).unwrap_or('E'),
		break_glass: event.is_emergency(),
		relationship: event.relationship(),
		unit: event.unit(),
	}))
}

fn brief(text: &str) -> String {
	text.chars().take(40).collect()
}

#[derive(serde::Deserialize)]
struct AuditEvent {
	#[serde(rename = "resourceType")]
	resource_type: String,
	recorded: String,
	action: Option<String>,
	#[serde(rename = "purposeOfEvent", default)]
	purpose: Vec<Concept>,
	agent: Vec<Agent>,
	source: Option<Source>,
	#[serde(default)]
	entity: Vec<Entity>,
}

#[derive(serde::Deserialize)]
struct Source {
	site: Option<String>,
}

#[derive(serde::Deserialize)]
struct Agent {
	who: Option<Reference>,
	#[serde(rename = "altId")]
	alternative: Option<String>,
	#[serde(default)]
	requestor: bool,
	#[serde(rename = "purposeOfUse", default)]
	purpose: Vec<Concept>,
	location: Option<Reference>,
	#[serde(default)]
	role: Vec<Concept>,
}

#[derive(serde::Deserialize)]
struct Entity {
	what: Option<Reference>,
	role: Option<Coding>,
	#[serde(default)]
	detail: Vec<Detail>,
}

#[derive(serde::Deserialize)]
struct Detail {
	#[serde(rename = "type")]
	kind: String,
	#[serde(rename = "valueString")]
	value: Option<String>,
}

#[derive(serde::Deserialize)]
struct Reference {
	reference: Option<String>,
	identifier: Option<Identifier>,
}

#[derive(serde::Deserialize)]
struct Identifier {
	value: Option<String>,
}

#[derive(serde::Deserialize)]
struct Concept {
	#[serde(default)]
	coding: Vec<Coding>,
}

#[derive(serde::Deserialize)]
struct Coding {
	code: Option<String>,
}

impl Reference {
	fn identity(&self) -> Option<String> {
		let value = self.identifier.as_ref().and_then(|identifier| identifier.value.clone());
		value.or_else(|| self.reference.clone())
	}

	fn is_to(&self, kinds: &[&str]) -> bool {
		let kind = self.reference.as_ref().and_then(|reference| reference.split('/').rev().nth(1));
		kind.is_some_and(|kind| kinds.contains(&kind))
	}
}

impl AuditEvent {
	fn requestor(&self) -> Option<&Agent> {
		self.agent.iter().find(|agent| agent.requestor)
	}

	fn user(&self) -> Option<String> {
		let agent = self.requestor()?;
		let identity = agent.who.as_ref().and_then(Reference::identity);
		identity.or_else(|| agent.alternative.clone())
	}

	/// The user's peers: those at the same place (`agent.location`, else `source.site`) with the same role (`agent.role`),
	/// as far as the resource says.
	fn unit(&self) -> Option<String> {
		let agent = self.requestor()?;
		let site = || self.source.as_ref().and_then(|source| source.site.clone());
		let place = agent.location.as_ref().and_then(Reference::identity).or_else(site);
		let mut codes = agent.role.iter().flat_map(|role| &role.coding);
		let role = codes.find_map(|coding| coding.code.clone());
		let known: Vec<String> = place.into_iter().chain(role).collect();
		(!known.is_empty()).then(|| known.join(" "))
	}

	/// The entity with object role 1 (patient), else the first reference to a Patient; without its
	/// version.
	fn patient(&self) -> Option<String> {
		let by_role = |entity: &&Entity| {
			entity.role.as_ref().and_then(|role| role.code.as_deref()) == Some("1")
		};
		let by_kind = |entity: &&Entity| {
			let reference = entity.what.as_ref().and_then(|what| what.reference.as_deref());
			reference.is_some_and(|reference| reference.contains("Patient/"))
		};
		let entity =
			self.entity.iter().find(by_role).or_else(|| self.entity.iter().find(by_kind))?;
		let identity = entity.what.as_ref()?.identity()?;
		Some(identity.split("/_history/").next().unwrap_or_default().to_string())
	}

	fn is_emergency(&self) -> bool {
		let purposes =
			self.purpose.iter().chain(self.agent.iter().flat_map(|agent| agent.purpose.iter()));
		purposes
			.flat_map(|purpose| &purpose.coding)
			.filter_map(|coding| coding.code.as_deref())
			.any(|code| EMERGENCY.contains(&code))
	}

	/// What the resource says, else that an encounter, episode or care team explains the access,
	/// else unknown.
	fn relationship(&self) -> CareRelationship {
		let said = self.entity.iter().flat_map(|entity| &entity.detail).find_map(|detail| {
			match (detail.kind.as_str(), detail.value.as_deref()) {
				(RELATIONSHIP, Some("present")) => Some(CareRelationship::Present),
				(RELATIONSHIP, Some("absent")) => Some(CareRelationship::Absent),
				_ => None,
			}
		});
		said.unwrap_or_else(|| {
			let explained = self
				.entity
				.iter()
				.filter_map(|entity| entity.what.as_ref())
				.any(|what| what.is_to(&["Encounter", "EpisodeOfCare", "CareTeam"]));
			if explained {
				CareRelationship::Present
			} else {
				CareRelationship::Unknown
			}
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ACCESS: &str = r#"{"resourceType":"AuditEvent","action":"R","recorded":"2026-03-07T23:30:00+01:00",
		"purposeOfEvent":[{"coding":[{"code":"BTG"}]}],
		"agent":[{"who":{"identifier":{"value":"system"}},"requestor":false},
			{"who":{"reference":"Practitioner/staff-1"},"requestor":true}],
		"entity":[{"what":{"reference":"Patient/p-1/_history/3"},"role":{"code":"1"},
			"detail":[{"type":"care-relationship","valueString":"absent"}]}]}"#;

	#[test]
	fn an_emergency_access_at_night_is_read_with_its_local_time() {
		let access = parse(ACCESS).unwrap().unwrap();
		assert_eq!(access.user, "Practitioner/staff-1");
		assert_eq!(access.patient.as_deref(), Some("Patient/p-1"));
		assert_eq!((access.local_hour, access.weekend, access.action), (23, true, 'R'));
		assert!(access.break_glass);
		assert_eq!(access.relationship, CareRelationship::Absent);
		assert_eq!(access.at, 1_772_922_600_000);
	}

	#[test]
	fn a_missing_care_relationship_is_unknown_and_an_encounter_explains_one() {
		let silent = ACCESS.replace("care-relationship", "other");
		assert_eq!(parse(&silent).unwrap().unwrap().relationship, CareRelationship::Unknown);
		let explained =
			silent.replace(r#""entity":["#, r#""entity":[{"what":{"reference":"Encounter/e"}},"#);
		assert_eq!(parse(&explained).unwrap().unwrap().relationship, CareRelationship::Present);
	}

	#[test]
	fn peers_are_those_of_the_same_place_and_role() {
		assert_eq!(parse(ACCESS).unwrap().unwrap().unit, None);
		let role = r#""role":[{"coding":[{"code":"nurse"}]}],"requestor":true"#;
		let nurse = ACCESS.replace("\"requestor\":true", role);
		assert_eq!(parse(&nurse).unwrap().unwrap().unit.as_deref(), Some("nurse"));
		let site = nurse.replace("\"entity\":[", "\"source\":{\"site\":\"House 2\"},\"entity\":[");
		assert_eq!(parse(&site).unwrap().unwrap().unit.as_deref(), Some("House 2 nurse"));
		let ward = site.replace(
			"\"role\":[{\"coding",
			"\"location\":{\"reference\":\"Location/3\"},\"role\":[{\"coding",
		);
		assert_eq!(parse(&ward).unwrap().unwrap().unit.as_deref(), Some("Location/3 nurse"));
	}

	#[test]
	fn a_local_time_without_zone_is_refused() {
		let reason = parse(&ACCESS.replace("+01:00", "")).unwrap_err();
		assert!(reason.contains("time zone"), "{reason}");
	}

	#[test]
	fn an_event_nobody_requested_is_no_access() {
		assert_eq!(parse(&ACCESS.replace("\"requestor\":true", "\"requestor\":false")), Ok(None));
	}

	#[test]
	fn another_resource_is_refused_without_repeating_it_at_length() {
		let other = ACCESS.replace("\"AuditEvent\"", &format!("\"{}\"", "x".repeat(500)));
		assert!(parse(&other).unwrap_err().len() < 100);
	}
}
