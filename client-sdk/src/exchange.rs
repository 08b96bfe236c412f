//! Exchanges from the side that begins them: requests, offers and break-glass.
//!
//! What was begun is kept as a [`Pending`] before anything is submitted, so that a crash loses nothing and submitting
//! again records nothing twice: the exchange's handle derives from a key that the pending exchange holds.

mod batch;
mod countersigned;
mod data_request;
mod emergency;
mod follow_up;
mod held;
mod idempotency;
mod listing;
mod opening;
mod receiving;
mod subscription;

pub use batch::{BatchOutcome, Found, MAX_ITEMS};
pub(crate) use countersigned::Asked;
pub use countersigned::Countersigned;
pub use data_request::DataRequestSpec;
pub use emergency::{EmergencyAnswer, EmergencyRequest};
pub use follow_up::By;
pub use held::HeldKey;
pub use idempotency::{IdempotencyKey, Once};
pub use opening::Opening;
pub use receiving::Delivery;
use receiving::{acknowledgement_of, check_delivered, receipt_of};
pub(crate) use receiving::{Incoming, Wait};
pub(crate) use subscription::PreparedDelivery;
pub use subscription::{PendingSubscription, SubscriptionEnvelope, SubscriptionSpec};

use crate::{
	client::{Client, View},
	content::Body,
	envelope::{CareRelationship, Envelope, Professional, RecipientKey},
	fhir::PatientIdentification,
	keys::EncryptionKey,
	ledger::curex,
	receipt::random,
	seal,
	subject::Subject,
	submission::{Recorded, Submission},
	Error,
};
use curex_primitives::{
	commitment::Domain,
	exchange::exchange_id,
	subscription::subscription_id,
	transfer::{Manifest, Part},
	Border, Categories, Commitment, Country, Direction, ExchangeId, ExchangeProposal, Gate,
	OrganisationId, Purpose, ReleaseReason, ReviewVerdict, TransferTool,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long to wait between two looks at an exchange.
const PAUSE: Duration = Duration::from_secs(1);

/// What is asked for or offered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
	/// The other side: the holder of a request, the recipient of an offer.
	pub partner: OrganisationId,
	/// On what it rests.
	pub gate: Gate,
	/// Why.
	pub purpose: Purpose,
	/// Which categories.
	pub categories: Categories,
	/// The border that the data cross, if the two are in different countries. Within the European Economic Area it need
	/// not be stated.
	#[serde(default)]
	pub border: Option<Border>,
	/// Whom it is about.
	pub patient: PatientIdentification,
	/// Who asks or offers in person.
	pub professional: Professional,
	/// On which relation to the patient.
	pub care_relationship: CareRelationship,
}

impl Spec {
	/// Reads a spec from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the spec", &error))
	}
}

/// What goes into proposal and envelope.
struct Outline {
	partner: OrganisationId,
	gate: Gate,
	purpose: Purpose,
	categories: Categories,
	border: Option<Border>,
	/// Nobody under a permit for secondary use.
	patient: Option<PatientIdentification>,
	professional: Professional,
	care_relationship: CareRelationship,
	/// Gives the exchange its handle.
	key: [u8; 32],
}

impl Outline {
	/// An exchange about one patient.
	fn of_one(spec: &Spec) -> Result<Self, Error> {
		if matches!(spec.gate, Gate::Permit { .. }) {
			return Err(Error::input(
				"under a permit nobody's data are asked for by name: use a data request (`curex permit request`)",
			));
		}
		let Spec { partner, gate, purpose, categories, border, .. } = *spec;
		Ok(Self {
			partner,
			gate,
			purpose,
			categories,
			border,
			patient: Some(spec.patient.clone()),
			professional: spec.professional.clone(),
			care_relationship: spec.care_relationship,
			key: random(),
		})
	}

	/// The same, with the handle that stands for an idempotency key.
	fn under(self, key: Option<&IdempotencyKey>) -> Self {
		Self { key: key.map_or(self.key, IdempotencyKey::handle_key), ..self }
	}
}

/// An exchange that this side began, with everything needed to see it through. Holds the secret that opens the
/// data; at rest it is sealed ([`Pending::seal`]).
#[derive(Serialize, Deserialize)]
pub struct Pending {
	id: ExchangeId,
	#[serde(with = "crate::hexadecimal")]
	key: [u8; 32],
	kind: Kind,
	proposal: ExchangeProposal,
	#[serde(with = "crate::hexadecimal")]
	envelope_salt: [u8; 32],
	envelope: String,
	/// Nobody under a permit for secondary use.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	subject: Option<Subject>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
	Request { secret: Secret },
	BreakGlass { secret: Secret, evidence: Opening },
	Offer { document: Digest },
}

/// BLAKE2b-256 of what is offered, by which it is known again.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Digest(#[serde(with = "crate::hexadecimal")] [u8; 32]);

