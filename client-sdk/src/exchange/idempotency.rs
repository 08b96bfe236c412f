//! Beginning the same exchange twice.

use super::{exchange_id, DataRequestSpec, Kind, Pending, Spec};
use crate::{client::Client, keys::EncryptionKey, subject::Subject, Error};
use curex_primitives::{ExchangeId, Gate};
use zeroize::Zeroizing;

/// Longest name of a key, in bytes.
const MAX_NAME: usize = 128;

/// What makes an exchange the same one when it is begun again: a name of the caller's choice, and a secret of its
/// organisation, so that the handle on the ledger tells nobody the name.
#[derive(Clone)]
pub struct IdempotencyKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for IdempotencyKey {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("IdempotencyKey(…)")
	}
}

impl IdempotencyKey {
	/// The key that a name stands for, within one organisation and as long as it keeps this encryption key.
	///
	/// # Errors
	/// [`Error::Input`] when the name is empty or longer than 128 bytes.
	pub fn new(name: &str, own_key: &EncryptionKey) -> Result<Self, Error> {
		if name.is_empty() || name.len() > MAX_NAME {
			let reason = format!("an idempotency key has 1 to {MAX_NAME} bytes");
			return Err(Error::input(reason));
		}
		let secret = own_key.to_bytes();
		let content = Zeroizing::new([b"curex/idempotent", &secret[..], name.as_bytes()].concat());
		Ok(Self(Zeroizing::new(sp_crypto_hashing::blake2_256(&content))))
	}

	/// What the handle of the exchange derives from.
	pub(super) fn handle_key(&self) -> [u8; 32] {
		*self.0
	}
}

impl Client {
	/// The exchange that an idempotency key stands for, begun or not.
	///
	/// # Errors
	/// As [`Client::own_delegate`].
	pub async fn exchange_under(&self, key: &IdempotencyKey) -> Result<ExchangeId, Error> {
		Ok(exchange_id(self.own_delegate().await?.organisation, &key.0))
	}
}

impl Pending {
	/// Whether it asks for what a spec says; with a broken glass, for the same reason.
	pub fn asks_for(&self, spec: &Spec, evidence: Option<&str>) -> bool {
		let subject = Subject {
			patient: spec.patient.clone(),
			professional: spec.professional.clone(),
			care_relationship: spec.care_relationship,
		};
		let reason = match &self.kind {
			Kind::BreakGlass { evidence, .. } => Some(evidence.content.as_str()),
			Kind::Request { .. } | Kind::Offer => None,
		};
		let proposal = &self.proposal;
		(proposal.partner, proposal.gate) == (spec.partner, spec.gate)
			&& (proposal.purpose, proposal.categories) == (spec.purpose, spec.categories)
			&& (spec.border.is_none() || proposal.border == spec.border)
			&& self.subject == Some(subject)
			&& reason == evidence
	}

	/// Whether it asks for the data under a permit that a spec says.
	pub fn asks_for_data(&self, spec: &DataRequestSpec) -> bool {
		let gate = Gate::Permit { permit: spec.permit, extraction: spec.extraction };
		let proposal = &self.proposal;
		(proposal.partner, proposal.gate) == (spec.holder, gate)
			&& spec.categories.is_none_or(|categories| proposal.categories == categories)
			&& (spec.border.is_none() || proposal.border == spec.border)
			&& self.subject.is_none()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_name_stands_for_one_handle_within_one_organisation() {
		let [own, other] = [1, 2].map(|byte| EncryptionKey::from_bytes([byte; 32]));
		let key = |name, secret| IdempotencyKey::new(name, secret).unwrap().handle_key();
		assert_eq!(key("visit-4711", &own), key("visit-4711", &own));
		assert_ne!(key("visit-4711", &own), key("visit-4712", &own));
		assert_ne!(key("visit-4711", &own), key("visit-4711", &other), "nobody else can tell");
		for wrong in ["", &"k".repeat(129)] {
			assert!(matches!(IdempotencyKey::new(wrong, &own), Err(Error::Input(_))));
		}
		let shown = format!("{:?}", IdempotencyKey::new("visit-4711", &own).unwrap());
		assert_eq!(shown, "IdempotencyKey(…)");
	}
}
