//! The ten lines of README.md as a program: asks a hospital for a patient summary, waits for it, acknowledges it.
//!
//! `cargo run --example ten_lines -- NODE FOLDER`: FOLDER holds the account `desk.json`, its password in the first line of
//! `desk.password`, and what is asked for in `request.json` (see `examples/request.json`).

use curex_client::{Client, Error, KeyFile, Password, Spec};
use std::{path::Path, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Error> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	let [node, folder] = arguments.as_slice() else {
		return Err(Error::Input("give the address of a node and a folder".into()));
	};
	ask(node, Path::new(folder)).await
}

async fn ask(node: &str, folder: &Path) -> Result<(), Error> {
	let password = Password::from_file(&folder.join("desk.password"))?;
	let desk = KeyFile::read(&folder.join("desk.json"))?.unlock_account(&password)?;
	let client = Client::connect(node, desk).await?;
	let spec = Spec::from_json(&std::fs::read(folder.join("request.json")).unwrap_or_default())?;
	let pending = client.request(&spec).await?;
	let delivery = client.receive(&pending, Duration::from_secs(600)).await?;
	client.acknowledge(pending.id(), delivery.acknowledgement()).await?;
	println!("{} resources", delivery.document?.resources().len());
	Ok(())
}
