//! Large parts, from file to file: sealed, left, taken and opened with a few chunks in memory, whatever their size.

use super::{Meter, Pulse, MAX_CHUNKS_AT_ONCE};
use crate::{
	client::Client,
	content::Body,
	files,
	keys::EncryptionKey,
	seal::{self, Purpose},
	Error,
};
use curex_primitives::{
	merkle::{self, Tree},
	transfer::{Manifest, Part, CHUNK_SIZE, MAX_LENGTH},
	Commitment, ExchangeId,
};
use std::{
	fs::{self, File},
	future::Future,
	io::{self, BufReader, Read, Seek, SeekFrom, Write},
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
};

/// Seals a file to an X25519 public key, into a new file that only its owner may read, and gives the manifest of what was
/// sealed, under `salt`.
///
/// # Errors
/// [`Error::File`] when a file cannot be read or written, [`Error::Input`] when it is larger than a part may be (4 GiB
/// sealed), [`Error::Key`] when the bytes are no usable public key. Nothing of the new file is left then.
pub fn seal_file(
	recipient: &[u8; 32],
	purpose: Purpose,
	plaintext: &Path,
	sealed: &Path,
	salt: [u8; 32],
) -> Result<Manifest, Error> {
	let sealing = Sealing { recipient, purpose, heading: &[] };
	seal_body(&sealing, Body::File(plaintext), sealed, salt, &Meter::silent())
}

/// To whom and for what a file is sealed.
pub(crate) struct Sealing<'a> {
	pub recipient: &'a [u8; 32],
	pub purpose: Purpose,
	/// What is written before the ciphertext, for everybody to read.
	pub heading: &'a [u8],
}

/// As [`seal_file`], wherever the plaintext lies; `meter` is told how much of it is sealed.
pub(crate) fn seal_body(
	sealing: &Sealing<'_>,
	plaintext: Body<'_>,
	sealed: &Path,
	salt: [u8; 32],
	meter: &Meter,
) -> Result<Manifest, Error> {
	let Sealing { recipient, purpose, heading } = *sealing;
	let (source, length) = plaintext.open()?;
	if seal::sealed_length(length) + heading.len() as u64 > MAX_LENGTH {
		return Err(Error::input("the file is larger than a part may be: 4 GiB sealed"));
	}
	fill(sealed, |target| {
		let mut hashing = Hashing::new(target);
		hashing.write_all(heading).map_err(|error| Error::file(sealed, error))?;
		seal::seal_stream(recipient, purpose, &mut meter.reading(source), length, &mut hashing)?;
		hashing.flush().map_err(|error| Error::file(sealed, error))?;
		Ok(hashing.leaves.manifest(salt))
	})
}

/// Opens a file that was sealed for this key and purpose, into a new file that only its owner may read, and gives the
/// length of the plaintext.
///
/// # Errors
/// [`Error::Sealed`] when anything about it is not as it was sealed, [`Error::File`] when a file cannot be read or
/// written. Nothing of the new file is left then.
pub fn open_file(
	key: &EncryptionKey,
	purpose: Purpose,
	sealed: &Path,
	plaintext: &Path,
) -> Result<u64, Error> {
	open_watched(key, purpose, (sealed, 0), plaintext, &Meter::silent())
}

/// As [`open_file`], of what has a heading of so many bytes before it; `meter` is told how much was read.
pub(crate) fn open_watched(
	key: &EncryptionKey,
	purpose: Purpose,
	(sealed, heading): (&Path, u64),
	plaintext: &Path,
	meter: &Meter,
) -> Result<u64, Error> {
	let (mut source, length) = open(sealed)?;
	source.seek(SeekFrom::Start(heading)).map_err(|error| Error::file(sealed, error))?;
	let length = length.saturating_sub(heading);
	let mut source = meter.reading(BufReader::with_capacity(seal::SEGMENT, source));
	fill(plaintext, |target| seal::open_stream(key, purpose, &mut source, length, target))
}

