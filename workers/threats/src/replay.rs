//! Logs read so that a crash at any point loses no event and counts none twice.
//!
//! What was read of each log and everything that the watcher knows are committed together. After a crash
//! the lines behind the last commit are read again by a watcher that has not seen them. A log is known by
//! what it begins with, not by its name, so that a log that was renamed, copied or compressed (rotated) is
//! not read twice, and a new one under an old name is read from its beginning. A last line without its end
//! is left until it is whole.
//!
//! Logs that are read together are merged by the time of their events.

use std::{
	collections::HashSet,
	fs::File,
	io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom},
	path::Path,
	sync::Arc,
	time::SystemTime,
};

use curex_primitives::Moment;
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::{
	alert::Alert,
	config::Config,
	event::{Event, Notice},
	ingest::{is_compressed, read_line, Format, Malformed, Parser},
	knowledge::Knowledge,
	pseudonym::{Identities, Pseudonyms},
	snapshots::{Seal, Snapshot, Snapshots},
	watcher::{Feedback, Report, Watcher},
	ThreatsError,
};

/// Bytes by which a log is known.
const HEAD: usize = 4_096;

/// A log of which fewer bytes were read is known only under its name: many logs begin alike.
const SURE: usize = 128;

/// Logs that are remembered; beyond it the one that was read least recently is forgotten.
const LOGS: usize = 4_096;

/// Logs that are open at once. Of more, the first are read to their ends before the next.
const AT_ONCE: usize = 64;

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
	/// Length of the compressed file that was read to its end.
	compressed: Option<u64>,
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
	identities: Identities,
}

/// An event that was read ahead.
struct Next {
	event: Event,
	/// What is known of it beforehand.
	notices: Vec<Notice>,
	/// Bytes of its line.
	bytes: u64,
}

/// A log that is being read.
struct Open {
	position: Position,
	/// What it begins with, as far as it is at hand.
	head: Vec<u8>,
	/// By what it is remembered.
	known_as: Identity,
	/// Bytes that were read when it was opened.
	started: u64,
	/// Length of the file if it is compressed.
	compressed: Option<u64>,
	reader: Box<dyn BufRead>,
	/// What the next line with an event says. It counts as read once it was watched.
	next: Option<Next>,
}

impl Open {
	/// Whether both may be the same log under two names: one begins with all that is known of the other.
	fn may_be(&self, other: &Self) -> bool {
		let common = self.head.len().min(other.head.len());
		common > 0 && self.head[..common] == other.head[..common]
	}

	/// Finds the next event. Lines that hold none count as read at once.
	fn advance(
		&mut self,
		malformed: &mut Malformed,
		knowledge: Option<&Knowledge>,
	) -> io::Result<()> {
		let mut line = Vec::new();
		loop {
			let read = match read_line(&mut self.reader, &mut line) {
				Ok(read) => read,
				Err(error) if self.compressed.is_some() && is_broken(&error) => {
					let reason = format!("the compressed log breaks off: {error}");
					malformed.add(&self.position.name, self.position.lines + 1, &reason);
					self.position.compressed = self.compressed;
					return Ok(());
				},
				Err(error) => return Err(error),
			};
			if !read.ended {
				self.position.compressed = self.compressed;
				return Ok(());
			}
			let position = &mut self.position;
			// The log may have grown since its head was read. Of a line that is too long only the end is at
			// hand; the head then ends before it.
			if self.head.len() < HEAD
				&& position.bytes <= self.head.len() as u64
				&& line.len() as u64 == read.bytes
			{
				self.head.truncate(usize::try_from(position.bytes).unwrap_or(HEAD));
				self.head.extend(line.iter().take(HEAD - self.head.len()));
			}
			match position.parser.line(&line, &read) {
				Ok(Some(event)) => {
					let format = position.parser.format();
					let notices = knowledge
						.map_or(Vec::new(), |knowledge| knowledge.notices(format, &line, &event));
					self.next = Some(Next { event, notices, bytes: read.bytes });
					return Ok(());
				},
				Ok(None) => {},
				Err(reason) => malformed.add(&position.name, position.lines + 1, &reason),
			}
			position.bytes += read.bytes;
			position.lines += 1;
		}
	}
}

/// Whether it is the content that cannot be decompressed, not the file that cannot be read.
fn is_broken(error: &io::Error) -> bool {
	matches!(
		error.kind(),
		ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof
	)
}

fn tolerate_broken(result: io::Result<()>) -> io::Result<()> {
	match result {
		Err(error) if is_broken(&error) => Ok(()),
		other => other,
	}
}

