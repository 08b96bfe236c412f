//! Asks the policy's targets, one question at a time per host.

mod banner;
mod binary;
mod dicom;
mod heard;
mod http;
mod pace;
mod snmp;
mod ssh;
mod tls;

use std::{
	collections::BTreeMap,
	io,
	net::{IpAddr, SocketAddr},
	time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::{stream::FuturesUnordered, StreamExt};
use tokio::{
	io::{AsyncRead, AsyncReadExt},
	net::TcpStream,
	time::{timeout, timeout_at, Instant},
};

pub use self::heard::{identify, Heard};
use self::{binary::Protocol, pace::Pace};
use crate::{
	audit::{AuditSink, ProbeAction, ProbeRecord},
	error::Error,
	evidence,
	packages::{distribution, installed_packages, HostPackages},
	policy::{Policy, Target, Transport},
	products,
	recog::Fingerprints,
	snapshot::{Asset, HeldBack, Identity, Service, Snapshot},
};

/// Hosts that are asked at the same time.
const HOSTS_AT_ONCE: usize = 32;

/// Largest greeting that is read, bytes.
const GREETING_BYTES: usize = 2_048;

/// Ports that are listened to and never spoken to: raw printing puts every byte on paper, and an HL7 v2
/// interface (MLLP) takes what it is sent for a message.
fn listen_only(port: u16) -> bool {
	matches!(port, 2_575 | 9_100..=9_107)
}

/// HL7 ports among them, which may be asked with the target's permission.
fn is_hl7(port: u16) -> bool {
	port == 2_575
}

/// Ports where the client speaks first, so that listening only costs time. What is asked there is what the
/// port's usual owner expects, or a GET request, which none of them takes for an order.
fn client_speaks_first(port: u16) -> bool {
	matches!(port, 80 | 104 | 443 | 3_000 | 4_242 | 8_000 | 8_042 | 8_080 | 8_443 | 8_888 | 11_112)
		|| Protocol::usual(port).is_some()
}

/// Ports where TLS is tried before plain text.
fn tls_first(port: u16) -> bool {
	matches!(port, 443 | 465 | 636 | 993 | 995 | 2_762 | 8_443 | 8_883)
}

/// Ports where DICOM is asked for before HTTP. Only the order of the questions depends on it.
fn dicom_first(port: u16) -> bool {
	matches!(port, 104 | 4_242 | 11_112)
}

/// Asks every port that the policy lists and returns what answered.
///
/// Every probe is written to `audit` before it is sent. A target whose device class forbids active probes is
/// not asked and appears in [`Snapshot::held_back`].
///
/// # Errors
/// [`Error::NotActive`] if the policy is off, [`Error::InvalidPolicy`] if it is not usable, [`Error::Audit`]
/// if a probe could not be written down (the discovery ends there), [`Error::HostInventory`] if the policy
/// names a package inventory that cannot be read.
pub async fn discover(policy: &Policy, audit: &dyn AuditSink) -> Result<Snapshot, Error> {
	policy.validate()?;
	if !policy.active {
		return Err(Error::NotActive);
	}
	let taken_at_ms = now_ms();
	let packages = match &policy.host_packages {
		None => None,
		Some(path) => Some(HostPackages {
			distribution: distribution(&policy.host_release)?,
			installed: installed_packages(path)?,
		}),
	};
	policy.permits_now(taken_at_ms)?;
	let prober = Prober::new(policy, audit)?;
	let mut held_back = Vec::new();
	let mut allowed = Vec::new();
	for target in &policy.targets {
		match target.permits_active() {
			Ok(()) => allowed.push(target),
			Err(reason) => {
				held_back.push(HeldBack { address: target.address, reason: reason.to_string() })
			},
		}
	}
	let mut waiting = allowed.into_iter();
	let mut running = FuturesUnordered::new();
	let mut assets = Vec::new();
	let mut stopped: Option<String> = None;
	loop {
		let room = HOSTS_AT_ONCE - running.len();
		for target in waiting.by_ref().take(room) {
			if let Some(reason) = &stopped {
				held_back.push(HeldBack { address: target.address, reason: reason.clone() });
				continue;
			}
			let asked = prober.ask_host(target, packages.as_ref());
			running.push(async move { (target.address, asked.await) });
		}
		match running.next().await {
			Some((_, Ok(found))) => assets.extend(found),
			// What was found so far stands; who was not asked to the end is named.
			Some((address, Err(error @ (Error::Stopped { .. } | Error::OutsideWindow { .. })))) => {
				held_back.push(HeldBack { address, reason: error.to_string() });
				stopped = Some(error.to_string());
			},
			Some((_, Err(error))) => return Err(error),
			None if waiting.len() == 0 => break,
			None => {},
		}
	}
	let mut snapshot = Snapshot { taken_at_ms, assets, held_back };
	snapshot.order();
	Ok(snapshot)
}

fn now_ms() -> u64 {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What a port turned out to be.
enum Port {
	/// Nothing came back in time.
	Silent,
	/// The host refused: it is there, the port is closed.
	Closed,
	/// It is open.
	Open(Finding),
}

/// What answered at one port.
struct Finding {
	/// At least one service.
	services: Vec<Service>,
	/// The TCP port that the last of the services says is its DICOM port.
	dicom_port: Option<u16>,
	/// What it is known again by.
	identities: Vec<Identity>,
}

impl From<Service> for Finding {
	fn from(service: Service) -> Self {
		Self { services: vec![service], dicom_port: None, identities: Vec::new() }
	}
}

/// Sends questions; the only way to the network, and it leads past policy, pace and audit.
struct Prober<'a> {
	policy: &'a Policy,
	audit: &'a dyn AuditSink,
	pace: Pace,
	/// One pace for a target, beside the common one.
	paces: BTreeMap<IpAddr, Pace>,
	fingerprints: Fingerprints,
}

impl<'a> Prober<'a> {
	fn new(policy: &'a Policy, audit: &'a dyn AuditSink) -> Result<Self, Error> {
		let each = policy.probes_per_second_per_target;
		let paces =
			policy.targets.iter().filter_map(|target| Some((target.address, Pace::new(each?))));
		Ok(Self {
			policy,
			audit,
			pace: Pace::new(policy.probes_per_second),
			paces: paces.collect(),
			fingerprints: match &policy.fingerprints {
				Some(folder) => Fingerprints::load(folder)?,
				None => Fingerprints::default(),
			},
		})
	}

	/// Adds what the loaded fingerprints know and the built-in ones do not.
	fn refine(&self, field: &str, text: &str, service: &mut Service) {
		self.fingerprints.refine(field, text, service);
	}
}

impl Prober<'_> {
	async fn ask_host(
		&self,
		target: &Target,
		packages: Option<&HostPackages>,
	) -> Result<Option<Asset>, Error> {
		let mut seen = false;
		let mut services = Vec::new();
		let mut claims = Vec::new();
		let mut identities = Vec::new();
		for transport in [Transport::Tcp, Transport::Udp] {
			let mut ports = target.ports(transport).to_vec();
			ports.sort_unstable();
			ports.dedup();
			for port in ports {
				let answer = match transport {
					Transport::Tcp => self.ask_tcp(target, port).await?,
					Transport::Udp => snmp::ask(self, target.address, port).await?,
				};
				match answer {
					Port::Silent => {},
					Port::Closed => seen = true,
					Port::Open(found) => {
						claims.extend(found.services.last().cloned().zip(found.dicom_port));
						services.extend(found.services);
						identities.extend(found.identities);
					},
				}
			}
		}
		if !seen && services.is_empty() {
			return Ok(None);
		}
		link_dicom_ports(&mut services, claims);
		if let Some(packages) = packages.filter(|_| target.is_this_host()) {
			services.iter_mut().for_each(|service| packages.link(service));
		}
		Ok(Some(Asset {
			id: Asset::id_of(target.address),
			address: target.address,
			device_class: target.device_class,
			services,
			identities,
			updates: Vec::new(),
		}))
	}

	/// Finds out what an open TCP port speaks: listen first, then the port's usual protocol, TLS, HTTP and DICOM
	/// until one is understood.
	async fn ask_tcp(&self, target: &Target, port: u16) -> Result<Port, Error> {
		let at = SocketAddr::new(target.address, port);
		let mut stream = match self.connect(at).await? {
			Ok(stream) => stream,
			Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
				return Ok(Port::Closed)
			},
			Err(_) => return Ok(Port::Silent),
		};
		if !client_speaks_first(port) {
			let patience = self.policy.greeting_time();
			let (greeting, ended) =
				read_some(&mut stream, GREETING_BYTES, patience, ends_a_line).await;
			if !greeting.is_empty() {
				let mut found = banner::identify(at, &greeting);
				self.refine(&format!("{}.banner", found.protocol), &heard(&greeting), &mut found);
				let mut finding = Finding::from(found);
				if greeting.starts_with(b"SSH-2.0") || greeting.starts_with(b"SSH-1.99") {
					finding
						.identities
						.extend(ssh::host_key(self, at, &mut stream, &greeting).await?);
				}
				return Ok(Port::Open(finding));
			}
			let may_ask = is_hl7(port) && target.allow_hl7_query;
			if ended || (listen_only(port) && !may_ask) {
				let why =
					if ended { "closed the connection unasked" } else { "silent; listened only" };
				return Ok(Port::Open(unknown(at, why.into()).into()));
			}
		}
		drop(stream);
		let mut heard = String::new();
		let mut questions = questions(port);
		questions.reverse();
		while let Some(question) = questions.pop() {
			let answer = match question {
				Ask::Binary(protocol) => binary::ask(self, at, protocol).await?,
				Ask::Tls => self.ask_tls(at).await?,
				Ask::Http => http::ask(self, at, false).await?,
				Ask::Dicom => dicom::ask(self, at).await?,
			};
			match answer {
				Answer::Understood(finding) => return Ok(Port::Open(finding)),
				Answer::Tls => questions = vec![Ask::Tls],
				Answer::Else(text) if heard.is_empty() => heard = text,
				Answer::Else(_) => {},
			}
		}
		let why = if heard.is_empty() { "open; answered nothing".into() } else { heard };
		Ok(Port::Open(unknown(at, why).into()))
	}

	/// Reads the certificate, then asks for the web application behind it.
	async fn ask_tls(&self, at: SocketAddr) -> Result<Answer, Error> {
		let Some((stream, certificate)) = tls::handshake(self, at).await? else {
			return Ok(Answer::Else("no TLS handshake".into()));
		};
		drop(stream);
		let mut finding = Finding::from(tls::found(at, certificate.as_ref()));
		finding.identities.extend(certificate.map(|c| Identity::Certificate(c.fingerprint)));
		if let Answer::Understood(behind) = http::ask(self, at, true).await? {
			finding.services.extend(behind.services);
			finding.dicom_port = behind.dicom_port;
			finding.identities.extend(behind.identities);
		}
		Ok(Answer::Understood(finding))
	}

	/// Opens a connection; the inner error is the network's.
	async fn connect(&self, at: SocketAddr) -> Result<io::Result<TcpStream>, Error> {
		self.announce(at, Transport::Tcp, ProbeAction::Connect).await?;
		if self.policy.dry_run {
			return Ok(Err(io::ErrorKind::NotConnected.into()));
		}
		Ok(match timeout(self.policy.timeout(), TcpStream::connect(at)).await {
			Ok(result) => result,
			Err(_) => Err(io::ErrorKind::TimedOut.into()),
		})
	}

	/// Checks the policy, waits for the probe's turn and writes it down. Nothing is sent before this returns.
	async fn announce(
		&self,
		at: SocketAddr,
		transport: Transport,
		action: ProbeAction,
	) -> Result<(), Error> {
		self.policy.permits(at.ip(), at.port(), transport)?;
		if let Some(pace) = self.paces.get(&at.ip()) {
			pace.turn().await;
		}
		self.pace.turn().await;
		// Looked at after the wait, and before anything is written down or sent.
		self.policy.permits_now(now_ms())?;
		tracing::debug!(address = %at, %transport, %action, "probe");
		let record = ProbeRecord {
			at_ms: now_ms(),
			address: at.ip(),
			port: at.port(),
			transport,
			action,
			dry_run: self.policy.dry_run,
		};
		self.audit.record(&record).map_err(Error::Audit)
	}
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
	Binary(Protocol),
	Tls,
	Http,
	Dicom,
}

