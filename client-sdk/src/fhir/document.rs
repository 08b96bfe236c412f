//! The document that travels: a patient summary in the manner of the International Patient Summary.

use super::{any, array, read_bundle, Defect, PatientIdentification, Record, Resource};
use crate::{
	content::{Body, Content},
	time, Error,
};
use curex_primitives::{Moment, OrganisationId};
use rand::RngCore;
use serde::Serialize;
use serde_json::{json, value::RawValue, Value};
use std::{
	borrow::Cow,
	path::{Path, PathBuf},
};

/// Resources whose address is not known get one here; `.invalid` never resolves (RFC 2606).
const BASE: &str = "https://fhir.invalid";

/// The sections of a summary: resource type, LOINC code, title.
const SECTIONS: [(&str, &str, &str); 3] = [
	("AllergyIntolerance", "48765-2", "Allergies and intolerances"),
	("MedicationStatement", "10160-0", "Medication summary"),
	("Condition", "11450-4", "Problem list"),
];

/// Who answers for a document.
#[derive(Clone, Debug)]
pub struct Author {
	/// Number of the holder on the ledger.
	pub organisation: OrganisationId,
	/// Its name.
	pub name: String,
}

/// Which labelled resources may leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sensitivity {
	/// Those without a label that restricts them.
	Unrestricted,
	/// All: the glass was broken.
	Everything,
}

impl Sensitivity {
	/// Whether a resource with these labels may leave. Only labels known to restrict nothing pass; an unknown label
	/// restricts.
	pub fn admits(self, resource: &Value) -> bool {
		self == Self::Everything || !is_restricted(resource)
	}
}

