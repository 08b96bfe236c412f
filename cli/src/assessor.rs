//! How packages are assessed that pass through the command line: FHIR bundles, under the own policy and under that of the other
//! side, if it is at hand. Advice only.

use crate::context::{file_error, read_text};
use clap::Args;
use curex_client::{
	gateway::{Assessor, Package},
	Error,
};
use curex_primitives::OrganisationId;
use curex_threats::package::{
	assess, compare, people, unusual_measurements, PackageAssessment, PackageError, PackagePolicy,
};
use serde_json::Value;
use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
};

/// Measured values that are named.
const ROWS: usize = 20;

/// Under which policies packages are assessed.
#[derive(Args)]
pub struct Policies {
	/// Policy (TOML, as of `curex-agent package`) under which every package that is sent or received is assessed in the
	/// background. Its columns are paths in FHIR, such as Patient.gender or Condition.code.coding.code. Advice only.
	#[arg(long, global = true, env = "CUREX_PACKAGE_POLICY", value_name = "FILE")]
	package_policy: Option<PathBuf>,
	/// Folder with the policies of other organisations, each as NUMBER.toml: a package is also assessed under that of the
	/// other side, and the two are compared.
	#[arg(long, global = true, env = "CUREX_PARTNER_POLICIES", value_name = "FOLDER")]
	partner_policies: Option<PathBuf>,
}

impl Policies {
	/// Whether packages are to be assessed.
	pub fn are_given(&self) -> bool {
		self.package_policy.is_some()
	}

	/// What assesses packages, if there is a policy.
	///
	/// # Errors
	/// [`Error::File`] when a policy cannot be read, or is none.
	pub fn assessor(&self) -> Result<Option<Policed>, Error> {
		let Some(ours) = &self.package_policy else { return Ok(None) };
		let mut theirs = BTreeMap::new();
		if let Some(folder) = &self.partner_policies {
			let entries = std::fs::read_dir(folder).map_err(|error| file_error(folder, error))?;
			for entry in entries {
				let path = entry.map_err(|error| file_error(folder, error))?.path();
				theirs.insert(partner_of(&path)?, policy(&path)?);
			}
		}
		Ok(Some(Policed { ours: policy(ours)?, theirs }))
	}
}

/// Whose policy a file holds.
fn partner_of(path: &Path) -> Result<OrganisationId, Error> {
	let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
	let number = name.strip_suffix(".toml").and_then(|number| number.parse().ok());
	number.map(OrganisationId).ok_or_else(|| {
		file_error(path, "is not called after the number of an organisation (NUMBER.toml)")
	})
}

fn policy(path: &Path) -> Result<PackagePolicy, Error> {
	toml::from_str(&read_text(path)?).map_err(|error| file_error(path, error.message()))
}

/// Assesses under policies.
pub struct Policed {
	ours: PackagePolicy,
	theirs: BTreeMap<OrganisationId, PackagePolicy>,
}

impl Assessor for Policed {
	fn assess(&self, package: &Package<'_>) -> Result<Option<Value>, String> {
		let bundle: Value = match serde_json::from_slice(package.content) {
			Ok(Value::Object(fields)) if fields.get("resourceType") == Some(&"Bundle".into()) => {
				Value::Object(fields)
			},
			// A message or an image is no table of people.
			_ => return Ok(None),
		};
		let assessed = |policy: &PackagePolicy| -> Result<PackageAssessment, PackageError> {
			let columns = [&policy.quasi_identifiers[..], &policy.sensitive].concat();
			let found = assess(&columns, &people(&bundle, &columns), policy)?;
			// Whom a document names on purpose cannot be found again in it.
			let exceeded = if package.identified { Vec::new() } else { found.exceeded };
			Ok(PackageAssessment { exceeded, ..found })
		};
		let theirs = self.theirs.get(&package.partner);
		let unusual = unusual_measurements(&bundle, ROWS);
		let mut found = compare(package.content, &self.ours, theirs, &unusual, assessed)
			.map_err(|error| error.to_string())?;
		found["identified"] = package.identified.into();
		Ok(Some(found))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn text(least_k: usize) -> String {
		format!(
			"quasi_identifiers = [\"Patient.gender\"]\nsensitive = [\"Condition.code.text\"]\n\
			 least_k = {least_k}\nleast_l = 1\ngreatest_unique_share = 1.0\n"
		)
	}

	fn policed(folder: &Path) -> Result<Policed, Error> {
		let policies = Policies {
			package_policy: Some(folder.join("ours.toml")),
			partner_policies: Some(folder.join("theirs")),
		};
		Ok(policies.assessor()?.expect("there is a policy"))
	}

	fn folder() -> tempfile::TempDir {
		let folder = tempfile::tempdir().unwrap();
		std::fs::write(folder.path().join("ours.toml"), text(2)).unwrap();
		std::fs::create_dir(folder.path().join("theirs")).unwrap();
		std::fs::write(folder.path().join("theirs/7.toml"), text(5)).unwrap();
		folder
	}

	fn bundle() -> Vec<u8> {
		let patient = |id: u8, gender: &str| json!({"resource": {"resourceType": "Patient", "id": id.to_string(), "gender": gender}});
		let entry = [patient(1, "female"), patient(2, "female"), patient(3, "female")];
		json!({"resourceType": "Bundle", "type": "collection", "entry": entry}).to_string().into()
	}

	#[test]
	fn a_package_is_assessed_under_both_sides_policies_where_they_are_known() {
		let folder = folder();
		let policed = policed(folder.path()).unwrap();
		let content = bundle();
		let assess = |partner, identified| {
			let package =
				Package { content: &content, partner: OrganisationId(partner), identified };
			policed.assess(&package).unwrap().unwrap()
		};
		let alone = assess(1, false);
		assert_eq!((&alone["ours"]["k"], &alone["both"]), (&json!(3), &Value::Null));
		assert_eq!(alone["ours"]["exceeded"], json!([]));
		let both = assess(7, false);
		assert_eq!(both["both"]["exceeded"].as_array().unwrap().len(), 1, "{both}");
		assert_eq!(both["differences"][0]["what"], "least_k");
		let named = assess(7, true);
		assert_eq!(named["both"]["exceeded"], json!([]), "it names whom it is about on purpose");
		assert_eq!(named["identified"], true);
	}

	#[test]
	fn what_is_no_bundle_is_passed_over_and_one_without_people_is_told() {
		let folder = folder();
		let policed = policed(folder.path()).unwrap();
		let assess = |content: &str| {
			let partner = OrganisationId(1);
			policed.assess(&Package { content: content.as_bytes(), partner, identified: false })
		};
		for other in ["MSH|^~\\&|LAB", "[]", "{\"resourceType\": \"Patient\"}", ""] {
			assert_eq!(assess(other), Ok(None), "{other}");
		}
		assert!(assess("{\"resourceType\": \"Bundle\"}").unwrap_err().contains("no row"));
	}

	#[test]
	fn a_policy_that_is_none_or_nobodys_is_refused_by_name() {
		for (path, content) in
			[("ours.toml", "least_k = 2"), ("theirs/7.toml", "no"), ("theirs/a.toml", &text(2))]
		{
			let folder = folder();
			std::fs::write(folder.path().join(path), content).unwrap();
			let refused = policed(folder.path()).err().unwrap();
			assert!(
				matches!(&refused, Error::File { path: named, .. } if named.ends_with(path)),
				"{path}: {refused}"
			);
		}
		let none = Policies { package_policy: None, partner_policies: None };
		assert!(none.assessor().unwrap().is_none());
	}
}
