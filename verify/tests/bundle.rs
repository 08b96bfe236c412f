//! Bundles made with real keys and votes: what is right is verified, whatever is altered is refused.

mod chain;

use chain::{Chain, SPEC_VERSION};
use codec::Encode;
use curex_verify::{bundle, verify, Bundle, Bytes, Error, TrustRoot};

#[test]
fn a_record_two_set_changes_after_the_first_block_is_proven_from_the_genesis_hash() {
	let chain = Chain::with_two_changes();
	let bundle = chain.bundle();
	let verified = verify(&bundle, &chain.trust_root()).unwrap();
	assert_eq!(verified.set_id, 2);
	assert_eq!(verified.spec_version, SPEC_VERSION);
	assert_eq!(verified.header.number, chain.record);
	assert_eq!(verified.justified_by, chain.record + 2);
	assert_eq!(verified.value(b"record"), Some(&b"a commitment of 32 bytes or more, long"[..]));
	assert_eq!(verified.extrinsic, Some((1, chain.extrinsics[1].clone())));
	assert_eq!(verified.events, Some(b"events".to_vec()));
}

#[test]
fn the_trust_root_follows_from_the_genesis_hash() {
	let chain = Chain::with_two_changes();
	let (header, nodes) = chain.genesis();
	let root = TrustRoot::from_genesis(chain.genesis_hash().0, &header, &nodes).unwrap();
	assert_eq!(root, chain.trust_root());
	assert!(TrustRoot::from_genesis([0; 32], &header, &nodes).is_err());
	assert!(TrustRoot::from_genesis(chain.genesis_hash().0, &header, &nodes[1..]).is_err());
}

#[test]
fn a_trust_root_survives_json() {
	let root = Chain::with_two_changes().trust_root();
	let json = serde_json::to_string(&root).unwrap();
	assert_eq!(serde_json::from_str::<TrustRoot>(&json).unwrap(), root);
	assert!(serde_json::from_str::<TrustRoot>(&json.replacen("0x", "0x00", 1)).is_err());
}

#[test]
fn a_bundle_survives_json() {
	let bundle = Chain::with_two_changes().bundle();
	assert_eq!(Bundle::from_json(&bundle.to_json()).unwrap(), bundle);
}

#[test]
fn every_single_byte_mutation_of_a_bundle_is_refused() {
	let chain = Chain::with_two_changes();
	let json = chain.bundle().to_json();
	let root = chain.trust_root();
	let accepts =
		|json: &[u8]| Bundle::from_json(json).is_ok_and(|read| verify(&read, &root).is_ok());
	assert!(accepts(&json));
	let mut mutated = json.clone();
	for position in 0..json.len() {
		// Digits for digits reach the meaning; the rest shows that the form has no slack either.
		for byte in *b"0f\"F" {
			if byte != json[position] {
				mutated[position] = byte;
				assert!(!accepts(&mutated), "byte {position} may become {:?}", byte as char);
			}
		}
		for flip in [1, 0x20] {
			mutated[position] = json[position] ^ flip;
			assert!(!accepts(&mutated), "byte {position} may be flipped by {flip}");
		}
		mutated[position] = json[position];
	}
}

#[test]
fn every_single_byte_mutation_of_the_binary_parts_is_refused() {
	let chain = Chain::with_two_changes();
	let bundle = chain.bundle();
	let root = chain.trust_root();
	let parts: [(&str, fn(&mut Bundle) -> &mut Bytes); 8] = [
		("a hand-over's header", |bundle| &mut bundle.authority_set_chain[0].header),
		("a hand-over's justification", |bundle| &mut bundle.authority_set_chain[1].justification),
		("the record's header", |bundle| &mut bundle.headers[0]),
		("the justified header", |bundle| &mut bundle.headers[2]),
		("the justification", |bundle| &mut bundle.justification),
		("a value", |bundle| &mut bundle.state[0].value),
		("a node", |bundle| &mut bundle.state_proof[0]),
		("the extrinsic", |bundle| &mut bundle.extrinsic.as_mut().unwrap().bytes),
	];
	for (name, part) in parts {
		let length = part(&mut bundle.clone()).0.len();
		for position in 0..length {
			for bit in (position % 4..8).step_by(4) {
				let mut mutated = bundle.clone();
				part(&mut mutated).0[position] ^= 1 << bit;
				assert!(verify(&mutated, &root).is_err(), "{name}: byte {position}, bit {bit}");
			}
		}
		let mut longer = bundle.clone();
		part(&mut longer).0.push(0);
		assert!(verify(&longer, &root).is_err(), "{name} may be longer");
	}
}

