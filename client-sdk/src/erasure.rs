//! Erasure orders (GDPR art. 17) and the answers to them.
//!
//! An order is a random handle that tells nobody what it is about. Whoever is bound by it learns that outside the ledger.

use crate::{
	client::{Client, View},
	exchange::Opening,
	ledger::curex,
	receipt::random,
	reconciliation::day_text,
	submission::Recorded,
	time, Error,
};
use curex_primitives::{
	commitment::Domain,
	erasure::{
		answer_leaf, is_filing_time, ErasureAttestation, ErasureBatch, ErasureMethod,
		ErasureOutcome, SLOTS,
	},
	merkle, ErasureId, MerkleRoot, OrganisationId,
};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What opens an attestation: the answers with their salts, in the order of the handles. For the organisation's file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
	/// The day of the batch.
	pub day: u32,
	/// One answer for each order.
	pub answers: Vec<Answer>,
	/// Opens the commitment to the evidence.
	pub evidence: Opening,
}

/// The answer to one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
	/// The order.
	pub order: ErasureId,
	/// What was done.
	pub outcome: ErasureOutcome,
	/// Salt of its leaf.
	#[serde(with = "crate::hexadecimal")]
	pub salt: [u8; 32],
}

/// Shows to whoever filed an order how it was answered, and nothing of the other orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerProof {
	/// The day of the batch.
	pub day: u32,
	/// The answer.
	pub answer: Answer,
	/// Place of its leaf.
	pub index: u64,
	/// Number of leaves.
	pub count: u64,
	/// Siblings from the leaf upwards, in hexadecimal.
	pub siblings: Vec<String>,
}

impl std::fmt::Debug for Answers {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Answers({}, {} orders)", day_text(self.day), self.answers.len())
	}
}

impl Answers {
	/// Answers every order of a batch: as `outcomes` says, and that nothing is held where it says nothing.
	///
	/// # Errors
	/// [`Error::Input`] when `outcomes` names an order that is not in the batch, or there is none.
	pub fn new(
		day: u32,
		orders: &[ErasureId],
		outcomes: &BTreeMap<ErasureId, ErasureOutcome>,
		evidence: &str,
	) -> Result<Self, Error> {
		if orders.is_empty() {
			return Err(Error::input(format!("no orders were released on {}", day_text(day))));
		}
		if let Some(unknown) = outcomes.keys().find(|order| !orders.contains(order)) {
			return Err(Error::input(format!("{unknown} is no order of {}", day_text(day))));
		}
		let mut orders = orders.to_vec();
		orders.sort_unstable();
		let outcome = |order| outcomes.get(&order).copied().unwrap_or(ErasureOutcome::NothingHeld);
		let answer = |order| Answer { order, outcome: outcome(order), salt: random() };
		let mut context = [0; 32];
		context[..4].copy_from_slice(&day.to_le_bytes());
		let evidence = Opening::new(Domain::Evidence, &context, evidence);
		Ok(Self { day, answers: orders.into_iter().map(answer).collect(), evidence })
	}

	fn tree(&self) -> merkle::Tree {
		let leaf = |answer: &Answer| {
			merkle::leaf(answer_leaf(&answer.order, answer.outcome, &answer.salt).as_ref())
		};
		merkle::Tree::new(self.answers.iter().map(leaf).collect())
	}

	/// The root that the ledger keeps.
	pub fn root(&self) -> MerkleRoot {
		self.tree().root()
	}

	/// The proof of the answer to one order.
	///
	/// # Errors
	/// [`Error::NotFound`] when the order is not among them.
	pub fn prove(&self, order: ErasureId) -> Result<AnswerProof, Error> {
		let position = self.answers.iter().position(|answer| answer.order == order);
		let proven = position.and_then(|position| {
			let proof = self.tree().prove(position as u64)?;
			Some((self.answers[position].clone(), proof))
		});
		let (answer, merkle::Proof { index, count, siblings }) =
			proven.ok_or_else(|| Error::NotFound(format!("order {order} in these answers")))?;
		let siblings = siblings.iter().map(hex::encode).collect();
		Ok(AnswerProof { day: self.day, answer, index, count, siblings })
	}
}

impl AnswerProof {
	/// Whether the attestation on the ledger holds this answer.
	pub fn holds(&self, attestation: &ErasureAttestation) -> bool {
		let siblings = self.siblings.iter().map(|text| crate::hexadecimal::read(text)).collect();
		let Some(siblings) = siblings else { return false };
		let proof = merkle::Proof { index: self.index, count: self.count, siblings };
		let Answer { order, outcome, salt } = &self.answer;
		attestation.shows(order, *outcome, salt, &proof)
	}
}

/// A new order: a handle that means nothing to anybody else.
pub fn draw() -> ErasureId {
	ErasureId(random())
}

