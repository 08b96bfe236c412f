//! Consents: filing them, and withdrawing them with or without the holder.

use crate::{
	client::{Client, View},
	exchange::{IdempotencyKey, Opening},
	ledger::curex,
	receipt::{ConsentSpec, PreparedConsent, Receipt, WithdrawalCode},
	submission::{Recorded, Submission},
	time, Error,
};
use curex_primitives::{
	commitment::{self, Domain},
	ConsentId, ConsentTerms,
};
use std::path::Path;

impl Client {
	/// Prepares a consent of the client's organisation; nothing is sent. Give the receipt to the patient only after
	/// [`Self::file`] succeeded, and keep the prepared consent until then: filing it again records nothing twice.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse the terms, [`Error::NotFound`] when the account is no delegate.
	pub async fn prepare_consent(&self, spec: &ConsentSpec) -> Result<PreparedConsent, Error> {
		self.prepare_consent_under(spec, None).await
	}

	/// As [`Self::prepare_consent`], with the handle that stands for an idempotency key. Its codes are fresh each time: what
	/// was prepared is to be kept and filed again ([`PreparedConsent::again`]), not prepared again.
	///
	/// # Errors
	/// As [`Self::prepare_consent`].
	pub async fn prepare_consent_under(
		&self,
		spec: &ConsentSpec,
		key: Option<&IdempotencyKey>,
	) -> Result<PreparedConsent, Error> {
		let holder = self.own_delegate().await?.organisation;
		match key {
			Some(key) => spec.prepare_as(key.consent(), self.genesis(), holder, time::now()),
			None => spec.prepare(self.genesis(), holder, time::now()),
		}
	}

	/// As [`Self::prepare_consent_under`], with the receipt in a file before anything is sent, and taken from there when the
	/// same is prepared again. Says also whether the ledger has the consent already.
	///
	/// # Errors
	/// [`Error::Input`] when the file is another consent's receipt, or the key stands for another consent, or for one that
	/// was filed and whose receipt is elsewhere; [`Error::File`]; otherwise as [`Self::prepare_consent`].
	pub async fn prepare_consent_once(
		&self,
		spec: &ConsentSpec,
		key: &IdempotencyKey,
		receipt: &Path,
	) -> Result<(PreparedConsent, bool), Error> {
		let id = key.consent();
		let is_filed = self.consent(id, View::Best).await?.is_some();
		if !receipt.exists() {
			if is_filed {
				return Err(Error::input(format!(
					"consent {id} was filed before, and its receipt is elsewhere: find it, or issue it again"
				)));
			}
			let prepared = self.prepare_consent_under(spec, Some(key)).await?;
			prepared.receipt.write_new(receipt)?;
			return Ok((prepared, false));
		}
		let written = Receipt::read(receipt)?;
		if written.ledger != self.genesis() || written.record_id != id {
			return Err(Error::input(format!(
				"{} is another consent's receipt",
				receipt.display()
			)));
		}
		if !spec.is_of(&written) {
			return Err(Error::input("the idempotency key stands for another consent"));
		}
		Ok((PreparedConsent::again(written)?, is_filed))
	}

	/// Files a prepared consent.
	///
	/// # Errors
	/// As [`Self::submit`].
	pub async fn file(&self, prepared: &PreparedConsent) -> Result<Submission, Error> {
		let call = curex::tx().consent().file(prepared.id.into(), prepared.terms.clone().into());
		self.submit_own(&call).await
	}

	/// Files a consent and waits until it is final.
	///
	/// # Errors
	/// As [`Self::prepare_consent`], [`Self::submit`] and [`Submission::finalized`].
	pub async fn file_consent(
		&self,
		spec: &ConsentSpec,
	) -> Result<(PreparedConsent, Recorded), Error> {
		let prepared = self.prepare_consent(spec).await?;
		let recorded = self.file(&prepared).await?.finalized().await?;
		Ok((prepared, recorded))
	}

