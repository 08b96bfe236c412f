use super::*;
use crate::schedule::RETRY_AFTER;
use frame::deps::{
	sp_core::sr25519,
	sp_io::crypto::sr25519_verify,
	sp_runtime::offchain::storage_lock::{StorageLock, Time},
};

fn number(node: &Node, task: Task) -> Option<u64> {
	node.order(task).map(|signed| signed.order.number)
}

#[test]
fn what_is_due_is_ordered_with_the_signature_of_the_worker_key() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, Policy { survey_every: 0, ..POLICY });
		System::initialize(&2, &[6; 32].into(), &Default::default());
		node.import(2);
		for (task, number) in [(Task::Discover, 1), (Task::Watch, 2), (Task::Assess, 3)] {
			let signed = node.order(task).unwrap();
			assert_eq!(signed.order.number, number);
			assert_eq!(signed.order.organisation, HOSPITAL);
			assert_eq!(signed.order.task, task);
			assert_eq!(signed.order.due, Due::First);
			assert_eq!(signed.order.issued_at, 2);
			assert_eq!(signed.order.parent, [6; 32]);
			assert_eq!(signed.signer, node.key.0);
			assert!(sr25519_verify(
				&sr25519::Signature::from_raw(signed.signature),
				&signed.order.encode(),
				&node.key
			));
		}
		assert_eq!(node.order(Task::Survey), None);
	});
}

#[test]
fn an_open_order_stays_until_it_is_answered_or_too_old() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, POLICY);
		node.import(1);
		let first = node.order(Task::Discover);
		for block in [2, RETRY_AFTER] {
			node.import(block);
			assert_eq!(node.order(Task::Discover), first);
		}
		node.import(1 + RETRY_AFTER);
		assert_eq!(number(node, Task::Discover), Some(5), "numbers rise over all tasks");
		assert_eq!(number(node, Task::Watch), Some(2), "watching has its interval");
	});
}

#[test]
fn a_recorded_inventory_makes_an_assessment_due() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, POLICY);
		node.import(1);
		System::set_block_number(2);
		assert!(Orders::take(HOSPITAL, ReportKind::Assessment, 1));
		node.import(2);
		assert_eq!(number(node, Task::Assess), Some(4));
		System::set_block_number(3);
		assert!(Orders::take(HOSPITAL, ReportKind::Inventory, 1));
		node.import(3);
		let order = node.order(Task::Assess).unwrap().order;
		assert_eq!((order.number, order.due), (5, Due::Changed));
	});
}

#[test]
fn without_a_policy_nothing_is_ordered() {
	run(|node| {
		node.import(1);
		assert!(Task::ALL.iter().all(|&task| node.order(task).is_none()));
	});
}

#[test]
fn a_node_whose_key_nobody_entrusted_does_nothing() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, POLICY);
		dismiss(&node.worker, Duty::SecurityReport);
		appoint(&node.worker, Duty::Oversight, HOSPITAL);
		node.import(1);
		assert!(Task::ALL.iter().all(|&task| node.order(task).is_none()));
	});
}

#[test]
fn an_order_for_another_organisation_does_not_count() {
	run(|node| {
		let other = OrganisationId(2);
		Policies::<Test>::insert(HOSPITAL, POLICY);
		Policies::<Test>::insert(other, POLICY);
		node.import(1);
		appoint(&node.worker, Duty::SecurityReport, other);
		node.import(2);
		let order = node.order(Task::Discover).unwrap().order;
		assert_eq!((order.organisation, order.number), (other, 5));
	});
}

#[test]
fn an_order_that_cannot_be_read_is_given_again() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, POLICY);
		node.import(1);
		StorageValueRef::persistent(&mailbox::order_key(Task::Discover)).set(&7u8);
		node.import(2);
		assert_eq!(number(node, Task::Discover), Some(5));
	});
}

#[test]
fn a_run_waits_for_the_next_block_while_another_holds_the_lock() {
	run(|node| {
		Policies::<Test>::insert(HOSPITAL, POLICY);
		let mut lock = StorageLock::<Time>::new(worker::LOCK);
		let guard = lock.try_lock().ok();
		node.import(1);
		assert_eq!(node.order(Task::Discover), None);
		drop(guard);
		node.import(2);
		assert_eq!(number(node, Task::Discover), Some(1));
	});
}
