//! The report that a patient may ask for (GDPR art. 15, EHDS art. 9): every exchange, denial and breaking of the glass of this
//! patient that the organisation knows of, as FHIR and in plain words, each with its proof. That a report was made is itself
//! written down, and told in the next.

mod history;
pub(crate) mod html;

pub use history::{Event, History};

use crate::{
	client::{Client, View},
	fhir::{audit::Telling, Identity, PatientIdentification},
	gateway::{Decision, Store},
	keys::EncryptionKey,
	proofs::Prover,
	receipt::random,
	seal,
	subject::Subject,
	time, Error,
};
use codec::Decode;
use curex_primitives::{exchange::Review, Exchange, ExchangeId, Gate, Moment, OrganisationId};
use curex_verify::bundle;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// What is reported of one exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
	/// The exchange.
	pub exchange: ExchangeId,
	/// Who asked or offered in person, and on which relation to the patient.
	pub subject: Subject,
	/// The record as the ledger holds it; nothing if it never came there, or was pruned since.
	pub record: Option<Exchange>,
	/// The review of a break-glass.
	pub review: Option<Review>,
	/// Why this organisation did not serve it, in a word, if it decided so.
	pub refused: Option<String>,
	/// The proof of the record.
	#[serde(skip)]
	pub proof: Option<Proof>,
}

/// The proof of a record.
#[derive(Clone, Debug)]
pub struct Proof {
	/// The bundle, as `curex verify` reads it.
	pub bundle: Vec<u8>,
	/// The block whose state is proven.
	pub block: u64,
}

impl Item {
	/// Name of the file with the proof.
	pub fn proof_file(&self) -> String {
		format!("{}.json", hex::encode(self.exchange.0))
	}

	/// Whether nothing was disclosed, and nothing will be.
	pub fn is_denial(&self) -> bool {
		self.record
			.as_ref()
			.is_some_and(|record| record.payload.is_none() && record.state.is_final())
	}
}

/// That a report was made. What the organisation keeps of it is sealed to its own key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Made {
	/// Names the report.
	#[serde(with = "crate::hexadecimal")]
	pub report: [u8; 32],
	/// About whom.
	pub patient: PatientIdentification,
	/// Who made it at this organisation.
	pub by: String,
	/// When.
	pub at: Moment,
	/// How many exchanges it told of.
	pub exchanges: usize,
}

/// A report.
#[derive(Clone, Debug)]
pub struct Report {
	/// What was written down of it.
	pub made: Made,
	/// The organisation that reports.
	pub organisation: OrganisationId,
	/// Hash of the ledger's first block.
	pub ledger: [u8; 32],
	/// The exchanges, oldest first.
	pub items: Vec<Item>,
	/// Earlier reports about the same patient, oldest first.
	pub earlier: Vec<Made>,
	/// How many exchanges carry an identifier of the patient with another name or date of birth: for a person to look at.
	pub doubtful: usize,
	/// How many entries are sealed to another key than the one given, so that nobody could look whom they are about.
	pub unreadable: usize,
	/// Names of the organisations in it.
	names: Names,
}

/// Names of organisations.
type Names = BTreeMap<OrganisationId, String>;

/// Name and number of an organisation.
fn called(names: &Names, id: OrganisationId) -> String {
	match names.get(&id) {
		Some(name) => format!("{name} (organisation {id})"),
		None => format!("organisation {id}"),
	}
}

/// With what a report is made.
#[derive(Debug)]
pub struct Sources<'a> {
	/// Reads the ledger.
	pub client: &'a Client,
	/// The organisation that reports.
	pub organisation: OrganisationId,
	/// Its encryption key.
	pub key: &'a EncryptionKey,
	/// Its gateway's store.
	pub store: &'a Store,
}

