//! The order in which the pool serves transactions, in one place.
//!
//! The families are far apart, so that no sum of other priorities lifts a transaction out of its
//! family. Equivocation reports carry the highest priority of all, given by their own pallets.

use crate::Family;
use frame::deps::sp_runtime::transaction_validity::{TransactionLongevity, TransactionPriority};

/// Consent withdrawal, break-glass.
pub const URGENT: TransactionPriority = 1 << 40;
/// Council, upgrades.
pub const GOVERNANCE: TransactionPriority = 1 << 32;
/// An organisation's own house: delegates, keys, peers.
pub const ADMINISTRATION: TransactionPriority = 1 << 28;
/// Reports of the off-chain workers.
pub const SECURITY_REPORT: TransactionPriority = 1 << 24;
/// Everything else.
pub const ORDINARY: TransactionPriority = 1 << 16;
/// An urgent call beyond its organisation's quota.
pub const BEYOND_QUOTA: TransactionPriority = 1;

/// How long an urgent transaction waits in the pool before it must be checked again, blocks.
pub const URGENT_LONGEVITY: TransactionLongevity = 1_024;
/// How long any other transaction waits, blocks.
pub const LONGEVITY: TransactionLongevity = 128;

/// The priority of a call of this family, within quota.
pub const fn priority_of(family: Family) -> TransactionPriority {
	match family {
		Family::Ordinary => ORDINARY,
		Family::SecurityReport => SECURITY_REPORT,
		Family::Administration => ADMINISTRATION,
		Family::Governance => GOVERNANCE,
		Family::Urgent => URGENT,
	}
}

/// The longevity of a call of this family.
pub const fn longevity_of(family: Family) -> TransactionLongevity {
	match family {
		Family::Urgent => URGENT_LONGEVITY,
		Family::Ordinary | Family::SecurityReport | Family::Administration | Family::Governance => {
			LONGEVITY
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_higher_family_has_a_higher_priority() {
		let families = [
			Family::Ordinary,
			Family::SecurityReport,
			Family::Administration,
			Family::Governance,
			Family::Urgent,
		];
		for pair in families.windows(2) {
			assert!(pair[0] < pair[1]);
			assert!(priority_of(pair[0]) < priority_of(pair[1]));
		}
		assert!(BEYOND_QUOTA < priority_of(Family::Ordinary));
	}
}
