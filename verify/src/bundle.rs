//! The bundle: everything needed to verify one block's records, in one JSON file.

use crate::{
	finality::{authority, read_authorities, read_header},
	trie, AuthoritySet, Error, Header,
};
use alloc::{
	string::{String, ToString},
	vec::Vec,
};
use codec::{Compact, Decode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sp_core::H256;
use sp_runtime::traits::Header as _;

/// What stands at the beginning of every bundle of this version.
pub const FORMAT: &str = "curex-proof-1";

/// Bytes, written as `0x…` in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Bytes(pub Vec<u8>);

impl AsRef<[u8]> for Bytes {
	fn as_ref(&self) -> &[u8] {
		&self.0
	}
}

impl From<Vec<u8>> for Bytes {
	fn from(bytes: Vec<u8>) -> Self {
		Self(bytes)
	}
}

impl Serialize for Bytes {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(&alloc::format!("0x{}", hex::encode(&self.0)))
	}
}

impl<'de> Deserialize<'de> for Bytes {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		let text = String::deserialize(deserializer)?;
		text.strip_prefix("0x")
			.and_then(|digits| hex::decode(digits).ok())
			.map(Self)
			.ok_or_else(|| serde::de::Error::custom("expected 0x and hexadecimal digits"))
	}
}

/// One change of the authority set.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
	/// SCALE encoding of the header that announces the change: the last block of the outgoing set.
	pub header: Bytes,
	/// SCALE encoding of the outgoing set's justification of that header.
	pub justification: Bytes,
}

/// A value of the ledger's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
	/// Full storage key.
	pub key: Bytes,
	/// SCALE encoding of the value. Absence is not a record and has no bundle.
	pub value: Bytes,
}

/// An extrinsic and the way to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtrinsicEntry {
	/// Position in the block, from 0.
	pub index: u32,
	/// The extrinsic with its length prefix, as the block holds it.
	pub bytes: Bytes,
	/// Trie nodes from the extrinsics root to it.
	pub proof: Vec<Bytes>,
}

/// Everything needed to verify records of one block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
	/// Always [`FORMAT`].
	pub format: String,
	/// Hash of the first block.
	pub genesis: Bytes,
	/// Version of the runtime that made the block; the state must prove it.
	pub spec_version: u32,
	/// Every change of the authority set from the first to the one that finalised the last header.
	pub authority_set_chain: Vec<HandOver>,
	/// SCALE encodings of the headers from the block of the records to the justified one; at least one.
	pub headers: Vec<Bytes>,
	/// SCALE encoding of the justification of the last header.
	pub justification: Bytes,
	/// Values of the block's state; [`runtime_version_key`] always among them.
	pub state: Vec<Entry>,
	/// Trie nodes from the state root to the values: all that are needed and no other.
	pub state_proof: Vec<Bytes>,
	/// An extrinsic of the block; then [`events_key`] must be among the values.
	pub extrinsic: Option<ExtrinsicEntry>,
}

impl Bundle {
	/// Reads a bundle. Its JSON has one form only: what [`Self::to_json`] writes.
	///
	/// # Errors
	/// [`Error::Malformed`].
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		let bundle: Self = serde_json::from_slice(json)
			.map_err(|_| Error::Malformed("not the JSON of a bundle"))?;
		if bundle.to_json() == json {
			Ok(bundle)
		} else {
			Err(Error::Malformed("its JSON is not in canonical form"))
		}
	}

	/// Writes the bundle.
	pub fn to_json(&self) -> Vec<u8> {
		serde_json::to_vec(self).unwrap_or_default()
	}
}

/// What a verifier takes for granted: the chain's first block and the authorities it names. As JSON:
/// `{"genesis":"0x…","authorities":[{"key":"0x…","weight":1}]}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "TrustRootText", into = "TrustRootText")]
pub struct TrustRoot {
	/// Hash of the first block.
	pub genesis: H256,
	/// The authorities in office from the first block on.
	pub authorities: AuthoritySet,
}

impl TrustRoot {
	/// The trust root of a chain whose first authorities are known, for example from its chain specification:
	/// their ed25519 keys, each of weight 1.
	pub fn new(genesis: [u8; 32], authorities: impl IntoIterator<Item = [u8; 32]>) -> Self {
		let authorities = authorities.into_iter().map(|key| (authority(key), 1)).collect();
		Self { genesis: genesis.into(), authorities: AuthoritySet { id: 0, authorities } }
	}

