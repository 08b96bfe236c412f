//! The envelope: tells the partner of an exchange whom it is about, sealed so that nobody else learns it.
//!
//! Inside the seal is SCALE `(body: bytes, account: [u8; 32], signature: [u8; 64])`. The body is JSON; the signature
//! is the sender's delegate's (sr25519 or ed25519) over `"curex/envelope-1" ‖ genesis ‖ exchange ‖ body`, so that an
//! envelope cannot be moved to another exchange, and the sender cannot disown whom it asked for.

use crate::{
	fhir::PatientIdentification,
	keys::{is_signed_by, EncryptionKey, Signer},
	seal, Error,
};
use codec::{DecodeAll, Encode};
use curex_primitives::{
	commitment::{self, Domain},
	transfer::Part,
	Commitment, ExchangeId, Purpose,
};
use serde::{Deserialize, Serialize};

/// A sealed envelope is at most so large: 1 MiB, as nodes accept.
pub const MAX_SEALED: usize = 1024 * 1024;

/// Who asks in person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Professional {
	/// Identifier at the sender.
	pub identifier: String,
	/// Name.
	pub name: String,
	/// Role, for example `physician` or `nurse`.
	pub role: String,
}

impl std::fmt::Debug for Professional {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("Professional(…)")
	}
}

/// On which relation to the patient the sender relies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CareRelationship {
	/// The patient is being treated.
	Treating,
	/// The patient was referred and is expected.
	Referred,
	/// The patient arrived as an emergency.
	Emergency,
	/// There is none: the purpose is not care.
	None,
}

/// What an envelope says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Envelope {
	/// Whom it is about; nobody if what is asked for was extracted under a permit for secondary use.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub patient: Option<PatientIdentification>,
	/// Who asks or offers in person.
	pub professional: Professional,
	/// On which relation to the patient.
	pub care_relationship: CareRelationship,
	/// Why; the same as on the ledger.
	pub purpose: Purpose,
	/// The recipient's key for this exchange; nothing in an offer.
	pub recipient_key: Option<RecipientKey>,
}

/// The recipient's public key for one exchange, with what opens its commitment on the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientKey {
	/// The X25519 public key.
	#[serde(with = "crate::hexadecimal")]
	pub key: [u8; 32],
	/// Salt of the commitment.
	#[serde(with = "crate::hexadecimal")]
	pub salt: [u8; 32],
}

impl RecipientKey {
	/// The key with which an organisation accepts an offer: its own from the ledger. There is nothing to hide in
	/// it, so the exchange itself salts it and the holder can tell which key was meant.
	pub fn of_organisation(key: [u8; 32], exchange: &ExchangeId) -> Self {
		Self { key, salt: exchange.0 }
	}

	/// The commitment that stands on the ledger.
	pub fn commitment(&self, exchange: &ExchangeId) -> Commitment {
		commitment::commit(Domain::RecipientKey, &exchange.0, &self.salt, &self.key)
	}
}

/// An opened envelope and the account that signed it. Whether that account speaks for the sender, the ledger tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
	/// What it says.
	pub envelope: Envelope,
	/// Who signed it.
	pub account: [u8; 32],
}

impl Envelope {
	/// Signs the envelope and seals it to an organisation's encryption key.
	///
	/// # Errors
	/// [`Error::Key`] when the key cannot be used, [`Error::Input`] when the envelope is too large.
	pub fn seal(
		&self,
		signer: &Signer,
		recipient: &[u8; 32],
		genesis: [u8; 32],
		exchange: ExchangeId,
	) -> Result<Vec<u8>, Error> {
		let body = zeroize::Zeroizing::new(
			serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?,
		);
		let signature = signer.sign(&message(genesis, exchange, &body))?;
		let signed =
			zeroize::Zeroizing::new((body.as_slice(), signer.account(), signature).encode());
		let purpose = seal::Purpose::Part(genesis, exchange, Part::Envelope);
		let sealed = seal::seal(recipient, purpose, &signed)?;
		if sealed.len() > MAX_SEALED {
			return Err(Error::input("the envelope is larger than 1 MiB"));
		}
		Ok(sealed)
	}

	/// Opens an envelope of this exchange.
	///
	/// # Errors
	/// [`Error::Sealed`] when it does not open, is not signed by the account it names, or says nothing readable.
	pub fn open(
		sealed: &[u8],
		key: &EncryptionKey,
		genesis: [u8; 32],
		exchange: ExchangeId,
	) -> Result<Opened, Error> {
		let purpose = seal::Purpose::Part(genesis, exchange, Part::Envelope);
		let signed = seal::open(key, purpose, sealed)?;
		let (body, account, signature) =
			<(Vec<u8>, [u8; 32], [u8; 64])>::decode_all(&mut signed.as_slice())
				.map_err(|_| Error::Sealed("the envelope is not readable"))?;
		let body = zeroize::Zeroizing::new(body);
		if !is_signed_by(&account, &message(genesis, exchange, &body), &signature) {
			return Err(Error::Sealed("the envelope's signature is wrong"));
		}
		let envelope = crate::fhir::json::parse(&body)
			.ok()
			.and_then(|value| serde_json::from_value(value).ok())
			.ok_or(Error::Sealed("the envelope is not readable"))?;
		Ok(Opened { envelope, account })
	}
}

