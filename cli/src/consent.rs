//! `curex consent`: filing, showing and withdrawing consents.

use crate::{
	context::{
		keep_opening, keep_unless_refused, parse, read, read_text, write_private, Context, Output,
	},
	exchange,
	follow_up::text,
};
use clap::{ArgGroup, Args, Subcommand};
use curex_client::{
	exchange::IdempotencyKey,
	paper::PaperCode,
	receipt::{ConsentSpec, Receipt, WithdrawalCode},
	Client, Error, Recorded, View,
};
use curex_primitives::{ConsentId, ConsentStatus, Grantee};
use serde_json::json;
use std::{
	io::IsTerminal,
	path::{Path, PathBuf},
};

#[derive(Subcommand)]
pub enum Consent {
	/// File a consent and write the patient's receipt.
	File {
		/// What the patient agreed to (JSON; see examples/consent.json).
		#[arg(long)]
		spec: PathBuf,
		/// Where to write the receipt with both codes; only for the patient.
		#[arg(long)]
		receipt: PathBuf,
		/// Where to write the organisation's copy, which cannot withdraw.
		#[arg(long)]
		copy: Option<PathBuf>,
		/// A name of your choice that stands for this consent: the same command with the same name files the receipt that was
		/// written before, and nothing twice. Needs --encryption-key.
		#[arg(long, value_name = "NAME")]
		idempotency_key: Option<String>,
	},
	/// Show a consent as the ledger holds it; with a receipt, check that the two agree.
	Show {
		/// The consent.
		#[arg(required_unless_present = "receipt")]
		consent: Option<ConsentId>,
		/// A receipt, or an organisation's copy of it.
		#[arg(long)]
		receipt: Option<PathBuf>,
	},
	/// Issue a lost receipt again, as the holder: the consent is replaced by the same one with fresh codes. The codes of the
	/// lost receipt serve nothing from then on, and what was agreed under it and not yet received ends.
	Reissue {
		/// The organisation's copy of the lost receipt.
		#[arg(long)]
		copy: PathBuf,
		/// Where to write the receipt with both codes; only for the patient.
		#[arg(long)]
		receipt: PathBuf,
		/// Where to write the organisation's copy of it, which cannot withdraw.
		#[arg(long)]
		new_copy: Option<PathBuf>,
	},
	/// Narrow a consent, as the holder: the patient agrees to less than before. Handle and codes stay.
	Narrow {
		/// The organisation's copy of the receipt.
		#[arg(long)]
		copy: PathBuf,
		/// What the patient agrees to now (JSON, as for `file`).
		#[arg(long)]
		spec: PathBuf,
		/// Where to write the organisation's new copy; give one to the patient.
		#[arg(long)]
		new_copy: PathBuf,
	},
	/// Suspend a consent, as the holder, for what is to be cleared up. Every member sees it.
	Suspend {
		/// The consent.
		consent: ConsentId,
	},
	/// Resume a consent that was suspended.
	Resume {
		/// The consent.
		consent: ConsentId,
	},
	/// Record that a minor who came of age confirmed what a representative agreed to.
	Confirm {
		/// The consent.
		consent: ConsentId,
		/// File with the evidence in words; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
	},
	/// Withdraw a consent: by the patient's receipt or code, at any node; as its holder; or by order of a court.
	Withdraw(Withdraw),
	/// Write a receipt as text for paper, with both codes as QR codes on separate sheets.
	Paper {
		/// The receipt, or an organisation's copy of it, which has the first sheet only.
		#[arg(long)]
		receipt: PathBuf,
		/// Where to write it; only for the patient.
		#[arg(long)]
		out: PathBuf,
	},
}

