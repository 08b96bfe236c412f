//! Abuse case 64: whoever reads the ledger tries to join erasure orders with consents.
//!
//! A month of consents that end, of orders that follow from them, and of an adversary who sees every consent (its
//! handle, its holder, its grantee, the moment it ended) and everything about the orders: each handle, the transaction
//! it came in, who signed it and when. To its favour it is even told which handles mean something. Its success is
//! compared with guessing among the consents that could be meant.

use crate::{mock::*, Orders};
use curex_primitives::{
	erasure::{day_of, filing_day, DELAY_DAYS},
	ConsentId, ErasureId, OrganisationId, OrganisationKind, SLOTS,
};
use frame::testing_prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::collections::BTreeMap;

const DAYS: u32 = 30;
const HOSPITALS: u32 = 12;
/// Consents of a hospital that end on a day, at most.
const ENDINGS: u32 = 6;

/// A consent that ended, as everybody sees it.
#[derive(Clone)]
struct Ended {
	id: ConsentId,
	holder: OrganisationId,
	at: u64,
}

/// An order, as everybody sees it, and the consent behind it, which nobody sees.
struct Filed {
	order: ErasureId,
	filer: OrganisationId,
	at: u64,
	slot: usize,
	meant: ConsentId,
}

/// How a hospital's gateway files.
#[derive(Clone, Copy, PartialEq)]
enum Gateway {
	/// On a random later day, among handles that mean nothing: as the SDK does.
	Careful,
	/// On the next day, in the order of the endings: what the ledger cannot forbid.
	Hasty,
}

/// Lets a month pass on the ledger.
fn month(seed: u64, gateway: Gateway) -> (Vec<Ended>, Vec<Filed>) {
	let mut random = ChaCha12Rng::seed_from_u64(seed);
	for number in 0..HOSPITALS {
		admit(OrganisationId(number), OrganisationKind::Hospital);
	}
	let (mut ended, mut filed) = (Vec::new(), Vec::new());
	let mut waiting: BTreeMap<(u32, u32), Vec<ConsentId>> = BTreeMap::new();
	for day in 0..DAYS + DELAY_DAYS + 1 {
		let today = START + u64::from(day) * DAY;
		begin(today);
		for number in 0..HOSPITALS {
			let mut meant = waiting.remove(&(day_of(today), number)).unwrap_or_default();
			// What finds no slot waits for the next day.
			let left = meant.split_off(meant.len().min(SLOTS));
			waiting.entry((day_of(today) + 1, number)).or_default().extend(left);
			let at = today + random.random_range(0..2 * HOUR);
			Now::set(at);
			let orders: [ErasureId; SLOTS] = core::array::from_fn(|_| ErasureId(random.random()));
			let mut slots: Vec<usize> = (0..SLOTS).collect();
			if gateway == Gateway::Careful {
				for slot in (1..SLOTS).rev() {
					slots.swap(slot, random.random_range(0..=slot));
				}
			}
			assert_ok!(Erasure::file(officer(OrganisationId(number)), orders));
			for (meant, slot) in meant.into_iter().zip(slots) {
				let filer = OrganisationId(number);
				filed.push(Filed { order: orders[slot], filer, at, slot, meant });
			}
		}
		if day >= DAYS {
			continue;
		}
		for number in 0..HOSPITALS {
			let count = random.random_range(1..=ENDINGS);
			let mut moments: Vec<u64> =
				(0..count).map(|_| today + random.random_range(2 * HOUR..DAY)).collect();
			moments.sort_unstable();
			for at in moments {
				let id = ConsentId(random.random());
				ended.push(Ended { id, holder: OrganisationId(number), at });
				let on = match gateway {
					Gateway::Careful => filing_day(at, random.random()),
					Gateway::Hasty => filing_day(at, 0),
				};
				waiting.entry((on, number)).or_default().push(id);
			}
		}
	}
	ended.sort_by_key(|consent| consent.at);
	(ended, filed)
}

/// The consents that an order could mean, as far as the ledger tells: of its filer, ended within the days that the
/// delay allows.
fn candidates<'a>(ended: &'a [Ended], filed: &Filed) -> Vec<&'a Ended> {
	let day = day_of(filed.at);
	ended
		.iter()
		.filter(|consent| consent.holder == filed.filer)
		.filter(|consent| (1..=DELAY_DAYS).contains(&day.saturating_sub(day_of(consent.at))))
		.collect()
}