/// Whether a label of the resource is other than unrestricted, low, moderate or normal (HL7 v3 Confidentiality).
pub(crate) fn is_restricted(resource: &Value) -> bool {
	array(&resource["meta"], "security")
		.any(|label| !matches!(label["code"].as_str(), Some("U" | "L" | "M" | "N")))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
	full_url: String,
	resource: Written<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
	Made(Value),
	Given(&'a RawValue),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentBundle<'a> {
	resource_type: &'static str,
	identifier: Value,
	r#type: &'static str,
	timestamp: String,
	entry: Vec<Entry<'a>>,
}

/// Builds the summary of a patient's record as a FHIR R4 document bundle. Its resources are passed on as written.
///
/// # Errors
/// [`Defect::UnknownModifier`] when a resource cannot be passed on without knowing more; [`Defect::NotOnePatient`]
/// when a resource is of another patient.
pub fn build_summary(
	record: &Record,
	author: &Author,
	sensitivity: Sensitivity,
	now: Moment,
) -> Result<Vec<u8>, Defect> {
	let timestamp = time::text(now).ok_or(Defect::Source)?;
	let patient_url = address(&record.patient, 0);
	let mut entries = vec![];
	let mut sections = vec![];
	for (kind, code, title) in SECTIONS {
		let chosen = record
			.resources
			.iter()
			.filter(|resource| resource.kind() == kind && sensitivity.admits(resource.value()));
		let mut references = vec![];
		for resource in chosen {
			ownership_of(resource, &record.patient)?;
			let full_url = address(resource, entries.len() + 1);
			references.push(json!({ "reference": full_url }));
			entries.push(Entry { full_url, resource: Written::Given(&resource.raw) });
		}
		sections.push(section(code, title, references));
	}
	if record.patient.has_unknown_modifier() {
		return Err(Defect::UnknownModifier);
	}

	let organisation_url = format!("{BASE}/Organization/{}", author.organisation);
	let composition = json!({
		"resourceType": "Composition",
		"status": "final",
		"type": coding("60591-5", "Patient summary Document"),
		"subject": { "reference": patient_url },
		"date": timestamp,
		"author": [{ "reference": organisation_url }],
		"custodian": { "reference": organisation_url },
		"title": "Patient summary",
		"section": sections,
	});
	let organisation = json!({
		"resourceType": "Organization",
		"id": author.organisation.to_string(),
		"identifier": [{ "system": "urn:curex:organisation", "value": author.organisation.to_string() }],
		"name": author.name,
	});
	let head = [
		Entry { full_url: random_url(), resource: Written::Made(composition) },
		Entry { full_url: patient_url, resource: Written::Given(&record.patient.raw) },
		Entry { full_url: organisation_url, resource: Written::Made(organisation) },
	];
	let bundle = DocumentBundle {
		resource_type: "Bundle",
		identifier: json!({ "system": "urn:ietf:rfc:3986", "value": random_url() }),
		r#type: "document",
		timestamp,
		entry: head.into_iter().chain(entries).collect(),
	};
	serde_json::to_vec(&bundle).map_err(|_| Defect::NotJson)
}

fn coding(code: &str, display: &str) -> Value {
	json!({ "coding": [{ "system": "http://loinc.org", "code": code, "display": display }] })
}

fn section(code: &str, title: &str, references: Vec<Value>) -> Value {
	let mut section = json!({ "title": title, "code": coding(code, title) });
	if references.is_empty() {
		section["emptyReason"] = json!({ "coding": [{
			"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason",
			"code": "unavailable",
		}] });
	} else {
		section["entry"] = references.into();
	}
	section
}

/// Where an entry of the document is found.
fn address(resource: &Resource, position: usize) -> String {
	resource.full_url.clone().unwrap_or_else(|| match resource.local_reference() {
		Some(local) => format!("{BASE}/{local}"),
		None => format!("{BASE}/{}/{position}", resource.kind()),
	})
}

/// A random UUID (version 4) as a URN.
fn random_url() -> String {
	let mut bytes = [0; 16];
	rand::rng().fill_bytes(&mut bytes);
	bytes[6] = bytes[6] & 0x0f | 0x40;
	bytes[8] = bytes[8] & 0x3f | 0x80;
	let digits = hex::encode(bytes);
	let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
	format!("urn:uuid:{}", parts.join("-"))
}

/// Checks that a resource is about this patient and nobody else, and means what it says.
pub(super) fn ownership_of(resource: &Resource, patient: &Resource) -> Result<(), Defect> {
	if resource.has_unknown_modifier() {
		return Err(Defect::UnknownModifier);
	}
	if contains_patient(resource.value()) {
		return Err(Defect::NotOnePatient);
	}
	let owners = ["subject", "patient"].map(|key| &resource.value()[key]);
	let mut owned = owners.into_iter().filter(|owner| !owner.is_null()).peekable();
	if resource.kind() != "Composition" && needs_owner(resource.kind()) && owned.peek().is_none() {
		return Err(Defect::NotOnePatient);
	}
	let is_patients = |owner: &Value| {
		owner["reference"].as_str().is_some_and(|target| patient.is_target_of(target))
	};
	if !owned.all(is_patients) || names_another_patient(resource.value(), patient) {
		return Err(Defect::WrongPatient);
	}
	Ok(())
}

/// Whether resources of this type are always about a patient.
fn needs_owner(kind: &str) -> bool {
	SECTIONS.iter().any(|(section, ..)| *section == kind)
}

fn contains_patient(resource: &Value) -> bool {
	any(resource, &mut |key, value| {
		key == "contained"
			&& value.as_array().is_none_or(|list| {
				list.iter().any(|contained| contained["resourceType"] == "Patient")
			})
	})
}

fn names_another_patient(resource: &Value, patient: &Resource) -> bool {
	any(resource, &mut |key, value| {
		let Some(target) = value.as_str().filter(|_| key == "reference") else { return false };
		let is_patient = target.starts_with("Patient/") || target.contains("/Patient/");
		is_patient && !patient.is_target_of(target)
	})
}

/// A payload that passed its checks: a document, or what is opaque ([`Content`]).
pub struct Document {
	kept: Kept,
	resources: Vec<Resource>,
	content: Content,
}

/// Where a payload lies.
enum Kept {
	Memory(Vec<u8>),
	File(PathBuf),
}

impl std::fmt::Debug for Document {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Document({})", self.told())
	}
}

impl Document {
	pub(crate) fn opaque(body: Body<'_>, content: Content) -> Self {
		let kept = match body {
			Body::Bytes(bytes) => Kept::Memory(bytes.to_vec()),
			Body::File(path) => Kept::File(path.to_owned()),
		};
		Self { kept, resources: Vec::new(), content }
	}

	fn of_bundle(bytes: &[u8], resources: Vec<Resource>) -> Self {
		Self { kept: Kept::Memory(bytes.to_vec()), resources, content: Content::Fhir }
	}

	/// The same payload, whose file has another name now.
	pub(crate) fn moved(self, to: &Path) -> Self {
		let kept = match self.kept {
			Kept::File(_) => Kept::File(to.to_owned()),
			Kept::Memory(bytes) => Kept::Memory(bytes),
		};
		Self { kept, ..self }
	}

	/// The payload as received: its bytes, or the file in which it is.
	pub fn body(&self) -> Body<'_> {
		match &self.kept {
			Kept::Memory(bytes) => Body::Bytes(bytes),
			Kept::File(path) => Body::File(path),
		}
	}

	/// The payload as received, taken into memory if it is in a file.
	///
	/// # Errors
	/// [`Error::File`] when it is in a file that cannot be read.
	pub fn bytes(&self) -> Result<Cow<'_, [u8]>, Error> {
		match &self.kept {
			Kept::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
			Kept::File(path) => {
				std::fs::read(path).map(Cow::Owned).map_err(|error| Error::file(path, error))
			},
		}
	}

	/// Its resources, the Composition first; none of what is opaque.
	pub fn resources(&self) -> &[Resource] {
		&self.resources
	}

	/// What it is.
	pub fn content(&self) -> &Content {
		&self.content
	}
}

