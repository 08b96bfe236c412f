//! Consents: filing them, and withdrawing them with or without the holder.

use crate::{
	client::{Client, View},
	ledger::curex,
	receipt::{ConsentSpec, PreparedConsent, WithdrawalCode},
	submission::{Recorded, Submission},
	time, Error,
};
use codec::Decode;
use curex_primitives::{commitment, BlockNumber, Consent, ConsentId, ConsentTerms};
use curex_verify::bundle::storage_key;

impl Client {
	/// Prepares a consent of the client's organisation; nothing is sent. Give the receipt to the patient only after
	/// [`Self::file`] succeeded, and keep the prepared consent until then: filing it again records nothing twice.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse the terms, [`Error::NotFound`] when the account is no delegate.
	pub async fn prepare_consent(&self, spec: &ConsentSpec) -> Result<PreparedConsent, Error> {
		let holder = self.own_delegate().await?.organisation;
		spec.prepare(self.genesis(), holder, time::now())
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

	/// A consent in the last final block, with the terms as they were filed: what a viewing code belongs to.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn consent_as_filed(
		&self,
		id: ConsentId,
	) -> Result<Option<(Consent, ConsentTerms)>, Error> {
		let view = View::At(self.block_of(View::Finalised).await?);
		let Some(consent) = self.consent(id, view).await? else { return Ok(None) };
		let filed = match consent.narrowed {
			0 => consent.terms.clone(),
			_ => self.first_terms(id, view).await?,
		};
		Ok(Some((consent, filed)))
	}

	/// The terms before the first narrowing.
	async fn first_terms(&self, id: ConsentId, view: View) -> Result<ConsentTerms, Error> {
		let first = 0_u8.to_le_bytes();
		let key = [
			&storage_key("Consent", "Narrowings")[..],
			&sp_crypto_hashing::blake2_128(&id.0),
			&id.0,
			&sp_crypto_hashing::twox_64(&first),
			&first,
		]
		.concat();
		let bytes = self.storage(&key, view).await?.unwrap_or_default();
		let (terms, _) = <(ConsentTerms, BlockNumber)>::decode(&mut &bytes[..])
			.map_err(|_| Error::Protocol("the narrowed consent has another form".into()))?;
		Ok(terms)
	}
}
