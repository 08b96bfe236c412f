//! Filing a consent: the terms for the ledger, and the receipt for the patient.
//!
//! The receipt follows the record structure of ISO/IEC TS 27560 (its fields, in JSON). It holds two secrets: the
//! withdrawal code, with which the patient ends the consent at any node without anybody's help, and the viewing
//! code, which opens the commitments to what was agreed. Who holds only the viewing code can check and follow the
//! consent and not end it. The codes are nowhere else: an organisation that keeps a copy of the receipt keeps the
//! view ([`Receipt::view`]).

use crate::{time, Error};
use curex_primitives::{
	commitment::{self, Domain},
	AccessModes, Categories, Commitment, ConsentId, ConsentTerms, Grantee, LegalBasis, MerkleRoot,
	Moment, OrganisationId, Purposes, Representation, TicketProof, WithdrawLock,
};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// What stands at the beginning of every receipt of this version.
pub const FORMAT: &str = "curex-consent-receipt-1";

/// Most bytes of a receipt.
const MAX_BYTES: u64 = 1 << 20;

/// What the patient agrees to, as the holder's desk fills it in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConsentSpec {
	/// Who may receive.
	pub grantee: Grantee,
	/// For which purposes.
	pub purposes: Purposes,
	/// Which categories.
	pub categories: Categories,
	/// How the data may be used.
	pub access_modes: AccessModes,
	/// Valid from (RFC 3339); now if not given.
	#[serde(default)]
	pub valid_from: Option<String>,
	/// Valid before (RFC 3339).
	pub valid_until: String,
	/// When the grantee erases what it does not hold as its own treatment record (RFC 3339); the end if not given.
	#[serde(default)]
	pub erase_at: Option<String>,
	/// How many exchanges it may serve.
	pub max_uses: u32,
	/// Least time between two exchanges, in seconds.
	#[serde(default)]
	pub min_interval_s: u32,
	/// Who gave the consent; the patient if not said.
	#[serde(default = "own")]
	pub representation: Representation,
	/// The text that was shown to the patient and signed, with its language.
	pub notice: Notice,
	/// How the patient expressed the consent.
	pub collection_method: String,
	/// Version of the consent policy.
	pub policy_version: u16,
}

/// What most consents are: the patient's own.
const fn own() -> Representation {
	Representation::Own
}

/// The notice the patient was given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
	/// Language (BCP 47).
	pub language: String,
	/// The text.
	pub text: String,
}

/// A consent that is ready to be filed: what goes on the ledger and what goes to the patient.
#[derive(Debug)]
pub struct PreparedConsent {
	/// Handle.
	pub id: ConsentId,
	/// What is filed.
	pub terms: ConsentTerms,
	/// What the patient receives.
	pub receipt: Receipt,
}

/// The patient's receipt. Its `Debug` hides the codes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
	/// Always [`FORMAT`].
	pub schema_version: String,
	/// The consent's handle on the ledger.
	pub record_id: ConsentId,
	/// Hash of the ledger's first block.
	#[serde(with = "crate::hexadecimal")]
	pub ledger: [u8; 32],
	/// The organisation whose records are opened.
	pub pii_controller: OrganisationId,
	/// Who may receive.
	pub pii_recipient: Grantee,
	/// Why, which and how.
	pub processing: Processing,
	/// The notice as it was given.
	pub notice: Notice,
	/// How the patient expressed the consent.
	pub collection_method: String,
	/// The event: given, and when (RFC 3339).
	pub event: ConsentEvent,
	/// Secret that opens the commitments; shows and proves, cannot withdraw.
	#[serde(with = "crate::hexadecimal")]
	pub viewing_code: [u8; 32],
	/// Secret that withdraws the consent; nothing in a copy made by [`Receipt::view`].
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub withdrawal_code: Option<WithdrawalCode>,
	/// Where it stands, if it is a ticket.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub ticket: Option<TicketPlace>,
}

