//! Logs read so that a crash at any point loses no event and counts none twice.
//!
//! What was read of each log and everything that the watcher knows are committed together. After a crash
//! the lines behind the last commit are read again by a watcher that has not seen them. A log is known by
//! what it begins with, not by its name, so that a log that was renamed (rotated) or copied is not read
//! twice, and a new one under an old name is read from its beginning. A last line without its end is left
//! until it is whole.

use std::{
	fs::File,
	io::{BufReader, Read, Seek, SeekFrom},
	path::Path,
};

use sha2::{Digest, Sha256};

use crate::{
	config::Config,
	ingest::{read_line, Format, Malformed, Parser},
	snapshots::{Snapshot, Snapshots},
	watcher::{Report, Watcher},
	ThreatsError,
};

/// Bytes by which a log is known.
const HEAD: usize = 4_096;

/// A log of which fewer bytes were read is known only under its name: many logs begin alike.
const SURE: usize = 128;

/// Logs that are remembered; beyond it the one that was read least recently is forgotten.
const LOGS: usize = 4_096;

/// What was read of a log.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Position {
	name: String,
	/// Bytes of the head that were read, and their SHA-256.
	head_bytes: usize,
	head: [u8; 32],
	/// Bytes and lines that were read.
	bytes: u64,
	lines: u64,
	parser: Parser,
}

/// Length and SHA-256 of the head.
type Identity = (usize, [u8; 32]);

impl Position {
	fn identity(&self) -> Identity {
		(self.head_bytes, self.head)
	}
}

/// What is committed beside the state of the watcher.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Progress {
	/// Least recently read first.
	logs: Vec<Position>,
	events: u64,
	malformed: Malformed,
}

/// A watcher that reads logs and survives crashes.
pub struct Replay {
	config: Config,
	watcher: Watcher,
	progress: Progress,
	snapshots: Snapshots,
	/// Events after which a state is committed.
	every: u64,
	uncommitted: u64,
}

impl Replay {
	/// Goes on from the newest state in the folder, or starts anew. A state is committed after every
	/// `every` events (at least one) and at the end of every log; the newest `keep` stay.
	///
	/// # Errors
	/// [`ThreatsError::Configuration`], [`ThreatsError::Folder`], and [`ThreatsError::Snapshot`] if the
	/// state was written under another configuration.
	pub fn open(
		folder: &Path,
		config: &Config,
		every: u64,
		keep: usize,
	) -> Result<Self, ThreatsError> {
		let snapshots = Snapshots::open(folder, keep)?;
		let (progress, watcher) = match snapshots.newest()? {
			Some(state) => parsed(config, &state)?,
			None => (Progress::default(), Watcher::new(config)?),
		};
		let every = every.max(1);
		Ok(Self { config: config.clone(), watcher, progress, snapshots, every, uncommitted: 0 })
	}

	/// Reads what is new in a log. `committed` is called with every state that was committed.
	///
	/// # Errors
	/// [`ThreatsError::Read`] if the log cannot be read, [`ThreatsError::Folder`] if a state cannot be
	/// written.
	pub fn read(
		&mut self,
		path: &Path,
		format: Format,
		committed: &mut dyn FnMut(&Snapshot),
	) -> Result<(), ThreatsError> {
		let name = path.display().to_string();
		let unreadable = |error| ThreatsError::Read { source_name: name.clone(), error };
		let mut file = File::open(path).map_err(unreadable)?;
		let (mut position, mut head) = self.find(&name, format, &mut file).map_err(unreadable)?;
		let before = position.identity();
		let started = (position.bytes, self.uncommitted);
		file.seek(SeekFrom::Start(position.bytes)).map_err(unreadable)?;
		let mut reader = BufReader::with_capacity(1 << 16, file);
		let mut line = Vec::new();
		loop {
			let read = read_line(&mut reader, &mut line).map_err(unreadable)?;
			if !read.ended {
				break;
			}
			// The log may have grown since its head was read. Of a line that is too long only the end is at
			// hand; the head then ends before it.
			if head.len() < HEAD
				&& position.bytes <= head.len() as u64
				&& line.len() as u64 == read.bytes
			{
				head.truncate(usize::try_from(position.bytes).unwrap_or(HEAD));
				head.extend(line.iter().take(HEAD - head.len()));
			}
			position.bytes += read.bytes;
			position.lines += 1;
			match position.parser.line(&line, &read) {
				Ok(Some(event)) => {
					self.watcher.observe(&event);
					self.progress.events += 1;
					self.uncommitted += 1;
				},
				Ok(None) => {},
				Err(reason) => self.progress.malformed.add(&name, position.lines, &reason),
			}
			if self.uncommitted >= self.every {
				self.remember(position.clone(), &head, before);
				committed(&self.commit()?);
			}
		}
		let changed = (position.bytes, self.uncommitted) != started;
		self.remember(position, &head, before);
		if changed {
			committed(&self.commit()?);
		}
		Ok(())
	}

