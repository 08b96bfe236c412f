use super::*;

#[test]
fn numbers_of_a_kind_rise() {
	run(|_| {
		let take = |number| Orders::take(HOSPITAL, ReportKind::Alert, number);
		assert!(!take(0), "numbers start at 1");
		assert!(take(1));
		assert!(!take(1));
		assert!(take(7), "a number may be skipped");
		for taken in 0..=7 {
			assert!(!take(taken));
		}
		assert!(take(u64::MAX));
		assert_eq!(Orders::last_number(HOSPITAL, ReportKind::Alert), u64::MAX);
	});
}

#[test]
fn kinds_and_organisations_count_for_themselves() {
	run(|_| {
		assert!(Orders::take(HOSPITAL, ReportKind::Alert, 5));
		assert!(Orders::take(HOSPITAL, ReportKind::Plan, 1));
		assert!(Orders::take(OrganisationId(2), ReportKind::Alert, 1));
		assert_eq!(Orders::last_number(HOSPITAL, ReportKind::Plan), 1);
		assert_eq!(Orders::last_number(HOSPITAL, ReportKind::Inventory), 0);
	});
}

#[test]
fn the_block_that_recorded_is_kept() {
	run(|_| {
		System::set_block_number(9);
		assert!(Orders::take(HOSPITAL, ReportKind::Alert, 5));
		System::set_block_number(10);
		assert!(!Orders::take(HOSPITAL, ReportKind::Alert, 5));
		assert_eq!(
			LastReports::<Test>::get(HOSPITAL, ReportKind::Alert),
			Some(LastReport { number: 5, recorded_at: 9 })
		);
	});
}
