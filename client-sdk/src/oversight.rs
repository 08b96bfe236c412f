//! Oversight: inquiries of authorities and the disclosures that answer them, the breach register, holds, how often access
//! logs are anchored.
//!
//! A disclosure never lies on the ledger. Whoever is asked seals what is asked for to the authority's encryption key and
//! hands the file over; the ledger gets a commitment, so that the authority can show later what it was given, and the
//! organisation what it gave.

use crate::{
	client::{Client, View},
	exchange::Opening,
	keys::EncryptionKey,
	ledger::{curex, Event},
	receipt::random,
	seal,
	submission::Recorded,
	time, Error,
};
use base64::{prelude::BASE64_STANDARD, Engine};
use curex_primitives::{
	commitment::{commit, Domain},
	oversight::{
		BreachCase, BreachNotice, Inquiry, InquiryOutcome, InquiryRefusal, NoticeKind, Regimes,
		LONGEST_INQUIRY, SHORTEST_INQUIRY,
	},
	Commitment, Competence, ExchangeId, Moment, OrganisationId, RecordHandle,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What an authority asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
	/// Who is asked.
	pub organisation: OrganisationId,
	/// In which field of supervision.
	pub field: Competence,
	/// Handle or commitment of the record.
	pub about: RecordHandle,
	/// How long the organisation has, in milliseconds.
	pub term: Moment,
}

/// A breach as its organisation registers it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
	/// When the organisation became aware of it.
	pub detected_at: Moment,
	/// The laws under which it is notified.
	pub regimes: Regimes,
	/// Exchanges begun from this moment on may be affected.
	pub affected_from: Moment,
	/// Exchanges begun before this moment may be affected.
	pub affected_until: Moment,
}

/// Something that was disclosed: content and salt that open the commitment on the ledger.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
	/// Number of the inquiry that it answers.
	pub inquiry: u32,
	/// The salt.
	#[serde(with = "crate::hexadecimal")]
	salt: [u8; 32],
	/// Media type of the content, such as `application/pdf`.
	pub media_type: String,
	/// The content, in Base64.
	content: String,
}

impl std::fmt::Debug for Disclosure {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Disclosure(inquiry {})", self.inquiry)
	}
}

impl Disclosure {
	/// Prepares to disclose this under a fresh salt. Keep it: nothing else opens what the ledger will hold.
	#[must_use]
	pub fn new(inquiry: u32, media_type: &str, content: &[u8]) -> Self {
		Self {
			inquiry,
			salt: random(),
			media_type: media_type.into(),
			content: BASE64_STANDARD.encode(content),
		}
	}

	/// The content.
	///
	/// # Errors
	/// [`Error::Input`] when it is no Base64.
	pub fn content(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
		BASE64_STANDARD
			.decode(&self.content)
			.map(Zeroizing::new)
			.map_err(|_| Error::input("what is disclosed is no Base64"))
	}

	/// What the ledger holds of it. It binds the media type as well.
	///
	/// # Errors
	/// As [`Self::content`].
	pub fn commitment(&self) -> Result<Commitment, Error> {
		let data = [self.media_type.as_bytes(), &[0], &self.content()?].concat();
		let data = Zeroizing::new(data);
		Ok(commit(Domain::Oversight, &context(self.inquiry), &self.salt, &data))
	}

	/// Whether this is what the ledger says was disclosed.
	///
	/// # Errors
	/// As [`Self::content`].
	pub fn answers(&self, inquiry: &Inquiry) -> Result<bool, Error> {
		Ok(inquiry.outcome == InquiryOutcome::Disclosed(self.commitment()?))
	}

	/// Seals it to the authority's encryption key, for handing over.
	///
	/// # Errors
	/// [`Error::Key`] when the key cannot be used.
	pub fn seal(&self, authority: &[u8; 32], genesis: [u8; 32]) -> Result<Vec<u8>, Error> {
		let json = serde_json::to_vec(self).map_err(|error| Error::input(error.to_string()))?;
		let purpose = seal::Purpose::Disclosure(genesis, self.inquiry);
		seal::seal(authority, purpose, &Zeroizing::new(json))
	}

	/// Opens what [`Self::seal`] made, with the authority's encryption key.
	///
	/// # Errors
	/// [`Error::Sealed`] when it was sealed to another key, for another inquiry or chain, or altered.
	pub fn open(
		key: &EncryptionKey,
		genesis: [u8; 32],
		inquiry: u32,
		sealed: &[u8],
	) -> Result<Self, Error> {
		let json = seal::open(key, seal::Purpose::Disclosure(genesis, inquiry), sealed)?;
		let opened: Self =
			serde_json::from_slice(&json).map_err(|error| Error::json("the disclosure", &error))?;
		if opened.inquiry != inquiry {
			return Err(Error::Sealed("it answers another inquiry"));
		}
		Ok(opened)
	}
}

/// The record in which what belongs to an inquiry or breach is committed to: its number.
fn context(number: u32) -> [u8; 32] {
	let mut context = [0; 32];
	context[..4].copy_from_slice(&number.to_le_bytes());
	context
}

