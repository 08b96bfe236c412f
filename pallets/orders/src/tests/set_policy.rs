use super::*;

fn administrator() -> RuntimeOrigin {
	let account = [7; 32].into();
	appoint(&account, Duty::Administration, HOSPITAL);
	RuntimeOrigin::signed(account)
}

#[test]
fn an_organisation_says_what_its_worker_does() {
	run(|_| {
		assert_eq!(Orders::policy(HOSPITAL), None);
		assert_ok!(Orders::set_policy(administrator(), POLICY));
		System::assert_last_event(
			Event::PolicySet { organisation: HOSPITAL, policy: POLICY }.into(),
		);
		let changed = Policy { watch_every: 0, ..POLICY };
		assert_ok!(Orders::set_policy(administrator(), changed.clone()));
		assert_eq!(Orders::policy(HOSPITAL), Some(changed));
	});
}

#[test]
fn the_worker_does_not_set_its_own_policy() {
	run(|node| {
		let origin = RuntimeOrigin::signed(node.worker.clone());
		assert_noop!(Orders::set_policy(origin, POLICY), BadOrigin);
	});
}
