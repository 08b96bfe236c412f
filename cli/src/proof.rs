//! `curex audit`, `prove`, `verify`, `trust-root`.

use crate::{
	context::{file_error, read, Context, Output},
	patient::prover,
};
use clap::Args;
use curex_client::{
	audit::{trail, Filter},
	Error,
};
use curex_verify::{Bundle, Bytes, TrustRoot};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Audit {
	/// From this block on.
	#[arg(long)]
	from: Option<u64>,
	/// To this block; the last finalised if not given.
	#[arg(long)]
	to: Option<u64>,
	/// Only records of these pallets, separated by commas.
	#[arg(long, value_delimiter = ',')]
	pallets: Vec<String>,
	/// Only records that mention this, for example a handle.
	#[arg(long)]
	about: Option<String>,
	/// Verify every block against a finalised header, from the first block's authorities on. Needs an archive node.
	#[arg(long)]
	verify: bool,
}

#[derive(Args)]
pub struct Prove {
	/// The block.
	#[arg(long)]
	block: u64,
	/// Storage keys whose values to prove, in hexadecimal.
	#[arg(long = "value", value_parser = hexadecimal)]
	values: Vec<Bytes>,
	/// An extrinsic to prove, with the block's events.
	#[arg(long)]
	extrinsic: Option<u32>,
	/// Where to write the bundle.
	#[arg(long)]
	out: PathBuf,
}

#[derive(Args)]
pub struct Verify {
	/// The bundle.
	bundle: PathBuf,
	/// The trust root (`curex trust-root`), from a source you trust.
	#[arg(long)]
	trust_root: PathBuf,
}

#[derive(Args)]
pub struct WriteTrustRoot {
	/// Where to write it.
	#[arg(long)]
	out: PathBuf,
}

fn hexadecimal(text: &str) -> Result<Bytes, String> {
	hex::decode(text.strip_prefix("0x").unwrap_or(text))
		.map(Bytes)
		.map_err(|_| "expected hexadecimal digits".into())
}

pub async fn audit(context: &Context, command: Audit) -> Result<Output, Error> {
	let client = context.reader().await?;
	let filter = Filter {
		from: command.from,
		to: command.to,
		pallets: command.pallets,
		about: command.about,
		verify: command.verify,
	};
	let entries = trail(&client, &filter, |block| {
		if block % 100 == 0 {
			context.progress(format_args!("block {block} …"));
		}
	})
	.await?;
	let mut text: Vec<String> = entries
		.iter()
		.map(|entry| {
			let place = match entry.event.extrinsic {
				Some(index) => format!("{}-{index}", entry.block),
				None => entry.block.to_string(),
			};
			let verified =
				entry.verified_by.map_or(String::new(), |by| format!("  proven by {by}"));
			let event = &entry.event;
			format!("{place:>10}  {}.{}  {}{verified}", event.pallet, event.name, event.fields)
		})
		.collect();
	text.push(format!("{} records", entries.len()));
	Ok(Output::new(text.join("\n"), json!({ "verified": command.verify, "records": entries })))
}

pub async fn prove(context: &Context, command: Prove) -> Result<Output, Error> {
	let client = context.reader().await?;
	let keys: Vec<Vec<u8>> = command.values.into_iter().map(|value| value.0).collect();
	let mut prover = prover(&client).await?;
	let (bundle, verified) = prover.prove(command.block, &keys, command.extrinsic).await?;
	write(&command.out, &bundle.to_json())?;
	Ok(Output::new(
		format!("bundle of block {} in {}", command.block, command.out.display()),
		json!({
			"block": command.block,
			"block_hash": format!("0x{}", hex::encode(verified.block_hash.0)),
			"justified_by": verified.justified_by,
			"bundle": command.out,
		}),
	))
}

pub fn verify(command: &Verify) -> Result<Output, Error> {
	let root: TrustRoot = serde_json::from_slice(&read(&command.trust_root)?)
		.map_err(|error| Error::json("the trust root", &error))?;
	let bundle = Bundle::from_json(&read(&command.bundle)?)?;
	let verified = curex_verify::verify(&bundle, &root)?;
	Ok(Output::data(json!({
		"verified": true,
		"block": verified.header.number,
		"block_hash": format!("0x{}", hex::encode(verified.block_hash.0)),
		"justified_by": verified.justified_by,
		"authority_set": verified.set_id,
		"spec_version": verified.spec_version,
		"state": verified.state,
		"extrinsic": verified.extrinsic.map(|(index, bytes)| {
			json!({ "index": index, "bytes": Bytes(bytes) })
		}),
		"events": verified.events.map(Bytes),
	})))
}

pub async fn trust_root(context: &Context, command: WriteTrustRoot) -> Result<Output, Error> {
	let prover = prover(&context.reader().await?).await?;
	let root = prover.trust_root();
	let json = serde_json::to_vec_pretty(root).map_err(|error| file_error(&command.out, error))?;
	write(&command.out, &json)?;
	Ok(Output::new(format!("trust root in {}", command.out.display()), root))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	std::fs::write(path, bytes).map_err(|error| file_error(path, error))
}
