//! Audit messages of DICOM (PS3.15, annex A.5; formerly RFC 3881), as the IHE transaction ITI-20 carries them over syslog.
//!
//! A line is a message of RFC 5424 with the XML behind its header, or the XML alone. Nothing is loaded from elsewhere and no
//! entity is expanded but the five of XML and references to characters; a message with a document type is refused.

use chrono::{DateTime, Datelike, Timelike, Weekday};
use quick_xml::{
	events::{BytesStart, Event},
	Reader, XmlVersion,
};

use super::fhir::{EMERGENCY, RELATIONSHIP};
use crate::event::{CareRelationship, RecordAccess};

/// With this begins an audit message.
const ROOT: &str = "AuditMessage";

/// Elements within each other; the schema has four.
const DEEPEST: usize = 16;

/// Participants and objects that are looked at, and characters of a name or number; what has more is refused.
const MOST: usize = 1_024;

/// `EventTypeCode` of DICOM for emergency access: Emergency Override Started.
const OVERRIDE: &str = "110127";

/// `RoleIDCode` of DICOM: application, launcher, and the ends of a transfer. Whoever has another or none is taken for a person.
const MACHINES: [&str; 4] = ["110150", "110151", "110152", "110153"];

/// `present` and `absent` in Base64, in which the values of details are.
const PRESENT: &str = "cHJlc2VudA==";
const ABSENT: &str = "YWJzZW50";

/// Whether a line of syslog holds an audit message.
pub(super) fn is_in(line: &str) -> bool {
	start(line).is_some()
}

/// Where the XML begins.
fn start(line: &str) -> Option<usize> {
	let root = line.find("<AuditMessage")?;
	let goes_on = line.as_bytes().get(root + 1 + ROOT.len());
	goes_on.is_none_or(|byte| !byte.is_ascii_alphanumeric()).then_some(root)
}

/// Reads one message: an access, nothing (a message without an acting user), or the reason why not.
pub(super) fn parse(line: &str) -> Result<Option<RecordAccess>, String> {
	let begin = start(line).ok_or("there is no AuditMessage")?;
	// A document type would stand between the header and the message.
	if line[..begin].contains("<!DOCTYPE") {
		return Err("it has a document type".into());
	}
	let message = Message::read(&line[begin..])?;
	let recorded = DateTime::parse_from_rfc3339(&message.recorded)
		.map_err(|_| "EventDateTime is no instant with a time zone".to_string())?;
	let at = u64::try_from(recorded.timestamp_millis())
		.map_err(|_| "EventDateTime lies before 1970".to_string())?;
	let Some((user, role)) = message.user() else { return Ok(None) };
	let unit: Vec<&str> = message.site.as_deref().into_iter().chain(role).collect();
	Ok(Some(RecordAccess {
		at,
		local_hour: recorded.hour(),
		weekend: matches!(recorded.weekday(), Weekday::Sat | Weekday::Sun),
		user: user.into(),
		patient: message.patient(),
		action: message.action.chars().next().unwrap_or('E'),
		break_glass: message.emergency,
		relationship: message.relationship(),
		unit: (!unit.is_empty()).then(|| unit.join(" ")),
	}))
}

/// What of a message is looked at.
#[derive(Default)]
struct Message {
	recorded: String,
	action: String,
	emergency: bool,
	site: Option<String>,
	participants: Vec<Participant>,
	objects: Vec<Object>,
}

#[derive(Default)]
struct Participant {
	identity: Option<String>,
	requestor: bool,
	role: Option<String>,
}

#[derive(Default)]
struct Object {
	id: Option<String>,
	/// `ParticipantObjectTypeCode` and `ParticipantObjectTypeCodeRole`: 1 and 1 of a patient.
	kind: Option<String>,
	role: Option<String>,
	/// Whether its number is that of an encounter (`ParticipantObjectIDTypeCode` 3).
	encounter: bool,
	relationship: Option<CareRelationship>,
}

