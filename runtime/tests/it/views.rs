//! What anybody may ask of the composed runtime without a transaction, as the metadata describe it.

use crate::network::network;
use codec::{Decode, Encode};
use curex_primitives::{
	gate::{Answer, Asked},
	AccessMode, Bases, Border, Category, ConsentId, Country, Gate, LegalBasis, OrganisationId,
	OrganisationKind, Purpose, Standing, TransferTool,
};
use curex_runtime::Runtime;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use std::collections::BTreeMap;

/// The view functions of a pallet: how many arguments each takes, and its id.
fn view_functions(pallet: &str) -> BTreeMap<String, (usize, [u8; 32])> {
	let bytes = Runtime::metadata_at_version(16).expect("the runtime serves version 16");
	let metadata = RuntimeMetadataPrefixed::decode(&mut &bytes[..]).expect("metadata decode");
	let RuntimeMetadata::V16(metadata) = metadata.1 else { panic!("metadata of version 16") };
	let pallet = metadata.pallets.into_iter().find(|found| found.name == pallet);
	let functions = pallet.expect("the runtime has the pallet").view_functions;
	functions
		.into_iter()
		.inspect(|function| assert!(!function.docs.is_empty(), "{} says what it is", function.name))
		.map(|function| (function.name, (function.inputs.len(), function.id)))
		.collect()
}

fn call<A: Decode>(name: &str, arguments: impl Encode) -> A {
	let (_, id) = view_functions("Consent")[name];
	let id = Decode::decode(&mut &id[..]).expect("an id has 32 bytes");
	let answer = Runtime::execute_view_function(id, arguments.encode());
	A::decode(&mut &answer.expect("the view function answers")[..]).expect("as described")
}

fn asked() -> Asked {
	Asked {
		gate: Gate::Statutory(LegalBasis::CARE),
		holder: OrganisationId(0),
		recipient: OrganisationId(4),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		mode: AccessMode::View,
		border: None,
	}
}

#[test]
fn the_consents_view_functions_are_those_that_clients_know() {
	network(|| {
		let known: Vec<_> = view_functions("Consent")
			.into_iter()
			.map(|(name, (inputs, _))| (name, inputs))
			.collect();
		let expected = [
			("consent_standing", 1),
			("law_version", 0),
			("lawful_bases", 3),
			("may_be_served", 1),
		];
		assert_eq!(known, expected.map(|(name, inputs)| (name.to_string(), inputs)));
	});
}

#[test]
fn a_client_that_knows_the_metadata_alone_is_answered() {
	network(|| {
		// No assessment is recorded yet: care is served once a person releases it, whatever else shows.
		let answer: Answer = call("may_be_served", (asked(),));
		assert_ne!(answer, Answer::NotServed);
		let unknown = Asked { gate: Gate::Consent(ConsentId([1; 32])), ..asked() };
		let answer: Answer = call("may_be_served", (unknown,));
		assert_eq!(answer, Answer::NotServed);
		let abroad = Asked { recipient: OrganisationId(1), ..asked() };
		let answer: Answer = call("may_be_served", (abroad.clone(),));
		assert_eq!(answer, Answer::NotServed, "a border is crossed and not stated");
		let [greece, spain] = [*b"GR", *b"ES"].map(|code| Country::new(code).expect("two letters"));
		let border = Border { affiliation: greece, treatment: spain, tool: TransferTool::Eea };
		let stated = Asked { border: Some(border), ..abroad };
		let answer: Answer = call("may_be_served", (stated,));
		assert_ne!(answer, Answer::NotServed);
		let standing: Option<Standing> = call("consent_standing", (ConsentId([1; 32]),));
		assert_eq!(standing, None);
		let (country, kind) =
			(Country::new(*b"GR").expect("two letters"), OrganisationKind::Hospital);
		let bases: Bases = call("lawful_bases", (country, Purpose::Treatment, kind));
		assert_eq!(bases, Bases::built_in(Purpose::Treatment, kind));
		let version: u32 = call("law_version", ());
		assert_eq!(version, 0);
	});
}
