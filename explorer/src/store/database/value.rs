//! What a statement binds and what its rows hold.

use crate::Error;

/// A value of the index.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
	/// Nothing.
	Null,
	/// A number; also yes (1) and no (0).
	Number(i64),
	/// A text.
	Text(String),
	/// Bytes.
	Bytes(Vec<u8>),
}

/// A row of an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Row(Vec<Value>);

impl Row {
	pub(super) fn new(values: Vec<Value>) -> Self {
		Self(values)
	}

	/// The value of a column, counted from 0.
	///
	/// # Errors
	/// [`Error::Damaged`] when it is of another kind, or out of range.
	pub fn get<T: FromValue>(&self, column: usize) -> Result<T, Error> {
		let value = self.0.get(column).unwrap_or(&Value::Null);
		T::from_value(value).ok_or_else(|| {
			Error::Damaged(format!("column {column} of a row is not as it should be"))
		})
	}
}

/// What can be read from a value.
pub trait FromValue: Sized {
	/// Reads it; nothing if the value is of another kind or out of range.
	fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! number {
	($($number:ty),*) => { $(
		impl From<$number> for Value {
			fn from(number: $number) -> Self {
				// No block, moment or count comes near the limit.
				Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
			}
		}

		impl FromValue for $number {
			fn from_value(value: &Value) -> Option<Self> {
				match value {
					Value::Number(number) => (*number).try_into().ok(),
					_ => None,
				}
			}
		}
	)* };
}
number!(i64, u64, u32, u8, usize);

impl From<&str> for Value {
	fn from(text: &str) -> Self {
		Self::Text(text.into())
	}
}

impl From<String> for Value {
	fn from(text: String) -> Self {
		Self::Text(text)
	}
}

impl From<[u8; 32]> for Value {
	fn from(bytes: [u8; 32]) -> Self {
		Self::Bytes(bytes.into())
	}
}

impl From<&[u8]> for Value {
	fn from(bytes: &[u8]) -> Self {
		Self::Bytes(bytes.into())
	}
}

impl<T: Into<Self>> From<Option<T>> for Value {
	fn from(value: Option<T>) -> Self {
		value.map_or(Self::Null, Into::into)
	}
}

impl FromValue for bool {
	fn from_value(value: &Value) -> Option<Self> {
		match value {
			Value::Number(number) => Some(*number != 0),
			_ => None,
		}
	}
}

impl FromValue for String {
	fn from_value(value: &Value) -> Option<Self> {
		match value {
			Value::Text(text) => Some(text.clone()),
			_ => None,
		}
	}
}

impl FromValue for Vec<u8> {
	fn from_value(value: &Value) -> Option<Self> {
		match value {
			Value::Bytes(bytes) => Some(bytes.clone()),
			_ => None,
		}
	}
}

impl FromValue for [u8; 32] {
	fn from_value(value: &Value) -> Option<Self> {
		match value {
			Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
			_ => None,
		}
	}
}

impl<T: FromValue> FromValue for Option<T> {
	fn from_value(value: &Value) -> Option<Self> {
		match value {
			Value::Null => Some(None),
			other => T::from_value(other).map(Some),
		}
	}
}
