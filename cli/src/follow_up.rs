//! `curex exchange`: suspension, dispute, correction.

use crate::{
	context::{file_error, read_text, word, Context, Output},
	exchange::keep,
};
use clap::Subcommand;
use curex_client::{
	exchange::{By, Opening},
	Error, Recorded,
};
use curex_primitives::{
	exchange::{DisputeGrounds, Settlement},
	ExchangeId,
};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Exchange {
	/// Suspend an exchange.
	Suspend {
		/// The exchange.
		exchange: ExchangeId,
		/// As an authority competent for data protection, not as the holder.
		#[arg(long)]
		as_authority: bool,
	},
	/// Resume an exchange that the same side suspended.
	Resume {
		/// The exchange.
		exchange: ExchangeId,
		/// As an authority competent for data protection, not as the holder.
		#[arg(long)]
		as_authority: bool,
	},
	/// Dispute what was delivered, as the recipient.
	Dispute {
		/// The exchange.
		exchange: ExchangeId,
		/// What is disputed: content, scope or delivery.
		#[arg(long, value_parser = word::<DisputeGrounds>)]
		grounds: DisputeGrounds,
		/// File with the evidence in words; stays with the organisation.
		#[arg(long)]
		evidence_file: PathBuf,
	},
	/// Answer a dispute, as the holder.
	Answer {
		/// The exchange.
		exchange: ExchangeId,
		/// File with the answer in words; stays with the organisation.
		#[arg(long)]
		answer_file: PathBuf,
	},
	/// Settle a dispute.
	Settle {
		/// The exchange.
		exchange: ExchangeId,
		/// How: taken-back or remedied, as the recipient; upheld or dismissed, as an authority.
		#[arg(long, value_parser = word::<Settlement>)]
		settlement: Settlement,
	},
	/// Tell the recipient that delivered data were superseded, as the holder.
	Rectify {
		/// The exchange.
		exchange: ExchangeId,
		/// File with the notice in words; the ledger gets a commitment to it.
		#[arg(long)]
		notice_file: PathBuf,
	},
	/// Acknowledge that received data were superseded, as the recipient.
	AcknowledgeRectification {
		/// The exchange.
		exchange: ExchangeId,
	},
}

pub async fn run(context: &Context, command: Exchange) -> Result<Output, Error> {
	let side = |as_authority| if as_authority { By::Authority } else { By::Holder };
	match command {
		Exchange::Suspend { exchange, as_authority } => {
			let recorded = context.client().await?.suspend(exchange, side(as_authority)).await?;
			Ok(Output::recorded(&format!("exchange {exchange} suspended"), &recorded))
		},
		Exchange::Resume { exchange, as_authority } => {
			let recorded = context.client().await?.resume(exchange, side(as_authority)).await?;
			Ok(Output::recorded(&format!("exchange {exchange} resumed"), &recorded))
		},
		Exchange::Dispute { exchange, grounds, evidence_file } => {
			let evidence = text(&evidence_file)?;
			let client = context.client().await?;
			let recorded = client.dispute(exchange, grounds, &evidence).await?;
			told(context, "disputes", exchange, "disputed", recorded)
		},
		Exchange::Answer { exchange, answer_file } => {
			let answer = text(&answer_file)?;
			let recorded = context.client().await?.answer_dispute(exchange, &answer).await?;
			told(context, "dispute-answers", exchange, "answered", recorded)
		},
		Exchange::Settle { exchange, settlement } => {
			let client = context.client().await?;
			let recorded = client.settle_dispute(exchange, settlement).await?;
			Ok(Output::recorded(&format!("dispute of {exchange} settled"), &recorded))
		},
		Exchange::Rectify { exchange, notice_file } => {
			let notice = text(&notice_file)?;
			let (recorded, opening) = context.client().await?.rectify(exchange, &notice).await?;
			// An exchange may be rectified more than once.
			let folder = format!("rectifications/{}", hex::encode(opening.commitment.0));
			told(context, &folder, exchange, "rectified", (recorded, opening))
		},
		Exchange::AcknowledgeRectification { exchange } => {
			let recorded = context.client().await?.acknowledge_rectification(exchange).await?;
			Ok(Output::recorded(&format!("rectification of {exchange} acknowledged"), &recorded))
		},
	}
}

/// The words in a file; there have to be some.
pub fn text(path: &Path) -> Result<String, Error> {
	let text = read_text(path)?;
	if text.trim().is_empty() {
		return Err(file_error(path, "says nothing"));
	}
	Ok(text)
}

/// Keeps the opening of a commitment and tells where.
pub fn told(
	context: &Context,
	folder: &str,
	exchange: ExchangeId,
	what: &str,
	(recorded, opening): (Recorded, Opening),
) -> Result<Output, Error> {
	let path = keep(context, folder, exchange, &opening)?;
	Ok(Output::recorded(&format!("exchange {exchange} {what}"), &recorded).with("opening", path))
}
