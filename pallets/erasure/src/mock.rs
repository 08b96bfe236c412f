//! A runtime with this pallet alone.

use crate as pallet_erasure;
use crate::Error;
use curex_primitives::{
	Commitment, Competence, Duty, ErasureId, ErasureMethod, Moment, OrganisationId,
	OrganisationKind, SLOTS,
};
use frame::testing_prelude::*;
pub use pallet_mock_members::{admit, delegate, Delegates, Members, Now, DAY, HOUR, START};
use pallet_mock_members::{admit_with, begin_anew};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Erasure: pallet_erasure,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub const Retention: u32 = 60;
}

impl crate::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Clock = Now;
	type Retention = Retention;
	type WeightInfo = ();
	type BenchmarkHelper = Members;
}

/// The number of the day that begins at [`START`].
pub const TODAY: u32 = 20_000;
// The numbers of members have no gap.
pub const CENTRE: OrganisationId = OrganisationId(0);
pub const HOSPITAL: OrganisationId = OrganisationId(1);
pub const OTHER: OrganisationId = OrganisationId(2);
pub const AUTHORITY: OrganisationId = OrganisationId(3);
/// A health data access body in the same country.
pub const ACCESS_BODY: OrganisationId = OrganisationId(4);
/// A data protection authority in another country.
pub const ABROAD: OrganisationId = OrganisationId(5);

/// The organisation's delegate for oversight.
pub fn officer(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Oversight)
}

pub fn commitment(number: u8) -> Commitment {
	Commitment([number; 32])
}

pub fn new_test_ext() -> TestState {
	begin_anew();
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

/// Sixteen handles that differ from those under another number.
pub fn handles(number: u8) -> [ErasureId; SLOTS] {
	core::array::from_fn(|slot| {
		let mut bytes = [number; 32];
		bytes[0] = slot as u8 + 1;
		ErasureId(bytes)
	})
}

pub fn file(organisation: OrganisationId, number: u8) -> DispatchResult {
	Erasure::file(officer(organisation), handles(number))
}

pub fn attest(organisation: OrganisationId, day: u32, number: u8) -> DispatchResult {
	let method = ErasureMethod::CryptographicErase;
	Erasure::attest(officer(organisation), day, [9; 32], method, commitment(number))
}

/// Makes it `now` and begins a block.
pub fn begin(now: Moment) {
	Now::set(now);
	let block = System::block_number() + 1;
	System::set_block_number(block);
	Erasure::on_initialize(block);
}

/// Makes it `now` and lets a block pass.
pub fn idle(now: Moment) {
	begin(now);
	Erasure::on_idle(System::block_number(), Weight::MAX);
}

/// A batch of one organisation's orders, filed today and released with the next day.
pub fn released() {
	assert_ok!(file(HOSPITAL, 1));
	begin(START + DAY);
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
		Erasure::do_try_state().expect("the invariants hold");
	});
}

/// Checks that a call fails with the error and changes nothing.
#[track_caller]
pub fn refuse(call: impl FnOnce() -> DispatchResult, error: Error<Test>) {
	assert_noop!(call(), error);
}
