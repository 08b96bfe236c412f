//! Advisories, exploitation facts and package statements, read from a folder of standard formats.

use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{cvss::Cvss, error::Error, import, range::VersionSet};

/// Largest file that is read, bytes. A year of NVD has about 200 MiB.
pub(crate) const FILE_BYTES: u64 = 512 << 20;
/// Deepest folder that is looked into.
const DEPTH: usize = 8;

/// Everything that is known about vulnerabilities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Feed {
	/// SHA-256 over names and contents of the files, in hexadecimal; empty if the feed was not loaded
	/// from a folder. The same files give the same version everywhere.
	pub version: String,
	/// Statements about products of vendors (NVD, CSAF).
	pub advisories: Vec<Advisory>,
	/// Statements of distributions about their packages (OSV).
	pub packages: Vec<AffectedPackage>,
	/// Vulnerabilities known to be exploited, by CVE.
	pub kev: BTreeMap<String, Kev>,
	/// Probability of exploitation within 30 days, by CVE.
	pub epss: BTreeMap<String, Epss>,
	/// What somebody found out about the exploitability of a vulnerability in a product (OpenVEX, CycloneDX).
	#[serde(default)]
	pub vex: Vec<VexStatement>,
	/// Severities that are known beyond those of `advisories`, by CVE.
	#[serde(default)]
	pub severities: BTreeMap<String, Cvss>,
}

/// One vulnerability as one source describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
	/// CVE id; the source's own id if it has none.
	pub cve: String,
	/// Who says so: `NVD` or the id of the advisory.
	pub source: String,
	/// What it is about.
	pub summary: String,
	/// Severity, if the source gives a valid vector: newest CVSS version, worst score.
	pub cvss: Option<Cvss>,
	/// Products that are affected, any of them.
	pub affected: Vec<AffectedProduct>,
	/// Products that the publisher calls fixed or not affected (CSAF `fixed`, `known_not_affected`).
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub not_affected: Vec<AffectedProduct>,
}

/// A product and the versions of it that are affected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedProduct {
	/// Vendor as the source writes it.
	pub vendor: String,
	/// Product as the source writes it.
	pub product: String,
	/// Affected versions.
	pub versions: VersionSet,
	/// Whether the names come from the CPE dictionary, and so compare exactly.
	pub from_cpe: bool,
	/// Kind of product, if the source gives a CPE.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub part: Option<Part>,
	/// The software environment it is limited to (CPE `target_sw`), for example `android`.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub target: Option<String>,
	/// What must be there as well: of every group at least one platform.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub requires: Vec<Vec<Platform>>,
	/// Updates that fix it by their number in the vendor's knowledge base, any of them (CSAF `remediations`).
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub fixed_by: Vec<String>,
}

impl AffectedProduct {
	/// Whether both are the same product and versions, whatever fixes them.
	pub(crate) fn is_same_as(&self, other: &Self) -> bool {
		fn names(one: &AffectedProduct) -> impl PartialEq + '_ {
			let AffectedProduct {
				vendor, product, versions, from_cpe, part, target, requires, ..
			} = one;
			(vendor, product, versions, from_cpe, part, target, requires)
		}
		names(self) == names(other)
	}
}

/// Kind of product (CPE 2.3, attribute `part`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
	/// An application.
	Application,
	/// An operating system or firmware.
	OperatingSystem,
	/// Hardware.
	Hardware,
}

/// A product that a vulnerability needs beside the affected one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
	/// Kind of product, if known.
	pub part: Option<Part>,
	/// Its vendor; empty if the source names none.
	pub vendor: String,
	/// Its name.
	pub product: String,
	/// The versions that count.
	pub versions: VersionSet,
}

impl std::fmt::Display for Platform {
	fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let name = format!("{} {}", self.vendor, self.product);
		out.write_str(name.trim())
	}
}

/// A statement of a VEX document (Vulnerability Exploitability eXchange).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VexStatement {
	/// CVE id.
	pub cve: String,
	/// What the author found.
	pub status: VexStatus,
	/// The products: package URLs, CPE names, or ids of assets. Empty means every product.
	pub products: Vec<String>,
	/// Why, in the words of the standard or of the author.
	pub justification: String,
	/// Who says so.
	pub author: String,
}

/// The four states of VEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
	/// No remediation is needed.
	NotAffected,
	/// Action is recommended.
	Affected,
	/// The fix is contained.
	Fixed,
	/// Not known yet.
	UnderInvestigation,
}

/// A distribution's statement about one of its packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AffectedPackage {
	/// CVE id.
	pub cve: String,
	/// Id of the OSV entry.
	pub source: String,
	/// Distribution and release, for example `Debian:12`.
	pub ecosystem: String,
	/// Source package.
	pub name: String,
	/// Changes of state in ascending order of version.
	pub events: Vec<Event>,
	/// Affected versions listed one by one.
	pub versions: Vec<String>,
}

