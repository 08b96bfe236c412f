//! Proof of what is shown. A page's claim is compared with bytes that an evidence bundle proves from the first
//! block's authorities on: neither this program's database nor the node has to be believed.

use crate::{
	access::Scope,
	facts::Facts,
	kind::Kind,
	store::{
		past::{self, Point},
		query, BlockRow, EventRow, ExtrinsicRow, Reader, RecordRow,
	},
	Error,
};
use codec::Decode;
use curex_client::{
	ledger::{Decoder, Event},
	proofs::Prover,
	time, Client, Options,
};
use curex_verify::{bundle::storage_key, Bundle, TrustRoot, Verified};
use serde::Serialize;
use serde_json::Value as Json;
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::{Mutex, Semaphore};

/// What a page claims.
#[derive(Clone, Debug)]
pub enum Claim {
	/// This record stands so after this block.
	Record {
		/// The record as the index shows it.
		row: RecordRow,
		/// The block as the index shows it.
		block: BlockRow,
	},
	/// This transaction is in this block, with this result and these events.
	Extrinsic {
		/// The transaction as the index shows it.
		row: ExtrinsicRow,
		/// Its events as the index shows them, in order.
		events: Vec<EventRow>,
		/// The block as the index shows it.
		block: BlockRow,
	},
}

/// One thing that is shown, beside what is proven.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
	/// What it is.
	pub what: String,
	/// What the explorer shows.
	pub shown: String,
	/// What the bundle proves.
	pub proven: String,
	/// Whether they agree.
	pub agrees: bool,
}

/// What a bundle proves of a claim.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
	/// Whether everything that is shown is proven.
	pub agrees: bool,
	/// The block whose state or transactions are proven.
	pub block: u32,
	/// Its hash.
	pub block_hash: String,
	/// The block whose justification makes it final.
	pub justified_by: u32,
	/// Number of the authority set that signed.
	pub authority_set: u64,
	/// Authorities of the first block, with which the chain of proof begins.
	pub first_authorities: usize,
	/// Hash of the first block.
	pub genesis: String,
	/// Version of the runtime.
	pub spec_version: u32,
	/// What is shown beside what is proven.
	pub findings: Vec<Finding>,
}

impl Claim {
	fn block(&self) -> &BlockRow {
		match self {
			Self::Record { block, .. } | Self::Extrinsic { block, .. } => block,
		}
	}

	/// Which values and which transaction a bundle must prove.
	pub fn needs(&self) -> (Vec<Vec<u8>>, Option<u32>) {
		let mut keys = Vec::new();
		if self.block().number > 0 {
			keys.push(now_key());
		}
		match self {
			Self::Record { row, .. } => {
				keys.push(row.id.key(row.kind));
				(keys, None)
			},
			Self::Extrinsic { row, .. } => (keys, Some(row.position)),
		}
	}

	/// Compares the claim with what a bundle proves.
	///
	/// # Errors
	/// [`Error::NotProven`] when the bundle proves nothing, or not what the claim is about; [`Error::Node`] when the
	/// proven bytes do not decode.
	pub async fn check(
		&self,
		bundle: &Bundle,
		root: &TrustRoot,
		decoder: &Decoder,
	) -> Result<Report, Error> {
		let verified = curex_verify::verify(bundle, root)
			.map_err(|error| Error::NotProven(error.to_string()))?;
		if verified.spec_version != decoder.spec_version() {
			return Err(Error::NotProven(format!(
				"the block was made by runtime {}, the metadata at hand are of {}",
				verified.spec_version,
				decoder.spec_version()
			)));
		}
		let mut findings = vec![
			compare("block", self.block().number, verified.header.number),
			compare("block hash", text(&self.block().hash), text(&verified.block_hash.0)),
		];
		if let Some(proven) = verified.value(&now_key()) {
			let proven = u64::decode(&mut &proven[..]).ok().and_then(time::text);
			let shown = self.block().time.and_then(time::text);
			findings.push(compare(
				"time of the block (UTC)",
				shown.unwrap_or_default(),
				proven.unwrap_or_default(),
			));
		}
		match self {
			Self::Record { row, .. } => findings.extend(check_record(row, &verified, decoder)?),
			Self::Extrinsic { row, events, .. } => {
				findings.extend(check_extrinsic(row, events, &verified, decoder).await?);
			},
		}
		Ok(Report {
			agrees: findings.iter().all(|finding| finding.agrees),
			block: verified.header.number,
			block_hash: text(&verified.block_hash.0),
			justified_by: verified.justified_by,
			authority_set: verified.set_id,
			first_authorities: root.authorities.authorities.len(),
			genesis: text(&root.genesis.0),
			spec_version: verified.spec_version,
			findings,
		})
	}
}

