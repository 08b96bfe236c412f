use super::*;
use crate::policy::Target;

fn at(last: u8) -> IpAddr {
	[192, 0, 2, last].into()
}

fn ethernet(kind: [u8; 2], payload: &[u8]) -> Vec<u8> {
	[&[0xff; 6][..], &[2, 0, 0, 0, 0, 1], &kind, payload].concat()
}

fn arp(last: u8, interface: u8) -> Vec<u8> {
	let head = [0, 1, 8, 0, 6, 4, 0, 1];
	ethernet(
		[8, 6],
		&[&head[..], &[2, 0, 0, 0, 0, interface], &[192, 0, 2, last], &[0; 10]].concat(),
	)
}

fn udp(from: u16, to: u16, last: u8, payload: &[u8]) -> Vec<u8> {
	let builder = etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [0xff; 6])
		.ipv4([192, 0, 2, last], [192, 0, 2, 255], 64)
		.udp(from, to);
	let mut out = Vec::new();
	builder.write(&mut out, payload).expect("a vector takes every write");
	out
}

fn tcp(from: u16, last: u8, payload: &[u8]) -> Vec<u8> {
	let builder = etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
		.ipv4([192, 0, 2, last], [192, 0, 2, 200], 64)
		.tcp(from, 50_000, 1, 1_000);
	let mut out = Vec::new();
	builder.write(&mut out, payload).expect("a vector takes every write");
	out
}

fn dhcp(last: u8, name: &str, class: &str) -> Vec<u8> {
	let mut message = vec![1, 1, 6, 0];
	message.resize(28, 0);
	message.extend([2, 0, 0, 0, 0, 9]);
	message.resize(236, 0);
	message.extend([99, 130, 83, 99, 53, 1, 3, 50, 4, 192, 0, 2, last]);
	for (code, text) in [(12, name), (60, class)] {
		message.extend([code, u8::try_from(text.len()).expect("short")]);
		message.extend(text.bytes());
	}
	message.push(255);
	udp(68, 67, 0, &message)
}

fn capture(frames: &[Vec<u8>]) -> Vec<u8> {
	let mut out = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
	out.extend([0; 8]);
	out.extend(65_535_u32.to_le_bytes());
	out.extend(1_u32.to_le_bytes());
	for frame in frames {
		let length = u32::try_from(frame.len()).expect("short").to_le_bytes();
		out.extend([0; 8]);
		out.extend(length);
		out.extend(length);
		out.extend(frame);
	}
	out
}

fn observed(frames: &[Vec<u8>]) -> Observations {
	let mut observations = Observations::default();
	let read = observations.read_capture(&capture(frames)[..]).expect("a capture");
	assert_eq!(read.frames, frames.len() as u64);
	observations
}

#[test]
fn addresses_are_bound_to_interfaces_and_names() {
	let lldp = {
		let tlv = |kind: u16, value: &[u8]| {
			let head = kind << 9 | u16::try_from(value.len()).expect("short");
			[&head.to_be_bytes()[..], value].concat()
		};
		let body = [
			tlv(1, &[4, 2, 0, 0, 0, 0, 7]),
			tlv(5, b"switch-1"),
			tlv(7, &[0, 0x14, 0, 0x14]),
			tlv(8, &[5, 1, 192, 0, 2, 3, 0]),
			tlv(0, &[]),
		];
		ethernet([0x88, 0xcc], &body.concat())
	};
	let observations = observed(&[arp(1, 1), dhcp(2, "desk-7", "MSFT 5.0"), lldp, arp(0, 5)]);
	let snapshot = observations.snapshot(0);
	let of =
		|last: u8| snapshot.assets.iter().find(|asset| asset.address == at(last)).expect("seen");
	assert_eq!(of(1).identities, [Identity::Mac("02:00:00:00:00:01".into())]);
	assert_eq!(of(1).device_class, DeviceClass::Unknown);
	assert_eq!(of(2).device_class, DeviceClass::Workstation);
	assert!(of(2).identities.contains(&Identity::Hostname("desk-7".into())));
	assert_eq!(of(3).device_class, DeviceClass::Network);
}

