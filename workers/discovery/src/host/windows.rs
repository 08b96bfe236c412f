//! What PowerShell writes about a Windows host: objects as JSON, or tables as CSV.

use serde_json::{Map, Value};

use super::{HostInventory, OperatingSystem, Program, ENTRIES};

/// Deepest nesting of objects that is followed.
const DEPTH: usize = 8;

/// Builds of Windows: for clients and servers the name that Microsoft's advisories give it, and that of the CPE
/// dictionary with its update.
const BUILDS: &[(u32, Option<Names>, Option<Names>)] = &[
	(
		6_002,
		Some(("Windows Vista Service Pack 2", "windows_vista", "sp2")),
		Some(("Windows Server 2008 Service Pack 2", "windows_server_2008", "sp2")),
	),
	(6_003, None, Some(("Windows Server 2008 Service Pack 2", "windows_server_2008", "sp2"))),
	(
		7_600,
		Some(("Windows 7", "windows_7", "*")),
		Some(("Windows Server 2008 R2", "windows_server_2008", "r2")),
	),
	(
		7_601,
		Some(("Windows 7 Service Pack 1", "windows_7", "sp1")),
		Some(("Windows Server 2008 R2 Service Pack 1", "windows_server_2008", "r2")),
	),
	(
		9_200,
		Some(("Windows 8", "windows_8", "*")),
		Some(("Windows Server 2012", "windows_server_2012", "*")),
	),
	(
		9_600,
		Some(("Windows 8.1", "windows_8.1", "*")),
		Some(("Windows Server 2012 R2", "windows_server_2012", "r2")),
	),
	(10_240, Some(("Windows 10", "windows_10_1507", "*")), None),
	(
		14_393,
		Some(("Windows 10 Version 1607", "windows_10_1607", "*")),
		Some(("Windows Server 2016", "windows_server_2016", "*")),
	),
	(
		17_763,
		Some(("Windows 10 Version 1809", "windows_10_1809", "*")),
		Some(("Windows Server 2019", "windows_server_2019", "*")),
	),
	(19_041, Some(("Windows 10 Version 2004", "windows_10_2004", "*")), None),
	(19_042, Some(("Windows 10 Version 20H2", "windows_10_20h2", "*")), None),
	(19_043, Some(("Windows 10 Version 21H1", "windows_10_21h1", "*")), None),
	(19_044, Some(("Windows 10 Version 21H2", "windows_10_21h2", "*")), None),
	(19_045, Some(("Windows 10 Version 22H2", "windows_10_22h2", "*")), None),
	(20_348, None, Some(("Windows Server 2022", "windows_server_2022", "*"))),
	(22_000, Some(("Windows 11 version 21H2", "windows_11_21h2", "*")), None),
	(22_621, Some(("Windows 11 version 22H2", "windows_11_22h2", "*")), None),
	(22_631, Some(("Windows 11 Version 23H2", "windows_11_23h2", "*")), None),
	(25_398, None, Some(("Windows Server 2022, 23H2 Edition", "windows_server_2022_23h2", "*"))),
	(
		26_100,
		Some(("Windows 11 Version 24H2", "windows_11_24h2", "*")),
		Some(("Windows Server 2025", "windows_server_2025", "*")),
	),
];

