//! Single Ethernet frames: who is there, by which address, and what do they call themselves.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::{NetSlice, SlicedPacket, TransportSlice};

use super::Observations;
use crate::{
	evidence, hl7,
	policy::Transport,
	snapshot::{Identity, Service},
};

/// EtherType of the Link Layer Discovery Protocol (IEEE 802.1AB).
const LLDP: [u8; 2] = [0x88, 0xcc];
/// EtherType of the Address Resolution Protocol (RFC 826).
const ARP: [u8; 2] = [0x08, 0x06];
/// EtherType of a VLAN tag (IEEE 802.1Q).
const VLAN: [u8; 2] = [0x81, 0x00];
/// Head of a Cisco Discovery Protocol frame: SNAP in LLC (IEEE 802.2), Cisco's organisation code, the protocol's number.
pub(super) const CDP: [u8; 8] = [0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00];
const DHCP_CLIENT: u16 = 68;
const DHCP_SERVER: u16 = 67;
const MDNS: u16 = 5_353;

/// Looks into a frame; whether anything of it was understood.
pub(super) fn observe(frame: &[u8], observations: &mut Observations) -> bool {
	let at = if frame.get(12..14) == Some(&VLAN[..]) { 16 } else { 12 };
	let (Some(kind), Some(payload)) = (frame.get(at..at + 2), frame.get(at + 2..)) else {
		return false;
	};
	if kind == ARP {
		return arp(payload, observations).is_some();
	}
	if kind == LLDP {
		return lldp(payload, observations).is_some();
	}
	if payload.starts_with(&CDP) {
		return cdp(&payload[CDP.len()..], observations).is_some();
	}
	let Ok(packet) = SlicedPacket::from_ethernet(frame) else { return false };
	let source = match &packet.net {
		Some(NetSlice::Ipv4(ip)) => IpAddr::V4(ip.header().source_addr()),
		Some(NetSlice::Ipv6(ip)) => IpAddr::V6(ip.header().source_addr()),
		_ => return false,
	};
	match packet.transport {
		Some(TransportSlice::Udp(udp)) => {
			let (from, to) = (udp.source_port(), udp.destination_port());
			if from == DHCP_CLIENT && to == DHCP_SERVER {
				dhcp(udp.payload(), observations).is_some()
			} else if from == MDNS {
				mdns(udp.payload(), source, observations).is_some()
			} else {
				false
			}
		},
		Some(TransportSlice::Tcp(tcp)) => {
			tcp_payload(SocketAddr::new(source, tcp.source_port()), tcp.payload(), observations)
		},
		Some(TransportSlice::Icmpv6(icmp)) => {
			neighbour(icmp.slice(), source, observations).is_some()
		},
		_ => false,
	}
}

/// Who tells its neighbours the address of its interface, or asks for theirs (RFC 4861, sections 4.3 and 4.4): ARP's
/// counterpart in IPv6.
fn neighbour(message: &[u8], source: IpAddr, observations: &mut Observations) -> Option<()> {
	let (address, wanted) = match message.first()? {
		135 => (source, 1),
		136 => {
			let target: [u8; 16] = message.get(8..24)?.try_into().ok()?;
			(IpAddr::from(target), 2)
		},
		_ => return None,
	};
	let mut options = message.get(24..)?;
	while let [kind, eighths, ..] = *options {
		let option = options.get(..usize::from(eighths) * 8).filter(|option| !option.is_empty())?;
		if kind == wanted {
			observations.identity(address, mac(option.get(2..8)?)?);
			return Some(());
		}
		options = &options[option.len()..];
	}
	None
}

fn mac(bytes: &[u8]) -> Option<Identity> {
	// Group addresses name no interface.
	let unicast = bytes.len() == 6 && bytes[0] & 1 == 0 && bytes.iter().any(|byte| *byte != 0);
	let text: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
	unicast.then(|| Identity::Mac(text.join(":")))
}

fn ipv4(bytes: &[u8]) -> Option<IpAddr> {
	let four: [u8; 4] = bytes.try_into().ok()?;
	Some(IpAddr::V4(Ipv4Addr::from(four)))
}

/// Sender of an ARP packet for IPv4 over Ethernet (RFC 826).
fn arp(packet: &[u8], observations: &mut Observations) -> Option<()> {
	if packet.get(..6)? != [0, 1, 8, 0, 6, 4] {
		return None;
	}
	let address = ipv4(packet.get(14..18)?)?;
	observations.identity(address, mac(packet.get(8..14)?)?);
	Some(())
}