#[test]
fn a_cisco_neighbour_names_itself_and_is_a_network_device() {
	let group = |kind: u16, value: &[u8]| {
		let length = u16::try_from(value.len() + 4).expect("short");
		[&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
	};
	// One address of a protocol that is not looked at, then one of IPv4.
	let addresses = [0, 0, 0, 2, 1, 1, 0x81, 0, 1, 9, 1, 1, 0xcc, 0, 4, 192, 0, 2, 5];
	let body = [
		vec![2, 180, 0, 0],
		group(1, b"core-switch"),
		group(2, &addresses),
		group(4, &[0, 0, 0, 0x28]),
	];
	let body = [&frame::CDP[..], &body.concat(), &[0; 8]].concat();
	let length = u16::try_from(body.len()).expect("short").to_be_bytes();
	let plain = ethernet(length, &body);
	let tagged = ethernet([0x81, 0], &[&[0, 7][..], &length, &body].concat());
	for frame in [plain, tagged] {
		let snapshot = observed(&[frame]).snapshot(0);
		assert_eq!(snapshot.assets.len(), 1);
		let asset = &snapshot.assets[0];
		assert_eq!((asset.address, asset.device_class), (at(5), DeviceClass::Network));
		assert_eq!(asset.identities, [Identity::Hostname("core-switch".into())]);
	}
}

/// Gives one byte at a time, as a slow pipe may.
struct Drip<'a>(&'a [u8]);

impl std::io::Read for Drip<'_> {
	fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
		let length = buffer.len().min(1);
		std::io::Read::read(&mut self.0, &mut buffer[..length])
	}
}

#[test]
fn a_pipe_that_gives_a_byte_at_a_time_is_read_like_a_file() {
	let bytes = capture(&[arp(1, 1), arp(2, 2), tcp(22, 3, b"SSH-2.0-OpenSSH_9.2p1\r\n")]);
	let mut observations = Observations::default();
	let read = observations.read_capture(Drip(&bytes)).expect("a capture");
	assert_eq!(read, Capture { frames: 3, skipped: 0 });
	assert_eq!(observations.snapshot(0).assets.len(), 3);
	let mut observations = Observations::default();
	assert!(observations.read_capture(Drip(&bytes[..bytes.len() - 1])).is_err());
	assert_eq!(observations.snapshot(0).assets.len(), 2);
	// The section header and the interface of pcapng, then an empty end.
	let section = [
		&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0][..],
		&[0xff; 8],
		&[28, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0],
	];
	let read = Observations::default().read_capture(Drip(&section.concat()));
	assert_eq!(read.expect("a capture"), Capture::default());
}

#[test]
fn an_interface_that_is_not_there_is_named() {
	let stop = std::sync::atomic::AtomicBool::new(false);
	let watched = Observations::default().watch("no such", std::time::Duration::ZERO, &stop);
	let message = watched.expect_err("there is no such interface").to_string();
	assert!(message.contains("no such") && message.contains("ip link"), "{message}");
}

