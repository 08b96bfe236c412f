//! Patients with the codes of their receipts, and what enemies try with them.

use crate::support::{append, escape, record, Answer, Explorer};
use curex_client::{
	paper::PaperCode,
	prepared::{Act, Prepared},
	receipt::{ConsentSpec, PreparedConsent, WithdrawalCode},
	time,
};
use curex_explorer::{
	access::QueryLog,
	generate::Generator,
	ledger::{Ledger, Progress, Step},
	Error, Kind, Record,
};
use curex_primitives::{Consent, ConsentId, ConsentStatus, OrganisationId};
use futures::future::BoxFuture;
use serde_json::json;
use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
	time::Duration,
};

/// A ledger of these consents, which writes down what withdraws them.
#[derive(Clone, Default)]
struct Consents {
	known: HashMap<ConsentId, Consent>,
	withdrawn: Arc<Mutex<Vec<(ConsentId, WithdrawalCode)>>>,
}

impl Ledger for Consents {
	fn consent(&self, _: [u8; 32], id: ConsentId) -> BoxFuture<'_, Result<Option<Consent>, Error>> {
		Box::pin(std::future::ready(Ok(self.known.get(&id).cloned())))
	}

	fn withdraw(
		&self,
		_: [u8; 32],
		id: ConsentId,
		code: WithdrawalCode,
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		self.withdrawn.lock().unwrap().push((id, code));
		progress.reach(Step::InBlock(77));
		Box::pin(std::future::ready(()))
	}

	fn prepare(&self, _: [u8; 32], _: [u8; 32], _: Act) -> BoxFuture<'_, Result<Prepared, Error>> {
		Box::pin(std::future::ready(Err(Error::Input("no inquiry is here".into()))))
	}

	fn hand_in(
		&self,
		_: [u8; 32],
		_: Prepared,
		_: [u8; 64],
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		progress.reach(Step::Failed("no inquiry is here".into()));
		Box::pin(std::future::ready(()))
	}
}

/// The holder and the recipient of the patient's consent.
const SIDES: (u32, u32) = (1, 2);

fn prepare() -> PreparedConsent {
	let valid_until = time::text(time::now() + 200 * time::DAY).unwrap();
	let spec: ConsentSpec = serde_json::from_value(json!({
		"grantee": {"organisation": SIDES.1}, "purposes": ["treatment"], "categories": ["patient-summary"],
		"access-modes": ["view"], "valid-until": valid_until, "max-uses": 9,
		"notice": {"language": "en", "text": "I agree"}, "collection-method": "on paper", "policy-version": 1,
	}))
	.unwrap();
	spec.prepare([1; 32], OrganisationId(SIDES.0), time::now()).unwrap()
}

/// An explorer whose index and ledger hold one consent with one exchange in each of these states.
struct Case {
	explorer: Explorer,
	consent: PreparedConsent,
	ledger: Consents,
}

const STATES: [(&str, &str); 4] = [
	("Acknowledged", "The recipient has the data."),
	("NotServed", "Nothing was sent."),
	("Terminated", "It was stopped before"),
	("Disputed", "disputes them"),
];

impl Case {
	async fn start() -> Self {
		let consent = prepare();
		let filed = Consent::filed(OrganisationId(SIDES.0), consent.terms.clone(), 9);
		let mut ledger = Consents::default();
		ledger.known.insert(consent.id, filed);
		let explorer = Explorer::start_with(Box::new(ledger.clone()), records(&consent)).await;
		Self { explorer, consent, ledger }
	}

	fn view(&self) -> String {
		PaperCode::view(&self.consent.receipt).text().to_string()
	}

	fn withdrawal(&self) -> String {
		PaperCode::withdraw(&self.consent.receipt).unwrap().text().to_string()
	}

	async fn enter(&self, code: &str) -> Answer {
		self.explorer.post("/patient", "", &format!("code={}", escape(code))).await
	}