/// Where a ticket stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketPlace {
	/// The handle of the consent that it becomes when it is redeemed.
	pub consent: ConsentId,
	/// The root.
	pub root: MerkleRoot,
	/// Shows that it stands under the root.
	pub proof: TicketProof,
}

/// The processing the consent covers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processing {
	/// Lawful basis.
	pub lawful_basis: LegalBasis,
	/// Purposes.
	pub purposes: Purposes,
	/// Categories of personal data.
	pub pii_categories: Categories,
	/// How the data may be used.
	pub access_modes: AccessModes,
	/// Valid from (RFC 3339).
	pub valid_from: String,
	/// Valid before (RFC 3339).
	pub valid_until: String,
	/// Retention end at the grantee (RFC 3339).
	pub retention_until: String,
	/// Exchanges it may serve.
	pub max_uses: u32,
	/// Least time between two, in seconds.
	pub min_interval_s: u32,
	/// Who gave the consent.
	#[serde(default = "own")]
	pub representation: Representation,
	/// Version of the consent policy.
	pub policy_version: u16,
}

/// What happened to the consent when the receipt was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentEvent {
	/// Always `given`.
	pub state: String,
	/// When (RFC 3339).
	pub time: String,
}

/// The secret that withdraws a consent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WithdrawalCode(#[serde(with = "crate::hexadecimal")] pub [u8; 32]);

impl std::fmt::Debug for WithdrawalCode {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		formatter.write_str("WithdrawalCode(…)")
	}
}

impl Drop for WithdrawalCode {
	fn drop(&mut self) {
		zeroize::Zeroize::zeroize(&mut self.0);
	}
}

impl std::str::FromStr for WithdrawalCode {
	type Err = Error;

	fn from_str(text: &str) -> Result<Self, Error> {
		crate::hexadecimal::read(text.trim())
			.map(Self)
			.ok_or_else(|| Error::input("a withdrawal code is 64 hexadecimal digits"))
	}
}

impl std::fmt::Debug for Receipt {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Receipt({})", self.record_id)
	}
}

impl std::fmt::Debug for ConsentSpec {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "ConsentSpec(to {:?} for {:?})", self.grantee, self.purposes)
	}
}

impl std::fmt::Debug for Notice {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Notice({} bytes)", self.text.len())
	}
}

impl ConsentSpec {
	/// What a patient agreed to before, so that a lost receipt can be issued again: as the organisation's copy says, for the
	/// exchanges that are left after `used`, from `now` on if it has begun.
	///
	/// # Errors
	/// [`Error::Input`] when none is left, or a date cannot be read.
	pub fn again(copy: &Receipt, used: u32, now: Moment) -> Result<Self, Error> {
		let processing = &copy.processing;
		let max_uses = processing.max_uses.saturating_sub(used);
		if max_uses == 0 {
			return Err(Error::input("the consent is used up: there is nothing to issue again"));
		}
		let from = time::read(&processing.valid_from)
			.ok_or_else(|| Error::input("the receipt has a wrong date"))?;
		Ok(Self {
			grantee: copy.pii_recipient,
			purposes: processing.purposes,
			categories: processing.pii_categories,
			access_modes: processing.access_modes,
			valid_from: (from > now).then(|| processing.valid_from.clone()),
			valid_until: processing.valid_until.clone(),
			erase_at: Some(processing.retention_until.clone()),
			max_uses,
			min_interval_s: processing.min_interval_s,
			representation: processing.representation,
			notice: copy.notice.clone(),
			collection_method: copy.collection_method.clone(),
			policy_version: processing.policy_version,
		})
	}

	/// Makes terms and receipt of a consent that `holder` files at `now`, with fresh codes.
	///
	/// # Errors
	/// [`Error::Input`] when a date cannot be read or the ledger would refuse the terms.
	pub fn prepare(
		&self,
		ledger: [u8; 32],
		holder: OrganisationId,
		now: Moment,
	) -> Result<PreparedConsent, Error> {
		self.prepare_as(ConsentId(random()), ledger, holder, now)
	}