/// What is asked at a port, in order. The number only decides the order, except for protocols that a stranger
/// might take for an order: those are asked at their usual ports only.
fn questions(port: u16) -> Vec<Ask> {
	let mut out = Vec::new();
	if is_hl7(port) {
		return vec![Ask::Binary(Protocol::Mllp)];
	}
	out.extend(Protocol::usual(port).map(Ask::Binary));
	if tls_first(port) {
		out.push(Ask::Tls);
	}
	out.extend(if dicom_first(port) { [Ask::Dicom, Ask::Http] } else { [Ask::Http, Ask::Dicom] });
	out
}

/// What came of one question.
enum Answer {
	/// The protocol was spoken.
	Understood(Finding),
	/// TLS answered.
	Tls,
	/// It was not; what was heard instead, possibly nothing.
	Else(String),
}

/// A service of a known protocol and possibly known product.
fn service(
	at: SocketAddr,
	transport: Transport,
	protocol: &str,
	product: Option<&str>,
	version: Option<String>,
	evidence: String,
	confidence: u8,
) -> Service {
	let known = product.and_then(products::product);
	Service {
		address: at.ip(),
		port: at.port(),
		transport,
		protocol: protocol.into(),
		product: product.map(str::to_owned),
		vendor: known.map(|known| known.vendor.to_owned()),
		cpe23: known.and_then(|known| known.cpe23(version.as_deref())),
		version,
		evidence,
		confidence,
		package: None,
	}
}

