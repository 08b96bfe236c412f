//! The main job, in eight steps.

mod audit;
mod consensus;
mod examples;
mod exchange;
mod explorer;
mod security;
mod withdrawal;

use crate::{
	account::{Account, Place},
	error::Context,
	layout::{Layout, Member, MEMBERS},
	measure,
	network::{account_file, encryption_file, password_file},
	process::Process,
	Error,
};
use curex_client::{
	audit::{trail, Entry, Filter},
	fhir::{Directory, FhirSource, Identifier, PatientIdentification},
	Client, EncryptionKey, KeyFile, Options, Password, Signer, View,
};
use curex_primitives::{Gate, LegalBasis, Purpose};
use std::{
	path::PathBuf,
	time::{Duration, Instant},
};

/// Hospital A on the ledger.
const HOSPITAL_A: &Member = &MEMBERS[0];
/// The care centre on the ledger.
const CARE_CENTRE: &Member = &MEMBERS[4];
/// The regulator on the ledger.
const REGULATOR: &Member = &MEMBERS[5];
/// Whose node a member without one uses.
const HOST_OF_CARE_CENTRE: usize = 1;
/// Through whose node the patient withdraws.
const HOST_OF_PATIENT: usize = 2;
/// Whose node the regulator asks, and does not trust.
const HOST_OF_REGULATOR: usize = 3;

/// How long to wait for something that takes a few blocks.
const PATIENCE: Duration = Duration::from_secs(180);

/// The main job under way.
pub struct Story<'a> {
	layout: &'a Layout,
	agent_config: PathBuf,
	/// What happened so far.
	pub account: &'a mut Account,
	/// The last final block before the first step: what is older belongs to an earlier run.
	first_block: u64,
}

impl<'a> Story<'a> {
	/// Does all eight steps. Returns the gateways and the explorer that it started, which go on answering.
	pub async fn tell(
		layout: &'a Layout,
		agent_config: PathBuf,
		measure: u32,
		examples: &[String],
		account: &'a mut Account,
	) -> Result<Vec<Process>, Error> {
		let mut story = Self { layout, agent_config, account, first_block: 0 };
		story.nodes_agree().await?;
		story.hospital_looks_after_itself().await?;
		let mut given = story.data_are_exchanged().await?;
		story.patient_withdraws(&mut given).await?;
		story.regulator_audits().await?;
		let explorer = story.regulator_explores(given.exchange).await?;
		if measure > 0 {
			story.measures(measure).await?;
		}
		if !examples.is_empty() {
			story.runs_examples(examples).await?;
		}
		Ok(given.gateways.into_iter().chain(explorer).collect())
	}

	/// Times exchanges for care that need no consent, in the network as it is after the main job.
	async fn measures(&mut self, exchanges: u32) -> Result<(), Error> {
		println!("\ntiming {exchanges} exchanges …");
		let client = self.client(HOST_OF_CARE_CENTRE, CARE_CENTRE, "gateway").await?;
		let spec = self.spec(HOSPITAL_A, Gate::Statutory(LegalBasis::CARE), Purpose::Treatment)?;
		let measured = measure::exchanges(&client, &spec, exchanges, PATIENCE).await?;
		println!(
			"   request to finalised acknowledgement: median {} slots, 95th percentile {}, longest {}",
			measured.median_slots, measured.p95_slots, measured.longest_slots
		);
		self.account.measured = Some(measured);
		Ok(())
	}

	/// A client of a hospital's node that signs as a member's account.
	async fn client(&self, node: usize, member: &Member, account: &str) -> Result<Client, Error> {
		let during = format!("{}, {account}", member.name);
		let signer = self.signer(member, account).during(&during)?;
		self.connect(node, Some(signer)).await
	}

	async fn reader(&self, node: usize) -> Result<Client, Error> {
		self.connect(node, None).await
	}

	async fn connect(&self, node: usize, signer: Option<Signer>) -> Result<Client, Error> {
		let options = Options { patience: PATIENCE, ..Options::default() };
		Client::connect_with(&self.layout.rpc(node), signer, options)
			.await
			.during(&format!("connecting to {}", MEMBERS[node].name))
	}

