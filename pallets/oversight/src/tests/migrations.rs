use crate::{
	migrations::{version_1, ToVersion2},
	mock::*,
	Breaches, Commitments, Event, Inquiries, LastAnchors, NextBreach, NextInquiry, Notices,
};
use curex_primitives::{
	BreachNotice, Competence, DutyKind, InquiryOutcome, LogAnchor, MerkleRoot, NoticeKind,
	RecordHandle, Regime, SizeBucket,
};
use frame::{
	testing_prelude::*,
	traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion},
};

/// A ledger of version 1: an inquiry without and one with an answer; a breach without, one with a notice in time, one
/// with a late notice; two anchors.
fn version_1() {
	StorageVersion::new(1).put::<Oversight>();
	for (number, disclosure) in [None, Some(commitment(11))].into_iter().enumerate() {
		let inquiry = version_1::Inquiry {
			authority: AUTHORITY,
			organisation: HOSPITAL,
			about: RecordHandle([9; 32]),
			case: commitment(1 + number as u8),
			opened_at: 7,
			disclosure,
		};
		version_1::Inquiries::<Test>::insert(number as u32, inquiry);
	}
	NextInquiry::<Test>::put(2);
	let notice = |number, at| Some(version_1::BreachNotice { notice: commitment(number), at });
	let detected_at = START - 100 * HOUR;
	let notices = [None, notice(14, START - 90 * HOUR), notice(15, START)];
	for (number, notice) in notices.into_iter().enumerate() {
		let breach = version_1::BreachCase {
			organisation: HOSPITAL,
			case: commitment(4 + number as u8),
			detected_at,
			opened_at: 8,
			notice,
		};
		version_1::Breaches::<Test>::insert(number as u32, breach);
	}
	NextBreach::<Test>::put(3);
	for number in [1, 2, 11, 4, 5, 6, 14, 15] {
		Commitments::<Test>::insert(commitment(number), ());
	}
	for sequence in [1, 2] {
		let (from, to) = (START - (3 - sequence) * HOUR, START - (2 - sequence) * HOUR);
		let anchor = LogAnchor { root: MerkleRoot([1; 32]), count: SizeBucket::Tens, from, to };
		crate::Anchors::<Test>::insert(HOSPITAL, sequence, anchor);
	}
	LastAnchors::<Test>::insert(HOSPITAL, (2, START));
}

/// Abuse case 85, for the records of oversight.
#[test]
fn version_1_is_translated_with_records_of_every_state() {
	run(|| {
		version_1();
		ToVersion2::<Test>::on_runtime_upgrade();
		assert_eq!(Oversight::on_chain_storage_version(), 2);
		Oversight::do_try_state().expect("the invariants hold right after the upgrade");

		let open = Inquiries::<Test>::get(0).unwrap();
		assert_eq!(open.outcome, InquiryOutcome::Open);
		assert_eq!(open.field, Competence::DataProtection);
		assert_eq!((open.case, open.opened_at), (commitment(1), 7));
		assert_eq!(open.due, START + 30 * DAY);
		let answered = Inquiries::<Test>::get(1).unwrap();
		assert_eq!(answered.outcome, InquiryOutcome::Disclosed(commitment(11)));

		let kind = NoticeKind::DataProtection;
		for (number, notice) in [
			None,
			Some(BreachNotice { notice: commitment(14), at: START - 90 * HOUR, late: false }),
			Some(BreachNotice { notice: commitment(15), at: START, late: true }),
		]
		.into_iter()
		.enumerate()
		{
			let breach = Breaches::<Test>::get(number as u32).unwrap();
			assert_eq!(breach.regimes, Regime::DataProtection.into());
			assert_eq!(Notices::<Test>::get(number as u32, kind), notice);
		}

		// Life goes on.
		idle(START + HOUR);
		let duty = DutyKind::NotifyBreach(0, kind);
		let due = START - 28 * HOUR;
		assert_eq!(times(Event::DutyOverdue { organisation: HOSPITAL, duty, due }), 1);
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(20)));
		assert_ok!(Oversight::notify_breach(officer(HOSPITAL), 0, kind, commitment(21)));
		let (root, count, now) = (MerkleRoot([1; 32]), SizeBucket::Tens, Now::get());
		assert_ok!(Oversight::anchor(officer(HOSPITAL), 3, root, count, START, now));
	});
}

#[test]
fn the_migration_runs_once() {
	run(|| {
		version_1();
		ToVersion2::<Test>::on_runtime_upgrade();
		assert_ok!(Oversight::disclose(officer(HOSPITAL), 0, commitment(20)));
		let before = Inquiries::<Test>::get(0);
		ToVersion2::<Test>::on_runtime_upgrade();
		assert_eq!(Inquiries::<Test>::get(0), before);
	});
}
