//! Addresses of web servers to which something confidential may go.

use crate::Error;

/// The base address without its last slash.
///
/// # Errors
/// [`Error::Input`] unless it is `https`, or `http` on this machine, without user, query or fragment.
pub(crate) fn confidential(what: &str, base: &str) -> Result<String, Error> {
	let base = base.trim_end_matches('/').to_string();
	let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|host| {
		base.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
	});
	if !local && !base.starts_with("https://") || base.contains(['?', '#', '@']) {
		return Err(Error::Input(format!(
			"the {what} address has to be https, or http on this machine, without user or query"
		)));
	}
	Ok(base)
}