/// A watcher that reads logs and survives crashes.
pub struct Replay {
	config: Config,
	watcher: Watcher,
	progress: Progress,
	snapshots: Snapshots,
	seal: Option<Box<dyn Seal>>,
	knowledge: Option<Arc<Knowledge>>,
	pseudonyms: Option<Pseudonyms>,
	/// Events after which a state is committed.
	every: u64,
	uncommitted: u64,
	/// Whether anything was read since the last commit.
	changed: bool,
	learns_anew: bool,
}

impl Replay {
	/// Goes on from the newest state in the folder, or starts anew. A state is committed after every
	/// `every` events (at least one) and at the end of what is read; the newest `keep` stay, sealed if
	/// there is a `seal`. If the state was written under another configuration, positions and alerts are
	/// kept, and everything else is learned anew: see [`Self::learns_anew`].
	///
	/// # Errors
	/// [`ThreatsError::Configuration`], [`ThreatsError::Folder`], and [`ThreatsError::Snapshot`] if the
	/// state is of another version or does not open.
	pub fn open(
		folder: &Path,
		config: &Config,
		every: u64,
		keep: usize,
		seal: Option<Box<dyn Seal>>,
	) -> Result<Self, ThreatsError> {
		let snapshots = Snapshots::open(folder, keep)?;
		let (progress, watcher, learns_anew) = match snapshots.newest()? {
			Some(state) => {
				let state = opened(seal.as_deref(), state)?;
				let (progress, rest) = postcard::take_from_bytes(&state)?;
				let (watcher, learns_anew) = Watcher::resume(config, rest)?;
				(progress, watcher, learns_anew)
			},
			None => (Progress::default(), Watcher::new(config)?, false),
		};
		Ok(Self {
			config: config.clone(),
			watcher,
			progress,
			snapshots,
			seal,
			knowledge: None,
			pseudonyms: None,
			every: every.max(1),
			uncommitted: 0,
			changed: false,
			learns_anew,
		})
	}

	/// Looks for what is known beforehand in what is read from now on.
	pub fn use_knowledge(&mut self, knowledge: Arc<Knowledge>) {
		self.watcher.use_groups(knowledge.groups.clone());
		self.knowledge = Some(knowledge);
	}

	/// Puts codes in the place of people in what is read from now on.
	pub fn use_pseudonyms(&mut self, pseudonyms: Pseudonyms) {
		self.pseudonyms = Some(pseudonyms);
	}

