//! The examples of the documentation, run as a member would run them.

use super::{Story, CARE_CENTRE, HOSPITAL_A, HOST_OF_CARE_CENTRE};
use crate::{
	network::{account_file, password_file},
	process, Error,
};
use curex_primitives::{Gate, LegalBasis, Purpose};
use std::{fs, path::Path, time::Duration};
use tokio::process::Command;

/// How long one example may take.
const PATIENCE: Duration = Duration::from_secs(300);

impl Story<'_> {
	/// Runs commands in a folder with the files that the examples of the documentation read (`desk.json`,
	/// `desk.password`, `request.json`), with the address of a node in `CUREX_NODE`.
	pub(super) async fn runs_examples(&mut self, commands: &[String]) -> Result<(), Error> {
		let folder = self.layout.home.join("examples");
		process::create_folder(&folder)?;
		let copy = |from: &Path, name: &str| {
			fs::copy(from, folder.join(name)).map_err(Error::at(from)).map(drop)
		};
		copy(&account_file(self.layout, CARE_CENTRE, "gateway"), "desk.json")?;
		copy(&password_file(self.layout, CARE_CENTRE), "desk.password")?;
		let spec = self.spec(HOSPITAL_A, Gate::Statutory(LegalBasis::CARE), Purpose::Treatment)?;
		let request = folder.join("request.json");
		let text = serde_json::to_vec_pretty(&spec).map_err(|error| Error::Failed {
			command: "request.json".into(),
			output: error.to_string(),
		})?;
		fs::write(&request, text).map_err(Error::at(&request))?;
		for command in commands {
			self.runs_example(&folder, command).await?;
		}
		Ok(())
	}

	async fn runs_example(&mut self, folder: &Path, command: &str) -> Result<(), Error> {
		println!("\nrunning the example {command} …");
		let failed = |output: String| Error::Failed { command: command.into(), output };
		let running = Command::new("sh")
			.args(["-c", command])
			.current_dir(folder)
			.env("CUREX_NODE", self.layout.rpc(HOST_OF_CARE_CENTRE))
			.kill_on_drop(true)
			.output();
		let output = tokio::time::timeout(PATIENCE, running)
			.await
			.map_err(|_| failed(format!("it did not end within {} s", PATIENCE.as_secs())))?
			.map_err(|error| failed(error.to_string()))?;
		let told = String::from_utf8_lossy(&output.stdout);
		if !output.status.success() {
			return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
		}
		println!("   {}", told.trim());
		if !told.contains("resources") {
			return Err(failed("it did not tell how many resources it received".into()));
		}
		Ok(())
	}
}