	/// Whether a receipt, or a copy of it, is of what this says, whenever it was made.
	pub fn is_of(&self, receipt: &Receipt) -> bool {
		let processing = &receipt.processing;
		let same = |text: &str, other: &str| {
			time::read(text).is_some() && time::read(text) == time::read(other)
		};
		let erase_at = self.erase_at.as_ref().unwrap_or(&self.valid_until);
		receipt.pii_recipient == self.grantee
			&& (processing.purposes, processing.pii_categories) == (self.purposes, self.categories)
			&& processing.access_modes == self.access_modes
			&& self.valid_from.as_ref().is_none_or(|from| same(from, &processing.valid_from))
			&& same(&self.valid_until, &processing.valid_until)
			&& same(erase_at, &processing.retention_until)
			&& (processing.max_uses, processing.min_interval_s)
				== (self.max_uses, self.min_interval_s)
			&& processing.representation == self.representation
			&& receipt.notice == self.notice
			&& receipt.collection_method == self.collection_method
			&& processing.policy_version == self.policy_version
	}

	/// As [`Self::prepare`], with a handle that is given: the same under an idempotency key
	/// ([`crate::exchange::IdempotencyKey::consent`]).
	///
	/// # Errors
	/// As [`Self::prepare`].
	pub fn prepare_as(
		&self,
		id: ConsentId,
		ledger: [u8; 32],
		holder: OrganisationId,
		now: Moment,
	) -> Result<PreparedConsent, Error> {
		let moment = |text: &str| {
			let wrong = "`valid-from` or `valid-until` is no RFC 3339 time with an offset";
			time::read(text).ok_or_else(|| Error::input(wrong))
		};
		let valid_from = self.valid_from.as_deref().map_or(Ok(now / 1_000 * 1_000), moment)?;
		let valid_until = moment(&self.valid_until)?;
		let erase_at = self.erase_at.as_deref().map_or(Ok(valid_until), moment)?;
		let text =
			|moment| time::text(moment).ok_or_else(|| Error::input("a date is out of range"));
		let receipt = Receipt {
			schema_version: FORMAT.into(),
			record_id: id,
			ledger,
			pii_controller: holder,
			pii_recipient: self.grantee,
			processing: Processing {
				lawful_basis: LegalBasis::EXPLICIT_CONSENT,
				purposes: self.purposes,
				pii_categories: self.categories,
				access_modes: self.access_modes,
				valid_from: text(valid_from)?,
				valid_until: text(valid_until)?,
				retention_until: text(erase_at)?,
				max_uses: self.max_uses,
				min_interval_s: self.min_interval_s,
				representation: self.representation,
				policy_version: self.policy_version,
			},
			notice: self.notice.clone(),
			collection_method: self.collection_method.clone(),
			event: ConsentEvent { state: "given".into(), time: text(now)? },
			viewing_code: random(),
			withdrawal_code: Some(WithdrawalCode(random())),
			ticket: None,
		};
		let terms = receipt.terms()?;
		terms.check(holder, now).map_err(|defect| {
			Error::input(format!("the ledger would refuse the terms: {defect:?}"))
		})?;
		Ok(PreparedConsent { id, terms, receipt })
	}
}

impl PreparedConsent {
	/// The consent of a receipt that was written before and may not be filed yet.
	///
	/// # Errors
	/// As [`Receipt::terms`].
	pub fn again(receipt: Receipt) -> Result<Self, Error> {
		Ok(Self { id: receipt.record_id, terms: receipt.terms()?, receipt })
	}
}

impl Receipt {
	/// Reads a receipt, or a copy of it.
	///
	/// # Errors
	/// [`Error::File`], or [`Error::Input`] when it is none.
	pub fn read(path: &Path) -> Result<Self, Error> {
		let bytes = Zeroizing::new(crate::files::read(path, MAX_BYTES)?);
		serde_json::from_slice(&bytes).map_err(|error| Error::json("the receipt", &error))
	}

