//! Sealed evidence: what stands behind a report, readable only inside the hospital.
//!
//! A document is sealed with XChaCha20-Poly1305 under the hospital's evidence key; salt and document are encrypted
//! together, because a salt in the clear would let a thief of the database guess small documents against their
//! commitments. The 32-byte context of the report is the associated data, so a sealed document cannot be passed off
//! as that of another report.

use std::{
	fs::{self, OpenOptions},
	io::{Read, Write},
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::Path,
};

use chacha20poly1305::{
	aead::{Aead, Payload},
	KeyInit, XChaCha20Poly1305, XNonce,
};
use curex_primitives::{commitment, Commitment, OrganisationId, ReportKind};
use curex_threats::{snapshots::Seal, ThreatsError};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;

/// Length of the key, and of a salt.
const KEY_BYTES: usize = 32;
/// Length of XChaCha20's nonce. 192 bits: random nonces do not collide.
const NONCE_BYTES: usize = 24;

/// The 32 bytes that bind a commitment to one report:
/// `"curex/report...." ‖ version (1) ‖ organisation (u32, little endian) ‖ kind (1 byte) ‖ number (u64, little
/// endian) ‖ 0 0`. Every field has a fixed place, so two reports never share a context.
pub fn report_context(organisation: OrganisationId, kind: ReportKind, number: u64) -> [u8; 32] {
	let mut context = [0; 32];
	context[..16].copy_from_slice(b"curex/report....");
	context[16] = commitment::VERSION;
	context[17..21].copy_from_slice(&organisation.0.to_le_bytes());
	context[21] = kind as u8;
	context[22..30].copy_from_slice(&number.to_le_bytes());
	context
}

/// A commitment to `data` under a salt.
pub(crate) fn commit(
	domain: commitment::Domain,
	context: &[u8; 32],
	salt: &[u8; KEY_BYTES],
	data: &[u8],
) -> Commitment {
	commitment::commit(domain, context, salt, data)
}

/// 32 bytes from the system's source of randomness.
///
/// # Errors
/// [`Error::Randomness`].
pub(crate) fn random_salt() -> Result<Zeroizing<[u8; KEY_BYTES]>, Error> {
	let mut salt = Zeroizing::new([0; KEY_BYTES]);
	getrandom::fill(&mut *salt).map_err(Error::Randomness)?;
	Ok(salt)
}

/// An opened document with its salt.
pub struct Opened {
	/// The salt of its commitment.
	pub salt: Zeroizing<[u8; KEY_BYTES]>,
	/// The document, canonical JSON.
	pub document: Zeroizing<Vec<u8>>,
}

/// The hospital's evidence key. Wiped from memory when dropped.
#[derive(Clone)]
pub struct EvidenceKey(Zeroizing<[u8; KEY_BYTES]>);

impl EvidenceKey {
	/// Reads the key file (64 hexadecimal digits); makes it, readable by its owner only, if there is none.
	///
	/// # Errors
	/// [`Error::File`] if others may read it or it is no key; [`Error::Io`]; [`Error::Randomness`].
	pub fn load_or_create(path: &Path) -> Result<Self, Error> {
		if !path.try_exists().map_err(Error::io("looking for", path))? {
			Self::create(path)?;
		}
		Self::load(path)
	}

	fn create(path: &Path) -> Result<(), Error> {
		let key = random_salt()?;
		let digits = Zeroizing::new(hex::encode(*key));
		// Written beside and renamed, so that a crash leaves either no key or a whole one.
		let draft = path.with_extension("new");
		let mut file = OpenOptions::new()
			.write(true)
			.create(true)
			.truncate(true)
			.mode(0o600)
			.open(&draft)
			.map_err(Error::io("creating", &draft))?;
		file.write_all(digits.as_bytes())
			.and_then(|()| file.sync_all())
			.and_then(|()| fs::rename(&draft, path))
			.and_then(|()| match path.parent() {
				Some(folder) if !folder.as_os_str().is_empty() => {
					fs::File::open(folder)?.sync_all()
				},
				_ => Ok(()),
			})
			.map_err(Error::io("creating", path))
	}

	fn load(path: &Path) -> Result<Self, Error> {
		let wrong = |problem: &str| Error::File { path: path.into(), problem: problem.into() };
		let file = fs::File::open(path).map_err(Error::io("reading", path))?;
		let mode = file.metadata().map_err(Error::io("reading", path))?.permissions().mode();
		if mode & 0o077 != 0 {
			return Err(wrong("others than its owner may use this key; run `chmod 600` on it"));
		}
		let mut digits = Zeroizing::new(String::new());
		file.take(256).read_to_string(&mut digits).map_err(Error::io("reading", path))?;
		let mut key = Zeroizing::new([0; KEY_BYTES]);
		hex::decode_to_slice(digits.trim(), &mut *key).map_err(|_| {
			wrong("no evidence key (64 hexadecimal digits); restore it from its backup")
		})?;
		Ok(Self(key))
	}

	/// Seals `salt ‖ document`: `nonce ‖ ciphertext`.
	///
	/// # Errors
	/// [`Error::Randomness`].
	pub(crate) fn seal(
		&self,
		associated: &[u8],
		salt: &[u8; KEY_BYTES],
		document: &[u8],
	) -> Result<Vec<u8>, Error> {
		let mut nonce = [0; NONCE_BYTES];
		getrandom::fill(&mut nonce).map_err(Error::Randomness)?;
		let mut plain = Zeroizing::new(Vec::with_capacity(KEY_BYTES + document.len()));
		plain.extend_from_slice(salt);
		plain.extend_from_slice(document);
		let sealed = self
			.cipher()
			.encrypt(XNonce::from_slice(&nonce), Payload { msg: &plain, aad: associated })
			.map_err(|_| Error::Damaged("a document is too long to be sealed".into()))?;
		Ok([&nonce[..], &sealed].concat())
	}