#[derive(Args)]
#[command(group(ArgGroup::new("by").required(true).args(["receipt", "code_file", "as_holder", "court_order"])))]
pub struct Withdraw {
	/// The consent; a receipt and a code from paper name it themselves.
	#[arg(required_unless_present_any = ["receipt", "code_file"])]
	consent: Option<ConsentId>,
	/// The patient's receipt.
	#[arg(long)]
	receipt: Option<PathBuf>,
	/// File with the withdrawal code, as the receipt has it or as it was scanned or typed from paper.
	#[arg(long)]
	code_file: Option<PathBuf>,
	/// Withdraw as the holder, with the account of --key.
	#[arg(long)]
	as_holder: bool,
	/// Withdraw as an authority for data protection: file with the order of the court in words; stays with the authority.
	#[arg(long)]
	court_order: Option<PathBuf>,
	/// Do not ask whether it is meant: it ends the consent for good.
	#[arg(long)]
	yes: bool,
}

pub async fn run(context: &Context, command: Consent) -> Result<Output, Error> {
	match command {
		Consent::File { spec, receipt, copy, idempotency_key } => {
			let key = exchange::idempotency_key(context, idempotency_key.as_deref())?;
			file(context, &spec, &receipt, copy.as_deref(), key.as_ref()).await
		},
		Consent::Reissue { copy, receipt, new_copy } => {
			reissue(context, &copy, &receipt, new_copy.as_deref()).await
		},
		Consent::Narrow { copy, spec, new_copy } => {
			let copy = Receipt::read(&copy)?;
			let spec: ConsentSpec = parse(&spec, "the spec")?;
			let client = context.client().await?;
			let (narrower, terms) = client.prepare_narrowing(&copy, &spec).await?;
			// Kept before the ledger hears of it: nothing else opens what it will hold.
			narrower.write_new(&new_copy)?;
			let id = copy.consent();
			let recorded = keep_unless_refused(&[&new_copy], client.narrow(id, terms)).await?;
			Ok(Output::recorded(&format!("consent {id} narrowed"), &recorded)
				.with("consent", id)
				.with("copy", new_copy))
		},
		Consent::Suspend { consent } => {
			let recorded = context.client().await?.suspend_consent(consent).await?;
			Ok(Output::recorded(&format!("consent {consent} suspended"), &recorded))
		},
		Consent::Resume { consent } => {
			let recorded = context.client().await?.resume_consent(consent).await?;
			Ok(Output::recorded(&format!("consent {consent} resumed"), &recorded))
		},
		Consent::Confirm { consent, evidence_file } => {
			let evidence = text(&evidence_file)?;
			let client = context.client().await?;
			let (recorded, opening) = client.confirm_consent(consent, &evidence).await?;
			let name = hex::encode(consent.0);
			let path = keep_opening(context, "confirmations", &name, &opening)?;
			let told = format!("consent {consent} confirmed");
			Ok(Output::recorded(&told, &recorded).with("opening", path))
		},
		Consent::Show { consent, receipt } => show(context, consent, receipt.as_deref()).await,
		Consent::Withdraw(command) => withdraw(context, command).await,
		Consent::Paper { receipt, out } => paper(&receipt, &out),
	}
}

async fn file(
	context: &Context,
	spec: &Path,
	receipt: &Path,
	copy: Option<&Path>,
	key: Option<&IdempotencyKey>,
) -> Result<Output, Error> {
	let spec: ConsentSpec =
		serde_json::from_slice(&read(spec)?).map_err(|error| Error::json("the spec", &error))?;
	let client = context.client().await?;
	// The receipt is written first: a consent without it could not be withdrawn by the patient.
	let prepared = match key {
		Some(key) => match client.prepare_consent_once(&spec, key, receipt).await? {
			(prepared, false) => prepared,
			(prepared, true) => {
				return Ok(Output::new(
					format!("consent {} was filed before", prepared.id),
					json!({
						"consent": prepared.id, "already_recorded": true, "receipt": receipt,
					}),
				));
			},
		},
		None => {
			let prepared = client.prepare_consent(&spec).await?;
			prepared.receipt.write_new(receipt)?;
			prepared
		},
	};
	context.progress(format_args!("receipt in {}; filing the consent …", receipt.display()));
	let filed = async { client.file(&prepared).await?.finalized().await };
	let recorded = keep_unless_refused(&[receipt], filed).await?;
	if let Some(copy) = copy.filter(|copy| key.is_none() || !copy.exists()) {
		prepared.receipt.view().write_new(copy)?;
	}
	Ok(Output::recorded(&format!("consent {} filed", prepared.id), &recorded)
		.with("consent", prepared.id)
		.with("receipt", receipt))
}