type Names = (&'static str, &'static str, &'static str);

pub(super) fn json(text: &str, found: &mut HostInventory) -> Result<(), String> {
	let value: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
	walk(&value, 0, found);
	Ok(())
}

/// A table as `Export-Csv` writes it, with or without the line about its type; commas or semicolons.
pub(super) fn csv(text: &str, found: &mut HostInventory) -> Result<(), String> {
	let text = match text.strip_prefix("#TYPE") {
		Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
		None => text,
	};
	let first = text.lines().next().unwrap_or_default();
	let separator =
		if first.matches(';').count() > first.matches(',').count() { b';' } else { b',' };
	let mut reader =
		csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
	let header = reader.headers().map_err(|error| format!("no CSV: {error}"))?.clone();
	for record in reader.records() {
		let record = record.map_err(|error| format!("no CSV: {error}"))?;
		let cells = header.iter().zip(record.iter());
		let object: Map<String, Value> =
			cells.map(|(name, cell)| (name.trim().to_owned(), Value::from(cell))).collect();
		entry(&object, found);
	}
	Ok(())
}

fn walk(value: &Value, depth: usize, found: &mut HostInventory) {
	if depth > DEPTH {
		return;
	}
	match value {
		Value::Array(list) => list.iter().for_each(|inner| walk(inner, depth + 1, found)),
		Value::Object(object) => {
			entry(object, found);
			object.values().for_each(|inner| walk(inner, depth + 1, found));
		},
		Value::String(text) => update(text, found),
		_ => {},
	}
}

/// What one object says: an update, a program, or the system.
fn entry(object: &Map<String, Value>, found: &mut HostInventory) {
	let text = |keys: &[&str]| {
		let given = keys.iter().find_map(|key| object.get(*key))?;
		let text = match given {
			Value::String(text) => text.trim().to_owned(),
			Value::Number(number) => number.to_string(),
			_ => return None,
		};
		(!text.is_empty()).then(|| text.chars().take(256).collect::<String>())
	};
	if let Some(number) = text(&["HotFixID", "HotFixId"]) {
		update(&number, found);
	}
	if let Some(name) = text(&["CsDNSHostName", "CsName", "ComputerName", "Computer"]) {
		found.name.get_or_insert(name);
	}
	if let Some(name) = text(&["DisplayName"]) {
		if found.programs.len() < ENTRIES {
			let (publisher, version) = (text(&["Publisher"]), text(&["DisplayVersion"]));
			found.programs.push(Program { name, publisher, version });
		}
		return;
	}
	let build = text(&["CurrentBuild", "CurrentBuildNumber", "OsBuildNumber"]);
	let Some(build) = build.and_then(|build| build.parse::<u32>().ok()) else { return };
	let product = text(&["OsName", "ProductName", "WindowsProductName"]).unwrap_or_default();
	let kind = text(&["InstallationType", "WindowsInstallationType"]).unwrap_or_default();
	let is_server = product.contains("Server") || kind.starts_with("Server");
	let revision = text(&["UBR", "WindowsUBR"]).and_then(|text| text.parse::<u32>().ok());
	found.system = Some(system(build, revision, is_server, &product));
}

fn update(text: &str, found: &mut HostInventory) {
	let number = text.trim().strip_prefix("KB").or(text.trim().strip_prefix("kb"));
	let is_number = |digits: &str| {
		(6..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
	};
	if let Some(digits) = number.filter(|digits| is_number(digits)) {
		if found.updates.len() < ENTRIES {
			found.updates.insert(format!("KB{digits}"));
		}
	}
}

fn system(build: u32, revision: Option<u32>, is_server: bool, product: &str) -> OperatingSystem {
	let names = BUILDS
		.iter()
		.find(|(number, ..)| *number == build)
		.and_then(|(_, client, server)| if is_server { *server } else { *client });
	let kernel = match build {
		..=6_003 => "6.0",
		6_004..=7_601 => "6.1",
		7_602..=9_200 => "6.2",
		9_201..=9_600 => "6.3",
		_ => "10.0",
	};
	let version = revision.map(|revision| format!("{kernel}.{build}.{revision}"));
	OperatingSystem {
		vendor: "microsoft".into(),
		product: match names {
			Some((name, ..)) => name.to_owned(),
			None => format!("{} build {build}", product.trim_start_matches("Microsoft ")),
		},
		// Older systems are in the dictionary without versions: whether one is affected, installed updates tell.
		cpe23: names.map(|(_, name, update)| {
			let version = version.as_deref().unwrap_or("-");
			format!("cpe:2.3:o:microsoft:{name}:{version}:{update}:*:*:*:*:*:*")
		}),
		version,
		distribution: None,
	}
}
