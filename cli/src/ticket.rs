//! `curex ticket`: consents for one exchange each that share no handle.

use crate::context::{
	file_error, keep_unless_refused, parse, pretty, write_private, Context, Output,
};
use clap::Subcommand;
use curex_client::{
	receipt::ConsentSpec,
	tickets::{Ticket, TicketBook},
	time, Error, View,
};
use curex_primitives::{MerkleRoot, Moment};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum TicketCommand {
	/// Record tickets, as the holder, and write ticket and receipt of each.
	Issue {
		/// What the patients agreed to: a JSON list of what `curex consent file` takes, each with "max-uses": 1.
		#[arg(long)]
		specs: PathBuf,
		/// Until when they can be redeemed and are valid (RFC 3339), 92 days at most.
		#[arg(long, value_parser = moment)]
		valid_until: Moment,
		/// A new folder: N-receipt.json for the patient, N-ticket.json for the grantee, book.json for the holder.
		#[arg(long)]
		out: PathBuf,
	},
	/// Redeem a ticket, as its grantee. It is a consent from then on.
	Redeem {
		/// The ticket.
		ticket: PathBuf,
	},
	/// Show what the ledger holds of a root.
	Show {
		/// The root.
		root: MerkleRoot,
	},
	/// Withdraw every ticket of a root, as its holder. A single one is withdrawn by its receipt (`curex consent withdraw`).
	WithdrawAll {
		/// The holder's book.
		#[arg(long)]
		book: PathBuf,
		/// Without an account, by the code of the book.
		#[arg(long)]
		without_account: bool,
	},
}

/// Reads a moment (RFC 3339).
pub fn moment(text: &str) -> Result<Moment, String> {
	time::read(text).ok_or_else(|| "expected a time such as 2026-11-27T08:30:00Z".into())
}

pub async fn run(context: &Context, command: TicketCommand) -> Result<Output, Error> {
	match command {
		TicketCommand::Issue { specs, valid_until, out } => {
			issue(context, &specs, valid_until, &out).await
		},
		TicketCommand::Redeem { ticket } => {
			let ticket: Ticket = parse(&ticket, "the ticket")?;
			let recorded = context.client().await?.redeem(&ticket).await?;
			let consent = ticket.consent();
			Ok(Output::recorded(&format!("redeemed: consent {consent}"), &recorded)
				.with("consent", consent))
		},
		TicketCommand::Show { root } => {
			let found = context.reader().await?.tickets(root, View::Finalised).await?;
			let found = found.ok_or_else(|| Error::NotFound(format!("tickets {root}")))?;
			let live = found.is_live(time::now());
			Ok(Output::data(json!({ "root": root, "live": live, "tickets": found })))
		},
		TicketCommand::WithdrawAll { book, without_account } => {
			let book: TicketBook = parse(&book, "the book")?;
			let recorded = if without_account {
				let client = context.reader().await?;
				client.withdraw_tickets_by_code(&book).await?.finalized().await?
			} else {
				context.client().await?.withdraw_tickets(book.root).await?
			};
			Ok(Output::recorded(&format!("tickets {} withdrawn", book.root), &recorded))
		},
	}
}

async fn issue(
	context: &Context,
	specs: &Path,
	valid_until: Moment,
	out: &Path,
) -> Result<Output, Error> {
	let specs: Vec<ConsentSpec> = parse(specs, "the specs")?;
	let client = context.client().await?;
	let prepared = client.prepare_tickets(&specs, valid_until).await?;
	std::fs::create_dir(out).map_err(|error| file_error(out, error))?;
	let mut files = vec![out.join("book.json")];
	// Kept before the ledger hears of them: a ticket without its receipt could not be withdrawn by its patient.
	write_private(&files[0], &pretty(&prepared.book)?)?;
	for (number, (ticket, receipt)) in prepared.tickets.iter().enumerate() {
		for (path, content) in [
			(out.join(format!("{number}-ticket.json")), pretty(ticket)?),
			(out.join(format!("{number}-receipt.json")), pretty(receipt)?),
		] {
			write_private(&path, &zeroize::Zeroizing::new(content))?;
			files.push(path);
		}
	}
	let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
	let recorded = keep_unless_refused(&files, client.record_tickets(&prepared.book)).await?;
	let told = format!("{} tickets recorded; see {}", prepared.tickets.len(), out.display());
	Ok(Output::recorded(&told, &recorded)
		.with("root", prepared.book.root)
		.with("tickets", &prepared.book.tickets)
		.with("out", out))
}