	/// The trust root that follows from the hash of the first block alone: its header, and the trie nodes that
	/// prove [`authorities_key`] in its state.
	///
	/// # Errors
	/// [`Error::TrustRoot`] when header or nodes do not fit the hash; [`Error::Malformed`].
	pub fn from_genesis(
		genesis: [u8; 32],
		header: &[u8],
		nodes: &[impl AsRef<[u8]>],
	) -> Result<Self, Error> {
		let header = read_header(header)?;
		if header.hash().0 != genesis || *header.number() != 0 {
			return Err(Error::TrustRoot("the header is not that of the first block"));
		}
		let values = trie::read(*header.state_root(), nodes, &[authorities_key()])
			.map_err(Error::TrustRoot)?;
		let [Some(value)] = values.as_slice() else {
			return Err(Error::TrustRoot("the first block names no authorities"));
		};
		let authorities = AuthoritySet { id: 0, authorities: read_authorities(value)? };
		Ok(Self { genesis: genesis.into(), authorities })
	}
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustRootText {
	genesis: Bytes,
	authorities: Vec<AuthorityText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityText {
	key: Bytes,
	weight: u64,
}

impl From<TrustRoot> for TrustRootText {
	fn from(root: TrustRoot) -> Self {
		let authorities = root.authorities.authorities.into_iter();
		Self {
			genesis: root.genesis.0.to_vec().into(),
			authorities: authorities
				.map(|(key, weight)| AuthorityText {
					key: AsRef::<[u8]>::as_ref(&key).to_vec().into(),
					weight,
				})
				.collect(),
		}
	}
}

impl TryFrom<TrustRootText> for TrustRoot {
	type Error = &'static str;

	fn try_from(text: TrustRootText) -> Result<Self, &'static str> {
		let bytes = |bytes: Bytes| <[u8; 32]>::try_from(bytes.0).map_err(|_| "expected 32 bytes");
		let authorities = text
			.authorities
			.into_iter()
			.map(|entry| Ok((authority(bytes(entry.key)?), entry.weight)))
			.collect::<Result<_, &'static str>>()?;
		let genesis = bytes(text.genesis)?.into();
		Ok(Self { genesis, authorities: AuthoritySet { id: 0, authorities } })
	}
}

/// What a bundle proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
	/// Hash of the block of the records.
	pub block_hash: H256,
	/// Its header.
	pub header: Header,
	/// Number of the later or same block whose justification makes it final.
	pub justified_by: u32,
	/// The authority set that signed.
	pub set_id: u64,
	/// Version of the runtime that made the block: decode with its metadata.
	pub spec_version: u32,
	/// The proven values.
	pub state: Vec<Entry>,
	/// The proven extrinsic: position and bytes. Whether it succeeded, the events tell.
	pub extrinsic: Option<(u32, Vec<u8>)>,
	/// SCALE encoding of the block's events, if they are among the values.
	pub events: Option<Vec<u8>>,
}

impl Verified {
	/// The proven value under a key.
	pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
		self.state.iter().find(|entry| entry.key.0 == key).map(|entry| entry.value.as_ref())
	}
}

/// Verifies a bundle against a trust root.
///
/// # Errors
/// The first [`Error`] found; nothing of a bundle with an error is proven.
pub fn verify(bundle: &Bundle, root: &TrustRoot) -> Result<Verified, Error> {
	if bundle.format != FORMAT {
		return Err(Error::Malformed("its format is unknown"));
	}
	if bundle.genesis.0 != root.genesis.0 {
		return Err(Error::WrongGenesis);
	}
	// What is cheap to check comes before the signatures.
	let (header, last) = follow_headers(&bundle.headers)?;
	check_state(bundle, &header)?;
	let spec_version = check_runtime(bundle)?;
	let events = value_of(bundle, &events_key()).map(<[u8]>::to_vec);
	let extrinsic = match &bundle.extrinsic {
		Some(_) if events.is_none() => {
			return Err(Error::Extrinsic("the block's events are missing"));
		},
		Some(entry) => Some(check_extrinsic(entry, &header)?),
		None => None,
	};
	let set = follow_sets(&root.authorities, &bundle.authority_set_chain)?;
	set.finalises(&last, bundle.justification.as_ref())?;
	Ok(Verified {
		block_hash: header.hash(),
		justified_by: *last.number(),
		header,
		set_id: set.id,
		spec_version,
		state: bundle.state.clone(),
		extrinsic,
		events,
	})
}