/// Commits to the reasons for which an inquiry is refused, in words.
#[must_use]
pub fn reasons(inquiry: u32, words: &str) -> Opening {
	Opening::new(Domain::Oversight, &context(inquiry), words)
}

/// The number that an event of the oversight pallet gives.
fn number_in(events: &[Event], name: &str, field: &str) -> Result<u32, Error> {
	events
		.iter()
		.find(|event| event.is("Oversight", name))
		.and_then(|event| event.fields[field].as_u64())
		.and_then(|number| u32::try_from(number).ok())
		.ok_or_else(|| Error::Protocol(format!("the ledger did not tell the {field}'s number")))
}

impl Client {
	/// Opens an inquiry, as an authority. `case` is the authority's file in words; the ledger gets a commitment to it.
	/// Gives the inquiry's number, and what opens that commitment.
	///
	/// # Errors
	/// [`Error::Input`] when the term is too short or too long; otherwise as [`Client::record`].
	pub async fn open_inquiry(
		&self,
		question: &Question,
		case: &str,
	) -> Result<(Recorded, u32, Opening), Error> {
		if !(SHORTEST_INQUIRY..=LONGEST_INQUIRY).contains(&question.term) {
			return Err(Error::input("an inquiry is to be answered within 1 to 90 days"));
		}
		// The number is not known before: the case is committed to under the record it is about.
		let opening = Opening::new(Domain::Oversight, &question.about.0, case);
		let call = curex::tx().oversight().open_inquiry(
			question.organisation.into(),
			question.field.into(),
			question.about.into(),
			opening.commitment.into(),
			question.term,
		);
		let recorded = self.record_opened(&call, &[&opening]).await?;
		let number = number_in(&recorded.events, "InquiryOpened", "inquiry")?;
		Ok((recorded, number, opening))
	}

