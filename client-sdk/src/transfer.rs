//! Leaving ciphertexts at a node and taking them from one. Every byte is checked against the ledger's commitment.

use crate::{client::Client, time, Error};
use codec::Encode;
use curex_primitives::{
	merkle,
	transfer::{Access, Authorisation, Manifest, Part, CHUNK_SIZE},
	Commitment, ExchangeId, Moment,
};
use serde::Deserialize;
use std::{future::Future, time::Duration};
use subxt_rpcs::rpc_params;

/// An authorisation lives for half an hour: enough for any part, and less than nodes allow.
const LIFE: Moment = 30 * 60 * 1_000;
/// How long to wait between two looks at a running fetch.
const PAUSE: Duration = Duration::from_millis(500);
/// A part that this client takes into memory is at most so large: 256 MiB.
pub const MAX_PART: u64 = 256 * 1024 * 1024;

/// How far a node is with a part.
#[derive(Clone, Debug, Deserialize)]
struct Status {
	complete: bool,
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
		self.patiently("the node to take a part", || self.deposit_now(exchange, part, salt, bytes))
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
		let manifest = serde_json::json!({
			"salt": format!("0x{}", hex::encode(manifest.salt)),
			"length": manifest.length,
			"root": manifest.root,
		});
		let authorisation = self.authorisation(exchange, part, Access::Deposit)?;
		let begin = rpc_params![&authorisation, &manifest];
		let mut status: Status = self.ask("curex_depositBegin", begin).await?;
		while !status.complete {
			let ranges = std::mem::take(&mut status.missing);
			if ranges.is_empty() {
				return Err(Error::Protocol(
					"the node misses chunks and does not say which".into(),
				));
			}
			for index in ranges.into_iter().flat_map(|(from, to)| from..to) {
				let chunk = usize::try_from(index)
					.ok()
					.and_then(|index| bytes.chunks(CHUNK_SIZE).nth(index))
					.ok_or_else(|| {
						Error::Protocol("the node misses a chunk that is none".into())
					})?;
				let chunk = format!("0x{}", hex::encode(chunk));
				let params = rpc_params![&authorisation, index, chunk];
				status = self.ask("curex_depositChunk", params).await?;
			}
		}
		Ok(())
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
		self.patiently("the partner's node", || self.fetch_now(exchange, part, commitment)).await
	}

	/// Tries again what a node cannot carry yet.
	async fn patiently<T, F: Future<Output = Result<T, Error>>>(
		&self,
		what: &'static str,
		attempt: impl Fn() -> F,
	) -> Result<T, Error> {
		let patience = self.patience();
		let mut last = Error::Timeout { what, seconds: patience.as_secs() };
		let tries = async {
			loop {
				match attempt().await {
					Err(error @ Error::Transfer { .. }) if error.is_retryable() => last = error,
					outcome => return outcome,
				}
				tokio::time::sleep(PAUSE).await;
			}
		};
		match tokio::time::timeout(patience, tries).await {
			Ok(outcome) => outcome,
			Err(_) => Err(last),
		}
	}

	/// As [`Self::fetch`], but what no node has yet is not waited for.
	pub(crate) async fn fetch_now(
		&self,
		exchange: ExchangeId,
		part: Part,
		commitment: Commitment,
	) -> Result<Vec<u8>, Error> {
		let authorisation = self.authorisation(exchange, part, Access::Fetch)?;
		let patience = self.patience();
		tokio::time::timeout(patience, self.await_fetch(&authorisation)).await.map_err(
			|_| Error::Timeout { what: "the partner's node", seconds: patience.as_secs() },
		)??;
		let manifest: ManifestText =
			self.ask("curex_manifest", rpc_params![&authorisation]).await?;
		let manifest =
			manifest.read().filter(|manifest| manifest.commitment(part, &exchange) == commitment);
		let manifest =
			manifest.ok_or(Error::Sealed("the node's manifest is not that of the ledger"))?;
		if manifest.length > MAX_PART {
			return Err(Error::Sealed("it is larger than this client takes into memory"));
		}
		let mut bytes = Vec::new();
		for index in 0..manifest.chunks() {
			let chunk: Chunk = self.ask("curex_chunk", rpc_params![&authorisation, index]).await?;
			let (chunk, proof) =
				chunk.read().ok_or_else(|| Error::Protocol("a chunk is not readable".into()))?;
			if proof.index != index || !manifest.admits(&chunk, &proof) {
				return Err(Error::Sealed("a chunk is not that of the ledger"));
			}
			bytes.extend_from_slice(&chunk);
		}
		Ok(bytes)
	}

	async fn await_fetch(&self, authorisation: &str) -> Result<(), Error> {
		loop {
			let status: Status = self.ask("curex_fetch", rpc_params![authorisation]).await?;
			if status.complete {
				return Ok(());
			}
			if let Some(Failure { code, message }) = status.failure.filter(|_| !status.running) {
				return Err(Error::Transfer { code, message });
			}
			tokio::time::sleep(PAUSE).await;
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
		let bytes = hex::decode(self.bytes.strip_prefix("0x")?).ok()?;
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
			"bytes": "0x0707070707",
			"proof": {"index": 1, "count": 2, "siblings": siblings},
		});
		let chunk: Chunk = serde_json::from_value(text).unwrap();
		let (chunk, read) = chunk.read().unwrap();
		assert!(manifest.admits(&chunk, &read));
	}
}
