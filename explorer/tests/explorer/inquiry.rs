//! Inquiries from a page: prepared here, signed elsewhere.

use crate::support::{escape, record, signer, Explorer, AUTHORITY};
use curex_client::{
	ledger,
	prepared::{Act, Prepared, FORMAT},
	receipt::WithdrawalCode,
};
use curex_explorer::{
	access::QueryLog,
	ledger::{Ledger, Progress, Step},
	Error, Kind, Record,
};
use curex_primitives::{oversight::InquiryRefusal, Commitment, Consent, ConsentId};
use futures::future::{ready, BoxFuture};
use serde_json::json;
use std::{
	sync::{Arc, Mutex},
	time::Duration,
};

/// A ledger that takes inquiries and nothing else.
#[derive(Clone, Default)]
struct Inquiries(Arc<Mutex<Vec<Prepared>>>);

impl Ledger for Inquiries {
	fn consent(&self, _: [u8; 32], _: ConsentId) -> BoxFuture<'_, Result<Option<Consent>, Error>> {
		Box::pin(ready(Ok(None)))
	}

	fn withdraw(
		&self,
		_: [u8; 32],
		_: ConsentId,
		_: WithdrawalCode,
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		progress.reach(Step::Failed("no consent is here".into()));
		Box::pin(ready(()))
	}

	fn prepare(
		&self,
		genesis: [u8; 32],
		account: [u8; 32],
		act: Act,
	) -> BoxFuture<'_, Result<Prepared, Error>> {
		Box::pin(ready(Ok(Prepared {
			format: FORMAT.into(),
			ledger: genesis,
			account,
			number: 3,
			block: 64,
			block_hash: [9; 32],
			spec_version: ledger::built_for().unwrap(),
			transaction_version: 1,
			act,
		})))
	}

	fn hand_in(
		&self,
		_: [u8; 32],
		prepared: Prepared,
		signature: [u8; 64],
		progress: Progress,
	) -> BoxFuture<'_, ()> {
		prepared.signed_with(&signature).unwrap();
		self.0.lock().unwrap().push(prepared);
		progress.reach(Step::Finalised(90));
		Box::pin(ready(()))
	}
}

impl Inquiries {
	/// Waits until something was handed in, which happens beside the answer.
	async fn await_first(&self) {
		for _ in 0..5_000 {
			if !self.0.lock().unwrap().is_empty() {
				return;
			}
			tokio::time::sleep(Duration::from_millis(2)).await;
		}
		panic!("nothing was handed in");
	}
}

/// Inquiries of the authority: three to organisation 1, of which the last was answered, and one to organisation 2.
fn asked() -> Vec<Record> {
	let inquiry = |(number, organisation, outcome): (u32, u32, serde_json::Value)| {
		let value = json!({
			"authority": AUTHORITY, "organisation": organisation, "field": "DataProtection", "outcome": outcome,
			"about": format!("0x{}", "0a".repeat(32)), "case": format!("0x{}", "0b".repeat(32)),
		});
		record(Kind::Inquiry, &number.to_string(), Some(value))
	};
	let refused = json!({"Refused": ["Erased", format!("0x{}", "0c".repeat(32))]});
	let open = json!("Open");
	[(0, 1, open.clone()), (1, 1, open.clone()), (2, 1, refused), (3, 2, open)].map(inquiry).into()
}

fn body(organisation: &str, field: &str, about: &str, case: &str, days: &str) -> String {
	format!("organisation={organisation}&field={field}&about={about}&case={case}&days={days}")
}

async fn post(explorer: &Explorer, token: &str, target: &str, body: &str) -> (u16, String) {
	let headers = format!("Authorization: Bearer {token}\r\nOrigin: http://localhost\r\n");
	let answer = explorer.post(target, &headers, body).await;
	(answer.status, answer.body)
}

