//! What an assessment of a data package said, attached to the exchange in which the package is sent or was received.
//!
//! The result (JSON, of `curex-agent package`) is kept in the gateway's store, sealed to the organisation. An AuditEvent tells its
//! hash and that of the package beside the exchange; in the access log that the organisation anchors, it commits the
//! organisation to both on the ledger. Advice only: nothing is decided, held or delayed by it.

use super::Store;
use crate::{
	client::{Client, View},
	fhir::audit::Telling,
	keys::EncryptionKey,
	seal::{self, Purpose},
	time, Error,
};
use curex_primitives::ExchangeId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sp_crypto_hashing::sha2_256;

/// Longest result: 1 MiB.
const LONGEST: usize = 1 << 20;

/// What is read of a result; the rest is for people.
#[derive(Deserialize)]
struct Assessment {
	/// SHA-256 of the package, in hexadecimal.
	sha256: String,
	/// Under the own policy.
	ours: Finding,
	/// Under the stricter of both sides' policies, if the other one was at hand.
	both: Option<Finding>,
	/// Rows unlike the others.
	unusual: Vec<Value>,
}

#[derive(Deserialize)]
struct Finding {
	/// What the policy asks for and the package does not give.
	exceeded: Vec<String>,
}

/// An assessment that was attached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attached {
	/// The exchange.
	pub exchange: ExchangeId,
	/// SHA-256 of the result, in hexadecimal.
	pub result_sha256: String,
	/// SHA-256 of the package that was assessed, in hexadecimal.
	pub package_sha256: String,
	/// What the policies ask for and the package does not give.
	pub exceeded: Vec<String>,
	/// How many rows are unlike the others.
	pub unusual: usize,
	/// The AuditEvent for the organisation's access log.
	pub audit_event: Value,
}

impl Assessment {
	fn read(result: &[u8]) -> Result<Self, Error> {
		let none = || Error::input("it is no result of an assessment (`curex-agent package`)");
		if result.len() > LONGEST {
			return Err(none());
		}
		let assessment: Self = serde_json::from_slice(result).map_err(|_| none())?;
		match hex::decode(&assessment.sha256) {
			Ok(hash) if hash.len() == 32 => Ok(assessment),
			_ => Err(none()),
		}
	}

	fn exceeded(self) -> Vec<String> {
		self.both.unwrap_or(self.ours).exceeded
	}
}

/// Attaches the result of an assessment to an exchange of the own organisation: keeps it, sealed, and tells the AuditEvent for
/// the access log. If the package is given, the result must be about it. Attaching it again changes nothing.
///
/// # Errors
/// [`Error::Input`] when it is no result, is about another package, or the exchange is between others; [`Error::NotFound`] when
/// the ledger has no such exchange; [`Error::Store`], [`Error::Connection`].
pub async fn attach(
	client: &Client,
	store: &Store,
	key: &EncryptionKey,
	id: ExchangeId,
	result: &[u8],
	package: Option<&[u8]>,
) -> Result<Attached, Error> {
	let assessment = Assessment::read(result)?;
	if package.is_some_and(|package| hex::encode(sha2_256(package)) != assessment.sha256) {
		return Err(Error::input("the assessment is of another package"));
	}
	let exchange = client.exchange(id, View::Best).await?;
	let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
	let observer = client.own_delegate().await?.organisation;
	if ![exchange.holder, exchange.recipient].contains(&observer) {
		return Err(Error::input("the exchange is between other organisations"));
	}
	let digest = sha2_256(result);
	let telling = Telling {
		id,
		exchange: &exchange,
		ledger: client.genesis(),
		observer,
		now: time::now(),
		patient: None,
	};
	let package_sha256 = assessment.sha256.clone();
	let audit_event = telling.assessment(&hex::encode(digest), &package_sha256);
	let unusual = assessment.unusual.len();
	let exceeded = assessment.exceeded();
	let advises = !exceeded.is_empty() || unusual > 0;
	let purpose = Purpose::Assessment(client.genesis(), id);
	store.attach(id, digest, &seal::seal(&key.public(), purpose, result)?, advises)?;
	let result_sha256 = hex::encode(digest);
	Ok(Attached { exchange: id, result_sha256, package_sha256, exceeded, unusual, audit_event })
}

/// The results that are attached to an exchange, by when they were.
///
/// # Errors
/// [`Error::Sealed`] when one was sealed to another key, [`Error::Store`].
pub fn attached(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
) -> Result<Vec<Value>, Error> {
	let open = |(digest, sealed): ([u8; 32], Vec<u8>)| {
		let result = seal::open(key, Purpose::Assessment(genesis, id), &sealed)?;
		if sha2_256(&result) != digest {
			return Err(Error::Sealed("it is another result than was attached"));
		}
		serde_json::from_slice(&result).map_err(|_| Error::Sealed("it is no JSON"))
	};
	store.attached(id)?.into_iter().map(open).collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	const RESULT: &str = r#"{"sha256":"aa","rows":4,"ours":{"exceeded":[]},
		"both":{"exceeded":["smallest group 2, at least 5 asked for"]},"unusual":[{"row":3}],"advice":"…"}"#;

	#[test]
	fn a_result_is_read_with_what_both_sides_ask_for() {
		let result = RESULT.replace("\"aa\"", &format!("\"{}\"", "ab".repeat(32)));
		let assessment = Assessment::read(result.as_bytes()).unwrap();
		assert_eq!(assessment.unusual.len(), 1);
		assert_eq!(assessment.exceeded().len(), 1);
		for wrong in [RESULT, "{}", "[]", "no"] {
			assert!(matches!(Assessment::read(wrong.as_bytes()), Err(Error::Input(_))), "{wrong}");
		}
	}

	#[test]
	fn an_attached_result_is_sealed_and_opens_beside_its_exchange_alone() {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(&folder.path().join("gateway.sqlite"), [1; 32]).unwrap();
		let (key, id) = (EncryptionKey::generate(), ExchangeId([7; 32]));
		let seal = |id| {
			let purpose = Purpose::Assessment([1; 32], id);
			seal::seal(&key.public(), purpose, RESULT.as_bytes()).unwrap()
		};
		let digest = sha2_256(RESULT.as_bytes());
		store.attach(id, digest, &seal(id), true).unwrap();
		store.attach(id, digest, &seal(id), true).unwrap();
		let found = attached(&store, &key, [1; 32], id).unwrap();
		assert_eq!(found, [serde_json::from_str::<Value>(RESULT).unwrap()]);
		assert!(attached(&store, &key, [1; 32], ExchangeId([8; 32])).unwrap().is_empty());
		assert!(attached(&store, &EncryptionKey::generate(), [1; 32], id).is_err());
		let other = ExchangeId([9; 32]);
		store.attach(other, digest, &seal(id), false).unwrap();
		assert!(attached(&store, &key, [1; 32], other).is_err(), "it was sealed beside another");
	}
}
