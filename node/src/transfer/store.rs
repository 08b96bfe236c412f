//! Parts on disk, in chunks: written in any order, resumed after a crash, served with proofs.
//!
//! Every part has a folder `<exchange>-<part>` with
//! - `manifest`: SCALE of (format, owner, [`Manifest`]), written first,
//! - `leaves`: the hash of every chunk that has arrived, zero for one that has not,
//! - `partial`: the chunks; renamed to `complete` once all have arrived, their root is the manifest's, and everything
//!   has reached the disk.
//!
//! Nothing is synced per chunk. After a restart, a chunk of a `partial` counts only if its content still has the hash
//! in `leaves`. A chunk of a `complete` is compared each time it is read: with a checksum (XXH64) that this process made
//! of what it had compared with the hash, or else with the hash. What the disk spoils is noticed by both; who can write
//! to the disk may fool the first, and is found out by whoever fetches the chunk with its proof.
//!
//! Every method may block. At most [`MAX_CHUNKS`] chunks per call are in memory, beside hashes and checksums (40 bytes per
//! 256 KiB).
//!
//! Lock order: the map of parts, then a part.

use super::Error;
use codec::{DecodeAll, Encode};
use curex_primitives::{
	merkle::{self, Proof, Tree},
	transfer::{Manifest, Part, Run, CHUNK_SIZE, MAX_CHUNKS, MAX_LENGTH},
	Commitment, ExchangeId, OrganisationId, SubscriptionId,
};
use sp_crypto_hashing::twox_64;
use std::{
	collections::HashMap,
	fs::{self, File},
	io::{self, Read, Seek, SeekFrom},
	ops::Range,
	os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	time::{Duration, SystemTime},
};

const FORMAT: u8 = 1;
const MANIFEST: &str = "manifest";
const LEAVES: &str = "leaves";
const PARTIAL: &str = "partial";
const COMPLETE: &str = "complete";
/// Prefix of a folder on its way out.
const GONE: &str = "gone-";
const MISSING: Hash = [0; 32];
/// Most ranges of missing chunks that a [`Status`] lists.
const MAX_RANGES: usize = 256;

type Hash = [u8; 32];

/// Which part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
	/// Of which exchange, or of which subscription ([`curex_primitives::transfer::record_of`]).
	pub exchange: ExchangeId,
	/// Which one.
	pub part: Part,
}

impl Key {
	/// The subscription whose part it is, if it is that of no exchange.
	pub(super) const fn subscription(&self) -> SubscriptionId {
		SubscriptionId(self.exchange.0)
	}

	fn folder(&self) -> String {
		let part = match self.part {
			Part::Envelope => "envelope",
			Part::Payload => "payload",
			Part::Key => "key",
		};
		format!("{}-{part}", hex::encode(self.exchange))
	}

	fn from_folder(name: &str) -> Option<Self> {
		let (exchange, part) = name.split_once('-')?;
		let part = match part {
			"envelope" => Part::Envelope,
			"payload" => Part::Payload,
			"key" => Part::Key,
			_ => return None,
		};
		Some(Self { exchange: exchange.parse().ok()?, part })
	}
}

/// How much is taken, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
	/// Of all parts together.
	pub total: u64,
	/// Of all parts of one organisation together.
	pub per_organisation: u64,
	/// Of an envelope, and of a key.
	pub envelope: u64,
	/// Of a payload.
	pub payload: u64,
	/// Number of parts.
	pub parts: usize,
}

impl Default for Limits {
	fn default() -> Self {
		const GIB: u64 = 1 << 30;
		Self {
			total: 64 * GIB,
			per_organisation: 16 * GIB,
			envelope: 1 << 20,
			payload: MAX_LENGTH,
			parts: 4096,
		}
	}
}

/// How far a part is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
	/// Whether it is complete.
	pub complete: bool,
	/// Chunks that are there.
	pub received: u64,
	/// Chunks of the whole.
	pub chunks: u64,
	/// Indices of the chunks that are not there: the first 256 ranges.
	pub missing: Vec<Range<u64>>,
}

