//! `curex status`, `assessment`, `decide`, `implemented`, `close-alert`, `organisation`, `council`.

use crate::{
	context::{account, bytes, keep_opening, read, read_text, word, Bytes, Context, Output},
	follow_up::text,
};
use clap::{Args, Subcommand};
use curex_client::{
	administration::{code_hash, Decision, Declaration},
	exchange::Opening,
	ledger, time, Client, Error, KeyFile, Recorded, View,
};
use curex_primitives::{
	Attestation, Competence, Competences, Confidence, ConsentId, Country, Duties, Duty, ExchangeId,
	GroupId, LegalBasis, Level, OrganisationId, OrganisationKind, PeerRole, PlanVerdict, Purpose,
	Tolerance,
};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
#[group(multiple = false)]
pub struct Status {
	/// An exchange.
	#[arg(long)]
	exchange: Option<ExchangeId>,
	/// A consent.
	#[arg(long)]
	consent: Option<ConsentId>,
	/// A member, by its number.
	#[arg(long)]
	organisation: Option<u32>,
}

#[derive(Subcommand)]
pub enum AssessmentCommand {
	/// Record a self-declared assessment.
	Record(RecordAssessment),
	/// Attest the assessment of another member.
	Attest {
		/// Whose it is, by its number.
		#[arg(long)]
		organisation: u32,
		/// Number under which it was recorded.
		#[arg(long)]
		number: u64,
		/// What was done: recomputed or audited.
		#[arg(long = "as", value_parser = word::<Attestation>)]
		attestation: Attestation,
	},
}

#[derive(Args)]
pub struct CloseAlert {
	/// Number under which the alert was recorded.
	#[arg(long)]
	alert: u64,
	/// File with the evidence in words; stays with the organisation.
	#[arg(long)]
	evidence_file: PathBuf,
}

#[derive(Args)]
pub struct RecordAssessment {
	/// Cybersecurity level: very-low, low, moderate, high or very-high.
	#[arg(long, value_parser = word::<Level>)]
	cyber: Level,
	/// Privacy level.
	#[arg(long, value_parser = word::<Level>)]
	privacy: Level,
	/// Patient-safety level.
	#[arg(long, value_parser = word::<Level>)]
	patient_safety: Level,
	/// How sure: low, medium or high.
	#[arg(long, value_parser = word::<Confidence>, default_value = "low")]
	confidence: Confidence,
	/// For how many days it counts.
	#[arg(long, default_value_t = 90)]
	days: u16,
	/// File that says what it is based on; stays with the organisation.
	#[arg(long)]
	basis_file: PathBuf,
}

#[derive(Args)]
pub struct Decide {
	/// Number under which the plan was recorded.
	#[arg(long)]
	plan: u64,
	/// The decision: accepted, amended or rejected.
	#[arg(long, value_parser = word::<PlanVerdict>)]
	verdict: PlanVerdict,
	/// File with the reasons; they stay with the organisation.
	#[arg(long)]
	reasons_file: PathBuf,
}

#[derive(Args)]
pub struct Implemented {
	/// Number under which the plan was recorded.
	#[arg(long)]
	plan: u64,
	/// File with the evidence in words; stays with the organisation.
	#[arg(long)]
	evidence_file: PathBuf,
}

