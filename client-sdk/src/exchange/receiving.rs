//! Taking what was dispatched: the ciphertext, its receipt on the ledger, then what is in it.

use super::{
	held::{Heading, HEADING},
	Kind, Opening, Pending, PAUSE,
};
use crate::{
	client::{Client, View},
	content::{check_content, examine, Body},
	fhir::{check_data_set, Defect, Document, PatientIdentification},
	files,
	keys::EncryptionKey,
	ledger::curex,
	seal,
	submission::Recorded,
	transfer::{self, Stage},
	Error,
};
use curex_primitives::{
	commitment::Domain, transfer::Part, AcknowledgementCode, Commitment, Exchange, ExchangeId,
	ExchangeState, Gate,
};
use std::{
	fs,
	path::{Path, PathBuf},
	time::Duration,
};

/// What a recipient received.
#[derive(Debug)]
pub struct Delivery {
	/// The document, or what is wrong with what came.
	pub document: Result<Document, Defect>,
	/// Opens the receipt on the ledger; nothing if that was put there before and what opens it is not kept here
	/// ([`Client::keeping_openings`]).
	pub receipt: Option<Opening>,
}

impl Delivery {
	/// The code with which to acknowledge it, unless a person knows better.
	pub fn acknowledgement(&self) -> AcknowledgementCode {
		acknowledgement_of(&self.document)
	}
}

/// The code with which to acknowledge what came.
pub(super) fn acknowledgement_of(document: &Result<Document, Defect>) -> AcknowledgementCode {
	match document {
		Ok(_) => AcknowledgementCode::Accepted,
		Err(defect) => defect.acknowledgement(),
	}
}

/// What is to be taken, and what opens it.
#[derive(Clone, Copy)]
pub(crate) struct Incoming<'a> {
	pub id: ExchangeId,
	pub exchange: &'a Exchange,
	pub key: &'a EncryptionKey,
	/// Whose document is expected; nobody's under a permit for secondary use.
	pub patient: Option<&'a PatientIdentification>,
}

/// Whether to wait for what no node has yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
	/// As long as the client's patience lasts.
	Patiently,
	/// Not at all: somebody asks again later.
	Never,
}

impl Client {
	/// Waits for the data of a request, opens and checks them, and puts the receipt on the ledger. The data are in memory, up to
	/// 256 MiB.
	///
	/// # Errors
	/// [`Error::NothingAvailable`] when the exchange ended without data; [`Error::Timeout`] after `patience`;
	/// [`Error::Sealed`] when what came does not open; otherwise as [`Self::fetch`] and [`Self::submit`]. Where the holder keeps
	/// the key back until the receipt, [`Error::Timeout`] also when it does not give it out within the client's patience: received
	/// again, it is asked for again.
	pub async fn receive(&self, pending: &Pending, patience: Duration) -> Result<Delivery, Error> {
		let exchange = self.await_dispatch(pending, patience).await?;
		let sealed = self.fetch(pending.id, Part::Payload, payload_of(&exchange)?).await?;
		let (heading, length) = (Heading::read(&sealed), sealed.len() as u64);
		let receipt = self.put_receipt(pending.id, &exchange, length, heading.as_ref()).await?;
		let purpose = seal::Purpose::Part(self.genesis(), pending.id, Part::Payload);
		let own = pending.secret()?;
		let bytes = match &heading {
			None => seal::open(&own, purpose, &sealed)?,
			Some(heading) => {
				let key = self.await_key(pending.id, heading, &own, Wait::Patiently).await?;
				seal::open(&key, purpose, &sealed[HEADING..])?
			},
		};
		Ok(Delivery { document: check_delivered(&bytes, pending.patient()), receipt })
	}

	/// As [`Self::receive`], of data of any size, into a new file that only its owner may read; there is none if what came is
	/// not usable. The ciphertext is beside it meanwhile (`….sealed`): what was taken before an interruption is not taken again.
	///
	/// # Errors
	/// As [`Self::receive`], and [`Error::File`] when the file exists or a file cannot be read or written.
	pub async fn receive_file(
		&self,
		pending: &Pending,
		file: &Path,
		patience: Duration,
	) -> Result<Delivery, Error> {
		let exchange = self.await_dispatch(pending, patience).await?;
		let incoming = Incoming {
			id: pending.id,
			exchange: &exchange,
			key: &pending.secret()?,
			patient: pending.patient(),
		};
		let length = self.take_sealed(&incoming, file, Wait::Patiently).await?;
		self.take_delivery(&incoming, file, length, Wait::Patiently).await
	}