/// The orders to file together: as many as the ledger takes, filled with handles without meaning, in random order.
///
/// # Errors
/// [`Error::Input`] when there are more than the ledger takes in a day, or one stands twice.
pub fn fill(orders: &[ErasureId]) -> Result<[ErasureId; SLOTS], Error> {
	let mut slots: Vec<ErasureId> = orders.to_vec();
	slots.sort_unstable();
	slots.dedup();
	if slots.len() != orders.len() {
		return Err(Error::input("an order stands twice"));
	}
	slots.resize_with(SLOTS.max(orders.len()), draw);
	slots.shuffle(&mut rand::rng());
	slots.try_into().map_err(|_| {
		Error::input(format!("at most {SLOTS} orders are filed a day; file the rest tomorrow"))
	})
}

impl Client {
	/// Files the orders of a day. An organisation does so every day, whether or not it has any.
	///
	/// # Errors
	/// [`Error::Input`] outside the hours in which the ledger takes orders; otherwise as [`Client::record`].
	pub async fn file_orders(&self, orders: [ErasureId; SLOTS]) -> Result<Recorded, Error> {
		if !is_filing_time(time::now()) {
			return Err(Error::input("orders are filed between 00:00 and 02:00 UTC"));
		}
		self.record(&curex::tx().erasure().file(orders.map(Into::into))).await
	}

	/// The batch of a day and its orders, once it is released.
	///
	/// # Errors
	/// [`Error::NotFound`] before that; [`Error::Connection`].
	pub async fn erasure_orders(&self, day: u32) -> Result<(ErasureBatch, Vec<ErasureId>), Error> {
		let view = View::At(self.block_of(View::Finalised).await?);
		let batch: Option<ErasureBatch> = self.read("ErasureApi_batch", day, view).await?;
		let batch = batch.ok_or_else(|| {
			let date = day_text(day);
			Error::NotFound(format!(
				"batch of {date}; orders are released once their day is over (UTC)"
			))
		})?;
		Ok((batch, self.read("ErasureApi_orders", day, view).await?))
	}

	/// What an organisation attests of the batch of a day.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn erasure_attestation(
		&self,
		day: u32,
		organisation: OrganisationId,
	) -> Result<Option<ErasureAttestation>, Error> {
		self.read("ErasureApi_attestation", (day, organisation), View::Finalised).await
	}

	/// Answers the orders of a day. Keep the answers: they alone open what the ledger holds.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn attest_erasure(
		&self,
		answers: &Answers,
		method: ErasureMethod,
	) -> Result<Recorded, Error> {
		let evidence = answers.evidence.commitment.into();
		let top = answers.tree().top();
		self.record(&curex::tx().erasure().attest(answers.day, top, method.into(), evidence)).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::erasure::RefusalGround;

	fn orders(count: u8) -> Vec<ErasureId> {
		(1..=count).map(|number| ErasureId([number; 32])).collect()
	}

	#[test]
	fn as_many_handles_are_filed_whatever_is_needed() {
		for needed in [0, 1, 16] {
			let filed = fill(&orders(needed)).unwrap();
			assert!(orders(needed).iter().all(|order| filed.contains(order)));
			let distinct: std::collections::BTreeSet<_> = filed.iter().collect();
			assert_eq!(distinct.len(), SLOTS);
		}
		assert!(matches!(fill(&orders(17)), Err(Error::Input(_))));
		assert!(matches!(fill(&[orders(1), orders(1)].concat()), Err(Error::Input(_))));
	}

	#[test]
	fn each_answer_is_proven_against_the_attestation_and_no_other_is() {
		let outcomes = BTreeMap::from([
			(ErasureId([1; 32]), ErasureOutcome::Erased(ErasureMethod::CryptographicErase)),
			(ErasureId([3; 32]), ErasureOutcome::Refused(RefusalGround::LegalClaims)),
		]);
		let answers =
			Answers::new(20_000, &orders(5), &outcomes, "the log of the key store").unwrap();
		let attestation = ErasureAttestation {
			answers: merkle::root_of(5, answers.tree().top()),
			method: ErasureMethod::CryptographicErase,
			evidence: answers.evidence.commitment,
			at: 0,
			late: false,
		};
		assert_eq!(answers.root(), attestation.answers);
		for order in orders(5) {
			let proof = answers.prove(order).unwrap();
			let told = outcomes.get(&order).copied().unwrap_or(ErasureOutcome::NothingHeld);
			assert_eq!(proof.answer.outcome, told);
			assert!(proof.holds(&attestation));
			let mut forged = proof.clone();
			forged.answer.outcome = ErasureOutcome::Erased(ErasureMethod::Destruction);
			assert!(!forged.holds(&attestation));
			let damaged = AnswerProof { siblings: vec!["zz".into()], ..proof };
			assert!(!damaged.holds(&attestation));
		}
		assert!(answers.prove(ErasureId([9; 32])).is_err());
	}

	#[test]
	fn an_answer_to_an_order_of_another_day_is_refused() {
		let outcomes = BTreeMap::from([(ErasureId([9; 32]), ErasureOutcome::NothingHeld)]);
		assert!(matches!(Answers::new(1, &orders(3), &outcomes, ""), Err(Error::Input(_))));
		assert!(matches!(Answers::new(1, &[], &BTreeMap::new(), ""), Err(Error::Input(_))));
	}
}