	/// Opens what [`Self::seal`] made with the same associated data.
	///
	/// # Errors
	/// [`Error::DoesNotOpen`], naming `what`.
	pub(crate) fn open(
		&self,
		associated: &[u8],
		sealed: &[u8],
		what: &str,
	) -> Result<Opened, Error> {
		let closed = || Error::DoesNotOpen { what: what.into() };
		let (nonce, ciphertext) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(closed)?;
		let payload = Payload { msg: ciphertext, aad: associated };
		let plain =
			self.cipher().decrypt(XNonce::from_slice(nonce), payload).map_err(|_| closed())?;
		let plain = Zeroizing::new(plain);
		let (salt, document) = plain.split_at_checked(KEY_BYTES).ok_or_else(closed)?;
		let mut opened = Opened {
			salt: Zeroizing::new([0; KEY_BYTES]),
			document: Zeroizing::new(document.to_vec()),
		};
		opened.salt.copy_from_slice(salt);
		Ok(opened)
	}

	/// A keyed fingerprint of a name, to recognise it without storing it.
	pub(crate) fn fingerprint(&self, name: &str) -> [u8; 32] {
		let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&*self.0)
			.expect("HMAC takes keys of every length; qed");
		mac.update(b"curex/agent/fingerprint");
		mac.update(name.as_bytes());
		mac.finalize().into_bytes().into()
	}

	fn cipher(&self) -> XChaCha20Poly1305 {
		XChaCha20Poly1305::new((&*self.0).into())
	}
}

/// Seals what a watch knows under the evidence key.
pub(crate) struct WatchSeal {
	pub(crate) key: EvidenceKey,
	pub(crate) organisation: OrganisationId,
}

impl WatchSeal {
	fn associated(&self) -> Vec<u8> {
		[&b"curex/agent/watch/"[..], &self.organisation.0.to_le_bytes()].concat()
	}
}

impl Seal for WatchSeal {
	fn seal(&self, state: &[u8]) -> Result<Vec<u8>, ThreatsError> {
		let sealed = random_salt().and_then(|salt| self.key.seal(&self.associated(), &salt, state));
		sealed.map_err(|error| ThreatsError::Snapshot { reason: error.to_string() })
	}

	fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, ThreatsError> {
		let opened = self.key.open(&self.associated(), sealed, "the watch");
		opened
			.map(|opened| opened.document.to_vec())
			.map_err(|error| ThreatsError::Snapshot { reason: error.to_string() })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::ReportKind::{Alert, Inventory};

	fn key() -> (tempfile::TempDir, EvidenceKey) {
		let folder = tempfile::tempdir().unwrap();
		let key = EvidenceKey::load_or_create(&folder.path().join("evidence.key")).unwrap();
		(folder, key)
	}

	#[test]
	fn the_context_of_a_report_is_laid_out_as_documented() {
		let context = report_context(OrganisationId(7), Alert, 258);
		assert_eq!(
			hex::encode(context),
			"63757265782f7265706f72742e2e2e2e01070000000102010000000000000000"
		);
	}

	#[test]
	fn the_key_file_is_made_once_and_belongs_to_its_owner() {
		let (folder, key) = key();
		let path = folder.path().join("evidence.key");
		assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		let again = EvidenceKey::load_or_create(&path).unwrap();
		assert_eq!(*key.0, *again.0);
		assert_ne!(*key.0, [0; 32]);
	}

	#[test]
	fn a_key_file_that_others_may_read_is_refused() {
		let (folder, _) = key();
		let path = folder.path().join("evidence.key");
		fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
		let error = EvidenceKey::load_or_create(&path).err().unwrap().to_string();
		assert!(error.contains("chmod 600"), "{error}");
	}

	#[test]
	fn a_key_file_that_is_no_key_is_refused_and_not_overwritten() {
		let (folder, _) = key();
		let path = folder.path().join("evidence.key");
		fs::write(&path, "not a key").unwrap();
		assert!(matches!(EvidenceKey::load_or_create(&path), Err(Error::File { .. })));
		assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
	}

	#[test]
	fn what_was_sealed_opens_and_nothing_else_does() {
		let (_folder, key) = key();
		let context = report_context(OrganisationId(1), Inventory, 1);
		let sealed = key.seal(&context, &[9; 32], b"document").unwrap();
		let opened = key.open(&context, &sealed, "it").unwrap();
		assert_eq!((&*opened.salt, opened.document.as_slice()), (&[9; 32], &b"document"[..]));

		for place in 0..sealed.len() {
			let mut changed = sealed.clone();
			changed[place] ^= 1;
			assert!(key.open(&context, &changed, "it").is_err(), "byte {place}");
		}
		let other = report_context(OrganisationId(1), Inventory, 2);
		assert!(key.open(&other, &sealed, "it").is_err(), "another report");
		assert!(key.open(&context, &sealed[..10], "it").is_err(), "cut off");
	}

	#[test]
	fn a_fingerprint_depends_on_the_key() {
		let ((_one, first), (_two, second)) = (key(), key());
		assert_eq!(first.fingerprint("a"), first.fingerprint("a"));
		assert_ne!(first.fingerprint("a"), first.fingerprint("b"));
		assert_ne!(first.fingerprint("a"), second.fingerprint("a"));
	}
}
