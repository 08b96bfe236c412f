//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Agenda, Batch, Call, Config, Disputes, Documents, Duties, Emergencies, Event, Exchanges, Holds,
	NextAgenda, OfConsent, PackageAssessments, Pallet, Reviews, Sequences, Subscriptions,
	EMERGENCY_PERIOD, MAX_AGENDA,
};
use curex_primitives::{
	batch::{pair, tally, RECONCILIATION_PERIOD},
	exchange::{batch_message, emergency_message, exchange_id, request_message},
	subscription::subscription_id,
	AcknowledgementCode, BatchAnswer, BatchCompletion, BatchRequest, BatchService,
	BenchmarkDelegates, BenchmarkGate, BlockNumber, Categories, Commitment, Countersignature,
	DeferralReason, Direction, DisputeGrounds, DocumentRoot, Duty, EmergencySignature, ExchangeId,
	ExchangeProposal, ExchangeState, Gate, Ground, MerkleRoot, Obligation, OrganisationId,
	OrganisationKind, Purpose, RecordHandle, ReleaseReason, Review, ReviewVerdict, Settlement,
	SizeBucket, SubscriptionState, SubscriptionTerms,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use ::frame::{deps::frame_support::weights::WeightMeter, prelude::*, traits::Get};

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const KEY: [u8; 32] = [1; 32];
	const EMERGENCY: Gate = Gate::BreakGlass(Ground::LifeThreat);

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
			border: None,
		}
	}

	/// The gate at which most is read and written, with the consent of this number.
	fn consented<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		number: u32,
	) -> Gate {
		Gate::Consent(T::BenchmarkHelper::consent(holder, recipient, number))
	}

	/// Puts an exchange under a consent into a state, as the calls would have left it.
	fn placed<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		state: ExchangeState,
	) -> ExchangeId {
		let gate = consented::<T>(holder, recipient, 0);
		placed_as::<T>(holder, recipient, gate, state, KEY)
	}

	/// As [`placed`], with another gate and under a key, which stands in every commitment.
	fn placed_as<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		gate: Gate,
		state: ExchangeState,
		key: [u8; 32],
	) -> ExchangeId {
		let direction = match state {
			ExchangeState::Offered => Direction::Push,
			_ => Direction::Pull,
		};
		let initiator = if direction == Direction::Pull { recipient } else { holder };
		let id = exchange_id(initiator, &key);
		let keyless = state == ExchangeState::Offered;
		let received = state.is_received();
		let sent = received || state == ExchangeState::Dispatched;
		let own = |number: u8| {
			let mut bytes = key;
			bytes[31] = number;
			Commitment(bytes)
		};
		let number = Sequences::<T>::get(initiator).saturating_add(1);
		let mut exchange = Pallet::<T>::record(
			initiator,
			direction,
			ExchangeProposal {
				envelope: own(101),
				recipient_key: if keyless { Commitment([0; 32]) } else { own(102) },
				..proposal(
					if direction == Direction::Pull { holder } else { recipient },
					gate,
					Purpose::Treatment,
				)
			},
		);
		exchange.state = state;
		exchange.payload = sent.then_some(own(103));
		exchange.receipt = received.then_some(own(104));
		exchange.deadline = block::<T>().saturating_add(T::AnswerWindow::get());
		exchange.holder_sequence = number;
		exchange.recipient_sequence = number;
		let parts = [exchange.envelope, exchange.recipient_key];
		for commitment in parts.into_iter().chain(exchange.payload).chain(exchange.receipt) {
			if !commitment.is_zero() {
				Pallet::<T>::remember(commitment, RecordHandle(id.0));
			}
		}
		Sequences::<T>::insert(holder, number);
		Sequences::<T>::insert(recipient, number);
		if let Gate::Consent(consent) = gate {
			OfConsent::<T>::insert(consent, id, ());
		}
		if state.is_final() {
			exchange.acknowledgement = Some(AcknowledgementCode::Accepted);
			exchange.ended_at = Some(block::<T>());
		}
		Pallet::<T>::list(Pallet::<T>::listed_by(&exchange), id);
		Exchanges::<T>::insert(id, exchange);
		id
	}

	fn block<T: Config>() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	fn go_to<T: Config>(block: BlockNumber) {
		frame_system::Pallet::<T>::set_block_number(block.saturated_into());
	}

	/// The two sides, the recipient assessed; the holder acts with the duty.
	fn holder_acts<T: Config>(duty: Duty) -> (T::RuntimeOrigin, OrganisationId, OrganisationId) {
		let (origin, holder) = organisation::<T>(duty, OrganisationKind::Hospital);
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		T::BenchmarkHelper::assess(recipient);
		(origin, holder, recipient)
	}

	/// The two sides, the recipient assessed; the recipient acts with the duty.
	fn recipient_acts<T: Config>(duty: Duty) -> (T::RuntimeOrigin, OrganisationId, OrganisationId) {
		let (origin, recipient) = organisation::<T>(duty, OrganisationKind::CareCentre);
		let (_, holder) = organisation::<T>(Duty::Exchange, OrganisationKind::Hospital);
		T::BenchmarkHelper::assess(recipient);
		(origin, holder, recipient)
	}

	/// Organisations that may review.
	fn reviewers<T: Config>() {
		for _ in 0..10 {
			organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		}
	}

	/// The recipient has broken the glass so often that once more raises an alarm.
	fn alarming<T: Config>(recipient: OrganisationId) {
		let period: u32 = (Pallet::<T>::now() / EMERGENCY_PERIOD).saturated_into();
		Emergencies::<T>::insert(recipient, (period, T::EmergencyAlarm::get()));
	}

	fn ends_with<T: Config>(event: Event<T>) {
		let event: <T as frame_system::Config>::RuntimeEvent = event.into();
		frame_system::Pallet::<T>::assert_last_event(event);
	}

	fn authority<T: Config>() -> (T::RuntimeOrigin, OrganisationId) {
		organisation::<T>(Duty::Oversight, OrganisationKind::Authority)
	}

	/// The key of the item with this index.
	fn item_key(index: u32) -> [u8; 32] {
		let mut key = [9; 32];
		key[..4].copy_from_slice(&index.to_le_bytes());
		key
	}

	fn batch<T>(items: alloc::vec::Vec<T>) -> Batch<T> {
		BoundedVec::truncate_from(items)
	}

	fn terms<T: Config>(holder: OrganisationId, recipient: OrganisationId) -> SubscriptionTerms {
		SubscriptionTerms {
			holder,
			gate: consented::<T>(holder, recipient, 0),
			purpose: Purpose::Treatment,
			categories: Categories::all(),
			border: None,
			until: Pallet::<T>::now().saturating_add(1_000_000),
			min_interval_s: 0,
			envelope: Commitment([11; 32]),
			recipient_key: Commitment([12; 32]),
		}
	}

	fn reviewed_by<T: Config>(id: ExchangeId, reviewer: OrganisationId) {
		let evidence = Commitment([5; 32]);
		Pallet::<T>::add_evidence(id, evidence).expect("it is fresh; qed");
		let reviewer = Some(reviewer);
		let due = block::<T>().saturating_add(10);
		Reviews::<T>::insert(
			id,
			Review {
				reviewer,
				evidence,
				due,
				verdict: None,
				reasons: None,
				second: None,
				overdue: false,
			},
		);
		Pallet::<T>::owe(id, Obligation::Review, reviewer, 10);
	}

	fn state<T: Config>(id: ExchangeId) -> Option<ExchangeState> {
		Exchanges::<T>::get(id).map(|exchange| exchange.state)
	}

	#[benchmark]
	fn request() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let gate = consented::<T>(holder, recipient, 0);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal(holder, gate, Purpose::Treatment));

		assert_eq!(state::<T>(exchange_id(recipient, &KEY)), Some(ExchangeState::Requested));
	}

	#[benchmark]
	fn offer() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let recipient_key = Commitment([0; 32]);
		let gate = consented::<T>(holder, recipient, 0);
		let proposal =
			ExchangeProposal { recipient_key, ..proposal(recipient, gate, Purpose::Treatment) };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal);

		assert_eq!(state::<T>(exchange_id(holder, &KEY)), Some(ExchangeState::Offered));
	}

	#[benchmark]
	fn release() {
		let (origin, holder) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		// Nobody has assessed the recipient: its risk shows since the request.
		let (_, recipient) = organisation::<T>(Duty::Exchange, OrganisationKind::CareCentre);
		let id = placed::<T>(holder, recipient, ExchangeState::Requested);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, ReleaseReason::ClinicalNeed);

		assert!(Exchanges::<T>::get(id).is_some_and(|exchange| exchange.released.is_some()));
	}

	#[benchmark]
	fn approve() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Requested);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::Approved));
	}

	#[benchmark]
	fn accept() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Offered);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Approved));
	}

	#[benchmark]
	fn dispatch() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Approved);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn receive() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Delivered));
	}

	#[benchmark]
	fn acknowledge() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);
		let evidence = Some(Commitment([6; 32]));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, AcknowledgementCode::WrongPatient, evidence);

		assert_eq!(state::<T>(id), Some(ExchangeState::Reversed));
	}

	#[benchmark]
	fn break_glass() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Emergency);
		reviewers::<T>();
		alarming::<T>(recipient);
		let proposal = proposal(holder, EMERGENCY, Purpose::EmergencyTreatment);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, proposal, Commitment([6; 32]));

		assert!(Reviews::<T>::contains_key(exchange_id(recipient, &KEY)));
		let count = T::EmergencyAlarm::get() + 1;
		ends_with::<T>(Event::EmergencyAlarmRaised { organisation: recipient, count });
	}

	#[benchmark]
	fn review() {
		let (origin, reviewer) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed_as::<T>(holder, recipient, EMERGENCY, ExchangeState::Approved, KEY);
		reviewed_by::<T>(id, reviewer);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, ReviewVerdict::Unjustified, Commitment([6; 32]));

		assert!(Reviews::<T>::get(id).is_some_and(|reviewed| reviewed.verdict.is_some()));
	}

	/// Fills the list of a block up to a number.
	fn fill<T: Config>(block: BlockNumber, number: u32) {
		let ids = (0..number).map(|index| ExchangeId(item_key(index))).collect();
		Agenda::<T>::insert(block, BoundedVec::truncate_from(ids));
	}

	/// A full list, read and written back.
	#[benchmark]
	fn advance() {
		let block = block::<T>();
		fill::<T>(block, MAX_AGENDA);
		NextAgenda::<T>::put(block);

		#[block]
		{
			let (now, mut all) = (block.saturating_add(1), WeightMeter::new());
			Pallet::<T>::advance::<NextAgenda<T>>(now, &mut all, |block, _| {
				Pallet::<T>::work_off_agenda(block, &mut WeightMeter::with_limit(Weight::zero()))
			});
		}

		assert_eq!(Agenda::<T>::decode_len(block), Some(MAX_AGENDA as usize));
	}

	/// An exchange whose list is full; the next has room for one.
	#[benchmark]
	fn list() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Acknowledged);
		let due = block::<T>().saturating_add(T::Retention::get());
		let next = due.saturating_add(1);
		fill::<T>(due, MAX_AGENDA);
		fill::<T>(next, MAX_AGENDA - 1);

		#[block]
		{
			Pallet::<T>::revisit(id);
		}

		assert_eq!(Agenda::<T>::decode_len(next), Some(MAX_AGENDA as usize));
	}

	#[benchmark]
	fn close() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = disputed::<T>(holder, recipient);
		go_to::<T>(block::<T>().saturating_add(T::DisputeWindow::get()).saturating_add(10));

		#[block]
		{
			Pallet::<T>::revisit(id);
		}

		assert_eq!(state::<T>(id), Some(ExchangeState::Settled));
		ends_with::<T>(Event::Settled { exchange: id, settlement: Settlement::Lapsed });
	}

	#[benchmark]
	fn mark_overdue() {
		let (_, reviewer) = organisation::<T>(Duty::Review, OrganisationKind::Hospital);
		reviewers::<T>();
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed_as::<T>(holder, recipient, EMERGENCY, ExchangeState::Approved, KEY);
		reviewed_by::<T>(id, reviewer);

		#[block]
		{
			Pallet::<T>::mark_overdue(id, Obligation::Review);
		}

		assert!(Reviews::<T>::get(id).is_some_and(|seen| seen.overdue && seen.second.is_some()));
	}

	/// A subscription of the recipient, which the holder has accepted or not.
	fn subscribed<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		accepted: bool,
	) -> curex_primitives::SubscriptionId {
		let done = Pallet::<T>::do_subscribe(recipient, KEY, terms::<T>(holder, recipient));
		done.expect("the terms are well-formed; qed");
		let id = subscription_id(recipient, &KEY);
		if accepted {
			let done = Pallet::<T>::do_accept_subscription(holder, id);
			done.expect("the consent allows it; qed");
		}
		id
	}

	#[benchmark]
	fn look_at() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = subscribed::<T>(holder, recipient, false);
		go_to::<T>(block::<T>().saturating_add(T::AnswerWindow::get()).saturating_add(10));

		#[block]
		{
			Pallet::<T>::look_at(id);
		}

		assert!(Subscriptions::<T>::get(id).is_some_and(|seen| seen.ended_at.is_some()));
	}

	#[benchmark]
	fn prune() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed_as::<T>(holder, recipient, EMERGENCY, ExchangeState::Acknowledged, KEY);
		reviewed_by::<T>(id, recipient);
		for &obligation in Obligation::ALL {
			Pallet::<T>::owe(id, obligation, Some(holder), 10);
		}
		let done = Pallet::<T>::do_attest_package(holder, id, Commitment([6; 32]));
		done.expect("it was dispatched; qed");
		for number in 0..crate::MAX_EVIDENCE - 2 {
			let done = Pallet::<T>::add_evidence(id, Commitment(item_key(number)));
			done.expect("it is fresh; qed");
		}
		go_to::<T>(block::<T>().saturating_add(T::Retention::get()).saturating_add(1));

		#[block]
		{
			Pallet::<T>::revisit(id);
		}

		assert!(!Exchanges::<T>::contains_key(id));
	}

	#[benchmark]
	fn suspend() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::DeliverySuspended));
	}

	#[benchmark]
	fn resume() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);
		Pallet::<T>::do_suspend(Some(holder), id).expect("it is dispatched; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn suspend_by_policy() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let (origin, _) = authority::<T>();
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::DeliverySuspended));
	}

	#[benchmark]
	fn resume_by_policy() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let (origin, _) = authority::<T>();
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);
		Pallet::<T>::do_suspend(None, id).expect("it is dispatched; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert_eq!(state::<T>(id), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn dispute() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Acknowledged);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, DisputeGrounds::Content, Commitment([6; 32]));

		assert_eq!(state::<T>(id), Some(ExchangeState::Disputed));
	}

	fn disputed<T: Config>(holder: OrganisationId, recipient: OrganisationId) -> ExchangeId {
		let id = placed::<T>(holder, recipient, ExchangeState::Acknowledged);
		let evidence = Commitment([6; 32]);
		let done = Pallet::<T>::do_dispute(recipient, id, DisputeGrounds::Content, evidence);
		done.expect("it is acknowledged; qed");
		id
	}

	#[benchmark]
	fn answer_dispute() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = disputed::<T>(holder, recipient);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([7; 32]));

		assert!(Disputes::<T>::get(id).is_some_and(|seen| seen.answer.is_some()));
	}

	#[benchmark]
	fn settle_dispute() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = disputed::<T>(holder, recipient);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Settlement::Remedied);

		assert_eq!(state::<T>(id), Some(ExchangeState::Settled));
	}

	#[benchmark]
	fn decide_dispute() {
		let (_, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let (origin, _) = authority::<T>();
		let id = disputed::<T>(holder, recipient);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Settlement::Upheld);

		assert_eq!(state::<T>(id), Some(ExchangeState::Settled));
	}

	#[benchmark]
	fn attest_duty() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Oversight);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);
		Pallet::<T>::owe(id, Obligation::Breach, Some(holder), 10);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Obligation::Breach, Commitment([6; 32]));

		assert!(!Duties::<T>::contains_key(id, Obligation::Breach));
	}

	#[benchmark]
	fn defer_notice() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Oversight);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);
		Pallet::<T>::owe(id, Obligation::PatientNotice, Some(holder), 10);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, DeferralReason::PatientSafety);

		assert!(Duties::<T>::get(id, Obligation::PatientNotice)
			.is_some_and(|duty| duty.deferred.is_some()));
	}

	/// The request of a batch with this index, under a consent of its own.
	fn asking<T: Config>(
		holder: OrganisationId,
		recipient: OrganisationId,
		index: u32,
	) -> BatchRequest {
		let own = |number: u8| {
			let mut bytes = item_key(index);
			bytes[31] = number;
			Commitment(bytes)
		};
		let gate = consented::<T>(holder, recipient, index);
		BatchRequest {
			key: item_key(index),
			proposal: ExchangeProposal {
				envelope: own(101),
				recipient_key: own(102),
				..proposal(holder, gate, Purpose::Treatment)
			},
		}
	}

	#[benchmark]
	fn request_batch(n: Linear<1, 256>) {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let items = (0..n).map(|index| asking::<T>(holder, recipient, index)).collect();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, batch(items));

		assert_eq!(Sequences::<T>::get(recipient), u64::from(n));
	}

	#[benchmark]
	fn answer_batch(n: Linear<1, 256>) {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let items = (0..n)
			.map(|index| {
				let key = item_key(index);
				let gate = consented::<T>(holder, recipient, index);
				let state = ExchangeState::Requested;
				let exchange = placed_as::<T>(holder, recipient, gate, state, key);
				BatchAnswer { exchange, payload: Commitment(key) }
			})
			.collect();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, batch(items));

		let last = exchange_id(recipient, &item_key(n - 1));
		assert_eq!(state::<T>(last), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn complete_batch(n: Linear<1, 256>) {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let items = (0..n)
			.map(|index| {
				let key = item_key(index);
				let gate = consented::<T>(holder, recipient, index);
				let state = ExchangeState::Dispatched;
				let exchange = placed_as::<T>(holder, recipient, gate, state, key);
				BatchCompletion {
					exchange,
					receipt: Commitment(key),
					code: AcknowledgementCode::Accepted,
					evidence: None,
				}
			})
			.collect();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, batch(items));

		let last = exchange_id(recipient, &item_key(n - 1));
		assert_eq!(state::<T>(last), Some(ExchangeState::Acknowledged));
	}

	#[benchmark]
	fn dispatch_documents() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Approved);
		let documents = DocumentRoot { root: MerkleRoot([8; 32]), count: SizeBucket::Tens };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]), documents);

		assert_eq!(state::<T>(id), Some(ExchangeState::Dispatched));
		assert!(Documents::<T>::contains_key(id));
	}

	#[benchmark]
	fn serve_countersigned() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let asked = proposal(holder, consented::<T>(holder, recipient, 0), Purpose::Treatment);
		let expires_at = block::<T>().saturating_add(1);
		let message = request_message(&Pallet::<T>::genesis(), recipient, &KEY, &asked, expires_at);
		let (signer, signature) = T::BenchmarkHelper::sign(recipient, Duty::Exchange, &message);
		let signed = Countersignature { signer, signature, expires_at };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, asked, Commitment([6; 32]), signed);

		assert_eq!(state::<T>(exchange_id(recipient, &KEY)), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn serve_countersigned_batch(n: Linear<1, 256>) {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let requests: alloc::vec::Vec<_> =
			(0..n).map(|index| asking::<T>(holder, recipient, index)).collect();
		let expires_at = block::<T>().saturating_add(1);
		let genesis = Pallet::<T>::genesis();
		let message = batch_message(&genesis, recipient, requests.iter(), expires_at);
		let (signer, signature) = T::BenchmarkHelper::sign(recipient, Duty::Exchange, &message);
		let signed = Countersignature { signer, signature, expires_at };
		let serve =
			|asked: BatchRequest| BatchService { payload: Commitment(asked.key), request: asked };
		let items = requests.into_iter().map(serve).collect();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, batch(items), signed);

		let last = exchange_id(recipient, &item_key(n - 1));
		assert_eq!(state::<T>(last), Some(ExchangeState::Dispatched));
	}

	#[benchmark]
	fn complete() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);
		let evidence = Some(Commitment([7; 32]));

		#[extrinsic_call]
		_(
			origin as T::RuntimeOrigin,
			id,
			Commitment([6; 32]),
			AcknowledgementCode::WrongPatient,
			evidence,
		);

		assert_eq!(state::<T>(id), Some(ExchangeState::Reversed));
	}

	#[benchmark]
	fn complete_plainly() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Dispatched);
		let accepted = AcknowledgementCode::Accepted;

		#[extrinsic_call]
		complete(origin as T::RuntimeOrigin, id, Commitment([6; 32]), accepted, None);

		assert_eq!(state::<T>(id), Some(ExchangeState::Acknowledged));
	}

	#[benchmark]
	fn record_emergency() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Emergency);
		reviewers::<T>();
		alarming::<T>(recipient);
		let asked = proposal(holder, EMERGENCY, Purpose::EmergencyTreatment);
		let (evidence, moment) = (Commitment([6; 32]), Pallet::<T>::now());
		let genesis = Pallet::<T>::genesis();
		let message = emergency_message(&genesis, recipient, &KEY, &asked, evidence, moment);
		let (signer, signature) = T::BenchmarkHelper::sign(recipient, Duty::Emergency, &message);
		let signed = EmergencySignature { signer, signature, moment };

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, recipient, asked, evidence, signed);

		let exchange = exchange_id(recipient, &KEY);
		assert!(Reviews::<T>::contains_key(exchange));
		ends_with::<T>(Event::RecordedLate { exchange, by: holder });
	}

	#[benchmark]
	fn subscribe() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let terms = terms::<T>(holder, recipient);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, KEY, terms);

		assert!(Subscriptions::<T>::contains_key(subscription_id(recipient, &KEY)));
	}

	#[benchmark]
	fn accept_subscription() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = subscribed::<T>(holder, recipient, false);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		let state = Subscriptions::<T>::get(id).map(|accepted| accepted.state);
		assert_eq!(state, Some(SubscriptionState::Active));
	}

	#[benchmark]
	fn end_subscription() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = subscribed::<T>(holder, recipient, true);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Subscriptions::<T>::get(id).is_some_and(|ended| ended.ended_at.is_some()));
	}

	#[benchmark]
	fn deliver() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = subscribed::<T>(holder, recipient, true);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, KEY, Commitment([6; 32]), Commitment([7; 32]));

		assert_eq!(state::<T>(exchange_id(holder, &KEY)), Some(ExchangeState::Dispatched));
		assert!(Subscriptions::<T>::get(id).is_some_and(|served| served.deliveries == 1));
	}

	#[benchmark]
	fn rectify() {
		let (origin, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([6; 32]));

		assert!(Duties::<T>::contains_key(id, Obligation::Rectification));
	}

	#[benchmark]
	fn acknowledge_rectification() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);
		let done = Pallet::<T>::do_rectify(holder, id, Commitment([6; 32]));
		done.expect("it is delivered; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(!Duties::<T>::contains_key(id, Obligation::Rectification));
	}

	#[benchmark]
	fn attest_package() {
		let (origin, holder, recipient) = recipient_acts::<T>(Duty::Exchange);
		let id = placed::<T>(holder, recipient, ExchangeState::Delivered);
		let done = Pallet::<T>::do_attest_package(holder, id, Commitment([6; 32]));
		done.expect("it is delivered; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id, Commitment([7; 32]));

		assert_eq!(PackageAssessments::<T>::get(id).recipient, Some(Commitment([7; 32])));
	}

	#[benchmark]
	fn reconcile() {
		let (origin, one) = organisation::<T>(Duty::Oversight, OrganisationKind::Hospital);
		let (_, other) = organisation::<T>(Duty::Oversight, OrganisationKind::Hospital);
		let running: u32 = (Pallet::<T>::now() / RECONCILIATION_PERIOD).saturated_into();
		let period = running - 1;
		let done = Pallet::<T>::do_reconcile(other, one, period, tally([]));
		done.expect("the period is over and not counted yet; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, other, period, tally([]));

		let (one, other) = pair(one, other);
		ends_with::<T>(Event::Reconciled { one, other, period });
	}

	#[benchmark]
	fn set_hold() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let (origin, authority) = authority::<T>();
		let id = placed::<T>(holder, recipient, ExchangeState::Acknowledged);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(Holds::<T>::contains_key(id, authority));
	}

	#[benchmark]
	fn lift_hold() {
		let (_, holder, recipient) = holder_acts::<T>(Duty::Exchange);
		let (origin, authority) = authority::<T>();
		let id = placed::<T>(holder, recipient, ExchangeState::Acknowledged);
		Pallet::<T>::do_set_hold(authority, id).expect("it is not held; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);

		assert!(!Holds::<T>::contains_key(id, authority));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
