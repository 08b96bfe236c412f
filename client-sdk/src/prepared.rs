//! What is done about inquiries, prepared by one program and signed by another: an explorer's page prepares the exact call, the
//! delegate's machine reads out what it says, signs it without any connection, and gives back a signature that is good for this
//! call alone.

use crate::{
	client::{form_error, parameters, rpc_error, Client, View, MORTALITY},
	keys::{is_signed_in, Scheme},
	ledger::{self, curex, CurexConfig},
	oversight::Question,
	submission::Submission,
	Error, Signer,
};
use curex_primitives::{oversight::InquiryRefusal, Commitment};
use serde::{Deserialize, Serialize};
use subxt::{
	client::OfflineClient,
	config::{
		substrate::SpecVersionForRange, transaction_extensions::CheckMortalityParams,
		SubstrateConfig,
	},
	metadata::Metadata,
	transactions::Payload,
	utils::{AccountId32, MultiSignature, H256},
};

/// With what everything that is prepared begins.
pub const FORMAT: &str = "curex-prepared-inquiry-2";

/// What is done about an inquiry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
	/// An authority opens it.
	Open {
		/// What is asked.
		question: Question,
		/// Commitment to the authority's case file.
		case: Commitment,
	},
	/// The organisation that is asked refuses to disclose.
	Refuse {
		/// Number of the inquiry.
		inquiry: u32,
		/// Why.
		ground: InquiryRefusal,
		/// Commitment to the reasons in words ([`crate::oversight::reasons`]).
		reasons: Commitment,
	},
	/// The authority needs no answer any more.
	Withdraw {
		/// Number of the inquiry.
		inquiry: u32,
	},
}

/// An act that is ready to be signed, with what makes a signature good for it alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
	/// Always [`FORMAT`].
	pub format: String,
	/// Hash of the ledger's first block.
	#[serde(with = "crate::hexadecimal")]
	pub ledger: [u8; 32],
	/// The account that is to sign.
	#[serde(with = "crate::hexadecimal")]
	pub account: [u8; 32],
	/// Number of the account's transaction: no other with this number can happen.
	pub number: u64,
	/// The block from which on it counts, for 64 blocks.
	pub block: u64,
	/// Its hash.
	#[serde(with = "crate::hexadecimal")]
	pub block_hash: [u8; 32],
	/// Version of the runtime that takes it.
	pub spec_version: u32,
	/// Version of the form of its transactions.
	pub transaction_version: u32,
	/// What is done.
	pub act: Act,
}

impl Prepared {
	/// Signs it, without any connection.
	///
	/// # Errors
	/// [`Error::Key`] when it is for another account, [`Error::WrongRuntime`] when it is for a runtime that this library
	/// does not know, [`Error::Input`] when it is of another form.
	pub fn sign(&self, signer: &Signer) -> Result<[u8; 64], Error> {
		if signer.account() != self.account {
			return Err(Error::Key("this is for another account".into()));
		}
		let mut given = [0; 64];
		self.transaction(|payload| {
			let (account, signature) = signer.sign_transaction(payload)?;
			if let MultiSignature::Sr25519(bytes) | MultiSignature::Ed25519(bytes) = &signature {
				given = *bytes;
			}
			Ok((account, signature))
		})?;
		Ok(given)
	}

	/// The transaction with a signature that was given, as bytes.
	///
	/// # Errors
	/// [`Error::Key`] when the signature is not the account's over this act; otherwise as [`Self::sign`].
	pub fn signed_with(&self, signature: &[u8; 64]) -> Result<Vec<u8>, Error> {
		self.transaction(|payload| {
			let is_in = |scheme| is_signed_in(scheme, &self.account, payload, signature);
			let signature = if is_in(Scheme::Sr25519) {
				MultiSignature::Sr25519(*signature)
			} else if is_in(Scheme::Ed25519) {
				MultiSignature::Ed25519(*signature)
			} else {
				return Err(Error::Key("the signature is not this account's over this".into()));
			};
			Ok((AccountId32(self.account), signature))
		})
	}

