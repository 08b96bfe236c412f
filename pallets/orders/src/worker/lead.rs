//! Leaves work orders for the agent.

use super::Worker;
use crate::{schedule, Config, LastReports, Policies, LOG_TARGET};
use codec::Encode;
use curex_primitives::{orders::mailbox, BlockNumber, Due, SignedWorkOrder, Task, WorkOrder};
use frame::{deps::sp_runtime::offchain::storage::StorageValueRef, log, prelude::*};
use sp_application_crypto::{sr25519, RuntimeAppPublic};

impl<T: Config> Worker<T> {
	/// Orders what is due at this block.
	pub(super) fn lead(&self, block: BlockNumber) {
		let Some(policy) = Policies::<T>::get(self.organisation) else { return };
		let recorded =
			|kind| LastReports::<T>::get(self.organisation, kind).map(|last| last.recorded_at);
		for &task in Task::ALL {
			let ordered = self.last_order(task).map(|order| order.issued_at);
			if let Some(due) = schedule::due(&policy, task, ordered, recorded, block) {
				self.order(task, due, block);
			}
		}
	}

	/// The last order for the task, unless it was given for another organisation.
	fn last_order(&self, task: Task) -> Option<WorkOrder> {
		let key = mailbox::order_key(task);
		let signed = StorageValueRef::persistent(&key).get::<SignedWorkOrder>().ok()??;
		(signed.order.organisation == self.organisation).then_some(signed.order)
	}

	fn order(&self, task: Task, due: Due, block: BlockNumber) {
		let count = StorageValueRef::persistent(mailbox::ORDER_COUNT);
		let number = count.get::<u64>().ok().flatten().unwrap_or_default().saturating_add(1);
		let order = WorkOrder {
			number,
			organisation: self.organisation,
			task,
			due,
			issued_at: block,
			parent: bytes(frame_system::Pallet::<T>::parent_hash()),
		};
		let Some(signature) = self.key.sign(&order.encode()) else {
			log::error!(target: LOG_TARGET, "the keystore does not sign with the worker key");
			return;
		};
		// The count goes first: a number may be skipped, never given twice.
		count.set(&number);
		StorageValueRef::persistent(&mailbox::order_key(task)).set(&SignedWorkOrder {
			order,
			signer: sr25519::Public::from(self.key.clone()).0,
			signature: sr25519::Signature::from(signature).0,
		});
		log::info!(target: LOG_TARGET, "block {block}: ordered {task:?} ({due:?}) as {number}");
	}
}

/// The first 32 bytes of a hash.
fn bytes(hash: impl AsRef<[u8]>) -> [u8; 32] {
	let mut bytes = [0; 32];
	bytes.iter_mut().zip(hash.as_ref()).for_each(|(byte, &from)| *byte = from);
	bytes
}
