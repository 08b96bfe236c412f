//! Bytes of the ledger as JSON, with the metadata of the runtime that wrote them.

use super::{
	events::{self, Event},
	CurexConfig,
};
use crate::{error::Rejection, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use subxt::{
	client::{OfflineClient, OfflineClientAtBlock},
	config::{substrate::SpecVersionForRange, SubstrateConfig},
	events::Events,
	ext::scale_value::{scale::decode_as_type, Composite},
	metadata::Metadata,
	utils::{AccountId32, MultiAddress},
};

/// Decodes what runtimes of one version wrote. Needs no connection, so that old blocks stay readable for ever.
#[derive(Clone)]
pub struct Decoder(OfflineClientAtBlock<CurexConfig>);

/// A transaction of a block.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Extrinsic {
	/// Position in the block, from 0.
	pub index: u32,
	/// Blake2b-256 of its bytes.
	#[serde(with = "crate::hexadecimal")]
	pub hash: [u8; 32],
	/// The account that signed it; nothing for what carries its own authority, and for what the author adds.
	#[serde(skip_serializing_if = "Option::is_none", default)]
	pub signer: Option<String>,
	/// The pallet of the call.
	pub pallet: String,
	/// Its name.
	pub call: String,
	/// Its arguments; calls within a call are `{"Pallet": {"call": {…}}}`.
	pub arguments: Json,
}

/// The number under which the decoder keeps its only version: which block it is does not matter to it.
const ANY_BLOCK: u64 = 0;

impl Decoder {
	/// A decoder for this version of the runtime, from its metadata (SCALE, with prefix).
	///
	/// # Errors
	/// [`Error::Protocol`] when the metadata cannot be read.
	pub fn new(spec_version: u32, metadata: &[u8]) -> Result<Self, Error> {
		let metadata = Metadata::decode_from(metadata)
			.map_err(|error| Error::Protocol(format!("metadata: {error}")))?;
		let version = SpecVersionForRange {
			block_range: ANY_BLOCK..ANY_BLOCK + 1,
			spec_version,
			transaction_version: 0,
		};
		let config = SubstrateConfig::builder()
			.set_metadata_for_spec_versions([(spec_version, metadata.arc())])
			.set_spec_version_for_block_ranges([version])
			.build();
		OfflineClient::new_with_config(CurexConfig(config))
			.at_block(ANY_BLOCK)
			.map(Self)
			.map_err(|error| Error::Protocol(error.to_string()))
	}

	/// The version of the runtime.
	pub fn spec_version(&self) -> u32 {
		self.0.spec_version()
	}

	/// The events of a block from the bytes under `System.Events`.
	///
	/// # Errors
	/// [`Error::Protocol`] when they do not decode.
	pub fn events(&self, bytes: Vec<u8>) -> Result<Vec<Event>, Error> {
		events::read(&self.events_of(bytes), &self.0.metadata())
	}

	/// Why the transaction at this index failed, from the same bytes; nothing if it succeeded.
	///
	/// # Errors
	/// [`Error::Protocol`] when its outcome cannot be decoded or is missing.
	pub fn rejection(&self, bytes: Vec<u8>, index: u32) -> Result<Option<Rejection>, Error> {
		events::rejection(&self.events_of(bytes), index, self.0.metadata())
	}

	/// The transactions of a block, in order.
	///
	/// # Errors
	/// [`Error::Protocol`] when one does not decode.
	pub async fn extrinsics(&self, bytes: Vec<Vec<u8>>) -> Result<Vec<Extrinsic>, Error> {
		let undecodable = |error: &dyn std::fmt::Display| Error::Protocol(error.to_string());
		let extrinsics = self.0.extrinsics().from_bytes(bytes).await;
		let decoded = extrinsics.iter().zip(0..).map(|(extrinsic, index)| {
			let extrinsic = extrinsic.map_err(|error| undecodable(&error))?;
			let arguments: Composite<()> = extrinsic
				.decode_call_data_fields_unchecked_as()
				.map_err(|error| undecodable(&error))?;
			Ok(Extrinsic {
				index,
				hash: sp_crypto_hashing::blake2_256(extrinsic.bytes()),
				signer: extrinsic.address_bytes().and_then(signer),
				pallet: extrinsic.pallet_name().into(),
				call: extrinsic.call_name().into(),
				arguments: events::composite(arguments),
			})
		});
		decoded.collect()
	}

