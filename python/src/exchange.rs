//! An exchange under way, and what came of it.

use crate::{
	convert::{raised, text, Given, Json},
	keys::EncryptionKey,
};
use curex_client::{content::Content, exchange::Once, fhir::Document, Error};
use pyo3::{prelude::*, types::PyBytes};
use std::{path::PathBuf, sync::Arc};

/// A name of one's own choice that stands for one exchange or consent: the same call with the same name takes up what was
/// begun, and begins nothing twice.
#[pyclass(frozen, module = "curex")]
#[derive(Clone)]
pub struct IdempotencyKey {
	name: String,
	own_key: Arc<curex_client::EncryptionKey>,
	folder: PathBuf,
}

#[pymethods]
impl IdempotencyKey {
	/// The key of a name, within one organisation. What was begun is kept in `folder`, sealed to the organisation's key.
	#[new]
	fn new(name: String, own_key: &EncryptionKey, folder: Given) -> PyResult<Self> {
		let key = Self { name, own_key: own_key.0.clone(), folder };
		key.handles().map(|_| key).map_err(raised)
	}

	/// The name.
	#[getter]
	fn name(&self) -> &str {
		&self.name
	}

	fn __repr__(&self) -> String {
		format!("IdempotencyKey({:?})", self.name)
	}
}

impl IdempotencyKey {
	pub fn once(&self) -> Once<'_> {
		Once { name: &self.name, own_key: &self.own_key, folder: &self.folder }
	}

	/// What gives records their handles.
	pub fn handles(&self) -> Result<curex_client::exchange::IdempotencyKey, Error> {
		curex_client::exchange::IdempotencyKey::new(&self.name, &self.own_key)
	}
}

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
	/// The FHIR R4 document as a dictionary; raises when what came is not usable, or is no FHIR.
	#[getter]
	fn document(&self) -> PyResult<Json> {
		let document = self.usable()?;
		match document.content() {
			Content::Fhir => Ok(Json::of_bytes(&document.bytes().map_err(raised)?)),
			_ => Err(raised(Error::Input(format!(
				"what came is {}: its bytes are in `content`",
				document.told()
			)))),
		}
	}

	/// What came, byte for byte: FHIR as JSON, an HL7 v2 message or a DICOM file; raises when it is not usable.
	#[getter]
	fn content<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
		Ok(PyBytes::new(py, &self.usable()?.bytes().map_err(raised)?))
	}

	/// Its media type.
	#[getter]
	fn media_type(&self) -> PyResult<String> {
		Ok(self.usable()?.content().media_type())
	}

	/// The code with which to acknowledge it, unless a person knows better.
	#[getter]
	fn acknowledgement(&self) -> String {
		text(&self.0.acknowledgement())
	}

	/// Opens the receipt on the ledger; to be kept. `None` if the receipt was put there before.
	#[getter]
	fn receipt(&self) -> PyResult<Json> {
		Json::of(&self.0.receipt).map_err(raised)
	}
}

impl Delivery {
	fn usable(&self) -> PyResult<&Document> {
		self.0.document.as_ref().map_err(|defect| raised(Error::Fhir(*defect)))
	}
}
