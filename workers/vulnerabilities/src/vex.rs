//! Writes VEX statements about what was matched.

use serde_json::{json, Value};

use crate::{Match, MatchReport, Status};

/// Writes an OpenVEX 0.2 document: one statement for a vulnerability and a state, naming the services as
/// `asset#service`.
///
/// `id` is the document's IRI, `author` who answers for it, `at_ms` when it was found out, milliseconds since 1970. A match of unknown version
/// is under investigation; one that is fixed by a package is fixed.
pub fn openvex(report: &MatchReport, id: &str, author: &str, at_ms: u64) -> Value {
	let at = i64::try_from(at_ms).ok().and_then(chrono::DateTime::from_timestamp_millis);
	let timestamp = at.unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
	let mut statements: std::collections::BTreeMap<(&str, &str, String), Vec<Value>> =
		std::collections::BTreeMap::new();
	for found in report.matches.iter().chain(&report.not_affected) {
		let (status, words) = state(found);
		let product = json!({"@id": format!("{}#{}", found.asset, found.service)});
		statements.entry((&found.cve, status, words)).or_default().push(product);
	}
	let statements: Vec<Value> = statements
		.into_iter()
		.map(|((cve, status, words), products)| {
			let mut statement = json!({
				"vulnerability": {"name": cve},
				"products": products,
				"status": status,
				"timestamp": timestamp,
			});
			// The standard wants a reason for "not affected" and an advice for "affected".
			let key = match status {
				"not_affected" => "impact_statement",
				"affected" => "action_statement",
				_ => "status_notes",
			};
			statement[key] = json!(words);
			statement
		})
		.collect();
	json!({
		"@context": "https://openvex.dev/ns/v0.2.0",
		"@id": id,
		"author": author,
		"timestamp": timestamp,
		"version": 1,
		"statements": statements,
	})
}

fn state(found: &Match) -> (&'static str, String) {
	let why = || found.reason.join(" ");
	match &found.status {
		Status::Affected => ("affected", why()),
		Status::Unknown => ("under_investigation", why()),
		Status::FixedByPackage { by } => ("fixed", by.clone()),
		Status::NotAffected { by } => ("not_affected", by.clone()),
	}
}
