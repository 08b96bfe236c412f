//! Random sequences of everything that can happen, with the invariants in between. Seeds are fixed: a failure repeats.

use crate::mock::*;
use curex_primitives::{ErasureId, ErasureMethod, OrganisationId, SLOTS};
use frame::testing_prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

const OPERATIONS: u32 = 600;

fn operate(random: &mut ChaCha12Rng) {
	let organisation = OrganisationId(random.random_range(0..7));
	let officer = officer(organisation);
	let today = (Now::get() / DAY) as u32;
	let day = today.saturating_sub(random.random_range(0..70));
	let fresh = curex_primitives::Commitment(random.random());
	match random.random_range(0..10) {
		0..=2 => {
			let orders: [ErasureId; SLOTS] = core::array::from_fn(|_| ErasureId(random.random()));
			let _ = Erasure::file(officer, orders);
		},
		3..=5 => {
			let method = ErasureMethod::ALL[random.random_range(0..ErasureMethod::ALL.len())];
			let _ = Erasure::attest(officer, day, random.random(), method, fresh);
		},
		6 => {
			let _ = Erasure::hold(officer, day, fresh);
		},
		7 => {
			let _ = Erasure::lift(officer, day);
		},
		_ => {
			let step = [HOUR, DAY, DAY, 3 * DAY][random.random_range(0..4)];
			// Mostly to the beginning of a day, when orders are filed.
			let now = Now::get() + step;
			begin(if random.random() { now } else { now / DAY * DAY });
			let limit = Weight::from_parts(random.random_range(0..20_000_000_000), u64::MAX);
			let used = Erasure::on_idle(System::block_number(), limit);
			assert!(used.all_lte(limit));
		},
	}
}

#[test]
fn the_invariants_hold_after_random_operations() {
	for seed in [1, 2, 3] {
		run(|| {
			let mut random = ChaCha12Rng::seed_from_u64(seed);
			for number in 0..OPERATIONS {
				operate(&mut random);
				if number % 6 == 0 {
					Erasure::do_try_state()
						.unwrap_or_else(|error| panic!("seed {seed}, {number}: {error:?}"));
				}
			}
		});
	}
}
