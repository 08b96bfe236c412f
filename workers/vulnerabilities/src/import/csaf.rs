//! CSAF 2.0 advisories: product tree, product status and scores.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::typed;
use crate::{
	cvss::Cvss,
	error::Error,
	feed::{Advisory, AffectedProduct, Failure, Feed},
	range::{VersionSet, Versions},
};

/// Deepest product tree that is followed.
const DEPTH: usize = 32;

#[derive(Deserialize)]
struct Csaf {
	document: Document,
	product_tree: ProductTree,
	vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
struct Document {
	csaf_version: String,
	#[serde(default)]
	title: String,
	tracking: Tracking,
}

#[derive(Deserialize)]
struct Tracking {
	id: String,
}

#[derive(Deserialize)]
struct ProductTree {
	#[serde(default)]
	branches: Vec<Branch>,
	#[serde(default)]
	full_product_names: Vec<FullProductName>,
}

#[derive(Deserialize)]
struct Branch {
	category: String,
	name: String,
	#[serde(default)]
	branches: Vec<Branch>,
	product: Option<FullProductName>,
}

#[derive(Deserialize)]
struct FullProductName {
	name: String,
	product_id: String,
}

#[derive(Deserialize)]
struct Vulnerability {
	cve: Option<String>,
	title: Option<String>,
	#[serde(default)]
	notes: Vec<Note>,
	#[serde(default)]
	product_status: ProductStatus,
	#[serde(default)]
	scores: Vec<ProductScore>,
}

#[derive(Deserialize)]
struct Note {
	category: String,
	text: String,
}

#[derive(Deserialize, Default)]
struct ProductStatus {
	#[serde(default)]
	known_affected: Vec<String>,
	#[serde(default)]
	first_affected: Vec<String>,
	#[serde(default)]
	last_affected: Vec<String>,
}

#[derive(Deserialize)]
struct ProductScore {
	cvss_v3: Option<CvssData>,
	cvss_v2: Option<CvssData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
	vector_string: String,
	base_score: Option<f64>,
}

/// Vendor, product and versions on the way from the root of the product tree to a leaf.
#[derive(Clone, Default)]
struct Path {
	vendor: String,
	product: String,
	versions: Option<VersionSet>,
}

/// Adds the vulnerabilities; product ids that the tree does not define are returned.
pub(super) fn add(feed: &mut Feed, file: &str, json: Value) -> Result<Vec<Failure>, Error> {
	let csaf: Csaf = typed(file, "CSAF", json)?;
	if csaf.document.csaf_version != "2.0" {
		return Err(Error::Malformed {
			file: file.into(),
			format: "CSAF",
			reason: format!("its version is {}, only 2.0 is read", csaf.document.csaf_version),
		});
	}
	let mut products = BTreeMap::new();
	walk(&csaf.product_tree.branches, &Path::default(), 0, &mut products);
	for full in &csaf.product_tree.full_product_names {
		products.entry(full.product_id.clone()).or_insert_with(|| unstructured(&full.name));
	}
	let source = csaf.document.tracking.id;
	let mut failures = Vec::new();
	for vulnerability in csaf.vulnerabilities {
		let status = &vulnerability.product_status;
		let mut affected = Vec::new();
		for id in
			status.known_affected.iter().chain(&status.first_affected).chain(&status.last_affected)
		{
			match products.get(id) {
				Some(product) => affected.push(product.clone()),
				None => failures.push(Failure {
					file: file.into(),
					reason: format!("product {id} is not defined by the product tree's branches"),
				}),
			}
		}
		let summary = vulnerability
			.title
			.or_else(|| {
				let note = vulnerability.notes.into_iter().find(|note| note.category == "summary");
				note.map(|note| note.text)
			})
			.unwrap_or_else(|| csaf.document.title.clone());
		feed.advisories.push(Advisory {
			cve: vulnerability.cve.unwrap_or_else(|| source.clone()),
			source: source.clone(),
			summary,
			cvss: worst(&vulnerability.scores),
			affected,
		});
	}
	Ok(failures)
}

fn worst(scores: &[ProductScore]) -> Option<Cvss> {
	scores
		.iter()
		.filter_map(|score| score.cvss_v3.as_ref().or(score.cvss_v2.as_ref()))
		.filter_map(|data| Cvss::from_vector(&data.vector_string, data.base_score))
		.max_by(|a, b| a.score.total_cmp(&b.score))
}

fn walk(
	branches: &[Branch],
	path: &Path,
	depth: usize,
	products: &mut BTreeMap<String, AffectedProduct>,
) {
	if depth > DEPTH {
		return;
	}
	for branch in branches {
		let mut path = path.clone();
		match branch.category.as_str() {
			"vendor" => path.vendor.clone_from(&branch.name),
			"product_name" => path.product.clone_from(&branch.name),
			"product_version" => path.versions = Some(VersionSet::parse_version(&branch.name)),
			"product_version_range" => path.versions = Some(VersionSet::parse_range(&branch.name)),
			// Families, architectures, service packs and the like do not name a product by themselves.
			_ => {},
		}
		if let Some(full) = &branch.product {
			let product = if path.product.is_empty() {
				unstructured(&full.name)
			} else {
				AffectedProduct {
					vendor: path.vendor.clone(),
					product: path.product.clone(),
					versions: path.versions.clone().unwrap_or_else(every_version),
					from_cpe: false,
					requires: Vec::new(),
				}
			};
			products.insert(full.product_id.clone(), product);
		}
		walk(&branch.branches, &path, depth + 1, products);
	}
}

fn every_version() -> VersionSet {
	VersionSet { versions: Versions::All, condition: None, text: "no version given".into() }
}

/// A product known by one line of text only.
fn unstructured(name: &str) -> AffectedProduct {
	AffectedProduct {
		vendor: String::new(),
		product: name.into(),
		versions: VersionSet {
			versions: Versions::NotUnderstood {
				reason: "the product tree gives one line of text instead of product and version"
					.into(),
			},
			condition: None,
			text: name.into(),
		},
		from_cpe: false,
		requires: Vec::new(),
	}
}
