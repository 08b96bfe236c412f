//! The first members, as a chain specification gives them.
//!
//! In JSON, words of the vocabulary are written as in `curex-primitives` (`"care-centre"`), bytes
//! as `0x…`. An impossible specification stops the node from building the genesis block.

use crate::{
	organisations::is_valid_name, types::duties_of, Config, Council, CouncilAccounts, Delegate,
	Delegates, GenesisTiming, Pallet, PeerId, Seat, Timing, Validators,
};
use alloc::{string::String, vec::Vec};
use curex_primitives::{
	Competence, Competences, Country, Duties, Duty, OrganisationKind, PeerRole,
};
use frame::prelude::InitializeMembers;

/// A first member.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisOrganisation<AccountId> {
	/// What it is.
	#[serde(with = "text::kind")]
	pub kind: OrganisationKind,
	/// Where it is established.
	#[serde(with = "text::country")]
	pub country: Country,
	/// What it supervises, if it is an authority.
	#[serde(with = "text::competences", default)]
	pub competences: Competences,
	/// The X25519 key to which envelopes for it are encrypted.
	#[serde(with = "text::bytes")]
	pub encryption_key: [u8; 32],
	/// Its legal name.
	pub name: String,
	/// Its delegates, at least one with `Duty::Administration`.
	pub delegates: Vec<GenesisDelegate<AccountId>>,
	/// Its network peers.
	#[serde(default = "Vec::new")]
	pub peers: Vec<GenesisPeer>,
	/// The delegate under whose account its session keys are registered, if it validates.
	pub validator: Option<AccountId>,
}

/// A delegate of a first member.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisDelegate<AccountId> {
	/// The account.
	pub account: AccountId,
	/// What it may do.
	#[serde(with = "text::duties")]
	pub duties: Duties,
}

/// A network peer of a first member.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisPeer {
	/// The peer.
	#[serde(with = "text::peer")]
	pub peer: PeerId,
	/// What it does.
	#[serde(with = "text::role")]
	pub role: PeerRole,
}

impl<T: Config> Pallet<T> {
	/// Writes the first state. Panics on an impossible specification, before there is a chain.
	pub(crate) fn build_genesis(
		timing: &Timing,
		organisations: &[GenesisOrganisation<T::AccountId>],
	) {
		assert!(timing.is_valid(), "the timing is out of its limits: {timing:?}");
		GenesisTiming::<T>::put(timing);

		for organisation in organisations {
			Self::build_organisation(organisation);
		}
		let mut council: Vec<_> = CouncilAccounts::<T>::iter_values().collect();
		council.sort();
		T::InitializeCouncil::initialize_members(&council);
		Council::<T>::put(
			frame::prelude::BoundedVec::try_from(council)
				.unwrap_or_else(|_| panic!("the council has more than MaxCouncilMembers")),
		);
	}

	fn build_organisation(organisation: &GenesisOrganisation<T::AccountId>) {
		let name = &organisation.name;
		assert!(is_valid_name(name.as_bytes()), "not a legal name: {name:?}");
		let id = Self::insert_organisation(
			organisation.kind,
			organisation.country,
			organisation.competences,
			organisation.encryption_key,
			name.as_bytes().to_vec().try_into().unwrap_or_default(),
		)
		.unwrap_or_else(|error| panic!("{name} cannot be admitted: {error:?}"));

		for GenesisDelegate { account, duties } in &organisation.delegates {
			assert!(
				!duties.is_empty() && duties_of(organisation.kind).contains_all(*duties),
				"a delegate of {name} cannot have these duties: {duties:?}"
			);
			assert!(
				!Delegates::<T>::contains_key(account),
				"{account:?} of {name} is a delegate already"
			);
			Self::appoint(id, account)
				.unwrap_or_else(|error| panic!("a delegate of {name}: {error:?}"));
			Delegates::<T>::insert(account, Delegate { organisation: id, duties: *duties });
			if duties.contains(Duty::Council) {
				assert!(
					!CouncilAccounts::<T>::contains_key(id),
					"{name} has more than one delegate in the council"
				);
				CouncilAccounts::<T>::insert(id, account);
			}
		}
		assert!(
			organisation
				.delegates
				.iter()
				.any(|delegate| delegate.duties.contains(Duty::Administration)),
			"{name} has no administrator"
		);

		for GenesisPeer { peer, role } in &organisation.peers {
			Self::do_register_peer(id, *peer, *role)
				.unwrap_or_else(|error| panic!("a peer of {name}: {error:?}"));
		}

		if let Some(account) = &organisation.validator {
			assert!(
				organisation.kind == OrganisationKind::Hospital && Self::administers(id, account),
				"{name} can validate only as a hospital, under an administrator's account"
			);
			let seat = Seat { organisation: id, account: account.clone(), disabled: false };
			Validators::<T>::try_append(seat)
				.unwrap_or_else(|()| panic!("there are more than MaxValidators"));
		}
	}
}

