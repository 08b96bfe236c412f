//! What is always true of the state.

use super::*;
use alloc::collections::BTreeSet;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. The numbers of an organisation rise.
	/// 2. Every number has its alert, and every alert its number.
	/// 3. `OpenAlerts` counts the open alerts.
	/// 4. An organisation shares an indicator once, and each expires after it was shared.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut kept = 0;
		for (organisation, numbers) in Numbers::<T>::iter() {
			ensure!(numbers.is_sorted_by(|one, next| one < next), "1: the numbers rise");
			let mut open = 0;
			for number in &numbers {
				let alert = Alerts::<T>::get(organisation, number)
					.ok_or("2: every number has its alert")?;
				open += u32::from(alert.is_open());
			}
			ensure!(OpenAlerts::<T>::get(organisation) == open, "3: open alerts are counted");
			kept += numbers.len();
		}
		ensure!(Alerts::<T>::iter().count() == kept, "2: every alert has its number");
		for indicators in Indicators::<T>::iter_values() {
			let digests: BTreeSet<_> = indicators.iter().map(|shared| shared.digest).collect();
			ensure!(digests.len() == indicators.len(), "4: an indicator is shared once");
			ensure!(
				indicators.iter().all(|shared| shared.expires_at > shared.shared_at),
				"4: an indicator expires after it was shared"
			);
		}
		Ok(())
	}
}
