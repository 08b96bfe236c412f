//! What may follow from an exchange: suspension, dispute, rectification, duties, assessments of its package.

use super::Opening;
use crate::{
	client::{Client, View},
	ledger::curex,
	submission::Recorded,
	Error,
};
use codec::Decode;
use curex_primitives::{
	commitment::Domain, exchange::DeferralReason, exchange::DisputeGrounds, exchange::Settlement,
	Commitment, ExchangeId, Obligation, PackageAssessments,
};
use curex_verify::bundle::storage_key;

/// Who suspends and resumes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
	/// The holder of the exchange.
	Holder,
	/// An authority competent for data protection.
	Authority,
}

impl Client {
	/// Suspends an exchange; a break-glass cannot be.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn suspend(&self, id: ExchangeId, by: By) -> Result<Recorded, Error> {
		let calls = curex::tx().exchange();
		match by {
			By::Holder => self.record(&calls.suspend(id.into())).await,
			By::Authority => self.record(&calls.suspend_by_policy(id.into())).await,
		}
	}

	/// Resumes an exchange that the same side suspended.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn resume(&self, id: ExchangeId, by: By) -> Result<Recorded, Error> {
		let calls = curex::tx().exchange();
		match by {
			By::Holder => self.record(&calls.resume(id.into())).await,
			By::Authority => self.record(&calls.resume_by_policy(id.into())).await,
		}
	}

	/// Disputes what was delivered, as the recipient. The opening of the evidence is for the organisation's file.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn dispute(
		&self,
		id: ExchangeId,
		grounds: DisputeGrounds,
		evidence: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Evidence, &id.0, evidence);
		let evidence = opening.commitment.into();
		let call = curex::tx().exchange().dispute(id.into(), grounds.into(), evidence);
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Answers a dispute, as the holder. The opening of the answer is for the organisation's file.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn answer_dispute(
		&self,
		id: ExchangeId,
		answer: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Evidence, &id.0, answer);
		let call = curex::tx().exchange().answer_dispute(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Settles a dispute: the recipient takes it back or accepts the remedy, an authority upholds or dismisses it.
	///
	/// # Errors
	/// [`Error::Input`] for a lapse, which nobody declares; otherwise as [`Client::record`].
	pub async fn settle_dispute(
		&self,
		id: ExchangeId,
		settlement: Settlement,
	) -> Result<Recorded, Error> {
		let calls = curex::tx().exchange();
		if settlement.is_recipients() {
			self.record(&calls.settle_dispute(id.into(), settlement.into())).await
		} else if settlement.is_decision() {
			self.record(&calls.decide_dispute(id.into(), settlement.into())).await
		} else {
			Err(Error::input("a dispute lapses by itself"))
		}
	}

	/// Tells the recipient that delivered data were superseded, as the holder. The opening of the notice is what the
	/// recipient is given with the corrected data.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn rectify(
		&self,
		id: ExchangeId,
		notice: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Evidence, &id.0, notice);
		let call = curex::tx().exchange().rectify(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Acknowledges that received data were superseded, as the recipient.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn acknowledge_rectification(&self, id: ExchangeId) -> Result<Recorded, Error> {
		self.record(&curex::tx().exchange().acknowledge_rectification(id.into())).await
	}

	/// Says that a duty was fulfilled. The opening of the evidence is for the organisation's file.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn attest_duty(
		&self,
		id: ExchangeId,
		obligation: Obligation,
		evidence: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Evidence, &id.0, evidence);
		let evidence = opening.commitment.into();
		let call = curex::tx().exchange().attest_duty(id.into(), obligation.into(), evidence);
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Defers the notice that the patient of a break-glass is owed. Once.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn defer_notice(
		&self,
		id: ExchangeId,
		reason: DeferralReason,
	) -> Result<Recorded, Error> {
		self.record(&curex::tx().exchange().defer_notice(id.into(), reason.into())).await
	}

	/// Attests a commitment to this side's assessment of the package: once, and advice only. See
	/// [`crate::gateway::assessment::attest`].
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn attest_package(
		&self,
		id: ExchangeId,
		assessment: &Commitment,
	) -> Result<Recorded, Error> {
		let call = curex::tx().exchange().attest_package(id.into(), (*assessment).into());
		self.record(&call).await
	}

	/// What the two sides of an exchange attested of its package; nothing of either if there is no such exchange.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn package_assessments(
		&self,
		id: ExchangeId,
		view: View,
	) -> Result<PackageAssessments, Error> {
		let key = [&storage_key("Exchange", "PackageAssessments")[..], &id.0].concat();
		let Some(bytes) = self.storage(&key, view).await? else {
			return Ok(PackageAssessments::default());
		};
		PackageAssessments::decode(&mut &bytes[..])
			.map_err(|_| Error::Protocol("the assessments of a package are not readable".into()))
	}
}
