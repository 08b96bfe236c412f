//! What lasts counts for more.

use std::collections::HashMap;

/// Weight of the newest score in an entity's recent score: a memory of about twenty events.
const NEWEST: f64 = 0.05;

/// Entities remembered; when there are more, memory starts anew.
const ENTITIES: usize = 100_000;

/// Adds to an event's score the recent score of its entity, an exponentially weighted mean (Roberts
/// 1959): twenty somewhat unusual events in a row are more unusual than any one of them.
#[derive(Clone, Debug, Default)]
pub struct Persistence {
	recent: HashMap<String, f64>,
}

impl Persistence {
	/// Takes an entity's next score and returns it with what it did lately.
	pub fn add(&mut self, entity: &str, score: f64) -> f64 {
		if !self.recent.contains_key(entity) {
			if self.recent.len() >= ENTITIES {
				self.recent.clear();
			}
			self.recent.insert(entity.into(), score);
		}
		let recent = self.recent.entry(entity.into()).or_insert(score);
		*recent += NEWEST * (score - *recent);
		score + *recent
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_same_score_counts_for_more_after_many_like_it() {
		let (mut calm, mut restless) = (Persistence::default(), Persistence::default());
		for _ in 0..50 {
			calm.add("pump", 0.0);
			restless.add("pump", 1.0);
		}
		assert!(restless.add("pump", 1.0) > calm.add("pump", 1.0) + 0.5);
		assert!(calm.add("other", 1.0) > 1.9);
	}
}
