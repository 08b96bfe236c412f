//! Calls of administrators, security officers and the council.

use crate::{
	client::{Client, View},
	exchange::Opening,
	ledger::curex::{self, runtime_types},
	submission::Recorded,
	time, Error,
};
use codec::Decode;
use curex_primitives::{
	commitment::Domain, Assessment, Attestation, Bases, Competences, Confidence, Country, Duties,
	GroupId, Level, OrganisationId, OrganisationKind, PeerRole, PlanDecision, PlanVerdict, Policy,
	Purpose, Report, ReportKind, Tolerance,
};
use runtime_types::curex_runtime::RuntimeCall;
use serde::Serialize;
use subxt::{
	ext::scale_encode::EncodeAsType,
	tx::Payload,
	utils::{AccountId32, H256},
};

/// A peer id of the network: the identity multihash of an ed25519 key, in bytes.
pub type PeerId = [u8; 38];

/// What the council can decide.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
	/// Admit a member.
	Admit {
		/// What it is.
		kind: OrganisationKind,
		/// Where it is established.
		country: Country,
		/// What it supervises; empty unless it is an authority.
		competences: Competences,
		/// Its X25519 key.
		encryption_key: [u8; 32],
		/// Its legal name, at most 64 bytes of UTF-8.
		name: String,
		/// Its first delegate.
		administrator: [u8; 32],
	},
	/// Suspend a member; reversible.
	Suspend(OrganisationId),
	/// End a suspension.
	Reinstate(OrganisationId),
	/// Expel a member for good.
	Expel(OrganisationId),
	/// Give a hospital a validator seat.
	AddValidator(OrganisationId, [u8; 32]),
	/// Take a hospital's validator seat.
	RemoveValidator(OrganisationId),
	/// Allow a member so many calls in a window of the quota.
	SetQuota(OrganisationId, u32),
	/// Authorise the runtime with this BLAKE2b-256 hash; any member may bring its code then.
	AuthoriseUpgrade([u8; 32]),
	/// Change a cell of the law: on which bases data go to this kind of organisation for this purpose.
	SetLaw {
		/// Where; everywhere that has no cell of its own if not given.
		country: Option<Country>,
		/// For which purpose.
		purpose: Purpose,
		/// To what kind of organisation.
		kind: OrganisationKind,
		/// On which bases; the cell goes if not given.
		bases: Option<Bases>,
	},
	/// Raise the oldest consent policy that patients may have been informed by.
	RaiseOldestPolicy(u16),
	/// Put an organisation into a group that consents can name, or take it out.
	SetGroupMember {
		/// The group.
		group: GroupId,
		/// The organisation.
		organisation: OrganisationId,
		/// Whether it belongs to the group from now on.
		belongs: bool,
	},
}

/// A motion before the council.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Motion {
	/// Hash of the proposed call.
	pub proposal: H256,
	/// Its number.
	pub index: u32,
	/// How many have to agree.
	pub threshold: u32,
	/// Accounts that agree, hexadecimal.
	pub ayes: Vec<String>,
	/// Accounts that do not.
	pub nays: Vec<String>,
}

/// A risk assessment that an organisation declares itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Declaration {
	/// Cybersecurity level.
	pub cyber: Level,
	/// Privacy level.
	pub privacy: Level,
	/// Patient-safety level.
	pub patient_safety: Level,
	/// How sure.
	pub confidence: Confidence,
	/// For how many days it counts.
	pub days: u16,
	/// What it is based on, in words; stays with the organisation.
	pub basis: String,
}

impl std::fmt::Debug for Declaration {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		let Self { cyber, privacy, patient_safety, .. } = self;
		write!(formatter, "Declaration({cyber:?}, {privacy:?}, {patient_safety:?})")
	}
}

impl Client {
	/// Submits a call and waits until it is final.
	///
	/// # Errors
	/// As [`Self::submit`] and [`crate::Submission::finalized`].
	pub async fn record<P: Payload>(&self, call: &P) -> Result<Recorded, Error> {
		self.submit(call).await?.finalized().await
	}

