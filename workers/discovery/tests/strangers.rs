//! Discovery against servers on loopback: well-behaved ones, and ones that are not.

use std::{
	io,
	net::{IpAddr, Ipv6Addr, SocketAddr},
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc, Mutex,
	},
	time::{Duration, Instant},
};

use curex_discovery::{
	discover, Asset, DeviceClass, Error, Identity, Policy, ProbeAction, ProbeRecord, Service,
	Snapshot, Target, Transport,
};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream, UdpSocket},
};

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// Serves every connection with `serve` until the test ends.
async fn server<F, S>(serve: S) -> u16
where
	F: std::future::Future<Output = io::Result<()>> + Send + 'static,
	S: Fn(TcpStream) -> F + Send + 'static,
{
	let listener = TcpListener::bind((LOOPBACK, 0).into_addr()).await.expect("a free port");
	let port = listener.local_addr().expect("it is bound").port();
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			tokio::spawn(serve(stream));
		}
	});
	port
}

trait IntoAddr {
	fn into_addr(self) -> SocketAddr;
}

impl IntoAddr for ([u8; 4], u16) {
	fn into_addr(self) -> SocketAddr {
		SocketAddr::from(self)
	}
}

fn policy(tcp_ports: Vec<u16>, udp_ports: Vec<u16>) -> Policy {
	Policy {
		active: true,
		probes_per_second: 1_000,
		timeout_ms: 400,
		targets: vec![Target {
			address: LOOPBACK.into(),
			tcp_ports,
			udp_ports,
			device_class: DeviceClass::Server,
			allow_active: false,
			allow_hl7_query: false,
			this_host: false,
		}],
		..Policy::default()
	}
}

/// Forgets nothing.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<ProbeRecord>>>);

impl Log {
	fn sink(&self) -> impl Fn(&ProbeRecord) -> io::Result<()> + Send + Sync {
		let log = self.0.clone();
		move |probe: &ProbeRecord| {
			log.lock().map_err(|_| io::Error::other("poisoned"))?.push(probe.clone());
			Ok(())
		}
	}

	fn probes(&self) -> Vec<ProbeRecord> {
		self.0.lock().expect("no sink panicked").clone()
	}
}

async fn found(policy: &Policy) -> Snapshot {
	discover(policy, &Log::default().sink()).await.expect("the policy is usable")
}

fn only_asset(snapshot: Snapshot) -> Asset {
	assert_eq!(snapshot.assets.len(), 1, "{snapshot:?}");
	snapshot.assets.into_iter().next().expect("there is one")
}

fn only_service(snapshot: Snapshot) -> Service {
	let asset = only_asset(snapshot);
	assert_eq!(asset.services.len(), 1, "{asset:?}");
	asset.services.into_iter().next().expect("there is one")
}

fn named(service: &Service) -> (&str, Option<&str>, Option<&str>) {
	(&service.protocol, service.product.as_deref(), service.version.as_deref())
}

/// Reads a request header, up to the blank line.
async fn request(stream: &mut TcpStream) -> io::Result<String> {
	let mut bytes = Vec::new();
	let mut byte = [0];
	while !bytes.ends_with(b"\r\n\r\n") && bytes.len() < 4_096 {
		if stream.read(&mut byte).await? == 0 {
			break;
		}
		bytes.push(byte[0]);
	}
	Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn respond(stream: &mut TcpStream, status: &str, fields: &str, body: &str) -> io::Result<()> {
	let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len());
	stream.write_all(head.as_bytes()).await
}

async fn nginx(mut stream: TcpStream) -> io::Result<()> {
	request(&mut stream).await?;
	respond(&mut stream, "404 Not Found", "Server: nginx/1.22.1\r\n", "<h1>404</h1>").await
}

