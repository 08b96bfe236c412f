//! An index of generated exchanges, a server on loopback, and a client as plain as they come.

use curex_client::{ledger::Event, Signer};
use curex_explorer::{
	access::{anchor::Anchoring, Access, Desk, QueryLog},
	follow::SharedStatus,
	generate::Generator,
	ledger::Ledger,
	prove::Witness,
	store::{Connection, Use},
	web::{self, App},
	Block, Kind, Place, Reader, Record, RecordId, Store,
};
use serde_json::json;
use serde_json::Value as Json;
use std::{
	collections::BTreeMap,
	net::SocketAddr,
	path::PathBuf,
	sync::{Arc, RwLock},
};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
};

/// Exchanges of the generated consortium.
pub const EXCHANGES: u64 = 240;

/// Exchanges that begin in a block.
pub const PER_BLOCK: u64 = 7;

/// The one script that pages name.
pub const LIVE: &str = "<script src=\"/live.js\" defer></script>";

/// That of the page of searches.
pub const SEARCH: &str = "<script src=\"/search.js\" defer></script>";

/// A name as an enemy would choose it.
pub const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(2)> & Söhne";

/// The organisation that has it.
pub const HOSTILE_NUMBER: u32 = 3;

/// The consortium of the tests.
pub fn generator() -> Generator {
	Generator::new(EXCHANGES, PER_BLOCK).with_name(HOSTILE_NUMBER, HOSTILE)
}

/// Where the index of a test is: in its folder, or, where `CUREX_TEST_POSTGRES` names a database, in a schema there that
/// bears the folder's name.
pub fn place(folder: &TempDir) -> Place {
	let Ok(server) = std::env::var(POSTGRES) else {
		return Place::File(folder.path().join("index.sqlite"));
	};
	let name: String = folder.path().file_name().unwrap().to_string_lossy().to_lowercase();
	let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
	let connection = Connection::open(&server.parse().unwrap(), Use::Write).unwrap();
	connection.batch(&format!("CREATE SCHEMA IF NOT EXISTS {name}")).unwrap();
	format!("{server}&options=-csearch_path%3D{name}").parse().unwrap()
}

/// The address of a PostgreSQL database in which the tests keep their indexes.
pub const POSTGRES: &str = "CUREX_TEST_POSTGRES";

/// Its index.
pub fn fill(folder: &TempDir) -> Store {
	let mut store = Store::open(&place(folder)).unwrap();
	store.bind([1; 32]).unwrap();
	for block in generator() {
		store.ingest(&block).unwrap();
	}
	store
}

/// A served explorer without a node.
pub struct Explorer {
	pub address: SocketAddr,
	pub reader: Reader,
	pub status: SharedStatus,
	folder: TempDir,
}

impl Explorer {
	/// One that is open to whoever reaches it.
	pub async fn start() -> Self {
		let folder = tempfile::tempdir().unwrap();
		fill(&folder);
		Self::serve(folder, Access::Open, None).await
	}

	/// One where people sign in, with the delegates of [`delegates`].
	pub async fn start_closed() -> Self {
		Self::closed(None).await
	}

	/// The same whose log of queries is anchored.
	pub async fn start_anchored(anchoring: Anchoring) -> Self {
		Self::closed(Some(anchoring)).await
	}

	async fn closed(anchoring: Option<Anchoring>) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let mut store = fill(&folder);
		append(&mut store, delegates());
		let log = QueryLog::open(&folder.path().join("queries.sqlite")).unwrap();
		Self::serve(folder, Access::SignIn(Box::new(Desk::new(log))), anchoring).await
	}

	/// One where people sign in, with another ledger than a node's.
	pub async fn start_with(ledger: Box<dyn Ledger>, records: Vec<Record>) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let mut store = fill(&folder);
		append(&mut store, delegates());
		append(&mut store, records);
		let log = QueryLog::open(&folder.path().join("queries.sqlite")).unwrap();
		Self::serve_with(folder, Access::SignIn(Box::new(Desk::new(log))), None, Some(ledger)).await
	}

	async fn serve(folder: TempDir, access: Access, anchoring: Option<Anchoring>) -> Self {
		Self::serve_with(folder, access, anchoring, None).await
	}

	async fn serve_with(
		folder: TempDir,
		access: Access,
		anchoring: Option<Anchoring>,
		ledger: Option<Box<dyn Ledger>>,
	) -> Self {
		let place = place(&folder);
		let witness = Witness::new(vec!["ws://127.0.0.1:1".into()], None);
		let name = Some("explorer.example".into());
		let status = SharedStatus::default();
		let mut app = App::new(Reader::new(place.clone()), witness, status.clone(), name, access);
		if let Some(ledger) = ledger {
			app = app.with_ledger(ledger);
		}
		if let Some(anchoring) = anchoring {
			app = app.with_anchoring(Arc::new(RwLock::new(anchoring)));
		}
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		tokio::spawn(web::serve(listener, Arc::new(app)));
		Self { address, reader: Reader::new(place), status, folder }
	}

	/// The index, to add blocks to it.
	pub fn store(&self) -> Store {
		Store::open(&place(&self.folder)).unwrap()
	}

	/// The log of queries.
	pub fn log(&self) -> PathBuf {
		self.folder.path().join("queries.sqlite")
	}

	/// Signs in as the client library does.
	pub async fn sign_in(
		&self,
		name: &str,
	) -> Result<curex_client::sign_in::Session, curex_client::Error> {
		let (address, signer) = (format!("http://{}", self.address), signer(name));
		let signing = move || curex_client::sign_in::sign_in(&address, &signer);
		tokio::task::spawn_blocking(signing).await.unwrap()
	}

	/// Asks with the token of a session.
	pub async fn get_as(&self, token: &str, target: &str) -> Answer {
		self.send(&format!(
			"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
		))
		.await
	}

	/// Asks in a language.
	pub async fn get_in(&self, language: &str, target: &str) -> Answer {
		self.send(&format!(
			"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {language}\r\nConnection: close\r\n\r\n"
		))
		.await
	}

	/// Sends a body with further headers.
	pub async fn post(&self, target: &str, headers: &str, body: &str) -> Answer {
		let length = body.len();
		self.send(&format!(
			"POST {target} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\
			 Connection: close\r\n\r\n{body}"
		))
		.await
	}

	/// Asks for an address exactly as it is written.
	pub async fn get(&self, target: &str) -> Answer {
		self.send(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
			.await
	}

	pub async fn json(&self, target: &str) -> Json {
		let answer = self.get(target).await;
		assert_eq!(answer.status, 200, "{target}: {}", answer.body);
		serde_json::from_str(&answer.body).unwrap()
	}

	/// The whole answer in a language, as bytes; its head in lower case, as the server writes it.
	pub async fn bytes_in(&self, language: &str, target: &str) -> Vec<u8> {
		self.exchange(&format!(
			"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {language}\r\nConnection: close\r\n\r\n"
		))
		.await
	}

	async fn exchange(&self, request: &str) -> Vec<u8> {
		let mut stream = TcpStream::connect(self.address).await.unwrap();
		// The server may refuse before it has read everything.
		let _ = stream.write_all(request.as_bytes()).await;
		let mut bytes = Vec::new();
		let _ = stream.read_to_end(&mut bytes).await;
		bytes
	}

	/// Sends a request as it is.
	pub async fn send(&self, request: &str) -> Answer {
		let text = String::from_utf8_lossy(&self.exchange(request).await).into_owned();
		let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
		let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
		Answer { status, head: head.to_lowercase(), body: body.into() }
	}
}

