//! CSAF 2.0 advisories: product tree, product status and scores.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Entry;
use crate::{
	cpe::{Cpe, CpeVersion},
	cvss::Cvss,
	feed::{Advisory, AffectedProduct, Part, Platform},
	range::{trailing_version, Condition, Interval, Requirement, VersionSet, Versions},
};

/// Deepest product tree that is followed.
const DEPTH: usize = 32;

#[derive(Deserialize)]
struct Csaf {
	document: Document,
	product_tree: ProductTree,
	#[serde(default)]
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
	initial_release_date: Option<String>,
}

#[derive(Deserialize)]
struct ProductTree {
	#[serde(default)]
	branches: Vec<Branch>,
	#[serde(default)]
	full_product_names: Vec<FullProductName>,
	#[serde(default)]
	relationships: Vec<Relationship>,
}

/// A product that exists by being part of, or installed on, another one.
#[derive(Deserialize)]
struct Relationship {
	category: String,
	product_reference: String,
	relates_to_product_reference: String,
	full_product_name: FullProductName,
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
	product_identification_helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
	cpe: Option<String>,
	#[serde(default)]
	model_numbers: Vec<String>,
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
	#[serde(default)]
	remediations: Vec<Remediation>,
}

/// What helps against it (3.2.3.12).
#[derive(Deserialize)]
struct Remediation {
	category: String,
	#[serde(default)]
	details: String,
	url: Option<String>,
	#[serde(default)]
	product_ids: Vec<String>,
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
	#[serde(default)]
	fixed: Vec<String>,
	#[serde(default)]
	known_not_affected: Vec<String>,
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

/// Reads an advisory. Returns its statements and what of it had to be left out.
pub(super) fn read(json: Value) -> Result<(Vec<Entry>, Vec<String>), String> {
	let csaf: Csaf = serde_json::from_value(json).map_err(|error| error.to_string())?;
	if csaf.document.csaf_version != "2.0" {
		return Err(format!("its version is {}, only 2.0 is read", csaf.document.csaf_version));
	}
	let products = products(&csaf);
	let source = csaf.document.tracking.id;
	let mut failures = Vec::new();
	let mut entries = Vec::new();
	for vulnerability in csaf.vulnerabilities {
		let status = &vulnerability.product_status;
		let updates = updates(&vulnerability.remediations);
		let mut known = |ids: &[&Vec<String>]| {
			let mut out: Vec<AffectedProduct> = Vec::new();
			for id in ids.iter().copied().flatten() {
				match products.get(id) {
					// Two states may name one product.
					Some(product) if out.iter().any(|known| known.is_same_as(product)) => {},
					Some(product) => {
						let fixed_by = updates.get(id.as_str()).cloned().unwrap_or_default();
						out.push(AffectedProduct { fixed_by, ..product.clone() });
					},
					None => {
						failures.push(format!("product {id} is not defined by the product tree"))
					},
				}
			}
			out
		};
		let affected =
			known(&[&status.known_affected, &status.first_affected, &status.last_affected]);
		let not_affected = known(&[&status.fixed, &status.known_not_affected]);
		let summary = vulnerability
			.title
			.or_else(|| {
				let note = vulnerability.notes.into_iter().find(|note| note.category == "summary");
				note.map(|note| note.text)
			})
			.unwrap_or_else(|| csaf.document.title.clone());
		entries.push(Entry::Advisory(Box::new(Advisory {
			cve: vulnerability.cve.unwrap_or_else(|| source.clone()),
			source: source.clone(),
			summary,
			cvss: worst(&vulnerability.scores),
			affected,
			not_affected,
		})));
	}
	Ok((entries, failures))
}

/// The updates that a publisher names as fixes for each product, by their number in its knowledge base.
fn updates(remediations: &[Remediation]) -> BTreeMap<&str, Vec<String>> {
	let mut out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
	for remediation in remediations.iter().filter(|one| one.category == "vendor_fix") {
		let numbers = knowledge_base(&remediation.details)
			.chain(knowledge_base(remediation.url.as_deref().unwrap_or_default()));
		for number in numbers {
			for product in &remediation.product_ids {
				let known = out.entry(product).or_default();
				if !known.contains(&number) {
					known.push(number.clone());
				}
			}
		}
	}
	out
}

/// Numbers of Microsoft's knowledge base in a text: `KB5033372`, or behind an address of its support pages
/// (`https://support.microsoft.com/help/5033372`).
fn knowledge_base(text: &str) -> impl Iterator<Item = String> + '_ {
	let digits = |rest: &str| {
		let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
		(6..=8).contains(&end).then(|| format!("KB{}", &rest[..end]))
	};
	["KB", "support.microsoft.com/help/", "support.microsoft.com/kb/"].into_iter().flat_map(
		move |mark| {
			text.match_indices(mark).filter_map(move |(at, _)| digits(&text[at + mark.len()..]))
		},
	)
}

