//! The ledger's interface: calls generated from the committed metadata, and typed reads of its state.
//!
//! `metadata/curex.scale` is the metadata of the runtime this library was built for. Every call carries a hash of
//! its form; a node whose runtime has another form of it is refused before anything is signed.

mod decoder;
pub(crate) mod events;

pub use decoder::{Decoder, Extrinsic};
pub use events::Event;

use codec::Decode;
use curex_primitives::{
	BlockNumber, Competences, Country, Duties, OrganisationId, OrganisationKind, OrganisationStatus,
};
use std::sync::LazyLock;
use subxt::{
	config::{substrate, transaction_extensions as extensions, Config, SubstrateConfig},
	metadata::{ArcMetadata, Metadata},
	utils::{AccountId32, MultiAddress, MultiSignature, H256},
};

/// The metadata this library was built for.
pub const METADATA: &[u8] = include_bytes!("../../metadata/curex.scale");

/// Calls, events and types of the runtime.
#[allow(missing_docs, clippy::all, rustdoc::all)]
#[subxt::subxt(
	runtime_metadata_path = "metadata/curex.scale",
	substitute_type(
		path = "curex_primitives::exchange::ExchangeProposal",
		with = "::subxt::utils::Static<::curex_primitives::ExchangeProposal>"
	),
	substitute_type(
		path = "curex_primitives::exchange::AcknowledgementCode",
		with = "::subxt::utils::Static<::curex_primitives::AcknowledgementCode>"
	),
	substitute_type(
		path = "curex_primitives::exchange::ReleaseReason",
		with = "::subxt::utils::Static<::curex_primitives::ReleaseReason>"
	),
	substitute_type(
		path = "curex_primitives::exchange::duty::ReviewVerdict",
		with = "::subxt::utils::Static<::curex_primitives::ReviewVerdict>"
	),
	substitute_type(
		path = "curex_primitives::consent::ConsentTerms",
		with = "::subxt::utils::Static<::curex_primitives::ConsentTerms>"
	),
	substitute_type(
		path = "curex_primitives::identifier::Commitment",
		with = "::subxt::utils::Static<::curex_primitives::Commitment>"
	),
	substitute_type(
		path = "curex_primitives::identifier::ConsentId",
		with = "::subxt::utils::Static<::curex_primitives::ConsentId>"
	),
	substitute_type(
		path = "curex_primitives::identifier::ExchangeId",
		with = "::subxt::utils::Static<::curex_primitives::ExchangeId>"
	),
	substitute_type(
		path = "curex_primitives::organisation::OrganisationId",
		with = "::subxt::utils::Static<::curex_primitives::OrganisationId>"
	),
	substitute_type(
		path = "curex_primitives::organisation::OrganisationKind",
		with = "::subxt::utils::Static<::curex_primitives::OrganisationKind>"
	),
	substitute_type(
		path = "curex_primitives::organisation::Country",
		with = "::subxt::utils::Static<::curex_primitives::Country>"
	),
	substitute_type(
		path = "curex_primitives::organisation::Competences",
		with = "::subxt::utils::Static<::curex_primitives::Competences>"
	),
	substitute_type(
		path = "curex_primitives::organisation::Duties",
		with = "::subxt::utils::Static<::curex_primitives::Duties>"
	),
	substitute_type(
		path = "curex_primitives::organisation::PeerRole",
		with = "::subxt::utils::Static<::curex_primitives::PeerRole>"
	),
	substitute_type(
		path = "curex_primitives::security::Assessment",
		with = "::subxt::utils::Static<::curex_primitives::Assessment>"
	),
	substitute_type(
		path = "curex_primitives::security::PlanDecision",
		with = "::subxt::utils::Static<::curex_primitives::PlanDecision>"
	),
	substitute_type(
		path = "curex_primitives::exchange::duty::DisputeGrounds",
		with = "::subxt::utils::Static<::curex_primitives::exchange::DisputeGrounds>"
	),
	substitute_type(
		path = "curex_primitives::exchange::duty::Settlement",
		with = "::subxt::utils::Static<::curex_primitives::exchange::Settlement>"
	),
	substitute_type(
		path = "curex_primitives::exchange::duty::Obligation",
		with = "::subxt::utils::Static<::curex_primitives::Obligation>"
	),
	substitute_type(
		path = "curex_primitives::exchange::duty::DeferralReason",
		with = "::subxt::utils::Static<::curex_primitives::exchange::DeferralReason>"
	),
	substitute_type(
		path = "curex_primitives::batch::BatchRequest",
		with = "::subxt::utils::Static<::curex_primitives::batch::BatchRequest>"
	),
	substitute_type(
		path = "curex_primitives::batch::BatchService",
		with = "::subxt::utils::Static<::curex_primitives::batch::BatchService>"
	),
	substitute_type(
		path = "curex_primitives::exchange::signing::Countersignature",
		with = "::subxt::utils::Static<::curex_primitives::Countersignature>"
	),
	substitute_type(
		path = "curex_primitives::exchange::signing::EmergencySignature",
		with = "::subxt::utils::Static<::curex_primitives::EmergencySignature>"
	),
	substitute_type(
		path = "curex_primitives::batch::BatchAnswer",
		with = "::subxt::utils::Static<::curex_primitives::batch::BatchAnswer>"
	),
	substitute_type(
		path = "curex_primitives::batch::BatchCompletion",
		with = "::subxt::utils::Static<::curex_primitives::batch::BatchCompletion>"
	),
	substitute_type(
		path = "curex_primitives::batch::Tally",
		with = "::subxt::utils::Static<::curex_primitives::batch::Tally>"
	),
	substitute_type(
		path = "curex_primitives::subscription::SubscriptionTerms",
		with = "::subxt::utils::Static<::curex_primitives::SubscriptionTerms>"
	),
	substitute_type(
		path = "curex_primitives::identifier::SubscriptionId",
		with = "::subxt::utils::Static<::curex_primitives::SubscriptionId>"
	),
	substitute_type(
		path = "curex_primitives::identifier::ErasureId",
		with = "::subxt::utils::Static<::curex_primitives::ErasureId>"
	),
	substitute_type(
		path = "curex_primitives::erasure::ErasureMethod",
		with = "::subxt::utils::Static<::curex_primitives::erasure::ErasureMethod>"
	),
	substitute_type(
		path = "curex_primitives::identifier::PermitId",
		with = "::subxt::utils::Static<::curex_primitives::PermitId>"
	),
	substitute_type(
		path = "curex_primitives::identifier::MerkleRoot",
		with = "::subxt::utils::Static<::curex_primitives::MerkleRoot>"
	),
	substitute_type(
		path = "curex_primitives::permit::PermitTerms",
		with = "::subxt::utils::Static<::curex_primitives::PermitTerms>"
	),
	substitute_type(
		path = "curex_primitives::permit::Finding",
		with = "::subxt::utils::Static<::curex_primitives::Finding>"
	),
	substitute_type(
		path = "curex_primitives::level::Attestation",
		with = "::subxt::utils::Static<::curex_primitives::Attestation>"
	),
	substitute_type(
		path = "curex_primitives::level::SizeBucket",
		with = "::subxt::utils::Static<::curex_primitives::SizeBucket>"
	),
	substitute_type(
		path = "curex_primitives::gate::Tolerance",
		with = "::subxt::utils::Static<::curex_primitives::Tolerance>"
	),
	substitute_type(
		path = "curex_primitives::ticket::TicketProof",
		with = "::subxt::utils::Static<::curex_primitives::TicketProof>"
	),
	substitute_type(
		path = "curex_primitives::identifier::WithdrawLock",
		with = "::subxt::utils::Static<::curex_primitives::WithdrawLock>"
	),
	substitute_type(
		path = "curex_primitives::security::TrafficLight",
		with = "::subxt::utils::Static<::curex_primitives::TrafficLight>"
	),
	substitute_type(
		path = "curex_primitives::law::Purpose",
		with = "::subxt::utils::Static<::curex_primitives::Purpose>"
	),
	substitute_type(
		path = "curex_primitives::law::Bases",
		with = "::subxt::utils::Static<::curex_primitives::Bases>"
	),
	substitute_type(
		path = "curex_primitives::consent::GroupId",
		with = "::subxt::utils::Static<::curex_primitives::GroupId>"
	),
	substitute_type(
		path = "curex_primitives::organisation::Competence",
		with = "::subxt::utils::Static<::curex_primitives::Competence>"
	),
	substitute_type(
		path = "curex_primitives::oversight::InquiryRefusal",
		with = "::subxt::utils::Static<::curex_primitives::oversight::InquiryRefusal>"
	),
	substitute_type(
		path = "curex_primitives::oversight::NoticeKind",
		with = "::subxt::utils::Static<::curex_primitives::oversight::NoticeKind>"
	),
	substitute_type(
		path = "curex_primitives::oversight::Regimes",
		with = "::subxt::utils::Static<::curex_primitives::oversight::Regimes>"
	),
	substitute_type(
		path = "curex_primitives::identifier::RecordHandle",
		with = "::subxt::utils::Static<::curex_primitives::RecordHandle>"
	)
)]
pub mod curex {}

