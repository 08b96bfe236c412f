//! Fixed-size bytes as `0x…` in JSON, for `#[serde(with = "crate::hexadecimal")]`.

use serde::{de::Error as _, Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer, const N: usize>(
	bytes: &[u8; N],
	serializer: S,
) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
	deserializer: D,
) -> Result<[u8; N], D::Error> {
	let text = String::deserialize(deserializer)?;
	read(&text).ok_or_else(|| D::Error::custom(format!("expected {N} bytes in hexadecimal")))
}

/// Reads `N` bytes with or without `0x`.
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
	let mut bytes = [0; N];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
	Some(bytes)
}