	/// Waits until an exchange is dispatched.
	async fn await_dispatch(
		&self,
		pending: &Pending,
		patience: Duration,
	) -> Result<Exchange, Error> {
		let id = pending.id;
		// Urgent care does not wait for finality.
		let urgent = matches!(pending.kind, Kind::BreakGlass { .. });
		let view = if urgent { View::Best } else { View::Finalised };
		let wait = async {
			loop {
				let exchange = self.exchange(id, view).await?;
				match exchange {
					Some(exchange)
						if matches!(
							exchange.state,
							ExchangeState::Dispatched | ExchangeState::Delivered
						) =>
					{
						return Ok(exchange);
					},
					Some(exchange) if exchange.state.is_final() => {
						return Err(Error::NothingAvailable {
							exchange: id,
							state: exchange.state,
						});
					},
					_ => tokio::time::sleep(PAUSE).await,
				}
			}
		};
		tokio::time::timeout(patience, wait)
			.await
			.map_err(|_| Error::Timeout { what: "the holder", seconds: patience.as_secs() })?
	}

	/// Puts the receipt of the ciphertext that lies beside a file on the ledger, if it is not there yet, and opens it into the
	/// file, once the holder gave out the key if it kept that back. [`Error::Sealed`] says that what the ledger is committed to
	/// does not open.
	pub(crate) async fn take_delivery(
		&self,
		incoming: &Incoming<'_>,
		file: &Path,
		length: u64,
		wait: Wait,
	) -> Result<Delivery, Error> {
		let Incoming { id, exchange, key, .. } = *incoming;
		let heading = Heading::of_file(&beside(file, "sealed"))?;
		let receipt = self.put_receipt(id, exchange, length, heading.as_ref()).await?;
		let document = match &heading {
			None => self.open_sealed(incoming, file, length).await?,
			Some(heading) => {
				let key = self.await_key(id, heading, key, wait).await?;
				self.open_sealed(&Incoming { key: &key, ..*incoming }, file, length).await?
			},
		};
		Ok(Delivery { document, receipt })
	}

	/// The key of a payload that the holder kept back.
	async fn await_key(
		&self,
		id: ExchangeId,
		heading: &Heading,
		own: &EncryptionKey,
		wait: Wait,
	) -> Result<EncryptionKey, Error> {
		let taken = self.take_key(id, heading, own, wait == Wait::Patiently).await;
		if taken.is_err() {
			let state = self.exchange(id, View::Finalised).await?.map(|exchange| exchange.state);
			if let Some(state) = state.filter(|state| state.is_final()) {
				return Err(Error::NothingAvailable { exchange: id, state });
			}
		}
		taken
	}

	/// Takes the ciphertext of a dispatched exchange, to lie beside the file in which it is to be opened. Gives its length.
	pub(crate) async fn take_sealed(
		&self,
		incoming: &Incoming<'_>,
		file: &Path,
		wait: Wait,
	) -> Result<u64, Error> {
		if file.exists() {
			return Err(Error::file(file, "exists already"));
		}
		let (sealed, partial) = (beside(file, "sealed"), beside(file, "sealed.part"));
		if sealed.exists() {
			// Of an earlier attempt, or of another exchange: it is compared with the ledger, and not taken again if it agrees.
			fs::rename(&sealed, partial).map_err(|error| Error::file(&sealed, error))?;
		}
		let commitment = payload_of(incoming.exchange)?;
		match wait {
			Wait::Patiently => {
				self.fetch_file(incoming.id, Part::Payload, commitment, &sealed).await
			},
			Wait::Never => {
				self.fetch_file_once(incoming.id, Part::Payload, commitment, &sealed).await
			},
		}
	}

	/// Opens what lies beside the file into it, and checks it. If it is not usable, or does not open, nothing of it is left.
	pub(super) async fn open_sealed(
		&self,
		incoming: &Incoming<'_>,
		file: &Path,
		length: u64,
	) -> Result<Result<Document, Defect>, Error> {
		let (sealed, opened) = (beside(file, "sealed"), beside(file, "opened"));
		// Of an attempt that was interrupted.
		files::remove(&opened)?;
		let purpose = seal::Purpose::Part(self.genesis(), incoming.id, Part::Payload);
		let meter = self.meter(incoming.id, Part::Payload, Stage::Opening, length);
		let key = EncryptionKey::from_bytes(*incoming.key.to_bytes());
		let patient = incoming.patient.cloned();
		let heading = match Heading::of_file(&sealed)? {
			Some(_) => HEADING as u64,
			None => 0,
		};
		let place = (sealed.clone(), opened.clone());
		let work = move || {
			let (sealed, opened) = place;
			transfer::open_watched(&key, purpose, (&sealed, heading), &opened, &meter)?;
			examine_delivered(Body::File(&opened), patient.as_ref())
		};
		let checked = tokio::task::spawn_blocking(work).await.map_err(stopped)?;
		match &checked {
			Ok(Ok(_)) => fs::rename(&opened, file).map_err(|error| Error::file(file, error))?,
			Ok(Err(_)) | Err(_) => files::remove(&opened)?,
		}
		// What failed for another reason may be opened the next time.
		if matches!(checked, Ok(_) | Err(Error::Sealed(_))) {
			files::remove(&sealed)?;
		}
		Ok(checked?.map(|document| document.moved(file)))
	}