/// The parts of this node.
pub struct Store {
	root: PathBuf,
	limits: Limits,
	parts: Mutex<HashMap<Key, Arc<Slot>>>,
	removals: AtomicU64,
}

struct Slot {
	folder: PathBuf,
	owner: OrganisationId,
	manifest: Manifest,
	begun: SystemTime,
	progress: Mutex<Progress>,
	/// Of each chunk; zero where none is known.
	checksums: Box<[AtomicU64]>,
}

/// What is known of the chunks.
enum Progress {
	/// Not yet read from the disk.
	Unread,
	/// Some are missing.
	Partial { leaves: Vec<Hash>, received: u64 },
	/// All are there.
	Complete(Tree),
	/// The part was removed.
	Gone,
}

impl Store {
	/// Opens the store in a folder, which is created if need be. What an interrupted deletion or beginning left
	/// behind is removed.
	///
	/// # Errors
	/// [`Error::Storage`]
	pub fn open(root: PathBuf, limits: Limits) -> Result<Self, Error> {
		fs::DirBuilder::new().recursive(true).mode(0o700).create(&root)?;
		let mut parts = HashMap::new();
		for entry in fs::read_dir(&root)? {
			let folder = entry?.path();
			let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
			if name.starts_with(GONE) {
				fs::remove_dir_all(&folder)?;
			} else if let Some(key) = Key::from_folder(name) {
				match Slot::read(folder.clone())? {
					Some(slot) => drop(parts.insert(key, Arc::new(slot))),
					None => fs::remove_dir_all(&folder)?,
				}
			}
		}
		Ok(Self { root, limits, parts: Mutex::new(parts), removals: AtomicU64::new(0) })
	}

	/// Begins a part, or continues the one with the same manifest. A part with another manifest is replaced: the
	/// caller has compared the new one with the ledger.
	///
	/// # Errors
	/// [`Error::TooLarge`], [`Error::Full`], [`Error::RootMismatch`] for a part without bytes, [`Error::Storage`]
	pub fn begin(
		&self,
		key: Key,
		owner: OrganisationId,
		manifest: &Manifest,
	) -> Result<Status, Error> {
		let limit = match key.part {
			Part::Envelope | Part::Key => self.limits.envelope,
			Part::Payload => self.limits.payload.min(MAX_LENGTH),
		};
		if manifest.length > limit {
			return Err(Error::TooLarge { length: manifest.length, limit });
		}
		let slot = {
			let mut parts = self.parts();
			if let Some(present) = parts.get(&key).cloned() {
				if present.manifest == *manifest {
					drop(parts);
					return self.status_in(key, &present);
				}
				self.discard(&mut parts, key)?;
			}
			self.reserve(&parts, owner, manifest.length)?;
			let folder = self.root.join(key.folder());
			let slot = Arc::new(Slot::create(folder, owner, manifest.clone())?);
			sync_folder(&self.root)?;
			parts.insert(key, slot.clone());
			slot
		};
		self.status_in(key, &slot)
	}

	/// Writes the chunk at `index`; once all are there, the part is complete.
	///
	/// # Errors
	/// [`Error::NotHere`] if the part was not begun, [`Error::WrongChunk`], [`Error::RootMismatch`] if it was the last
	/// chunk and the whole is not what the manifest says: the part is then removed. [`Error::Storage`]
	pub fn put(&self, key: Key, index: u64, bytes: &[u8]) -> Result<Status, Error> {
		let slot = self.slot(&key)?;
		if slot.manifest.chunk_length(index) != Some(bytes.len()) {
			return Err(Error::WrongChunk { index });
		}
		let leaf = merkle::leaf(bytes);
		let mut progress = slot.progress();
		let written =
			slot.advance(&mut progress, |progress| slot.write(progress, index, &[leaf], bytes));
		let status = written.map(|()| slot.status(&progress));
		drop(progress);
		self.clear(key, &slot, status)
	}

