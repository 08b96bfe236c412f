//! What is always true of the state.

use super::*;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. A number that was taken is at least 1.
	/// 2. No report was recorded after the present block.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let now: BlockNumber = frame_system::Pallet::<T>::block_number().saturated_into();
		for last in LastReports::<T>::iter_values() {
			ensure!(last.number > 0, "1: outbox numbers start at 1");
			ensure!(last.recorded_at <= now, "2: no report comes from the future");
		}
		Ok(())
	}
}
