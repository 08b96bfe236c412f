//! Which hardware is behind an address.

use std::collections::{HashMap, HashSet};

use crate::event::{Event, Notice};

/// Known bindings of a name (IP address, DICOM AE title, host name) to identities (MAC address, TLS
/// key). A name that was never bound is unknown, which is not broken.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Bindings {
	known: HashMap<String, HashSet<String>>,
}

impl Bindings {
	/// Binds a name to an identity, beside others it may have: from the asset inventory, or from a
	/// vetted period.
	pub fn learn(&mut self, name: &str, identity: &str) {
		self.known.entry(name.into()).or_default().insert(identity.into());
	}

	/// Whether the name is bound, and not to this identity.
	pub fn breaks(&self, name: &str, identity: &str) -> bool {
		self.known.get(name).is_some_and(|identities| !identities.contains(identity))
	}

	/// What to tell of a flow from a bound address with other hardware behind it (ATT&CK Enterprise T1557,
	/// adversary in the middle).
	pub(crate) fn notice(&self, event: &Event) -> Option<Notice> {
		let Event::Flow(flow) = event else { return None };
		let hardware = flow.hardware.as_ref()?.to_ascii_lowercase();
		let source = flow.source.to_string();
		self.breaks(&source, &hardware).then(|| Notice {
			at: flow.at,
			destination: Some(flow.destination.to_string()),
			rule: format!("identity {hardware}"),
			title: format!("{source} is not the hardware that is known: {hardware}"),
			source,
			severity: 1,
			technique: Some("T1557".into()),
		})
	}

	/// Binds names to identities, pair by pair.
	pub fn learn_all(&mut self, names: &[String], identities: &[String]) {
		for (name, identity) in names.iter().zip(identities) {
			self.learn(name, identity);
		}
	}

	/// Whether any pair breaks a binding.
	pub fn breaks_any(&self, names: &[String], identities: &[String]) -> bool {
		names.iter().zip(identities).any(|(name, identity)| self.breaks(name, identity))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn other_hardware_behind_a_known_address_breaks_the_binding_and_an_unknown_address_does_not() {
		let mut bindings = Bindings::default();
		bindings.learn("10.0.1.172", "84:3a");
		bindings.learn("10.0.1.172", "84:3b");
		assert!(!bindings.breaks("10.0.1.172", "84:3b"));
		assert!(bindings.breaks("10.0.1.172", "d8:9e"));
		assert!(!bindings.breaks("10.0.1.9", "d8:9e"));
	}
}
