//! `curex access-log`: anchoring who opened which patient's data.

use crate::context::{
	file_error, keep_unless_refused, parse, pretty, read, write_private, Context, Output,
};
use clap::Subcommand;
use curex_client::{
	access_log::{AccessLog, EntryProof},
	time, Error, View,
};
use curex_primitives::OrganisationId;
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum AccessLogCommand {
	/// Anchor the events of a period. It begins where the last one ended.
	Anchor {
		/// AuditEvents (IHE BALP) of the organisation's own systems: a folder of JSON files, or a file with one on each line.
		#[arg(long)]
		events: PathBuf,
		/// Begin of the first period (RFC 3339); later ones begin where the last one ended.
		#[arg(long)]
		from: Option<String>,
		/// End of the period (RFC 3339); now if not given.
		#[arg(long)]
		to: Option<String>,
		/// Where to write what proves single events; for the organisation's file. It has hashes only.
		#[arg(long)]
		out: PathBuf,
	},
	/// Write the proof that an event stands in an anchored log; for a patient or an authority.
	Prove {
		/// What `anchor` wrote.
		#[arg(long)]
		log: PathBuf,
		/// The AuditEvent.
		#[arg(long)]
		event: PathBuf,
		/// Where to write the proof.
		#[arg(long)]
		out: PathBuf,
	},
	/// Say how often an organisation anchors its log, as an authority for data protection.
	SetPeriod {
		/// The organisation, by its number.
		organisation: u32,
		/// How often, in hours: 1 to 168.
		#[arg(long, value_parser = clap::value_parser!(u64).range(1..=168))]
		hours: u64,
	},
	/// Prove that an anchor counts wrongly, with the log that was disclosed. The ledger learns the true count alone.
	Miscount {
		/// What `anchor` wrote.
		#[arg(long)]
		log: PathBuf,
	},
	/// Check the proof of an event against the ledger.
	Check {
		/// The proof.
		proof: PathBuf,
		/// The AuditEvent.
		#[arg(long)]
		event: PathBuf,
	},
}

pub async fn run(context: &Context, command: AccessLogCommand) -> Result<Output, Error> {
	match command {
		AccessLogCommand::Anchor { events, from, to, out } => {
			anchor(context, &events, from.as_deref(), to.as_deref(), &out).await
		},
		AccessLogCommand::Prove { log, event, out } => {
			let log: AccessLog = parse(&log, "the log")?;
			let proof = log.prove(&read(&event)?)?;
			write_private(&out, &pretty(&proof)?)?;
			let told = format!("proof in {}", out.display());
			Ok(Output::new(told, json!({ "sequence": proof.sequence, "proof": out })))
		},
		AccessLogCommand::SetPeriod { organisation, hours } => {
			let organisation = OrganisationId(organisation);
			let client = context.client().await?;
			let recorded = client.set_anchor_period(organisation, hours * time::HOUR).await?;
			Ok(Output::recorded(&format!("every {hours} hours"), &recorded))
		},
		AccessLogCommand::Miscount { log } => {
			let log: AccessLog = parse(&log, "the log")?;
			let recorded = context.client().await?.prove_miscount(&log).await?;
			Ok(Output::recorded("the anchor is marked", &recorded))
		},
		AccessLogCommand::Check { proof, event } => {
			let proof: EntryProof = parse(&proof, "the proof")?;
			let event = read(&event)?;
			let client = context.reader().await?;
			let (anchor, alarms) = client
				.log_anchor(proof.organisation, proof.sequence, View::Finalised)
				.await?
				.ok_or_else(|| Error::NotFound(format!("anchor {}", proof.sequence)))?;
			let holds = proof.holds(&event, &anchor)?;
			let json = json!({
				"holds": holds, "organisation": proof.organisation, "anchor": anchor, "alarms": alarms,
			});
			Ok(Output::data(json).ending_with(if holds { 0 } else { 8 }))
		},
	}
}

async fn anchor(
	context: &Context,
	events: &Path,
	from: Option<&str>,
	to: Option<&str>,
	out: &Path,
) -> Result<Output, Error> {
	let moment = |text: &str| {
		let wrong = "`--from` or `--to` is no RFC 3339 time with an offset";
		time::read(text).ok_or_else(|| Error::Input(wrong.into()))
	};
	let from = from.map(moment).transpose()?;
	let to = to.map_or_else(|| Ok(time::now()), moment)?;
	let events = read_events(events)?;
	let client = context.client().await?;
	let organisation = client.own_delegate().await?.organisation;
	let last = client.last_log_anchor(organisation).await?;
	let (sequence, from) = match (&last, from) {
		(Some((last, anchor)), None) => (last + 1, anchor.to),
		(Some((last, _)), Some(from)) => (last + 1, from),
		(None, Some(from)) => (1, from),
		(None, None) => {
			return Err(Error::Input("nothing was anchored before: say --from when".into()));
		},
	};
	let log = AccessLog::new(organisation, sequence, (from, to), &events)?;
	// Kept before the ledger hears of it: nothing else proves an event.
	write_private(out, &pretty(&log)?)?;
	let recorded = keep_unless_refused(&[out], client.anchor_log(&log)).await?;
	let told =
		format!("anchor {sequence}: {} of {} events are of the period", log.len(), events.len());
	Ok(Output::recorded(&told, &recorded)
		.with("sequence", sequence)
		.with("events", log.len())
		.with("left_out", events.len() - log.len())
		.with("log", out))
}

/// The events of a folder of JSON files, or of a file with one on each line.
fn read_events(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
	if !path.is_dir() {
		let lines = read(path)?;
		let lines = lines.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
		return Ok(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect());
	}
	let entries = std::fs::read_dir(path).map_err(|error| file_error(path, error))?;
	let mut events = Vec::new();
	for entry in entries {
		let file = entry.map_err(|error| file_error(path, error))?.path();
		if file.extension().is_some_and(|extension| extension == "json") {
			let bytes = read(&file)?;
			// An answer of `curex fhir audit` holds several.
			match serde_json::from_slice::<Value>(&bytes)
				.ok()
				.and_then(|it| it.get("events").cloned())
			{
				Some(Value::Array(told)) => {
					events.extend(told.iter().map(|event| event.to_string().into_bytes()));
				},
				_ => events.push(bytes),
			}
		}
	}
	Ok(events)
}
