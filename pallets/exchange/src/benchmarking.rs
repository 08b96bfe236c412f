//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Call, Closing, Config, Exchanges, NextClosing, Pallet, Reviews, ReviewsDue, Sequences,
};
use curex_primitives::{
	exchange::exchange_id, AcknowledgementCode, BenchmarkDelegates, Categories, Commitment,
	ConsentId, Direction, Duty, Exchange, ExchangeId, ExchangeProposal, ExchangeState, Gate,
	Ground, OrganisationId, OrganisationKind, Purpose, ReleaseReason, Review, ReviewVerdict,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use ::frame::{prelude::*, traits::Get};

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const KEY: [u8; 32] = [1; 32];
	/// The gate that reads most and still allows: care asks for a release wherever no assessment is known.
	const CARE: Gate = Gate::Statutory(curex_primitives::LegalBasis::CARE);

	fn organisation<T: Config>(
		duty: Duty,
		kind: OrganisationKind,
	) -> (T::RuntimeOrigin, OrganisationId) {
		T::BenchmarkHelper::origin(duty, kind)
	}

	fn proposal(partner: OrganisationId, gate: Gate, purpose: Purpose) -> ExchangeProposal {
		ExchangeProposal {
			partner,
			gate,
			purpose,
			categories: Categories::all(),
			envelope: Commitment([1; 32]),
			recipient_key: Commitment([2; 32]),
		}
	}

	/// Puts an exchange into a state, as the calls would have left it.
	fn placed<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		gate: Gate,
		state: ExchangeState,
	) -> ExchangeId {
		let direction = match state {
			ExchangeState::Offered => Direction::Push,
			_ => Direction::Pull,
		};
		let initiator = if direction == Direction::Pull { recipient } else { holder };
		let id = exchange_id(initiator, &KEY);
		let keyless = state == ExchangeState::Offered;
		let sent = matches!(state, ExchangeState::Dispatched | ExchangeState::Delivered);
		let received = state == ExchangeState::Delivered;
		let now: u32 = frame_system::Pallet::<T>::block_number().saturated_into();
		let exchange = Exchange {
			direction,
			holder,
			recipient,
			gate,
			purpose: Purpose::Treatment,
			categories: Categories::all(),
			state,
			envelope: Commitment([1; 32]),
			recipient_key: Commitment(if keyless { [0; 32] } else { [2; 32] }),
			payload: sent.then_some(Commitment([3; 32])),
			receipt: received.then_some(Commitment([4; 32])),
			acknowledgement: None,
			released: (state != ExchangeState::Held).then_some(ReleaseReason::RiskAccepted),
			deadline: now.saturating_add(T::AnswerWindow::get()),
			begun_at: now,
			begun: 0,
			sequence: 1,
		};
		let parts = [exchange.envelope, exchange.recipient_key];
		for commitment in parts.into_iter().chain(exchange.payload).chain(exchange.receipt) {
			if !commitment.is_zero() {
				Pallet::<T>::remember(commitment, id);
			}
		}
		Sequences::<T>::insert(initiator, 1);
		Closing::<T>::insert(exchange.deadline, id, ());
		Exchanges::<T>::insert(id, exchange);
		id
	}

	fn reviewed_by<T: Config>(id: ExchangeId, reviewer: OrganisationId) {
		let due = 10;
		let evidence = Commitment([5; 32]);
		Pallet::<T>::remember(evidence, id);
		ReviewsDue::<T>::insert(due, id, ());
		let reviewer = Some(reviewer);
		Reviews::<T>::insert(id, Review { reviewer, evidence, due, verdict: None, reasons: None });
	}

	fn state<T: Config>(id: ExchangeId) -> Option<ExchangeState> {
		Exchanges::<T>::get(id).map(|exchange| exchange.state)
	}

	#[benchmark]
	fn request() {
		let (origin, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let gate = Gate::Consent(ConsentId([9; 32]));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal(holder, gate, Purpose::Treatment));

		assert!(state::<T>(exchange_id(recipient, &KEY)).is_some());
	}

	#[benchmark]
	fn offer() {
		let (origin, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let recipient_key = Commitment([0; 32]);
		let proposal =
			ExchangeProposal { recipient_key, ..proposal(recipient, CARE, Purpose::Treatment) };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal);

		assert!(state::<T>(exchange_id(holder, &KEY)).is_some());
	}

	#[benchmark]
	fn release() {
		let (origin, holder) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Held);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, ReleaseReason::ClinicalNeed);

		assert_eq!(state::<T>(id), Some(ExchangeState::Requested));
	}

	#[benchmark]
	fn approve() {
		let (origin, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Requested);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::Approved));
	}

	#[benchmark]
	fn accept() {
		let (origin, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Offered);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Approved));
	}

	#[benchmark]
	fn dispatch() {
		let (origin, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Approved);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn receive() {
		let (origin, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Dispatched);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Delivered));
	}

	#[benchmark]
	fn acknowledge() {
		let (origin, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Delivered);
		let evidence = Some(Commitment([6; 32]));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, AcknowledgementCode::Accepted, evidence);

		assert_eq!(state::<T>(id), Some(ExchangeState::Acknowledged));
	}

	#[benchmark]
	fn break_glass() {
		let (origin, recipient) = organisation::<T>(Duty::Emergency, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		for _ in 0..10 {
			organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		}
		let gate = Gate::BreakGlass(Ground::LifeThreat);
		let proposal = proposal(holder, gate, Purpose::EmergencyTreatment);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal, Commitment([6; 32]));

		assert!(Reviews::<T>::contains_key(exchange_id(recipient, &KEY)));
	}

	#[benchmark]
	fn review() {
		let (origin, reviewer) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let gate = Gate::BreakGlass(Ground::LifeThreat);
		let id = placed::<T>(holder, recipient, gate, ExchangeState::Approved);
		reviewed_by::<T>(id, reviewer);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, ReviewVerdict::Justified, Commitment([6; 32]));

		assert!(Reviews::<T>::get(id).is_some_and(|reviewed| reviewed.verdict.is_some()));
	}

	#[benchmark]
	fn closing_block() {
		#[block]
		{
			let block = NextClosing::<T>::get();
			let _ = Closing::<T>::drain_prefix(block).next();
			let _ = ReviewsDue::<T>::drain_prefix(block).next();
			NextClosing::<T>::put(block.saturating_add(1));
		}
	}

	#[benchmark]
	fn close() {
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let id = placed::<T>(holder, recipient, CARE, ExchangeState::Requested);
		let after = T::AnswerWindow::get().saturating_add(10);
		frame_system::Pallet::<T>::set_block_number(after.saturated_into());

		#[block]
		{
			Pallet::<T>::close(id);
		}

		assert_eq!(state::<T>(id), Some(ExchangeState::NotServed));
	}

	#[benchmark]
	fn mark_overdue() {
		let (_, reviewer) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		let id = exchange_id(reviewer, &KEY);
		reviewed_by::<T>(id, reviewer);

		#[block]
		{
			Pallet::<T>::mark_overdue(id);
		}
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