	/// Writes it to a new file that only its owner may read.
	///
	/// # Errors
	/// [`Error::File`].
	pub fn write_new(&self, path: &Path) -> Result<(), Error> {
		let json = serde_json::to_vec_pretty(self).map(Zeroizing::new);
		let json = json.map_err(|error| Error::input(error.to_string()))?;
		crate::files::write_private(path, &json)
	}

	/// The terms that stand on the ledger if this receipt is genuine.
	///
	/// # Errors
	/// [`Error::Input`] when a date cannot be read or the withdrawal code is missing.
	pub fn terms(&self) -> Result<ConsentTerms, Error> {
		let code = self
			.withdrawal_code
			.as_ref()
			.ok_or_else(|| Error::input("the receipt is a view: its withdrawal code is missing"))?;
		self.terms_under(commitment::withdraw_lock(&code.0))
	}

	/// The terms that this receipt, or a view of it, says, under this lock.
	///
	/// # Errors
	/// [`Error::Input`] when a date cannot be read.
	pub fn terms_under(&self, withdraw_lock: WithdrawLock) -> Result<ConsentTerms, Error> {
		let moment = |text: &str| {
			time::read(text).ok_or_else(|| Error::input("the receipt has a wrong date"))
		};
		let processing = &self.processing;
		Ok(ConsentTerms {
			grantee: self.pii_recipient,
			basis: processing.lawful_basis,
			purposes: processing.purposes,
			categories: processing.pii_categories,
			access_modes: processing.access_modes,
			valid_from: moment(&processing.valid_from)?,
			valid_until: moment(&processing.valid_until)?,
			erase_at: moment(&processing.retention_until)?,
			max_uses: processing.max_uses,
			min_interval_s: processing.min_interval_s,
			representation: processing.representation,
			terms: self.terms_commitment()?,
			evidence: self.evidence_commitment()?,
			withdraw_lock,
			policy_version: processing.policy_version,
		})
	}

	/// The handle under which the ledger knows the consent: of a ticket, once it is redeemed.
	pub fn consent(&self) -> ConsentId {
		self.ticket.as_ref().map_or(self.record_id, |place| place.consent)
	}

	/// Whether the ledger holds what this receipt, or a view of it, says.
	///
	/// # Errors
	/// [`Error::Input`] when the receipt itself makes no sense.
	pub fn agrees_with(&self, on_ledger: &ConsentTerms) -> Result<bool, Error> {
		match self.withdrawal_code {
			Some(_) => Ok(self.terms()? == *on_ledger),
			None => Ok(self.terms_commitment()? == on_ledger.terms
				&& self.evidence_commitment()? == on_ledger.evidence),
		}
	}

	/// A copy that shows everything and cannot withdraw.
	#[must_use]
	pub fn view(&self) -> Self {
		Self { withdrawal_code: None, ..self.clone() }
	}

	fn terms_commitment(&self) -> Result<Commitment, Error> {
		let agreed = (&self.pii_controller, &self.pii_recipient, &self.processing);
		commit(Domain::ConsentTerms, self.record_id, &self.viewing_code, &agreed)
	}

	fn evidence_commitment(&self) -> Result<Commitment, Error> {
		let shown = (&self.notice, &self.collection_method, &self.event);
		commit(Domain::ConsentEvidence, self.record_id, &self.viewing_code, &shown)
	}
}

fn commit(
	domain: Domain,
	consent: ConsentId,
	code: &[u8; 32],
	content: &impl Serialize,
) -> Result<Commitment, Error> {
	let content = serde_json::to_vec(content).map_err(|error| Error::input(error.to_string()))?;
	Ok(commitment::commit(domain, &consent.0, code, &content))
}

