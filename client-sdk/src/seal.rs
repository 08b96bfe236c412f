//! End-to-end encryption of the parts of an exchange: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256 and ChaCha20-Poly1305.
//!
//! A sealed part is `encapsulated key (32) ‖ segment…`. Each segment is at most [`SEGMENT`] bytes of padded plaintext
//! with a 16-byte tag; HPKE's sequence number binds its place, and its associated data say whether it is the last, so
//! that a cut, swapped or appended segment does not open. The padded plaintext is
//! `length (u64, little endian) ‖ plaintext ‖ zeros`, up to a multiple of [`PADDING`], so that the size tells little.
//! HPKE's `info` binds a part to one chain, one exchange and its place in it; see [`Purpose`].

use crate::{keys::EncryptionKey, Error};
use curex_primitives::{transfer::Part, ExchangeId};
use hpke::{
	aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::X25519HkdfSha256, Deserializable, Kem, OpModeR,
	OpModeS, Serializable,
};
use zeroize::Zeroizing;

/// Bytes of plaintext in a segment: 64 KiB.
pub const SEGMENT: usize = 64 * 1024;
/// A padded plaintext is a multiple of so many bytes: 4 KiB.
pub const PADDING: usize = 4 * 1024;

const KEY: usize = 32;
const TAG: usize = 16;
const LENGTH: usize = 8;

/// What is sealed, and where it belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
	/// A part of an exchange of the chain with this genesis hash.
	Part([u8; 32], ExchangeId, Part),
	/// A secret that an organisation keeps for itself until an exchange ends.
	Keepsake([u8; 32], ExchangeId),
	/// Whom an exchange was about, kept by an organisation for itself.
	Subject([u8; 32], ExchangeId),
	/// That a report with this handle was made, kept by an organisation for itself.
	Report([u8; 32], [u8; 32]),
}

impl Purpose {
	fn info(self) -> Vec<u8> {
		let (genesis, record, place) = match self {
			Self::Part(genesis, exchange, part) => (genesis, exchange.0, part as u8),
			Self::Keepsake(genesis, exchange) => (genesis, exchange.0, 0xff),
			Self::Subject(genesis, exchange) => (genesis, exchange.0, 0xfe),
			Self::Report(genesis, report) => (genesis, report, 0xfd),
		};
		[&b"curex/hpke-1"[..], &genesis, &record, &[place]].concat()
	}
}

/// Seals `plaintext` to an X25519 public key.
///
/// # Errors
/// [`Error::Key`] when the bytes are no usable public key.
pub fn seal(recipient: &[u8; 32], purpose: Purpose, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
	let unusable = |_| Error::Key("the recipient's public key is not a usable X25519 key".into());
	let recipient =
		<X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient).map_err(unusable)?;
	let (encapsulated, mut context) =
		hpke::setup_sender::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256, _>(
			&OpModeS::Base,
			&recipient,
			&purpose.info(),
			&mut rand::rng(),
		)
		.map_err(unusable)?;

	let mut padded = Zeroizing::new(Vec::with_capacity(padded_length(plaintext.len())));
	padded.extend_from_slice(&(plaintext.len() as u64).to_le_bytes());
	padded.extend_from_slice(plaintext);
	padded.resize(padded_length(plaintext.len()), 0);

	let segments = padded.len().div_ceil(SEGMENT);
	let mut sealed = Vec::with_capacity(KEY + padded.len() + segments * TAG);
	sealed.extend_from_slice(&encapsulated.to_bytes());
	for (index, segment) in padded.chunks(SEGMENT).enumerate() {
		let last = index + 1 == segments;
		let segment = context
			.seal(segment, &[u8::from(last)])
			.map_err(|_| Error::Sealed("it has too many segments"))?;
		sealed.extend_from_slice(&segment);
	}
	Ok(sealed)
}

/// Opens what [`seal`] made for this key and purpose.
///
/// # Errors
/// [`Error::Sealed`] when anything about it is not as it was sealed.
pub fn open(
	key: &EncryptionKey,
	purpose: Purpose,
	sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
	let (encapsulated, segments) =
		sealed.split_at_checked(KEY).ok_or(Error::Sealed("it is cut short"))?;
	let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)
		.map_err(|_| Error::Sealed("its key makes no sense"))?;
	let mut context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
		&OpModeR::Base,
		&key.hpke(),
		&encapsulated,
		&purpose.info(),
	)
	.map_err(|_| Error::Sealed("its key makes no sense"))?;

	let mut padded = Zeroizing::new(Vec::with_capacity(segments.len()));
	let count = segments.len().div_ceil(SEGMENT + TAG);
	for (index, segment) in segments.chunks(SEGMENT + TAG).enumerate() {
		let last = index + 1 == count;
		let opened =
			Zeroizing::new(context.open(segment, &[u8::from(last)]).map_err(|_| {
				Error::Sealed("altered, cut short, or for another key or exchange")
			})?);
		padded.extend_from_slice(&opened);
	}
	unpad(padded)
}

