//! Packages that a gateway assesses by itself: those that it sends and those that it received.
//!
//! What assesses them is handed in ([`Assessor`]). It runs beside the exchange, one package after the other: what is sent
//! is on its way meanwhile, what came is acknowledged before, and nothing waits for it or is altered by it. What it said is
//! attached as a person would attach it ([`super::assessment`]), and attested as soon as the ledger takes it. That it failed is
//! an entry of the worklist, and nothing else.

use super::{assessment, Gateway, Store};
use crate::{
	client::{Client, View},
	content::Body,
	error::Rejection,
	keys::EncryptionKey,
	time, Error,
};
use curex_primitives::{Exchange, ExchangeId, Gate, Moment, OrganisationId};
use serde_json::{json, Value};
use sp_crypto_hashing::sha2_256;
use std::{
	fmt,
	panic::{catch_unwind, AssertUnwindSafe},
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use tokio::{sync::Semaphore, task::JoinHandle};

/// How long to wait between two looks at what could be attested.
const PAUSE: Duration = Duration::from_secs(10);

/// Packages that wait to be assessed; of more it is only told that they were not.
const MOST_WAITING: usize = 64;

/// What is of no exchange on the ledger by then is attested no more.
const GIVEN_UP: Moment = 7 * time::DAY;

/// A package that is assessed.
#[derive(Clone, Copy)]
pub struct Package<'a> {
	/// What is exchanged.
	pub content: &'a [u8],
	/// The other side.
	pub partner: OrganisationId,
	/// Whether it is about somebody whom it names on purpose: all but data under a permit.
	pub identified: bool,
}

/// What assesses packages for a gateway.
pub trait Assessor: Send + Sync {
	/// Assesses a package. The result is as `curex-agent package` prints it; nothing if there is nothing to say of such
	/// content.
	///
	/// # Errors
	/// What was in the way, in words that name nobody.
	fn assess(&self, package: &Package<'_>) -> Result<Option<Value>, String>;
}

/// The assessor of a gateway, and what it is at.
pub(super) struct Assessing {
	assessor: Arc<dyn Assessor>,
	/// One package at a time: the machine is there for the exchanges.
	turn: Semaphore,
	under_way: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Assessing {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str("Assessing")
	}
}

/// Whose package it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passing {
	pub(super) id: ExchangeId,
	pub(super) gate: Gate,
	pub(super) partner: OrganisationId,
}

/// Content that outlives its exchange's step.
enum Kept {
	Bytes(Vec<u8>),
	File(PathBuf),
}

impl Gateway {
	/// The same gateway, which has every package that it sends or receives assessed from now on.
	#[must_use]
	pub fn with_assessor(self, assessor: Arc<dyn Assessor>) -> Self {
		let (turn, under_way) = (Semaphore::new(1), Mutex::default());
		Self { assessing: Some(Arc::new(Assessing { assessor, turn, under_way })), ..self }
	}

	/// Has a package assessed that was received into a file, as [`crate::Client::receive_file`] does, and attests what was
	/// said. Without an assessor it does nothing.
	///
	/// # Errors
	/// [`Error::NotFound`] when the ledger has no such exchange, [`Error::Connection`]. That the assessment failed is none:
	/// the worklist tells it.
	pub async fn assess_received(&self, id: ExchangeId, document: &Path) -> Result<(), Error> {
		if self.assessing.is_none() {
			return Ok(());
		}
		let exchange = self.client.exchange(id, View::Best).await?;
		let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
		let Exchange { gate, holder, .. } = exchange;
		self.assess(Passing { id, gate, partner: holder }, document.into());
		self.finish_assessments().await;
		Ok(())
	}

	/// Waits for the assessments that are under way, and attests what the ledger takes by now. A gateway that runs does it
	/// by itself. What fails is told in the log: the exchanges went on without.
	pub async fn finish_assessments(&self) {
		if let Some(assessing) = &self.assessing {
			let tasks = std::mem::take(&mut *lock(&assessing.under_way));
			for task in tasks {
				// What it was at is in the store, or its process is ending.
				let _ = task.await;
			}
		}
		if let Err(error) = self.attest_assessed().await {
			tracing::warn!(code = error.code(), %error, "assessments are not attested yet");
		}
	}

