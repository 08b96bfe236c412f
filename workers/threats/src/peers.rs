//! Entities of one group: what is usual of them, for the alert about one of them.

use std::collections::{HashMap, VecDeque};

use curex_primitives::Moment;

use crate::{
	alert::{Driver, PeerValue, Peers},
	behaviour::Windows,
};

/// Groups remembered; of more, those unseen for longest are forgotten.
const GROUPS: usize = 1_000;

/// Members counted of a group.
const MEMBERS: usize = 10_000;

/// Latest points of a group among which the typical values are sought.
const RECENT: usize = 64;

/// What was learned lately of each group.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct PeerGroups {
	groups: Windows<String, Group>,
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Group {
	/// Who belongs to it, and when they were seen last.
	members: HashMap<String, Moment>,
	recent: VecDeque<(Moment, String, Vec<f64>)>,
}

impl Default for PeerGroups {
	fn default() -> Self {
		Self { groups: Windows::new(GROUPS) }
	}
}

impl PeerGroups {
	/// Learns a point of a member.
	pub(crate) fn learn(&mut self, group: &String, entity: &str, at: Moment, point: &[f64]) {
		let group = self.groups.of(group, at);
		if group.members.len() < MEMBERS || group.members.contains_key(entity) {
			group.members.insert(entity.into(), at);
		}
		group.recent.push_back((at, entity.into(), point.to_vec()));
		if group.recent.len() > RECENT {
			group.recent.pop_front();
		}
	}

	/// The others of an entity's group and what is usual of them in its drivers; nothing if no other is known. `places` are
	/// those of the drivers in a point.
	pub(crate) fn of(
		&self,
		group: &String,
		entity: &str,
		drivers: &[Driver],
		places: impl Fn(&str) -> Option<usize>,
	) -> Option<Peers> {
		let known = self.groups.get(group)?;
		let others = || known.recent.iter().filter(|(_, other, _)| other != entity);
		others().next()?;
		let typical = |driver: &Driver| {
			let place = places(&driver.feature)?;
			let mut values: Vec<f64> = others().map(|(.., point)| point[place]).collect();
			values.sort_by(f64::total_cmp);
			Some(PeerValue { feature: driver.feature.clone(), typical: values[values.len() / 2] })
		};
		let itself = u64::from(!known.members.contains_key(entity));
		Some(Peers {
			group: group.clone(),
			members: known.members.len() as u64 + itself,
			typical: drivers.iter().filter_map(typical).collect(),
		})
	}

	/// Forgets the members and groups that were not seen since.
	pub(crate) fn forget(&mut self, before: Moment) {
		self.groups.forget(before);
		for group in self.groups.values_mut() {
			group.members.retain(|_, seen| *seen >= before);
			group.recent.retain(|(at, ..)| *at >= before);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn driver(feature: &str) -> Driver {
		Driver { feature: feature.into(), typical: 0.0, actual: 9.0, share: 0.5 }
	}

	#[test]
	fn peers_are_the_others_of_a_group_and_their_median_counts() {
		let (mut peers, ward) = (PeerGroups::default(), String::from("ward"));
		let places = |feature: &str| ["a", "b"].iter().position(|name| *name == feature);
		let of = |peers: &PeerGroups| peers.of(&ward, "one", &[driver("b"), driver("a")], places);
		assert_eq!(of(&peers), None);
		peers.learn(&ward, "one", 1, &[50.0, 50.0]);
		assert_eq!(of(&peers), None, "itself is no peer");
		for (value, entity) in [(1.0, "two"), (2.0, "three"), (9.0, "two")] {
			peers.learn(&ward, entity, 2, &[value, 10.0 * value]);
		}
		let found = of(&peers).unwrap();
		let typical: Vec<f64> = found.typical.iter().map(|value| value.typical).collect();
		assert_eq!((found.members, typical), (3, vec![20.0, 2.0]));
		assert_eq!(peers.of(&"other".into(), "one", &[], places), None);
		peers.forget(2);
		assert_eq!(of(&peers).unwrap().members, 3, "two others, and itself");
		for step in 0..200 {
			peers.learn(&ward, "four", 3 + step, &[0.0, 0.0]);
		}
		assert_eq!(of(&peers).unwrap().typical[0].typical, 0.0, "only the latest are kept");
	}
}
