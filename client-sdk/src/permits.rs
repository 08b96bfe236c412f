//! Secondary use: permits of health data access bodies, the cohorts and extractions of holders, what comes of them
//! (EHDS chapter IV). Data under a permit travel as an exchange ([`Client::prepare_data_request`],
//! [`crate::Gateway::answer_with_data`]).
//!
//! The ledger holds commitments. What opens them is written down by whoever made them: the openings of a permit by the
//! body, the cohort with its pseudonyms and proofs by the holder.

use crate::{
	client::{Client, View},
	exchange::Opening,
	ledger::curex,
	receipt::random,
	submission::{Recorded, Submission},
	time, Error,
};
use codec::Encode;
use curex_primitives::{
	commitment::Domain,
	merkle, opt_out,
	permit::{permit_id, LEAST_COHORT},
	Categories, Commitment, DataFormat, DataUseConditions, Extraction, Finding, MerkleRoot,
	NamedHolder, OrganisationId, Permit, PermitId, PermitStanding, PermitTerms, Reidentification,
	SecondaryPurpose, SizeBucket,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use zeroize::Zeroize;

/// Permits per page when they are listed.
const PAGE: u32 = 100;

/// What a body permits, as it fills it in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PermitSpec {
	/// Who may use the data.
	pub user: OrganisationId,
	/// For what.
	pub purpose: SecondaryPurpose,
	/// Which categories.
	pub categories: Categories,
	/// In which form.
	pub format: DataFormat,
	/// Valid from (RFC 3339); now if not given.
	#[serde(default)]
	pub valid_from: Option<String>,
	/// Valid before (RFC 3339); at most ten years later.
	pub valid_until: String,
	/// On which conditions.
	#[serde(default = "without_conditions")]
	pub conditions: DataUseConditions,
	/// The secure processing environment, in words.
	pub environment: String,
	/// The permit's document.
	pub document: String,
	/// Why pseudonyms are needed; for pseudonymised data only.
	#[serde(default)]
	pub justification: Option<String>,
}

const fn without_conditions() -> DataUseConditions {
	DataUseConditions::EMPTY
}

/// A permit that is ready to be issued. Keep it: it alone opens the commitments on the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PreparedPermit {
	/// Handle.
	pub id: PermitId,
	#[serde(with = "crate::hexadecimal")]
	key: [u8; 32],
	/// What is issued.
	pub terms: PermitTerms,
	/// Opens the commitment to the environment.
	pub environment: Opening,
	/// Opens the commitment to the document.
	pub document: Opening,
	/// Opens the commitment to the justification, if there is one.
	pub justification: Option<Opening>,
}

impl std::fmt::Debug for PermitSpec {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "PermitSpec(for organisation {}, {:?})", self.user, self.purpose)
	}
}

impl PermitSpec {
	/// Reads a spec from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the spec", &error))
	}

	/// The permit that `issuer` gives, under a fresh key.
	fn prepare(&self, issuer: OrganisationId) -> Result<PreparedPermit, Error> {
		let moment = |text: &str| {
			let wrong = "`valid-from` or `valid-until` is no RFC 3339 time with an offset";
			time::read(text).ok_or_else(|| Error::input(wrong))
		};
		let key = random();
		let id = permit_id(issuer, &key);
		let open = |text: &str| Opening::new(Domain::Permit, &id.0, text);
		let (environment, document) = (open(&self.environment), open(&self.document));
		let justification = self.justification.as_deref().map(open);
		let terms = PermitTerms {
			user: self.user,
			purpose: self.purpose,
			categories: self.categories,
			environment: environment.commitment,
			format: self.format,
			justification: justification
				.as_ref()
				.map_or(Commitment([0; 32]), |opening| opening.commitment),
			valid_from: self.valid_from.as_deref().map_or_else(|| Ok(time::now()), moment)?,
			valid_until: moment(&self.valid_until)?,
			conditions: self.conditions,
			document: document.commitment,
		};
		Ok(PreparedPermit { id, key, terms, environment, document, justification })
	}
}

/// The persons of a cohort under pseudonyms of one permit, and those who opted out: what opens and proves a committed cohort.
/// For the holder's file; no person is named in it, but whoever knows the secret recognises them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedCohort {
	/// The permit.
	pub permit: PermitId,
	/// With it a person's identifier becomes a pseudonym.
	#[serde(with = "crate::hexadecimal")]
	secret: [u8; 32],
	/// Pseudonyms of the cohort, sorted.
	cohort: Vec<Commitment>,
	/// Pseudonyms of those who opted out, sorted.
	opted_out: Vec<Commitment>,
	/// How many would be in the cohort, had they not opted out.
	excluded: u64,
}

