//! HL7 v2 messages as far as they tell who sent them.

use std::net::SocketAddr;

use crate::{evidence, policy::Transport, snapshot::Service};

/// Who sent a message: its header segment (HL7 v2.5, 2.15.9).
pub(crate) struct Sender {
	/// MSH-3, sending application.
	application: Option<String>,
	/// MSH-4, sending facility.
	facility: Option<String>,
	/// MSH-9, message type.
	kind: Option<String>,
	/// MSH-12, version of HL7.
	version: Option<String>,
}

/// Reads the first message header in bytes that may have MLLP framing around them.
pub(crate) fn sender(bytes: &[u8]) -> Option<Sender> {
	let start =
		bytes.windows(4).position(|window| window.starts_with(b"MSH") && window[3] > b' ')?;
	let rest = &bytes[start..];
	let end =
		rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | 0x1c)).unwrap_or(rest.len());
	let segment = String::from_utf8_lossy(&rest[..end.min(2_048)]).into_owned();
	let separator = segment.chars().nth(3)?;
	// MSH-1 is the separator itself, so that the second piece is MSH-2.
	let fields: Vec<&str> = segment.split(separator).collect();
	if fields.len() < 6 {
		return None;
	}
	let field = |number: usize| {
		fields
			.get(number - 1)
			.and_then(|text| evidence::name(text.split('^').next().unwrap_or_default()))
	};
	Some(Sender {
		application: field(3),
		facility: field(4),
		kind: fields.get(8).map(|text| evidence::text(text.as_bytes())),
		version: field(12),
	})
}

impl Sender {
	/// The sender as a service.
	pub(crate) fn service(&self, at: SocketAddr) -> Service {
		let show = |text: &Option<String>| text.clone().unwrap_or_else(|| "not given".into());
		let words = format!(
			"HL7 {}: application {}, facility {}, message {}",
			show(&self.version),
			show(&self.application),
			show(&self.facility),
			show(&self.kind)
		);
		Service {
			address: at.ip(),
			port: at.port(),
			transport: Transport::Tcp,
			protocol: "hl7".into(),
			product: self.application.as_ref().map(|name| name.to_lowercase()),
			vendor: None,
			version: None,
			cpe23: None,
			evidence: evidence::text(words.as_bytes()),
			confidence: 75,
			package: None,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_header_names_the_application() {
		let at = ([192, 0, 2, 7], 2575).into();
		let message =
			b"\x0bMSH|^~\\&|MIRTH^1|HOSP|CUREX|CUREX|2026||ACK^N01|1|P|2.5.1\rMSA|AR|1\r\x1c\r";
		let service = sender(message).expect("a header").service(at);
		assert_eq!(service.product.as_deref(), Some("mirth"));
		assert!(service.evidence.contains("HL7 2.5.1") && service.evidence.contains("HOSP"));
		assert!(sender(b"HTTP/1.1 200 OK").is_none() && sender(b"MSH|").is_none());
	}

	proptest::proptest! {
		#[test]
		fn no_message_makes_it_panic(tail in proptest::collection::vec(0u8.., 0..120)) {
			sender(&tail);
			if let Some(sender) = sender(&[b"MSH|^~\\&|", &tail[..]].concat()) {
				sender.service(([192, 0, 2, 7], 2575).into());
			}
		}
	}
}
