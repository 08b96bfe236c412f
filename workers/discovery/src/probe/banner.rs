//! Servers that speak first: what their greeting says.

use std::net::SocketAddr;

use super::{heard, service};
use crate::{
	evidence,
	policy::Transport,
	snapshot::{Package, Service},
};

/// Identifies a server by its greeting.
pub(super) fn identify(at: SocketAddr, greeting: &[u8]) -> Service {
	let line = heard(greeting);
	let tcp = |protocol: &str, product: Option<&str>, version: Option<String>, confidence| {
		service(at, Transport::Tcp, protocol, product, version, line.clone(), confidence)
	};
	if line.starts_with("SSH-") {
		return ssh(at, &line);
	}
	if let Some(rest) = line.strip_prefix("220") {
		let upper = rest.to_ascii_uppercase();
		let (protocol, product) = if upper.contains("SMTP") {
			("smtp", ["Postfix", "Exim"].into_iter().find(|name| rest.contains(name)))
		} else if upper.contains("FTP") {
			("ftp", ["vsFTPd", "ProFTPD"].into_iter().find(|name| rest.contains(name)))
		} else {
			return tcp("unknown", None, None, 20);
		};
		let version = product.and_then(|name| version_after(rest, name));
		let product = product.map(str::to_ascii_lowercase);
		let confidence = if product.is_some() { 90 } else { 80 };
		return tcp(protocol, product.as_deref(), version, confidence);
	}
	match () {
		() if line.starts_with("+OK") => tcp("pop3", None, None, 80),
		() if line.starts_with("* OK") => tcp("imap", None, None, 80),
		() if line.starts_with("RFB 00") => tcp("vnc", None, None, 90),
		() if greeting.first() == Some(&0xff) => tcp("telnet", None, None, 70),
		// MySQL's first packet: three bytes of length, sequence 0, protocol version 10, version text.
		() if greeting.get(3..5) == Some(&[0, 10]) => {
			let text = greeting[5..].split(|byte| *byte == 0).next().unwrap_or_default();
			let (product, version) = mysql_version(&String::from_utf8_lossy(text));
			tcp("mysql", Some(product), version, 90)
		},
		// An error packet in its place: this client may not connect.
		() if greeting.get(3..5) == Some(&[0, 0xff]) => {
			let product = line.contains("MariaDB").then_some("mariadb");
			tcp("mysql", product, None, 80)
		},
		() => tcp("unknown", None, None, 10),
	}
}

/// `SSH-protoversion-softwareversion SP comments` (RFC 4253, section 4.2).
fn ssh(at: SocketAddr, line: &str) -> Service {
	let mut words = line.split(' ');
	let software = words.next().and_then(|id| id.splitn(3, '-').nth(2)).unwrap_or_default();
	let comment = words.next().unwrap_or_default();
	let (name, version) = software.split_once('_').unwrap_or((software, ""));
	let product = evidence::name(&name.to_ascii_lowercase());
	let version = evidence::name(version);
	let confidence = if version.is_some() { 95 } else { 80 };
	let mut found =
		service(at, Transport::Tcp, "ssh", product.as_deref(), version, line.into(), confidence);
	found.package = debian_openssh(&found, comment);
	found
}

/// Debian's OpenSSH shows its package revision behind the version (`OpenSSH_9.2p1 Debian-2+deb12u3`), so a
/// backported fix can be seen from outside. Its epoch is 1 since 2003.
fn debian_openssh(service: &Service, comment: &str) -> Option<Package> {
	if service.product.as_deref() != Some("openssh") {
		return None;
	}
	let upstream = service.version.as_deref()?;
	let revision = evidence::name(comment.strip_prefix("Debian-")?)?;
	let release: String =
		revision.split_once("deb")?.1.chars().take_while(char::is_ascii_digit).collect();
	if release.is_empty() {
		return None;
	}
	let version = format!("1:{upstream}-{revision}");
	Some(Package {
		name: "openssh-server".into(),
		source: "openssh".into(),
		source_version: version.clone(),
		version,
		distribution: format!("Debian:{release}"),
	})
}