#[tokio::test]
async fn an_ssh_server_is_told_by_its_greeting() {
	let port = server(|mut stream| async move {
		stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n").await?;
		stream.read(&mut [0; 64]).await.map(drop)
	})
	.await;
	let service = only_service(found(&policy(vec![port], vec![])).await);
	assert_eq!(named(&service), ("ssh", Some("openssh"), Some("9.2p1")));
	assert_eq!(service.evidence, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3");
	assert_eq!(service.package.map(|p| p.version).as_deref(), Some("1:9.2p1-2+deb12u3"));
}

#[tokio::test]
async fn an_ssh_server_is_known_again_by_its_host_key() {
	fn packet(payload: &[u8]) -> Vec<u8> {
		let padding = 12 - (payload.len() + 9) % 8;
		let length = u32::try_from(payload.len() + padding + 1).expect("short");
		[
			&length.to_be_bytes()[..],
			&[u8::try_from(padding).expect("short")],
			payload,
			&vec![0; padding],
		]
		.concat()
	}
	fn text(bytes: &[u8]) -> Vec<u8> {
		[&u32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
	}
	let port = server(|mut stream| async move {
		stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await?;
		let mut heard = [0; 4_096];
		assert_ne!(stream.read(&mut heard).await?, 0, "it goes on");
		let lists = [
			"curve25519-sha256",
			"ssh-ed25519",
			"aes128-ctr",
			"aes128-ctr",
			"hmac-sha2-256",
			"hmac-sha2-256",
			"none",
			"none",
			"",
			"",
		];
		let lists: Vec<u8> = lists.iter().flat_map(|list| text(list.as_bytes())).collect();
		stream.write_all(&packet(&[&[20; 17][..], &lists, &[0; 5]].concat())).await?;
		assert_ne!(stream.read(&mut heard).await?, 0, "it goes on");
		let key = [text(b"ssh-ed25519"), text(&[1; 32])].concat();
		stream
			.write_all(&packet(&[&[31][..], &text(&key), &text(&[7; 32]), &text(b"s")].concat()))
			.await?;
		stream.read(&mut heard).await.map(drop)
	})
	.await;
	let log = Log::default();
	let snapshot =
		discover(&policy(vec![port], vec![]), &log.sink()).await.expect("the policy is usable");
	let asset = only_asset(snapshot);
	assert_eq!(
		asset.identities,
		[Identity::SshHostKey("SHA256:RXm/ruZ0eTzRXKwi1AQEDynB0VgHQ2ac9KPSFdf/YnA".into())]
	);
	let actions: Vec<_> = log.probes().into_iter().map(|probe| probe.action).collect();
	assert_eq!(actions, [ProbeAction::Connect, ProbeAction::SshKeyExchange]);
}

#[tokio::test]
async fn a_web_server_is_told_by_its_server_field() {
	let port = server(nginx).await;
	let service = only_service(found(&policy(vec![port], vec![])).await);
	assert_eq!(named(&service), ("http", Some("nginx"), Some("1.22.1")));
}

#[tokio::test]
async fn hosts_in_ipv6_are_asked_as_others_are() {
	let home = IpAddr::V6(Ipv6Addr::LOCALHOST);
	// A machine may have no IPv6.
	let Ok(listener) = TcpListener::bind((home, 0)).await else { return };
	let port = listener.local_addr().expect("it is bound").port();
	tokio::spawn(async move {
		while let Ok((stream, _)) = listener.accept().await {
			tokio::spawn(nginx(stream));
		}
	});
	let mut policy = policy(vec![port], vec![]);
	policy.targets[0].address = home;
	let asset = only_asset(found(&policy).await);
	assert_eq!(asset.id, "ip:::1");
	assert_eq!(named(&asset.services[0]), ("http", Some("nginx"), Some("1.22.1")));
}

#[tokio::test]
async fn a_fhir_server_behind_a_web_server_is_a_service_of_its_own() {
	let port = server(|mut stream| async move {
		let body = r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1",
			"software":{"name":"HAPI FHIR Server","version":"6.8.0"}}"#;
		match request(&mut stream).await?.starts_with("GET /fhir/metadata ") {
			true => respond(&mut stream, "200 OK", "", body).await,
			false => respond(&mut stream, "404 Not Found", "Server: nginx/1.22.1\r\n", "").await,
		}
	})
	.await;
	let asset = only_asset(found(&policy(vec![port], vec![])).await);
	let names: Vec<_> = asset.services.iter().map(named).collect();
	assert_eq!(
		names,
		[
			("fhir", Some("hapi_fhir_server"), Some("6.8.0")),
			("http", Some("nginx"), Some("1.22.1"))
		]
	);
}

#[tokio::test]
async fn a_dicom_archive_behind_a_web_server_is_found_without_asking_for_any_patient() {
	let port = server(|mut stream| async move {
		let request = request(&mut stream).await?;
		let search = "GET /dicomweb/studies?StudyInstanceUID=2.25.0&limit=1 ";
		match request.starts_with(search) {
			true => {
				respond(&mut stream, "200 OK", "Content-Type: application/dicom+json\r\n", "[]")
					.await
			},
			false => respond(&mut stream, "404 Not Found", "Server: nginx/1.22.1\r\n", "").await,
		}
	})
	.await;
	let asset = only_asset(found(&policy(vec![port], vec![])).await);
	let names: Vec<_> = asset.services.iter().map(named).collect();
	assert_eq!(names, [("dicomweb", None, None), ("http", Some("nginx"), Some("1.22.1"))]);
}

#[tokio::test]
async fn a_document_registry_is_found_by_the_description_of_its_service() {
	let log = Log::default();
	let port = server(|mut stream| async move {
		let request = request(&mut stream).await?;
		let body = "<wsdl:definitions targetNamespace=\"urn:ihe:iti:xds-b:2007\">\
			<wsdl:operation name=\"DocumentRegistry_RegistryStoredQuery\"/></wsdl:definitions>";
		match request.starts_with("GET /openxds/services/DocumentRegistry?wsdl ") {
			true => respond(&mut stream, "200 OK", "Content-Type: text/xml\r\n", body).await,
			false => respond(&mut stream, "404 Not Found", "Server: nginx/1.22.1\r\n", "").await,
		}
	})
	.await;
	let snapshot = discover(&policy(vec![port], vec![]), &log.sink()).await.expect("usable");
	let asset = only_asset(snapshot);
	let names: Vec<_> = asset.services.iter().map(named).collect();
	assert_eq!(names, [("http", Some("nginx"), Some("1.22.1")), ("xds", None, None)]);
	let only_reads = |probe: &ProbeRecord| {
		matches!(probe.action, ProbeAction::Connect | ProbeAction::HttpGet { .. })
	};
	assert!(log.probes().iter().all(only_reads), "nothing is posted to a registry");
}

/// A-ASSOCIATE-AC of DCMTK 3.6.7: fixed part, application context, one accepted presentation context, user
/// information with maximum length, implementation class UID (0x52) and version name (0x55).
fn association_accepted() -> Vec<u8> {
	fn item(kind: u8, body: &[u8]) -> Vec<u8> {
		let length = u16::try_from(body.len()).expect("the test's items are short");
		[&[kind, 0][..], &length.to_be_bytes(), body].concat()
	}
	let mut body = vec![0, 1, 0, 0];
	body.extend(b"ANY-SCP         ");
	body.extend(b"CUREX           ");
	body.extend([0; 32]);
	body.extend(item(0x10, b"1.2.840.10008.3.1.1.1"));
	let transfer_syntax = item(0x40, b"1.2.840.10008.1.2");
	body.extend(item(0x21, &[&[1, 0, 0, 0][..], &transfer_syntax].concat()));
	let user_information = [
		item(0x51, &16_384u32.to_be_bytes()),
		item(0x52, b"1.2.276.0.7230010.3.0.3.6.7"),
		item(0x55, b"OFFIS_DCMTK_367"),
	]
	.concat();
	body.extend(item(0x50, &user_information));
	let length = u32::try_from(body.len()).expect("the test's PDU is short");
	[&[2, 0][..], &length.to_be_bytes(), &body].concat()
}

/// Accepts associations, counts the polite releases, and aborts whatever is not DICOM.
async fn dicom(releases: Arc<AtomicUsize>) -> u16 {
	server(move |mut stream| {
		let releases = releases.clone();
		async move {
			let mut header = [0; 6];
			stream.read_exact(&mut header).await?;
			if header[0] != 1 {
				return stream.write_all(&[7, 0, 0, 0, 0, 4, 0, 0, 2, 1]).await;
			}
			let length = u32::from_be_bytes([header[2], header[3], header[4], header[5]]);
			let mut body = vec![0; length as usize];
			stream.read_exact(&mut body).await?;
			assert_eq!(&body[4..20], b"ANY-SCP         ");
			stream.write_all(&association_accepted()).await?;
			stream.read_exact(&mut header).await?;
			if header[0] == 5 {
				releases.fetch_add(1, Ordering::SeqCst);
				stream.write_all(&[6, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await?;
			}
			Ok(())
		}
	})
	.await
}

#[tokio::test]
async fn a_dicom_toolkit_is_told_by_its_implementation_and_released_politely() {
	let releases = Arc::new(AtomicUsize::new(0));
	let port = dicom(releases.clone()).await;
	let service = only_service(found(&policy(vec![port], vec![])).await);
	assert_eq!(named(&service), ("dicom", Some("dcmtk"), Some("3.6.7")));
	assert_eq!(service.cpe23.as_deref(), Some("cpe:2.3:a:offis:dcmtk:3.6.7:*:*:*:*:*:*:*"));
	assert_eq!(service.confidence, 95);
	assert!(service.evidence.contains("OFFIS_DCMTK_367"));
	assert_eq!(releases.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_rejected_association_is_dicom_all_the_same() {
	let port = server(|mut stream| async move {
		let mut first = [0; 1];
		stream.read_exact(&mut first).await?;
		match first[0] {
			1 => stream.write_all(&[3, 0, 0, 0, 0, 4, 0, 1, 1, 7]).await,
			_ => Ok(()),
		}
	})
	.await;
	let service = only_service(found(&policy(vec![port], vec![])).await);
	assert_eq!(named(&service), ("dicom", None, None));
	assert!(service.evidence.contains("CalledAETitleNotRecognized"), "{}", service.evidence);
}

#[tokio::test]
async fn orthanc_owns_the_dicom_port_that_its_system_page_names() {
	let dicom_port = dicom(Arc::default()).await;
	let web_port = server(move |mut stream| async move {
		let body = format!(
			r#"{{"ApiVersion":16,"DicomAet":"ORTHANC","DicomPort":{dicom_port},"Version":"1.10.1"}}"#
		);
		match request(&mut stream).await?.starts_with("GET /system ") {
			true => respond(&mut stream, "200 OK", "", &body).await,
			false => respond(&mut stream, "301 Moved", "Location: app/explorer.html\r\n", "").await,
		}
	})
	.await;
	let asset = only_asset(found(&policy(vec![web_port, dicom_port], vec![])).await);
	let at = |port: u16| -> Vec<_> {
		asset.services.iter().filter(|s| s.port == port).map(named).collect()
	};
	assert_eq!(at(web_port), [("http", Some("orthanc"), Some("1.10.1"))]);
	assert_eq!(
		at(dicom_port),
		[("dicom", Some("dcmtk"), Some("3.6.7")), ("dicom", Some("orthanc"), Some("1.10.1"))]
	);
}

/// Basic encoding rules, definite lengths below 128 or of two bytes.
fn ber(tag: u8, body: &[u8]) -> Vec<u8> {
	let mut out = vec![tag];
	match u8::try_from(body.len()) {
		Ok(length) if length < 128 => out.push(length),
		_ => {
			let length = u16::try_from(body.len()).expect("the test's values are short");
			out.push(0x82);
			out.extend(length.to_be_bytes());
		},
	}
	out.extend(body);
	out
}

const SYS_DESCR: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 1, 0];
const SYS_OBJECT_ID: &[u8] = &[0x2b, 6, 1, 2, 1, 1, 2, 0];
const VERSION_TAG: &[u8] = &[0x2b, 6, 1, 4, 1, 0x8f, 0x65, 100, 2, 0];
/// 1.3.6.1.4.1.8072.3.2.10: Net-SNMP on Linux.
const NET_SNMP_LINUX: &[u8] = &[0x2b, 6, 1, 4, 1, 0xbf, 8, 3, 2, 10];

/// An agent that answers the two questions discovery asks, with the request's own id.
async fn agent() -> u16 {
	let socket = UdpSocket::bind((LOOPBACK, 0).into_addr()).await.expect("a free port");
	let port = socket.local_addr().expect("it is bound").port();
	tokio::spawn(async move {
		let mut bytes = [0; 1_500];
		while let Ok((length, peer)) = socket.recv_from(&mut bytes).await {
			let asked = &bytes[..length];
			// version, community `public`, GetRequest; its first element is the request id.
			let at = asked.windows(6).position(|w| w == b"public").expect("the community") + 6 + 2;
			let id = &asked[at..at + 2 + usize::from(asked[at + 1])];
			let varbind = |oid: &[u8], value: Vec<u8>| ber(0x30, &[ber(6, oid), value].concat());
			let varbinds = if asked.windows(SYS_DESCR.len()).any(|w| w == SYS_DESCR) {
				[
					varbind(SYS_DESCR, ber(4, b"Linux lab 6.1.0 #1 SMP\x1b[2J")),
					varbind(SYS_OBJECT_ID, ber(6, NET_SNMP_LINUX)),
				]
				.concat()
			} else {
				varbind(VERSION_TAG, ber(4, b"5.9.3"))
			};
			let zero = ber(2, &[0]);
			let pdu = ber(0xa2, &[id, &zero, &zero, &ber(0x30, &varbinds)].concat());
			let message = ber(0x30, &[ber(2, &[1]), ber(4, b"public"), pdu].concat());
			let _ = socket.send_to(&message, peer).await;
		}
	});
	port
}

#[tokio::test]
async fn net_snmp_is_told_by_its_object_id_and_version_tag() {
	let port = agent().await;
	let log = Log::default();
	let snapshot = discover(&policy(vec![], vec![port]), &log.sink()).await.expect("usable");
	let service = only_service(snapshot);
	assert_eq!(named(&service), ("snmp", Some("net-snmp"), Some("5.9.3")));
	assert_eq!(service.transport, Transport::Udp);
	assert!(service.evidence.contains("Linux lab") && !service.evidence.contains('\u{1b}'));
	assert_eq!(log.probes().len(), 2);
}

#[tokio::test]
async fn strangers_neither_hang_nor_break_the_discovery() {
	let garbage = server(|mut stream| async move {
		stream.write_all(&[0x00, 0xff, 0x1b, b'[', 0x80].repeat(100)).await
	})
	.await;
	let slow = server(|mut stream| async move {
		loop {
			stream.write_all(b"2").await?;
			tokio::time::sleep(Duration::from_millis(50)).await;
		}
	})
	.await;
	let mute = server(|stream| async move {
		tokio::time::sleep(Duration::from_secs(30)).await;
		drop(stream);
		Ok(())
	})
	.await;
	let giant = server(|mut stream| async move {
		loop {
			stream.write_all(&[b'A'; 65_536]).await?;
		}
	})
	.await;
	let quitter = server(|stream| async move {
		drop(stream);
		Ok(())
	})
	.await;
	let endless_page = server(|mut stream| async move {
		request(&mut stream).await?;
		stream.write_all(b"HTTP/1.1 200 OK\r\nServer: endless/1.0\r\n\r\n").await?;
		loop {
			stream.write_all(&[b' '; 65_536]).await?;
		}
	})
	.await;
	let lying_length = server(|mut stream| async move {
		let mut first = [0; 1];
		stream.read_exact(&mut first).await?;
		if first[0] == 1 {
			stream.write_all(&[2, 0, 0xff, 0xff, 0xff, 0xff, 0, 1]).await?;
		}
		Ok(())
	})
	.await;
	let babbler = UdpSocket::bind((LOOPBACK, 0).into_addr()).await.expect("a free port");
	let babble = babbler.local_addr().expect("it is bound").port();
	tokio::spawn(async move {
		let mut bytes = [0; 1_500];
		while let Ok((_, peer)) = babbler.recv_from(&mut bytes).await {
			let _ = babbler.send_to(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02], peer).await;
		}
	});
	let mute_udp = UdpSocket::bind((LOOPBACK, 0).into_addr()).await.expect("a free port");
	let silent = mute_udp.local_addr().expect("it is bound").port();

	let tcp = vec![garbage, slow, mute, giant, quitter, endless_page, lying_length];
	let started = Instant::now();
	let asset = only_asset(found(&policy(tcp.clone(), vec![babble, silent])).await);
	assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
	for port in tcp {
		let services: Vec<_> = asset.services.iter().filter(|s| s.port == port).collect();
		assert_eq!(services.len(), 1, "an open port is an open port: {services:?}");
		let service = services[0];
		assert!(service.evidence.len() <= 256, "{service:?}");
		assert!(service.evidence.chars().all(|c| (' '..='~').contains(&c)), "{service:?}");
		if port == endless_page {
			assert_eq!(named(service), ("http", Some("endless"), Some("1.0")));
		} else {
			assert_eq!(named(service), ("unknown", None, None), "{service:?}");
		}
	}
	assert!(asset.services.iter().any(|s| s.port == babble && s.protocol == "unknown"));
	assert!(!asset.services.iter().any(|s| s.port == silent));
}

#[tokio::test]
async fn every_probe_is_written_down_before_it_is_sent() {
	let port = server(nginx).await;
	let log = Log::default();
	discover(&policy(vec![port], vec![]), &log.sink()).await.expect("the policy is usable");
	let actions: Vec<_> = log.probes().into_iter().map(|probe| probe.action).collect();
	assert_eq!(actions[0], ProbeAction::Connect);
	assert!(actions.contains(&ProbeAction::HttpGet { path: "/".into() }));
	assert!(log.probes().iter().all(|p| p.port == port && p.at_ms > 1_700_000_000_000));
}

#[tokio::test]
async fn a_probe_that_cannot_be_written_down_is_not_sent() {
	let touched = Arc::new(AtomicUsize::new(0));
	let count = touched.clone();
	let port = server(move |_| {
		count.fetch_add(1, Ordering::SeqCst);
		async { Ok(()) }
	})
	.await;
	let full = |_: &ProbeRecord| Err(io::Error::other("the disk is full"));
	let result = discover(&policy(vec![port], vec![]), &full).await;
	assert!(matches!(result, Err(Error::Audit(_))));
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert_eq!(touched.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_discovery_can_run_as_a_task_of_its_own() {
	let port = server(nginx).await;
	let task =
		tokio::spawn(
			async move { discover(&policy(vec![port], vec![]), &Log::default().sink()).await },
		);
	assert_eq!(task.await.expect("it did not panic").expect("usable").assets.len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_unless_the_policy_is_switched_on() {
	let log = Log::default();
	let off = Policy { active: false, ..policy(vec![22], vec![161]) };
	assert!(matches!(discover(&off, &log.sink()).await, Err(Error::NotActive)));
	let broken = Policy { timeout_ms: 0, ..policy(vec![22], vec![]) };
	assert!(matches!(discover(&broken, &log.sink()).await, Err(Error::InvalidPolicy { .. })));
	assert!(log.probes().is_empty());
}

#[tokio::test]
async fn a_patient_connected_device_is_held_back_and_the_others_are_asked() {
	let port = server(nginx).await;
	let log = Log::default();
	let mut policy = policy(vec![port], vec![]);
	policy.targets.push(Target {
		address: [127, 0, 0, 2].into(),
		device_class: DeviceClass::PatientConnected,
		..policy.targets[0].clone()
	});
	let snapshot = discover(&policy, &log.sink()).await.expect("the policy is usable");
	assert_eq!(snapshot.assets.len(), 1);
	assert_eq!(snapshot.held_back.len(), 1);
	assert!(snapshot.held_back[0].reason.contains("patient-connected"));
	assert!(log.probes().iter().all(|probe| probe.address == policy.targets[0].address));
}

#[tokio::test]
async fn a_host_that_only_refuses_is_an_asset_without_services() {
	let closed = {
		let listener = TcpListener::bind((LOOPBACK, 0).into_addr()).await.expect("a free port");
		listener.local_addr().expect("it is bound").port()
	};
	assert!(only_asset(found(&policy(vec![closed], vec![])).await).services.is_empty());
}

#[tokio::test]
async fn the_rate_cap_holds_for_a_whole_discovery() {
	let port = server(nginx).await;
	let log = Log::default();
	let slow = Policy { probes_per_second: 5, ..policy(vec![port], vec![]) };
	let started = Instant::now();
	discover(&slow, &log.sink()).await.expect("the policy is usable");
	let intervals = u32::try_from(log.probes().len() - 1).expect("few probes");
	assert!(started.elapsed() >= Duration::from_millis(200) * intervals);
}

#[tokio::test]
async fn services_of_this_host_are_linked_with_their_packages() {
	let port = server(nginx).await;
	let folder = tempfile::tempdir().expect("a temporary folder");
	let (status, release) = (folder.path().join("status"), folder.path().join("os-release"));
	let write = |version: &str| {
		let stanza =
			format!("Package: nginx\nStatus: install ok installed\nVersion: {version}\n\n");
		std::fs::write(&status, stanza).expect("the folder can be written");
	};
	std::fs::write(&release, "ID=debian\nVERSION_ID=\"12\"\n").expect("the folder can be written");
	let policy = Policy {
		host_packages: Some(status.clone()),
		host_release: release,
		..policy(vec![port], vec![])
	};
	write("1.22.1-9+deb12u2");
	let package = only_service(found(&policy).await).package.expect("nginx 1.22.1 is installed");
	assert_eq!(
		(package.version.as_str(), package.distribution.as_str()),
		("1.22.1-9+deb12u2", "Debian:12")
	);
	write("1.18.0-6");
	let other = only_service(found(&policy).await);
	assert_eq!(other.package, None, "the nginx that answers is not the one installed");
}

#[tokio::test]
async fn a_dry_run_writes_down_what_it_would_send_and_sends_nothing() {
	let touched = Arc::new(AtomicUsize::new(0));
	let count = touched.clone();
	let port = server(move |_| {
		count.fetch_add(1, Ordering::SeqCst);
		async { Ok(()) }
	})
	.await;
	let log = Log::default();
	let dry = Policy { dry_run: true, ..policy(vec![port], vec![161]) };
	let snapshot = discover(&dry, &log.sink()).await.expect("the policy is usable");
	assert!(snapshot.assets.is_empty());
	assert_eq!(log.probes().len(), 2);
	assert!(log.probes().iter().all(|probe| probe.dry_run));
	tokio::time::sleep(Duration::from_millis(100)).await;
	assert_eq!(touched.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_stop_switch_ends_a_discovery_before_the_next_probe() {
	let port = server(nginx).await;
	let folder = tempfile::tempdir().expect("a temporary folder");
	let switch = folder.path().join("stop");
	let log = Log::default();
	let (sink, file) = (log.sink(), switch.clone());
	// Somebody throws the switch while the second probe is written down.
	let throwing = move |probe: &ProbeRecord| {
		sink(probe)?;
		std::fs::write(&file, "").map(drop)
	};
	let stoppable = Policy { stop_file: Some(switch), ..policy(vec![port], vec![]) };
	let snapshot = discover(&stoppable, &throwing).await.expect("it ends in good order");
	assert_eq!(log.probes().len(), 1);
	assert!(snapshot.held_back[0].reason.contains("stop switch"), "{snapshot:?}");
	let again = discover(&stoppable, &log.sink()).await;
	assert!(matches!(again, Err(Error::Stopped { .. })), "the switch is still on");
	assert_eq!(log.probes().len(), 1);
}

#[tokio::test]
async fn the_rate_cap_of_a_single_target_holds_beside_the_common_one() {
	let port = server(nginx).await;
	let log = Log::default();
	let slow = Policy { probes_per_second_per_target: Some(10), ..policy(vec![port], vec![]) };
	let started = Instant::now();
	discover(&slow, &log.sink()).await.expect("the policy is usable");
	let intervals = u32::try_from(log.probes().len() - 1).expect("few probes");
	assert!(intervals > 2);
	assert!(started.elapsed() >= Duration::from_millis(100) * intervals);
}

#[tokio::test]
async fn an_hl7_port_hears_nothing_without_permission_and_a_status_query_with_it() {
	let received = Arc::new(Mutex::new(Vec::new()));
	let address = [127, 0, 0, 9];
	let listener = TcpListener::bind((address, 2_575).into_addr()).await.expect("a free port");
	let log = received.clone();
	tokio::spawn(async move {
		while let Ok((mut stream, _)) = listener.accept().await {
			let log = log.clone();
			tokio::spawn(async move {
				let mut bytes = [0; 1_024];
				while let Ok(count) = stream.read(&mut bytes).await {
					if count == 0 {
						break;
					}
					log.lock().expect("nobody panicked").extend_from_slice(&bytes[..count]);
					let ack = b"\x0bMSH|^~\\&|ENGINE|WARD|||2026||ACK|1|P|2.5\rMSA|AR|1\r\x1c\r";
					let _ = stream.write_all(ack).await;
				}
			});
		}
	});
	let mut policy = policy(vec![2_575], vec![]);
	policy.targets[0].address = address.into();
	let service = only_service(found(&policy).await);
	assert_eq!(named(&service), ("unknown", None, None));
	assert!(received.lock().expect("nobody panicked").is_empty());
	policy.targets[0].allow_hl7_query = true;
	let service = only_service(found(&policy).await);
	assert_eq!(named(&service), ("hl7", Some("engine"), None));
	let message = received.lock().expect("nobody panicked").clone();
	assert!(message.starts_with(b"\x0bMSH|") && message.ends_with(b"\x1c\r"));
}
