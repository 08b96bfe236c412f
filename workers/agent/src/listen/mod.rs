//! Listens for syslog on the network: RFC 5424 and RFC 3164 over TCP (RFC 6587), TLS (RFC 5425) and UDP (RFC 5426).
//!
//! What is received is written to a spool, a folder that the watch reads like any log: a message is lost between a
//! sender and the watch only while it is in a socket, for syslog acknowledges nothing. When the spool is full, no
//! more is read from TCP and TLS, so that senders wait; datagrams are dropped and counted.

use std::{
	collections::HashMap,
	fs,
	net::{IpAddr, SocketAddr},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicU64, Ordering::Relaxed},
		Arc, Mutex, PoisonError,
	},
	time::Duration,
};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tokio::{
	io::{AsyncRead, AsyncReadExt},
	net::{TcpListener, TcpStream, UdpSocket},
	sync::{watch, Mutex as Turn},
	task::JoinSet,
	time::{sleep, timeout, Instant},
};
use tokio_rustls::{
	rustls::{
		pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer},
		server::WebPkiClientVerifier,
		RootCertStore, ServerConfig,
	},
	TlsAcceptor,
};

mod framing;
pub(crate) mod spool;

use framing::{add_line, Found, Framing};
use spool::{Spool, Taken};

use crate::Error;

#[cfg(test)]
mod tests;

/// Folder within the data folder that holds the spools.
const FOLDER: &str = "spool";
/// What was counted, within a spool.
const COUNTS: &str = "counts.json";
/// Bytes from which a segment of a spool is closed.
const SEGMENT: u64 = 16 << 20;
const MEGABYTE: u64 = 1 << 20;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;
/// Greatest payload of a datagram.
const DATAGRAM: usize = 65_535;
/// Time for the agreement on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Time between two looks whether the spool has room, and between two writes to the disk.
const PAUSE: Duration = Duration::from_secs(1);
const DAY: u64 = 86_400;

/// Where senders may send to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
	/// How reports call it, and its folder: letters, digits, `-` and `_`.
	pub name: String,
	/// Address and port; port 0 takes a free one.
	pub address: SocketAddr,
	/// How messages come.
	pub transport: Transport,
	/// The listener's certificate with those that lead to its authority (PEM); TLS needs it.
	#[serde(default)]
	pub certificate: Option<PathBuf>,
	/// Its private key (PEM).
	#[serde(default)]
	pub key: Option<PathBuf>,
	/// Authorities of the senders' certificates (PEM). Without it senders need none.
	#[serde(default)]
	pub clients: Option<PathBuf>,
	/// Networks that may send; all unless given.
	#[serde(default)]
	pub senders: Vec<IpNet>,
	/// Bytes of the longest message; what is longer loses its end.
	#[serde(default = "longest_message")]
	pub longest_message: usize,
	/// Connections at once.
	#[serde(default = "connections")]
	pub connections: usize,
	/// Connections of one address at once.
	#[serde(default = "connections_of_one")]
	pub connections_of_one: usize,
	/// Seconds for which a connection may be silent. Many senders notice a closed one only after the next message.
	#[serde(default = "idle_seconds")]
	pub idle_seconds: u64,
	/// Seconds for which a message may take to come.
	#[serde(default = "message_seconds")]
	pub message_seconds: u64,
	/// MiB that may wait for the watch.
	#[serde(default = "spool_megabytes")]
	pub spool_megabytes: u64,
	/// Days for which messages stay once the watch has read them.
	#[serde(default = "keep_days")]
	pub keep_days: u64,
}

/// How messages come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
	/// RFC 6587, in the clear.
	Tcp,
	/// RFC 5425, TLS 1.2 or 1.3.
	Tls,
	/// RFC 5426, in the clear; the sender's address can be forged.
	Udp,
}

fn longest_message() -> usize {
	64 << 10
}

fn connections() -> usize {
	256
}

fn connections_of_one() -> usize {
	32
}

fn idle_seconds() -> u64 {
	DAY
}

fn message_seconds() -> u64 {
	60
}

fn spool_megabytes() -> u64 {
	1_024
}

fn keep_days() -> u64 {
	7
}

