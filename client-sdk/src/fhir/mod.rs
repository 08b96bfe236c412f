//! FHIR R4: reading a hospital's records, building the document that travels, checking the one that arrives.
//!
//! Everything that comes from outside goes through [`json::parse`]: bounded size and depth, no key twice. What is
//! passed on is passed on as it was written: decimals keep their digits.

pub mod audit;
pub mod check;
pub mod consent;
mod document;
pub mod exchanged;
pub mod json;
mod source;

pub use document::{build_summary, check_data_set, check_document, Author, Document, Sensitivity};
pub use source::{find, Directory, FhirSource, Record, Server};

use curex_primitives::AcknowledgementCode;
use serde::{Deserialize, Serialize};
use serde_json::{value::RawValue, Value};

/// What is wrong with health data. Never says whose or which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Defect {
	/// Larger than [`json::MAX_BYTES`].
	#[error("the data are larger than 16 MiB")]
	TooLarge,
	/// Nested deeper than [`json::MAX_DEPTH`].
	#[error("the data are nested deeper than 64 levels")]
	TooDeep,
	/// Not JSON, or JSON with the same key twice.
	#[error("the data are not JSON, or name a key twice")]
	NotJson,
	/// Not a resource, or one of an unexpected type.
	#[error("a resource of another type was expected")]
	NotTheResource,
	/// More entries than are accepted, or the server has further pages.
	#[error("there are more entries than are accepted")]
	TooMany,
	/// The bundle is no document, or its first entry no Composition.
	#[error("the bundle is not a document that begins with its Composition")]
	NoComposition,
	/// There is no patient, or more than one.
	#[error("the data are not of exactly one patient")]
	NotOnePatient,
	/// The patient is another than the one that was asked for.
	#[error("the data are of another patient")]
	WrongPatient,
	/// A reference that has to lead to an entry leads nowhere, or two entries have one address.
	#[error("a reference leads nowhere, or two entries have the same address")]
	Unresolved,
	/// An extension that may change the meaning, which this version does not know.
	#[error("a modifier extension or implicit rule is not known and may change the meaning")]
	UnknownModifier,
	/// The bundle is no collection.
	#[error("the bundle is not a collection")]
	NoCollection,
	/// Data under a permit name a person, or hold free text or pictures in which one may be named.
	#[error("the data name a person, or hold text or pictures in which one may be named")]
	NamesPerson,
	/// An HL7 v2 message whose heading is not as it should be.
	#[error("the HL7 v2 message cannot be taken: {0}")]
	Hl7v2(&'static str),
	/// A DICOM file whose heading is not as it should be.
	#[error("the DICOM file cannot be taken: {0}")]
	Dicom(&'static str),
	/// The FHIR server cannot be reached or answers with an error.
	#[error("the FHIR source does not answer as it should")]
	Source,
}

impl Defect {
	/// How a recipient acknowledges data with this defect.
	pub const fn acknowledgement(self) -> AcknowledgementCode {
		match self {
			Self::NotOnePatient | Self::WrongPatient => AcknowledgementCode::WrongPatient,
			Self::NoComposition | Self::Unresolved => AcknowledgementCode::Incomplete,
			_ => AcknowledgementCode::Unreadable,
		}
	}
}

/// A business identifier of a patient.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
	/// Who assigned it, as a URI.
	pub system: String,
	/// The identifier.
	pub value: String,
}

/// Whom an exchange is about. Leaves an organisation only inside a sealed envelope.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PatientIdentification {
	/// Identifiers; at least one has to agree.
	pub identifiers: Vec<Identifier>,
	/// Family name.
	pub family: String,
	/// Given names.
	#[serde(default)]
	pub given: Vec<String>,
	/// Date of birth, `YYYY-MM-DD`.
	pub birth_date: String,
}

impl std::fmt::Debug for PatientIdentification {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("PatientIdentification(…)")
	}
}

impl std::fmt::Debug for Identifier {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("Identifier(…)")
	}
}

/// Whether two identifications are of one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Identity {
	/// An identifier, the date of birth and the family name agree.
	Same,
	/// An identifier agrees, date of birth or family name do not: a person has to look.
	Doubtful,
	/// No identifier agrees.
	Other,
}

impl PatientIdentification {
	/// Whether another identification is of this person.
	pub fn identity(&self, other: &Self) -> Identity {
		let known = |identifier: &Identifier| {
			!identifier.value.is_empty() && other.identifiers.contains(identifier)
		};
		if !self.identifiers.iter().any(known) {
			return Identity::Other;
		}
		let agrees =
			plain(&self.family) == plain(&other.family) && self.birth_date == other.birth_date;
		if agrees {
			Identity::Same
		} else {
			Identity::Doubtful
		}
	}