#[test]
fn an_inventory_is_completed_with_what_passed_by_on_the_own_network() {
	let frames = [
		arp(1, 1),
		tcp(22, 1, b"SSH-2.0-OpenSSH_9.2p1\r\n"),
		tcp(80, 1, b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n"),
		arp(2, 2),
		arp(9, 9),
	];
	let observations = observed(&frames);
	let mut probed = observed(&[tcp(22, 1, b"SSH-2.0-OpenSSH_9.8p1\r\n")]).snapshot(7);
	probed.assets[0].device_class = DeviceClass::Server;
	observations.complete(&mut probed, |address| address != at(9));
	let found: Vec<_> = probed.assets.iter().map(|asset| asset.address).collect();
	assert_eq!(found, [at(1), at(2)]);
	let asset = &probed.assets[0];
	assert_eq!(asset.identities, [Identity::Mac("02:00:00:00:00:01".into())]);
	let versions: Vec<_> = asset.services.iter().map(|s| s.version.as_deref()).collect();
	assert_eq!(versions, [Some("9.8p1"), Some("1.22.1")], "what was asked outweighs what was seen");
}

#[test]
fn services_are_seen_in_passing() {
	let hl7 = b"\x0bMSH|^~\\&|MONITOR|ICU|EHR|HOSP|2026||ORU^R01|1|P|2.6\rPID|1\r\x1c\r";
	let frames = [
		tcp(22, 1, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
		tcp(80, 1, b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n"),
		tcp(40_000, 2, hl7),
	];
	let snapshot = observed(&frames).snapshot(0);
	let products: Vec<_> =
		snapshot.assets[0].services.iter().map(|s| s.product.as_deref()).collect();
	assert_eq!(products, [Some("openssh"), Some("nginx")]);
	assert_eq!(snapshot.assets[0].device_class, DeviceClass::Server);
	assert_eq!(snapshot.assets[1].services[0].product.as_deref(), Some("monitor"));
	assert_eq!(snapshot.assets[1].device_class, DeviceClass::PatientConnected);
	let kept = serde_json::to_string(&snapshot).expect("JSON");
	assert!(!kept.contains("PID"), "nothing about the patient is kept");
}

#[test]
fn evidence_classifies_what_nobody_classified_and_nothing_else() {
	let frames = [tcp(22, 1, b"SSH-2.0-OpenSSH_9.2p1\r\n"), arp(2, 2)];
	let observations = observed(&frames);
	let target = |last: u8, class| Target {
		address: at(last),
		tcp_ports: vec![22],
		udp_ports: vec![],
		device_class: class,
		allow_active: false,
		allow_hl7_query: false,
		this_host: false,
	};
	let mut policy = Policy {
		active: true,
		targets: vec![
			target(1, DeviceClass::Unknown),
			target(2, DeviceClass::Unknown),
			target(3, DeviceClass::Unknown),
			target(4, DeviceClass::PatientConnected),
		],
		..Policy::default()
	};
	assert_eq!(observations.classify(&mut policy), 1);
	let may =
		|policy: &Policy, last: u8| policy.permits(at(last), 22, crate::Transport::Tcp).is_ok();
	assert!(may(&policy, 1), "it greeted as a server does");
	assert!(!may(&policy, 2) && !may(&policy, 3) && !may(&policy, 4));
}

#[test]
fn zeek_logs_are_read_in_both_forms() {
	let tsv = "#separator \\x09\n#fields\tts\thost\thost_p\tsoftware_type\tname\tversion.major\tversion.minor\tversion.addl\tunparsed_version\n\
		1.0\t192.0.2.1\t22\tSSH::SERVER\tOpenSSH\t9\t2\tp1\tOpenSSH_9.2p1\nrubbish\n";
	let json = "{\"ts\":1.0,\"host\":\"192.0.2.2\",\"port_num\":445,\"port_proto\":\"tcp\",\"service\":[\"SMB\"]}\n";
	let mut observations = Observations::default();
	let read = observations.read_zeek(tsv.as_bytes()).expect("a log");
	assert_eq!(read, ZeekLog { entries: 1, malformed: 1 });
	observations.read_zeek(json.as_bytes()).expect("a log");
	let snapshot = observations.snapshot(0);
	let ssh = &snapshot.assets[0].services[0];
	assert_eq!(ssh.cpe23.as_deref(), Some("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"));
	assert_eq!(
		(snapshot.assets[1].services[0].port, snapshot.assets[1].services[0].protocol.as_str()),
		(445, "smb")
	);
	assert!(Observations::default().read_zeek(&b"{\"a\": 1}\n"[..]).is_err());
}

#[test]
fn a_capture_that_breaks_off_leaves_what_came_before() {
	let bytes = capture(&[arp(1, 1), arp(2, 2)]);
	let mut observations = Observations::default();
	assert!(observations.read_capture(&bytes[..bytes.len() - 5]).is_err());
	assert_eq!(observations.snapshot(0).assets.len(), 1);
	assert!(Observations::default()
		.read_capture(&b"not a capture at all, but long enough"[..])
		.is_err());
}

#[test]
fn forged_addresses_do_not_fill_the_memory() {
	let mut observations = Observations::default();
	for number in 0..(HOSTS as u32 + 10) {
		observations.host(IpAddr::from((0x0a00_0000 + number + 1).to_be_bytes()));
	}
	assert_eq!((observations.hosts.len(), observations.left_out()), (HOSTS, 10));
}

proptest::proptest! {
	#[test]
	fn no_frame_makes_it_panic(
		kind in proptest::sample::select(vec![[8u8, 0], [8, 6], [0x88, 0xcc], [0x86, 0xdd], [0x81, 0], [0, 60]]),
		payload in proptest::collection::vec(0u8.., 0..200),
	) {
		frame::observe(&ethernet(kind, &payload), &mut Observations::default());
		let neighbour = [&frame::CDP[..], &payload].concat();
		frame::observe(&ethernet(kind, &neighbour), &mut Observations::default());
	}

	#[test]
	fn no_datagram_or_segment_makes_it_panic(
		ports in proptest::sample::select(vec![(68u16, 67u16), (5_353, 5_353)]),
		payload in proptest::collection::vec(0u8.., 0..300),
	) {
		frame::observe(&udp(ports.0, ports.1, 1, &payload), &mut Observations::default());
		let reply = [&[0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0][..], &payload].concat();
		frame::observe(&udp(5_353, 5_353, 1, &reply), &mut Observations::default());
		frame::observe(&tcp(104, 1, &[&[2, 0, 0, 0][..], &payload].concat()), &mut Observations::default());
	}

	#[test]
	fn no_capture_makes_it_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
		let _ = Observations::default().read_capture(&bytes[..]);
		let _ = Observations::default().read_capture(&[&capture(&[])[..], &bytes].concat()[..]);
		let _ = Observations::default().read_zeek(&bytes[..]);
	}
}

#[test]
fn neighbours_in_ipv6_are_bound_to_their_interfaces() {
	let target = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
	let frame = |kind: u8, option: u8| {
		let payload = [&[0; 4][..], &target, &[option, 1, 2, 0, 0, 0, 0, 9]].concat();
		let mut message = vec![kind, 0, 0, 0];
		message.extend(payload);
		let builder = etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, 9], [0x33; 6])
			.ipv6(target, [0xff; 16], 255);
		let mut out = Vec::new();
		builder
			.write(&mut out, etherparse::ip_number::IPV6_ICMP, &message)
			.expect("a vector takes every write");
		out
	};
	for (kind, option) in [(135, 1), (136, 2)] {
		let snapshot = observed(&[frame(kind, option)]).snapshot(0);
		let [asset] = &snapshot.assets[..] else { panic!("{snapshot:?}") };
		assert_eq!(asset.address, IpAddr::from(target));
		assert_eq!(asset.identities, [Identity::Mac("02:00:00:00:00:09".into())]);
	}
	assert!(observed(&[frame(136, 1)]).snapshot(0).assets.is_empty());
}

