//! OpenPGP signatures of CSAF documents (CSAF 2.0, sections 7.1.19 and 7.1.20; RFC 9580), checked by GnuPG's `gpgv`, which
//! every Debian has because `apt` trusts it.
//!
//! A publisher is known by its keys alone: the files that the hospital got from it, or the keys that it offers and whose
//! fingerprints the hospital got from it. A key that only the publisher's own server vouches for says nothing.

use std::{
	fs,
	path::{Path, PathBuf},
	process::{Command, Stdio},
};

use base64::{engine::general_purpose::STANDARD, Engine};

/// Largest file of a signature and of keys that is read, bytes.
pub(super) const SIGNATURE_BYTES: u64 = 64 << 10;
pub(super) const KEY_BYTES: u64 = 1 << 20;

/// The keys that a publisher is believed by.
#[derive(Default)]
pub(super) struct Keys {
	/// Their packets, one after the other.
	ring: Vec<u8>,
	/// Where a fingerprint was given, only its key counts, whatever else the file holds.
	fingerprints: Vec<String>,
	/// Whether keys of files count.
	files: bool,
}

impl Keys {
	/// Adds the keys of a file, armoured or not.
	///
	/// # Errors
	/// Why it holds none.
	pub(super) fn add(&mut self, file: &[u8]) -> Result<(), String> {
		self.extend(file)?;
		self.files = true;
		Ok(())
	}

	/// Adds the key of this fingerprint out of a file that anybody may have made.
	///
	/// # Errors
	/// Why there is no key in it.
	pub(super) fn add_pinned(&mut self, file: &[u8], fingerprint: &str) -> Result<(), String> {
		self.extend(file)?;
		self.fingerprints.push(fingerprint.to_ascii_uppercase());
		Ok(())
	}

	fn extend(&mut self, file: &[u8]) -> Result<(), String> {
		let packets = dearmoured(file, "PUBLIC KEY BLOCK").unwrap_or_else(|| file.to_vec());
		// A public key packet (tag 6) in the old or the new form of headers (RFC 9580, section 4.2).
		let is_key = packets.first().is_some_and(|head| {
			head & 0x80 != 0 && matches!((head & 0x40, head & 0x3f), (0x40, 6) | (0, 0x18..=0x1b))
		});
		if !is_key {
			return Err("it holds no OpenPGP key; export one with `gpg --armor --export`".into());
		}
		self.ring.extend(packets);
		Ok(())
	}

	pub(super) fn is_empty(&self) -> bool {
		self.ring.is_empty()
	}

	/// Checks a detached signature; one good signature by one of the keys is enough. `folder` is used for the files that
	/// are compared.
	///
	/// # Errors
	/// Why none is good, or why that cannot be told.
	pub(super) fn verify(
		&self,
		folder: &Path,
		document: &[u8],
		signature: &[u8],
	) -> Result<(), String> {
		let file = |name: &str, bytes: &[u8]| -> Result<PathBuf, String> {
			let path = folder.join(name);
			fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
			Ok(path)
		};
		let files = [
			file("keys.part", &self.ring)?,
			file("signature.part", signature)?,
			file("document.part", document)?,
		];
		let outcome = self.judge(&files);
		for path in &files {
			fs::remove_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
		}
		outcome
	}

	fn judge(&self, [ring, signature, document]: &[PathBuf; 3]) -> Result<(), String> {
		let absolute = |path: &PathBuf| {
			std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
		};
		let ran = Command::new("gpgv")
			.args([
				"--status-fd",
				"1",
				"--weak-digest",
				"SHA1",
				"--weak-digest",
				"RIPEMD160",
				"--keyring",
			])
			.arg(absolute(ring)?)
			.arg(absolute(signature)?)
			.arg(absolute(document)?)
			.env("LC_ALL", "C")
			.stdin(Stdio::null())
			.stderr(Stdio::null())
			.output();
		let ran = ran.map_err(|error| {
			format!("signatures are checked by gpgv, which does not start ({error}); install the package gpgv")
		})?;
		self.verdict(&String::from_utf8_lossy(&ran.stdout))
	}

