//! Leaving ciphertexts at a node and taking them from one. Every byte is checked against the ledger's commitment.
//!
//! What is small is in memory: [`Client::deposit`], [`Client::fetch`]. What is large goes from file to file:
//! [`seal_file`], [`Client::deposit_file`], [`Client::fetch_file`], [`open_file`]. How far a payload is, a watcher is told
//! ([`Client::watched`]).

mod on_disk;
mod progress;

pub use on_disk::{open_file, seal_file};
pub(crate) use on_disk::{open_watched, seal_body, Sealing};
pub(crate) use progress::Meter;
pub use progress::{Progress, Stage, Watcher};

use crate::{client::Client, time, Error};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use codec::Encode;
use curex_primitives::{
	merkle,
	transfer::{Access, Authorisation, Manifest, Part, CHUNK_SIZE},
	Commitment, ExchangeId, Moment,
};
use futures::{future, stream, StreamExt, TryStreamExt};
use serde::Deserialize;
use std::{
	future::Future,
	ops::Range,
	sync::{Mutex, PoisonError},
	time::Duration,
};
use subxt_rpcs::rpc_params;
use tokio::time::Instant;

/// An authorisation lives for half an hour: enough for any part, and less than nodes allow.
const LIFE: Moment = 30 * 60 * 1_000;
/// How long to wait before what failed is tried again.
const PAUSE: Duration = Duration::from_millis(500);
/// How long to wait between two looks at a running fetch.
const GLANCE: Duration = Duration::from_millis(100);
/// How long the node waits for the end of a fetch before it says how far it is.
const WAIT: Duration = Duration::from_secs(1);
/// A part that this client takes into memory is at most so large: 256 MiB.
pub const MAX_PART: u64 = 256 * 1024 * 1024;

/// Chunks that are under way to or from a node at the same time.
const IN_FLIGHT: usize = 8;
/// How chunks are written: a third less than in hexadecimal.
const ENCODING: &str = "base64";
/// Chunks that are asked for, or left, under one authorisation: 256 MiB.
const MAX_CHUNKS_AT_ONCE: u64 = 1024;

/// How far a node is with a part.
#[derive(Clone, Debug, Deserialize)]
struct Status {
	complete: bool,
	#[serde(default)]
	received: u64,
	/// Not known before the manifest.
	#[serde(default)]
	chunks: Option<u64>,
	missing: Vec<(u64, u64)>,
	#[serde(default)]
	running: bool,
	failure: Option<Failure>,
}

#[derive(Clone, Debug, Deserialize)]
struct Failure {
	code: i32,
	message: String,
}

#[derive(Deserialize)]
struct Chunk {
	bytes: String,
	proof: ChunkProof,
}

#[derive(Deserialize)]
struct ChunkProof {
	index: u64,
	count: u64,
	siblings: Vec<String>,
}

#[derive(Deserialize)]
struct ManifestText {
	salt: String,
	length: u64,
	root: String,
}

impl Client {
	/// A signed request to a node, as the `curex_*` methods take it.
	fn authorisation(
		&self,
		exchange: ExchangeId,
		part: Part,
		access: Access,
	) -> Result<String, Error> {
		let signer = self.signer()?;
		let mut authorisation = Authorisation {
			genesis: self.genesis(),
			exchange,
			part,
			access,
			expires: time::now().saturating_add(LIFE),
			account: signer.account(),
			signature: [0; 64],
		};
		authorisation.signature = signer.sign(&authorisation.message())?;
		Ok(format!("0x{}", hex::encode(authorisation.encode())))
	}

	/// Leaves a part at the node, for the partner to fetch. Resumes where an earlier attempt stopped. The best blocks
	/// may change their minds: what the node may not take yet is offered again, as long as the client's patience lasts.
	///
	/// # Errors
	/// [`Error::Transfer`] as the node says, [`Error::Timeout`] after the client's patience, [`Error::Connection`].
	pub async fn deposit(
		&self,
		exchange: ExchangeId,
		part: Part,
		salt: [u8; 32],
		bytes: &[u8],
	) -> Result<(), Error> {
		let pulse = Pulse::new();
		self.patiently("the node to take a part", &pulse, || {
			self.deposit_now(exchange, part, salt, bytes)
		})
		.await
	}