/// The versions that the product tree names: category of the branch, text, and what was understood.
///
/// # Errors
/// Why the document is not CSAF 2.0.
pub(crate) fn product_versions(json: Value) -> Result<Vec<(String, VersionSet)>, String> {
	fn collect(
		branches: &[Branch],
		published: Option<&str>,
		out: &mut Vec<(String, VersionSet)>,
		depth: usize,
	) {
		for branch in branches {
			if let Some(set) = versions_of(branch, published) {
				out.push((branch.category.clone(), set));
			}
			if depth < DEPTH {
				collect(&branch.branches, published, out, depth + 1);
			}
		}
	}
	let csaf: Csaf = serde_json::from_value(json).map_err(|error| error.to_string())?;
	if csaf.document.csaf_version != "2.0" {
		return Err(format!("its version is {}, only 2.0 is read", csaf.document.csaf_version));
	}
	let mut out = Vec::new();
	let published = csaf.document.tracking.initial_release_date.as_deref();
	collect(&csaf.product_tree.branches, published, &mut out, 0);
	Ok(out)
}

fn versions_of(branch: &Branch, published: Option<&str>) -> Option<VersionSet> {
	match branch.category.as_str() {
		"product_version" => Some(VersionSet::parse_published(&branch.name, published, true)),
		"product_version_range" => {
			Some(VersionSet::parse_published(&branch.name, published, false))
		},
		_ => None,
	}
}

/// Every product that the tree defines, by its id.
fn products(csaf: &Csaf) -> BTreeMap<String, AffectedProduct> {
	let mut products = BTreeMap::new();
	let published = csaf.document.tracking.initial_release_date.as_deref();
	let reading = Reading { title: &csaf.document.title, published };
	reading.walk(&csaf.product_tree.branches, &Path::default(), 0, &mut products);
	for full in &csaf.product_tree.full_product_names {
		products
			.entry(full.product_id.clone())
			.or_insert_with(|| refined(unstructured(&full.name), full));
	}
	for relationship in &csaf.product_tree.relationships {
		if let Some(product) = related(relationship, &products) {
			products.insert(relationship.full_product_name.product_id.clone(), product);
		}
	}
	products
}

/// A component of a product is affected where the product is; what is installed on a platform, only with it.
fn related(
	relationship: &Relationship,
	products: &BTreeMap<String, AffectedProduct>,
) -> Option<AffectedProduct> {
	let part = products.get(&relationship.product_reference)?;
	let whole = products.get(&relationship.relates_to_product_reference)?;
	let mut out = match relationship.category.as_str() {
		// The inventory knows the product by its own name, not by that of what is inside.
		"default_component_of" | "external_component_of" => {
			let mut out = whole.clone();
			if out.versions.versions == Versions::All {
				out.versions.text = format!("{} (with {})", out.versions.text, part.product);
			}
			return Some(out);
		},
		_ => part.clone(),
	};
	out.requires.push(vec![Platform {
		part: whole.part,
		vendor: whole.vendor.clone(),
		product: whole.product.clone(),
		versions: whole.versions.clone(),
	}]);
	Some(out)
}

fn worst(scores: &[ProductScore]) -> Option<Cvss> {
	scores
		.iter()
		.filter_map(|score| score.cvss_v3.as_ref().or(score.cvss_v2.as_ref()))
		.filter_map(|data| Cvss::from_vector(&data.vector_string, data.base_score))
		.max_by(|a, b| a.score.total_cmp(&b.score))
}

struct Reading<'a> {
	title: &'a str,
	published: Option<&'a str>,
}

