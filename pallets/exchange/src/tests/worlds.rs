//! Two worlds: they differ only in what the holder keeps to itself, and the ledger looks the same.
//!
//! The holder's gateway is played by [`Store::answer`]: it looks into the private store and decides what to send. The
//! request rests on a basis that does not itself tell that the holder knows the patient.

use crate::{mock::*, Call};
use curex_primitives::{
	exchange::exchange_id, Categories, Category, Commitment, Duty, Exchange as Record, ExchangeId,
	ExchangeProposal, ExchangeState, Gate, LegalBasis,
};
use frame::{deps::sp_io, testing_prelude::*};

/// What only the holder knows.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Store {
	/// It does not know the patient.
	UnknownPatient,
	/// It has data, all of which the patient restricted.
	Restricted,
	/// It has data and nothing to withhold.
	Open,
	/// It has data, some of which the patient restricted.
	PartiallyRestricted,
	/// The patient opted out without any emergency override.
	AbsoluteOptOut,
	/// A person at the holder declined.
	Declined,
}

/// What the holder encrypts and sends.
enum Answer {
	Nothing,
	/// These categories, of those that were asked for.
	Document(Categories),
}

impl Store {
	fn answer(self, asked: Categories) -> Answer {
		match self {
			Self::UnknownPatient | Self::Restricted | Self::AbsoluteOptOut | Self::Declined => {
				Answer::Nothing
			},
			Self::Open => Answer::Document(asked),
			Self::PartiallyRestricted => Answer::Document(Category::Prescription.into()),
		}
	}
}

/// Everything a reader of the ledger sees.
#[derive(PartialEq, Debug)]
struct Trace {
	/// Each call with the block in which it came, its weights and whether it succeeded.
	calls: Vec<(u64, Vec<u8>, Weight, Option<Weight>)>,
	/// Each event with its block.
	events: Vec<(u64, RuntimeEvent)>,
	/// The root of the whole state after each block.
	roots: Vec<Vec<u8>>,
	/// The record in the end.
	record: Record,
}

#[derive(Clone, Copy)]
enum Way {
	Request,
	BreakGlass,
	Subscription,
}

struct World {
	trace: Vec<(u64, Vec<u8>, Weight, Option<Weight>)>,
}

impl World {
	fn send(&mut self, origin: RuntimeOrigin, call: Call<Test>) {
		let call = RuntimeCall::from(call);
		let (block, bytes) = (System::block_number(), call.encode());
		let declared = call.get_dispatch_info().call_weight;
		let used = call.dispatch(origin).expect("what a gateway sends succeeds").actual_weight;
		self.trace.push((block, bytes, declared, used));
	}
}

/// Commitments hide their content: the same salt stands for whatever the holder sends, of whatever size bucket.
fn sealed(_content: &Categories) -> Commitment {
	fresh()
}

fn trace(store: Store, way: Way) -> Trace {
	let mut seen = None;
	new_test_ext().execute_with(|| {
		Drawn::set(2_000);
		let asked: Categories =
			[Category::PatientSummary, Category::Prescription].into_iter().collect();
		let care = Gate::Statutory(LegalBasis::CARE);
		let mut world = World { trace: Vec::new() };
		let id = match way {
			Way::Request => {
				let proposal = ExchangeProposal { gate: care, categories: asked, ..pull() };
				world.send(side(RECIPIENT), Call::request { key: key(1), proposal });
				exchange_id(RECIPIENT, &key(1))
			},
			Way::BreakGlass => {
				let proposal = ExchangeProposal { categories: asked, ..urgent() };
				let ground_evidence = fresh();
				let call = Call::break_glass { key: key(1), proposal, ground_evidence };
				world.send(delegate(RECIPIENT, Duty::Emergency), call);
				exchange_id(RECIPIENT, &key(1))
			},
			Way::Subscription => {
				let terms = curex_primitives::SubscriptionTerms {
					gate: care,
					categories: asked,
					..standing_order()
				};
				world.send(side(RECIPIENT), Call::subscribe { key: key(1), terms });
				// Beside it an ordinary request, so that there is a record to compare.
				let proposal = ExchangeProposal { gate: care, categories: asked, ..pull() };
				world.send(side(RECIPIENT), Call::request { key: key(2), proposal });
				exchange_id(RECIPIENT, &key(2))
			},
		};
		let (mut events, mut roots) = (Vec::new(), Vec::new());
		for passed in 0..DeliveryWindow::get().max(EmergencyWindow::get()) + 5 {
			if passed == 3 {
				answer(&mut world, store, asked, id, way);
			}
			if passed == 5 && state_of(id) == ExchangeState::Dispatched {
				world.send(side(RECIPIENT), Call::receive { id, receipt: fresh() });
			}
			forward(1);
			let block = System::block_number();
			events.extend(System::events().into_iter().map(|event| (block, event.event)));
			System::reset_events();
			roots.push(sp_io::storage::root(StateVersion::V1));
		}
		check_invariants();
		let record = Exchange::exchange(id).unwrap();
		seen = Some(Trace { calls: world.trace, events, roots, record });
	});
	seen.unwrap()
}

fn answer(world: &mut World, store: Store, asked: Categories, id: ExchangeId, way: Way) {
	if let Answer::Document(content) = store.answer(asked) {
		if !matches!(way, Way::BreakGlass) {
			world.send(side(HOLDER), Call::approve { id });
		}
		world.send(side(HOLDER), Call::dispatch { id, payload: sealed(&content) });
	}
}

const REFUSING: [Store; 4] =
	[Store::UnknownPatient, Store::Restricted, Store::AbsoluteOptOut, Store::Declined];

#[test]
fn an_unknown_patient_a_restriction_an_opt_out_and_a_refusal_are_one_world() {
	let unknown = trace(Store::UnknownPatient, Way::Request);
	assert_eq!(unknown.record.state, ExchangeState::NotServed);
	for store in REFUSING {
		assert_eq!(trace(store, Way::Request), unknown, "{store:?}");
	}
}

#[test]
fn a_partially_restricted_record_is_delivered_like_a_whole_one() {
	let whole = trace(Store::Open, Way::Request);
	assert!(whole.record.receipt.is_some());
	assert_eq!(trace(Store::PartiallyRestricted, Way::Request), whole);
}

#[test]
fn a_refused_break_glass_does_not_tell_an_opt_out_from_an_unknown_patient() {
	let unknown = trace(Store::UnknownPatient, Way::BreakGlass);
	assert_eq!(unknown.record.state, ExchangeState::Expired);
	for store in REFUSING {
		assert_eq!(trace(store, Way::BreakGlass), unknown, "{store:?}");
	}
}

#[test]
fn a_refused_subscription_does_not_tell_why() {
	let unknown = trace(Store::UnknownPatient, Way::Subscription);
	for store in REFUSING {
		assert_eq!(trace(store, Way::Subscription), unknown, "{store:?}");
	}
}

#[test]
fn the_comparison_sees_a_difference_where_there_is_one() {
	assert_ne!(trace(Store::Open, Way::Request), trace(Store::Restricted, Way::Request));
}
