//! Where received messages wait for the watch: a folder of segments, written to the end of the newest.
//!
//! A segment never changes its name while the watch may read it, and begins with a line of its own that no other
//! segment has: the watch knows logs by what they begin with, and senders may well repeat themselves. Whatever is
//! older than the newest segment is whole. Once the watch has read it, it is moved to the folder [`READ`] and stays
//! there for as long as it is configured.

use std::{
	fs::{self, DirBuilder, File, OpenOptions},
	io::{self, Read, Seek, SeekFrom, Write},
	os::unix::fs::{DirBuilderExt, OpenOptionsExt},
	path::{Path, PathBuf},
	time::{Duration, Instant, SystemTime},
};

use super::framing::SPOOL_MARK;

/// Folder within the spool of what the watch has read.
const READ: &str = "read";
const EXTENSION: &str = "log";
/// Time after which a segment is closed though it is not full, so that it does not stay for ever.
const OLDEST: Duration = Duration::from_secs(3_600);

/// A file of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
	pub number: u64,
	pub path: PathBuf,
	bytes: u64,
}

/// The segments that wait, oldest first.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
	let mut found = Vec::new();
	for entry in folder.read_dir()? {
		let entry = entry?;
		let path = entry.path();
		let is_segment = path.extension().is_some_and(|extension| extension == EXTENSION);
		let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
		if let Some(number) = number.filter(|_| is_segment) {
			found.push(Segment { number, bytes: entry.metadata()?.len(), path });
		}
	}
	found.sort_by_key(|segment| segment.number);
	Ok(found)
}

/// Moves segments that were read away, and deletes those that have been kept for long enough.
pub(crate) fn retire(folder: &Path, read: &[Segment], keep: Duration) -> io::Result<()> {
	let kept = folder.join(READ);
	for segment in read {
		let name = segment.path.file_name().unwrap_or_default();
		fs::rename(&segment.path, kept.join(name))?;
	}
	let now = SystemTime::now();
	for segment in segments(&kept)? {
		let written = fs::metadata(&segment.path)?.modified()?;
		if now.duration_since(written).is_ok_and(|age| age >= keep) {
			fs::remove_file(&segment.path)?;
		}
	}
	Ok(())
}

/// Makes a folder that only its owner may enter.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
	DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Whether lines were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
	/// They were written, or are the first to be once the system can: only a fault of the disk and the end of this
	/// program together lose them.
	Yes,
	/// There is no room until the watch has read on: nothing of them was taken.
	Full,
}

struct Current {
	file: File,
	bytes: u64,
	began: Instant,
	/// Whether it holds more than its mark.
	used: bool,
	synchronised: bool,
}

/// The end that is written to.
pub(crate) struct Spool {
	folder: PathBuf,
	/// Bytes from which a segment is closed.
	segment_bytes: u64,
	/// Bytes that may wait.
	most_bytes: u64,
	newest: u64,
	current: Option<Current>,
	/// Bytes that wait in closed segments.
	waiting: u64,
	/// What the system did not take the last time.
	rest: Vec<u8>,
}

impl Spool {
	/// Opens the folder, makes it if need be, and ends the line at which an earlier program was stopped.
	pub fn open(folder: &Path, segment_bytes: u64, most_bytes: u64) -> io::Result<Self> {
		make_folder(folder)?;
		let newest = segments(folder)?.into_iter().last();
		if let Some(segment) = &newest {
			let mut file = OpenOptions::new().read(true).append(true).open(&segment.path)?;
			let mut last = Vec::new();
			if segment.bytes > 0 {
				file.seek(SeekFrom::End(-1))?;
				file.read_to_end(&mut last)?;
			}
			if last != b"\n" {
				file.write_all(b"\n")?;
				file.sync_data()?;
			}
		}
		let read = folder.join(READ);
		make_folder(&read)?;
		let retired = segments(&read)?.last().map_or(0, |segment| segment.number);
		let mut spool = Self {
			folder: folder.into(),
			segment_bytes,
			most_bytes,
			newest: newest.map_or(0, |segment| segment.number).max(retired),
			current: None,
			waiting: 0,
			rest: Vec::new(),
		};
		spool.count()?;
		Ok(spool)
	}

	/// Appends whole lines. If they `must` be taken, the limit does not count.
	///
	/// # Errors
	/// What the system says. What it did not take is kept and written first the next time.
	pub fn append(&mut self, lines: &[u8], must: bool) -> io::Result<Taken> {
		if !must && self.is_full()? {
			return Ok(Taken::Full);
		}
		self.write_rest()?;
		if self.current.as_ref().is_some_and(|current| current.bytes >= self.segment_bytes) {
			self.close()?;
		}
		if self.current.is_none() {
			self.begin()?;
		}
		self.rest.extend_from_slice(lines);
		// These lines are kept from here on, whether the system takes them now or later.
		match self.write_rest() {
			Err(error) if must => Err(error),
			_ => Ok(Taken::Yes),
		}
	}