impl Reading<'_> {
	fn walk(
		&self,
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
				// Families, architectures, service packs and the like do not name a product by themselves.
				_ => path.versions = versions_of(branch, self.published).or(path.versions),
			}
			if let Some(full) = &branch.product {
				let product = if path.product.is_empty() {
					unstructured(&full.name)
				} else {
					self.product(&path)
				};
				products.insert(full.product_id.clone(), refined(product, full));
			}
			self.walk(&branch.branches, &path, depth + 1, products);
		}
	}

	fn product(&self, path: &Path) -> AffectedProduct {
		let mut versions =
			path.versions.clone().unwrap_or_else(|| VersionSet::all("no version given"));
		let mut product = path.product.as_str();
		if is_a_label(product) {
			product = without_vendor(self.title, &path.vendor);
		}
		if versions.versions == Versions::All {
			if let Some((name, set)) = trailing_version(product) {
				(product, versions) = (name, set);
			}
		}
		AffectedProduct {
			vendor: path.vendor.clone(),
			product: product.to_owned(),
			versions,
			from_cpe: false,
			part: None,
			target: None,
			requires: Vec::new(),
			fixed_by: Vec::new(),
		}
	}
}

/// Whether a product's name is only the word before a version.
fn is_a_label(name: &str) -> bool {
	matches!(
		name.trim().to_ascii_lowercase().as_str(),
		"version" | "versions" | "all versions" | "software" | "firmware" | "product" | "products"
	)
}

/// The title of an advisory usually is vendor and product, between its number and what happened.
fn without_vendor<'a>(title: &'a str, vendor: &str) -> &'a str {
	let title = match title.split_once('_') {
		Some((number, rest)) if number.contains('-') && !number.contains(' ') => rest,
		_ => title,
	};
	let title = title.split(" (").next().unwrap_or(title).trim();
	let title = [" Vulnerabilities", " Vulnerability"]
		.iter()
		.find_map(|w| title.strip_suffix(w))
		.unwrap_or(title);
	match title.get(..vendor.len()) {
		Some(head) if head.eq_ignore_ascii_case(vendor) => {
			title[vendor.len()..].trim_start_matches([' ', ':', '-', '\'']).trim()
		},
		_ => title,
	}
}

/// Adds what the identification helper says.
fn refined(mut product: AffectedProduct, full: &FullProductName) -> AffectedProduct {
	let Some(helper) = &full.product_identification_helper else { return product };
	if let Some(cpe) = helper.cpe.as_deref().and_then(Cpe::parse) {
		let names = (cpe.vendor != "*" && cpe.product != "*").then_some(());
		if names.is_some() {
			product.part = cpe.part;
			product.target = cpe.target.clone();
			// What the tree gives in one line of text only, the CPE gives apart.
			if !product.versions.is_understood() || product.vendor.is_empty() {
				product.versions = match &cpe.version {
					CpeVersion::Exactly(version) => VersionSet::of(
						Versions::Intervals(vec![Interval::exactly(version)]),
						version,
					),
					_ if product.versions.is_understood() => product.versions,
					_ => VersionSet::all(full.name.clone()),
				};
				(product.vendor, product.product, product.from_cpe) =
					(cpe.vendor, cpe.product, true);
			}
		}
	}
	if let [model] = helper.model_numbers.as_slice() {
		if product.versions.condition.is_none() && !model.contains(['*', '?']) {
			product.versions.condition = Some(Condition {
				text: format!("model {model}"),
				requires: vec![Requirement::Model(model.clone())],
			});
		}
	}
	product
}

/// A product known by one line of text only: a version at its end is taken for one.
fn unstructured(name: &str) -> AffectedProduct {
	let (product, versions) =
		match name.split_once(": ").map(|(product, rest)| (product, VersionSet::parse_range(rest)))
		{
			Some((product, versions)) if versions.is_understood() => (product, versions),
			_ => match trailing_version(name) {
				Some((product, versions)) => (product, versions),
				None => (
					name,
					VersionSet::not_understood(
						"the product tree gives one line of text instead of product and version",
						name,
					),
				),
			},
		};
	AffectedProduct {
		vendor: String::new(),
		product: product.to_owned(),
		versions,
		from_cpe: false,
		part: None::<Part>,
		target: None,
		requires: Vec::new(),
		fixed_by: Vec::new(),
	}
}

#[cfg(test)]
mod tests {
	use serde_json::json;

	use super::*;