impl Client {
	/// As [`Client::deposit`], of a file whose manifest is at hand ([`seal_file`]). Patience counts from the last chunk
	/// that the node took.
	///
	/// # Errors
	/// As [`Client::deposit`], and [`Error::File`] when the file cannot be read or is not as long as its manifest says.
	pub async fn deposit_file(
		&self,
		exchange: ExchangeId,
		part: Part,
		manifest: &Manifest,
		path: &Path,
	) -> Result<(), Error> {
		let pulse = Pulse::new();
		self.patiently("the node to take a part", &pulse, || {
			self.deposit_file_now(exchange, part, manifest, path, &pulse)
		})
		.await
	}

	/// As [`Self::deposit_file`], but what the node may not take yet is not offered again.
	pub(crate) async fn deposit_file_once(
		&self,
		exchange: ExchangeId,
		part: Part,
		manifest: &Manifest,
		path: &Path,
	) -> Result<(), Error> {
		let pulse = Pulse::new();
		let work = self.deposit_file_now(exchange, part, manifest, path, &pulse);
		self.once("the node to take a part", &pulse, work).await
	}

	async fn deposit_file_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		manifest: &Manifest,
		path: &Path,
		pulse: &Pulse,
	) -> Result<(), Error> {
		let (file, length) = open(path)?;
		if length != manifest.length {
			return Err(Error::file(path, "is not what the manifest describes"));
		}
		let read = |index: u64| {
			let mut chunk = vec![0; manifest.chunk_length(index).unwrap_or(0)];
			file.read_exact_at(&mut chunk, index * CHUNK_SIZE as u64)
				.map_err(|error| Error::file(path, error))?;
			Ok(chunk)
		};
		self.deposit_chunks(exchange, part, manifest, &read, pulse).await
	}

	/// As [`Client::fetch`], into a new file that only its owner may read. What was taken before an error stays beside it
	/// (`….part`), and the next attempt goes on from there. Patience counts from the last chunk that came. Gives the
	/// number of bytes.
	///
	/// # Errors
	/// As [`Client::fetch`], and [`Error::File`] when a file cannot be read or written.
	pub async fn fetch_file(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
		path: &Path,
	) -> Result<u64, Error> {
		let pulse = Pulse::new();
		self.patiently("the partner's node", &pulse, || {
			self.fetch_file_now(exchange, part, commitment, path, &pulse)
		})
		.await
	}

	/// As [`Self::fetch_file`], but what no node has yet is not waited for.
	pub(crate) async fn fetch_file_once(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
		path: &Path,
	) -> Result<u64, Error> {
		let pulse = Pulse::new();
		let work = self.fetch_file_now(exchange, part, commitment, path, &pulse);
		self.once("the partner's node", &pulse, work).await
	}

	/// Does work that is not tried again, and gives up when patience ends without a pulse of it.
	async fn once<T>(
		&self,
		what: &'static str,
		pulse: &Pulse,
		work: impl Future<Output = Result<T, Error>>,
	) -> Result<T, Error> {
		let patience = self.patience();
		tokio::select! {
			done = work => done,
			() = pulse.ends(patience) => Err(Error::Timeout { what, seconds: patience.as_secs() }),
		}
	}

	async fn fetch_file_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
		path: &Path,
		pulse: &Pulse,
	) -> Result<u64, Error> {
		self.await_fetch(exchange, part, pulse).await?;
		let manifest = self.manifest(exchange, part, commitment).await?;
		let mut partial = Partial::open(path, &manifest)?;
		while partial.leaves.count() < manifest.chunks() {
			let from = partial.leaves.count();
			let indices = from..manifest.chunks().min(from + MAX_CHUNKS_AT_ONCE);
			self.fetch_chunks(exchange, part, &manifest, indices, |chunk, leaf| {
				pulse.felt();
				partial.append(chunk, leaf)
			})
			.await?;
		}
		partial.complete(&manifest, path)
	}
}

/// The hashes of the chunks of what goes by.
#[derive(Default)]
struct Leaves {
	hashes: Vec<[u8; 32]>,
	length: u64,
}

impl Leaves {
	fn count(&self) -> u64 {
		self.hashes.len() as u64
	}

	fn take(&mut self, chunk: &[u8]) {
		self.take_hashed(chunk.len(), merkle::leaf(chunk));
	}

	fn take_hashed(&mut self, length: usize, leaf: [u8; 32]) {
		self.hashes.push(leaf);
		self.length += length as u64;
	}

