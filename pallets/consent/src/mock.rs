//! A runtime with this pallet alone.

use crate as pallet_consent;
use curex_primitives::{
	benchmarks::extraction,
	commitment,
	gate::{Asked, RiskProfile},
	merkle, ticket, AccessMode, Attestation, Category, Commitment, ConsentId, ConsentTerms, Duty,
	Extraction, Fitness, Gate, Grantee, LegalBasis, Level, MerkleRoot, Moment, OrganisationId,
	OrganisationKind, Permit, PermitId, Permits, Purpose, Representation, TicketProof, Tolerance,
	WithdrawLock,
};
use frame::testing_prelude::*;
pub use pallet_mock_members::*;

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Consent: pallet_consent,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub static Unfit: bool = false;
	pub static Permitted: Option<Permit> = None;
	pub const Retention: Moment = 30 * DAY;
	pub const WithdrawalPriority: TransactionPriority = 1 << 60;
}

impl crate::Config for Test {
	type DelegateOrigin = Delegates;
	type CouncilOrigin = frame_system::EnsureRoot<u64>;
	type Organisations = Members;
	type Permits = Permitted;
	type Risk = Unfit;
	type Clock = Now;
	type Retention = Retention;
	type WithdrawalPriority = WithdrawalPriority;
	type WeightInfo = ();
	type BenchmarkHelper = Members;
}

pub const HOLDER: OrganisationId = OrganisationId(1);
pub const GRANTEE: OrganisationId = OrganisationId(2);
pub const OTHER: OrganisationId = OrganisationId(3);
pub const AUTHORITY: OrganisationId = OrganisationId(4);
pub const CODE: [u8; 32] = [7; 32];

impl Permits for Permitted {
	fn get(_: PermitId) -> Option<Permit> {
		Permitted::get()
	}

	fn extraction(id: PermitId, number: u32) -> Option<Extraction> {
		(number == 0).then(|| extraction(id, HOLDER))
	}
}

impl RiskProfile for Unfit {
	fn tolerance(_: OrganisationId) -> Tolerance {
		Tolerance::DEFAULT
	}

	fn fitness(_: OrganisationId) -> Option<Fitness> {
		Some(Fitness {
			cyber: if Unfit::get() { Level::VeryHigh } else { Level::Low },
			privacy: Level::Low,
			attestation: Attestation::SelfAssessed,
			assessed_at: START,
			expires_at: START + 1_000 * DAY,
		})
	}
}

/// The holder's delegate for consents.
pub fn holder() -> RuntimeOrigin {
	delegate(HOLDER, Duty::Consent)
}

/// Good terms, all of whose commitments differ from those under another number.
pub fn terms(number: u8) -> ConsentTerms {
	ConsentTerms {
		grantee: Grantee::Organisation(GRANTEE),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: Purpose::Treatment.into(),
		categories: Category::PatientSummary.into(),
		access_modes: AccessMode::View.into(),
		valid_from: START,
		valid_until: START + 10 * DAY,
		erase_at: START + 20 * DAY,
		max_uses: 3,
		min_interval_s: 0,
		terms: Commitment([number; 32]),
		evidence: Commitment([100 + number; 32]),
		withdraw_lock: commitment::withdraw_lock(&[CODE[0] + number - 1; 32]),
		policy_version: 1,
		representation: Representation::Own,
	}
}

/// Terms narrower than [`terms`] of the same number, with commitments of their own.
pub fn narrower(number: u8) -> ConsentTerms {
	ConsentTerms {
		max_uses: 2,
		terms: Commitment([50 + number; 32]),
		evidence: Commitment([150 + number; 32]),
		..terms(number)
	}
}

/// Tickets number 1 to 3, and the tree over them.
pub fn tickets() -> (Vec<ConsentTerms>, merkle::Tree) {
	let tickets: Vec<_> =
		(1..=3).map(|number| ConsentTerms { max_uses: 1, ..terms(number) }).collect();
	let mut drawn = 0u64;
	let fill = || {
		drawn += 1;
		filling(drawn)
	};
	let tree = ticket::tree(&tickets, fill).expect("three are no more than 1,024; qed");
	(tickets, tree)
}

fn filling(number: u64) -> [u8; 32] {
	let mut bytes = [0xF1; 32];
	bytes[..8].copy_from_slice(&number.to_le_bytes());
	bytes
}

/// The code of the root of [`tickets`].
pub const ROOT_CODE: [u8; 32] = [99; 32];

pub fn root_lock() -> WithdrawLock {
	commitment::withdraw_lock(&ROOT_CODE)
}

/// Records [`tickets`]: their root, and each with its proof.
pub fn recorded_tickets() -> (MerkleRoot, Vec<(ConsentTerms, TicketProof)>) {
	let (tickets, tree) = tickets();
	let root = tree.root();
	assert_ok!(Consent::record_tickets(holder(), root, root_lock(), START + 30 * DAY));
	let proven = tickets.into_iter().enumerate().map(|(index, terms)| {
		let proof = TicketProof::of(&tree, index as u16).expect("the ticket is there; qed");
		(terms, proof)
	});
	(root, proven.collect())
}

/// The grantee's delegate for exchanges.
pub fn recipient() -> RuntimeOrigin {
	delegate(GRANTEE, Duty::Exchange)
}

/// What the grantee asks under a consent with [`terms`].
pub fn asked(consent: ConsentId) -> Asked {
	Asked {
		gate: Gate::Consent(consent),
		holder: HOLDER,
		recipient: GRANTEE,
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		mode: AccessMode::View,
		border: None,
	}
}

pub fn id(number: u8) -> ConsentId {
	ConsentId([number; 32])
}

pub fn new_test_ext() -> TestState {
	begin_anew();
	Unfit::set(false);
	Permitted::set(None);
	for organisation in [HOLDER, GRANTEE, OTHER] {
		admit(organisation, OrganisationKind::Hospital);
	}
	admit(AUTHORITY, OrganisationKind::Authority);
	let mut state: TestState =
		RuntimeGenesisConfig::default().build_storage().expect("no genesis; qed").into();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// Runs a test in a fresh state, and the invariants after it.
pub fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Consent::do_try_state().expect("the invariants hold");
	});
}
