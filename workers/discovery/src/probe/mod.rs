//! Asks the policy's targets, one question at a time per host.

mod banner;
mod dicom;
mod http;
mod pace;
mod snmp;

use std::{
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

use self::pace::Pace;
use crate::{
	audit::{AuditSink, ProbeAction, ProbeRecord},
	error::Error,
	evidence,
	packages::{distribution, installed_packages, HostPackages},
	policy::{Policy, Target, Transport},
	products,
	snapshot::{Asset, HeldBack, Service, Snapshot},
};

/// Hosts that are asked at the same time.
const HOSTS_AT_ONCE: usize = 16;

/// Largest greeting that is read, bytes.
const GREETING_BYTES: usize = 2_048;

/// Ports that are listened to and never spoken to: raw printing puts every byte on paper, and an HL7 v2
/// interface (MLLP) takes what it is sent for a message.
fn listen_only(port: u16) -> bool {
	matches!(port, 2_575 | 9_100..=9_107)
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
	let prober = Prober { policy, audit, pace: Pace::new(policy.probes_per_second) };
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
	loop {
		let room = HOSTS_AT_ONCE - running.len();
		for target in waiting.by_ref().take(room) {
			running.push(prober.ask_host(target, packages.as_ref()));
		}
		match running.next().await {
			Some(found) => assets.extend(found?),
			None => break,
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
}

impl From<Service> for Finding {
	fn from(service: Service) -> Self {
		Self { services: vec![service], dicom_port: None }
	}
}

/// Sends questions; the only way to the network, and it leads past policy, pace and audit.
struct Prober<'a> {
	policy: &'a Policy,
	audit: &'a dyn AuditSink,
	pace: Pace,
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
		for transport in [Transport::Tcp, Transport::Udp] {
			let mut ports = target.ports(transport).to_vec();
			ports.sort_unstable();
			ports.dedup();
			for port in ports {
				let answer = match transport {
					Transport::Tcp => self.ask_tcp(target.address, port).await?,
					Transport::Udp => snmp::ask(self, target.address, port).await?,
				};
				match answer {
					Port::Silent => {},
					Port::Closed => seen = true,
					Port::Open(found) => {
						claims.extend(found.services.last().cloned().zip(found.dicom_port));
						services.extend(found.services);
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
		}))
	}

	/// Finds out what an open TCP port speaks: listen first, then HTTP and DICOM until one is understood.
	async fn ask_tcp(&self, address: IpAddr, port: u16) -> Result<Port, Error> {
		let at = SocketAddr::new(address, port);
		let mut stream = match self.connect(at).await? {
			Ok(stream) => stream,
			Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
				return Ok(Port::Closed)
			},
			Err(_) => return Ok(Port::Silent),
		};
		let (greeting, ended) =
			read_some(&mut stream, GREETING_BYTES, self.policy.greeting_time(), ends_a_line).await;
		if !greeting.is_empty() {
			return Ok(Port::Open(banner::identify(at, &greeting).into()));
		}
		if ended || listen_only(port) {
			let why = if ended { "closed the connection unasked" } else { "silent; listened only" };
			return Ok(Port::Open(unknown(at, why.into()).into()));
		}
		drop(stream);
		let order =
			if dicom_first(port) { [Ask::Dicom, Ask::Http] } else { [Ask::Http, Ask::Dicom] };
		let mut heard = String::new();
		for question in order {
			let answer = match question {
				Ask::Http => http::ask(self, at).await?,
				Ask::Dicom => dicom::ask(self, at).await?,
			};
			match answer {
				Answer::Understood(finding) => return Ok(Port::Open(finding)),
				Answer::Else(text) if heard.is_empty() => heard = text,
				Answer::Else(_) => {},
			}
		}
		let why = if heard.is_empty() { "open; answered nothing".into() } else { heard };
		Ok(Port::Open(unknown(at, why).into()))
	}

	/// Opens a connection; the inner error is the network's.
	async fn connect(&self, at: SocketAddr) -> Result<io::Result<TcpStream>, Error> {
		self.announce(at, Transport::Tcp, ProbeAction::Connect).await?;
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
		self.pace.turn().await;
		tracing::debug!(address = %at, %transport, %action, "probe");
		let record =
			ProbeRecord { at_ms: now_ms(), address: at.ip(), port: at.port(), transport, action };
		self.audit.record(&record).map_err(Error::Audit)
	}
}

enum Ask {
	Http,
	Dicom,
}

/// What came of one question.
enum Answer {
	/// The protocol was spoken.
	Understood(Finding),
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
		let prober = Prober { policy: &policy, audit: &audit, pace: Pace::new(1) };
		let result = prober.connect(([127, 0, 0, 1], 9).into()).await;
		assert!(matches!(result, Err(Error::OutsidePolicy { port: 9, .. })));
		assert_eq!(written.load(Ordering::SeqCst), 0);
	}
}
