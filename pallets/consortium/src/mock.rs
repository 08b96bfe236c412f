//! A small network: five hospitals with a seat each, a care centre, and a data protection
//! authority. Session keys and the collective are played by plain storage.

use crate::{
	self as pallet_consortium, genesis::GenesisDelegate, AdmissionRules, Family,
	GenesisOrganisation, GenesisPeer, PeerId, Rule, Sessions, Timing,
};
use codec::Encode;
use curex_primitives::{
	Competence, Competences, Country, Duties, Duty, OrganisationId, OrganisationKind, PeerRole,
};
use frame::{
	deps::frame_support::storage::unhashed,
	prelude::{frame_system, *},
	runtime::prelude::*,
	testing_prelude::*,
};

pub type AccountId = u64;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Consortium: pallet_consortium,
		Utility: pallet_utility,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

impl pallet_utility::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = ();
}

impl pallet_consortium::Config for Test {
	type CouncilOrigin = EnsureRoot<AccountId>;
	type CouncilMembers = FakeCollective;
	type InitializeCouncil = FakeCollective;
	type Sessions = FakeSessions;
	type Calls = Table;
	type MaxDelegates = ConstU32<4>;
	type MaxPeers = ConstU32<3>;
	type MaxCouncilMembers = ConstU32<8>;
	type MaxReviewers = ConstU32<16>;
	type MaxValidators = ConstU32<7>;
	type MinValidators = ConstU32<4>;
	type QuotaWindow = ConstU64<10>;
	type DefaultQuota = ConstU32<20>;
	type QuotaReserve = ConstU32<5>;
	type MaxUrgentBeyondQuota = ConstU32<3>;
	type MaxPending = ConstU32<8>;
	type WeightInfo = ();
	type BenchmarkHelper = ();
}

/// A remark says which rule it stands for, so that every rule can be tried.
pub struct Table;

impl AdmissionRules<RuntimeCall> for Table {
	fn rule(call: &RuntimeCall) -> Rule<'_, RuntimeCall> {
		match call {
			RuntimeCall::System(frame_system::Call::remark { remark }) => match remark.as_slice() {
				b"ordinary" => Rule::Duty(Duty::Exchange, Family::Ordinary),
				b"seven" => Rule::Duties(Duty::Exchange, Family::Ordinary, 7),
				b"nothing" => Rule::Duties(Duty::Exchange, Family::Ordinary, 0),
				b"too many" => Rule::Duties(Duty::Exchange, Family::Ordinary, 257),
				b"report" => Rule::Duty(Duty::SecurityReport, Family::SecurityReport),
				b"urgent" => Rule::Duty(Duty::Emergency, Family::Urgent),
				b"governance" => Rule::Duty(Duty::Council, Family::Governance),
				b"administration" => Rule::Duty(Duty::Administration, Family::Administration),
				b"member" => Rule::Member(Family::Ordinary),
				b"authorised" => Rule::Authorised(Family::Urgent),
				b"inherent" => Rule::Inherent,
				b"consensus" => Rule::Consensus,
				_ => Rule::Never,
			},
			RuntimeCall::Utility(
				pallet_utility::Call::batch { calls }
				| pallet_utility::Call::batch_all { calls }
				| pallet_utility::Call::force_batch { calls },
			) => Rule::Batch(calls),
			RuntimeCall::Consortium(
				pallet_consortium::Call::set_delegate { .. }
				| pallet_consortium::Call::dismiss_delegate { .. }
				| pallet_consortium::Call::accept_agreement { .. },
			) => Rule::Duty(Duty::Administration, Family::Administration),
			_ => Rule::Never,
		}
	}
}

/// The collective: remembers who it was told its members are.
pub struct FakeCollective;

impl FakeCollective {
	const KEY: &'static [u8] = b"mock:collective";

	pub fn members() -> Vec<AccountId> {
		unhashed::get_or_default(Self::KEY)
	}
}

impl ChangeMembers<AccountId> for FakeCollective {
	fn change_members_sorted(incoming: &[AccountId], outgoing: &[AccountId], new: &[AccountId]) {
		let mut expected = Self::members();
		expected.retain(|member| !outgoing.contains(member));
		expected.extend(incoming);
		expected.sort();
		assert_eq!(expected, new, "the difference and the new list disagree");
		unhashed::put(Self::KEY, &new);
	}
}

impl InitializeMembers<AccountId> for FakeCollective {
	fn initialize_members(members: &[AccountId]) {
		assert!(Self::members().is_empty(), "Members are already initialized!");
		unhashed::put(Self::KEY, &members);
	}
}

/// The session pallet: who has keys, holding a consumer reference as it does, and who is disabled.
pub struct FakeSessions;

impl FakeSessions {
	const DISABLED: &'static [u8] = b"mock:disabled";

	fn key(account: AccountId) -> Vec<u8> {
		(b"mock:keys", account).encode()
	}