#[derive(Subcommand)]
pub enum Organisation {
	/// Give an account these duties, instead of any it has.
	SetDelegate {
		/// The account.
		#[arg(value_parser = account)]
		account: Bytes<32>,
		/// Duties, separated by commas.
		#[arg(long, value_delimiter = ',', required = true, value_parser = word::<Duty>)]
		duties: Vec<Duty>,
	},
	/// Dismiss a delegate.
	Dismiss {
		/// The account.
		#[arg(value_parser = account)]
		account: Bytes<32>,
	},
	/// Register a network peer.
	RegisterPeer {
		/// The peer id: 12D3… or its 38 bytes in hexadecimal.
		#[arg(value_parser = peer)]
		peer: Bytes<38>,
		/// What it does: validator, gateway or archive.
		#[arg(long, value_parser = word::<PeerRole>)]
		role: PeerRole,
	},
	/// Remove a network peer.
	RemovePeer {
		/// The peer id: 12D3… or its 38 bytes in hexadecimal.
		#[arg(value_parser = peer)]
		peer: Bytes<38>,
	},
	/// Accept a version of the consortium agreement.
	AcceptAgreement {
		/// The version.
		version: u16,
	},
	/// Say what risk of a recipient is accepted before data go there unattended. Beyond it a person releases.
	SetTolerance {
		/// The worst cybersecurity level: very-low to very-high.
		#[arg(long, value_parser = word::<Level>)]
		worst_cyber: Level,
		/// The worst privacy level.
		#[arg(long, value_parser = word::<Level>)]
		worst_privacy: Level,
		/// The oldest assessment, in days.
		#[arg(long)]
		oldest_days: u16,
		/// The least that must stand behind the assessment: self-assessed, or more.
		#[arg(long, value_parser = word::<Attestation>)]
		attestation: Attestation,
	},
	/// Replace the encryption key by that of another key file.
	RotateEncryptionKey {
		/// The new key file.
		file: PathBuf,
	},
	/// Register new session keys of the own validator, as `curex-node keys rotate` prints them.
	SetSessionKeys {
		/// The public keys in hexadecimal.
		#[arg(long, value_parser = bytes::<64>)]
		session_keys: Bytes<64>,
		/// The proof that the account owns them, in hexadecimal.
		#[arg(long, value_parser = bytes::<128>)]
		proof: Bytes<128>,
	},
	/// Move the own duties to another account.
	RotateAccount {
		/// The new account.
		#[arg(value_parser = account)]
		account: Bytes<32>,
	},
}

#[derive(Subcommand)]
pub enum Council {
	/// List the motions.
	List,
	/// Bring a motion.
	Propose {
		/// How many have to agree.
		#[arg(long)]
		threshold: u32,
		#[command(subcommand)]
		motion: MotionCommand,
	},
	/// Vote on a motion.
	Vote {
		/// Hash of the motion.
		#[arg(value_parser = bytes::<32>)]
		motion: Bytes<32>,
		/// Number of the motion.
		#[arg(long)]
		index: u32,
		/// Vote against it.
		#[arg(long)]
		against: bool,
	},
	/// Bring the runtime that the council authorised; any member may. Nodes run it from the next block on.
	ApplyUpgrade {
		/// The runtime, byte for byte what was authorised.
		code: PathBuf,
	},
	/// Close a motion that is decided.
	Close {
		/// Hash of the motion.
		#[arg(value_parser = bytes::<32>)]
		motion: Bytes<32>,
		/// Number of the motion.
		#[arg(long)]
		index: u32,
	},
}