async fn reissue(
	context: &Context,
	copy: &Path,
	receipt: &Path,
	new_copy: Option<&Path>,
) -> Result<Output, Error> {
	let lost = Receipt::read(copy)?;
	let client = context.client().await?;
	if lost.ledger != client.genesis() {
		let [expected, found] = [lost.ledger, client.genesis()].map(hex::encode);
		return Err(Error::WrongChain { expected, found });
	}
	let id = lost.record_id;
	let found = client
		.consent(id, View::Finalised)
		.await?
		.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
	if !lost.agrees_with(&found.terms)? {
		return Err(Error::Input(
			"the copy does not say what the ledger holds: ask the patient anew (`curex consent file`)".into(),
		));
	}
	let spec = ConsentSpec::again(&lost, found.used, curex_client::time::now())?;
	let prepared = client.prepare_consent(&spec).await?;
	prepared.receipt.write_new(receipt)?;
	let replaced = async { client.supersede(id, &prepared).await?.finalized().await };
	let recorded = keep_unless_refused(&[receipt], replaced).await?;
	if let Some(path) = new_copy {
		prepared.receipt.view().write_new(path)?;
	}
	Ok(Output::recorded(&format!("consent {id} replaced by {}", prepared.id), &recorded)
		.with("consent", prepared.id)
		.with("replaced", id)
		.with("receipt", receipt))
}

async fn show(
	context: &Context,
	consent: Option<ConsentId>,
	receipt: Option<&Path>,
) -> Result<Output, Error> {
	let receipt = receipt.map(Receipt::read).transpose()?;
	let id = consent
		.or(receipt.as_ref().map(Receipt::consent))
		.ok_or_else(|| Error::Input("name a consent or give a receipt".into()))?;
	let client = context.reader().await?;
	let found = client
		.consent(id, View::Finalised)
		.await?
		.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
	let agrees = match &receipt {
		Some(receipt) => {
			let same_chain = receipt.ledger == client.genesis() && receipt.consent() == id;
			Some(same_chain && receipt.agrees_with(&found.terms)?)
		},
		None => None,
	};
	let live = found.is_live(curex_client::time::now());
	Ok(Output::data(json!({
		"id": id, "live": live, "receipt_agrees": agrees, "consent": found,
	})))
}