/// Checks a received document: a document bundle that begins with its Composition, of exactly the patient asked
/// for, whose sections lead to entries, and which holds nothing that would change its meaning unnoticed.
///
/// # Errors
/// The first [`Defect`] found; [`Defect::acknowledgement`] is how to acknowledge it.
pub fn check_document(bytes: &[u8], whom: &PatientIdentification) -> Result<Document, Defect> {
	let (bundle, resources) = read_bundle(bytes)?;
	let [composition, rest @ ..] = resources.as_slice() else { return Err(Defect::NoComposition) };
	if bundle["type"] != "document" || composition.kind() != "Composition" {
		return Err(Defect::NoComposition);
	}
	if any(&bundle, &mut |key, _| key == "implicitRules") {
		return Err(Defect::UnknownModifier);
	}
	let mut patients = rest.iter().filter(|resource| resource.kind() == "Patient");
	let (Some(patient), None) = (patients.next(), patients.next()) else {
		return Err(Defect::NotOnePatient);
	};
	if !whom.agrees_with(patient.value()) {
		return Err(Defect::WrongPatient);
	}
	check_addresses(&resources)?;
	for resource in &resources {
		ownership_of(resource, patient)?;
	}
	if composition.value()["subject"]["reference"].as_str().is_none() {
		return Err(Defect::NotOnePatient);
	}
	let mut leads_nowhere = |key: &str, value: &Value| {
		key == "entry"
			&& value.as_array().is_none_or(|list| {
				list.iter().any(|entry| {
					let target = entry["reference"].as_str().unwrap_or_default();
					!rest.iter().any(|resource| resource.is_target_of(target))
				})
			})
	};
	if any(composition.value(), &mut leads_nowhere) {
		return Err(Defect::Unresolved);
	}
	Ok(Document::of_bundle(bytes, resources))
}