	fn transaction(
		&self,
		sign: impl FnOnce(&[u8]) -> Result<(AccountId32, MultiSignature), Error>,
	) -> Result<Vec<u8>, Error> {
		let calls = curex::tx().oversight();
		match &self.act {
			Act::Open { question, case } => {
				let call = calls.open_inquiry(
					question.organisation.into(),
					question.field.into(),
					question.about.into(),
					(*case).into(),
					question.term,
				);
				self.signed(&call, sign)
			},
			Act::Refuse { inquiry, ground, reasons } => {
				let call = calls.refuse_inquiry(*inquiry, (*ground).into(), (*reasons).into());
				self.signed(&call, sign)
			},
			Act::Withdraw { inquiry } => self.signed(&calls.withdraw_inquiry(*inquiry), sign),
		}
	}

	fn signed(
		&self,
		call: &impl Payload,
		sign: impl FnOnce(&[u8]) -> Result<(AccountId32, MultiSignature), Error>,
	) -> Result<Vec<u8>, Error> {
		let Self { block, spec_version, transaction_version, .. } = *self;
		if self.format != FORMAT {
			return Err(Error::input("this is no prepared inquiry of this version"));
		}
		let expected = ledger::built_for().unwrap_or_default();
		if spec_version != expected {
			return Err(Error::WrongRuntime { expected, found: spec_version });
		}
		let metadata = Metadata::decode_from(ledger::METADATA)
			.map_err(|error| Error::Protocol(format!("metadata: {error}")))?;
		let block_range = block..block.saturating_add(1);
		let version = SpecVersionForRange { block_range, spec_version, transaction_version };
		let config = SubstrateConfig::builder()
			.set_genesis_hash(H256(self.ledger))
			.set_metadata_for_spec_versions([(spec_version, metadata.arc())])
			.set_spec_version_for_block_ranges([version])
			.build();
		let at = OfflineClient::new_with_config(CurexConfig::from(config))
			.at_block(block)
			.map_err(|error| Error::Protocol(error.to_string()))?;
		let hash = H256(self.block_hash);
		let mortality = CheckMortalityParams::mortal_from_unchecked(MORTALITY, block, hash);
		let form = |error| form_error(error, spec_version);
		let mut signable = at
			.tx()
			.create_v4_signable_offline(call, parameters(self.number, mortality))
			.map_err(form)?;
		let payload = signable.signer_payload().map_err(form)?;
		let (account, signature) = sign(&payload)?;
		let signed =
			signable.sign_with_account_and_signature(&account, &signature).map_err(form)?;
		Ok(signed.encoded().to_vec())
	}
}

impl Client {
	/// Prepares what an account is to sign elsewhere; nothing is sent.
	///
	/// # Errors
	/// [`Error::Connection`], and [`Error::WrongRuntime`] when the node has another runtime than this library.
	pub async fn prepare_act(&self, account: [u8; 32], act: Act) -> Result<Prepared, Error> {
		let head = self.block_of(View::Finalised).await?;
		let block = self.height(View::At(head)).await?;
		let number = self
			.methods()
			.system_account_next_index(&AccountId32(account))
			.await
			.map_err(rpc_error)?;
		let version =
			self.methods().state_get_runtime_version(Some(head)).await.map_err(rpc_error)?;
		let expected = ledger::built_for().unwrap_or_default();
		if version.spec_version != expected {
			return Err(Error::WrongRuntime { expected, found: version.spec_version });
		}
		Ok(Prepared {
			format: FORMAT.into(),
			ledger: self.genesis(),
			account,
			number,
			block,
			block_hash: head.0,
			spec_version: version.spec_version,
			transaction_version: version.transaction_version,
			act,
		})
	}

