//! TLS: whose certificate is it, and which web application is behind it.
//!
//! The handshake is completed so that the certificate of TLS 1.3 can be read; nobody is trusted on its ground,
//! so it is not verified. The certificate is evidence of identity, not of authority.

use std::{net::SocketAddr, sync::Arc};

use sha2::{Digest, Sha256};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
	client::TlsStream,
	rustls::{
		client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
		crypto::ring,
		pki_types::{CertificateDer, ServerName, UnixTime},
		ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
	},
	TlsConnector,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{service, Prober};
use crate::{audit::ProbeAction, error::Error, evidence, policy::Transport, snapshot::Service};

/// What a certificate says.
pub(super) struct Certificate {
	/// SHA-256 of its DER form, hexadecimal: it stays when the address changes.
	pub(super) fingerprint: String,
	/// Subject, issuer, names and end, as evidence.
	pub(super) words: String,
}

/// Does a handshake. The inner error is silence or something that is not TLS.
pub(super) async fn handshake(
	prober: &Prober<'_>,
	at: SocketAddr,
) -> Result<Option<(TlsStream<TcpStream>, Option<Certificate>)>, Error> {
	let Ok(stream) = prober.connect(at).await? else { return Ok(None) };
	prober.announce(at, Transport::Tcp, ProbeAction::TlsHandshake).await?;
	let Some(config) = config() else { return Ok(None) };
	let name = ServerName::IpAddress(at.ip().into());
	let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
	let Ok(Ok(stream)) = timeout(prober.policy.timeout(), connecting).await else {
		return Ok(None);
	};
	let (_, session) = stream.get_ref();
	let certificate = session
		.peer_certificates()
		.and_then(|chain| chain.first())
		.map(|certificate| read(certificate.as_ref()));
	Ok(Some((stream, certificate)))
}

/// The port as a service of its own, with the certificate as evidence.
pub(super) fn found(at: SocketAddr, certificate: Option<&Certificate>) -> Service {
	let words = certificate.map_or("no certificate", |certificate| certificate.words.as_str());
	service(at, Transport::Tcp, "tls", None, None, evidence::text(words.as_bytes()), 95)
}

/// A TLS service by the certificate it showed.
pub(super) fn identify(at: SocketAddr, der: &[u8]) -> Service {
	found(at, Some(&read(der)))
}

/// Reads a certificate; one that cannot be read still has a fingerprint.
fn read(der: &[u8]) -> Certificate {
	let fingerprint = hex::encode(Sha256::digest(der));
	// The decoder is a third party's: should it panic on hostile bytes, the certificate is not understood.
	let words = std::panic::catch_unwind(|| words(der)).ok().flatten();
	let words = words.unwrap_or_else(|| "a certificate that cannot be read".into());
	Certificate { words: format!("{words}; sha256 {fingerprint}"), fingerprint }
}

fn words(der: &[u8]) -> Option<String> {
	let (_, certificate) = X509Certificate::from_der(der).ok()?;
	let names: Vec<String> = certificate
		.subject_alternative_name()
		.ok()
		.flatten()
		.map(|extension| {
			let names = extension.value.general_names.iter().filter_map(|name| match name {
				GeneralName::DNSName(name) => Some((*name).to_owned()),
				_ => None,
			});
			names.take(4).collect()
		})
		.unwrap_or_default();
	Some(format!(
		"subject {}; issuer {}; names {}; until {}",
		evidence::text(certificate.subject().to_string().as_bytes()),
		evidence::text(certificate.issuer().to_string().as_bytes()),
		names.join(" "),
		certificate.validity().not_after
	))
}

fn config() -> Option<ClientConfig> {
	let provider = Arc::new(ring::default_provider());
	let builder =
		ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
	Some(
		builder
			.ok()?
			.dangerous()
			.with_custom_certificate_verifier(Arc::new(Nobody))
			.with_no_client_auth(),
	)
}

/// Accepts every certificate, because nothing is believed on its ground.
#[derive(Debug)]
struct Nobody;

impl ServerCertVerifier for Nobody {
	fn verify_server_cert(
		&self,
		_: &CertificateDer<'_>,
		_: &[CertificateDer<'_>],
		_: &ServerName<'_>,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, TlsError> {
		Ok(ServerCertVerified::assertion())
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, TlsError> {
		Ok(HandshakeSignatureValid::assertion())
	}

	fn verify_tls13_signature(
		&self,
		_: &[u8],
		_: &CertificateDer<'_>,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, TlsError> {
		Ok(HandshakeSignatureValid::assertion())
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		ring::default_provider().signature_verification_algorithms.supported_schemes()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	proptest::proptest! {
		#[test]
		fn no_certificate_makes_it_panic(der in proptest::collection::vec(0u8.., 0..300)) {
			let read = read(&der);
			proptest::prop_assert_eq!(read.fingerprint.len(), 64);
		}

		#[test]
		fn no_damaged_structure_makes_it_panic(tail in proptest::collection::vec(0u8.., 0..200)) {
			let length = u8::try_from(tail.len().min(127)).unwrap_or(127);
			read(&[&[0x30, length, 0x30, 0x81][..], &tail].concat());
		}
	}
}