/// Where a web application names its DICOM port and DICOM answers there on the same host, that port is the
/// application too, built with the toolkit that the association showed.
fn link_dicom_ports(services: &mut Vec<Service>, claims: Vec<(Service, u16)>) {
	for (application, port) in claims {
		if services.iter().any(|s| s.protocol == "dicom" && s.port == port) {
			let line = format!("tcp port {} says: {}", application.port, application.evidence);
			services.push(Service {
				port,
				protocol: "dicom".into(),
				evidence: evidence::text(line.as_bytes()),
				confidence: 85,
				..application
			});
		}
	}
}

/// An open TCP port that nobody understood.
fn unknown(at: SocketAddr, evidence: String) -> Service {
	service(at, Transport::Tcp, "unknown", None, None, evidence, 10)
}

fn ends_a_line(bytes: &[u8]) -> bool {
	bytes.ends_with(b"\n")
}

/// Reads until `done`, the end of the stream, `limit` bytes or the end of `patience`, whatever comes first.
/// The patience covers all reads together, so that a slow drip cannot hold it up. Returns what was read and
/// whether the other side ended the stream.
async fn read_some(
	stream: &mut (impl AsyncRead + Unpin),
	limit: usize,
	patience: Duration,
	done: impl Fn(&[u8]) -> bool,
) -> (Vec<u8>, bool) {
	let deadline = Instant::now() + patience;
	let mut bytes = Vec::new();
	let mut chunk = [0; 4_096];
	while bytes.len() < limit && (bytes.is_empty() || !done(&bytes)) {
		let room = chunk.len().min(limit - bytes.len());
		match timeout_at(deadline, stream.read(&mut chunk[..room])).await {
			Ok(Ok(0) | Err(_)) => return (bytes, true),
			Ok(Ok(count)) => bytes.extend_from_slice(&chunk[..count]),
			Err(_) => break,
		}
	}
	(bytes, false)
}

