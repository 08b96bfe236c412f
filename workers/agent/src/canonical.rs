//! One byte string for one JSON value: what a commitment is made over.
//!
//! Objects have their members in the byte order of their names, nothing is blank, text and numbers are written as
//! `serde_json` writes them (shortest decimal that reads back the same). Whoever checks a commitment hashes the bytes
//! that were disclosed and need not produce them anew.

use serde_json::Value;

use crate::Error;

/// The canonical bytes of a value.
///
/// # Errors
/// [`Error::Json`] only if the value cannot be written at all.
pub fn to_bytes(value: &Value) -> Result<Vec<u8>, Error> {
	let mut out = Vec::new();
	write(value, &mut out)?;
	Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
	match value {
		Value::Array(items) => {
			out.push(b'[');
			for (index, item) in items.iter().enumerate() {
				if index > 0 {
					out.push(b',');
				}
				write(item, out)?;
			}
			out.push(b']');
		},
		Value::Object(members) => {
			let mut names: Vec<&String> = members.keys().collect();
			names.sort_unstable();
			out.push(b'{');
			for (index, name) in names.into_iter().enumerate() {
				if index > 0 {
					out.push(b',');
				}
				serde_json::to_writer(&mut *out, name)?;
				out.push(b':');
				write(&members[name.as_str()], out)?;
			}
			out.push(b'}');
		},
		simple => serde_json::to_writer(&mut *out, simple)?,
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn members_are_ordered_at_every_depth_and_nothing_is_blank() {
		let value = json!({"b": [1, {"z": null, "a": "ü\n"}], "a": 1.5, "": true});
		let bytes = to_bytes(&value).unwrap();
		assert_eq!(
			String::from_utf8(bytes).unwrap(),
			r#"{"":true,"a":1.5,"b":[1,{"a":"ü\n","z":null}]}"#
		);
	}

	#[test]
	fn canonical_bytes_read_back_to_the_same_bytes() {
		let value = json!({"probability": 0.1 + 0.2, "small": 1e-300, "count": u64::MAX});
		let bytes = to_bytes(&value).unwrap();
		let again: Value = serde_json::from_slice(&bytes).unwrap();
		assert_eq!(to_bytes(&again).unwrap(), bytes);
	}
}