impl Message {
	fn read(text: &str) -> Result<Self, String> {
		let mut reader = Reader::from_str(text);
		let (mut message, mut depth) = (Self::default(), 0);
		loop {
			let event = reader.read_event();
			// What is wrong is not quoted: it may be somebody's name.
			let event =
				event.map_err(|_| format!("XML: broken at byte {}", reader.error_position()))?;
			match event {
				Event::Start(start) => {
					message.element(&start)?;
					depth += 1;
					if depth > DEEPEST {
						return Err(format!("elements are within each other {DEEPEST} times"));
					}
				},
				Event::Empty(start) => {
					message.element(&start)?;
					if depth == 0 {
						return Ok(message);
					}
				},
				Event::End(_) => {
					depth -= 1;
					if depth == 0 {
						return Ok(message);
					}
				},
				Event::DocType(_) => return Err("it has a document type".into()),
				Event::Eof => return Err("it ends before the message does".into()),
				// Names and queries stand in text; none is read.
				_ => {},
			}
		}
	}

	fn element(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
		match start.local_name().as_ref() {
			"EventIdentification" => {
				self.recorded = attribute(start, &["EventDateTime"])?.unwrap_or_default();
				self.action = attribute(start, &["EventActionCode"])?.unwrap_or_default();
			},
			"EventTypeCode" => self.emergency |= code(start)?.is_some_and(|code| code == OVERRIDE),
			"PurposeOfUse" | "PurposeOfUseCode" => {
				self.emergency |= code(start)?.is_some_and(|code| EMERGENCY.contains(&&*code));
			},
			"AuditSourceIdentification" => {
				self.site = attribute(start, &["AuditEnterpriseSiteID"])?
			},
			"ActiveParticipant" => {
				// The order of preference, not that of the attributes.
				let identity = match attribute(start, &["UserID"])? {
					None => attribute(start, &["AlternativeUserID"])?,
					known => known,
				};
				// The schema of RFC 3881 lets it out where it is true.
				let requestor = attribute(start, &["UserIsRequestor"])?;
				let requestor = requestor.is_none_or(|text| matches!(&*text, "true" | "1"));
				bounded(&mut self.participants, Participant { identity, requestor, role: None })?;
			},
			"RoleIDCode" => {
				let code = code(start)?;
				if let Some(participant) = self.participants.last_mut() {
					participant.role = participant.role.take().or(code);
				}
			},
			"ParticipantObjectIdentification" => {
				let object = Object {
					id: attribute(start, &["ParticipantObjectID"])?,
					kind: attribute(start, &["ParticipantObjectTypeCode"])?,
					role: attribute(start, &["ParticipantObjectTypeCodeRole"])?,
					..Object::default()
				};
				bounded(&mut self.objects, object)?;
			},
			"ParticipantObjectIDTypeCode" => {
				let code = code(start)?;
				if let Some(object) = self.objects.last_mut() {
					object.encounter = code.as_deref() == Some("3");
				}
			},
			"ParticipantObjectDetail" => self.detail(start)?,
			_ => {},
		}
		Ok(())
	}

	fn detail(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
		// Details may be long, and others are not looked at.
		if raw(start, &["type"]).is_none_or(|kind| kind.value.as_ref() != RELATIONSHIP) {
			return Ok(());
		}
		let said = match attribute(start, &["value"])?.as_deref() {
			Some(PRESENT) => Some(CareRelationship::Present),
			Some(ABSENT) => Some(CareRelationship::Absent),
			_ => None,
		};
		if let Some(object) = self.objects.last_mut() {
			object.relationship = said;
		}
		Ok(())
	}

	/// Who asked for it, and in which role: a person rather than a program.
	fn user(&self) -> Option<(&str, Option<&str>)> {
		let is_named = |one: &&Participant| one.requestor && one.identity.is_some();
		let mut requestors = self.participants.iter().filter(is_named);
		let is_person =
			|one: &&Participant| one.role.as_deref().is_none_or(|role| !MACHINES.contains(&role));
		let person = requestors.clone().find(is_person);
		let who = person.or_else(|| requestors.next())?;
		Some((who.identity.as_deref()?, who.role.as_deref()))
	}

