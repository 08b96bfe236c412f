//! Beginning the same exchange, consent or subscription twice.

use super::{exchange_id, subscription_id, DataRequestSpec, Kind, Pending, Spec};
use crate::{
	client::{Client, View},
	content::Body,
	keys::EncryptionKey,
	subject::Subject,
	Error,
};
use curex_primitives::{ConsentId, ExchangeId, Gate, SubscriptionId};
use std::path::Path;
use zeroize::Zeroizing;

/// Most bytes of what is kept of an exchange.
const MAX_KEPT: u64 = 16 << 20;
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

	/// The key of one item of a batch, by its place.
	pub fn item(&self, place: usize) -> Self {
		self.derived(b"curex/idempotent-item", &place.to_le_bytes())
	}

	/// The handle of the consent that the key stands for.
	pub fn consent(&self) -> ConsentId {
		ConsentId(*self.derived(b"curex/idempotent-consent", &[]).0)
	}

	fn derived(&self, domain: &[u8], of: &[u8]) -> Self {
		let content = Zeroizing::new([domain, &self.0[..], of].concat());
		Self(Zeroizing::new(sp_crypto_hashing::blake2_256(&content)))
	}

	/// What the handle of the exchange or subscription derives from.
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

	/// The subscription that an idempotency key stands for, opened or not.
	///
	/// # Errors
	/// As [`Client::own_delegate`].
	pub async fn subscription_under(&self, key: &IdempotencyKey) -> Result<SubscriptionId, Error> {
		Ok(subscription_id(self.own_delegate().await?.organisation, &key.0))
	}
}

/// A name of the caller's choice for an exchange, with the organisation's key and the folder in which what was begun is kept,
/// sealed to it.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
	/// The name.
	pub name: &'a str,
	/// The organisation's encryption key.
	pub own_key: &'a EncryptionKey,
	/// The folder; it has to be there.
	pub folder: &'a Path,
}

impl Client {
	/// Begins a request, or a broken glass with `evidence`, once: the same again takes up what was begun, after whatever
	/// interruption, and begins nothing twice.
	///
	/// # Errors
	/// [`Error::Input`] when the name stands for another request, or for one of which nothing is kept in the folder;
	/// [`Error::File`]; otherwise as [`Client::request`].
	pub async fn begin_once(
		&self,
		spec: &Spec,
		evidence: Option<&str>,
		once: Once<'_>,
	) -> Result<Pending, Error> {
		let key = IdempotencyKey::new(once.name, once.own_key)?;
		let id = self.exchange_under(&key).await?;
		let path = once.folder.join(format!("{}.sealed", hex::encode(id.0)));
		let is_recorded = self.exchange(id, View::Best).await?.is_some();
		let pending = if path.exists() {
			let sealed = crate::files::read(&path, MAX_KEPT)?;
			let pending = Pending::open(&sealed, once.own_key, self.genesis(), id)?;
			if !pending.asks_for(spec, evidence) {
				return Err(Error::input("the idempotency key stands for another request"));
			}
			pending
		} else if is_recorded {
			return Err(Error::input(format!(
				"exchange {id} was begun before, and nothing of it is kept in this folder"
			)));
		} else {
			let pending = self.prepare_request_under(spec, evidence, Some(&key)).await?;
			// Kept before anything is sent: a crash loses nothing.
			let sealed = pending.seal(&once.own_key.public(), self.genesis())?;
			crate::files::write_private(&path, &sealed)?;
			pending
		};
		if !is_recorded {
			let begun = async { self.begin(&pending).await?.in_block().await }.await;
			if let Err(error) = begun {
				if !error.is_retryable() {
					std::fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
				}
				return Err(error);
			}
		}
		match self.deposit_envelope(&pending).await {
			// It may no longer travel: the holder has it.
			Ok(()) | Err(Error::Transfer { code: 12004, .. }) => Ok(pending),
			Err(error) => Err(error),
		}
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
			Kind::Request { .. } | Kind::Offer { .. } => None,
		};
		let proposal = &self.proposal;
		(proposal.partner, proposal.gate) == (spec.partner, spec.gate)
			&& (proposal.purpose, proposal.categories) == (spec.purpose, spec.categories)
			&& (spec.border.is_none() || proposal.border == spec.border)
			&& self.subject == Some(subject)
			&& reason == evidence
	}

	/// Whether it offers this document, as a spec says.
	///
	/// # Errors
	/// [`Error::File`] when the document cannot be read.
	pub fn offers<'a>(&self, spec: &Spec, document: impl Into<Body<'a>>) -> Result<bool, Error> {
		let same = document.into().digest()?;
		Ok(self.asks_for(spec, None)
			&& matches!(self.kind, Kind::Offer { document } if document.0 == same))
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
		let of = |name| IdempotencyKey::new(name, &own).unwrap();
		assert_eq!(of("visit-4711").item(1).handle_key(), of("visit-4711").item(1).handle_key());
		let keys = [of("visit-4711").handle_key(), of("visit-4711").consent().0];
		let items = [0, 1].map(|place| of("visit-4711").item(place).handle_key());
		let all: std::collections::BTreeSet<_> = keys.into_iter().chain(items).collect();
		assert_eq!(all.len(), 4, "nothing that a name stands for is told by another");
		let shown = format!("{:?}", IdempotencyKey::new("visit-4711", &own).unwrap());
		assert_eq!(shown, "IdempotencyKey(…)");
	}
}