/// What subxt has to know of the chain.
#[derive(Clone, Debug, Default)]
pub struct CurexConfig(SubstrateConfig);

impl From<SubstrateConfig> for CurexConfig {
	fn from(config: SubstrateConfig) -> Self {
		Self(config)
	}
}

/// The transaction extensions that carry bytes. The others (AuthorizeCall, CheckNonZeroSender, CheckWeight, Admission,
/// WeightReclaim) are empty and need no mention; the metadata give the order.
pub type CurexExtensions = (
	extensions::CheckSpecVersion,
	extensions::CheckTxVersion,
	extensions::CheckGenesis<CurexConfig>,
	extensions::CheckMortality<CurexConfig>,
	extensions::CheckNonce,
	extensions::CheckMetadataHash,
);

impl Config for CurexConfig {
	type AccountId = AccountId32;
	type Address = MultiAddress<AccountId32, ()>;
	type Signature = MultiSignature;
	type Hasher = substrate::BlakeTwo256;
	type Header = substrate::SubstrateHeader<H256>;
	type TransactionExtensions = CurexExtensions;
	type AssetId = u32;

	fn genesis_hash(&self) -> Option<H256> {
		self.0.genesis_hash()
	}

	fn spec_and_transaction_version_for_block_number(&self, block: u64) -> Option<(u32, u32)> {
		self.0.spec_and_transaction_version_for_block_number(block)
	}

