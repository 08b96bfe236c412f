//! Files of bounded size, and files that only their owner may read.

use crate::Error;
use std::{
	fs::{self, File, OpenOptions},
	io::{ErrorKind, Read, Write},
	path::Path,
};

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// [`Error::File`] when it cannot be read or is larger.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
	let file = File::open(path).map_err(|error| Error::file(path, error))?;
	let mut bytes = Vec::new();
	file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::file(path, error))?;
	if bytes.len() as u64 > limit {
		return Err(Error::file(path, format_args!("is larger than {limit} bytes")));
	}
	Ok(bytes)
}

/// Creates a file that only its owner may read; it must not exist.
///
/// # Errors
/// [`Error::File`].
pub fn create_private(path: &Path) -> Result<File, Error> {
	private().create_new(true).open(path).map_err(|error| Error::file(path, error))
}

/// Writes a new file that only its owner may read.
///
/// # Errors
/// [`Error::File`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	let mut file = create_private(path)?;
	file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| Error::file(path, error))
}

/// Opens a file for reading and writing that only its owner may read, and creates it if need be.
///
/// # Errors
/// [`Error::File`].
pub fn open_private(path: &Path) -> Result<File, Error> {
	let mut options = private();
	options.read(true).create(true).truncate(false);
	options.open(path).map_err(|error| Error::file(path, error))
}

/// Removes a file, if it is there.
///
/// # Errors
/// [`Error::File`].
pub fn remove(path: &Path) -> Result<(), Error> {
	match fs::remove_file(path) {
		Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file(path, error)),
		_ => Ok(()),
	}
}

fn private() -> OpenOptions {
	let mut options = OpenOptions::new();
	options.write(true);
	#[cfg(unix)]
	std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
	options
}