fn message(genesis: [u8; 32], exchange: ExchangeId, body: &[u8]) -> Vec<u8> {
	[&b"curex/envelope-1"[..], &genesis, &exchange.0, body].concat()
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::fhir::Identifier;

	const GENESIS: [u8; 32] = [1; 32];
	const EXCHANGE: ExchangeId = ExchangeId([2; 32]);

	pub(crate) fn envelope() -> Envelope {
		Envelope {
			patient: Some(PatientIdentification {
				identifiers: vec![Identifier {
					system: "urn:oid:1.2.3".into(),
					value: "4711".into(),
				}],
				family: "Papadopoulou".into(),
				given: vec![],
				birth_date: "1956-05-27".into(),
			}),
			professional: Professional {
				identifier: "17".into(),
				name: "Dr. Georgiou".into(),
				role: "physician".into(),
			},
			care_relationship: CareRelationship::Treating,
			purpose: Purpose::Treatment,
			recipient_key: Some(RecipientKey { key: [3; 32], salt: [4; 32] }),
		}
	}

	fn signer() -> Signer {
		Signer::development("//Alice").unwrap()
	}

	#[test]
	fn an_envelope_opens_for_its_recipient_and_names_its_signer() {
		let key = EncryptionKey::generate();
		let sealed = envelope().seal(&signer(), &key.public(), GENESIS, EXCHANGE).unwrap();
		let opened = Envelope::open(&sealed, &key, GENESIS, EXCHANGE).unwrap();
		assert_eq!(opened, Opened { envelope: envelope(), account: signer().account() });
	}

	#[test]
	fn an_envelope_belongs_to_one_chain_one_exchange_and_one_recipient() {
		let key = EncryptionKey::generate();
		let sealed = envelope().seal(&signer(), &key.public(), GENESIS, EXCHANGE).unwrap();
		assert!(Envelope::open(&sealed, &key, [9; 32], EXCHANGE).is_err());
		assert!(Envelope::open(&sealed, &key, GENESIS, ExchangeId([9; 32])).is_err());
		assert!(Envelope::open(&sealed, &EncryptionKey::generate(), GENESIS, EXCHANGE).is_err());
	}

	#[test]
	fn every_single_byte_mutation_of_a_sealed_envelope_is_refused() {
		let key = EncryptionKey::generate();
		let sealed = envelope().seal(&signer(), &key.public(), GENESIS, EXCHANGE).unwrap();
		for position in (0..sealed.len()).step_by(3) {
			let mut mutated = sealed.clone();
			mutated[position] ^= 1;
			assert!(Envelope::open(&mutated, &key, GENESIS, EXCHANGE).is_err(), "byte {position}");
		}
	}

	/// Seals what a sender without our library might have put together.
	fn sealed_by_hand(body: &[u8], signed: &[u8], key: &EncryptionKey) -> Vec<u8> {
		let signature = signer().sign(signed).unwrap();
		let purpose = seal::Purpose::Part(GENESIS, EXCHANGE, Part::Envelope);
		let plaintext = (body, signer().account(), signature).encode();
		seal::seal(&key.public(), purpose, &plaintext).unwrap()
	}

	#[test]
	fn an_envelope_signed_for_another_exchange_or_content_is_refused() {
		let key = EncryptionKey::generate();
		let body = serde_json::to_vec(&envelope()).unwrap();
		let opens = |signed: &[u8]| {
			Envelope::open(&sealed_by_hand(&body, signed, &key), &key, GENESIS, EXCHANGE).is_ok()
		};
		assert!(opens(&message(GENESIS, EXCHANGE, &body)));
		assert!(!opens(&message(GENESIS, ExchangeId([9; 32]), &body)));
		assert!(!opens(&message([9; 32], EXCHANGE, &body)));
		assert!(!opens(&message(GENESIS, EXCHANGE, b"{}")));
	}

	#[test]
	fn a_signed_envelope_that_says_nothing_readable_is_refused() {
		let key = EncryptionKey::generate();
		let whole = serde_json::to_string(&envelope()).unwrap();
		for body in [
			"".to_string(),
			"{}".into(),
			whole.replacen('{', r#"{"unknown":1,"#, 1),
			whole.replacen('{', r#"{"purpose":"research","#, 1),
			whole.replace("treating", "whatever"),
		] {
			let sealed =
				sealed_by_hand(body.as_bytes(), &message(GENESIS, EXCHANGE, body.as_bytes()), &key);
			assert!(
				matches!(Envelope::open(&sealed, &key, GENESIS, EXCHANGE), Err(Error::Sealed(_))),
				"{body}"
			);
		}
	}

	#[test]
	fn an_envelope_shows_nobody_in_debug() {
		let text = format!("{:?}", envelope());
		for word in ["4711", "Papadopoulou", "Georgiou"] {
			assert!(!text.contains(word), "{text}");
		}
	}

	#[test]
	fn the_commitment_to_the_recipients_key_binds_key_and_exchange() {
		let key = RecipientKey { key: [3; 32], salt: [4; 32] };
		let commitment = key.commitment(&EXCHANGE);
		assert_ne!(commitment, RecipientKey { key: [5; 32], ..key }.commitment(&EXCHANGE));
		assert_ne!(commitment, key.commitment(&ExchangeId([9; 32])));
	}
}