impl Listener {
	/// The first key that is not usable, and why.
	pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
		let wrong = |key, problem: &str| Err((key, format!("{}: {problem}", self.name)));
		let is_plain =
			|character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
		if self.name.is_empty() || !self.name.chars().all(is_plain) {
			return wrong("listen.name", "use letters, digits, `-` and `_`: a folder is called so");
		}
		let has_both = self.certificate.is_some() && self.key.is_some();
		let has_any = self.certificate.is_some() || self.key.is_some() || self.clients.is_some();
		match self.transport {
			Transport::Tls if !has_both => {
				return wrong("listen.certificate", "TLS needs `certificate` and `key`")
			},
			Transport::Tcp | Transport::Udp if has_any => {
				return wrong("listen.transport", "it has keys for TLS and is not \"tls\"")
			},
			_ => {},
		}
		if !(480..=1 << 20).contains(&self.longest_message) {
			return wrong("listen.longest_message", "give 480 to 1,048,576 bytes");
		}
		if self.connections == 0 || self.connections_of_one == 0 {
			return wrong("listen.connections", "nobody could send; give at least 1");
		}
		if self.idle_seconds == 0 || self.message_seconds == 0 {
			return wrong("listen.message_seconds", "give times of at least a second");
		}
		if self.spool_megabytes < 2 * SEGMENT / MEGABYTE {
			return wrong("listen.spool_megabytes", "give at least 32");
		}
		Ok(())
	}

	/// The files it names.
	pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
		self.certificate.iter_mut().chain(&mut self.key).chain(&mut self.clients)
	}

	/// The folder of its spool.
	pub(crate) fn spool(&self, data: &Path) -> PathBuf {
		data.join(FOLDER).join(&self.name)
	}

	/// How long messages stay that the watch has read.
	pub(crate) fn keep(&self) -> Duration {
		Duration::from_secs(self.keep_days.saturating_mul(DAY))
	}

	fn admits(&self, address: IpAddr) -> bool {
		let address = address.to_canonical();
		self.senders.is_empty() || self.senders.iter().any(|network| network.contains(&address))
	}
}

/// What a listener counted since it was first started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
	/// Messages in the spool.
	pub messages: u64,
	/// Messages that were too long and lost their end.
	pub shortened: u64,
	/// Messages that broke off: the connection ended within them, or they took too long.
	pub broken_off: u64,
	/// Datagrams for which the spool had no room.
	pub dropped: u64,
	/// Connections that were accepted.
	pub connections: u64,
	/// Connections and datagrams of addresses that may not send, and connections beyond the limits.
	pub refused: u64,
	/// Connections that came to no agreement on TLS: another version, no certificate, or no TLS at all.
	pub no_tls: u64,
	/// Times that senders had to wait for room in the spool.
	pub waits: u64,
}

/// What the listener of this spool counted; nothing before it was started.
pub(crate) fn counts(spool: &Path) -> Option<Counts> {
	serde_json::from_slice(&fs::read(spool.join(COUNTS)).ok()?).ok()
}

#[derive(Default)]
struct Counters {
	messages: AtomicU64,
	shortened: AtomicU64,
	broken_off: AtomicU64,
	dropped: AtomicU64,
	connections: AtomicU64,
	refused: AtomicU64,
	no_tls: AtomicU64,
	waits: AtomicU64,
}

impl Counters {
	fn go_on(counts: &Counts) -> Self {
		Self {
			messages: counts.messages.into(),
			shortened: counts.shortened.into(),
			broken_off: counts.broken_off.into(),
			dropped: counts.dropped.into(),
			connections: counts.connections.into(),
			refused: counts.refused.into(),
			no_tls: counts.no_tls.into(),
			waits: counts.waits.into(),
		}
	}

	fn now(&self) -> Counts {
		Counts {
			messages: self.messages.load(Relaxed),
			shortened: self.shortened.load(Relaxed),
			broken_off: self.broken_off.load(Relaxed),
			dropped: self.dropped.load(Relaxed),
			connections: self.connections.load(Relaxed),
			refused: self.refused.load(Relaxed),
			no_tls: self.no_tls.load(Relaxed),
			waits: self.waits.load(Relaxed),
		}
	}
}

