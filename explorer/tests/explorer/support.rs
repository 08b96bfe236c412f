//! An index of generated exchanges, a server on loopback, and a client as plain as they come.

use curex_explorer::{
	follow::SharedStatus,
	generate::Generator,
	prove::Witness,
	web::{self, App},
	Reader, Store,
};
use serde_json::Value as Json;
use std::{net::SocketAddr, sync::Arc};
use tempfile::TempDir;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
};

/// Exchanges of the generated consortium.
pub const EXCHANGES: u64 = 240;

/// Exchanges that begin in a block.
pub const PER_BLOCK: u64 = 7;

/// A name as an enemy would choose it.
pub const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(2)> & Söhne";

/// The organisation that has it.
pub const HOSTILE_NUMBER: u32 = 3;

/// The consortium of the tests.
pub fn generator() -> Generator {
	Generator::new(EXCHANGES, PER_BLOCK).with_name(HOSTILE_NUMBER, HOSTILE)
}

/// Its index.
pub fn fill(folder: &TempDir) -> Store {
	let mut store = Store::open(&folder.path().join("index.sqlite")).unwrap();
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
	_folder: TempDir,
}

impl Explorer {
	pub async fn start() -> Self {
		let folder = tempfile::tempdir().unwrap();
		fill(&folder);
		let path = folder.path().join("index.sqlite");
		let witness = Witness::new(vec!["ws://127.0.0.1:1".into()], None);
		let name = Some("explorer.example".into());
		let app = App::new(Reader::new(&path), witness, SharedStatus::default(), name);
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		tokio::spawn(web::serve(listener, Arc::new(app)));
		Self { address, reader: Reader::new(&path), _folder: folder }
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

	/// Sends a request as it is.
	pub async fn send(&self, request: &str) -> Answer {
		let mut stream = TcpStream::connect(self.address).await.unwrap();
		// The server may refuse before it has read everything.
		let _ = stream.write_all(request.as_bytes()).await;
		let mut bytes = Vec::new();
		let _ = stream.read_to_end(&mut bytes).await;
		let text = String::from_utf8(bytes).unwrap();
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
