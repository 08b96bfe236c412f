//! A runtime with this pallet alone. Account `16 · organisation + duty` is the organisation's delegate for the duty.

use crate as pallet_oversight;
use crate::Error;
use curex_primitives::{
	oversight::ExchangeRegister, BenchmarkClock, BenchmarkDelegates, Commitment, Competence,
	Competences, Country, Duty, ExchangeId, Moment, OrganisationFacts, OrganisationId,
	OrganisationKind, OrganisationStatus, Organisations,
};
use frame::{
	testing_prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};
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
	pub static Now: Moment = START;
	pub static Members: BTreeMap<u32, OrganisationFacts> = BTreeMap::new();
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

pub const HOUR: Moment = 3_600 * 1_000;
pub const START: Moment = 480_000 * HOUR;
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

pub fn suspend(organisation: OrganisationId) {
	Members::mutate(|members| {
		members.get_mut(&organisation.0).unwrap().status = OrganisationStatus::Suspended;
	});
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
		let organisation = OrganisationId(100 + Members::get().len() as u32);
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
	Exchanges::set(BTreeMap::new());
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