fn increase(counter: &AtomicU64) {
	counter.fetch_add(1, Relaxed);
}

/// One listener at work, as its tasks share it.
struct Post {
	listener: Listener,
	folder: PathBuf,
	spool: Turn<Spool>,
	counters: Counters,
	/// Connections by address.
	open: Mutex<HashMap<IpAddr, usize>>,
}

/// Every listener at work.
pub struct Listeners {
	tasks: JoinSet<()>,
	stop: watch::Sender<bool>,
	posts: Vec<Arc<Post>>,
	addresses: Vec<(String, SocketAddr)>,
}

impl Listeners {
	/// Opens the spools in the data folder and begins to listen.
	///
	/// # Errors
	/// [`Error::Io`] if a spool, a key or an address cannot be used; [`Error::File`] if a key is none.
	pub async fn start(listeners: &[Listener], data: &Path) -> Result<Self, Error> {
		let (stop, stopped) = watch::channel(false);
		let mut started =
			Self { tasks: JoinSet::new(), stop, posts: Vec::new(), addresses: Vec::new() };
		for listener in listeners {
			let folder = listener.spool(data);
			let most = listener.spool_megabytes.saturating_mul(MEGABYTE);
			let spool =
				Spool::open(&folder, SEGMENT, most).map_err(Error::io("opening", &folder))?;
			let post = Arc::new(Post {
				listener: listener.clone(),
				counters: Counters::go_on(&counts(&folder).unwrap_or_default()),
				folder,
				spool: Turn::new(spool),
				open: Mutex::default(),
			});
			let address = listener.address;
			let refused = || Error::io("listening at", address.to_string());
			let bound = if listener.transport == Transport::Udp {
				let socket = UdpSocket::bind(address).await.map_err(refused())?;
				let bound = socket.local_addr().map_err(refused())?;
				started.tasks.spawn(post.clone().receive(socket, stopped.clone()));
				bound
			} else {
				let tls = match listener.transport {
					Transport::Tls => Some(acceptor(listener)?),
					_ => None,
				};
				let socket = TcpListener::bind(address).await.map_err(refused())?;
				let bound = socket.local_addr().map_err(refused())?;
				started.tasks.spawn(post.clone().accept(socket, tls, stopped.clone()));
				bound
			};
			tracing::info!(listener = %listener.name, address = %bound, "listening for syslog");
			started.addresses.push((listener.name.clone(), bound));
			started.tasks.spawn(post.clone().keep(stopped.clone()));
			started.posts.push(post);
		}
		Ok(started)
	}

	/// Names and the addresses at which they listen.
	pub fn addresses(&self) -> &[(String, SocketAddr)] {
		&self.addresses
	}

	/// Stops listening. What was read from the sockets is in the spools afterwards.
	pub async fn stop(mut self) {
		self.stop.send_replace(true);
		while self.tasks.join_next().await.is_some() {}
		for post in &self.posts {
			post.settle(&mut None).await;
		}
	}
}

