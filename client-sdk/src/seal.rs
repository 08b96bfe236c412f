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
	aead::{AeadTag, ChaCha20Poly1305},
	kdf::HkdfSha256,
	kem::X25519HkdfSha256,
	Deserializable, Kem, OpModeR, OpModeS, Serializable,
};
use std::io::{self, Read, Write};
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
	/// What answers the inquiry with this number of the chain with this genesis hash.
	Disclosure([u8; 32], u32),
	/// What an assessment of the package of an exchange said, kept by an organisation for itself.
	Assessment([u8; 32], ExchangeId),
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
			Self::Assessment(genesis, exchange) => (genesis, exchange.0, 0xfb),
			Self::Disclosure(genesis, inquiry) => {
				let mut record = [0; 32];
				record[..4].copy_from_slice(&inquiry.to_le_bytes());
				(genesis, record, 0xfc)
			},
		};
		[&b"curex/hpke-1"[..], &genesis, &record, &[place]].concat()
	}
}

/// Seals `plaintext` to an X25519 public key.
///
/// # Errors
/// [`Error::Key`] when the bytes are no usable public key.
pub fn seal(recipient: &[u8; 32], purpose: Purpose, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
	let length = plaintext.len() as u64;
	let mut sealed = Vec::with_capacity(sealed_length(length) as usize);
	seal_stream(recipient, purpose, &mut &plaintext[..], length, &mut sealed)?;
	Ok(sealed)
}

/// As [`seal`], of `length` bytes that are read while they are sealed: at most one segment is in memory.
///
/// # Errors
/// As [`seal`]; [`Error::Store`] when fewer bytes can be read, or what is sealed cannot be written.
pub fn seal_stream(
	recipient: &[u8; 32],
	purpose: Purpose,
	plaintext: &mut impl Read,
	length: u64,
	sealed: &mut impl Write,
) -> Result<(), Error> {
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
	sealed.write_all(&encapsulated.to_bytes()).map_err(stream_error)?;

	let prefix = length.to_le_bytes();
	let mut padded = (&prefix[..]).chain(plaintext.take(length)).chain(io::repeat(0));
	let mut left = padded_length(length);
	let mut segment = Zeroizing::new(vec![0; SEGMENT]);
	while left > 0 {
		let size = left.min(SEGMENT as u64) as usize;
		left -= size as u64;
		let segment = &mut segment[..size];
		padded.read_exact(segment).map_err(stream_error)?;
		let tag = context
			.seal_in_place_detached(segment, &[u8::from(left == 0)])
			.map_err(|_| Error::Sealed("it has too many segments"))?;
		sealed.write_all(segment).map_err(stream_error)?;
		sealed.write_all(&tag.to_bytes()).map_err(stream_error)?;
	}
	// What follows would otherwise be taken for padding.
	let (rest, _) = padded.into_inner();
	if rest.into_inner().1.limit() > 0 {
		return Err(Error::Store("what is to be sealed is shorter than was said".into()));
	}
	Ok(())
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
	// All of it at once: a buffer that grows leaves copies behind.
	let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
	open_stream(key, purpose, &mut &sealed[..], sealed.len() as u64, &mut *plaintext)?;
	Ok(plaintext)
}