/// The storage key of the moment of a block: `Timestamp.Now`.
fn now_key() -> Vec<u8> {
	storage_key("Timestamp", "Now").to_vec()
}

fn check_record(
	row: &RecordRow,
	verified: &Verified,
	decoder: &Decoder,
) -> Result<Vec<Finding>, Error> {
	let bytes = verified
		.value(&row.id.key(row.kind))
		.ok_or_else(|| Error::NotProven("the bundle does not hold this record".into()))?;
	let proven = decoder.value(row.kind.pallet(), row.kind.entry(), bytes)?;
	let mut findings = fields(&row.value, &proven);
	// What the index searches by must follow from what is proven, too.
	let facts = Facts::of(row.kind, row.id.organisation(), &proven);
	let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
	findings.push(compare("searched by state", or_none(&row.state), or_none(&facts.state)));
	findings.push(compare("searched by purpose", or_none(&row.purpose), or_none(&facts.purpose)));
	let handle = |value: Option<[u8; 32]>| or_none(&value.map(|bytes| text(&bytes)));
	findings.push(compare("searched by consent", handle(row.consent), handle(facts.consent)));
	Ok(findings)
}

/// Compares two contents field by field.
fn fields(shown: &Json, proven: &Json) -> Vec<Finding> {
	match (shown, proven) {
		(Json::Object(shown), Json::Object(proven)) => {
			let names: BTreeSet<&String> = shown.keys().chain(proven.keys()).collect();
			let absent = || "nothing".to_string();
			let field = |content: &serde_json::Map<String, Json>, name: &str| {
				content.get(name).map_or_else(absent, Json::to_string)
			};
			let both = |name: &String| compare(name, field(shown, name), field(proven, name));
			names.into_iter().map(both).collect()
		},
		_ => vec![compare("content", shown, proven)],
	}
}

async fn check_extrinsic(
	row: &ExtrinsicRow,
	events: &[EventRow],
	verified: &Verified,
	decoder: &Decoder,
) -> Result<Vec<Finding>, Error> {
	let missing = |what: &str| Error::NotProven(format!("the bundle does not hold the {what}"));
	let (index, bytes) = verified.extrinsic.clone().ok_or_else(|| missing("transaction"))?;
	let event_bytes = verified.events.clone().ok_or_else(|| missing("events"))?;
	let decoded = decoder.extrinsics(vec![bytes]).await?;
	let proven = decoded.first().ok_or_else(|| missing("transaction"))?;
	let nobody = || "nobody".to_string();
	let mut findings = vec![
		compare("position", row.position, index),
		compare("hash", text(&row.hash), text(&proven.hash)),
		compare(
			"signed by",
			row.signer.map_or_else(nobody, |signer| text(&signer)),
			proven.signer.clone().unwrap_or_else(nobody),
		),
		compare("call", row.name(), format!("{}.{}", proven.pallet, proven.call)),
		compare("arguments", &row.arguments, &proven.arguments),
	];
	let success = || "success".to_string();
	let rejection = decoder.rejection(event_bytes.clone(), index)?;
	findings.push(compare(
		"result",
		row.failure.clone().unwrap_or_else(success),
		rejection.map_or_else(success, |rejection| rejection.to_string()),
	));
	let proven: Vec<Event> = decoder
		.events(event_bytes)?
		.into_iter()
		.filter(|event| event.extrinsic == Some(index))
		.collect();
	let shown = events.iter().map(|row| format!("{}.{} {}", row.pallet, row.name, row.fields));
	let proven =
		proven.iter().map(|event| format!("{}.{} {}", event.pallet, event.name, event.fields));
	let absent = || "nothing".to_string();
	let (shown, proven): (Vec<_>, Vec<_>) = (shown.collect(), proven.collect());
	for position in 0..shown.len().max(proven.len()) {
		let at = |list: &[String]| list.get(position).cloned().unwrap_or_else(absent);
		findings.push(compare(&format!("event {}", position + 1), at(&shown), at(&proven)));
	}
	Ok(findings)
}

fn compare<A: ToString, B: ToString>(what: &str, shown: A, proven: B) -> Finding {
	let (shown, proven) = (shown.to_string(), proven.to_string());
	Finding { what: what.into(), agrees: shown == proven, shown, proven }
}