#[test]
fn both_sides_of_an_association_are_bound_to_their_titles() {
	let association = |kind: u8| {
		let mut body = vec![0, 1, 0, 0];
		body.extend(b"ARCHIVE         MODALITY_7      ");
		body.extend([0; 32]);
		let item = |kind: u8, bytes: &[u8]| {
			let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
			[&[kind, 0][..], &length, bytes].concat()
		};
		body.extend(item(0x10, b"1.2.840.10008.3.1.1.1"));
		let syntax = item(0x40, b"1.2.840.10008.1.2");
		body.extend(item(0x21, &[&[1, 0, 0, 0][..], &syntax].concat()));
		body.extend(item(0x50, &item(0x51, &[0, 0, 0x40, 0])));
		[&[kind, 0][..], &u32::try_from(body.len()).expect("short").to_be_bytes(), &body].concat()
	};
	let observations = observed(&[tcp(50_000, 7, &association(1)), tcp(104, 8, &association(2))]);
	let snapshot = observations.snapshot(0);
	let titles: Vec<_> =
		snapshot.assets.iter().map(|asset| (asset.address, asset.identities.clone())).collect();
	assert_eq!(
		titles,
		[
			(at(7), vec![Identity::AeTitle("MODALITY_7".into())]),
			(at(8), vec![Identity::AeTitle("ARCHIVE".into())])
		]
	);
}
