//! # Safeguards
//!
//! Plans of safeguards, what the security officer decided on them, and that they were carried out.
//!
//! ## Overview
//!
//! The off-chain worker of an organisation records a [`Plan`]: a root over the chosen safeguards, the remaining risk
//! and a proven bound on it, a commitment. A worker only proposes. A person with [`Duty::SecurityDecision`] decides,
//! once per plan, and later commits to the evidence that the plan was carried out.
//!
//! The newest [`Config::History`] plans of an organisation can be proven from the state; older ones from the blocks
//! that recorded them.
//!
//! See the [`pallet`] module for calls, events and errors.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Decision, PlanRecord};
pub use weights::WeightInfo;

use curex_primitives::{
	report_refusals, Commitment, Duty, OrganisationId, Outbox, Plan, PlanDecision, PlanVerdict,
	Report, ReportDefect,
};
use frame::{
	prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};

report_refusals!();

#[frame::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// What the pallet needs of the runtime.
	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Signed by a delegate of an active organisation that holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// The time of the block.
		type Clock: UnixTime;
		/// Refuses an outbox number that was taken before.
		type Outbox: Outbox;
		/// How many plans of an organisation stay in the state; at least one.
		#[pallet::constant]
		type History: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// Outbox numbers of the plans that are kept, rising.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Numbers<T: Config> =
		StorageMap<_, Twox64Concat, OrganisationId, BoundedVec<u64, T::History>, ValueQuery>;

	/// The plans that are kept, by organisation and outbox number.
	// Hasher: Twox is safe because only the organisation's own delegate chooses its outbox numbers.
	#[pallet::storage]
	pub type Plans<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, PlanRecord>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A plan was recorded.
		PlanRecorded {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// The plan.
			plan: Plan,
		},
		/// A plan was decided on.
		PlanDecided {
			/// Whose.
			organisation: OrganisationId,
			/// The decision, with the plan's outbox number.
			decision: PlanDecision,
		},
		/// A plan was carried out.
		PlanImplemented {
			/// Whose.
			organisation: OrganisationId,
			/// The plan's outbox number.
			number: u64,
			/// Commitment to the evidence.
			evidence: Commitment,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The report cannot be true; the defect says why. Repair it and submit it under a new number.
		Defective(Defect),
		/// The outbox number, or a greater one, was taken before. Nothing is left to do for this report.
		AlreadyRecorded,
		/// The organisation has no such plan, or it has left the state.
		NotFound,
		/// The plan was decided on before. Decide on a newer plan.
		AlreadyDecided,
		/// Nobody decided to carry the plan out. Decide first.
		NotAccepted,
		/// The plan was reported as carried out before.
		AlreadyImplemented,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::History::get() > 0, "the newest plan must be kept");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Record a plan of safeguards for the organisation.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `number` is the report's outbox number, rising. The oldest plan beyond [`Config::History`] leaves the state.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the report cannot be true.
		/// - [`Error::AlreadyRecorded`]: the number was taken before.
		///
		/// ## Events
		///
		/// - [`Event::PlanRecorded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::record())]
		pub fn record(origin: OriginFor<T>, number: u64, plan: Plan) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			let now = T::Clock::now().as_millis().saturated_into();
			T::Outbox::admit(organisation, number, &Report::Plan(plan.clone()), now)
				.map_err(Error::<T>::from)?;
			Self::keep(organisation, number, plan.clone());
			Self::deposit_event(Event::PlanRecorded { organisation, number, plan });
			Ok(())
		}

		/// Decide on a plan of the organisation.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityDecision`].
		///
		/// ## Details
		///
		/// A plan is decided on once; who changes their mind decides on a newer plan.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the commitment to the reasons is missing.
		/// - [`Error::NotFound`]: the organisation has no such plan.
		/// - [`Error::AlreadyDecided`]: the plan was decided on before.
		///
		/// ## Events
		///
		/// - [`Event::PlanDecided`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::decide())]
		pub fn decide(origin: OriginFor<T>, decision: PlanDecision) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityDecision)?;
			Self::ensure_present(&decision.reasons)?;
			Plans::<T>::try_mutate(organisation, decision.plan, |record| {
				let record = record.as_mut().ok_or(Error::<T>::NotFound)?;
				ensure!(record.decision.is_none(), Error::<T>::AlreadyDecided);
				record.decision =
					Some(Decision { verdict: decision.verdict, reasons: decision.reasons });
				Ok::<_, Error<T>>(())
			})?;
			Self::deposit_event(Event::PlanDecided { organisation, decision });
			Ok(())
		}

		/// Report that a plan of the organisation was carried out, as far as it was accepted.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityDecision`].
		///
		/// ## Details
		///
		/// `plan` is the plan's outbox number, `evidence` commits to the sealed evidence.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the commitment is missing.
		/// - [`Error::NotFound`]: the organisation has no such plan.
		/// - [`Error::NotAccepted`]: nobody decided to carry it out.
		/// - [`Error::AlreadyImplemented`]: it was reported before.
		///
		/// ## Events
		///
		/// - [`Event::PlanImplemented`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::implemented())]
		pub fn implemented(
			origin: OriginFor<T>,
			plan: u64,
			evidence: Commitment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityDecision)?;
			Self::ensure_present(&evidence)?;
			Plans::<T>::try_mutate(organisation, plan, |record| {
				let record = record.as_mut().ok_or(Error::<T>::NotFound)?;
				ensure!(record.is_accepted(), Error::<T>::NotAccepted);
				ensure!(record.implemented.is_none(), Error::<T>::AlreadyImplemented);
				record.implemented = Some(evidence);
				Ok::<_, Error<T>>(())
			})?;
			Self::deposit_event(Event::PlanImplemented { organisation, number: plan, evidence });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The newest plan of an organisation, if it has one.
	pub fn newest(organisation: OrganisationId) -> Option<PlanRecord> {
		let number = Numbers::<T>::get(organisation).last().copied()?;
		Plans::<T>::get(organisation, number)
	}

	fn ensure_present(commitment: &Commitment) -> Result<(), Error<T>> {
		ensure!(
			!commitment.is_zero(),
			Error::<T>::Defective(Defect(ReportDefect::MissingCommitment))
		);
		Ok(())
	}

	fn keep(organisation: OrganisationId, number: u64, plan: Plan) {
		let oldest = Numbers::<T>::mutate(organisation, |numbers| {
			numbers.force_insert_keep_right(numbers.len(), number)
		});
		// An error would need a history of zero, which `integrity_test` excludes.
		if let Ok(Some(oldest)) = oldest {
			Plans::<T>::remove(organisation, oldest);
		}
		let record = PlanRecord { plan, decision: None, implemented: None };
		Plans::<T>::insert(organisation, number, record);
	}
}
