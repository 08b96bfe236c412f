//! The features of an entity's recent behaviour.

use std::collections::{BTreeMap, VecDeque};
use std::hash::Hash;

use curex_primitives::Moment;

use crate::{alert::Kind, detector::Feature};

pub(crate) mod access;
pub(crate) mod flow;
pub(crate) mod log;

/// A map whose keys others choose: its hash is keyed, and faster than that of the standard library.
pub(crate) type Map<K, V> = std::collections::HashMap<K, V, ahash::RandomState>;

/// Events kept in one window; older ones make room.
const LONGEST_WINDOW: usize = 8_192;

/// One kind of event turned into points.
pub(crate) trait Behaviour {
	type Event;
	const KIND: Kind;
	const FEATURES: &'static [Feature];

	/// Adds the event to its entity's window and says what the window looks like.
	fn observe(&mut self, event: &Self::Event) -> Observation;

	/// One sentence about an abnormal point.
	fn describe(&self, entity: &str, point: &[f64]) -> String;

	/// The technique that a leading feature points to.
	fn technique(leading: &str) -> Option<&'static str>;

	/// What to do about a leading feature.
	fn safeguard(leading: &str) -> &'static str;

	/// One line about an event, without patients.
	fn evidence(event: &Self::Event) -> String;
}

/// The behaviour of an entity at one event.
pub(crate) struct Observation {
	pub(crate) entity: String,
	pub(crate) at: Moment,
	/// Values in the order of the features.
	pub(crate) point: Vec<f64>,
	/// Targets reached within the window.
	pub(crate) reach: u64,
	/// The entity's peers, if the event says whose they are.
	pub(crate) group: Option<String>,
}

/// Sliding windows by entity. Bounded: entities unseen for longest are forgotten.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(bound(
	serialize = "K: serde::Serialize, W: serde::Serialize",
	deserialize = "K: serde::Deserialize<'de> + Hash + Eq, W: serde::Deserialize<'de>"
))]
pub(crate) struct Windows<K, W> {
	/// Boxed, so that a growing map moves little.
	by_entity: Map<K, (Moment, Box<W>)>,
	limit: usize,
}

impl<K: Hash + Eq + Clone + Ord, W: Default> Windows<K, W> {
	pub(crate) fn new(limit: usize) -> Self {
		Self { by_entity: Map::default(), limit }
	}

	pub(crate) fn of(&mut self, entity: &K, at: Moment) -> &mut W {
		if self.by_entity.len() >= self.limit && !self.by_entity.contains_key(entity) {
			self.forget_oldest_half();
		}
		let (seen, window) = self.by_entity.entry(entity.clone()).or_default();
		*seen = at.max(*seen);
		window
	}

	pub(crate) fn get(&self, entity: &K) -> Option<&W> {
		self.by_entity.get(entity).map(|(_, window)| &**window)
	}

	pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut W> {
		self.by_entity.values_mut().map(|(_, window)| &mut **window)
	}

	/// Forgets the entities that were not seen since.
	pub(crate) fn forget(&mut self, before: Moment) {
		self.by_entity.retain(|_, (seen, _)| *seen >= before);
	}

	/// Half at a time, so that a flood of new entities costs a constant for each.
	fn forget_oldest_half(&mut self) {
		let mut seen: Vec<(Moment, K)> =
			self.by_entity.iter().map(|(entity, (seen, _))| (*seen, entity.clone())).collect();
		seen.sort();
		for (_, entity) in seen.into_iter().take(self.limit.div_ceil(2)) {
			self.by_entity.remove(&entity);
		}
	}
}

/// Items of the last so many milliseconds.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Recent<T> {
	items: VecDeque<(Moment, T)>,
}

impl<T> Default for Recent<T> {
	fn default() -> Self {
		Self { items: VecDeque::new() }
	}
}

impl<T> Recent<T> {
	/// Adds an item and hands every item that leaves the window to `leave`. Time does not run
	/// backwards: an item older than the newest counts as of the newest.
	pub(crate) fn push(&mut self, at: Moment, item: T, length: Moment, mut leave: impl FnMut(T)) {
		let now = self.items.back().map_or(at, |(newest, _)| at.max(*newest));
		self.items.push_back((now, item));
		while self.items.len() > LONGEST_WINDOW
			|| self.items.front().is_some_and(|(oldest, _)| now - oldest > length)
		{
			if let Some((_, item)) = self.items.pop_front() {
				leave(item);
			}
		}
	}

	pub(crate) fn len(&self) -> usize {
		self.items.len()
	}
}

/// Counts how often each value occurs.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(bound(
	serialize = "T: serde::Serialize",
	deserialize = "T: serde::Deserialize<'de> + Hash + Eq"
))]
pub(crate) struct Tally<T> {
	counts: Map<T, u32>,
}

impl<T> Default for Tally<T> {
	fn default() -> Self {
		Self { counts: Map::default() }
	}
}

impl<T: Hash + Eq> Tally<T> {
	/// Adds one; true if the value is new.
	pub(crate) fn add(&mut self, value: T) -> bool {
		let count = self.counts.entry(value).or_default();
		*count += 1;
		*count == 1
	}

	/// Takes one away; true if the value is gone.
	pub(crate) fn remove(&mut self, value: &T) -> bool {
		match self.counts.get_mut(value) {
			Some(1) => self.counts.remove(value).is_some(),
			Some(count) => {
				*count -= 1;
				false
			},
			None => false,
		}
	}

	pub(crate) fn distinct(&self) -> usize {
		self.counts.len()
	}
}

/// The greatest of a changing set of counts.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Greatest {
	multiplicity: BTreeMap<u32, u32>,
}

impl Greatest {
	pub(crate) fn replace(&mut self, from: u32, to: u32) {
		if let Some(count) = self.multiplicity.get_mut(&from) {
			*count -= 1;
			if *count == 0 {
				self.multiplicity.remove(&from);
			}
		}
		if to > 0 {
			*self.multiplicity.entry(to).or_default() += 1;
		}
	}

	pub(crate) fn get(&self) -> u32 {
		self.multiplicity.last_key_value().map_or(0, |(greatest, _)| *greatest)
	}
}

pub(crate) fn share(part: usize, whole: usize) -> f64 {
	if whole == 0 {
		0.0
	} else {
		part as f64 / whole as f64
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_number_of_remembered_entities_is_bounded_and_the_newest_stay() {
		let mut windows: Windows<u32, Recent<()>> = Windows::new(10);
		for entity in 0..1_000u32 {
			windows.of(&entity, u64::from(entity));
		}
		assert!(windows.by_entity.len() <= 10);
		assert!(windows.by_entity.contains_key(&999));
	}

	#[test]
	fn an_item_leaves_once_it_is_older_than_the_window() {
		let mut recent = Recent::default();
		let mut gone = Vec::new();
		for at in [0, 5, 10, 11] {
			recent.push(at, at, 10, |item| gone.push(item));
		}
		assert_eq!(gone, [0]);
		recent.push(3, 3, 10, |item| gone.push(item));
		assert_eq!((gone.as_slice(), recent.len()), ([0].as_slice(), 4));
	}
}