	/// Replaces a consent of the client's organisation by a prepared one: its receipt was lost, or its terms change. The old
	/// one and its codes serve nothing from then on, and what was agreed under it and not yet received ends.
	///
	/// # Errors
	/// As [`Self::submit`].
	pub async fn supersede(
		&self,
		old: ConsentId,
		prepared: &PreparedConsent,
	) -> Result<Submission, Error> {
		let terms = prepared.terms.clone().into();
		let call = curex::tx().consent().supersede(old.into(), prepared.id.into(), terms);
		self.submit_own(&call).await
	}

	/// Prepares to narrow a consent of the client's organisation: the patient agrees to less than before. `copy` is the
	/// organisation's copy of the receipt, `spec` what the patient agrees to now. Gives the new copy and the terms; handle and
	/// codes stay. Nothing is sent: write the copy down first, for nothing else opens what the ledger will hold.
	///
	/// # Errors
	/// [`Error::Input`] when the copy is not what the ledger holds; [`Error::NotFound`]; [`Error::Connection`].
	pub async fn prepare_narrowing(
		&self,
		copy: &Receipt,
		spec: &ConsentSpec,
	) -> Result<(Receipt, ConsentTerms), Error> {
		let id = copy.consent();
		let consent = self
			.consent(id, View::Best)
			.await?
			.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
		if copy.ledger != self.genesis() || !copy.agrees_with(&consent.terms)? {
			return Err(Error::input("the copy does not say what the ledger holds"));
		}
		let narrower = Receipt {
			record_id: copy.record_id,
			viewing_code: copy.viewing_code,
			..spec.prepare(copy.ledger, copy.pii_controller, time::now())?.receipt.view()
		};
		let terms = narrower.terms_under(consent.terms.withdraw_lock)?;
		Ok((narrower, terms))
	}

	/// Narrows a consent of the client's organisation to prepared terms.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn narrow(&self, id: ConsentId, terms: ConsentTerms) -> Result<Recorded, Error> {
		self.record(&curex::tx().consent().narrow(id.into(), terms.into())).await
	}

	/// Suspends a consent of the client's organisation, for what the holder must clear up. Members see it; what was sent may
	/// still be received.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn suspend_consent(&self, id: ConsentId) -> Result<Recorded, Error> {
		self.record(&curex::tx().consent().suspend(id.into())).await
	}

	/// Resumes a consent that the client's organisation suspended.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn resume_consent(&self, id: ConsentId) -> Result<Recorded, Error> {
		self.record(&curex::tx().consent().resume(id.into())).await
	}

	/// Records that a minor who came of age confirmed what a representative agreed to. Gives what opens the commitment to the
	/// evidence.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn confirm_consent(
		&self,
		id: ConsentId,
		evidence: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::ConsentEvidence, &id.0, evidence);
		let call = curex::tx().consent().confirm(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Withdraws a consent by order of a court, as an authority for data protection. Gives what opens the commitment to the
	/// case.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn withdraw_by_court(
		&self,
		id: ConsentId,
		case: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::CourtOrder, &id.0, case);
		let call = curex::tx().consent().withdraw_by_court(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Withdraws a consent of the client's organisation.
	///
	/// # Errors
	/// As [`Self::submit`].
	pub async fn withdraw(&self, id: ConsentId) -> Result<Submission, Error> {
		self.submit(&curex::tx().consent().withdraw(id.into())).await
	}

	/// Withdraws a consent by the patient's code. Needs no account and nobody's cooperation: any node will do.
	///
	/// # Errors
	/// [`Error::NotFound`] when the ledger has no such consent, [`Error::Input`] when the code is not that consent's,
	/// [`Error::NotAdmitted`] when the consent has ended, [`Error::Connection`].
	pub async fn withdraw_by_code(
		&self,
		id: ConsentId,
		code: &WithdrawalCode,
	) -> Result<Submission, Error> {
		let consent = self
			.consent(id, View::Best)
			.await?
			.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
		if commitment::withdraw_lock(&code.0) != consent.terms.withdraw_lock {
			return Err(Error::input("the code does not belong to this consent"));
		}
		self.submit_authorised(&curex::tx().consent().withdraw_by_code(id.into(), code.0)).await
	}
}
