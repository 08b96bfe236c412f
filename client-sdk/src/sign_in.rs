//! Signing in at an explorer with a delegate's account: the explorer gives a challenge, the account signs it. No
//! password and no key leaves the machine, and the signature is worth nothing at any other address.

use crate::{keys, Error, Signer};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sp_core::{ed25519, Pair};
use std::time::Duration;

/// What wallets put around bytes that they sign, so that no signature passes for one of a transaction.
const WRAPPED: (&str, &str) = ("<Bytes>", "</Bytes>");

/// The text that is signed. `host` is the explorer's name (and port) as whoever signs reached it: a false explorer
/// cannot pass the signature on.
pub fn message(host: &str, genesis: &[u8; 32], challenge: &str) -> String {
	format!(
		"CUREX explorer: sign in\nexplorer: {host}\nledger: 0x{}\nchallenge: {challenge}",
		hex::encode(genesis)
	)
}

/// Whether a signature over a text is that of an account, by sr25519 or ed25519, bare or wrapped as wallets do
/// (`<Bytes>…</Bytes>`).
pub fn is_signed_by(account: &[u8; 32], text: &str, signature: &[u8; 64]) -> bool {
	let wrapped = format!("{}{text}{}", WRAPPED.0, WRAPPED.1);
	[text.to_owned(), wrapped].iter().any(|text| {
		let (signature, account) = (*signature, *account);
		keys::is_signed_by(&account, text.as_bytes(), &signature)
			|| ed25519::Pair::verify(
				&ed25519::Signature::from_raw(signature),
				text.as_bytes(),
				&ed25519::Public::from_raw(account),
			)
	})
}

/// A challenge, as an explorer gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Challenge {
	/// What is to be signed, within [`message`].
	pub challenge: String,
	/// Hash of the first block of the explorer's ledger, in hexadecimal.
	pub genesis: String,
}

/// A session at an explorer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
	/// Proves the session: `Authorization: Bearer …`.
	pub token: String,
	/// Path of a page that opens the same rights in a browser, once and soon.
	pub link: String,
	/// The organisation for which the account acts.
	pub organisation: u32,
	/// When the session ends (RFC 3339, UTC).
	pub until: String,
}

/// Signs in. Waits for the answers of the explorer, at most 20 seconds each.
///
/// # Errors
/// [`Error::Input`] for an address that is neither `https` nor on this machine, [`Error::Connection`] when the explorer
/// does not answer, [`Error::Key`] when it does not let the account in.
pub fn sign_in(explorer: &str, signer: &Signer) -> Result<Session, Error> {
	let base = crate::web_address::confidential("explorer's", explorer)?;
	let host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
	let host = host.split('/').next().unwrap_or(host);
	let agent: ureq::Agent = ureq::Agent::config_builder()
		.timeout_global(Some(Duration::from_secs(20)))
		.max_redirects(0)
		.proxy(None)
		.http_status_as_error(false)
		.build()
		.into();
	let failed = |error: ureq::Error| Error::Connection(error.to_string());
	let given = agent.get(format!("{base}/api/v1/challenge")).call().map_err(failed)?;
	let given: Challenge = read(given)?;
	let mut genesis = [0; 32];
	hex::decode_to_slice(given.genesis.trim_start_matches("0x"), &mut genesis)
		.map_err(|_| Error::Protocol("the explorer names no ledger".into()))?;
	let signature = signer.sign(message(host, &genesis, &given.challenge).as_bytes())?;
	let answer = json!({
		"account": format!("0x{}", hex::encode(signer.account())),
		"challenge": given.challenge,
		"signature": format!("0x{}", hex::encode(signature)),
	});
	let answered = agent
		.post(format!("{base}/api/v1/sign-in"))
		.header("content-type", "application/json")
		.send(answer.to_string())
		.map_err(failed)?;
	read(answered)
}

/// Reads an answer, or what it says was wrong.
fn read<T: serde::de::DeserializeOwned>(
	mut answer: ureq::http::Response<ureq::Body>,
) -> Result<T, Error> {
	/// Challenges and sessions are far smaller.
	const MOST: u64 = 64 << 10;
	let status = answer.status();
	let bytes = answer
		.body_mut()
		.with_config()
		.limit(MOST)
		.read_to_vec()
		.map_err(|error| Error::Connection(error.to_string()))?;
	let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
	if let (false, Some(told)) = (status.is_success(), json["error"].as_str()) {
		return Err(Error::Key(format!("the explorer does not let this account in: {told}")));
	}
	serde_json::from_value(json)
		.map_err(|_| Error::Protocol(format!("no explorer answers at this address ({status})")))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_signature_counts_bare_and_wrapped_and_for_its_host_alone() {
		let signer = Signer::development("//Alice").unwrap();
		let text = message("explorer.example", &[1; 32], "c");
		let bare = signer.sign(text.as_bytes()).unwrap();
		let wrapped = signer.sign(format!("<Bytes>{text}</Bytes>").as_bytes()).unwrap();
		assert!(is_signed_by(&signer.account(), &text, &bare));
		assert!(is_signed_by(&signer.account(), &text, &wrapped));
		for other in [
			message("evil.example", &[1; 32], "c"),
			message("explorer.example", &[2; 32], "c"),
			message("explorer.example", &[1; 32], "d"),
		] {
			assert!(!is_signed_by(&signer.account(), &other, &bare), "{other}");
		}
		assert!(!is_signed_by(&[7; 32], &text, &bare));
	}

	#[test]
	fn an_ed25519_account_signs_as_well() {
		let pair = ed25519::Pair::from_seed(&[5; 32]);
		let text = message("localhost:1", &[1; 32], "c");
		let signature = pair.sign(text.as_bytes());
		assert!(is_signed_by(&pair.public().0, &text, &signature.0));
		assert!(!is_signed_by(&pair.public().0, "other", &signature.0));
	}

	#[test]
	fn nothing_is_signed_for_an_address_that_others_can_listen_to() {
		let signer = Signer::development("//Alice").unwrap();
		for wrong in ["http://explorer.example", "ftp://x", "https://a@b", "http://127.0.0.1.evil"]
		{
			assert!(matches!(sign_in(wrong, &signer), Err(Error::Input(_))), "{wrong}");
		}
	}
}
