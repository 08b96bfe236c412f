//! A runtime with this pallet, the pallets that record reports, and a node around it.

use crate as pallet_orders;
use crate::{crypto, DelegateLookup, SubmissionCalls, KEY_TYPE};
use codec::DecodeAll;
use curex_primitives::{
	orders::mailbox, BenchmarkDelegates, Duty, OrganisationFacts, OrganisationId, OrganisationKind,
	Organisations, Rejection, Report, SignedWorkOrder, Submission, Task,
};
use frame::{
	deps::{
		frame_support::storage::unhashed,
		sp_core::{
			crypto::AccountId32,
			offchain::{
				testing::TestOffchainExt, OffchainDbExt, OffchainWorkerExt, Timestamp,
				TransactionPool, TransactionPoolExt,
			},
			sr25519,
		},
		sp_runtime::{
			generic, offchain::storage::StorageValueRef, traits::Verify, MultiSignature,
			MultiSigner,
		},
	},
	testing_prelude::*,
	traits::{EnsureOriginWithArg, OffchainWorker, UnixTime},
};
use sp_keystore::{testing::MemoryKeystore, Keystore, KeystoreExt};
use std::sync::{Arc, Mutex};

construct_runtime!(
	pub enum Test {
		System: frame_system,
		Utility: pallet_utility,
		Inventory: pallet_inventory,
		Threats: pallet_threats,
		Risk: pallet_risk,
		Safeguards: pallet_safeguards,
		Hygiene: pallet_hygiene,
		Orders: pallet_orders,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = MockBlockU32<Test>;
	type AccountId = AccountId32;
	type Lookup = IdentityLookup<AccountId32>;
}

impl pallet_utility::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type WeightInfo = ();
}

parameter_types! {
	/// The clock of the chain.
	pub static Now: u64 = 1_000_000;
}

pub struct Clock;
impl UnixTime for Clock {
	fn now() -> core::time::Duration {
		core::time::Duration::from_millis(Now::get())
	}
}

/// Delegates, as `appoint` put them into the state.
pub struct Delegates;

fn delegate_key(account: &AccountId32, duty: Duty) -> Vec<u8> {
	(b"delegate", account, duty).encode()
}

pub fn appoint(account: &AccountId32, duty: Duty, organisation: OrganisationId) {
	unhashed::put(&delegate_key(account, duty), &organisation);
}

pub fn dismiss(account: &AccountId32, duty: Duty) {
	unhashed::kill(&delegate_key(account, duty));
}

impl DelegateLookup<AccountId32> for Delegates {
	fn organisation_with(account: &AccountId32, duty: Duty) -> Option<OrganisationId> {
		unhashed::get(&delegate_key(account, duty))
	}
}

impl EnsureOriginWithArg<RuntimeOrigin, Duty> for Delegates {
	type Success = OrganisationId;

