//! The vocabulary of admission: what the runtime says of each call, and how a refusal is named.

use curex_primitives::Duty;
use frame::{
	deps::sp_runtime::transaction_validity::TransactionValidityError, prelude::InvalidTransaction,
};

/// How deep batches may nest.
pub const MAX_DEPTH: u32 = 4;
/// How many calls one transaction may carry, all nested batches taken together.
pub const MAX_BATCH: u32 = 256;

/// What calls have in common for the pool and the quota, lowest priority first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
	/// Everything else.
	Ordinary,
	/// Reports of the off-chain workers.
	SecurityReport,
	/// An organisation's own house: delegates, keys, peers. All that a suspended one may send.
	Administration,
	/// Council and upgrades.
	Governance,
	/// Withdrawal and break-glass: never refused for want of quota.
	Urgent,
}

/// Who may send a call, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule<'a, Call> {
	/// Signed by a delegate that holds the duty.
	Duty(Duty, Family),
	/// Signed by a delegate that holds the duty; the call counts as so many.
	Duties(Duty, Family, u32),
	/// Signed by any delegate.
	Member(Family),
	/// Signed; each of the calls it carries must be admitted itself.
	Batch(&'a [Call]),
	/// Authorised by its own pallet (`#[pallet::authorize]`): a general transaction without
	/// account; never signed, never inside a batch.
	Authorised(Family),
	/// Put into the block by its author; never a transaction.
	Inherent,
	/// A bare report that consensus was broken; validated by its own pallet.
	Consensus,
	/// Never sent by anybody.
	Never,
}

/// Says of each call of the runtime who may send it.
pub trait AdmissionRules<Call> {
	/// The rule for `call`. A call that is not listed is [`Rule::Never`].
	fn rule(call: &Call) -> Rule<'_, Call>;
}

/// Why admission refuses a transaction, where no standard reason says it:
/// `InvalidTransaction::Custom(code)`. The codes are permanent; 1 to 31 belong to this pallet.
///
/// | code | name | what to do |
/// |---|---|---|
/// | 1 | `Suspended` | the organisation may only keep its own house; ask the council |
/// | 2 | `MissingDuty` | sign with a delegate that holds the duty |
/// | 3 | `EmptyBatch` | put a call into the batch |
/// | 4 | `BatchTooDeep` | nest at most [`MAX_DEPTH`] batches |
/// | 5 | `BatchTooLong` | send at most [`MAX_BATCH`] calls in one transaction |
/// | 6 | `TooManyPending` | wait until earlier transactions of the account are included |
///
/// The standard reasons: `BadSigner`, the account is no delegate; `Call`, nobody may send this
/// call, or not in this kind of transaction; `UnknownOrigin`, neither signed nor authorised;
/// `ExhaustsResources`, the organisation's quota is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Refusal {
	/// The organisation is suspended.
	Suspended = 1,
	/// The delegate lacks the duty that the call needs.
	MissingDuty = 2,
	/// A batch carries nothing.
	EmptyBatch = 3,
	/// Batches nest too deep.
	BatchTooDeep = 4,
	/// The transaction carries too many calls.
	BatchTooLong = 5,
	/// The nonce is too far ahead of the account's.
	TooManyPending = 6,
}

impl Refusal {
	/// Every refusal, in the order of the codes.
	pub const ALL: &'static [Self] = &[
		Self::Suspended,
		Self::MissingDuty,
		Self::EmptyBatch,
		Self::BatchTooDeep,
		Self::BatchTooLong,
		Self::TooManyPending,
	];

	/// The refusal with this code.
	pub fn from_code(code: u8) -> Option<Self> {
		Self::ALL.iter().copied().find(|refusal| *refusal as u8 == code)
	}
}

impl From<Refusal> for TransactionValidityError {
	fn from(refusal: Refusal) -> Self {
		InvalidTransaction::Custom(refusal as u8).into()
	}
}
