//! A runtime with this pallet alone. Account `16 · organisation + duty` is the organisation's delegate for the duty.

use crate as pallet_oversight;
use crate::Error;
use curex_primitives::{
	oversight::ExchangeRegister, Commitment, Competence, Duty, ExchangeId, Moment, OrganisationId,
	OrganisationKind,
};
use frame::testing_prelude::*;
pub use pallet_mock_members::{
	admit, delegate, suspend, Delegates, Members, Now, DAY, HOUR, START,
};
use pallet_mock_members::{admit_with, begin_anew};
use std::collections::BTreeMap;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Oversight: pallet_oversight,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub static Exchanges: BTreeMap<[u8; 32], (u32, Moment)> = BTreeMap::new();
}

impl crate::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Exchanges = Register;
	type Clock = Now;
	type WeightInfo = ();
	type BenchmarkHelper = Members;
}

// The numbers of members have no gap.
pub const CENTRE: OrganisationId = OrganisationId(0);
pub const HOSPITAL: OrganisationId = OrganisationId(1);
pub const OTHER: OrganisationId = OrganisationId(2);
pub const AUTHORITY: OrganisationId = OrganisationId(3);
/// A health data access body in the same country.
pub const ACCESS_BODY: OrganisationId = OrganisationId(4);
/// A data protection authority in another country.
pub const ABROAD: OrganisationId = OrganisationId(5);

/// Exchanges by their handles, each with its organisation and beginning.
pub struct Register;

impl ExchangeRegister for Register {
	fn begun_between(
		organisation: OrganisationId,
		from: Moment,
		until: Moment,
		after: Option<ExchangeId>,
		scan: u32,
	) -> (Vec<ExchangeId>, Option<ExchangeId>) {
		let rest = Exchanges::get().split_off(&after.map_or([0; 32], |id| id.0));
		let rest = rest.into_iter().filter(|(id, _)| after != Some(ExchangeId(*id)));
		let seen: Vec<_> = rest.take(scan as usize).collect();
		let next = (seen.len() == scan as usize).then(|| seen.last().map(|(id, _)| *id)).flatten();
		let found = seen
			.into_iter()
			.filter(|(_, (of, begun))| *of == organisation.0 && (from..until).contains(begun))
			.map(|(id, _)| ExchangeId(id));
		(found.collect(), next.map(ExchangeId))
	}
}

/// The organisation's delegate for oversight.
pub fn officer(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Oversight)
}

pub fn commitment(number: u8) -> Commitment {
	Commitment([number; 32])
}

pub fn new_test_ext() -> TestState {
	begin_anew();
	Exchanges::set(BTreeMap::new());
	admit(CENTRE, OrganisationKind::CareCentre);
	admit(HOSPITAL, OrganisationKind::Hospital);
	admit(OTHER, OrganisationKind::Hospital);
	admit(AUTHORITY, OrganisationKind::Authority);
	let authority = |organisation, field: Competence, country| {
		admit_with(organisation, OrganisationKind::Authority, field.into(), country);
	};
	authority(ACCESS_BODY, Competence::HealthDataAccess, *b"GR");
	authority(ABROAD, Competence::DataProtection, *b"ES");
	let mut state: TestState =
		RuntimeGenesisConfig::default().build_storage().expect("no genesis; qed").into();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// Lets the idle part of a block run at `now`.
pub fn idle(now: Moment) {
	Now::set(now);
	Oversight::on_idle(System::block_number(), Weight::MAX);
}

/// How often this event was deposited.
pub fn times(event: crate::Event<Test>) -> usize {
	let event = RuntimeEvent::from(event);
	System::events().iter().filter(|record| record.event == event).count()
}

/// Runs a test in a fresh state, and the invariants after it.
pub fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Oversight::do_try_state().expect("the invariants hold");
	});
}

/// Checks that a call fails with the error and changes nothing.
#[track_caller]
pub fn refuse(call: impl FnOnce() -> DispatchResult, error: Error<Test>) {
	assert_noop!(call(), error);
}
