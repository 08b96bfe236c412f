//! How far a transfer is, for whoever waits for it.

use crate::Client;
use curex_primitives::{transfer::Part, ExchangeId};
use serde::Serialize;
use std::{
	io::{self, Read},
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
};

/// What is being done with a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
	/// It is sealed to the recipient.
	Sealing,
	/// It goes to the node.
	Sending,
	/// The node fetches it from the partner's. Told in whole chunks.
	Fetching,
	/// It comes from the node.
	Taking,
	/// It is opened.
	Opening,
}

/// How far the payload of an exchange is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Progress {
	/// The exchange.
	pub exchange: ExchangeId,
	/// What is being done.
	pub stage: Stage,
	/// Bytes that are done; never more than `total`, and never fewer than were told before of the same attempt.
	pub done: u64,
	/// Bytes of the whole: of the ciphertext, and of the plaintext while it is sealed.
	pub total: u64,
}

impl Progress {
	/// Hundredths that are done, rounded down.
	pub const fn percent(&self) -> u64 {
		match (self.done as u128 * 100).checked_div(self.total as u128) {
			Some(percent) => percent as u64,
			None => 100,
		}
	}
}

/// Who is told how far transfers are.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// Counts the bytes of one stage, and tells the watcher.
pub(crate) struct Meter {
	watcher: Option<Watcher>,
	exchange: ExchangeId,
	stage: Stage,
	done: AtomicU64,
	total: u64,
}

impl Client {
	/// A meter of a part; only payloads are worth telling of.
	pub(crate) fn meter(
		&self,
		exchange: ExchangeId,
		part: Part,
		stage: Stage,
		total: u64,
	) -> Meter {
		let watcher = self.watcher().filter(|_| part == Part::Payload).cloned();
		Meter { watcher, exchange, stage, done: AtomicU64::new(0), total }
	}
}

impl Meter {
	/// A meter that tells nobody.
	pub(super) fn silent() -> Self {
		let (exchange, stage) = (ExchangeId([0; 32]), Stage::Sealing);
		Self { watcher: None, exchange, stage, done: AtomicU64::new(0), total: 0 }
	}

	/// So many bytes more are done.
	pub(super) fn add(&self, bytes: u64) {
		let before = self.done.fetch_add(bytes, Ordering::Relaxed);
		self.tell(before.saturating_add(bytes));
	}

	/// So many bytes are done.
	pub(super) fn at(&self, done: u64) {
		let before = self.done.fetch_max(done, Ordering::Relaxed);
		self.tell(before.max(done));
	}

	fn tell(&self, done: u64) {
		if let Some(watcher) = &self.watcher {
			let Self { exchange, stage, total, .. } = *self;
			watcher(Progress { exchange, stage, done: done.min(total), total });
		}
	}

	/// What is read from `source` counts.
	pub(super) fn reading<R>(&self, source: R) -> Metered<'_, R> {
		Metered { source, meter: self }
	}
}

/// A reader whose bytes are counted.
pub(super) struct Metered<'a, R> {
	source: R,
	meter: &'a Meter,
}

impl<R: Read> Read for Metered<'_, R> {
	fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
		let read = self.source.read(bytes)?;
		self.meter.add(read as u64);
		Ok(read)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::Mutex;

	fn meter(total: u64) -> (Meter, Arc<Mutex<Vec<u64>>>) {
		let told = Arc::new(Mutex::new(Vec::new()));
		let listener = told.clone();
		let watcher: Watcher =
			Arc::new(move |progress| listener.lock().unwrap().push(progress.percent()));
		let silent = Meter::silent();
		(Meter { watcher: Some(watcher), total, ..silent }, told)
	}

	#[test]
	fn what_is_read_is_told_in_hundredths() {
		let (meter, told) = meter(200);
		let mut reader = meter.reading(&[7; 200][..]);
		for _ in 0..4 {
			reader.read_exact(&mut [0; 50]).unwrap();
		}
		assert_eq!(*told.lock().unwrap(), [25, 50, 75, 100]);
	}

	#[test]
	fn progress_never_goes_back_nor_beyond_the_whole() {
		let (meter, told) = meter(10);
		for done in [3, 2, 30] {
			meter.at(done);
		}
		assert_eq!(*told.lock().unwrap(), [30, 30, 100]);
		let nothing = Progress { total: 0, ..progress(u64::MAX, u64::MAX) };
		assert_eq!(nothing.percent(), 100, "nothing is done at once");
		assert_eq!(progress(u64::MAX - 1, u64::MAX).percent(), 99);
	}

	fn progress(done: u64, total: u64) -> Progress {
		Progress { exchange: ExchangeId([1; 32]), stage: Stage::Taking, done, total }
	}
}