	/// Gives an account of the client's organisation these duties, instead of any it has.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn set_delegate(&self, account: [u8; 32], duties: Duties) -> Result<Recorded, Error> {
		let call = curex::tx().consortium().set_delegate(AccountId32(account), duties.into());
		self.record(&call).await
	}

	/// Dismisses a delegate of the client's organisation.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn dismiss_delegate(&self, account: [u8; 32]) -> Result<Recorded, Error> {
		self.record(&curex::tx().consortium().dismiss_delegate(AccountId32(account))).await
	}

	/// Registers a network peer of the client's organisation.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn register_peer(&self, peer: PeerId, role: PeerRole) -> Result<Recorded, Error> {
		let peer = runtime_types::pallet_consortium::types::PeerId(peer);
		self.record(&curex::tx().consortium().register_peer(peer, role.into())).await
	}

	/// Replaces the key to which envelopes for the client's organisation are sealed. Keep the old one until every
	/// exchange begun before has ended.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn rotate_encryption_key(&self, key: [u8; 32]) -> Result<Recorded, Error> {
		self.record(&curex::tx().consortium().rotate_encryption_key(key)).await
	}

	/// Says how often the off-chain worker of the client's organisation does what.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn set_policy(&self, policy: &Policy) -> Result<Recorded, Error> {
		let policy = runtime_types::curex_primitives::orders::Policy {
			discover_every: policy.discover_every,
			watch_every: policy.watch_every,
			survey_every: policy.survey_every,
			assess_every: policy.assess_every,
		};
		self.record(&curex::tx().orders().set_policy(policy)).await
	}

	/// Registers new session keys of the validator whose account the client signs as. `keys` are the public keys of BABE
	/// (sr25519) and GRANDPA (ed25519), one after the other; `proof` shows that the account owns them. Both are what
	/// `curex-node keys rotate` prints. The keys count from the session after the next.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn set_session_keys(
		&self,
		keys: [u8; 64],
		proof: Vec<u8>,
	) -> Result<Recorded, Error> {
		use runtime_types::{
			curex_runtime::SessionKeys, sp_consensus_babe::app as babe,
			sp_consensus_grandpa::app as grandpa,
		};
		let half = |from: usize| std::array::from_fn(|index| keys[from + index]);
		let keys = SessionKeys { babe: babe::Public(half(0)), grandpa: grandpa::Public(half(32)) };
		self.record(&curex::tx().session().set_keys(keys, proof)).await
	}

	/// Removes a network peer of the client's organisation.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn remove_peer(&self, peer: PeerId) -> Result<Recorded, Error> {
		let peer = runtime_types::pallet_consortium::types::PeerId(peer);
		self.record(&curex::tx().consortium().remove_peer(peer)).await
	}

	/// Records that the client's organisation accepted a version of the consortium agreement.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn accept_agreement(&self, version: u16) -> Result<Recorded, Error> {
		self.record(&curex::tx().consortium().accept_agreement(version)).await
	}

	/// Says what risk of a recipient the client's organisation accepts before its data go there unattended.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn set_tolerance(&self, tolerance: Tolerance) -> Result<Recorded, Error> {
		self.record(&curex::tx().risk().set_tolerance(tolerance.into())).await
	}

	/// Moves the client's own duties to another account.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn rotate_account(&self, account: [u8; 32]) -> Result<Recorded, Error> {
		self.record(&curex::tx().consortium().rotate_account(AccountId32(account))).await
	}

	/// Records a self-declared risk assessment. The openings of its evidence and of its inputs are for the organisation's file.
	///
	/// # Errors
	/// [`Error::Input`] when the ledger would refuse it, otherwise as [`Self::record`].
	pub async fn declare_assessment(
		&self,
		declaration: &Declaration,
	) -> Result<(Recorded, [Opening; 2]), Error> {
		let organisation = self.own_delegate().await?.organisation;
		let number = 1 + self.last_number(organisation, ReportKind::Assessment, View::Best).await?;
		let context = record_of(organisation, number);
		let evidence = Opening::new(Domain::Evidence, &context, &declaration.basis);
		let inputs = Opening::new(Domain::Inputs, &context, &declaration.basis);
		let now = time::now();
		let assessment = Assessment {
			cyber: declaration.cyber,
			privacy: declaration.privacy,
			patient_safety: declaration.patient_safety,
			confidence: declaration.confidence,
			attestation: Attestation::SelfAssessed,
			inputs: inputs.commitment,
			parameters: 0,
			evidence: evidence.commitment,
			assessed_at: now,
			expires_at: now + u64::from(declaration.days) * 24 * 3_600 * 1_000,
		};
		Report::Assessment(assessment.clone())
			.check(now)
			.map_err(|defect| Error::input(format!("the ledger would refuse it: {defect:?}")))?;
		let call = curex::tx().risk().record(number, assessment.into());
		let recorded = self.record_opened(&call, &[&evidence, &inputs]).await?;
		Ok((recorded, [evidence, inputs]))
	}

	/// Decides on a safeguard plan, as the security officer. The opening of the reasons is for the organisation's file.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn decide_plan(
		&self,
		plan: u64,
		verdict: PlanVerdict,
		reasons: &str,
	) -> Result<(Recorded, Opening), Error> {
		let organisation = self.own_delegate().await?.organisation;
		let context = record_of(organisation, plan);
		let opening = Opening::new(Domain::Evidence, &context, reasons);
		let decision = PlanDecision { plan, verdict, reasons: opening.commitment };
		let call = curex::tx().safeguards().decide(decision.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Reports that a plan of the client's organisation was carried out, as far as it was accepted. Gives what opens the
	/// commitment to the evidence.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn plan_implemented(
		&self,
		plan: u64,
		evidence: &str,
	) -> Result<(Recorded, Opening), Error> {
		let organisation = self.own_delegate().await?.organisation;
		let context = record_of(organisation, plan);
		let opening = Opening::new(Domain::Evidence, &context, evidence);
		let call = curex::tx().safeguards().implemented(plan, opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Reports that an alert of one's own is dealt with. Keep the opening: the ledger has only its commitment to the evidence.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn close_alert(
		&self,
		alert: u64,
		evidence: &str,
	) -> Result<(Recorded, Opening), Error> {
		let organisation = self.own_delegate().await?.organisation;
		let context = record_of(organisation, alert);
		let opening = Opening::new(Domain::Evidence, &context, evidence);
		let call = curex::tx().threats().close(alert, opening.commitment.into());
		Ok((self.record_opened(&call, &[&opening]).await?, opening))
	}

	/// Attests the assessment of another member: recomputed from its inputs, or audited.
	///
	/// # Errors
	/// [`Error::Input`] when it says neither; otherwise as [`Self::record`].
	pub async fn attest_assessment(
		&self,
		organisation: OrganisationId,
		assessment: u64,
		attestation: Attestation,
	) -> Result<Recorded, Error> {
		if attestation == Attestation::SelfAssessed {
			return Err(Error::input("an assessment is attested as recomputed or as audited"));
		}
		let (organisation, attestation) = (organisation.into(), attestation.into());
		self.record(&curex::tx().risk().attest(organisation, assessment, attestation)).await
	}

	/// Brings a decision before the council. `threshold` members have to agree.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn propose(&self, decision: &Decision, threshold: u32) -> Result<Recorded, Error> {
		let call = decision.call()?;
		let length = self.encoded_length(&call).await?;
		self.record(&curex::tx().council().propose(threshold, call, length)).await
	}

	/// Votes on a motion.
	///
	/// # Errors
	/// As [`Self::record`].
	pub async fn vote(&self, proposal: H256, index: u32, approve: bool) -> Result<Recorded, Error> {
		self.record(&curex::tx().council().vote(proposal, index, approve)).await
	}

	/// Closes a motion that is decided, and carries it out if the council agreed.
	///
	/// # Errors
	/// [`Error::NotFound`] when there is no such motion; otherwise as [`Self::record`].
	pub async fn close(&self, proposal: H256, index: u32) -> Result<Recorded, Error> {
		let key =
			[&curex_verify::bundle::storage_key("Council", "ProposalOf")[..], &proposal.0].concat();
		let call = self
			.storage(&key, View::Best)
			.await?
			.ok_or_else(|| Error::NotFound(format!("motion 0x{}", hex::encode(proposal.0))))?;
		let length = u32::try_from(call.len())
			.map_err(|_| Error::Protocol("the motion is too long".into()))?;
		// An upper bound; what is not used is given back.
		let weight = runtime_types::sp_weights::weight_v2::Weight {
			ref_time: 100_000_000_000,
			proof_size: 1_000_000,
		};
		self.record(&curex::tx().council().close(proposal, index, weight, length)).await
	}

	/// The hash of the runtime that the council authorised and that no member has brought yet.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn authorised_upgrade(&self) -> Result<Option<H256>, Error> {
		let key = curex_verify::bundle::storage_key("System", "AuthorizedUpgrade");
		let Some(authorised) = self.storage(&key, View::Best).await? else { return Ok(None) };
		// The hash, and whether the version is looked at.
		<([u8; 32], bool)>::decode(&mut &authorised[..])
			.map(|(hash, _)| Some(H256(hash)))
			.map_err(|_| Error::Protocol("the authorised upgrade is not readable".into()))
	}

	/// Brings the code of the runtime that the council authorised. It is in force from the next block on.
	///
	/// # Errors
	/// [`Error::Input`] when none is authorised, or another; otherwise as [`Self::record`].
	pub async fn apply_upgrade(&self, code: Vec<u8>) -> Result<Recorded, Error> {
		let authorised = self
			.authorised_upgrade()
			.await?
			.ok_or_else(|| Error::input("the council has authorised no upgrade"))?;
		let hash = code_hash(&code);
		if hash != authorised {
			let [authorised, hash] = [authorised, hash].map(|hash| hex::encode(hash.0));
			return Err(Error::input(format!(
				"the council authorised the code with hash 0x{authorised}, this is 0x{hash}"
			)));
		}
		self.record(&curex::tx().system().apply_authorized_upgrade(code)).await
	}

	/// The motions before the council.
	///
	/// # Errors
	/// [`Error::Connection`] or [`Error::Protocol`].
	pub async fn motions(&self) -> Result<Vec<Motion>, Error> {
		#[derive(Decode)]
		struct Votes {
			index: u32,
			threshold: u32,
			ayes: Vec<[u8; 32]>,
			nays: Vec<[u8; 32]>,
		}
		let unreadable = || Error::Protocol("the council's motions are not readable".into());
		let key = curex_verify::bundle::storage_key("Council", "Proposals");
		let proposals = self.storage(&key, View::Best).await?.unwrap_or_else(|| vec![0]);
		let proposals = Vec::<[u8; 32]>::decode(&mut &proposals[..]).map_err(|_| unreadable())?;
		let voting = curex_verify::bundle::storage_key("Council", "Voting");
		let text = |accounts: Vec<[u8; 32]>| {
			accounts.iter().map(|account| format!("0x{}", hex::encode(account))).collect()
		};
		let mut motions = Vec::new();
		for proposal in proposals {
			let key = [&voting[..], &proposal].concat();
			let Some(votes) = self.storage(&key, View::Best).await? else { continue };
			let votes = Votes::decode(&mut &votes[..]).map_err(|_| unreadable())?;
			motions.push(Motion {
				proposal: proposal.into(),
				index: votes.index,
				threshold: votes.threshold,
				ayes: text(votes.ayes),
				nays: text(votes.nays),
			});
		}
		Ok(motions)
	}

	/// Bytes of a call as the node's runtime encodes it.
	async fn encoded_length(&self, call: &RuntimeCall) -> Result<u32, Error> {
		let metadata = self.at(self.block_of(View::Finalised).await?).await?.metadata();
		let kind = metadata.outer_enums().call_enum_ty();
		let bytes = call
			.encode_as_type(kind, metadata.types())
			.map_err(|error| Error::Protocol(error.to_string()))?;
		u32::try_from(bytes.len()).map_err(|_| Error::input("the decision is too long"))
	}
}

