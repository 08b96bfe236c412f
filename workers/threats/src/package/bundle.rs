//! The people in a FHIR bundle as rows, so that it is assessed like any table; and the measured values in it that are unlike
//! the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{unusual_rows, UnusualRow, ENOUGH};

/// One row for each person of a bundle: what is told of the person at each path, in the order of the paths. A path begins with
/// a type of resource (`Patient.gender`, `Condition.code.coding.code`); where there are several values they are sorted and
/// joined, where there is none the cell is empty. A person is a Patient, or whoever resources name as their subject;
/// resources about nobody are passed over.
pub fn people(bundle: &Value, paths: &[String]) -> Vec<Vec<String>> {
	let resources = || resources(bundle).map(|(_, url, resource)| (url, resource));
	// A person is referred to by the address of the entry, or by type and id.
	let addresses: BTreeMap<&str, String> = resources()
		.filter_map(|(url, resource)| Some((url?, local_reference(resource)?)))
		.collect();
	let mut told: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
	for (_, resource) in resources() {
		if let Some(person) = person_of(resource, &addresses) {
			told.entry(person).or_default().push(resource);
		}
	}
	told.values()
		.map(|resources| paths.iter().map(|path| cell(resources, path)).collect())
		.collect()
}

/// The entries of a bundle with measured values unlike the others of the same code, the most unlike first, at most so many. The
/// row is the place of the entry in the bundle, the column the code. Codes with fewer than fifty values tell nothing.
pub fn unusual_measurements(bundle: &Value, most: usize) -> Vec<UnusualRow> {
	let mut series: BTreeMap<String, Vec<(usize, Vec<String>)>> = BTreeMap::new();
	for (place, _, resource) in resources(bundle) {
		let code = resource["code"]["coding"][0]["code"].as_str();
		let value = resource["valueQuantity"]["value"].as_number();
		if let (Some("Observation"), Some(code), Some(value)) =
			(resource["resourceType"].as_str(), code, value)
		{
			series.entry(code.into()).or_default().push((place, vec![value.to_string()]));
		}
	}
	let mut found: Vec<UnusualRow> = Vec::new();
	for (code, values) in series.into_iter().filter(|(_, values)| values.len() >= ENOUGH) {
		let (places, rows): (Vec<usize>, Vec<Vec<String>>) = values.into_iter().unzip();
		let unusual = unusual_rows(std::slice::from_ref(&code), &rows, most);
		found.extend(unusual.into_iter().map(|one| UnusualRow { row: places[one.row], ..one }));
	}
	found.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.row.cmp(&other.row)));
	found.truncate(most);
	found
}

/// The resources of a bundle, with the place and the address of their entries.
fn resources(bundle: &Value) -> impl Iterator<Item = (usize, Option<&str>, &Value)> {
	let entries = bundle["entry"].as_array().into_iter().flatten().enumerate();
	entries.map(|(place, entry)| (place, entry["fullUrl"].as_str(), &entry["resource"]))
}

fn local_reference(resource: &Value) -> Option<String> {
	Some(format!("{}/{}", resource["resourceType"].as_str()?, resource["id"].as_str()?))
}

/// Whom a resource is about.
fn person_of(resource: &Value, addresses: &BTreeMap<&str, String>) -> Option<String> {
	if resource["resourceType"] == "Patient" {
		return local_reference(resource);
	}
	let named = ["subject", "patient", "individual", "beneficiary"];
	let reference = named.iter().find_map(|name| resource[*name]["reference"].as_str())?;
	Some(addresses.get(reference).cloned().unwrap_or_else(|| reference.to_owned()))
}

fn cell(resources: &[&Value], path: &str) -> String {
	let mut steps = path.split('.');
	let kind = steps.next().unwrap_or_default();
	let steps: Vec<&str> = steps.collect();
	let mut values = BTreeSet::new();
	for resource in resources.iter().filter(|resource| resource["resourceType"] == kind) {
		collect(resource, &steps, &mut values);
	}
	values.into_iter().collect::<Vec<_>>().join("; ")
}

/// Adds the values at a path; where there is a list, those of each of its items.
fn collect(value: &Value, steps: &[&str], into: &mut BTreeSet<String>) {
	match (value, steps) {
		(Value::Array(items), _) => items.iter().for_each(|item| collect(item, steps, into)),
		(Value::Object(fields), [step, rest @ ..]) => {
			if let Some(field) = fields.get(*step) {
				collect(field, rest, into);
			}
		},
		(Value::String(text), []) => {
			into.insert(text.clone());
		},
		(Value::Number(_) | Value::Bool(_), []) => {
			into.insert(value.to_string());
		},
		_ => {},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn paths(paths: [&str; 2]) -> Vec<String> {
		paths.map(String::from).to_vec()
	}

	#[test]
	fn each_person_is_a_row_whichever_way_resources_refer_to_them() {
		let bundle = json!({"resourceType": "Bundle", "entry": [
			{"fullUrl": "urn:uuid:a", "resource": {"resourceType": "Patient", "id": "1", "gender": "female"}},
			{"resource": {"resourceType": "Patient", "id": "2", "gender": "male"}},
			{"resource": {"resourceType": "Condition", "subject": {"reference": "urn:uuid:a"},
				"code": {"coding": [{"code": "I10"}, {"code": "38341003"}]}}},
			{"resource": {"resourceType": "Condition", "subject": {"reference": "Patient/2"},
				"code": {"coding": [{"code": "E11"}]}}},
			{"resource": {"resourceType": "Condition", "subject": {"reference": "Patient/elsewhere"},
				"code": {"coding": [{"code": "C50"}]}}},
			{"resource": {"resourceType": "Organization", "id": "o"}},
		]});
		let rows = people(&bundle, &paths(["Patient.gender", "Condition.code.coding.code"]));
		let expected = [["female", "38341003; I10"], ["male", "E11"], ["", "C50"]];
		assert_eq!(rows, expected.map(|row| row.map(String::from).to_vec()));
		assert!(people(&json!({}), &paths(["Patient.gender", "x"])).is_empty());
		assert!(people(&json!({"entry": [1, {"resource": []}]}), &paths(["", "."])).is_empty());
	}

	#[test]
	fn a_measured_value_that_cannot_be_is_named_by_its_entry() {
		let value = |value: f64| {
			json!({"resource": {"resourceType": "Observation", "subject": {"reference": "Patient/1"},
				"code": {"coding": [{"code": "8310-5"}]}, "valueQuantity": {"value": value}}})
		};
		let mut entries = vec![json!({"resource": {"resourceType": "Patient", "id": "1"}})];
		entries.extend((0..80).map(|step| value(36.5 + f64::from(step * 7 % 13) / 10.0)));
		entries.insert(42, value(366.0));
		let found = unusual_measurements(&json!({ "entry": entries }), 3);
		assert_eq!((found[0].row, found[0].column.as_str()), (42, "8310-5"), "{found:?}");
		assert!(unusual_measurements(&json!({ "entry": &entries[..40] }), 3).is_empty());
	}
}
