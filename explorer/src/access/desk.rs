//! Where people sign in: challenges that are good once, sessions that end, and how often somebody may ask.
//!
//! Nothing of it outlives the program. A token is kept as its hash alone.

use super::QueryLog;
use crate::Error;
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::{
	collections::HashMap,
	net::IpAddr,
	sync::{Mutex, MutexGuard},
};

/// A challenge is good for so long, in milliseconds.
const CHALLENGE_LIFE: u64 = 5 * 60_000;

/// A ticket that opens a session in a browser is good for so long.
const TICKET_LIFE: u64 = 2 * 60_000;

/// A session ends after so long.
pub const SESSION_LIFE: u64 = 8 * 3_600_000;

/// A session ends after so long without a question.
const SESSION_REST: u64 = 30 * 60_000;

/// The most sessions of one account; the oldest ends when one more begins.
const SESSIONS_OF_ACCOUNT: usize = 8;

/// So many requests an account or, without one, an address may send at once, …
const BURST: u32 = 120;

/// … and so many milliseconds later it may send one more.
const PER_REQUEST: u64 = 500;

/// The most places of which requests are counted; beyond, the ones that asked longest ago are forgotten.
const MAX_COUNTED: usize = 16 * 1024;

/// A secret of 32 bytes that a client shows.
pub(super) type Secret = [u8; 32];

/// Where people sign in.
pub struct Desk {
	/// Authenticates challenges, so that none has to be kept.
	key: Secret,
	log: QueryLog,
	state: Mutex<State>,
}

#[derive(Default)]
struct State {
	sessions: HashMap<Secret, Session>,
	/// Tickets by their hash: whose, and until when.
	tickets: HashMap<Secret, ([u8; 32], u64)>,
	/// Challenges that were answered, until they would have ended.
	answered: HashMap<Secret, u64>,
	buckets: HashMap<Whom, Bucket>,
}

struct Session {
	account: [u8; 32],
	until: u64,
	asked: u64,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Whom {
	/// A delegate's, in all sessions.
	Account([u8; 32]),
	/// Those of an address, of people who are not signed in.
	Address(IpAddr),
}

struct Bucket {
	left: u32,
	filled: u64,
}

impl Desk {
	/// A desk that writes down what is asked.
	pub fn new(log: QueryLog) -> Self {
		Self { key: secret(), log, state: Mutex::default() }
	}

	/// The log of what was asked.
	pub fn log(&self) -> &QueryLog {
		&self.log
	}

	/// A new challenge: a random number, when it ends, and the desk's mark on both.
	pub fn challenge(&self, now: u64) -> String {
		let mut random = [0; 16];
		rand::rng().fill_bytes(&mut random);
		let until = now + CHALLENGE_LIFE;
		let mark = self.mark(&random, until).finalize().into_bytes();
		format!("{}.{until}.{}", hex::encode(random), hex::encode(mark))
	}

	/// Takes a challenge that was answered rightly. It is good once.
	///
	/// # Errors
	/// [`Error::Refused`] when it is not from this desk, has ended, or was answered before.
	pub fn take_challenge(&self, challenge: &str, now: u64) -> Result<(), Error> {
		let refused =
			|| Error::Refused("the challenge has ended or was used; ask for a new one".into());
		let parts: Vec<&str> = challenge.split('.').collect();
		let [random, until, mark] = parts.as_slice() else { return Err(refused()) };
		let until_text = until;
		let (mut random_bytes, mut mark_bytes) = ([0; 16], [0; 32]);
		let until: u64 = until.parse().map_err(|_| refused())?;
		hex::decode_to_slice(random, &mut random_bytes).map_err(|_| refused())?;
		hex::decode_to_slice(mark, &mut mark_bytes).map_err(|_| refused())?;
		// One form alone, or one challenge could be answered in several.
		let is_plain = hex::encode(random_bytes) == *random && until.to_string() == **until_text;
		let is_own = self.mark(&random_bytes, until).verify_slice(&mark_bytes).is_ok();
		if !is_plain || !is_own || until < now {
			return Err(refused());
		}
		let mut state = self.locked()?;
		state.answered.retain(|_, until| *until >= now);
		match state.answered.insert(mark_bytes, until) {
			None => Ok(()),
			Some(_) => Err(refused()),
		}
	}

