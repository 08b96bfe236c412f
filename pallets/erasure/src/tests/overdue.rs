use crate::{mock::*, Event, Overdue, WeightInfo};
use curex_primitives::erasure::ATTESTATION_PERIOD;
use frame::testing_prelude::*;

const DUE: u64 = START + DAY + ATTESTATION_PERIOD;

#[test]
fn who_has_not_attested_in_time_is_flagged_until_it_does() {
	run(|| {
		released();
		assert_ok!(attest(HOSPITAL, TODAY, 1));
		idle(DUE);
		assert_eq!(Overdue::<Test>::iter().count(), 0);
		idle(DUE + 1);
		idle(DUE + 2);
		for (organisation, flagged) in
			[(CENTRE, true), (OTHER, true), (HOSPITAL, false), (AUTHORITY, false)]
		{
			assert_eq!(Overdue::<Test>::contains_key(TODAY, organisation), flagged);
			let event = Event::AttestationOverdue { day: TODAY, organisation };
			assert_eq!(times(event), usize::from(flagged));
		}
		assert!(Erasure::duties_of(OTHER, 9)[0].overdue);
		assert_ok!(attest(OTHER, TODAY, 2));
		assert!(!Overdue::<Test>::contains_key(TODAY, OTHER));
	});
}

#[test]
fn flags_are_set_over_several_blocks_when_weight_is_short() {
	run(|| {
		released();
		Now::set(DUE + 1);
		let limit = <() as WeightInfo>::overdue_day() + <() as WeightInfo>::flag();
		for seen in [1, 1, 2, 2, 2, 2] {
			let used = Erasure::on_idle(System::block_number(), limit);
			assert!(used.all_lte(limit));
			assert!(Overdue::<Test>::iter().count() >= seen);
		}
		Erasure::on_idle(System::block_number(), limit);
		assert_eq!(Overdue::<Test>::iter().count(), 3);
	});
}