/// Whether a viewing code is that of a consent whose terms stand on the ledger: together they give the commitment that
/// the receipt gives. Nobody can tell a code from the commitment. Of a ticket, the receipt has another handle than the consent.
pub fn is_viewed_by(
	consent: ConsentId,
	holder: OrganisationId,
	terms: &ConsentTerms,
	code: &[u8; 32],
) -> bool {
	let processing = || {
		Some(Processing {
			lawful_basis: terms.basis,
			purposes: terms.purposes,
			pii_categories: terms.categories,
			access_modes: terms.access_modes,
			valid_from: time::text(terms.valid_from)?,
			valid_until: time::text(terms.valid_until)?,
			retention_until: time::text(terms.erase_at)?,
			max_uses: terms.max_uses,
			min_interval_s: terms.min_interval_s,
			representation: terms.representation,
			policy_version: terms.policy_version,
		})
	};
	processing().is_some_and(|processing| {
		let agreed = (&holder, &terms.grantee, &processing);
		commit(Domain::ConsentTerms, consent, code, &agreed)
			.is_ok_and(|commitment| commitment == terms.terms)
	})
}

/// 32 random bytes.
pub(crate) fn random() -> [u8; 32] {
	let mut bytes = [0; 32];
	rand::rng().fill_bytes(&mut bytes);
	bytes
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use curex_primitives::{AccessMode, Category, Purpose};

	const NOW: Moment = 1_700_000_000_000;

	fn spec() -> ConsentSpec {
		serde_json::from_value(serde_json::json!({
			"grantee": {"organisation": 4},
			"purposes": ["treatment"],
			"categories": ["patient-summary"],
			"access-modes": ["view", "store"],
			"valid-until": "2024-11-14T00:00:00Z",
			"max-uses": 3,
			"notice": {"language": "en", "text": "I agree that …"},
			"collection-method": "signed on paper",
			"policy-version": 1,
		}))
		.unwrap()
	}

	pub(crate) fn prepare() -> PreparedConsent {
		spec().prepare([1; 32], OrganisationId(3), NOW).unwrap()
	}

	#[test]
	fn a_receipt_gives_exactly_the_terms_that_were_filed() {
		let prepared = prepare();
		let json = serde_json::to_vec(&prepared.receipt).unwrap();
		let receipt: Receipt = serde_json::from_slice(&json).unwrap();
		assert_eq!(receipt, prepared.receipt);
		assert_eq!(receipt.terms().unwrap(), prepared.terms);
		assert!(receipt.agrees_with(&prepared.terms).unwrap());
		assert_eq!(prepared.terms.categories, Category::PatientSummary.into());
		assert_eq!(prepared.terms.purposes, Purpose::Treatment.into());
		assert!(prepared.terms.access_modes.contains(AccessMode::Store));
	}

	#[test]
	fn the_withdrawal_code_opens_the_lock_and_the_viewing_code_does_not() {
		let prepared = prepare();
		let code = prepared.receipt.withdrawal_code.clone().unwrap();
		assert_eq!(commitment::withdraw_lock(&code.0), prepared.terms.withdraw_lock);
		let viewing = prepared.receipt.viewing_code;
		assert_ne!(commitment::withdraw_lock(&viewing), prepared.terms.withdraw_lock);
	}

	#[test]
	fn a_view_proves_the_consent_and_cannot_withdraw_it() {
		let prepared = prepare();
		let view = prepared.receipt.view();
		let json = serde_json::to_string(&view).unwrap();
		let code = prepared.receipt.withdrawal_code.as_ref().unwrap();
		assert!(!json.contains(&hex::encode(code.0)) && !json.contains("withdrawal_code"));
		assert!(view.agrees_with(&prepared.terms).unwrap());
		assert!(view.terms().is_err());
	}

	#[test]
	fn the_viewing_code_is_told_by_the_terms_on_the_ledger_alone() {
		let prepared = prepare();
		let (id, terms, code) = (prepared.id, &prepared.terms, prepared.receipt.viewing_code);
		assert!(is_viewed_by(id, OrganisationId(3), terms, &code));
		let withdrawal = prepared.receipt.withdrawal_code.as_ref().unwrap().0;
		assert!(!is_viewed_by(id, OrganisationId(3), terms, &withdrawal));
		assert!(!is_viewed_by(id, OrganisationId(4), terms, &code));
		assert!(!is_viewed_by(ConsentId([1; 32]), OrganisationId(3), terms, &code));
		let wider = ConsentTerms { max_uses: 9, ..terms.clone() };
		assert!(!is_viewed_by(id, OrganisationId(3), &wider, &code));
	}

	#[test]
	fn a_receipt_that_was_altered_does_not_agree_with_the_ledger() {
		let prepared = prepare();
		let agrees = |change: fn(&mut Receipt)| {
			let mut receipt = prepared.receipt.clone();
			change(&mut receipt);
			receipt.agrees_with(&prepared.terms).unwrap()
				|| receipt.view().agrees_with(&prepared.terms).unwrap()
		};
		assert!(agrees(|_| ()));
		assert!(!agrees(|receipt| receipt.processing.max_uses += 1));
		assert!(!agrees(|receipt| receipt.processing.valid_until = "2030-01-01T00:00:00Z".into()));
		assert!(!agrees(|receipt| receipt.pii_controller = OrganisationId(9)));
		assert!(!agrees(|receipt| receipt.viewing_code[0] ^= 1));
		assert!(!agrees(|receipt| receipt.record_id.0[0] ^= 1));
	}

	#[test]
	fn two_consents_with_equal_content_share_nothing() {
		let [first, second] = [prepare(), prepare()];
		assert_ne!(first.id, second.id);
		assert_ne!(first.terms.terms, second.terms.terms);
		assert_ne!(first.terms.withdraw_lock, second.terms.withdraw_lock);
	}

	#[test]
	fn terms_that_the_ledger_would_refuse_are_not_prepared() {
		let refused = |change: fn(&mut ConsentSpec)| {
			let mut spec = spec();
			change(&mut spec);
			matches!(spec.prepare([1; 32], OrganisationId(3), NOW), Err(Error::Input(_)))
		};
		assert!(refused(|spec| spec.valid_until = "2020-01-01T00:00:00Z".into()));
		assert!(refused(|spec| spec.valid_until = "2024-11-14T00:00:00".into()), "local time");
		assert!(refused(|spec| spec.max_uses = 0));
		assert!(refused(|spec| spec.purposes = Purposes::EMPTY));
		assert!(refused(|spec| spec.grantee = Grantee::Organisation(OrganisationId(3))));
		assert!(!refused(|_| ()));
	}

	#[test]
	fn a_receipt_that_is_issued_again_says_the_same_and_has_other_codes() {
		let prepared = prepare();
		let spec = ConsentSpec::again(&prepared.receipt.view(), 1, NOW).unwrap();
		let again = spec.prepare([1; 32], OrganisationId(3), NOW).unwrap();
		let (old, new) = (&prepared.terms, &again.terms);
		assert_eq!((new.grantee, new.purposes), (old.grantee, old.purposes));
		assert_eq!((new.valid_until, new.erase_at), (old.valid_until, old.erase_at));
		assert_eq!(new.max_uses, old.max_uses - 1);
		assert_ne!(again.id, prepared.id);
		assert_ne!(again.receipt.withdrawal_code, prepared.receipt.withdrawal_code);
		assert_ne!(again.receipt.viewing_code, prepared.receipt.viewing_code);
		assert!(ConsentSpec::again(&prepared.receipt, 3, NOW).is_err(), "nothing is left");
	}

	#[test]
	fn no_debug_output_shows_a_code() {
		let prepared = prepare();
		let text = format!("{prepared:?} {:?}", prepared.receipt.withdrawal_code);
		let code = prepared.receipt.withdrawal_code.as_ref().unwrap();
		assert!(!text.contains(&hex::encode(code.0)));
		assert!(!text.contains(&hex::encode(prepared.receipt.viewing_code)));
	}
}
