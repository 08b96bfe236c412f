//! A runtime with exchanges and consents.

use crate as pallet_exchange;
use crate::{Error, RiskProfile};
use curex_primitives::{
	benchmarks::{broad_terms, extraction},
	commitment,
	exchange::{self, exchange_id},
	permit::{DataFormat, DataUseConditions, Extraction},
	subscription::subscription_id,
	AccessMode, AcknowledgementCode, Attestation, Bases, BenchmarkClock, BenchmarkDelegates,
	BenchmarkGate, Category, Commitment, Competence, ConsentId, ConsentTerms, Countersignature,
	Country, DelegateKeys, DisputeGrounds, Duties, Duty, EmergencySignature, ExchangeId,
	ExchangeProposal, ExchangeState, Fitness, Gate, Grantee, Ground, GroupId, Law, LegalBasis,
	Level, Moment, OrganisationId, OrganisationKind, OrganisationStatus, Organisations, Permit,
	PermitId, Permits, Purpose, ReleaseReason, Representation, Settlement, SubscriptionId,
	SubscriptionTerms, Tolerance,
};
use frame::{
	deps::sp_core::{sr25519, Pair},
	testing_prelude::*,
};
pub use pallet_mock_members::*;
use std::collections::{BTreeMap, BTreeSet};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Consent: pallet_consent,
		Exchange: pallet_exchange,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlock<Test>;
}

parameter_types! {
	pub static Unfit: BTreeSet<u32> = BTreeSet::new();
	pub static Drawn: u64 = 0;
	pub static Granted: Option<Permit> = None;
	pub static Extracted: Option<OrganisationId> = None;
	pub static Signers: BTreeMap<[u8; 32], (u32, Duty)> = BTreeMap::new();
	pub const Retention: Moment = 30 * DAY;
	pub const WithdrawalPriority: TransactionPriority = 1 << 60;
	pub const AnswerWindow: u32 = 10;
	pub const DeliveryWindow: u32 = 20;
	pub const ReviewWindow: u32 = 30;
	pub const EmergencyWindow: u32 = 25;
	pub const NoticeWindow: u32 = 15;
	pub const NoticeDeferral: u32 = 12;
	pub const BreachWindow: u32 = 14;
	pub const DisputeWindow: u32 = 18;
	pub const RectificationWindow: u32 = 9;
	pub const SubscriptionCheck: u32 = 8;
	pub static ExchangeRetention: u32 = 200;
	pub const EmergencyAlarm: u32 = 2;
}

impl pallet_consent::Config for Test {
	type DelegateOrigin = Delegates;
	type CouncilOrigin = frame_system::EnsureRoot<u64>;
	type Organisations = Members;
	type Permits = ();
	type Risk = Risk;
	type Clock = Now;
	type Retention = Retention;
	type WithdrawalPriority = WithdrawalPriority;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Members;
}

impl crate::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Consents = Consent;
	type Permits = Permitted;
	type Law = Matrix;
	type Keys = Signers;
	type Risk = Risk;
	type Clock = Now;
	type EmergencyWindow = EmergencyWindow;
	type NoticeWindow = NoticeWindow;
	type NoticeDeferral = NoticeDeferral;
	type BreachWindow = BreachWindow;
	type DisputeWindow = DisputeWindow;
	type RectificationWindow = RectificationWindow;
	type SubscriptionCheck = SubscriptionCheck;
	type Retention = ExchangeRetention;
	type AnswerWindow = AnswerWindow;
	type DeliveryWindow = DeliveryWindow;
	type ReviewWindow = ReviewWindow;
	type EmergencyAlarm = EmergencyAlarm;
	type WeightInfo = ();
	type BenchmarkHelper = Prepared;
}