impl Report {
	/// Makes the report about a patient, and writes down that `by` did. The prover proves each record.
	///
	/// # Errors
	/// [`Error::Input`] without an identifier; [`Error::Store`]; [`Error::NotProven`]; [`Error::Connection`].
	pub async fn make(
		sources: &Sources<'_>,
		patient: &PatientIdentification,
		by: &str,
		prover: &mut Prover,
	) -> Result<Self, Error> {
		if patient.identifiers.is_empty() {
			return Err(Error::input("a patient is found by an identifier: give at least one"));
		}
		if by.trim().is_empty() {
			return Err(Error::input("a report says who made it"));
		}
		let Sources { client, organisation, key, store } = *sources;
		let genesis = client.genesis();
		// One block for everything that is told.
		let head = client.block_of(View::Finalised).await?;
		let view = View::At(head);
		let (mut items, mut doubtful, mut unreadable) = (Vec::new(), 0, 0);
		for (exchange, sealed) in store.subjects()? {
			let Ok(subject) = Subject::open(&sealed, key, genesis, exchange) else {
				unreadable += 1;
				continue;
			};
			match patient.identity(&subject.patient) {
				Identity::Same => items.push(item(sources, exchange, subject, view).await?),
				Identity::Doubtful => doubtful += 1,
				Identity::Other => (),
			}
		}
		items.sort_by_key(|item| {
			(item.record.as_ref().map_or(Moment::MAX, |record| record.begun), item.exchange)
		});
		let block = client.height(view).await?;
		for item in &mut items {
			if let Some(record) = &item.record {
				item.proof = prove(prover, block, item.exchange, record).await?;
			}
		}
		let mut earlier = Vec::new();
		for (report, sealed) in store.reports()? {
			let purpose = seal::Purpose::Report(genesis, report);
			let opened = seal::open(key, purpose, &sealed)
				.ok()
				.and_then(|json| serde_json::from_slice::<Made>(&json).ok());
			match opened {
				Some(made) if patient.identity(&made.patient) == Identity::Same => {
					earlier.push(made);
				},
				Some(_) => (),
				None => unreadable += 1,
			}
		}
		earlier.sort_by_key(|made| made.at);
		let names = names(client, organisation, &items, view).await?;
		let made = Made {
			report: random(),
			patient: patient.clone(),
			by: by.trim().into(),
			at: time::now(),
			exchanges: items.len(),
		};
		// Written down before anybody sees it.
		made.keep(sources)?;
		let ledger = genesis;
		Ok(Self { made, organisation, ledger, items, earlier, doubtful, unreadable, names })
	}

	/// The report as a FHIR R4 collection: the patient, AuditEvents (IHE BALP) of each exchange that name the file with their
	/// proof, and one of the report itself.
	pub fn fhir(&self) -> Value {
		let patient = self.made.patient.resource();
		let url = "urn:uuid:00000000-0000-4000-8000-000000000001";
		let mut entries = vec![json!({ "fullUrl": url, "resource": patient })];
		for item in &self.items {
			let Some(record) = &item.record else { continue };
			let telling = Telling {
				id: item.exchange,
				exchange: record,
				ledger: self.ledger,
				observer: self.organisation,
				now: self.made.at,
				patient: Some(url),
			};
			let mut events = telling.events();
			if events.is_empty() && item.is_denial() {
				events.push(telling.denial());
			}
			for mut event in events {
				if item.proof.is_some() {
					let file = format!("proofs/{}", item.proof_file());
					let proof = json!({ "type": "proof", "valueString": file });
					let entities = event["entity"].as_array_mut().into_iter().flatten();
					let of_exchange = |entity: &&mut Value| {
						entity["what"]["identifier"]["system"] == "urn:curex:exchange"
					};
					for entity in entities.filter(of_exchange) {
						if let Some(details) = entity["detail"].as_array_mut() {
							details.push(proof.clone());
						}
					}
				}
				entries.push(json!({ "resource": event }));
			}
		}
		let told = self.earlier.iter().chain([&self.made]);
		entries.extend(told.map(|made| json!({ "resource": made.event(self.organisation, url) })));
		json!({
			"resourceType": "Bundle",
			"type": "collection",
			"timestamp": time::text(self.made.at),
			"entry": entries,
		})
	}

	/// The report in plain words: a page of HTML without anything from elsewhere.
	pub fn html(&self) -> String {
		html::page(self)
	}
}

impl std::fmt::Debug for Made {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Made(0x{})", hex::encode(self.report))
	}
}

impl Made {
	fn keep(&self, sources: &Sources) -> Result<(), Error> {
		let json = Zeroizing::new(
			serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?,
		);
		let purpose = seal::Purpose::Report(sources.client.genesis(), self.report);
		let sealed = seal::seal(&sources.key.public(), purpose, &json)?;
		sources.store.note_report(self.report, &sealed)
	}

