//! What a work order makes the agent do: engines run, nothing is recorded.
//!
//! A task reads what was recorded before and returns an [`Outcome`]; only [`Store::record`](crate::Store::record)
//! writes, all of it in one transaction. A task that is interrupted has therefore done nothing, but for a watch: what
//! it has read stays read, and the alerts that came of it wait for the next watch.
//!
//! | module | engines | reports |
//! |---|---|---|
//! | [`discover`] | discovery, vulnerabilities | one inventory |
//! | [`watch`] | threats | one alert digest per new alert |
//! | [`survey`] | hygiene | one result per group with enough answers |
//! | [`assess`] | risk, safeguards | one assessment and, with a budget, one plan |

use std::sync::{Mutex, MutexGuard, PoisonError};

use curex_primitives::{Commitment, Moment, Task};
use tokio::runtime::Handle;

use crate::{store::Outcome, Config, Error, Store};

use watch::Watching;

pub mod assess;
pub mod discover;
pub mod planning;
pub mod situation;
pub mod survey;
pub mod watch;

/// Stands where a commitment will be.
const TO_BE_SEALED: Commitment = Commitment([0; 32]);

/// Whoever carries tasks out.
pub trait Engines {
	/// Carries a task out with what the store holds. Changes nothing there.
	///
	/// # Errors
	/// Why it could not be carried out; the order stays open.
	fn execute(&self, task: Task, store: &Store, now: Moment) -> Result<Outcome, Error>;

	/// What nobody ordered and should be recorded at once: alerts in logs that have grown. Often nothing.
	///
	/// # Errors
	/// Why the logs could not be looked at.
	fn glance(&self, _store: &Store, _now: Moment) -> Result<Option<Outcome>, Error> {
		Ok(None)
	}
}

/// The real engines, as the configuration has them.
pub struct Workshop {
	config: Config,
	runtime: Handle,
	/// The watch, while it goes on between orders.
	watching: Mutex<Option<Watching>>,
}

impl Workshop {
	/// Works with this configuration; network input and output run on `runtime`.
	pub fn new(config: Config, runtime: Handle) -> Self {
		Self { config, runtime, watching: Mutex::default() }
	}
}

impl Engines for Workshop {
	fn execute(&self, task: Task, store: &Store, now: Moment) -> Result<Outcome, Error> {
		match task {
			Task::Discover => discover::execute(&self.config, &self.runtime, store, now),
			Task::Watch => watch::execute(&self.config, store, &mut self.watching(), now),
			Task::Survey => survey::execute(&self.config, store, now),
			Task::Assess => assess::execute(&self.config, store, now),
		}
	}

	fn glance(&self, store: &Store, now: Moment) -> Result<Option<Outcome>, Error> {
		match self.config.watch_at_once {
			true => watch::glance(&self.config, store, &mut self.watching(), now),
			false => Ok(None),
		}
	}
}

impl Workshop {
	fn watching(&self) -> MutexGuard<'_, Option<Watching>> {
		// A watch that was interrupted by a panic was taken out before.
		self.watching.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// Reads a file of a task's inputs.
fn read_text(path: &std::path::Path) -> Result<String, Error> {
	std::fs::read_to_string(path).map_err(Error::io("reading", path))
}
