//! The origin check of the other pallets' calls.

use super::*;
use crate::EnsureDelegate;
use frame::traits::EnsureOriginWithArg;

fn ensure(origin: RuntimeOrigin, duty: Duty) -> Option<OrganisationId> {
	EnsureDelegate::<Test>::ensure_origin(origin, &duty).ok()
}

#[test]
fn a_delegate_acts_for_its_own_organisation() {
	network(|| {
		for number in 0..7 {
			assert_eq!(ensure(signed(clerk(number)), Duty::Exchange), Some(OrganisationId(number)));
			assert_eq!(
				ensure(signed(admin(number)), Duty::Administration),
				Some(OrganisationId(number))
			);
		}
	});
}

#[test]
fn a_delegate_without_the_duty_and_a_stranger_are_refused() {
	network(|| {
		assert_eq!(ensure(signed(clerk(0)), Duty::Administration), None);
		assert_eq!(ensure(signed(admin(0)), Duty::Exchange), None);
		for duty in Duty::ALL {
			assert_eq!(ensure(signed(STRANGER), *duty), None);
			assert_eq!(ensure(RuntimeOrigin::none(), *duty), None);
			assert_eq!(ensure(RuntimeOrigin::root(), *duty), None);
			assert_eq!(ensure(frame_system::RawOrigin::Authorized.into(), *duty), None);
		}
	});
}

#[test]
fn a_suspended_or_exited_organisation_acts_through_nobody() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_eq!(ensure(signed(clerk(0)), Duty::Exchange), None);
		assert_eq!(ensure(signed(admin(0)), Duty::Administration), None);
		assert_ok!(Consortium::reinstate(council(), OrganisationId(0)));
		assert!(ensure(signed(clerk(0)), Duty::Exchange).is_some());
		assert_ok!(Consortium::expel(council(), OrganisationId(0)));
		assert_eq!(ensure(signed(clerk(0)), Duty::Exchange), None);
	});
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn every_duty_has_a_successful_origin_for_benchmarks() {
	network(|| {
		for duty in Duty::ALL {
			let origin = EnsureDelegate::<Test>::try_successful_origin(duty).unwrap();
			assert!(ensure(origin, *duty).is_some());
		}
	});
}
