//! What protects staff whose accesses are watched: codes instead of names, two people to open one, times after which all of it
//! is deleted. `docs/staff-information.md` says it to those whom it concerns.

use std::{
	collections::HashMap,
	fs::OpenOptions,
	io::Write,
	os::unix::fs::OpenOptionsExt,
	path::{Path, PathBuf},
	time::{Duration, SystemTime},
};

use curex_client::{identity, EncryptionKey, KeyFile, Password};
use curex_primitives::{Moment, OrganisationId};
use curex_threats::{
	pseudonym::{IdentitySeal, Pseudonyms},
	snapshots::Seal,
	Alert, Replay, ThreatsError,
};
use serde::{de, Deserialize, Deserializer};
use serde_json::json;
use zeroize::Zeroizing;

use crate::{config::key_from, notices::Retention, Error, Store};

const DAY: Moment = 86_400_000;

/// Where every look at a name is written down, in the data folder.
const LOOK_UPS: &str = "staff-look-ups.ndjson";

/// How staff are protected.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Staff {
	/// Public encryption keys of the two people who open a name together; without them no name is kept.
	pub openers: Vec<OpenerKey>,
	/// Peers where the logs do not say them: CSV without a header, the name in the log and its unit.
	pub units: Option<PathBuf>,
	/// Days after which an alert is deleted that was dismissed,
	pub dismissed_days: u64,
	/// of which nobody has said anything,
	pub undecided_days: u64,
	/// or that was confirmed.
	pub confirmed_days: u64,
	/// Days after which an earlier state of the watch is deleted.
	pub states_days: u64,
}

impl Default for Staff {
	fn default() -> Self {
		Self {
			openers: Vec::new(),
			units: None,
			dismissed_days: 30,
			undecided_days: 90,
			confirmed_days: 365,
			states_days: 7,
		}
	}
}

/// A public X25519 key, `0x…` with 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenerKey(pub [u8; 32]);

impl<'de> Deserialize<'de> for OpenerKey {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		let wrong = || de::Error::custom("an opener's key has 64 hexadecimal digits after 0x");
		key_from(&text).map(Self).ok_or_else(wrong)
	}
}

impl Staff {
	pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
		match self.openers[..] {
			[] => {},
			[one, other] if one != other => {},
			_ => {
				let problem = "name the public keys of two people, or none".into();
				return Err(("staff.openers", problem));
			},
		}
		for (key, days) in [
			("staff.dismissed_days", self.dismissed_days),
			("staff.undecided_days", self.undecided_days),
			("staff.confirmed_days", self.confirmed_days),
			("staff.states_days", self.states_days),
		] {
			if !(1..=3_660).contains(&days) {
				return Err((key, format!("{days} is not between 1 and 3,660")));
			}
		}
		Ok(())
	}

	/// After what time alerts are deleted.
	pub fn retention(&self) -> Retention {
		Retention {
			dismissed: self.dismissed_days * DAY,
			undecided: self.undecided_days * DAY,
			confirmed: self.confirmed_days * DAY,
		}
	}

	/// How people become codes.
	pub(crate) fn pseudonyms(&self, store: &Store) -> Result<Pseudonyms, Error> {
		let mut pseudonyms = Pseudonyms::new(&*store.staff_key());
		if let Some(path) = &self.units {
			pseudonyms = pseudonyms.with_units(units(path)?);
		}
		if let [one, other] = self.openers[..] {
			let openers = [one.0, other.0];
			let organisation = store.organisation();
			pseudonyms = pseudonyms.sealed_with(Box::new(Openers { openers, organisation }));
		}
		Ok(pseudonyms)
	}

	/// Deletes from a watch what its time is over for; returns how much.
	pub(crate) fn clear(
		&self,
		replay: &mut Replay,
		store: &Store,
		now: Moment,
	) -> Result<usize, Error> {
		let needed = store.noticed_codes()?;
		let before = now.saturating_sub(self.undecided_days * DAY);
		let kept = Duration::from_millis(self.states_days * DAY);
		let states_before = SystemTime::now().checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH);
		let keeps_name = |code: &str| needed.contains(&store.staff_mark(code));
		// What is not recorded yet was not told to anybody.
		let keeps_alert = |alert: &Alert| !matches!(store.announced(&alert.id), Ok(Some(told)) if told >= alert.severity);
		Ok(replay.forget_staff(before, keeps_alert, keeps_name, states_before)?)
	}
}

fn units(path: &Path) -> Result<HashMap<String, String>, Error> {
	let wrong = |problem: String| Error::File { path: path.into(), problem };
	let mut reader = csv::ReaderBuilder::new()
		.has_headers(false)
		.from_path(path)
		.map_err(|error| wrong(error.to_string()))?;
	let mut units = HashMap::new();
	for record in reader.records() {
		let record = record.map_err(|error| wrong(error.to_string()))?;
		let (Some(name), Some(unit), 2) = (record.get(0), record.get(1), record.len()) else {
			return Err(wrong(
				"a line has other than two cells: the name in the log, its unit".into(),
			));
		};
		units.insert(name.trim().to_owned(), unit.trim().to_owned());
	}
	Ok(units)
}

/// Seals names to the two.
struct Openers {
	openers: [[u8; 32]; 2],
	organisation: OrganisationId,
}

impl IdentitySeal for Openers {
	fn seal(&self, code: &str, name: &str) -> Result<Vec<u8>, ThreatsError> {
		let code = identity::Code { organisation: self.organisation.0, code };
		identity::seal(&self.openers, code, name)
			.map_err(|error| ThreatsError::Identity { reason: error.to_string() })
	}
}

/// Unlocks the key file of one of the two.
///
/// # Errors
/// [`Error::Opener`].
pub fn unlock(key_file: &Path, password_file: &Path) -> Result<EncryptionKey, Error> {
	let key = Password::from_file(password_file)
		.and_then(|password| KeyFile::read(key_file)?.unlock_encryption_key(&password));
	key.map_err(Error::Opener)
}

/// Opens the name behind a code with the keys of both, and writes down before that it was done, when and why.
///
/// # Errors
/// [`Error::NotFound`] if no name is kept for the code, [`Error::Opener`] if the keys are not those of both, [`Error::Io`] if
/// it cannot be written down.
pub fn open_name(
	data: &Path,
	watch: &Path,
	store: &Store,
	keys: [&EncryptionKey; 2],
	code: &str,
	reason: &str,
	now: Moment,
) -> Result<Zeroizing<String>, Error> {
	let seal: &dyn Seal = &store.watch_seal();
	let sealed = Replay::sealed_name(watch, Some(seal), code)?
		.ok_or_else(|| Error::NotFound { what: format!("a sealed name of {code}") })?;
	let place = identity::Code { organisation: store.organisation().0, code };
	let name = identity::open(keys, place, &sealed).map_err(Error::Opener)?;
	let openers = keys.map(|key| format!("0x{}", hex::encode(key.public())));
	let line = json!({ "at": now, "code": code, "reason": reason, "openers": openers });
	let path = data.join(LOOK_UPS);
	let mut options = OpenOptions::new();
	options
		.append(true)
		.create(true)
		.mode(0o600)
		.open(&path)
		.and_then(|mut file| {
			file.write_all(format!("{line}\n").as_bytes())?;
			file.sync_all()
		})
		.map_err(Error::io("writing down a look-up in", &path))?;
	Ok(name)
}