#[derive(Subcommand)]
pub enum MotionCommand {
	/// Admit a member.
	Admit {
		/// What it is: hospital, care-centre or authority.
		#[arg(long, value_parser = word::<OrganisationKind>)]
		kind: OrganisationKind,
		/// Where it is established (two letters).
		#[arg(long, value_parser = word::<Country>)]
		country: Country,
		/// What an authority supervises, separated by commas.
		#[arg(long, value_delimiter = ',', value_parser = word::<Competence>)]
		competences: Vec<Competence>,
		/// Its X25519 key in hexadecimal (`curex keys inspect`).
		#[arg(long, value_parser = bytes::<32>)]
		public_encryption_key: Bytes<32>,
		/// Its legal name.
		#[arg(long)]
		name: String,
		/// Account of its first delegate.
		#[arg(long, value_parser = account)]
		administrator: Bytes<32>,
	},
	/// Suspend a member.
	Suspend {
		/// Its number.
		organisation: u32,
	},
	/// End a suspension.
	Reinstate {
		/// Its number.
		organisation: u32,
	},
	/// Expel a member for good.
	Expel {
		/// Its number.
		organisation: u32,
	},
	/// Give a hospital a validator seat.
	AddValidator {
		/// Its number.
		organisation: u32,
		/// The account with the session keys.
		#[arg(value_parser = account)]
		account: Bytes<32>,
	},
	/// Take a hospital's validator seat.
	RemoveValidator {
		/// Its number.
		organisation: u32,
	},
	/// Allow a member so many calls in a window of the quota.
	SetQuota {
		/// Its number.
		organisation: u32,
		/// How many.
		limit: u32,
	},
	/// Authorise a runtime. Any member brings its code then (`curex council apply-upgrade`).
	AuthoriseUpgrade {
		/// The runtime as it was built (WebAssembly, compact or compressed).
		#[arg(required_unless_present = "hash")]
		code: Option<PathBuf>,
		/// The BLAKE2b-256 hash of its code, instead of the code.
		#[arg(long, conflicts_with = "code", value_parser = bytes::<32>)]
		hash: Option<Bytes<32>>,
	},
	/// Change on which bases data go to a kind of organisation for a purpose.
	SetLaw {
		/// Where (two letters); everywhere that has no rule of its own if not said.
		#[arg(long, value_parser = word::<Country>)]
		country: Option<Country>,
		/// The purpose, such as treatment.
		#[arg(long, value_parser = word::<Purpose>)]
		purpose: Purpose,
		/// To what: hospital, care-centre or authority.
		#[arg(long, value_parser = word::<OrganisationKind>)]
		kind: OrganisationKind,
		/// A basis as ARTICLE-6/ARTICLE-9, such as consent/explicit-consent; may be given several times.
		#[arg(long = "basis", value_parser = basis, required_unless_present = "remove")]
		bases: Vec<LegalBasis>,
		/// Remove the rule: the wider one holds again.
		#[arg(long, conflicts_with = "bases")]
		remove: bool,
	},
	/// Raise the oldest consent policy that patients may have been informed by.
	RaiseOldestPolicy {
		/// Its version.
		version: u16,
	},
	/// Put an organisation into a group that consents can name, or take it out.
	SetGroupMember {
		/// Number of the group.
		#[arg(long)]
		group: u32,
		/// Its number.
		organisation: u32,
		/// Take it out.
		#[arg(long)]
		remove: bool,
	},
}

impl MotionCommand {
	fn decision(self) -> Result<Decision, Error> {
		Ok(match self {
			Self::Admit {
				kind,
				country,
				competences,
				public_encryption_key,
				name,
				administrator,
			} => Decision::Admit {
				kind,
				country,
				competences: competences.into_iter().collect::<Competences>(),
				encryption_key: public_encryption_key.0,
				name,
				administrator: administrator.0,
			},
			Self::Suspend { organisation } => Decision::Suspend(OrganisationId(organisation)),
			Self::Reinstate { organisation } => Decision::Reinstate(OrganisationId(organisation)),
			Self::Expel { organisation } => Decision::Expel(OrganisationId(organisation)),
			Self::AddValidator { organisation, account } => {
				Decision::AddValidator(OrganisationId(organisation), account.0)
			},
			Self::RemoveValidator { organisation } => {
				Decision::RemoveValidator(OrganisationId(organisation))
			},
			Self::SetQuota { organisation, limit } => {
				Decision::SetQuota(OrganisationId(organisation), limit)
			},
			Self::AuthoriseUpgrade { code, hash } => match (hash, code) {
				(Some(hash), _) => Decision::AuthoriseUpgrade(hash.0),
				(None, Some(code)) => Decision::AuthoriseUpgrade(code_hash(&read(&code)?).0),
				(None, None) => return Err(Error::Input("give the code or its hash".into())),
			},
			Self::SetLaw { country, purpose, kind, bases, remove } => {
				let bases = (!remove).then(|| bases.into_iter().collect());
				Decision::SetLaw { country, purpose, kind, bases }
			},
			Self::RaiseOldestPolicy { version } => Decision::RaiseOldestPolicy(version),
			Self::SetGroupMember { group, organisation, remove } => Decision::SetGroupMember {
				group: GroupId(group),
				organisation: OrganisationId(organisation),
				belongs: !remove,
			},
		})
	}
}