	/// The state of the watch.
	pub fn report(&self) -> Report {
		let [flows, accesses, logs] = self.watcher.coverage();
		Report {
			events: self.progress.events,
			malformed: self.progress.malformed.clone(),
			flows,
			accesses,
			logs,
			alerts: self.watcher.alerts(),
		}
	}

	/// The states that are kept.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn snapshots(&self) -> Result<Vec<Snapshot>, ThreatsError> {
		self.snapshots.list()
	}

	/// Goes back to what had been learned at an earlier state, for instance because an attack was learned
	/// since. Positions, alerts and counts stay: no event is read again.
	///
	/// # Errors
	/// [`ThreatsError::Snapshot`] if there is no such state, [`ThreatsError::Folder`].
	pub fn revert_model(&mut self, number: u64) -> Result<Snapshot, ThreatsError> {
		let (_, earlier) = parsed(&self.config, &self.snapshots.get(number)?)?;
		self.watcher.take_model(earlier)?;
		self.commit()
	}

	/// Where to go on in a log, and its head as far as it was read.
	fn find(
		&self,
		name: &str,
		format: Format,
		file: &mut File,
	) -> std::io::Result<(Position, Vec<u8>)> {
		let size = file.metadata()?.len();
		let mut head = Vec::with_capacity(HEAD);
		file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
		let known = self.progress.logs.iter().filter(|log| {
			let begins = head.get(..log.head_bytes);
			size >= log.bytes
				&& log.parser.format() == format
				&& (log.head_bytes >= SURE || log.name == name)
				&& begins.is_some_and(|begins| log.head == digest(begins))
		});
		let position = match known.max_by_key(|log| (log.head_bytes, log.bytes)) {
			Some(log) => Position { name: name.into(), ..log.clone() },
			None => Position {
				name: name.into(),
				head_bytes: 0,
				head: digest(&[]),
				bytes: 0,
				lines: 0,
				parser: Parser::new(format),
			},
		};
		Ok((position, head))
	}

	/// Puts a position, known as `before` until now, at the end.
	fn remember(&mut self, mut position: Position, head: &[u8], before: Identity) {
		let read = usize::try_from(position.bytes).unwrap_or(HEAD);
		let head = head.get(..read).unwrap_or(head);
		position.head_bytes = head.len();
		position.head = digest(head);
		let now = position.identity();
		let logs = &mut self.progress.logs;
		logs.retain(|log| {
			let own = log.identity();
			let same = own == now || own == before;
			!(same && (log.head_bytes >= SURE || log.name == position.name))
		});
		logs.push(position);
		if logs.len() > LOGS {
			logs.remove(0);
		}
	}

	fn commit(&mut self) -> Result<Snapshot, ThreatsError> {
		let mut state = postcard::to_stdvec(&self.progress)?;
		state.extend(self.watcher.state()?);
		self.uncommitted = 0;
		self.snapshots.commit(&state)
	}
}

