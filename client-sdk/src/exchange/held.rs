//! Receipt before key: a payload whose key the holder keeps back until the recipient's receipt is on the finalised ledger.
//!
//! The payload is sealed to a key pair of its own, and begins with a [`Heading`] that names the part with its secret: sealed to
//! the recipient, a few kilobytes, [`Part::Key`]. The recipient takes the ciphertext, checks it against the ledger's commitment,
//! and records as its receipt the commitment to that very part. Only then may the part travel, from node to node as any other,
//! and every node compares it with the receipt.
//!
//! What it gives: nobody reads the payload without having signed on the ledger that the ciphertext arrived, and the receipt names
//! the one key that opens it, so that the holder cannot give another one later. What it does not: before the receipt the
//! recipient cannot tell what it will read, nor that the key opens it; a holder that keeps the key for good leaves the recipient
//! with a receipt, and a dispute on the ledger (`delivery`) against a holder that cannot show the key. It costs a second round of
//! finality. Urgent care waits for nobody: no key of a broken glass is held back.

use super::Opening;
use crate::{
	client::Client,
	keys::EncryptionKey,
	receipt::random,
	seal::{self, Purpose},
	Error,
};
use curex_primitives::{
	transfer::{Manifest, Part},
	Commitment, ExchangeId, MerkleRoot,
};
use std::{
	fs::File,
	io::{ErrorKind, Read},
	path::Path,
};
use zeroize::Zeroizing;

/// With what a payload begins whose key is held back. Any other begins with an encapsulated key, which is as likely to be this
/// as a secret is to be guessed.
const MARK: [u8; 32] = *b"curex/receipt-before-key-1......";
/// Bytes of a heading.
pub(crate) const HEADING: usize = 32 + 32 + 8 + 32;

/// Names the part that opens a payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heading(pub Manifest);

impl Heading {
	/// The mark, then salt, length (u64, little endian) and root of the part.
	pub(crate) fn bytes(&self) -> [u8; HEADING] {
		let Self(Manifest { salt, length, root }) = self;
		let mut bytes = [0; HEADING];
		bytes[..32].copy_from_slice(&MARK);
		bytes[32..64].copy_from_slice(salt);
		bytes[64..72].copy_from_slice(&length.to_le_bytes());
		bytes[72..].copy_from_slice(&root.0);
		bytes
	}

	/// The heading of a payload; nothing if its key travels with it.
	pub(super) fn read(payload: &[u8]) -> Option<Self> {
		let rest = payload.strip_prefix(&MARK)?;
		let (salt, rest) = rest.split_first_chunk()?;
		let (length, rest) = rest.split_first_chunk()?;
		let root = MerkleRoot(*rest.first_chunk()?);
		Some(Self(Manifest { salt: *salt, length: u64::from_le_bytes(*length), root }))
	}

	/// The heading of a payload in a file.
	pub(super) fn of_file(path: &Path) -> Result<Option<Self>, Error> {
		let mut bytes = [0; HEADING];
		match File::open(path).and_then(|mut file| file.read_exact(&mut bytes)) {
			Ok(()) => Ok(Self::read(&bytes)),
			Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
			Err(error) => Err(Error::file(path, error)),
		}
	}

	/// The receipt that asks for the key: the ledger's commitment to the part with it.
	pub(crate) fn receipt(&self, id: ExchangeId) -> Commitment {
		self.0.commitment(Part::Key, &id)
	}

	/// What opens that receipt: salt, and root and length of the part, in hexadecimal.
	pub(super) fn opening(&self, id: ExchangeId) -> Opening {
		let Manifest { salt, length, root } = &self.0;
		let content = [&root.0[..], &length.to_le_bytes()].concat();
		Opening {
			commitment: self.receipt(id),
			salt: *salt,
			content: format!("0x{}", hex::encode(content)),
		}
	}
}

/// A key that is held back: sealed to the recipient, it may lie anywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldKey {
	/// Salt of its commitment.
	pub salt: [u8; 32],
	/// Ciphertext.
	pub sealed: Vec<u8>,
}