	/// Deletes what its time is over for, and commits: alerts about staff that ended before `before`, sealed names of codes
	/// that were not seen since and of which no alert is left, but for those that are to be kept; and the states that were kept
	/// before `states_before`. Returns how many alerts and names.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn forget_staff(
		&mut self,
		before: Moment,
		keeps_alert: impl Fn(&Alert) -> bool,
		keeps_name: impl Fn(&str) -> bool,
		states_before: SystemTime,
	) -> Result<usize, ThreatsError> {
		let alerts = self.watcher.forget_staff_alerts(before, &keeps_alert);
		let left = self.watcher.alerts();
		let left: HashSet<&str> = left.iter().map(|alert| alert.entity.as_str()).collect();
		let keeps_name = |code: &str| left.contains(code) || keeps_name(code);
		let forgotten = alerts + self.progress.identities.forget(before, keeps_name);
		if forgotten > 0 {
			self.commit()?;
		}
		self.snapshots.retire(states_before)?;
		Ok(forgotten)
	}

	/// The sealed name that stands behind a code, from the newest state in a folder; nothing if there is none.
	///
	/// # Errors
	/// [`ThreatsError::Folder`], [`ThreatsError::Snapshot`].
	pub fn sealed_name(
		folder: &Path,
		seal: Option<&dyn Seal>,
		code: &str,
	) -> Result<Option<Vec<u8>>, ThreatsError> {
		let Some(state) = Snapshots::open(folder, usize::MAX)?.newest()? else { return Ok(None) };
		let state = opened(seal, state)?;
		let (progress, _): (Progress, _) = postcard::take_from_bytes(&state)?;
		Ok(progress.identities.sealed(code).map(Vec::from))
	}

	/// Whether the configuration changed since the state was written, so that what is usual has to be
	/// learned again.
	pub fn learns_anew(&self) -> bool {
		self.learns_anew
	}

	/// Reads what is new in logs, in the order of the time of their events: a log of lines in order is
	/// assumed. Logs compressed with gzip are recognised. `committed` is called with every state that was
	/// committed.
	///
	/// # Errors
	/// [`ThreatsError::Read`] if a log cannot be read, [`ThreatsError::Folder`] if a state cannot be
	/// written. What was committed before stays.
	pub fn read(
		&mut self,
		logs: &[(&Path, Format)],
		committed: &mut dyn FnMut(&Snapshot),
	) -> Result<(), ThreatsError> {
		self.read_logs(logs, committed)?;
		if self.changed {
			committed(&self.commit()?);
		}
		Ok(())
	}

	/// Reads what is new as [`Self::read`] does, and leaves the commit to it: after a crash all of it is read again.
	/// Cheap enough to be done whenever a log grows.
	///
	/// # Errors
	/// As [`Self::read`].
	pub fn glance(&mut self, logs: &[(&Path, Format)]) -> Result<(), ThreatsError> {
		self.read_logs(logs, &mut |_| {})
	}

	fn read_logs(
		&mut self,
		logs: &[(&Path, Format)],
		committed: &mut dyn FnMut(&Snapshot),
	) -> Result<(), ThreatsError> {
		let mut waiting = logs.to_vec();
		while !waiting.is_empty() {
			let mut together: Vec<Open> = Vec::new();
			let mut later = Vec::new();
			for (path, format) in waiting {
				if together.len() >= AT_ONCE {
					later.push((path, format));
					continue;
				}
				let opened = self.open_log(path, format).map_err(unreadable(path.display()))?;
				// One log under two names would be read twice at once.
				match together.iter().any(|other| other.may_be(&opened)) {
					true => later.push((path, format)),
					false => together.push(opened),
				}
			}
			self.merge(together, committed)?;
			waiting = later;
		}
		Ok(())
	}

	/// Reads open logs to their ends.
	fn merge(
		&mut self,
		mut logs: Vec<Open>,
		committed: &mut dyn FnMut(&Snapshot),
	) -> Result<(), ThreatsError> {
		for log in &mut logs {
			if log.compressed.is_none() || log.compressed != log.position.compressed {
				self.advance(log)?;
			}
		}
		while let Some(first) = earliest(&logs) {
			let log = &mut logs[first];
			if let Some(Next { event, notices, bytes }) = log.next.take() {
				self.watcher.observe(&event);
				for notice in notices {
					self.watcher.observe(&Event::Notice(notice));
				}
				log.position.bytes += bytes;
				log.position.lines += 1;
			}
			self.progress.events += 1;
			self.uncommitted += 1;
			self.changed = true;
			if self.uncommitted >= self.every {
				logs.iter_mut().for_each(|log| self.remember(log));
				committed(&self.commit()?);
			}
			self.advance(&mut logs[first])?;
		}
		logs.iter_mut().for_each(|log| self.remember(log));
		self.changed |= logs.iter().any(|log| log.position.bytes != log.started);
		Ok(())
	}

	fn advance(&mut self, log: &mut Open) -> Result<(), ThreatsError> {
		log.advance(&mut self.progress.malformed, self.knowledge.as_deref())
			.map_err(unreadable(&log.position.name))?;
		if let (Some(pseudonyms), Some(Next { event: Event::Access(access), .. })) =
			(&self.pseudonyms, &mut log.next)
		{
			pseudonyms.apply(access, &mut self.progress.identities)?;
		}
		Ok(())
	}

	/// The state of the watch.
	pub fn report(&self) -> Report {
		self.watcher.report(self.progress.events, self.progress.malformed.clone())
	}

	/// Takes what a person says of an alert, as [`Watcher::feedback`] does, and commits it.
	///
	/// # Errors
	/// [`ThreatsError::Folder`].
	pub fn feedback(&mut self, alert: &str, feedback: Feedback) -> Result<bool, ThreatsError> {
		let known = self.watcher.feedback(alert, feedback);
		if known {
			self.commit()?;
		}
		Ok(known)
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
	/// [`ThreatsError::Snapshot`] if there is no such state or it was written under another
	/// configuration, [`ThreatsError::Folder`].
	pub fn revert_model(&mut self, number: u64) -> Result<Snapshot, ThreatsError> {
		let state = opened(self.seal.as_deref(), self.snapshots.get(number)?)?;
		let (_, rest): (Progress, _) = postcard::take_from_bytes(&state)?;
		self.watcher.take_model(Watcher::restore(&self.config, rest)?)?;
		self.commit()
	}

	/// Opens a log where it is to be read on.
	fn open_log(&self, path: &Path, format: Format) -> io::Result<Open> {
		let mut file = File::open(path)?;
		let length = file.metadata()?.len();
		let compressed = is_compressed(&mut file)?.then_some(length);
		let mut head = Vec::with_capacity(HEAD);
		if compressed.is_some() {
			let begin = MultiGzDecoder::new(BufReader::new(&file)).take(HEAD as u64);
			// Of a file that breaks off there is what came before.
			tolerate_broken({ begin }.read_to_end(&mut head).map(drop))?;
		} else {
			file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
		}
		let name = path.display().to_string();
		let position = self.find(name, format, &head, compressed.is_none().then_some(length));
		let reader: Box<dyn BufRead> = if compressed.is_some() {
			file.seek(SeekFrom::Start(0))?;
			let content = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file));
			let mut content = BufReader::with_capacity(1 << 16, content);
			if position.compressed != compressed {
				let mut before = content.by_ref().take(position.bytes);
				tolerate_broken(io::copy(&mut before, &mut io::sink()).map(drop))?;
			}
			Box::new(content)
		} else {
			file.seek(SeekFrom::Start(position.bytes))?;
			Box::new(BufReader::with_capacity(1 << 16, file))
		};
		Ok(Open {
			known_as: position.identity(),
			started: position.bytes,
			position,
			head,
			compressed,
			reader,
			next: None,
		})
	}

	/// Where to go on in a log that begins like this; `length` if the file tells it.
	fn find(&self, name: String, format: Format, head: &[u8], length: Option<u64>) -> Position {
		let known = self.progress.logs.iter().filter(|log| {
			let begins = head.get(..log.head_bytes);
			length.is_none_or(|length| length >= log.bytes)
				&& log.parser.format() == format
				&& (log.head_bytes >= SURE || log.name == name)
				&& begins.is_some_and(|begins| log.head == digest(begins))
		});
		match known.max_by_key(|log| (log.head_bytes, log.bytes)) {
			Some(log) => Position { name, ..log.clone() },
			None => Position {
				name,
				head_bytes: 0,
				head: digest(&[]),
				bytes: 0,
				lines: 0,
				compressed: None,
				parser: Parser::new(format),
			},
		}
	}

	/// Puts the position of a log at the end.
	fn remember(&mut self, log: &mut Open) {
		let mut position = log.position.clone();
		let read = usize::try_from(position.bytes).unwrap_or(HEAD);
		let head = log.head.get(..read).unwrap_or(&log.head);
		position.head_bytes = head.len();
		position.head = digest(head);
		let now = position.identity();
		let logs = &mut self.progress.logs;
		logs.retain(|other| {
			let own = other.identity();
			let same = own == now || own == log.known_as;
			!(same && (other.head_bytes >= SURE || other.name == position.name))
		});
		logs.push(position);
		log.known_as = now;
		if logs.len() > LOGS {
			logs.remove(0);
		}
	}

	fn commit(&mut self) -> Result<Snapshot, ThreatsError> {
		let mut state = postcard::to_stdvec(&self.progress)?;
		state.extend(self.watcher.state()?);
		if let Some(seal) = &self.seal {
			state = seal.seal(&state)?;
		}
		self.uncommitted = 0;
		self.changed = false;
		self.snapshots.commit(&state)
	}
}

