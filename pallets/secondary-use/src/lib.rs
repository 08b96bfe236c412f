//! # Secondary use
//!
//! Permits of health data access bodies (EHDS art. 68), and what is extracted, exported and published under them.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for calls, events, errors and storage, [`runtime_api`] for reading.
//!
//! ## Overview
//!
//! - A permit names a user, one of the six purposes of EHDS art. 53, categories, a form, a secure processing environment
//!   and the holders whose data sets may be used. What art. 54 prohibits cannot be written down.
//! - Before an extraction the holder commits to the cohort and to the tree of those who opted out. The extraction comes
//!   in a later block and within the maximum age of the roots: the order of the blocks proves that nobody was chosen
//!   after the fact, and that a recent opt-out counts. A commitment serves one extraction.
//! - Fewer than `k` persons are never shown: [`curex_primitives::permit::LEAST_COHORT`].
//! - Only what the body has checked leaves the environment.
//! - Whoever takes part, and the data protection authorities, may report that a person was identified. The body is to
//!   answer within 72 hours; until it does, nothing is extracted or exported. A confirmed report revokes the permit.
//! - The user is to publish the results within 18 months after the work ended. Both deadlines are duties in the
//!   register of `pallet-oversight`, which tells when they pass.
//!
//! | module | what it holds |
//! |---|---|
//! | `permits` | permits, holders, revocation, results |
//! | `extraction` | cohorts, extractions, exports |
//! | `reports` | re-identification |
//! | [`runtime_api`] | how nodes and clients read |
//! | `try_state` | the invariants |
#![cfg_attr(not(feature = "std"), no_std)]
#![warn(missing_docs)]

extern crate alloc;

pub use pallet::*;
pub use weights::WeightInfo;

#[cfg(any(feature = "runtime-benchmarks", test))]
mod benchmarking;
mod extraction;
#[cfg(test)]
mod mock;
mod permits;
mod reports;
pub mod runtime_api;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod weights;

