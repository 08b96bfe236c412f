use super::*;

const HOSPITAL: OrganisationId = OrganisationId(1);

fn result(campaign: u32, group: StaffGroup) -> GroupResult {
	GroupResult {
		campaign,
		group,
		level: Level::Moderate,
		confidence: Confidence::Medium,
		answers: SizeBucket::Tens,
		evidence: Commitment([7; 32]),
	}
}

fn record(number: u64, result: GroupResult) -> DispatchResult {
	Hygiene::record(delegate(1, Duty::SecurityReport), number, result)
}

#[test]
fn each_group_has_its_newest_result() {
	run(|| {
		assert_ok!(record(1, result(1, StaffGroup::Clinical)));
		assert_ok!(record(2, result(1, StaffGroup::Executive)));
		assert_ok!(record(3, result(2, StaffGroup::Clinical)));
		System::assert_last_event(
			Event::GroupResultRecorded {
				organisation: HOSPITAL,
				number: 3,
				result: result(2, StaffGroup::Clinical),
			}
			.into(),
		);
		let newest = |group| Results::<Test>::get(HOSPITAL, group);
		assert_eq!(newest(StaffGroup::Clinical), Some((3, result(2, StaffGroup::Clinical))));
		assert_eq!(newest(StaffGroup::Executive), Some((2, result(1, StaffGroup::Executive))));
		assert_eq!(newest(StaffGroup::Administrative), None);
		assert_eq!(Campaigns::<Test>::get(HOSPITAL), 2);
	});
}

#[test]
fn late_answers_correct_the_result_of_a_campaign() {
	run(|| {
		assert_ok!(record(1, result(4, StaffGroup::Clinical)));
		let corrected = GroupResult { level: Level::Low, ..result(4, StaffGroup::Clinical) };
		assert_ok!(record(2, corrected.clone()));
		assert_eq!(Results::<Test>::get(HOSPITAL, StaffGroup::Clinical), Some((2, corrected)));
	});
}

#[test]
fn campaigns_never_go_back() {
	run(|| {
		assert_ok!(record(1, result(4, StaffGroup::Clinical)));
		for group in [StaffGroup::Clinical, StaffGroup::Executive] {
			assert_noop!(record(2, result(3, group)), Error::<Test>::CampaignOver);
		}
		assert_ok!(Hygiene::record(
			delegate(2, Duty::SecurityReport),
			1,
			result(1, StaffGroup::Clinical)
		));
	});
}

#[test]
fn a_number_is_taken_once() {
	run(|| {
		assert_ok!(record(2, result(1, StaffGroup::Clinical)));
		for number in [1, 2] {
			assert_noop!(
				record(number, result(1, StaffGroup::Clinical)),
				Error::<Test>::AlreadyRecorded
			);
		}
	});
}

#[test]
fn a_defective_result_is_refused_with_its_defect() {
	run(|| {
		assert_noop!(
			record(1, GroupResult { answers: SizeBucket::None, ..result(1, StaffGroup::Clinical) }),
			Error::<Test>::Defective(Defect(ReportDefect::TooFewAnswers))
		);
		assert_noop!(
			record(
				1,
				GroupResult { evidence: Commitment([0; 32]), ..result(1, StaffGroup::Clinical) }
			),
			Error::<Test>::Defective(Defect(ReportDefect::MissingCommitment))
		);
	});
}

#[test]
fn another_duty_does_not_record() {
	run(|| {
		assert_noop!(
			Hygiene::record(delegate(1, Duty::Council), 1, result(1, StaffGroup::Clinical)),
			BadOrigin
		);
	});
}