/// The log with the earliest next event, if any has one.
fn earliest(logs: &[Open]) -> Option<usize> {
	let next = logs
		.iter()
		.enumerate()
		.filter_map(|(place, log)| Some((log.next.as_ref()?.event.at(), place)));
	next.min().map(|(_, place)| place)
}

fn unreadable(name: impl ToString) -> impl FnOnce(io::Error) -> ThreatsError {
	let source_name = name.to_string();
	move |error| ThreatsError::Read { source_name, error }
}

fn opened(seal: Option<&dyn Seal>, state: Vec<u8>) -> Result<Vec<u8>, ThreatsError> {
	match seal {
		Some(seal) => seal.open(&state),
		None => Ok(state),
	}
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
			Replay::open(&self.path("states"), &Config::default(), 10, 4, None).unwrap()
		}

		/// Events after a program that knows nothing but the folder has read these logs.
		fn events(&self, names: &[&str]) -> u64 {
			let mut replay = self.open();
			for name in names {
				replay.read(&[(&self.path(name), Format::Zeek)], &mut |_| {}).unwrap();
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

	/// AuditEvents of eight members on so many days, an evening among strangers at the end.
	fn audit(days: u32) -> String {
		let line = |day: u32, minute: u32, user: u32, patient: u32, relationship: &str| {
			format!(
				r#"{{"resourceType":"AuditEvent","action":"R","recorded":"2026-{:02}-{:02}T{:02}:{:02}:00Z","agent":[{{"who":{{"identifier":{{"value":"staff-{user}"}}}},"requestor":true,"role":[{{"coding":[{{"code":"nurse"}}]}}]}}],"entity":[{{"what":{{"reference":"Patient/{patient}"}},"role":{{"code":"1"}},"detail":[{{"type":"care-relationship","valueString":"{relationship}"}}]}}]}}{}"#,
				1 + day / 28,
				1 + day % 28,
				8 + minute / 60,
				minute % 60,
				'\n'
			)
		};
		let ordinary = (0..days).flat_map(|day| {
			(0..80).map(move |step| {
				let chance = (day * 7_919 + step * 104_729) % 1_009;
				let relationship = if chance < 20 { "absent" } else { "present" };
				line(day, 6 * step + chance % 5, step % 8, chance % 40, relationship)
			})
		});
		let strangers = (0..60).map(|step| line(days - 1, 500 + step, 3, 900 + step, "absent"));
		let next = line(days, 0, 0, 1, "present");
		ordinary.chain(strangers).chain([next]).collect()
	}

	/// Temperatures of two devices, an impossible one at the end.
	fn observations(values: u32) -> String {
		let line = |step: u32, value: f64| {
			format!(
				r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"code":"8310-5"}}]}},"device":{{"reference":"Device/{}"}},"effectiveDateTime":"2026-01-{:02}T{:02}:{:02}:00Z","valueQuantity":{{"value":{value},"code":"Cel"}}}}{}"#,
				step % 2,
				1 + step / 1_440,
				step / 60 % 24,
				step % 60,
				'\n'
			)
		};
		let ordinary = (0..values).map(|step| line(step, 36.5 + f64::from(step * 7 % 13) / 10.0));
		ordinary.chain([line(values, 366.0)]).collect()
	}

	#[test]
	fn working_days_and_measured_values_survive_a_crash_after_any_commit() {
		let (whole, pieces) = (Bench::new(), Bench::new());
		let texts = [audit(40), observations(900)];
		let read = |bench: &Bench, ends: [usize; 2]| {
			let paths = [bench.path("access.ndjson"), bench.path("observations.ndjson")];
			for ((path, text), end) in paths.iter().zip(&texts).zip(ends) {
				fs::write(path, &text[..end]).unwrap();
			}
			let formats = [Format::FhirAudit, Format::FhirObservation];
			let logs: Vec<_> = paths.iter().map(|path| path.as_path()).zip(formats).collect();
			// A program that knows nothing but the folder.
			let mut replay = bench.open();
			for log in logs {
				replay.read(&[log], &mut |_| {}).unwrap();
			}
			(replay.report(), replay.watcher.learned())
		};
		let lengths = texts.each_ref().map(String::len);
		// Each alone: the order in which two logs are merged depends on what is there of both.
		let all = read(&whole, lengths);
		for part in 1..=5 {
			read(&pieces, [lengths[0] * part / 6, 0]);
		}
		read(&pieces, [lengths[0], 0]);
		for part in 1..=5 {
			read(&pieces, [lengths[0], lengths[1] * part / 6]);
		}
		let (report, learned) = read(&pieces, lengths);
		assert_eq!((&report, learned), (&all.0, all.1));
		let kinds: Vec<_> = report.alerts.iter().map(|alert| alert.kind).collect();
		use crate::alert::Kind::{Measurement, WorkingDay};
		assert!(kinds.contains(&WorkingDay) && kinds.contains(&Measurement), "{report:?}");
		assert!(report.working_days.judged > 50 && report.measurements.judged > 100, "{report:?}");
		let revert = pieces.open().snapshots().unwrap()[0].number;
		let mut replay = pieces.open();
		replay.revert_model(revert).unwrap();
		assert!(replay.watcher.learned()[4] < learned[4], "later values are forgotten");
		assert_eq!(replay.report().alerts, report.alerts);
	}

	/// Flows of many addresses, then a scan by one of them, every line with its moment.
	fn scan(from: u32) -> Vec<(u32, String)> {
		let calm = (from..from + 1_000).map(|at| (at, at % 20, at % 3, "SF", 400 + at % 97));
		let scan = (0..200).map(|step| (from + 1_000 + step / 20, 66, step, "S0", 0));
		calm.chain(scan)
			.map(|(at, source, target, state, bytes)| {
				let line = format!(
					r#"{{"ts":{at}.5,"uid":"C","id.orig_h":"10.0.0.{source}","id.resp_h":"10.0.1.{target}","id.resp_p":80,"proto":"tcp","conn_state":"{state}","orig_bytes":{bytes},"resp_bytes":{bytes}}}{}"#,
					'\n'
				);
				(at, line)
			})
			.collect()
	}

	fn text(lines: impl IntoIterator<Item = (u32, String)>) -> String {
		lines.into_iter().map(|(_, line)| line).collect()
	}

	#[test]
	fn logs_read_together_are_watched_in_the_order_of_time() {
		let (one, two) = (Bench::new(), Bench::new());
		let all = scan(0);
		fs::write(one.path("conn.log"), text(all.clone())).unwrap();
		one.events(&["conn.log"]);
		// Two sensors that saw every other second.
		let (even, odd): (Vec<_>, Vec<_>) = all.into_iter().partition(|(at, _)| at % 2 == 0);
		fs::write(two.path("a.log"), text(even)).unwrap();
		fs::write(two.path("b.log"), text(odd)).unwrap();
		let paths = [two.path("b.log"), two.path("a.log")];
		let logs = [(paths[0].as_path(), Format::Zeek), (paths[1].as_path(), Format::Zeek)];
		let mut replay = two.open();
		replay.read(&logs, &mut |_| {}).unwrap();
		let report = one.open().report();
		assert_eq!(report.alerts.len(), 1);
		assert_eq!(replay.report(), report);
		assert_eq!(two.open().report(), report, "every position was kept");
		replay.read(&logs, &mut |_| {}).unwrap();
		assert_eq!(replay.report(), report);
	}

	#[test]
	fn a_sigma_rule_raises_one_alert_however_often_it_is_read_again() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..25)).unwrap();
		let mut knowledge = Knowledge::default();
		knowledge
			.rules
			.add(
				"title: Plain web\nid: web\nlevel: high\ntags: [attack.t1071.001]\n\
				 logsource: {product: zeek, service: conn}\n\
				 detection: {port: {id.resp_p: 80}, condition: port}\n",
			)
			.unwrap();
		let knowledge = Arc::new(knowledge);
		for _ in 0..2 {
			let mut replay = bench.open();
			replay.use_knowledge(knowledge.clone());
			replay.read(&[(&bench.path("conn.log"), Format::Zeek)], &mut |_| {}).unwrap();
			let report = replay.report();
			let [alert] = report.alerts.as_slice() else { panic!("{report:?}") };
			assert_eq!((report.events, alert.flagged), (25, 25));
			assert_eq!(
				(alert.entity.as_str(), alert.technique.as_deref()),
				("10.0.0.1", Some("T1071.001"))
			);
		}
	}

	#[test]
	fn other_hardware_behind_a_known_address_is_one_alert_and_a_persons_word_is_kept() {
		let bench = Bench::new();
		let hardware = |text: &str, hardware: &str| {
			text.replace("\"proto\"", &format!("\"orig_l2_addr\":\"{hardware}\",\"proto\""))
		};
		let log = hardware(&lines(0..20), "84:3A") + &hardware(&lines(20..25), "d8:9e");
		fs::write(bench.path("conn.log"), log).unwrap();
		let mut knowledge = Knowledge::default();
		knowledge.bindings.learn("10.0.0.1", "84:3a");
		let mut replay = bench.open();
		replay.use_knowledge(Arc::new(knowledge));
		replay.read(&[(&bench.path("conn.log"), Format::Zeek)], &mut |_| {}).unwrap();
		let report = replay.report();
		let [alert] = report.alerts.as_slice() else { panic!("{report:?}") };
		assert_eq!((alert.flagged, alert.technique.as_deref()), (5, Some("T1557")));
		let numbers = |replay: &Replay| replay.snapshots().unwrap().len();
		let before = numbers(&replay);
		assert!(!replay.feedback("flow-none-0", Feedback::Confirm).unwrap());
		assert_eq!(numbers(&replay), before, "nothing changed");
		assert!(replay.feedback(&alert.id, Feedback::Dismiss).unwrap());
		assert!(bench.open().report().alerts.is_empty(), "it is kept");
	}

	#[test]
	fn what_was_glanced_at_is_committed_by_the_next_read_and_read_again_after_a_crash() {
		let bench = Bench::new();
		let path = bench.path("conn.log");
		let logs = [(path.as_path(), Format::Zeek)];
		fs::write(&path, lines(0..50)).unwrap();
		let mut replay = bench.open();
		replay.read(&logs, &mut |_| {}).unwrap();
		fs::write(&path, lines(0..53) + "broken\n").unwrap();
		replay.glance(&logs).unwrap();
		replay.glance(&logs).unwrap();
		assert_eq!((replay.report().events, replay.report().malformed.count), (53, 1));
		assert_eq!(bench.open().report().events, 50, "a crash goes back to the commit");
		let mut kept = 0;
		replay.read(&logs, &mut |_| kept += 1).unwrap();
		assert_eq!(kept, 1, "nothing is new, and yet there is something to keep");
		assert_eq!(bench.open().report(), replay.report());
		replay.read(&logs, &mut |_| kept += 1).unwrap();
		assert_eq!(kept, 1);
	}

	/// Leaves names readable.
	struct Open;

	impl crate::pseudonym::IdentitySeal for Open {
		fn seal(&self, _code: &str, name: &str) -> Result<Vec<u8>, ThreatsError> {
			Ok(name.into())
		}
	}

	#[test]
	fn no_name_is_in_the_state_and_the_sealed_one_goes_when_its_time_is_over() {
		let bench = Bench::new();
		fs::write(bench.path("access.ndjson"), audit(40)).unwrap();
		let pseudonyms = || Pseudonyms::new(&[1; 32]).sealed_with(Box::new(Open));
		let read = |pseudonyms: Pseudonyms| {
			let mut replay = bench.open();
			replay.use_pseudonyms(pseudonyms);
			let path = bench.path("access.ndjson");
			replay.read(&[(&path, Format::FhirAudit)], &mut |_| {}).unwrap();
			replay
		};
		let mut replay = read(Pseudonyms::new(&[1; 32]));
		let states = bench.path("states");
		let holds = |text: &str| {
			let files = fs::read_dir(&states).unwrap().map(|entry| fs::read(entry.unwrap().path()));
			let found =
				|bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
			files.map(Result::unwrap).any(found)
		};
		assert!(!holds("staff-3\"") && !holds("Patient/"), "neither staff nor patients");
		let code = pseudonyms().staff_code("staff-3");
		let alerts = replay.report().alerts;
		assert!(alerts.iter().any(|alert| alert.entity == code), "{alerts:?}");
		assert_eq!(Replay::sealed_name(&states, None, &code).unwrap(), None);

		fs::remove_dir_all(&states).unwrap();
		replay = read(pseudonyms());
		assert_eq!(Replay::sealed_name(&states, None, &code).unwrap(), Some(b"staff-3".to_vec()));
		let last = alerts.iter().map(|alert| alert.last).max().unwrap();
		let long_ago = SystemTime::UNIX_EPOCH;
		let later = last + 30 * 86_400_000;
		let mut forget = |before, keeps_alerts: bool, keeps: &dyn Fn(&str) -> bool| {
			replay.forget_staff(before, |_| keeps_alerts, keeps, long_ago).unwrap()
		};
		let ended = alerts.iter().filter(|alert| alert.last < last).count();
		assert_eq!(forget(last, false, &|_| true), ended, "those that ended before");
		assert_eq!(forget(later, true, &|_| false), 7, "names without an alert");
		let left = alerts.len() - ended;
		assert_eq!(forget(later, false, &|one| one == code), left, "the alerts alone");
		assert!(Replay::sealed_name(&states, None, &code).unwrap().is_some());
		assert_eq!(forget(later, false, &|_| false), 1);
		assert_eq!(Replay::sealed_name(&states, None, &code).unwrap(), None);
		assert!(bench.open().report().alerts.is_empty(), "it was committed");
		assert!(replay.snapshots().unwrap().len() > 1);
		replay.forget_staff(later, |_| false, |_| false, SystemTime::now()).unwrap();
		assert_eq!(replay.snapshots().unwrap().len(), 1, "earlier states go too");
	}

	#[test]
	fn one_log_under_two_names_at_once_is_read_once() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..50)).unwrap();
		fs::copy(bench.path("conn.log"), bench.path("copy.log")).unwrap();
		let paths = [bench.path("conn.log"), bench.path("copy.log")];
		let logs = [(paths[0].as_path(), Format::Zeek), (paths[1].as_path(), Format::Zeek)];
		let mut replay = bench.open();
		replay.read(&logs, &mut |_| {}).unwrap();
		assert_eq!(replay.report().events, 50);
	}

	fn compressed(text: &str) -> Vec<u8> {
		use std::io::Write;
		let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
		encoder.write_all(text.as_bytes()).unwrap();
		encoder.finish().unwrap()
	}

	#[test]
	fn a_log_that_was_compressed_is_known_and_its_unread_end_is_read() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..60)).unwrap();
		assert_eq!(bench.events(&["conn.log"]), 60);
		fs::remove_file(bench.path("conn.log")).unwrap();
		fs::write(bench.path("conn.log.1.gz"), compressed(&lines(0..90))).unwrap();
		fs::write(bench.path("conn.log"), lines(90..95)).unwrap();
		assert_eq!(bench.events(&["conn.log", "conn.log.1.gz"]), 95);
		assert_eq!(bench.events(&["conn.log.1.gz", "conn.log"]), 95);
	}

	#[test]
	fn a_compressed_log_that_breaks_off_is_named_once_and_read_on_when_it_is_whole() {
		let bench = Bench::new();
		let whole = compressed(&lines(0..5_000));
		let log = bench.path("conn.log.gz");
		fs::write(&log, &whole[..whole.len() / 2]).unwrap();
		let part = bench.events(&["conn.log.gz"]);
		assert!(part > 100 && part < 5_000, "{part}");
		assert_eq!(bench.events(&["conn.log.gz"]), part);
		assert_eq!(bench.open().report().malformed.count, 1);
		fs::write(&log, &whole).unwrap();
		assert_eq!(bench.events(&["conn.log.gz"]), 5_000);
		assert_eq!(bench.open().report().malformed.count, 1);
	}

	#[test]
	fn under_another_configuration_it_learns_anew_and_keeps_positions_and_alerts() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), text(scan(0))).unwrap();
		bench.events(&["conn.log"]);
		let before = bench.open();
		assert!(!before.learns_anew());
		let config = Config { confirmations: 9, ..Config::default() };
		let mut after = Replay::open(&bench.path("states"), &config, 10, 4, None).unwrap();
		after.read(&[(&bench.path("conn.log"), Format::Zeek)], &mut |_| {}).unwrap();
		assert!(after.learns_anew());
		assert_eq!(after.watcher.learned(), [0; 5]);
		let (before, after) = (before.report(), after.report());
		assert_eq!((before.events, &before.alerts), (after.events, &after.alerts));
		assert_eq!(before.alerts.len(), 1);
	}

	/// Turns every bit around.
	struct Inverse;

	impl Seal for Inverse {
		fn seal(&self, state: &[u8]) -> Result<Vec<u8>, ThreatsError> {
			Ok(state.iter().map(|byte| !byte).collect())
		}

		fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, ThreatsError> {
			self.seal(sealed)
		}
	}

	#[test]
	fn a_sealed_state_shows_nothing_and_goes_on() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), text(scan(0))).unwrap();
		let states = bench.path("states");
		let open = |seal| Replay::open(&states, &Config::default(), 10, 4, seal);
		let sealed = || open(Some(Box::new(Inverse)));
		let mut replay = sealed().unwrap();
		replay.read(&[(&bench.path("conn.log"), Format::Zeek)], &mut |_| {}).unwrap();
		for entry in fs::read_dir(&states).unwrap() {
			let bytes = fs::read(entry.unwrap().path()).unwrap();
			assert!(!bytes.windows(9).any(|window| window == b"10.0.0.66"));
		}
		assert_eq!(sealed().unwrap().report(), replay.report());
		let first = replay.snapshots().unwrap()[0].number;
		replay.revert_model(first).unwrap();
		assert!(open(None).is_err());
	}

	#[test]
	fn going_back_to_an_earlier_model_forgets_what_was_learned_since_and_no_position() {
		let bench = Bench::new();
		fs::write(bench.path("conn.log"), lines(0..600)).unwrap();
		let mut replay =
			Replay::open(&bench.path("states"), &Config::default(), 10, 1_000, None).unwrap();
		replay.read(&[(&bench.path("conn.log"), Format::Zeek)], &mut |_| {}).unwrap();
		let earlier = replay.snapshots().unwrap()[0].number;
		let learned = replay.watcher.learned();
		replay.revert_model(earlier).unwrap();
		assert!(replay.watcher.learned() < learned);
		assert_eq!(bench.events(&["conn.log"]), 600);
		assert_eq!(bench.open().watcher.learned(), replay.watcher.learned());
		assert!(replay.revert_model(earlier + 100).is_err());
	}
}
