//! Throws damaged captures, logs, reports and fingerprint databases at the parsers of the crate.
//!
//! ```text
//! cargo run --release -p curex-discovery --example fuzz_discovery -- [--seconds 300] [--corpus FOLDER] [--state FILE]
//! ```
//!
//! A capture carries greetings, HTTP responses, DICOM associations, HL7 messages, DHCP, mDNS and LLDP to their
//! parsers. One JSON line a run; see `mutation`.

mod mutation;

use curex_discovery::{import_nmap, Fingerprints, Observations};

/// A capture of one frame: Ethernet, IPv4, TCP or UDP, payload.
fn capture(transport: u8, from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
	let mut segment = Vec::new();
	segment.extend(from.to_be_bytes());
	segment.extend(to.to_be_bytes());
	if transport == 6 {
		segment.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 4, 0, 0, 0, 0, 0]);
	} else {
		segment.extend((payload.len() as u16 + 8).to_be_bytes());
		segment.extend([0, 0]);
	}
	segment.extend(payload);
	let mut frame = vec![0xff; 6];
	frame.extend([2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0]);
	frame.extend((segment.len() as u16 + 20).to_be_bytes());
	frame.extend([0, 0, 0, 0, 64, transport, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
	frame.extend(segment);
	let length = (frame.len() as u32).to_le_bytes();
	let mut out = vec![
		0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
	];
	out.extend([0; 8]);
	out.extend(length);
	out.extend(length);
	out.extend(frame);
	out
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
	let mut dhcp = vec![1, 1, 6, 0];
	dhcp.resize(236, 0);
	dhcp.extend(
		b"\x63\x82\x53\x63\x35\x01\x03\x32\x04\xc0\x00\x02\x07\x0c\x04desk\x3c\x08MSFT 5.0\xff",
	);
	let samples = vec![
		capture(6, 22, 50_000, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
		capture(6, 25, 50_000, b"220 mail ESMTP Exim 4.96\r\n"),
		capture(6, 80, 50_000, b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n"),
		capture(6, 2_575, 50_000, b"\x0bMSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5\r\x1c\r"),
		capture(6, 104, 50_000, &[2, 0, 0, 0, 0, 74, 0, 1, 0, 0]),
		capture(17, 68, 67, &dhcp),
		capture(17, 5_353, 5_353, b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x04host\x05local\0\0\x01\0\x01\0\0\0\x78\0\x04\xc0\0\x02\x01"),
		b"#fields\tts\thost\thost_p\tname\tversion.major\n1.0\t192.0.2.1\t22\tOpenSSH\t9\n".to_vec(),
		br#"<nmaprun start="1"><host><status state="up"/><address addr="192.0.2.1" addrtype="ipv4"/><ports><port protocol="tcp" portid="22"><state state="open"/><service name="ssh" product="OpenSSH" version="9.2p1"/></port></ports></host></nmaprun>"#.to_vec(),
		br#"<fingerprints matches="ssh.banner"><fingerprint pattern="^a+([\d.]+)$"><param pos="1" name="service.version"/></fingerprint></fingerprints>"#.to_vec(),
	];
	mutation::run("curex-discovery", samples, |bytes| {
		let mut observations = Observations::default();
		let _ = observations.read_capture(bytes);
		let _ = observations.read_zeek(bytes);
		observations.snapshot(0);
		let _ = import_nmap(bytes);
		let mut fingerprints = Fingerprints::default();
		if fingerprints.add(bytes).is_ok() {
			fingerprints.identify("ssh.banner", "aaa1.2");
		}
	})
}
