//! Capture files (pcap and pcapng).

use std::io::Read;

use pcap_parser::{create_reader, Block, Linktype, PcapBlockOwned, PcapError};

use super::{frame, Observations};
use crate::error::Error;

/// Buffer for one record, bytes; a larger record ends the reading.
const BUFFER: usize = 256 << 10;

/// What was read of a capture file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capture {
	/// Frames.
	pub frames: u64,
	/// Frames of a kind that is not looked into.
	pub skipped: u64,
}

impl Observations {
	/// Reads a capture of Ethernet frames: ARP, DHCP, mDNS, LLDP, HL7 messages, and servers that greet.
	/// Memory is bounded whatever the size of the capture.
	///
	/// # Errors
	/// [`Error::Import`] if it is no capture, or breaks off; what came before is kept.
	pub fn read_capture(&mut self, reader: impl Read + Send) -> Result<Capture, Error> {
		let wrong = |reason: String| Error::Import { what: "a capture", reason };
		let mut blocks =
			create_reader(BUFFER, reader).map_err(|error| wrong(format!("{error:?}")))?;
		let mut capture = Capture::default();
		let mut links: Vec<Linktype> = Vec::new();
		let mut starved = false;
		loop {
			match blocks.next() {
				Ok((used, block)) => {
					starved = false;
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
					// A second time without progress: the record is larger than the buffer, or cut off.
					if starved {
						return Err(wrong("it breaks off within a record".into()));
					}
					starved = true;
					blocks.refill().map_err(|error| wrong(format!("{error:?}")))?;
				},
				Err(error) => return Err(wrong(format!("{error:?}"))),
			}
		}
	}
}