/// Reads a legal basis: the words of both articles.
fn basis(text: &str) -> Result<LegalBasis, String> {
	let (article6, article9) =
		text.split_once('/').ok_or("expected a basis as ARTICLE-6/ARTICLE-9")?;
	Ok(LegalBasis { article6: word(article6)?, article9: word(article9)? })
}

/// Reads a peer id.
fn peer(text: &str) -> Result<Bytes<38>, String> {
	bytes(text).or_else(|_| {
		bs58::decode(text)
			.into_vec()
			.ok()
			.and_then(|bytes| bytes.try_into().ok().map(Bytes))
			.ok_or_else(|| "expected a peer id (12D3…) or 38 bytes in hexadecimal".into())
	})
}

pub async fn status(context: &Context, command: Status) -> Result<Output, Error> {
	if let Some(id) = command.exchange {
		let client = context.reader().await?;
		let exchange = client.exchange(id, View::Best).await?;
		let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
		let finalised = client.exchange(id, View::Finalised).await?.map(|exchange| exchange.state);
		let review = client.review_of(id, View::Best).await?;
		return Ok(Output::data(json!({
			"id": id, "exchange": exchange, "finalised_state": finalised, "review": review,
		})));
	}
	if let Some(id) = command.consent {
		let client = context.reader().await?;
		let consent = client.consent(id, View::Best).await?;
		let consent = consent.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
		let live = consent.is_live(curex_client::time::now());
		return Ok(Output::data(json!({ "id": id, "live": live, "consent": consent })));
	}
	if let Some(id) = command.organisation {
		let client = context.reader().await?;
		let member = client.member(OrganisationId(id), View::Best).await?;
		return Ok(Output::data(json!({ "id": id, "organisation": member })));
	}
	let client = context.client().await?;
	let health = client.health().await?;
	let (delegate, organisation) = own(&client).await?;
	Ok(Output::data(json!({
		"node": health, "delegate": delegate, "organisation": organisation,
	})))
}

/// The client's own part, if it has an account.
async fn own(
	client: &Client,
) -> Result<(Option<ledger::Delegate>, Option<ledger::Organisation>), Error> {
	let Ok(signer) = client.signer() else { return Ok((None, None)) };
	let Some(delegate) = client.delegate(signer.account(), View::Best).await? else {
		return Ok((None, None));
	};
	let organisation = client.organisation(delegate.organisation, View::Best).await?;
	Ok((Some(delegate), organisation))
}

pub async fn assessment(context: &Context, command: AssessmentCommand) -> Result<Output, Error> {
	let command = match command {
		AssessmentCommand::Record(command) => command,
		AssessmentCommand::Attest { organisation, number, attestation } => {
			let client = context.client().await?;
			let organisation = OrganisationId(organisation);
			let recorded = client.attest_assessment(organisation, number, attestation).await?;
			return Ok(Output::recorded("assessment attested", &recorded));
		},
	};
	let declaration = Declaration {
		cyber: command.cyber,
		privacy: command.privacy,
		patient_safety: command.patient_safety,
		confidence: command.confidence,
		days: command.days,
		basis: read_text(&command.basis_file)?,
	};
	let client = context.client().await?;
	let (recorded, [evidence, inputs]) = client.declare_assessment(&declaration).await?;
	let told = Output::recorded("assessment recorded", &recorded).with("opening", &evidence);
	Ok(told.with("inputs", &inputs).with("kept", kept(context, &[&evidence, &inputs])?))
}

