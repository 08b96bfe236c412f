//! Distance to what was seen before.

use std::collections::HashMap;

use super::table::Table;

/// How often a point must have been seen before an equal one counts as known: fewer may be the
/// point itself.
pub(super) const KNOWN: u32 = 4;

/// Numbers that are subtracted at once; rows are filled with zeros to a multiple of it.
pub(super) const LANES: usize = 8;

/// Numbers after which a distance is compared with the greatest that still matters.
const BLOCK: usize = 32;

/// Rounds of power iteration for the pivot direction; it need not be exact.
const ROUNDS: usize = 8;

/// Nearest neighbours among remembered points, exactly. Equal points are remembered once, with
/// their number, so that a mass of duplicates has the weight of one neighbour. Points are kept in
/// the order of their projection on the direction of greatest variance; a search starts beside the
/// projection of the point and ends where the difference of projections alone exceeds the distance
/// of the neighbours found (the projection shortens every distance).
#[derive(Clone, Debug)]
pub struct Neighbours {
	points: Table,
	counts: Vec<u32>,
	projections: Vec<f32>,
	direction: Vec<f32>,
}

/// A neighbour: squared distance and position.
pub type Neighbour = (f32, u32);

impl Neighbours {
	/// Remembers points.
	pub fn fit(points: &Table) -> Self {
		let mut first: HashMap<Vec<u32>, usize> = HashMap::new();
		let (mut unique, mut counts) = (Vec::new(), Vec::<u32>::new());
		for (index, row) in points.rows().enumerate() {
			let key: Vec<u32> = row.iter().map(|value| value.to_bits()).collect();
			match first.get(&key) {
				Some(place) => counts[*place] += 1,
				None => {
					first.insert(key, unique.len());
					unique.push(index);
					counts.push(1);
				},
			}
		}
		let direction = principal_direction(points);
		let mut order: Vec<(f32, usize)> = unique
			.iter()
			.enumerate()
			.map(|(place, index)| (dot(points.row(*index), &direction), place))
			.collect();
		order.sort_by(|one, other| one.0.total_cmp(&other.0));
		let mut sorted = Table::new(points.width().next_multiple_of(LANES));
		for (_, place) in &order {
			sorted.push(points.row(unique[*place]));
		}
		Self {
			points: sorted,
			counts: order.iter().map(|(_, place)| counts[*place]).collect(),
			projections: order.iter().map(|(projection, _)| *projection).collect(),
			direction,
		}
	}

	/// Different points remembered.
	pub fn len(&self) -> usize {
		self.points.len()
	}

	/// Whether nothing is remembered.
	pub fn is_empty(&self) -> bool {
		self.points.is_empty()
	}

	/// A remembered point, filled with zeros.
	pub fn point(&self, position: u32) -> &[f32] {
		self.points.row(position as usize)
	}

	/// The `count` nearest, nearest first. A point equal to the one asked for is a neighbour if it
	/// was seen at least four times.
	pub fn nearest(&self, point: &[f32], count: usize, found: &mut Vec<Neighbour>) {
		found.clear();
		let at = dot(point, &self.direction);
		let mut filled = point.to_vec();
		filled.resize(self.points.width(), 0.0);
		let mut high = self.projections.partition_point(|projection| *projection < at);
		let mut low = high;
		let mut worst = f32::INFINITY;
		loop {
			let below = if low > 0 { at - self.projections[low - 1] } else { f32::INFINITY };
			let above = if high < self.len() { self.projections[high] - at } else { f32::INFINITY };
			let gap = below.min(above);
			// Rounding of the projections must not cut off a neighbour.
			if gap == f32::INFINITY || gap > 0.0 && gap * gap * 0.9999 > worst {
				return;
			}
			let place = if below <= above {
				low -= 1;
				low
			} else {
				high += 1;
				high - 1
			};
			let distance = squared_distance(&filled, self.points.row(place), worst);
			if distance < worst && (distance > 0.0 || self.counts[place] >= KNOWN) {
				let position = found.partition_point(|(other, _)| *other <= distance);
				found.insert(position, (distance, place as u32));
				found.truncate(count);
				if found.len() == count {
					worst = found[count - 1].0;
				}
			}
		}
	}
}