pub const SLOT: Moment = 4_000;
pub const HOLDER: OrganisationId = OrganisationId(1);
pub const RECIPIENT: OrganisationId = OrganisationId(2);
pub const HOSPITAL: OrganisationId = OrganisationId(3);
pub const AUTHORITY: OrganisationId = OrganisationId(4);
pub const OUTSIDER: OrganisationId = OrganisationId(5);
pub const CONSENT: ConsentId = ConsentId([0xC0; 32]);
pub const CODE: [u8; 32] = [7; 32];

/// The law as it is built in, in its seventh version.
pub struct Matrix;

impl Law for Matrix {
	fn bases(country: Country, purpose: Purpose, kind: OrganisationKind) -> Bases {
		<() as Law>::bases(country, purpose, kind)
	}

	fn version() -> u32 {
		7
	}
}

pub const PERMIT: PermitId = PermitId([0x9E; 32]);

/// What goes out under [`PERMIT`].
pub const UNDER_PERMIT: Gate = Gate::Permit { permit: PERMIT, extraction: 0 };

/// Knows [`PERMIT`] once it is granted, and one extraction of the holder's under it.
pub struct Permitted;

impl Permits for Permitted {
	fn get(id: PermitId) -> Option<Permit> {
		Granted::get().filter(|_| id == PERMIT)
	}

	fn extraction(id: PermitId, number: u32) -> Option<Extraction> {
		let holder = Extracted::get().filter(|_| id == PERMIT && number == 0)?;
		Some(extraction(id, holder))
	}
}

/// Lets the recipient do research with patient summaries, which the holder has extracted.
pub fn grant() {
	Extracted::set(Some(HOLDER));
	Granted::set(Some(Permit {
		issuer: AUTHORITY,
		user: RECIPIENT,
		purpose: Purpose::Research,
		categories: Category::PatientSummary.into(),
		environment: fresh(),
		format: DataFormat::ALL[0],
		justification: fresh(),
		valid_from: START,
		valid_until: START + DAY,
		conditions: DataUseConditions::EMPTY,
		document: fresh(),
		revoked_at: None,
		issued_at: 1,
	}));
}

impl DelegateKeys for Signers {
	fn delegate(public: &[u8; 32]) -> Option<(OrganisationId, Duties)> {
		let (organisation, duty) = *Signers::get().get(public)?;
		let organisation = OrganisationId(organisation);
		Members::facts(organisation)
			.filter(|facts| facts.is_active())
			.map(|_| (organisation, duty.into()))
	}
}

/// The key of the organisation's delegate for the duty.
pub fn signer(organisation: OrganisationId, duty: Duty) -> sr25519::Pair {
	let mut seed = [7; 32];
	seed[..4].copy_from_slice(&organisation.0.to_le_bytes());
	seed[4] = duty as u8;
	let pair = sr25519::Pair::from_seed(&seed);
	Signers::mutate(|signers| signers.insert(pair.public().0, (organisation.0, duty)));
	pair
}

/// The proposal signed by the recipient, to be recorded until the block after the next ten.
pub fn countersigned(key: [u8; 32], proposal: &ExchangeProposal) -> Countersignature {
	let expires_at = Exchange::block() + 10;
	countersigned_by(&signer(RECIPIENT, Duty::Exchange), key, proposal, expires_at)
}

pub fn countersigned_by(
	pair: &sr25519::Pair,
	key: [u8; 32],
	proposal: &ExchangeProposal,
	expires_at: u32,
) -> Countersignature {
	let genesis = Exchange::genesis();
	let message = exchange::request_message(&genesis, RECIPIENT, &key, proposal, expires_at);
	Countersignature { signer: pair.public().0, signature: pair.sign(&message).0, expires_at }
}

/// An emergency request signed by the recipient at this moment.
pub fn signed_emergency(
	key: [u8; 32],
	proposal: &ExchangeProposal,
	evidence: Commitment,
	moment: Moment,
) -> EmergencySignature {
	let pair = signer(RECIPIENT, Duty::Emergency);
	let genesis = Exchange::genesis();
	let message =
		exchange::emergency_message(&genesis, RECIPIENT, &key, proposal, evidence, moment);
	EmergencySignature { signer: pair.public().0, signature: pair.sign(&message).0, moment }
}