impl std::fmt::Debug for PreparedCohort {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "PreparedCohort(permit {})", self.permit)
	}
}

impl Drop for PreparedCohort {
	fn drop(&mut self) {
		self.secret.zeroize();
	}
}

impl PreparedCohort {
	/// The cohort of `persons` without those who opted out, each given by the holder's own identifier.
	///
	/// # Errors
	/// [`Error::Input`] when fewer persons remain than may be shown, or an identifier is empty.
	pub fn new(permit: PermitId, persons: &[String], opted_out: &[String]) -> Result<Self, Error> {
		if persons.iter().chain(opted_out).any(|identifier| identifier.trim().is_empty()) {
			return Err(Error::input("a person has an empty identifier"));
		}
		let secret = random();
		let pseudonym = |identifier: &String| pseudonym(&secret, permit, identifier);
		let opted_out: BTreeSet<Commitment> = opted_out.iter().map(pseudonym).collect();
		let persons: BTreeSet<Commitment> = persons.iter().map(pseudonym).collect();
		let cohort: Vec<Commitment> = persons.difference(&opted_out).copied().collect();
		if SizeBucket::of(cohort.len() as u64) < LEAST_COHORT {
			return Err(Error::input("fewer than ten persons remain: so few are never extracted"));
		}
		let excluded = (persons.len() - cohort.len()) as u64;
		Ok(Self { permit, secret, cohort, opted_out: opted_out.into_iter().collect(), excluded })
	}

	/// How many persons it has, as the ledger tells it.
	pub fn size(&self) -> SizeBucket {
		SizeBucket::of(self.cohort.len() as u64)
	}

	/// How many were left out, as the ledger tells it: fewer than ten are not told.
	pub fn excluded(&self) -> SizeBucket {
		match SizeBucket::of(self.excluded) {
			few if few < LEAST_COHORT => SizeBucket::None,
			many => many,
		}
	}

	/// Root over the cohort.
	pub fn root(&self) -> MerkleRoot {
		merkle::root(self.cohort.iter().map(|pseudonym| pseudonym.0))
	}

	/// Root of the tree of those who opted out.
	pub fn opt_out_root(&self) -> MerkleRoot {
		opt_out::root(&self.opt_out_keys())
	}

	fn opt_out_keys(&self) -> Vec<opt_out::Key> {
		self.opted_out.iter().map(|pseudonym| pseudonym.0).collect()
	}

	/// Shows whether a person had opted out: the pseudonym, and the path in SCALE that [`opt_out::contains`] or
	/// [`opt_out::lacks`] takes.
	pub fn prove(&self, identifier: &str) -> OptOutProof {
		let key = pseudonym(&self.secret, self.permit, identifier);
		let keys = self.opt_out_keys();
		let path = opt_out::path(&keys, &key.0);
		OptOutProof {
			permit: self.permit,
			pseudonym: key,
			opted_out: keys.contains(&key.0),
			opt_out: self.opt_out_root(),
			path: hex::encode(path.encode()),
		}
	}
}

/// Whether a person had opted out when a cohort was committed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOutProof {
	/// The permit.
	pub permit: PermitId,
	/// The person's pseudonym under the permit.
	pub pseudonym: Commitment,
	/// Whether the person had opted out.
	pub opted_out: bool,
	/// The root that the ledger was committed to.
	pub opt_out: MerkleRoot,
	/// Path, SCALE in hexadecimal.
	pub path: String,
}

impl OptOutProof {
	/// Whether it shows what it says against this root.
	pub fn holds(&self, root: &MerkleRoot) -> bool {
		use codec::DecodeAll;
		let path = hex::decode(&self.path)
			.ok()
			.and_then(|bytes| opt_out::Path::decode_all(&mut bytes.as_slice()).ok());
		let Some(path) = path else { return false };
		match self.opted_out {
			true => opt_out::contains(root, &self.pseudonym.0, &path),
			false => opt_out::lacks(root, &self.pseudonym.0, &path),
		}
	}
}

/// The pseudonym of a person under one permit.
fn pseudonym(secret: &[u8; 32], permit: PermitId, identifier: &str) -> Commitment {
	curex_primitives::commitment::commit(
		Domain::Permit,
		&permit.0,
		secret,
		identifier.trim().as_bytes(),
	)
}

