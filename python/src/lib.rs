//! The native part of the Python package `curex`. What a Python programmer sees is `curex/__init__.pyi`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`client`] | `Client`, which waits, and `AsyncClient`, whose methods are awaited |
//! | [`keys`] | `Account` and `EncryptionKey` |
//! | [`exchange`] | `Pending` and `Delivery`, and `IdempotencyKey` |
//! | [`promise`] | waiting and awaiting |
//! | [`convert`] | errors, and JSON to and from Python's own values |

mod client;
mod convert;
mod exchange;
mod keys;
mod promise;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
	module.add("CurexError", module.py().get_type::<convert::CurexError>())?;
	module.add_class::<client::Client>()?;
	module.add_class::<client::AsyncClient>()?;
	module.add_class::<keys::Account>()?;
	module.add_class::<keys::EncryptionKey>()?;
	module.add_class::<exchange::IdempotencyKey>()?;
	module.add_class::<exchange::Pending>()?;
	module.add_class::<exchange::Delivery>()?;
	promise::register(module)
}
