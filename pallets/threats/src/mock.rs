//! A runtime with this pallet.

use crate as pallet_threats;
use curex_primitives::{BenchmarkDelegates, Duty, OrganisationId, OrganisationKind, ReportKind};
use frame::{
	deps::frame_support::storage::unhashed,
	testing_prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Threats: pallet_threats,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub static Now: u64 = 1_000_000;
}

impl pallet_threats::Config for Test {
	type DelegateOrigin = EnsureDelegate;
	type Clock = Clock;
	type Outbox = Outbox;
	type History = ConstU32<3>;
	type MaxIndicators = ConstU32<2>;
	type WeightInfo = ();
	type BenchmarkHelper = EnsureDelegate;
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> core::time::Duration {
		core::time::Duration::from_millis(Now::get())
	}
}

pub struct Outbox;
impl curex_primitives::Outbox for Outbox {
	fn take(organisation: OrganisationId, kind: ReportKind, number: u64) -> bool {
		let key = (b"outbox", organisation, kind).encode();
		let fresh = number > unhashed::get_or_default(&key);
		if fresh {
			unhashed::put(&key, &number);
		}
		fresh
	}
}

/// The account of the organisation's delegate with this duty and no other.
pub fn delegate(organisation: u32, duty: Duty) -> RuntimeOrigin {
	RuntimeOrigin::signed(u64::from(organisation) * 16 + duty as u64)
}

pub struct EnsureDelegate;
impl EnsureOriginWithArg<RuntimeOrigin, Duty> for EnsureDelegate {
	type Success = OrganisationId;

	fn try_origin(origin: RuntimeOrigin, duty: &Duty) -> Result<OrganisationId, RuntimeOrigin> {
		match origin.clone().into_signer() {
			Some(account) if account % 16 == *duty as u64 => {
				Ok(OrganisationId((account / 16) as u32))
			},
			_ => Err(origin),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(duty: &Duty) -> Result<RuntimeOrigin, ()> {
		Ok(delegate(1, *duty))
	}
}

impl BenchmarkDelegates<RuntimeOrigin> for EnsureDelegate {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let organisation = 100 + kind as u32;
		(delegate(organisation, duty), OrganisationId(organisation))
	}
}

pub fn state() -> TestState {
	Now::set(1_000_000);
	let mut state = TestState::default();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// Runs a test, then the invariants.
pub fn run(test: impl FnOnce()) {
	state().execute_with(|| {
		test();
		Threats::do_try_state().expect("every invariant holds");
	});
}