/// The storage key of the authorities in the first block's state: `Grandpa.Authorities`.
pub fn authorities_key() -> [u8; 32] {
	storage_key("Grandpa", "Authorities")
}

/// The storage key of the block's events: `System.Events`.
pub fn events_key() -> [u8; 32] {
	storage_key("System", "Events")
}

/// The storage key of the version of the runtime that made the block: `System.LastRuntimeUpgrade`.
pub fn runtime_version_key() -> [u8; 32] {
	storage_key("System", "LastRuntimeUpgrade")
}

/// The key of a storage value, which is also the prefix of a storage map: `twox128(pallet) ‖ twox128(entry)`.
pub fn storage_key(pallet: &str, entry: &str) -> [u8; 32] {
	let mut key = [0; 32];
	key[..16].copy_from_slice(&sp_crypto_hashing::twox_128(pallet.as_bytes()));
	key[16..].copy_from_slice(&sp_crypto_hashing::twox_128(entry.as_bytes()));
	key
}

fn follow_sets(first: &AuthoritySet, changes: &[HandOver]) -> Result<AuthoritySet, Error> {
	let mut set = first.clone();
	let mut newest = None;
	for change in changes {
		let header = read_header(change.header.as_ref())?;
		if newest >= Some(*header.number()) {
			return Err(Error::HandOver { set: set.id, reason: "the changes are out of order" });
		}
		newest = Some(*header.number());
		set = set.hand_over(&header, change.justification.as_ref())?;
	}
	Ok(set)
}

/// The first and the last of a chain of headers.
fn follow_headers(headers: &[Bytes]) -> Result<(Header, Header), Error> {
	let (first, rest) = headers.split_first().ok_or(Error::Malformed("it has no header"))?;
	let first = read_header(first.as_ref())?;
	let mut last = first.clone();
	for (position, bytes) in (1..).zip(rest) {
		let header = read_header(bytes.as_ref())?;
		if *header.parent_hash() != last.hash()
			|| Some(*header.number()) != last.number().checked_add(1)
		{
			return Err(Error::BrokenChain { position });
		}
		last = header;
	}
	Ok((first, last))
}

fn check_state(bundle: &Bundle, header: &Header) -> Result<(), Error> {
	let keys: Vec<&[u8]> = bundle.state.iter().map(|entry| entry.key.as_ref()).collect();
	let values =
		trie::read(*header.state_root(), &bundle.state_proof, &keys).map_err(Error::State)?;
	let proven = bundle
		.state
		.iter()
		.zip(&values)
		.all(|(entry, value)| value.as_deref() == Some(entry.value.as_ref()));
	if proven {
		Ok(())
	} else {
		Err(Error::State("the state holds another value"))
	}
}

fn check_runtime(bundle: &Bundle) -> Result<u32, Error> {
	let mut value = value_of(bundle, &runtime_version_key())
		.ok_or(Error::State("the version of the runtime is missing"))?;
	let Compact(proven) = Compact::<u32>::decode(&mut value)
		.map_err(|_| Error::State("the version of the runtime cannot be read"))?;
	if proven == bundle.spec_version {
		Ok(proven)
	} else {
		Err(Error::WrongRuntime { claimed: bundle.spec_version, proven })
	}
}

fn check_extrinsic(entry: &ExtrinsicEntry, header: &Header) -> Result<(u32, Vec<u8>), Error> {
	let key = trie::extrinsic_key(entry.index);
	let values =
		trie::read(*header.extrinsics_root(), &entry.proof, &[key]).map_err(Error::Extrinsic)?;
	if values == [Some(entry.bytes.0.clone())] {
		Ok((entry.index, entry.bytes.0.clone()))
	} else {
		Err(Error::Extrinsic("the block holds another extrinsic there"))
	}
}

fn value_of<'a>(bundle: &'a Bundle, key: &[u8]) -> Option<&'a [u8]> {
	bundle.state.iter().find(|entry| entry.key.0 == key).map(|entry| entry.value.as_ref())
}

impl Default for Bundle {
	fn default() -> Self {
		Self {
			format: FORMAT.to_string(),
			genesis: Bytes::default(),
			spec_version: 0,
			authority_set_chain: Vec::new(),
			headers: Vec::new(),
			justification: Bytes::default(),
			state: Vec::new(),
			state_proof: Vec::new(),
			extrinsic: None,
		}
	}
}
