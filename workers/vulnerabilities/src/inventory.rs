//! Reads inventories: CycloneDX documents, snapshots of discovery, and plain lists of assets.

use serde_json::{Map, Value};

use crate::{
	error::Error,
	feed::Part,
	priority::{Criticality, Exposure},
	AssetService, InstalledPackage,
};

/// Deepest nesting of components that is followed.
const DEPTH: usize = 16;
/// Assumed where an inventory does not say how sure it is: it was written down by somebody who knew.
const CONFIDENCE: u8 = 95;

/// Reads an inventory. `file` is only used in messages.
///
/// - CycloneDX (1.2 and later): every component is a service of its own; those inside another one belong to the
///   same asset. A document about one device is one asset.
/// - A snapshot as discovery writes it, or any object with `assets`, `devices`, `services` or `components`, or a
///   list of such: fields are looked for under the names that inventories commonly give them.
///
/// # Errors
/// [`Error::Inventory`] if it is not JSON or names no asset.
pub fn read_inventory(file: &str, bytes: &[u8]) -> Result<Vec<AssetService>, Error> {
	let wrong = |reason: String| Error::Inventory { file: file.into(), reason };
	let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
	let json: Value = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
	let mut out = Vec::new();
	if json.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
		cyclonedx(&json, &mut out);
	} else {
		let root = json.get("snapshot").unwrap_or(&json);
		plain(root, &AssetService::default(), 0, &mut out);
	}
	if out.is_empty() {
		return Err(wrong("it names no asset with a product, CPE or package URL".into()));
	}
	Ok(out)
}

fn text(object: &Value, keys: &[&str]) -> Option<String> {
	keys.iter().find_map(|key| match object.get(*key)? {
		Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
		Value::Number(number) => Some(number.to_string()),
		// `"supplier": {"name": …}`
		Value::Object(inner) => {
			inner.get("name").and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned)
		},
		_ => None,
	})
}

fn cyclonedx(document: &Value, out: &mut Vec<AssetService>) {
	let about = document.pointer("/metadata/component");
	// A bill of materials of a device, not a list of devices.
	let device = about
		.filter(|component| {
			matches!(
				component.get("type").and_then(Value::as_str),
				Some("device" | "firmware" | "operating-system" | "container")
			)
		})
		.and_then(|component| text(component, &["bom-ref", "name"]));
	if let Some(component) = about {
		let asset = device.clone().or_else(|| text(component, &["bom-ref", "name"]));
		collect(component, asset.as_deref(), 0, out);
	}
	for component in document.get("components").and_then(Value::as_array).into_iter().flatten() {
		collect(component, device.as_deref(), 0, out);
	}
}

fn collect(component: &Value, asset: Option<&str>, depth: usize, out: &mut Vec<AssetService>) {
	let Some(name) = text(component, &["name"]) else { return };
	let id = text(component, &["bom-ref"]).unwrap_or_else(|| name.clone());
	let asset = asset.unwrap_or(&id).to_owned();
	let property = |wanted: &[&str]| {
		component.get("properties").and_then(Value::as_array).into_iter().flatten().find_map(|p| {
			let key = p.get("name")?.as_str()?.rsplit(':').next()?.to_ascii_lowercase();
			wanted.contains(&key.as_str()).then(|| p.get("value")?.as_str().map(str::to_owned))?
		})
	};
	out.push(AssetService {
		asset: asset.clone(),
		service: id,
		vendor: text(component, &["manufacturer", "supplier", "publisher", "group", "author"]),
		product: Some(name),
		version: text(component, &["version"]),
		cpe23: text(component, &["cpe"]),
		purl: text(component, &["purl"]),
		part: match component.get("type").and_then(Value::as_str) {
			Some("operating-system" | "firmware") => Some(Part::OperatingSystem),
			Some("application" | "framework" | "library" | "container" | "device-driver") => {
				Some(Part::Application)
			},
			// A device is looked for as hardware and as firmware: advisories name it as either.
			_ => None,
		},
		model: property(&["model", "model-number", "modelnumber"]),
		manufactured: property(&["manufactured", "manufacturing-date", "manufacturedate"]),
		package: None,
		updates: Vec::new(),
		confidence: CONFIDENCE,
		exposure: property(&["exposure"]).map_or(Exposure::default(), |text| exposure(&text)),
		criticality: property(&["criticality"]).map_or(Criticality::default(), |t| criticality(&t)),
	});
	if depth < DEPTH {
		for part in component.get("components").and_then(Value::as_array).into_iter().flatten() {
			collect(part, Some(&asset), depth + 1, out);
		}
	}
}

fn exposure(text: &str) -> Exposure {
	match text.to_ascii_lowercase().as_str() {
		"internet" | "public" | "external" => Exposure::Internet,
		"isolated" | "offline" | "none" => Exposure::Isolated,
		_ => Exposure::Internal,
	}
}

fn criticality(text: &str) -> Criticality {
	match text.to_ascii_lowercase().as_str() {
		"vital" | "critical" | "life-supporting" | "patient-connected" => Criticality::Vital,
		"medium" | "moderate" => Criticality::Medium,
		"low" => Criticality::Low,
		_ => Criticality::High,
	}
}

