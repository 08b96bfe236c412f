//! Anchoring the log of queries on the ledger, as the explorer's organisation anchors its access logs: from time to time one
//! Merkle root over the hashes of the entries since the anchor before. From then on nobody can change what was asked unnoticed,
//! not even whoever runs the explorer.
//!
//! What is to be anchored is written into the log's file before anything is sent, and goes through the durable outbox of the
//! client library: a crash, a lost answer and a node that fails neither lose an anchor nor anchor twice.

use super::log::{Anchor, QueryLog};
use crate::Error;
use codec::Decode;
use curex_client::{ledger::curex, Client, Options, Signer, View};
use curex_primitives::{
	oversight::{LogAnchor, ANCHOR_PERIOD},
	OrganisationId,
};
use curex_verify::bundle::storage_key;
use serde::Serialize;
use std::{
	future::Future,
	path::PathBuf,
	sync::{Arc, RwLock},
	time::Duration,
};
use tracing::{info, warn};

/// How often the log is anchored if nothing is said: as often as the ledger expects it, in milliseconds.
pub const PERIOD: u64 = ANCHOR_PERIOD;

/// How often to look whether it is time.
const PAUSE: Duration = Duration::from_secs(60);

/// The ledger as anchoring needs it.
pub trait Ledger {
	/// The moment of the last final block, in milliseconds.
	fn now(&self) -> impl Future<Output = Result<u64, Error>> + Send;

	/// The last anchor of the explorer's organisation, with its number.
	fn last(&self) -> impl Future<Output = Result<Option<(u64, LogAnchor)>, Error>> + Send;

	/// The anchor with a number.
	fn anchor(
		&self,
		sequence: u64,
	) -> impl Future<Output = Result<Option<LogAnchor>, Error>> + Send;

	/// Records an anchor under a number; returns the block once that is final. Submitted again, it is the same.
	fn submit(
		&self,
		sequence: u64,
		anchor: &LogAnchor,
	) -> impl Future<Output = Result<u64, Error>> + Send;
}

/// How anchoring stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Anchoring {
	/// How often, in milliseconds.
	pub period: u64,
	/// The organisation for which it anchors, once the ledger said so.
	pub organisation: Option<u32>,
	/// Why the last attempt failed; nothing if it did not.
	pub failure: Option<String>,
}

/// How anchoring stands, shared with the pages.
pub type SharedAnchoring = Arc<RwLock<Anchoring>>;

/// Does what is due: anchors what was asked since the last anchor, if that is a period ago, or goes on with an anchor that was
/// not settled. Returns an anchor that was settled now.
///
/// # Errors
/// Those of the ledger, after which the next call goes on; [`Error::Database`].
pub async fn step(
	ledger: &impl Ledger,
	log: &QueryLog,
	period: u64,
) -> Result<Option<Anchor>, Error> {
	let pending = match log.pending()? {
		Some(pending) => pending,
		None => match next(ledger, log, period).await? {
			Some(next) => next,
			None => return Ok(None),
		},
	};
	let (sequence, wanted) = (pending.sequence, pending.on_ledger()?);
	let mut found = ledger.anchor(sequence).await?;
	let mut block = None;
	if found.is_none() {
		match ledger.submit(sequence, &wanted).await {
			Ok(recorded) => block = Some(recorded),
			Err(error) => {
				// What the ledger rejected it rejects again; what was asked goes into the next anchor.
				if matches!(error, Error::Node(curex_client::Error::Rejected(_))) {
					log.give_up(sequence)?;
				}
				return Err(error);
			},
		}
		found = ledger.anchor(sequence).await?;
	}
	match found {
		Some(found) if found == wanted => log.settle(sequence, block).map(Some),
		// Another program of the organisation took the number: what was asked goes into the next anchor.
		Some(_) => log.give_up(sequence).map(|()| None),
		None => {
			Err(Error::NotFound(format!("anchor {sequence} on the ledger, though it was recorded")))
		},
	}
}

