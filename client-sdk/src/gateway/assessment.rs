//! What an assessment of a data package said, attached to the exchange in which the package is sent or was received.
//!
//! The result (JSON, of `curex-agent package`) is kept in the gateway's store, sealed to the organisation. The ledger holds a
//! salted commitment to it beside the exchange, one of each side ([`attest`]): whoever is handed a result sees whether it is
//! the one that was attested ([`compare`]). An AuditEvent tells the hashes of result and package for the access log that the
//! organisation anchors. Advice only: nothing is decided, held or delayed by it.

use super::{store::Word, Store};
use crate::{
	client::{Client, View},
	exchange::Opening,
	fhir::audit::Telling,
	keys::EncryptionKey,
	seal::{self, Purpose},
	submission::Recorded,
	time, Error,
};
use curex_primitives::{
	commitment::Domain, Exchange, ExchangeId, OrganisationId, PackageAssessments, Side,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sp_crypto_hashing::{blake2_256, sha2_256};
use zeroize::Zeroizing;

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

	/// As [`Self::read`], about this package if it is given.
	fn of(result: &[u8], package: Option<&[u8]>) -> Result<Self, Error> {
		let assessment = Self::read(result)?;
		if package.is_some_and(|package| hex::encode(sha2_256(package)) != assessment.sha256) {
			return Err(Error::input("the assessment is of another package"));
		}
		Ok(assessment)
	}

	/// Whether a person is to look at it.
	fn word(&self) -> Word {
		let exceeded = !self.both.as_ref().unwrap_or(&self.ours).exceeded.is_empty();
		if exceeded || !self.unusual.is_empty() {
			Word::Advice
		} else {
			Word::Nothing
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
	let assessment = Assessment::of(result, package)?;
	let (exchange, observer, _) = own_exchange(client, id).await?;
	let telling = Telling {
		id,
		exchange: &exchange,
		ledger: client.genesis(),
		observer,
		now: time::now(),
		patient: None,
	};
	let package_sha256 = assessment.sha256.clone();
	let digest = store_result(store, key, client.genesis(), id, result, assessment.word())?;
	let result_sha256 = hex::encode(digest);
	let audit_event = telling.assessment(&result_sha256, &package_sha256);
	let unusual = assessment.unusual.len();
	let exceeded = assessment.exceeded();
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
	let results = opened(store, key, genesis, id)?;
	let parse = |result: Zeroizing<Vec<u8>>| serde_json::from_slice(&result);
	let parsed: Result<_, _> = results.into_iter().map(parse).collect();
	parsed.map_err(|_| Error::Sealed("it is no JSON"))
}

/// The results that are attached to an exchange, as they were read.
fn opened(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
) -> Result<Vec<Zeroizing<Vec<u8>>>, Error> {
	let open = |(digest, sealed): ([u8; 32], Vec<u8>)| {
		let result = seal::open(key, Purpose::Assessment(genesis, id), &sealed)?;
		match sha2_256(&result) == digest {
			true => Ok(result),
			false => Err(Error::Sealed("it is another result than was attached")),
		}
	};
	store.attached(id)?.into_iter().map(open).collect()
}

/// What opens the own side's commitment, to be handed to the other side.
///
/// # Errors
/// [`Error::Input`] when nothing that is attached here is attested; otherwise as [`attached`].
pub fn handed_over(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
	attested: &PackageAssessments,
) -> Result<Opening, Error> {
	for result in opened(store, key, genesis, id)? {
		// That an assessment failed is attested by nobody.
		let Ok(opening) = opening(key, id, &result) else { continue };
		if [attested.holder, attested.recipient].contains(&Some(opening.commitment)) {
			return Ok(opening);
		}
	}
	Err(Error::input("nothing that is attached here is attested on the ledger"))
}

fn store_result(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
	result: &[u8],
	word: Word,
) -> Result<[u8; 32], Error> {
	let digest = sha2_256(result);
	let sealed = seal::seal(&key.public(), Purpose::Assessment(genesis, id), result)?;
	store.attach(id, digest, &sealed, word)?;
	Ok(digest)
}

/// Keeps a result that the gateway came by itself, about this package. Gives its hash.
pub(super) fn keep(
	client: &Client,
	store: &Store,
	key: &EncryptionKey,
	id: ExchangeId,
	result: &[u8],
	package: &[u8],
) -> Result<[u8; 32], Error> {
	let assessment = Assessment::of(result, Some(package))?;
	store_result(store, key, client.genesis(), id, result, assessment.word())
}

/// Keeps that an assessment failed.
pub(super) fn keep_failure(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
	told: &Value,
) -> Result<(), Error> {
	let told = told.to_string();
	store_result(store, key, genesis, id, told.as_bytes(), Word::Failure).map(drop)
}

/// The attached result with this hash, as it was read.
pub(super) fn result(
	store: &Store,
	key: &EncryptionKey,
	genesis: [u8; 32],
	id: ExchangeId,
	digest: [u8; 32],
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
	let results = opened(store, key, genesis, id)?;
	Ok(results.into_iter().find(|result| sha2_256(result) == digest))
}

/// An exchange of the own organisation, with its number and its side.
async fn own_exchange(
	client: &Client,
	id: ExchangeId,
) -> Result<(Exchange, OrganisationId, Side), Error> {
	let exchange = client.exchange(id, View::Best).await?;
	let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
	let own = client.own_delegate().await?.organisation;
	match exchange.side_of(own) {
		Some(side) => Ok((exchange, own, side)),
		None => Err(Error::input("the exchange is between other organisations")),
	}
}

/// What opens the commitment to a result: the result itself, with a salt that nobody finds without the organisation's
/// encryption key. The same whenever it is made, so that an attempt that was interrupted attests the same again. To be
/// handed to whoever is to see that the result is the one that was attested.
///
/// # Errors
/// [`Error::Input`] when it is no result of an assessment.
pub fn opening(key: &EncryptionKey, id: ExchangeId, result: &[u8]) -> Result<Opening, Error> {
	Assessment::read(result)?;
	let content = String::from_utf8_lossy(result);
	let secret = key.to_bytes();
	let parts: [&[u8]; 4] = [b"curex/assessed", &secret[..], &id.0, &sha2_256(result)];
	let salt = blake2_256(&Zeroizing::new(parts.concat()));
	Ok(Opening::salted(Domain::Assessment, &id.0, salt, &content))
}

/// A result that is attested on the ledger.
#[derive(Clone, Debug)]
pub struct Attested {
	/// What opens the commitment.
	pub opening: Opening,
	/// Where it was recorded; nothing if it was there before.
	pub recorded: Option<Recorded>,
}

/// Attests a result of an assessment on the ledger, beside an exchange of the own organisation. Each side attests one, from
/// when it has the package: the holder once it offered or approved, the recipient once it received. Attesting the same again
/// changes nothing.
///
/// # Errors
/// [`Error::Input`] when it is no result, another one was attested before, the package is not there yet, or the exchange is
/// between others; [`Error::NotFound`] when the ledger has no such exchange; otherwise as [`Client::record`].
pub async fn attest(
	client: &Client,
	key: &EncryptionKey,
	id: ExchangeId,
	result: &[u8],
) -> Result<Attested, Error> {
	let opening = opening(key, id, result)?;
	let (exchange, _, side) = own_exchange(client, id).await?;
	let attested = client.package_assessments(id, View::Best).await?;
	let own = match side {
		Side::Holder => attested.holder,
		Side::Recipient => attested.recipient,
	};
	let recorded = match own {
		Some(known) if known == opening.commitment => None,
		Some(_) => {
			return Err(Error::input(
				"this side attested another assessment of the package before; the ledger takes one",
			));
		},
		None if !exchange.has_package(side, exchange.state) => {
			return Err(Error::input(
				"the ledger takes an assessment of the holder once it offered or approved, and of the recipient once it received",
			));
		},
		None => Some(client.attest_package(id, &opening.commitment).await?),
	};
	Ok(Attested { opening, recorded })
}

/// How what was handed over compares with what the ledger holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
	/// It is what the holder attested.
	MatchesHolder,
	/// It is what the recipient attested.
	MatchesRecipient,
	/// It is none of what was attested.
	MatchesNeither,
	/// Neither side attested anything.
	NoneOnTheLedger,
}

/// Compares an opening that was handed over with what both sides of an exchange attested.
pub fn compare(id: ExchangeId, attested: &PackageAssessments, handed: &Opening) -> Comparison {
	let opened = |commitment| handed.opens(Domain::Assessment, &id.0, commitment);
	match (attested.holder, attested.recipient) {
		(None, None) => Comparison::NoneOnTheLedger,
		(Some(holder), _) if opened(&holder) => Comparison::MatchesHolder,
		(_, Some(recipient)) if opened(&recipient) => Comparison::MatchesRecipient,
		_ => Comparison::MatchesNeither,
	}
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
	fn what_is_handed_over_is_compared_with_what_each_side_attested() {
		let result = RESULT.replace("\"aa\"", &format!("\"{}\"", "ab".repeat(32)));
		let (ours, theirs) = (EncryptionKey::generate(), EncryptionKey::generate());
		let id = ExchangeId([7; 32]);
		let opening_of = |key| opening(key, id, result.as_bytes()).unwrap();
		let (one, other) = (opening_of(&ours), opening_of(&theirs));
		assert_eq!(one.commitment, opening_of(&ours).commitment, "an attempt made again");
		assert_ne!(one.commitment, other.commitment, "equal results do not show");
		let compared = |holder: Option<&Opening>, recipient: Option<&Opening>| {
			let holder = holder.map(|opening| opening.commitment);
			let recipient = recipient.map(|opening| opening.commitment);
			compare(id, &PackageAssessments { holder, recipient }, &one)
		};
		assert_eq!(compared(None, None), Comparison::NoneOnTheLedger);
		assert_eq!(compared(Some(&one), Some(&other)), Comparison::MatchesHolder);
		assert_eq!(compared(Some(&other), Some(&one)), Comparison::MatchesRecipient);
		assert_eq!(compared(Some(&other), None), Comparison::MatchesNeither);
		let holder = Some(one.commitment);
		let altered = Opening { content: result.replace("at least 5", "at least 2"), ..one };
		let attested = PackageAssessments { holder, recipient: None };
		assert_eq!(compare(id, &attested, &altered), Comparison::MatchesNeither);
		assert!(opening(&ours, id, b"{}").is_err());
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
		store.attach(id, digest, &seal(id), Word::Advice).unwrap();
		store.attach(id, digest, &seal(id), Word::Advice).unwrap();
		let found = attached(&store, &key, [1; 32], id).unwrap();
		assert_eq!(found, [serde_json::from_str::<Value>(RESULT).unwrap()]);
		assert!(attached(&store, &key, [1; 32], ExchangeId([8; 32])).unwrap().is_empty());
		assert!(attached(&store, &EncryptionKey::generate(), [1; 32], id).is_err());
		let other = ExchangeId([9; 32]);
		store.attach(other, digest, &seal(id), Word::Nothing).unwrap();
		assert!(attached(&store, &key, [1; 32], other).is_err(), "it was sealed beside another");
	}
}
