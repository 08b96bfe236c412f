//! States kept in a folder: each whole or not there, each with its hash.

use std::{
	fs::{self, DirBuilder, File, OpenOptions},
	io::Write,
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::{Path, PathBuf},
	time::SystemTime,
};

use sha2::{Digest, Sha256};

use crate::ThreatsError;

/// Name of a file that is being written.
const UNFINISHED: &str = "unfinished";
const EXTENSION: &str = "state";
const HASH_BYTES: usize = 32;

/// A state that is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Snapshot {
	/// Number: later ones are greater.
	pub number: u64,
	/// SHA-256 of the state, in hexadecimal.
	pub hash: String,
	/// Its length in bytes.
	pub bytes: u64,
}

/// Makes states unreadable for those who have no key.
pub trait Seal: Send {
	/// Seals a state.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if it cannot be sealed.
	fn seal(&self, state: &[u8]) -> Result<Vec<u8>, ThreatsError>;

	/// Opens what [`Self::seal`] made.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if the key is another, or the state was changed.
	fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, ThreatsError>;
}

/// The states in a folder, readable by their owner only. Only one program may write there at a time.
#[derive(Debug)]
pub struct Snapshots {
	folder: PathBuf,
	keep: usize,
	/// Number of the newest.
	newest: u64,
}

impl Snapshots {
	/// Opens or creates the folder. The newest `keep` states stay, at least one.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn open(folder: &Path, keep: usize) -> Result<Self, ThreatsError> {
		DirBuilder::new()
			.recursive(true)
			.mode(0o700)
			.create(folder)
			.map_err(|error| failed(folder, error))?;
		let mut snapshots = Self { folder: folder.into(), keep: keep.max(1), newest: 0 };
		snapshots.newest = snapshots.numbers()?.last().copied().unwrap_or(0);
		Ok(snapshots)
	}

	/// Keeps a state, in one step: after a crash at any point there is either the state before or this one.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn commit(&mut self, state: &[u8]) -> Result<Snapshot, ThreatsError> {
		let unfinished = self.folder.join(UNFINISHED);
		let hash: [u8; HASH_BYTES] = Sha256::digest(state).into();
		let write = || {
			let mut file = OpenOptions::new()
				.write(true)
				.create(true)
				.truncate(true)
				.mode(0o600)
				.open(&unfinished)?;
			file.write_all(&hash)?;
			file.write_all(state)?;
			file.sync_all()
		};
		write().map_err(|error| failed(&unfinished, error))?;
		let number = self.newest + 1;
		let path = self.path(number);
		fs::rename(&unfinished, &path).map_err(|error| failed(&path, error))?;
		// The name of the file is durable only with its folder.
		File::open(&self.folder)
			.and_then(|folder| folder.sync_all())
			.map_err(|error| failed(&self.folder, error))?;
		self.newest = number;
		let numbers = self.numbers()?;
		for old in numbers.iter().rev().skip(self.keep) {
			let path = self.path(*old);
			fs::remove_file(&path).map_err(|error| failed(&path, error))?;
		}
		Ok(Snapshot { number, hash: hexadecimal(&hash), bytes: state.len() as u64 })
	}

	/// Deletes the states that were kept before a moment, but never the newest. Returns how many.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn retire(&self, before: SystemTime) -> Result<usize, ThreatsError> {
		let mut retired = 0;
		for number in self.numbers()?.into_iter().filter(|number| *number != self.newest) {
			let path = self.path(number);
			let kept = path.metadata().and_then(|about| about.modified());
			if kept.map_err(|error| failed(&path, error))? < before {
				fs::remove_file(&path).map_err(|error| failed(&path, error))?;
				retired += 1;
			}
		}
		Ok(retired)
	}

	/// The newest state that is undamaged, if there is any.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn newest(&self) -> Result<Option<Vec<u8>>, ThreatsError> {
		for number in self.numbers()?.into_iter().rev() {
			if let Some((_, state)) = self.read(number)? {
				return Ok(Some(state));
			}
		}
		Ok(None)
	}

	/// The state of a number.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if there is none or it is damaged, [`ThreatsError::Folder`].
	pub fn get(&self, number: u64) -> Result<Vec<u8>, ThreatsError> {
		let found = match self.numbers()?.contains(&number) {
			true => self.read(number)?,
			false => None,
		};
		let missing = || ThreatsError::Snapshot {
			reason: format!("number {number} is not there, or damaged"),
		};
		found.map(|(_, state)| state).ok_or_else(missing)
	}

	/// What is kept and undamaged, oldest first.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn list(&self) -> Result<Vec<Snapshot>, ThreatsError> {
		let mut out = Vec::new();
		for number in self.numbers()? {
			if let Some((hash, state)) = self.read(number)? {
				out.push(Snapshot { number, hash, bytes: state.len() as u64 });
			}
		}
		Ok(out)
	}

	fn path(&self, number: u64) -> PathBuf {
		self.folder.join(format!("{number:020}.{EXTENSION}"))
	}

	/// Ascending.
	fn numbers(&self) -> Result<Vec<u64>, ThreatsError> {
		let unreadable = |error| failed(&self.folder, error);
		let mut out = Vec::new();
		for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
			let path = entry.map_err(unreadable)?.path();
			let of_ours = path.extension().is_some_and(|extension| extension == EXTENSION);
			let name = path.file_stem().and_then(|stem| stem.to_str());
			out.extend(name.filter(|_| of_ours).and_then(|name| name.parse::<u64>().ok()));
		}
		out.sort_unstable();
		Ok(out)
	}

	/// Hash and state; nothing if they do not belong together.
	fn read(&self, number: u64) -> Result<Option<(String, Vec<u8>)>, ThreatsError> {
		let path = self.path(number);
		let mut bytes = fs::read(&path).map_err(|error| failed(&path, error))?;
		if bytes.len() < HASH_BYTES {
			return Ok(None);
		}
		let state = bytes.split_off(HASH_BYTES);
		let hash: [u8; HASH_BYTES] = Sha256::digest(&state).into();
		Ok((bytes == hash).then(|| (hexadecimal(&hash), state)))
	}
}