	/// Writes chunks that follow one another and prove their places.
	///
	/// # Errors
	/// As [`Store::put`]; [`Error::WrongChunk`] too if a proof fails, of the first of them.
	pub fn put_proven(&self, key: Key, bytes: &[u8], proofs: &[Proof]) -> Result<(), Error> {
		let slot = self.slot(&key)?;
		let first = proofs.first().map_or(0, |proof| proof.index);
		let leaves =
			slot.manifest.leaves_of(bytes, proofs).ok_or(Error::WrongChunk { index: first })?;
		let written = slot
			.advance(&mut slot.progress(), |progress| slot.write(progress, first, &leaves, bytes));
		self.clear(key, &slot, written)
	}

	/// How far a part is.
	///
	/// # Errors
	/// [`Error::NotHere`] if it was not begun, [`Error::Storage`]
	pub fn status(&self, key: Key) -> Result<Status, Error> {
		let slot = self.slot(&key)?;
		self.status_in(key, &slot)
	}

	/// How far the part with this commitment is; nothing if it was not begun, or another one was before the ledger
	/// changed its mind.
	///
	/// # Errors
	/// [`Error::Storage`]
	pub fn status_of(&self, key: Key, commitment: Commitment) -> Result<Option<Status>, Error> {
		let slot = match self.slot(&key) {
			Ok(slot) if slot.manifest.commitment(key.part, &key.exchange) == commitment => slot,
			_ => return Ok(None),
		};
		match self.status_in(key, &slot) {
			Ok(status) => Ok(Some(status)),
			Err(Error::NotHere | Error::RootMismatch) => Ok(None),
			Err(error) => Err(error),
		}
	}

	/// The manifest of a complete part.
	///
	/// # Errors
	/// [`Error::NotHere`], [`Error::Storage`]
	pub fn manifest(&self, key: Key) -> Result<Manifest, Error> {
		let slot = self.slot(&key)?;
		let status = self.status_in(key, &slot)?;
		status.complete.then(|| slot.manifest.clone()).ok_or(Error::NotHere)
	}

	/// A chunk of a complete part, with the proof of its place.
	///
	/// # Errors
	/// As [`Store::chunks`].
	pub fn chunk(&self, key: Key, index: u64) -> Result<(Vec<u8>, Proof), Error> {
		let mut proof = None;
		let bytes = self.chunks(key, Run { first: index, count: 1 }, |proofs, length| {
			proof = proofs.into_iter().next();
			Vec::with_capacity(length)
		})?;
		Ok((bytes, proof.ok_or(Error::WrongChunk { index })?))
	}

	/// Chunks of a complete part that follow one another, behind the head that is made of the proofs of their places and
	/// of their length in bytes.
	///
	/// # Errors
	/// [`Error::NotHere`], [`Error::WrongChunk`] if one of them is not there, or more are asked for than [`MAX_CHUNKS`];
	/// [`Error::Storage`] also if the disk gives back something else than was written: the part is then removed, so that it
	/// can be left or fetched again.
	pub fn chunks(
		&self,
		key: Key,
		run: Run,
		head: impl FnOnce(Vec<Proof>, usize) -> Vec<u8>,
	) -> Result<Vec<u8>, Error> {
		let slot = self.slot(&key)?;
		let wrong = Error::WrongChunk { index: run.first };
		let indices = match run.first.checked_add(run.count) {
			Some(end) if (1..=MAX_CHUNKS).contains(&run.count) && end <= slot.manifest.chunks() => {
				run.first..end
			},
			_ => return Err(wrong),
		};
		let mut progress = slot.progress();
		let recalled = slot.advance(&mut progress, |_| Ok(()));
		let found = match (&recalled, &*progress) {
			(Ok(()), Progress::Complete(tree)) => {
				let proofs = indices.clone().map_while(|index| tree.prove(index)).collect();
				let leaves = tree.leaves()[run.first as usize..indices.end as usize].to_vec();
				Some((proofs, leaves, File::open(slot.folder.join(COMPLETE))?))
			},
			_ => None,
		};
		drop(progress);
		self.clear(key, &slot, recalled)?;
		let (proofs, leaves, mut file): (Vec<Proof>, _, _) = found.ok_or(Error::NotHere)?;

		let lengths = indices.clone().filter_map(|index| slot.manifest.chunk_length(index));
		let length = lengths.sum();
		let mut bytes = head(proofs, length);
		let begin = bytes.len();
		file.seek(SeekFrom::Start(run.first * CHUNK_SIZE as u64))?;
		let read = file.take(length as u64).read_to_end(&mut bytes);
		let is_whole = read.is_ok_and(|read| read == length);
		if !is_whole || !slot.knows(run.first, &bytes[begin..], &leaves) {
			self.discard_slot(key, &slot)?;
			return Err(io::Error::new(
				io::ErrorKind::InvalidData,
				format!(
					"a chunk from {} on of {} was altered on the disk",
					run.first,
					key.folder()
				),
			)
			.into());
		}
		Ok(bytes)
	}

