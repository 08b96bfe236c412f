//! Keys: accounts that sign (sr25519 or ed25519), and X25519 keys that open what is sealed to an organisation.
//!
//! An account's key is in a key file, or stays where it is and signs from there: [`RemoteSigner`], and [`pkcs11`] for
//! tokens. Secrets are wiped from memory when dropped and never appear in `Debug`, in errors or in arguments of a
//! command.

mod file;
pub mod pkcs11;

pub use file::{KeyFile, KeyKind};

use crate::Error;
use hpke::{kem::X25519HkdfSha256, Deserializable, Kem, Serializable};
use serde::{Deserialize, Serialize};
use sp_core::{ed25519, Pair};
use std::{path::Path, sync::Arc};
use subxt::utils::{AccountId32, MultiSignature};
use subxt_signer::sr25519;
use zeroize::Zeroizing;

/// How an account signs. Its account is the public key in either case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
	/// Schnorr signatures over Ristretto25519, in the signing context `substrate`.
	Sr25519,
	/// EdDSA over edwards25519 (RFC 8032): what hardware offers.
	Ed25519,
}

/// A key that is elsewhere: in a token, or with a service that signs. May block: the client calls it where that holds
/// up nothing else.
pub trait RemoteSigner: Send + Sync {
	/// The account: the public key.
	fn account(&self) -> [u8; 32];

	/// How it signs.
	fn scheme(&self) -> Scheme;

	/// Signs.
	///
	/// # Errors
	/// [`Error::Key`] when the key refuses or is not reached.
	fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error>;
}

/// An account of a delegate: signs transactions, envelopes and requests to nodes.
#[derive(Clone)]
pub struct Signer {
	key: Key,
	development: bool,
}

#[derive(Clone)]
enum Key {
	// Boxed: wiped where they are, and not copied when the signer moves.
	Sr25519(Box<sr25519::Keypair>),
	Ed25519(Box<ed25519::Pair>),
	Remote(Arc<dyn RemoteSigner>),
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
		Ok(Self { key: Key::Sr25519(Box::new(pair)), development: true })
	}

	/// An account whose key is elsewhere.
	pub fn remote(key: impl RemoteSigner + 'static) -> Self {
		Self { key: Key::Remote(Arc::new(key)), development: false }
	}

	/// The account: the public key.
	pub fn account(&self) -> [u8; 32] {
		match &self.key {
			Key::Sr25519(pair) => pair.public_key().0,
			Key::Ed25519(pair) => pair.public().0,
			Key::Remote(key) => key.account(),
		}
	}

	/// How it signs.
	pub fn scheme(&self) -> Scheme {
		match &self.key {
			Key::Sr25519(_) => Scheme::Sr25519,
			Key::Ed25519(_) => Scheme::Ed25519,
			Key::Remote(key) => key.scheme(),
		}
	}

	/// Whether the key is known to everybody.
	pub fn is_development(&self) -> bool {
		self.development
	}

	/// Signs.
	///
	/// # Errors
	/// [`Error::Key`] when a remote key refuses, is not reached, or gives a signature that is not its own. A key of a
	/// file always signs.
	pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
		let key = match &self.key {
			Key::Sr25519(pair) => return Ok(pair.sign(message).0),
			Key::Ed25519(pair) => return Ok(pair.sign(message).0),
			Key::Remote(key) => key,
		};
		let signature = off_the_worker(|| key.sign(message))?;
		if !is_signed_in(key.scheme(), &key.account(), message, &signature) {
			return Err(Error::Key("the remote key gave a signature that is not its own".into()));
		}
		Ok(signature)
	}

	/// Signs the payload of a transaction: who signs, and the signature as a transaction carries it.
	///
	/// # Errors
	/// As [`Self::sign`].
	pub fn sign_transaction(&self, payload: &[u8]) -> Result<(AccountId32, MultiSignature), Error> {
		let signature = self.sign(payload)?;
		let signature = match self.scheme() {
			Scheme::Sr25519 => MultiSignature::Sr25519(signature),
			Scheme::Ed25519 => MultiSignature::Ed25519(signature),
		};
		Ok((AccountId32(self.account()), signature))
	}
}

/// Runs what may block without holding up the other tasks of this thread, where the runtime can do that.
fn off_the_worker<T>(work: impl FnOnce() -> T) -> T {
	use tokio::runtime::{Handle, RuntimeFlavor};
	match Handle::try_current().map(|handle| handle.runtime_flavor()) {
		Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
		_ => work(),
	}
}

/// Whether `signature` over `message` is that of `account`, in either scheme. An sr25519 signature carries a mark that
/// no ed25519 signature has, so that none is both.
pub fn is_signed_by(account: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	[Scheme::Sr25519, Scheme::Ed25519]
		.into_iter()
		.any(|scheme| is_signed_in(scheme, account, message, signature))
}

/// Whether `signature` over `message` is that of `account` in this scheme.
pub(crate) fn is_signed_in(
	scheme: Scheme,
	account: &[u8; 32],
	message: &[u8],
	signature: &[u8; 64],
) -> bool {
	match scheme {
		Scheme::Sr25519 => {
			sr25519::verify(&sr25519::Signature(*signature), message, &sr25519::PublicKey(*account))
		},
		Scheme::Ed25519 => ed25519::Pair::verify(
			&ed25519::Signature::from_raw(*signature),
			message,
			&ed25519::Public::from_raw(*account),
		),
	}
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
		let signature = alice.sign(b"message").unwrap();
		assert!(is_signed_by(&alice.account(), b"message", &signature));
		assert!(!is_signed_by(&alice.account(), b"Message", &signature));
		assert!(!is_signed_by(&bob.account(), b"message", &signature));
		assert!(!is_signed_by(&alice.account(), b"message", &[0; 64]));
	}

	/// A remote key that signs with another key than it says.
	struct Liar(ed25519::Pair);

	impl RemoteSigner for Liar {
		fn account(&self) -> [u8; 32] {
			[7; 32]
		}

		fn scheme(&self) -> Scheme {
			Scheme::Ed25519
		}

		fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
			Ok(self.0.sign(message).0)
		}
	}

	#[test]
	fn a_remote_key_that_signs_with_another_key_is_refused() {
		let signer = Signer::remote(Liar(ed25519::Pair::from_seed(&[1; 32])));
		assert!(matches!(signer.sign(b"message"), Err(Error::Key(_))));
		assert!(matches!(signer.sign_transaction(b"message"), Err(Error::Key(_))));
	}

	#[test]
	fn both_schemes_sign_transactions_as_what_they_are() {
		let alice = Signer::development("//Alice").unwrap();
		let (account, signature) = alice.sign_transaction(b"payload").unwrap();
		assert_eq!(account.0, alice.account());
		assert!(matches!(signature, MultiSignature::Sr25519(_)));
		let pair = ed25519::Pair::from_seed(&[1; 32]);
		let signer = Signer { key: Key::Ed25519(Box::new(pair)), development: false };
		let (account, signature) = signer.sign_transaction(b"payload").unwrap();
		let MultiSignature::Ed25519(signature) = signature else { panic!("{signature:?}") };
		assert!(is_signed_by(&account.0, b"payload", &signature));
		assert!(!is_signed_by(&account.0, b"Payload", &signature));
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