/// The record in which an organisation commits to what belongs to one of its numbered reports.
fn record_of(organisation: OrganisationId, number: u64) -> [u8; 32] {
	let mut record = [0; 32];
	record[..4].copy_from_slice(&organisation.0.to_le_bytes());
	record[4..12].copy_from_slice(&number.to_le_bytes());
	record
}

/// By what the council names a runtime: the BLAKE2b-256 hash of its code, as it is stored.
pub fn code_hash(code: &[u8]) -> H256 {
	H256(sp_crypto_hashing::blake2_256(code))
}

impl Decision {
	fn call(&self) -> Result<RuntimeCall, Error> {
		use runtime_types::{
			pallet_consent::pallet::Call as Consent, pallet_consortium::pallet::Call,
		};
		let call = match self.clone() {
			Self::Admit { kind, country, competences, encryption_key, name, administrator } => {
				if name.is_empty() || name.len() > 64 {
					return Err(Error::input("a name is 1 to 64 bytes of UTF-8"));
				}
				Call::admit {
					kind: kind.into(),
					country: country.into(),
					competences: competences.into(),
					encryption_key,
					name: runtime_types::bounded_collections::bounded_vec::BoundedVec(
						name.into_bytes(),
					),
					administrator: AccountId32(administrator),
				}
			},
			Self::Suspend(organisation) => Call::suspend { organisation: organisation.into() },
			Self::Reinstate(organisation) => Call::reinstate { organisation: organisation.into() },
			Self::Expel(organisation) => Call::expel { organisation: organisation.into() },
			Self::AddValidator(organisation, account) => Call::add_validator {
				organisation: organisation.into(),
				account: AccountId32(account),
			},
			Self::RemoveValidator(organisation) => {
				Call::remove_validator { organisation: organisation.into() }
			},
			Self::SetQuota(organisation, limit) => {
				Call::set_quota { organisation: organisation.into(), limit }
			},
			Self::AuthoriseUpgrade(code_hash) => {
				Call::authorize_upgrade { code_hash: H256(code_hash) }
			},
			Self::SetLaw { country, purpose, kind, bases } => {
				return Ok(RuntimeCall::Consent(Consent::set_law {
					country: country.map(Into::into),
					purpose: purpose.into(),
					kind: kind.into(),
					bases: bases.map(Into::into),
				}));
			},
			Self::RaiseOldestPolicy(version) => {
				return Ok(RuntimeCall::Consent(Consent::raise_oldest_policy { version }));
			},
			Self::SetGroupMember { group, organisation, belongs } => {
				return Ok(RuntimeCall::Consent(Consent::set_group_member {
					group: group.into(),
					organisation: organisation.into(),
					belongs,
				}));
			},
		};
		Ok(RuntimeCall::Consortium(call))
	}
}
