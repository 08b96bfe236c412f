//! SSH: which key does the server show?
//!
//! A key exchange is begun as every client begins it (RFC 4253, section 7; RFC 8731) and broken off politely once the server
//! has shown its host key, which passes in the clear. Nobody signs in, and that the server holds the key is not proven: it is
//! evidence of identity, as a certificate is.

use std::net::SocketAddr;

use base64::{engine::general_purpose::STANDARD_NO_PAD, Engine};
use sha2::{Digest, Sha256};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{read_some, Prober};
use crate::{audit::ProbeAction, error::Error, policy::Transport, snapshot::Identity};

/// Most bytes of an answer that are read, and the largest packet (RFC 4253, section 6.1).
const ANSWER_BYTES: usize = 64 << 10;
const PACKET_BYTES: usize = 35_000;

const DISCONNECT: u8 = 1;
const KEXINIT: u8 = 20;
const KEX_ECDH_INIT: u8 = 30;
const KEX_ECDH_REPLY: u8 = 31;

const VERSION: &[u8] = b"SSH-2.0-CUREX_discovery\r\n";
const KEY_EXCHANGES: &str = "curve25519-sha256,curve25519-sha256@libssh.org";

/// What is offered: key exchange, host keys, then ciphers, codes and compression in both directions, and no languages.
const OFFERS: [&str; 10] = [
	KEY_EXCHANGES,
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,rsa-sha2-512,rsa-sha2-256,ssh-rsa",
	"chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr",
	"chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr",
	"hmac-sha2-256,hmac-sha2-512,hmac-sha1",
	"hmac-sha2-256,hmac-sha2-512,hmac-sha1",
	"none",
	"none",
	"",
	"",
];

/// Asks a server that has greeted for its host key, on the connection on which it greeted.
pub(super) async fn host_key(
	prober: &Prober<'_>,
	at: SocketAddr,
	stream: &mut TcpStream,
	greeting: &[u8],
) -> Result<Option<Identity>, Error> {
	prober.announce(at, Transport::Tcp, ProbeAction::SshKeyExchange).await?;
	let patience = prober.policy.timeout();
	if stream.write_all(&[VERSION, &packet(&offer())].concat()).await.is_err() {
		return Ok(None);
	}
	// Some send their offer together with the greeting.
	let begun =
		greeting.iter().position(|byte| *byte == b'\n').map_or(&[][..], |at| &greeting[at + 1..]);
	let mut heard = begun.to_vec();
	if message(&heard, KEXINIT).is_none() {
		let whole = |bytes: &[u8]| message(&[begun, bytes].concat(), KEXINIT).is_some();
		heard.extend(read_some(stream, ANSWER_BYTES, patience, whole).await.0);
	}
	let Some(true) = message(&heard, KEXINIT).map(exchanges_as_we_do) else { return Ok(None) };
	// The base point is as good a key as any: no secret is made.
	let point = [&[9][..], &[0; 31]].concat();
	let question = [&[KEX_ECDH_INIT][..], &text(&point)].concat();
	if stream.write_all(&packet(&question)).await.is_err() {
		return Ok(None);
	}
	let whole = |bytes: &[u8]| message(&[&heard, bytes].concat(), KEX_ECDH_REPLY).is_some();
	let more = read_some(stream, ANSWER_BYTES, patience, whole).await.0;
	// Politeness only: the server need not wait for the rest of the exchange.
	let by_application = [&[DISCONNECT, 0, 0, 0, 11][..], &text(b"")[..], &text(b"")].concat();
	let _ = stream.write_all(&packet(&by_application)).await;
	Ok(identify(&[heard, more].concat()))
}

/// The host key in packets that a server sent.
pub(super) fn identify(packets: &[u8]) -> Option<Identity> {
	let reply = message(packets, KEX_ECDH_REPLY)?;
	let (key, _) = cut(reply.get(1..)?)?;
	// A key begins with the name of its kind.
	let (kind, _) = cut(key)?;
	let known =
		[&b"ssh-"[..], b"ecdsa-", b"rsa-", b"sk-"].iter().any(|name| kind.starts_with(name));
	known.then(|| {
		Identity::SshHostKey(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key))))
	})
}