/// `8.0.35` is MySQL's own; `5.5.5-10.11.6-MariaDB-0+deb12u1` is MariaDB 10.11.6, which puts an old version in
/// front for old clients.
fn mysql_version(text: &str) -> (&'static str, Option<String>) {
	let mut parts = text.split('-');
	let first = parts.next().unwrap_or_default();
	if !text.contains("MariaDB") {
		return ("mysql", evidence::name(first));
	}
	let version = if first == "5.5.5" { parts.next().unwrap_or_default() } else { first };
	("mariadb", evidence::name(version))
}

/// The version behind a product's name: `vsFTPd 3.0.3)` gives `3.0.3`.
fn version_after(text: &str, name: &str) -> Option<String> {
	let rest = text[text.find(name)? + name.len()..].trim_start_matches([' ', '/', '-']);
	let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
	let version = &rest[..end];
	version.starts_with(|c: char| c.is_ascii_digit()).then(|| evidence::name(version)).flatten()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn found(greeting: &[u8]) -> (String, Option<String>, Option<String>) {
		let service = identify(([192, 0, 2, 7], 22).into(), greeting);
		(service.protocol, service.product, service.version)
	}

	fn known(
		protocol: &str,
		product: &str,
		version: &str,
	) -> (String, Option<String>, Option<String>) {
		(protocol.into(), Some(product.into()), Some(version.into()))
	}

	#[test]
	fn greetings_name_protocol_product_and_version() {
		for (greeting, expected) in [
			(&b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"[..], known("ssh", "openssh", "9.2p1")),
			(b"SSH-2.0-dropbear_2022.83\r\n", known("ssh", "dropbear", "2022.83")),
			(b"220 (vsFTPd 3.0.3)\r\n", known("ftp", "vsftpd", "3.0.3")),
			(b"220 mail.example ESMTP Exim 4.96 Tue\r\n", known("smtp", "exim", "4.96")),
			(b"220 mail.example ESMTP Postfix\r\n", ("smtp".into(), Some("postfix".into()), None)),
			(b"220 ready\r\n", ("unknown".into(), None, None)),
			(b"\xff\xfd\x18", ("telnet".into(), None, None)),
			(b"\x4a\0\0\0\x0a8.0.35\0rest", known("mysql", "mysql", "8.0.35")),
			(
				b"\x5a\0\0\0\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\0rest",
				known("mysql", "mariadb", "10.11.6"),
			),
		] {
			assert_eq!(found(greeting), expected, "{}", String::from_utf8_lossy(greeting));
		}
	}

	#[test]
	fn the_package_revision_in_debians_greeting_is_understood() {
		let at = ([192, 0, 2, 7], 22).into();
		let service = identify(at, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
		assert_eq!(service.cpe23.as_deref(), Some("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"));
		let package = service.package.expect("Debian shows its revision");
		assert_eq!(package.version, "1:9.2p1-2+deb12u3");
		assert_eq!(package.distribution, "Debian:12");
		let plain = identify(at, b"SSH-2.0-OpenSSH_9.2p1\r\n");
		assert_eq!(plain.package, None);
	}

	proptest::proptest! {
		#[test]
		fn no_greeting_makes_it_panic(greeting in proptest::collection::vec(0u8.., 1..300)) {
			let service = identify(([192, 0, 2, 7], 22).into(), &greeting);
			proptest::prop_assert!(service.evidence.len() <= 256);
		}

		#[test]
		fn no_ssh_or_ftp_like_line_makes_it_panic(line in "(SSH-|220|SSH-2.0-OpenSSH_)\\PC{0,60}") {
			identify(([192, 0, 2, 7], 22).into(), line.as_bytes());
		}
	}
}