/// Elements of people, and of texts in which people may be named. A pseudonym stands in an identifier.
const NAMING: [&str; 8] =
	["name", "telecom", "address", "photo", "contact", "text", "note", "birthDate"];
/// Resources about people.
const PEOPLE: [&str; 5] =
	["Patient", "RelatedPerson", "Practitioner", "Person", "PractitionerRole"];

/// Checks data that travel under a permit for secondary use: a collection without anything that would change its meaning
/// unnoticed, and without what plainly names a person. Whether it is anonymous, no program can tell: that is the holder's
/// and the body's to answer for (EHDS art. 66).
///
/// # Errors
/// The first [`Defect`] found; [`Defect::acknowledgement`] is how to acknowledge it.
pub fn check_data_set(bytes: &[u8]) -> Result<Document, Defect> {
	let (bundle, resources) = read_bundle(bytes)?;
	if bundle["type"] != "collection" {
		return Err(Defect::NoCollection);
	}
	if any(&bundle, &mut |key, _| key == "implicitRules") {
		return Err(Defect::UnknownModifier);
	}
	if resources.iter().any(Resource::has_unknown_modifier) {
		return Err(Defect::UnknownModifier);
	}
	let names = |value: &Value| {
		let is_person = value["resourceType"].as_str().is_some_and(|kind| PEOPLE.contains(&kind));
		is_person && NAMING.iter().any(|element| !value[*element].is_null())
	};
	let named = resources.iter().any(|resource| {
		let told = any(resource.value(), &mut |key, value| match key {
			"text" => value["div"].is_string(),
			"note" => true,
			"contained" => array(resource.value(), "contained").any(names),
			_ => false,
		});
		told || names(resource.value())
	});
	if named {
		return Err(Defect::NamesPerson);
	}
	Ok(Document::of_bundle(bytes, resources))
}

/// Checks that every entry has an address, and no two the same.
fn check_addresses(resources: &[Resource]) -> Result<(), Defect> {
	let mut seen = std::collections::BTreeSet::new();
	let unique = resources.iter().all(|resource| {
		let local = resource.local_reference();
		resource.full_url.as_ref().is_some_and(|url| seen.insert(url.clone()))
			&& local.is_none_or(|local| seen.insert(local))
	});
	if unique {
		Ok(())
	} else {
		Err(Defect::Unresolved)
	}
}

#[cfg(test)]
pub(super) mod tests {
	use super::{super::tests::*, *};
	use curex_primitives::AcknowledgementCode;

	fn record() -> Record {
		Record::read(&bundle().to_string().into_bytes()).unwrap()
	}

	fn bundle() -> Value {
		let owned = |kind: &str, id: &str| {
			json!({"resource": {
				"resourceType": kind, "id": id, "subject": {"reference": "Patient/p1"}
			}})
		};
		let mut allergy = owned("AllergyIntolerance", "a1");
		allergy["resource"]["patient"] = json!({"reference": "Patient/p1"});
		allergy["resource"].as_object_mut().unwrap().remove("subject");
		json!({"resourceType": "Bundle", "type": "collection", "entry": [
			{"resource": patient()},
			owned("Condition", "c1"),
			owned("MedicationStatement", "m1"),
			allergy,
			owned("Observation", "o1"),
		]})
	}

	fn author() -> Author {
		Author { organisation: OrganisationId(3), name: "General Hospital".into() }
	}

	fn build(record: &Record) -> Result<Vec<u8>, Defect> {
		build_summary(record, &author(), Sensitivity::Unrestricted, 1_700_000_000_000)
	}

	/// A document with a label in it.
	pub(in super::super) fn labelled_document() -> Vec<u8> {
		let mut bundle = bundle();
		bundle["entry"][1]["resource"]["meta"] = json!({"security": [{"code": "R"}]});
		let record = Record::read(&bundle.to_string().into_bytes()).unwrap();
		build_summary(&record, &author(), Sensitivity::Everything, 1_700_000_000_000).unwrap()
	}