	fn signer(&self, member: &Member, account: &str) -> Result<Signer, curex_client::Error> {
		KeyFile::read(&account_file(self.layout, member, account))?
			.unlock_account(&self.password(member)?)
	}

	fn encryption_key(&self, member: &Member) -> Result<EncryptionKey, curex_client::Error> {
		KeyFile::read(&encryption_file(self.layout, member))?
			.unlock_encryption_key(&self.password(member)?)
	}

	fn password(&self, member: &Member) -> Result<Password, curex_client::Error> {
		Password::from_file(&password_file(self.layout, member))
	}

	/// Waits until `look` finds something.
	async fn wait_for<T, F>(
		&self,
		what: &str,
		hint: &str,
		mut look: impl FnMut() -> F,
	) -> Result<T, Error>
	where
		F: std::future::Future<Output = Result<Option<T>, Error>>,
	{
		let begun = Instant::now();
		while begun.elapsed() < PATIENCE {
			if let Some(found) = look().await? {
				return Ok(found);
			}
			tokio::time::sleep(Duration::from_millis(500)).await;
		}
		Err(Error::TimedOut {
			what: what.into(),
			seconds: PATIENCE.as_secs(),
			hint: format!("{hint}; logs are in {}", self.layout.logs().display()),
		})
	}

	/// The entries of the trail from a block on that mention a text, in these pallets.
	async fn entries_from(
		&self,
		client: &Client,
		from: u64,
		pallets: &[&str],
		about: Option<&str>,
	) -> Result<Vec<Entry>, Error> {
		let filter = Filter {
			from: Some(from),
			pallets: pallets.iter().map(|&pallet| pallet.to_owned()).collect(),
			about: about.map(str::to_owned),
			..Filter::default()
		};
		trail(client, &filter, |_| ()).await.during("reading the trail")
	}

	/// The same since this run began.
	async fn entries(
		&self,
		client: &Client,
		pallets: &[&str],
		about: Option<&str>,
	) -> Result<Vec<Entry>, Error> {
		self.entries_from(client, self.first_block + 1, pallets, about).await
	}

	/// Number of the last final block.
	async fn finalised(&self, client: &Client) -> Result<u64, Error> {
		let health = client.health().await.during("asking a node how it is")?;
		Ok(health["finalised"].as_u64().unwrap_or(0))
	}

	/// The first patient of the laboratory that is not restricted, as a care centre would know her.
	fn patient(&self) -> Result<PatientIdentification, Error> {
		let folder = self.layout.laboratory.join("patients");
		let missing = |reason: String| Error::Laboratory(format!("{}: {reason}", folder.display()));
		let whom = PatientIdentification {
			identifiers: vec![Identifier {
				system: "urn:curex:laboratory:patient-number".into(),
				value: "LAB-1001".into(),
			}],
			family: String::new(),
			given: Vec::new(),
			birth_date: String::new(),
		};
		Directory::new(&folder)
			.candidates(&whom)
			.map_err(|defect| missing(defect.to_string()))?
			.iter()
			.find_map(|record| PatientIdentification::of(record.patient.value()))
			.ok_or_else(|| missing("there is no patient with number LAB-1001".into()))
	}
}

impl From<&Entry> for Place {
	fn from(entry: &Entry) -> Self {
		Self {
			block: entry.block,
			hash: format!("{:?}", entry.block_hash),
			extrinsic: entry.event.extrinsic,
		}
	}
}

/// Fails a step.
fn not_verified(step: u8, reason: impl Into<String>) -> Error {
	Error::NotVerified { step, reason: reason.into() }
}

/// The text of an enum of the vocabulary.
fn word<T: serde::Serialize>(value: &T) -> String {
	serde_json::to_value(value)
		.ok()
		.and_then(|value| value.as_str().map(str::to_owned))
		.unwrap_or_default()
}

/// The view that every step checks against.
const FINAL: View = View::Finalised;
