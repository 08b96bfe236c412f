//! Broken glasses while the ledger takes nothing: the own node answers, no block comes.
//!
//! The requester signs its request, and hands it over by whatever way there is. The holder checks it against what its own
//! node knows, and hands back the sealed document. Within a day, once blocks come again, either side puts the request on
//! the ledger; from there on it is a broken glass like any other, with its delivery, receipt and review.

use super::{check_delivered, exchange_id, Kind, Pending};
use crate::{
	client::{Client, View},
	fhir::{Defect, Document},
	keys::{is_signed_in, Scheme},
	ledger::curex,
	seal,
	submission::Submission,
	time, Error,
};
use curex_primitives::{
	exchange::{check_emergency_moment, emergency_message, SignedMoment},
	transfer::{Manifest, Part},
	Commitment, Direction, Duty, EmergencySignature, Exchange, ExchangeId, ExchangeProposal,
	Moment, OrganisationId,
};
use serde::{Deserialize, Serialize};

/// A signed request, to be handed to the holder. Its envelope is sealed to the holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EmergencyRequest {
	/// Hash of the ledger's first block.
	#[serde(with = "crate::hexadecimal")]
	ledger: [u8; 32],
	/// Who breaks the glass.
	recipient: OrganisationId,
	#[serde(with = "crate::hexadecimal")]
	key: [u8; 32],
	proposal: ExchangeProposal,
	/// Commitment to the reason in words, which stays with the requester for the review.
	evidence: Commitment,
	/// The account that signed (sr25519): a delegate of the requester with the duty for emergencies.
	#[serde(with = "crate::hexadecimal")]
	signer: [u8; 32],
	/// When the glass was broken.
	moment: Moment,
	#[serde(with = "crate::hexadecimal")]
	signature: [u8; 64],
	#[serde(with = "crate::hexadecimal")]
	envelope_salt: [u8; 32],
	/// In hexadecimal.
	envelope: String,
}

/// The holder's answer, to be handed back. The document is sealed to the requester.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EmergencyAnswer {
	/// The exchange.
	pub exchange: ExchangeId,
	/// The sealed document, in hexadecimal.
	pub(crate) sealed: String,
}

impl std::fmt::Debug for EmergencyRequest {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "EmergencyRequest({})", self.exchange())
	}
}

impl std::fmt::Debug for EmergencyAnswer {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "EmergencyAnswer({})", self.exchange)
	}
}

impl EmergencyRequest {
	/// Reads a request from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the request", &error))
	}

	/// The exchange.
	pub fn exchange(&self) -> ExchangeId {
		exchange_id(self.recipient, &self.key)
	}

	fn message(&self) -> [u8; 48] {
		let Self { ledger, recipient, key, proposal, evidence, moment, .. } = self;
		emergency_message(ledger, *recipient, key, proposal, *evidence, *moment)
	}

	/// Checks all that can be seen without the ledger at `now`. Gives the exchange as it will stand there, and the sealed
	/// envelope.
	pub(crate) fn check(
		&self,
		ledger: [u8; 32],
		holder: OrganisationId,
		now: Moment,
	) -> Result<(Exchange, Vec<u8>), Error> {
		if self.ledger != ledger {
			let [expected, found] = [self.ledger, ledger].map(hex::encode);
			return Err(Error::WrongChain { expected, found });
		}
		if self.proposal.partner != holder {
			return Err(Error::input("it is asked of another organisation"));
		}
		self.proposal
			.check_break_glass(self.recipient)
			.map_err(|defect| Error::input(format!("the ledger would refuse it: {defect:?}")))?;
		match check_emergency_moment(self.moment, now) {
			SignedMoment::Recent => (),
			SignedMoment::TooLate => return Err(Error::input("it was signed more than a day ago")),
			SignedMoment::Ahead => {
				return Err(Error::input("it is signed for a moment to come: check the clocks"));
			},
		}
		if !is_signed_in(Scheme::Sr25519, &self.signer, &self.message(), &self.signature) {
			return Err(Error::Sealed("it is not signed by the account it names"));
		}
		let sealed = hex::decode(&self.envelope)
			.map_err(|_| Error::input("the request: `envelope` is not hexadecimal"))?;
		let commitment =
			Manifest::of(self.envelope_salt, &sealed).commitment(Part::Envelope, &self.exchange());
		if commitment != self.proposal.envelope {
			return Err(Error::Sealed("it is not the envelope that the request is committed to"));
		}
		Ok((Exchange::proposed(self.recipient, Direction::Pull, &self.proposal), sealed))
	}
}