	/// Removes a part, if it is there.
	///
	/// # Errors
	/// [`Error::Storage`]
	pub fn remove(&self, key: Key) -> Result<(), Error> {
		self.discard(&mut self.parts(), key)
	}

	/// Every part with the time since it was begun.
	pub fn ages(&self) -> Vec<(Key, Duration)> {
		let now = SystemTime::now();
		self.parts()
			.iter()
			.map(|(key, slot)| (*key, now.duration_since(slot.begun).unwrap_or_default()))
			.collect()
	}

	fn parts(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
		self.parts.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn slot(&self, key: &Key) -> Result<Arc<Slot>, Error> {
		self.parts().get(key).cloned().ok_or(Error::NotHere)
	}

	fn reserve(
		&self,
		parts: &HashMap<Key, Arc<Slot>>,
		owner: OrganisationId,
		length: u64,
	) -> Result<(), Error> {
		let bytes = |of: &dyn Fn(&Slot) -> bool| {
			let present = parts.values().filter(|slot| of(slot)).map(|slot| slot.manifest.length);
			present.fold(length, u64::saturating_add)
		};
		let fits = parts.len() < self.limits.parts
			&& bytes(&|_| true) <= self.limits.total
			&& bytes(&|slot| slot.owner == owner) <= self.limits.per_organisation;
		fits.then_some(()).ok_or(Error::Full)
	}

	fn status_in(&self, key: Key, slot: &Arc<Slot>) -> Result<Status, Error> {
		let mut progress = slot.progress();
		let status = slot.advance(&mut progress, |_| Ok(())).map(|()| slot.status(&progress));
		drop(progress);
		self.clear(key, slot, status)
	}

	/// Removes the part if its chunks turned out not to make up the root.
	fn clear<T>(&self, key: Key, slot: &Arc<Slot>, done: Result<T, Error>) -> Result<T, Error> {
		if matches!(done, Err(Error::RootMismatch)) {
			self.discard_slot(key, slot)?;
		}
		done
	}

	/// Removes this part, not one begun under the same key since.
	fn discard_slot(&self, key: Key, slot: &Arc<Slot>) -> Result<(), Error> {
		let mut parts = self.parts();
		if parts.get(&key).is_some_and(|present| Arc::ptr_eq(present, slot)) {
			self.discard(&mut parts, key)?;
		}
		Ok(())
	}

	fn discard(&self, parts: &mut HashMap<Key, Arc<Slot>>, key: Key) -> Result<(), Error> {
		let Some(slot) = parts.remove(&key) else { return Ok(()) };
		let mut progress = slot.progress();
		*progress = Progress::Gone;
		// Renamed at once, so that the name is free and a crash leaves nothing that looks like a part.
		let number = self.removals.fetch_add(1, Ordering::Relaxed);
		let aside = self.root.join(format!("{GONE}{number}-{}", key.folder()));
		fs::rename(&slot.folder, &aside)?;
		fs::remove_dir_all(aside)?;
		Ok(())
	}
}

impl Slot {
	fn create(folder: PathBuf, owner: OrganisationId, manifest: Manifest) -> Result<Self, Error> {
		if folder.exists() {
			fs::remove_dir_all(&folder)?;
		}
		fs::DirBuilder::new().mode(0o700).create(&folder)?;
		create_file(&folder.join(LEAVES))?.set_len(manifest.chunks() * MISSING.len() as u64)?;
		create_file(&folder.join(PARTIAL))?.set_len(manifest.length)?;
		let unnamed = folder.join("manifest.new");
		let mut file = create_file(&unnamed)?;
		io::Write::write_all(&mut file, &(FORMAT, owner, &manifest).encode())?;
		file.sync_all()?;
		fs::rename(unnamed, folder.join(MANIFEST))?;
		sync_folder(&folder)?;
		let progress =
			Progress::Partial { leaves: vec![MISSING; manifest.chunks() as usize], received: 0 };
		Ok(Self::new(folder, owner, manifest, SystemTime::now(), progress))
	}