	/// The identification as a Patient resource.
	pub fn resource(&self) -> Value {
		let identifiers = self.identifiers.iter();
		let identifiers = identifiers.map(
			|Identifier { system, value }| serde_json::json!({ "system": system, "value": value }),
		);
		let mut name = serde_json::json!({ "family": self.family });
		if !self.given.is_empty() {
			name["given"] = self.given.clone().into();
		}
		serde_json::json!({
			"resourceType": "Patient",
			"identifier": identifiers.collect::<Vec<_>>(),
			"name": [name],
			"birthDate": self.birth_date,
		})
	}

	/// Whether a Patient resource is this person: an identifier, the date of birth and the family name agree. A
	/// difference in any of them means another patient, or a record that a person has to look at.
	pub fn agrees_with(&self, patient: &Value) -> bool {
		let identifier = array(patient, "identifier").any(|entry| {
			self.identifiers.iter().any(|identifier| {
				!identifier.value.is_empty()
					&& entry["system"] == identifier.system.as_str()
					&& entry["value"] == identifier.value.as_str()
			})
		});
		let family = plain(&self.family);
		let name = !family.is_empty()
			&& array(patient, "name")
				.any(|name| name["family"].as_str().is_some_and(|text| plain(text) == family));
		identifier && name && patient["birthDate"] == self.birth_date.as_str()
	}

	/// The identification that a Patient resource gives, as far as it gives one.
	pub fn of(patient: &Value) -> Option<Self> {
		let name = array(patient, "name").find(|name| name["family"].is_string())?;
		let text = |value: &Value| value.as_str().map(String::from);
		let identification = Self {
			identifiers: array(patient, "identifier")
				.filter_map(|entry| {
					Some(Identifier {
						system: text(&entry["system"])?,
						value: text(&entry["value"])?,
					})
				})
				.collect(),
			family: text(&name["family"])?,
			given: array(name, "given").filter_map(text).collect(),
			birth_date: text(&patient["birthDate"])?,
		};
		identification.agrees_with(patient).then_some(identification)
	}
}

/// A name without the differences that do not make another person: case and spaces.
fn plain(name: &str) -> String {
	name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The elements of an array under a key; none if there is no array.
fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
	value[key].as_array().into_iter().flatten()
}

/// A resource: what it says, and exactly how it was written.
#[derive(Clone)]
pub struct Resource {
	value: Value,
	raw: Box<RawValue>,
	full_url: Option<String>,
}

impl std::fmt::Debug for Resource {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Resource({})", self.kind())
	}
}

impl Resource {
	/// The resource's content.
	pub fn value(&self) -> &Value {
		&self.value
	}

	/// The type of the resource; empty if it has none.
	pub fn kind(&self) -> &str {
		self.value["resourceType"].as_str().unwrap_or_default()
	}

	/// `Type/id`, if it has an id.
	fn local_reference(&self) -> Option<String> {
		Some(format!("{}/{}", self.kind(), self.value["id"].as_str()?))
	}

	/// Whether a reference leads to this resource.
	fn is_target_of(&self, reference: &str) -> bool {
		self.full_url.as_deref() == Some(reference)
			|| self.local_reference().is_some_and(|local| {
				reference == local || reference.ends_with(&format!("/{local}"))
			})
	}

	/// Whether the resource holds something that changes its meaning in a way not known here.
	fn has_unknown_modifier(&self) -> bool {
		any(&self.value, &mut |key, value| {
			key == "implicitRules"
				|| key == "modifierExtension"
					&& value.as_array().is_none_or(|list| !list.is_empty())
		})
	}
}

/// Whether any key with its value, at any depth, satisfies the predicate.
fn any(value: &Value, predicate: &mut impl FnMut(&str, &Value) -> bool) -> bool {
	match value {
		Value::Object(object) => {
			object.iter().any(|(key, value)| predicate(key, value) || any(value, predicate))
		},
		Value::Array(list) => list.iter().any(|value| any(value, predicate)),
		_ => false,
	}
}

