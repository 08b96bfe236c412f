use std::{collections::BTreeSet, process::Command};

use serde_json::{json, Value};
use tokio::{
	io::AsyncWriteExt,
	runtime::{Builder, Runtime},
};
use tokio_rustls::{
	rustls::{
		pki_types::ServerName, version::TLS12, ClientConfig, SupportedProtocolVersion,
		DEFAULT_VERSIONS,
	},
	TlsConnector,
};

use super::{spool::segments, *};

const LONGEST: Duration = Duration::from_secs(60);

struct Scene {
	folder: tempfile::TempDir,
	runtime: Runtime,
	listener: Listener,
	listeners: Option<Listeners>,
}

impl Scene {
	fn new(configured: Value) -> Self {
		let folder = tempfile::tempdir().unwrap();
		make_certificates(folder.path());
		let mut listener = json!({ "name": "here", "address": "127.0.0.1:0", "transport": "tcp" });
		listener.as_object_mut().unwrap().extend(configured.as_object().unwrap().clone());
		let mut listener: Listener = serde_json::from_value(listener).unwrap();
		listener.files().for_each(|file| *file = folder.path().join(&*file));
		listener.check().unwrap();
		let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
		let started = Listeners::start(std::slice::from_ref(&listener), folder.path());
		let listeners = Some(runtime.block_on(started).unwrap());
		Self { folder, runtime, listener, listeners }
	}

	fn address(&self) -> SocketAddr {
		self.listeners.as_ref().unwrap().addresses()[0].1
	}

	async fn send(&self, bytes: &[u8]) {
		send(self.address(), bytes.to_vec()).await;
	}

	fn spool(&self) -> PathBuf {
		self.listener.spool(self.folder.path())
	}

	/// Waits until the counts are as they should be.
	async fn until(&self, reached: impl Fn(&Counts) -> bool) {
		let begin = Instant::now();
		loop {
			let counts = counts(&self.spool()).unwrap_or_default();
			if reached(&counts) {
				return;
			}
			assert!(begin.elapsed() < LONGEST, "{counts:?}");
			sleep(Duration::from_millis(20)).await;
		}
	}

	/// Stops listening; what was received and counted.
	fn stop(&mut self) -> (Vec<String>, Counts) {
		self.runtime.block_on(self.listeners.take().unwrap().stop());
		(self.received(), counts(&self.spool()).unwrap())
	}

	fn received(&self) -> Vec<String> {
		let mut lines = Vec::new();
		for segment in segments(&self.spool()).unwrap() {
			let bytes = fs::read(segment.path).unwrap();
			lines.extend(String::from_utf8_lossy(&bytes).lines().skip(1).map(String::from));
		}
		lines
	}
}

/// Connects and sends; the sender then ends its side, and so does the listener.
async fn send(address: SocketAddr, bytes: Vec<u8>) {
	end(TcpStream::connect(address).await.unwrap(), &bytes).await;
}

async fn end(mut stream: impl AsyncRead + tokio::io::AsyncWrite + Unpin, bytes: &[u8]) {
	// A listener that refuses the sender may have hung up already.
	let _ = stream.write_all(bytes).await;
	let _ = stream.shutdown().await;
	let _ = timeout(LONGEST, stream.read(&mut [0; 16])).await.expect("the listener hangs up too");
}

/// An authority, a certificate of the listener and one of a sender, and a sender's by somebody else.
fn make_certificates(folder: &Path) {
	let openssl = |arguments: String| {
		let output =
			Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
		let output = output.expect("openssl is installed");
		assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
	};
	for authority in ["authority", "other"] {
		openssl(format!(
			"req -x509 -newkey ed25519 -nodes -days 2 -subj /CN={authority} \
			 -keyout {authority}.key -out {authority}.pem"
		));
	}
	for (name, authority) in
		[("listener", "authority"), ("sender", "authority"), ("forged", "other")]
	{
		openssl(format!(
			"req -x509 -newkey ed25519 -nodes -days 1 -subj /CN={name} -CA {authority}.pem \
			 -CAkey {authority}.key -addext basicConstraints=critical,CA:FALSE \
			 -addext subjectAltName=DNS:localhost -keyout {name}.key -out {name}.pem"
		));
	}
}

fn connector(
	folder: &Path,
	sender: Option<&str>,
	versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
	let certificate = |name: &str| CertificateDer::from_pem_file(folder.join(name)).unwrap();
	let mut roots = RootCertStore::empty();
	roots.add(certificate("authority.pem")).unwrap();
	let builder =
		ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
	let config = match sender {
		None => builder.with_no_client_auth(),
		Some(name) => {
			let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
			let chain = vec![certificate(&format!("{name}.pem"))];
			builder.with_client_auth_cert(chain, key).unwrap()
		},
	};
	TlsConnector::from(Arc::new(config))
}

