//! How easily people can be found again in a data package, and which of its rows are unusual.
//!
//! Advice only: nothing here changes, holds or delays a package.

mod bundle;

pub use bundle::{people, unusual_measurements};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{json, Value as Json};
use sha2::{Digest, Sha256};

use crate::{
	ensemble::{
		scaling::{Column, Value},
		Baseline, Ensemble, EnsembleConfig,
	},
	snapshots::hexadecimal,
};

/// Least score of a row that is called unusual: three times as far out as the ninth decile.
const UNUSUAL: f64 = 3.0;

/// Fewest rows from which it is told what is usual.
const ENOUGH: usize = 50;

/// Columns of a package.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagePolicy {
	/// Columns that together may identify somebody (year of birth, postcode, sex).
	pub quasi_identifiers: Vec<String>,
	/// Columns whose value must not be learned (diagnosis).
	pub sensitive: Vec<String>,
	/// Least size of a group of people alike in all quasi-identifiers.
	pub least_k: usize,
	/// Least number of different sensitive values in a group.
	pub least_l: usize,
	/// Greatest share of people who are alone in their group.
	pub greatest_unique_share: f64,
}

/// What was found in a package.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PackageAssessment {
	/// Rows.
	pub rows: usize,
	/// Groups of rows alike in all quasi-identifiers.
	pub groups: usize,
	/// Size of the smallest group (k-anonymity: Samarati 2001, Sweeney 2002).
	pub k: usize,
	/// Fewest different values of a sensitive column in a group (distinct l-diversity:
	/// Machanavajjhala et al. 2007); nothing without a sensitive column.
	pub l: Option<usize>,
	/// Share of rows that are alone in their group.
	pub unique_share: f64,
	/// Mean over the rows of one over the size of their group: the share of people that somebody who
	/// knows the quasi-identifiers of all finds again.
	pub expected_reidentified: f64,
	/// What the policy asks for and the package does not give; empty if it fits.
	pub exceeded: Vec<String>,
}

/// What is wrong with a package or its policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
	/// A column of the policy is not in the package.
	#[error("the package has no column {0}; correct the policy or the export")]
	MissingColumn(String),
	/// A row has another number of cells than the header.
	#[error("row {0} has another number of cells than the header; correct the export")]
	Ragged(usize),
	/// There is nothing to assess.
	#[error(
		"the package has no row, or the policy no quasi-identifier; there is nothing to assess"
	)]
	Nothing,
}

/// Assesses rows under a policy. Cells are compared as they are: generalise them before.
///
/// # Errors
/// [`PackageError`].
pub fn assess(
	header: &[String],
	rows: &[Vec<String>],
	policy: &PackagePolicy,
) -> Result<PackageAssessment, PackageError> {
	let place = |name: &String| {
		let place = header.iter().position(|column| column == name);
		place.ok_or_else(|| PackageError::MissingColumn(name.clone()))
	};
	let identifying = policy.quasi_identifiers.iter().map(place).collect::<Result<Vec<_>, _>>()?;
	let sensitive = policy.sensitive.iter().map(place).collect::<Result<Vec<_>, _>>()?;
	if rows.is_empty() || identifying.is_empty() {
		return Err(PackageError::Nothing);
	}
	let mut groups: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
	for (index, row) in rows.iter().enumerate() {
		if row.len() != header.len() {
			return Err(PackageError::Ragged(index));
		}
		let key = identifying.iter().map(|place| row[*place].as_str()).collect();
		groups.entry(key).or_default().push(index);
	}
	let k = groups.values().map(Vec::len).min().unwrap_or(0);
	let unique = groups.values().filter(|members| members.len() == 1).count();
	let diversity = |members: &Vec<usize>, place: usize| {
		members.iter().map(|index| rows[*index][place].as_str()).collect::<BTreeSet<_>>().len()
	};
	let l = groups
		.values()
		.flat_map(|members| sensitive.iter().map(|place| diversity(members, *place)))
		.min();
	let unique_share = unique as f64 / rows.len() as f64;
	let mut exceeded = Vec::new();
	if k < policy.least_k {
		exceeded.push(format!("smallest group {k}, at least {} asked for", policy.least_k));
	}
	if let Some(l) = l.filter(|l| *l < policy.least_l) {
		exceeded.push(format!("{l} sensitive values in a group, {} asked for", policy.least_l));
	}
	if unique_share > policy.greatest_unique_share {
		exceeded.push(format!(
			"{:.1} % of the people are unique, at most {:.1} % allowed",
			100.0 * unique_share,
			100.0 * policy.greatest_unique_share
		));
	}
	Ok(PackageAssessment {
		rows: rows.len(),
		groups: groups.len(),
		k,
		l,
		unique_share,
		expected_reidentified: groups.len() as f64 / rows.len() as f64,
		exceeded,
	})
}