/// A version at which a package becomes affected or stops being so (OSV schema, `affected[].ranges`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
	/// Affected from here on; `0` is before every version.
	Introduced(String),
	/// Not affected from here on.
	Fixed(String),
	/// Not affected beyond this version.
	LastAffected(String),
}

/// An entry of the catalogue of known exploited vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
	/// When it was added, `YYYY-MM-DD`.
	pub added: String,
	/// Whether a ransomware campaign is known to use it.
	pub ransomware: bool,
}

/// An exploit prediction score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epss {
	/// Probability of exploitation within the next 30 days, 0 to 1.
	pub probability: f64,
	/// Share of all scored vulnerabilities with the same or a lower probability, 0 to 1.
	pub percentile: f64,
}

/// The formats that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
	/// OASIS Common Security Advisory Framework 2.0.
	Csaf,
	/// NVD CVE API 2.0.
	Nvd,
	/// Open Source Vulnerability format.
	Osv,
	/// CISA's catalogue of known exploited vulnerabilities.
	Kev,
	/// FIRST's exploit prediction scores.
	Epss,
	/// CVE record format 5.
	Cve5,
	/// OpenVEX, or the vulnerabilities of a CycloneDX document.
	Vex,
}

/// A file that could not be read, or an entry in a file that could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
	/// The file, relative to the feed's folder.
	pub file: String,
	/// What is wrong and what to do.
	pub reason: String,
}

impl Feed {
	/// Reads every `.json` and `.csv` file in the folder and the folders below it, in order of their names.
	///
	/// Files that cannot be read are returned; the others are in the feed.
	///
	/// # Errors
	/// [`Error::Folder`] if a folder cannot be listed.
	pub fn load(folder: &Path) -> Result<(Self, Vec<Failure>), Error> {
		let files = files(folder)?;
		let mut feed = Self::default();
		let mut failures = Vec::new();
		let mut hash = Sha256::new();
		for (name, path) in files {
			match read(&path, &name) {
				Ok(bytes) => {
					hash.update((name.len() as u64).to_be_bytes());
					hash.update(&name);
					hash.update((bytes.len() as u64).to_be_bytes());
					hash.update(&bytes);
					match feed.add(&name, &bytes) {
						Ok((_, partial)) => failures.extend(partial),
						Err(error) => {
							failures.push(Failure { file: name, reason: error.to_string() })
						},
					}
				},
				Err(error) => failures.push(Failure { file: name, reason: error.to_string() }),
			}
		}
		feed.version = hex::encode(hash.finalize());
		for failure in &failures {
			tracing::warn!(file = %failure.file, reason = %failure.reason, "feed file left out");
		}
		Ok((feed, failures))
	}

	/// Adds one file, whose format is told by its content. `name` is only used in messages.
	///
	/// Returns the format and the entries of the file that were left out because they are malformed.
	///
	/// # Errors
	/// [`Error::UnknownFormat`] or [`Error::Malformed`]; nothing was added then.
	pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(Format, Vec<Failure>), Error> {
		import::add(self, name, bytes)
	}
}

/// A file, or the feed files of a folder and the folders below it, in order of their names, each with its name
/// relative to the folder.
pub(crate) fn files(path: &Path) -> Result<Vec<(String, PathBuf)>, Error> {
	if path.is_file() {
		let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
		return Ok(vec![(name, path.to_owned())]);
	}
	let mut found = Vec::new();
	list(path, 0, &mut found)?;
	found.sort();
	let named =
		|file: PathBuf| (file.strip_prefix(path).unwrap_or(&file).display().to_string(), file);
	Ok(found.into_iter().map(named).collect())
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Error> {
	let unreadable = |source| Error::Folder { path: folder.into(), source };
	for entry in fs::read_dir(folder).map_err(unreadable)? {
		let entry = entry.map_err(unreadable)?;
		let path = entry.path();
		let kind = entry.file_type().map_err(unreadable)?;
		if kind.is_dir() && depth < DEPTH {
			list(&path, depth + 1, files)?;
		} else if kind.is_file()
			&& path.extension().is_some_and(|e| e == "json" || e == "jsonl" || e == "csv")
		{
			files.push(path);
		}
	}
	Ok(())
}

fn read(path: &Path, name: &str) -> Result<Vec<u8>, Error> {
	let unreadable = |source| Error::Unreadable { file: name.into(), source };
	let bytes = fs::metadata(path).map_err(unreadable)?.len();
	if bytes > FILE_BYTES {
		return Err(Error::TooLarge { file: name.into(), bytes, limit: FILE_BYTES });
	}
	fs::read(path).map_err(unreadable)
}
