//! `Client` and `AsyncClient`: the same methods, waited for or awaited.

use crate::{
	convert::{from_json, json_bytes, raised, word, Given, Json},
	exchange::{Delivery, IdempotencyKey, Pending},
	keys::{Account, EncryptionKey},
	promise::{promise, wait},
};
use curex_client::{
	receipt::{ConsentSpec, WithdrawalCode},
	Error, Options, Spec, View,
};
use curex_primitives::{AcknowledgementCode, ConsentId, ExchangeId, OrganisationId};
use pyo3::prelude::*;
use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

fn view(name: &str) -> PyResult<View> {
	match name {
		"finalised" => Ok(View::Finalised),
		"best" => Ok(View::Best),
		other => Err(raised(Error::Input(format!("a view is finalised or best, not {other}")))),
	}
}

fn seconds(seconds: f64) -> PyResult<Duration> {
	Duration::try_from_secs_f64(seconds)
		.map_err(|_| raised(Error::Input("a time is a number of seconds, not negative".into())))
}

fn genesis(text: Option<&str>) -> PyResult<Option<[u8; 32]>> {
	let Some(text) = text else { return Ok(None) };
	let mut bytes = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes)
		.map(|()| Some(bytes))
		.map_err(|_| raised(Error::Input("a genesis hash is 32 bytes in hexadecimal".into())))
}

async fn maybe<T: serde::Serialize>(
	found: impl Future<Output = Result<Option<T>, Error>>,
) -> Result<Option<Json>, Error> {
	found.await?.as_ref().map(Json::of).transpose()
}

/// Begins a request, or a broken glass with its reason; once if there is a key.
async fn begin(
	client: curex_client::Client,
	spec: Spec,
	reason: Option<String>,
	key: Option<IdempotencyKey>,
) -> Result<Pending, Error> {
	let pending = match key {
		Some(key) => client.begin_once(&spec, reason.as_deref(), key.once()).await?,
		None => {
			let pending = client.prepare_request(&spec, reason.as_deref()).await?;
			client.begin(&pending).await?.in_block().await?;
			client.deposit_envelope(&pending).await?;
			pending
		},
	};
	Ok(Pending { genesis: client.genesis(), pending: Arc::new(pending) })
}

/// Files a consent, and gives its receipt; once if there is a key, with the receipt in a file first.
async fn file(
	client: curex_client::Client,
	spec: ConsentSpec,
	once: Option<(IdempotencyKey, PathBuf)>,
) -> Result<Json, Error> {
	let Some((key, receipt)) = once else {
		return Json::of(&client.file_consent(&spec).await?.0.receipt);
	};
	let (prepared, is_filed) =
		client.prepare_consent_once(&spec, &key.handles()?, &receipt).await?;
	if !is_filed {
		client.file(&prepared).await?.finalized().await?;
	}
	Json::of(&prepared.receipt)
}