/// The entries of a bundle.
///
/// # Errors
/// [`Defect`] when the bytes are no bundle, or one of its entries no resource.
pub fn read_bundle(bytes: &[u8]) -> Result<(Value, Vec<Resource>), Defect> {
	#[derive(Deserialize)]
	struct RawBundle<'a> {
		#[serde(borrow, default)]
		entry: Vec<RawEntry<'a>>,
	}
	#[derive(Deserialize)]
	struct RawEntry<'a> {
		#[serde(borrow)]
		resource: &'a RawValue,
		#[serde(rename = "fullUrl")]
		full_url: Option<String>,
	}
	let bundle = json::parse(bytes)?;
	if bundle["resourceType"] != "Bundle" {
		return Err(Defect::NotTheResource);
	}
	let raw: RawBundle = serde_json::from_slice(bytes).map_err(|_| Defect::NotTheResource)?;
	if raw.entry.len() > json::MAX_ENTRIES {
		return Err(Defect::TooMany);
	}
	let mut resources = Vec::with_capacity(raw.entry.len());
	for entry in raw.entry {
		let value = json::parse(entry.resource.get().as_bytes())?;
		if !value["resourceType"].is_string() {
			return Err(Defect::NotTheResource);
		}
		resources.push(Resource {
			value,
			raw: entry.resource.to_owned(),
			full_url: entry.full_url,
		});
	}
	Ok((bundle, resources))
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	pub(crate) fn identification() -> PatientIdentification {
		PatientIdentification {
			identifiers: vec![Identifier { system: "urn:oid:1.2.3".into(), value: "4711".into() }],
			family: "Papadopoulou".into(),
			given: vec!["Eleni".into()],
			birth_date: "1956-05-27".into(),
		}
	}

	pub(crate) fn patient() -> Value {
		json!({
			"resourceType": "Patient",
			"id": "p1",
			"identifier": [{"system": "urn:oid:1.2.3", "value": "4711"}],
			"name": [{"family": "Papadopoulou", "given": ["Eleni"]}],
			"birthDate": "1956-05-27",
		})
	}

	#[test]
	fn identifier_birth_date_and_family_name_have_to_agree() {
		assert!(identification().agrees_with(&patient()));
		let differs = |change: fn(&mut PatientIdentification)| {
			let mut other = identification();
			change(&mut other);
			!other.agrees_with(&patient())
		};
		assert!(differs(|other| other.identifiers[0].value = "4712".into()));
		assert!(differs(|other| other.identifiers[0].system = "urn:oid:9".into()));
		assert!(differs(|other| other.identifiers.clear()));
		assert!(differs(|other| other.family = "Papadopoulos".into()));
		assert!(differs(|other| other.family = " ".into()));
		assert!(differs(|other| other.birth_date = "1956-05-28".into()));
		assert!(!differs(|other| other.family = " PAPADOPOULOU ".into()), "case is no difference");
	}

	#[test]
	fn an_empty_patient_agrees_with_nobody() {
		let mut nobody = identification();
		nobody.identifiers[0] = Identifier { system: String::new(), value: String::new() };
		nobody.family = String::new();
		nobody.birth_date = String::new();
		assert!(!nobody.agrees_with(&json!({"resourceType": "Patient"})));
		assert!(!nobody.agrees_with(&json!({
			"identifier": [{"system": "", "value": ""}], "name": [{"family": ""}], "birthDate": ""
		})));
	}

	#[test]
	fn an_identifier_alone_makes_two_people_no_one_person() {
		let same = identification();
		assert_eq!(same.identity(&identification()), Identity::Same);
		let other = |change: fn(&mut PatientIdentification)| {
			let mut other = identification();
			change(&mut other);
			same.identity(&other)
		};
		assert_eq!(other(|other| other.family = "PAPADOPOULOU ".into()), Identity::Same);
		assert_eq!(other(|other| other.family = "Georgiou".into()), Identity::Doubtful);
		assert_eq!(other(|other| other.birth_date = "1956-05-28".into()), Identity::Doubtful);
		assert_eq!(other(|other| other.identifiers[0].value = "4712".into()), Identity::Other);
		assert_eq!(other(|other| other.identifiers.clear()), Identity::Other);
	}

	#[test]
	fn an_identification_survives_its_resource() {
		assert_eq!(PatientIdentification::of(&identification().resource()), Some(identification()));
	}

	#[test]
	fn no_debug_output_shows_a_patient() {
		let text = format!("{:?} {:?}", identification(), identification().identifiers);
		for word in ["4711", "Papadopoulou", "Eleni", "1956"] {
			assert!(!text.contains(word), "{text}");
		}
	}

	#[test]
	fn a_patient_resource_gives_its_identification() {
		assert_eq!(PatientIdentification::of(&patient()), Some(identification()));
		assert_eq!(PatientIdentification::of(&json!({"resourceType": "Patient"})), None);
	}
}
