//! Derives shared by every type of the vocabulary.

/// Declares a field-less enum of the vocabulary: SCALE-encoded with explicit indices (permanent once
/// released), and under `std` readable as `kebab-case` text in JSON.
#[macro_export]
#[doc(hidden)]
macro_rules! vocabulary {
	(
		$(#[$meta:meta])*
		pub enum $name:ident {
			$( $(#[$variant_meta:meta])* $variant:ident = $index:literal ),+ $(,)?
		}
	) => {
		$(#[$meta])*
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			Hash,
			Debug,
			codec::Encode,
			codec::Decode,
			codec::DecodeWithMemTracking,
			codec::MaxEncodedLen,
			scale_info::TypeInfo,
		)]
		#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
		#[cfg_attr(feature = "std", serde(rename_all = "kebab-case"))]
		#[repr(u8)]
		pub enum $name {
			$( $(#[$variant_meta])* #[codec(index = $index)] $variant = $index, )+
		}

		impl $name {
			/// Every value, in the order of the indices.
			pub const ALL: &'static [Self] = &[ $( Self::$variant ),+ ];
		}
	};
}

/// Declares a set over an enum of the vocabulary as a bit mask. Unknown bits do not decode.
#[macro_export]
#[doc(hidden)]
macro_rules! vocabulary_set {
	(
		$(#[$meta:meta])*
		pub struct $name:ident($bits:ty) of $element:ty;
	) => {
		$(#[$meta])*
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			Hash,
			Default,
			codec::Encode,
			codec::DecodeWithMemTracking,
			codec::MaxEncodedLen,
			scale_info::TypeInfo,
		)]
		pub struct $name($bits);

		impl $name {
			/// The set without elements.
			pub const EMPTY: Self = Self(0);

			/// The set of every known element.
			pub fn all() -> Self {
				<$element>::ALL.iter().copied().collect()
			}

			/// The set with these bits, or nothing if one of them has no meaning.
			pub fn from_bits(bits: $bits) -> Option<Self> {
				(bits & !Self::all().0 == 0).then_some(Self(bits))
			}

			/// The bit mask: bit `i` stands for the element with index `i`.
			pub const fn bits(self) -> $bits {
				self.0
			}

			/// Whether the element is in the set.
			pub const fn contains(self, element: $element) -> bool {
				self.0 & (1 << element as u8) != 0
			}

			/// Whether every element of `other` is in the set.
			pub const fn contains_all(self, other: Self) -> bool {
				self.0 & other.0 == other.0
			}

			/// Whether the set has no element.
			pub const fn is_empty(self) -> bool {
				self.0 == 0
			}

			/// The set with the element added.
			#[must_use]
			pub const fn with(self, element: $element) -> Self {
				Self(self.0 | (1 << element as u8))
			}

			/// The elements, in the order of their indices.
			pub fn iter(self) -> impl Iterator<Item = $element> {
				<$element>::ALL.iter().copied().filter(move |element| self.contains(*element))
			}
		}

		impl FromIterator<$element> for $name {
			fn from_iter<I: IntoIterator<Item = $element>>(elements: I) -> Self {
				elements.into_iter().fold(Self::EMPTY, Self::with)
			}
		}

		impl From<$element> for $name {
			fn from(element: $element) -> Self {
				Self::EMPTY.with(element)
			}
		}

		impl codec::Decode for $name {
			fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
				Self::from_bits(<$bits>::decode(input)?)
					.ok_or_else(|| concat!(stringify!($name), " has a bit without meaning").into())
			}
		}

		impl core::fmt::Debug for $name {
			fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
				formatter.debug_set().entries(self.iter()).finish()
			}
		}

		#[cfg(feature = "std")]
		impl serde::Serialize for $name {
			fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
				serializer.collect_seq(self.iter())
			}
		}

		#[cfg(feature = "std")]
		impl<'de> serde::Deserialize<'de> for $name {
			fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
				let elements = <std::vec::Vec<$element> as serde::Deserialize>::deserialize(deserializer)?;
				Ok(elements.into_iter().collect())
			}
		}
	};
}

/// Declares, in a pallet that records reports, the type `Defect` and the way from [`crate::security::NotRecorded`] to
/// the pallet's `Error`, whose variants `Defective(Defect)` and `AlreadyRecorded` it needs. Expands to paths of the
/// pallet's own dependencies: this crate knows no FRAME.
#[macro_export]
#[doc(hidden)]
macro_rules! report_refusals {
	() => {
		/// What is wrong with a report, as a pallet's error carries it.
		#[derive(
			Clone,
			Copy,
			PartialEq,
			Eq,
			Debug,
			codec::Encode,
			codec::Decode,
			codec::DecodeWithMemTracking,
			scale_info::TypeInfo,
		)]
		pub struct Defect(pub $crate::ReportDefect);

		impl frame::traits::PalletError for Defect {
			const MAX_ENCODED_SIZE: usize = 1;
		}

		impl<T> From<$crate::NotRecorded> for Error<T> {
			fn from(reason: $crate::NotRecorded) -> Self {
				match reason {
					$crate::NotRecorded::Defective(defect) => Self::Defective(Defect(defect)),
					$crate::NotRecorded::AlreadyRecorded => Self::AlreadyRecorded,
				}
			}
		}
	};
}
