//! The first members, and how a chain specification writes them.

use super::*;
use crate::{
	Council, EpochDuration, GenesisConfig, GenesisOrganisation, GenesisTiming, HalfSlot,
	SlotDuration, Timing, Validators,
};
use pallet_session::SessionManager;

/// The specification after a change to its first organisation.
fn with(
	change: impl FnOnce(&mut GenesisOrganisation<AccountId>),
) -> std::thread::Result<TestState> {
	let mut config = genesis();
	change(&mut config.organisations[0]);
	std::panic::catch_unwind(|| state(config))
}

#[test]
fn the_first_members_are_as_if_the_council_had_admitted_them() {
	network(|| {
		assert_eq!(crate::NextOrganisation::<Test>::get(), 7);
		assert_eq!(Validators::<Test>::get().len(), 5);
		assert_eq!(Council::<Test>::get().len(), 5);
		assert_eq!(Consortium::peers().len(), 7);
		for number in 0..7 {
			assert_eq!(System::providers(&admin(number)), 1);
		}
	});
}

#[test]
fn the_first_session_is_of_the_validators_with_keys() {
	network(|| {
		FakeSessions::lose_keys(admin(1));
		assert_eq!(
			Consortium::new_session_genesis(0),
			Some(vec![admin(0), admin(2), admin(3), admin(4)])
		);
	});
	empty().execute_with(|| {
		assert_eq!(<Consortium as SessionManager<AccountId>>::new_session_genesis(0), None);
	});
}

#[test]
fn the_timing_is_read_from_genesis() {
	network(|| {
		assert_eq!(SlotDuration::<Test>::get(), 2_000);
		assert_eq!(HalfSlot::<Test>::get(), 1_000);
		assert_eq!(EpochDuration::<Test>::get(), 20);
	});
	empty().execute_with(|| {
		GenesisTiming::<Test>::kill();
		assert!(GenesisTiming::<Test>::get().is_valid());
	});
}

#[test]
fn a_timing_out_of_its_limits_is_refused() {
	for (slot_ms, epoch_slots) in [(499, 20), (4_001, 20), (2_000, 1), (0, 0)] {
		let config =
			GenesisConfig { timing: Timing { slot_ms, epoch_slots }, organisations: vec![] };
		assert!(std::panic::catch_unwind(|| state(config)).is_err(), "{slot_ms}, {epoch_slots}");
	}
	for (slot_ms, epoch_slots) in [(500, 2), (4_000, u32::MAX)] {
		let config =
			GenesisConfig { timing: Timing { slot_ms, epoch_slots }, organisations: vec![] };
		assert!(std::panic::catch_unwind(|| state(config)).is_ok(), "{slot_ms}, {epoch_slots}");
	}
}

#[test]
fn an_impossible_member_is_refused() {
	assert!(with(|_| ()).is_ok());
	assert!(with(|first| first.delegates.clear()).is_err());
	assert!(with(|first| first.delegates[0].duties = clerk_duties()).is_err());
	assert!(with(|first| first.delegates[1].duties = Duty::Council.into()).is_err());
	assert!(with(|first| first.delegates[1].duties = Duties::EMPTY).is_err());
	assert!(with(|first| first.delegates[1].account = admin(0)).is_err());
	assert!(with(|first| first.delegates[1].account = clerk(1)).is_err());
	assert!(with(|first| first.kind = OrganisationKind::CareCentre).is_err());
	assert!(with(|first| first.competences = Competence::DataProtection.into()).is_err());
	assert!(with(|first| first.encryption_key = [0; 32]).is_err());
	assert!(with(|first| first.name = "x".repeat(65)).is_err());
	assert!(with(|first| first.name.clear()).is_err());
	assert!(with(|first| first.validator = Some(clerk(0))).is_err());
	assert!(with(|first| first.validator = Some(admin(1))).is_err());
	assert!(with(|first| first.peers[0].peer = peer(2)).is_err());
}

#[test]
fn a_specification_survives_json() {
	let config = genesis();
	let json = serde_json::to_string(&config).unwrap();
	let read: GenesisConfig<Test> = serde_json::from_str(&json).unwrap();
	assert_eq!(read.organisations, config.organisations);
	assert_eq!(read.timing, config.timing);
}

#[test]
fn a_specification_is_written_in_the_words_of_the_vocabulary() {
	let json = r#"{
		"kind": "authority",
		"country": "FR",
		"competences": ["data-protection", "market-surveillance"],
		"encryptionKey": "0x0101010101010101010101010101010101010101010101010101010101010101",
		"name": "Autorité",
		"delegates": [{ "account": 1, "duties": ["administration", "security-report"] }],
		"peers": [{
			"peer": "0x0024080112200202020202020202020202020202020202020202020202020202020202020202",
			"role": "archive"
		}],
		"validator": null
	}"#;
	let read: GenesisOrganisation<AccountId> = serde_json::from_str(json).unwrap();
	assert_eq!(read.encryption_key, [1; 32]);
	assert_eq!(read.peers[0].peer, peer(2));
	assert_eq!(
		read.competences,
		Competences::from(Competence::DataProtection).with(Competence::MarketSurveillance)
	);
	assert_eq!(
		serde_json::to_value(&read).unwrap(),
		serde_json::from_str::<serde_json::Value>(json).unwrap()
	);

	for (right, wrong) in [
		("authority", "Authority"),
		("FR", "fr"),
		("0x0101", "0x01"),
		("archive", "archiver"),
		("0x002408", "0x002409"),
		("data-protection", "privacy"),
	] {
		let json = json.replacen(right, wrong, 1);
		assert!(serde_json::from_str::<GenesisOrganisation<AccountId>>(&json).is_err(), "{wrong}");
	}
}

/// The pallet writes the vocabulary itself, as a runtime reads genesis without `std`.
#[test]
fn the_words_are_those_of_the_primitives() {
	for kind in OrganisationKind::ALL {
		let mut organisation = organisation(0, OrganisationKind::CareCentre);
		organisation.kind = *kind;
		organisation.competences = Competences::all();
		organisation.delegates[0].duties = Duties::all();
		let json = serde_json::to_value(&organisation).unwrap();
		assert_eq!(json["kind"], serde_json::to_value(kind).unwrap());
		assert_eq!(json["competences"], serde_json::to_value(Competences::all()).unwrap());
		assert_eq!(json["delegates"][0]["duties"], serde_json::to_value(Duties::all()).unwrap());
		assert_eq!(json["country"], serde_json::to_value(country()).unwrap());
	}
	for role in PeerRole::ALL {
		let mut organisation = organisation(0, OrganisationKind::CareCentre);
		organisation.peers[0].role = *role;
		let json = serde_json::to_value(&organisation).unwrap();
		assert_eq!(json["peers"][0]["role"], serde_json::to_value(role).unwrap());
	}
}