	/// Asks in the visit that an answer began.
	async fn get(&self, begun: &Answer, target: &str) -> Answer {
		self.get_in("en", begun, target).await
	}

	async fn get_in(&self, language: &str, begun: &Answer, target: &str) -> Answer {
		self.explorer
			.send(&format!(
				"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {language}\r\nCookie: {}\r\n\
				 Connection: close\r\n\r\n",
				cookie(begun)
			))
			.await
	}

	fn withdrawn(&self) -> usize {
		self.ledger.withdrawn.lock().unwrap().len()
	}

	/// Everything secret or telling that must stand in no answer and no log.
	fn secrets(&self) -> [String; 2] {
		let receipt = &self.consent.receipt;
		[receipt.viewing_code, receipt.withdrawal_code.as_ref().unwrap().0].map(hex::encode)
	}
}

fn records(consent: &PreparedConsent) -> Vec<Record> {
	let id = format!("0x{}", hex::encode(consent.id.0));
	let value = json!({
		"holder": SIDES.0, "status": "Active", "used": 4, "filed_at": 9,
		"terms": {"grantee": {"Organisation": SIDES.1}, "purposes": 1, "categories": 1},
	});
	let mut records = vec![record(Kind::Consent, &id, Some(value))];
	for (number, (state, _)) in (0_u8..).zip(STATES) {
		let value = json!({
			"direction": "Pull", "holder": SIDES.0, "recipient": SIDES.1, "gate": {"Consent": id},
			"purpose": "Treatment", "categories": 1, "state": state, "payload": null,
			"begun": 1_764_547_200_000_u64 + u64::from(number), "begun_at": 10,
		});
		let exchange = format!("0x{}", hex::encode([number + 1; 32]));
		records.push(record(Kind::Exchange, &exchange, Some(value)));
	}
	records
}

