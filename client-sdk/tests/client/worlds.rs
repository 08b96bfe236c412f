//! Two worlds: they differ only in what the holder knows of the patient, and what its gateway asks of the node and sends to
//! the ledger is the same.

use crate::{
	gateway::{id, requested, HOLDER, RECIPIENT},
	node::event,
	scanner::{gateway_asked, record},
};
use codec::Encode;
use curex_primitives::{Gate, Ground, LegalBasis, OrganisationId};
use serde_json::{json, Value};

/// What only the holder knows.
#[derive(Clone, Copy, Debug)]
enum Knows {
	/// Nothing of that person.
	Nobody,
	/// A person of that number, born on another day.
	AnotherPerson,
	/// The person, who restricted the whole record.
	Restricted,
	/// The person, whose record not even an emergency opens.
	OptedOut,
	/// The person.
	Everything,
	/// The person, who restricted a part of the record.
	RestrictedInPart,
}

impl Knows {
	fn record(self) -> Option<Value> {
		let mut record = record();
		let label = |code| json!({"security": [{"code": code}]});
		let [patient, condition] = [0, 1].map(|entry| format!("/entry/{entry}/resource"));
		match self {
			Self::Nobody => return None,
			Self::AnotherPerson => {
				record.pointer_mut(&patient).unwrap()["birthDate"] = json!("1931-07-10")
			},
			Self::Restricted => record.pointer_mut(&patient).unwrap()["meta"] = label("R"),
			Self::OptedOut => record.pointer_mut(&patient).unwrap()["meta"] = label("V"),
			Self::RestrictedInPart => record.pointer_mut(&condition).unwrap()["meta"] = label("R"),
			Self::Everything => (),
		}
		Some(record)
	}
}

/// What the node was asked, and the calls on the ledger: their names, since commitments differ each time.
type Trace = (Vec<String>, Vec<String>);

/// The gateway's doings from the request until twenty blocks have passed.
async fn trace(knows: Knows, gate: Gate) -> Trace {
	let [records, state] = [(); 2].map(|()| tempfile::tempdir().unwrap());
	if let Some(record) = knows.record() {
		std::fs::write(records.path().join("1.json"), record.to_string()).unwrap();
	}
	let (node, gateway, _) = gateway_asked(records.path(), state.path(), gate).await;
	gateway.tick().await.unwrap();
	let begun = match gate {
		Gate::BreakGlass(ground) => {
			let fields = (id(1), RECIPIENT, HOLDER, ground, None::<OrganisationId>).encode();
			event("Exchange", "GlassBroken", &fields)
		},
		_ => requested(id(1)),
	};
	node.block(&[begun]);
	gateway.tick().await.unwrap();
	for _ in 0..20 {
		node.block(&[]);
		gateway.tick().await.unwrap();
	}
	let names = node.submitted().into_iter().map(|call| {
		call.split(|character: char| !(character.is_alphanumeric() || character == '_'))
			.filter(|word| !word.is_empty())
			.take(2)
			.collect::<Vec<_>>()
			.join(".")
	});
	(node.asked(), names.collect())
}

const ORDINARY: Gate = Gate::Statutory(LegalBasis::CARE);

#[tokio::test(start_paused = true)]
async fn whoever_is_not_served_sees_one_world_whatever_the_holder_knows() {
	let nobody = trace(Knows::Nobody, ORDINARY).await;
	assert_eq!(nobody.1, [""; 0], "a refusal is nothing done");
	for knows in [Knows::AnotherPerson, Knows::Restricted, Knows::OptedOut] {
		assert_eq!(trace(knows, ORDINARY).await, nobody, "{knows:?}");
	}
}

#[tokio::test(start_paused = true)]
async fn an_absolute_opt_out_withstands_a_broken_glass_and_looks_like_an_unknown_patient() {
	let gate = Gate::BreakGlass(Ground::LifeThreat);
	let nobody = trace(Knows::Nobody, gate).await;
	assert_eq!(nobody.1, [""; 0]);
	for knows in [Knows::AnotherPerson, Knows::OptedOut] {
		assert_eq!(trace(knows, gate).await, nobody, "{knows:?}");
	}
	let restricted = trace(Knows::Restricted, gate).await;
	assert_ne!(restricted, nobody, "what is merely restricted, an emergency opens");
}

#[tokio::test(start_paused = true)]
async fn a_record_restricted_in_part_is_approved_like_a_whole_one() {
	let whole = trace(Knows::Everything, ORDINARY).await;
	assert!(whole.1.contains(&"Exchange.approve".into()), "{:?}", whole.1);
	assert_eq!(trace(Knows::RestrictedInPart, ORDINARY).await, whole);
}