/// The vocabulary as text. `curex-primitives` speaks JSON under `std` only, while a runtime reads
/// its genesis without.
mod text {
	use super::*;
	use alloc::format;
	use core::fmt::Debug;
	use serde::{de::Error, Deserialize, Deserializer, Serialize, Serializer};

	/// `CareCentre` as `care-centre`.
	fn kebab(word: impl Debug) -> String {
		let mut text = String::new();
		for letter in format!("{word:?}").chars() {
			if letter.is_ascii_uppercase() && !text.is_empty() {
				text.push('-');
			}
			text.push(letter.to_ascii_lowercase());
		}
		text
	}

	fn parse<W: Copy + Debug>(words: &[W], text: &str) -> Result<W, String> {
		words.iter().copied().find(|word| kebab(word) == text).ok_or_else(|| {
			let known: Vec<_> = words.iter().map(kebab).collect();
			format!("{text:?} is none of {known:?}")
		})
	}

	macro_rules! word {
		($module:ident, $word:ty) => {
			pub mod $module {
				use super::*;

				pub fn serialize<S: Serializer>(word: &$word, to: S) -> Result<S::Ok, S::Error> {
					kebab(word).serialize(to)
				}

				pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$word, D::Error> {
					parse(<$word>::ALL, &String::deserialize(from)?).map_err(D::Error::custom)
				}
			}
		};
	}

	macro_rules! set {
		($module:ident, $set:ty, $word:ty) => {
			pub mod $module {
				use super::*;

				pub fn serialize<S: Serializer>(set: &$set, to: S) -> Result<S::Ok, S::Error> {
					to.collect_seq(set.iter().map(kebab))
				}

				pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<$set, D::Error> {
					Vec::<String>::deserialize(from)?
						.iter()
						.map(|text| parse(<$word>::ALL, text).map_err(D::Error::custom))
						.collect()
				}
			}
		};
	}

	word!(kind, OrganisationKind);
	word!(role, PeerRole);
	set!(competences, Competences, Competence);
	set!(duties, Duties, Duty);

	pub mod country {
		use super::*;

		pub fn serialize<S: Serializer>(country: &Country, to: S) -> Result<S::Ok, S::Error> {
			country.as_str().serialize(to)
		}

		pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Country, D::Error> {
			let text = String::deserialize(from)?;
			<[u8; 2]>::try_from(text.as_bytes()).ok().and_then(Country::new).ok_or_else(|| {
				D::Error::custom("a country is two upper-case letters (ISO 3166-1 alpha-2)")
			})
		}
	}

	pub mod bytes {
		use super::*;
		use frame::deps::sp_core::bytes;

		pub fn serialize<S: Serializer>(
			value: &impl AsRef<[u8]>,
			to: S,
		) -> Result<S::Ok, S::Error> {
			bytes::serialize(value.as_ref(), to)
		}

		pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
			from: D,
		) -> Result<[u8; N], D::Error> {
			let mut value = [0; N];
			bytes::deserialize_check_len(from, bytes::ExpectedLen::Exact(&mut value))?;
			Ok(value)
		}
	}

	pub mod peer {
		use super::*;

		pub use bytes::serialize;

		pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PeerId, D::Error> {
			PeerId::new(bytes::deserialize(from)?)
				.ok_or_else(|| D::Error::custom("not an Ed25519 peer identity"))
		}
	}
}