#[derive(Serialize, Deserialize)]
struct Secret(#[serde(with = "crate::hexadecimal")] [u8; 32]);

impl Drop for Secret {
	fn drop(&mut self) {
		zeroize::Zeroize::zeroize(&mut self.0);
	}
}

impl std::fmt::Debug for Pending {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Pending({})", self.id)
	}
}

impl Pending {
	/// The exchange's handle.
	pub fn id(&self) -> ExchangeId {
		self.id
	}

	/// On what it rests.
	pub fn gate(&self) -> Gate {
		self.proposal.gate
	}

	/// The other side.
	pub fn partner(&self) -> OrganisationId {
		self.proposal.partner
	}

	/// Whom it is about, to be kept beyond its end; nobody under a permit for secondary use.
	pub fn subject(&self) -> Option<&Subject> {
		self.subject.as_ref()
	}

	/// The patient whose document is expected.
	fn patient(&self) -> Option<&PatientIdentification> {
		self.subject.as_ref().map(|subject| &subject.patient)
	}

	/// Seals it to the organisation's own encryption key, for keeping.
	///
	/// # Errors
	/// [`Error::Key`] when the key cannot be used.
	pub fn seal(&self, own_key: &[u8; 32], genesis: [u8; 32]) -> Result<Vec<u8>, Error> {
		let json = Zeroizing::new(
			serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?,
		);
		seal::seal(own_key, seal::Purpose::Keepsake(genesis, self.id), &json)
	}

	/// Opens what [`Self::seal`] made.
	///
	/// # Errors
	/// [`Error::Sealed`].
	pub fn open(
		sealed: &[u8],
		own_key: &EncryptionKey,
		genesis: [u8; 32],
		id: ExchangeId,
	) -> Result<Self, Error> {
		let json = seal::open(own_key, seal::Purpose::Keepsake(genesis, id), sealed)?;
		serde_json::from_slice(&json)
			.map_err(|_| Error::Sealed("the pending exchange is not readable"))
	}

	fn envelope(&self) -> Result<Vec<u8>, Error> {
		hex::decode(&self.envelope)
			.map_err(|_| Error::Sealed("the pending exchange is not readable"))
	}

	fn secret(&self) -> Result<EncryptionKey, Error> {
		match &self.kind {
			Kind::Request { secret } | Kind::BreakGlass { secret, .. } => {
				Ok(EncryptionKey::from_bytes(secret.0))
			},
			Kind::Offer { .. } => Err(Error::input("an offer receives nothing")),
		}
	}
}

impl Client {
	/// Prepares a request; nothing is sent. With a gate of break-glass, `evidence` says why, for the review.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse its form, [`Error::NotFound`] when the partner is no member,
	/// [`Error::Connection`].
	pub async fn prepare_request(
		&self,
		spec: &Spec,
		evidence: Option<&str>,
	) -> Result<Pending, Error> {
		self.prepare_request_under(spec, evidence, None).await
	}

	/// As [`Self::prepare_request`], with the handle that stands for an idempotency key, so that preparing it again is
	/// preparing the same exchange. What was prepared is to be kept: its secret is fresh each time.
	///
	/// # Errors
	/// As [`Self::prepare_request`].
	pub async fn prepare_request_under(
		&self,
		spec: &Spec,
		evidence: Option<&str>,
		key: Option<&IdempotencyKey>,
	) -> Result<Pending, Error> {
		let outline = Outline::of_one(spec)?.under(key);
		self.prepare_pull(&outline, |secret, id| match (spec.gate, evidence) {
			(Gate::BreakGlass(_), Some(text)) => Ok(Kind::BreakGlass {
				secret,
				evidence: Opening::new(Domain::BreakGlass, &id.0, text),
			}),
			(Gate::BreakGlass(_), None) => {
				Err(Error::input("breaking the glass needs a reason in words"))
			},
			(_, _) => Ok(Kind::Request { secret }),
		})
		.await
	}

	/// Prepares what pulls data, with a fresh key for them.
	async fn prepare_pull(
		&self,
		outline: &Outline,
		kind: impl FnOnce(Secret, ExchangeId) -> Result<Kind, Error>,
	) -> Result<Pending, Error> {
		let secret = EncryptionKey::generate();
		let recipient_key = RecipientKey { key: secret.public(), salt: random() };
		self.prepare(outline, Direction::Pull, |id| {
			Ok((kind(Secret(*secret.to_bytes()), id)?, Some(recipient_key)))
		})
		.await
	}

