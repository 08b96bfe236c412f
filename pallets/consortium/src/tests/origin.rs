//! The origin check of the other pallets' calls.

use super::*;
use crate::EnsureDelegate;
use frame::traits::EnsureOriginWithArg;

fn ensure(origin: RuntimeOrigin, duty: Duty) -> Result<OrganisationId, BadOrigin> {
	EnsureDelegate::<Test>::ensure_origin(origin, &duty)
}

#[test]
fn a_delegate_acts_for_its_own_organisation() {
	network(|| {
		for number in 0..7 {
			assert_eq!(ensure(signed(clerk(number)), Duty::Exchange), Ok(OrganisationId(number)));
			assert_eq!(
				ensure(signed(admin(number)), Duty::Administration),
				Ok(OrganisationId(number))
			);
		}
	});
}

#[test]
fn a_delegate_without_the_duty_and_a_stranger_are_refused() {
	network(|| {
		assert_eq!(ensure(signed(clerk(0)), Duty::Administration), Err(BadOrigin));
		assert_eq!(ensure(signed(admin(0)), Duty::Exchange), Err(BadOrigin));
		for duty in Duty::ALL {
			assert_eq!(ensure(signed(STRANGER), *duty), Err(BadOrigin));
			assert_eq!(ensure(RuntimeOrigin::none(), *duty), Err(BadOrigin));
			assert_eq!(ensure(RuntimeOrigin::root(), *duty), Err(BadOrigin));
			assert_eq!(
				ensure(frame_system::RawOrigin::Authorized.into(), *duty),
				Err(BadOrigin)
			);
		}
	});
}

#[test]
fn a_suspended_or_exited_organisation_acts_through_nobody() {
	network(|| {
		assert_ok!(Consortium::suspend(council(), OrganisationId(0)));
		assert_eq!(ensure(signed(clerk(0)), Duty::Exchange), Err(BadOrigin));
		assert_eq!(ensure(signed(admin(0)), Duty::Administration), Err(BadOrigin));
		assert_ok!(Consortium::reinstate(council(), OrganisationId(0)));
		assert_ok!(ensure(signed(clerk(0)), Duty::Exchange));
		assert_ok!(Consortium::expel(council(), OrganisationId(0)));
		assert_eq!(ensure(signed(clerk(0)), Duty::Exchange), Err(BadOrigin));
	});
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn every_duty_has_a_successful_origin_for_benchmarks() {
	network(|| {
		for duty in Duty::ALL {
			let origin = EnsureDelegate::<Test>::try_successful_origin(duty).unwrap();
			assert_ok!(ensure(origin, *duty));
		}
	});
}