	/// As [`Self::deposit`], but what the node may not take yet is not offered again.
	pub(crate) async fn deposit_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		salt: [u8; 32],
		bytes: &[u8],
	) -> Result<(), Error> {
		let manifest = Manifest::of(salt, bytes);
		let read = |index: u64| {
			let chunk = usize::try_from(index)
				.ok()
				.and_then(|index| bytes.chunks(CHUNK_SIZE).nth(index))
				.ok_or_else(|| Error::Protocol("the node misses a chunk that is none".into()))?;
			Ok(chunk.to_vec())
		};
		self.deposit_chunks(exchange, part, &manifest, &read, &Pulse::new()).await
	}

	/// Leaves what the node misses of a part whose chunks `read` gives.
	async fn deposit_chunks(
		&self,
		exchange: ExchangeId,
		part: Part,
		manifest: &Manifest,
		read: &(impl Fn(u64) -> Result<Vec<u8>, Error> + Sync),
		pulse: &Pulse,
	) -> Result<(), Error> {
		let text = serde_json::json!({
			"salt": format!("0x{}", hex::encode(manifest.salt)),
			"length": manifest.length,
			"root": manifest.root,
		});
		let meter = self.meter(exchange, part, Stage::Sending, manifest.length);
		loop {
			let authorisation = self.authorisation(exchange, part, Access::Deposit)?;
			let begin = rpc_params![&authorisation, &text];
			let status: Status = self.ask("curex_depositBegin", begin).await?;
			if status.complete {
				meter.at(manifest.length);
				return Ok(());
			}
			meter.at(status.received.saturating_mul(CHUNK_SIZE as u64));
			if status.missing.is_empty() {
				return Err(Error::Protocol(
					"the node misses chunks and does not say which".into(),
				));
			}
			let missing = status.missing.into_iter().flat_map(|(from, to)| from..to);
			let missing: Vec<u64> = missing.take(MAX_CHUNKS_AT_ONCE as usize).collect();
			stream::iter(missing)
				.map(|index| self.deposit_chunk(&authorisation, index, read))
				.buffer_unordered(IN_FLIGHT)
				.try_for_each(|length| {
					pulse.felt();
					meter.add(length);
					future::ready(Ok(()))
				})
				.await?;
		}
	}

	/// Leaves one chunk, and gives its length.
	async fn deposit_chunk(
		&self,
		authorisation: &str,
		index: u64,
		read: &(impl Fn(u64) -> Result<Vec<u8>, Error> + Sync),
	) -> Result<u64, Error> {
		let chunk = read(index)?;
		let params = rpc_params![authorisation, index, BASE64.encode(&chunk), ENCODING];
		self.ask::<Status>("curex_depositChunk", params).await?;
		Ok(chunk.len() as u64)
	}

	/// Takes a part from the node, which fetches it from the partner's if need be. What is returned is what the
	/// ledger committed to. The ledger may name a part a moment before its sender has left it at a node: what is not
	/// there yet is waited for, as long as the client's patience lasts.
	///
	/// # Errors
	/// [`Error::Transfer`] as the node says; [`Error::Sealed`] when what it gives is not what the ledger committed to;
	/// [`Error::Timeout`] after the client's patience; [`Error::Connection`].
	pub async fn fetch(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<Vec<u8>, Error> {
		let (_, bytes) = self.fetch_with_manifest(exchange, part, commitment).await?;
		Ok(bytes)
	}

	/// Has the node fetch a part from the partner's, and waits until all of it is there; [`Self::fetch`] and
	/// [`Self::fetch_file`] do so themselves. Patience counts from the last chunk that came.
	///
	/// # Errors
	/// As [`Self::fetch`].
	pub async fn bring(&self, exchange: ExchangeId, part: Part) -> Result<(), Error> {
		let pulse = Pulse::new();
		self.patiently("the partner's node", &pulse, || self.await_fetch(exchange, part, &pulse))
			.await
	}

	/// Tries again what a node cannot carry yet, until the client's patience has passed without progress.
	async fn patiently<T, F: Future<Output = Result<T, Error>>>(
		&self,
		what: &'static str,
		pulse: &Pulse,
		attempt: impl Fn() -> F,
	) -> Result<T, Error> {
		let patience = self.patience();
		let last = Mutex::new(Error::Timeout { what, seconds: patience.as_secs() });
		let tries = async {
			loop {
				match attempt().await {
					Err(error @ Error::Transfer { .. }) if error.is_retryable() => {
						*last.lock().unwrap_or_else(PoisonError::into_inner) = error;
					},
					outcome => return outcome,
				}
				tokio::time::sleep(PAUSE).await;
			}
		};
		tokio::select! {
			outcome = tries => outcome,
			() = pulse.ends(patience) => {
				Err(last.into_inner().unwrap_or_else(PoisonError::into_inner))
			},
		}
	}

	/// As [`Self::fetch`], with the manifest, which has the salt of the commitment.
	pub(crate) async fn fetch_with_manifest(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<(Manifest, Vec<u8>), Error> {
		let pulse = Pulse::new();
		self.patiently("the partner's node", &pulse, || {
			self.fetch_with_manifest_now(exchange, part, commitment)
		})
		.await
	}

	/// As [`Self::fetch`], but what no node has yet is not waited for.
	pub(crate) async fn fetch_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<Vec<u8>, Error> {
		let (_, bytes) = self.fetch_with_manifest_now(exchange, part, commitment).await?;
		Ok(bytes)
	}

	/// As [`Self::fetch_with_manifest`], but what no node has yet is not waited for.
	pub(crate) async fn fetch_with_manifest_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<(Manifest, Vec<u8>), Error> {
		let patience = self.patience();
		let pulse = Pulse::new();
		tokio::select! {
			fetched = self.await_fetch(exchange, part, &pulse) => fetched?,
			() = pulse.ends(patience) => {
				let seconds = patience.as_secs();
				return Err(Error::Timeout { what: "the partner's node", seconds });
			},
		}
		let manifest = self.manifest(exchange, part, commitment).await?;
		if manifest.length > MAX_PART {
			return Err(Error::Sealed("it is larger than this client takes into memory"));
		}
		let mut bytes = Vec::new();
		self.fetch_chunks(exchange, part, &manifest, 0..manifest.chunks(), |chunk, _| {
			bytes.extend_from_slice(chunk);
			Ok(())
		})
		.await?;
		Ok((manifest, bytes))
	}

	/// The manifest of a part that is on the node, if it is the one that the ledger is committed to.
	async fn manifest(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<Manifest, Error> {
		let authorisation = self.authorisation(exchange, part, Access::Fetch)?;
		let manifest: ManifestText =
			self.ask("curex_manifest", rpc_params![&authorisation]).await?;
		manifest
			.read()
			.filter(|manifest| manifest.commitment(part, &exchange) == commitment)
			.ok_or(Error::Sealed("the node's manifest is not that of the ledger"))
	}

	/// Takes chunks from the node, and gives them to `take` in their order, with their hashes ([`merkle::leaf`]).
	async fn fetch_chunks(
		&self,
		exchange: ExchangeId,
		part: Part,
		manifest: &Manifest,
		indices: Range<u64>,
		mut take: impl FnMut(&[u8], [u8; 32]) -> Result<(), Error>,
	) -> Result<(), Error> {
		let authorisation = self.authorisation(exchange, part, Access::Fetch)?;
		let meter = self.meter(exchange, part, Stage::Taking, manifest.length);
		meter.at(indices.start.saturating_mul(CHUNK_SIZE as u64));
		let mut chunks = stream::iter(indices)
			.map(|index| self.fetch_chunk(&authorisation, manifest, index))
			.buffered(IN_FLIGHT);
		while let Some((chunk, leaf)) = chunks.try_next().await? {
			take(&chunk, leaf)?;
			meter.add(chunk.len() as u64);
		}
		Ok(())
	}

	async fn fetch_chunk(
		&self,
		authorisation: &str,
		manifest: &Manifest,
		index: u64,
	) -> Result<(Vec<u8>, [u8; 32]), Error> {
		let params = rpc_params![authorisation, index, ENCODING];
		let chunk: Chunk = self.ask("curex_chunk", params).await?;
		let manifest = manifest.clone();
		let checking = tokio::task::spawn_blocking(move || {
			let (chunk, proof) =
				chunk.read().ok_or_else(|| Error::Protocol("a chunk is not readable".into()))?;
			let leaf = manifest.leaf_of(&chunk, &proof).filter(|_| proof.index == index);
			let leaf = leaf.ok_or(Error::Sealed("a chunk is not that of the ledger"))?;
			Ok((chunk, leaf))
		});
		checking.await.map_err(|reason| Error::Protocol(reason.to_string()))?
	}

	/// Waits until the node has all of a part.
	async fn await_fetch(
		&self,
		exchange: ExchangeId,
		part: Part,
		pulse: &Pulse,
	) -> Result<(), Error> {
		let mut received = 0;
		let mut authorisation = self.authorisation(exchange, part, Access::Fetch)?;
		let mut signed = Instant::now();
		loop {
			if signed.elapsed() > Duration::from_millis(LIFE / 2) {
				authorisation = self.authorisation(exchange, part, Access::Fetch)?;
				signed = Instant::now();
			}
			let params = rpc_params![&authorisation, WAIT.as_millis() as u64];
			let status: Status = self.ask("curex_fetch", params).await?;
			if status.complete {
				return Ok(());
			}
			if let Some(Failure { code, message }) = status.failure.filter(|_| !status.running) {
				return Err(Error::Transfer { code, message });
			}
			if status.received > received {
				received = status.received;
				pulse.felt();
				if let Some(chunks) = status.chunks {
					let bytes = |chunks: u64| chunks.saturating_mul(CHUNK_SIZE as u64);
					self.meter(exchange, part, Stage::Fetching, bytes(chunks)).at(bytes(received));
				}
			}
			tokio::time::sleep(GLANCE).await;
		}
	}
}

/// When something last went on.
struct Pulse(Mutex<Instant>);

impl Pulse {
	fn new() -> Self {
		Self(Mutex::new(Instant::now()))
	}

	fn last(&self) -> Instant {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	fn felt(&self) {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
	}

	/// Returns when nothing has gone on for so long.
	async fn ends(&self, patience: Duration) {
		loop {
			let end = self.last() + patience;
			if end <= Instant::now() {
				return;
			}
			tokio::time::sleep_until(end).await;
		}
	}
}

impl ManifestText {
	fn read(&self) -> Option<Manifest> {
		Some(Manifest {
			salt: crate::hexadecimal::read(&self.salt)?,
			length: self.length,
			root: self.root.parse().ok()?,
		})
	}
}

impl Chunk {
	fn read(&self) -> Option<(Vec<u8>, merkle::Proof)> {
		let bytes = BASE64.decode(&self.bytes).ok()?;
		let siblings = self
			.proof
			.siblings
			.iter()
			.map(|text| crate::hexadecimal::read(text))
			.collect::<Option<_>>()?;
		let ChunkProof { index, count, .. } = self.proof;
		Some((bytes, merkle::Proof { index, count, siblings }))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_nodes_answers_are_read_as_documented() {
		let status: Status = serde_json::from_str(
			r#"{"complete":false,"received":1,"chunks":3,"missing":[[0,1],[2,3]],"running":false,
				"failure":{"code":12005,"message":"not here"}}"#,
		)
		.unwrap();
		assert_eq!(status.missing, [(0, 1), (2, 3)]);
		assert_eq!(status.failure.unwrap().code, 12005);

		let bytes = vec![7; CHUNK_SIZE + 5];
		let manifest = Manifest::of([1; 32], &bytes);
		let text = serde_json::json!({
			"salt": format!("0x{}", "01".repeat(32)),
			"length": bytes.len(),
			"root": manifest.root,
		});
		let read: ManifestText = serde_json::from_value(text).unwrap();
		assert_eq!(read.read(), Some(manifest.clone()));

		let proof = merkle::prove(bytes.chunks(CHUNK_SIZE), 1).unwrap();
		let siblings: Vec<String> =
			proof.siblings.iter().map(|node| format!("0x{}", hex::encode(node))).collect();
		let text = serde_json::json!({
			"bytes": "BwcHBwc=",
			"proof": {"index": 1, "count": 2, "siblings": siblings},
		});
		let chunk: Chunk = serde_json::from_value(text).unwrap();
		let (chunk, read) = chunk.read().unwrap();
		assert!(manifest.admits(&chunk, &read));
	}
}