	/// Prepares an offer of a document; nothing is sent. With an idempotency key, preparing it again is preparing the same
	/// exchange; what was prepared is to be kept.
	///
	/// # Errors
	/// As [`Self::prepare_request`], and [`Error::File`] when the document cannot be read.
	pub async fn prepare_offer(
		&self,
		spec: &Spec,
		document: impl Into<Body<'_>>,
		key: Option<&IdempotencyKey>,
	) -> Result<Pending, Error> {
		let outline = Outline::of_one(spec)?.under(key);
		let document = Digest(document.into().digest()?);
		self.prepare(&outline, Direction::Push, |_| Ok((Kind::Offer { document }, None))).await
	}

	async fn prepare(
		&self,
		spec: &Outline,
		direction: Direction,
		kind: impl FnOnce(ExchangeId) -> Result<(Kind, Option<RecipientKey>), Error>,
	) -> Result<Pending, Error> {
		let own = self.own_delegate().await?.organisation;
		let partner = self.partner(spec.partner).await?;
		let border = match spec.border {
			Some(border) => Some(border),
			None => {
				let here = self.member(own, View::Best).await?.country;
				match direction {
					// The data leave from the holder.
					Direction::Pull => border_between(spec.gate, partner.country, here)?,
					Direction::Push => border_between(spec.gate, here, partner.country)?,
				}
			},
		};
		let key = spec.key;
		let id = exchange_id(own, &key);
		let (kind, recipient_key) = kind(id)?;
		let envelope = Envelope {
			patient: spec.patient.clone(),
			professional: spec.professional.clone(),
			care_relationship: spec.care_relationship,
			purpose: spec.purpose,
			recipient_key,
		};
		let subject = Subject::of(&envelope);
		let envelope =
			envelope.seal(self.signer()?, &partner.encryption_key, self.genesis(), id)?;
		let envelope_salt = random();
		let proposal = ExchangeProposal {
			partner: spec.partner,
			gate: spec.gate,
			purpose: spec.purpose,
			categories: spec.categories,
			border,
			envelope: Manifest::of(envelope_salt, &envelope).commitment(Part::Envelope, &id),
			recipient_key: recipient_key
				.map_or(Commitment([0; 32]), |recipient_key| recipient_key.commitment(&id)),
		};
		let checked = match kind {
			Kind::Request { .. } => proposal.check(own, Direction::Pull),
			Kind::BreakGlass { .. } => proposal.check_break_glass(own),
			Kind::Offer { .. } => proposal.check(own, Direction::Push),
		};
		checked
			.map_err(|defect| Error::input(format!("the ledger would refuse it: {defect:?}")))?;
		let envelope = hex::encode(envelope);
		Ok(Pending { id, key, kind, proposal, envelope_salt, envelope, subject })
	}

	/// Submits a pending exchange. Submitting again is safe.
	///
	/// # Errors
	/// As [`Self::submit`].
	pub async fn begin(&self, pending: &Pending) -> Result<Submission, Error> {
		let proposal = pending.proposal.clone().into();
		let calls = curex::tx().exchange();
		match &pending.kind {
			Kind::Request { .. } => self.submit_own(&calls.request(pending.key, proposal)).await,
			Kind::Offer { .. } => self.submit_own(&calls.offer(pending.key, proposal)).await,
			Kind::BreakGlass { evidence, .. } => {
				let evidence = evidence.commitment.into();
				self.submit_own(&calls.break_glass(pending.key, proposal, evidence)).await
			},
		}
	}

	/// Leaves a pending exchange's envelope at the node, for the partner to fetch.
	///
	/// # Errors
	/// As [`Self::deposit`].
	pub async fn deposit_envelope(&self, pending: &Pending) -> Result<(), Error> {
		let envelope = pending.envelope()?;
		self.deposit(pending.id, Part::Envelope, pending.envelope_salt, &envelope).await
	}

	/// Asks for data: prepares the request, submits it, and leaves its envelope at the node once a block holds it.
	///
	/// # Errors
	/// As [`Self::prepare_request`], [`Submission::in_block`] and [`Self::deposit`].
	pub async fn request(&self, spec: &Spec) -> Result<Pending, Error> {
		let pending = self.prepare_request(spec, None).await?;
		self.begin(&pending).await?.in_block().await?;
		self.deposit_envelope(&pending).await?;
		Ok(pending)
	}

	/// Releases a risk hold: a person at the holder accepts the recipient's risk for this exchange.
	///
	/// # Errors
	/// As [`Self::acknowledge`].
	pub async fn release(&self, id: ExchangeId, reason: ReleaseReason) -> Result<Recorded, Error> {
		let call = curex::tx().exchange().release(id.into(), reason.into());
		self.submit(&call).await?.finalized().await
	}

	/// Reviews another organisation's break-glass. The opening of the reasons is for the reviewer's file.
	///
	/// # Errors
	/// As [`Self::acknowledge`].
	pub async fn review(
		&self,
		id: ExchangeId,
		verdict: ReviewVerdict,
		reasons: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Review, &id.0, reasons);
		let call =
			curex::tx().exchange().review(id.into(), verdict.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}
}

