//! Codes in place of people.
//!
//! What the watch learns, keeps and reports of accesses to records speaks of codes: HMAC-SHA-256 (RFC 2104) of the name in the
//! log, under a key of the house. Of patients nothing leads back. Of staff the name may lie beside the code, sealed to people
//! who are not the watch ([`IdentitySeal`]).

use std::collections::{BTreeMap, HashMap};

use curex_primitives::Moment;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{event::RecordAccess, ThreatsError};

/// Separates these codes from everything else made with the key.
const STAFF_CONTEXT: &[u8] = b"curex/staff-code/1";
const PATIENT_CONTEXT: &[u8] = b"curex/patient-code/1";

/// Bytes of the HMAC that make a code.
const CODE_BYTES: usize = 8;

/// Codes of staff whose sealed names are kept; of more, those unseen for longest are forgotten.
const IDENTITIES: usize = 100_000;

/// Seals names so that the watch itself cannot open them.
pub trait IdentitySeal: Send {
	/// Seals the name that stands behind a code.
	///
	/// # Errors
	/// [`ThreatsError::Identity`] if it cannot be sealed.
	fn seal(&self, code: &str, name: &str) -> Result<Vec<u8>, ThreatsError>;
}

/// How people become codes.
pub struct Pseudonyms {
	key: Hmac<Sha256>,
	/// Peers by the name in the log, where the log does not say them.
	units: HashMap<String, String>,
	seal: Option<Box<dyn IdentitySeal>>,
}

/// Sealed names by code.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Identities {
	by_code: BTreeMap<String, Identity>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Identity {
	seen: Moment,
	sealed: Vec<u8>,
}

impl Pseudonyms {
	/// Codes under a key of at least 32 bytes; nothing leads back from them unless names are sealed.
	pub fn new(key: &[u8]) -> Self {
		let key = Hmac::new_from_slice(key).expect("HMAC takes keys of every length; qed");
		Self { key, units: HashMap::new(), seal: None }
	}

	/// Keeps the names of staff beside their codes, sealed.
	pub fn sealed_with(mut self, seal: Box<dyn IdentitySeal>) -> Self {
		self.seal = Some(seal);
		self
	}

	/// Takes the peers of staff from here, by the name in the log, where it knows them.
	pub fn with_units(mut self, units: HashMap<String, String>) -> Self {
		self.units = units;
		self
	}

	/// The code of a member of staff.
	pub fn staff_code(&self, name: &str) -> String {
		self.code("staff", STAFF_CONTEXT, name)
	}

	fn code(&self, kind: &str, context: &[u8], name: &str) -> String {
		let mut mac = self.key.clone();
		mac.update(context);
		mac.update(name.as_bytes());
		let bytes = mac.finalize().into_bytes();
		let digits = bytes.iter().take(CODE_BYTES).map(|byte| format!("{byte:02x}"));
		format!("{kind}-{}", digits.collect::<String>())
	}

	/// Puts codes in the place of people, and keeps the name that it was sealed.
	pub(crate) fn apply(
		&self,
		access: &mut RecordAccess,
		identities: &mut Identities,
	) -> Result<(), ThreatsError> {
		let code = self.staff_code(&access.user);
		if let Some(unit) = self.units.get(&access.user) {
			access.unit = Some(unit.clone());
		}
		if let Some(seal) = &self.seal {
			identities.note(&code, access.at, || seal.seal(&code, &access.user))?;
		}
		access.user = code;
		let patient = access.patient.take();
		access.patient = patient.map(|name| self.code("patient", PATIENT_CONTEXT, &name));
		Ok(())
	}
}

impl Identities {
	/// Notes when a code was seen last, with its sealed name if that is not known.
	fn note(
		&mut self,
		code: &str,
		at: Moment,
		sealed: impl FnOnce() -> Result<Vec<u8>, ThreatsError>,
	) -> Result<(), ThreatsError> {
		if let Some(known) = self.by_code.get_mut(code) {
			known.seen = at.max(known.seen);
			return Ok(());
		}
		if self.by_code.len() >= IDENTITIES {
			let mut seen: Vec<Moment> = self.by_code.values().map(|one| one.seen).collect();
			let (_, middle, _) = seen.select_nth_unstable(IDENTITIES / 2);
			let middle = *middle;
			self.by_code.retain(|_, one| one.seen > middle);
		}
		self.by_code.insert(code.into(), Identity { seen: at, sealed: sealed()? });
		Ok(())
	}

	pub(crate) fn sealed(&self, code: &str) -> Option<&[u8]> {
		self.by_code.get(code).map(|one| one.sealed.as_slice())
	}

	/// Deletes those that were not seen since, unless they are needed; returns how many.
	pub(crate) fn forget(&mut self, before: Moment, needed: impl Fn(&str) -> bool) -> usize {
		let all = self.by_code.len();
		self.by_code.retain(|code, one| one.seen >= before || needed(code));
		all - self.by_code.len()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::event::CareRelationship;

	/// Keeps the name readable, turned around.
	struct Backwards;

	impl IdentitySeal for Backwards {
		fn seal(&self, code: &str, name: &str) -> Result<Vec<u8>, ThreatsError> {
			assert!(code.starts_with("staff-"));
			Ok(name.bytes().rev().collect())
		}
	}

	fn access(user: &str, at: Moment) -> RecordAccess {
		RecordAccess {
			at,
			local_hour: 0,
			weekend: false,
			user: user.into(),
			patient: Some("Patient/7".into()),
			action: 'R',
			break_glass: false,
			relationship: CareRelationship::Unknown,
			unit: Some("from the log".into()),
		}
	}

	#[test]
	fn a_name_becomes_the_same_code_every_time_and_another_under_another_key() {
		let pseudonyms = Pseudonyms::new(&[1; 32]);
		let mut identities = Identities::default();
		let mut coded = access("mary", 5);
		pseudonyms.apply(&mut coded, &mut identities).unwrap();
		assert_eq!(coded.user, pseudonyms.staff_code("mary"));
		assert_eq!(coded.user.len(), "staff-".len() + 16);
		assert!(coded.patient.unwrap().starts_with("patient-"));
		assert_ne!(coded.user, Pseudonyms::new(&[2; 32]).staff_code("mary"));
		assert_ne!(coded.user, pseudonyms.staff_code("bob"));
		assert_eq!(coded.unit.as_deref(), Some("from the log"));
		assert!(identities.sealed(&coded.user).is_none(), "nobody was named to open it");
	}

	#[test]
	fn the_name_lies_sealed_beside_its_code_until_its_time_is_over() {
		let units = HashMap::from([("mary".into(), "ward 3".into())]);
		let pseudonyms =
			Pseudonyms::new(&[1; 32]).sealed_with(Box::new(Backwards)).with_units(units);
		let mut identities = Identities::default();
		for (name, at) in [("mary", 10), ("bob", 20), ("mary", 30)] {
			let mut coded = access(name, at);
			pseudonyms.apply(&mut coded, &mut identities).unwrap();
			let unit = if name == "mary" { "ward 3" } else { "from the log" };
			assert_eq!(coded.unit.as_deref(), Some(unit));
		}
		let (mary, bob) = (pseudonyms.staff_code("mary"), pseudonyms.staff_code("bob"));
		assert_eq!(identities.sealed(&mary), Some(&b"yram"[..]));
		assert_eq!(identities.forget(25, |code| code == bob), 0, "an alert speaks of bob");
		assert_eq!(identities.forget(25, |_| false), 1);
		assert!(identities.sealed(&bob).is_none() && identities.sealed(&mary).is_some());
	}
}
