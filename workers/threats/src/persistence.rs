//! What lasts counts for more.

use std::collections::HashMap;

/// Weight of the newest score in an entity's recent score: a memory of about fifty events.
const NEWEST: f64 = 0.02;

/// Scores up to where the members of an ensemble have the ninth decile of their baseline are taken as equal:
/// what is so usual says nothing by itself, only together with its neighbours.
const USUAL: f64 = 1.0;

/// Entities remembered; when there are more, memory starts anew.
const ENTITIES: usize = 100_000;

/// Adds to an event's score the recent score of its entity, an exponentially weighted mean (Roberts
/// 1959): fifty somewhat unusual events in a row are more unusual than any one of them. An event in the middle
/// of the baseline does not make up for an unusual one. Scores are those of an
/// [`Ensemble`](crate::ensemble::Ensemble), whose members have the median of their baseline at 0.
#[derive(Clone, Debug, Default)]
pub struct Persistence {
	recent: HashMap<String, f64>,
}

impl Persistence {
	/// Takes an entity's next score and returns it with what it did lately.
	pub fn add(&mut self, entity: &str, score: f64) -> f64 {
		let unusual = score.max(0.0);
		if !self.recent.contains_key(entity) {
			if self.recent.len() >= ENTITIES {
				self.recent.clear();
			}
			self.recent.insert(entity.into(), unusual);
		}
		let recent = self.recent.entry(entity.into()).or_insert(unusual);
		*recent += NEWEST * (unusual - *recent);
		score.max(USUAL) + *recent
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn among_usual_scores_only_what_came_before_counts() {
		let mut persistence = Persistence::default();
		for _ in 0..50 {
			persistence.add("calm", 0.0);
			persistence.add("restless", 0.9);
		}
		assert!(persistence.add("restless", 0.0) > persistence.add("calm", 0.9) + 0.5);
		assert!(persistence.add("calm", 3.0) > persistence.add("restless", 0.9) + 1.0);
	}

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
