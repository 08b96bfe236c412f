//! Taking what was dispatched: the ciphertext, its receipt on the ledger, then what is in it.

use super::{Kind, Opening, Pending, PAUSE};
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
	/// [`Error::Sealed`] when what came does not open; otherwise as [`Self::fetch`] and [`Self::submit`].
	pub async fn receive(&self, pending: &Pending, patience: Duration) -> Result<Delivery, Error> {
		let exchange = self.await_dispatch(pending, patience).await?;
		let sealed = self.fetch(pending.id, Part::Payload, payload_of(&exchange)?).await?;
		let receipt = self.put_receipt(pending.id, &exchange, sealed.len() as u64).await?;
		let purpose = seal::Purpose::Part(self.genesis(), pending.id, Part::Payload);
		let bytes = seal::open(&pending.secret()?, purpose, &sealed)?;
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
		self.take_delivery(&incoming, file, length).await
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
	/// file. [`Error::Sealed`] says that what the ledger is committed to does not open.
	pub(crate) async fn take_delivery(
		&self,
		incoming: &Incoming<'_>,
		file: &Path,
		length: u64,
	) -> Result<Delivery, Error> {
		let receipt = self.put_receipt(incoming.id, incoming.exchange, length).await?;
		let document = self.open_sealed(incoming, file, length).await?;
		Ok(Delivery { document, receipt })
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
		let place = (sealed.clone(), opened.clone());
		let work = move || {
			let (sealed, opened) = place;
			transfer::open_watched(&key, purpose, &sealed, &opened, &meter)?;
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

	/// Puts the receipt of a ciphertext of `length` bytes on the ledger, if it is not there yet.
	async fn put_receipt(
		&self,
		id: ExchangeId,
		exchange: &Exchange,
		length: u64,
	) -> Result<Option<Opening>, Error> {
		if exchange.state != ExchangeState::Dispatched {
			return match &exchange.receipt {
				Some(receipt) => self.kept_opening(receipt),
				None => Ok(None),
			};
		}
		let receipt = receipt_of(id, exchange, length)?;
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