	fn patient(&self) -> Option<String> {
		let one = Some("1");
		let is_patient =
			|object: &&Object| object.kind.as_deref() == one && object.role.as_deref() == one;
		self.objects.iter().find(is_patient)?.id.clone()
	}

	/// What the message says, else that an encounter explains the access, else unknown.
	fn relationship(&self) -> CareRelationship {
		let said = self.objects.iter().find_map(|object| object.relationship);
		said.unwrap_or(match self.objects.iter().any(|object| object.encounter) {
			true => CareRelationship::Present,
			false => CareRelationship::Unknown,
		})
	}
}

fn bounded<T>(list: &mut Vec<T>, item: T) -> Result<(), String> {
	if list.len() >= MOST {
		return Err(format!("it names more than {MOST} participants or objects"));
	}
	list.push(item);
	Ok(())
}

/// The code of an element, as DICOM calls it or as RFC 3881 did.
fn code(start: &BytesStart<'_>) -> Result<Option<String>, String> {
	attribute(start, &["csd-code", "code"])
}

/// The first attribute of one of these names, as it is written.
fn raw<'a>(
	start: &'a BytesStart<'_>,
	names: &[&str],
) -> Option<quick_xml::events::attributes::Attribute<'a>> {
	let mut attributes = start.attributes();
	// The check for repeated names takes the square of their number.
	let attributes = attributes.with_checks(false).flatten();
	{ attributes }.find(|attribute| names.contains(&attribute.key.local_name().as_ref()))
}

