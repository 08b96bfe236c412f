//! Keys: sr25519 accounts that sign, and X25519 keys that open what is sealed to an organisation.
//!
//! Secrets are wiped from memory when dropped and never appear in `Debug`, in errors or in arguments of a command.

mod file;

pub use file::{KeyFile, KeyKind};

use crate::Error;
use hpke::{kem::X25519HkdfSha256, Deserializable, Kem, Serializable};
use std::path::Path;
use subxt_signer::sr25519;
use zeroize::Zeroizing;

/// An account of a delegate: signs transactions, envelopes and requests to nodes.
#[derive(Clone)]
pub struct Signer {
	pair: sr25519::Keypair,
	development: bool,
}

impl Signer {
	/// The well-known key of a development path such as `//Alice`. [`crate::Client::connect`] accepts it on chains
	/// of type Development and Local only.
	///
	/// # Errors
	/// [`Error::Key`] when the path cannot be read, or is a phrase or a seed: those belong in key files.
	pub fn development(path: &str) -> Result<Self, Error> {
		let wrong = || Error::Key("a development key is a path like //Alice".into());
		if !path.starts_with('/') {
			return Err(wrong());
		}
		let uri = path.parse().map_err(|_| wrong())?;
		let pair = sr25519::Keypair::from_uri(&uri).map_err(|_| wrong())?;
		Ok(Self { pair, development: true })
	}

	/// The account: the public key.
	pub fn account(&self) -> [u8; 32] {
		self.pair.public_key().0
	}

	/// Whether the key is known to everybody.
	pub fn is_development(&self) -> bool {
		self.development
	}

	/// Signs with sr25519 in the signing context `substrate`.
	pub fn sign(&self, message: &[u8]) -> [u8; 64] {
		self.pair.sign(message).0
	}
}

/// Whether `signature` over `message` is that of `account`.
pub fn is_signed_by(account: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	sr25519::verify(&sr25519::Signature(*signature), message, &sr25519::PublicKey(*account))
}

impl std::fmt::Debug for Signer {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Signer(0x{})", hex::encode(self.account()))
	}
}

/// An X25519 secret: opens what is sealed to its public key.
#[derive(Clone)]
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
	/// A new random key.
	pub fn generate() -> Self {
		let (secret, _) = X25519HkdfSha256::gen_keypair(&mut rand::rng());
		let mut bytes = Zeroizing::new([0; 32]);
		secret.write_exact(bytes.as_mut());
		Self(bytes)
	}

	/// The key with these secret bytes.
	pub fn from_bytes(bytes: [u8; 32]) -> Self {
		Self(Zeroizing::new(bytes))
	}

	/// The secret bytes.
	pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
		self.0.clone()
	}

	/// The public key, as the ledger holds it for an organisation.
	pub fn public(&self) -> [u8; 32] {
		X25519HkdfSha256::sk_to_pk(&self.hpke()).to_bytes().into()
	}

	pub(crate) fn hpke(&self) -> <X25519HkdfSha256 as Kem>::PrivateKey {
		<X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.0.as_ref())
			.expect("any 32 bytes are an X25519 secret (RFC 7748, section 5); qed")
	}
}

impl std::fmt::Debug for EncryptionKey {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "EncryptionKey(public 0x{})", hex::encode(self.public()))
	}
}

/// The password of a key file.
pub struct Password(Zeroizing<String>);

impl Password {
	/// The first line of a file.
	///
	/// # Errors
	/// [`Error::File`] when it cannot be read, [`Error::Key`] when the line is empty.
	pub fn from_file(path: &Path) -> Result<Self, Error> {
		let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
		let text = Zeroizing::new(text);
		Self::new(text.lines().next().unwrap_or_default())
	}

	/// A password at hand.
	///
	/// # Errors
	/// [`Error::Key`] when it is empty.
	pub fn new(text: &str) -> Result<Self, Error> {
		if text.is_empty() {
			return Err(Error::Key("the password is empty".into()));
		}
		Ok(Self(Zeroizing::new(text.to_string())))
	}

	fn expose(&self) -> &str {
		&self.0
	}
}

impl std::fmt::Debug for Password {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("Password(…)")
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_development_key_is_a_path_and_nothing_secret() {
		assert!(Signer::development("//Alice").unwrap().is_development());
		for wrong in [
			"",
			"Alice",
			"0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
			"bottom drive obey lake curtain smoke basket hold race lonely fit walk",
		] {
			assert!(matches!(Signer::development(wrong), Err(Error::Key(_))), "{wrong}");
		}
	}

	#[test]
	fn a_signature_is_that_of_its_account_and_message_only() {
		let [alice, bob] = ["//Alice", "//Bob"].map(|path| Signer::development(path).unwrap());
		let signature = alice.sign(b"message");
		assert!(is_signed_by(&alice.account(), b"message", &signature));
		assert!(!is_signed_by(&alice.account(), b"Message", &signature));
		assert!(!is_signed_by(&bob.account(), b"message", &signature));
		assert!(!is_signed_by(&alice.account(), b"message", &[0; 64]));
	}

	#[test]
	fn no_debug_output_shows_a_secret() {
		let key = EncryptionKey::from_bytes([7; 32]);
		let secret = hex::encode([7; 32]);
		assert!(!format!("{key:?}").contains(&secret));
		assert!(!format!("{:?}", Password::new("swordfish").unwrap()).contains("swordfish"));
		let signer = Signer::development("//Alice").unwrap();
		assert_eq!(format!("{signer:?}"), format!("Signer(0x{})", hex::encode(signer.account())));
	}

	#[test]
	fn a_password_file_counts_by_its_first_line() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("password");
		std::fs::write(&path, "swordfish\nnot this\n").unwrap();
		assert_eq!(Password::from_file(&path).unwrap().expose(), "swordfish");
		std::fs::write(&path, "\nswordfish\n").unwrap();
		assert!(matches!(Password::from_file(&path), Err(Error::Key(_))));
		assert!(matches!(
			Password::from_file(&folder.path().join("none")),
			Err(Error::File { .. })
		));
	}
}
