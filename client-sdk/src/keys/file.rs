//! Key files: secrets under a password, in the JSON format of polkadot-js (version 3).
//!
//! `encoded` is base64 of `salt (32) ‖ N ‖ p ‖ r (u32, little endian each) ‖ nonce (24) ‖ XSalsa20-Poly1305 ciphertext`,
//! the key being scrypt(password, salt, N, r, p). The plaintext of an sr25519 key is polkadot-js's PKCS #8, so that
//! accounts move freely between the two; that of an X25519 key is its 32 bytes, with content `raw`, `x25519`.

use super::{EncryptionKey, Key as AccountKey, Password, Scheme, Signer};
use crate::Error;
use base64::{prelude::BASE64_STANDARD, Engine};
use crypto_secretbox::{
	aead::{Aead, KeyInit},
	Key, Nonce, XSalsa20Poly1305,
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use sp_core::{
	crypto::{AccountId32, Ss58Codec},
	ed25519, sr25519, Pair,
};
use std::{io::Write, path::Path};
use zeroize::Zeroizing;

const SALT: usize = 32;
const SEED: usize = 32;
const HEADER: usize = SALT + 3 * 4 + 24;
/// Base-2 logarithm of scrypt's N, then p and r: polkadot-js's "high security" (128 MiB).
const SCRYPT: (u8, u32, u32) = (17, 1, 8);
/// Parameters that are accepted: a crafted file shall not eat up the machine.
const ACCEPTED: [(u8, u32, u32); 6] =
	[(13, 10, 8), (14, 5, 8), (15, 3, 8), (15, 1, 8), (16, 2, 8), (17, 1, 8)];
/// A key file is smaller than this.
const MAX_FILE: u64 = 16 * 1024;

const PKCS8_HEADER: [u8; 16] = [48, 83, 2, 1, 1, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
const PKCS8_DIVIDER: [u8; 5] = [161, 35, 3, 33, 0];

/// What a key file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyKind {
	/// An account that signs.
	Account(Scheme),
	/// An organisation's X25519 key.
	Encryption,
}

/// A key file, locked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyFile {
	encoded: String,
	encoding: Encoding,
	address: String,
	#[serde(default)]
	meta: Meta,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Encoding {
	content: Vec<String>,
	r#type: Vec<String>,
	version: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Meta {
	#[serde(default)]
	name: String,
	#[serde(default, rename = "whenCreated")]
	when_created: u64,
}

impl KeyFile {
	/// A new account with its recovery phrase (BIP-39, 12 words), which is nowhere else.
	///
	/// # Errors
	/// [`Error::Key`] when the password cannot be used.
	pub fn generate_account(
		scheme: Scheme,
		name: &str,
		password: &Password,
	) -> Result<(Self, Zeroizing<String>), Error> {
		let (_, phrase, _) = sr25519::Pair::generate_with_phrase(None);
		let phrase = Zeroizing::new(phrase);
		Ok((Self::recover_account(scheme, &phrase, name, password)?, phrase))
	}

	/// The account of a recovery phrase. The two schemes make two accounts of one phrase.
	///
	/// # Errors
	/// [`Error::Key`] when the phrase is not valid.
	pub fn recover_account(
		scheme: Scheme,
		phrase: &str,
		name: &str,
		password: &Password,
	) -> Result<Self, Error> {
		let invalid = |_| Error::Key("the recovery phrase is not valid".into());
		let phrase = phrase.trim();
		let (account, secret) = match scheme {
			Scheme::Sr25519 => {
				let (pair, _) = sr25519::Pair::from_phrase(phrase, None).map_err(invalid)?;
				let keypair: &schnorrkel::Keypair = pair.as_ref();
				(pair.public().0, Zeroizing::new(keypair.secret.to_ed25519_bytes()))
			},
			Scheme::Ed25519 => {
				let (pair, seed) = ed25519::Pair::from_phrase(phrase, None).map_err(invalid)?;
				let seed = Zeroizing::new(seed);
				let mut secret = Zeroizing::new([0; 64]);
				secret[..SEED].copy_from_slice(seed.as_ref());
				secret[SEED..].copy_from_slice(&pair.public().0);
				(pair.public().0, secret)
			},
		};
		let plaintext =
			Zeroizing::new([&PKCS8_HEADER[..], secret.as_ref(), &PKCS8_DIVIDER, &account].concat());
		let address = AccountId32::new(account).to_ss58check();
		Self::lock(&plaintext, ["pkcs8", scheme_word(scheme)], address, name, password)
	}

	/// An organisation's encryption key under a password.
	///
	/// # Errors
	/// [`Error::Key`] when the password cannot be used.
	pub fn of_encryption_key(
		key: &EncryptionKey,
		name: &str,
		password: &Password,
	) -> Result<Self, Error> {
		let address = format!("0x{}", hex::encode(key.public()));
		Self::lock(key.to_bytes().as_ref(), ["raw", "x25519"], address, name, password)
	}

	fn lock(
		plaintext: &[u8],
		content: [&str; 2],
		address: String,
		name: &str,
		password: &Password,
	) -> Result<Self, Error> {
		let mut header = [0; HEADER];
		rand::rng().fill_bytes(&mut header);
		let (log_n, p, r) = SCRYPT;
		for (field, value) in [1 << log_n, p, r].into_iter().enumerate() {
			let at = SALT + 4 * field;
			header[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
		}
		let cipher = cipher(password, &header[..SALT], SCRYPT)?;
		let ciphertext = cipher
			.encrypt(Nonce::from_slice(&header[HEADER - 24..]), plaintext)
			.map_err(|_| Error::Key("the key cannot be encrypted".into()))?;
		Ok(Self {
			encoded: BASE64_STANDARD.encode([&header[..], &ciphertext].concat()),
			encoding: Encoding {
				content: content.map(String::from).to_vec(),
				r#type: ["scrypt", "xsalsa20-poly1305"].map(String::from).to_vec(),
				version: "3".into(),
			},
			address,
			meta: Meta { name: name.into(), when_created: crate::time::now() },
		})
	}

	/// Reads a file.
	///
	/// # Errors
	/// [`Error::File`] when it cannot be read, [`Error::Key`] when it is no key file.
	pub fn read(path: &Path) -> Result<Self, Error> {
		let bytes = crate::files::read(path, MAX_FILE)?;
		serde_json::from_slice(&bytes)
			.map_err(|_| Error::Key(format!("{} is not a key file", path.display())))
	}

	/// Writes a new file that only its owner may read; never over another.
	///
	/// # Errors
	/// [`Error::File`].
	pub fn write_new(&self, path: &Path) -> Result<(), Error> {
		let mut file = crate::files::create_private(path)?;
		let json = serde_json::to_vec_pretty(self).map_err(|error| Error::file(path, error))?;
		file.write_all(&json)
			.and_then(|()| file.sync_all())
			.map_err(|error| Error::file(path, error))
	}

	/// What the file holds.
	///
	/// # Errors
	/// [`Error::Key`] when it holds something else.
	pub fn kind(&self) -> Result<KeyKind, Error> {
		let has = |list: &[String], word: &str| list.iter().any(|entry| entry == word);
		let Encoding { content, r#type, version } = &self.encoding;
		if version != "3" || !has(r#type, "scrypt") || !has(r#type, "xsalsa20-poly1305") {
			return Err(Error::Key("the key file is not encrypted in a known way".into()));
		}
		let scheme = [Scheme::Sr25519, Scheme::Ed25519]
			.into_iter()
			.find(|&scheme| has(content, "pkcs8") && has(content, scheme_word(scheme)));
		if let Some(scheme) = scheme {
			Ok(KeyKind::Account(scheme))
		} else if has(content, "raw") && has(content, "x25519") {
			Ok(KeyKind::Encryption)
		} else {
			Err(Error::Key("the key file holds no sr25519, ed25519 or X25519 key".into()))
		}
	}

	/// The address of the account, or the public encryption key, as the file says; unlocking proves it.
	pub fn address(&self) -> &str {
		&self.address
	}

	/// The name given to the key.
	pub fn name(&self) -> &str {
		&self.meta.name
	}

	/// Unlocks an account.
	///
	/// # Errors
	/// [`Error::Key`] when the password is wrong, or the file is damaged or holds something else.
	pub fn unlock_account(&self, password: &Password) -> Result<Signer, Error> {
		let KeyKind::Account(scheme) = self.kind()? else {
			return Err(Error::Key("the key file holds an encryption key, not an account".into()));
		};
		let key = match scheme {
			Scheme::Sr25519 => {
				// Checks what subxt's reader takes for granted.
				self.split()?;
				let json = serde_json::to_string(self)
					.map_err(|_| Error::Key("the key file cannot be read".into()))?;
				let pair = subxt_signer::polkadot_js_compat::decrypt_json(&json, password.expose())
					.map_err(|_| wrong_password())?;
				AccountKey::Sr25519(Box::new(pair))
			},
			Scheme::Ed25519 => AccountKey::Ed25519(Box::new(self.ed25519(password)?)),
		};
		Ok(Signer { key, development: false })
	}

	fn ed25519(&self, password: &Password) -> Result<ed25519::Pair, Error> {
		let plaintext = self.decrypt(password)?;
		let damaged = || Error::Key("the key file is damaged".into());
		let rest = plaintext.strip_prefix(&PKCS8_HEADER).ok_or_else(damaged)?;
		// polkadot-js writes the seed with the public key behind it, and reads the bare seed too.
		let (seed, rest) = rest.split_first_chunk::<SEED>().ok_or_else(damaged)?;
		let public = rest
			.strip_prefix(&PKCS8_DIVIDER)
			.or_else(|| rest.get(SEED..)?.strip_prefix(&PKCS8_DIVIDER))
			.ok_or_else(damaged)?;
		let pair = ed25519::Pair::from_seed(seed);
		let is_own = AccountId32::from_ss58check(&self.address).is_ok_and(|address| {
			*<AccountId32 as AsRef<[u8; 32]>>::as_ref(&address) == pair.public().0
		});
		if public != pair.public().0 || !is_own {
			return Err(Error::Key("the key file names another account than its own".into()));
		}
		Ok(pair)
	}

	/// Unlocks an encryption key.
	///
	/// # Errors
	/// As [`Self::unlock_account`].
	pub fn unlock_encryption_key(&self, password: &Password) -> Result<EncryptionKey, Error> {
		if self.kind()? != KeyKind::Encryption {
			return Err(Error::Key("the key file holds an account, not an encryption key".into()));
		}
		let plaintext = self.decrypt(password)?;
		let secret = <[u8; 32]>::try_from(plaintext.as_slice())
			.map_err(|_| Error::Key("the key file is damaged".into()))?;
		let key = EncryptionKey::from_bytes(secret);
		if self.address != format!("0x{}", hex::encode(key.public())) {
			return Err(Error::Key("the key file names another public key than its own".into()));
		}
		Ok(key)
	}

	fn decrypt(&self, password: &Password) -> Result<Zeroizing<Vec<u8>>, Error> {
		let (header, ciphertext, parameters) = self.split()?;
		cipher(password, &header[..SALT], parameters)?
			.decrypt(Nonce::from_slice(&header[HEADER - 24..]), ciphertext.as_slice())
			.map(Zeroizing::new)
			.map_err(|_| wrong_password())
	}

	/// Header, ciphertext and scrypt parameters.
	fn split(&self) -> Result<([u8; HEADER], Vec<u8>, (u8, u32, u32)), Error> {
		let damaged = || Error::Key("the key file is damaged".into());
		let bytes = BASE64_STANDARD.decode(&self.encoded).map_err(|_| damaged())?;
		let (header, ciphertext) = bytes.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
		let field = |index: usize| {
			let at = SALT + 4 * index;
			header[at..at + 4].iter().rev().fold(0u32, |value, &byte| value << 8 | u32::from(byte))
		};
		let parameters = ACCEPTED
			.into_iter()
			.find(|&(log_n, p, r)| [1 << log_n, p, r] == [field(0), field(1), field(2)])
			.ok_or_else(|| Error::Key("the key file asks for unusual scrypt parameters".into()))?;
		Ok((*header, ciphertext.to_vec(), parameters))
	}
}

/// How polkadot-js names a scheme.
const fn scheme_word(scheme: Scheme) -> &'static str {
	match scheme {
		Scheme::Sr25519 => "sr25519",
		Scheme::Ed25519 => "ed25519",
	}
}

fn wrong_password() -> Error {
	Error::Key("the password is wrong, or the key file is damaged".into())
}

fn cipher(
	password: &Password,
	salt: &[u8],
	(log_n, p, r): (u8, u32, u32),
) -> Result<XSalsa20Poly1305, Error> {
	let unusable = || Error::Key("the password cannot be used".into());
	let parameters = scrypt::Params::new(log_n, r, p, 32).map_err(|_| unusable())?;
	let mut key = Zeroizing::new([0; 32]);
	scrypt::scrypt(password.expose().as_bytes(), salt, &parameters, key.as_mut())
		.map_err(|_| unusable())?;
	Ok(XSalsa20Poly1305::new(Key::from_slice(key.as_ref())))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// An account exported by polkadot-js (//Alice, password "whoisalice").
	const ALICE: &str = r#"{"encoded":"DumgApKCTqoCty1OZW/8WS+sgo6RdpHhCwAkA2IoDBMAgAAAAQAAAAgAAAB6IG/q24EeVf0JqWqcBd5m2tKq5BlyY84IQ8oamLn9DZe9Ouhgunr7i36J1XxUnTI801axqL/ym1gil0U8440Qvj0lFVKwGuxq38zuifgoj0B3Yru0CI6QKEvQPU5xxj4MpyxdSxP+2PnTzYao0HDH0fulaGvlAYXfqtU89xrx2/z9z7IjSwS3oDFPXRQ9kAdDebtyCVreZ9Otw9v3","encoding":{"content":["pkcs8","sr25519"],"type":["scrypt","xsalsa20-poly1305"],"version":"3"},"address":"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY","meta":{"genesisHash":"","name":"Alice","whenCreated":1718265838755}}"#;

	/// The same of an ed25519 account (Substrate's development phrase, password "swordfish").
	const DEVELOPER: &str = r#"{"encoded":"7vYssz1Z8KkfuetapWaqWYjPqjh8nnlZaBMr/xiCGfkAAAIAAQAAAAgAAADF5zn5G7v+P+GbU834l2otUNACxXsQZcQEfS8+GdPxT3T/HZdc/aoMAuVilYHSh7yXWDF7SbmrwnKF+CV8bVj/f2K1hO1vfDsJMlK1qUuBAsnF5j0v21jPjkQ1w1Z8a4RMFeQGTr8E7lmKnM6EtX65WNl11Tib2iXYKUw1AzKc/9OU/VhXv/+RjnOO+ggp5vjjtlk4cCg3+NqbmrrC","encoding":{"content":["pkcs8","ed25519"],"type":["scrypt","xsalsa20-poly1305"],"version":"3"},"address":"5DFJF7tY4bpbpcKPJcBTQaKuCDEPCpiz8TRjpmLeTtweqmXL","meta":{"name":"development phrase"}}"#;

	fn password() -> Password {
		Password::new("swordfish").unwrap()
	}

	#[test]
	fn an_account_of_polkadot_js_is_unlocked() {
		let file: KeyFile = serde_json::from_str(ALICE).unwrap();
		let signer = file.unlock_account(&Password::new("whoisalice").unwrap()).unwrap();
		assert_eq!(signer.account(), Signer::development("//Alice").unwrap().account());
		assert!(!signer.is_development());
		assert!(matches!(file.unlock_account(&password()), Err(Error::Key(_))));
	}

	#[test]
	fn an_ed25519_account_of_polkadot_js_is_unlocked() {
		let file: KeyFile = serde_json::from_str(DEVELOPER).unwrap();
		let signer = file.unlock_account(&password()).unwrap();
		let public = "345071da55e5dccefaaa440339415ef9f2663338a38f7da0df21be5ab4e055ef";
		assert_eq!(hex::encode(signer.account()), public);
		assert_eq!(signer.scheme(), Scheme::Ed25519);
		let phrase = sp_core::crypto::DEV_PHRASE;
		let recovered = KeyFile::recover_account(Scheme::Ed25519, phrase, "", &password()).unwrap();
		assert_eq!(recovered.address(), file.address());
		let mut renamed = file;
		renamed.address = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".into();
		assert!(matches!(renamed.unlock_account(&password()), Err(Error::Key(_))));
	}

	#[test]
	fn a_generated_account_is_unlocked_and_recovered_by_its_phrase() {
		for scheme in [Scheme::Sr25519, Scheme::Ed25519] {
			let (file, phrase) = KeyFile::generate_account(scheme, "desk", &password()).unwrap();
			assert_eq!(phrase.split(' ').count(), 12);
			assert_eq!(file.kind().unwrap(), KeyKind::Account(scheme));
			let signer = file.unlock_account(&password()).unwrap();
			assert_eq!(signer.scheme(), scheme);
			let recovered = KeyFile::recover_account(scheme, &phrase, "desk", &password()).unwrap();
			assert_eq!(recovered.unlock_account(&password()).unwrap().account(), signer.account());
			let signature = signer.sign(b"message").unwrap();
			assert!(super::super::is_signed_by(&signer.account(), b"message", &signature));
			assert!(KeyFile::recover_account(scheme, "not a phrase", "", &password()).is_err());
		}
	}

	#[test]
	fn an_encryption_key_survives_its_file() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("key.json");
		let key = EncryptionKey::generate();
		let file = KeyFile::of_encryption_key(&key, "records", &password()).unwrap();
		file.write_new(&path).unwrap();
		assert!(matches!(file.write_new(&path), Err(Error::File { .. })), "never over another");
		let read = KeyFile::read(&path).unwrap();
		assert_eq!(read.kind().unwrap(), KeyKind::Encryption);
		assert_eq!(read.unlock_encryption_key(&password()).unwrap().to_bytes(), key.to_bytes());
		assert!(read.unlock_account(&password()).is_err());
		let other = Password::new("catfish").unwrap();
		assert!(matches!(read.unlock_encryption_key(&other), Err(Error::Key(_))));
	}

	#[cfg(unix)]
	#[test]
	fn only_its_owner_may_read_a_key_file() {
		use std::os::unix::fs::PermissionsExt;
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("key.json");
		let key = EncryptionKey::generate();
		KeyFile::of_encryption_key(&key, "", &password()).unwrap().write_new(&path).unwrap();
		assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
	}

	#[test]
	fn a_damaged_file_is_refused_without_a_panic() {
		let with = |encoded: String| {
			let mut file: KeyFile = serde_json::from_str(ALICE).unwrap();
			file.encoded = encoded;
			file.unlock_account(&Password::new("whoisalice").unwrap())
		};
		let whole: KeyFile = serde_json::from_str(ALICE).unwrap();
		let bytes = BASE64_STANDARD.decode(&whole.encoded).unwrap();
		for length in [0, 1, HEADER - 1, HEADER, HEADER + 16, bytes.len() - 1] {
			assert!(with(BASE64_STANDARD.encode(&bytes[..length])).is_err(), "{length} bytes");
		}
		assert!(with("not base64!".into()).is_err());
		let mut expensive = bytes.clone();
		expensive[SALT + 2] = 0xff;
		assert!(matches!(with(BASE64_STANDARD.encode(&expensive)), Err(Error::Key(_))));
	}
}
