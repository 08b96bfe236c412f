//! JSON from outside: bounded, and with one meaning only.

use super::Defect;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Most bytes of a bundle: 16 MiB.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most levels of nesting.
pub const MAX_DEPTH: usize = 64;
/// Most entries of a bundle.
pub const MAX_ENTRIES: usize = 5_000;

const TOO_DEEP: &str = "nested too deeply";

/// As what serde_json presents a number where its feature `arbitrary_precision` is on, as other crates of the build ask.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads JSON that names no key of an object twice (readers differ in which one they take).
///
/// # Errors
/// [`Defect::TooLarge`], [`Defect::TooDeep`] or [`Defect::NotJson`].
pub fn parse(bytes: &[u8]) -> Result<Value, Defect> {
	if bytes.len() > MAX_BYTES {
		return Err(Defect::TooLarge);
	}
	let mut reader = serde_json::Deserializer::from_slice(bytes);
	let read = |error: serde_json::Error| {
		let text = error.to_string();
		let too_deep = text.contains(TOO_DEEP) || text.contains("recursion limit");
		if too_deep {
			Defect::TooDeep
		} else {
			Defect::NotJson
		}
	};
	let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(read)?;
	reader.end().map_err(read)?;
	Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
	depth: usize,
}

impl Strict {
	fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
		if self.depth < MAX_DEPTH {
			Ok(Self { depth: self.depth + 1 })
		} else {
			Err(E::custom(TOO_DEEP))
		}
	}
}

impl<'de> DeserializeSeed<'de> for Strict {
	type Value = Value;

	fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
		deserializer.deserialize_any(self)
	}
}

impl<'de> Visitor<'de> for Strict {
	type Value = Value;

	fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("JSON")
	}

	fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_str<E>(self, value: &str) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_string<E>(self, value: String) -> Result<Value, E> {
		Ok(value.into())
	}

	fn visit_unit<E>(self) -> Result<Value, E> {
		Ok(Value::Null)
	}

	fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
		let inner = self.deeper()?;
		let mut list = Vec::new();
		while let Some(value) = access.next_element_seed(inner)? {
			list.push(value);
		}
		Ok(Value::Array(list))
	}

	fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
		let mut key = access.next_key::<String>()?;
		if key.as_deref() == Some(NUMBER) {
			return number(&access.next_value::<String>()?).map_err(A::Error::custom);
		}
		let inner = self.deeper()?;
		let mut object = Map::new();
		while let Some(name) = key {
			let value = access.next_value_seed(inner)?;
			if object.insert(name, value).is_some() {
				return Err(A::Error::custom("a key stands twice"));
			}
			key = access.next_key()?;
		}
		Ok(Value::Object(object))
	}
}

/// A number that fits into 64 bits, as a floating-point number at worst.
fn number(text: &str) -> Result<Value, &'static str> {
	let fits = text.parse::<f64>().is_ok_and(f64::is_finite);
	text.parse().ok().filter(|_| fits).map(Value::Number).ok_or("a number is out of range")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn ordinary_json_is_read_as_it_is() {
		let text = br#"{"a":[1,-2,2.5,true,null,"\u00e9"],"b":{"a":{}}}"#;
		assert_eq!(parse(text).unwrap(), serde_json::from_slice::<Value>(text).unwrap());
	}

	#[test]
	fn a_key_that_stands_twice_is_refused_at_any_depth() {
		assert_eq!(parse(br#"{"a":1,"a":2}"#), Err(Defect::NotJson));
		assert_eq!(parse(br#"[{"b":{"a":1,"\u0061":2}}]"#), Err(Defect::NotJson));
	}

	#[test]
	fn depth_is_bounded() {
		let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
		assert!(parse(&nested(MAX_DEPTH)).is_ok());
		assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(Defect::TooDeep));
		assert_eq!(parse(&b"[".repeat(1_000_000)), Err(Defect::TooDeep));
		assert_eq!(parse(&br#"{"a":"#.repeat(1_000_000)), Err(Defect::TooDeep));
	}

	#[test]
	fn size_is_bounded() {
		assert_eq!(parse(&vec![b' '; MAX_BYTES + 1]), Err(Defect::TooLarge));
	}

	#[test]
	fn what_is_not_json_is_refused() {
		for text in [
			&b""[..],
			b"\xef\xbb\xbf{}",
			b"{} {}",
			b"{\"a\":NaN}",
			br#"{"a":"\ud800"}"#,
			b"{\"a\":1e999}",
			b"\xff",
			b"<Bundle/>",
		] {
			assert_eq!(parse(text), Err(Defect::NotJson), "{text:?}");
		}
	}
}