#[test]
fn a_set_change_left_out_repeated_or_swapped_is_refused() {
	let chain = Chain::with_two_changes();
	let root = chain.trust_root();
	let refused = |change: fn(&mut Bundle)| {
		let mut bundle = chain.bundle();
		change(&mut bundle);
		verify(&bundle, &root).unwrap_err()
	};
	for error in [
		refused(|bundle| drop(bundle.authority_set_chain.remove(0))),
		refused(|bundle| drop(bundle.authority_set_chain.remove(1))),
		refused(|bundle| bundle.authority_set_chain.swap(0, 1)),
	] {
		assert!(matches!(error, Error::NotFinal(_)), "{error}");
	}
	let repeated = refused(|bundle| {
		let change = bundle.authority_set_chain[1].clone();
		bundle.authority_set_chain.push(change);
	});
	assert!(matches!(repeated, Error::HandOver { set: 2, .. }), "{repeated}");
}

#[test]
fn a_delayed_or_forced_change_is_not_followed() {
	for (delayed, forced) in [(true, false), (false, true)] {
		let chain = Chain::with_changes(delayed, forced);
		let error = verify(&chain.bundle(), &chain.trust_root()).unwrap_err();
		assert!(matches!(error, Error::HandOver { set: 0, .. }), "{error}");
	}
}

#[test]
fn two_thirds_of_the_authorities_are_not_enough() {
	let chain = Chain::with_two_changes();
	let mut bundle = chain.bundle();
	bundle.justification = chain.justification_by(2).into();
	assert!(matches!(verify(&bundle, &chain.trust_root()), Err(Error::NotFinal(_))));
	bundle.justification = chain.justification_by(3).into();
	assert!(verify(&bundle, &chain.trust_root()).is_ok());
}

#[test]
fn a_vote_for_a_descendant_counts_only_with_its_ancestry() {
	let chain = Chain::with_two_changes();
	let mut bundle = chain.bundle();
	bundle.justification = chain.justification_with_descendant(true).into();
	assert!(verify(&bundle, &chain.trust_root()).is_ok());
	bundle.justification = chain.justification_with_descendant(false).into();
	assert!(matches!(verify(&bundle, &chain.trust_root()), Err(Error::NotFinal(_))));
}

#[test]
fn an_extrinsic_without_the_blocks_events_is_not_proven() {
	let chain = Chain::with_two_changes();
	let mut bundle = chain.bundle_of(&[b"record".to_vec(), bundle::runtime_version_key().to_vec()]);
	assert!(matches!(verify(&bundle, &chain.trust_root()), Err(Error::Extrinsic(_))));
	bundle.extrinsic = None;
	assert!(verify(&bundle, &chain.trust_root()).is_ok());
}

#[test]
fn a_bundle_of_another_chain_is_refused() {
	let chain = Chain::with_two_changes();
	let mut root = chain.trust_root();
	root.genesis.0[0] ^= 1;
	assert_eq!(verify(&chain.bundle(), &root), Err(Error::WrongGenesis));
}

#[test]
fn rubbish_is_refused_without_a_panic() {
	for json in [&b""[..], b"null", b"{}", b"[[[[[[", &[0xff; 64], &b"[".repeat(100_000)] {
		assert!(matches!(Bundle::from_json(json), Err(Error::Malformed(_))));
	}
	let chain = Chain::with_two_changes();
	let mut bundle = chain.bundle();
	bundle.headers.clear();
	assert!(matches!(verify(&bundle, &chain.trust_root()), Err(Error::Malformed(_))));
	bundle = chain.bundle();
	// A vector that claims four thousand million elements.
	bundle.justification = (0u64, [0u8; 36], codec::Compact(u32::MAX)).encode().into();
	assert!(matches!(verify(&bundle, &chain.trust_root()), Err(Error::Malformed(_))));
}
