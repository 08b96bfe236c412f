//! How much an organisation may send.
//!
//! Calls are counted per organisation in windows of `QuotaWindow` blocks. Administration and
//! governance have a reserve beyond the limit. Urgent calls are never refused: beyond the limit
//! they lose their priority, and a block takes `MaxUrgentBeyondQuota` of them.

use crate::{Config, Family, Pallet, Quotas};
use codec::{Decode, Encode, MaxEncodedLen};
use curex_primitives::{BlockNumber, OrganisationId};
use frame::prelude::*;

/// What an organisation has sent, and may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Quota {
	/// Calls per window that the council granted; `DefaultQuota` if none.
	pub limit: Option<u32>,
	/// The window in which `used` was counted: block number divided by `QuotaWindow`.
	pub window: BlockNumber,
	/// Calls in that window.
	pub used: u32,
	/// The block in which `beyond` was counted.
	pub beyond_at: BlockNumber,
	/// Urgent calls beyond the limit in that block.
	pub beyond: u32,
}

/// What a transaction costs its organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Charge {
	/// Who pays.
	pub organisation: OrganisationId,
	/// How many calls.
	pub calls: u32,
	/// Whether they are beyond the limit; only urgent calls may be.
	pub is_beyond: bool,
}

impl<T: Config> Pallet<T> {
	/// What `calls` calls of this family cost the organisation now; nothing if it cannot afford
	/// them.
	pub(crate) fn price(id: OrganisationId, family: Family, calls: u32) -> Option<Charge> {
		let quota = Self::quota(id);
		let limit = quota.limit.unwrap_or_else(T::DefaultQuota::get);
		let limit = match family {
			Family::Ordinary | Family::SecurityReport | Family::Urgent => limit,
			Family::Administration | Family::Governance => {
				limit.saturating_add(T::QuotaReserve::get())
			},
		};
		let is_beyond = quota.used.saturating_add(calls) > limit;
		let is_affordable =
			!is_beyond || (family == Family::Urgent && calls <= T::MaxUrgentBeyondQuota::get());
		is_affordable.then_some(Charge { organisation: id, calls, is_beyond })
	}

	/// Books the charge. Nothing, and nothing booked, if the block takes no more such calls.
	pub(crate) fn pay(charge: Charge) -> Option<()> {
		let Charge { organisation, calls, is_beyond } = charge;
		let mut quota = Self::quota(organisation);
		if is_beyond {
			quota.beyond = quota.beyond.saturating_add(calls);
			if quota.beyond > T::MaxUrgentBeyondQuota::get() {
				return None;
			}
		} else {
			quota.used = quota.used.saturating_add(calls);
		}
		Quotas::<T>::insert(organisation, quota);
		Some(())
	}

	/// The quota as it stands in this window and block.
	pub fn quota(id: OrganisationId) -> Quota {
		let now = Self::now();
		let length: BlockNumber = T::QuotaWindow::get().saturated_into();
		let window = now.checked_div(length).unwrap_or_default();
		let mut quota = Quotas::<T>::get(id);
		if quota.window != window {
			quota.window = window;
			quota.used = 0;
		}
		if quota.beyond_at != now {
			quota.beyond_at = now;
			quota.beyond = 0;
		}
		quota
	}
}
