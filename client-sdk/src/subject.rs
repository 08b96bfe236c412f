//! Whom exchanges were about, as an organisation learned it: the ledger does not know. Kept sealed to the organisation's own
//! key, beside the gateway's cases, so that a patient can be told ([`crate::report`]).

use crate::{
	envelope::{CareRelationship, Envelope, Professional},
	fhir::PatientIdentification,
	keys::EncryptionKey,
	seal, Error,
};
use curex_primitives::ExchangeId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Whom an exchange was about, and who asked or offered in person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subject {
	/// Whom it was about.
	pub patient: PatientIdentification,
	/// Who asked or offered in person.
	pub professional: Professional,
	/// On which relation to the patient.
	pub care_relationship: CareRelationship,
}

impl Subject {
	/// What an envelope tells; nothing if it names no patient.
	pub fn of(envelope: &Envelope) -> Option<Self> {
		Some(Self {
			patient: envelope.patient.clone()?,
			professional: envelope.professional.clone(),
			care_relationship: envelope.care_relationship,
		})
	}

	/// Seals it to the organisation's own encryption key.
	///
	/// # Errors
	/// [`Error::Key`] when the key cannot be used.
	pub fn seal(
		&self,
		own_key: &[u8; 32],
		genesis: [u8; 32],
		exchange: ExchangeId,
	) -> Result<Vec<u8>, Error> {
		let json = Zeroizing::new(
			serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?,
		);
		seal::seal(own_key, seal::Purpose::Subject(genesis, exchange), &json)
	}

	/// Opens what [`Self::seal`] made.
	///
	/// # Errors
	/// [`Error::Sealed`].
	pub fn open(
		sealed: &[u8],
		own_key: &EncryptionKey,
		genesis: [u8; 32],
		exchange: ExchangeId,
	) -> Result<Self, Error> {
		let json = seal::open(own_key, seal::Purpose::Subject(genesis, exchange), sealed)?;
		serde_json::from_slice(&json).map_err(|_| Error::Sealed("the subject is not readable"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_subject_is_kept_sealed_for_one_exchange() {
		let subject = Subject::of(&crate::envelope::tests::envelope()).unwrap();
		let (key, id) = (EncryptionKey::generate(), ExchangeId([2; 32]));
		let sealed = subject.seal(&key.public(), [1; 32], id).unwrap();
		assert_eq!(Subject::open(&sealed, &key, [1; 32], id).unwrap(), subject);
		assert!(Subject::open(&sealed, &key, [1; 32], ExchangeId([3; 32])).is_err());
		let keepsake = seal::Purpose::Keepsake([1; 32], id);
		assert!(seal::open(&key, keepsake, &sealed).is_err(), "nor passes for another secret");
		let nobody = Envelope { patient: None, ..crate::envelope::tests::envelope() };
		assert_eq!(Subject::of(&nobody), None);
	}
}