/// Management address, system name and capabilities of a neighbour (IEEE 802.1AB, 8.5).
fn lldp(packet: &[u8], observations: &mut Observations) -> Option<()> {
	let mut rest = packet;
	let (mut name, mut address, mut capabilities, mut chassis) = (None, None, 0, None);
	for _ in 0..64 {
		let head = u16::from_be_bytes([*rest.first()?, *rest.get(1)?]);
		let (kind, length) = (head >> 9, usize::from(head & 0x1ff));
		let value = rest.get(2..2 + length)?;
		match kind {
			0 => break,
			1 if value.first() == Some(&4) => chassis = mac(value.get(1..).unwrap_or_default()),
			5 => name = evidence::name(&String::from_utf8_lossy(value)),
			7 => capabilities = u16::from_be_bytes([*value.get(2)?, *value.get(3)?]),
			8 if value.get(..2) == Some(&[5, 1]) => address = value.get(2..6).and_then(ipv4),
			_ => {},
		}
		rest = &rest[2 + length..];
	}
	let address = address?;
	if let Some(name) = name {
		observations.identity(address, Identity::Hostname(name));
	}
	if let Some(chassis) = chassis {
		observations.identity(address, chassis);
	}
	// Enabled capabilities: bridge, access point, router.
	if capabilities & 0b1_1100 != 0 {
		observations.host(address)?.network = true;
	}
	Some(())
}

/// Device id, addresses and capabilities of a neighbour (Cisco Discovery Protocol, versions 1 and 2). The type-length-value
/// groups follow version, time to live and checksum.
fn cdp(packet: &[u8], observations: &mut Observations) -> Option<()> {
	let mut rest = packet.get(4..)?;
	let (mut name, mut address, mut capabilities) = (None, None, 0);
	for _ in 0..64 {
		let [a, b, c, d, ..] = *rest else { break };
		let length = usize::from(u16::from_be_bytes([c, d]));
		// What pads a short frame is no group.
		let Some(value) = rest.get(4..length) else { break };
		match u16::from_be_bytes([a, b]) {
			1 => name = evidence::name(&String::from_utf8_lossy(value)),
			// Addresses, and those for management: the first of IPv4.
			2 | 22 => address = cdp_address(value).or(address),
			4 => capabilities = u32::from_be_bytes(value.get(..4)?.try_into().ok()?),
			_ => {},
		}
		rest = &rest[length..];
	}
	let address = address?;
	if let Some(name) = name {
		observations.identity(address, Identity::Hostname(name));
	}
	// Router, bridges, switch, repeater.
	if capabilities & 0b0100_1111 != 0 {
		observations.host(address)?.network = true;
	}
	Some(())
}

/// The first IPv4 address of a list: count, then for each protocol type, length and number, address length and bytes.
fn cdp_address(list: &[u8]) -> Option<IpAddr> {
	let mut rest = list.get(4..)?;
	for _ in 0..16 {
		let protocol = usize::from(*rest.get(1)?);
		let number = rest.get(2..2 + protocol)?;
		let length = rest.get(2 + protocol..4 + protocol)?;
		let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
		let address = rest.get(4 + protocol..4 + protocol + length)?;
		// Network layer protocol id of the Internet Protocol (ISO/IEC TR 9577).
		if number == [0xcc] {
			return ipv4(address);
		}
		rest = &rest[4 + protocol + length..];
	}
	None
}

/// What a DHCP client calls itself (RFC 2132): host name, vendor class, address.
fn dhcp(message: &[u8], observations: &mut Observations) -> Option<()> {
	if message.first() != Some(&1) || message.get(236..240)? != [99, 130, 83, 99] {
		return None;
	}
	let interface = mac(message.get(28..34)?);
	let mut address = ipv4(message.get(12..16)?).filter(|address| !address.is_unspecified());
	let (mut name, mut class) = (None, None);
	let mut rest = &message[240..];
	while let [code, more @ ..] = rest {
		match code {
			0 => {
				rest = more;
				continue;
			},
			255 => break,
			_ => {},
		}
		let length = usize::from(*more.first()?);
		let value = more.get(1..1 + length)?;
		match code {
			12 => name = evidence::name(&String::from_utf8_lossy(value)),
			50 => address = address.or_else(|| ipv4(value)),
			60 => class = Some(String::from_utf8_lossy(value).to_lowercase()),
			_ => {},
		}
		rest = &more[1 + length..];
	}
	let address = address?;
	if let Some(interface) = interface {
		observations.identity(address, interface);
	}
	if let Some(name) = name {
		observations.identity(address, Identity::Hostname(name));
	}
	if let Some(class) = class {
		let host = observations.host(address)?;
		host.workstation |= class.starts_with("msft 5.0") || class.starts_with("android-dhcp");
		let makers = [
			"philips",
			"draeger",
			"dräger",
			"ge healthcare",
			"baxter",
			"medtronic",
			"b.braun",
			"bd alaris",
		];
		host.medical |= makers.iter().any(|maker| class.contains(maker));
	}
	Some(())
}

