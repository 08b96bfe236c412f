//! What happened under a consent, for the patient who holds its receipt: from the ledger alone, without any organisation's
//! help, each record with its proof.

use super::{
	called,
	html::{date, headline, told, words, Page},
	names_of, prove, Names, Proof,
};
use crate::{
	client::{Client, View},
	proofs::Prover,
	receipt::Receipt,
	time, Error,
};
use codec::Decode;
use curex_primitives::{
	Consent, ConsentId, ConsentStatus, Exchange, ExchangeId, ExchangeState, Grantee, Moment,
};
use curex_verify::bundle;
use serde_json::{json, Value};

/// An exchange under the consent.
#[derive(Clone, Debug)]
pub struct Event {
	/// The exchange.
	pub exchange: ExchangeId,
	/// The record as the ledger holds it.
	pub record: Exchange,
	/// Its proof.
	pub proof: Proof,
}

impl Event {
	/// Name of the file with the proof.
	pub fn proof_file(&self) -> String {
		format!("{}.json", hex::encode(self.exchange.0))
	}
}

/// What happened under a consent.
#[derive(Clone, Debug)]
pub struct History {
	/// The consent.
	pub consent: ConsentId,
	/// Its record, as proven.
	pub record: Consent,
	/// The proof of the record.
	pub proof: Proof,
	/// Whether the receipt that was given is the one that the ledger is committed to; nothing without a receipt.
	pub receipt_agrees: Option<bool>,
	/// The exchanges, oldest first.
	pub events: Vec<Event>,
	/// When it was read.
	pub at: Moment,
	names: Names,
}

impl History {
	/// Reads and proves the history of a consent as it stands in the last finalised block.
	///
	/// # Errors
	/// [`Error::NotFound`] when the ledger has no such consent, [`Error::NotProven`] when what the node says does not hold,
	/// [`Error::Input`] when the receipt makes no sense, [`Error::Connection`].
	pub async fn read(
		client: &Client,
		consent: ConsentId,
		receipt: Option<&Receipt>,
		prover: &mut Prover,
	) -> Result<Self, Error> {
		let head = client.block_of(View::Finalised).await?;
		let view = View::At(head);
		let block = client.height(view).await?;
		let (record, proof) = prove_consent(prover, block, consent).await?;
		let receipt_agrees =
			receipt.map(|receipt| receipt.agrees_with(&record.terms)).transpose()?;
		let mut events = Vec::new();
		let mut after = None;
		loop {
			let page: Vec<ExchangeId> =
				client.read("ExchangeApi_exchanges_of_consent", (consent, after), view).await?;
			let Some(last) = page.last() else { break };
			// A node that begins anew would never end.
			if after.is_some_and(|after| events_contain(&events, after, &page)) {
				return Err(Error::Protocol("the node names the same exchanges again".into()));
			}
			after = Some(*last);
			for exchange in page {
				let missing = || Error::NotFound(format!("exchange {exchange}"));
				let record = client.exchange(exchange, view).await?.ok_or_else(missing)?;
				let proof = prove(prover, block, exchange, &record).await?.ok_or_else(missing)?;
				events.push(Event { exchange, record, proof });
			}
		}
		events.sort_by_key(|event| (event.record.begun, event.exchange));
		let members = events.iter().flat_map(|event| [event.record.holder, event.record.recipient]);
		let grantee = match record.terms.grantee {
			Grantee::Organisation(organisation) => Some(organisation),
			_ => None,
		};
		let members = members.chain([record.holder]).chain(grantee);
		let names = names_of(client, members, view).await?;
		let at = time::now();
		Ok(Self { consent, record, proof, receipt_agrees, events, at, names })
	}

	/// Name of the file with the proof of the consent.
	pub fn proof_file(&self) -> String {
		format!("consent-{}.json", hex::encode(self.consent.0))
	}

	/// How many exchanges the ledger counted as served under the consent and does not hold, or the node did not name.
	pub fn missing(&self) -> u32 {
		let agreed = |event: &&Event| {
			!matches!(
				event.record.state,
				ExchangeState::Requested | ExchangeState::Held | ExchangeState::NotServed
			)
		};
		let agreed = self.events.iter().filter(agreed).count();
		self.record.used.saturating_sub(u32::try_from(agreed).unwrap_or(u32::MAX))
	}