#[tokio::test]
async fn an_inquiry_is_prepared_here_signed_elsewhere_and_handed_in_once() {
	let ledger = Inquiries::default();
	let explorer = Explorer::start_with(Box::new(ledger.clone()), Vec::new()).await;
	let token = explorer.sign_in("Alice").await.unwrap().token;
	let (about, case) = ("0x".to_owned() + &"0a".repeat(32), "0b".repeat(32));
	let form =
		explorer.get_as(&token, &format!("/inquiries/new?about={about}&organisation=2")).await;
	assert!(form.body.contains(&about) && form.body.contains("value=\"2\" selected"));
	assert_eq!(explorer.get_as(&token, "/inquiries/draft").await.status, 404, "nothing yet");
	for wrong in [
		body("7", "data-protection", &about, &case, "14"),
		body(&AUTHORITY.to_string(), "data-protection", &about, &case, "14"),
		body("2", "network-security", &about, &case, "14"),
		body("2", "data-protection", "0x0a", &case, "14"),
		body("2", "data-protection", &about, &escape("<script>"), "14"),
		body("2", "data-protection", &about, &case, "0"),
		body("2", "data-protection", &about, &case, "91"),
		String::new(),
	] {
		let (status, page) = post(&explorer, &token, "/inquiries/new", &wrong).await;
		assert_eq!(status, 400, "{wrong}");
		assert!(page.contains("role=\"alert\"") && !page.contains("<script>"), "{page}");
	}
	let right = body("2", "data-protection", &about, &case, "14");
	assert_eq!(post(&explorer, &token, "/inquiries/new", &right).await.0, 303);
	let page = explorer.get_as(&token, "/inquiries/draft").await.body;
	assert!(page.contains("Member 2") && page.contains("inquiry sign inquiry.json"), "{page}");
	let file = explorer.get_as(&token, "/inquiries/draft.json").await.body;
	let prepared: Prepared = serde_json::from_str(&file).unwrap();
	assert_eq!(prepared.account, signer("Alice").account());
	let sign = |by: &str| {
		let prepared = Prepared { account: signer(by).account(), ..prepared.clone() };
		format!("signature=0x{}", hex::encode(prepared.sign(&signer(by)).unwrap()))
	};
	for (wrong, status) in [(sign("Bob"), 400), ("signature=00".into(), 400), (String::new(), 400)]
	{
		assert_eq!(post(&explorer, &token, "/inquiries/draft", &wrong).await.0, status, "{wrong}");
	}
	assert!(ledger.0.lock().unwrap().is_empty(), "nothing is sent before it is signed");
	for _ in 0..2 {
		assert_eq!(post(&explorer, &token, "/inquiries/draft", &sign("Alice")).await.0, 303);
	}
	ledger.await_first().await;
	assert_eq!(*ledger.0.lock().unwrap(), [prepared]);
	let page = explorer.get_as(&token, "/inquiries/draft").await.body;
	assert!(page.contains("It is final.") && page.contains("block 90"), "{page}");
	// What an authority does here is written down like what it asks.
	let log = QueryLog::open(&explorer.log()).unwrap();
	let asked = log.entries(AUTHORITY, None, 50).unwrap();
	assert!(asked.iter().any(|entry| entry.question == "/inquiries/draft"));
}

#[tokio::test]
async fn nobody_but_an_authority_prepares_an_inquiry() {
	let explorer = Explorer::start_with(Box::new(Inquiries::default()), Vec::new()).await;
	let right = body("2", "data-protection", &"0a".repeat(32), &"0b".repeat(32), "14");
	for name in ["Bob", "Charlie"] {
		let token = explorer.sign_in(name).await.unwrap().token;
		assert_eq!(explorer.get_as(&token, "/inquiries/new").await.status, 401, "{name}");
		assert_eq!(post(&explorer, &token, "/inquiries/new", &right).await.0, 401, "{name}");
		// A protection officer signs refusals; a security officer signs nothing.
		let status = if name == "Bob" { 404 } else { 401 };
		assert_eq!(explorer.get_as(&token, "/inquiries/draft.json").await.status, status, "{name}");
	}
	assert_eq!(explorer.post("/inquiries/new", "", &right).await.status, 401);
	let token = explorer.sign_in("Alice").await.unwrap().token;
	let evil = format!("Authorization: Bearer {token}\r\nOrigin: http://evil.example\r\n");
	assert_eq!(explorer.post("/inquiries/new", &evil, &right).await.status, 401);
	// A draft is its account's alone.
	assert_eq!(post(&explorer, &token, "/inquiries/new", &right).await.0, 303);
	let eve = explorer.sign_in("Eve").await.unwrap().token;
	assert_eq!(explorer.get_as(&eve, "/inquiries/draft").await.status, 404);
}

