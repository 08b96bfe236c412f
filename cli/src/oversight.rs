//! `curex inquiry`, `curex breach`, `curex hold`: supervision, and answering it.

use crate::{
	context::{
		bytes, keep_opening, keep_unless_refused, parse, pretty, read, word, write_private, Bytes,
		Context, Output,
	},
	duties::{day, Day},
	follow_up::text,
	ticket::moment,
};
use clap::{Args, Subcommand};
use curex_client::{
	oversight::{Breach, Disclosure, Question},
	time, Error, View,
};
use curex_primitives::{
	oversight::{Inquiry, InquiryRefusal, NoticeKind, Regime, Regimes},
	Competence, ExchangeId, Moment, OrganisationId, RecordHandle,
};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum InquiryCommand {
	/// Ask an organisation to disclose what stands behind a record, as an authority.
	Open(Open),
	/// Commit to the text of a case file, which stays here, for an inquiry that an explorer's page prepares.
	Case {
		/// The text.
		file: PathBuf,
		/// Handle of the record that the inquiry is about.
		#[arg(long, value_parser = bytes::<32>)]
		about: Bytes<32>,
		/// Where to keep what opens the commitment.
		#[arg(long)]
		out: PathBuf,
	},
	/// Commit to the reasons for a refusal, which stay here, for a refusal that an explorer's page prepares.
	Reasons {
		/// The text.
		file: PathBuf,
		/// Number of the inquiry.
		#[arg(long)]
		inquiry: u32,
		/// Where to keep what opens the commitment.
		#[arg(long)]
		out: PathBuf,
	},
	/// Read out the inquiry, refusal or withdrawal that an explorer prepared, and sign it. Needs no connection; nothing is sent.
	Sign {
		/// What the explorer prepared.
		prepared: PathBuf,
		/// Sign without asking.
		#[arg(long)]
		yes: bool,
	},
	/// Show an inquiry.
	Show {
		/// Its number.
		inquiry: u32,
	},
	/// Disclose, as the organisation that is asked: writes the file for the authority, sealed to its key.
	Disclose {
		/// Number of the inquiry.
		inquiry: u32,
		/// What is disclosed.
		#[arg(long)]
		content: PathBuf,
		/// Its media type.
		#[arg(long, default_value = "application/octet-stream")]
		media_type: String,
		/// Where to write the sealed file; hand it to the authority.
		#[arg(long)]
		out: PathBuf,
		/// Where to write what opens the commitment on the ledger; for the organisation's file.
		#[arg(long)]
		keep: PathBuf,
	},
	/// Open a disclosure, as the authority, and check that it is what the ledger says was disclosed.
	Receive {
		/// Number of the inquiry.
		inquiry: u32,
		/// The sealed file.
		#[arg(long)]
		sealed: PathBuf,
		/// Where to write what was disclosed.
		#[arg(long)]
		out: PathBuf,
	},
	/// Check against the ledger that this was disclosed, with what `disclose --keep` wrote.
	Check {
		/// What opens the commitment.
		opening: PathBuf,
	},
	/// Refuse to disclose.
	Refuse {
		/// Number of the inquiry.
		inquiry: u32,
		/// Why: not-competent, no-such-record, erased, privileged, already-disclosed or disproportionate.
		#[arg(long, value_parser = word::<InquiryRefusal>)]
		ground: InquiryRefusal,
		/// File with the reasons in words; stays with the organisation.
		#[arg(long)]
		reasons_file: PathBuf,
	},
	/// Withdraw an inquiry that has no answer yet, as the authority.
	Withdraw {
		/// Its number.
		inquiry: u32,
	},
}

#[derive(Args)]
pub struct Open {
	/// Who is asked, by its number.
	#[arg(long)]
	organisation: u32,
	/// In which field: data-protection, network-security or another that the authority supervises.
	#[arg(long, value_parser = word::<Competence>)]
	field: Competence,
	/// Handle or commitment of the record, in hexadecimal.
	#[arg(long, value_parser = bytes::<32>)]
	about: Bytes<32>,
	/// Days in which it is to be answered, 1 to 90.
	#[arg(long, value_parser = clap::value_parser!(u64).range(1..=90))]
	days: u64,
	/// File with the case in words; stays with the authority.
	#[arg(long)]
	case_file: PathBuf,
}