/// Mean distance of neighbours; nothing remembered is far away.
pub fn mean_distance(neighbours: &[Neighbour]) -> f64 {
	if neighbours.is_empty() {
		return f64::INFINITY;
	}
	let sum: f64 = neighbours.iter().map(|(squared, _)| f64::from(squared.sqrt())).sum();
	sum / neighbours.len() as f64
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
	one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Stops early once the sum exceeds `worst`. Widths are multiples of [`LANES`].
pub(super) fn squared_distance(one: &[f32], other: &[f32], worst: f32) -> f32 {
	let mut sum = 0.0;
	for (one, other) in one.chunks(BLOCK).zip(other.chunks(BLOCK)) {
		let mut lanes = [0.0f32; LANES];
		for (one, other) in one.chunks_exact(LANES).zip(other.chunks_exact(LANES)) {
			for (lane, (one, other)) in lanes.iter_mut().zip(one.iter().zip(other)) {
				let difference = one - other;
				*lane += difference * difference;
			}
		}
		sum += lanes.iter().sum::<f32>();
		if sum > worst {
			return sum;
		}
	}
	sum
}

/// The direction of greatest variance, by power iteration on at most 1,000 points.
fn principal_direction(points: &Table) -> Vec<f32> {
	let width = points.width();
	let step = points.len().div_ceil(1_000).max(1);
	let rows: Vec<&[f32]> = points.rows().step_by(step).collect();
	let count = rows.len().max(1) as f32;
	let mean: Vec<f32> =
		(0..width).map(|column| rows.iter().map(|row| row[column]).sum::<f32>() / count).collect();
	let mut direction: Vec<f32> = (0..width).map(|column| 1.0 + 0.01 * column as f32).collect();
	for _ in 0..ROUNDS {
		let mut next = vec![0.0f32; width];
		for row in &rows {
			let along: f32 = row
				.iter()
				.zip(&mean)
				.zip(&direction)
				.map(|((value, mean), along)| (value - mean) * along)
				.sum();
			for (next, (value, mean)) in next.iter_mut().zip(row.iter().zip(&mean)) {
				*next += along * (value - mean);
			}
		}
		let length = dot(&next, &next).sqrt();
		if !(length.is_finite() && length > 0.0) {
			break;
		}
		direction = next.into_iter().map(|value| value / length).collect();
	}
	let length = dot(&direction, &direction).sqrt().max(f32::MIN_POSITIVE);
	direction.iter().map(|value| value / length).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ensemble::random::Random;

	fn points(count: usize, width: usize) -> Table {
		let mut random = Random::new(1);
		(0..count).map(|_| (0..width).map(|_| random.normal() as f32).collect::<Vec<_>>()).collect()
	}

	#[test]
	fn the_nearest_are_those_that_looking_at_every_point_finds() {
		for width in [1, 3, 8, 11, 70] {
			let table = points(400, width);
			let neighbours = Neighbours::fit(&table);
			let mut random = Random::new(2);
			for _ in 0..50 {
				let at: Vec<f32> = (0..width).map(|_| 1.5 * random.normal() as f32).collect();
				let mut found = Vec::new();
				neighbours.nearest(&at, 7, &mut found);
				let mut all: Vec<f32> = table
					.rows()
					.map(|row| row.iter().zip(&at).map(|(one, other)| (one - other).powi(2)).sum())
					.collect();
				all.sort_by(f32::total_cmp);
				for ((distance, _), expected) in found.iter().zip(&all) {
					assert!((distance - expected).abs() < 1e-3 * expected.max(1e-3));
				}
				assert_eq!(found.len(), 7);
			}
		}
	}

	#[test]
	fn duplicates_are_one_neighbour_and_a_single_equal_point_may_be_the_point_itself() {
		let rows = [[0.0f32], [0.0], [0.0], [0.0], [1.0], [5.0]];
		let neighbours = Neighbours::fit(&rows.iter().collect());
		assert_eq!(neighbours.len(), 3);
		let mut found = Vec::new();
		neighbours.nearest(&[0.0], 2, &mut found);
		assert_eq!(found.iter().map(|(distance, _)| *distance).collect::<Vec<_>>(), [0.0, 1.0]);
		neighbours.nearest(&[1.0], 1, &mut found);
		assert_eq!(found[0].0, 1.0);
	}
}
