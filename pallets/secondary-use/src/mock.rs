//! A runtime with this pallet and the register of duties. Account `16 · organisation + duty` is the organisation's
//! delegate for the duty.

use crate as pallet_secondary_use;
use crate::Error;
use curex_primitives::{
	permit::permit_id, Category, Commitment, Competence, DataFormat, DataUseConditions, Duty,
	MerkleRoot, Moment, OrganisationId, OrganisationKind, PermitId, PermitTerms, SecondaryPurpose,
	SizeBucket,
};
use frame::testing_prelude::*;
use pallet_mock_members::{admit, admit_with, begin_anew};
pub use pallet_mock_members::{delegate, suspend, Delegates, Members, Now, DAY, HOUR, START};

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
	begin_anew();
	let authority = |organisation, competence: Competence, country| {
		admit_with(organisation, OrganisationKind::Authority, competence.into(), country);
	};
	authority(BODY, Competence::HealthDataAccess, *b"GR");
	authority(SUPERVISOR, Competence::DataProtection, *b"GR");
	authority(SECOND_BODY, Competence::HealthDataAccess, *b"GR");
	authority(BODY_ABROAD, Competence::HealthDataAccess, *b"ES");
	for organisation in [HOLDER, OTHER, USER, THIRD] {
		admit(organisation, OrganisationKind::Hospital);
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
