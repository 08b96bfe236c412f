//! Distance to small random selections of what was seen.

use std::collections::HashMap;

use super::{
	density::{squared_distance, KNOWN, LANES},
	random::Random,
	table::Table,
};

/// Selections, and points of each.
const SELECTIONS: usize = 25;
const POINTS: usize = 32;

/// The nearest in each of many small random selections (Ting et al., LeSiNN, ICDM Workshops 2015; Sugiyama and Borgwardt,
/// NIPS 2013). A clump of what is rare has no member in most of them, however dense it is: it cannot be its own
/// neighbourhood.
#[derive(Clone, Debug)]
pub struct Subsamples {
	points: Table,
	/// Whether a point was seen so often that an equal one is known.
	known: Vec<bool>,
	size: usize,
}

impl Subsamples {
	/// Selects among points.
	pub fn fit(points: &Table, random: &mut Random) -> Self {
		let mut seen: HashMap<Vec<u32>, u32> = HashMap::new();
		let key = |row: &[f32]| row.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
		for row in points.rows() {
			*seen.entry(key(row)).or_default() += 1;
		}
		let size = POINTS.min((points.len() / 2).max(1));
		let mut selected = Table::new(points.width().next_multiple_of(LANES));
		let mut known = Vec::with_capacity(SELECTIONS * size);
		for _ in 0..SELECTIONS {
			for place in random.sample(points.len(), size) {
				let row = points.row(place);
				known.push(seen.get(&key(row)).is_some_and(|count| *count >= KNOWN));
				selected.push(row);
			}
		}
		Self { points: selected, known, size }
	}

	/// Mean over the selections of the distance to the nearest; nothing remembered is far away. A point equal to the one
	/// asked for counts if it was seen at least four times.
	pub fn distance(&self, point: &[f32]) -> f64 {
		let (mut sum, mut count) = (0.0, 0);
		self.nearest(point, |squared, _| {
			sum += f64::from(squared.sqrt());
			count += 1;
		});
		if count == 0 {
			return f64::INFINITY;
		}
		sum / f64::from(count)
	}

	/// Adds the squared differences to the nearest, by column.
	pub fn attribute(&self, point: &[f32], shares: &mut [f64]) {
		self.nearest(point, |_, place| {
			let columns = point.iter().zip(self.points.row(place));
			for (share, (value, other)) in shares.iter_mut().zip(columns) {
				*share += f64::from((value - other).powi(2));
			}
		});
	}

	/// Hands over the squared distance and the place of the nearest of each selection.
	fn nearest(&self, point: &[f32], mut found: impl FnMut(f32, usize)) {
		let mut filled = point.to_vec();
		filled.resize(self.points.width(), 0.0);
		for first in (0..self.points.len()).step_by(self.size) {
			let mut nearest = (f32::INFINITY, first);
			for place in first..first + self.size {
				let distance = squared_distance(&filled, self.points.row(place), nearest.0);
				if distance < nearest.0 && (distance > 0.0 || self.known[place]) {
					nearest = (distance, place);
				}
			}
			if nearest.0.is_finite() {
				found(nearest.0, nearest.1);
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ensemble::density::{mean_distance, Neighbours};

	#[test]
	fn a_dense_clump_is_not_its_own_neighbourhood() {
		let mut random = Random::new(8);
		let rows: Table = (0..1_000)
			.map(|row| {
				let (at, around) = if row % 50 == 0 { (9.0, 0.01) } else { (0.0, 1.0) };
				[(at + around * random.normal()) as f32, (at + around * random.normal()) as f32]
			})
			.collect();
		let subsamples = Subsamples::fit(&rows, &mut random);
		assert!(subsamples.distance(&[9.0, 9.0]) > 5.0 * subsamples.distance(&[2.0, 2.0]));
		let mut found = Vec::new();
		Neighbours::fit(&rows).nearest(&[9.0, 9.0], 10, &mut found);
		assert!(mean_distance(&found) < 0.1, "neighbours alone do not see it");
	}

	#[test]
	fn a_point_is_not_its_own_neighbour_unless_it_was_seen_four_times() {
		let mut random = Random::new(8);
		let once: Table = [[0.0f32], [1.0]].iter().collect();
		assert_eq!(Subsamples::fit(&once, &mut random).distance(&[0.0]), 1.0);
		let often: Table = [[0.0f32]; 5].iter().collect();
		assert_eq!(Subsamples::fit(&often, &mut random).distance(&[0.0]), 0.0);
		assert_eq!(Subsamples::fit(&Table::new(1), &mut random).distance(&[0.0]), f64::INFINITY);
	}
}
