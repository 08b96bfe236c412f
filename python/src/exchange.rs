//! An exchange under way, and what came of it.

use crate::{
	convert::{raised, text, Json},
	keys::EncryptionKey,
};
use curex_client::Error;
use pyo3::prelude::*;
use std::sync::Arc;

/// A request that was begun. It holds the secret that opens the answer.
#[pyclass(frozen, module = "curex")]
pub struct Pending {
	pub pending: Arc<curex_client::Pending>,
	pub genesis: [u8; 32],
}

#[pymethods]
impl Pending {
	/// The exchange's handle.
	#[getter]
	fn id(&self) -> String {
		text(&self.pending.id())
	}

	/// Seals it to the organisation's own encryption key, for keeping; `Client.open_pending` opens it.
	fn seal(&self, own_key: &EncryptionKey) -> PyResult<Vec<u8>> {
		self.pending.seal(&own_key.0.public(), self.genesis).map_err(raised)
	}

	fn __repr__(&self) -> String {
		format!("Pending({})", self.id())
	}
}

/// What was received.
#[pyclass(frozen, module = "curex")]
pub struct Delivery(pub curex_client::Delivery);

#[pymethods]
impl Delivery {
	/// The FHIR R4 document as a dictionary; raises when what came is not usable.
	#[getter]
	fn document(&self) -> PyResult<Json> {
		match &self.0.document {
			Ok(document) => Ok(Json::of_bytes(document.bytes())),
			Err(defect) => Err(raised(Error::Fhir(*defect))),
		}
	}

	/// The code with which to acknowledge it, unless a person knows better.
	#[getter]
	fn acknowledgement(&self) -> String {
		text(&self.0.acknowledgement())
	}

	/// Opens the receipt on the ledger; to be kept.
	#[getter]
	fn receipt(&self) -> PyResult<Json> {
		Json::of(&self.0.receipt).map_err(raised)
	}
}