fn parsed(config: &Config, state: &[u8]) -> Result<(Progress, Watcher), ThreatsError> {
	let (progress, rest) = postcard::take_from_bytes(state)?;
	Ok((progress, Watcher::restore(config, rest)?))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
	Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::fs;

	fn lines(numbers: std::ops::Range<u32>) -> String {
		numbers
			.map(|number| {
				let bytes = 100 + number % 17;
				format!(
					r#"{{"ts":{number}.5,"uid":"C{number}","id.orig_h":"10.0.0.1","id.resp_h":"10.0.1.{}","id.resp_p":80,"proto":"tcp","orig_bytes":{bytes},"resp_bytes":9}}{}"#,
					number % 5,
					'\n'
				)
			})
			.collect()
	}

	struct Bench {
		folder: tempfile::TempDir,
	}

	impl Bench {
		fn new() -> Self {
			Self { folder: tempfile::tempdir().unwrap() }
		}

		fn path(&self, name: &str) -> std::path::PathBuf {
			self.folder.path().join(name)
		}

		fn open(&self) -> Replay {
			Replay::open(&self.path("states"), &Config::default(), 10, 4).unwrap()
		}

		/// Events after a program that knows nothing but the folder has read these logs.
		fn events(&self, names: &[&str]) -> u64 {
			let mut replay = self.open();
			for name in names {
				replay.read(&self.path(name), Format::Zeek, &mut |_| {}).unwrap();
			}
			replay.report().events
		}
	}

	#[test]
	fn what_was_read_is_not_read_again_whatever_becomes_of_the_name() {
		let bench = Bench::new();
		let log = bench.path("conn.log");
		fs::write(&log, lines(0..5)).unwrap();
		assert_eq!(bench.events(&["conn.log"]), 5);
		assert_eq!(bench.events(&["conn.log"]), 5);
		let whole = lines(0..100);
		fs::write(&log, &whole[..whole.len() - 20]).unwrap();
		assert_eq!(bench.events(&["conn.log"]), 99, "a line without its end waits");
		fs::write(&log, &whole).unwrap();
		assert_eq!(bench.events(&["conn.log"]), 100);
		// Rotated by renaming; the new log is read first.
		fs::rename(&log, bench.path("old.log")).unwrap();
		fs::write(&log, lines(100..110)).unwrap();
		assert_eq!(bench.events(&["conn.log", "old.log"]), 110);
		// Rotated by copying and cutting off.
		fs::copy(&log, bench.path("older.log")).unwrap();
		fs::write(&log, "").unwrap();
		assert_eq!(bench.events(&["conn.log", "older.log", "old.log"]), 110);
		fs::write(&log, lines(110..113)).unwrap();
		assert_eq!(bench.events(&["older.log", "conn.log"]), 113);
	}

	#[test]
	fn a_replay_in_pieces_ends_where_one_in_a_single_run_ends() {
		let (whole, pieces) = (Bench::new(), Bench::new());
		let text = lines(0..700);
		fs::write(whole.path("conn.log"), &text).unwrap();
		whole.events(&["conn.log"]);
		for end in [1, 300, 20_000, 50_000, text.len()] {
			fs::write(pieces.path("conn.log"), &text[..end]).unwrap();
			pieces.events(&["conn.log"]);
		}
		assert!(whole.open().report().flows.judged > 0);
		assert_eq!(whole.open().report(), pieces.open().report());
	}

	#[test]
	fn a_state_of_another_configuration_is_refused_and_named() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..20)).unwrap();
		bench.events(&["conn.log"]);
		let config = Config { confirmations: 9, ..Config::default() };
		let error = Replay::open(&bench.path("states"), &config, 10, 4).err().unwrap().to_string();
		assert!(error.contains("another configuration"), "{error}");
	}

	#[test]
	fn going_back_to_an_earlier_model_forgets_what_was_learned_since_and_no_position() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..600)).unwrap();
		let mut replay =
			Replay::open(&bench.path("states"), &Config::default(), 10, 1_000).unwrap();
		replay.read(&bench.path("conn.log"), Format::Zeek, &mut |_| {}).unwrap();
		let earlier = replay.snapshots().unwrap()[0].number;
		let learned = replay.watcher.learned();
		replay.revert_model(earlier).unwrap();
		assert!(replay.watcher.learned() < learned);
		assert_eq!(bench.events(&["conn.log"]), 600);
		assert_eq!(bench.open().watcher.learned(), replay.watcher.learned());
		assert!(replay.revert_model(earlier + 100).is_err());
	}
}
