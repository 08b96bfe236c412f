//! # Threats
//!
//! Alert digests of the members and the indicators they share.
//!
//! ## Overview
//!
//! The off-chain worker of an organisation records an [`AlertDigest`] for each alert: severity, confidence, a
//! commitment. What was seen stays sealed at home. The security officer closes an alert with a commitment to what
//! came of it.
//!
//! An [`Indicator`] is the digest of something another member may meet as well (an address, a file, a domain). Whoever
//! holds the same thing recognises it; nobody else learns what it is from the ledger alone.
//!
//! The newest [`Config::History`] alerts of an organisation can be proven from the state; older ones from the blocks
//! that recorded them.
//!
//! See the [`pallet`] module for calls, events and errors.
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

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
pub use types::{Alert, Indicator};
pub use weights::WeightInfo;

use curex_primitives::{
	report_refusals, security::MAX_VALIDITY, AlertDigest, Commitment, Duty, Moment, OrganisationId,
	Outbox, Report, ReportDefect, TrafficLight,
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
		/// How many alerts of an organisation stay in the state; at least one.
		#[pallet::constant]
		type History: Get<u32>;
		/// How many unexpired indicators an organisation may share; at least one.
		#[pallet::constant]
		type MaxIndicators: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// Outbox numbers of the alerts that are kept, rising.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Numbers<T: Config> =
		StorageMap<_, Twox64Concat, OrganisationId, BoundedVec<u64, T::History>, ValueQuery>;

	/// The alerts that are kept, by organisation and outbox number.
	// Hasher: Twox is safe because only the organisation's own delegate chooses its outbox numbers.
	#[pallet::storage]
	pub type Alerts<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, Alert>;

	/// How many of the alerts that are kept are open.
	// Hasher: as `Numbers`.
	#[pallet::storage]
	pub type OpenAlerts<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, u32, ValueQuery>;

	/// The indicators an organisation shares. Expired ones leave when it shares the next.
	// Hasher: as `Numbers`.
	#[pallet::storage]
	pub type Indicators<T: Config> = StorageMap<
		_,
		Twox64Concat,
		OrganisationId,
		BoundedVec<Indicator, T::MaxIndicators>,
		ValueQuery,
	>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An alert was recorded.
		AlertRecorded {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// The alert.
			alert: AlertDigest,
		},
		/// An alert was closed.
		AlertClosed {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// Commitment to what came of it.
			evidence: Commitment,
		},
		/// An indicator was shared.
		IndicatorShared {
			/// By whom.
			organisation: OrganisationId,
			/// The indicator.
			indicator: Indicator,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The report cannot be true; the defect says why. Repair it and submit it under a new number.
		Defective(Defect),
		/// The outbox number, or a greater one, was taken before. Nothing is left to do for this report.
		AlreadyRecorded,
		/// The organisation has no such alert, or it has left the state.
		NotFound,
		/// The alert was closed before.
		AlreadyClosed,
		/// The organisation shares this indicator already, and it has not expired.
		AlreadyExists,
		/// The organisation shares as many indicators as it may. Wait until one expires.
		MaxIndicatorsExceeded,
		/// The indicator would have expired already. Choose a later moment.
		Expired,
		/// The indicator would count for more than [`MAX_VALIDITY`]. Choose an earlier moment.
		ValidTooLong,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::History::get() > 0, "the newest alert must be kept");
			assert!(T::MaxIndicators::get() > 0, "an indicator must fit");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Record an alert of the organisation.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `number` is the report's outbox number, rising. The oldest alert beyond [`Config::History`] leaves the
		/// state; if it was open, it no longer counts as such.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the report cannot be true.
		/// - [`Error::AlreadyRecorded`]: the number was taken before.
		///
		/// ## Events
		///
		/// - [`Event::AlertRecorded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::record())]
		pub fn record(origin: OriginFor<T>, number: u64, alert: AlertDigest) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			T::Outbox::admit(organisation, number, &Report::Alert(alert.clone()), Self::now())
				.map_err(Error::<T>::from)?;
			Self::keep(organisation, number, alert.clone());
			Self::deposit_event(Event::AlertRecorded { organisation, number, alert });
			Ok(())
		}

		/// Close an alert of the organisation.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityDecision`].
		///
		/// ## Details
		///
		/// `evidence` commits to what came of the alert.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the commitment is missing.
		/// - [`Error::NotFound`]: the organisation has no such alert.
		/// - [`Error::AlreadyClosed`]: the alert was closed before.
		///
		/// ## Events
		///
		/// - [`Event::AlertClosed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::close())]
		pub fn close(origin: OriginFor<T>, number: u64, evidence: Commitment) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityDecision)?;
			ensure!(
				!evidence.is_zero(),
				Error::<T>::Defective(Defect(ReportDefect::MissingCommitment))
			);
			Alerts::<T>::try_mutate(organisation, number, |alert| {
				let alert = alert.as_mut().ok_or(Error::<T>::NotFound)?;
				ensure!(alert.is_open(), Error::<T>::AlreadyClosed);
				alert.closed = Some(evidence);
				Ok::<_, Error<T>>(())
			})?;
			OpenAlerts::<T>::mutate(organisation, |open| open.saturating_dec());
			Self::deposit_event(Event::AlertClosed { organisation, number, evidence });
			Ok(())
		}

		/// Share an indicator with the other members.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `digest` is the digest of the indicator, `traffic_light` says how far its readers may pass it on, and from
		/// `expires_at` on it no longer counts. Expired indicators of the organisation leave the state.
		///
		/// ## Errors
		///
		/// - [`Error::Expired`], [`Error::ValidTooLong`]: `expires_at` is past, or too far ahead.
		/// - [`Error::AlreadyExists`]: the organisation shares the indicator already.
		/// - [`Error::MaxIndicatorsExceeded`]: it shares as many as it may.
		///
		/// ## Events
		///
		/// - [`Event::IndicatorShared`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::share_indicator())]
		pub fn share_indicator(
			origin: OriginFor<T>,
			digest: [u8; 32],
			traffic_light: TrafficLight,
			expires_at: Moment,
		) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			let now = Self::now();
			ensure!(expires_at > now, Error::<T>::Expired);
			ensure!(expires_at.saturating_sub(now) <= MAX_VALIDITY, Error::<T>::ValidTooLong);
			let indicator = Indicator { digest, traffic_light, shared_at: now, expires_at };
			Indicators::<T>::try_mutate(organisation, |indicators| {
				indicators.retain(|indicator| indicator.expires_at > now);
				ensure!(
					indicators.iter().all(|indicator| indicator.digest != digest),
					Error::<T>::AlreadyExists
				);
				indicators
					.try_push(indicator.clone())
					.map_err(|_| Error::<T>::MaxIndicatorsExceeded)
			})?;
			Self::deposit_event(Event::IndicatorShared { organisation, indicator });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The newest alert of an organisation, if it has one.
	pub fn newest(organisation: OrganisationId) -> Option<Alert> {
		let number = Numbers::<T>::get(organisation).last().copied()?;
		Alerts::<T>::get(organisation, number)
	}

	fn keep(organisation: OrganisationId, number: u64, digest: AlertDigest) {
		let oldest = Numbers::<T>::mutate(organisation, |numbers| {
			numbers.force_insert_keep_right(numbers.len(), number)
		});
		// An error would need a history of zero, which `integrity_test` excludes.
		let dropped = match oldest {
			Ok(Some(oldest)) => Alerts::<T>::take(organisation, oldest),
			_ => None,
		};
		if !dropped.is_some_and(|alert| alert.is_open()) {
			OpenAlerts::<T>::mutate(organisation, |open| open.saturating_inc());
		}
		Alerts::<T>::insert(organisation, number, Alert { digest, closed: None });
	}

	fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}
}
