//! Serving what the recipient signed off the ledger: requests that go there with their answers, and broken glasses while
//! the ledger takes nothing.
//!
//! Each request is considered as if it stood on the ledger. If every one is to be served, they go there in one transaction; else
//! those that are go there singly, and of the others the ledger learns nothing.

use super::{
	holder::{sent, Answer},
	store::{Case, Decision, Payload},
	Due, Gateway,
};
use crate::{
	client::View,
	content::Body,
	error::Rejection,
	exchange::{Asked, Countersigned, EmergencyAnswer, EmergencyRequest},
	files,
	transfer::MAX_PART,
	Error,
};
use curex_primitives::{transfer::Part, Commitment, Exchange, ExchangeId};
use serde::Serialize;

/// What came of a request that was handed over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
	/// It is on the ledger, and its payload at the node or on the way there.
	Served,
	/// It is on the ledger from before, and goes on as it stands there.
	Known,
	/// It is not to be served, or a person has to look at it, for this reason. The ledger does not have it.
	Withheld(String),
	/// The ledger did not take it.
	Rejected(Rejection),
}

impl Gateway {
	/// Serves requests that their recipient signed. What was sealed is in the store before the ledger hears of it.
	///
	/// # Errors
	/// [`Error::WrongChain`], [`Error::Input`] and [`Error::Sealed`] when the requests are not for this organisation, have
	/// expired, or are not as they were signed: then nothing is served. [`Error::Rejected`] when the ledger takes none.
	/// Otherwise as [`crate::Client::submit`].
	pub async fn serve_countersigned(
		&self,
		requests: &Countersigned,
	) -> Result<Vec<(ExchangeId, Service)>, Error> {
		let asked = self.client.check_countersigned(requests, self.organisation).await?;
		let mut outcomes = Vec::with_capacity(asked.len());
		let mut ready = Vec::new();
		for asked in asked {
			outcomes.push((asked.id, Service::Known));
			if self.client.exchange(asked.id, View::Best).await?.is_some() {
				self.store().see([due(asked.id)], None)?;
				continue;
			}
			match self.ready(due(asked.id), &asked.exchange, &asked.envelope).await? {
				Ok((case, payload)) => ready.push((asked, case, payload)),
				Err(reason) => {
					if let Some((_, outcome)) = outcomes.last_mut() {
						*outcome = Service::Withheld(reason);
					}
				},
			}
		}
		let served = match ready.len() == outcomes.len() {
			true => self.serve_all(requests, ready).await?,
			false => self.serve_each(requests, ready).await?,
		};
		for (id, outcome) in served {
			if let Some(entry) = outcomes.iter_mut().find(|(known, _)| *known == id) {
				entry.1 = outcome;
			}
		}
		Ok(outcomes)
	}

	/// Answers a broken glass that its requester signed while the ledger takes nothing. Once the request is on the ledger
	/// ([`crate::Client::record_emergency`]), the gateway that serves dispatches the same payload.
	///
	/// # Errors
	/// [`Error::Input`] and [`Error::Sealed`] when the request is not for this organisation, not of this day, or not as it
	/// was signed; [`Error::Input`] with the reason when it is not to be served.
	pub async fn answer_emergency(
		&self,
		request: &EmergencyRequest,
	) -> Result<EmergencyAnswer, Error> {
		let (exchange, envelope) = self.client.check_emergency(request, self.organisation).await?;
		let id = request.exchange();
		let due = Due { exchange: id, urgent: true };
		match self.ready(due, &exchange, &envelope).await? {
			Ok((_, payload)) => {
				// A summary, which fits into a file that is handed over.
				let sealed = files::read(&payload.file, MAX_PART)?;
				Ok(EmergencyAnswer { exchange: id, sealed: hex::encode(sealed) })
			},
			Err(reason) => Err(Error::input(format!("it is not served: {reason}"))),
		}
	}