#[frame::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use curex_primitives::{
		oversight::DutyRegister, BlockNumber, Cohort, CohortDefect, Commitment, Duty, Extraction,
		Finding, MerkleRoot, Moment, NamedHolder, OrganisationId, Organisations, Permit,
		PermitDefect, PermitId, PermitStanding, PermitTerms, Reidentification, SizeBucket,
	};
	use frame::{
		prelude::*,
		traits::{EnsureOriginWithArg, UnixTime},
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// A delegate of an active organisation who holds the duty.
		type DelegateOrigin: EnsureOriginWithArg<
			Self::RuntimeOrigin,
			Duty,
			Success = OrganisationId,
		>;
		/// The members.
		type Organisations: Organisations;
		/// Keeps the deadlines.
		type Duties: DutyRegister;
		/// The time of the block.
		type Clock: UnixTime;
		/// How old the roots of a cohort may be at the extraction, in milliseconds.
		#[pallet::constant]
		type MaxCohortAge: Get<Moment>;
		/// Most holders that a permit names.
		#[pallet::constant]
		type MaxHolders: Get<u32>;
		/// What the calls weigh.
		type WeightInfo: WeightInfo;
		/// Delegates for benchmarks.
		#[cfg(any(feature = "runtime-benchmarks", test))]
		type BenchmarkHelper: curex_primitives::BenchmarkDelegates<Self::RuntimeOrigin>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The permits: a public register.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Permits<T> = StorageMap<_, Identity, PermitId, Permit>;

	/// What has happened under each permit.
	// Hasher: Identity, since the id is a hash that the ledger computes.
	#[pallet::storage]
	pub type Standings<T> = StorageMap<_, Identity, PermitId, PermitStanding>;

	/// The holders whose data sets a permit lets be used.
	// Hasher: the id is a hash that the ledger computes, the number is given by it.
	#[pallet::storage]
	pub type Holders<T> =
		StorageDoubleMap<_, Identity, PermitId, Twox64Concat, OrganisationId, NamedHolder>;

	/// The cohorts that wait for their extraction; at most one of each holder under a permit.
	// Hasher: the id is a hash that the ledger computes, the number is given by it.
	#[pallet::storage]
	pub type Cohorts<T> =
		StorageDoubleMap<_, Identity, PermitId, Twox64Concat, OrganisationId, Cohort>;

	/// The extractions under each permit, by their number, which begins with zero.
	// Hasher: the id is a hash that the ledger computes, the number is given by it.
	#[pallet::storage]
	pub type Extractions<T> =
		StorageDoubleMap<_, Identity, PermitId, Twox64Concat, u32, Extraction>;

	/// The exports under each permit, by their number: commitments to the outputs and to the disclosure check.
	// Hasher: the id is a hash that the ledger computes, the number is given by it.
	#[pallet::storage]
	pub type Exports<T> =
		StorageDoubleMap<_, Identity, PermitId, Twox64Concat, u32, (Commitment, Commitment)>;

	/// Reports of re-identification, by their number.
	// Hasher: the number is given by the ledger.
	#[pallet::storage]
	pub type Reports<T> = StorageMap<_, Twox64Concat, u32, Reidentification>;

	/// The number of the next report.
	#[pallet::storage]
	pub type NextReport<T> = StorageValue<_, u32, ValueQuery>;

	/// The commitments that records carry. None serves twice.
	// Hasher: the commitment comes from outside.
	#[pallet::storage]
	pub type Commitments<T> = StorageMap<_, Blake2_128Concat, Commitment, PermitId>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A health data access body issued a permit.
		Issued {
			/// The permit.
			permit: PermitId,
			/// The body.
			issuer: OrganisationId,
			/// Who may use the data.
			user: OrganisationId,
		},
		/// A permit names a holder.
		HolderNamed {
			/// The permit.
			permit: PermitId,
			/// Whose data may be used.
			holder: OrganisationId,
		},
		/// A permit was revoked.
		Revoked {
			/// The permit.
			permit: PermitId,
			/// Commitment to the reasons.
			reasons: Commitment,
		},
		/// A holder committed to a cohort and to those who opted out.
		CohortCommitted {
			/// The permit.
			permit: PermitId,
			/// Whose data.
			holder: OrganisationId,
			/// How many persons.
			size: SizeBucket,
		},
		/// A holder extracted data for the environment.
		Extracted {
			/// The permit.
			permit: PermitId,
			/// Whose data.
			holder: OrganisationId,
			/// Number of the extraction under the permit.
			extraction: u32,
		},
		/// Anonymous outputs left the environment.
		Exported {
			/// The permit.
			permit: PermitId,
			/// Number of the export under the permit.
			export: u32,
		},
		/// Somebody reported that a person was identified.
		ReidentificationReported {
			/// Number of the report.
			report: u32,
			/// The permit.
			permit: PermitId,
			/// Who reports.
			reporter: OrganisationId,
			/// Until when the body is to answer.
			due: Moment,
		},
		/// The body answered a report.
		ReidentificationAnswered {
			/// Number of the report.
			report: u32,
			/// The permit.
			permit: PermitId,
			/// What it found.
			finding: Finding,
			/// Whether the answer came after its deadline.
			late: bool,
		},
		/// The user published the results.
		ResultsPublished {
			/// The permit.
			permit: PermitId,
			/// Whether they came after their deadline.
			late: bool,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The ledger has no such permit or report; check the handle or number.
		NotFound,
		/// The call is for the body, the user or a holder of the permit.
		NotAuthorized,
		/// The permit exists, or names the holder, or has results: regard the first submission as done.
		AlreadyExists,
		/// The user or holder is no active member that may use or hold data.
		OrganisationNotFound,
		/// The body permits itself.
		UserIsIssuer,
		/// The purpose is reserved to public sector bodies.
		ReservedPurpose,
		/// The permit names no category.
		NoCategory,
		/// The permit ends before or when it begins, or has ended already.
		EmptyPeriod,
		/// The permit lasts longer than the law allows.
		TooLong,
		/// Pseudonyms need a justification.
		MissingJustification,
		/// Anonymised data need no justification of pseudonyms.
		NeedlessJustification,
		/// A commitment is all zero, or two are equal.
		MissingCommitment,
		/// A commitment serves another record; draw a new salt.
		CommitmentReused,
		/// A condition allows research only, the purpose is another.
		ConditionExcludesPurpose,
		/// The permit names as many holders as it can.
		MaxHoldersExceeded,
		/// The permit is revoked, expired, or not valid yet.
		NotLive,
		/// The permit does not name the holder.
		HolderNotNamed,
		/// The permit names another data set of the holder.
		OtherDataset,
		/// Fewer than `k` persons, or fewer than `k` said to be left out.
		TooFew,
		/// A root is all zero, or the two are equal.
		MissingRoot,
		/// The holder has not committed to a cohort in an earlier block.
		CohortNotBefore,
		/// The roots are too old: commit again with those who opted out since.
		CohortTooOld,
		/// Nothing was extracted under the permit.
		NothingExtracted,
		/// A report of re-identification has no answer yet.
		ReportOpen,
		/// The report has been answered.
		AlreadyAnswered,
		/// There are as many records as the ledger can number.
		NumbersExhausted,
	}

	impl<T> From<PermitDefect> for Error<T> {
		fn from(defect: PermitDefect) -> Self {
			match defect {
				PermitDefect::UserIsIssuer => Self::UserIsIssuer,
				PermitDefect::ReservedPurpose => Self::ReservedPurpose,
				PermitDefect::NoCategory => Self::NoCategory,
				PermitDefect::EmptyPeriod => Self::EmptyPeriod,
				PermitDefect::TooLong => Self::TooLong,
				PermitDefect::MissingJustification => Self::MissingJustification,
				PermitDefect::NeedlessJustification => Self::NeedlessJustification,
				PermitDefect::MissingCommitment => Self::MissingCommitment,
				PermitDefect::ConditionExcludesPurpose => Self::ConditionExcludesPurpose,
			}
		}
	}

	impl<T> From<CohortDefect> for Error<T> {
		fn from(defect: CohortDefect) -> Self {
			match defect {
				CohortDefect::TooFew => Self::TooFew,
				CohortDefect::MissingRoot => Self::MissingRoot,
				CohortDefect::NotBefore => Self::CohortNotBefore,
				CohortDefect::TooOld => Self::CohortTooOld,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxCohortAge::get() > 0, "an extraction comes after its cohort");
			assert!(T::MaxHolders::get() > 0, "a permit names somebody");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::try_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Issues a permit.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of an authority that is a health data access body.
		///
		/// ## Details
		/// `key` is 32 random bytes, which make a repeated submission recognisable; the permit's handle is
		/// [`curex_primitives::permit::permit_id`]. The purposes of EHDS art. 53(1)(a) to (c) are for authorities only.
		/// Pseudonyms need a commitment to their justification.
		///
		/// ## Errors
		/// [`Error::NotAuthorized`], [`Error::AlreadyExists`], [`Error::OrganisationNotFound`],
		/// [`Error::CommitmentReused`], and one for each [`PermitDefect`].
		///
		/// ## Events
		/// [`Event::Issued`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::issue())]
		pub fn issue(origin: OriginFor<T>, key: [u8; 32], terms: PermitTerms) -> DispatchResult {
			let issuer = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_issue(issuer, &key, terms)?;
			Ok(())
		}

		/// Names a holder whose data set may be used under a permit.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of the body that governs the permit: its issuer, or, if that is not
		/// active any more, a body of the same country.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotLive`] if revoked or expired,
		/// [`Error::AlreadyExists`], [`Error::OrganisationNotFound`], [`Error::MaxHoldersExceeded`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::HolderNamed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::name_holder())]
		pub fn name_holder(
			origin: OriginFor<T>,
			id: PermitId,
			holder: OrganisationId,
			dataset: Commitment,
		) -> DispatchResult {
			let body = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_name_holder(body, id, holder, dataset)?;
			Self::deposit_event(Event::HolderNamed { permit: id, holder });
			Ok(())
		}

		/// Revokes a permit for good.
		///
		/// ## Dispatch Origin
		/// As [`Pallet::name_holder`].
		///
		/// ## Details
		/// Nothing is extracted or exported under it from now on. What was extracted leads to results: they are due 18
		/// months from now.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotLive`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::Revoked`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::revoke())]
		pub fn revoke(origin: OriginFor<T>, id: PermitId, reasons: Commitment) -> DispatchResult {
			let body = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_revoke(body, id, reasons)?;
			Ok(())
		}

		/// Commits to a cohort and to those who opted out, before anything is extracted.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Exchange`] of a holder that the permit names.
		///
		/// ## Details
		/// `opt_out` is the root of [`curex_primitives::opt_out`]. A cohort that waits for its extraction is replaced.
		/// `excluded` is `None` for fewer than `k` persons.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotLive`], [`Error::HolderNotNamed`], [`Error::OtherDataset`],
		/// [`Error::TooFew`], [`Error::MissingRoot`].
		///
		/// ## Events
		/// [`Event::CohortCommitted`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::commit_cohort())]
		pub fn commit_cohort(
			origin: OriginFor<T>,
			id: PermitId,
			dataset: Commitment,
			cohort: MerkleRoot,
			size: SizeBucket,
			opt_out: MerkleRoot,
			excluded: SizeBucket,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			let (committed, committed_at) = (Self::now(), Self::block());
			let cohort = Cohort { cohort, size, opt_out, excluded, committed, committed_at };
			Self::do_commit_cohort(holder, id, dataset, cohort)?;
			Self::deposit_event(Event::CohortCommitted { permit: id, holder, size });
			Ok(())
		}

		/// Extracts from the committed cohort for the environment.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Exchange`] of a holder that the permit names.
		///
		/// ## Details
		/// The cohort was committed in an earlier block, and not longer than the maximum age ago; it serves this
		/// extraction only. `payload` commits to the ciphertext for the environment.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotLive`], [`Error::HolderNotNamed`], [`Error::OtherDataset`],
		/// [`Error::ReportOpen`], [`Error::CohortNotBefore`], [`Error::CohortTooOld`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`], [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::Extracted`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::extract())]
		pub fn extract(
			origin: OriginFor<T>,
			id: PermitId,
			dataset: Commitment,
			payload: Commitment,
		) -> DispatchResult {
			let holder = T::DelegateOrigin::ensure_origin(origin, &Duty::Exchange)?;
			let extraction = Self::do_extract(holder, id, dataset, payload)?;
			Self::deposit_event(Event::Extracted { permit: id, holder, extraction });
			Ok(())
		}

		/// Lets outputs out of the environment.
		///
		/// ## Dispatch Origin
		/// As [`Pallet::name_holder`].
		///
		/// ## Details
		/// `outputs` commits to what leaves, `check` to the disclosure check that found it anonymous (EHDS art. 73(2)).
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NotLive`], [`Error::NothingExtracted`],
		/// [`Error::ReportOpen`], [`Error::MissingCommitment`], [`Error::CommitmentReused`],
		/// [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::Exported`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::export())]
		pub fn export(
			origin: OriginFor<T>,
			id: PermitId,
			outputs: Commitment,
			check: Commitment,
		) -> DispatchResult {
			let body = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let export = Self::do_export(body, id, outputs, check)?;
			Self::deposit_event(Event::Exported { permit: id, export });
			Ok(())
		}

		/// Reports that a person was, or might have been, identified in data used under a permit.
		///
		/// ## Dispatch Origin
		/// A delegate with [`Duty::Oversight`] of the user, of a named holder, of a health data access body, or of an
		/// authority competent for data protection.
		///
		/// ## Details
		/// The body is to answer within 72 hours. Until it does, nothing is extracted or exported under the permit.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::MissingCommitment`], [`Error::CommitmentReused`],
		/// [`Error::NumbersExhausted`].
		///
		/// ## Events
		/// [`Event::ReidentificationReported`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::report_reidentification())]
		pub fn report_reidentification(
			origin: OriginFor<T>,
			id: PermitId,
			evidence: Commitment,
		) -> DispatchResult {
			let reporter = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_report(reporter, id, evidence)?;
			Ok(())
		}

		/// Says what the body found after a report.
		///
		/// ## Dispatch Origin
		/// As [`Pallet::name_holder`], for the permit of the report.
		///
		/// ## Details
		/// A confirmed report revokes the permit.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::AlreadyAnswered`], [`Error::MissingCommitment`],
		/// [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::ReidentificationAnswered`], and [`Event::Revoked`] if confirmed.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::answer_reidentification())]
		pub fn answer_reidentification(
			origin: OriginFor<T>,
			report: u32,
			finding: Finding,
			reasons: Commitment,
		) -> DispatchResult {
			let body = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			Self::do_answer(body, report, finding, reasons)?;
			Ok(())
		}

		/// Commits to the results that were made public.
		///
		/// ## Dispatch Origin
		/// A delegate of the user with [`Duty::Oversight`].
		///
		/// ## Details
		/// Due 18 months after the permit ended (EHDS art. 61(4)). Late results are taken and marked.
		///
		/// ## Errors
		/// [`Error::NotFound`], [`Error::NotAuthorized`], [`Error::NothingExtracted`], [`Error::AlreadyExists`],
		/// [`Error::MissingCommitment`], [`Error::CommitmentReused`].
		///
		/// ## Events
		/// [`Event::ResultsPublished`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::publish_results())]
		pub fn publish_results(
			origin: OriginFor<T>,
			id: PermitId,
			results: Commitment,
		) -> DispatchResult {
			let user = T::DelegateOrigin::ensure_origin(origin, &Duty::Oversight)?;
			let late = Self::do_publish(user, id, results)?;
			Self::deposit_event(Event::ResultsPublished { permit: id, late });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The permit with this handle, and what has happened under it.
		pub fn permit(id: PermitId) -> Option<(Permit, PermitStanding)> {
			Permits::<T>::get(id).zip(Standings::<T>::get(id))
		}

		/// The permits after `after`, at most `limit`, in an order of the ledger's own.
		pub fn permits(after: Option<PermitId>, limit: u32) -> Vec<(PermitId, Permit)> {
			Self::permits_after(after, limit)
		}

		/// The holders that a permit names, with their data sets.
		pub fn holders(id: PermitId) -> Vec<(OrganisationId, NamedHolder)> {
			Holders::<T>::iter_prefix(id).collect()
		}

		/// The extraction with this number under a permit.
		pub fn extraction(id: PermitId, number: u32) -> Option<Extraction> {
			Extractions::<T>::get(id, number)
		}

		/// The report of re-identification with this number.
		pub fn report(number: u32) -> Option<Reidentification> {
			Reports::<T>::get(number)
		}
	}

	impl<T: Config> Pallet<T> {
		/// Remembers commitments of a record, none of which may serve another.
		pub(crate) fn remember<const N: usize>(
			commitments: [Commitment; N],
			id: PermitId,
		) -> Result<(), Error<T>> {
			for commitment in commitments {
				ensure!(!commitment.is_zero(), Error::<T>::MissingCommitment);
				ensure!(!Commitments::<T>::contains_key(commitment), Error::<T>::CommitmentReused);
				Commitments::<T>::insert(commitment, id);
			}
			Ok(())
		}

		pub(crate) fn now() -> Moment {
			T::Clock::now().as_millis().saturated_into()
		}

		pub(crate) fn block() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