	/// The history for programs.
	pub fn json(&self) -> Value {
		let exchanges = self.events.iter().map(|event| {
			json!({
				"exchange": event.exchange,
				"record": event.record,
				"proof": event.proof_file(),
			})
		});
		json!({
			"consent": self.consent,
			"record": self.record,
			"proof": self.proof_file(),
			"block": self.proof.block,
			"receipt_agrees": self.receipt_agrees,
			"exchanges": exchanges.collect::<Vec<_>>(),
			"missing": self.missing(),
		})
	}

	/// The history in plain words: a page of HTML without anything from elsewhere.
	pub fn html(&self) -> String {
		let mut page = Page::titled("What happened under your consent");
		let holder = called(&self.names, self.record.holder);
		page.element(
			"p",
			&format!(
				"You allowed {} to receive health data about you from {holder}. This page tells what the consortium's ledger \
				 says of it, as of block {} ({}).",
				self.grantee(),
				self.proof.block,
				date(self.at),
			),
		);
		page.raw("<dl>\n");
		let terms = &self.record.terms;
		page.entry("What for", &words(&terms.purposes));
		page.entry("Which data", &words(&terms.categories));
		page.entry(
			"How long",
			&format!("from {} until {}", date(terms.valid_from), date(terms.valid_until)),
		);
		page.entry(
			"How often",
			&format!("{} of at most {} exchanges so far", self.record.used, terms.max_uses),
		);
		page.entry("How it stands", &self.standing());
		if let Some(agrees) = self.receipt_agrees {
			page.entry(
				"Your receipt",
				match agrees {
					true => "says what the ledger is committed to",
					false => "does NOT say what the ledger is committed to: ask who gave it to you",
				},
			);
		}
		page.entry("Handle", &format!("`{}`", self.consent));
		page.entry("Proof", &told(&self.proof_file(), self.proof.block));
		page.raw("</dl>\n");
		page.element(
			"h2",
			&match self.events.len() {
				0 => "No exchange rests on it".to_owned(),
				1 => "One exchange rests on it".to_owned(),
				count => format!("{count} exchanges rest on it"),
			},
		);
		for event in &self.events {
			page.raw("<article>\n");
			page.element("h3", &headline(&self.names, &event.record));
			page.raw("<dl>\n");
			page.facts(&event.record);
			page.entry("Handle", &format!("`{}`", event.exchange));
			page.entry("Proof", &told(&event.proof_file(), event.proof.block));
			page.raw("</dl>\n</article>\n");
		}
		if self.missing() > 0 {
			page.element(
				"p",
				&format!(
					"The ledger counted {} more than are shown here. Records are deleted from the ledger when their time has \
					 come; ask the organisations what they kept.",
					self.missing()
				),
			);
		}
		page.element(
			"p",
			"Data that were taken in an emergency, or on the ground of a law or of another consent, do not rest on this consent \
			 and are not on this page. Each organisation has to tell you of those when you ask it for its report.",
		);
		page.how_to_check();
		page.end()
	}

	fn grantee(&self) -> String {
		match self.record.terms.grantee {
			Grantee::Organisation(organisation) => called(&self.names, organisation),
			other => words(&other),
		}
	}

	fn standing(&self) -> String {
		match self.record.status {
			ConsentStatus::Withdrawn { at } => {
				format!("withdrawn in block {at}: nothing more is sent")
			},
			ConsentStatus::Superseded { by, at } => {
				format!("replaced in block {at} by the consent `{by}`")
			},
			ConsentStatus::Suspended { at } => format!("suspended by the holder since block {at}"),
			ConsentStatus::Active if self.record.used >= self.record.terms.max_uses => {
				"used up: nothing more is sent".into()
			},
			ConsentStatus::Active if self.record.is_live(self.at) => {
				"in force; you may withdraw it at any time with the withdrawal code of your receipt"
					.into()
			},
			ConsentStatus::Active => "not in force: its time has not come, or is over".into(),
		}
	}
}

