//! The way to the ledger's newest state, and what is handed to it: the withdrawals of patients, and what delegates signed
//! elsewhere about inquiries. What pages show comes from the index; a code is compared with what a node holds.

use crate::{prove::Witness, Error};
use curex_client::{
	prepared::{Act, Prepared},
	receipt::{self, WithdrawalCode},
	Submission, View,
};
use curex_primitives::{commitment, Consent, ConsentId};
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex};

/// How far something came that was handed to a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Step {
	/// It is on its way.
	#[default]
	Sent,
	/// A node took it.
	Accepted,
	/// A block holds it, which may still be abandoned.
	InBlock(u64),
	/// The block that holds it is final.
	Finalised(u64),
	/// It failed, for this reason.
	Failed(String),
}

/// The progress of something that was handed to a node. Copies show the same.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Step>>);

impl Progress {
	/// How far it came.
	pub fn step(&self) -> Step {
		self.0.lock().map(|step| step.clone()).unwrap_or_default()
	}

	/// It came this far.
	pub fn reach(&self, reached: Step) {
		if let Ok(mut step) = self.0.lock() {
			*step = reached;
		}
	}
}

/// Whether a viewing code is this consent's.
pub fn is_viewed_by(id: ConsentId, consent: &Consent, code: &[u8; 32]) -> bool {
	receipt::is_viewed_by(id, consent.holder, &consent.terms, code)
}

/// Whether a withdrawal code is this consent's.
pub fn is_withdrawn_by(consent: &Consent, code: &WithdrawalCode) -> bool {
	commitment::withdraw_lock(&code.0) == consent.terms.withdraw_lock
}

/// The way to the ledger.
pub trait Ledger: Send + Sync {
	/// A consent in the last final block, if the ledger has it.
	fn consent(
		&self,
		genesis: [u8; 32],
		id: ConsentId,
	) -> BoxFuture<'_, Result<Option<Consent>, Error>>;

	/// Hands a withdrawal to a node and follows it until it is final. What comes of it is told in the progress.
	fn withdraw(
		&self,
		genesis: [u8; 32],
		id: ConsentId,
		code: WithdrawalCode,
		progress: Progress,
	) -> BoxFuture<'_, ()>;

	/// Prepares what an account is to sign elsewhere.
	fn prepare(
		&self,
		genesis: [u8; 32],
		account: [u8; 32],
		act: Act,
	) -> BoxFuture<'_, Result<Prepared, Error>>;

	/// Hands in what was prepared with its signature, and follows it until it is final.
	fn hand_in(
		&self,
		genesis: [u8; 32],
		prepared: Prepared,
		signature: [u8; 64],
		progress: Progress,
	) -> BoxFuture<'_, ()>;
}

impl Ledger for Witness {
	fn consent(
		&self,
		genesis: [u8; 32],
		id: ConsentId,
	) -> BoxFuture<'_, Result<Option<Consent>, Error>> {
		Box::pin(async move { Ok(self.client(genesis).await?.consent(id, View::Finalised).await?) })
	}

	fn withdraw(
		&self,
		genesis: [u8; 32],
		id: ConsentId,
		code: WithdrawalCode,
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		Box::pin(async move {
			let client = match self.client(genesis).await {
				Ok(client) => client,
				Err(error) => return progress.reach(Step::Failed(error.to_string())),
			};
			let submitted = client.withdraw_by_code(id, &code).await;
			follow(submitted, &progress).await;
		})
	}

	fn prepare(
		&self,
		genesis: [u8; 32],
		account: [u8; 32],
		act: Act,
	) -> BoxFuture<'_, Result<Prepared, Error>> {
		Box::pin(async move { Ok(self.client(genesis).await?.prepare_act(account, act).await?) })
	}

	fn hand_in(
		&self,
		genesis: [u8; 32],
		prepared: Prepared,
		signature: [u8; 64],
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		Box::pin(async move {
			let client = match self.client(genesis).await {
				Ok(client) => client,
				Err(error) => return progress.reach(Step::Failed(error.to_string())),
			};
			let submitted = client.submit_prepared(&prepared, &signature).await;
			follow(submitted, &progress).await;
		})
	}
}

/// Follows what was handed to a node until it is final, or has failed.
async fn follow(submitted: Result<Submission, curex_client::Error>, progress: &Progress) {
	if let Err(error) = steps(submitted, progress).await {
		progress.reach(Step::Failed(error.to_string()));
	}
}

async fn steps(
	submitted: Result<Submission, curex_client::Error>,
	progress: &Progress,
) -> Result<(), curex_client::Error> {
	let mut submission = submitted?;
	progress.reach(Step::Accepted);
	progress.reach(Step::InBlock(submission.in_block().await?.block_number));
	progress.reach(Step::Finalised(submission.finalized().await?.block_number));
	Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use curex_client::receipt::{ConsentSpec, Receipt};
	use curex_primitives::OrganisationId;
	use serde_json::json;

	/// A consent that was filed, with its receipt.
	pub(crate) fn consent() -> (Receipt, Consent) {
		let spec: ConsentSpec = serde_json::from_value(json!({
			"grantee": {"organisation": 4}, "purposes": ["treatment"], "categories": ["patient-summary"],
			"access-modes": ["view"], "valid-until": "2024-11-14T00:00:00Z", "max-uses": 3,
			"notice": {"language": "en", "text": "I agree"}, "collection-method": "on paper", "policy-version": 1,
		}))
		.unwrap();
		let prepared = spec.prepare([1; 32], OrganisationId(3), 1_700_000_000_000).unwrap();
		(prepared.receipt, Consent::filed(OrganisationId(3), prepared.terms, 1))
	}

	#[test]
	fn each_code_is_good_for_its_own_purpose_alone() {
		let (receipt, record) = consent();
		let withdrawal = receipt.withdrawal_code.clone().unwrap();
		assert!(is_viewed_by(receipt.record_id, &record, &receipt.viewing_code));
		assert!(is_withdrawn_by(&record, &withdrawal));
		assert!(!is_viewed_by(receipt.record_id, &record, &withdrawal.0));
		assert!(!is_withdrawn_by(&record, &WithdrawalCode(receipt.viewing_code)));
	}
}