	fn manifest(self, salt: [u8; 32]) -> Manifest {
		Manifest { salt, length: self.length, root: Tree::new(self.hashes).root() }
	}
}

/// Writes in chunks, and hashes them.
struct Hashing<'a> {
	target: &'a mut File,
	chunk: Vec<u8>,
	leaves: Leaves,
}

impl<'a> Hashing<'a> {
	fn new(target: &'a mut File) -> Self {
		Self { target, chunk: Vec::with_capacity(CHUNK_SIZE), leaves: Leaves::default() }
	}
}

impl Write for Hashing<'_> {
	fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
		let taken = bytes.len().min(CHUNK_SIZE - self.chunk.len());
		self.chunk.extend_from_slice(&bytes[..taken]);
		if self.chunk.len() == CHUNK_SIZE {
			self.flush()?;
		}
		Ok(taken)
	}

	/// Ends a chunk: called at the end alone, or when one is full.
	fn flush(&mut self) -> io::Result<()> {
		if !self.chunk.is_empty() {
			self.target.write_all(&self.chunk)?;
			self.leaves.take(&self.chunk);
			self.chunk.clear();
		}
		Ok(())
	}
}

/// What was taken so far: chunks in their order.
struct Partial {
	path: PathBuf,
	file: File,
	leaves: Leaves,
}

impl Partial {
	/// Goes on with what an earlier attempt left, up to its last whole chunk.
	fn open(whole: &Path, manifest: &Manifest) -> Result<Self, Error> {
		let mut name = whole.as_os_str().to_owned();
		name.push(".part");
		let path = PathBuf::from(name);
		if whole.exists() {
			return Err(Error::file(whole, "exists already"));
		}
		let file = files::open_private(&path)?;
		let mut partial = Self { path, file, leaves: Leaves::default() };
		partial.recall(manifest).map_err(|error| Error::file(&partial.path, error))?;
		Ok(partial)
	}

	fn recall(&mut self, manifest: &Manifest) -> io::Result<()> {
		let present = self.file.metadata()?.len().min(manifest.length);
		let mut chunk = vec![0; CHUNK_SIZE];
		while let Some(length) = manifest.chunk_length(self.leaves.count()) {
			if self.leaves.length + length as u64 > present {
				break;
			}
			self.file.read_exact(&mut chunk[..length])?;
			self.leaves.take(&chunk[..length]);
		}
		self.file.set_len(self.leaves.length)
	}

	fn append(&mut self, chunk: &[u8], leaf: [u8; 32]) -> Result<(), Error> {
		self.file
			.write_all_at(chunk, self.leaves.length)
			.map_err(|error| Error::file(&self.path, error))?;
		self.leaves.take_hashed(chunk.len(), leaf);
		Ok(())
	}

	/// Gives the file its name, if its root is the manifest's: what an earlier attempt left may be of another part.
	fn complete(self, manifest: &Manifest, whole: &Path) -> Result<u64, Error> {
		let Self { path, file, leaves } = self;
		if leaves.manifest(manifest.salt) != *manifest {
			fs::remove_file(&path).map_err(|error| Error::file(&path, error))?;
			return Err(Error::Sealed(
				"what was taken earlier is not that of the ledger; try again",
			));
		}
		file.sync_all()
			.and_then(|()| fs::rename(&path, whole))
			.map_err(|error| Error::file(whole, error))?;
		Ok(manifest.length)
	}
}

fn open(path: &Path) -> Result<(File, u64), Error> {
	File::open(path)
		.and_then(|file| file.metadata().map(|metadata| (file, metadata.len())))
		.map_err(|error| Error::file(path, error))
}

/// Makes a new file, which is removed again if it cannot be filled.
fn fill<T>(path: &Path, work: impl FnOnce(&mut File) -> Result<T, Error>) -> Result<T, Error> {
	let mut file = files::create_private(path)?;
	let filled = work(&mut file)
		.and_then(|made| file.sync_all().map(|()| made).map_err(|error| Error::file(path, error)));
	if filled.is_err() {
		// The failure that is told is the first.
		let _ = fs::remove_file(path);
	}
	filled
}

#[cfg(test)]
mod tests {
	use super::*;

