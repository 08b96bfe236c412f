//! # Risk
//!
//! Cyber and privacy assessments of the members, and what risk they accept of each other.
//!
//! ## Overview
//!
//! The off-chain worker of an organisation records an [`Assessment`]: levels, confidence, commitments to inputs and
//! report. Nobody but the organisation stands behind it then; another hospital that recomputed it from the sealed
//! inputs, or an authority that audited it, may [`attest`](Pallet::attest) so.
//!
//! An organisation's [`Tolerance`] says which risk of a recipient it accepts before its data go there unattended.
//! Both are what the gate of an exchange asks for ([`RiskProfile`]). The levels that gate follow the assessments with
//! hysteresis ([`Gating`]): one unconfirmed alert moves none.
//!
//! The newest [`Config::History`] assessments of an organisation can be proven from the state; older ones from the
//! blocks that recorded them.
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
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use curex_primitives::{
	gate::Gating, report_refusals, Assessment, Attestation, Competence, Duty, Fitness, Moment,
	OrganisationFacts, OrganisationId, OrganisationKind, Organisations, Outbox, Report,
	RiskProfile, Tolerance,
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
		/// Knows the kinds of the members.
		type Organisations: Organisations;
		/// The time of the block.
		type Clock: UnixTime;
		/// Refuses an outbox number that was taken before.
		type Outbox: Outbox;
		/// How many assessments of an organisation stay in the state; at least one.
		#[pallet::constant]
		type History: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Makes delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	/// Outbox numbers of the assessments that are kept, rising.
	// Hasher: Twox is safe because the ledger gives the numbers of organisations.
	#[pallet::storage]
	pub type Numbers<T: Config> =
		StorageMap<_, Twox64Concat, OrganisationId, BoundedVec<u64, T::History>, ValueQuery>;

	/// The assessments that are kept, by organisation and outbox number.
	// Hasher: Twox is safe because only the organisation's own delegate chooses its outbox numbers.
	#[pallet::storage]
	pub type Assessments<T: Config> =
		StorageDoubleMap<_, Twox64Concat, OrganisationId, Twox64Concat, u64, Assessment>;

	/// The levels that gate exchanges. An organisation whose last assessment is older than this entry has none; the
	/// assessment gates as it is then.
	// Hasher: as `Numbers`.
	#[pallet::storage]
	pub type Gatings<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, Gating>;

	/// What organisations accept of recipients, where they have said so.
	// Hasher: as `Numbers`.
	#[pallet::storage]
	pub type Tolerances<T: Config> = StorageMap<_, Twox64Concat, OrganisationId, Tolerance>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An assessment was recorded.
		AssessmentRecorded {
			/// Whose.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// The assessment.
			assessment: Assessment,
		},
		/// Another member stands behind an assessment.
		AssessmentAttested {
			/// Whose assessment.
			organisation: OrganisationId,
			/// Its outbox number.
			number: u64,
			/// Who attests.
			attester: OrganisationId,
			/// What was done.
			attestation: Attestation,
		},
		/// An organisation said what it accepts.
		ToleranceSet {
			/// Which.
			organisation: OrganisationId,
			/// What it accepts.
			tolerance: Tolerance,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The report cannot be true; the defect says why. Repair it and submit it under a new number.
		Defective(Defect),
		/// The outbox number, or a greater one, was taken before. Nothing is left to do for this report.
		AlreadyRecorded,
		/// An organisation's own assessment is self-assessed, and nobody attests that. Choose another attestation.
		WrongAttestation,
		/// The organisation's newest assessment has another number. Attest the newest one.
		NotFound,
		/// Only another hospital attests that it recomputed, only a competent authority that it audited.
		NotAuthorized,
		/// The assessment has this attestation, or a stronger one.
		AlreadyAttested,
		/// The assessment has ceased to count. Wait for the next one.
		Expired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::History::get() > 0, "the newest assessment must be kept");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Record an assessment that the organisation made of itself.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::SecurityReport`].
		///
		/// ## Details
		///
		/// `number` is the report's outbox number, rising. From now on the gate goes by the age and attestation of this
		/// assessment, and by its levels as far as [`Gating::after`] lets them move. The oldest beyond
		/// [`Config::History`] leaves the state.
		///
		/// ## Errors
		///
		/// - [`Error::Defective`]: the report cannot be true.
		/// - [`Error::WrongAttestation`]: it claims that others stand behind it.
		/// - [`Error::AlreadyRecorded`]: the number was taken before.
		///
		/// ## Events
		///
		/// - [`Event::AssessmentRecorded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::record())]
		pub fn record(origin: OriginFor<T>, number: u64, assessment: Assessment) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::SecurityReport)?;
			ensure!(
				assessment.attestation == Attestation::SelfAssessed,
				Error::<T>::WrongAttestation
			);
			let report = Report::Assessment(assessment.clone());
			T::Outbox::admit(organisation, number, &report, Self::now())
				.map_err(Error::<T>::from)?;
			Self::keep(organisation, number, &assessment);
			Self::deposit_event(Event::AssessmentRecorded { organisation, number, assessment });
			Ok(())
		}

		/// Say which risk of a recipient the organisation accepts.
		///
		/// ## Dispatch Origin
		///
		/// A delegate with [`Duty::Administration`].
		///
		/// ## Details
		///
		/// Holds from now on for every exchange of the organisation's data. A recipient beyond it never stops care: a
		/// person releases.
		///
		/// ## Events
		///
		/// - [`Event::ToleranceSet`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::set_tolerance())]
		pub fn set_tolerance(origin: OriginFor<T>, tolerance: Tolerance) -> DispatchResult {
			let organisation = T::DelegateOrigin::ensure_origin(origin, &Duty::Administration)?;
			Tolerances::<T>::insert(organisation, tolerance.clone());
			Self::deposit_event(Event::ToleranceSet { organisation, tolerance });
			Ok(())
		}

		/// Stand behind the newest assessment of another organisation.
		///
		/// ## Dispatch Origin
		///
		/// For [`Attestation::Recomputed`] a delegate of another hospital with [`Duty::SecurityReport`]; for
		/// [`Attestation::Audited`] a delegate of an authority for data protection or network security with
		/// [`Duty::Oversight`].
		///
		/// ## Details
		///
		/// An attestation only ever gets stronger, and ends with the assessment.
		///
		/// ## Errors
		///
		/// - [`Error::WrongAttestation`]: nobody attests a self-assessment.
		/// - [`Error::NotAuthorized`]: the attester is of the wrong kind, or the assessed organisation itself.
		/// - [`Error::NotFound`]: the newest assessment has another number.
		/// - [`Error::Expired`]: it has ceased to count.
		/// - [`Error::AlreadyAttested`]: the attestation is no stronger than the one it has.
		///
		/// ## Events
		///
		/// - [`Event::AssessmentAttested`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::attest())]
		pub fn attest(
			origin: OriginFor<T>,
			organisation: OrganisationId,
			number: u64,
			attestation: Attestation,
		) -> DispatchResult {
			let duty = match attestation {
				Attestation::SelfAssessed => return Err(Error::<T>::WrongAttestation.into()),
				Attestation::Recomputed => Duty::SecurityReport,
				Attestation::Audited => Duty::Oversight,
			};
			let attester = T::DelegateOrigin::ensure_origin(origin, &duty)?;
			ensure!(
				attester != organisation
					&& T::Organisations::facts(attester)
						.is_some_and(|facts| may_attest(&facts, attestation)),
				Error::<T>::NotAuthorized
			);
			ensure!(Numbers::<T>::get(organisation).last() == Some(&number), Error::<T>::NotFound);
			Assessments::<T>::try_mutate(organisation, number, |assessment| {
				let assessment = assessment.as_mut().ok_or(Error::<T>::NotFound)?;
				ensure!(Self::now() < assessment.expires_at, Error::<T>::Expired);
				ensure!(attestation > assessment.attestation, Error::<T>::AlreadyAttested);
				assessment.attestation = attestation;
				// Others stand behind its levels: they gate at once.
				let levels = Gating { cyber: assessment.cyber, privacy: assessment.privacy };
				Gatings::<T>::insert(organisation, levels);
				Ok::<_, Error<T>>(())
			})?;
			Self::deposit_event(Event::AssessmentAttested {
				organisation,
				number,
				attester,
				attestation,
			});
			Ok(())
		}
	}
}