	/// Has everything written to the disk and closes a segment that is old enough.
	pub fn synchronise(&mut self) -> io::Result<()> {
		self.write_rest()?;
		let Some(current) = &mut self.current else { return Ok(()) };
		if !current.synchronised {
			current.file.sync_data()?;
			current.synchronised = true;
		}
		if current.used && current.began.elapsed() >= OLDEST {
			self.close()?;
			self.begin()?;
		}
		Ok(())
	}

	/// Looks at the folder only if there seems to be no room: the watch makes room without telling.
	fn is_full(&mut self) -> io::Result<bool> {
		let waiting = |spool: &Self| {
			spool.waiting + spool.current.as_ref().map_or(0, |current| current.bytes)
		};
		if !self.rest.is_empty() && self.write_rest().is_err() {
			return Ok(true);
		}
		if waiting(self) < self.most_bytes {
			return Ok(false);
		}
		self.count()?;
		Ok(waiting(self) >= self.most_bytes)
	}

	fn count(&mut self) -> io::Result<()> {
		let open = self.current.as_ref().map(|_| self.newest);
		let closed = segments(&self.folder)?.into_iter().filter(|one| Some(one.number) != open);
		self.waiting = closed.map(|segment| segment.bytes).sum();
		Ok(())
	}

	fn write_rest(&mut self) -> io::Result<()> {
		let Some(current) = &mut self.current else { return Ok(()) };
		while !self.rest.is_empty() {
			let written = current.file.write(&self.rest)?;
			if written == 0 {
				return Err(io::ErrorKind::WriteZero.into());
			}
			self.rest.drain(..written);
			current.bytes += written as u64;
			current.used = true;
			current.synchronised = false;
		}
		Ok(())
	}

	fn close(&mut self) -> io::Result<()> {
		if let Some(current) = &self.current {
			current.file.sync_data()?;
			self.waiting += current.bytes;
			self.current = None;
		}
		Ok(())
	}

	fn begin(&mut self) -> io::Result<()> {
		let mut unique = [0; 64];
		getrandom::fill(&mut unique).map_err(io::Error::other)?;
		let number = self.newest + 1;
		let mark = format!("{SPOOL_MARK} {number:020} {}\n", hex::encode(unique));
		let path = self.folder.join(format!("{number:020}.{EXTENSION}"));
		let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
		self.newest = number;
		if let Err(error) = file.write_all(mark.as_bytes()) {
			// Without its mark it might be taken for another.
			fs::remove_file(&path)?;
			return Err(error);
		}
		let bytes = mark.len() as u64;
		let began = Instant::now();
		self.current = Some(Current { file, bytes, began, used: false, synchronised: false });
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn text(folder: &Path) -> Vec<String> {
		let marked = |segment: &Segment| {
			let text = fs::read_to_string(&segment.path).unwrap();
			let (mark, lines) = text.split_once('\n').unwrap();
			assert!(mark.starts_with(SPOOL_MARK) && mark.len() >= 128, "{mark}");
			lines.to_owned()
		};
		segments(folder).unwrap().iter().map(marked).collect()
	}

	#[test]
	fn a_full_spool_takes_nothing_until_what_was_read_is_retired() {
		let folder = tempfile::tempdir().unwrap();
		let mut spool = Spool::open(folder.path(), 200, 600).unwrap();
		let mut taken = 0;
		while spool.append(b"0123456789\n", false).unwrap() == Taken::Yes {
			taken += 1;
		}
		let lines = |folder: &Path| text(folder).concat().lines().count();
		assert_eq!(lines(folder.path()), taken);
		let waiting = segments(folder.path()).unwrap();
		assert!(waiting.len() > 1, "{waiting:?}");
		retire(folder.path(), &waiting[..waiting.len() - 1], Duration::from_secs(60)).unwrap();
		assert_eq!(spool.append(b"next\n", false).unwrap(), Taken::Yes);
		let kept = folder.path().join(READ);
		assert_eq!(lines(folder.path()) + lines(&kept), taken + 1);
		retire(folder.path(), &[], Duration::ZERO).unwrap();
		assert!(segments(&kept).unwrap().is_empty());
	}

	#[test]
	fn a_program_that_starts_again_ends_the_broken_line_and_begins_a_segment_of_its_own() {
		let folder = tempfile::tempdir().unwrap();
		Spool::open(folder.path(), 1_000, 10_000).unwrap().append(b"whole\nbrok", false).unwrap();
		let mut spool = Spool::open(folder.path(), 1_000, 10_000).unwrap();
		spool.append(b"next\n", false).unwrap();
		assert_eq!(text(folder.path()), ["whole\nbrok\n", "next\n"]);
		let [first, _] = &segments(folder.path()).unwrap()[..] else { panic!("two segments") };
		retire(folder.path(), std::slice::from_ref(first), Duration::from_secs(60)).unwrap();
		drop(spool);
		fs::remove_file(folder.path().join(format!("{:020}.log", 2))).unwrap();
		Spool::open(folder.path(), 1_000, 10_000).unwrap().append(b"later\n", false).unwrap();
		assert_eq!(segments(folder.path()).unwrap()[0].number, 2, "no number is given to two");
	}
}
