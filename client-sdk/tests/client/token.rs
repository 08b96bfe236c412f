//! An account in a token, with SoftHSM2.
//!
//! The library reads one environment variable once for the whole process, so that each test has a process of its own:
//! [`in_its_own_process`] makes a token and starts this program again with the name of one ignored test.

use crate::{
	node::Node,
	softhsm::{make_token, succeeded, CONFIGURATION, MODULE, PIN},
};
use codec::Decode;
use curex_client::{
	envelope::{CareRelationship, Envelope, Professional},
	fhir::PatientIdentification,
	keys::{
		is_signed_by,
		pkcs11::{TokenKey, TokenUri},
		Password, RemoteSigner, Scheme,
	},
	ledger::curex,
	EncryptionKey, Error, Signer,
};
use curex_primitives::{ExchangeId, Purpose};
use std::process::Command;

fn in_its_own_process(test: &str) {
	let folder = tempfile::tempdir().unwrap();
	make_token(folder.path());
	let output = Command::new(std::env::current_exe().unwrap())
		.args(["--exact", test, "--ignored", "--nocapture"])
		.env(CONFIGURATION, folder.path().join("softhsm2.conf"))
		.output()
		.unwrap();
	let told = succeeded(&output);
	assert!(told.contains("1 passed"), "{told}");
}

fn uri(object: &str) -> TokenUri {
	assert!(std::env::var(CONFIGURATION).is_ok(), "run the test that starts this one");
	TokenUri::parse(&format!("pkcs11:token=hospital;object={object}?module-path={MODULE}")).unwrap()
}

fn pin(text: &str) -> Option<Password> {
	Some(Password::new(text).unwrap())
}

fn refusal(key: Result<TokenKey, Error>) -> String {
	match key {
		Err(error @ Error::Key(_)) => error.to_string(),
		other => panic!("{other:?}"),
	}
}

#[test]
fn a_key_in_a_token_signs() {
	in_its_own_process("token::signs");
}

#[test]
#[ignore = "started by a_key_in_a_token_signs"]
fn signs() {
	let made = TokenKey::generate(uri("gateway"), pin(PIN)).unwrap();
	let opened = TokenKey::open(uri("gateway"), pin(PIN)).unwrap();
	assert_eq!(made.account(), opened.account());
	assert_eq!(opened.scheme(), Scheme::Ed25519);
	let signer = Signer::remote(opened);
	assert!(!signer.is_development());
	for length in [0, 1, 64, 257, 100_000] {
		let message = vec![7; length];
		let signature = signer.sign(&message).unwrap();
		assert!(is_signed_by(&signer.account(), &message, &signature), "{length} bytes");
	}
	assert!(!format!("{signer:?} {made:?}").contains(PIN));
}

#[test]
fn a_wrong_pin_name_or_second_key_of_a_name_is_told() {
	in_its_own_process("token::refuses");
}

#[test]
#[ignore = "started by a_wrong_pin_name_or_second_key_of_a_name_is_told"]
fn refuses() {
	// First: a token that is logged in takes any PIN.
	assert!(refusal(TokenKey::open(uri("gateway"), pin("000000"))).contains("PIN is wrong"));
	assert!(refusal(TokenKey::open(uri("gateway"), None)).contains("PIN"));
	assert!(refusal(TokenKey::open(uri("gateway"), pin(PIN))).contains("no ed25519 key pair"));
	TokenKey::generate(uri("gateway"), pin(PIN)).unwrap();
	assert!(refusal(TokenKey::generate(uri("gateway"), pin(PIN))).contains("already"));
	let other = TokenUri { token: Some("other".into()), ..uri("gateway") };
	assert!(refusal(TokenKey::open(other, pin(PIN))).contains("no token"));
	TokenKey::generate(uri("second"), pin(PIN)).unwrap();
	let any = TokenUri { object: None, ..uri("gateway") };
	assert!(refusal(TokenKey::open(any, pin(PIN))).contains("several"));
}

#[test]
fn transactions_and_envelopes_are_signed_in_the_token() {
	in_its_own_process("token::submits");
}

#[test]
#[ignore = "started by transactions_and_envelopes_are_signed_in_the_token"]
fn submits() {
	let signer = Signer::remote(TokenKey::generate(uri("gateway"), pin(PIN)).unwrap());
	let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
	let transaction = runtime.block_on(submitted(&signer));

	// A version 4 transaction: length, version with the mark of a signature, address, signature.
	let mut rest = &transaction[..];
	codec::Compact::<u32>::decode(&mut rest).unwrap();
	assert_eq!(rest[..2], [0x84, 0], "version 4, signed, by an account");
	assert_eq!(rest[2..34], signer.account());
	assert_eq!(rest[34], 0, "an ed25519 signature");

	let key = EncryptionKey::generate();
	let (genesis, exchange) = ([1; 32], ExchangeId([2; 32]));
	let sealed = envelope().seal(&signer, &key.public(), genesis, exchange).unwrap();
	let opened = Envelope::open(&sealed, &key, genesis, exchange).unwrap();
	assert_eq!(opened.account, signer.account());
}

/// Submits a call at a fake node, and gives what the node got.
async fn submitted(signer: &Signer) -> Vec<u8> {
	let node = Node::new();
	let client = node.client(Some(signer.clone())).await;
	let call = curex::tx().system().remark(b"signed in a token".to_vec());
	client.submit(&call).await.unwrap();
	node.transactions().pop().expect("the node got a transaction")
}

fn envelope() -> Envelope {
	Envelope {
		patient: Some(PatientIdentification {
			identifiers: Vec::new(),
			family: "Papadopoulou".into(),
			given: Vec::new(),
			birth_date: "1956-05-27".into(),
		}),
		professional: Professional {
			identifier: "17".into(),
			name: "Dr. Georgiou".into(),
			role: "physician".into(),
		},
		care_relationship: CareRelationship::Treating,
		purpose: Purpose::Treatment,
		recipient_key: None,
	}
}