impl HeldKey {
	/// A fresh key pair for a payload: what the payload is sealed to, and its secret, sealed to the recipient.
	pub(crate) fn new(
		recipient: &[u8; 32],
		genesis: [u8; 32],
		id: ExchangeId,
	) -> Result<([u8; 32], Self), Error> {
		let key = EncryptionKey::generate();
		let secret = key.to_bytes();
		let sealed = seal::seal(recipient, Purpose::Part(genesis, id, Part::Key), &secret[..])?;
		Ok((key.public(), Self { salt: random(), sealed }))
	}

	/// The heading of the payload that it opens.
	pub(crate) fn heading(&self) -> Heading {
		Heading(Manifest::of(self.salt, &self.sealed))
	}
}

/// Opens what [`HeldKey::new`] sealed.
fn open(
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
	sealed: &[u8],
) -> Result<EncryptionKey, Error> {
	let secret = seal::open(key, Purpose::Part(genesis, id, Part::Key), sealed)?;
	let secret = Zeroizing::new(
		<[u8; 32]>::try_from(&secret[..])
			.map_err(|_| Error::Sealed("the key that was held back is none"))?,
	);
	Ok(EncryptionKey::from_bytes(*secret))
}

impl Client {
	/// Takes the key of a payload whose receipt is on the ledger, and opens it. With `patiently`, it is waited for as long as the
	/// client's patience lasts.
	pub(super) async fn take_key(
		&self,
		id: ExchangeId,
		heading: &Heading,
		key: &EncryptionKey,
		patiently: bool,
	) -> Result<EncryptionKey, Error> {
		let commitment = heading.receipt(id);
		let taken = match patiently {
			true => self.fetch(id, Part::Key, commitment).await,
			false => self.fetch_now(id, Part::Key, commitment).await,
		};
		let sealed = taken.map_err(|error| match error {
			Error::Transfer { .. } if patiently && error.is_retryable() => Error::Timeout {
				what: "the key, which the holder gives out once the receipt is on the ledger",
				seconds: self.patience().as_secs(),
			},
			// What a node makes up says nothing of the holder's key.
			Error::Sealed(reason) => Error::Protocol(reason.into()),
			other => other,
		})?;
		open(key, self.genesis(), id, &sealed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ID: ExchangeId = ExchangeId([2; 32]);

	#[test]
	fn a_held_key_opens_for_the_recipient_and_its_exchange_alone() {
		let recipient = EncryptionKey::generate();
		let (public, held) = HeldKey::new(&recipient.public(), [1; 32], ID).unwrap();
		let key = open(&recipient, [1; 32], ID, &held.sealed).unwrap();
		assert_eq!(key.public(), public);
		assert!(open(&recipient, [1; 32], ExchangeId([3; 32]), &held.sealed).is_err());
		assert!(open(&EncryptionKey::generate(), [1; 32], ID, &held.sealed).is_err());
		assert!(held.sealed.len() < 8 * 1024, "a small part");
	}

	#[test]
	fn a_heading_is_read_back_and_no_other_payload_has_one() {
		let (_, held) = HeldKey::new(&EncryptionKey::generate().public(), [1; 32], ID).unwrap();
		let heading = held.heading();
		let payload = [&heading.bytes()[..], b"ciphertext"].concat();
		assert_eq!(Heading::read(&payload), Some(heading.clone()));
		assert_eq!(Heading::read(&payload[..HEADING - 1]), None);
		let purpose = Purpose::Part([1; 32], ID, Part::Payload);
		let plain = seal::seal(&EncryptionKey::generate().public(), purpose, b"text").unwrap();
		assert_eq!(Heading::read(&plain), None);
		let opening = heading.opening(ID);
		let content = hex::decode(&opening.content[2..]).unwrap();
		let commitment = curex_primitives::commitment::commit(
			curex_primitives::commitment::Domain::Receipt,
			&ID.0,
			&opening.salt,
			&content,
		);
		assert_eq!((opening.commitment, commitment), (heading.receipt(ID), heading.receipt(ID)));
	}
}