	fn check(document: &Value) -> Result<Document, Defect> {
		check_document(document.to_string().as_bytes(), &identification())
	}

	fn document() -> Value {
		serde_json::from_slice(&build(&record()).unwrap()).unwrap()
	}

	/// The defect after a change of the document.
	fn defect(change: impl FnOnce(&mut Value)) -> Option<Defect> {
		let mut document = document();
		change(&mut document);
		check(&document).err()
	}

	#[test]
	fn a_built_summary_passes_the_check_of_its_recipient() {
		let document = check(&document()).unwrap();
		let kinds: Vec<&str> = document.resources().iter().map(Resource::kind).collect();
		assert_eq!(
			kinds,
			[
				"Composition",
				"Patient",
				"Organization",
				"AllergyIntolerance",
				"MedicationStatement",
				"Condition"
			]
		);
	}

	#[test]
	fn a_section_without_entries_says_so() {
		let mut bundle = bundle();
		bundle["entry"].as_array_mut().unwrap().truncate(1);
		let record = Record::read(&bundle.to_string().into_bytes()).unwrap();
		let document: Value = serde_json::from_slice(&build(&record).unwrap()).unwrap();
		let sections = document["entry"][0]["resource"]["section"].as_array().unwrap();
		assert_eq!(sections.len(), 3);
		assert!(sections.iter().all(|section| section["emptyReason"].is_object()));
		assert!(check(&document).is_ok());
	}

