//! Columns of any kind made comparable.

use std::collections::HashMap;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
	/// Numbers.
	Number,
	/// Names: each becomes its rarity.
	Name,
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Value {
	/// Of [`Column::Number`].
	Number(f64),
	/// Of [`Column::Name`].
	Name(String),
}

/// Skewness from which a column of non-negative numbers is taken by its logarithm; that of the
/// exponential distribution.
const SKEWED: f64 = 2.0;

/// Ratio of the greatest to the least value from which a column of positive numbers is taken by its
/// logarithm: rates and sizes span orders of magnitude.
const WIDE: f64 = 20.0;

/// Makes columns comparable: non-negative numbers that are skewed or span orders of magnitude by `ln(1 + x)`, names by `−ln` of
/// their share, then everything by mean and standard deviation. A column that never varied has the
/// deviation 1.
#[derive(Clone, Debug)]
pub struct Scaling {
	columns: Vec<Scale>,
}

#[derive(Clone, Debug)]
struct Scale {
	kind: Kind,
	centre: f64,
	spread: f64,
}

#[derive(Clone, Debug)]
enum Kind {
	Plain,
	Logarithm,
	Rarity { of: HashMap<String, f64>, unseen: f64 },
}

impl Scaling {
	/// Learns the scale of every column.
	pub fn fit(columns: &[Column], rows: &[&Vec<Value>]) -> Self {
		let scales = columns.iter().enumerate().map(|(place, column)| {
			let kind = match column {
				Column::Name => rarity(rows, place),
				Column::Number => number(rows, place),
			};
			let mut scale = Scale { kind, centre: 0.0, spread: 1.0 };
			let values: Vec<f64> = rows.iter().map(|row| scale.transform(&row[place])).collect();
			let (centre, spread) = moments(&values);
			scale.centre = centre;
			scale.spread = if spread > 1e-9 { spread } else { 1.0 };
			scale
		});
		Self { columns: scales.collect() }
	}

	/// The scaled row. What is missing at its end counts as 0.
	pub fn apply(&self, row: &[Value]) -> Vec<f32> {
		let values = row.iter().map(Some).chain(std::iter::repeat(None));
		let scaled = self.columns.iter().zip(values);
		scaled
			.map(|(scale, value)| {
				let value = value.map_or(0.0, |value| scale.transform(value));
				((value - scale.centre) / scale.spread) as f32
			})
			.collect()
	}
}

impl Scale {
	fn transform(&self, value: &Value) -> f64 {
		match (&self.kind, value) {
			(Kind::Plain, Value::Number(number)) => finite(*number),
			(Kind::Logarithm, Value::Number(number)) => finite(*number).max(0.0).ln_1p(),
			(Kind::Rarity { of, unseen }, Value::Name(name)) => *of.get(name).unwrap_or(unseen),
			(Kind::Rarity { unseen, .. }, Value::Number(_)) => *unseen,
			(_, Value::Name(_)) => 0.0,
		}
	}
}

fn finite(number: f64) -> f64 {
	if number.is_finite() {
		number
	} else {
		0.0
	}
}

fn rarity(rows: &[&Vec<Value>], place: usize) -> Kind {
	let mut counts: HashMap<String, u64> = HashMap::new();
	for row in rows {
		if let Value::Name(name) = &row[place] {
			*counts.entry(name.clone()).or_default() += 1;
		}
	}
	let all = rows.len() as f64 + 1.0;
	let surprise = |count: u64| -((count as f64 + 0.5) / all).ln();
	let of = counts.into_iter().map(|(name, count)| (name, surprise(count))).collect();
	Kind::Rarity { of, unseen: surprise(0) }
}

fn number(rows: &[&Vec<Value>], place: usize) -> Kind {
	let values: Vec<f64> = rows
		.iter()
		.map(|row| match &row[place] {
			Value::Number(number) => finite(*number),
			Value::Name(_) => 0.0,
		})
		.collect();
	if values.iter().any(|value| *value < 0.0) {
		return Kind::Plain;
	}
	let (mean, deviation) = moments(&values);
	let cubes: f64 = values.iter().map(|value| (value - mean).powi(3)).sum();
	let skewness = cubes / (values.len().max(1) as f64 * deviation.powi(3)).max(f64::MIN_POSITIVE);
	let least = values.iter().copied().fold(f64::INFINITY, f64::min);
	let greatest = values.iter().copied().fold(0.0, f64::max);
	let wide = least > 0.0 && greatest / least > WIDE;
	// A column that never varied tells nothing of its shape; counts usually are skewed.
	if deviation <= 1e-9 || skewness > SKEWED || wide {
		Kind::Logarithm
	} else {
		Kind::Plain
	}
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
	let count = values.len().max(1) as f64;
	let mean = values.iter().sum::<f64>() / count;
	let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
	(mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sizes_are_taken_by_logarithm_shares_are_not_and_an_unseen_name_is_the_rarest() {
		let row = |size: f64, share: f64, name: &str| {
			vec![Value::Number(size), Value::Number(share), Value::Name(name.into())]
		};
		let rows: Vec<Vec<Value>> = (0..200u32)
			.map(|step| {
				let name = if step % 50 == 0 { "rare" } else { "common" };
				row(f64::from(step % 9).exp2(), f64::from(step % 10) / 10.0, name)
			})
			.collect();
		let columns = [Column::Number, Column::Number, Column::Name];
		let scaling = Scaling::fit(&columns, &rows.iter().collect::<Vec<_>>());
		let at = |size: f64, share: f64, name: &str| scaling.apply(&row(size, share, name));
		let step = at(16.0, 0.1, "common")[0] - at(8.0, 0.1, "common")[0];
		let later = at(256.0, 0.1, "common")[0] - at(128.0, 0.1, "common")[0];
		assert!((step - later).abs() < 0.1, "{step} {later}");
		let even = at(1.0, 0.2, "common")[1] - at(1.0, 0.1, "common")[1];
		let same = at(1.0, 0.9, "common")[1] - at(1.0, 0.8, "common")[1];
		assert!((even - same).abs() < 1e-4);
		assert!(at(1.0, 0.1, "never")[2] > at(1.0, 0.1, "rare")[2]);
		assert!(at(1.0, 0.1, "rare")[2] > at(1.0, 0.1, "common")[2]);
	}

	#[test]
	fn what_is_no_number_or_missing_does_not_spread() {
		let scaling = Scaling::fit(&[Column::Number], &[&vec![Value::Number(f64::NAN)]]);
		assert_eq!(scaling.apply(&[Value::Number(f64::INFINITY)]), [0.0]);
		assert_eq!(scaling.apply(&[]), [0.0]);
	}
}