/// As [`open`], of `length` sealed bytes that are read while they are opened: at most one segment is in memory. Gives the
/// length of the plaintext. Every segment is checked before it is written, and only the last tells whether all are there:
/// after an error nothing that was written may be used.
///
/// # Errors
/// As [`open`]; [`Error::Store`] when what is sealed cannot be read, or the plaintext cannot be written.
pub fn open_stream(
	key: &EncryptionKey,
	purpose: Purpose,
	sealed: &mut impl Read,
	length: u64,
	plaintext: &mut impl Write,
) -> Result<u64, Error> {
	let cut = Error::Sealed("it is cut short");
	let segments = length.checked_sub(KEY as u64).ok_or(cut)?;
	let mut encapsulated = [0; KEY];
	sealed.read_exact(&mut encapsulated).map_err(stream_error)?;
	let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&encapsulated)
		.map_err(|_| Error::Sealed("its key makes no sense"))?;
	let mut context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
		&OpModeR::Base,
		&key.hpke(),
		&encapsulated,
		&purpose.info(),
	)
	.map_err(|_| Error::Sealed("its key makes no sense"))?;

	let altered = || Error::Sealed("altered, cut short, or for another key or exchange");
	let mut opening = Opening { plaintext, length: None, written: 0 };
	let mut left = segments;
	let mut segment = Zeroizing::new(vec![0; SEGMENT + TAG]);
	while left > 0 {
		let size = left.min((SEGMENT + TAG) as u64) as usize;
		left -= size as u64;
		let segment = &mut segment[..size];
		sealed.read_exact(segment).map_err(stream_error)?;
		let (text, tag) = segment.split_last_chunk_mut::<TAG>().ok_or_else(altered)?;
		let tag = AeadTag::from_bytes(tag).map_err(|_| altered())?;
		context
			.open_in_place_detached(text, &[u8::from(left == 0)], &tag)
			.map_err(|_| altered())?;
		opening.take(text, segments)?;
	}
	opening.end()
}

/// Takes the padding off.
struct Opening<'a, W> {
	plaintext: &'a mut W,
	/// Bytes of the plaintext; known with the first segment.
	length: Option<u64>,
	written: u64,
}

impl<W: Write> Opening<'_, W> {
	fn take(&mut self, text: &[u8], segments: u64) -> Result<(), Error> {
		let wrong = || Error::Sealed("its padding is wrong");
		let (length, text) = match self.length {
			Some(length) => (length, text),
			None => {
				let (length, text) = text.split_first_chunk::<LENGTH>().ok_or_else(wrong)?;
				let length = u64::from_le_bytes(*length);
				let count = segments.div_ceil((SEGMENT + TAG) as u64);
				if length > segments || padded_length(length) != segments - count * TAG as u64 {
					return Err(wrong());
				}
				(*self.length.insert(length), text)
			},
		};
		let rest = usize::try_from(length - self.written).unwrap_or(usize::MAX);
		let (text, padding) = text.split_at(rest.min(text.len()));
		if padding.iter().any(|&byte| byte != 0) {
			return Err(wrong());
		}
		self.plaintext.write_all(text).map_err(stream_error)?;
		self.written += text.len() as u64;
		Ok(())
	}

	fn end(self) -> Result<u64, Error> {
		self.length
			.filter(|&length| length == self.written)
			.ok_or(Error::Sealed("its padding is wrong"))
	}
}

/// Bytes of what is sealed, given those of the plaintext.
pub const fn sealed_length(length: u64) -> u64 {
	let padded = padded_length(length);
	KEY as u64 + padded + padded.div_ceil(SEGMENT as u64) * TAG as u64
}

const fn padded_length(length: u64) -> u64 {
	(LENGTH as u64 + length).next_multiple_of(PADDING as u64)
}

fn stream_error(error: io::Error) -> Error {
	Error::Store(error.to_string())
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
	fn a_stream_that_is_shorter_than_was_said_is_not_sealed() {
		let key = EncryptionKey::generate();
		let mut sealed = Vec::new();
		let result = seal_stream(&key.public(), PURPOSE, &mut &b"text"[..], 5, &mut sealed);
		assert!(matches!(result, Err(Error::Store(_))));
	}

	#[test]
	fn what_follows_a_stream_is_neither_sealed_nor_opened() {
		let key = EncryptionKey::generate();
		let mut source = &b"text and more"[..];
		let mut sealed = Vec::new();
		seal_stream(&key.public(), PURPOSE, &mut source, 4, &mut sealed).unwrap();
		assert_eq!(source, b" and more");
		assert_eq!(sealed.len() as u64, sealed_length(4));
		let length = sealed.len() as u64;
		sealed.extend(b"more");
		let mut plaintext = Vec::new();
		let opened = open_stream(&key, PURPOSE, &mut &sealed[..], length, &mut plaintext).unwrap();
		assert_eq!((opened, &plaintext[..]), (4, &b"text"[..]));
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