/// Sends over TLS; whether the listener agreed is told by what it counts.
async fn send_tls(scene: &Scene, connector: &TlsConnector, bytes: &[u8]) {
	let stream = TcpStream::connect(scene.address()).await.unwrap();
	let name = ServerName::try_from("localhost").unwrap();
	if let Ok(stream) = connector.connect(name, stream).await {
		end(stream, bytes).await;
	}
}

#[test]
fn what_many_senders_send_in_either_framing_comes_once_and_whole() {
	let mut scene = Scene::new(json!({}));
	let (senders, each) = (8, 200);
	let message = |sender: usize, number: usize| format!("<34>1 - h{sender} p - - - m{number}");
	scene.runtime.block_on(async {
		let sent = (0..senders).map(|sender| {
			let framed = |number| match sender % 2 {
				0 => format!("{}\n", message(sender, number)),
				_ => format!("{} {}", message(sender, number).len(), message(sender, number)),
			};
			(0..each).map(framed).collect::<String>()
		});
		let mut sending: JoinSet<()> =
			sent.map(|text| send(scene.address(), text.into_bytes())).collect();
		while sending.join_next().await.is_some() {}
	});
	let (received, counts) = scene.stop();
	let expected: BTreeSet<String> = (0..senders)
		.flat_map(|sender| (0..each).map(move |number| message(sender, number)))
		.collect();
	assert_eq!(received.len(), expected.len());
	assert_eq!(received.into_iter().collect::<BTreeSet<_>>(), expected);
	let all = (senders * each) as u64;
	let expected = Counts { messages: all, connections: senders as u64, ..Counts::default() };
	assert_eq!(counts, expected);
}

#[test]
fn hostile_senders_cost_themselves_alone() {
	let mut scene = Scene::new(json!({ "longest_message": 480, "message_seconds": 1 }));
	scene.runtime.block_on(async {
		// A length of a hundred megabytes of which ten come, and then the end.
		let huge = [b"99999999 <".to_vec(), vec![b'x'; 10 << 20]].concat();
		scene.send(&huge).await;
		// Bytes that are no text, and a line without end.
		scene.send(&(0..=255u8).cycle().take(100_000).collect::<Vec<_>>()).await;
		scene.send(&vec![b'y'; 10 << 20]).await;
		// A message of which a byte comes now and then.
		let mut slow = TcpStream::connect(scene.address()).await.unwrap();
		let begin = Instant::now();
		while begin.elapsed() < LONGEST && slow.write_all(b"z").await.is_ok() {
			if timeout(Duration::from_millis(100), slow.read(&mut [0])).await.is_ok() {
				break;
			}
		}
		assert!(begin.elapsed() < LONGEST, "the listener gives up");
		scene.send(b"<34>1 - h p - - - still here\n").await;
	});
	let (received, counts) = scene.stop();
	assert!(received.last().unwrap().ends_with("still here"));
	assert!(received.iter().all(|line| line.len() <= 3 * 480), "bytes that are no text take three");
	assert_eq!((counts.connections, counts.broken_off), (5, 2), "{counts:?}");
	assert!(counts.shortened >= 2, "{counts:?}");
}

#[test]
fn connections_beyond_the_limits_and_of_strangers_are_refused() {
	let mut scene = Scene::new(json!({ "connections_of_one": 2, "senders": ["127.0.0.1/32"] }));
	scene.runtime.block_on(async {
		let mut held = Vec::new();
		for _ in 0..2 {
			held.push(TcpStream::connect(scene.address()).await.unwrap());
		}
		scene.until(|counts| counts.connections == 2).await;
		scene.send(b"<34>1 - h p - - - one too many\n").await;
		scene.until(|counts| counts.refused == 1).await;
		held.pop();
		// The place is free once the listener has seen the end.
		let begin = Instant::now();
		while counts(&scene.spool()).unwrap_or_default().messages == 0 {
			assert!(begin.elapsed() < LONGEST);
			scene.send(b"<34>1 - h p - - - let in\n").await;
			sleep(Duration::from_millis(200)).await;
		}
	});
	let (received, counts) = scene.stop();
	assert!(received.iter().all(|line| line.ends_with("let in")), "{received:?}");
	assert_eq!(received.len() as u64, counts.messages);

	let mut scene = Scene::new(json!({ "senders": ["10.0.0.0/8"] }));
	scene.runtime.block_on(scene.send(b"<34>1 - h p - - - stranger\n"));
	let (received, counts) = scene.stop();
	assert!(received.is_empty() && counts.refused == 1, "{counts:?}");
}