const ASSET: [&str; 7] = ["asset", "asset_id", "assetId", "id", "hostname", "host", "name"];
const NESTED: [&str; 7] =
	["assets", "devices", "hosts", "services", "software", "components", "packages"];

/// Walks objects and lists; what an outer object says holds for the inner ones.
fn plain(node: &Value, outer: &AssetService, depth: usize, out: &mut Vec<AssetService>) {
	if depth > DEPTH {
		return;
	}
	if let Value::Array(list) = node {
		list.iter().for_each(|inner| plain(inner, outer, depth + 1, out));
		return;
	}
	let Value::Object(object) = node else { return };
	let own = entry(node, object, outer);
	let mut nested = 0;
	for key in NESTED {
		if let Some(inner @ (Value::Array(_) | Value::Object(_))) = object.get(key) {
			nested += 1;
			// What belongs to the outer product does not name the inner one.
			let context = AssetService {
				asset: own.asset.clone(),
				updates: own.updates.clone(),
				confidence: own.confidence,
				exposure: own.exposure,
				criticality: own.criticality,
				..AssetService::default()
			};
			plain(inner, &context, depth + 1, out);
		}
	}
	if let Some(system) =
		["os", "operating_system", "operatingSystem"].iter().find_map(|k| object.get(*k))
	{
		let mut entry = AssetService {
			asset: own.asset.clone(),
			service: "operating system".into(),
			part: Some(Part::OperatingSystem),
			updates: own.updates.clone(),
			confidence: own.confidence,
			exposure: own.exposure,
			criticality: own.criticality,
			..AssetService::default()
		};
		match system {
			Value::String(name) => {
				let (name, version) = match name.rsplit_once(' ') {
					Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
						(name, Some(version.to_owned()))
					},
					_ => (name.as_str(), None),
				};
				(entry.product, entry.version) = (Some(name.to_owned()), version);
			},
			other => {
				entry.vendor = text(other, &["vendor", "manufacturer"]);
				entry.product = text(other, &["product", "name"]);
				entry.version = text(other, &["version", "release"]);
				entry.cpe23 = text(other, &["cpe23", "cpe"]);
			},
		}
		out.push(entry);
	}
	let named = own.cpe23.is_some()
		|| own.purl.is_some()
		|| object.get("product").is_some_and(Value::is_string)
		|| own.package.is_some()
		|| (nested == 0 && depth > 0 && own.product.is_some());
	if named {
		out.push(own);
	}
}

