//! What is always true of the state.

use super::*;
use frame::deps::sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// ### Invariants
	///
	/// 1. The numbers of an organisation rise.
	/// 2. Every number has its snapshot, and every snapshot its number.
	/// 3. Each snapshot names the root of the one before.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut kept = 0;
		for (organisation, numbers) in Numbers::<T>::iter() {
			ensure!(numbers.is_sorted_by(|one, next| one < next), "1: the numbers rise");
			let snapshots = numbers
				.iter()
				.map(|number| Snapshots::<T>::get(organisation, number))
				.collect::<Option<alloc::vec::Vec<_>>>()
				.ok_or("2: every number has its snapshot")?;
			ensure!(
				snapshots.windows(2).all(|pair| pair[1].previous == pair[0].root),
				"3: each snapshot names the root of the one before"
			);
			kept += numbers.len();
		}
		ensure!(Snapshots::<T>::iter().count() == kept, "2: every snapshot has its number");
		Ok(())
	}
}
