//! Visits of patients: whoever shows a code of a consent's receipt sees that consent for a while, or withdraws it.
//!
//! A visit is a cookie. The code itself is kept nowhere once it has opened a visit; one that withdraws is kept until the
//! withdrawal is confirmed, for some minutes at most, in memory alone. Nothing of it is written down.

use super::desk::{hash_of, hash_of_text, secret, Secret};
use crate::{ledger::Progress, Error};
use curex_client::receipt::WithdrawalCode;
use curex_primitives::{Consent, ConsentId};
use std::{
	collections::HashMap,
	net::IpAddr,
	sync::{Mutex, MutexGuard},
};

/// A visit ends after so long, in milliseconds.
pub const VISIT_LIFE: u64 = 15 * 60_000;

/// A withdrawal is confirmed within so long.
const CONFIRMATION_LIFE: u64 = 5 * 60_000;

/// The most visits at once.
const MOST_VISITS: usize = 4_096;

/// So many codes may be shown from one address at once, …
const BURST: u32 = 20;

/// … and so many milliseconds later one more. Codes cannot be guessed (256 bits); this spares the node.
const PER_CODE: u64 = 6_000;

/// The most addresses of which codes are counted.
const MOST_COUNTED: usize = 4_096;

/// The visits that are under way.
#[derive(Default)]
pub struct Visits(Mutex<State>);

#[derive(Default)]
struct State {
	visits: HashMap<Secret, Kept>,
	/// By address: when its codes would all be given back.
	counted: HashMap<IpAddr, u64>,
}

struct Kept {
	visit: Visit,
	until: u64,
	/// What waits for its confirmation.
	waiting: Option<Waiting>,
}

struct Waiting {
	ticket: Secret,
	code: WithdrawalCode,
	until: u64,
}

/// A visit.
#[derive(Clone, Debug)]
pub struct Visit {
	/// The consent that was opened.
	pub consent: ConsentId,
	/// The consent as the ledger held it when the code was shown.
	pub record: Consent,
	/// What the code allows.
	pub stage: Stage,
}

/// What a visit is about.
#[derive(Clone, Debug)]
pub enum Stage {
	/// Somebody looks at what happened under the consent.
	Viewing,
	/// Somebody may confirm its withdrawal.
	Asked,
	/// Its withdrawal was confirmed.
	Withdrawing(Progress),
}

impl Visits {
	/// Counts a code that is shown from an address.
	///
	/// # Errors
	/// [`Error::TooMany`] when there were too many lately.
	pub fn count(&self, address: IpAddr, now: u64) -> Result<(), Error> {
		let mut state = self.locked()?;
		if state.counted.len() >= MOST_COUNTED {
			state.counted.retain(|_, full| *full > now);
			if state.counted.len() >= MOST_COUNTED && !state.counted.contains_key(&address) {
				return Err(Error::TooMany);
			}
		}
		let full = state.counted.entry(address).or_insert(now);
		let next = (*full).max(now) + PER_CODE;
		if next > now + u64::from(BURST) * PER_CODE {
			return Err(Error::TooMany);
		}
		*full = next;
		Ok(())
	}

	/// Begins a visit of somebody who may look. Returns its token.
	///
	/// # Errors
	/// [`Error::TooMany`] when too many are under way.
	pub fn view(&self, consent: ConsentId, record: Consent, now: u64) -> Result<String, Error> {
		self.begin(Visit { consent, record, stage: Stage::Viewing }, None, now)
	}

	/// Begins a visit of somebody who may withdraw and has to confirm it. Returns its token.
	///
	/// # Errors
	/// [`Error::TooMany`] when too many are under way.
	pub fn ask(
		&self,
		consent: ConsentId,
		record: Consent,
		code: WithdrawalCode,
		now: u64,
	) -> Result<String, Error> {
		let waiting = Waiting { ticket: secret(), code, until: now + CONFIRMATION_LIFE };
		self.begin(Visit { consent, record, stage: Stage::Asked }, Some(waiting), now)
	}

	fn begin(&self, visit: Visit, waiting: Option<Waiting>, now: u64) -> Result<String, Error> {
		let mut state = self.locked()?;
		state.visits.retain(|_, kept| kept.until > now);
		if state.visits.len() >= MOST_VISITS {
			return Err(Error::TooMany);
		}
		let token = secret();
		let kept = Kept { visit, until: now + VISIT_LIFE, waiting };
		state.visits.insert(hash_of(&token), kept);
		Ok(hex::encode(token))
	}