	/// Reads what `gpgv` says (GnuPG, `doc/DETAILS`, "Format of the --status-fd output").
	fn verdict(&self, said: &str) -> Result<(), String> {
		let mut reason = "the file of its signature holds none".to_owned();
		for one in said.split("[GNUPG:] NEWSIG").skip(1) {
			match self.one(one) {
				Ok(()) => return Ok(()),
				Err(why) => reason = why,
			}
		}
		Err(reason)
	}

	fn one(&self, said: &str) -> Result<(), String> {
		let line = |key: &str| {
			said.lines().find_map(|line| {
				let rest = line.strip_prefix("[GNUPG:] ")?.strip_prefix(key)?;
				rest.starts_with(' ').then(|| rest.split_whitespace().collect::<Vec<_>>())
			})
		};
		if let Some(words) = line("NO_PUBKEY") {
			let who = words.first().copied().unwrap_or_default();
			return Err(format!("its signature is by a key that is not known ({who})"));
		}
		if line("BADSIG").is_some() {
			return Err("its signature is not over this document".into());
		}
		if line("REVKEYSIG").is_some() {
			return Err("its signature is by a key that was revoked".into());
		}
		if line("EXPSIG").is_some() {
			return Err("its signature has expired".into());
		}
		let Some(valid) = line("VALIDSIG") else {
			return Err(
				"its signature cannot be checked; its hash or its kind of key is out of use".into(),
			);
		};
		let number = |at: usize| valid.get(at).and_then(|word| word.parse::<u64>().ok());
		// A signature of a document, made while its key was in use.
		if !matches!(valid.get(8), Some(&("00" | "01"))) {
			return Err("its signature is not one of a document".into());
		}
		let ended = line("KEYEXPIRED").and_then(|words| words.first()?.parse::<u64>().ok());
		if ended.is_some_and(|ended| number(2).is_none_or(|made| made >= ended)) {
			return Err("its signature was made when its key had ended".into());
		}
		let key = valid.last().copied().unwrap_or_default();
		if self.files || self.fingerprints.iter().any(|known| known == key) {
			Ok(())
		} else {
			Err(format!("its signature is by the key {key}, which is not the one that was named"))
		}
	}
}