/// Whether a page brings what was named before.
fn events_contain(events: &[Event], after: ExchangeId, page: &[ExchangeId]) -> bool {
	page.contains(&after) || events.iter().any(|event| page.contains(&event.exchange))
}

async fn prove_consent(
	prover: &mut Prover,
	block: u64,
	consent: ConsentId,
) -> Result<(Consent, Proof), Error> {
	let prefix = bundle::storage_key("Consent", "Consents");
	// `Blake2_128Concat`.
	let hashed = sp_crypto_hashing::blake2_128(&consent.0);
	let key = [&prefix[..], &hashed, &consent.0].concat();
	let not_found = || Error::NotFound(format!("consent {consent}"));
	let (bundle, verified) = prover.prove(block, std::slice::from_ref(&key), None).await.map_err(
		|error| match error {
			Error::NotFound(_) => not_found(),
			other => other,
		},
	)?;
	let mut value = verified.value(&key).ok_or_else(not_found)?;
	let record = Consent::decode(&mut value)
		.map_err(|_| Error::Protocol("the consent has another form".into()))?;
	Ok((record, Proof { bundle: bundle.to_json(), block }))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		receipt,
		report::tests::{record, OTHER, OWN},
	};
	use curex_primitives::Gate;

	fn history() -> History {
		let prepared = receipt::tests::prepare();
		let id = prepared.id;
		let proof = || Proof { bundle: b"{}".to_vec(), block: 77 };
		let event = |number: u8, state| Event {
			exchange: ExchangeId([number; 32]),
			record: record(Gate::Consent(id), state),
			proof: proof(),
		};
		History {
			consent: id,
			record: Consent {
				holder: OWN,
				terms: prepared.terms,
				status: ConsentStatus::Active,
				used: 2,
				last_used: 0,
				filed_at: 1,
				narrowed: 0,
				confirmed: None,
				tickets: None,
			},
			proof: proof(),
			receipt_agrees: Some(true),
			events: vec![event(1, ExchangeState::Acknowledged), event(2, ExchangeState::NotServed)],
			at: 1_700_000_000_000,
			names: Names::from([(OWN, "Hospital <A>".into()), (OTHER, "Centre".into())]),
		}
	}

	#[test]
	fn a_history_tells_in_words_what_rests_on_the_consent_and_what_is_missing() {
		let page = history().html();
		for words in [
			"Hospital &lt;A&gt; (organisation 1)",
			"2 exchanges rest on it",
			"2 of at most 3 exchanges so far",
			"in force; you may withdraw it",
			"Nothing was sent.",
			"The recipient has the data.",
			"The ledger counted 1 more",
			"says what the ledger is committed to",
			"in an emergency",
		] {
			assert!(page.contains(words), "{words} is not in:\n{page}");
		}
		let history = history();
		for event in &history.events {
			assert!(page.contains(&event.proof_file()));
		}
		assert!(!page.contains("http") && !page.contains("<script"), "{page}");
		assert_eq!(history.json()["missing"], 1);
	}

	#[test]
	fn a_history_of_a_withdrawn_consent_says_so_first() {
		let mut history = history();
		history.record.status = ConsentStatus::Withdrawn { at: 9 };
		history.receipt_agrees = Some(false);
		history.events.clear();
		history.record.used = 0;
		let page = history.html();
		assert!(page.contains("withdrawn in block 9") && page.contains("does NOT say"));
		assert!(page.contains("No exchange rests on it") && !page.contains("The ledger counted"));
		history.at = u64::MAX >> 1;
		history.record.status = ConsentStatus::Active;
		assert!(history.html().contains("not in force"));
	}

	#[test]
	fn a_node_may_differ_from_the_proof_in_where_an_exchange_stands_and_in_nothing_else() {
		let stored = record(Gate::Consent(history().consent), ExchangeState::Requested);
		let told = Exchange { state: ExchangeState::NotServed, ..stored.clone() };
		assert!(super::super::is_told(&stored, &told), "a deadline has passed");
		let other = Exchange { recipient: OWN, ..stored.clone() };
		assert!(!super::super::is_told(&stored, &other));
		let over = Exchange { state: ExchangeState::Acknowledged, ..stored };
		assert!(!super::super::is_told(&over, &told), "what is over stays so");
	}
}
