//! The recipient's side of an offer: accepting it, taking the document, acknowledging it.

use super::{
	store::{Case, Decision},
	Gateway,
};
use crate::{
	envelope::RecipientKey,
	exchange::{payload_of, Delivery},
	fhir::PatientIdentification,
	ledger::curex,
	Error,
};
use curex_primitives::{transfer::Part, AcknowledgementCode, Exchange, ExchangeId, ExchangeState};
use std::path::Path;

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
		let sealed = self.client.fetch_now(case.id, Part::Payload, payload_of(exchange)?).await?;
		let key = &self.setup.key;
		let patient = envelope.patient.as_ref();
		let taken = self.client.take_delivery(case.id, exchange, &sealed, key, patient);
		let code = match taken.await {
			Ok(delivery) => self.keep(case.id, &delivery, patient).await?,
			Err(Error::Sealed(reason)) => {
				tracing::warn!(exchange = %case.id, reason, "the offered document does not open");
				AcknowledgementCode::Unreadable
			},
			Err(error) => return Err(error),
		};
		self.client.acknowledge(case.id, code).await?;
		tracing::info!(exchange = %case.id, ?code, "received");
		self.store().done(case.id)
	}

	/// Puts a document into the inbox, with its description beside it if that is wanted. A file that is there already is from
	/// an attempt that did not come to its end.
	async fn keep(
		&self,
		id: ExchangeId,
		delivery: &Delivery,
		patient: Option<&PatientIdentification>,
	) -> Result<AcknowledgementCode, Error> {
		if let (Ok(document), Some(inbox)) = (&delivery.document, &self.setup.inbox) {
			let name = hex::encode(id.0);
			let file = format!("{name}.{}", document.content().extension());
			if self.describes {
				let patient = patient.and_then(|patient| patient.identifiers.first());
				let (reference, provenance) =
					self.client.describe_received(id, document, patient, Some(&file)).await?;
				put(inbox, &format!("{name}.document-reference.json"), &reference)?;
				put(inbox, &format!("{name}.provenance.json"), &provenance)?;
			}
			put(inbox, &file, document.bytes())?;
		}
		Ok(delivery.acknowledgement())
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
	crate::files::write_private(&part, bytes)?;
	std::fs::rename(&part, &path).map_err(|error| Error::file(&path, error))
}