/// The packets of an armoured file (RFC 9580, section 6.2): every block of this kind. The checksum is not looked at, since
/// whoever changed the packets could change it as well.
fn dearmoured(file: &[u8], kind: &str) -> Option<Vec<u8>> {
	let text = std::str::from_utf8(file).ok()?.replace('\r', "");
	let begin = format!("-----BEGIN PGP {kind}-----\n");
	let mut out = Vec::new();
	for block in text.split(&begin).skip(1) {
		let (block, _) = block.split_once("-----END")?;
		// Behind the fields of the armour stands an empty line.
		let (_, body) = block.split_once("\n\n").or(Some(("", block.trim_start_matches('\n'))))?;
		let packets: String =
			body.lines().take_while(|line| !line.starts_with('=')).map(str::trim).collect();
		out.extend(STANDARD.decode(packets).ok()?);
	}
	(!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
	use super::*;

	const DOCUMENT: &[u8] = include_bytes!("signature/advisory.json");
	const PUBLISHER: &[u8] = include_bytes!("signature/publisher.asc");
	const GOOD: &[u8] = include_bytes!("signature/advisory.json.publisher.asc");
	const STRANGER: &[u8] = include_bytes!("signature/stranger.asc");
	const BY_STRANGER: &[u8] = include_bytes!("signature/advisory.json.stranger.asc");

	fn keys(file: &[u8]) -> Keys {
		let mut keys = Keys::default();
		keys.add(file).expect("a key");
		keys
	}

	fn verify(keys: &Keys, document: &[u8], signature: &[u8]) -> Result<(), String> {
		let folder = tempfile::tempdir().expect("a temporary folder");
		let outcome = keys.verify(folder.path(), document, signature);
		assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing stays");
		outcome
	}

	fn refusal(keys: &Keys, document: &[u8], signature: &[u8]) -> String {
		verify(keys, document, signature).expect_err("it is not good")
	}

	#[test]
	fn a_signature_by_the_publishers_subkey_is_good_and_a_changed_document_is_noticed() {
		let keys = keys(PUBLISHER);
		assert_eq!(verify(&keys, DOCUMENT, GOOD), Ok(()));
		for at in [0, DOCUMENT.len() / 2, DOCUMENT.len() - 1] {
			let mut changed = DOCUMENT.to_vec();
			changed[at] ^= 1;
			assert!(refusal(&keys, &changed, GOOD).contains("not over this document"), "byte {at}");
		}
	}

	#[test]
	fn somebody_elses_signature_is_told_by_its_key() {
		assert!(refusal(&keys(PUBLISHER), DOCUMENT, BY_STRANGER).contains("369086A454B681C7"));
		let mut both = keys(PUBLISHER);
		both.add(STRANGER).expect("a key");
		assert_eq!(verify(&both, DOCUMENT, BY_STRANGER), Ok(()));
	}

	#[test]
	fn a_key_that_has_ended_is_believed_for_its_time_and_a_revoked_one_never() {
		let ended = keys(include_bytes!("signature/expired.asc"));
		let within = include_bytes!("signature/advisory.json.expired.asc");
		assert_eq!(verify(&ended, DOCUMENT, within), Ok(()));
		let revoked = keys(include_bytes!("signature/revoked.asc"));
		let by_revoked = include_bytes!("signature/advisory.json.revoked.asc");
		assert!(refusal(&revoked, DOCUMENT, by_revoked).contains("revoked"));
		let late = "[GNUPG:] NEWSIG\n[GNUPG:] KEYEXPIRED 100\n[GNUPG:] EXPKEYSIG A b\n\
			[GNUPG:] VALIDSIG A 1970-01-01 100 0 4 0 22 8 00 A\n";
		assert!(ended.verdict(late).is_err_and(|why| why.contains("ended")));
		assert_eq!(ended.verdict(&late.replace(" 100 0", " 99 0")), Ok(()));
	}

	#[test]
	fn a_broken_hash_is_not_believed() {
		let weak = include_bytes!("signature/advisory.json.sha1.asc");
		assert!(refusal(&keys(PUBLISHER), DOCUMENT, weak).contains("out of use"));
	}

	#[test]
	fn of_a_fetched_file_only_the_key_that_was_named_counts() {
		let both = [PUBLISHER, STRANGER].concat();
		let mut pinned = Keys::default();
		let of = "9c5228298f75c57614eb6d8d8efadba76adea7e5";
		pinned.add_pinned(&both, of).expect("keys");
		assert_eq!(verify(&pinned, DOCUMENT, GOOD), Ok(()));
		assert!(refusal(&pinned, DOCUMENT, BY_STRANGER).contains("not the one that was named"));
	}

	#[test]
	fn rubbish_is_neither_key_nor_signature() {
		let cut = &PUBLISHER[..PUBLISHER.len() / 2];
		for file in [
			&b""[..],
			b"rubbish",
			b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END",
			GOOD,
			cut,
		] {
			assert!(Keys::default().add(file).is_err());
		}
		for file in [
			&b""[..],
			b"rubbish",
			b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n",
			b"\xc2\x01",
			PUBLISHER,
		] {
			assert!(verify(&keys(PUBLISHER), DOCUMENT, file).is_err());
		}
	}

	proptest::proptest! {
		#[test]
		fn no_file_of_keys_and_no_word_of_gpgv_makes_it_panic(
			bytes in proptest::collection::vec(0u8.., 0..200),
			text in "(-----BEGIN PGP PUBLIC KEY BLOCK-----\n|\\[GNUPG:\\] NEWSIG\n|\\[GNUPG:\\] VALIDSIG)[\\PC\n ]{0,80}",
		) {
			let _ = Keys::default().add(&bytes);
			let _ = Keys::default().add(text.as_bytes());
			let _ = Keys::default().verdict(&text);
		}
	}
}
