//! Random sequences of everything that can happen, with the invariants after each step. Seeds are fixed: a failure
//! repeats.

use crate::mock::*;
use curex_primitives::{
	permit::permit_id, Commitment, Finding, MerkleRoot, OrganisationId, PermitTerms,
	SecondaryPurpose, SizeBucket,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

const OPERATIONS: u32 = 600;

fn operate(random: &mut ChaCha12Rng) {
	let now = Now::get();
	let one = OrganisationId(random.random_range(0..9));
	let other = OrganisationId(random.random_range(0..9));
	let id = permit_id(BODY, &[random.random_range(1..6); 32]);
	let fresh = Commitment(random.random());
	match random.random_range(0..12) {
		0 => {
			let terms = PermitTerms {
				user: other,
				purpose: SecondaryPurpose::ALL[random.random_range(0..6)],
				environment: Commitment(random.random()),
				justification: Commitment(random.random()),
				document: fresh,
				valid_from: now,
				valid_until: now + random.random_range(0..60) * DAY,
				..terms(1)
			};
			let _ = SecondaryUse::issue(officer(BODY), [random.random_range(1..6); 32], terms);
		},
		1..=2 => {
			// Every data set has the same name in this test, as long as it is fresh.
			let dataset = Commitment([100 + one.0 as u8; 32]);
			let dataset = if random.random() { dataset } else { fresh };
			let _ = SecondaryUse::name_holder(officer(BODY), id, one, dataset);
		},
		3 if random.random_ratio(1, 4) => {
			let _ = SecondaryUse::revoke(officer(one), id, fresh);
		},
		4..=5 => {
			let dataset =
				SecondaryUse::holders(id).first().map_or(fresh, |(_, named)| named.dataset);
			let holder = SecondaryUse::holders(id).first().map_or(one, |(holder, _)| *holder);
			let size = SizeBucket::ALL[random.random_range(0..6)];
			let (cohort, opt_out) = (MerkleRoot(random.random()), MerkleRoot(random.random()));
			let origin = exchanger(holder);
			let none = SizeBucket::None;
			let _ = SecondaryUse::commit_cohort(origin, id, dataset, cohort, size, opt_out, none);
		},
		6..=7 => {
			let named = SecondaryUse::holders(id).first().cloned();
			let (holder, dataset) = named.map_or((one, fresh), |(holder, n)| (holder, n.dataset));
			let _ = SecondaryUse::extract(exchanger(holder), id, dataset, fresh);
		},
		8 => {
			let _ = SecondaryUse::export(officer(BODY), id, fresh, Commitment(random.random()));
			let _ = SecondaryUse::publish_results(officer(one), id, Commitment(random.random()));
		},
		9 => {
			let _ = SecondaryUse::report_reidentification(officer(one), id, fresh);
		},
		10 => {
			let finding = Finding::ALL[usize::from(!random.random_ratio(1, 6))];
			let report = random.random_range(0..10);
			let _ = SecondaryUse::answer_reidentification(officer(BODY), report, finding, fresh);
		},
		_ => {
			next_block();
			idle(now + random.random_range(0..2 * DAY));
		},
	}
}

#[test]
fn the_invariants_hold_after_random_operations() {
	let mut extracted = 0;
	for seed in [1, 2, 3] {
		run(|| {
			let mut random = ChaCha12Rng::seed_from_u64(seed);
			for number in 0..OPERATIONS {
				operate(&mut random);
				SecondaryUse::do_try_state()
					.unwrap_or_else(|error| panic!("seed {seed}, {number}: {error:?}"));
			}
			extracted += crate::Extractions::<Test>::iter().count();
		});
	}
	assert!(extracted > 0, "the sequences get somewhere");
}