async fn withdraw(context: &Context, command: Withdraw) -> Result<Output, Error> {
	if command.as_holder {
		let id = command.consent.ok_or_else(|| Error::Input("name the consent".into()))?;
		let client = context.client().await?;
		let parties = parties(&client, id).await?;
		confirm(command.yes, &format!("consent {id} of {}", parties.join(" and ")))?;
		let recorded = client.withdraw(id).await?.finalized().await?;
		return Ok(withdrawn(id, &parties, &recorded));
	}
	if let Some(order) = &command.court_order {
		let id = command.consent.ok_or_else(|| Error::Input("name the consent".into()))?;
		let order = text(order)?;
		confirm(command.yes, &format!("consent {id}"))?;
		let (recorded, opening) = context.client().await?.withdraw_by_court(id, &order).await?;
		let path = keep_opening(context, "court-orders", &hex::encode(id.0), &opening)?;
		let told = format!("consent {id} withdrawn by order of a court");
		return Ok(Output::recorded(&told, &recorded).with("opening", path));
	}
	if let Some(path) = &command.receipt {
		let receipt = Receipt::read(path)?;
		if receipt.ticket.is_some() {
			confirm(command.yes, "the ticket")?;
			let client = context.reader().await?;
			let recorded = client.withdraw_ticket(&receipt).await?.finalized().await?;
			return Ok(
				Output::recorded("ticket withdrawn", &recorded).with("consent", receipt.consent())
			);
		}
	}
	let mut ledger = None;
	let (id, code) = match (&command.receipt, &command.code_file) {
		(Some(path), _) => {
			let receipt = Receipt::read(path)?;
			let code = receipt.withdrawal_code.clone().ok_or_else(|| {
				Error::Input("this is a copy of the receipt; it cannot withdraw".into())
			})?;
			(receipt.record_id, code)
		},
		(None, Some(path)) => {
			let text = zeroize::Zeroizing::new(read_text(path)?);
			if text.contains(':') {
				let PaperCode::Withdraw { ledger: of, consent, code } = text.parse()? else {
					return Err(Error::Input(
						"this is the code to view; it cannot withdraw".into(),
					));
				};
				if command.consent.is_some_and(|named| named != consent) {
					return Err(Error::Input("the code is of another consent".into()));
				}
				ledger = Some(of);
				(consent, code)
			} else {
				let id = command.consent.ok_or_else(|| Error::Input("name the consent".into()))?;
				(id, text.parse::<WithdrawalCode>()?)
			}
		},
		(None, None) => return Err(Error::Input("give a receipt or a code".into())),
	};
	let client = context.reader().await?;
	if let Some(expected) = ledger.filter(|ledger| *ledger != client.genesis()) {
		let [expected, found] = [expected, client.genesis()].map(hex::encode);
		return Err(Error::WrongChain { expected, found });
	}
	let found = client.consent(id, View::Best).await?.map(|consent| consent.status);
	if let Some(ConsentStatus::Superseded { by, at }) = found {
		let reason =
			format!("the consent was replaced in block {at}: withdraw {by} by its own receipt");
		return Err(Error::Input(reason));
	}
	if let Some(ConsentStatus::Withdrawn { at }) = found {
		return Ok(Output::new(
			format!("consent {id} was withdrawn in block {at}"),
			json!({ "already_recorded": true, "block_number": at }),
		));
	}
	let parties = parties(&client, id).await?;
	confirm(command.yes, &format!("consent {id} of {}", parties.join(" and ")))?;
	let recorded = client.withdraw_by_code(id, &code).await?.finalized().await?;
	Ok(withdrawn(id, &parties, &recorded))
}

/// Who is told of the withdrawal of a consent by the ledger.
async fn parties(client: &Client, id: ConsentId) -> Result<Vec<String>, Error> {
	let found = client.consent(id, View::Best).await?;
	let found = found.ok_or_else(|| Error::NotFound(format!("consent {id}")))?;
	let mut organisations = vec![found.holder];
	if let Grantee::Organisation(grantee) = found.terms.grantee {
		organisations.push(grantee);
	}
	let mut parties = Vec::with_capacity(organisations.len());
	for organisation in organisations {
		let name = client.member(organisation, View::Best).await?.name();
		parties.push(format!("{name} ({organisation})"));
	}
	Ok(parties)
}

/// Asks whether the withdrawal is meant, unless that was said.
fn confirm(said: bool, what: &str) -> Result<(), Error> {
	if said {
		return Ok(());
	}
	if !std::io::stdin().is_terminal() {
		return Err(Error::Input("a withdrawal ends the consent for good: add --yes".into()));
	}
	eprint!(
		"{what}: nothing more is served under it, and no one can bring it back.\nWithdraw it? Type yes: "
	);
	let mut answer = String::new();
	std::io::stdin()
		.read_line(&mut answer)
		.map_err(|error| Error::Input(format!("no answer: {error}")))?;
	match answer.trim() {
		"yes" => Ok(()),
		_ => Err(Error::Input("not confirmed: nothing was withdrawn".into())),
	}
}

fn withdrawn(id: ConsentId, parties: &[String], recorded: &Recorded) -> Output {
	let told = parties.join(" and ");
	Output::recorded(&format!("consent {id} withdrawn; the ledger tells {told}"), recorded)
		.with("told", parties)
}

fn paper(receipt: &Path, out: &Path) -> Result<Output, Error> {
	let receipt = Receipt::read(receipt)?;
	if receipt.ticket.is_some() {
		return Err(Error::Input(
			"the receipt of a ticket is a file: its proof is too long for paper".into(),
		));
	}
	write_private(out, receipt.paper()?.as_bytes())?;
	Ok(Output::new(
		format!("receipt of consent {} for paper in {}", receipt.record_id, out.display()),
		json!({ "consent": receipt.record_id, "paper": out }),
	))
}