#[derive(Subcommand)]
pub enum BreachCommand {
	/// Register a breach; its clocks begin when it was detected.
	Open {
		/// When the organisation became aware of it (RFC 3339).
		#[arg(long, value_parser = moment)]
		detected: Moment,
		/// The laws under which it is notified, separated by commas: data-protection, network-security.
		#[arg(long, value_delimiter = ',', required = true, value_parser = word::<Regime>)]
		regimes: Vec<Regime>,
		/// Exchanges begun from then on may be affected (RFC 3339).
		#[arg(long, value_parser = moment)]
		affected_from: Moment,
		/// Exchanges begun before then may be affected (RFC 3339).
		#[arg(long, value_parser = moment)]
		affected_until: Moment,
		/// File with the case in words; stays with the organisation.
		#[arg(long)]
		case_file: PathBuf,
	},
	/// Show a breach, its notices, and the exchanges that it may affect.
	Show {
		/// Its number.
		breach: u32,
	},
	/// Record that an authority was given a notice.
	Notify {
		/// Number of the breach.
		breach: u32,
		/// Which: data-protection, early-warning, incident-notification or final-report.
		#[arg(long, value_parser = word::<NoticeKind>)]
		notice: NoticeKind,
		/// File with the notice in words; the ledger gets a commitment to it.
		#[arg(long)]
		notice_file: PathBuf,
	},
}

#[derive(Subcommand)]
pub enum Hold {
	/// Keep an exchange.
	Exchange {
		/// The exchange.
		exchange: ExchangeId,
		/// Lift the own hold.
		#[arg(long)]
		lift: bool,
	},
	/// Keep the erasure orders of a day.
	Erasure {
		/// The day (UTC) on which they were filed, such as 2026-11-27.
		#[arg(long, value_parser = day)]
		day: Day,
		/// File with the case in words; stays with the authority.
		#[arg(long, required_unless_present = "lift")]
		case_file: Option<PathBuf>,
		/// Lift the own hold.
		#[arg(long, conflicts_with = "case_file")]
		lift: bool,
	},
}

pub async fn inquiry(context: &Context, command: InquiryCommand) -> Result<Output, Error> {
	match command {
		InquiryCommand::Open(command) => open(context, command).await,
		InquiryCommand::Case { file, about, out } => {
			crate::inquiry::case(&file, RecordHandle(about.0), &out)
		},
		InquiryCommand::Reasons { file, inquiry, out } => {
			crate::inquiry::reasons(&file, inquiry, &out)
		},
		InquiryCommand::Sign { prepared, yes } => crate::inquiry::sign(context, &prepared, yes),
		InquiryCommand::Show { inquiry } => {
			let found = found(&context.reader().await?, inquiry).await?;
			let late = found.is_late(time::now());
			Ok(Output::data(json!({ "inquiry": inquiry, "late": late, "record": found })))
		},
		InquiryCommand::Disclose { inquiry, content, media_type, out, keep } => {
			disclose(context, inquiry, &content, &media_type, (&out, &keep)).await
		},
		InquiryCommand::Receive { inquiry, sealed, out } => {
			receive(context, inquiry, &sealed, &out).await
		},
		InquiryCommand::Check { opening } => {
			let given: Disclosure = parse(&opening, "what was disclosed")?;
			let found = found(&context.reader().await?, given.inquiry).await?;
			let holds = given.answers(&found)?;
			let json = json!({ "inquiry": given.inquiry, "holds": holds, "record": found });
			Ok(Output::data(json).ending_with(if holds { 0 } else { 8 }))
		},
		InquiryCommand::Refuse { inquiry, ground, reasons_file } => {
			let reasons = text(&reasons_file)?;
			let client = context.client().await?;
			let (recorded, opening) = client.refuse_inquiry(inquiry, ground, &reasons).await?;
			let path = keep_opening(context, "inquiry-refusals", &inquiry.to_string(), &opening)?;
			let told = format!("inquiry {inquiry} refused");
			Ok(Output::recorded(&told, &recorded).with("opening", path))
		},
		InquiryCommand::Withdraw { inquiry } => {
			let recorded = context.client().await?.withdraw_inquiry(inquiry).await?;
			Ok(Output::recorded(&format!("inquiry {inquiry} withdrawn"), &recorded))
		},
	}
}

async fn found(client: &curex_client::Client, inquiry: u32) -> Result<Inquiry, Error> {
	client
		.inquiry(inquiry, View::Finalised)
		.await?
		.ok_or_else(|| Error::NotFound(format!("inquiry {inquiry}")))
}

async fn open(context: &Context, command: Open) -> Result<Output, Error> {
	let case = text(&command.case_file)?;
	let question = Question {
		organisation: OrganisationId(command.organisation),
		field: command.field,
		about: RecordHandle(command.about.0),
		term: command.days * time::DAY,
	};
	let client = context.client().await?;
	let (recorded, number, opening) = client.open_inquiry(&question, &case).await?;
	let path = keep_opening(context, "inquiries", &number.to_string(), &opening)?;
	Ok(Output::recorded(&format!("inquiry {number} opened"), &recorded)
		.with("inquiry", number)
		.with("opening", path))
}