pub struct Risk;

impl RiskProfile for Risk {
	fn tolerance(_holder: OrganisationId) -> Tolerance {
		Tolerance::DEFAULT
	}

	fn fitness(organisation: OrganisationId) -> Option<Fitness> {
		let unfit = Unfit::get().contains(&organisation.0);
		Some(Fitness {
			cyber: if unfit { Level::VeryHigh } else { Level::Low },
			privacy: Level::Low,
			attestation: Attestation::SelfAssessed,
			assessed_at: START,
			expires_at: START + 1_000 * DAY,
		})
	}
}

pub fn set_status(organisation: OrganisationId, status: OrganisationStatus) {
	change(organisation, |facts| facts.status = status);
}

pub fn set_country(organisation: OrganisationId, code: &[u8; 2]) {
	let country = Country::new(*code).unwrap();
	change(organisation, |facts| facts.country = country);
}

pub fn set_fit(organisation: OrganisationId, fit: bool) {
	Unfit::mutate(|unfit| {
		if fit {
			unfit.remove(&organisation.0);
		} else {
			unfit.insert(organisation.0);
		}
	});
}

/// What benchmarks need.
pub struct Prepared;

impl BenchmarkDelegates<RuntimeOrigin> for Prepared {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let (origin, organisation) = Members::origin(duty, kind);
		set_fit(organisation, false);
		(origin, organisation)
	}
}

impl BenchmarkClock for Prepared {
	fn set(now: Moment) {
		Now::set(now);
	}
}

impl BenchmarkGate for Prepared {
	fn consent(holder: OrganisationId, recipient: OrganisationId, number: u32) -> ConsentId {
		let id = ConsentId(number.using_encoded(blake2_256));
		let group = GroupId(number);
		assert_ok!(Consent::set_group_member(RuntimeOrigin::root(), group, recipient, true));
		let terms = broad_terms(group, number, Now::get());
		assert_ok!(Consent::file(delegate(holder, Duty::Consent), id, terms));
		id
	}

	fn assess(organisation: OrganisationId) {
		set_fit(organisation, true);
	}

	fn sign(organisation: OrganisationId, duty: Duty, message: &[u8]) -> ([u8; 32], [u8; 64]) {
		let pair = signer(organisation, duty);
		(pair.public().0, pair.sign(message).0)
	}
}

/// The organisation's delegate for exchanges.
pub fn side(organisation: OrganisationId) -> RuntimeOrigin {
	delegate(organisation, Duty::Exchange)
}

/// A commitment that nobody has used.
pub fn fresh() -> Commitment {
	Drawn::mutate(|drawn| *drawn += 1);
	let mut bytes = [0xAA; 32];
	bytes[..8].copy_from_slice(&Drawn::get().to_le_bytes());
	Commitment(bytes)
}

/// The terms of [`CONSENT`]: the recipient may have two patient summaries for treatment.
pub fn terms() -> ConsentTerms {
	ConsentTerms {
		grantee: Grantee::Organisation(RECIPIENT),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: Purpose::Treatment.into(),
		categories: Category::PatientSummary.into(),
		access_modes: AccessMode::View.into(),
		valid_from: START,
		valid_until: START + DAY,
		erase_at: START + DAY,
		max_uses: 2,
		min_interval_s: 0,
		terms: fresh(),
		evidence: fresh(),
		withdraw_lock: commitment::withdraw_lock(&CODE),
		policy_version: 1,
		representation: Representation::Own,
	}
}

pub fn file(id: ConsentId, terms: ConsentTerms) {
	assert_ok!(Consent::file(delegate(HOLDER, Duty::Consent), id, terms));
}

pub fn withdraw() {
	assert_ok!(Consent::withdraw(delegate(HOLDER, Duty::Consent), CONSENT));
}