fn entry(node: &Value, object: &Map<String, Value>, outer: &AssetService) -> AssetService {
	let field = |keys: &[&str]| text(node, keys);
	let explicit = field(&["asset", "asset_id", "assetId"]);
	let asset = match explicit {
		Some(asset) => asset,
		None if outer.asset.is_empty() => field(&ASSET).unwrap_or_default(),
		None => outer.asset.clone(),
	};
	// Discovery writes address, port and transport.
	let endpoint = match (field(&["address"]), field(&["port"]), field(&["transport"])) {
		(Some(address), Some(port), Some(transport)) => {
			Some(format!("{address} {port}/{transport}"))
		},
		_ => None,
	};
	let package = object.get("package").filter(|p| p.is_object()).and_then(|package| {
		Some(InstalledPackage {
			source: text(package, &["source", "name"])?,
			version: text(package, &["source_version", "version"])?,
			distribution: text(package, &["distribution", "ecosystem"])?,
		})
	});
	let product = field(&["product", "product_name", "productName"]).or_else(|| {
		// A name is the product where something else is the asset.
		let asset_is_named = !outer.asset.is_empty() || field(&ASSET[..4]).is_some();
		asset_is_named.then(|| field(&["name", "software"])).flatten()
	});
	AssetService {
		service: field(&["service"]).or(endpoint).or_else(|| product.clone()).unwrap_or_default(),
		asset,
		vendor: field(&["vendor", "manufacturer", "supplier", "publisher"]),
		product,
		version: field(&[
			"version",
			"software_version",
			"softwareVersion",
			"firmware_version",
			"firmware",
		]),
		cpe23: field(&["cpe23", "cpe", "cpe_name", "cpeName"]),
		purl: field(&["purl"]),
		part: match field(&["part", "type", "kind"]).as_deref() {
			Some("operating_system" | "operating-system" | "os" | "o" | "firmware") => {
				Some(Part::OperatingSystem)
			},
			Some("hardware" | "h") => Some(Part::Hardware),
			Some("application" | "a" | "software") => Some(Part::Application),
			_ => None,
		},
		model: field(&["model", "model_number", "modelNumber"]),
		manufactured: field(&["manufactured", "manufacture_date", "manufactureDate"]),
		package,
		updates: match ["updates", "hotfixes"].iter().find_map(|key| object.get(*key)?.as_array()) {
			Some(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
			None => outer.updates.clone(),
		},
		confidence: object
			.get("confidence")
			.and_then(Value::as_u64)
			.and_then(|c| u8::try_from(c).ok())
			.filter(|c| *c <= 100)
			.unwrap_or(if outer.confidence > 0 { outer.confidence } else { CONFIDENCE }),
		exposure: field(&["exposure"]).map_or(outer.exposure, |text| exposure(&text)),
		criticality: field(&["criticality"]).map_or(outer.criticality, |text| criticality(&text)),
	}
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use super::*;

	fn read(json: &Value) -> Vec<AssetService> {
		read_inventory("f", json.to_string().as_bytes()).expect("an inventory")
	}

	#[test]
	fn components_of_a_list_are_assets_and_those_of_a_device_are_its_parts() {
		let list = json!({"bomFormat": "CycloneDX", "components": [
			{"type": "device", "bom-ref": "pump-1", "name": "Alaris 8015 PC unit", "version": "9.5",
				"manufacturer": {"name": "BD"},
				"components": [{"type": "operating-system", "name": "windows_ce", "version": "5.0"}]},
			{"type": "application", "name": "orthanc", "version": "1.10.1",
				"cpe": "cpe:2.3:a:orthanc-server:orthanc:1.10.1:*:*:*:*:*:*:*"}]});
		let found = read(&list);
		let names: Vec<_> = found.iter().map(|s| (s.asset.as_str(), s.service.as_str())).collect();
		assert_eq!(names, [("pump-1", "pump-1"), ("pump-1", "windows_ce"), ("orthanc", "orthanc")]);
		assert_eq!(found[0].vendor.as_deref(), Some("BD"));
		let device = json!({"bomFormat": "CycloneDX",
			"metadata": {"component": {"type": "device", "name": "Pump", "version": "1"}},
			"components": [{"type": "library", "name": "a", "purl": "pkg:npm/a@1"}]});
		assert!(read(&device).iter().all(|service| service.asset == "Pump"));
	}

	#[test]
	fn a_hardware_bill_of_materials_gives_boards_drivers_and_firmware_of_one_device() {
		let hbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6",
			"metadata": {"component": {"type": "device", "bom-ref": "pump-7", "name": "Pump",
				"manufacturer": {"name": "Acme"}, "version": "rev B"}},
			"components": [
				{"type": "device", "bom-ref": "board", "name": "Main board", "version": "3",
					"properties": [{"name": "cdx:device:modelNumber", "value": "MB-3"}],
					"components": [
						{"type": "firmware", "bom-ref": "boot", "name": "u-boot", "version": "2021.01"},
						{"type": "device-driver", "bom-ref": "wifi", "name": "ath9k", "version": "4.2"}]}]});
		let found = read(&hbom);
		assert!(found.iter().all(|service| service.asset == "pump-7"));
		let parts: Vec<_> = found.iter().map(|s| (s.service.as_str(), s.part)).collect();
		assert_eq!(
			parts,
			[
				("pump-7", None),
				("board", None),
				("boot", Some(Part::OperatingSystem)),
				("wifi", Some(Part::Application))
			]
		);
		assert_eq!(found[1].model.as_deref(), Some("MB-3"));
	}

	#[test]
	fn lists_in_other_words_are_understood() {
		for json in [
			json!([{"id": "a", "vendor": "BD", "product": "Pump", "version": "1"}]),
			json!({"assets": [{"asset_id": "a", "manufacturer": "BD", "name": "Pump", "firmware": "1"}]}),
			json!({"devices": [{"hostname": "a", "software": [{"vendor": "BD", "name": "Pump", "version": 1}]}]}),
			json!({"assets": [{"id": "a", "services": [
				{"asset": "a", "vendor": "BD", "product": "Pump", "version": "1"}]}]}),
		] {
			let found = read(&json);
			assert_eq!(found.len(), 1, "{json}: {found:?}");
			let service = &found[0];
			assert_eq!(
				(
					service.asset.as_str(),
					service.vendor.as_deref(),
					service.product.as_deref(),
					service.version.as_deref()
				),
				("a", Some("BD"), Some("Pump"), Some("1")),
				"{json}"
			);
		}
		let with_system =
			read(&json!([{"id": "a", "product": "RIS", "version": "11", "os": "Windows 8.1"}]));
		assert_eq!(with_system.len(), 2);
		assert_eq!(with_system[0].part, Some(Part::OperatingSystem));
	}

	#[test]
	fn updates_of_an_asset_are_those_of_everything_on_it() {
		let found =
			read(&json!({"assets": [{"id": "a", "updates": ["KB5033372"], "os": "Windows 10",
			"services": [{"vendor": "BD", "product": "Pump", "version": "1"}]}]}));
		assert_eq!(found.len(), 2);
		assert!(found.iter().all(|service| service.updates == ["KB5033372"]), "{found:?}");
	}

	#[test]
	fn what_is_no_inventory_is_refused() {
		for bytes in [&b"{"[..], b"[]", b"{\"a\": 1}", b"\xff\xfe", b"7"] {
			assert!(read_inventory("f", bytes).is_err());
		}
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(text in "[\\[\\]{}:,\"a-z0-9 ]{0,60}") {
			let _ = read_inventory("f", text.as_bytes());
		}
	}
}