	fn advisory(tree: Value, status: Value) -> Advisory {
		let json = json!({
			"document": {"csaf_version": "2.0", "title": "Acme Pump Control", "tracking": {
				"id": "X-1", "initial_release_date": "2017-08-29T00:00:00Z"}},
			"product_tree": tree,
			"vulnerabilities": [{"cve": "CVE-2024-0001", "product_status": status}]});
		let (mut entries, failures) = read(json).expect("CSAF");
		assert_eq!(failures, Vec::<String>::new());
		let Entry::Advisory(advisory) = entries.remove(0) else { panic!() };
		*advisory
	}

	fn tree(product: &str, category: &str, version: &str) -> Value {
		json!({"branches": [{"category": "vendor", "name": "Acme", "branches": [
			{"category": "product_name", "name": product, "branches": [
				{"category": category, "name": version,
					"product": {"name": "n", "product_id": "P"}}]}]}]})
	}

	#[test]
	fn a_label_in_the_place_of_a_product_is_replaced_by_the_title() {
		let found = advisory(
			tree("Version", "product_version_range", "<= R8.0.3"),
			json!({"known_affected": ["P"]}),
		);
		assert_eq!(found.affected[0].product, "Pump Control");
	}

	#[test]
	fn a_version_in_the_products_name_and_a_day_without_year_are_read() {
		let found = advisory(
			tree("Portal 8.0.x", "product_version_range", "vers:all/*"),
			json!({"known_affected": ["P"]}),
		);
		assert_eq!(found.affected[0].product, "Portal");
		assert_eq!(found.affected[0].versions.contains("8.1"), Some(false));
		let found = advisory(
			tree("Pump", "product_version_range", "< august 28"),
			json!({"known_affected": ["P"]}),
		);
		assert_eq!(found.affected[0].versions.contains("2017-08-27"), Some(true));
	}

	#[test]
	fn fixed_versions_and_platforms_are_kept() {
		let found = advisory(tree("Pump", "product_version", "2.0"), json!({"fixed": ["P"]}));
		assert!(found.affected.is_empty());
		assert_eq!(found.not_affected.len(), 1);
		let with_platform = json!({"full_product_names": [
				{"name": "Control: < 3.0", "product_id": "A"},
				{"name": "Windows 7: all versions", "product_id": "B"}],
			"relationships": [{"category": "installed_on", "product_reference": "A",
				"relates_to_product_reference": "B",
				"full_product_name": {"name": "Control on Windows 7", "product_id": "P"}}]});
		let found = advisory(with_platform, json!({"known_affected": ["P"]}));
		assert_eq!(found.affected[0].product, "Control");
		assert_eq!(found.affected[0].requires[0][0].product, "Windows 7");
	}

	#[test]
	fn updates_that_fix_it_are_kept_by_product() {
		let json = json!({
			"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "msrc_CVE-2023-36696"}},
			"product_tree": {"branches": [{"category": "vendor", "name": "Microsoft", "branches": [
				{"category": "product_name", "name": "Windows 10 Version 22H2 for x64-based Systems", "branches": [
					{"category": "product_version_range", "name": "<10.0.19045.3803",
						"product": {"name": "n", "product_id": "1"}}]}]}]},
			"vulnerabilities": [{"cve": "CVE-2023-36696", "product_status": {"known_affected": ["1"]},
				"remediations": [
					{"category": "vendor_fix", "details": "10.0.19045.3803:Security Update",
						"url": "https://support.microsoft.com/help/5033372", "product_ids": ["1"]},
					{"category": "vendor_fix", "details": "install KB5033373 or KB12", "product_ids": ["1"]},
					{"category": "workaround", "details": "KB5033374", "product_ids": ["1"]}]}]});
		let (entries, failures) = read(json).expect("CSAF");
		assert_eq!(failures, Vec::<String>::new());
		let Entry::Advisory(advisory) = &entries[0] else { panic!() };
		assert_eq!(advisory.affected[0].fixed_by, ["KB5033372", "KB5033373"]);
	}

	#[test]
	fn a_cpe_in_the_helper_names_the_product() {
		let helper = json!({"full_product_names": [{"name": "something", "product_id": "P",
			"product_identification_helper": {"cpe": "cpe:2.3:a:acme:pump_control:2.1:*:*:*:*:*:*:*"}}]});
		let found = advisory(helper, json!({"known_affected": ["P"]}));
		assert_eq!(found.affected[0].product, "pump_control");
		assert_eq!(found.affected[0].versions.contains("2.1"), Some(true));
	}
}
