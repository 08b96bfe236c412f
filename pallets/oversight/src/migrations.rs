//! Migrations of the storage.

use crate::{Breaches, Config, Inquiries, LastAnchors, Notices, Pallet, Watch, Watches};
use curex_primitives::{
	oversight::{DutyRegister, ANCHOR_PERIOD},
	BlockNumber, BreachCase, BreachNotice, Commitment, Competence, DutyKind, Inquiry,
	InquiryOutcome, Moment, NoticeKind, OrganisationId, Organisations, RecordHandle, Regime,
};
use frame::{
	deps::frame_support::{
		migrations::VersionedMigration, storage_alias, traits::UncheckedOnRuntimeUpgrade,
	},
	prelude::*,
};

/// From version 1 to version 2: inquiries have a field, a deadline and outcomes, breaches several notices, and both
/// are duties with a deadline.
pub type ToVersion2<T> = VersionedMigration<
	1,
	2,
	version_2::Unchecked<T>,
	Pallet<T>,
	<T as frame_system::Config>::DbWeight,
>;

pub(crate) mod version_1 {
	use super::*;

	/// An inquiry of version 1.
	#[derive(Encode, Decode, Clone)]
	pub struct Inquiry {
		pub authority: OrganisationId,
		pub organisation: OrganisationId,
		pub about: RecordHandle,
		pub case: Commitment,
		pub opened_at: BlockNumber,
		pub disclosure: Option<Commitment>,
	}

	/// A notice of version 1.
	#[derive(Encode, Decode, Clone)]
	pub struct BreachNotice {
		pub notice: Commitment,
		pub at: Moment,
	}

	/// A breach of version 1.
	#[derive(Encode, Decode, Clone)]
	pub struct BreachCase {
		pub organisation: OrganisationId,
		pub case: Commitment,
		pub detected_at: Moment,
		pub opened_at: BlockNumber,
		pub notice: Option<BreachNotice>,
	}

	#[storage_alias]
	pub type Inquiries<T: Config> = StorageMap<Pallet<T>, Twox64Concat, u32, Inquiry>;

	#[storage_alias]
	pub type Breaches<T: Config> = StorageMap<Pallet<T>, Twox64Concat, u32, BreachCase>;
}

mod version_2 {
	use super::*;

	/// Translates without looking at the version.
	pub struct Unchecked<T>(core::marker::PhantomData<T>);

	/// What an inquiry that had no deadline gets: 30 days from the upgrade on.
	pub(crate) const TERM: Moment = 30 * 24 * 3_600 * 1_000;

	impl<T: Config> UncheckedOnRuntimeUpgrade for Unchecked<T> {
		fn on_runtime_upgrade() -> Weight {
			let mut records: u64 = 0;
			let due = Pallet::<T>::now().saturating_add(TERM);
			for (number, old) in version_1::Inquiries::<T>::drain().collect::<alloc::vec::Vec<_>>()
			{
				records.saturating_inc();
				let field = T::Organisations::facts(old.authority)
					.and_then(|facts| facts.competences.iter().next())
					.unwrap_or(Competence::DataProtection);
				let open = old.disclosure.is_none();
				let inquiry = Inquiry {
					authority: old.authority,
					field,
					organisation: old.organisation,
					about: old.about,
					case: old.case,
					opened_at: old.opened_at,
					due,
					outcome: old.disclosure.map_or(InquiryOutcome::Open, InquiryOutcome::Disclosed),
					closed: (!open).then(Pallet::<T>::now),
				};
				if open {
					let duty = DutyKind::AnswerInquiry(number);
					<Pallet<T> as DutyRegister>::open(inquiry.organisation, duty, due);
				}
				Inquiries::<T>::insert(number, inquiry);
			}
			for (number, old) in version_1::Breaches::<T>::drain().collect::<alloc::vec::Vec<_>>() {
				records.saturating_inc();
				let case = BreachCase {
					organisation: old.organisation,
					case: old.case,
					detected_at: old.detected_at,
					opened_at: old.opened_at,
					regimes: Regime::DataProtection.into(),
					// Nothing was said of the affected exchanges: all before the detection.
					affected_from: 0,
					affected_until: old.detected_at.max(1),
				};
				if let Some(version_1::BreachNotice { notice, at }) = old.notice {
					let kind = NoticeKind::DataProtection;
					let late = case.due(kind, None).is_some_and(|due| at > due);
					Notices::<T>::insert(number, kind, BreachNotice { notice, at, late });
				}
				Pallet::<T>::start_clocks(number, &case);
				Breaches::<T>::insert(number, case);
			}
			for (organisation, (_, to)) in LastAnchors::<T>::iter() {
				records.saturating_inc();
				let watch = Watch { since: to, period: ANCHOR_PERIOD, alarmed: false };
				Watches::<T>::insert(organisation, watch);
			}
			// A record is read once, written once, and starts at most one clock of four accesses.
			T::DbWeight::get().reads_writes(records.saturating_mul(5), records.saturating_mul(6))
		}
	}
}
