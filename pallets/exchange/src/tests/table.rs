//! Every pair of steps, in every state, by every party, against the table of the vocabulary.

use crate::{mock::*, Exchanges};
use curex_primitives::{
	AcknowledgementCode, DisputeGrounds, ExchangeId, ExchangeState, OrganisationId, ReleaseReason,
	Settlement, Step,
};
use frame::testing_prelude::*;

const PARTIES: [OrganisationId; 3] = [HOLDER, RECIPIENT, HOSPITAL];

/// Longer than every window of an exchange, and than what a dispute may take.
const LAPSE: u32 = 26;

fn make(step: Step, by: OrganisationId, id: ExchangeId) -> DispatchResult {
	match step {
		Step::Release => {
			let origin = delegate(by, curex_primitives::Duty::Review);
			Exchange::release(origin, id, ReleaseReason::Compensated)
		},
		Step::Approve => Exchange::approve(side(by), id),
		Step::Accept => Exchange::accept(side(by), id, fresh()),
		Step::Dispatch => Exchange::dispatch(side(by), id, fresh()),
		Step::Receive => Exchange::receive(side(by), id, fresh()),
		Step::Acknowledge => {
			Exchange::acknowledge(side(by), id, AcknowledgementCode::Accepted, None)
		},
		Step::Suspend => Exchange::suspend(side(by), id),
		Step::Resume => Exchange::resume(side(by), id),
		Step::Dispute => Exchange::dispute(side(by), id, DisputeGrounds::Scope, fresh()),
		Step::Settle => Exchange::settle_dispute(side(by), id, Settlement::TakenBack),
		Step::Reverse => {
			Exchange::acknowledge(side(by), id, AcknowledgementCode::WrongPatient, None)
		},
		Step::Lapse => {
			skip(LAPSE);
			Ok(())
		},
		Step::Terminate => {
			withdraw();
			Ok(())
		},
	}
}

/// What the table expects, with the gate as an exchange under a consent knows it.
#[derive(Clone, Copy)]
struct Model {
	state: ExchangeState,
	withdrawn: bool,
	lapsed: bool,
}

impl Model {
	/// Whether the step succeeds; applies it if so.
	fn make(
		&mut self,
		step: Step,
		by: OrganisationId,
		record: &curex_primitives::Exchange,
	) -> bool {
		let next = match step {
			Step::Lapse | Step::Terminate => {
				self.withdrawn |= step == Step::Terminate;
				self.lapsed |= step == Step::Lapse;
				self.state = self.state.after(step).unwrap_or(self.state);
				return true;
			},
			// The recipient is fit: nothing but a hold can be released.
			Step::Release if self.state != ExchangeState::Held => None,
			Step::Approve | Step::Accept | Step::Dispatch if self.withdrawn => None,
			// What is over is disputed and reversed for a while only.
			Step::Dispute | Step::Reverse
				if self.lapsed && self.state == ExchangeState::Acknowledged =>
			{
				None
			},
			_ => self.state.after(step),
		};
		let party = step.side().map(|side| record.organisation(side)) == Some(by);
		match next.filter(|_| party) {
			Some(next) => {
				self.state = next;
				true
			},
			None => false,
		}
	}
}

#[test]
fn every_pair_of_steps_in_every_state_by_every_party_follows_the_table() {
	let moves: Vec<(Step, OrganisationId)> = Step::ALL
		.iter()
		.flat_map(|&step| PARTIES.iter().map(move |&party| (step, party)))
		.filter(|(step, party)| step.side().is_some() || *party == HOLDER)
		.collect();
	let mut pairs = 0;
	for &state in ExchangeState::ALL {
		run(|| {
			let id = in_state(state, 1);
			let withdrawn = state == ExchangeState::Terminated;
			let now = Now::get();
			for &first in &moves {
				for &second in &moves {
					pairs += 1;
					hypothetically!({
						// The mock's clock is no storage.
						Now::set(now);
						let mut model = Model { state, withdrawn, lapsed: false };
						for (step, by) in [first, second] {
							let record = Exchanges::<Test>::get(id).unwrap();
							let expected = model.make(step, by, &record);
							let result =
								frame::deps::frame_support::storage::with_storage_layer(|| {
									make(step, by, id)
								});
							let place = (state, first, second);
							assert_eq!(result.is_ok(), expected, "{place:?}: {result:?}");
							assert_eq!(state_of(id), model.state, "{place:?}");
						}
						check_invariants();
					});
				}
			}
		});
	}
	// Eleven steps by three parties each, and two of the ledger's.
	assert_eq!(pairs, 15 * 35 * 35);
}
