//! PKCS#11 URIs (RFC 7512): which key on which token, and where its library is.

use crate::Error;
use std::path::PathBuf;

/// What a URI names. What is not given matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TokenUri {
	/// Label of the token.
	pub token: Option<String>,
	/// Serial number of the token.
	pub serial: Option<String>,
	/// Manufacturer of the token.
	pub manufacturer: Option<String>,
	/// Model of the token.
	pub model: Option<String>,
	/// Number of the slot.
	pub slot_id: Option<u64>,
	/// Label of the key (`CKA_LABEL`).
	pub object: Option<String>,
	/// Identifier of the key (`CKA_ID`).
	pub id: Option<Vec<u8>>,
	/// The library that speaks to the token.
	pub module: Option<PathBuf>,
	/// A file whose first line is the PIN.
	pub pin_file: Option<PathBuf>,
}

impl TokenUri {
	/// Reads a URI such as
	/// `pkcs11:token=hospital;object=gateway?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/curex/pin`.
	///
	/// # Errors
	/// [`Error::Input`] when it is none, names something twice or unknown, or carries the PIN itself.
	pub fn parse(text: &str) -> Result<Self, Error> {
		let rest = text
			.strip_prefix("pkcs11:")
			.ok_or_else(|| Error::input("a PKCS#11 URI begins with pkcs11: (RFC 7512)"))?;
		let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
		let mut uri = Self::default();
		for (name, value) in attributes(path, ';').chain(attributes(query, '&')) {
			uri.set(name, value?)?;
		}
		Ok(uri)
	}

	fn set(&mut self, name: &str, value: Vec<u8>) -> Result<(), Error> {
		let text = || {
			String::from_utf8(value.clone())
				.map_err(|_| Error::input(format!("{name} in the PKCS#11 URI is no text")))
		};
		match name {
			"token" => once(name, &mut self.token, text()?),
			"serial" => once(name, &mut self.serial, text()?),
			"manufacturer" => once(name, &mut self.manufacturer, text()?),
			"model" => once(name, &mut self.model, text()?),
			"object" => once(name, &mut self.object, text()?),
			"id" => once(name, &mut self.id, value),
			"module-path" => once(name, &mut self.module, PathBuf::from(text()?)),
			"slot-id" => {
				let number = text()?.parse().map_err(|_| {
					Error::input("slot-id in the PKCS#11 URI is no number in decimal")
				})?;
				once(name, &mut self.slot_id, number)
			},
			"type" if value == b"private" => Ok(()),
			"type" => Err(Error::input("the PKCS#11 URI names another type than private")),
			"pin-source" => {
				let text = text()?;
				let path = text.strip_prefix("file:").unwrap_or(&text);
				let path = path.strip_prefix("//").filter(|path| path.starts_with('/')).unwrap_or(path);
				if path.is_empty() || path.starts_with('|') {
					return Err(Error::input("pin-source in the PKCS#11 URI must be a file"));
				}
				once(name, &mut self.pin_file, PathBuf::from(path))
			},
			"pin-value" => Err(Error::input(
				"the PKCS#11 URI carries the PIN, which everybody on the machine can then read: use pin-source, a PIN \
				 file or the environment",
			)),
			// Never a value: it may be the PIN under a mistyped name.
			other => Err(Error::input(format!("the PKCS#11 URI has an unknown attribute: {other}"))),
		}
	}
}

fn once<T>(name: &str, field: &mut Option<T>, value: T) -> Result<(), Error> {
	match field.replace(value) {
		None => Ok(()),
		Some(_) => Err(Error::input(format!("the PKCS#11 URI names {name} twice"))),
	}
}

/// Names with their decoded values.
fn attributes(text: &str, separator: char) -> impl Iterator<Item = (&str, Result<Vec<u8>, Error>)> {
	text.split(separator).filter(|part| !part.is_empty()).map(|part| {
		let (name, value) = part.split_once('=').unwrap_or((part, ""));
		(name, decode(name, value))
	})
}

/// Percent-decodes (RFC 3986).
fn decode(name: &str, text: &str) -> Result<Vec<u8>, Error> {
	let mut bytes = Vec::with_capacity(text.len());
	let mut rest = text.as_bytes();
	while let Some((&first, after)) = rest.split_first() {
		rest = after;
		if first != b'%' {
			bytes.push(first);
			continue;
		}
		let (digits, after) = rest.split_at_checked(2).unwrap_or((&[], &[]));
		let byte = hex::decode(digits).ok().and_then(|bytes| bytes.first().copied());
		bytes.push(byte.ok_or_else(|| {
			Error::input(format!(
				"{name} in the PKCS#11 URI has a % without two hexadecimal digits"
			))
		})?);
		rest = after;
	}
	Ok(bytes)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_uri_names_token_key_library_and_pin_file() {
		let uri = TokenUri::parse(
			"pkcs11:token=The%20hospital;serial=1f;slot-id=7;object=gateway;id=%01%fe;type=private\
			 ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:///etc/curex/pin",
		)
		.unwrap();
		let expected = TokenUri {
			token: Some("The hospital".into()),
			serial: Some("1f".into()),
			slot_id: Some(7),
			object: Some("gateway".into()),
			id: Some(vec![1, 0xfe]),
			module: Some("/usr/lib/softhsm/libsofthsm2.so".into()),
			pin_file: Some("/etc/curex/pin".into()),
			..TokenUri::default()
		};
		assert_eq!(uri, expected);
		for source in ["/etc/curex/pin", "file:/etc/curex/pin"] {
			let uri = TokenUri::parse(&format!("pkcs11:?pin-source={source}")).unwrap();
			assert_eq!(uri.pin_file, expected.pin_file, "{source}");
		}
		assert_eq!(TokenUri::parse("pkcs11:").unwrap(), TokenUri::default());
	}

	#[test]
	fn a_uri_that_cannot_be_meant_is_refused() {
		for wrong in [
			"",
			"token=a",
			"pkcs11:token=a;token=b",
			"pkcs11:tokn=a",
			"pkcs11:slot-id=x",
			"pkcs11:object=%4",
			"pkcs11:object=%zz",
			"pkcs11:object=%ff",
			"pkcs11:type=public",
			"pkcs11:?pin-source=|cat",
		] {
			assert!(matches!(TokenUri::parse(wrong), Err(Error::Input(_))), "{wrong}");
		}
	}

	#[test]
	fn a_uri_that_carries_the_pin_is_refused_without_repeating_it() {
		for uri in ["pkcs11:object=a?pin-value=271828", "pkcs11:object=a?pin-valu=271828"] {
			let error = TokenUri::parse(uri).unwrap_err().to_string();
			assert!(!error.contains("271828"), "{error}");
		}
	}
}