fn text(bytes: &[u8; 32]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// In which state a record is to be proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
	/// In that of the block that changed it last.
	Change,
	/// In that of the last indexed block: that nothing changed since.
	Now,
	/// In that of a point in the past: that it stood so then.
	Then(Point),
}

impl At {
	/// Reads it: `change`, `now`, the number of a block, or a moment with its zone.
	///
	/// # Errors
	/// [`Error::Input`].
	pub fn parse(text: &str) -> Result<Self, Error> {
		match text {
			"" | "change" => Ok(Self::Change),
			"now" => Ok(Self::Now),
			point => Point::parse("at", point).map(Self::Then),
		}
	}

	/// The same once it was proven as of a block: the last one is another one soon.
	#[must_use]
	pub fn proven_in(self, block: u32) -> Self {
		match self {
			Self::Now => Self::Then(Point::Block(block.into())),
			Self::Change | Self::Then(_) => self,
		}
	}

	/// As the query of an address.
	pub fn to_query(self) -> String {
		match self {
			Self::Change => String::new(),
			Self::Now => "?at=now".into(),
			Self::Then(point) => point.text().map(|text| format!("?at={text}")).unwrap_or_default(),
		}
	}
}

/// The claim that the index makes of a record in scope.
///
/// # Errors
/// [`Error::NotFound`] when the index has no such record in scope, or it is no longer in the ledger's state.
pub fn claim_of_record(
	reader: &Reader,
	scope: &Scope,
	kind: Kind,
	id: &str,
	at: At,
) -> Result<Claim, Error> {
	reader.ask(|connection| {
		let unknown = || Error::NotFound(format!("there is no such {}", kind.singular()));
		let id = crate::RecordId::parse(kind, id).ok_or_else(unknown)?;
		let row = query::record(connection, scope, kind, &id)?.ok_or_else(unknown)?;
		let block = match (at, row.removed) {
			(At::Then(point), _) => {
				let block = point.block(connection)?;
				let number = block.number;
				let stood = past::record(connection, scope, kind, &id, number)?;
				let row = stood.ok_or_else(|| {
					Error::NotFound(format!(
						"the ledger's state did not hold it after block {number}"
					))
				})?;
				return Ok(Claim::Record { row, block });
			},
			(At::Change, _) => query::block(connection, row.changed)?,
			(At::Now, None) => query::head(connection)?,
			(At::Now, Some(block)) => {
				return Err(Error::NotFound(format!(
					"the ledger's state no longer holds it since block {block}; prove it as of its last change"
				)));
			},
		};
		let block = block.ok_or_else(|| Error::Damaged("a record names no block".into()))?;
		Ok(Claim::Record { row, block })
	})
}

/// The claim that the index makes of a transaction in scope.
///
/// # Errors
/// [`Error::NotFound`] when the index has no such transaction in scope.
pub fn claim_of_extrinsic(
	reader: &Reader,
	scope: &Scope,
	block: u64,
	position: u32,
) -> Result<Claim, Error> {
	reader.ask(|connection| {
		// What is proven is compared with all of its events, whoever asks.
		query::transaction(connection, scope, block, position)?;
		let (row, events) = query::transaction(connection, &Scope::everything(), block, position)?;
		if row.is_gone() || events.iter().any(EventRow::is_gone) {
			return Err(Error::NotFound(
				"what this transaction was about was pruned from the ledger, and its content left this index; there is \
				 nothing here to compare with a proof"
					.into(),
			));
		}
		let block = query::block(connection, block)?
			.ok_or_else(|| Error::Damaged("a transaction names no block".into()))?;
		Ok(Claim::Extrinsic { row, events, block })
	})
}

/// Makes evidence bundles with the help of nodes.
pub struct Witness {
	nodes: Vec<String>,
	root: Option<TrustRoot>,
	held: Mutex<Held>,
	queue: Semaphore,
}

/// The prover in use.
#[derive(Default)]
struct Held {
	/// Whose turn it is among the nodes.
	turn: usize,
	prover: Option<Prover>,
}

/// So many proofs may wait; what comes on top is told to come back.
const QUEUE: usize = 8;

/// How long to wait for a justification.
const PATIENCE: Duration = Duration::from_secs(60);

