//! Which work orders are carried out.

use codec::Encode;
use curex_primitives::{OrganisationId, SignedWorkOrder};
use schnorrkel::{PublicKey, Signature};
use sha2::{Digest, Sha256};

use crate::{config::WorkerKey, store::OrderRecord};

/// Context of sr25519 signatures in Substrate.
const CONTEXT: &[u8] = b"substrate";

/// Why an order is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderDefect {
	/// Its key is not among the accepted ones.
	#[error("its key is not accepted; add it to `accept_orders_from` if the node's worker key has changed")]
	UnknownSigner,
	/// The signature is not the signer's over this order.
	#[error("its signature does not verify")]
	BadSignature,
	/// It is for another organisation.
	#[error("it is for another organisation")]
	OtherOrganisation,
	/// It names no block that it was issued on.
	#[error("it names no parent block, so it belongs to no chain")]
	WithoutChain,
	/// Orders are counted from 1.
	#[error("it has no number")]
	WithoutNumber,
}

/// Decides whose orders are carried out.
#[derive(Clone, Debug)]
pub struct OrderGate {
	organisation: OrganisationId,
	accepted: Vec<WorkerKey>,
}

impl OrderGate {
	/// Carries out orders of these keys for this organisation.
	pub fn new(organisation: OrganisationId, accepted: Vec<WorkerKey>) -> Self {
		Self { organisation, accepted }
	}

	/// Checks an order.
	///
	/// # Errors
	/// The first [`OrderDefect`] found.
	pub fn admit(&self, signed: &SignedWorkOrder) -> Result<OrderRecord, OrderDefect> {
		let SignedWorkOrder { order, signer, signature } = signed;
		if !self.accepted.contains(&WorkerKey(*signer)) {
			return Err(OrderDefect::UnknownSigner);
		}
		if !verifies(signer, &order.encode(), signature) {
			return Err(OrderDefect::BadSignature);
		}
		if order.organisation != self.organisation {
			return Err(OrderDefect::OtherOrganisation);
		}
		if order.parent == [0; 32] {
			return Err(OrderDefect::WithoutChain);
		}
		if order.number == 0 {
			return Err(OrderDefect::WithoutNumber);
		}
		let id = Sha256::new().chain_update(signer).chain_update(order.encode()).finalize();
		Ok(OrderRecord { id: id.into(), order: order.clone() })
	}
}

fn verifies(signer: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
	let (Ok(key), Ok(signature)) =
		(PublicKey::from_bytes(signer), Signature::from_bytes(signature))
	else {
		return false;
	};
	key.verify_simple(CONTEXT, message, &signature).is_ok()
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{Due, Task, WorkOrder};
	use schnorrkel::{ExpansionMode, Keypair, MiniSecretKey};

	fn keypair(seed: u8) -> Keypair {
		MiniSecretKey::from_bytes(&[seed; 32]).unwrap().expand_to_keypair(ExpansionMode::Ed25519)
	}

	fn order() -> WorkOrder {
		WorkOrder {
			number: 1,
			organisation: OrganisationId(1),
			task: Task::Discover,
			due: Due::First,
			issued_at: 1,
			parent: [7; 32],
		}
	}

	fn signed(order: WorkOrder, seed: u8) -> SignedWorkOrder {
		let keypair = keypair(seed);
		let signature = keypair.sign_simple(CONTEXT, &order.encode()).to_bytes();
		SignedWorkOrder { order, signer: keypair.public.to_bytes(), signature }
	}

	fn gate() -> OrderGate {
		OrderGate::new(OrganisationId(1), vec![WorkerKey(keypair(1).public.to_bytes())])
	}

	#[test]
	fn an_order_of_an_accepted_key_is_admitted() {
		let admitted = gate().admit(&signed(order(), 1)).unwrap();
		assert_eq!(admitted.order, order());
	}

	#[test]
	fn every_defect_of_an_order_refuses_it() {
		let refusal = |signed: &SignedWorkOrder| gate().admit(signed).unwrap_err();
		assert_eq!(refusal(&signed(order(), 2)), OrderDefect::UnknownSigner);
		let mut forged = signed(order(), 1);
		forged.order.task = Task::Assess;
		assert_eq!(refusal(&forged), OrderDefect::BadSignature);
		let mut garbled = signed(order(), 1);
		garbled.signature = [255; 64];
		assert_eq!(refusal(&garbled), OrderDefect::BadSignature);
		let foreign = WorkOrder { organisation: OrganisationId(2), ..order() };
		assert_eq!(refusal(&signed(foreign, 1)), OrderDefect::OtherOrganisation);
		let nowhere = WorkOrder { parent: [0; 32], ..order() };
		assert_eq!(refusal(&signed(nowhere, 1)), OrderDefect::WithoutChain);
		let uncounted = WorkOrder { number: 0, ..order() };
		assert_eq!(refusal(&signed(uncounted, 1)), OrderDefect::WithoutNumber);
	}

	#[test]
	fn the_same_number_on_another_chain_is_another_order() {
		let one = gate().admit(&signed(order(), 1)).unwrap();
		let again = gate().admit(&signed(order(), 1)).unwrap();
		let other = gate().admit(&signed(WorkOrder { parent: [8; 32], ..order() }, 1)).unwrap();
		assert_eq!(one.id, again.id, "signatures differ, the order is the same");
		assert_ne!(one.id, other.id);
	}
}
