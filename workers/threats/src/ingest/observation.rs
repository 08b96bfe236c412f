//! FHIR R4 Observations (<https://hl7.org/fhir/R4/observation.html>): what was measured, by which device. One resource a
//! line, or a Bundle of resources a line, as exchange packages hold them. Nothing of the patient is read.

use serde::Deserialize;
use serde_json::Value;

use super::{instant, not_json};
use crate::event::Measurement;

/// What an Observation says that was not measured, or not well (ObservationStatus).
const NOT_MEASURED: [&str; 3] = ["entered-in-error", "cancelled", "registered"];

/// Reads one line: what was measured, nothing (resources of other kinds in a Bundle, values that are no numbers), or the
/// reason why not.
pub(super) fn parse(line: &str) -> Result<Vec<Measurement>, String> {
	let value: Value = serde_json::from_str(line).map_err(|error| not_json(&error))?;
	let mut measured = Vec::new();
	match value["resourceType"].as_str() {
		Some("Observation") => read(value, &mut measured)?,
		Some("Bundle") => {
			let Value::Array(entries) = value["entry"].clone() else { return Ok(measured) };
			for mut entry in entries {
				let resource = entry["resource"].take();
				if resource["resourceType"] == "Observation" {
					read(resource, &mut measured)?;
				}
			}
		},
		_ => return Err("neither an Observation nor a Bundle".into()),
	}
	measured.sort_by_key(|one| one.at);
	Ok(measured)
}

fn read(value: Value, measured: &mut Vec<Measurement>) -> Result<(), String> {
	let observation: Observation =
		serde_json::from_value(value).map_err(|error| not_json(&error))?;
	if NOT_MEASURED.contains(&observation.status.as_str()) {
		return Ok(());
	}
	let parts = || observation.component.iter().map(|part| (&part.code, &part.quantity));
	let all = [(&observation.code, &observation.quantity)].into_iter().chain(parts());
	let quantities: Vec<(String, f64)> =
		all.filter_map(|(code, quantity)| code.of(quantity.as_ref()?)).collect();
	if quantities.is_empty() {
		return Ok(());
	}
	let times = [&observation.effective, &observation.effective_instant, &observation.issued];
	let period = observation.period.as_ref().and_then(|period| period.start.as_ref());
	let mut times = times.into_iter().flatten().chain(period);
	// A date alone is no moment; what else there is may be one.
	let at = times.find_map(|time| instant(time).ok());
	let at = at.ok_or("it says no instant at which it was measured")?;
	let device = observation.device.as_ref().and_then(Device::name);
	measured.extend(quantities.into_iter().map(|(quantity, value)| Measurement {
		at,
		device: device.clone(),
		quantity,
		value,
	}));
	Ok(())
}

#[derive(Deserialize)]
struct Observation {
	status: String,
	code: Concept,
	#[serde(rename = "effectiveDateTime")]
	effective: Option<String>,
	#[serde(rename = "effectiveInstant")]
	effective_instant: Option<String>,
	#[serde(rename = "effectivePeriod")]
	period: Option<Period>,
	issued: Option<String>,
	#[serde(rename = "valueQuantity")]
	quantity: Option<Quantity>,
	device: Option<Device>,
	#[serde(default)]
	component: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
	code: Concept,
	#[serde(rename = "valueQuantity")]
	quantity: Option<Quantity>,
}

#[derive(Deserialize)]
struct Concept {
	#[serde(default)]
	coding: Vec<Coding>,
	text: Option<String>,
}

#[derive(Deserialize)]
struct Coding {
	code: Option<String>,
}

#[derive(Deserialize)]
struct Quantity {
	value: Option<f64>,
	/// Means that the value is a bound, not what was measured.
	comparator: Option<String>,
	unit: Option<String>,
	code: Option<String>,
}

#[derive(Deserialize)]
struct Period {
	start: Option<String>,
}

#[derive(Deserialize)]
struct Device {
	reference: Option<String>,
	display: Option<String>,
	identifier: Option<Identifier>,
}