#[tokio::test]
async fn an_inquiry_is_withdrawn_by_its_authority_and_refused_by_whom_it_asks_signed_elsewhere() {
	let refusal = |reasons: &str| format!("ground=privileged&reasons={reasons}");
	let reasons = Commitment([0x0d; 32]);
	let cases = [
		("Alice", "0", String::new(), Act::Withdraw { inquiry: 0 }),
		(
			"Bob",
			"1",
			refusal(&"0d".repeat(32)),
			Act::Refuse { inquiry: 1, ground: InquiryRefusal::Privileged, reasons },
		),
	];
	for (name, number, form, act) in cases {
		let ledger = Inquiries::default();
		let explorer = Explorer::start_with(Box::new(ledger.clone()), asked()).await;
		let token = explorer.sign_in(name).await.unwrap().token;
		let target = format!("/inquiries/{number}/end");
		let record = explorer.get_as(&token, &format!("/inquiries/{number}")).await.body;
		assert!(record.contains(&format!("href=\"{target}\"")), "{record}");
		assert_eq!(explorer.get_as(&token, &target).await.status, 200);
		if name == "Bob" {
			for wrong in
				[refusal("0d"), format!("ground=hunger&reasons={}", "0d".repeat(32)), String::new()]
			{
				let (status, page) = post(&explorer, &token, &target, &wrong).await;
				assert!(status == 400 && page.contains("role=\"alert\""), "{wrong}: {page}");
			}
		}
		assert_eq!(post(&explorer, &token, &target, &form).await.0, 303);
		let file = explorer.get_as(&token, "/inquiries/draft.json").await.body;
		let prepared: Prepared = serde_json::from_str(&file).unwrap();
		assert_eq!(prepared.act, act);
		let page = explorer.get_as(&token, "/inquiries/draft").await.body;
		assert!(page.contains("inquiry sign inquiry.json"), "{page}");
		assert!(ledger.0.lock().unwrap().is_empty(), "nothing is sent before it is signed");
		let signature = hex::encode(prepared.sign(&signer(name)).unwrap());
		let signed = format!("signature={signature}");
		assert_eq!(post(&explorer, &token, "/inquiries/draft", &signed).await.0, 303);
		ledger.await_first().await;
		assert_eq!(*ledger.0.lock().unwrap(), [prepared]);
	}
}

#[tokio::test]
async fn nobody_ends_an_inquiry_that_is_answered_or_another_s() {
	let explorer = Explorer::start_with(Box::new(Inquiries::default()), asked()).await;
	// The third inquiry was answered. Charlie is a security officer, Eve another authority's.
	for (name, number, status) in [
		("Alice", "2", 401),
		("Bob", "2", 401),
		("Alice", "4", 404),
		("Alice", "x", 404),
		("Charlie", "3", 401),
		("Charlie", "0", 404),
		("Eve", "0", 404),
	] {
		let token = explorer.sign_in(name).await.unwrap().token;
		let target = format!("/inquiries/{number}/end");
		assert_eq!(explorer.get_as(&token, &target).await.status, status, "{name} {number}");
		assert_eq!(post(&explorer, &token, &target, "").await.0, status, "{name} {number}");
		let record = explorer.get_as(&token, &format!("/inquiries/{number}")).await.body;
		assert!(!record.contains(&target), "{name} {number}");
	}
	assert_eq!(explorer.get("/inquiries/0/end").await.status, 401);
	let token = explorer.sign_in("Alice").await.unwrap().token;
	let evil = format!("Authorization: Bearer {token}\r\nOrigin: http://evil.example\r\n");
	assert_eq!(explorer.post("/inquiries/0/end", &evil, "").await.status, 401);
	assert_eq!(
		explorer.get_as(&token, "/inquiries/draft").await.status,
		404,
		"nothing is prepared"
	);
}
