//! A runtime with this pallet alone. Account `16 · organisation + duty` is the organisation's delegate for the duty.

use crate as pallet_erasure;
use crate::Error;
use curex_primitives::{
	BenchmarkClock, BenchmarkDelegates, Commitment, Competence, Competences, Country, Duty,
	ErasureId, ErasureMethod, Moment, OrganisationFacts, OrganisationId, OrganisationKind,
	OrganisationStatus, Organisations, SLOTS,
};
use frame::{
	testing_prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};
use std::collections::BTreeMap;

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
	pub static Now: Moment = START;
	pub static Members: BTreeMap<u32, OrganisationFacts> = BTreeMap::new();
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

pub const HOUR: Moment = 3_600 * 1_000;
/// The beginning of a day.
pub const START: Moment = 480_000 * HOUR;
/// Its number.
pub const TODAY: u32 = 20_000;
pub const DAY: Moment = 24 * HOUR;
// The numbers of members have no gap.
pub const CENTRE: OrganisationId = OrganisationId(0);
pub const HOSPITAL: OrganisationId = OrganisationId(1);
pub const OTHER: OrganisationId = OrganisationId(2);
pub const AUTHORITY: OrganisationId = OrganisationId(3);
/// A health data access body in the same country.
pub const ACCESS_BODY: OrganisationId = OrganisationId(4);
/// A data protection authority in another country.
pub const ABROAD: OrganisationId = OrganisationId(5);

impl UnixTime for Now {
	fn now() -> core::time::Duration {
		core::time::Duration::from_millis(Now::get())
	}
}

impl Organisations for Members {
	fn facts(organisation: OrganisationId) -> Option<OrganisationFacts> {
		Members::get().get(&organisation.0).copied()
	}

	fn reviewers() -> Vec<OrganisationId> {
		Vec::new()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn prepare(organisation: OrganisationId, kind: OrganisationKind) {
		admit(organisation, kind);
	}
}

pub fn admit(organisation: OrganisationId, kind: OrganisationKind) {
	admit_in(organisation, kind, *b"GR", Competence::DataProtection);
}

pub fn admit_in(
	organisation: OrganisationId,
	kind: OrganisationKind,
	country: [u8; 2],
	field: Competence,
) {
	let competences =
		if kind == OrganisationKind::Authority { field.into() } else { Competences::EMPTY };
	let country = Country::new(country).unwrap();
	let facts =
		OrganisationFacts { kind, country, status: OrganisationStatus::Active, competences };
	Members::mutate(|members| members.insert(organisation.0, facts));
}

pub struct Delegates;

impl EnsureOriginWithArg<RuntimeOrigin, Duty> for Delegates {
	type Success = OrganisationId;

	fn try_origin(origin: RuntimeOrigin, duty: &Duty) -> Result<OrganisationId, RuntimeOrigin> {
		let Ok(account) = ensure_signed(origin.clone()) else { return Err(origin) };
		let organisation = OrganisationId((account / 16) as u32);
		let active = Members::facts(organisation).is_some_and(|facts| facts.is_active());
		(active && account % 16 == *duty as u64).then_some(organisation).ok_or(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(duty: &Duty) -> Result<RuntimeOrigin, ()> {
		Ok(delegate(HOSPITAL, *duty))
	}
}

impl BenchmarkDelegates<RuntimeOrigin> for Members {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let organisation = OrganisationId(Members::get().len() as u32);
		admit(organisation, kind);
		(delegate(organisation, duty), organisation)
	}
}

impl BenchmarkClock for Members {
	fn set(now: Moment) {
		Now::set(now);
	}
}

pub fn delegate(organisation: OrganisationId, duty: Duty) -> RuntimeOrigin {
	RuntimeOrigin::signed(u64::from(organisation.0) * 16 + duty as u64)
}

/// The organisation's delegate for oversight.
pub fn officer(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Oversight)
}

pub fn commitment(number: u8) -> Commitment {
	Commitment([number; 32])
}

pub fn new_test_ext() -> TestState {
	Now::set(START);
	Members::set(BTreeMap::new());
	admit(CENTRE, OrganisationKind::CareCentre);
	admit(HOSPITAL, OrganisationKind::Hospital);
	admit(OTHER, OrganisationKind::Hospital);
	admit(AUTHORITY, OrganisationKind::Authority);
	let authority = OrganisationKind::Authority;
	admit_in(ACCESS_BODY, authority, *b"GR", Competence::HealthDataAccess);
	admit_in(ABROAD, authority, *b"ES", Competence::DataProtection);
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
