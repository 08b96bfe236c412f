//! What is always true of the state.

use super::*;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. The numbers of an organisation rise.
	/// 2. Every number has its plan, and every plan its number.
	/// 3. Only an accepted plan is carried out.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut kept = 0;
		for (organisation, numbers) in Numbers::<T>::iter() {
			ensure!(numbers.is_sorted_by(|one, next| one < next), "1: the numbers rise");
			ensure!(
				numbers.iter().all(|number| Plans::<T>::contains_key(organisation, number)),
				"2: every number has its plan"
			);
			kept += numbers.len();
		}
		ensure!(Plans::<T>::iter().count() == kept, "2: every plan has its number");
		ensure!(
			Plans::<T>::iter_values()
				.all(|record| record.implemented.is_none() || record.is_accepted()),
			"3: only an accepted plan is carried out"
		);
		Ok(())
	}
}