	/// A value of the ledger's state.
	///
	/// # Errors
	/// [`Error::Protocol`] when the runtime knows no such entry, or the value does not decode.
	pub fn value(&self, pallet: &str, entry: &str, mut bytes: &[u8]) -> Result<Json, Error> {
		let wrong =
			|reason: String| Error::Protocol(format!("a value of {pallet}.{entry}: {reason}"));
		let metadata = self.0.metadata();
		let value_type = metadata
			.pallet_by_name(pallet)
			.and_then(|pallet| pallet.storage()?.entry_by_name(entry))
			.ok_or_else(|| wrong("the runtime has no such entry".into()))?
			.value_ty();
		let value = decode_as_type(&mut bytes, value_type, metadata.types())
			.map_err(|error| wrong(error.to_string()))?;
		if bytes.is_empty() {
			Ok(events::json(value.remove_context()))
		} else {
			Err(wrong(format!("{} bytes too many", bytes.len())))
		}
	}

	fn events_of(&self, bytes: Vec<u8>) -> Events<CurexConfig> {
		self.0.events().from_bytes(bytes)
	}
}

/// The account of an address as `0x…`.
fn signer(mut address: &[u8]) -> Option<String> {
	use codec::Decode;
	match MultiAddress::<AccountId32, ()>::decode(&mut address) {
		Ok(MultiAddress::Id(account)) => Some(format!("0x{}", hex::encode(account.0))),
		_ => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ledger::{built_for, METADATA};
	use codec::Encode;
	use curex_primitives::{Country, OrganisationId, OrganisationKind};
	use serde_json::json;

	fn decoder() -> Decoder {
		Decoder::new(built_for().unwrap(), METADATA).unwrap()
	}

	#[test]
	fn a_value_reads_as_the_ledger_names_it_and_no_byte_is_left() {
		let decoder = decoder();
		let delegate = (OrganisationId(3), 5u16).encode();
		assert_eq!(
			decoder.value("Consortium", "Delegates", &delegate).unwrap(),
			json!({"organisation": 3, "duties": 5})
		);
		let longer = [delegate, vec![0]].concat();
		assert!(decoder.value("Consortium", "Delegates", &longer).is_err());
		assert!(decoder.value("Consortium", "Nothing", &[]).is_err());
		assert!(Decoder::new(1, b"rubbish").is_err());
	}

	#[tokio::test]
	async fn a_signed_call_reads_with_its_account_and_arguments() {
		let metadata = decoder().0.metadata();
		let pallet = metadata.pallet_by_name("Consortium").unwrap();
		let call = pallet.call_variant_by_name("accept_agreement").unwrap();
		// Version 4, signed; the extensions: immortal, number 0, no metadata hash.
		let mut body = vec![0x84];
		MultiAddress::<AccountId32, ()>::Id(AccountId32([9; 32])).encode_to(&mut body);
		body.extend([1u8].iter().chain(&[0; 64]));
		body.extend([0, 0, 0]);
		body.extend([pallet.call_index(), call.index]);
		7u16.encode_to(&mut body);
		let read = decoder().extrinsics(vec![body.encode()]).await.unwrap();
		assert_eq!(read[0].signer, Some(format!("0x{}", "09".repeat(32))));
		assert_eq!(
			(read[0].pallet.as_str(), read[0].call.as_str()),
			("Consortium", "accept_agreement")
		);
		assert_eq!(read[0].arguments, json!({"version": 7}));
		assert!(decoder().extrinsics(vec![vec![1, 2, 3]]).await.is_err());
	}

	#[test]
	fn events_read_from_their_bytes() {
		let metadata = decoder().0.metadata();
		let pallet = metadata.pallet_by_name("Consortium").unwrap();
		let variants = pallet.event_variants().unwrap();
		let admitted =
			variants.iter().find(|variant| variant.name == "OrganisationAdmitted").unwrap();
		let country = Country::new(*b"GR").unwrap();
		let fields = (OrganisationId(8), OrganisationKind::Hospital, country).encode();
		let event = [vec![0, 1, 0, 0, 0, pallet.event_index(), admitted.index], fields, vec![0]];
		let bytes = [vec![4], event.concat()].concat();
		let read = decoder().events(bytes).unwrap();
		assert_eq!(read[0].extrinsic, Some(1));
		assert!(read[0].is("Consortium", "OrganisationAdmitted"));
		assert_eq!(read[0].fields["organisation"], 8);
	}
}