#[derive(Deserialize)]
struct Identifier {
	value: Option<String>,
}

impl Concept {
	/// What was measured, in which unit, and its value.
	fn of(&self, quantity: &Quantity) -> Option<(String, f64)> {
		let value = quantity.value.filter(|value| value.is_finite())?;
		if quantity.comparator.is_some() {
			return None;
		}
		let code = self.coding.iter().find_map(|coding| coding.code.as_ref());
		let code = code.or(self.text.as_ref())?;
		let unit = quantity.code.as_ref().or(quantity.unit.as_ref());
		Some((unit.map_or_else(|| code.clone(), |unit| format!("{code} [{unit}]")), value))
	}
}

impl Device {
	fn name(&self) -> Option<String> {
		let value = self.identifier.as_ref().and_then(|identifier| identifier.value.clone());
		value.or_else(|| self.reference.clone()).or_else(|| self.display.clone())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const TEMPERATURE: &str = r#"{"resourceType":"Observation","status":"final",
		"code":{"coding":[{"system":"http://loinc.org","code":"8310-5"}]},"subject":{"reference":"Patient/p-1"},
		"effectiveDateTime":"2026-03-02T08:00:00+01:00","device":{"reference":"Device/monitor-7"},
		"valueQuantity":{"value":36.8,"unit":"°C","code":"Cel"}}"#;

	fn one(text: &str) -> Measurement {
		let [measured] = &parse(text).unwrap()[..] else { panic!("{text}") };
		measured.clone()
	}

	#[test]
	fn a_temperature_is_read_with_its_device_and_without_its_patient() {
		let measured = one(TEMPERATURE);
		let expected = Measurement {
			at: 1_772_434_800_000,
			device: Some("Device/monitor-7".into()),
			quantity: "8310-5 [Cel]".into(),
			value: 36.8,
		};
		assert_eq!(measured, expected);
	}

	#[test]
	fn both_values_of_a_blood_pressure_and_all_observations_of_a_package_are_read() {
		let pressure = r#"{"resourceType":"Observation","status":"final","code":{"text":"pressure"},
			"issued":"2026-03-02T07:00:00Z","component":[
			{"code":{"coding":[{"code":"8480-6"}]},"valueQuantity":{"value":120,"code":"mm[Hg]"}},
			{"code":{"coding":[{"code":"8462-4"}]},"valueQuantity":{"value":80,"code":"mm[Hg]"}}]}"#;
		assert_eq!(parse(pressure).unwrap().len(), 2);
		let package = format!(
			r#"{{"resourceType":"Bundle","type":"document","entry":[{{"resource":{{"resourceType":"Composition"}}}},
			{{"resource":{TEMPERATURE}}},{{"resource":{pressure}}}]}}"#
		);
		let names: Vec<String> =
			parse(&package).unwrap().into_iter().map(|one| one.quantity).collect();
		assert_eq!(names, ["8310-5 [Cel]", "8480-6 [mm[Hg]]", "8462-4 [mm[Hg]]"]);
	}

	#[test]
	fn what_was_not_measured_is_passed_over() {
		for (from, to) in [
			("\"final\"", "\"entered-in-error\""),
			("valueQuantity", "valueString"),
			("\"value\":36.8", "\"value\":36.8,\"comparator\":\"<\""),
		] {
			let text = TEMPERATURE.replace(from, to);
			let text = text.replace(
				"\"valueString\":{\"value\":36.8,\"unit\":\"°C\",\"code\":\"Cel\"}",
				"\"valueString\":\"warm\"",
			);
			assert_eq!(parse(&text), Ok(Vec::new()), "{text}");
		}
	}

	#[test]
	fn a_date_without_a_time_and_another_resource_are_refused() {
		let dated = TEMPERATURE.replace("T08:00:00+01:00", "");
		assert!(parse(&dated).unwrap_err().contains("no instant"));
		assert!(parse(&TEMPERATURE.replace("\"Observation\"", "\"Patient\"")).is_err());
	}
}
