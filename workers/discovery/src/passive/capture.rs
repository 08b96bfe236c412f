//! Captures (pcap and pcapng) from files and pipes.

use std::io::{Cursor, Read};

use pcap_parser::{create_reader, Block, Linktype, PcapBlockOwned, PcapError};

use super::{frame, Observations};
use crate::error::Error;

/// Buffer for one record, bytes; a larger record ends the reading.
const BUFFER: usize = 256 << 10;
/// Type of pcapng's first block, the same in both orders of bytes.
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// Bytes of pcap's header.
const HEADER: usize = 24;

/// What was read of a capture, or seen at an interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capture {
	/// Frames.
	pub frames: u64,
	/// Frames of a kind that is not looked into.
	pub skipped: u64,
}

impl Observations {
	/// Reads a capture of Ethernet frames: ARP, DHCP, mDNS, LLDP, CDP, HL7 messages, and servers that greet.
	/// Memory is bounded whatever the size of the capture. A pipe is read as its frames come
	/// (`tcpdump -i eth0 -U -w - | …`), until the other side ends it.
	///
	/// # Errors
	/// [`Error::Import`] if it is no capture, or breaks off; what came before is kept.
	pub fn read_capture(&mut self, reader: impl Read + Send) -> Result<Capture, Error> {
		let wrong = |reason: String| Error::Import { what: "a capture", reason };
		let reader = beginning(reader).map_err(|error| wrong(error.to_string()))?;
		let mut blocks =
			create_reader(BUFFER, reader).map_err(|error| wrong(format!("{error:?}")))?;
		let mut capture = Capture::default();
		let mut links: Vec<Linktype> = Vec::new();
		loop {
			match blocks.next() {
				Ok((used, block)) => {
					let frame = match block {
						PcapBlockOwned::LegacyHeader(header) => {
							links = vec![header.network];
							None
						},
						PcapBlockOwned::Legacy(packet) => Some((0, packet.data)),
						PcapBlockOwned::NG(Block::SectionHeader(_)) => {
							links.clear();
							None
						},
						PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
							if links.len() < 1_024 {
								links.push(interface.linktype);
							}
							None
						},
						PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
							// Padding follows the captured bytes.
							let length = (packet.caplen as usize).min(packet.data.len());
							Some((packet.if_id as usize, &packet.data[..length]))
						},
						PcapBlockOwned::NG(Block::SimplePacket(packet)) => Some((0, packet.data)),
						PcapBlockOwned::NG(_) => None,
					};
					if let Some((interface, bytes)) = frame {
						capture.frames += 1;
						let ethernet = links.get(interface) == Some(&Linktype::ETHERNET);
						if !ethernet || !frame::observe(bytes, self) {
							capture.skipped += 1;
						}
					}
					blocks.consume(used);
				},
				Err(PcapError::Eof) => return Ok(capture),
				Err(PcapError::Incomplete(_)) => {
					let held = blocks.data().len();
					blocks.refill().map_err(|error| wrong(format!("{error:?}")))?;
					// No progress: the record is larger than the buffer, or cut off.
					if blocks.data().len() == held && held > 0 {
						return Err(wrong("it breaks off within a record".into()));
					}
				},
				Err(error) => return Err(wrong(format!("{error:?}"))),
			}
		}
	}
}

/// Reads the first header or block as a whole, for the reader of captures wants it at once and a pipe may give it in
/// pieces.
fn beginning<R: Read>(mut reader: R) -> std::io::Result<impl Read> {
	let mut head = Vec::new();
	reader.by_ref().take(12).read_to_end(&mut head)?;
	let length = match (head.get(..4), head.get(4..12)) {
		(Some(kind), Some(&[a, b, c, d, order, ..])) if kind == SECTION => {
			// The magic number that follows tells the order of the bytes.
			let bytes = [a, b, c, d];
			let little = order == 0x4d;
			let length = if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
			(length as usize).min(BUFFER)
		},
		_ => HEADER,
	};
	let rest = length.saturating_sub(head.len()) as u64;
	reader.by_ref().take(rest).read_to_end(&mut head)?;
	Ok(Cursor::new(head).chain(reader))
}