pub async fn decide(context: &Context, command: Decide) -> Result<Output, Error> {
	let reasons = read_text(&command.reasons_file)?;
	let client = context.client().await?;
	let (recorded, opening) = client.decide_plan(command.plan, command.verdict, &reasons).await?;
	Ok(Output::recorded("decision recorded", &recorded)
		.with("opening", &opening)
		.with("kept", kept(context, &[&opening])?))
}

pub async fn implemented(context: &Context, command: Implemented) -> Result<Output, Error> {
	let evidence = text(&command.evidence_file)?;
	let client = context.client().await?;
	let (recorded, opening) = client.plan_implemented(command.plan, &evidence).await?;
	Ok(Output::recorded("plan reported as carried out", &recorded)
		.with("opening", &opening)
		.with("kept", kept(context, &[&opening])?))
}

pub async fn close_alert(context: &Context, command: CloseAlert) -> Result<Output, Error> {
	let evidence = text(&command.evidence_file)?;
	let client = context.client().await?;
	let (recorded, opening) = client.close_alert(command.alert, &evidence).await?;
	Ok(Output::recorded("alert closed", &recorded)
		.with("opening", &opening)
		.with("kept", kept(context, &[&opening])?))
}

/// Keeps openings that a command also prints, and tells where.
fn kept(context: &Context, openings: &[&Opening]) -> Result<Vec<PathBuf>, Error> {
	let keep = |opening: &&Opening| {
		keep_opening(context, "evidence", &hex::encode(opening.commitment.0), opening)
	};
	openings.iter().map(keep).collect()
}

pub async fn organisation(context: &Context, command: Organisation) -> Result<Output, Error> {
	let client = context.client().await?;
	let recorded: Recorded = match command {
		Organisation::SetDelegate { account, duties } => {
			client.set_delegate(account.0, duties.into_iter().collect::<Duties>()).await?
		},
		Organisation::Dismiss { account } => client.dismiss_delegate(account.0).await?,
		Organisation::RegisterPeer { peer, role } => client.register_peer(peer.0, role).await?,
		Organisation::RemovePeer { peer } => client.remove_peer(peer.0).await?,
		Organisation::AcceptAgreement { version } => client.accept_agreement(version).await?,
		Organisation::SetTolerance { worst_cyber, worst_privacy, oldest_days, attestation } => {
			let max_age = u64::from(oldest_days) * time::DAY;
			let tolerance = Tolerance { worst_cyber, worst_privacy, max_age, attestation };
			client.set_tolerance(tolerance).await?
		},
		Organisation::RotateEncryptionKey { file } => {
			let key = KeyFile::read(&file)?.unlock_encryption_key(&context.password()?)?;
			client.rotate_encryption_key(key.public()).await?
		},
		Organisation::SetSessionKeys { session_keys, proof } => {
			client.set_session_keys(session_keys.0, proof.0.to_vec()).await?
		},
		Organisation::RotateAccount { account } => client.rotate_account(account.0).await?,
	};
	Ok(Output::recorded("recorded", &recorded))
}

pub async fn council(context: &Context, command: Council) -> Result<Output, Error> {
	if matches!(command, Council::List) {
		return Ok(Output::data(json!({ "motions": context.reader().await?.motions().await? })));
	}
	let client = context.client().await?;
	let recorded = match command {
		Council::List => return Err(Error::Input("there is nothing to record".into())),
		Council::Propose { threshold, motion } => {
			client.propose(&motion.decision()?, threshold).await?
		},
		Council::Vote { motion, index, against } => {
			client.vote(motion.0.into(), index, !against).await?
		},
		Council::ApplyUpgrade { code } => client.apply_upgrade(read(&code)?).await?,
		Council::Close { motion, index } => client.close(motion.0.into(), index).await?,
	};
	Ok(Output::recorded("recorded", &recorded))
}
