//! Inquiries from a page: prepared here, signed elsewhere.

use crate::support::{escape, signer, Explorer, AUTHORITY};
use curex_client::{
	ledger,
	oversight::Question,
	prepared::{Prepared, FORMAT},
	receipt::WithdrawalCode,
};
use curex_explorer::{
	access::QueryLog,
	ledger::{Ledger, Progress, Step},
	Error,
};
use curex_primitives::{Commitment, Consent, ConsentId};
use futures::future::{ready, BoxFuture};
use std::sync::{Arc, Mutex};

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
		question: Question,
		case: Commitment,
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
			question,
			case,
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
		assert_eq!(explorer.get_as(&token, "/inquiries/draft.json").await.status, 401, "{name}");
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