fn cookie(answer: &Answer) -> String {
	let set = answer.head.split("set-cookie: ").nth(1).unwrap_or_default();
	set.split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_viewing_code_shows_every_use_and_refusal_in_plain_words_each_with_its_proof() {
	let case = Case::start().await;
	let entered = case.enter(&case.view().to_lowercase().replace("curex:v", "CUREX:V")).await;
	assert_eq!(entered.status, 303, "{}", entered.body);
	for part in ["location: /patient/consent", "httponly", "samesite=strict", "no-store"] {
		assert!(entered.head.contains(part), "{part} in {}", entered.head);
	}
	let page = case.get(&entered, "/patient/consent").await;
	assert_eq!(page.status, 200);
	for (_, said) in STATES {
		assert!(page.body.contains(said), "{said}");
	}
	for part in [
		"Member 2 asked Member 1 for data",
		"patient summary",
		"4 of at most 9 exchanges",
		"4 exchanges rest on it",
		"It is in force",
		"refused",
		// Four were counted, three of those that are shown are uses.
		"The ledger counted 1 more",
	] {
		assert!(page.body.contains(part), "{part} in {}", page.body);
	}
	assert_eq!(page.body.matches("/verify\"").count(), STATES.len() + 1);
	let german = case.get_in("de", &entered, "/patient/consent").await.body;
	for part in
		["Es wurde nichts gesendet.", "Patientenkurzakte", "Behandlung", "Member 2 bat Member 1"]
	{
		assert!(german.contains(part), "{part} in {german}");
	}
	// No address names a handle: it would stand in the browser's history.
	let id = hex::encode(case.consent.id.0);
	assert!(!page.body.contains(&id) && !page.body.contains(&"01".repeat(32)));
	// The proof needs a node, which there is none here.
	let proof = page.body.split("href=\"/patient/records/").nth(2).unwrap();
	let target = format!("/patient/records/{}", proof.split('"').next().unwrap());
	assert_eq!(case.get(&entered, &target).await.status, 502, "{target}");
}

#[tokio::test]
async fn what_is_not_known_is_answered_in_one_way() {
	let case = Case::start().await;
	let (view, withdrawal) = (case.view(), case.withdrawal());
	let other = prepare();
	let mut wrong = case.consent.receipt.clone();
	wrong.viewing_code[0] ^= 1;
	let mut foreign = case.consent.receipt.clone();
	foreign.ledger = [2; 32];
	let answers = [
		String::new(),
		"rubbish".into(),
		view[..view.len() - 2].into(),
		view.replace("CUREX:V", "CUREX:W"),
		withdrawal.replace("CUREX:W", "CUREX:V"),
		PaperCode::view(&other.receipt).text().to_string(),
		PaperCode::view(&wrong).text().to_string(),
		PaperCode::view(&foreign).text().to_string(),
		PaperCode::withdraw(&foreign).unwrap().text().to_string(),
		"' OR 1=1 --".into(),
		"<script>alert(1)</script>".into(),
	];
	let mut seen = std::collections::BTreeSet::new();
	for code in answers {
		let answer = case.enter(&code).await;
		assert_eq!(answer.status, 404, "{code}");
		assert!(!answer.head.contains("set-cookie"), "{code}");
		seen.insert(answer.body);
	}
	assert_eq!(seen.len(), 1, "told apart");
	assert_eq!(case.withdrawn(), 0);
}

#[tokio::test]
async fn no_code_stands_in_an_answer_an_address_or_a_log() {
	let case = Case::start().await;
	let auditor = case.explorer.sign_in("Alice").await.unwrap();
	let mut answers = vec![
		case.enter(&case.view()).await,
		case.enter(&case.withdrawal()).await,
		case.enter(&format!("{}0", case.view())).await,
	];
	for begun in [0, 1] {
		for target in ["/patient", "/patient/consent", "/patient/withdrawal"] {
			let answer = case.get(&answers[begun], target).await;
			answers.push(answer);
		}
	}
	let asked = format!("/patient?code={}", case.view());
	answers.push(case.explorer.get_as(&auditor.token, &asked).await);
	for answer in &answers {
		let told = format!("{}{}", answer.head, answer.body).to_lowercase();
		for secret in case.secrets() {
			assert!(!told.contains(&secret), "{told}");
		}
		assert!(answer.head.contains("referrer-policy: no-referrer"));
		assert!(answer.head.contains("cache-control: no-store"));
	}
	let log = QueryLog::open(&case.explorer.log()).unwrap();
	let entries = log.entries(auditor.organisation, None, 50).unwrap();
	assert_eq!(entries[0].question, "/patient");
}

#[tokio::test]
async fn a_withdrawal_takes_two_steps_and_no_other_site_can_take_them() {
	let case = Case::start().await;
	let entered = case.enter(&case.withdrawal()).await;
	assert!(entered.head.contains("location: /patient/withdrawal"), "{}", entered.head);
	let page = case.get(&entered, "/patient/withdrawal").await;
	assert!(page.body.contains("Nothing has happened yet") && page.body.contains("Member 2"));
	assert_eq!(case.withdrawn(), 0, "before it is confirmed");
	let ticket = page.body.split("name=\"ticket\" value=\"").nth(1).unwrap();
	let ticket = ticket.split('"').next().unwrap().to_owned();
	// Who may withdraw need not see what happened, and who views cannot withdraw.
	assert_eq!(case.get(&entered, "/patient/consent").await.status, 404);
	let viewing = case.enter(&case.view()).await;
	let other = case.enter(&case.withdrawal()).await;
	let [own, views, foreign] = [&entered, &viewing, &other]
		.map(|begun| format!("Cookie: {}\r\nOrigin: http://localhost\r\n", cookie(begun)));
	let evil = format!("Cookie: {}\r\nOrigin: http://evil.example\r\n", cookie(&entered));
	let body = format!("ticket={ticket}");
	for (headers, body) in [
		(&evil, body.as_str()),
		(&views, &body),
		(&foreign, &body),
		(&String::new(), &body),
		(&own, ""),
		(&own, "ticket=00"),
	] {
		let answer = case.explorer.post("/patient/withdrawal", headers, body).await;
		assert_eq!(answer.status, 401, "{headers} {body}");
	}
	assert_eq!(case.withdrawn(), 0);
	assert_eq!(case.explorer.post("/patient/withdrawal", &own, &body).await.status, 303);
	assert_eq!(case.explorer.post("/patient/withdrawal", &own, &body).await.status, 401, "again");
	// It is handed over beside the answer.
	for _ in 0..5_000 {
		if case.withdrawn() > 0 {
			break;
		}
		tokio::time::sleep(Duration::from_millis(2)).await;
	}
	let withdrawn = case.ledger.withdrawn.lock().unwrap().clone();
	let code = case.consent.receipt.withdrawal_code.clone().unwrap();
	assert_eq!(withdrawn, [(case.consent.id, code)]);
	let page = case.get(&entered, "/patient/withdrawal").await.body;
	assert!(page.contains("It is on its way.") && page.contains("block 77"), "{page}");
	assert_eq!(case.explorer.post("/patient/leave", &own, "").await.status, 303);
	assert_eq!(case.get(&entered, "/patient/withdrawal").await.status, 404);
}

#[tokio::test]
async fn what_has_ended_is_not_withdrawn_again() {
	let consent = prepare();
	let mut record = Consent::filed(OrganisationId(SIDES.0), consent.terms.clone(), 9);
	record.status = ConsentStatus::Withdrawn { at: 12 };
	let mut ledger = Consents::default();
	ledger.known.insert(consent.id, record);
	let explorer = Explorer::start_with(Box::new(ledger.clone()), Vec::new()).await;
	let case = Case { explorer, consent, ledger };
	let entered = case.enter(&case.withdrawal()).await;
	let page = case.get(&entered, "/patient/withdrawal").await;
	assert!(page.body.contains("nothing left to withdraw") && !page.body.contains("ticket"));
}

#[tokio::test]
async fn a_visit_opens_the_own_records_alone() {
	let case = Case::start().await;
	let entered = case.enter(&case.view()).await;
	let foreign = Generator::exchange(20);
	for (target, status) in [
		(format!("/exchanges/{foreign}"), 401),
		(format!("/patient/records/{foreign}/verify"), 404),
		("/patient/records/1/verify".into(), 404),
		("/patient/records/-1/bundle.json".into(), 404),
		("/patient/records/..%2f..%2fetc/bundle.json".into(), 404),
		("/patient/records/consent/verify?at=never".into(), 400),
		("/patient/anything".into(), 404),
	] {
		assert_eq!(case.get(&entered, &target).await.status, status, "{target}");
	}
	// A visit is a secret of its own, and an unknown one opens nothing.
	for cookie in ["curex-visit=", "curex-visit=00", &format!("curex-visit={}", "0".repeat(64))] {
		let answer = case
			.explorer
			.send(&format!(
				"GET /patient/consent HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
			))
			.await;
		assert_eq!(answer.status, 404, "{cookie}");
	}
}

#[tokio::test]
async fn who_tries_codes_without_end_is_slowed() {
	let case = Case::start().await;
	let mut last = 0;
	for _ in 0..60 {
		last = case.enter("CUREX:V:00").await.status;
		if last == 429 {
			break;
		}
	}
	assert_eq!(last, 429);
	assert_eq!(case.explorer.get("/patient").await.status, 200);
}

#[tokio::test]
async fn the_page_shows_what_the_index_learnt_since_the_code_was_shown() {
	let case = Case::start().await;
	let entered = case.enter(&case.view()).await;
	let id = format!("0x{}", hex::encode(case.consent.id.0));
	let value = json!({"holder": SIDES.0, "status": {"Withdrawn": {"at": 40}}, "used": 4});
	append(&mut case.explorer.store(), vec![record(Kind::Consent, &id, Some(value))]);
	let page = case.get(&entered, "/patient/consent").await.body;
	assert!(page.contains("You withdrew it"), "{page}");
}
