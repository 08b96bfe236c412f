//! Between Rust and Python.

use curex_client::{fhir::check::Outcome, Error};
use pyo3::{exceptions::PyException, prelude::*, IntoPyObjectExt};
use serde::{de::DeserializeOwned, Serialize};
use std::path::PathBuf;

pyo3::create_exception!(
	curex,
	CurexError,
	PyException,
	"A failure, with `code` (stable, for programs), `retryable`, `remedy` and `outcome` (a FHIR OperationOutcome)."
);

/// An error as Python raises it.
pub fn raised(error: Error) -> PyErr {
	Python::attach(|py| {
		let raised = CurexError::new_err(error.to_string());
		let value = raised.value(py);
		let told = value
			.setattr("code", error.code())
			.and_then(|()| value.setattr("retryable", error.is_retryable()))
			.and_then(|()| value.setattr("remedy", error.remedy()))
			.and_then(|()| {
				let outcome = Outcome::of_failure(&error).to_json();
				value.setattr("outcome", Json(outcome.to_string()))
			});
		match told {
			Ok(()) => raised,
			Err(other) => other,
		}
	})
}

/// A value that Python gets as dictionaries, lists and plain values.
pub struct Json(String);

impl Json {
	/// The JSON of a value.
	pub fn of(value: &impl Serialize) -> Result<Self, Error> {
		serde_json::to_string(value).map(Self).map_err(|error| Error::Protocol(error.to_string()))
	}

	/// JSON at hand.
	pub fn of_bytes(bytes: &[u8]) -> Self {
		Self(String::from_utf8_lossy(bytes).into_owned())
	}
}

impl<'py> IntoPyObject<'py> for Json {
	type Target = PyAny;
	type Output = Bound<'py, PyAny>;
	type Error = PyErr;

	fn into_pyobject(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
		py.import("json")?.call_method1("loads", (self.0,))
	}
}

/// JSON that Python gives: as text or bytes, or as dictionaries, lists and plain values.
pub fn json_bytes(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
	if let Ok(text) = value.extract::<String>() {
		return Ok(text.into_bytes());
	}
	if let Ok(bytes) = value.extract::<Vec<u8>>() {
		return Ok(bytes);
	}
	let text: String = value.py().import("json")?.call_method1("dumps", (value,))?.extract()?;
	Ok(text.into_bytes())
}

/// A value of Rust out of JSON that Python gives.
pub fn from_json<T: DeserializeOwned>(what: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
	serde_json::from_slice(&json_bytes(value)?).map_err(|error| raised(Error::json(what, &error)))
}

/// A word of the vocabulary, or a handle in hexadecimal.
pub fn word<T: DeserializeOwned>(what: &str, text: &str) -> PyResult<T> {
	serde_json::from_value(text.into())
		.map_err(|_| raised(Error::Input(format!("{what} is none that is known, or no handle"))))
}

/// The text of a word or a handle.
pub fn text(value: &impl Serialize) -> String {
	match serde_json::to_value(value) {
		Ok(serde_json::Value::String(text)) => text,
		other => other.map(|value| value.to_string()).unwrap_or_default(),
	}
}

/// Anything as an object of Python.
pub fn object<'py, T: IntoPyObject<'py>>(py: Python<'py>, value: T) -> PyResult<Bound<'py, PyAny>> {
	value.into_bound_py_any(py)
}

/// A path that Python gives: text or `os.PathLike`.
pub type Given = PathBuf;