/// The stricter of two policies in every respect: what holds when sender and recipient each have
/// one.
pub fn stricter(one: &PackagePolicy, other: &PackagePolicy) -> PackagePolicy {
	let both = |one: &[String], other: &[String]| -> Vec<String> {
		one.iter().chain(other).cloned().collect::<BTreeSet<_>>().into_iter().collect()
	};
	PackagePolicy {
		quasi_identifiers: both(&one.quasi_identifiers, &other.quasi_identifiers),
		sensitive: both(&one.sensitive, &other.sensitive),
		least_k: one.least_k.max(other.least_k),
		least_l: one.least_l.max(other.least_l),
		greatest_unique_share: one.greatest_unique_share.min(other.greatest_unique_share),
	}
}

/// What is told of a package as JSON: its SHA-256, what it gives and lacks under the own policy and, if it is at hand, under that
/// of the other side and under the stricter of both; in what they differ. `assess` assesses it under one policy.
///
/// # Errors
/// Those of `assess`.
pub fn compare<E>(
	package: &[u8],
	ours: &PackagePolicy,
	theirs: Option<&PackagePolicy>,
	unusual: &[UnusualRow],
	assess: impl Fn(&PackagePolicy) -> Result<PackageAssessment, E>,
) -> Result<Json, E> {
	let own = assess(ours)?;
	let mut found = json!({
		"sha256": hexadecimal(&Sha256::digest(package)),
		"rows": own.rows,
		"ours": own,
		"unusual": unusual,
		"advice": "Nothing follows by itself; a person decides.",
	});
	if let Some(theirs) = theirs {
		found["theirs"] = json!(assess(theirs)?);
		found["both"] = json!(assess(&stricter(ours, theirs))?);
		found["differences"] = json!(differences(ours, theirs));
	}
	Ok(found)
}

/// What two policies say of one thing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
	/// The key of the policy.
	pub what: &'static str,
	/// What the own policy says.
	pub ours: String,
	/// What the other one says.
	pub theirs: String,
}

/// In what two policies differ.
pub fn differences(ours: &PackagePolicy, theirs: &PackagePolicy) -> Vec<Difference> {
	let list = |names: &[String]| {
		let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
		names.into_iter().collect::<Vec<_>>().join(", ")
	};
	let told = |policy: &PackagePolicy| {
		[
			("quasi_identifiers", list(&policy.quasi_identifiers)),
			("sensitive", list(&policy.sensitive)),
			("least_k", policy.least_k.to_string()),
			("least_l", policy.least_l.to_string()),
			("greatest_unique_share", policy.greatest_unique_share.to_string()),
		]
	};
	let both = told(ours).into_iter().zip(told(theirs));
	both.filter(|(ours, theirs)| ours != theirs)
		.map(|((what, ours), (_, theirs))| Difference { what, ours, theirs })
		.collect()
}

/// A row unlike the others: a slip of the export, a mix-up, or somebody who stands out.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct UnusualRow {
	/// Its place, from 0.
	pub row: usize,
	/// How unusual: the median of the package is 0, its ninth decile 1.
	pub score: f64,
	/// The column that makes it so.
	pub column: String,
}

