//! VEX statements: OpenVEX 0.2 documents, and the `vulnerabilities` of CycloneDX documents.

use serde::Deserialize;
use serde_json::Value;

use super::Entry;
use crate::feed::{VexStatement, VexStatus};

#[derive(Deserialize)]
struct OpenVex {
	#[serde(default)]
	author: String,
	statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
	vulnerability: Vulnerability,
	#[serde(default)]
	products: Vec<Product>,
	status: VexStatus,
	justification: Option<String>,
	impact_statement: Option<String>,
	status_notes: Option<String>,
}

/// An object since 0.2, a string before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
	Name(String),
	Object {
		name: Option<String>,
		#[serde(rename = "@id")]
		id: Option<String>,
		#[serde(default)]
		aliases: Vec<String>,
	},
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
	Name(String),
	Object {
		#[serde(rename = "@id")]
		id: Option<String>,
		#[serde(default)]
		identifiers: std::collections::BTreeMap<String, String>,
		#[serde(default)]
		subcomponents: Vec<Product>,
	},
}

impl Product {
	fn names(&self, out: &mut Vec<String>, depth: usize) {
		match self {
			Self::Name(name) => out.push(name.clone()),
			Self::Object { id, identifiers, subcomponents } => {
				// A statement about a part of a product names the part.
				if !subcomponents.is_empty() && depth < 8 {
					subcomponents.iter().for_each(|part| part.names(out, depth + 1));
					return;
				}
				out.extend(id.clone());
				out.extend(identifiers.values().cloned());
			},
		}
	}
}

/// Reads an OpenVEX document.
pub(super) fn openvex(json: Value) -> Result<Vec<Entry>, String> {
	let document: OpenVex = serde_json::from_value(json).map_err(|error| error.to_string())?;
	let author = if document.author.is_empty() { "a VEX document" } else { &document.author };
	let mut out = Vec::new();
	for statement in document.statements {
		let mut products = Vec::new();
		statement.products.iter().for_each(|product| product.names(&mut products, 0));
		if products.is_empty() && !statement.products.is_empty() {
			return Err("a statement names products without identifier".into());
		}
		let words = [statement.justification, statement.impact_statement, statement.status_notes];
		let justification = words.into_iter().flatten().collect::<Vec<_>>().join("; ");
		for cve in cves(&statement.vulnerability) {
			out.push(Entry::Vex(VexStatement {
				cve,
				status: statement.status,
				products: products.clone(),
				justification: justification.clone(),
				author: author.to_owned(),
			}));
		}
	}
	Ok(out)
}

fn cves(vulnerability: &Vulnerability) -> Vec<String> {
	let names: Vec<String> = match vulnerability {
		Vulnerability::Name(name) => vec![name.clone()],
		Vulnerability::Object { name, id, aliases } => {
			name.iter().chain(id).chain(aliases).cloned().collect()
		},
	};
	let mut found: Vec<String> = names
		.iter()
		.filter_map(|name| name.find("CVE-").map(|at| name[at..].to_owned()))
		.filter(|name| super::is_cve(name))
		.collect();
	found.sort();
	found.dedup();
	found
}

#[derive(Deserialize)]
struct CycloneDx {
	#[serde(default)]
	vulnerabilities: Vec<Known>,
	#[serde(default)]
	components: Vec<Component>,
}

#[derive(Deserialize)]
struct Known {
	id: Option<String>,
	analysis: Option<Analysis>,
	#[serde(default)]
	affects: Vec<Affects>,
}

#[derive(Deserialize)]
struct Analysis {
	state: Option<String>,
	justification: Option<String>,
	detail: Option<String>,
}

#[derive(Deserialize)]
struct Affects {
	#[serde(rename = "ref")]
	reference: String,
}

#[derive(Deserialize)]
struct Component {
	#[serde(rename = "bom-ref")]
	bom_ref: Option<String>,
	purl: Option<String>,
	cpe: Option<String>,
}

/// Reads the analysed vulnerabilities of a CycloneDX document.
pub(super) fn cyclonedx(json: Value) -> Result<Vec<Entry>, String> {
	let document: CycloneDx = serde_json::from_value(json).map_err(|error| error.to_string())?;
	let mut out = Vec::new();
	for known in document.vulnerabilities {
		let (Some(cve), Some(analysis)) = (known.id, known.analysis) else { continue };
		let status = match analysis.state.as_deref() {
			Some("not_affected" | "false_positive") => VexStatus::NotAffected,
			Some("resolved" | "resolved_with_pedigree") => VexStatus::Fixed,
			Some("exploitable") => VexStatus::Affected,
			Some("in_triage") => VexStatus::UnderInvestigation,
			_ => continue,
		};
		let mut products = Vec::new();
		for affects in &known.affects {
			let component = document
				.components
				.iter()
				.find(|component| component.bom_ref.as_ref() == Some(&affects.reference));
			products.push(affects.reference.clone());
			products.extend(component.and_then(|component| component.purl.clone()));
			products.extend(component.and_then(|component| component.cpe.clone()));
		}
		let words = [analysis.justification, analysis.detail];
		out.push(Entry::Vex(VexStatement {
			cve,
			status,
			products,
			justification: words.into_iter().flatten().collect::<Vec<_>>().join("; "),
			author: "a CycloneDX document".into(),
		}));
	}
	Ok(out)
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use super::*;

	#[test]
	fn openvex_statements_are_read_in_both_shapes() {
		let entries =
			openvex(json!({"@context": "https://openvex.dev/ns/v0.2.0", "author": "Acme",
			"statements": [
				{"vulnerability": {"name": "CVE-2021-44228"}, "status": "not_affected",
					"products": [{"@id": "pkg:generic/acme/pump@1.0"}],
					"justification": "vulnerable_code_not_present"},
				{"vulnerability": "CVE-2021-45046", "status": "fixed", "products": ["pkg:a/b"]}]}))
			.expect("a document");
		assert_eq!(entries.len(), 2);
		assert!(matches!(&entries[0], Entry::Vex(s) if s.status == VexStatus::NotAffected
			&& s.products == ["pkg:generic/acme/pump@1.0"] && s.author == "Acme"));
	}

	#[test]
	fn cyclonedx_analyses_are_read() {
		let entries = cyclonedx(json!({"bomFormat": "CycloneDX",
			"components": [{"bom-ref": "a", "name": "a", "purl": "pkg:npm/a@1"}],
			"vulnerabilities": [{"id": "CVE-2024-1", "affects": [{"ref": "a"}],
				"analysis": {"state": "resolved"}}, {"id": "CVE-2024-2"}]}))
		.expect("a document");
		assert!(matches!(&entries[..], [Entry::Vex(s)] if s.products == ["a", "pkg:npm/a@1"]));
	}
}