	/// The sealed answer to a request, or why it is withheld.
	async fn ready(
		&self,
		due: Due,
		exchange: &Exchange,
		envelope: &[u8],
	) -> Result<Result<(Case, Payload), String>, Error> {
		let id = due.exchange;
		self.store().see([due], None)?;
		self.store().keep_envelope(id, envelope)?;
		let case = self.store().case(id)?.ok_or_else(|| Error::Store("a case is gone".into()))?;
		if let Some(payload) = case.payload.clone() {
			return Ok(Ok((case, payload)));
		}
		let decide = |decision, reason: &str| self.store().decide(id, decision, reason);
		match self.consider(&case, exchange).await? {
			Answer::Serve(document, key) => {
				decide(Decision::Serve, "")?;
				let document = Body::Bytes(&document);
				let payload = self.seal_payload(sent(id, exchange), document, &key).await?;
				Ok(Ok((case, payload)))
			},
			Answer::Refuse(reason) => {
				decide(Decision::Refuse, reason)?;
				Ok(Err(reason.into()))
			},
			Answer::Person(reason) => {
				decide(Decision::Person, reason)?;
				Ok(Err(reason.into()))
			},
		}
	}

	async fn serve_all(
		&self,
		requests: &Countersigned,
		ready: Vec<(Asked, Case, Payload)>,
	) -> Result<Vec<(ExchangeId, Service)>, Error> {
		let payloads: Vec<Commitment> =
			ready.iter().map(|(asked, _, payload)| commitment(asked.id, payload)).collect();
		let outcome = self.client.serve_all_countersigned(requests, &payloads).await?;
		let mut served = Vec::with_capacity(ready.len());
		for ((_, case, payload), item) in ready.into_iter().zip(outcome.items) {
			served.push((case.id, self.served(case, payload, item).await?));
		}
		Ok(served)
	}

	async fn serve_each(
		&self,
		requests: &Countersigned,
		ready: Vec<(Asked, Case, Payload)>,
	) -> Result<Vec<(ExchangeId, Service)>, Error> {
		// All are on their way before the first is waited for.
		let mut submitted = Vec::with_capacity(ready.len());
		for (asked, case, payload) in ready {
			let payload_commitment = commitment(asked.id, &payload);
			let submission =
				self.client.serve_one_countersigned(requests, &asked, payload_commitment).await?;
			submitted.push((case, payload, submission));
		}
		let mut served = Vec::with_capacity(submitted.len());
		for (case, payload, mut submission) in submitted {
			let item = match submission.finalized().await {
				Ok(_) => Ok(()),
				Err(Error::Rejected(rejection)) => Err(rejection),
				Err(error) => return Err(error),
			};
			served.push((case.id, self.served(case, payload, item).await?));
		}
		Ok(served)
	}

	/// Leaves the payload of a request that the ledger took at the node.
	async fn served(
		&self,
		case: Case,
		payload: Payload,
		item: Result<(), Rejection>,
	) -> Result<Service, Error> {
		let id = case.id;
		match item {
			Ok(()) => {
				let case = Case { payload: Some(payload), ..case };
				if let Err(error) = self.deposit_payload(&case).await {
					// The gateway that serves tries again.
					tracing::warn!(exchange = %id, code = error.code(), %error, "not left at the node yet");
					self.store().failed(id)?;
				}
				Ok(Service::Served)
			},
			Err(rejection) if rejection.is_already_recorded() => Ok(Service::Known),
			Err(rejection) => {
				// Should the recipient put its request on the ledger itself, it is looked at as any other.
				self.store().decide(id, Decision::Open, "")?;
				Ok(Service::Rejected(rejection))
			},
		}
	}
}

const fn due(exchange: ExchangeId) -> Due {
	Due { exchange, urgent: false }
}

fn commitment(id: ExchangeId, payload: &Payload) -> Commitment {
	payload.manifest.commitment(Part::Payload, &id)
}