/// The value of an attribute; nothing if it is missing or empty.
fn attribute(start: &BytesStart<'_>, names: &[&str]) -> Result<Option<String>, String> {
	let Some(found) = raw(start, names) else { return Ok(None) };
	let name = names[0];
	if found.value.len() > MOST {
		return Err(format!("{name} is longer than {MOST} bytes"));
	}
	let value = found.normalized_value(XmlVersion::Implicit1_0);
	let value = value.map_err(|_| format!("{name} has an entity that XML does not have"))?;
	let value = value.trim();
	Ok((!value.is_empty()).then(|| value.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;

	const ACCESS: &str = r#"<85>1 2026-03-07T22:30:01.000Z ehr.example.org EHR 4711 IHE+RFC-3881 - <?xml version="1.0" encoding="UTF-8"?><AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-03-07T23:30:00+01:00" EventOutcomeIndicator="0"><EventID csd-code="110110" codeSystemName="DCM" originalText="Patient Record"/><PurposeOfUse csd-code="BTG" codeSystemName="ActReason"/></EventIdentification><ActiveParticipant UserID="EHR|app" UserIsRequestor="true"><RoleIDCode csd-code="110150" codeSystemName="DCM" originalText="Application"/></ActiveParticipant><ActiveParticipant UserID="m&#252;ller&amp;co" UserName="Jane M&#252;ller" UserIsRequestor="true" NetworkAccessPointID="10.0.0.7"><RoleIDCode csd-code="nurse" codeSystemName="local"/></ActiveParticipant><AuditSourceIdentification AuditSourceID="ehr" AuditEnterpriseSiteID="House 2"/><ParticipantObjectIdentification ParticipantObjectID="12345^^^&amp;1.2.3&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode csd-code="2"/><ParticipantObjectName>Doe, Jane</ParticipantObjectName><ParticipantObjectDetail type="care-relationship" value="YWJzZW50"/></ParticipantObjectIdentification></AuditMessage>"#;

	fn access(text: &str) -> RecordAccess {
		parse(text).unwrap().unwrap()
	}

	#[test]
	fn an_access_of_a_person_is_read_with_patient_purpose_and_local_time() {
		let read = access(ACCESS);
		let expected = RecordAccess {
			at: 1_772_922_600_000,
			local_hour: 23,
			weekend: true,
			user: "m\u{fc}ller&co".into(),
			patient: Some("12345^^^&1.2.3&ISO".into()),
			action: 'R',
			break_glass: true,
			relationship: CareRelationship::Absent,
			unit: Some("House 2 nurse".into()),
		};
		assert_eq!(read, expected);
		assert!(!format!("{read:?}").contains("Jane"));
		let bare = &ACCESS[start(ACCESS).unwrap()..];
		assert_eq!(access(bare), read, "without syslog");
	}

	#[test]
	fn the_names_of_rfc_3881_are_read_too_and_an_encounter_explains_an_access() {
		let old = ACCESS.replace("csd-code", "code").replace("YWJzZW50", "?");
		assert_eq!(access(&old).relationship, CareRelationship::Unknown);
		let encounter = r#"<ParticipantObjectIdentification ParticipantObjectID="e" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="10"><ParticipantObjectIDTypeCode code="3"/></ParticipantObjectIdentification></AuditMessage>"#;
		let explained = old.replace("</AuditMessage>", encounter);
		assert_eq!(access(&explained).relationship, CareRelationship::Present);
		let calm = old.replace("BTG", "TREAT");
		assert!(access(&old).break_glass && !access(&calm).break_glass);
		let started =
			calm.replace("<PurposeOfUse", "<EventTypeCode code=\"110127\"/><PurposeOfUse");
		assert!(access(&started).break_glass);
	}

	#[test]
	fn a_program_is_the_user_where_no_person_is_and_nobody_is_none() {
		let program = ACCESS
			.replace("Jane M&#252;ller\" UserIsRequestor=\"true", "\" UserIsRequestor=\"false");
		assert_eq!(access(&program).user, "EHR|app");
		assert_eq!(parse(&ACCESS.replace("\"true\"", "\"false\"")), Ok(None));
		let unnamed =
			ACCESS.replace("UserID=\"m&#252;ller&amp;co\"", "UserID=\"\" AlternativeUserID=\"m7\"");
		assert_eq!(access(&unnamed).user, "m7");
	}

	#[test]
	fn what_is_broken_is_refused_without_quoting_it() {
		let refused = |text: &str, why: &str| {
			let reason = parse(text).unwrap_err();
			assert!(reason.contains(why) && reason.len() < 100, "{reason}");
			assert!(!reason.contains("Jane") && !reason.contains("ller"), "{reason}");
		};
		refused("<34>1 2026-03-07T22:30:01Z host su - - - failed", "no AuditMessage");
		refused(&ACCESS.replace("+01:00", ""), "time zone");
		refused(&ACCESS.replace("m&#252;ller&amp;co", "&mueller;"), "entity");
		refused(&ACCESS.replace("</ParticipantObjectName>", "</Jane>"), "XML");
		refused(&ACCESS.replace("m&#252;ller", &"x".repeat(2_000)), "longer");
		refused(
			&ACCESS.replace("<AuditMessage>", &format!("<AuditMessage>{}", "<a>".repeat(1_000))),
			"within",
		);
		refused(
			&ACCESS.replace("<Active", &format!("{}<Active", "<ActiveParticipant/>".repeat(600))),
			"more than",
		);
		for end in start(ACCESS).unwrap()..ACCESS.len() {
			assert!(parse(&ACCESS[..end]).is_err(), "{end}");
		}
	}

	#[test]
	fn nothing_is_expanded_or_loaded() {
		let root = start(ACCESS).unwrap();
		let bombs = [
			r#"<!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>"#,
			r#"<!DOCTYPE m [<!ENTITY b SYSTEM "file:///etc/hostname">]>"#,
			r#"<!DOCTYPE m SYSTEM "http://127.0.0.1/a.dtd">"#,
		];
		for bomb in bombs {
			let text = format!("{}{bomb}{}", &ACCESS[..root], &ACCESS[root..]);
			assert!(parse(&text).unwrap_err().contains("document type"), "{text}");
			let within = ACCESS.replace("<AuditMessage>", &format!("<AuditMessage>{bomb}"));
			assert!(parse(&within).unwrap_err().contains("document type"), "{within}");
		}
	}

	#[test]
	fn many_attributes_cost_no_more_than_their_length() {
		let many: String = (0..80_000).map(|number| format!(" a{number}=\"\"")).collect();
		assert!(parse(&ACCESS.replace("<EventID ", &format!("<EventID{many} "))).is_ok());
	}
}