/// A request of the recipient under [`CONSENT`].
pub fn pull() -> ExchangeProposal {
	ExchangeProposal {
		partner: HOLDER,
		gate: Gate::Consent(CONSENT),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		envelope: fresh(),
		recipient_key: fresh(),
		border: None,
	}
}

/// An offer of the holder under [`CONSENT`].
pub fn push() -> ExchangeProposal {
	ExchangeProposal { partner: RECIPIENT, recipient_key: Commitment([0; 32]), ..pull() }
}

/// A break-glass of the recipient.
pub fn urgent() -> ExchangeProposal {
	ExchangeProposal {
		gate: Gate::BreakGlass(Ground::LifeThreat),
		purpose: Purpose::EmergencyTreatment,
		..pull()
	}
}

pub fn key(number: u8) -> [u8; 32] {
	[number; 32]
}

pub fn requested(number: u8) -> ExchangeId {
	assert_ok!(Exchange::request(side(RECIPIENT), key(number), pull()));
	exchange_id(RECIPIENT, &key(number))
}

pub fn offered(number: u8) -> ExchangeId {
	assert_ok!(Exchange::offer(side(HOLDER), key(number), push()));
	exchange_id(HOLDER, &key(number))
}

pub fn approved(number: u8) -> ExchangeId {
	let id = requested(number);
	assert_ok!(Exchange::approve(side(HOLDER), id));
	id
}

pub fn dispatched(number: u8) -> ExchangeId {
	let id = approved(number);
	assert_ok!(Exchange::dispatch(side(HOLDER), id, fresh()));
	id
}

pub fn delivered(number: u8) -> ExchangeId {
	let id = dispatched(number);
	assert_ok!(Exchange::receive(side(RECIPIENT), id, fresh()));
	id
}

pub fn acknowledged(number: u8) -> ExchangeId {
	let id = delivered(number);
	let code = AcknowledgementCode::Accepted;
	assert_ok!(Exchange::acknowledge(side(RECIPIENT), id, code, None));
	id
}

pub fn disputed(number: u8) -> ExchangeId {
	let id = acknowledged(number);
	let grounds = DisputeGrounds::Content;
	assert_ok!(Exchange::dispute(side(RECIPIENT), id, grounds, fresh()));
	id
}

/// The authority, which supervises data protection.
pub fn supervisor() -> RuntimeOrigin {
	delegate(AUTHORITY, Duty::Oversight)
}

/// What the recipient subscribes to under [`CONSENT`].
pub fn standing_order() -> SubscriptionTerms {
	SubscriptionTerms {
		holder: HOLDER,
		gate: Gate::Consent(CONSENT),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		border: None,
		until: START + DAY / 2,
		min_interval_s: 0,
		envelope: fresh(),
		recipient_key: fresh(),
	}
}

pub fn opened(number: u8, terms: SubscriptionTerms) -> SubscriptionId {
	assert_ok!(Exchange::subscribe(side(RECIPIENT), key(number), terms));
	subscription_id(RECIPIENT, &key(number))
}

pub fn subscribed(number: u8) -> SubscriptionId {
	let id = opened(number, standing_order());
	assert_ok!(Exchange::accept_subscription(side(HOLDER), id));
	id
}

pub fn deliver(subscription: SubscriptionId, number: u8) -> DispatchResult {
	Exchange::deliver(side(HOLDER), subscription, key(number), fresh(), fresh())
}

pub fn emergency(number: u8) -> ExchangeId {
	let origin = delegate(RECIPIENT, Duty::Emergency);
	assert_ok!(Exchange::break_glass(origin, key(number), urgent(), fresh()));
	exchange_id(RECIPIENT, &key(number))
}