/// A server by its greeting, for traffic that was only seen.
pub(crate) fn identify_greeting(at: SocketAddr, greeting: &[u8]) -> Service {
	banner::identify(at, greeting.get(..GREETING_BYTES).unwrap_or(greeting))
}

/// A web server by a response that was only seen.
pub(crate) fn identify_response(at: SocketAddr, bytes: &[u8]) -> Option<Service> {
	http::identify(at, bytes)
}

/// An SSH host key in packets that were only seen.
pub(crate) fn identify_host_key(packets: &[u8]) -> Option<Identity> {
	ssh::identify(packets)
}

/// A DICOM implementation by an acceptance that was only seen.
pub(crate) fn identify_association(at: SocketAddr, bytes: &[u8]) -> Option<Service> {
	dicom::identify(at, bytes)
}

/// The cleaned beginning of an answer that was not understood.
fn heard(bytes: &[u8]) -> String {
	evidence::text(bytes)
}

#[cfg(test)]
mod tests {
	use std::sync::atomic::{AtomicUsize, Ordering};

	use super::*;

	#[tokio::test]
	async fn the_way_to_the_network_refuses_what_the_policy_does_not_list() {
		let policy = Policy { active: true, ..Policy::default() };
		let written = AtomicUsize::new(0);
		let audit = |_: &ProbeRecord| {
			written.fetch_add(1, Ordering::SeqCst);
			Ok(())
		};
		let prober = Prober::new(&policy, &audit).expect("no fingerprints to be read");
		let result = prober.connect(([127, 0, 0, 1], 9).into()).await;
		assert!(matches!(result, Err(Error::OutsidePolicy { port: 9, .. })));
		assert_eq!(written.load(Ordering::SeqCst), 0);
	}
}