impl Witness {
	/// A witness that asks these nodes, the first one first. Without a trust root the authorities are derived from
	/// the hash of the first block.
	pub fn new(nodes: Vec<String>, root: Option<TrustRoot>) -> Self {
		Self { nodes, root, held: Mutex::default(), queue: Semaphore::new(QUEUE) }
	}

	/// The trust root, if it was given and not derived.
	pub fn given_root(&self) -> Option<&TrustRoot> {
		self.root.as_ref()
	}

	/// What is trusted: given, or derived from the first block.
	///
	/// # Errors
	/// [`Error::Node`] when no node answers.
	pub async fn root(&self, genesis: [u8; 32]) -> Result<TrustRoot, Error> {
		if let Some(root) = &self.root {
			return Ok(root.clone());
		}
		let mut held = self.held.lock().await;
		let prover = self.connected(&mut held, genesis).await?;
		Ok(prover.trust_root().clone())
	}

	/// A bundle for a claim, and what it proves.
	///
	/// # Errors
	/// [`Error::NotProven`] when the node's word does not hold or says otherwise; [`Error::Node`] when no node answers
	/// or none has the state of the block any more; [`Error::Input`] when too many proofs are under way.
	pub async fn prove(
		&self,
		claim: &Claim,
		genesis: [u8; 32],
		reader: &Reader,
	) -> Result<(Bundle, Report), Error> {
		let _place = self
			.queue
			.try_acquire()
			.map_err(|_| Error::input("too many proofs are under way; try again in a minute"))?;
		let (keys, extrinsic) = claim.needs();
		let mut held = self.held.lock().await;
		let mut failure = None;
		// Another node may have what one lacks.
		for _ in 0..self.nodes.len() {
			let prover = self.connected(&mut held, genesis).await?;
			match prover.prove(claim.block().number, &keys, extrinsic).await {
				Ok((bundle, verified)) => {
					let spec = verified.spec_version;
					let metadata = reader.metadata(spec)?.ok_or_else(|| {
						Error::NotProven(format!("the index has no metadata of runtime {spec}"))
					})?;
					let decoder = Decoder::new(spec, &metadata)?;
					let report = claim.check(&bundle, prover.trust_root(), &decoder).await?;
					return Ok((bundle, report));
				},
				Err(error) => failure = Some(error),
			}
			held.prover = None;
			held.turn += 1;
		}
		Err(failure.map_or_else(no_node, proof_error))
	}

	/// The prover in use, or one at the next node that answers.
	async fn connected<'a>(
		&self,
		held: &'a mut Held,
		genesis: [u8; 32],
	) -> Result<&'a mut Prover, Error> {
		let mut failure = None;
		for _ in 0..self.nodes.len() {
			if held.prover.is_some() {
				break;
			}
			match self.connect(&self.nodes[held.turn % self.nodes.len()], genesis).await {
				Ok(prover) => held.prover = Some(prover),
				Err(error) => {
					failure = Some(error);
					held.turn += 1;
				},
			}
		}
		held.prover.as_mut().ok_or_else(|| failure.map_or_else(no_node, Error::from))
	}

	/// A client of the first node that answers.
	///
	/// # Errors
	/// [`Error::Node`] when none does.
	pub async fn client(&self, genesis: [u8; 32]) -> Result<Client, Error> {
		Ok(Client::connect_with(&self.nodes.join(","), None, options(genesis)).await?)
	}

	async fn connect(&self, node: &str, genesis: [u8; 32]) -> Result<Prover, curex_client::Error> {
		let client = Client::connect_with(node, None, options(genesis)).await?;
		match &self.root {
			Some(root) => Ok(Prover::with_root(client, root.clone())),
			None => Prover::new(client).await,
		}
	}
}

fn options(genesis: [u8; 32]) -> Options {
	Options {
		genesis: Some(genesis),
		other_runtime: true,
		patience: PATIENCE,
		..Options::default()
	}
}

fn no_node() -> Error {
	Error::NotFound("no node is named".into())
}

fn proof_error(error: curex_client::Error) -> Error {
	match error {
		curex_client::Error::NotProven(error) => Error::NotProven(error.to_string()),
		other => other.into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_was_proven_as_of_the_last_block_stays_proven_as_of_that_block() {
		for (asked, bundle) in [("now", "?at=7"), ("change", ""), ("", ""), ("3", "?at=3")] {
			assert_eq!(At::parse(asked).unwrap().proven_in(7).to_query(), bundle, "{asked}");
		}
		assert_eq!(At::parse("now").unwrap().to_query(), "?at=now");
	}
}
