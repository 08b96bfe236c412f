//! Measures the calls. Under `cargo test` every benchmark runs once as a test.

use crate::{
	Agenda, Alarms, Anchors, Breaches, Call, Config, Duties, Inquiries, NextHour, Notices, Pallet,
	Round, Watches,
};
use curex_primitives::{
	merkle, oversight::DutyRegister, BenchmarkClock, BenchmarkDelegates, Commitment, Competence,
	Duty, DutyKind, InquiryOutcome, InquiryRefusal, MerkleRoot, NoticeKind, OrganisationId,
	OrganisationKind, RecordHandle, Regimes, SizeBucket,
};
use frame_benchmarking::v2::*;

#[benchmarks]
mod benchmarks {
	use super::*;
	use crate::WeightInfo;
	use ::frame::deps::frame_support::weights::WeightMeter;

	// The macros look here for what the umbrella shows only under its own feature `runtime-benchmarks`.
	mod frame {
		pub mod deps {
			pub use ::frame::deps::frame_system;
			pub use frame_benchmarking;
		}
	}

	const HOUR: u64 = 3_600 * 1_000;
	const DAY: u64 = 24 * HOUR;
	const NOW: u64 = 20_000 * DAY;

	fn organisation<T: Config>(kind: OrganisationKind) -> (T::RuntimeOrigin, OrganisationId) {
		T::BenchmarkHelper::set(NOW);
		T::BenchmarkHelper::origin(Duty::Oversight, kind)
	}

	/// An open inquiry: the delegates of authority and organisation.
	fn asked<T: Config>() -> (T::RuntimeOrigin, T::RuntimeOrigin) {
		let (authority, _) = organisation::<T>(OrganisationKind::Authority);
		let (asked, organisation) = organisation::<T>(OrganisationKind::Hospital);
		Pallet::<T>::open_inquiry(
			authority.clone(),
			organisation,
			Competence::DataProtection,
			RecordHandle([1; 32]),
			Commitment([2; 32]),
			DAY,
		)
		.expect("the inquiry has no defect; qed");
		(authority, asked)
	}

	fn opened<T: Config>() -> (T::RuntimeOrigin, OrganisationId) {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let case = Commitment([2; 32]);
		Pallet::<T>::open_breach(origin.clone(), case, NOW, Regimes::all(), 0, NOW)
			.expect("the breach has no defect; qed");
		(origin, organisation)
	}

	#[benchmark]
	fn anchor() {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::More);
		Pallet::<T>::anchor(origin.clone(), 1, root, count, 0, 1).expect("no defect; qed");

		// With a gap and late: an alarm is written as well.
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 2, root, count, 2, NOW);

		assert!(Alarms::<T>::contains_key(organisation, 2));
	}

	#[benchmark]
	fn open_inquiry() {
		let (origin, _) = organisation::<T>(OrganisationKind::Authority);
		let (_, asked) = organisation::<T>(OrganisationKind::Hospital);
		let (about, case) = (RecordHandle([1; 32]), Commitment([2; 32]));

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, asked, Competence::DataProtection, about, case, DAY);

		assert!(Inquiries::<T>::contains_key(0));
	}

	#[benchmark]
	fn disclose() {
		let (_, origin) = asked::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, Commitment([3; 32]));

		assert!(Inquiries::<T>::get(0).is_some_and(|inquiry| inquiry.closed.is_some()));
	}

	#[benchmark]
	fn refuse_inquiry() {
		let (_, origin) = asked::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, InquiryRefusal::Privileged, Commitment([3; 32]));

		assert!(Inquiries::<T>::get(0).is_some_and(|inquiry| inquiry.closed.is_some()));
	}

	#[benchmark]
	fn withdraw_inquiry() {
		let (origin, _) = asked::<T>();

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0);

		let outcome = Inquiries::<T>::get(0).map(|inquiry| inquiry.outcome);
		assert_eq!(outcome, Some(InquiryOutcome::Withdrawn));
	}

	#[benchmark]
	fn open_breach() {
		let (origin, _) = organisation::<T>(OrganisationKind::Hospital);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Commitment([2; 32]), NOW, Regimes::all(), 0, NOW);

		assert!(Breaches::<T>::contains_key(0));
	}

	#[benchmark]
	fn notify_breach() {
		let (origin, _) = opened::<T>();
		// The notification moves the deadline of the final report.
		let kind = NoticeKind::IncidentNotification;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, kind, Commitment([3; 32]));

		assert!(Notices::<T>::contains_key(0, kind));
	}

	#[benchmark]
	fn prove_miscount() {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let tree = merkle::Tree::new(alloc::vec![[7; 32]; 11]);
		Pallet::<T>::anchor(origin.clone(), 1, tree.root(), SizeBucket::Units, 0, 1)
			.expect("no defect shows; qed");

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, organisation, 1, 11, tree.top());

		assert!(Alarms::<T>::contains_key(organisation, 1));
	}

	#[benchmark]
	fn set_anchor_period() {
		let (origin, _) = organisation::<T>(OrganisationKind::Authority);
		let (_, watched) = organisation::<T>(OrganisationKind::Hospital);

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, watched, DAY / 2);

		assert!(Watches::<T>::get(watched).is_some_and(|watch| watch.period == DAY / 2));
	}

	#[benchmark]
	fn agenda_hour() {
		opened::<T>();
		let hour = NextHour::<T>::get().expect("the duties of the breach are listed; qed");
		T::BenchmarkHelper::set(NOW + HOUR);

		#[block]
		{
			Pallet::<T>::find_overdue(&mut WeightMeter::new());
		}

		assert_eq!(NextHour::<T>::get(), Some(hour + 1));
	}

	#[benchmark]
	fn mark_overdue() {
		let (_, organisation) = opened::<T>();
		let duty = DutyKind::NotifyBreach(0, NoticeKind::EarlyWarning);
		let hour = Duties::<T>::get(organisation, duty).expect("it is open; qed").hour;

		#[block]
		{
			Agenda::<T>::remove(hour, (organisation, duty));
			Pallet::<T>::mark_overdue(organisation, duty);
		}

		// What was found overdue is still to be done.
		assert!(Duties::<T>::contains_key(organisation, duty));
		<Pallet<T> as DutyRegister>::close(organisation, duty);
	}

	#[benchmark]
	fn watch_round() {
		organisation::<T>(OrganisationKind::Hospital);
		let mut meter = WeightMeter::with_limit(T::WeightInfo::watch_round());

		#[block]
		{
			Pallet::<T>::watch_anchors(&mut meter);
		}

		assert!(Round::<T>::exists());
	}

	#[benchmark]
	fn watch_organisation() {
		let (origin, organisation) = organisation::<T>(OrganisationKind::Hospital);
		let (root, count) = (MerkleRoot([1; 32]), SizeBucket::More);
		Pallet::<T>::anchor(origin, 1, root, count, 0, 1).expect("no defect; qed");

		#[block]
		{
			Pallet::<T>::watch_organisation(organisation);
		}

		assert!(Watches::<T>::get(organisation).is_some_and(|watch| watch.alarmed));
		assert!(Anchors::<T>::contains_key(organisation, 1));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
