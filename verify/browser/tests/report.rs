//! What the module tells of a bundle.

#[path = "../../tests/chain/mod.rs"]
mod chain;

use chain::Chain;
use curex_verify_browser::report;
use serde_json::Value;

fn told(bundle: &[u8], root: &[u8]) -> Value {
	serde_json::from_slice(&report(bundle, root)).unwrap()
}

#[test]
fn an_honest_bundle_is_told_with_every_value_and_any_other_with_the_reason() {
	let chain = Chain::with_two_changes();
	let bundle = chain.bundle();
	let json = bundle.to_json();
	let root = serde_json::to_vec(&chain.trust_root()).unwrap();
	let told_of = told(&json, &root);
	assert_eq!(told_of["proven"], true, "{told_of}");
	assert_eq!(told_of["authority_set"], 2);
	assert_eq!(told_of["values"].as_array().unwrap().len(), bundle.state.len());
	let value = format!("0x{}", hex::encode(bundle.state[0].value.as_ref()));
	assert_eq!(told_of["values"][0]["value"], value);
	for position in (0..json.len()).step_by(97) {
		let mut wrong = json.clone();
		wrong[position] ^= 1;
		let told_of = told(&wrong, &root);
		assert_eq!(told_of["proven"], false, "byte {position}");
		assert!(told_of["reason"].as_str().unwrap().len() > 5);
	}
	for wrong in [b"".as_slice(), b"{}", b"\xff\xff"] {
		assert_eq!(told(&json, wrong)["proven"], false);
		assert_eq!(told(wrong, &root)["proven"], false);
	}
}
