//! The client for programs without an async runtime.
//!
//! A [`Client`] of this module owns its runtime and waits for every answer. What it has no method for is waited for
//! with [`Client::wait`]:
//!
//! ```no_run
//! use curex_client::{blocking, Error};
//!
//! fn heights() -> Result<(u64, u64), Error> {
//!     let client = blocking::Client::connect("ws://127.0.0.1:9944", None)?;
//!     let best = client.wait(client.inner().height(curex_client::View::Best))?;
//!     let finalised = client.wait(client.inner().height(curex_client::View::Finalised))?;
//!     Ok((best, finalised))
//! }
//! ```
//!
//! Not to be used inside an async runtime: waiting there would stop its worker, and Tokio panics rather than doing so.

use crate::{
	keys::Signer,
	receipt::{ConsentSpec, PreparedConsent, WithdrawalCode},
	Delivery, Error, Options, Pending, Recorded, Spec, View,
};
use curex_primitives::{AcknowledgementCode, Consent, ConsentId, Exchange, ExchangeId};
use std::{future::Future, path::Path, sync::Arc, time::Duration};
use tokio::runtime::Runtime;

/// A client of one node that waits. Cheap to clone; clones share the connection and may be used from several threads.
#[derive(Clone)]
pub struct Client {
	inner: crate::Client,
	runtime: Arc<Runtime>,
}

impl std::fmt::Debug for Client {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		self.inner.fmt(formatter)
	}
}

impl Client {
	/// As [`crate::Client::connect`].
	///
	/// # Errors
	/// As there; [`Error::Store`] when this machine has no thread left.
	pub fn connect(endpoint: &str, signer: impl Into<Option<Signer>>) -> Result<Self, Error> {
		Self::connect_with(endpoint, signer, Options::default())
	}

	/// As [`crate::Client::connect_with`].
	///
	/// # Errors
	/// As there; [`Error::Store`] when this machine has no thread left.
	pub fn connect_with(
		endpoint: &str,
		signer: impl Into<Option<Signer>>,
		options: Options,
	) -> Result<Self, Error> {
		// A thread of its own keeps the connection alive while nobody waits.
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(1)
			.thread_name("curex-client")
			.enable_all()
			.build()
			.map_err(|error| Error::Store(error.to_string()))?;
		let inner = runtime.block_on(crate::Client::connect_with(endpoint, signer, options))?;
		Ok(Self { inner, runtime: Arc::new(runtime) })
	}

	/// The client that does the work.
	pub fn inner(&self) -> &crate::Client {
		&self.inner
	}

	/// Waits for anything that the client does.
	pub fn wait<T>(&self, what: impl Future<Output = T>) -> T {
		self.runtime.block_on(what)
	}

	/// As [`crate::Client::request`].
	///
	/// # Errors
	/// As there.
	pub fn request(&self, spec: &Spec) -> Result<Pending, Error> {
		self.wait(self.inner.request(spec))
	}

	/// As [`crate::Client::receive`].
	///
	/// # Errors
	/// As there.
	pub fn receive(&self, pending: &Pending, patience: Duration) -> Result<Delivery, Error> {
		self.wait(self.inner.receive(pending, patience))
	}

	/// As [`crate::Client::receive_file`].
	///
	/// # Errors
	/// As there.
	pub fn receive_file(
		&self,
		pending: &Pending,
		file: &Path,
		patience: Duration,
	) -> Result<Delivery, Error> {
		self.wait(self.inner.receive_file(pending, file, patience))
	}

	/// As [`crate::Client::acknowledge`].
	///
	/// # Errors
	/// As there.
	pub fn acknowledge(
		&self,
		id: ExchangeId,
		code: AcknowledgementCode,
	) -> Result<Recorded, Error> {
		self.wait(self.inner.acknowledge(id, code))
	}

	/// As [`crate::Client::file_consent`].
	///
	/// # Errors
	/// As there.
	pub fn file_consent(&self, spec: &ConsentSpec) -> Result<(PreparedConsent, Recorded), Error> {
		self.wait(self.inner.file_consent(spec))
	}

	/// As [`crate::Client::withdraw`], and waits until a block holds it.
	///
	/// # Errors
	/// As there and of [`crate::Submission::in_block`].
	pub fn withdraw(&self, id: ConsentId) -> Result<Recorded, Error> {
		self.wait(async { self.inner.withdraw(id).await?.in_block().await })
	}

	/// As [`crate::Client::withdraw_by_code`], and waits until a block holds it.
	///
	/// # Errors
	/// As there and of [`crate::Submission::in_block`].
	pub fn withdraw_by_code(
		&self,
		id: ConsentId,
		code: &WithdrawalCode,
	) -> Result<Recorded, Error> {
		self.wait(async { self.inner.withdraw_by_code(id, code).await?.in_block().await })
	}

	/// As [`crate::Client::exchange`].
	///
	/// # Errors
	/// As there.
	pub fn exchange(&self, id: ExchangeId, view: View) -> Result<Option<Exchange>, Error> {
		self.wait(self.inner.exchange(id, view))
	}

	/// As [`crate::Client::consent`].
	///
	/// # Errors
	/// As there.
	pub fn consent(&self, id: ConsentId, view: View) -> Result<Option<Consent>, Error> {
		self.wait(self.inner.consent(id, view))
	}
}