/// An exchange that stands in this state; [`CONSENT`] is filed.
pub fn in_state(state: ExchangeState, number: u8) -> ExchangeId {
	use ExchangeState::*;
	match state {
		Requested => requested(number),
		Held => {
			set_fit(RECIPIENT, false);
			let id = requested(number);
			set_fit(RECIPIENT, true);
			id
		},
		Offered => offered(number),
		Approved => approved(number),
		Dispatched => dispatched(number),
		Delivered => delivered(number),
		Acknowledged => acknowledged(number),
		AgreementSuspended => {
			let id = approved(number);
			assert_ok!(Exchange::suspend(side(HOLDER), id));
			id
		},
		DeliverySuspended => {
			let id = dispatched(number);
			assert_ok!(Exchange::suspend(side(HOLDER), id));
			id
		},
		Disputed => disputed(number),
		Settled => {
			let id = disputed(number);
			assert_ok!(Exchange::settle_dispute(side(RECIPIENT), id, Settlement::Remedied));
			id
		},
		Reversed => {
			let id = delivered(number);
			let code = AcknowledgementCode::WrongPatient;
			assert_ok!(Exchange::acknowledge(side(RECIPIENT), id, code, None));
			id
		},
		NotServed => {
			let id = requested(number);
			forward(AnswerWindow::get() + 1);
			id
		},
		Terminated => {
			let id = approved(number);
			withdraw();
			id
		},
		Expired => {
			let id = approved(number);
			forward(DeliveryWindow::get() + 1);
			id
		},
	}
}

pub fn release(id: ExchangeId) -> DispatchResult {
	Exchange::release(delegate(HOLDER, Duty::Review), id, ReleaseReason::ClinicalNeed)
}

pub fn state_of(id: ExchangeId) -> ExchangeState {
	Exchange::effective(id).unwrap().1
}

/// Whether the calls that serve data fail, whatever state the exchange stands in.
pub fn serves_nothing(id: ExchangeId) {
	for result in [
		Exchange::approve(side(HOLDER), id),
		Exchange::accept(side(RECIPIENT), id, fresh()),
		Exchange::dispatch(side(HOLDER), id, fresh()),
		Exchange::receive(side(RECIPIENT), id, fresh()),
	] {
		assert!(result.is_err());
	}
}

/// Lets blocks pass without idle time.
pub fn skip(blocks: u32) {
	System::set_block_number(System::block_number() + u64::from(blocks));
	Now::mutate(|now| *now += SLOT * u64::from(blocks));
}

/// Lets blocks pass, each with idle time at its end; the present block ends too.
pub fn forward(blocks: u32) {
	for _ in 0..blocks {
		Exchange::on_idle(System::block_number(), Weight::MAX);
		skip(1);
	}
}

pub fn new_test_ext() -> TestState {
	begin_anew();
	Drawn::set(0);
	Unfit::set(BTreeSet::new());
	Granted::set(None);
	Extracted::set(None);
	Signers::set(BTreeMap::new());
	admit(HOLDER, OrganisationKind::Hospital);
	admit(RECIPIENT, OrganisationKind::CareCentre);
	admit(HOSPITAL, OrganisationKind::Hospital);
	let competences = [Competence::DataProtection, Competence::HealthDataAccess];
	let competences = competences.into_iter().collect();
	admit_with(AUTHORITY, OrganisationKind::Authority, competences, *b"GR");
	admit(OUTSIDER, OrganisationKind::CareCentre);
	let mut state: TestState =
		RuntimeGenesisConfig::default().build_storage().expect("no genesis; qed").into();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// Runs a test in a fresh state with [`CONSENT`] filed, and the invariants after it.
pub fn run(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		file(CONSENT, terms());
		test();
		check_invariants();
	});
}

pub fn check_invariants() {
	Exchange::do_try_state().expect("the invariants hold");
}

/// Checks that a call fails with the error and changes nothing.
#[track_caller]
pub fn refuse(call: impl FnOnce() -> DispatchResult, error: Error<Test>) {
	assert_noop!(call(), error);
}