fn offer() -> Vec<u8> {
	// The cookie makes the secret unforeseeable; there is none.
	let mut out = vec![KEXINIT];
	out.extend([0; 16]);
	OFFERS.iter().for_each(|names| out.extend(text(names.as_bytes())));
	out.extend([0; 5]);
	out
}

/// Whether the server's list of key exchanges has one of ours.
fn exchanges_as_we_do(offer: &[u8]) -> bool {
	let Some((names, _)) = offer.get(17..).and_then(cut) else { return false };
	let ours: Vec<&[u8]> = KEY_EXCHANGES.split(',').map(str::as_bytes).collect();
	names.split(|byte| *byte == b',').any(|name| ours.contains(&name))
}

/// A string with its length before it (RFC 4251, section 5).
fn text(bytes: &[u8]) -> Vec<u8> {
	let length = u32::try_from(bytes.len()).unwrap_or(0);
	[&length.to_be_bytes()[..], bytes].concat()
}

/// The first string, and what follows.
fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
	let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
	let end = 4_usize.checked_add(usize::try_from(length).ok()?)?;
	Some((bytes.get(4..end)?, bytes.get(end..)?))
}

/// A packet before keys are exchanged (RFC 4253, section 6): padded to a multiple of eight.
fn packet(payload: &[u8]) -> Vec<u8> {
	let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
	let length = u32::try_from(payload.len() + padding + 1).unwrap_or(0);
	let mut out = length.to_be_bytes().to_vec();
	out.push(padding as u8);
	out.extend(payload);
	out.resize(out.len() + padding, 0);
	out
}

/// The first message of this kind among packets, without its packet.
fn message(packets: &[u8], kind: u8) -> Option<&[u8]> {
	let mut rest = packets;
	loop {
		let (packet, more) = cut(rest)?;
		let padding = usize::from(*packet.first()?);
		let payload = packet.get(1..packet.len().checked_sub(padding)?)?;
		if packet.len() > PACKET_BYTES {
			return None;
		}
		if payload.first() == Some(&kind) {
			return Some(payload);
		}
		rest = more;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn reply(key: &[u8]) -> Vec<u8> {
		packet(&[&[KEX_ECDH_REPLY][..], &text(key), &text(&[7; 32]), &text(b"signature")].concat())
	}

	#[test]
	fn packets_are_padded_and_found_again() {
		for length in 0..40 {
			let payload = vec![KEXINIT; length + 1];
			let framed = packet(&payload);
			assert_eq!(framed.len() % 8, 0);
			assert!(framed[4] >= 4);
			assert_eq!(message(&[packet(&[2]), framed].concat(), KEXINIT), Some(&payload[..]));
		}
		assert!(exchanges_as_we_do(&offer()));
		let other = [&[KEXINIT; 17][..], &text(b"diffie-hellman-group1-sha1")].concat();
		assert!(!exchanges_as_we_do(&other));
	}

	#[test]
	fn the_host_key_is_named_as_ssh_keygen_names_it() {
		// `ssh-keygen -lf` says so of a key of 32 bytes of 1.
		let key = [text(b"ssh-ed25519"), text(&[1; 32])].concat();
		let found = identify(&[packet(&offer()), reply(&key)].concat());
		assert_eq!(
			found,
			Some(Identity::SshHostKey("SHA256:RXm/ruZ0eTzRXKwi1AQEDynB0VgHQ2ac9KPSFdf/YnA".into()))
		);
		assert_eq!(identify(&reply(b"rubbish")), None);
		assert_eq!(identify(&reply(&text(b"x509v3"))), None);
	}

	proptest::proptest! {
		#[test]
		fn no_packet_makes_it_panic(bytes in proptest::collection::vec(0u8.., 0..200), cut in 0usize..120) {
			identify(&bytes);
			let whole = reply(&[text(b"ssh-ed25519"), text(&[1; 32])].concat());
			identify(&whole[..cut.min(whole.len())]);
			exchanges_as_we_do(&bytes);
		}
	}
}
