//! The example of the README, against the node that `CUREX_NODE` names. Reads `desk.json`, `desk.password` and
//! `request.json` in the working directory.

use curex_client::{Client, Error, KeyFile, Password, Spec};
use std::{path::Path, time::Duration};

async fn ask(node: &str) -> Result<(), Error> {
	let password = Password::from_file(Path::new("desk.password"))?;
	let desk = KeyFile::read(Path::new("desk.json"))?.unlock_account(&password)?;
	let client = Client::connect(node, desk).await?;
	let spec = Spec::from_json(&std::fs::read("request.json").expect("the spec is there"))?;
	let pending = client.request(&spec).await?;
	let delivery = client.receive(&pending, Duration::from_secs(600)).await?;
	client.acknowledge(pending.id(), delivery.acknowledgement()).await?;
	println!("{} resources", delivery.document?.resources().len());
	Ok(())
}

#[tokio::main]
async fn main() -> Result<(), String> {
	let node = std::env::var("CUREX_NODE").map_err(|_| "CUREX_NODE names no node")?;
	ask(&node).await.map_err(|error| format!("{error}; {}", error.remedy()))
}