	fn new(
		folder: PathBuf,
		owner: OrganisationId,
		manifest: Manifest,
		begun: SystemTime,
		progress: Progress,
	) -> Self {
		let checksums = (0..manifest.chunks()).map(|_| AtomicU64::new(0)).collect();
		Self { folder, owner, manifest, begun, progress: Mutex::new(progress), checksums }
	}

	/// The part in a folder; nothing if its beginning was interrupted.
	fn read(folder: PathBuf) -> Result<Option<Self>, Error> {
		let path = folder.join(MANIFEST);
		let encoded = match fs::read(&path) {
			Ok(encoded) => encoded,
			Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(None),
			Err(reason) => return Err(reason.into()),
		};
		let begun = fs::metadata(&path)?.modified()?;
		let known = <(u8, OrganisationId, Manifest)>::decode_all(&mut &encoded[..])
			.ok()
			.filter(|(format, _, manifest)| *format == FORMAT && manifest.length <= MAX_LENGTH);
		Ok(known.map(|(_, owner, manifest)| {
			Self::new(folder, owner, manifest, begun, Progress::Unread)
		}))
	}

	fn progress(&self) -> MutexGuard<'_, Progress> {
		self.progress.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Reads what the disk holds, applies a step, and completes the part if nothing is missing any more.
	fn advance(
		&self,
		progress: &mut Progress,
		step: impl FnOnce(&mut Progress) -> Result<(), Error>,
	) -> Result<(), Error> {
		self.recall(progress)?;
		step(progress)?;
		self.complete(progress)
	}

	/// Reads the progress from the disk, the first time.
	fn recall(&self, progress: &mut Progress) -> Result<(), Error> {
		match progress {
			Progress::Gone => Err(Error::NotHere),
			Progress::Partial { .. } | Progress::Complete(_) => Ok(()),
			Progress::Unread => {
				let mut encoded = fs::read(self.folder.join(LEAVES))?;
				encoded.resize(self.manifest.chunks() as usize * MISSING.len(), 0);
				let mut leaves: Vec<Hash> = encoded
					.chunks_exact(MISSING.len())
					.map(|leaf| std::array::from_fn(|index| leaf[index]))
					.collect();
				if self.folder.join(COMPLETE).exists() {
					let tree = Tree::new(leaves);
					if tree.root() != self.manifest.root {
						return Err(Error::RootMismatch);
					}
					*progress = Progress::Complete(tree);
				} else {
					self.forget_what_was_not_written(&mut leaves)?;
					let received = leaves.iter().filter(|leaf| **leaf != MISSING).count() as u64;
					*progress = Progress::Partial { leaves, received };
				}
				Ok(())
			},
		}
	}

	/// After a crash a hash may have reached the disk and its chunk may not.
	fn forget_what_was_not_written(&self, leaves: &mut [Hash]) -> Result<(), Error> {
		let file = File::open(self.folder.join(PARTIAL))?;
		let mut bytes = vec![0; CHUNK_SIZE];
		for (index, leaf) in (0u64..).zip(leaves.iter_mut()) {
			if *leaf == MISSING {
				continue;
			}
			let length = self.manifest.chunk_length(index).unwrap_or(0);
			let content = &mut bytes[..length];
			let read = file.read_exact_at(content, index * CHUNK_SIZE as u64);
			if read.is_err() || merkle::leaf(content) != *leaf {
				*leaf = MISSING;
			}
		}
		Ok(())
	}