	fn try_origin(origin: RuntimeOrigin, duty: &Duty) -> Result<OrganisationId, RuntimeOrigin> {
		let signer = origin.clone().into_signer();
		signer.and_then(|account| Self::organisation_with(&account, *duty)).ok_or(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(duty: &Duty) -> Result<RuntimeOrigin, ()> {
		Ok(Self::origin(*duty, OrganisationKind::Hospital).0)
	}
}

impl BenchmarkDelegates<RuntimeOrigin> for Delegates {
	fn origin(duty: Duty, kind: OrganisationKind) -> (RuntimeOrigin, OrganisationId) {
		let account = AccountId32::new([200 + duty as u8; 32]);
		let organisation = OrganisationId(100 + kind as u32);
		appoint(&account, duty, organisation);
		(RuntimeOrigin::signed(account), organisation)
	}
}

/// Nobody attests here.
pub struct Members;
impl Organisations for Members {
	fn facts(_: OrganisationId) -> Option<OrganisationFacts> {
		None
	}

	fn reviewers() -> Vec<OrganisationId> {
		Vec::new()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn prepare(_: OrganisationId, _: OrganisationKind) {}
}

impl pallet_inventory::Config for Test {
	type DelegateOrigin = Delegates;
	type Clock = Clock;
	type Outbox = Orders;
	type History = ConstU32<32>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Delegates;
}

impl pallet_threats::Config for Test {
	type DelegateOrigin = Delegates;
	type Clock = Clock;
	type Outbox = Orders;
	type History = ConstU32<32>;
	type MaxIndicators = ConstU32<64>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Delegates;
}

impl pallet_risk::Config for Test {
	type DelegateOrigin = Delegates;
	type Organisations = Members;
	type Clock = Clock;
	type Outbox = Orders;
	type History = ConstU32<32>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Delegates;
}

impl pallet_safeguards::Config for Test {
	type DelegateOrigin = Delegates;
	type Clock = Clock;
	type Outbox = Orders;
	type History = ConstU32<32>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Delegates;
}

impl pallet_hygiene::Config for Test {
	type DelegateOrigin = Delegates;
	type Clock = Clock;
	type Outbox = Orders;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Delegates;
}

impl pallet_orders::Config for Test {
	type DelegateOrigin = Delegates;
	type Delegates = Delegates;
	type Calls = Calls;
	type AuthorityId = crypto::WorkerId;
	type Clock = Clock;
	type WeightInfo = ();
	type BenchmarkHelper = Delegates;
}

pub struct Calls;
impl SubmissionCalls<RuntimeCall> for Calls {
	fn call(Submission { number, report }: Submission) -> RuntimeCall {
		match report {
			Report::Inventory(snapshot) => {
				pallet_inventory::Call::record { number, snapshot }.into()
			},
			Report::Alert(alert) => pallet_threats::Call::record { number, alert }.into(),
			Report::Assessment(assessment) => {
				pallet_risk::Call::record { number, assessment }.into()
			},
			Report::GroupResult(result) => pallet_hygiene::Call::record { number, result }.into(),
			Report::Plan(plan) => pallet_safeguards::Call::record { number, plan }.into(),
		}
	}

	fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
		pallet_utility::Call::batch { calls }.into()
	}
}

pub type Extrinsic = generic::UncheckedExtrinsic<AccountId32, RuntimeCall, MultiSignature, ()>;

impl SigningTypes for Test {
	type Public = MultiSigner;
	type Signature = MultiSignature;
}

impl<LocalCall> CreateTransactionBase<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = Extrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<LocalCall> CreateSignedTransaction<LocalCall> for Test
where
	RuntimeCall: From<LocalCall>,
{
	fn create_signed_transaction<C: AppCrypto<MultiSigner, MultiSignature>>(
		call: RuntimeCall,
		public: MultiSigner,
		account: AccountId32,
		nonce: u32,
	) -> Option<Extrinsic> {
		let signature = C::sign(&(&call, nonce).encode(), public)?;
		Some(Extrinsic::new_signed(call, account, signature, ()))
	}
}

pub fn state() -> TestState {
	Now::set(1_000_000);
	let mut state = TestState::default();
	state.execute_with(|| System::set_block_number(1));
	state
}

/// The transaction pool of the node.
#[derive(Default)]
struct Pool {
	transactions: Vec<Vec<u8>>,
	offered: usize,
	refuses: bool,
}

struct SharedPool(Arc<Mutex<Pool>>);
impl TransactionPool for SharedPool {
	fn submit_transaction(&mut self, transaction: Vec<u8>) -> Result<(), ()> {
		let mut pool = self.0.lock().unwrap();
		pool.offered += 1;
		if pool.refuses {
			return Err(());
		}
		pool.transactions.push(transaction);
		Ok(())
	}
}

/// The organisation of the node.
pub const HOSPITAL: OrganisationId = OrganisationId(1);

/// A node with a worker key, which is a delegate of [`HOSPITAL`] with the duty to report.
pub struct Node {
	pub worker: AccountId32,
	pub key: sr25519::Public,
	pool: Arc<Mutex<Pool>>,
	offchain: TestOffchainExt,
}

impl Node {
	/// Imports a block: the off-chain worker runs, and what it writes to the state is thrown away.
	pub fn import(&self, block: u32) {
		System::set_block_number(block);
		hypothetically!(<Orders as OffchainWorker<u32>>::offchain_worker(block));
	}

	/// Sets the clock of the node.
	pub fn set_clock(&self, moment: u64) {
		self.offchain.0.write().timestamp = Timestamp::from_unix_millis(moment);
	}

	/// What the agent leaves in the mailbox.
	pub fn submit(&self, submissions: &[Submission]) {
		StorageValueRef::persistent(mailbox::SUBMISSIONS).set(&submissions.to_vec());
	}

	/// The newest order for a task.
	pub fn order(&self, task: Task) -> Option<SignedWorkOrder> {
		StorageValueRef::persistent(&mailbox::order_key(task)).get().unwrap()
	}

	/// What the agent is told not to wait for.
	pub fn rejected(&self) -> Vec<Rejection> {
		let noted = StorageValueRef::persistent(mailbox::REJECTED).get::<Vec<_>>().unwrap();
		assert_ne!(noted, Some(Vec::new()), "an empty list is no note");
		noted.unwrap_or_default()
	}

	/// How often a transaction was offered to the pool.
	pub fn offered(&self) -> usize {
		self.pool.lock().unwrap().offered
	}

	/// Makes the pool refuse what it is offered, or no longer.
	pub fn set_pool_refuses(&self, refuses: bool) {
		self.pool.lock().unwrap().refuses = refuses;
	}

	/// Empties the pool.
	pub fn lose_transactions(&self) {
		self.pool.lock().unwrap().transactions.clear();
	}

	/// Puts the transactions of the pool into the present block. Gives how many reports each brings.
	pub fn include(&self) -> Vec<usize> {
		let transactions = std::mem::take(&mut self.pool.lock().unwrap().transactions);
		let include = |bytes: Vec<u8>| {
			let transaction = Extrinsic::decode_all(&mut &bytes[..]).unwrap();
			let generic::Preamble::Signed(signer, signature, ()) = transaction.preamble else {
				panic!("only signed transactions are sent");
			};
			let payload = (&transaction.function, System::account_nonce(&signer)).encode();
			assert!(signature.verify(&payload[..], &signer), "signed with the next nonce");
			System::inc_account_nonce(&signer);
			let reports = match &transaction.function {
				RuntimeCall::Utility(pallet_utility::Call::batch { calls }) => calls.len(),
				_ => 1,
			};
			assert_ok!(transaction.function.dispatch(RuntimeOrigin::signed(signer)));
			reports
		};
		transactions.into_iter().map(include).collect()
	}
}

/// Runs a test on a node, then the invariants.
pub fn run(test: impl FnOnce(&Node)) {
	let keystore = MemoryKeystore::new();
	let key = keystore.sr25519_generate_new(KEY_TYPE, Some("//Worker")).unwrap();
	let node = Node {
		worker: AccountId32::new(key.0),
		key,
		pool: Default::default(),
		offchain: TestOffchainExt::default(),
	};
	node.set_clock(1_000_000);
	let mut state = state();
	state.register_extension(KeystoreExt::new(keystore));
	state.register_extension(OffchainDbExt::new(node.offchain.clone()));
	state.register_extension(OffchainWorkerExt::new(node.offchain.clone()));
	state.register_extension(TransactionPoolExt::new(SharedPool(node.pool.clone())));
	state.execute_with(|| {
		appoint(&node.worker, Duty::SecurityReport, HOSPITAL);
		test(&node);
		Orders::do_try_state().expect("every invariant holds");
	});
}