impl Client {
	/// A permit, with what has happened under it, if the ledger has it.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn permit(
		&self,
		id: PermitId,
		view: View,
	) -> Result<Option<(Permit, PermitStanding)>, Error> {
		self.read("SecondaryUseApi_permit", id, view).await
	}

	/// A permit, which must exist.
	pub(crate) async fn known_permit(&self, id: PermitId) -> Result<Permit, Error> {
		let found = self.permit(id, View::Best).await?;
		Ok(found.ok_or_else(|| Error::NotFound(format!("permit {id}")))?.0)
	}

	/// Every permit: a public register.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn permits(&self) -> Result<Vec<(PermitId, Permit)>, Error> {
		let view = View::At(self.block_of(View::Finalised).await?);
		let mut permits: Vec<(PermitId, Permit)> = Vec::new();
		let mut seen = BTreeSet::new();
		loop {
			let after = permits.last().map(|(id, _)| *id);
			let page: Vec<(PermitId, Permit)> =
				self.read("SecondaryUseApi_permits", (after, PAGE), view).await?;
			if page.is_empty() {
				return Ok(permits);
			}
			if !page.iter().all(|(id, _)| seen.insert(*id)) {
				return Err(Error::Protocol("the node tells of a permit twice".into()));
			}
			permits.extend(page);
		}
	}

	/// The holders that a permit names, with the commitments to their data sets.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn permit_holders(
		&self,
		id: PermitId,
		view: View,
	) -> Result<Vec<(OrganisationId, NamedHolder)>, Error> {
		self.read("SecondaryUseApi_holders", id, view).await
	}

	/// The extraction with this number under a permit, if there was one.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn extraction(
		&self,
		id: PermitId,
		number: u32,
		view: View,
	) -> Result<Option<Extraction>, Error> {
		self.read("SecondaryUseApi_extraction", (id, number), view).await
	}

	/// The report of re-identification with this number, if there is one.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn reidentification(
		&self,
		number: u32,
		view: View,
	) -> Result<Option<Reidentification>, Error> {
		self.read("SecondaryUseApi_report", number, view).await
	}

	/// Prepares a permit of the client's organisation; nothing is sent. Keep it before it is issued.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse its form, [`Error::NotFound`] when the user is no member.
	pub async fn prepare_permit(&self, spec: &PermitSpec) -> Result<PreparedPermit, Error> {
		let issuer = self.own_delegate().await?.organisation;
		let user = self.member(spec.user, View::Best).await?;
		let prepared = spec.prepare(issuer)?;
		prepared.terms.check(issuer, user.kind, time::now()).map_err(|defect| {
			Error::input(format!("the ledger would refuse the permit: {defect:?}"))
		})?;
		Ok(prepared)
	}

	/// Issues a prepared permit, as a health data access body. Issuing again is safe.
	///
	/// # Errors
	/// As [`Client::submit`].
	pub async fn issue_permit(&self, prepared: &PreparedPermit) -> Result<Submission, Error> {
		let call = curex::tx().secondary_use().issue(prepared.key, prepared.terms.clone().into());
		self.submit_own(&call).await
	}

	/// Names a holder whose data set may be used, as the body. The opening of the data set is for the body and the holder.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn name_permit_holder(
		&self,
		id: PermitId,
		holder: OrganisationId,
		dataset: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Permit, &id.0, dataset);
		let dataset = opening.commitment.into();
		let call = curex::tx().secondary_use().name_holder(id.into(), holder.into(), dataset);
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Revokes a permit for good, as the body. The opening of the reasons is for its file.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn revoke_permit(
		&self,
		id: PermitId,
		reasons: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Permit, &id.0, reasons);
		let call = curex::tx().secondary_use().revoke(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Commits to a cohort and to those who opted out, as a holder that the permit names. Keep the cohort first: it alone
	/// proves who was left out. The extraction comes in a later block.
	///
	/// # Errors
	/// [`Error::Input`] when the permit does not name the organisation; otherwise as [`Client::record`].
	pub async fn commit_cohort(&self, cohort: &PreparedCohort) -> Result<Recorded, Error> {
		let dataset = self.own_dataset(cohort.permit).await?;
		let call = curex::tx().secondary_use().commit_cohort(
			cohort.permit.into(),
			dataset.into(),
			cohort.root().into(),
			cohort.size().into(),
			cohort.opt_out_root().into(),
			cohort.excluded().into(),
		);
		self.record(&call).await
	}

	/// Records an extraction from the cohort committed before, and tells its number under the permit. `content` says what
	/// went to the environment; its opening is for the holder's file.
	///
	/// # Errors
	/// As [`Self::commit_cohort`]; [`Error::Protocol`] when the ledger does not tell the number.
	pub async fn record_extraction(
		&self,
		id: PermitId,
		content: &str,
	) -> Result<(Recorded, u32, Opening), Error> {
		let dataset = self.own_dataset(id).await?;
		let opening = Opening::new(Domain::Permit, &id.0, content);
		let payload = opening.commitment.into();
		let call = curex::tx().secondary_use().extract(id.into(), dataset.into(), payload);
		let recorded = self.record_opened(&call, &[&opening]).await?;
		let number = number_in(&recorded, "Extracted", "extraction")?;
		Ok((recorded, number, opening))
	}

	/// Lets outputs out of the environment, as the body: what leaves, and the check that found it anonymous, in words or as
	/// hashes. Tells the number of the export; the openings are for the body's file.
	///
	/// # Errors
	/// As [`Self::record_extraction`].
	pub async fn export_outputs(
		&self,
		id: PermitId,
		outputs: &str,
		check: &str,
	) -> Result<(Recorded, u32, [Opening; 2]), Error> {
		let openings = [outputs, check].map(|text| Opening::new(Domain::Permit, &id.0, text));
		let [outputs, check] = [0, 1].map(|index: usize| openings[index].commitment.into());
		let call = curex::tx().secondary_use().export(id.into(), outputs, check);
		let recorded = self.record_opened(&call, &openings.each_ref()).await?;
		let number = number_in(&recorded, "Exported", "export")?;
		Ok((recorded, number, openings))
	}

	/// Reports that a person was, or might have been, identified, and tells the number of the report. The opening of the
	/// evidence is for the reporter's file.
	///
	/// # Errors
	/// As [`Self::record_extraction`].
	pub async fn report_reidentification(
		&self,
		id: PermitId,
		evidence: &str,
	) -> Result<(Recorded, u32, Opening), Error> {
		let opening = Opening::new(Domain::Permit, &id.0, evidence);
		let evidence = opening.commitment.into();
		let call = curex::tx().secondary_use().report_reidentification(id.into(), evidence);
		let recorded = self.record_opened(&call, &[&opening]).await?;
		let number = number_in(&recorded, "ReidentificationReported", "report")?;
		Ok((recorded, number, opening))
	}

	/// Answers a report of re-identification, as the body. A confirmed one revokes the permit. The opening of the reasons
	/// is for the body's file.
	///
	/// # Errors
	/// [`Error::NotFound`] when there is no such report; otherwise as [`Client::record`].
	pub async fn answer_reidentification(
		&self,
		report: u32,
		finding: Finding,
		reasons: &str,
	) -> Result<(Recorded, Opening), Error> {
		let found = self.reidentification(report, View::Best).await?;
		let id = found.ok_or_else(|| Error::NotFound(format!("report {report}")))?.permit;
		let opening = Opening::new(Domain::Permit, &id.0, reasons);
		let reasons = opening.commitment.into();
		let call =
			curex::tx().secondary_use().answer_reidentification(report, finding.into(), reasons);
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Commits to the results that were made public, as the user. The opening is for whoever asks.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn publish_results(
		&self,
		id: PermitId,
		results: &str,
	) -> Result<(Recorded, Opening), Error> {
		let opening = Opening::new(Domain::Permit, &id.0, results);
		let call =
			curex::tx().secondary_use().publish_results(id.into(), opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// The data set of the client's organisation that a permit names.
	async fn own_dataset(&self, id: PermitId) -> Result<Commitment, Error> {
		let own = self.own_delegate().await?.organisation;
		let holders = self.permit_holders(id, View::Best).await?;
		let named = holders.into_iter().find(|(holder, _)| *holder == own);
		named.map(|(_, named)| named.dataset).ok_or_else(|| {
			Error::input(format!("permit {id} names no data set of organisation {own}"))
		})
	}
}

/// The number that an event of the transaction tells.
fn number_in(recorded: &Recorded, event: &str, field: &str) -> Result<u32, Error> {
	recorded
		.events
		.iter()
		.find(|found| found.is("SecondaryUse", event))
		.and_then(|found| u32::try_from(found.fields[field].as_u64()?).ok())
		.ok_or_else(|| Error::Protocol(format!("the ledger does not tell the number ({event})")))
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{DataUseCondition, OrganisationKind};

	const PERMIT: PermitId = PermitId([5; 32]);

	fn spec() -> serde_json::Value {
		serde_json::json!({
			"user": 4,
			"purpose": "research",
			"categories": ["patient-summary"],
			"format": "pseudonymised",
			"valid-until": "2100-01-01T00:00:00Z",
			"conditions": ["health-research"],
			"environment": "environment 7 of the body",
			"document": "permit 2026/17",
			"justification": "courses of disease are followed over years",
		})
	}

	fn persons(range: std::ops::Range<u32>) -> Vec<String> {
		range.map(|number| format!("MRN-{number}")).collect()
	}

	#[test]
	fn a_permit_is_read_from_json_and_commits_to_its_texts() {
		let spec = PermitSpec::from_json(spec().to_string().as_bytes()).unwrap();
		let prepared = spec.prepare(OrganisationId(3)).unwrap();
		assert_eq!(prepared.id, permit_id(OrganisationId(3), &prepared.key));
		assert_eq!(prepared.terms.document, prepared.document.commitment);
		assert_eq!(prepared.document.content, "permit 2026/17");
		assert!(prepared.terms.conditions.contains(DataUseCondition::HealthResearch));
		let now = 4_000_000_000_000;
		let checked = prepared.terms.check(OrganisationId(3), OrganisationKind::CareCentre, now);
		assert!(checked.is_err(), "longer than ten years");
		let kept: PreparedPermit =
			serde_json::from_slice(&serde_json::to_vec(&prepared).unwrap()).unwrap();
		assert_eq!((kept.id, kept.key, kept.terms), (prepared.id, prepared.key, prepared.terms));
	}

	#[test]
	fn what_a_spec_says_beyond_its_fields_is_not_passed_over() {
		let mut unknown = spec();
		unknown["fee"] = 7.into();
		assert!(matches!(
			PermitSpec::from_json(unknown.to_string().as_bytes()),
			Err(Error::Input(_))
		));
		let mut local = spec();
		local["valid-until"] = "2100-01-01T00:00:00".into();
		let spec = PermitSpec::from_json(local.to_string().as_bytes()).unwrap();
		assert!(matches!(spec.prepare(OrganisationId(3)), Err(Error::Input(_))));
	}

	#[test]
	fn who_opted_out_is_left_out_and_that_is_proven_of_everybody() {
		let cohort = PreparedCohort::new(PERMIT, &persons(0..40), &persons(30..60)).unwrap();
		assert_eq!((cohort.size(), cohort.excluded()), (SizeBucket::Tens, SizeBucket::Tens));
		let root = cohort.opt_out_root();
		for (person, opted_out) in [("MRN-3", false), ("MRN-35", true), ("MRN-99", false)] {
			let proof = cohort.prove(person);
			assert_eq!(proof.opted_out, opted_out, "{person}");
			assert!(proof.holds(&root));
			let lie = OptOutProof { opted_out: !opted_out, ..proof };
			assert!(!lie.holds(&root), "{person}");
		}
	}

	#[test]
	fn few_are_neither_extracted_nor_told() {
		let nine = PreparedCohort::new(PERMIT, &persons(0..12), &persons(0..3));
		assert!(matches!(nine, Err(Error::Input(_))));
		let ten = PreparedCohort::new(PERMIT, &persons(0..12), &persons(0..2)).unwrap();
		assert_eq!((ten.size(), ten.excluded()), (SizeBucket::Tens, SizeBucket::None));
		let twice = [persons(0..9), persons(0..9)].concat();
		assert!(PreparedCohort::new(PERMIT, &twice, &[]).is_err(), "a person counts once");
		assert!(PreparedCohort::new(PERMIT, &[" ".into()], &[]).is_err());
	}

	#[test]
	fn a_person_has_another_pseudonym_under_every_permit_and_none_is_shown() {
		let [first, second] = [PERMIT, PermitId([6; 32])]
			.map(|id| PreparedCohort::new(id, &persons(0..20), &[]).unwrap());
		assert!(first.cohort.iter().all(|pseudonym| !second.cohort.contains(pseudonym)));
		let text = format!("{first:?} {}", serde_json::to_string(&first).unwrap());
		assert!(!text.contains("MRN"), "{text}");
	}
}
