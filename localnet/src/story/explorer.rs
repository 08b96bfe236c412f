//! Step 8, continued: the regulator signs in at the explorer and finds an exchange, and its proof holds without the
//! explorer.

use super::{not_verified, Story, HOST_OF_REGULATOR, PATIENCE, REGULATOR};
use crate::{
	error::Context,
	layout::{HOSPITALS, MEMBERS},
	network::AUDITOR,
	process::{self, Process},
	Error,
};
use codec::Decode;
use curex_client::{proofs::Prover, sign_in, Signer};
use curex_primitives::{Exchange, ExchangeId, ExchangeState};
use curex_verify::{bundle::storage_key, Bundle};
use serde_json::Value;
use std::time::{Duration, Instant};

impl Story<'_> {
	/// Starts the explorer, if it stands beside the other programs, and asks it for an exchange of the main job.
	pub(super) async fn regulator_explores(
		&mut self,
		exchange: ExchangeId,
	) -> Result<Option<Process>, Error> {
		if !self.layout.has_explorer() {
			self.account.note("there is no curex-explorer beside the other programs: left out");
			return Ok(None);
		}
		let mut explorer = self.start_explorer()?;
		let auditor = self.signer(REGULATOR, AUDITOR).during("the regulator's auditor")?;
		let token = self.await_session(&mut explorer, &auditor).await?;
		let found = self.await_exchange(&mut explorer, exchange, &token).await?;
		self.account.note(format!(
			"{} signs in at the explorer at {}, which shows the exchange of step 6 as {}",
			REGULATOR.name,
			self.layout.explorer(),
			found["record"]["state"].as_str().unwrap_or_default()
		));
		self.check_proof(exchange, &token).await?;
		Ok(Some(explorer))
	}

	fn start_explorer(&self) -> Result<Process, Error> {
		let port = self.layout.explorer_port();
		process::ensure_free_tcp(port, "the explorer")?;
		let home = self.layout.home.join("explorer");
		process::create_folder(&home)?;
		let mut command = vec![
			self.layout.binary("curex-explorer"),
			"run".into(),
			"--database".into(),
			home.join("index.sqlite").display().to_string(),
			"--listen".into(),
			format!("127.0.0.1:{port}"),
		];
		// Two members keep every state; the explorer goes to the other one when the first does not answer.
		for node in [HOST_OF_REGULATOR, HOSPITALS - 2] {
			command.extend(["--node".into(), self.layout.rpc(node)]);
		}
		Process::start("the explorer", &command, &self.layout.logs().join("explorer.log"))
	}

	/// Waits until the explorer knows the auditor's account and lets it in.
	async fn await_session(
		&self,
		explorer: &mut Process,
		auditor: &Signer,
	) -> Result<String, Error> {
		let begun = Instant::now();
		loop {
			explorer.check()?;
			let (address, auditor) = (self.layout.explorer(), auditor.clone());
			let signing = tokio::task::spawn_blocking(move || sign_in::sign_in(&address, &auditor));
			match signing.await {
				Ok(Ok(session)) => return Ok(session.token),
				_ if begun.elapsed() < PATIENCE => {},
				Ok(Err(error)) => return Err(error).during("signing in at the explorer"),
				Err(error) => return Err(failed(error.to_string())),
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
	}

	/// Waits until the explorer has indexed the end of an exchange.
	async fn await_exchange(
		&self,
		explorer: &mut Process,
		exchange: ExchangeId,
		token: &str,
	) -> Result<Value, Error> {
		let address = format!("{}/api/v1/exchanges/{exchange}", self.layout.explorer());
		let begun = Instant::now();
		while begun.elapsed() < PATIENCE {
			explorer.check()?;
			let answer = ask(&address, token).await.ok();
			let found = answer.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
			if let Some(found) = found.filter(|found| found["record"]["state"] == "acknowledged") {
				return Ok(found);
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
		Err(Error::TimedOut {
			what: format!("the explorer to show exchange {exchange} as acknowledged"),
			seconds: PATIENCE.as_secs(),
			hint: format!("see {}", self.layout.logs().join("explorer.log").display()),
		})
	}

	/// The explorer's own proof agrees with what it shows, and its bundle holds without it.
	async fn check_proof(&mut self, exchange: ExchangeId, token: &str) -> Result<(), Error> {
		let wrong = |reason: String| not_verified(8, format!("the explorer's proof: {reason}"));
		let explorer = self.layout.explorer();
		let report = ask(&format!("{explorer}/api/v1/exchanges/{exchange}/verify"), token).await?;
		let report: Value =
			serde_json::from_slice(&report).map_err(|reason| wrong(reason.to_string()))?;
		if report["report"]["agrees"] != true {
			return Err(wrong(format!("it differs from what is shown: {}", report["report"])));
		}
		let json = ask(&format!("{explorer}/exchanges/{exchange}/bundle.json"), token).await?;
		let bundle = Bundle::from_json(&json).map_err(|reason| wrong(reason.to_string()))?;
		let reader = self.reader(HOST_OF_REGULATOR).await?;
		let prover = Prover::new(reader).await.during("deriving the trust root")?;
		let verified = curex_verify::verify(&bundle, prover.trust_root())
			.map_err(|reason| wrong(reason.to_string()))?;
		let key = [&storage_key("Exchange", "Exchanges")[..], &exchange.0].concat();
		let proven = verified.value(&key).and_then(|mut value| Exchange::decode(&mut value).ok());
		if proven.is_none_or(|proven| proven.state != ExchangeState::Acknowledged) {
			return Err(wrong("the bundle does not show the exchange as acknowledged".into()));
		}
		self.account.note(format!(
			"its bundle proves the exchange by the justification of block {}, checked without explorer and {}",
			verified.justified_by, MEMBERS[HOST_OF_REGULATOR].name
		));
		Ok(())
	}
}

fn failed(reason: String) -> Error {
	Error::Failed { command: "asking the explorer".into(), output: reason }
}

/// Asks for an address of the explorer.
async fn ask(address: &str, token: &str) -> Result<Vec<u8>, Error> {
	/// A bundle is far smaller.
	const MOST: u64 = 16 << 20;
	/// A proof waits for a justification.
	const LONGEST: Duration = Duration::from_secs(150);
	let (address, bearer) = (address.to_owned(), format!("Bearer {token}"));
	let asking = tokio::task::spawn_blocking(move || {
		let request = ureq::get(&address)
			.header("authorization", bearer)
			.config()
			.timeout_global(Some(LONGEST))
			.proxy(None)
			.build();
		let mut answer = request.call()?;
		answer.body_mut().with_config().limit(MOST).read_to_vec()
	});
	asking
		.await
		.map_err(|reason| failed(reason.to_string()))?
		.map_err(|reason| failed(reason.to_string()))
}
