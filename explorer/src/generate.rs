//! Blocks out of nothing: a consortium that exchanges without end, for tests and measurements. Nothing of it is
//! random; the same size gives the same blocks.

use crate::{
	block::{Block, Record},
	kind::{Kind, RecordId},
};
use curex_client::ledger::{Event, Extrinsic};
use serde_json::{json, Value as Json};
use sp_crypto_hashing::blake2_256;
use std::collections::BTreeMap;

/// The moment of the first block after genesis, in milliseconds.
const BEGINNING: u64 = 1_764_547_200_000;

/// Length of a slot, in milliseconds.
const SLOT_MS: u64 = 2_000;

/// Organisations of the generated consortium; the last one is an authority.
pub const ORGANISATIONS: u32 = 12;

/// Exchanges under one consent.
const PER_CONSENT: u64 = 10;

/// The steps of an exchange's life; each comes a block after the one before it.
const STEPS: [(&str, &str, &str); 5] = [
	("request", "Requested", "Requested"),
	("approve", "Approved", "Approved"),
	("dispatch", "Dispatched", "Dispatched"),
	("receive", "Delivered", "Delivered"),
	("acknowledge", "Acknowledged", "Acknowledged"),
];

/// Purposes in turn.
const PURPOSES: [&str; 4] = ["Treatment", "EmergencyTreatment", "Research", "Payment"];

/// A generator of blocks: an iterator without end until every exchange is over.
pub struct Generator {
	exchanges: u64,
	per_block: u64,
	names: Vec<String>,
	next: u64,
	parent: [u8; 32],
}

impl Generator {
	/// A consortium with so many exchanges, of which so many begin in each block.
	pub fn new(exchanges: u64, per_block: u64) -> Self {
		let name = |number: u32| match number {
			last if last == ORGANISATIONS - 1 => "Data Protection Authority".into(),
			number => format!("Hospital {number}"),
		};
		let names = (0..ORGANISATIONS).map(name).collect();
		Self { exchanges, per_block: per_block.max(1), names, next: 0, parent: [0; 32] }
	}

	/// The same with another name for an organisation.
	#[must_use]
	pub fn with_name(mut self, organisation: u32, name: &str) -> Self {
		self.names[organisation as usize] = name.into();
		self
	}

	/// The handle of an exchange.
	pub fn exchange(number: u64) -> String {
		handle("exchange", number)
	}

	/// The handle of the consent of an exchange.
	pub fn consent(exchange: u64) -> String {
		handle("consent", exchange / PER_CONSENT)
	}

	/// The commitment to the envelope of an exchange.
	pub fn envelope(exchange: u64) -> String {
		handle("envelope", exchange)
	}

	/// Holder and recipient of an exchange.
	pub fn parties(exchange: u64) -> (u32, u32) {
		let consent = exchange / PER_CONSENT;
		let hospitals = u64::from(ORGANISATIONS) - 1;
		let holder = consent % hospitals;
		let recipient = (holder + 1 + consent / hospitals % (hospitals - 1)) % hospitals;
		(holder as u32, recipient as u32)
	}

	/// Every tenth exchange is not served.
	fn is_served(exchange: u64) -> bool {
		exchange % 10 != 9
	}

	fn first_block(&self) -> Vec<Record> {
		let organisations = (0..ORGANISATIONS).zip(&self.names).map(|(number, name)| {
			let kind = if number == ORGANISATIONS - 1 { "Authority" } else { "Hospital" };
			record(
				Kind::Organisation,
				number.to_string(),
				json!({
					"kind": kind, "country": [71, 82], "competences": 0, "status": "Active",
					"encryption_key": handle("key", number.into()),
					"name": format!("0x{}", hex::encode(name)), "agreement": 1, "admitted_at": 0,
				}),
			)
		});
		let accounts = (0..ORGANISATIONS).map(|number| {
			let account = handle("account", number.into());
			record(Kind::Account, account, json!({"organisation": number, "duties": 48}))
		});
		organisations.chain(accounts).collect()
	}

	/// The exchanges that take a step in a block, with the number of the step.
	fn steps(&self, block: u64) -> impl Iterator<Item = (u64, usize)> + '_ {
		(0..STEPS.len()).flat_map(move |step| {
			let begun = block.checked_sub(1 + step as u64);
			let first = begun.map_or(self.exchanges, |begun| begun * self.per_block);
			let last = first.saturating_add(self.per_block).min(self.exchanges);
			(first..last)
				.filter(move |exchange| step < 2 || Self::is_served(*exchange))
				.map(move |exchange| (exchange, step))
		})
	}

	/// The last block in which something happens.
	fn last_block(&self) -> u64 {
		self.exchanges.div_ceil(self.per_block) + STEPS.len() as u64 - 1
	}
}