	/// Whom the running session was told to disable, in order.
	pub fn disabled() -> Vec<AccountId> {
		unhashed::get_or_default(Self::DISABLED)
	}

	/// The set has changed: nobody is disabled any more.
	pub fn forget_disabled() {
		unhashed::kill(Self::DISABLED);
	}

	/// A validator purges its own keys behind the consortium's back.
	pub fn lose_keys(account: AccountId) {
		unhashed::kill(&Self::key(account));
		System::dec_consumers(&account);
	}
}

impl Sessions<AccountId> for FakeSessions {
	fn has_keys(account: &AccountId) -> bool {
		unhashed::exists(&Self::key(*account))
	}

	fn purge_keys(account: &AccountId) -> DispatchResult {
		if Self::has_keys(account) {
			Self::lose_keys(*account);
		}
		Ok(())
	}

	fn disable(account: &AccountId) {
		let mut disabled = Self::disabled();
		disabled.push(*account);
		unhashed::put(Self::DISABLED, &disabled);
	}

	fn give_keys(account: &AccountId) {
		if !Self::has_keys(account) {
			unhashed::put(&Self::key(*account), &());
			let _ = System::inc_consumers(account);
		}
	}
}

/// How many hospitals the network has, numbered from 0; each has a seat.
pub const HOSPITALS: u32 = 5;
pub const CARE_CENTRE: OrganisationId = OrganisationId(5);
pub const AUTHORITY: OrganisationId = OrganisationId(6);
/// Belongs to nobody.
pub const STRANGER: AccountId = 999;

/// The administrator of an organisation, of a hospital its voice and validator too.
pub fn admin(organisation: u32) -> AccountId {
	u64::from(organisation) * 10 + 10
}

/// A delegate that exchanges data and may break the glass.
pub fn clerk(organisation: u32) -> AccountId {
	admin(organisation) + 1
}

pub fn clerk_duties() -> Duties {
	Duties::from(Duty::Exchange).with(Duty::Emergency)
}

pub fn peer(seed: u8) -> PeerId {
	PeerId::from_ed25519([seed; 32])
}

pub fn country() -> Country {
	Country::new(*b"GR").unwrap()
}

pub fn organisation(number: u32, kind: OrganisationKind) -> GenesisOrganisation<AccountId> {
	let is_hospital = kind == OrganisationKind::Hospital;
	GenesisOrganisation {
		kind,
		country: country(),
		competences: match kind {
			OrganisationKind::Authority => Competence::DataProtection.into(),
			_ => Competences::EMPTY,
		},
		encryption_key: [number as u8 + 1; 32],
		name: format!("Organisation {number}"),
		delegates: vec![
			GenesisDelegate { account: admin(number), duties: crate::types::first_duties(kind) },
			GenesisDelegate { account: clerk(number), duties: clerk_duties() },
		],
		peers: vec![GenesisPeer { peer: peer(number as u8 + 1), role: PeerRole::Gateway }],
		validator: is_hospital.then_some(admin(number)),
	}
}

pub fn genesis() -> pallet_consortium::GenesisConfig<Test> {
	let kinds = [OrganisationKind::Hospital; HOSPITALS as usize]
		.into_iter()
		.chain([OrganisationKind::CareCentre, OrganisationKind::Authority]);
	pallet_consortium::GenesisConfig {
		timing: Timing { slot_ms: 2_000, epoch_slots: 20 },
		organisations: (0..).zip(kinds).map(|(number, kind)| organisation(number, kind)).collect(),
	}
}

/// State with this genesis, in block 1, where the first hospitals have session keys.
pub fn state(consortium: pallet_consortium::GenesisConfig<Test>) -> TestState {
	let config = RuntimeGenesisConfig { consortium, ..Default::default() };
	let mut state = TestState::new(config.build_storage().unwrap());
	state.execute_with(|| {
		System::set_block_number(1);
		for seat in pallet_consortium::Validators::<Test>::get() {
			FakeSessions::give_keys(&seat.account);
		}
	});
	state
}

/// A chain without organisations.
pub fn empty() -> TestState {
	state(pallet_consortium::GenesisConfig::default())
}

/// Runs a test in the network, then checks every invariant.
pub fn network(test: impl FnOnce()) {
	state(genesis()).execute_with(|| {
		test();
		check_invariants();
	});
}

pub fn check_invariants() {
	Consortium::do_try_state().unwrap();
	assert_eq!(
		FakeCollective::members(),
		pallet_consortium::Council::<Test>::get().into_inner(),
		"the collective was told otherwise"
	);
}

pub fn council() -> RuntimeOrigin {
	RuntimeOrigin::root()
}

pub fn signed(account: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(account)
}

pub fn last_event() -> pallet_consortium::Event<Test> {
	events().pop().expect("there was an event")
}

/// The events of this pallet.
pub fn events() -> Vec<pallet_consortium::Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Consortium(event) => Some(event),
			_ => None,
		})
		.collect()
}