impl EmergencyAnswer {
	/// Reads an answer from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the answer", &error))
	}
}

impl Client {
	/// Signs a broken glass that was prepared ([`Client::prepare_request`]); nothing is sent.
	///
	/// # Errors
	/// [`Error::Input`] when it is no broken glass, or the account lacks the duty; [`Error::Key`] when the account is not
	/// sr25519, which alone the ledger checks.
	pub async fn sign_emergency(&self, pending: &Pending) -> Result<EmergencyRequest, Error> {
		let Kind::BreakGlass { evidence, .. } = &pending.kind else {
			return Err(Error::input("broken glasses alone are recorded afterwards"));
		};
		let signer = self.signer()?;
		if signer.scheme() != Scheme::Sr25519 {
			return Err(Error::Key("the ledger takes such signatures of sr25519 accounts".into()));
		}
		let delegate = self.own_delegate().await?;
		if !delegate.duties.contains(Duty::Emergency) {
			return Err(Error::input("the account lacks the duty `emergency`"));
		}
		let mut request = EmergencyRequest {
			ledger: self.genesis(),
			recipient: delegate.organisation,
			key: pending.key,
			proposal: pending.proposal.clone(),
			evidence: evidence.commitment,
			signer: signer.account(),
			moment: time::now(),
			signature: [0; 64],
			envelope_salt: pending.envelope_salt,
			envelope: pending.envelope.clone(),
		};
		request.signature = signer.sign(&request.message())?;
		Ok(request)
	}

	/// Checks a request that was handed over, as its holder, against what the own node knows.
	pub(crate) async fn check_emergency(
		&self,
		request: &EmergencyRequest,
		holder: OrganisationId,
	) -> Result<(Exchange, Vec<u8>), Error> {
		let checked = request.check(self.genesis(), holder, time::now())?;
		let delegate = self.delegate(request.signer, View::Best).await?;
		let speaks = delegate.is_some_and(|delegate| {
			delegate.organisation == request.recipient && delegate.duties.contains(Duty::Emergency)
		});
		match speaks {
			true => Ok(checked),
			false => Err(Error::Sealed("it was not signed by a delegate of the requester")),
		}
	}

	/// Opens the holder's answer to a broken glass of one's own. The receipt goes on the ledger later, with
	/// [`Client::receive`].
	///
	/// # Errors
	/// [`Error::Input`] when it answers something else, [`Error::Sealed`] when it does not open.
	pub fn open_emergency(
		&self,
		pending: &Pending,
		answer: &EmergencyAnswer,
	) -> Result<Result<Document, Defect>, Error> {
		if answer.exchange != pending.id() {
			return Err(Error::input("it is the answer to another request"));
		}
		let sealed = hex::decode(&answer.sealed)
			.map_err(|_| Error::input("the answer: `sealed` is not hexadecimal"))?;
		let purpose = seal::Purpose::Part(self.genesis(), pending.id(), Part::Payload);
		let bytes = seal::open(&pending.secret()?, purpose, &sealed)?;
		Ok(check_delivered(&bytes, pending.patient()))
	}

