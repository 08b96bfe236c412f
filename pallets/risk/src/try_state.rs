//! What is always true of the state.

use super::*;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. The numbers of an organisation rise.
	/// 2. Every number has its assessment, and every assessment its number.
	/// 3. Whoever has levels that gate has an assessment.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut kept = 0;
		for (organisation, numbers) in Numbers::<T>::iter() {
			ensure!(numbers.is_sorted_by(|one, next| one < next), "1: the numbers rise");
			ensure!(
				numbers.iter().all(|number| Assessments::<T>::contains_key(organisation, number)),
				"2: every number has its assessment"
			);
			kept += numbers.len();
		}
		ensure!(Assessments::<T>::iter().count() == kept, "2: every assessment has its number");
		ensure!(
			Gatings::<T>::iter_keys().all(Numbers::<T>::contains_key),
			"3: whoever has levels that gate has an assessment"
		);
		Ok(())
	}
}
