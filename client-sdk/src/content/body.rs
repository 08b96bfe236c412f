//! Content wherever it lies.

use super::Fault;
use crate::{fhir::Defect, Error};
use std::{
	fs::File,
	io::{BufRead, BufReader, Read},
	path::Path,
};

/// Bytes that are read at once.
const STEP: usize = 64 * 1024;

/// Content that is handed in: in memory, or in a file of any size that is read as it is needed.
#[derive(Clone, Copy)]
pub enum Body<'a> {
	/// In memory.
	Bytes(&'a [u8]),
	/// In a file.
	File(&'a Path),
}

impl std::fmt::Debug for Body<'_> {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str(match self {
			Self::Bytes(_) => "Body(in memory)",
			// Its name may be a patient's.
			Self::File(_) => "Body(in a file)",
		})
	}
}

impl<'a> From<&'a [u8]> for Body<'a> {
	fn from(bytes: &'a [u8]) -> Self {
		Self::Bytes(bytes)
	}
}

impl<'a, const N: usize> From<&'a [u8; N]> for Body<'a> {
	fn from(bytes: &'a [u8; N]) -> Self {
		Self::Bytes(bytes)
	}
}

impl<'a> From<&'a Vec<u8>> for Body<'a> {
	fn from(bytes: &'a Vec<u8>) -> Self {
		Self::Bytes(bytes)
	}
}

impl<'a> From<&'a Path> for Body<'a> {
	fn from(path: &'a Path) -> Self {
		Self::File(path)
	}
}

impl<'a> Body<'a> {
	/// A reader of it, and how many bytes there are.
	///
	/// # Errors
	/// [`Error::File`].
	pub(crate) fn open(self) -> Result<(Box<dyn BufRead + Send + 'a>, u64), Error> {
		match self {
			Self::Bytes(bytes) => Ok((Box::new(bytes), bytes.len() as u64)),
			Self::File(path) => {
				let file = File::open(path).map_err(|error| Error::file(path, error))?;
				let metadata = file.metadata().map_err(|error| Error::file(path, error))?;
				if !metadata.is_file() {
					return Err(Error::file(path, "is not a regular file"));
				}
				Ok((Box::new(BufReader::with_capacity(STEP, file)), metadata.len()))
			},
		}
	}

	/// What it begins with, up to so many bytes.
	///
	/// # Errors
	/// [`Error::File`].
	pub(super) fn beginning(self, most: usize) -> Result<Vec<u8>, Error> {
		let (source, _) = self.open()?;
		let mut bytes = Vec::new();
		let read = source.take(most as u64).read_to_end(&mut bytes);
		read.map_err(|error| self.unreadable(&error))?;
		Ok(bytes)
	}

	/// All of it, if it is no larger than FHIR data may be.
	///
	/// # Errors
	/// [`Defect::TooLarge`] as the inner one, [`Error::File`].
	pub(crate) fn in_memory(self) -> Result<Result<Vec<u8>, Defect>, Error> {
		let most = crate::fhir::json::MAX_BYTES;
		let bytes = self.beginning(most + 1)?;
		Ok(if bytes.len() > most { Err(Defect::TooLarge) } else { Ok(bytes) })
	}

	/// Gives all of it to `take`, piece by piece.
	///
	/// # Errors
	/// [`Error::File`].
	pub(crate) fn read_through(self, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
		let (mut source, _) = self.open()?;
		loop {
			let piece = source.fill_buf().map_err(|error| self.unreadable(&error))?;
			if piece.is_empty() {
				return Ok(());
			}
			take(piece);
			let length = piece.len();
			source.consume(length);
		}
	}

	/// BLAKE2b-256 of it.
	///
	/// # Errors
	/// [`Error::File`].
	pub(crate) fn digest(self) -> Result<[u8; 32], Error> {
		let mut state = blake2b_simd::Params::new().hash_length(32).to_state();
		self.read_through(|piece| {
			state.update(piece);
		})?;
		let mut digest = [0; 32];
		digest.copy_from_slice(state.finalize().as_bytes());
		Ok(digest)
	}

	/// Has a reader of headings look at it.
	pub(super) fn examine<T>(
		self,
		read: impl FnOnce(&mut dyn BufRead) -> Result<T, Fault>,
	) -> Result<Result<T, Defect>, Error> {
		let (mut source, _) = self.open()?;
		match read(&mut *source) {
			Ok(read) => Ok(Ok(read)),
			Err(Fault::Defect(defect)) => Ok(Err(defect)),
			Err(Fault::Unreadable(error)) => Err(self.unreadable(&error)),
		}
	}

	fn unreadable(self, error: &std::io::Error) -> Error {
		match self {
			Self::Bytes(_) => Error::Store(error.to_string()),
			Self::File(path) => Error::file(path, error),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_file_reads_as_memory_does() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("content");
		let bytes: Vec<u8> = (0..3 * STEP + 5).map(|index| (index / 251) as u8).collect();
		std::fs::write(&path, &bytes).unwrap();
		let (file, memory) = (Body::from(path.as_path()), Body::from(&bytes));
		assert_eq!(file.digest().unwrap(), sp_crypto_hashing::blake2_256(&bytes));
		assert_eq!(memory.digest().unwrap(), file.digest().unwrap());
		assert_eq!(file.beginning(7).unwrap(), bytes[..7]);
		assert_eq!(file.in_memory().unwrap().unwrap(), bytes);
		assert_eq!(file.open().unwrap().1, bytes.len() as u64);
		assert!(matches!(Body::from(folder.path()).digest(), Err(Error::File { .. })));
	}

	#[test]
	fn what_is_larger_than_fhir_data_may_be_is_not_taken_into_memory() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("content");
		File::create(&path).unwrap().set_len(crate::fhir::json::MAX_BYTES as u64 + 1).unwrap();
		assert_eq!(Body::from(path.as_path()).in_memory().unwrap(), Err(Defect::TooLarge));
	}
}
