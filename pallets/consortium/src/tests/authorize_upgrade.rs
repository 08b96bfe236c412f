use super::*;
use frame::deps::sp_core::H256;

#[test]
fn the_council_authorises_a_runtime_by_its_hash() {
	network(|| {
		let hash = H256::repeat_byte(7);
		assert_ok!(Consortium::authorize_upgrade(council(), hash));
		assert_eq!(*System::authorized_upgrade().unwrap().code_hash(), hash);
		System::assert_last_event(
			frame_system::Event::UpgradeAuthorized { code_hash: hash, check_version: true }.into(),
		);
	});
}

#[test]
fn nobody_else_authorises_a_runtime() {
	network(|| {
		assert_noop!(
			Consortium::authorize_upgrade(signed(admin(0)), H256::repeat_byte(7)),
			BadOrigin
		);
		assert!(System::authorized_upgrade().is_none());
	});
}
