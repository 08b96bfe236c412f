//! `curex status`, `assessment`, `decide`, `organisation`, `council`.

use crate::context::{account, bytes, read_text, word, Bytes, Context, Output};
use clap::{Args, Subcommand};
use curex_client::{
	administration::{Decision, Declaration},
	ledger, Client, Error, KeyFile, Recorded, View,
};
use curex_primitives::{
	Competence, Competences, Confidence, ConsentId, Country, Duties, Duty, ExchangeId, Level,
	OrganisationId, OrganisationKind, PeerRole, PlanVerdict,
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
}

impl From<MotionCommand> for Decision {
	fn from(command: MotionCommand) -> Self {
		use MotionCommand::{AddValidator, Admit, Expel, Reinstate, RemoveValidator, Suspend};
		match command {
			Admit { kind, country, competences, public_encryption_key, name, administrator } => {
				Self::Admit {
					kind,
					country,
					competences: competences.into_iter().collect::<Competences>(),
					encryption_key: public_encryption_key.0,
					name,
					administrator: administrator.0,
				}
			},
			Suspend { organisation } => Self::Suspend(OrganisationId(organisation)),
			Reinstate { organisation } => Self::Reinstate(OrganisationId(organisation)),
			Expel { organisation } => Self::Expel(OrganisationId(organisation)),
			AddValidator { organisation, account } => {
				Self::AddValidator(OrganisationId(organisation), account.0)
			},
			RemoveValidator { organisation } => Self::RemoveValidator(OrganisationId(organisation)),
		}
	}
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
	let AssessmentCommand::Record(command) = command;
	let declaration = Declaration {
		cyber: command.cyber,
		privacy: command.privacy,
		patient_safety: command.patient_safety,
		confidence: command.confidence,
		days: command.days,
		basis: read_text(&command.basis_file)?,
	};
	let client = context.client().await?;
	let (recorded, opening) = client.declare_assessment(&declaration).await?;
	Ok(Output::recorded("assessment recorded", &recorded).with("opening", opening))
}

pub async fn decide(context: &Context, command: Decide) -> Result<Output, Error> {
	let reasons = read_text(&command.reasons_file)?;
	let client = context.client().await?;
	let (recorded, opening) = client.decide_plan(command.plan, command.verdict, &reasons).await?;
	Ok(Output::recorded("decision recorded", &recorded).with("opening", opening))
}

pub async fn organisation(context: &Context, command: Organisation) -> Result<Output, Error> {
	let client = context.client().await?;
	let recorded: Recorded = match command {
		Organisation::SetDelegate { account, duties } => {
			client.set_delegate(account.0, duties.into_iter().collect::<Duties>()).await?
		},
		Organisation::Dismiss { account } => client.dismiss_delegate(account.0).await?,
		Organisation::RegisterPeer { peer, role } => client.register_peer(peer.0, role).await?,
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
		Council::Propose { threshold, motion } => client.propose(&motion.into(), threshold).await?,
		Council::Vote { motion, index, against } => {
			client.vote(motion.0.into(), index, !against).await?
		},
		Council::Close { motion, index } => client.close(motion.0.into(), index).await?,
	};
	Ok(Output::recorded("recorded", &recorded))
}
