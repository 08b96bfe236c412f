//! Who stands behind a code, sealed so that only two people together open it.
//!
//! What a watch finds speaks of codes. Beside each code lies its identity in two layers of HPKE (RFC 9180, base mode,
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305): the inner one to the first person's public key, the outer one
//! to the second's. A layer is `encapsulated key (32) ‖ ciphertext`; its `info` is
//! `"curex/staff-identity-1" ‖ organisation (u32, little endian) ‖ layer (0 inner, 1 outer) ‖ code`, so that what was sealed
//! beside one code does not open as that of another. The identity is padded with zeros behind its length
//! (u16, little endian), to a multiple of 128 bytes.

use crate::{EncryptionKey, Error};
use hpke::{
	aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::X25519HkdfSha256, Deserializable, Kem, OpModeR,
	OpModeS, Serializable,
};
use zeroize::Zeroizing;

const CONTEXT: &[u8] = b"curex/staff-identity-1";
const PADDING: usize = 128;
const LENGTH: usize = 2;
/// Bytes of an encapsulated key.
const KEY: usize = 32;

/// To whom a code belongs.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
	/// The organisation that watches.
	pub organisation: u32,
	/// The code.
	pub code: &'a str,
}

impl Code<'_> {
	fn info(self, layer: u8) -> Vec<u8> {
		let organisation = self.organisation.to_le_bytes();
		[CONTEXT, &organisation, &[layer], self.code.as_bytes()].concat()
	}
}

/// Seals an identity to two people's public keys.
///
/// # Errors
/// [`Error::Key`] when the keys are the same or one is no usable public key; [`Error::Input`] when the identity is longer than
/// 65,535 bytes.
pub fn seal(openers: &[[u8; 32]; 2], code: Code, identity: &str) -> Result<Vec<u8>, Error> {
	if openers[0] == openers[1] {
		return Err(Error::Key("two people are needed: the two public keys are the same".into()));
	}
	let length = u16::try_from(identity.len())
		.map_err(|_| Error::Input("an identity has at most 65,535 bytes".into()))?;
	let whole = (LENGTH + identity.len()).next_multiple_of(PADDING);
	// All of it at once: a buffer that grows leaves copies behind.
	let mut padded = Zeroizing::new(Vec::with_capacity(whole));
	padded.extend_from_slice(&length.to_le_bytes());
	padded.extend_from_slice(identity.as_bytes());
	padded.resize(whole, 0);
	let inner = layer(&openers[0], &code.info(0), &padded)?;
	layer(&openers[1], &code.info(1), &inner)
}

fn layer(opener: &[u8; 32], info: &[u8], content: &[u8]) -> Result<Vec<u8>, Error> {
	let unusable = |_| Error::Key("an opener's public key is not a usable X25519 key".into());
	let opener = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(opener).map_err(unusable)?;
	let (encapsulated, sealed) = hpke::single_shot_seal::<
		ChaCha20Poly1305,
		HkdfSha256,
		X25519HkdfSha256,
		_,
	>(&OpModeS::Base, &opener, info, content, &[], &mut rand::rng())
	.map_err(unusable)?;
	Ok([&encapsulated.to_bytes()[..], &sealed].concat())
}

/// Opens what [`seal`] made, with the keys of both people, in either order.
///
/// # Errors
/// [`Error::Sealed`] when the keys are not both of theirs, or it was altered or sealed beside another code.
pub fn open(
	keys: [&EncryptionKey; 2],
	code: Code,
	sealed: &[u8],
) -> Result<Zeroizing<String>, Error> {
	let closed = || Error::Sealed("altered, of another code, or not both keys are of its openers");
	let opened = |first: &EncryptionKey, second: &EncryptionKey| {
		let inner = peel(second, &code.info(1), sealed)?;
		peel(first, &code.info(0), &inner)
	};
	let [one, other] = keys;
	let padded = opened(one, other).or_else(|| opened(other, one)).ok_or_else(closed)?;
	let (length, rest) = padded.split_first_chunk::<LENGTH>().ok_or_else(closed)?;
	let identity = rest.get(..usize::from(u16::from_le_bytes(*length))).ok_or_else(closed)?;
	let identity = std::str::from_utf8(identity).map_err(|_| closed())?;
	Ok(Zeroizing::new(identity.to_owned()))
}

fn peel(key: &EncryptionKey, info: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
	let (encapsulated, ciphertext) = sealed.split_at_checked(KEY)?;
	let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
	let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
		&OpModeR::Base,
		&key.hpke(),
		&encapsulated,
		info,
		ciphertext,
		&[],
	);
	opened.ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
	use super::*;

	const CODE: Code = Code { organisation: 7, code: "staff-0123456789abcdef" };

	#[test]
	fn two_keys_together_open_an_identity_and_one_alone_or_a_third_does_not() {
		let [first, second, third] = [(); 3].map(|()| EncryptionKey::generate());
		let sealed = seal(&[first.public(), second.public()], CODE, "Mary Major").unwrap();
		assert_eq!(*open([&first, &second], CODE, &sealed).unwrap(), "Mary Major");
		assert_eq!(*open([&second, &first], CODE, &sealed).unwrap(), "Mary Major");
		for keys in [[&first, &first], [&second, &second], [&first, &third], [&third, &second]] {
			assert!(matches!(open(keys, CODE, &sealed), Err(Error::Sealed(_))));
		}
	}

	#[test]
	fn it_opens_beside_its_own_code_alone_and_unaltered() {
		let [first, second] = [(); 2].map(|()| EncryptionKey::generate());
		let sealed = seal(&[first.public(), second.public()], CODE, "Mary").unwrap();
		for other in [Code { organisation: 8, ..CODE }, Code { code: "staff-0", ..CODE }] {
			assert!(open([&first, &second], other, &sealed).is_err(), "{other:?}");
		}
		for place in 0..sealed.len() {
			let mut altered = sealed.clone();
			altered[place] ^= 1;
			assert!(open([&first, &second], CODE, &altered).is_err(), "byte {place}");
		}
		assert!(open([&first, &second], CODE, &sealed[..KEY]).is_err());
	}

	#[test]
	fn the_length_of_a_name_does_not_show_and_one_key_twice_is_refused() {
		let [first, second] = [(); 2].map(|()| EncryptionKey::generate());
		let both = [first.public(), second.public()];
		let length = |name: &str| seal(&both, CODE, name).unwrap().len();
		assert_eq!(length("Li"), length("Wolfeschlegelsteinhausenbergerdorff"));
		let twice = seal(&[first.public(), first.public()], CODE, "Mary");
		assert!(matches!(twice, Err(Error::Key(_))));
		assert!(matches!(seal(&both, CODE, &"x".repeat(70_000)), Err(Error::Input(_))));
	}
}
