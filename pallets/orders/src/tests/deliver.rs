use super::*;
use crate::{MAX_BATCH, RESEND_AFTER};

fn alert(number: u64) -> Submission {
	let report = Report::Alert(AlertDigest {
		severity: Level::High,
		confidence: Confidence::Medium,
		evidence: Commitment([7; 32]),
		raised_at: 1_000_000,
	});
	Submission { number, report }
}

fn alert_of(number: u64, raised_at: u64) -> Submission {
	match alert(number).report {
		Report::Alert(digest) => {
			Submission { number, report: Report::Alert(AlertDigest { raised_at, ..digest }) }
		},
		_ => unreachable!("an alert is an alert"),
	}
}

/// A snapshot whose root consists of `root`, after one with `previous`.
fn snapshot(number: u64, root: u8, previous: Option<u8>) -> Submission {
	let report = Report::Inventory(Snapshot {
		root: MerkleRoot([root; 32]),
		previous: previous.map_or_else(empty_root, |previous| MerkleRoot([previous; 32])),
		assets: SizeBucket::Tens,
		vulnerabilities: SizeBucket::Units,
		feed_version: 1,
		evidence: Commitment([7; 32]),
		taken_at: 1_000_000,
	});
	Submission { number, report }
}

fn assessment(number: u64, expires_at: u64) -> Submission {
	let report = Report::Assessment(Assessment {
		cyber: Level::Low,
		privacy: Level::Low,
		patient_safety: Level::Low,
		confidence: Confidence::High,
		attestation: Attestation::SelfAssessed,
		inputs: Commitment([1; 32]),
		parameters: 1,
		evidence: Commitment([2; 32]),
		assessed_at: 1_000_000,
		expires_at,
	});
	Submission { number, report }
}

fn last(kind: ReportKind) -> u64 {
	Orders::last_number(HOSPITAL, kind)
}

/// The note that the ledger's inventory pallet refuses a snapshot with `WrongPrevious`.
fn wrong_previous(number: u64) -> Rejection {
	let error = pallet_inventory::Error::<Test>::WrongPrevious;
	let DispatchError::Module(error) = error.into() else { panic!("an error of a pallet") };
	Rejection {
		kind: ReportKind::Inventory,
		number,
		reason: RejectionReason::Refused { pallet: error.index, error: error.error },
	}
}

#[test]
fn a_report_reaches_the_ledger_once() {
	run(|node| {
		node.submit(&[alert(1)]);
		node.import(1);
		System::set_block_number(2);
		assert_eq!(node.include(), [1]);
		assert_eq!(last(ReportKind::Alert), 1);
		// It stays in the mailbox until somebody has seen it final.
		for block in 2..50 {
			node.import(block);
		}
		assert_eq!(node.offered(), 1);
		let in_flight = StorageValueRef::persistent(mailbox::IN_FLIGHT);
		assert_eq!(in_flight.get::<worker::InFlight>(), Ok(None));
	});
}

#[test]
fn reports_that_build_on_each_other_travel_as_one_batch() {
	run(|node| {
		node.submit(&[
			snapshot(1, 1, None),
			alert(4),
			snapshot(2, 2, Some(1)),
			assessment(3, 2_000_000),
			snapshot(5, 3, Some(2)),
		]);
		node.import(1);
		assert_eq!(node.include(), [5]);
		assert_eq!(last(ReportKind::Inventory), 5);
		assert_eq!(last(ReportKind::Alert), 4);
		assert_eq!(last(ReportKind::Assessment), 3);
		assert_eq!(Inventory::newest(HOSPITAL).unwrap().root, MerkleRoot([3; 32]));
		assert!(Risk::fitness(HOSPITAL).is_some());
	});
}

#[test]
fn one_batch_at_a_time_is_on_its_way() {
	run(|node| {
		node.submit(&[alert(1)]);
		node.import(1);
		node.submit(&[alert(1), alert(2)]);
		for block in 2..=RESEND_AFTER {
			node.import(block);
		}
		assert_eq!(node.offered(), 1);
		assert_eq!(node.include(), [1]);
		node.import(RESEND_AFTER);
		assert_eq!(node.include(), [1], "the second follows at once");
		assert_eq!(last(ReportKind::Alert), 2);
	});
}

#[test]
fn a_batch_that_is_lost_is_made_anew() {
	run(|node| {
		node.submit(&[alert(1)]);
		node.import(1);
		node.lose_transactions();
		node.submit(&[alert(1), alert(2)]);
		node.import(1 + RESEND_AFTER);
		assert_eq!(node.offered(), 2);
		node.import(2 + RESEND_AFTER);
		assert_eq!(node.offered(), 2, "on its way again");
		assert_eq!(node.include(), [2]);
		assert_eq!(last(ReportKind::Alert), 2);
	});
}

#[test]
fn what_a_fork_takes_away_is_sent_again() {
	run(|node| {
		node.submit(&[alert(1)]);
		node.import(5);
		node.include();
		node.import(6);
		LastReports::<Test>::remove(HOSPITAL, ReportKind::Alert);
		node.import(4);
		assert_eq!(node.include(), [1]);
		assert_eq!(last(ReportKind::Alert), 1);
	});
}

#[test]
fn a_batch_in_flight_for_another_organisation_does_not_block() {
	run(|node| {
		node.submit(&[alert(1)]);
		node.import(1);
		appoint(&node.worker, Duty::SecurityReport, OrganisationId(2));
		node.import(2);
		assert_eq!(node.offered(), 2);
	});
}

