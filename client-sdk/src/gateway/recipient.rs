//! The recipient's side of an offer: accepting it, taking the document, acknowledging it.

use super::{
	assessor::Passing,
	store::{Case, Decision},
	Gateway,
};
use crate::{
	content::Body,
	envelope::RecipientKey,
	exchange::{Delivery, Incoming, Wait},
	fhir::PatientIdentification,
	files,
	ledger::curex,
	Error,
};
use curex_primitives::{AcknowledgementCode, Exchange, ExchangeId, ExchangeState};
use std::path::{Path, PathBuf};

impl Gateway {
	/// Takes an offer to this organisation one step further.
	pub(super) async fn accept(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		match (exchange.state, case.decision) {
			(ExchangeState::Offered, Decision::Open) => {
				match self.envelope(case, exchange).await? {
					Ok(_) => self.store().decide(case.id, Decision::Serve, ""),
					Err(reason) => self.store().decide(case.id, Decision::Refuse, reason),
				}
			},
			(ExchangeState::Offered, Decision::Serve) => {
				let key = RecipientKey::of_organisation(self.setup.key.public(), &case.id);
				let commitment = key.commitment(&case.id);
				let call = curex::tx().exchange().accept(case.id.into(), commitment.into());
				self.client.submit(&call).await?.in_block().await.map(drop)
			},
			(ExchangeState::Dispatched | ExchangeState::Delivered, Decision::Serve) => {
				self.take(case, exchange).await
			},
			_ => Ok(()),
		}
	}

	async fn take(&self, case: &Case, exchange: &Exchange) -> Result<(), Error> {
		let envelope = match self.envelope(case, exchange).await? {
			Ok(envelope) => envelope,
			Err(reason) => return self.store().decide(case.id, Decision::Refuse, reason),
		};
		let Some(inbox) = &self.setup.inbox else { return Ok(()) };
		let file = inbox.join(format!("{}.incoming", hex::encode(case.id.0)));
		// Of an attempt that did not come to its end.
		files::remove(&file)?;
		let patient = envelope.patient.as_ref();
		let incoming = Incoming { id: case.id, exchange, key: &self.setup.key, patient };
		let length = self.client.take_sealed(&incoming, &file, Wait::Never).await?;
		let taken = self.client.take_delivery(&incoming, &file, length, Wait::Never).await;
		let (code, document) = match taken {
			Ok(delivery) => {
				let document = self.keep(inbox, case.id, &file, &delivery, patient).await?;
				(delivery.acknowledgement(), document)
			},
			Err(Error::Sealed(reason)) => {
				tracing::warn!(exchange = %case.id, reason, "the offered document does not open");
				(AcknowledgementCode::Unreadable, None)
			},
			Err(error) => return Err(error),
		};
		self.client.acknowledge(case.id, code).await?;
		tracing::info!(exchange = %case.id, ?code, "received");
		if let Some(document) = document {
			let came = Passing { id: case.id, gate: exchange.gate, partner: exchange.holder };
			self.assess(came, Body::File(&document));
		}
		self.store().done(case.id)
	}

	/// Gives a document that came its name in the inbox, with its description beside it if that is wanted, and tells where it
	/// is. A file that is there already is from an attempt that did not come to its end.
	async fn keep(
		&self,
		inbox: &Path,
		id: ExchangeId,
		file: &Path,
		delivery: &Delivery,
		patient: Option<&PatientIdentification>,
	) -> Result<Option<PathBuf>, Error> {
		if let Ok(document) = &delivery.document {
			let name = hex::encode(id.0);
			let ending = document.content().extension();
			let named = format!("{name}.{ending}");
			if self.describes {
				let patient = patient.and_then(|patient| patient.identifiers.first());
				let (reference, provenance) =
					self.client.describe_received(id, document, patient, Some(&named)).await?;
				put(inbox, &format!("{name}.document-reference.json"), &reference)?;
				put(inbox, &format!("{name}.provenance.json"), &provenance)?;
			}
			let path = inbox.join(named);
			std::fs::rename(file, &path).map_err(|error| Error::file(&path, error))?;
			return Ok(Some(path));
		}
		Ok(None)
	}
}

/// Puts a file into a folder, whole or not at all, unless it is there.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
	let path = folder.join(name);
	if path.exists() {
		return Ok(());
	}
	let part = folder.join(format!("{name}.part"));
	let _ = std::fs::remove_file(&part);
	files::write_private(&part, bytes)?;
	std::fs::rename(&part, &path).map_err(|error| Error::file(&path, error))
}