	/// Has a package assessed in the background, if there is an assessor.
	pub(super) fn assess(&self, passing: Passing, content: Body<'_>) {
		let Some(assessing) = self.assessing.clone() else { return };
		let content = match content {
			Body::Bytes(bytes) => Kept::Bytes(bytes.to_vec()),
			Body::File(path) => Kept::File(path.to_owned()),
		};
		let mut under_way = lock(&assessing.under_way);
		under_way.retain(|task| !task.is_finished());
		if under_way.len() >= MOST_WAITING {
			drop(under_way);
			let kept = self.note_failure(passing.id, &[], "too many packages came at once");
			return told(passing.id, kept);
		}
		let (gateway, at_work) = (self.clone(), assessing.clone());
		under_way.push(tokio::spawn(async move {
			// Those that wait take no thread that sealing may need.
			let Ok(_turn) = at_work.turn.acquire().await else { return };
			let assessor = at_work.assessor.clone();
			let work = move || {
				told(passing.id, gateway.note(assessor.as_ref(), passing, &content));
			};
			// It does not panic, or is cut off with its process.
			let _ = tokio::task::spawn_blocking(work).await;
		}));
	}

	/// Assesses a package and keeps what was said of it, or that it failed.
	fn note(&self, assessor: &dyn Assessor, passing: Passing, content: &Kept) -> Result<(), Error> {
		let body = match content {
			Kept::Bytes(bytes) => Body::Bytes(bytes),
			Kept::File(path) => Body::File(path),
		};
		let content = match body.in_memory() {
			Ok(Ok(content)) => content,
			// Larger than FHIR data may be: an image or a message.
			Ok(Err(_)) => return Ok(()),
			Err(_) => {
				return self.note_failure(passing.id, &[], "the package is not there any more")
			},
		};
		let identified = !matches!(passing.gate, Gate::Permit { .. });
		let package = Package { content: &content, partner: passing.partner, identified };
		let said = catch_unwind(AssertUnwindSafe(|| assessor.assess(&package)));
		match said.unwrap_or_else(|_| Err("the assessment panicked".into())) {
			Ok(None) => Ok(()),
			Err(reason) => self.note_failure(passing.id, &content, &reason),
			Ok(Some(result)) => {
				let (client, key) = (&self.client, &self.setup.key);
				let result = result.to_string().into_bytes();
				match assessment::keep(client, self.store(), key, passing.id, &result, &content) {
					Ok(digest) => self.store().await_attestation(passing.id, digest),
					Err(Error::Input(reason)) => self.note_failure(passing.id, &content, &reason),
					Err(error) => Err(error),
				}
			},
		}
	}

	fn note_failure(&self, id: ExchangeId, content: &[u8], reason: &str) -> Result<(), Error> {
		tracing::warn!(exchange = %id, reason, "its package was not assessed");
		let told = json!({ "sha256": hex::encode(sha2_256(content)), "failed": reason });
		let (key, genesis) = (&self.setup.key, self.client.genesis());
		assessment::keep_failure(self.store(), key, genesis, id, &told)
	}

	/// Looks again and again whether the ledger takes what was assessed.
	pub(super) async fn attest_again(&self) -> Result<(), Error> {
		loop {
			self.attest_assessed().await?;
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Attests what was assessed, where the ledger takes it by now. What fails is tried again.
	async fn attest_assessed(&self) -> Result<(), Error> {
		for (id, digest, noted) in self.store().unattested()? {
			match self.attest_one(id, digest, noted).await {
				Ok(true) => self.store().attestation_settled(id)?,
				Ok(false) => (),
				Err(error @ Error::Store(_)) => return Err(error),
				Err(error) => {
					tracing::warn!(exchange = %id, code = error.code(), %error, "not attested yet");
				},
			}
		}
		Ok(())
	}

	/// Attests one result. Tells whether there is nothing more to do about it.
	async fn attest_one(
		&self,
		id: ExchangeId,
		digest: [u8; 32],
		noted: Moment,
	) -> Result<bool, Error> {
		let Some(exchange) = self.client.exchange(id, View::Best).await? else {
			return Ok(time::now().saturating_sub(noted) > GIVEN_UP);
		};
		let side = exchange.side_of(self.organisation);
		if !side.is_some_and(|side| exchange.has_package(side, exchange.state)) {
			return Ok(side.is_none() || exchange.state.is_final());
		}
		let (client, key): (&Client, &EncryptionKey) = (&self.client, &self.setup.key);
		let store: &Store = self.store();
		let Some(result) = assessment::result(store, key, client.genesis(), id, digest)? else {
			return Ok(true);
		};
		match assessment::attest(client, key, id, &result).await {
			Ok(_) => Ok(true),
			// A person attested another one before.
			Err(Error::Input(_)) => Ok(true),
			Err(Error::Rejected(Rejection { name, .. })) if name == "AlreadyDone" => Ok(true),
			Err(error) => Err(error),
		}
	}
}

/// Tells the log if what came of an assessment is not kept. Nothing else follows from it.
fn told(exchange: ExchangeId, kept: Result<(), Error>) {
	if let Err(error) = kept {
		tracing::warn!(%exchange, code = error.code(), %error, "the assessment was not kept");
	}
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
	// What a panic left is whole: it is replaced at once or not at all.
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
