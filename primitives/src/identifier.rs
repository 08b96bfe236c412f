//! 32-byte handles: random, or commitments. They carry no meaning and identify no person.

/// Declares a 32-byte newtype, written as `0x…` in JSON and text.
macro_rules! identifier {
	($(#[$meta:meta])* $name:ident) => {
		$(#[$meta])*
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			PartialOrd,
			Ord,
			Hash,
			codec::Encode,
			codec::Decode,
			codec::DecodeWithMemTracking,
			codec::MaxEncodedLen,
			scale_info::TypeInfo,
		)]
		pub struct $name(pub [u8; 32]);

		impl $name {
			/// Whether every byte is zero: never a valid value, always a sign of a missing one.
			pub fn is_zero(&self) -> bool {
				self.0 == [0; 32]
			}
		}

		impl AsRef<[u8]> for $name {
			fn as_ref(&self) -> &[u8] {
				&self.0
			}
		}

		impl From<[u8; 32]> for $name {
			fn from(bytes: [u8; 32]) -> Self {
				Self(bytes)
			}
		}

		impl core::fmt::Display for $name {
			fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				formatter.write_str("0x")?;
				self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
			}
		}

		impl core::fmt::Debug for $name {
			fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				core::fmt::Display::fmt(self, formatter)
			}
		}

		#[cfg(feature = "std")]
		impl core::str::FromStr for $name {
			type Err = $crate::identifier::NotAnIdentifier;

			fn from_str(text: &str) -> Result<Self, Self::Err> {
				let digits = text.strip_prefix("0x").unwrap_or(text);
				let mut bytes = [0; 32];
				hex::decode_to_slice(digits, &mut bytes)
					.map_err(|_| $crate::identifier::NotAnIdentifier)?;
				Ok(Self(bytes))
			}
		}

		#[cfg(feature = "std")]
		impl serde::Serialize for $name {
			fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
				serializer.collect_str(self)
			}
		}

		#[cfg(feature = "std")]
		impl<'de> serde::Deserialize<'de> for $name {
			fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
				let text = <std::string::String as serde::Deserialize>::deserialize(deserializer)?;
				text.parse().map_err(serde::de::Error::custom)
			}
		}
	};
}

/// A text that should have been 32 bytes in hexadecimal.
#[cfg(feature = "std")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnIdentifier;

#[cfg(feature = "std")]
impl core::fmt::Display for NotAnIdentifier {
	fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		formatter.write_str("expected 32 bytes as 64 hexadecimal digits, with or without 0x")
	}
}

#[cfg(feature = "std")]
impl std::error::Error for NotAnIdentifier {}

identifier!(
	/// A hiding commitment to sealed content; see [`crate::commitment`].
	Commitment
);
identifier!(
	/// The root of a Merkle tree; see [`crate::merkle`].
	MerkleRoot
);
identifier!(
	/// The handle of a consent: 32 random bytes, chosen by the holder's SDK.
	ConsentId
);
identifier!(
	/// The handle of an exchange: derived by [`crate::exchange::exchange_id`], so that a repeated submission is
	/// recognised.
	ExchangeId
);
identifier!(
	/// The handle of a standing subscription: derived by [`crate::subscription::subscription_id`].
	SubscriptionId
);
identifier!(
	/// The handle of a secondary-use permit.
	PermitId
);
identifier!(
	/// The handle of an erasure order: 32 random bytes, which name no consent and no exchange.
	ErasureId
);
identifier!(
	/// The handle or commitment of any record, where an inquiry may be about several kinds.
	RecordHandle
);
identifier!(
	/// `blake2b-256` of a withdrawal code under its domain; see [`crate::commitment::withdraw_lock`].
	WithdrawLock
);

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn an_identifier_survives_json_and_text() {
		let id = ConsentId(core::array::from_fn(|index| index as u8));
		let json = serde_json::to_string(&id).unwrap();
		assert_eq!(json, "\"0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"");
		assert_eq!(serde_json::from_str::<ConsentId>(&json).unwrap(), id);
		assert_eq!(id.to_string().parse::<ConsentId>().unwrap(), id);
	}

	#[test]
	fn a_short_or_foreign_text_is_refused() {
		for text in ["", "0x", "0x00", "0xzz", &"0".repeat(63), &"0".repeat(66)] {
			assert_eq!(text.parse::<ConsentId>(), Err(NotAnIdentifier), "{text}");
		}
	}
}