fn padded_length(length: usize) -> usize {
	(LENGTH + length).next_multiple_of(PADDING)
}

fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
	let wrong = Error::Sealed("its padding is wrong");
	let Some((length, rest)) = padded.split_first_chunk::<LENGTH>() else { return Err(wrong) };
	let length = match usize::try_from(u64::from_le_bytes(*length)) {
		Ok(length) if length <= rest.len() => length,
		_ => return Err(wrong),
	};
	if padded.len() != padded_length(length) || rest[length..].iter().any(|&byte| byte != 0) {
		return Err(wrong);
	}
	padded.drain(..LENGTH);
	padded.truncate(length);
	Ok(padded)
}

#[cfg(test)]
mod tests {
	use super::*;

	const EXCHANGE: ExchangeId = ExchangeId([2; 32]);
	const PURPOSE: Purpose = Purpose::Part([1; 32], EXCHANGE, Part::Payload);

	#[test]
	fn what_is_sealed_opens_for_its_key_whatever_its_size() {
		let key = EncryptionKey::generate();
		for size in [0, 1, PADDING - LENGTH, PADDING, SEGMENT - LENGTH, SEGMENT, 3 * SEGMENT + 5] {
			let plaintext: Vec<u8> = (0..size).map(|index| (index / 7) as u8).collect();
			let sealed = seal(&key.public(), PURPOSE, &plaintext).unwrap();
			assert_eq!(*open(&key, PURPOSE, &sealed).unwrap(), plaintext, "{size} bytes");
		}
	}

	#[test]
	fn the_same_plaintext_is_never_sealed_to_the_same_bytes() {
		let key = EncryptionKey::generate();
		let seal = || seal(&key.public(), PURPOSE, b"same").unwrap();
		assert_ne!(seal(), seal());
	}

	#[test]
	fn the_size_of_a_short_text_does_not_show() {
		let key = EncryptionKey::generate();
		let length = |text: &[u8]| seal(&key.public(), PURPOSE, text).unwrap().len();
		assert_eq!(length(b""), length(&[7; 4_000]));
	}

	#[test]
	fn another_key_chain_exchange_or_part_opens_nothing() {
		let key = EncryptionKey::generate();
		let sealed = seal(&key.public(), PURPOSE, b"text").unwrap();
		assert!(open(&EncryptionKey::generate(), PURPOSE, &sealed).is_err());
		for other in [
			Purpose::Part([9; 32], EXCHANGE, Part::Payload),
			Purpose::Part([1; 32], ExchangeId([9; 32]), Part::Payload),
			Purpose::Part([1; 32], EXCHANGE, Part::Envelope),
			Purpose::Keepsake([1; 32], EXCHANGE),
		] {
			assert!(open(&key, other, &sealed).is_err(), "{other:?}");
		}
	}

	#[test]
	fn every_single_bit_mutation_of_a_sealed_part_is_refused() {
		let key = EncryptionKey::generate();
		let sealed = seal(&key.public(), PURPOSE, b"text").unwrap();
		for position in (0..KEY).chain((KEY..sealed.len()).step_by(13)) {
			for bit in 0..8 {
				// X25519 ignores the top bit of a public key by definition (RFC 7748, section 5); HPKE hashes the
				// encoded key into the shared secret, so that it counts here all the same.
				let mut mutated = sealed.clone();
				mutated[position] ^= 1 << bit;
				assert!(open(&key, PURPOSE, &mutated).is_err(), "byte {position}, bit {bit}");
			}
		}
	}

	#[test]
	fn a_cut_swapped_doubled_or_appended_segment_is_refused() {
		let key = EncryptionKey::generate();
		let sealed = seal(&key.public(), PURPOSE, &vec![5; 3 * SEGMENT]).unwrap();
		let (head, body) = sealed.split_at(KEY);
		let segments: Vec<&[u8]> = body.chunks(SEGMENT + TAG).collect();
		assert_eq!(segments.len(), 4);
		let opens = |order: &[usize]| {
			let body = order.iter().flat_map(|&index| segments[index].to_vec());
			open(&key, PURPOSE, &head.iter().copied().chain(body).collect::<Vec<u8>>()).is_ok()
		};
		assert!(opens(&[0, 1, 2, 3]));
		for wrong in [&[0, 1, 2][..], &[1, 0, 2, 3], &[0, 1, 2, 3, 3], &[0, 1, 1, 2, 3], &[3], &[]]
		{
			assert!(!opens(wrong), "{wrong:?}");
		}
		for length in [0, 1, KEY, KEY + 1, KEY + TAG, sealed.len() - 1] {
			assert!(open(&key, PURPOSE, &sealed[..length]).is_err(), "{length} bytes");
		}
	}

	#[test]
	fn a_public_key_without_a_secret_is_refused() {
		assert!(matches!(seal(&[0; 32], PURPOSE, b"text"), Err(Error::Key(_))));
	}
}