	/// Writes chunks that follow one another and have these hashes.
	fn write(
		&self,
		progress: &mut Progress,
		first: u64,
		hashes: &[Hash],
		bytes: &[u8],
	) -> Result<(), Error> {
		let wrong = Error::WrongChunk { index: first };
		let indices = first as usize..first as usize + hashes.len();
		match progress {
			Progress::Complete(tree) if tree.leaves().get(indices.clone()) == Some(hashes) => {
				Ok(())
			},
			Progress::Complete(_) => Err(wrong),
			Progress::Unread | Progress::Gone => Err(Error::NotHere),
			Progress::Partial { leaves, received } => {
				let known = leaves.get_mut(indices).ok_or(wrong)?;
				if known == hashes {
					return Ok(());
				}
				let open = |name| fs::OpenOptions::new().write(true).open(self.folder.join(name));
				open(PARTIAL)?.write_all_at(bytes, first * CHUNK_SIZE as u64)?;
				let place = first * MISSING.len() as u64;
				open(LEAVES)?.write_all_at(hashes.as_flattened(), place)?;
				self.remember(first, bytes);
				*received += known.iter().filter(|leaf| **leaf == MISSING).count() as u64;
				known.copy_from_slice(hashes);
				Ok(())
			},
		}
	}

	/// The checksums of chunks that follow one another.
	fn checksums_of<'a>(
		&'a self,
		first: u64,
		bytes: &'a [u8],
	) -> impl Iterator<Item = (&'a AtomicU64, u64)> {
		let known = self.checksums.get(first as usize..).unwrap_or_default();
		let made = bytes.chunks(CHUNK_SIZE).map(|chunk| u64::from_le_bytes(twox_64(chunk)));
		known.iter().zip(made)
	}

	/// Remembers the checksums of chunks whose hashes are right.
	fn remember(&self, first: u64, bytes: &[u8]) {
		for (known, checksum) in self.checksums_of(first, bytes) {
			known.store(checksum, Ordering::Relaxed);
		}
	}

	/// Whether these chunks, as the disk gave them, are the ones with these hashes.
	fn knows(&self, first: u64, bytes: &[u8], leaves: &[Hash]) -> bool {
		let mut checksums = self.checksums_of(first, bytes);
		if checksums.all(|(known, checksum)| known.load(Ordering::Relaxed) == checksum) {
			return true;
		}
		let is_right = merkle::leaves(bytes.chunks(CHUNK_SIZE)) == leaves;
		if is_right {
			self.remember(first, bytes);
		}
		is_right
	}

	/// Completes the part if nothing is missing.
	fn complete(&self, progress: &mut Progress) -> Result<(), Error> {
		let Progress::Partial { leaves, received } = progress else { return Ok(()) };
		if *received < self.manifest.chunks() {
			return Ok(());
		}
		let tree = Tree::new(leaves.clone());
		if tree.root() != self.manifest.root {
			return Err(Error::RootMismatch);
		}
		let partial = self.folder.join(PARTIAL);
		fs::OpenOptions::new().write(true).open(&partial)?.sync_all()?;
		fs::OpenOptions::new().write(true).open(self.folder.join(LEAVES))?.sync_all()?;
		fs::rename(partial, self.folder.join(COMPLETE))?;
		sync_folder(&self.folder)?;
		*progress = Progress::Complete(tree);
		Ok(())
	}

	fn status(&self, progress: &Progress) -> Status {
		let chunks = self.manifest.chunks();
		match progress {
			Progress::Partial { leaves, received } => Status {
				complete: false,
				received: *received,
				chunks,
				missing: missing_ranges(leaves),
			},
			_ => Status { complete: true, received: chunks, chunks, missing: Vec::new() },
		}
	}
}

fn missing_ranges(leaves: &[Hash]) -> Vec<Range<u64>> {
	let mut ranges: Vec<Range<u64>> = Vec::new();
	for (index, _) in (0u64..).zip(leaves).filter(|(_, leaf)| **leaf == MISSING) {
		let full = ranges.len() == MAX_RANGES;
		match ranges.last_mut() {
			Some(last) if last.end == index => last.end += 1,
			_ if full => break,
			_ => ranges.push(index..index + 1),
		}
	}
	ranges
}

fn create_file(path: &Path) -> io::Result<File> {
	fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
	File::open(folder)?.sync_all()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