/// The border between the country that supplies the data and the one of treatment; nothing if there is none, or if urgent
/// care crosses it. A border that needs more than the law of the European Economic Area has to be stated.
fn border_between(
	gate: Gate,
	affiliation: Country,
	treatment: Country,
) -> Result<Option<Border>, Error> {
	if affiliation == treatment || matches!(gate, Gate::BreakGlass(_)) {
		return Ok(None);
	}
	if !treatment.is_in_eea() {
		return Err(Error::input(format!(
			"the data would leave for {}, outside the European Economic Area: state the border and what allows it",
			treatment.as_str()
		)));
	}
	Ok(Some(Border { affiliation, treatment, tool: TransferTool::Eea }))
}

#[cfg(test)]
mod tests {
	use super::*;

	fn pending() -> Pending {
		let id = ExchangeId([2; 32]);
		Pending {
			id,
			key: [3; 32],
			kind: Kind::BreakGlass {
				secret: Secret([7; 32]),
				evidence: Opening::new(Domain::BreakGlass, &id.0, "unconscious, no relatives"),
			},
			proposal: ExchangeProposal {
				partner: OrganisationId(1),
				gate: Gate::BreakGlass(curex_primitives::Ground::Unconscious),
				purpose: Purpose::EmergencyTreatment,
				categories: Categories::all(),
				border: None,
				envelope: Commitment([1; 32]),
				recipient_key: Commitment([2; 32]),
			},
			envelope_salt: [4; 32],
			envelope: "00ff".into(),
			subject: Subject::of(&crate::envelope::tests::envelope()),
		}
	}

	#[test]
	fn a_pending_exchange_is_kept_sealed_and_comes_back_whole() {
		let key = EncryptionKey::generate();
		let sealed = pending().seal(&key.public(), [9; 32]).unwrap();
		let opened = Pending::open(&sealed, &key, [9; 32], ExchangeId([2; 32])).unwrap();
		assert_eq!(opened.key, [3; 32]);
		assert_eq!(opened.secret().unwrap().to_bytes().as_ref(), &[7; 32]);
		assert_eq!(opened.envelope().unwrap(), [0, 0xff]);
		assert_eq!(opened.subject, pending().subject);
		assert!(Pending::open(&sealed, &key, [8; 32], ExchangeId([2; 32])).is_err());
		assert!(Pending::open(&sealed, &key, [9; 32], ExchangeId([3; 32])).is_err());
		assert!(Pending::open(&sealed, &EncryptionKey::generate(), [9; 32], ExchangeId([2; 32]))
			.is_err());
	}

	#[test]
	fn a_pending_exchange_shows_neither_secret_nor_patient_in_debug() {
		let text = format!("{:?}", pending());
		assert_eq!(text, format!("Pending({})", ExchangeId([2; 32])));
	}

	#[test]
	fn a_spec_is_read_from_json_and_nothing_unknown_is_passed_over() {
		let json = serde_json::json!({
			"partner": 1,
			"gate": {"statutory": {"article6": "public-task", "article9": "health-care"}},
			"purpose": "treatment",
			"categories": ["patient-summary"],
			"patient": {
				"identifiers": [{"system": "urn:oid:1.2.3", "value": "4711"}],
				"family": "Papadopoulou",
				"birth-date": "1956-05-27",
			},
			"professional": {"identifier": "17", "name": "Dr. Georgiou", "role": "physician"},
			"care-relationship": "treating",
		});
		let spec = Spec::from_json(json.to_string().as_bytes()).unwrap();
		assert_eq!(spec.gate, Gate::Statutory(curex_primitives::LegalBasis::CARE));
		let mut unknown = json;
		unknown["urgent"] = true.into();
		assert!(matches!(Spec::from_json(unknown.to_string().as_bytes()), Err(Error::Input(_))));
	}

	#[test]
	fn a_border_is_stated_where_there_is_one() {
		let country = |code: &[u8; 2]| Country::new(*code).unwrap();
		let care = Gate::Statutory(curex_primitives::LegalBasis::CARE);
		let (greece, spain, brazil) = (country(b"GR"), country(b"ES"), country(b"BR"));
		assert_eq!(border_between(care, greece, greece).unwrap(), None);
		let border = border_between(care, greece, spain).unwrap().unwrap();
		assert_eq!((border.affiliation, border.treatment), (greece, spain));
		assert_eq!(border.tool, TransferTool::Eea);
		let error = border_between(care, greece, brazil).unwrap_err().to_string();
		assert!(error.contains("BR"), "{error}");
		let urgent = Gate::BreakGlass(curex_primitives::Ground::LifeThreat);
		assert_eq!(
			border_between(urgent, greece, brazil).unwrap(),
			None,
			"urgent care waits for no form"
		);
	}
}