/// Whether such an organisation may attest that.
fn may_attest(facts: &OrganisationFacts, attestation: Attestation) -> bool {
	match attestation {
		Attestation::SelfAssessed => false,
		Attestation::Recomputed => facts.kind == OrganisationKind::Hospital,
		Attestation::Audited => {
			facts.kind == OrganisationKind::Authority
				&& [Competence::DataProtection, Competence::NetworkSecurity]
					.into_iter()
					.any(|competence| facts.competences.contains(competence))
		},
	}
}

impl<T: Config> Pallet<T> {
	/// The newest assessment of an organisation, if it has one.
	pub fn newest(organisation: OrganisationId) -> Option<Assessment> {
		let number = Numbers::<T>::get(organisation).last().copied()?;
		Assessments::<T>::get(organisation, number)
	}

	/// What an organisation's assessments tell others, if it has any: the levels that gate, the rest from the newest.
	/// May have expired.
	pub fn fitness(organisation: OrganisationId) -> Option<Fitness> {
		let newest = Self::newest(organisation)?;
		let gating = Gatings::<T>::get(organisation)
			.unwrap_or(Gating { cyber: newest.cyber, privacy: newest.privacy });
		Some(Fitness {
			cyber: gating.cyber,
			privacy: gating.privacy,
			attestation: newest.attestation,
			assessed_at: newest.assessed_at,
			expires_at: newest.expires_at,
		})
	}