/// How to speak TLS.
fn acceptor(listener: &Listener) -> Result<TlsAcceptor, Error> {
	let unusable = |path: &Path, problem: String| Error::File { path: path.into(), problem };
	let certificates = |path: &Path| {
		let found =
			CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
		let found =
			found.map_err(|error| unusable(path, format!("{error}; give certificates in PEM")))?;
		match found.is_empty() {
			true => Err(unusable(path, "there is no certificate in it; give some in PEM".into())),
			false => Ok(found),
		}
	};
	// The configuration was checked to name both.
	let certificate = listener.certificate.as_deref().unwrap_or(Path::new(""));
	let key_file = listener.key.as_deref().unwrap_or(Path::new(""));
	let key = PrivateKeyDer::from_pem_file(key_file)
		.map_err(|error| unusable(key_file, format!("{error}; give a private key in PEM")))?;
	let builder = match &listener.clients {
		None => ServerConfig::builder().with_no_client_auth(),
		Some(path) => {
			let mut roots = RootCertStore::empty();
			for authority in certificates(path)? {
				roots.add(authority).map_err(|error| {
					unusable(path, format!("{error}; give certificates of authorities"))
				})?;
			}
			let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
			let verifier = verifier.map_err(|error| unusable(path, error.to_string()))?;
			ServerConfig::builder().with_client_cert_verifier(verifier)
		},
	};
	let config = builder.with_single_cert(certificates(certificate)?, key).map_err(|error| {
		unusable(certificate, format!("{error}; give the certificate that belongs to the key"))
	})?;
	Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Waits until it is said to stop.
async fn told(stopped: &mut watch::Receiver<bool>) {
	// A sender that is gone says so too.
	let _ = stopped.wait_for(|stop| *stop).await;
}

impl Post {
	/// Accepts connections until it is told to stop, then waits for those that are open.
	async fn accept(
		self: Arc<Self>,
		socket: TcpListener,
		tls: Option<TlsAcceptor>,
		mut stopped: watch::Receiver<bool>,
	) {
		let mut connections = JoinSet::new();
		loop {
			let accepted = tokio::select! {
				() = told(&mut stopped) => break,
				Some(_) = connections.join_next() => continue,
				accepted = socket.accept() => accepted,
			};
			match accepted {
				Ok((stream, peer)) => match self.admit(peer.ip()) {
					Some(place) => {
						let (post, tls, stopped) = (self.clone(), tls.clone(), stopped.clone());
						connections.spawn(async move {
							post.attend(stream, tls, stopped).await;
							drop(place);
						});
					},
					None => self.note(&self.counters.refused, "a connection was refused", peer),
				},
				// Too many open files, for one: the listener goes on when some are closed.
				Err(error) => {
					tracing::warn!(listener = %self.listener.name, %error, "accepting failed");
					sleep(PAUSE).await;
				},
			}
		}
		while connections.join_next().await.is_some() {}
	}

	/// A place for a connection, if the address may have one.
	fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
		if !self.listener.admits(address) {
			return None;
		}
		let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
		let all: usize = open.values().sum();
		let own = open.get(&address).copied().unwrap_or(0);
		if all >= self.listener.connections || own >= self.listener.connections_of_one {
			return None;
		}
		*open.entry(address).or_default() += 1;
		increase(&self.counters.connections);
		Some(Place { post: self.clone(), address })
	}

	async fn attend(
		&self,
		stream: TcpStream,
		tls: Option<TlsAcceptor>,
		mut stopped: watch::Receiver<bool>,
	) {
		let Some(tls) = tls else { return self.read(stream, stopped).await };
		let peer = stream.peer_addr();
		let agreed = tokio::select! {
			() = told(&mut stopped) => return,
			agreed = timeout(HANDSHAKE, tls.accept(stream)) => agreed,
		};
		match agreed {
			Ok(Ok(stream)) => self.read(stream, stopped).await,
			_ => {
				if let Ok(peer) = peer {
					self.note(
						&self.counters.no_tls,
						"a connection came to no agreement on TLS",
						peer,
					);
				}
			},
		}
	}

	/// Reads a connection to its end. Nothing is ever answered.
	async fn read(&self, mut stream: impl AsyncRead + Unpin, mut stopped: watch::Receiver<bool>) {
		let idle = Duration::from_secs(self.listener.idle_seconds);
		let longest = Duration::from_secs(self.listener.message_seconds);
		let mut framing = Framing::new(self.listener.longest_message);
		let (mut buffer, mut lines) = (vec![0; CHUNK], Vec::new());
		let mut deadline = Instant::now() + idle;
		let ended = loop {
			let read = tokio::select! {
				() = told(&mut stopped) => break false,
				read = tokio::time::timeout_at(deadline, stream.read(&mut buffer)) => read,
			};
			let bytes = match read {
				Ok(Ok(0)) => break true,
				Ok(Ok(bytes)) => &buffer[..bytes],
				Ok(Err(_)) | Err(_) => break false,
			};
			let was_within = framing.is_within();
			let found = framing.take(bytes, &mut lines);
			deadline = match framing.is_within() {
				// A message that goes on has no more time because more of it came.
				true if was_within && found.messages == 0 => deadline,
				true => Instant::now() + longest,
				false => Instant::now() + idle,
			};
			self.store(&mut lines, found, &stopped).await;
		};
		// A sender that hangs up after its last line may leave out the line's end.
		if framing.is_counted() || !ended && framing.is_within() {
			increase(&self.counters.broken_off);
		}
		let found = framing.finish(&mut lines);
		self.store(&mut lines, found, &stopped).await;
	}

	/// Writes lines to the spool; waits for room unless it is told to stop.
	async fn store(&self, lines: &mut Vec<u8>, found: Found, stopped: &watch::Receiver<bool>) {
		let mut waited = false;
		while !lines.is_empty() {
			let must = *stopped.borrow();
			let taken = self.spool.lock().await.append(lines, must);
			match taken {
				Ok(Taken::Yes) => {
					self.counters.messages.fetch_add(found.messages, Relaxed);
					self.counters.shortened.fetch_add(found.shortened, Relaxed);
					lines.clear();
				},
				Err(error) if must => {
					tracing::error!(listener = %self.listener.name, %error, "messages were lost");
					lines.clear();
				},
				full => {
					if !waited {
						waited = true;
						increase(&self.counters.waits);
						let error = full.err().map(|error| error.to_string());
						let name = &self.listener.name;
						tracing::warn!(listener = %name, error, "the spool has no room; senders wait");
					}
					sleep(PAUSE).await;
				},
			}
		}
	}

	/// Receives datagrams until it is told to stop.
	async fn receive(self: Arc<Self>, socket: UdpSocket, mut stopped: watch::Receiver<bool>) {
		let (mut buffer, mut lines) = (vec![0; DATAGRAM], Vec::new());
		loop {
			let received = tokio::select! {
				() = told(&mut stopped) => return,
				received = socket.recv_from(&mut buffer) => received,
			};
			let (bytes, peer) = match received {
				Ok((bytes, peer)) => (bytes.min(self.listener.longest_message), peer),
				Err(error) => {
					tracing::warn!(listener = %self.listener.name, %error, "receiving failed");
					sleep(PAUSE).await;
					continue;
				},
			};
			if !self.listener.admits(peer.ip()) {
				self.note(&self.counters.refused, "a datagram was refused", peer);
				continue;
			}
			if add_line(&buffer[..bytes], &mut lines) {
				match self.spool.lock().await.append(&lines, false) {
					Ok(Taken::Yes) => increase(&self.counters.messages),
					_ => self.note(&self.counters.dropped, "there is no room for a datagram", peer),
				}
				lines.clear();
			}
		}
	}

	/// Has the spool written to the disk, and the counts, each second until it is told to stop.
	async fn keep(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
		let mut written = None;
		loop {
			self.settle(&mut written).await;
			tokio::select! {
				() = told(&mut stopped) => return,
				() = sleep(PAUSE) => {},
			}
		}
	}

	async fn settle(&self, written: &mut Option<Counts>) {
		let mut failure = self.spool.lock().await.synchronise().err();
		let counts = self.counters.now();
		if written.as_ref() != Some(&counts) {
			failure = failure.or(self.write_counts(&counts).err());
			*written = Some(counts);
		}
		if let Some(error) = failure {
			tracing::warn!(listener = %self.listener.name, %error, "the spool cannot be written");
		}
	}

	fn write_counts(&self, counts: &Counts) -> std::io::Result<()> {
		let unfinished = self.folder.join("unfinished");
		fs::write(&unfinished, serde_json::to_vec(counts)?)?;
		fs::rename(unfinished, self.folder.join(COUNTS))
	}

	/// Counts what should not be, and tells of the first ten and of every thousandth.
	fn note(&self, counter: &AtomicU64, what: &str, peer: SocketAddr) {
		let before = counter.fetch_add(1, Relaxed);
		if before < 10 || before % 1_000 == 999 {
			tracing::warn!(listener = %self.listener.name, %peer, count = before + 1, "{what}");
		}
	}
}

/// A connection's place among those allowed.
struct Place {
	post: Arc<Post>,
	address: IpAddr,
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut open = self.post.open.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(count) = open.get_mut(&self.address) {
			*count -= 1;
			if *count == 0 {
				open.remove(&self.address);
			}
		}
	}
}