	#[test]
	fn decimals_keep_their_digits() {
		let text = bundle().to_string().replace(
			r#""resourceType":"Condition""#,
			r#""resourceType":"Condition","onsetAge":{"value":1.50,"precise":0.1000000000000000055511}"#,
		);
		let record = Record::read(text.as_bytes()).unwrap();
		let document = String::from_utf8(build(&record).unwrap()).unwrap();
		assert!(document.contains(r#"{"value":1.50,"precise":0.1000000000000000055511}"#));
	}

	#[test]
	fn a_labelled_resource_stays_unless_the_glass_is_broken() {
		for (label, stays) in
			[("R", true), ("V", true), ("PSY", true), ("unknown", true), ("N", false)]
		{
			let mut bundle = bundle();
			bundle["entry"][1]["resource"]["meta"] = json!({"security": [{"code": label}]});
			let record = Record::read(&bundle.to_string().into_bytes()).unwrap();
			let holds = |sensitivity| {
				let document = build_summary(&record, &author(), sensitivity, 0).unwrap();
				String::from_utf8(document).unwrap().contains(r#""Condition""#)
			};
			assert_eq!(holds(Sensitivity::Unrestricted), !stays, "{label}");
			assert!(holds(Sensitivity::Everything), "{label}");
		}
	}

	#[test]
	fn a_resource_that_is_not_understood_or_not_the_patients_is_not_passed_on() {
		let build_with = |change: fn(&mut Value)| {
			let mut record = record();
			let condition = record
				.resources
				.iter_mut()
				.find(|resource| resource.kind() == "Condition")
				.unwrap();
			change(&mut condition.value);
			build(&record).err()
		};
		assert_eq!(
			build_with(|value| value["modifierExtension"] = json!([{"url": "urn:x"}])),
			Some(Defect::UnknownModifier)
		);
		assert_eq!(
			build_with(|value| value["subject"]["reference"] = json!("Patient/p2")),
			Some(Defect::WrongPatient)
		);
		assert_eq!(build_with(|value| value["subject"] = Value::Null), Some(Defect::NotOnePatient));
	}

	#[test]
	fn a_bundle_that_is_no_document_is_refused() {
		assert_eq!(
			defect(|document| document["type"] = json!("collection")),
			Some(Defect::NoComposition)
		);
		assert_eq!(
			defect(|document| drop(document["entry"].as_array_mut().unwrap().remove(0))),
			Some(Defect::NoComposition)
		);
		assert_eq!(
			defect(|document| document["entry"].as_array_mut().unwrap().swap(0, 1)),
			Some(Defect::NoComposition)
		);
		assert_eq!(defect(|document| document["entry"] = json!([])), Some(Defect::NoComposition));
		assert_eq!(
			defect(|document| document["resourceType"] = json!("List")),
			Some(Defect::NotTheResource)
		);
		assert_eq!(
			defect(|document| document["entry"] = json!([{}])),
			Some(Defect::NotTheResource)
		);
		assert_eq!(
			defect(|document| document["entry"] = json!([{"resource": 5}])),
			Some(Defect::NotTheResource)
		);
	}

	#[test]
	fn a_document_of_two_patients_or_of_another_is_refused() {
		let second = json!({"fullUrl": "https://fhir.invalid/Patient/p2", "resource": {
			"resourceType": "Patient", "id": "p2"
		}});
		let push =
			|entry: Value| defect(|document| document["entry"].as_array_mut().unwrap().push(entry));
		assert_eq!(push(second), Some(Defect::NotOnePatient));
		assert_eq!(
			push(json!({"fullUrl": "urn:uuid:1", "resource": {
				"resourceType": "Condition", "subject": {"reference": "Patient/p2"}
			}})),
			Some(Defect::WrongPatient)
		);
		assert_eq!(
			push(json!({"fullUrl": "urn:uuid:1", "resource": {
				"resourceType": "Observation", "focus": [{"reference": "https://a.example/Patient/p2"}]
			}})),
			Some(Defect::WrongPatient)
		);
		assert_eq!(
			push(json!({"fullUrl": "urn:uuid:1", "resource": {
				"resourceType": "Observation", "contained": [{"resourceType": "Patient"}]
			}})),
			Some(Defect::NotOnePatient)
		);
		assert_eq!(
			defect(|document| document["entry"][1]["resource"]["birthDate"] = json!("1956-05-28")),
			Some(Defect::WrongPatient)
		);
		assert_eq!(
			defect(|document| drop(document["entry"].as_array_mut().unwrap().remove(1))),
			Some(Defect::NotOnePatient)
		);
	}

	#[test]
	fn an_address_that_is_missing_double_or_leads_nowhere_is_refused() {
		assert_eq!(
			defect(|document| {
				document["entry"][0]["resource"]["section"][0]["entry"][0] =
					json!({"reference": "Condition/none"})
			}),
			Some(Defect::Unresolved)
		);
		assert_eq!(
			defect(|document| document["entry"][2]["fullUrl"] =
				document["entry"][1]["fullUrl"].clone()),
			Some(Defect::Unresolved)
		);
		assert_eq!(
			defect(|document| drop(
				document["entry"][2].as_object_mut().unwrap().remove("fullUrl")
			)),
			Some(Defect::Unresolved)
		);
	}

	#[test]
	fn an_unknown_modifier_is_refused_at_any_depth() {
		assert_eq!(
			defect(|document| {
				document["entry"][3]["resource"]["reaction"] =
					json!([{"modifierExtension": [{"url": "urn:x"}]}])
			}),
			Some(Defect::UnknownModifier)
		);
		assert_eq!(
			defect(|document| document["implicitRules"] = json!("urn:x")),
			Some(Defect::UnknownModifier)
		);
	}

	#[test]
	fn every_defect_has_its_acknowledgement() {
		assert_eq!(Defect::WrongPatient.acknowledgement(), AcknowledgementCode::WrongPatient);
		assert_eq!(Defect::NotJson.acknowledgement(), AcknowledgementCode::Unreadable);
		assert_eq!(Defect::NoComposition.acknowledgement(), AcknowledgementCode::Incomplete);
	}
}