impl Iterator for Generator {
	type Item = Block;

	fn next(&mut self) -> Option<Block> {
		let number = self.next;
		if number > self.last_block() {
			return None;
		}
		let mut block = Block {
			number,
			hash: blake2_256(&[b"block".as_slice(), &number.to_le_bytes()].concat()),
			parent: self.parent,
			time: (number > 0).then(|| BEGINNING + number * SLOT_MS),
			author: (number > 0).then_some((number % 4) as u32),
			spec_version: 100,
			extrinsics: Vec::new(),
			failures: BTreeMap::new(),
			events: Vec::new(),
			records: if number == 0 { self.first_block() } else { Vec::new() },
		};
		for (exchange, step) in self.steps(number) {
			step_of(&mut block, exchange, step);
		}
		self.parent = block.hash;
		self.next += 1;
		Some(block)
	}
}

/// Adds a step of an exchange to a block: transaction, event and records.
fn step_of(block: &mut Block, exchange: u64, step: usize) {
	let (call, event, state) = STEPS[step];
	let (holder, recipient) = Generator::parties(exchange);
	let id = Generator::exchange(exchange);
	let consent = Generator::consent(exchange);
	let refused = step == 1 && !Generator::is_served(exchange);
	let by = if matches!(step, 1 | 2) { holder } else { recipient };
	let index = block.extrinsics.len() as u32;
	let fields = match step {
		0 => json!({"exchange": id, "recipient": recipient, "holder": holder}),
		1 if refused => json!({"exchange": id, "outcome": "NotServed"}),
		4 => json!({"exchange": id, "code": "Accepted", "evidence": null}),
		_ => json!({"exchange": id}),
	};
	let arguments = match step {
		0 => json!({"key": handle("request", exchange), "proposal": {
			"partner": holder, "gate": {"Consent": consent}, "purpose": purpose(exchange),
			"categories": 1, "envelope": Generator::envelope(exchange),
			"recipient_key": handle("recipient key", exchange), "border": null,
		}}),
		2 => json!({"exchange": id, "payload": handle("payload", exchange)}),
		_ => json!({"exchange": id}),
	};
	// What lapses, the block itself writes down.
	if !refused {
		let bytes = [call.as_bytes(), &exchange.to_le_bytes()].concat();
		block.extrinsics.push(Extrinsic {
			index,
			hash: blake2_256(&bytes),
			signer: Some(handle("account", by.into())),
			pallet: "Exchange".into(),
			call: call.into(),
			arguments,
		});
	}
	block.events.push(Event {
		extrinsic: (!refused).then_some(index),
		pallet: "Exchange".into(),
		name: if refused { "Closed" } else { event }.into(),
		fields,
	});
	let begun_at = block.number - step as u64;
	let committed = |name: &str, from| (step >= from).then(|| handle(name, exchange));
	block.records.push(record(
		Kind::Exchange,
		id,
		json!({
			"direction": "Pull", "holder": holder, "recipient": recipient,
			"gate": {"Consent": consent}, "purpose": purpose(exchange), "categories": 1,
			"state": if refused { "NotServed" } else { state },
			"envelope": Generator::envelope(exchange),
			"recipient_key": handle("recipient key", exchange),
			"payload": committed("payload", 2), "receipt": committed("receipt", 3),
			"acknowledgement": (step == 4).then_some("Accepted"), "released": null,
			"deadline": block.number + 100, "begun_at": begun_at,
			"begun": BEGINNING + begun_at * SLOT_MS, "holder_sequence": exchange + 1,
			"recipient_sequence": exchange + 1, "border": null, "law_version": 0,
			"subscription": null, "suspended_by": null, "recorded_late": false, "ended_at": null,
		}),
	));
	if step == 0 && exchange % PER_CONSENT == 0 {
		block.records.push(record(
			Kind::Consent,
			consent,
			json!({
				"holder": holder,
				"terms": {"grantee": {"Organisation": recipient}, "purposes": 1, "categories": 1},
				"status": "Active", "used": 1, "filed_at": block.number,
			}),
		));
	}
}

fn purpose(exchange: u64) -> &'static str {
	PURPOSES[(exchange / 3) as usize % PURPOSES.len()]
}

fn record(kind: Kind, id: String, value: Json) -> Record {
	let id = RecordId::parse(kind, &id).expect("the generator writes ids of its kinds; qed");
	Record { kind, id, value: Some(value) }
}

fn handle(what: &str, number: u64) -> String {
	let bytes = [what.as_bytes(), &number.to_le_bytes()].concat();
	format!("0x{}", hex::encode(blake2_256(&bytes)))
}