fn failed(path: &Path, error: std::io::Error) -> ThreatsError {
	ThreatsError::Folder { path: path.into(), error }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_newest_undamaged_state_is_found_and_old_ones_go() {
		let folder = tempfile::tempdir().unwrap();
		let mut snapshots = Snapshots::open(folder.path(), 3).unwrap();
		assert_eq!(snapshots.newest().unwrap(), None);
		for step in 0..5u8 {
			assert_eq!(snapshots.commit(&[step]).unwrap().number, u64::from(step) + 1);
		}
		let numbers = |snapshots: &Snapshots| -> Vec<u64> {
			snapshots.list().unwrap().iter().map(|one| one.number).collect()
		};
		assert_eq!(numbers(&snapshots), [3, 4, 5]);
		fs::write(snapshots.path(5), [0; 40]).unwrap();
		fs::write(folder.path().join(UNFINISHED), b"cut off").unwrap();
		let mut again = Snapshots::open(folder.path(), 3).unwrap();
		assert_eq!(again.newest().unwrap(), Some(vec![3]));
		assert_eq!(numbers(&again), [3, 4]);
		assert_eq!(again.get(3).unwrap(), [2]);
		assert!(again.get(5).is_err() && again.get(1).is_err());
		assert_eq!(again.commit(b"next").unwrap().number, 6);
		assert_eq!(again.newest().unwrap(), Some(b"next".to_vec()));
	}

	#[test]
	fn states_that_are_too_old_are_deleted_and_the_newest_stays() {
		let folder = tempfile::tempdir().unwrap();
		let mut snapshots = Snapshots::open(folder.path(), 5).unwrap();
		for step in 0..4u8 {
			snapshots.commit(&[step]).unwrap();
		}
		let day = std::time::Duration::from_secs(86_400);
		for number in [1, 3, 4] {
			let file = OpenOptions::new().write(true).open(snapshots.path(number)).unwrap();
			file.set_modified(SystemTime::now() - 2 * day).unwrap();
		}
		assert_eq!(snapshots.retire(SystemTime::now() - day).unwrap(), 2);
		let numbers: Vec<u64> = snapshots.list().unwrap().iter().map(|one| one.number).collect();
		assert_eq!(numbers, [2, 4]);
	}
}