#[test]
fn senders_wait_while_the_spool_is_full_and_nothing_is_lost() {
	let mut scene = Scene::new(json!({}));
	let post = scene.listeners.as_ref().unwrap().posts[0].clone();
	let line = format!("<34>1 - h p - - - {}\n", "m".repeat(1_000));
	let count = 20_000;
	scene.runtime.block_on(async {
		*post.spool.lock().await = Spool::open(&scene.spool(), 1 << 20, 2 << 20).unwrap();
		let text = line.repeat(count);
		let send = scene.send(text.as_bytes());
		let watch = async {
			// The watch, which reads what is whole.
			scene.until(|counts| counts.waits > 0).await;
			while counts(&scene.spool()).unwrap().messages < count as u64 {
				let waiting = segments(&scene.spool()).unwrap();
				let whole = waiting.split_last().map_or(&[][..], |(_, whole)| whole);
				spool::retire(&scene.spool(), whole, LONGEST).unwrap();
				sleep(Duration::from_millis(50)).await;
			}
		};
		tokio::join!(send, watch);
	});
	let (rest, counts) = scene.stop();
	let kept = segments(&scene.spool().join("read")).unwrap().into_iter();
	let lines = kept.map(|segment| fs::read_to_string(segment.path).unwrap().lines().count() - 1);
	assert_eq!(rest.len() + lines.sum::<usize>(), count);
	assert_eq!((counts.messages, counts.broken_off), (count as u64, 0));
}

#[test]
fn tls_takes_the_senders_it_knows_and_no_older_version() {
	let mut scene = Scene::new(json!({
		"transport": "tls", "certificate": "listener.pem", "key": "listener.key",
		"clients": "authority.pem",
	}));
	let folder = scene.folder.path().to_owned();
	let message = b"32 <34>1 - h p - - - over the wires";
	scene.runtime.block_on(async {
		let known = |versions| connector(&folder, Some("sender"), versions);
		send_tls(&scene, &known(DEFAULT_VERSIONS), message).await;
		send_tls(&scene, &known(&[&TLS12]), message).await;
		send_tls(&scene, &connector(&folder, None, DEFAULT_VERSIONS), message).await;
		send_tls(&scene, &connector(&folder, Some("forged"), DEFAULT_VERSIONS), message).await;
		// No TLS at all, and the hello of a client that knows TLS 1.0 and nothing later.
		scene.send(message).await;
		let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1];
		hello.extend([7; 32]);
		hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
		scene.send(&hello).await;
		scene.until(|counts| counts.no_tls == 4).await;
	});
	let (received, counts) = scene.stop();
	assert_eq!(received, ["<34>1 - h p - - - over the wires"; 2], "{counts:?}");
	assert_eq!((counts.connections, counts.no_tls), (6, 4));
}

#[test]
fn a_key_that_is_none_is_refused_before_anybody_listens() {
	let folder = tempfile::tempdir().unwrap();
	make_certificates(folder.path());
	let start = |certificate: &str, key: &str, clients: &str| {
		let mut listener: Listener = serde_json::from_value(json!({
			"name": "here", "address": "127.0.0.1:0", "transport": "tls",
			"certificate": certificate, "key": key, "clients": clients,
		}))
		.unwrap();
		listener.files().for_each(|file| *file = folder.path().join(&*file));
		let runtime = Builder::new_current_thread().enable_all().build().unwrap();
		let started = runtime.block_on(Listeners::start(&[listener], folder.path()));
		started.map(|_| ()).map_err(|error| error.to_string())
	};
	assert_eq!(start("listener.pem", "listener.key", "authority.pem"), Ok(()));
	let belongs = start("listener.pem", "sender.key", "authority.pem").unwrap_err();
	assert!(belongs.contains("belongs to the key"), "{belongs}");
	let no_key = start("listener.pem", "listener.pem", "authority.pem").unwrap_err();
	assert!(no_key.contains("private key"), "{no_key}");
	let no_authority = start("listener.pem", "listener.key", "sender.key").unwrap_err();
	assert!(no_authority.contains("no certificate"), "{no_authority}");
}

#[test]
fn datagrams_are_messages() {
	let mut scene = Scene::new(json!({ "transport": "udp", "longest_message": 480 }));
	let address = scene.address();
	scene.runtime.block_on(async {
		let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
		for message in ["<34>1 - h p - - - one\n", "<34>two\nlines", "", &"x".repeat(2_000)] {
			socket.send_to(message.as_bytes(), address).await.unwrap();
		}
		scene.until(|counts| counts.messages == 3).await;
	});
	let (received, _) = scene.stop();
	assert_eq!(received[..2], ["<34>1 - h p - - - one", "<34>two lines"]);
	assert_eq!(received[2].len(), 480);
}