	/// Puts the receipt of a ciphertext of `length` bytes on the ledger, if it is not there yet. If the key is held back, the
	/// receipt is what asks for it.
	async fn put_receipt(
		&self,
		id: ExchangeId,
		exchange: &Exchange,
		length: u64,
		heading: Option<&Heading>,
	) -> Result<Option<Opening>, Error> {
		let asking = heading.map(|heading| heading.opening(id));
		if exchange.state != ExchangeState::Dispatched {
			return match (asking, &exchange.receipt) {
				(Some(asking), Some(receipt)) if asking.commitment == *receipt => Ok(Some(asking)),
				(Some(_), _) => {
					Err(Error::Sealed("the receipt on the ledger does not ask for its key"))
				},
				(None, Some(receipt)) => self.kept_opening(receipt),
				(None, None) => Ok(None),
			};
		}
		if heading.is_some() && matches!(exchange.gate, Gate::BreakGlass(_)) {
			tracing::warn!(exchange = %id, "the holder keeps the key back, which nobody should in an emergency");
		}
		let receipt = match asking {
			Some(asking) => asking,
			None => receipt_of(id, exchange, length)?,
		};
		let call = curex::tx().exchange().receive(id.into(), receipt.commitment.into());
		let recording = async {
			let mut submission = self.submit(&call).await?;
			match exchange.gate {
				Gate::BreakGlass(_) => submission.in_block().await,
				_ => submission.finalized().await,
			}
		};
		self.keep_while(&[&receipt], recording).await?;
		Ok(Some(receipt))
	}

	/// Tells the holder, on the ledger, how the data were found. This closes the exchange.
	///
	/// # Errors
	/// As [`Self::submit`] and [`crate::Submission::finalized`].
	pub async fn acknowledge(
		&self,
		id: ExchangeId,
		code: AcknowledgementCode,
	) -> Result<Recorded, Error> {
		let call = curex::tx().exchange().acknowledge(id.into(), code.into(), None);
		self.submit(&call).await?.finalized().await
	}

	/// As [`Self::acknowledge`], for what was received before it was final, as with a broken glass: should the ledger have
	/// given up the block with the receipt, the receipt is put there again first.
	///
	/// # Errors
	/// As [`Self::receive`] and [`Self::acknowledge`].
	pub async fn conclude(
		&self,
		pending: &Pending,
		code: AcknowledgementCode,
		patience: Duration,
	) -> Result<Recorded, Error> {
		let conclude = async {
			loop {
				let rejection = match self.acknowledge(pending.id(), code).await {
					Err(Error::Rejected(rejection)) if rejection.name == "WrongState" => rejection,
					outcome => return outcome,
				};
				let finalised = self.exchange(pending.id(), View::Finalised).await?;
				match finalised.map(|exchange| exchange.state) {
					Some(ExchangeState::Dispatched) => {
						self.receive(pending, patience).await?;
					},
					Some(state) if state.is_final() => return Err(Error::Rejected(rejection)),
					_ => tokio::time::sleep(PAUSE).await,
				}
			}
		};
		tokio::time::timeout(patience, conclude)
			.await
			.map_err(|_| Error::Timeout { what: "the receipt", seconds: patience.as_secs() })?
	}
}

/// Discards what lies sealed beside a file if its key is held back until the receipt, and tells whether it is.
pub(super) fn discards_held(file: &Path) -> Result<bool, Error> {
	let sealed = beside(file, "sealed");
	let is_held = Heading::of_file(&sealed)?.is_some();
	if is_held {
		files::remove(&sealed)?;
	}
	Ok(is_held)
}

/// A file beside another.
fn beside(file: &Path, ending: &str) -> PathBuf {
	let mut name = file.as_os_str().to_owned();
	name.push(".");
	name.push(ending);
	name.into()
}

fn stopped(error: tokio::task::JoinError) -> Error {
	Error::Store(error.to_string())
}

/// Checks what was delivered: a document of the patient, or what is opaque; or data under a permit.
pub(super) fn check_delivered(
	bytes: &[u8],
	patient: Option<&PatientIdentification>,
) -> Result<Document, Defect> {
	match patient {
		Some(patient) => check_content(bytes, patient),
		None => check_data_set(bytes),
	}
}

/// As [`check_delivered`], wherever it lies.
fn examine_delivered(
	body: Body<'_>,
	patient: Option<&PatientIdentification>,
) -> Result<Result<Document, Defect>, Error> {
	match patient {
		Some(patient) => examine(body, patient),
		None => Ok(body.in_memory()?.and_then(|bytes| check_data_set(&bytes))),
	}
}

/// The receipt of a ciphertext of `length` bytes.
pub(super) fn receipt_of(
	id: ExchangeId,
	exchange: &Exchange,
	length: u64,
) -> Result<Opening, Error> {
	let payload = payload_of(exchange)?;
	let content = serde_json::json!({ "exchange": id, "payload": payload, "length": length });
	Ok(Opening::new(Domain::Receipt, &id.0, &content.to_string()))
}

/// The commitment to the payload of a dispatched exchange.
fn payload_of(exchange: &Exchange) -> Result<Commitment, Error> {
	exchange.payload.ok_or_else(|| Error::Protocol("a dispatched exchange without payload".into()))
}