/// The rows that are the most unlike the others, at most so many; none of a package of fewer than fifty rows. A column
/// is one of numbers if every cell is, and of names otherwise. Rows have as many cells as the header.
pub fn unusual_rows(header: &[String], rows: &[Vec<String>], most: usize) -> Vec<UnusualRow> {
	if rows.len() < ENOUGH || header.is_empty() {
		return Vec::new();
	}
	let number = |cell: &str| cell.trim().parse::<f64>().ok().filter(|number| number.is_finite());
	let columns: Vec<Column> = (0..header.len())
		.map(|place| match rows.iter().all(|row| number(&row[place]).is_some()) {
			true => Column::Number,
			false => Column::Name,
		})
		.collect();
	let value = |(cell, column): (&String, &Column)| match (column, number(cell)) {
		(Column::Number, Some(number)) => Value::Number(number),
		_ => Value::Name(cell.clone()),
	};
	let rows: Vec<Vec<Value>> =
		rows.iter().map(|row| row.iter().zip(&columns).map(value).collect()).collect();
	let config = EnsembleConfig::default();
	let ensemble = Ensemble::fit(&columns, &rows, Baseline::Unvetted, &config);
	let scored = rows.iter().enumerate().map(|(row, values)| (ensemble.score(values), row));
	let mut scored: Vec<(f64, usize)> = scored.filter(|(score, _)| *score >= UNUSUAL).collect();
	scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
	scored.truncate(most);
	let leading = |row: usize| {
		let shares = ensemble.attribution(&rows[row]).shares;
		let places = shares.iter().enumerate();
		let greatest = places.max_by(|one, other| one.1.total_cmp(other.1));
		greatest.map_or_else(String::new, |(place, _)| header[place].clone())
	};
	scored.into_iter().map(|(score, row)| UnusualRow { row, score, column: leading(row) }).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_measurement_that_cannot_be_is_the_most_unusual_row_and_its_column_is_named() {
		let header = ["sex", "age", "temperature"].map(String::from);
		let mut rows: Vec<Vec<String>> = (0..200)
			.map(|row: u32| {
				let sex = if row.is_multiple_of(2) { "f" } else { "m" };
				let temperature = 36.5 + f64::from(row * 7 % 13) / 10.0;
				vec![sex.into(), (20 + row * 31 % 60).to_string(), temperature.to_string()]
			})
			.collect();
		rows[77][2] = "366".into();
		let found = unusual_rows(&header, &rows, 3);
		assert_eq!((found[0].row, found[0].column.as_str()), (77, "temperature"), "{found:?}");
		assert!(found.len() <= 3);
		assert!(unusual_rows(&header, &rows[..10], 3).is_empty());
	}

	fn policy() -> PackagePolicy {
		PackagePolicy {
			quasi_identifiers: vec!["year".into(), "sex".into()],
			sensitive: vec!["diagnosis".into()],
			least_k: 2,
			least_l: 2,
			greatest_unique_share: 0.1,
		}
	}

	fn package(rows: &[[&str; 3]]) -> Result<PackageAssessment, PackageError> {
		let header = ["year", "sex", "diagnosis"].map(String::from);
		let rows: Vec<Vec<String>> =
			rows.iter().map(|row| row.iter().map(|cell| cell.to_string()).collect()).collect();
		assess(&header, &rows, &policy())
	}

	#[test]
	fn one_person_alone_breaks_k_and_one_shared_diagnosis_breaks_l() {
		let found = package(&[
			["1950", "f", "I10"],
			["1950", "f", "E11"],
			["1960", "m", "C50"],
			["1960", "m", "C50"],
			["1970", "f", "I10"],
		])
		.unwrap();
		assert_eq!((found.k, found.l, found.groups), (1, Some(1), 3));
		assert!((found.unique_share - 0.2).abs() < 1e-12);
		assert!((found.expected_reidentified - 0.6).abs() < 1e-12);
		assert_eq!(found.exceeded.len(), 3);
	}

	#[test]
	fn a_package_within_the_policy_exceeds_nothing() {
		let found = package(&[["1950", "f", "I10"], ["1950", "f", "E11"]]).unwrap();
		assert!(found.exceeded.is_empty(), "{found:?}");
	}

	#[test]
	fn a_missing_column_and_a_ragged_row_are_refused() {
		let header = ["year".to_string()];
		assert_eq!(
			assess(&header, &[vec!["1".into()]], &policy()),
			Err(PackageError::MissingColumn("sex".into()))
		);
		let header = ["year", "sex", "diagnosis"].map(String::from);
		assert_eq!(assess(&header, &[vec!["1".into()]], &policy()), Err(PackageError::Ragged(0)));
	}

	#[test]
	fn of_two_policies_the_stricter_holds_in_every_respect() {
		let mut other = policy();
		other.least_k = 5;
		other.greatest_unique_share = 0.5;
		other.quasi_identifiers = vec!["postcode".into()];
		let both = stricter(&policy(), &other);
		assert_eq!((both.least_k, both.greatest_unique_share), (5, 0.1));
		assert_eq!(both.quasi_identifiers, ["postcode", "sex", "year"]);
	}
}