/// Works out the next anchor and writes it down, if it is time.
async fn next(ledger: &impl Ledger, log: &QueryLog, period: u64) -> Result<Option<Anchor>, Error> {
	let last = ledger.last().await?;
	let Some(first_asked) = log.first_moment()? else { return Ok(None) };
	let from = last.as_ref().map_or(first_asked, |(_, anchor)| anchor.to);
	let now = ledger.now().await?;
	if now < from.saturating_add(period) || now <= from {
		return Ok(None);
	}
	let sequence = last.map_or(1, |(sequence, _)| sequence + 1);
	log.prepare(sequence, from, now).map(Some)
}

/// Anchors with a delegate's key, through the nodes that are followed.
pub struct Anchorer {
	nodes: Vec<String>,
	genesis: Option<[u8; 32]>,
	signer: Signer,
	outbox: PathBuf,
	period: u64,
}

impl Anchorer {
	/// One that signs with this key, asks these nodes, the first one first, and keeps its outbox in this folder.
	pub fn new(
		nodes: Vec<String>,
		genesis: Option<[u8; 32]>,
		signer: Signer,
		outbox: PathBuf,
		period: u64,
	) -> Self {
		Self { nodes, genesis, signer, outbox, period }
	}

	/// Anchors until the program ends.
	pub async fn run(self, log: QueryLog, shared: SharedAnchoring) {
		let mut turn = 0;
		loop {
			let node = &self.nodes[turn % self.nodes.len()];
			let outcome = match self.connect(node).await {
				Ok(ledger) => {
					let organisation = ledger.organisation.0;
					tell(&shared, |anchoring| anchoring.organisation = Some(organisation));
					step(&ledger, &log, self.period).await
				},
				Err(error) => Err(error),
			};
			match outcome {
				Ok(settled) => {
					tell(&shared, |anchoring| anchoring.failure = None);
					if let Some(anchor) = settled {
						let (sequence, to) = (anchor.sequence, anchor.end);
						info!("the log of queries is anchored up to before entry {to}, as anchor {sequence}");
						continue;
					}
				},
				Err(error) => {
					warn!("the log of queries was not anchored: {error}");
					tell(&shared, |anchoring| anchoring.failure = Some(error.to_string()));
					turn += 1;
				},
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	async fn connect(&self, node: &str) -> Result<Member, Error> {
		let options = Options {
			genesis: self.genesis,
			other_runtime: true,
			outbox: Some(self.outbox.clone()),
			..Options::default()
		};
		let client = Client::connect_with(node, self.signer.clone(), options).await?;
		let organisation = client.own_delegate().await?.organisation;
		Ok(Member { client, organisation })
	}
}

fn tell(shared: &SharedAnchoring, change: impl FnOnce(&mut Anchoring)) {
	if let Ok(mut anchoring) = shared.write() {
		change(&mut anchoring);
	}
}

/// The ledger at a node, with a delegate's account.
struct Member {
	client: Client,
	organisation: OrganisationId,
}

impl Ledger for Member {
	async fn now(&self) -> Result<u64, Error> {
		let (_, block) = self.client.finalised_head().await?;
		let key = storage_key("Timestamp", "Now").to_vec();
		let value = self.client.values(&[key], block).await?.pop().flatten().unwrap_or_default();
		Ok(u64::decode(&mut &value[..]).unwrap_or_default())
	}

	async fn last(&self) -> Result<Option<(u64, LogAnchor)>, Error> {
		Ok(self.client.last_log_anchor(self.organisation).await?)
	}

	async fn anchor(&self, sequence: u64) -> Result<Option<LogAnchor>, Error> {
		let found = self.client.log_anchor(self.organisation, sequence, View::Finalised).await?;
		Ok(found.map(|(anchor, _)| anchor))
	}

	async fn submit(&self, sequence: u64, anchor: &LogAnchor) -> Result<u64, Error> {
		let LogAnchor { root, count, from, to } = anchor.clone();
		let call = curex::tx().oversight().anchor(sequence, root.into(), count.into(), from, to);
		let outbox = self.client.outbox().ok_or_else(|| Error::NotFound("the outbox".into()))?;
		// An anchor that was given up may have had the same number; none ends at the same moment.
		let key = format!("query-log-{sequence}-{to}");
		outbox.accept(&key, &call, true).await?;
		Ok(outbox.resume(&key)?.finalized().await?.block_number)
	}
}
