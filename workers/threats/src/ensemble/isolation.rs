//! Isolation by random cuts.

use super::{random::Random, table::Table};

/// Features a cut combines at most.
const COMBINED: usize = 2;

/// An extended isolation forest (Hariri, Kind and Brunner, IEEE TKDE 2021): every cut is a random
/// direction in a random plane of two features, at a random place between the least and the
/// greatest projection of the points that reached it.
#[derive(Clone, Debug)]
pub struct IsolationForest {
	nodes: Vec<Node>,
	roots: Vec<u32>,
	/// Mean depth in a tree of this many points.
	expected: f32,
}

/// A cut; or a leaf, which has no right child.
#[derive(Clone, Copy, Debug)]
struct Node {
	features: [u16; COMBINED],
	weights: [f32; COMBINED],
	/// Left, which is the next node, if the projection lies below it. Of a leaf the depth, to which the
	/// depth that is expected to remain was added.
	threshold: f32,
	/// [`LEAF`] of a leaf.
	right: u32,
}

/// No node has the first as its right child.
const LEAF: u32 = 0;

/// Trees that are descended at once, so that the processor need not wait for one node at a time.
const AT_ONCE: usize = 4;

impl IsolationForest {
	/// Grows `trees` trees, each of `subsample` points at most: of the fewer, the less a dense clump hides what lies in it
	/// (Liu, Ting and Zhou, ICDM 2008, sections 3 and 4.1).
	pub fn fit(points: &Table, trees: usize, subsample: usize, random: &mut Random) -> Self {
		let size = points.len().min(subsample);
		let limit = (size.max(2) as f32).log2().ceil() as u32;
		let mut forest = Self { nodes: Vec::new(), roots: Vec::new(), expected: remaining(size) };
		for _ in 0..trees {
			let mut members = random.sample(points.len(), size);
			let root = forest.grow(points, &mut members, 0, limit, random);
			forest.roots.push(root);
		}
		forest
	}

	fn grow(
		&mut self,
		points: &Table,
		members: &mut [usize],
		depth: u32,
		limit: u32,
		random: &mut Random,
	) -> u32 {
		let position = self.nodes.len() as u32;
		self.nodes.push(Node {
			features: [0; COMBINED],
			weights: [0.0; COMBINED],
			threshold: depth as f32 + remaining(members.len()),
			right: LEAF,
		});
		if depth >= limit || members.len() < 2 {
			return position;
		}
		let Some((features, weights, threshold)) = cut(points, members, random) else {
			return position;
		};
		let project = |member: usize| projection(points.row(member), features, weights);
		let mut middle = 0;
		for place in 0..members.len() {
			if project(members[place]) < threshold {
				members.swap(place, middle);
				middle += 1;
			}
		}
		let (low, high) = members.split_at_mut(middle);
		self.grow(points, low, depth + 1, limit, random);
		let right = self.grow(points, high, depth + 1, limit, random);
		self.nodes[position as usize] = Node { features, weights, threshold, right };
		position
	}

	/// `2^(−E(depth) / c)`, between 0 and 1, higher being easier to isolate (Liu et al., equation 2).
	pub fn score(&self, point: &[f32]) -> f64 {
		let depths: f32 = self.roots.chunks(AT_ONCE).map(|roots| self.depths(roots, point)).sum();
		let mean = depths / self.roots.len().max(1) as f32;
		f64::from((-mean / self.expected.max(1.0)).exp2())
	}

	/// Sum of the depths in at most [`AT_ONCE`] trees.
	fn depths(&self, roots: &[u32], point: &[f32]) -> f32 {
		let mut places = [0; AT_ONCE];
		let places = &mut places[..roots.len()];
		places.copy_from_slice(roots);
		let mut descending = true;
		while descending {
			descending = false;
			for place in &mut *places {
				let node = &self.nodes[*place as usize];
				if node.right != LEAF {
					let below = projection(point, node.features, node.weights) < node.threshold;
					*place = if below { *place + 1 } else { node.right };
					descending = true;
				}
			}
		}
		places.iter().map(|place| self.nodes[*place as usize].threshold).sum()
	}
}

fn projection(point: &[f32], features: [u16; COMBINED], weights: [f32; COMBINED]) -> f32 {
	point[usize::from(features[0])] * weights[0] + point[usize::from(features[1])] * weights[1]
}

/// A cut that separates the points, unless they are all equal in the features tried.
fn cut(
	points: &Table,
	members: &[usize],
	random: &mut Random,
) -> Option<([u16; COMBINED], [f32; COMBINED], f32)> {
	// Constant features cannot cut; a handful of attempts finds one that varies.
	for _ in 0..8 {
		let features = [random.below(points.width()) as u16, random.below(points.width()) as u16];
		let weights = if features[0] == features[1] {
			[1.0, 0.0]
		} else {
			[random.normal() as f32, random.normal() as f32]
		};
		let mut range = (f32::INFINITY, f32::NEG_INFINITY);
		for member in members {
			let value = projection(points.row(*member), features, weights);
			range = (range.0.min(value), range.1.max(value));
		}
		if range.1 > range.0 {
			let threshold = range.0 + (range.1 - range.0) * random.unit() as f32;
			return Some((features, weights, threshold.max(range.0.next_up())));
		}
	}
	None
}

/// Mean depth of an unsuccessful search in a binary tree of so many points (Liu et al., equation 1).
fn remaining(points: usize) -> f32 {
	if points < 2 {
		return 0.0;
	}
	let points = points as f64;
	(2.0 * ((points - 1.0).max(1.0).ln() + 0.577_215_664_9) - 2.0 * (points - 1.0) / points)
		.max(1.0) as f32
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_point_far_out_is_isolated_sooner() {
		let mut random = Random::new(3);
		let points: Table =
			(0..500).map(|_| [random.normal() as f32, random.normal() as f32]).collect();
		let forest = IsolationForest::fit(&points, 100, 256, &mut random);
		assert!(forest.score(&[6.0, -6.0]) > forest.score(&[0.0, 0.0]) + 0.2);
	}

	#[test]
	fn equal_points_cannot_be_told_apart() {
		let mut random = Random::new(3);
		let points: Table = (0..50).map(|_| [1.0f32, 2.0]).collect();
		let forest = IsolationForest::fit(&points, 10, 256, &mut random);
		assert_eq!(forest.score(&[1.0, 2.0]), forest.score(&[9.0, 9.0]));
	}
}
