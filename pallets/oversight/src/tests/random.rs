//! Random sequences of everything that can happen, with the invariants after each step. Seeds are fixed: a failure
//! repeats.

use crate::mock::*;
use curex_primitives::{
	merkle, Commitment, Competence, InquiryRefusal, MerkleRoot, NoticeKind, OrganisationId,
	RecordHandle, Regimes, SizeBucket,
};
use frame::testing_prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

const OPERATIONS: u32 = 500;

fn operate(random: &mut ChaCha12Rng) {
	let now = Now::get();
	let one = OrganisationId(random.random_range(0..7));
	let other = OrganisationId(random.random_range(0..7));
	let number = random.random_range(0..20);
	let fresh = Commitment(random.random());
	match random.random_range(0..11) {
		0..=2 => {
			let last = crate::LastAnchors::<Test>::get(one);
			let sequence = last.map_or(1, |(sequence, _)| sequence + 1);
			let end = last.map_or(now - DAY, |(_, end)| end);
			let from = end.saturating_add_signed(random.random_range(-2..=2) * HOUR as i64);
			let (root, count) = match random.random_range(0..4) {
				0 => (merkle::empty_root(), SizeBucket::None),
				_ => (MerkleRoot(random.random()), SizeBucket::Tens),
			};
			let _ = Oversight::anchor(officer(one), sequence, root, count, from, now);
		},
		3 => {
			let field = Competence::ALL[random.random_range(0..Competence::ALL.len())];
			let term = random.random_range(0..4) * DAY;
			let about = RecordHandle(random.random());
			let _ = Oversight::open_inquiry(officer(one), other, field, about, fresh, term);
		},
		4 => {
			let _ = Oversight::disclose(officer(one), number, fresh);
		},
		5 => {
			let ground = InquiryRefusal::Erased;
			let _ = Oversight::refuse_inquiry(officer(one), number, ground, fresh);
		},
		6 => {
			let _ = Oversight::withdraw_inquiry(officer(one), number);
		},
		7 => {
			let regimes = Regimes::from_bits(random.random_range(0..4)).expect("both bits mean");
			let detected_at = now - random.random_range(0..5) * DAY;
			let _ = Oversight::open_breach(officer(one), fresh, detected_at, regimes, 0, now);
		},
		8 => {
			let kind = NoticeKind::ALL[random.random_range(0..4)];
			let _ = Oversight::notify_breach(officer(one), number, kind, fresh);
		},
		9 => {
			let period = random.random_range(0..200) * HOUR;
			let _ = Oversight::set_anchor_period(officer(one), other, period);
		},
		_ => {
			Now::set(now + random.random_range(0..3 * DAY));
			let limit = Weight::from_parts(random.random_range(0..20_000_000_000), u64::MAX);
			let used = Oversight::on_idle(System::block_number(), limit);
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
				Oversight::do_try_state()
					.unwrap_or_else(|error| panic!("seed {seed}, {number}: {error:?}"));
			}
		});
	}
}