	fn metadata_for_spec_version(&self, spec_version: u32) -> Option<ArcMetadata> {
		self.0.metadata_for_spec_version(spec_version)
	}

	fn set_metadata_for_spec_version(&self, spec_version: u32, metadata: ArcMetadata) {
		self.0.set_metadata_for_spec_version(spec_version, metadata);
	}
}

/// A member of the consortium, as the ledger holds it.
#[derive(Clone, PartialEq, Eq, Debug, codec::Decode, serde::Serialize)]
pub struct Organisation {
	/// What it is.
	pub kind: OrganisationKind,
	/// Where it is established.
	pub country: Country,
	/// What it supervises.
	pub competences: Competences,
	/// Whether it may act.
	pub status: OrganisationStatus,
	/// The X25519 key to which envelopes for it are sealed.
	#[serde(with = "crate::hexadecimal")]
	pub encryption_key: [u8; 32],
	/// Its legal name.
	#[serde(serialize_with = "name_as_text")]
	pub name: Vec<u8>,
	/// The version of the consortium agreement it accepted last.
	pub agreement: u16,
	/// The block of its admission.
	pub admitted_at: BlockNumber,
}

impl Organisation {
	/// Its legal name as text.
	pub fn name(&self) -> String {
		String::from_utf8_lossy(&self.name).into_owned()
	}
}

fn name_as_text<S: serde::Serializer>(name: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&String::from_utf8_lossy(name))
}

/// For whom an account acts, and in what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, codec::Decode, serde::Serialize)]
pub struct Delegate {
	/// The organisation.
	pub organisation: OrganisationId,
	/// The account's duties.
	pub duties: Duties,
}

/// The version of the runtime this library was built for.
pub fn built_for() -> Option<u32> {
	static VERSION: LazyLock<Option<u32>> = LazyLock::new(version_in_metadata);
	*VERSION
}

/// The calls that this library knows and that have another form, or are not there, in a runtime.
pub(crate) fn changed_calls(runtime: &Metadata) -> Vec<String> {
	type Known = Vec<(String, String, Option<[u8; 32]>)>;
	static KNOWN: LazyLock<Known> = LazyLock::new(|| {
		let Ok(built_in) = Metadata::decode(&mut &METADATA[..]) else { return Known::new() };
		let calls = built_in.pallets().flat_map(|pallet| {
			let names = pallet.call_variants().unwrap_or_default().iter();
			names
				.map(|call| {
					let hash = pallet.call_hash(&call.name);
					(pallet.name().to_owned(), call.name.clone(), hash)
				})
				.collect::<Known>()
		});
		calls.collect()
	});
	KNOWN
		.iter()
		.filter(|(pallet, call, hash)| {
			runtime.pallet_by_name(pallet).and_then(|found| found.call_hash(call)) != *hash
		})
		.map(|(pallet, call, _)| format!("{pallet}.{call}"))
		.collect()
}

fn version_in_metadata() -> Option<u32> {
	// The constant begins with spec name, implementation name, authoring version and spec version.
	type Beginning = (String, String, u32, u32);
	let metadata = Metadata::decode(&mut &METADATA[..]).ok()?;
	let version = metadata.pallet_by_name("System")?.constant_by_name("Version")?;
	let (_, _, _, spec_version) = Beginning::decode(&mut version.value()).ok()?;
	Some(spec_version)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_committed_metadata_name_their_runtime() {
		assert!(built_for().is_some_and(|version| version > 0));
	}

	#[test]
	fn every_extension_of_the_runtime_is_known_or_empty() {
		let metadata = Metadata::decode(&mut &METADATA[..]).unwrap();
		let extensions: Vec<&str> = metadata
			.extrinsic()
			.transaction_extensions_by_version(0)
			.unwrap()
			.map(|extension| extension.identifier())
			.collect();
		assert_eq!(
			extensions,
			[
				"AuthorizeCall",
				"CheckNonZeroSender",
				"CheckSpecVersion",
				"CheckTxVersion",
				"CheckGenesis",
				"CheckMortality",
				"CheckNonce",
				"Admission",
				"CheckWeight",
				"CheckMetadataHash",
				"WeightReclaim",
			]
		);
	}
}