#[test]
fn a_defective_report_is_rejected_and_the_others_go() {
	run(|node| {
		node.submit(&[assessment(1, 1_000_000), alert(1)]);
		node.import(1);
		assert_eq!(
			node.rejected(),
			[Rejection {
				kind: ReportKind::Assessment,
				number: 1,
				reason: RejectionReason::Defective(ReportDefect::Expired),
			}]
		);
		assert_eq!(node.include(), [1]);
		assert_eq!((last(ReportKind::Alert), last(ReportKind::Assessment)), (1, 0));
	});
}

#[test]
fn a_report_that_the_ledger_would_refuse_is_rejected_before_it_is_sent() {
	run(|node| {
		node.submit(&[snapshot(1, 1, Some(9)), snapshot(2, 2, Some(1)), snapshot(3, 3, None)]);
		node.import(1);
		assert_eq!(node.rejected(), [wrong_previous(1), wrong_previous(2)]);
		assert_eq!(node.include(), [1]);
		assert_eq!(last(ReportKind::Inventory), 3);
	});
}

#[test]
fn a_rejection_stands_as_long_as_its_submission() {
	run(|node| {
		node.submit(&[snapshot(1, 1, Some(9)), snapshot(2, 2, None)]);
		node.import(1);
		node.include();
		for block in 2..5 {
			node.import(block);
			assert_eq!(node.rejected(), [wrong_previous(1)], "although number 2 is recorded");
		}
		node.submit(&[snapshot(2, 2, None)]);
		node.import(5);
		assert_eq!(node.rejected(), []);
	});
}

#[test]
fn a_report_that_was_rejected_too_early_is_sent_after_all() {
	run(|node| {
		node.submit(&[snapshot(4, 4, Some(3))]);
		node.import(1);
		assert_eq!(node.rejected(), [wrong_previous(4)]);
		node.submit(&[snapshot(3, 3, None), snapshot(4, 4, Some(3))]);
		node.import(2);
		assert_eq!(node.rejected(), []);
		assert_eq!(node.include(), [2]);
	});
}

#[test]
fn a_report_waits_for_the_clock_of_a_chain_that_stood_still() {
	run(|node| {
		Now::set(500_000);
		node.submit(&[alert(1), assessment(1, 2_000_000), alert_of(2, 400_000)]);
		node.import(1);
		assert_eq!((node.offered(), node.rejected()), (0, vec![]));
		Now::set(1_000_000);
		node.import(2);
		assert_eq!(node.include(), [3], "in the order in which they were made");
	});
}

#[test]
fn a_report_that_is_ahead_of_the_nodes_own_clock_is_rejected() {
	run(|node| {
		node.submit(&[alert_of(1, 1_060_001), alert(2)]);
		node.import(1);
		assert_eq!(
			node.rejected(),
			[Rejection {
				kind: ReportKind::Alert,
				number: 1,
				reason: RejectionReason::Defective(ReportDefect::FromTheFuture),
			}]
		);
		assert_eq!(node.include(), [1]);
	});
}

#[test]
fn reports_beyond_one_batch_go_with_the_next() {
	run(|node| {
		let count = mailbox::CAPACITY as u64;
		node.submit(&(1..=count).map(alert).collect::<Vec<_>>());
		for block in 1..=4 {
			node.import(block);
			assert_eq!(node.include(), [MAX_BATCH]);
		}
		assert_eq!(last(ReportKind::Alert), count);
	});
}

#[test]
fn what_cannot_be_read_is_not_sent() {
	run(|node| {
		let oversized: Vec<_> = (1..=mailbox::CAPACITY as u64 + 1).map(alert).collect();
		for garbage in [
			oversized.encode(),
			vec![0xff; 10],
			vec![],
			[vec![alert(1)].encode(), vec![0]].concat(),
			vec![alert(1)].encode()[..20].to_vec(),
		] {
			frame::deps::sp_io::offchain::local_storage_set(
				frame::deps::sp_core::offchain::StorageKind::PERSISTENT,
				mailbox::SUBMISSIONS,
				&garbage,
			);
			node.import(1);
			assert_eq!(node.offered(), 0);
		}
	});
}

#[test]
fn a_pool_that_refuses_is_asked_again_only_after_a_while() {
	run(|node| {
		node.set_pool_refuses(true);
		node.submit(&[alert(1)]);
		for block in 1..=RESEND_AFTER {
			node.import(block);
		}
		assert_eq!(node.offered(), 1);
		node.set_pool_refuses(false);
		node.import(1 + RESEND_AFTER);
		assert_eq!(node.include(), [1]);
	});
}

#[test]
fn trying_leaves_no_trace_in_the_state() {
	run(|node| {
		node.submit(&[snapshot(1, 1, None), alert(1)]);
		// Without the rollback that a node makes of everything the off-chain worker writes.
		worker::run::<Test>(1);
		assert_eq!(node.offered(), 1);
		assert_eq!(LastReports::<Test>::iter().count(), 0);
		assert_eq!(Inventory::newest(HOSPITAL), None);
		assert_eq!(System::events(), []);
	});
}

#[test]
fn a_dismissed_worker_sends_nothing_and_rejects_nothing() {
	run(|node| {
		node.submit(&[alert(1)]);
		dismiss(&node.worker, Duty::SecurityReport);
		node.import(1);
		assert_eq!((node.offered(), node.rejected()), (0, vec![]));
	});
}