	/// An inquiry; nothing if there is none with this number.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn inquiry(&self, number: u32, view: View) -> Result<Option<Inquiry>, Error> {
		self.read("OversightApi_inquiry", number, view).await
	}

	/// Says on the ledger what was disclosed, as the organisation that is asked.
	///
	/// # Errors
	/// As [`Client::record`] and [`Disclosure::content`].
	pub async fn disclose(&self, disclosure: &Disclosure) -> Result<Recorded, Error> {
		let evidence = disclosure.commitment()?.into();
		self.record(&curex::tx().oversight().disclose(disclosure.inquiry, evidence)).await
	}

	/// Refuses to disclose. Gives what opens the commitment to the reasons.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn refuse_inquiry(
		&self,
		inquiry: u32,
		ground: InquiryRefusal,
		reasons: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = self::reasons(inquiry, reasons);
		let call = curex::tx().oversight().refuse_inquiry(
			inquiry,
			ground.into(),
			opening.commitment.into(),
		);
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Withdraws an inquiry that has no answer yet, as the authority.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn withdraw_inquiry(&self, inquiry: u32) -> Result<Recorded, Error> {
		self.record(&curex::tx().oversight().withdraw_inquiry(inquiry)).await
	}

	/// Registers a breach of the client's organisation. `case` is its file in words; the ledger gets a commitment to it.
	/// Gives the breach's number, and what opens that commitment.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse it; otherwise as [`Client::record`].
	pub async fn open_breach(
		&self,
		breach: &Breach,
		case: &str,
	) -> Result<(Recorded, u32, Opening), Error> {
		if breach.detected_at > time::now() {
			return Err(Error::input("the breach was detected in the future"));
		}
		if breach.regimes.is_empty() {
			return Err(Error::input("say under which law the breach is notified"));
		}
		if breach.affected_from >= breach.affected_until {
			return Err(Error::input("what is affected ends before it begins"));
		}
		let organisation = self.own_delegate().await?.organisation;
		// The number is not known before.
		let opening = Opening::new(Domain::Oversight, &context(organisation.0), case);
		let call = curex::tx().oversight().open_breach(
			opening.commitment.into(),
			breach.detected_at,
			breach.regimes.into(),
			breach.affected_from,
			breach.affected_until,
		);
		let recorded = self.record_opened(&call, &[&opening]).await?;
		let number = number_in(&recorded.events, "BreachOpened", "breach")?;
		Ok((recorded, number, opening))
	}

	/// A breach with the notices given of it; nothing if there is none with this number.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn breach(
		&self,
		number: u32,
		view: View,
	) -> Result<Option<(BreachCase, Vec<(NoticeKind, BreachNotice)>)>, Error> {
		self.read("OversightApi_breach", number, view).await
	}

	/// The exchanges that a breach may affect: those that the organisation took part in and that began in its time.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn affected_exchanges(&self, breach: u32) -> Result<Vec<ExchangeId>, Error> {
		/// So many exchanges of the ledger are looked at in one question.
		const SCAN: u32 = 10_000;
		let view = View::At(self.block_of(View::Finalised).await?);
		let mut found = Vec::new();
		let mut after: Option<ExchangeId> = None;
		loop {
			type Page = (Vec<ExchangeId>, Option<ExchangeId>);
			let asked = (breach, after, SCAN);
			let (page, next): Page =
				self.read("OversightApi_affected_exchanges", asked, view).await?;
			found.extend(page);
			match next {
				None => return Ok(found),
				next if next == after => {
					return Err(Error::Protocol("the node's pages of exchanges do not end".into()));
				},
				next => after = next,
			}
		}
	}

	/// Says on the ledger that an authority was given a notice of a breach. Gives what opens the commitment to it.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn notify_breach(
		&self,
		breach: u32,
		kind: NoticeKind,
		notice: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Oversight, &context(breach), notice);
		let call =
			curex::tx().oversight().notify_breach(breach, kind.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Says how often an organisation anchors its access log, as an authority for data protection.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn set_anchor_period(
		&self,
		organisation: OrganisationId,
		period: Moment,
	) -> Result<Recorded, Error> {
		self.record(&curex::tx().oversight().set_anchor_period(organisation.into(), period)).await
	}

	/// Keeps an exchange from being pruned, as an authority for data protection, or lifts the authority's own hold.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn hold_exchange(&self, id: ExchangeId, hold: bool) -> Result<Recorded, Error> {
		if hold {
			self.record(&curex::tx().exchange().set_hold(id.into())).await
		} else {
			self.record(&curex::tx().exchange().lift_hold(id.into())).await
		}
	}

	/// Keeps the erasure orders of a day from being pruned, as an authority for data protection. Gives what opens the
	/// commitment to the case.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn hold_erasure(&self, day: u32, case: &str) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Erasure, &context(day), case);
		let call = curex::tx().erasure().hold(day, opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Lifts the authority's own hold of the erasure orders of a day.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn lift_erasure_hold(&self, day: u32) -> Result<Recorded, Error> {
		self.record(&curex::tx().erasure().lift(day)).await
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GENESIS: [u8; 32] = [9; 32];

	fn inquiry(outcome: InquiryOutcome) -> Inquiry {
		Inquiry {
			authority: OrganisationId(5),
			field: Competence::DataProtection,
			organisation: OrganisationId(1),
			about: RecordHandle([7; 32]),
			case: Commitment([8; 32]),
			opened_at: 10,
			due: 1_000,
			outcome,
			closed: Some(900),
		}
	}

	#[test]
	fn the_authority_opens_what_was_disclosed_and_the_ledger_agrees() {
		let key = EncryptionKey::generate();
		let given = Disclosure::new(3, "text/plain", "Grüße, \0 and more".as_bytes());
		let sealed = given.seal(&key.public(), GENESIS).unwrap();
		let opened = Disclosure::open(&key, GENESIS, 3, &sealed).unwrap();
		assert_eq!(&*opened.content().unwrap(), "Grüße, \0 and more".as_bytes());
		let on_ledger = inquiry(InquiryOutcome::Disclosed(given.commitment().unwrap()));
		assert!(opened.answers(&on_ledger).unwrap());
		assert!(!opened.answers(&inquiry(InquiryOutcome::Open)).unwrap());
	}

	#[test]
	fn another_key_inquiry_chain_or_byte_opens_nothing() {
		let key = EncryptionKey::generate();
		let given = Disclosure::new(3, "text/plain", b"content");
		let mut sealed = given.seal(&key.public(), GENESIS).unwrap();
		let open = |key: &EncryptionKey, genesis, number, sealed: &[u8]| {
			matches!(Disclosure::open(key, genesis, number, sealed), Err(Error::Sealed(_)))
		};
		assert!(open(&EncryptionKey::generate(), GENESIS, 3, &sealed));
		assert!(open(&key, [0; 32], 3, &sealed));
		assert!(open(&key, GENESIS, 4, &sealed));
		assert!(open(&key, GENESIS, 3, &sealed[..40]));
		sealed[50] ^= 1;
		assert!(open(&key, GENESIS, 3, &sealed));
	}

	#[test]
	fn content_media_type_and_inquiry_are_bound() {
		let given = Disclosure::new(3, "text/plain", b"content");
		let on_ledger = inquiry(InquiryOutcome::Disclosed(given.commitment().unwrap()));
		let others = [
			Disclosure { inquiry: 4, ..given.clone() },
			Disclosure { media_type: "text/html".into(), ..given.clone() },
			Disclosure { content: BASE64_STANDARD.encode(b"contents"), ..given.clone() },
			Disclosure { salt: [0; 32], ..given.clone() },
		];
		for other in others {
			assert!(!other.answers(&on_ledger).unwrap());
		}
		let broken = Disclosure { content: "%".into(), ..given };
		assert!(matches!(broken.answers(&on_ledger), Err(Error::Input(_))));
	}

	#[test]
	fn what_is_disclosed_shows_nowhere() {
		let given = Disclosure::new(3, "text/plain", b"Jane Doe");
		assert_eq!(format!("{given:?}"), "Disclosure(inquiry 3)");
	}
}
