use super::*;

fn share(organisation: u32, digest: u8, expires_at: u64) -> DispatchResult {
	Threats::share_indicator(
		delegate(organisation, Duty::SecurityReport),
		[digest; 32],
		TrafficLight::Amber,
		expires_at,
	)
}

fn shared(organisation: u32) -> Vec<u8> {
	let indicators = Indicators::<Test>::get(OrganisationId(organisation));
	indicators.iter().map(|indicator| indicator.digest[0]).collect()
}

#[test]
fn two_members_may_share_the_same_indicator() {
	run(|| {
		assert_ok!(share(1, 1, 2_000_000));
		assert_ok!(share(2, 1, 2_000_000));
		System::assert_last_event(
			Event::IndicatorShared {
				organisation: OrganisationId(2),
				indicator: Indicator {
					digest: [1; 32],
					traffic_light: TrafficLight::Amber,
					shared_at: 1_000_000,
					expires_at: 2_000_000,
				},
			}
			.into(),
		);
		assert_eq!((shared(1), shared(2)), (vec![1], vec![1]));
		assert_noop!(share(1, 1, 3_000_000), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn an_expired_indicator_makes_room() {
	run(|| {
		assert_ok!(share(1, 1, 1_500_000));
		assert_ok!(share(1, 2, 2_000_000));
		assert_noop!(share(1, 3, 2_000_000), Error::<Test>::MaxIndicatorsExceeded);
		Now::set(1_500_000);
		assert_ok!(share(1, 3, 2_000_000));
		assert_eq!(shared(1), [2, 3]);
		Now::set(2_000_000);
		assert_ok!(share(1, 2, 3_000_000));
		assert_eq!(shared(1), [2]);
	});
}

#[test]
fn an_indicator_counts_from_now_on_and_for_a_year_at_most() {
	run(|| {
		assert_noop!(share(1, 1, 1_000_000), Error::<Test>::Expired);
		assert_noop!(share(1, 1, 1_000_001 + MAX_VALIDITY), Error::<Test>::ValidTooLong);
		assert_ok!(share(1, 1, 1_000_000 + MAX_VALIDITY));
	});
}

#[test]
fn another_duty_does_not_share() {
	run(|| {
		assert_noop!(
			Threats::share_indicator(
				delegate(1, Duty::Oversight),
				[1; 32],
				TrafficLight::Clear,
				2_000_000
			),
			BadOrigin
		);
	});
}