	/// The making of the report as an AuditEvent.
	fn event(&self, organisation: OrganisationId, patient: &str) -> Value {
		let member = json!({ "identifier": {
			"system": "urn:curex:organisation", "value": organisation.to_string(),
		}});
		json!({
			"resourceType": "AuditEvent",
			"type": {
				"system": "http://dicom.nema.org/resources/ontology/DCM",
				"code": "110106",
				"display": "Export",
			},
			"action": "R",
			"recorded": time::text(self.at),
			"outcome": "0",
			"purposeOfEvent": [{ "coding": [{
				"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "PATRQT",
			}]}],
			"agent": [{ "who": member, "name": self.by, "requestor": true }],
			"source": { "observer": member },
			"entity": [
				{
					"what": { "reference": patient },
					"type": {
						"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type",
						"code": "1",
					},
					"role": {
						"system": "http://terminology.hl7.org/CodeSystem/object-role",
						"code": "1",
					},
				},
				{ "what": { "identifier": {
					"system": "urn:curex:report",
					"value": format!("0x{}", hex::encode(self.report)),
				}}},
			],
		})
	}
}

async fn item(
	sources: &Sources<'_>,
	exchange: ExchangeId,
	subject: Subject,
	view: View,
) -> Result<Item, Error> {
	let Sources { client, organisation, store, .. } = *sources;
	let record = client.exchange(exchange, view).await?;
	let review = match record.as_ref().map(|record| record.gate) {
		Some(Gate::BreakGlass(_)) => client.review_of(exchange, view).await?,
		_ => None,
	};
	let ours = record.as_ref().is_some_and(|record| record.holder == organisation);
	let case = if ours { store.case(exchange)? } else { None };
	let refused = case.filter(|case| case.decision == Decision::Refuse).map(|case| case.reason);
	Ok(Item { exchange, subject, record, review, refused, proof: None })
}

/// Proves the record of an exchange in the state of a block. Nothing if that state does not hold it.
async fn prove(
	prover: &mut Prover,
	block: u64,
	exchange: ExchangeId,
	told: &Exchange,
) -> Result<Option<Proof>, Error> {
	let key = [&bundle::storage_key("Exchange", "Exchanges")[..], &exchange.0].concat();
	let (bundle, verified) = match prover.prove(block, std::slice::from_ref(&key), None).await {
		Ok(proven) => proven,
		Err(Error::NotFound(_)) => return Ok(None),
		Err(error) => return Err(error),
	};
	let proven = verified.value(&key).and_then(|mut value| Exchange::decode(&mut value).ok());
	if !proven.is_some_and(|proven| is_told(&proven, told)) {
		return Err(CONTRADICTED.into());
	}
	Ok(Some(Proof { bundle: bundle.to_json(), block }))
}

/// A node that says of a record what its own proof does not.
const CONTRADICTED: curex_verify::Error =
	curex_verify::Error::State("the node told of a record what the proof does not say");

/// Whether what was told of a record is what stands there. Where it stands may differ as long as it is not over: deadlines
/// and withdrawals are applied when it is read.
fn is_told(proven: &Exchange, told: &Exchange) -> bool {
	let state = if proven.state.is_final() { proven.state } else { told.state };
	*told == Exchange { state, ..proven.clone() }
}

async fn names(
	client: &Client,
	own: OrganisationId,
	items: &[Item],
	view: View,
) -> Result<Names, Error> {
	let records = items.iter().filter_map(|item| item.record.as_ref());
	let reviewers = items.iter().filter_map(|item| item.review.as_ref()?.reviewer);
	let members = records.flat_map(|record| [record.holder, record.recipient]);
	names_of(client, members.chain(reviewers).chain([own]), view).await
}

async fn names_of(
	client: &Client,
	ids: impl Iterator<Item = OrganisationId>,
	view: View,
) -> Result<Names, Error> {
	let mut names = Names::new();
	for id in ids.collect::<BTreeSet<_>>() {
		if let Some(found) = client.organisation(id, view).await? {
			names.insert(id, found.name());
		}
	}
	Ok(names)
}

#[cfg(test)]
mod tests;