	fn mark(&self, random: &[u8; 16], until: u64) -> Hmac<Sha256> {
		let mut mark = <Hmac<Sha256> as Mac>::new_from_slice(&self.key)
			.expect("HMAC takes keys of any length (RFC 2104); qed");
		mark.update(random);
		mark.update(&until.to_le_bytes());
		mark
	}

	/// Begins a session of an account whose signature was checked. Returns its token.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn begin(&self, account: [u8; 32], now: u64) -> Result<String, Error> {
		let mut state = self.locked()?;
		state.sessions.retain(|_, session| session.is_alive(now));
		let mut own: Vec<(u64, Secret)> = state
			.sessions
			.iter()
			.filter(|(_, session)| session.account == account)
			.map(|(hash, session)| (session.until, *hash))
			.collect();
		own.sort_unstable();
		for (_, hash) in own.iter().take((own.len() + 1).saturating_sub(SESSIONS_OF_ACCOUNT)) {
			state.sessions.remove(hash);
		}
		let token = secret();
		let session = Session { account, until: now + SESSION_LIFE, asked: now };
		state.sessions.insert(hash_of(&token), session);
		Ok(hex::encode(token))
	}

	/// The account of a session that is alive.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn account(&self, token: &str, now: u64) -> Result<Option<[u8; 32]>, Error> {
		let Some(hash) = hash_of_text(token) else { return Ok(None) };
		let mut state = self.locked()?;
		Ok(state.sessions.get_mut(&hash).filter(|session| session.is_alive(now)).map(|session| {
			session.asked = now;
			session.account
		}))
	}

	/// Ends a session.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn end(&self, token: &str) -> Result<(), Error> {
		if let Some(hash) = hash_of_text(token) {
			self.locked()?.sessions.remove(&hash);
		}
		Ok(())
	}

	/// A ticket with which a browser begins a session of its own.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn ticket(&self, account: [u8; 32], now: u64) -> Result<String, Error> {
		let mut state = self.locked()?;
		state.tickets.retain(|_, (_, until)| *until >= now);
		let ticket = secret();
		state.tickets.insert(hash_of(&ticket), (account, now + TICKET_LIFE));
		Ok(hex::encode(ticket))
	}

	/// Whose ticket this is; with `take` it is used up.
	///
	/// # Errors
	/// [`Error::Refused`] when there is no such ticket any more.
	pub fn ticket_of(&self, ticket: &str, take: bool, now: u64) -> Result<[u8; 32], Error> {
		let hash = hash_of_text(ticket).unwrap_or_default();
		let mut state = self.locked()?;
		let found = state.tickets.get(&hash).copied().filter(|(_, until)| *until >= now);
		if take {
			state.tickets.remove(&hash);
		}
		found
			.map(|(account, _)| account)
			.ok_or_else(|| Error::Refused("this link was used or has ended; sign in again".into()))
	}

	/// Counts a request.
	///
	/// # Errors
	/// [`Error::TooMany`] when there were too many lately.
	pub fn count(&self, whom: Whom, now: u64) -> Result<(), Error> {
		let mut state = self.locked()?;
		if state.buckets.len() >= MAX_COUNTED && !state.buckets.contains_key(&whom) {
			let full = u64::from(BURST) * PER_REQUEST;
			state.buckets.retain(|_, bucket| now < bucket.filled.saturating_add(full));
			if state.buckets.len() >= MAX_COUNTED {
				// Whoever makes so many addresses shall not make the others forgotten.
				return Err(Error::TooMany);
			}
		}
		let bucket = state.buckets.entry(whom).or_insert(Bucket { left: BURST, filled: now });
		let more = now.saturating_sub(bucket.filled) / PER_REQUEST;
		bucket.filled += more * PER_REQUEST;
		bucket.left = u32::try_from(more).unwrap_or(BURST).saturating_add(bucket.left).min(BURST);
		bucket.left = bucket.left.checked_sub(1).ok_or(Error::TooMany)?;
		Ok(())
	}

	fn locked(&self) -> Result<MutexGuard<'_, State>, Error> {
		self.state.lock().map_err(|_| Error::Damaged("the sessions".into()))
	}
}

impl Session {
	fn is_alive(&self, now: u64) -> bool {
		now < self.until && now < self.asked + SESSION_REST
	}
}

pub(super) fn secret() -> Secret {
	let mut bytes = [0; 32];
	rand::rng().fill_bytes(&mut bytes);
	bytes
}

pub(super) fn hash_of(secret: &Secret) -> Secret {
	Sha256::digest(secret).into()
}

