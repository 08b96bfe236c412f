//! What is always true of the state.

use super::*;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. A result lies under its own group.
	/// 2. No result is of a later campaign than the organisation's newest.
	/// 3. An organisation with a campaign has a result of it.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		for (organisation, group, (_, result)) in Results::<T>::iter() {
			ensure!(result.group == group, "1: a result lies under its own group");
			ensure!(
				result.campaign <= Campaigns::<T>::get(organisation),
				"2: no result is of a later campaign"
			);
		}
		for (organisation, campaign) in Campaigns::<T>::iter() {
			ensure!(
				Results::<T>::iter_prefix_values(organisation)
					.any(|(_, result)| result.campaign == campaign),
				"3: the newest campaign has a result"
			);
		}
		Ok(())
	}
}