/// Host name and services of an mDNS answer (RFC 6762, RFC 6763).
fn mdns(message: &[u8], source: IpAddr, observations: &mut Observations) -> Option<()> {
	let count = |at: usize| message.get(at..at + 2).map(|two| u16::from_be_bytes([two[0], two[1]]));
	// Responses only.
	if count(2)? & 0x8000 == 0 {
		return None;
	}
	let (questions, answers) = (count(4)?, count(6)?);
	let mut at = 12;
	for _ in 0..questions.min(64) {
		at = dns_name(message, at)?.1 + 4;
	}
	let mut any = None;
	for _ in 0..answers.min(64) {
		let (name, next) = dns_name(message, at)?;
		let kind = count(next)?;
		let length = usize::from(count(next + 8)?);
		let data = next + 10;
		match kind {
			// A and AAAA: the name is the host's.
			1 | 28 => {
				let host = name.trim_end_matches(".local");
				observations.identity(source, Identity::Hostname(evidence::name(host)?));
				any = Some(());
			},
			// SRV: port and service type.
			33 => {
				let port = count(data + 4)?;
				let kind =
					name.split('.').find(|label| label.starts_with('_')).unwrap_or("_unknown");
				let protocol = match kind {
					"_http" => "http",
					"_ssh" | "_sftp-ssh" => "ssh",
					"_smb" => "smb",
					"_ipp" | "_ipps" | "_printer" | "_pdl-datastream" => "ipp",
					"_dicom" => "dicom",
					_ => "unknown",
				};
				let line = format!("mDNS: {name} at port {port}");
				observations.service(observed(SocketAddr::new(source, port), protocol, &line, 60));
				any = Some(());
			},
			_ => {},
		}
		at = data + length;
	}
	any
}

/// A name and the place behind it (RFC 1035, 4.1.4); pointers lead backwards only, so that none goes round.
fn dns_name(message: &[u8], start: usize) -> Option<(String, usize)> {
	let mut labels: Vec<String> = Vec::new();
	let mut at = start;
	let mut end = None;
	let mut limit = start;
	for _ in 0..64 {
		let length = *message.get(at)?;
		if length & 0xc0 == 0xc0 {
			let target = usize::from(u16::from_be_bytes([length & 0x3f, *message.get(at + 1)?]));
			end = end.or(Some(at + 2));
			if target >= limit {
				return None;
			}
			(at, limit) = (target, target);
			continue;
		}
		if length == 0 {
			let end = end.unwrap_or(at + 1);
			return Some((labels.join("."), end));
		}
		let label = message.get(at + 1..at + 1 + usize::from(length))?;
		labels.push(evidence::text(label));
		at += 1 + usize::from(length);
	}
	None
}

fn observed(at: SocketAddr, protocol: &str, line: &str, confidence: u8) -> Service {
	Service {
		address: at.ip(),
		port: at.port(),
		transport: Transport::Tcp,
		protocol: protocol.into(),
		product: None,
		vendor: None,
		version: None,
		cpe23: None,
		evidence: evidence::text(line.as_bytes()),
		confidence,
		package: None,
	}
}

/// Servers that greet, HTTP responses, HL7 messages and DICOM associations in the payload of a segment.
fn tcp_payload(from: SocketAddr, payload: &[u8], observations: &mut Observations) -> bool {
	if payload.first() == Some(&0x0b) {
		if let Some(sender) = hl7::sender(payload) {
			observations.service(sender.service(from));
			return true;
		}
	}
	let greets = payload.starts_with(b"SSH-")
		|| payload.starts_with(b"220 ")
		|| payload.starts_with(b"220-");
	if greets {
		observations.service(crate::probe::identify_greeting(from, payload));
		return true;
	}
	if payload.starts_with(b"HTTP/1.") {
		if let Some(service) = crate::probe::identify_response(from, payload) {
			observations.service(service);
			return true;
		}
	}
	if let Some(title) = requesting_title(payload) {
		observations.identity(from.ip(), Identity::AeTitle(title));
		return true;
	}
	if let Some(service) = crate::probe::identify_association(from, payload) {
		observations.service(service);
		// Who accepts repeats the title by which it was called.
		if let Some(title) = payload.get(10..26).and_then(title).filter(|_| payload[0] == 2) {
			observations.identity(from.ip(), Identity::AeTitle(title));
		}
		return true;
	}
	// A packet of SSH: its length takes one byte or two.
	if payload.starts_with(&[0, 0]) {
		if let Some(key) = crate::probe::identify_host_key(payload) {
			observations.identity(from.ip(), key);
			return true;
		}
	}
	false
}

/// The title by which who requests an association calls itself (PS3.8, section 9.3.2).
fn requesting_title(payload: &[u8]) -> Option<String> {
	let head = payload.get(..8)?;
	let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
	let is_request = head[..2] == [1, 0] && (68..=1 << 16).contains(&length) && head[6..] == [0, 1];
	is_request.then(|| title(payload.get(26..42)?))?
}

fn title(bytes: &[u8]) -> Option<String> {
	evidence::name(std::str::from_utf8(bytes).ok()?)
}