async fn disclose(
	context: &Context,
	inquiry: u32,
	content: &Path,
	media_type: &str,
	(out, keep): (&Path, &Path),
) -> Result<Output, Error> {
	let content = zeroize::Zeroizing::new(read(content)?);
	let client = context.client().await?;
	let authority = found(&client, inquiry).await?.authority;
	let authority = client.partner(authority).await?;
	let given = Disclosure::new(inquiry, media_type, &content);
	let sealed = given.seal(&authority.encryption_key, client.genesis())?;
	// Kept before the ledger hears of it: nothing else opens what it will hold.
	write_private(keep, &pretty(&given)?)?;
	write_private(out, &sealed)?;
	let recorded = keep_unless_refused(&[keep, out], client.disclose(&given)).await?;
	let told = format!("disclosed; hand {} to {}", out.display(), authority.name());
	Ok(Output::recorded(&told, &recorded).with("sealed", out).with("opening", keep))
}

async fn receive(
	context: &Context,
	inquiry: u32,
	sealed: &Path,
	out: &Path,
) -> Result<Output, Error> {
	let sealed = read(sealed)?;
	let key = context.encryption_key()?;
	let client = context.reader().await?;
	let given = Disclosure::open(&key, client.genesis(), inquiry, &sealed)?;
	let found = found(&client, inquiry).await?;
	if !given.answers(&found)? {
		return Err(Error::Sealed("it is not what the ledger says was disclosed"));
	}
	write_private(out, &given.content()?)?;
	let told = format!("what the ledger says was disclosed is in {}", out.display());
	Ok(Output::new(
		told,
		json!({
			"inquiry": inquiry, "content": out, "media_type": given.media_type, "record": found,
		}),
	))
}

pub async fn breach(context: &Context, command: BreachCommand) -> Result<Output, Error> {
	match command {
		BreachCommand::Open { detected, regimes, affected_from, affected_until, case_file } => {
			let case = text(&case_file)?;
			let breach = Breach {
				detected_at: detected,
				regimes: regimes.into_iter().collect::<Regimes>(),
				affected_from,
				affected_until,
			};
			let client = context.client().await?;
			let (recorded, number, opening) = client.open_breach(&breach, &case).await?;
			let path = keep_opening(context, "breaches", &number.to_string(), &opening)?;
			Ok(Output::recorded(&format!("breach {number} registered"), &recorded)
				.with("breach", number)
				.with("opening", path))
		},
		BreachCommand::Show { breach } => {
			let client = context.reader().await?;
			let (case, notices) = client
				.breach(breach, View::Finalised)
				.await?
				.ok_or_else(|| Error::NotFound(format!("breach {breach}")))?;
			let affected = client.affected_exchanges(breach).await?;
			Ok(Output::data(json!({
				"breach": breach, "case": case, "notices": notices, "affected": affected,
			})))
		},
		BreachCommand::Notify { breach, notice, notice_file } => {
			let words = text(&notice_file)?;
			let client = context.client().await?;
			let (recorded, opening) = client.notify_breach(breach, notice, &words).await?;
			let kind = serde_json::to_value(notice).unwrap_or_default();
			let name = format!("{breach}-{}", kind.as_str().unwrap_or("notice"));
			let path = keep_opening(context, "breach-notices", &name, &opening)?;
			let told = format!("notice of breach {breach} recorded");
			Ok(Output::recorded(&told, &recorded).with("opening", path))
		},
	}
}

pub async fn hold(context: &Context, command: Hold) -> Result<Output, Error> {
	let client = context.client().await?;
	match command {
		Hold::Exchange { exchange, lift } => {
			let recorded = client.hold_exchange(exchange, !lift).await?;
			let what = if lift { "no longer held" } else { "held" };
			Ok(Output::recorded(&format!("exchange {exchange} {what}"), &recorded))
		},
		Hold::Erasure { day, case_file: Some(case), lift: false } => {
			let (recorded, opening) = client.hold_erasure(day.0, &text(&case)?).await?;
			let path = keep_opening(context, "erasure-holds", &day.0.to_string(), &opening)?;
			Ok(Output::recorded("orders held", &recorded).with("opening", path))
		},
		Hold::Erasure { day, .. } => {
			let recorded = client.lift_erasure_hold(day.0).await?;
			Ok(Output::recorded("orders no longer held", &recorded))
		},
	}
}
