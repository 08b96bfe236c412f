//! Steps 2 to 5: hospital A looks after its own security.

use super::{not_verified, Story, FINAL, HOSPITAL_A, HOST_OF_REGULATOR};
use crate::{account::Place, agent, error::Context, laboratory::Laboratory, Error};
use curex_client::{audit::Entry, Client};
use curex_primitives::{OrganisationId, PlanVerdict, Policy, ReportKind};
use serde_json::Value;

/// Blocks between two runs of a task of hospital A: everything is due at once when the policy is set, then every two
/// minutes or so. A start after one that was interrupted waits for the next run, so that it comes well within
/// [`super::PATIENCE`].
const POLICY: Policy =
	Policy { discover_every: 50, watch_every: 50, survey_every: 400, assess_every: 50 };

/// A report on the ledger with its opened evidence.
struct Reported {
	number: u64,
	place: Place,
	document: Value,
}

impl Story<'_> {
	pub(super) async fn hospital_looks_after_itself(&mut self) -> Result<(), Error> {
		let administrator = self.client(0, HOSPITAL_A, "administrator").await?;
		let recorded =
			administrator.set_policy(&POLICY).await.during("setting the policy of hospital A")?;
		self.account.step(2, "Hospital A's off-chain worker discovers its services");
		self.account
			.record("the policy is on the ledger: the off-chain worker now leads", &recorded);
		let policy_block = recorded.block_number;
		let reader = self.reader(0).await?;

		let inventory = self.reported(&reader, ReportKind::Inventory, policy_block).await?;
		self.discovered(&inventory)?;

		self.account.step(3, "They are matched with advisories");
		self.matched(&inventory)?;

		self.account.step(4, "A detector, a survey, a risk level, an optimal plan");
		let alert = self.reported(&reader, ReportKind::Alert, policy_block).await?;
		let group = self.reported(&reader, ReportKind::GroupResult, policy_block).await?;
		// The assessment that counts knows all three.
		let newest = inventory.place.block.max(alert.place.block).max(group.place.block);
		let assessment = self.reported(&reader, ReportKind::Assessment, newest).await?;
		let plan = self.reported(&reader, ReportKind::Plan, newest).await?;
		self.told(&alert, &group, &assessment, &plan)?;

		let officer = self.client(0, HOSPITAL_A, "officer").await?;
		let (decision, _) = officer
			.decide_plan(
				plan.number,
				PlanVerdict::Accepted,
				"within the budget, highest effect first",
			)
			.await
			.during("deciding on the plan")?;
		self.account.record("the security officer accepted the plan with her own key", &decision);

		self.account.step(5, "The ledger has the records, hospital A the evidence");
		for (what, report) in [
			("inventory", &inventory),
			("alert", &alert),
			("group result", &group),
			("assessment", &assessment),
			("plan", &plan),
		] {
			self.account.record(
				format!(
					"{what} {}: the sealed evidence opens to the recorded commitment",
					report.number
				),
				report.place.clone(),
			);
		}
		Ok(())
	}

	/// Waits for a report of hospital A recorded at or after a block, and opens its evidence.
	async fn reported(
		&self,
		reader: &Client,
		kind: ReportKind,
		since: u64,
	) -> Result<Reported, Error> {
		let (pallet, field, name) = match kind {
			ReportKind::Inventory => ("Inventory", "snapshot", "inventory"),
			ReportKind::Alert => ("Threats", "alert", "alert"),
			ReportKind::Assessment => ("Risk", "assessment", "assessment"),
			ReportKind::GroupResult => ("Hygiene", "result", "group-result"),
			ReportKind::Plan => ("Safeguards", "plan", "plan"),
		};
		// On a later run of the same consortium, what did not change is not reported again: the newest one counts.
		let earlier = reader
			.last_number(OrganisationId(HOSPITAL_A.number), kind, FINAL)
			.await
			.during("reading the ledger")?;
		let wait = earlier == 0 || !matches!(kind, ReportKind::Alert | ReportKind::GroupResult);
		// Hospital A's node keeps the states of the latest blocks only.
		let archive = self.reader(HOST_OF_REGULATOR).await?;
		let (reader, begin) = if wait { (reader, since) } else { (&archive, 1) };
		let entry: Entry = self
			.wait_for(
				&format!("hospital A's {name} on the ledger"),
				"the agent tells in hospital A's log what it did",
				|| async {
					let entries = self.entries_from(reader, begin, &[pallet], None).await?;
					Ok(entries.into_iter().rev().find(|entry| {
						entry.event.fields["organisation"] == HOSPITAL_A.number
							&& entry.event.fields[field]["evidence"].is_string()
					}))
				},
			)
			.await?;
		let commitment = entry.event.fields[field]["evidence"].as_str().unwrap_or_default();
		let number = entry.event.fields["number"].as_u64().unwrap_or_default();
		if !agent::opens(self.layout, &self.agent_config, commitment)? {
			return Err(not_verified(5, format!("the evidence does not open to {commitment}")));
		}
		let opened = agent::open_evidence(self.layout, &self.agent_config, name, number)?;
		Ok(Reported { number, place: Place::from(&entry), document: opened["document"].clone() })
	}

	fn discovered(&mut self, inventory: &Reported) -> Result<(), Error> {
		let services: Vec<&Value> = inventory.document["snapshot"]["assets"]
			.as_array()
			.into_iter()
			.flatten()
			.flat_map(|asset| asset["services"].as_array().into_iter().flatten())
			.collect();
		for service in &services {
			let text = |key: &str| service[key].as_str().unwrap_or("unknown").to_owned();
			self.account.note(format!(
				"{}:{} speaks {}: {} {}",
				text("address"),
				service["port"],
				text("protocol"),
				text("product"),
				text("version")
			));
		}
		let laboratory = Laboratory::read(&self.layout.laboratory)?;
		for expected in laboratory.service.iter() {
			for product in &expected.expect {
				let found = services.iter().any(|service| {
					let port = service["port"].as_u64().and_then(|port| u16::try_from(port).ok());
					service["product"] == product.as_str()
						&& service["version"].is_string()
						&& port.is_some_and(|port| {
							expected.tcp.contains(&port) || expected.udp.contains(&port)
						})
				});
				if !found {
					return Err(not_verified(
						2,
						format!(
							"{product} of {} was not identified with its version",
							expected.name
						),
					));
				}
			}
		}
		self.account.record("the inventory is on the ledger", inventory.place.clone());
		Ok(())
	}

	fn matched(&mut self, inventory: &Reported) -> Result<(), Error> {
		let matches = inventory.document["matches"].as_array().cloned().unwrap_or_default();
		if matches.is_empty() {
			return Err(not_verified(
				3,
				"no advisory of the feed matched; is it about these services?",
			));
		}
		for found in &matches {
			let reasons = found["reason"]
				.as_array()
				.map(|reasons| {
					reasons.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
				})
				.unwrap_or_default();
			self.account.note(format!(
				"{} {}: {} (CVSS {}, EPSS {}, {}, confidence {} %): {reasons}",
				found["cve"].as_str().unwrap_or("?"),
				found["service"].as_str().unwrap_or("?"),
				status(&found["status"]),
				known(&found["cvss"]["score"]),
				known(&found["epss"]),
				if found["kev"] == true {
					"known to be exploited"
				} else {
					"not known to be exploited"
				},
				found["confidence"],
			));
		}
		Ok(())
	}

	fn told(
		&mut self,
		alert: &Reported,
		group: &Reported,
		assessment: &Reported,
		plan: &Reported,
	) -> Result<(), Error> {
		let seen = &alert.document["alert"];
		self.account.record(
			format!("alert: {}", seen["what"].as_str().unwrap_or("?")),
			alert.place.clone(),
		);
		let drivers = seen["drivers"].as_array().cloned().unwrap_or_default();
		if drivers.is_empty() {
			return Err(not_verified(4, "the alert is not explained"));
		}
		for driver in drivers.iter().take(3) {
			self.account.note(format!(
				"  because {}: typically {}, now {}",
				driver["feature"].as_str().unwrap_or("?"),
				driver["typical"],
				driver["actual"]
			));
		}
		self.account.record(
			format!("awareness of the group {}", group.document["assessment"]["group"]),
			group.place.clone(),
		);
		let judged = &assessment.document["assessment"];
		self.account.record(
			format!(
				"risk: cybersecurity {}, privacy {}, patient safety {}",
				judged["cyber"], judged["privacy"], judged["patient_safety"]
			),
			assessment.place.clone(),
		);
		for line in judged["explanation"].as_array().into_iter().flatten().take(4) {
			self.account.note(format!("  {}", line.as_str().unwrap_or("?")));
		}
		let chosen = plan.document["plan"]["selection"].as_array().map_or(0, Vec::len);
		if chosen == 0 {
			return Err(not_verified(4, "the plan is empty"));
		}
		self.account.record(
			format!(
				"plan of {chosen} safeguards for {} cents: remaining risk {}, proven bound {}, gap {}",
				plan.document["plan"]["cost"],
				plan.document["plan"]["objective"],
				plan.document["plan"]["bound"],
				plan.document["plan"]["gap"]
			),
			plan.place.clone(),
		);
		Ok(())
	}
}

/// A status of a match for a person.
fn status(status: &Value) -> String {
	match (status.as_str(), status["fixed_by_package"]["by"].as_str()) {
		(Some(word), _) => word.replace('_', " "),
		(None, Some(by)) => format!("fixed by {by}"),
		(None, None) => status.to_string(),
	}
}

/// A figure, or the word that there is none.
fn known(figure: &Value) -> String {
	if figure.is_null() {
		"unknown".into()
	} else {
		figure.to_string()
	}
}
