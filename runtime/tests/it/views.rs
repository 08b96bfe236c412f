//! What anybody may ask of the composed runtime without a transaction, as the metadata describe it.

use crate::network::{apply, network, signed, Ended};
use codec::{Decode, Encode};
use curex_primitives::{
	exchange::exchange_id,
	gate::{Answer, Asked},
	subscription::subscription_id,
	AccessMode, Bases, Border, Categories, Category, Commitment, ConsentId, Country, Exchange,
	ExchangeId, ExchangeProposal, ExchangeState, Gate, Ground, LegalBasis, Obligation,
	OrganisationId, OrganisationKind, Purpose, Standing, Subscription, SubscriptionState,
	SubscriptionTerms, TransferTool,
};
use curex_runtime::Runtime;
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use sp_keyring::Sr25519Keyring;
use std::collections::BTreeMap;

const HOLDER: OrganisationId = OrganisationId(0);
const RECIPIENT: OrganisationId = OrganisationId(4);

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

fn call<A: Decode>(pallet: &str, name: &str, arguments: impl Encode) -> A {
	let (_, id) = view_functions(pallet)[name];
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
fn the_view_functions_are_those_that_clients_know() {
	network(|| {
		let expected: [(&str, &[(&str, usize)]); 2] = [
			(
				"Consent",
				&[
					("consent_standing", 1),
					("law_version", 0),
					("lawful_bases", 3),
					("may_be_served", 1),
				],
			),
			(
				"Exchange",
				&[
					("duties_due", 2),
					("exchange_now", 1),
					("exchanges_of_consent", 2),
					("may_be_served", 6),
					("sequence_of", 1),
					("subscription_now", 1),
				],
			),
		];
		for (pallet, expected) in expected {
			let functions = view_functions(pallet);
			let known: Vec<_> =
				functions.iter().map(|(name, (inputs, _))| (name.as_str(), *inputs)).collect();
			assert_eq!(known, expected, "{pallet}");
		}
	});
}

#[test]
fn a_client_that_knows_the_metadata_alone_is_answered() {
	network(|| {
		// No assessment is recorded yet: care is served once a person releases it, whatever else shows.
		let answer: Answer = call("Consent", "may_be_served", (asked(),));
		assert_ne!(answer, Answer::NotServed);
		let unknown = Asked { gate: Gate::Consent(ConsentId([1; 32])), ..asked() };
		let answer: Answer = call("Consent", "may_be_served", (unknown,));
		assert_eq!(answer, Answer::NotServed);
		let abroad = Asked { recipient: OrganisationId(1), ..asked() };
		let answer: Answer = call("Consent", "may_be_served", (abroad.clone(),));
		assert_eq!(answer, Answer::NotServed, "a border is crossed and not stated");
		let [greece, spain] = [*b"GR", *b"ES"].map(|code| Country::new(code).expect("two letters"));
		let border = Border { affiliation: greece, treatment: spain, tool: TransferTool::Eea };
		let stated = Asked { border: Some(border), ..abroad };
		let answer: Answer = call("Consent", "may_be_served", (stated,));
		assert_ne!(answer, Answer::NotServed);
		let standing: Option<Standing> = call("Consent", "consent_standing", (ConsentId([1; 32]),));
		assert_eq!(standing, None);
		let (country, kind) =
			(Country::new(*b"GR").expect("two letters"), OrganisationKind::Hospital);
		let bases: Bases = call("Consent", "lawful_bases", (country, Purpose::Treatment, kind));
		assert_eq!(bases, Bases::built_in(Purpose::Treatment, kind));
		let version: u32 = call("Consent", "law_version", ());
		assert_eq!(version, 0);
	});
}

/// A request of the care centre to the hospital in its country.
fn proposal(gate: Gate, purpose: Purpose, number: u8) -> ExchangeProposal {
	ExchangeProposal {
		partner: HOLDER,
		gate,
		purpose,
		categories: Category::PatientSummary.into(),
		envelope: Commitment([number; 32]),
		recipient_key: Commitment([number + 1; 32]),
		border: None,
	}
}

fn done(call: pallet_exchange::Call<Runtime>) {
	assert_eq!(apply(signed(Sr25519Keyring::Eve, call.into())), Ended::Done);
}

#[test]
fn exchanges_are_read_with_the_metadata_alone() {
	use pallet_exchange::Call;
	network(|| {
		let consent = ConsentId([1; 32]);
		let gate = Gate::Consent(consent);
		let asked = proposal(gate, Purpose::Treatment, 10);
		done(Call::request { key: [1; 32], proposal: asked });
		let urgent = Gate::BreakGlass(Ground::LifeThreat);
		let emergency = proposal(urgent, Purpose::EmergencyTreatment, 20);
		let ground_evidence = Commitment([22; 32]);
		done(Call::break_glass { key: [2; 32], proposal: emergency, ground_evidence });
		let terms = SubscriptionTerms {
			holder: HOLDER,
			gate,
			purpose: Purpose::Treatment,
			categories: Category::PatientSummary.into(),
			border: None,
			until: pallet_timestamp::Now::<Runtime>::get() + 1_000_000,
			min_interval_s: 0,
			envelope: Commitment([30; 32]),
			recipient_key: Commitment([31; 32]),
		};
		done(Call::subscribe { key: [3; 32], terms });
		let [asked, emergency] = [[1; 32], [2; 32]].map(|key| exchange_id(RECIPIENT, &key));

		// Nobody has assessed the care centre.
		let exchange: Option<Exchange> = call("Exchange", "exchange_now", (asked,));
		let exchange = exchange.expect("it was recorded");
		assert_eq!((exchange.state, exchange.holder), (ExchangeState::Held, HOLDER));
		frame_system::Pallet::<Runtime>::set_block_number(exchange.deadline + 1);
		let exchange: Option<Exchange> = call("Exchange", "exchange_now", (asked,));
		assert_eq!(exchange.map(|lapsed| lapsed.state), Some(ExchangeState::NotServed));

		let of_consent: Vec<ExchangeId> =
			call("Exchange", "exchanges_of_consent", (consent, None::<ExchangeId>));
		assert_eq!(of_consent, [asked]);
		let after: Vec<ExchangeId> =
			call("Exchange", "exchanges_of_consent", (consent, Some(asked)));
		assert!(after.is_empty());

		let nothing = None::<(ExchangeId, Obligation)>;
		let duties: Vec<(ExchangeId, Obligation, u32)> =
			call("Exchange", "duties_due", (HOLDER, nothing));
		let owed: Vec<_> = duties.iter().map(|(id, obligation, _)| (*id, *obligation)).collect();
		assert_eq!(owed, [(emergency, Obligation::PatientNotice)]);

		let sequence: (u64, u64) = call("Exchange", "sequence_of", (RECIPIENT,));
		assert_eq!(sequence, (1, 2));
		let unknown: (u64, u64) = call("Exchange", "sequence_of", (OrganisationId(3),));
		assert_eq!(unknown, (1, 0));

		let id = subscription_id(RECIPIENT, &[3; 32]);
		let subscription: Option<Subscription> = call("Exchange", "subscription_now", (id,));
		let state = subscription.map(|subscription| subscription.state);
		assert_eq!(state, Some(SubscriptionState::NotServed), "its answer window closed too");

		let categories = Categories::from(Category::PatientSummary);
		let question = |gate, purpose| {
			let border = None::<Border>;
			(HOLDER, RECIPIENT, gate, purpose, categories, border)
		};
		let emergency = question(urgent, Purpose::EmergencyTreatment);
		let served: bool = call("Exchange", "may_be_served", emergency);
		assert!(served);
		let served: bool = call("Exchange", "may_be_served", question(gate, Purpose::Treatment));
		assert!(!served, "the ledger has no such consent");
	});
}