	/// Puts a signed request on the ledger, as either side, within a day. Doing it again is safe.
	///
	/// # Errors
	/// As [`Client::submit`].
	pub async fn record_emergency(&self, request: &EmergencyRequest) -> Result<Submission, Error> {
		let EmergencyRequest { signer, signature, moment, .. } = *request;
		let call = curex::tx().exchange().record_emergency(
			request.key,
			request.recipient.into(),
			request.proposal.clone().into(),
			request.evidence.into(),
			EmergencySignature { signer, signature, moment }.into(),
		);
		self.submit_own(&call).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Signer;
	use curex_primitives::{Categories, Gate, Ground, Purpose};

	const LEDGER: [u8; 32] = [1; 32];
	const HOLDER: OrganisationId = OrganisationId(1);
	const MOMENT: Moment = 1_700_000_000_000;

	fn request() -> EmergencyRequest {
		let bob = Signer::development("//Bob").unwrap();
		let (recipient, key) = (OrganisationId(2), [3; 32]);
		let (envelope_salt, envelope) = ([4; 32], [5; 9]);
		let id = exchange_id(recipient, &key);
		let mut request = EmergencyRequest {
			ledger: LEDGER,
			recipient,
			key,
			proposal: ExchangeProposal {
				partner: HOLDER,
				gate: Gate::BreakGlass(Ground::Unconscious),
				purpose: Purpose::EmergencyTreatment,
				categories: Categories::all(),
				border: None,
				envelope: Manifest::of(envelope_salt, &envelope).commitment(Part::Envelope, &id),
				recipient_key: Commitment([6; 32]),
			},
			evidence: Commitment([7; 32]),
			signer: bob.account(),
			moment: MOMENT,
			signature: [0; 64],
			envelope_salt,
			envelope: hex::encode(envelope),
		};
		request.signature = bob.sign(&request.message()).unwrap();
		request
	}

	#[test]
	fn a_signed_emergency_comes_back_from_its_file_as_it_was_signed() {
		let request = request();
		let json = serde_json::to_vec(&request).unwrap();
		assert_eq!(EmergencyRequest::from_json(&json).unwrap(), request);
		let (exchange, envelope) = request.check(LEDGER, HOLDER, MOMENT + 1).unwrap();
		assert_eq!((exchange.holder, envelope), (HOLDER, vec![5; 9]));
		for rubbish in ["", "{}", "[1]", "null"] {
			let read = EmergencyRequest::from_json(rubbish.as_bytes());
			assert!(matches!(read, Err(Error::Input(_))), "{rubbish}");
			assert!(EmergencyAnswer::from_json(rubbish.as_bytes()).is_err(), "{rubbish}");
		}
		assert_eq!(format!("{request:?}"), format!("EmergencyRequest({})", request.exchange()));
	}

	#[test]
	fn an_emergency_that_was_altered_or_is_not_of_this_day_is_refused() {
		let refused = |change: fn(&mut EmergencyRequest)| {
			let mut request = request();
			change(&mut request);
			request.check(LEDGER, HOLDER, MOMENT + 1).is_err()
		};
		assert!(!refused(|_| ()));
		assert!(refused(|request| request.moment -= 1));
		assert!(refused(|request| request.evidence = Commitment([8; 32])));
		assert!(refused(|request| request.recipient = OrganisationId(7)));
		assert!(refused(|request| request.key = [9; 32]));
		assert!(refused(|request| request.envelope = "00".into()));
		assert!(refused(|request| request.proposal.gate = Gate::BreakGlass(Ground::Other)));
		assert!(refused(|request| request.ledger = [9; 32]));
		assert!(refused(|request| request.signature[0] ^= 1));
		let at = |now| request().check(LEDGER, HOLDER, now).is_ok();
		assert!(!at(MOMENT - 1), "nobody signs ahead");
		assert!(!at(MOMENT + 25 * 3_600_000));
		assert!(request().check(LEDGER, OrganisationId(9), MOMENT + 1).is_err());
	}
}