	const GENESIS: [u8; 32] = [1; 32];
	const EXCHANGE: ExchangeId = ExchangeId([2; 32]);
	const PURPOSE: Purpose = Purpose::Part(GENESIS, EXCHANGE, Part::Payload);

	fn bytes(length: usize) -> Vec<u8> {
		(0..length).map(|index| (index / 251 + index) as u8).collect()
	}

	#[test]
	fn a_file_is_sealed_and_opened_as_memory_is() {
		let folder = tempfile::tempdir().unwrap();
		let [plain, sealed, opened] =
			["plain", "sealed", "opened"].map(|name| folder.path().join(name));
		let key = EncryptionKey::generate();
		for length in [0, 5, CHUNK_SIZE, 3 * CHUNK_SIZE + 5] {
			let text = bytes(length);
			fs::write(&plain, &text).unwrap();
			let manifest = seal_file(&key.public(), PURPOSE, &plain, &sealed, [3; 32]).unwrap();
			let ciphertext = fs::read(&sealed).unwrap();
			assert_eq!(manifest, Manifest::of([3; 32], &ciphertext), "{length} bytes");
			assert_eq!(*seal::open(&key, PURPOSE, &ciphertext).unwrap(), text);
			assert_eq!(open_file(&key, PURPOSE, &sealed, &opened).unwrap(), length as u64);
			assert_eq!(fs::read(&opened).unwrap(), text);
			fs::remove_file(&sealed).unwrap();
			fs::remove_file(&opened).unwrap();
		}
	}

	#[test]
	fn a_file_that_does_not_open_leaves_nothing() {
		let folder = tempfile::tempdir().unwrap();
		let [plain, sealed, opened] =
			["plain", "sealed", "opened"].map(|name| folder.path().join(name));
		let key = EncryptionKey::generate();
		fs::write(&plain, bytes(CHUNK_SIZE)).unwrap();
		seal_file(&key.public(), PURPOSE, &plain, &sealed, [3; 32]).unwrap();
		let length = fs::metadata(&sealed).unwrap().len();
		File::options().write(true).open(&sealed).unwrap().set_len(length - 1).unwrap();
		assert!(matches!(open_file(&key, PURPOSE, &sealed, &opened), Err(Error::Sealed(_))));
		assert!(!opened.exists());
		let again = seal_file(&key.public(), PURPOSE, &plain, &sealed, [3; 32]);
		assert!(matches!(again, Err(Error::File { .. })), "never over another");
	}

	#[test]
	fn what_was_taken_before_an_interruption_is_kept_and_what_is_of_another_part_is_not() {
		let folder = tempfile::tempdir().unwrap();
		let whole = folder.path().join("whole");
		let text = bytes(2 * CHUNK_SIZE + 5);
		let manifest = Manifest::of([3; 32], &text);
		let chunks: Vec<&[u8]> = text.chunks(CHUNK_SIZE).collect();
		let append =
			|to: &mut Partial, chunk: &[u8]| to.append(chunk, merkle::leaf(chunk)).unwrap();
		let mut partial = Partial::open(&whole, &manifest).unwrap();
		append(&mut partial, chunks[0]);
		// Half a chunk, as a crash leaves it.
		partial.file.write_all_at(&[7; 9], CHUNK_SIZE as u64).unwrap();
		drop(partial);

		let mut partial = Partial::open(&whole, &manifest).unwrap();
		assert_eq!(partial.leaves.count(), 1);
		append(&mut partial, chunks[1]);
		append(&mut partial, chunks[2]);
		assert_eq!(partial.complete(&manifest, &whole).unwrap(), text.len() as u64);
		assert_eq!(fs::read(&whole).unwrap(), text);

		fs::rename(&whole, folder.path().join("whole.part")).unwrap();
		let other = Manifest::of([3; 32], &bytes(3 * CHUNK_SIZE)[7..]);
		let mut partial = Partial::open(&whole, &other).unwrap();
		while partial.leaves.count() < other.chunks() {
			let length = other.chunk_length(partial.leaves.count()).unwrap();
			append(&mut partial, &vec![0; length]);
		}
		assert!(matches!(partial.complete(&other, &whole), Err(Error::Sealed(_))));
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "the next attempt begins anew");
	}
}
