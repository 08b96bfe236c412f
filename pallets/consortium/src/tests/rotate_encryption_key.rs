use super::*;

#[test]
fn an_administrator_rotates_the_key() {
	network(|| {
		let encryption_key = [77; 32];
		assert_ok!(Consortium::rotate_encryption_key(signed(admin(0)), encryption_key));
		let organisation = OrganisationId(0);
		assert_eq!(last_event(), Event::EncryptionKeyRotated { organisation, encryption_key });
		assert_eq!(Consortium::organisation(organisation).unwrap().encryption_key, encryption_key);
	});
}

#[test]
fn a_key_of_zeros_or_the_one_in_use_is_refused() {
	network(|| {
		for key in [[0; 32], [1; 32]] {
			assert_noop!(
				Consortium::rotate_encryption_key(signed(admin(0)), key),
				Error::<Test>::InvalidKey
			);
		}
	});
}

#[test]
fn nobody_else_rotates_the_key() {
	network(|| {
		for account in [STRANGER, clerk(0)] {
			assert_noop!(
				Consortium::rotate_encryption_key(signed(account), [77; 32]),
				Error::<Test>::NotAuthorized
			);
		}
		assert_noop!(Consortium::rotate_encryption_key(council(), [77; 32]), BadOrigin);
	});
}
