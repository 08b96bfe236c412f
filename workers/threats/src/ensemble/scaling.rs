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

/// Makes columns comparable: non-negative numbers that are skewed by `ln(1 + x)`, names by `−ln` of
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
	// A column that never varied tells nothing of its shape; counts usually are skewed.
	if deviation <= 1e-9 || skewness > SKEWED {
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
