//! What opens the commitments of one's own: kept before the ledger hears of them, for nothing else opens what it will hold.

use crate::{client::Client, files, receipt::random, submission::Recorded, Error};
use curex_primitives::{
	commitment::{self, Domain},
	Commitment,
};
use serde::{Deserialize, Serialize};
use std::{future::Future, path::PathBuf};
use subxt::tx::Payload;

/// Most bytes of what is kept: words, not data.
const MAX_KEPT: u64 = 64 << 20;

/// Content and salt that open a commitment of one's own; to be kept for inquiries and reviews.
#[derive(Clone, Serialize, Deserialize)]
pub struct Opening {
	/// The commitment on the ledger.
	pub commitment: Commitment,
	/// Its salt.
	#[serde(with = "crate::hexadecimal")]
	pub salt: [u8; 32],
	/// The content.
	pub content: String,
}

impl Opening {
	/// Commits to `content` within a record, under a fresh salt.
	pub fn new(domain: Domain, context: &[u8; 32], content: &str) -> Self {
		Self::salted(domain, context, random(), content)
	}

	/// As [`Self::new`], under a salt that nobody guesses.
	pub(crate) fn salted(
		domain: Domain,
		context: &[u8; 32],
		salt: [u8; 32],
		content: &str,
	) -> Self {
		let commitment = commitment::commit(domain, context, &salt, content.as_bytes());
		Self { commitment, salt, content: content.into() }
	}

	/// Whether its content and salt open a commitment within a record.
	pub fn opens(&self, domain: Domain, context: &[u8; 32], commitment: &Commitment) -> bool {
		commitment::opens(commitment, domain, context, &self.salt, self.content.as_bytes())
	}
}

impl std::fmt::Debug for Opening {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Opening({})", self.commitment)
	}
}

impl Client {
	/// Where what opens a commitment is kept, if there is a folder for it.
	pub fn opening_kept(&self, commitment: &Commitment) -> Option<PathBuf> {
		let folder = self.openings()?;
		Some(folder.join(format!("{}.json", hex::encode(commitment.0))))
	}

	/// What opens a commitment, if it is kept.
	pub(super) fn kept_opening(&self, commitment: &Commitment) -> Result<Option<Opening>, Error> {
		match self.opening_kept(commitment).filter(|path| path.exists()) {
			None => Ok(None),
			Some(path) => serde_json::from_slice(&files::read(&path, MAX_KEPT)?)
				.map(Some)
				.map_err(|error| Error::json("what opens a commitment", &error)),
		}
	}

	/// Puts a call on the ledger that commits to something. What opens it is kept first, and given up if the call is refused
	/// for good.
	///
	/// # Errors
	/// [`Error::File`] when it cannot be kept: then nothing was sent. Otherwise as [`Self::record`].
	pub(crate) async fn record_opened<P: Payload>(
		&self,
		call: &P,
		openings: &[&Opening],
	) -> Result<Recorded, Error> {
		self.keep_while(openings, self.record(call)).await
	}

	/// As [`Self::record_opened`], however the call is waited for.
	pub(super) async fn keep_while(
		&self,
		openings: &[&Opening],
		recording: impl Future<Output = Result<Recorded, Error>>,
	) -> Result<Recorded, Error> {
		let mut kept = Vec::with_capacity(openings.len());
		for opening in openings {
			let Some(path) = self.opening_kept(&opening.commitment) else { continue };
			let json = serde_json::to_vec_pretty(opening);
			let json = json.map_err(|error| Error::input(error.to_string()))?;
			// Of an earlier attempt it is the same: what opens a commitment is one.
			if !path.exists() {
				files::write_private(&path, &json)?;
			}
			kept.push(path);
		}
		let outcome = recording.await;
		if outcome.as_ref().is_err_and(|error| !error.is_retryable()) {
			kept.iter().try_for_each(|path| files::remove(path))?;
		}
		outcome
	}
}
