//! Slot and epoch length: given at genesis, the same for ever, readable as `Get`s.
//!
//! BABE cannot survive a change of either, so no call sets them. They are kept in storage rather
//! than in the code so that one runtime serves test networks with short epochs and production.

use crate::{Config, GenesisTiming};
use codec::{Decode, Encode, MaxEncodedLen};
use core::marker::PhantomData;
use frame::prelude::{Get, TypeInfo};

/// The shortest slot, milliseconds.
pub const MIN_SLOT: u64 = 500;
/// The longest slot, milliseconds: from finding to finalised record within 20 s.
pub const MAX_SLOT: u64 = 4_000;
/// The fewest slots of an epoch.
pub const MIN_EPOCH: u32 = 2;

/// Slot and epoch length.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timing {
	/// Length of a slot, milliseconds; [`MIN_SLOT`] to [`MAX_SLOT`].
	pub slot_ms: u64,
	/// Length of an epoch, slots; at least [`MIN_EPOCH`].
	pub epoch_slots: u32,
}

impl Timing {
	/// Whether both lengths are within their limits.
	pub fn is_valid(&self) -> bool {
		(MIN_SLOT..=MAX_SLOT).contains(&self.slot_ms) && self.epoch_slots >= MIN_EPOCH
	}
}

impl Default for Timing {
	/// 4 s and one hour. Also what is read where there is no state, as when metadata are taken
	/// from bare code.
	fn default() -> Self {
		Self { slot_ms: MAX_SLOT, epoch_slots: 900 }
	}
}

/// Length of a slot, milliseconds.
pub struct SlotDuration<T>(PhantomData<T>);

impl<T: Config> Get<u64> for SlotDuration<T> {
	fn get() -> u64 {
		GenesisTiming::<T>::get().slot_ms
	}
}

/// Half a slot, milliseconds: the minimum period between two timestamps.
pub struct HalfSlot<T>(PhantomData<T>);

impl<T: Config> Get<u64> for HalfSlot<T> {
	fn get() -> u64 {
		GenesisTiming::<T>::get().slot_ms / 2
	}
}

/// Length of an epoch, slots.
pub struct EpochDuration<T>(PhantomData<T>);

impl<T: Config> Get<u64> for EpochDuration<T> {
	fn get() -> u64 {
		GenesisTiming::<T>::get().epoch_slots.into()
	}
}