	/// The visit with this token, and the ticket that confirms its withdrawal, if one waits.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn get(&self, token: &str, now: u64) -> Result<Option<(Visit, Option<String>)>, Error> {
		let mut state = self.locked()?;
		for kept in state.visits.values_mut() {
			// A code that nobody confirmed is forgotten.
			kept.waiting = kept.waiting.take().filter(|waiting| waiting.until > now);
		}
		let found = hash_of_text(token).and_then(|hash| state.visits.get(&hash));
		Ok(found.filter(|kept| kept.until > now).map(|kept| {
			let ticket = kept.waiting.as_ref().map(|waiting| hex::encode(waiting.ticket));
			(kept.visit.clone(), ticket)
		}))
	}

	/// Takes the code of a withdrawal that is confirmed with its ticket, once. Its outcome shows in the progress.
	///
	/// # Errors
	/// [`Error::Refused`] when nothing waits for this ticket any more.
	pub fn confirm(
		&self,
		token: &str,
		ticket: &str,
		now: u64,
	) -> Result<(ConsentId, WithdrawalCode, Progress), Error> {
		let refused = || Error::Refused("this confirmation has ended; show the code again".into());
		let mut state = self.locked()?;
		let kept = hash_of_text(token)
			.and_then(|hash| state.visits.get_mut(&hash))
			.filter(|kept| kept.until > now)
			.ok_or_else(refused)?;
		let is_meant = kept.waiting.as_ref().is_some_and(|waiting| {
			waiting.until > now && hash_of_text(ticket) == Some(hash_of(&waiting.ticket))
		});
		let waiting = kept.waiting.take_if(|_| is_meant).ok_or_else(refused)?;
		let progress = Progress::default();
		kept.visit.stage = Stage::Withdrawing(progress.clone());
		Ok((kept.visit.consent, waiting.code, progress))
	}

	/// Ends a visit.
	///
	/// # Errors
	/// [`Error::Damaged`] after a fault of the program.
	pub fn end(&self, token: &str) -> Result<(), Error> {
		if let Some(hash) = hash_of_text(token) {
			self.locked()?.visits.remove(&hash);
		}
		Ok(())
	}

	fn locked(&self) -> Result<MutexGuard<'_, State>, Error> {
		self.0.lock().map_err(|_| Error::Damaged("the visits".into()))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn record() -> Consent {
		crate::ledger::tests::consent().1
	}

	fn code() -> WithdrawalCode {
		WithdrawalCode([7; 32])
	}

	#[test]
	fn a_withdrawal_is_confirmed_once_with_its_ticket_in_its_visit_and_soon() {
		let visits = Visits::default();
		let id = ConsentId([1; 32]);
		let token = visits.ask(id, record(), code(), 0).unwrap();
		let other = visits.ask(id, record(), code(), 0).unwrap();
		let (_, ticket) = visits.get(&token, 1).unwrap().unwrap();
		let ticket = ticket.unwrap();
		let (_, foreign) = visits.get(&other, 1).unwrap().unwrap();
		for (token, wrong) in
			[(&token, foreign.as_ref().unwrap()), (&token, &String::new()), (&other, &ticket)]
		{
			assert!(matches!(visits.confirm(token, wrong, 1), Err(Error::Refused(_))));
		}
		assert!(visits.confirm(&token, &ticket, CONFIRMATION_LIFE + 1).is_err());
		assert_eq!(visits.confirm(&token, &ticket, 1).unwrap().1, code());
		assert!(visits.confirm(&token, &ticket, 1).is_err(), "a second time");
		// What nobody confirms is forgotten before the visit ends.
		let (_, late) = visits.get(&other, CONFIRMATION_LIFE + 1).unwrap().unwrap();
		assert_eq!(late, None);
	}

	#[test]
	fn a_visit_ends_by_time_and_by_hand() {
		let visits = Visits::default();
		let token = visits.view(ConsentId([1; 32]), record(), 0).unwrap();
		assert!(visits.get(&token, VISIT_LIFE - 1).unwrap().is_some());
		assert!(visits.get(&token, VISIT_LIFE).unwrap().is_none());
		assert!(visits.get("rubbish", 0).unwrap().is_none());
		assert!(visits.confirm(&token, &token, 0).is_err(), "who views cannot withdraw");
		visits.end(&token).unwrap();
		assert!(visits.get(&token, 0).unwrap().is_none());
	}

	#[test]
	fn who_shows_codes_without_pause_has_to_wait_and_nobody_else() {
		let visits = Visits::default();
		let [one, other] = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
		for _ in 0..BURST {
			visits.count(one, 0).unwrap();
		}
		assert!(matches!(visits.count(one, 0), Err(Error::TooMany)));
		visits.count(other, 0).unwrap();
		visits.count(one, PER_CODE).unwrap();
		assert!(visits.count(one, PER_CODE).is_err());
	}
}