	/// Hands in what was prepared, with its signature.
	///
	/// # Errors
	/// As [`Prepared::signed_with`] and [`Self::submit`].
	pub async fn submit_prepared(
		&self,
		prepared: &Prepared,
		signature: &[u8; 64],
	) -> Result<Submission, Error> {
		Submission::send(self.clone(), prepared.signed_with(signature)?, false).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{Competence, OrganisationId, RecordHandle};

	fn open() -> Act {
		let question = Question {
			organisation: OrganisationId(3),
			field: Competence::DataProtection,
			about: RecordHandle([5; 32]),
			term: 14 * crate::time::DAY,
		};
		Act::Open { question, case: Commitment([6; 32]) }
	}

	fn prepared(signer: &Signer, act: Act) -> Prepared {
		Prepared {
			format: FORMAT.into(),
			ledger: [1; 32],
			account: signer.account(),
			number: 7,
			block: 640,
			block_hash: [2; 32],
			spec_version: ledger::built_for().unwrap(),
			transaction_version: 1,
			act,
		}
	}

	#[test]
	fn a_refusal_and_a_withdrawal_are_signed_for_their_inquiry_alone() {
		let alice = Signer::development("//Alice").unwrap();
		let refuse = |inquiry, ground, byte| Act::Refuse {
			inquiry,
			ground,
			reasons: Commitment([byte; 32]),
		};
		let acts = [
			refuse(7, InquiryRefusal::Erased, 8),
			refuse(8, InquiryRefusal::Erased, 8),
			refuse(7, InquiryRefusal::Privileged, 8),
			refuse(7, InquiryRefusal::Erased, 9),
			Act::Withdraw { inquiry: 7 },
			Act::Withdraw { inquiry: 8 },
			open(),
		];
		for act in &acts {
			let own = prepared(&alice, act.clone());
			let json = serde_json::to_string(&own).unwrap();
			assert_eq!(serde_json::from_str::<Prepared>(&json).unwrap(), own);
			let signature = own.sign(&alice).unwrap();
			for other in &acts {
				let is_good = prepared(&alice, other.clone()).signed_with(&signature).is_ok();
				assert_eq!(is_good, act == other, "{act:?} as {other:?}");
			}
		}
	}

	#[test]
	fn a_signature_is_good_for_its_inquiry_alone() {
		let [alice, bob] = ["//Alice", "//Bob"].map(|name| Signer::development(name).unwrap());
		let prepared = prepared(&alice, open());
		let json = serde_json::to_string(&prepared).unwrap();
		assert_eq!(serde_json::from_str::<Prepared>(&json).unwrap(), prepared);
		let signature = prepared.sign(&alice).unwrap();
		let transaction = prepared.signed_with(&signature).unwrap();
		// The case file's commitment stands in it.
		assert!(transaction.windows(32).any(|bytes| bytes == [6; 32]));
		assert!(matches!(prepared.sign(&bob), Err(Error::Key(_))));
		let refused = |change: fn(&mut Prepared)| {
			let mut other = prepared.clone();
			change(&mut other);
			other.signed_with(&signature).is_err()
		};
		assert!(refused(|other| other.ledger = [9; 32]));
		assert!(refused(|other| other.account = [9; 32]));
		assert!(refused(|other| other.number += 1));
		assert!(refused(|other| other.block_hash = [9; 32]));
		assert!(refused(|other| other.spec_version += 1));
		assert!(refused(|other| other.transaction_version += 1));
		assert!(refused(|other| other.format.clear()));
		let changed = |change: fn(&mut Question, &mut Commitment)| {
			let mut other = prepared.clone();
			if let Act::Open { question, case } = &mut other.act {
				change(question, case);
			}
			other.signed_with(&signature).is_err()
		};
		assert!(changed(|question, _| question.organisation = OrganisationId(4)));
		assert!(changed(|question, _| question.term += 1));
		assert!(changed(|_, case| *case = Commitment([7; 32])));
		assert!(!refused(|_| ()));
	}
}
