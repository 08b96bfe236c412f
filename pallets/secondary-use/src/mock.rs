//! A runtime with this pallet and the register of duties. Account `16 · organisation + duty` is the organisation's
//! delegate for the duty.

use crate as pallet_secondary_use;
use crate::Error;
use curex_primitives::{
	permit::permit_id, BenchmarkDelegates, Category, Commitment, Competence, Competences, Country,
	DataFormat, DataUseConditions, Duty, MerkleRoot, Moment, OrganisationFacts, OrganisationId,
	OrganisationKind, OrganisationStatus, Organisations, PermitId, PermitTerms, SecondaryPurpose,
	SizeBucket,
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
		SecondaryUse: pallet_secondary_use,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub static Now: Moment = START;
	pub static Members: BTreeMap<u32, OrganisationFacts> = BTreeMap::new();
	pub const MaxCohortAge: Moment = 7 * DAY;
	pub const MaxHolders: u32 = 2;
}

impl pallet_oversight::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Exchanges = ();
	type Clock = Now;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Members;
}

impl crate::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Duties = Oversight;
	type Clock = Now;
	type MaxCohortAge = MaxCohortAge;
	type MaxHolders = MaxHolders;
	type WeightInfo = ();
	type BenchmarkHelper = Members;
}

#[cfg(feature = "runtime-benchmarks")]
impl curex_primitives::BenchmarkClock for Members {
	fn set(now: Moment) {
		Now::set(now);
	}
}

pub const HOUR: Moment = 3_600 * 1_000;
pub const DAY: Moment = 24 * HOUR;
pub const START: Moment = 20_000 * DAY;
/// The moment at which the permit of [`terms`] ends.
pub const END: Moment = START + 365 * DAY;
// The numbers of members have no gap.
pub const BODY: OrganisationId = OrganisationId(0);
pub const HOLDER: OrganisationId = OrganisationId(1);
pub const OTHER: OrganisationId = OrganisationId(2);
pub const USER: OrganisationId = OrganisationId(3);
/// An authority for data protection, not for access to health data.
pub const SUPERVISOR: OrganisationId = OrganisationId(4);
/// A second body in the same country, and one abroad.
pub const SECOND_BODY: OrganisationId = OrganisationId(5);
pub const BODY_ABROAD: OrganisationId = OrganisationId(6);
pub const THIRD: OrganisationId = OrganisationId(7);

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
		admit(organisation, kind, Competences::all(), *b"GR");
	}
}

pub fn admit(
	organisation: OrganisationId,
	kind: OrganisationKind,
	competences: Competences,
	country: [u8; 2],
) {
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
		Ok(delegate(HOLDER, *duty))
	}
}

impl BenchmarkDelegates<RuntimeOrigin> for Members {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let organisation = OrganisationId(Members::get().len() as u32);
		let competences = if kind == OrganisationKind::Authority {
			Competences::all()
		} else {
			Competences::EMPTY
		};
		admit(organisation, kind, competences, *b"GR");
		(delegate(organisation, duty), organisation)
	}
}

pub fn delegate(organisation: OrganisationId, duty: Duty) -> RuntimeOrigin {
	RuntimeOrigin::signed(u64::from(organisation.0) * 16 + duty as u64)
}

/// The organisation's delegate for oversight.
pub fn officer(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Oversight)
}

/// The organisation's delegate for exchanges.
pub fn exchanger(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Exchange)
}

pub fn commitment(number: u8) -> Commitment {
	Commitment([number; 32])
}

/// Good terms, all of whose commitments differ from those under another number.
pub fn terms(number: u8) -> PermitTerms {
	PermitTerms {
		user: USER,
		purpose: SecondaryPurpose::Research,
		categories: Category::Imaging.into(),
		environment: commitment(number),
		format: DataFormat::Pseudonymised,
		justification: commitment(number + 1),
		valid_from: START,
		valid_until: END,
		conditions: DataUseConditions::EMPTY,
		document: commitment(number + 2),
	}
}

pub const KEY: [u8; 32] = [7; 32];
pub const DATASET: Commitment = Commitment([200; 32]);

/// The handle of the permit that [`issued`] issues.
pub fn id() -> PermitId {
	permit_id(BODY, &KEY)
}

/// A permit that names one holder.
pub fn issued() {
	assert_ok!(SecondaryUse::issue(officer(BODY), KEY, terms(1)));
	assert_ok!(SecondaryUse::name_holder(officer(BODY), id(), HOLDER, DATASET));
}

pub fn commit(holder: OrganisationId, size: SizeBucket) -> DispatchResult {
	let (cohort, opt_out) = (MerkleRoot([101; 32]), MerkleRoot([102; 32]));
	let none = SizeBucket::None;
	SecondaryUse::commit_cohort(exchanger(holder), id(), DATASET, cohort, size, opt_out, none)
}

pub fn extract(holder: OrganisationId, number: u8) -> DispatchResult {
	SecondaryUse::extract(exchanger(holder), id(), DATASET, commitment(number))
}

/// A permit under which something was extracted.
pub fn extracted() {
	issued();
	assert_ok!(commit(HOLDER, SizeBucket::Hundreds));
	next_block();
	assert_ok!(extract(HOLDER, 50));
}

pub fn next_block() {
	System::set_block_number(System::block_number() + 1);
}

/// Lets the idle part of a block run at `now`.
pub fn idle(now: Moment) {
	Now::set(now);
	Oversight::on_idle(System::block_number(), Weight::MAX);
}

/// Until when the user is to publish results under the permit of [`issued`], if it is.
pub fn results_due() -> Option<Moment> {
	let duty = curex_primitives::DutyKind::PublishResults(id());
	let duties = Oversight::duties_of(USER, u32::MAX);
	duties.iter().find(|open| open.duty == duty).map(|open| open.due)
}

/// How often this event was deposited.
pub fn times(event: impl Into<RuntimeEvent>) -> usize {
	let event = event.into();
	System::events().iter().filter(|record| record.event == event).count()
}

pub fn new_test_ext() -> TestState {
	Now::set(START);
	Members::set(BTreeMap::new());
	let authority = |organisation, competence: Competence, country| {
		admit(organisation, OrganisationKind::Authority, competence.into(), country);
	};
	authority(BODY, Competence::HealthDataAccess, *b"GR");
	authority(SUPERVISOR, Competence::DataProtection, *b"GR");
	authority(SECOND_BODY, Competence::HealthDataAccess, *b"GR");
	authority(BODY_ABROAD, Competence::HealthDataAccess, *b"ES");
	for organisation in [HOLDER, OTHER, USER, THIRD] {
		admit(organisation, OrganisationKind::Hospital, Competences::EMPTY, *b"GR");
	}
	let mut state: TestState =
		RuntimeGenesisConfig::default().build_storage().expect("no genesis; qed").into();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// Runs a test in a fresh state, and the invariants after it.
pub fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		SecondaryUse::do_try_state().expect("the invariants hold");
	});
}

/// Checks that a call fails with the error and changes nothing.
#[track_caller]
pub fn refuse(call: impl FnOnce() -> DispatchResult, error: Error<Test>) {
	assert_noop!(call(), error);
}
