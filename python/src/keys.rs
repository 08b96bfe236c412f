//! Accounts and encryption keys.

use crate::convert::{raised, Given};
use curex_client::{
	keys::pkcs11::{TokenKey, TokenUri},
	KeyFile, Password, Signer,
};
use pyo3::prelude::*;
use std::sync::Arc;

/// An account that signs.
#[pyclass(frozen, module = "curex")]
pub struct Account(pub Signer);

#[pymethods]
impl Account {
	/// Unlocks a key file (polkadot-js format) with the first line of a password file.
	#[staticmethod]
	fn from_file(py: Python<'_>, path: Given, password_file: Given) -> PyResult<Self> {
		// The password is stretched for a good part of a second.
		py.detach(|| KeyFile::read(&path)?.unlock_account(&Password::from_file(&password_file)?))
			.map(Self)
			.map_err(raised)
	}

	/// Opens a key in a token: a PKCS#11 URI, and the file of its PIN unless the URI has `pin-source`.
	#[staticmethod]
	#[pyo3(signature = (uri, pin_file=None))]
	fn from_token(py: Python<'_>, uri: &str, pin_file: Option<Given>) -> PyResult<Self> {
		py.detach(|| {
			let pin = pin_file.as_deref().map(Password::from_file).transpose()?;
			TokenKey::open(TokenUri::parse(uri)?, pin)
		})
		.map(|key| Self(Signer::remote(key)))
		.map_err(raised)
	}

	/// A development account such as `//Alice`; on development and local chains only.
	#[staticmethod]
	fn development(path: &str) -> PyResult<Self> {
		Signer::development(path).map(Self).map_err(raised)
	}

	/// The public key.
	#[getter]
	fn public(&self) -> String {
		format!("0x{}", hex::encode(self.0.account()))
	}

	fn __repr__(&self) -> String {
		format!("Account({})", self.public())
	}
}

/// An organisation's X25519 key.
#[pyclass(frozen, module = "curex")]
pub struct EncryptionKey(pub Arc<curex_client::EncryptionKey>);

#[pymethods]
impl EncryptionKey {
	/// Unlocks a key file with the first line of a password file.
	#[staticmethod]
	fn from_file(py: Python<'_>, path: Given, password_file: Given) -> PyResult<Self> {
		py.detach(|| {
			KeyFile::read(&path)?.unlock_encryption_key(&Password::from_file(&password_file)?)
		})
		.map(|key| Self(Arc::new(key)))
		.map_err(raised)
	}

	/// A new key that is in no file.
	#[staticmethod]
	fn generate() -> Self {
		Self(Arc::new(curex_client::EncryptionKey::generate()))
	}

	/// The public key.
	#[getter]
	fn public(&self) -> String {
		format!("0x{}", hex::encode(self.0.public()))
	}

	fn __repr__(&self) -> String {
		format!("EncryptionKey(public {})", self.public())
	}
}
