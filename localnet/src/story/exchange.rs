//! Step 6: a consent, a request answered unattended, and a letter the other way.

use super::{
	not_verified, word, Story, CARE_CENTRE, FINAL, HOSPITAL_A, HOST_OF_CARE_CENTRE, PATIENCE,
};
use crate::{account::Place, error::Context, layout::Member, process::Process, Error};
use curex_client::{
	administration::Declaration,
	envelope::{CareRelationship, Professional},
	fhir::PatientIdentification,
	gateway::{Gateway, Setup, Store},
	receipt::{ConsentSpec, Notice, Receipt},
	time, Client, Spec,
};
use curex_primitives::{
	AccessMode, Category, Confidence, ConsentId, ExchangeId, ExchangeState, Gate, Grantee, Level,
	OrganisationId, Purpose, Representation,
};
use std::{fs, path::PathBuf};

/// Half a year, in milliseconds.
const HALF_A_YEAR: u64 = 182 * 24 * 3_600 * 1_000;

/// The consent of the story, and what the patient carries away.
pub(super) struct Given {
	pub(super) consent: ConsentId,
	/// The exchange of the patient summary.
	pub(super) exchange: ExchangeId,
	pub(super) receipt: Receipt,
	pub(super) gateways: Vec<Process>,
}

impl Story<'_> {
	pub(super) async fn data_are_exchanged(&mut self) -> Result<Given, Error> {
		self.account.step(6, "A consent, a request answered unattended, a discharge letter");
		let centre = self.client(HOST_OF_CARE_CENTRE, CARE_CENTRE, "gateway").await?;
		self.declare_fitness().await?;

		let desk = self.client(0, HOSPITAL_A, "gateway").await?;
		let (prepared, recorded) =
			desk.file_consent(&consent_spec()).await.during("filing the consent")?;
		self.account
			.record("hospital A filed the patient's consent for the care centre", &recorded);
		self.account.note("the patient carries away a receipt with a withdrawal code");

		let gateways = vec![
			self.serve(HOSPITAL_A, 0, true)?,
			self.serve(CARE_CENTRE, HOST_OF_CARE_CENTRE, false)?,
		];
		self.account.note("the gateways of hospital A and the care centre answer unattended");

		let spec = self.spec(HOSPITAL_A, Gate::Consent(prepared.id), Purpose::Treatment)?;
		let exchange = self.request_and_receive(&centre, &spec, "patient summary").await?;
		self.discharge_letter(prepared.id).await?;
		Ok(Given { consent: prepared.id, exchange, receipt: prepared.receipt, gateways })
	}

	/// The care centre runs no agent: its officer declares its risk level, which the gate reads.
	async fn declare_fitness(&mut self) -> Result<(), Error> {
		let officer = self.client(HOST_OF_CARE_CENTRE, CARE_CENTRE, "officer").await?;
		let declaration = Declaration {
			cyber: Level::Moderate,
			privacy: Level::Low,
			patient_safety: Level::Low,
			confidence: Confidence::Medium,
			days: 30,
			basis: "yearly review by the care centre's officer".into(),
		};
		let (recorded, _) = officer
			.declare_assessment(&declaration)
			.await
			.during("declaring the care centre's risk")?;
		self.account.record("the care centre's officer declared its risk level", &recorded);
		Ok(())
	}

	/// What the care centre asks hospital A for.
	pub(super) fn spec(
		&self,
		partner: &Member,
		gate: Gate,
		purpose: Purpose,
	) -> Result<Spec, Error> {
		Ok(Spec {
			partner: OrganisationId(partner.number),
			gate,
			purpose,
			categories: Category::PatientSummary.into(),
			border: None,
			patient: self.patient()?,
			professional: Professional {
				identifier: "physician-17".into(),
				name: "Dr. Example".into(),
				role: "physician".into(),
			},
			care_relationship: if purpose == Purpose::EmergencyTreatment {
				CareRelationship::Emergency
			} else {
				CareRelationship::Treating
			},
		})
	}

	/// Requests, receives and acknowledges, and tells each step with its block.
	async fn request_and_receive(
		&mut self,
		centre: &Client,
		spec: &Spec,
		what: &str,
	) -> Result<ExchangeId, Error> {
		let pending = centre.request(spec).await.during("requesting")?;
		let delivery = centre.receive(&pending, PATIENCE).await.during("receiving")?;
		let code = delivery.acknowledgement();
		let document = delivery.document.map_err(|defect| {
			not_verified(6, format!("what came is no usable document: {defect}"))
		})?;
		centre.acknowledge(pending.id(), code).await.during("acknowledging")?;
		self.life_of(centre, pending.id(), ExchangeState::Acknowledged).await?;
		self.account.note(format!(
			"the care centre holds a FHIR R4 document with {} resources: the {what}",
			document.resources().len()
		));
		Ok(pending.id())
	}

	/// Hospital A offers a document that it made; the care centre's gateway accepts it.
	async fn discharge_letter(&mut self, consent: ConsentId) -> Result<(), Error> {
		let mut spec = self.spec(CARE_CENTRE, Gate::Consent(consent), Purpose::Treatment)?;
		spec.categories = Category::DischargeReport.into();
		let letter = self.letter(&spec.patient)?;
		let client = self.client(0, HOSPITAL_A, "gateway").await?;
		let key = self.encryption_key(HOSPITAL_A).during("hospital A's key")?;
		// The same store as the serving gateway's, which delivers once the offer is accepted.
		let store =
			Store::open(&self.gateway_state(HOSPITAL_A).join("gateway.sqlite"), client.genesis())
				.during("opening the gateway's store")?;
		let gateway =
			Gateway::open(client.clone(), Setup { key, source: None, inbox: None, store })
				.await
				.during("opening the gateway")?;
		let id = gateway.offer(&spec, &letter).await.during("offering the discharge letter")?;
		self.wait_for(
			"the discharge letter to be acknowledged",
			"see the gateways' logs",
			|| async {
				let exchange = client.exchange(id, FINAL).await.during("reading an exchange")?;
				Ok(exchange.filter(|exchange| exchange.state == ExchangeState::Acknowledged))
			},
		)
		.await?;
		self.life_of(&client, id, ExchangeState::Acknowledged).await?;
		let inbox = self.inbox(CARE_CENTRE);
		let received = fs::read_dir(&inbox).map_err(Error::at(&inbox))?.count();
		if received == 0 {
			return Err(not_verified(6, "the discharge letter is not in the care centre's inbox"));
		}
		self.account.note("the discharge letter lies in the care centre's inbox");
		Ok(())
	}

	/// A discharge letter: the summary that hospital A would send of its record.
	fn letter(&self, patient: &PatientIdentification) -> Result<Vec<u8>, Error> {
		use curex_client::fhir::{build_summary, find, Author, Directory, Sensitivity};
		let wrong = |reason: String| Error::Laboratory(format!("the discharge letter: {reason}"));
		let source = Directory::new(self.layout.laboratory.join("patients"));
		let record = find(&source, patient)
			.map_err(|defect| wrong(defect.to_string()))?
			.ok_or_else(|| wrong("the patient has no record".into()))?;
		let author = Author {
			name: HOSPITAL_A.name.into(),
			organisation: OrganisationId(HOSPITAL_A.number),
		};
		build_summary(&record, &author, Sensitivity::Unrestricted, time::now())
			.map_err(|defect| wrong(defect.to_string()))
	}

	/// Tells the life of an exchange from the finalised ledger and checks where it ended.
	pub(super) async fn life_of(
		&mut self,
		client: &Client,
		id: ExchangeId,
		end: ExchangeState,
	) -> Result<(), Error> {
		let handle = id.to_string();
		let exchange = self
			.wait_for("the end of an exchange", "see the gateways' logs", || async {
				let exchange = client.exchange(id, FINAL).await.during("reading an exchange")?;
				Ok(exchange.filter(|exchange| exchange.state.is_final()))
			})
			.await?;
		for entry in self.entries(client, &["Exchange"], Some(&handle)).await? {
			self.account.record(entry.event.name.clone().to_lowercase(), Place::from(&entry));
		}
		if exchange.state != end {
			return Err(not_verified(
				6,
				format!(
					"exchange {handle} ended as {}, not as {}",
					word(&exchange.state),
					word(&end)
				),
			));
		}
		Ok(())
	}

	/// Starts `curex serve` for a member.
	fn serve(&self, member: &Member, node: usize, records: bool) -> Result<Process, Error> {
		use crate::network::{account_file, encryption_file, password_file};
		let text = |path: PathBuf| path.display().to_string();
		let mut command = vec![
			self.layout.binary("curex"),
			"serve".into(),
			"--node".into(),
			self.layout.rpc(node),
			"--key".into(),
			text(account_file(self.layout, member, "gateway")),
			"--encryption-key".into(),
			text(encryption_file(self.layout, member)),
			"--password-file".into(),
			text(password_file(self.layout, member)),
			"--state".into(),
			text(self.gateway_state(member)),
			"--inbox".into(),
			text(self.inbox(member)),
		];
		if records {
			command.extend(["--fhir".into(), text(self.layout.laboratory.join("patients"))]);
		}
		let log = self.layout.logs().join(format!("{}-gateway.log", member.id));
		Process::start(&format!("the gateway of {}", member.name), &command, &log)
	}

	fn gateway_state(&self, member: &Member) -> PathBuf {
		self.layout.member(member).join("gateway")
	}

	fn inbox(&self, member: &Member) -> PathBuf {
		self.layout.member(member).join("inbox")
	}
}

/// The consent of the story: half a year, for treatment, summary and discharge reports.
fn consent_spec() -> ConsentSpec {
	ConsentSpec {
		grantee: Grantee::Organisation(OrganisationId(CARE_CENTRE.number)),
		purposes: Purpose::Treatment.into(),
		categories: [Category::PatientSummary, Category::DischargeReport].into_iter().collect(),
		access_modes: [AccessMode::View, AccessMode::Store].into_iter().collect(),
		valid_from: None,
		valid_until: time::text(time::now() + HALF_A_YEAR).unwrap_or_default(),
		erase_at: None,
		max_uses: 20,
		min_interval_s: 0,
		representation: Representation::Own,
		notice: Notice {
			language: "en".into(),
			text: "Hospital A may send my summary and discharge reports to the care centre.".into(),
		},
		collection_method: "signed at the desk".into(),
		policy_version: 1,
	}
}