/// How much the handles have in common.
fn likeness(order: &ErasureId, consent: &ConsentId) -> u32 {
	order.0.iter().zip(consent.0).map(|(one, other)| (one ^ other).count_zeros()).sum()
}

type Attack = fn(&Filed, &[&Ended]) -> Option<ConsentId>;

/// What an adversary may go by.
const ATTACKS: [(&str, Attack); 6] = [
	("the newest ending before the filing", |_, among| among.last().map(|consent| consent.id)),
	("the oldest", |_, among| among.first().map(|consent| consent.id)),
	("the place in the transaction", |filed, among| {
		among.get(filed.slot % among.len().max(1)).map(|consent| consent.id)
	}),
	("the n-th of yesterday in the n-th slot", |filed, among| {
		let yesterday = |consent: &&&Ended| day_of(consent.at) + 1 == day_of(filed.at);
		among.iter().filter(yesterday).nth(filed.slot).map(|consent| consent.id)
	}),
	("the handle", |filed, among| {
		among
			.iter()
			.max_by_key(|consent| likeness(&filed.order, &consent.id))
			.map(|consent| consent.id)
	}),
	("the time of day", |filed, among| {
		let of_day = |at: u64| at % HOUR;
		among
			.iter()
			.min_by_key(|consent| of_day(consent.at).abs_diff(of_day(filed.at)))
			.map(|consent| consent.id)
	}),
];

/// The success of an attack, and that of guessing.
fn measure(attack: Attack, ended: &[Ended], filed: &[Filed]) -> (f64, f64) {
	let (mut hits, mut guess) = (0.0, 0.0);
	for filed in filed {
		let among = candidates(ended, filed);
		assert!(among.iter().any(|consent| consent.id == filed.meant), "the truth is among them");
		guess += 1.0 / among.len() as f64;
		if attack(filed, &among) == Some(filed.meant) {
			hits += 1.0;
		}
	}
	(hits / filed.len() as f64, guess / filed.len() as f64)
}

#[test]
fn neither_handle_nor_time_nor_number_joins_an_order_to_a_consent() {
	run(|| {
		let (ended, filed) = month(1, Gateway::Careful);
		assert!(filed.len() > 1_000);
		// Orders of the first and last days have fewer candidates on one side; the middle of the month is fair.
		let middle = START + 8 * DAY..START + 30 * DAY;
		let filed: Vec<_> = filed.into_iter().filter(|filed| middle.contains(&filed.at)).collect();
		for (name, attack) in ATTACKS {
			let (success, guess) = measure(attack, &ended, &filed);
			println!("{name}: {:.4} against {:.4} by guessing", success, guess);
			// Three standard deviations of a guesser's own luck.
			let luck = 3.0 * (guess * (1.0 - guess) / filed.len() as f64).sqrt();
			assert!(success - guess < luck, "{name}: {success} against {guess} by guessing");
			assert!(guess < 0.06, "an order hides among some twenty consents");
		}
	});
}

/// The measure itself works: it finds out a gateway that does not wait.
#[test]
fn a_hasty_gateway_is_found_out() {
	run(|| {
		let (ended, filed) = month(1, Gateway::Hasty);
		let best = ATTACKS
			.iter()
			.map(|(_, attack)| {
				let (success, guess) = measure(*attack, &ended, &filed);
				success - guess
			})
			.fold(f64::MIN, f64::max);
		assert!(best > 0.8, "an advantage of {best}");
	});
}

#[test]
fn every_organisation_files_equally_many_orders_every_day() {
	run(|| {
		month(2, Gateway::Careful);
		let today = day_of(START);
		for day in today..today + DAYS {
			let orders = Orders::<Test>::iter_key_prefix(day).count();
			assert_eq!(orders, HOSPITALS as usize * SLOTS);
		}
	});
}

/// What is kept of an order is its handle and its day, nothing else: not who filed it, not when, nobody it binds.
#[test]
fn the_state_of_two_worlds_differs_in_the_handles_only() {
	let world = |first: OrganisationId, second: OrganisationId| {
		let mut shown = None;
		run(|| {
			assert_ok!(file(first, 1));
			Now::set(START + HOUR);
			assert_ok!(file(second, 2));
			begin(START + DAY);
			shown = Some((
				Erasure::orders_of(TODAY),
				crate::Batches::<Test>::get(TODAY).map(|batch| (batch.orders, batch.due)),
			));
		});
		shown
	};
	assert_eq!(world(HOSPITAL, OTHER), world(OTHER, HOSPITAL));
}