/// An answer.
pub struct Answer {
	pub status: u16,
	pub head: String,
	pub body: String,
}

/// A text in the form of a parameter.
pub fn escape(text: &str) -> String {
	text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The well-known account of a name.
pub fn signer(name: &str) -> Signer {
	Signer::development(&format!("//{name}")).unwrap()
}

/// The authority of Greece, competent for data protection.
pub const AUTHORITY: u32 = 11;

/// The health data access body of Spain.
pub const ACCESS_BODY: u32 = 10;

/// Whether an organisation is established in Greece; the others are in Spain.
pub fn is_greek(organisation: u32) -> bool {
	organisation < 4 || organisation == AUTHORITY
}

/// Organisations with countries and competences, and delegates whose keys everybody knows.
pub fn delegates() -> Vec<Record> {
	let organisation = |number: u32| {
		let (kind, competences) = match number {
			AUTHORITY => ("Authority", 1),
			ACCESS_BODY => ("Authority", 4),
			_ => ("Hospital", 0),
		};
		let country = if is_greek(number) { [71, 82] } else { [69, 83] };
		let value = json!({
			"kind": kind, "country": country, "competences": competences, "status": "Active",
			"name": format!("0x{}", hex::encode(format!("Member {number}"))),
		});
		record(Kind::Organisation, &number.to_string(), Some(value))
	};
	let account = |name: &str, organisation: u32, duties: u16| {
		let id = format!("0x{}", hex::encode(signer(name).account()));
		record(Kind::Account, &id, Some(json!({"organisation": organisation, "duties": duties})))
	};
	let mut records: Vec<Record> = (0..12).map(organisation).collect();
	records.extend([
		account("Alice", AUTHORITY, 1 << 8),
		account("Bob", 1, 1 << 8),
		account("Charlie", 2, 1 << 3),
		account("Dave", 1, 1 << 5),
		account("Eve", ACCESS_BODY, 1 << 8),
		account("Ferdie", AUTHORITY, 1 << 5),
	]);
	for number in [1, 2, 7] {
		let value = json!({"cyber": "High", "privacy": "Low", "patient_safety": "Low"});
		records.push(record(Kind::Assessment, &format!("{number}-1"), Some(value)));
	}
	// The review of an exchange between two Spanish hospitals, by a Greek one, and the other way round.
	let exchange = |greek: bool| {
		let of = |number: &u64| {
			let (holder, recipient) = Generator::parties(*number);
			is_greek(holder) == greek && is_greek(recipient) == greek
		};
		Generator::exchange((0..EXCHANGES).find(of).unwrap())
	};
	for (greek, reviewer) in [(true, 8), (false, 8)] {
		let value =
			json!({"reviewer": reviewer, "second": null, "verdict": null, "overdue": false});
		records.push(record(Kind::Review, &exchange(greek), Some(value)));
	}
	records
}

/// A record of a block.
pub fn record(kind: Kind, id: &str, value: Option<Json>) -> Record {
	Record { kind, id: RecordId::parse(kind, id).unwrap(), value }
}

/// Adds a block that changes these records.
pub fn append(store: &mut Store, records: Vec<Record>) {
	append_with(store, 1_764_547_200_000, records, Vec::new());
}

/// The same at a moment, with events.
pub fn append_with(store: &mut Store, moment: u64, records: Vec<Record>, events: Vec<Event>) {
	let (head, parent) = store.head().unwrap();
	let block = Block {
		number: head + 1,
		hash: sp_crypto_hashing::blake2_256(&parent),
		parent,
		time: Some(moment),
		author: None,
		spec_version: 100,
		extrinsics: Vec::new(),
		failures: BTreeMap::new(),
		events,
		records,
	};
	store.ingest(&block).unwrap();
}