	/// What an organisation accepts of recipients; [`Tolerance::DEFAULT`] until it says otherwise.
	pub fn tolerance(organisation: OrganisationId) -> Tolerance {
		Tolerances::<T>::get(organisation).unwrap_or(Tolerance::DEFAULT)
	}

	/// Lets the levels that gate follow a new assessment. One before that does not count any more says nothing.
	fn settle(organisation: OrganisationId, assessment: &Assessment) {
		let before = Self::newest(organisation)
			.filter(|previous| Self::now() < previous.expires_at)
			.map(|previous| {
				let levels = Gating { cyber: previous.cyber, privacy: previous.privacy };
				(Gatings::<T>::get(organisation).unwrap_or_else(|| levels.clone()), levels)
			});
		let before = before.as_ref().map(|(gating, levels)| (gating, levels));
		Gatings::<T>::insert(organisation, Gating::after(before, assessment));
	}

	fn keep(organisation: OrganisationId, number: u64, assessment: &Assessment) {
		Self::settle(organisation, assessment);
		let oldest = Numbers::<T>::mutate(organisation, |numbers| {
			numbers.force_insert_keep_right(numbers.len(), number)
		});
		// An error would need a history of zero, which `integrity_test` excludes.
		if let Ok(Some(oldest)) = oldest {
			Assessments::<T>::remove(organisation, oldest);
		}
		Assessments::<T>::insert(organisation, number, assessment);
	}

	fn now() -> Moment {
		T::Clock::now().as_millis().saturated_into()
	}
}

impl<T: Config> RiskProfile for Pallet<T> {
	fn tolerance(holder: OrganisationId) -> Tolerance {
		Self::tolerance(holder)
	}

	fn fitness(organisation: OrganisationId) -> Option<Fitness> {
		Self::fitness(organisation)
	}
}