/// A class of clients whose methods hand their work to `$run`.
macro_rules! client_class {
	($(#[$docs:meta])* $name:ident, $run:ident) => {
		$(#[$docs])*
		#[pyclass(frozen, module = "curex")]
		pub struct $name(curex_client::Client);

		#[pymethods]
		impl $name {
			/// Connects to a node: `wss://…`, or `ws://…` on this machine; of several, separated by commas, to the first that
			/// answers and is not behind, which is left when it fails. Without an account the client only reads.
			/// `more_accounts` of the same organisation share what is submitted.
			#[staticmethod]
			#[pyo3(signature = (
				endpoint, account=None, *, genesis=None, trust_root=None, patience=120.0, other_runtime=false,
				outbox=None, more_accounts=Vec::new()
			))]
			#[allow(clippy::too_many_arguments)]
			fn connect<'py>(
				py: Python<'py>,
				endpoint: String,
				account: Option<PyRef<'py, Account>>,
				genesis: Option<&str>,
				trust_root: Option<Bound<'py, PyAny>>,
				patience: f64,
				other_runtime: bool,
				outbox: Option<Given>,
				more_accounts: Vec<PyRef<'py, Account>>,
			) -> PyResult<Bound<'py, PyAny>> {
				let options = Options {
					genesis: self::genesis(genesis)?,
					other_runtime,
					trust_root: trust_root
						.map(|root| from_json("the trust root", &root))
						.transpose()?,
					patience: seconds(patience)?,
					outbox,
					more_signers: more_accounts.iter().map(|account| account.0.clone()).collect(),
				};
				let signer = account.map(|account| account.0.clone());
				$run(py, async move {
					curex_client::Client::connect_with(&endpoint, signer, options).await.map(Self)
				})
			}

			/// Hash of the ledger's first block.
			#[getter]
			fn genesis(&self) -> String {
				format!("0x{}", hex::encode(self.0.genesis()))
			}

			/// What the node says of itself: chain, version, heights, peers.
			fn health<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
				let client = self.0.clone();
				$run(py, async move { Json::of(&client.health().await?) })
			}

			/// Asks for data: submits the request, and leaves its envelope at the node once a block holds it. Under an
			/// idempotency key, the same again takes up what was begun.
			#[pyo3(signature = (spec, *, idempotency_key=None))]
			fn request<'py>(
				&self,
				py: Python<'py>,
				spec: &Bound<'py, PyAny>,
				idempotency_key: Option<PyRef<'py, IdempotencyKey>>,
			) -> PyResult<Bound<'py, PyAny>> {
				let spec = Spec::from_json(&json_bytes(spec)?).map_err(raised)?;
				let key = idempotency_key.map(|key| (*key).clone());
				let client = self.0.clone();
				$run(py, async move { begin(client, spec, None, key).await })
			}

			/// As `request` in an emergency: without consent and without waiting for anybody. `reason` is for the review.
			#[pyo3(signature = (spec, reason, *, idempotency_key=None))]
			fn break_glass<'py>(
				&self,
				py: Python<'py>,
				spec: &Bound<'py, PyAny>,
				reason: String,
				idempotency_key: Option<PyRef<'py, IdempotencyKey>>,
			) -> PyResult<Bound<'py, PyAny>> {
				let spec = Spec::from_json(&json_bytes(spec)?).map_err(raised)?;
				let key = idempotency_key.map(|key| (*key).clone());
				let client = self.0.clone();
				$run(py, async move { begin(client, spec, Some(reason), key).await })
			}

			/// Waits for the data of a request, opens and checks them, and puts the receipt on the ledger.
			#[pyo3(signature = (pending, timeout=600.0))]
			fn receive<'py>(
				&self,
				py: Python<'py>,
				pending: &Pending,
				timeout: f64,
			) -> PyResult<Bound<'py, PyAny>> {
				let (client, pending) = (self.0.clone(), pending.pending.clone());
				let patience = seconds(timeout)?;
				$run(py, async move { client.receive(&pending, patience).await.map(Delivery) })
			}

			/// As `receive`, of data of any size, into a new file that only its owner may read; there is none if what came is not
			/// usable. What was taken before an interruption is not taken again.
			#[pyo3(signature = (pending, file, timeout=600.0))]
			fn receive_file<'py>(
				&self,
				py: Python<'py>,
				pending: &Pending,
				file: Given,
				timeout: f64,
			) -> PyResult<Bound<'py, PyAny>> {
				let (client, pending) = (self.0.clone(), pending.pending.clone());
				let patience = seconds(timeout)?;
				$run(py, async move {
					client.receive_file(&pending, &file, patience).await.map(Delivery)
				})
			}

			/// Tells the holder, on the ledger, how the data were found. This closes the exchange.
			fn acknowledge<'py>(
				&self,
				py: Python<'py>,
				exchange: &str,
				code: &str,
			) -> PyResult<Bound<'py, PyAny>> {
				let id: ExchangeId = word("the exchange", exchange)?;
				let code: AcknowledgementCode = word("the code", code)?;
				let client = self.0.clone();
				$run(py, async move { Json::of(&client.acknowledge(id, code).await?) })
			}

			/// Opens what `Pending.seal` made.
			fn open_pending(
				&self,
				sealed: &[u8],
				own_key: &EncryptionKey,
				exchange: &str,
			) -> PyResult<Pending> {
				let id = word("the exchange", exchange)?;
				let genesis = self.0.genesis();
				let pending = curex_client::Pending::open(sealed, &own_key.0, genesis, id);
				pending.map(|pending| Pending { pending: Arc::new(pending), genesis }).map_err(raised)
			}

			/// Files a consent, and gives the patient's receipt once it is final. Under an idempotency key the receipt is in the
			/// file `receipt` before anything is sent, and the same again files that one; it is only for the patient.
			#[pyo3(signature = (spec, *, idempotency_key=None, receipt=None))]
			fn file_consent<'py>(
				&self,
				py: Python<'py>,
				spec: &Bound<'py, PyAny>,
				idempotency_key: Option<PyRef<'py, IdempotencyKey>>,
				receipt: Option<Given>,
			) -> PyResult<Bound<'py, PyAny>> {
				let spec: ConsentSpec = from_json("the consent", spec)?;
				let once = match (idempotency_key, receipt) {
					(Some(key), Some(receipt)) => Some(((*key).clone(), receipt)),
					(None, None) => None,
					_ => {
						let reason = "an idempotency key and a file for the receipt go together";
						return Err(raised(Error::Input(reason.into())));
					},
				};
				let client = self.0.clone();
				$run(py, async move { file(client, spec, once).await })
			}

			/// Withdraws a consent of one's own organisation, or with the code of the patient's receipt.
			#[pyo3(signature = (consent, code=None))]
			fn withdraw<'py>(
				&self,
				py: Python<'py>,
				consent: &str,
				code: Option<&str>,
			) -> PyResult<Bound<'py, PyAny>> {
				let id: ConsentId = word("the consent", consent)?;
				let code = code.map(str::parse::<WithdrawalCode>).transpose().map_err(raised)?;
				let client = self.0.clone();
				$run(py, async move {
					let mut submission = match code {
						None => client.withdraw(id).await?,
						Some(code) => client.withdraw_by_code(id, &code).await?,
					};
					Json::of(&submission.in_block().await?)
				})
			}

			/// An exchange as the ledger has it, or `None`.
			#[pyo3(signature = (exchange, view="finalised"))]
			fn exchange<'py>(
				&self,
				py: Python<'py>,
				exchange: &str,
				view: &str,
			) -> PyResult<Bound<'py, PyAny>> {
				let (id, view) = (word("the exchange", exchange)?, self::view(view)?);
				let client = self.0.clone();
				$run(py, async move { maybe(client.exchange(id, view)).await })
			}

			/// A consent as the ledger has it, or `None`.
			#[pyo3(signature = (consent, view="finalised"))]
			fn consent<'py>(
				&self,
				py: Python<'py>,
				consent: &str,
				view: &str,
			) -> PyResult<Bound<'py, PyAny>> {
				let (id, view) = (word("the consent", consent)?, self::view(view)?);
				let client = self.0.clone();
				$run(py, async move { maybe(client.consent(id, view)).await })
			}

			/// A member of the consortium, or `None`.
			#[pyo3(signature = (number, view="finalised"))]
			fn organisation<'py>(
				&self,
				py: Python<'py>,
				number: u32,
				view: &str,
			) -> PyResult<Bound<'py, PyAny>> {
				let (id, view) = (OrganisationId(number), self::view(view)?);
				let client = self.0.clone();
				$run(py, async move { maybe(client.organisation(id, view)).await })
			}

			fn __repr__(&self) -> String {
				format!("{}({})", stringify!($name), self.genesis())
			}
		}
	};
}

client_class!(
	/// A client of one node; every method waits for its answer. May be used from several threads.
	Client,
	wait
);

client_class!(
	/// A client of one node; every method that asks the node is awaited.
	AsyncClient,
	promise
);