pub(super) fn hash_of_text(text: &str) -> Option<Secret> {
	let mut bytes = [0; 32];
	hex::decode_to_slice(text, &mut bytes).ok()?;
	Some(hash_of(&bytes))
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: [u8; 32] = [1; 32];

	fn desk() -> (tempfile::TempDir, Desk) {
		let folder = tempfile::tempdir().unwrap();
		let log = QueryLog::open(&folder.path().join("queries.sqlite")).unwrap();
		(folder, Desk::new(log))
	}

	#[test]
	fn a_challenge_is_good_once_for_a_while_and_at_its_desk() {
		let ((_folder, desk), (_other_folder, other)) = (desk(), desk());
		let challenge = desk.challenge(1_000);
		assert!(other.take_challenge(&challenge, 1_000).is_err());
		assert!(desk.take_challenge(&challenge, 1_000 + CHALLENGE_LIFE + 1).is_err());
		for wrong in [
			challenge.replace("301000", "999999"),
			challenge.to_uppercase(),
			format!("{challenge}.x"),
			challenge[..40].into(),
			String::new(),
		] {
			assert!(desk.take_challenge(&wrong, 1_000).is_err(), "{wrong}");
		}
		assert!(desk.take_challenge(&challenge, 1_000).is_ok());
		assert!(desk.take_challenge(&challenge, 1_000).is_err());
		assert_ne!(desk.challenge(1_000), desk.challenge(1_000));
	}

	#[test]
	fn a_session_ends_by_time_by_rest_and_by_hand() {
		let (_folder, desk) = desk();
		let token = desk.begin(ALICE, 0).unwrap();
		assert_eq!(desk.account(&token, 1).unwrap(), Some(ALICE));
		assert_eq!(desk.account(&"0".repeat(64), 1).unwrap(), None);
		assert_eq!(desk.account("rubbish", 1).unwrap(), None);
		assert_eq!(desk.account(&token, 2 + SESSION_REST).unwrap(), None);
		let token = desk.begin(ALICE, 0).unwrap();
		let mut now = 0;
		while now + SESSION_REST / 2 < SESSION_LIFE {
			now += SESSION_REST / 2;
			assert_eq!(desk.account(&token, now).unwrap().is_some(), now < SESSION_LIFE);
		}
		assert_eq!(desk.account(&token, SESSION_LIFE).unwrap(), None);
		let token = desk.begin(ALICE, 0).unwrap();
		desk.end(&token).unwrap();
		assert_eq!(desk.account(&token, 1).unwrap(), None);
	}

	#[test]
	fn an_account_has_few_sessions_and_the_oldest_goes_first() {
		let (_folder, desk) = desk();
		let tokens: Vec<String> =
			(0..=SESSIONS_OF_ACCOUNT).map(|at| desk.begin(ALICE, at as u64).unwrap()).collect();
		assert_eq!(desk.account(&tokens[0], 20).unwrap(), None);
		assert!(tokens[1..].iter().all(|token| desk.account(token, 20).unwrap().is_some()));
	}

	#[test]
	fn a_ticket_opens_once_and_soon() {
		let (_folder, desk) = desk();
		let ticket = desk.ticket(ALICE, 0).unwrap();
		assert_eq!(desk.ticket_of(&ticket, false, 1).unwrap(), ALICE);
		assert_eq!(desk.ticket_of(&ticket, true, 1).unwrap(), ALICE);
		assert!(desk.ticket_of(&ticket, true, 1).is_err());
		let late = desk.ticket(ALICE, 0).unwrap();
		assert!(desk.ticket_of(&late, true, TICKET_LIFE + 1).is_err());
		assert!(desk.ticket_of("", true, 0).is_err());
	}

	#[test]
	fn who_asks_without_pause_has_to_wait_and_nobody_else() {
		let (_folder, desk) = desk();
		let (alice, other) = (Whom::Account(ALICE), Whom::Address([127, 0, 0, 1].into()));
		for _ in 0..BURST {
			desk.count(alice, 0).unwrap();
		}
		assert!(matches!(desk.count(alice, PER_REQUEST - 1), Err(Error::TooMany)));
		desk.count(other, 0).unwrap();
		desk.count(alice, PER_REQUEST).unwrap();
		assert!(desk.count(alice, PER_REQUEST).is_err());
		for _ in 0..BURST {
			desk.count(alice, 1_000_000).unwrap();
		}
		assert!(desk.count(alice, 1_000_000).is_err());
	}
}
