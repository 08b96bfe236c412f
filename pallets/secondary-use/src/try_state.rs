//! What holds between any two calls.

use crate::{
	Cohorts, Commitments, Config, Exports, Extractions, Holders, NextReport, Pallet, Permits,
	Reports, Standings,
};
use curex_primitives::{permit::LEAST_COHORT, Commitment, DataFormat};
use frame::prelude::*;

impl<T: Config> Pallet<T> {
	/// ### Invariants of secondary use
	///
	/// 1. Every permit has a standing and the other way round.
	/// 2. Holders, extractions, exports and open reports are as many as the standing says; extractions and exports are
	///    numbered from zero without a gap; no permit names more holders than it can.
	/// 3. Every cohort and every extraction is of a holder that the permit names, has `k` persons at least, and every
	///    extraction came in a later block than its cohort.
	/// 4. Results are due exactly if something was extracted, and published only then.
	/// 5. The commitments of every record lead to its permit.
	/// 6. Pseudonyms are justified, and nothing else is.
	/// 7. Reports are numbered from zero to below the next number; a finding has its reasons.
	pub fn do_try_state() -> Result<(), DispatchError> {
		Self::check_permits()?;
		Self::check_extractions()?;
		Self::check_commitments()?;
		Self::check_reports()
	}

	fn check_permits() -> Result<(), DispatchError> {
		for (id, permit) in Permits::<T>::iter() {
			let standing = Standings::<T>::get(id).ok_or("1: a permit without its standing")?;
			let holders = Holders::<T>::iter_key_prefix(id).count();
			ensure!(standing.holders as usize == holders, "2: the number of holders");
			ensure!(standing.holders <= T::MaxHolders::get(), "2: too many holders");
			let extractions = (0..standing.extractions)
				.all(|number| Extractions::<T>::contains_key(id, number))
				&& Extractions::<T>::iter_key_prefix(id).count() == standing.extractions as usize;
			ensure!(extractions, "2: the numbers of the extractions");
			let exports = (0..standing.exports)
				.all(|number| Exports::<T>::contains_key(id, number))
				&& Exports::<T>::iter_key_prefix(id).count() == standing.exports as usize;
			ensure!(exports, "2: the numbers of the exports");
			let open = Reports::<T>::iter_values()
				.filter(|report| report.permit == id && report.finding.is_none())
				.count();
			ensure!(standing.open_reports as usize == open, "2: the number of open reports");
			let extracted = standing.extractions > 0;
			ensure!(standing.results_due.is_some() == extracted, "4: due without an extraction");
			ensure!(standing.results.is_none() || extracted, "4: results of nothing");
			ensure!(standing.exports == 0 || extracted, "4: exports of nothing");
			let pseudonyms = permit.format == DataFormat::Pseudonymised;
			ensure!(pseudonyms != permit.justification.is_zero(), "6: the justification");
		}
		let standings = Standings::<T>::iter_keys().count();
		ensure!(standings == Permits::<T>::iter_keys().count(), "1: a standing too many");
		Ok(())
	}

	fn check_extractions() -> Result<(), DispatchError> {
		for (id, holder, cohort) in Cohorts::<T>::iter() {
			ensure!(Holders::<T>::contains_key(id, holder), "3: a cohort of a stranger");
			ensure!(cohort.size >= LEAST_COHORT, "3: a cohort too small");
		}
		for (id, _, extraction) in Extractions::<T>::iter() {
			let named = Holders::<T>::contains_key(id, extraction.holder);
			ensure!(named && extraction.permit == id, "3: an extraction of a stranger");
			ensure!(extraction.cohort.size >= LEAST_COHORT, "3: an extraction too small");
			let before = extraction.cohort.committed_at < extraction.extracted_at;
			ensure!(before, "3: extracted before the cohort was committed");
		}
		Ok(())
	}

	fn check_commitments() -> Result<(), DispatchError> {
		let leads = |commitment: Commitment, id| {
			ensure!(Commitments::<T>::get(commitment) == Some(id), "5: not remembered");
			Ok::<(), DispatchError>(())
		};
		for (id, permit) in Permits::<T>::iter() {
			leads(permit.document, id)?;
			leads(permit.environment, id)?;
		}
		for (id, _, holder) in Holders::<T>::iter() {
			leads(holder.dataset, id)?;
		}
		for (id, _, extraction) in Extractions::<T>::iter() {
			leads(extraction.payload, id)?;
		}
		for (id, _, (outputs, check)) in Exports::<T>::iter() {
			leads(outputs, id)?;
			leads(check, id)?;
		}
		Ok(())
	}

	fn check_reports() -> Result<(), DispatchError> {
		let next = NextReport::<T>::get();
		let numbers = (0..next).all(Reports::<T>::contains_key)
			&& Reports::<T>::iter_keys().count() == next as usize;
		ensure!(numbers, "7: the numbers of the reports");
		for report in Reports::<T>::iter_values() {
			ensure!(report.finding.is_some() == report.reasons.is_some(), "7: no reasons");
			ensure!(Permits::<T>::contains_key(report.permit), "7: a report on no permit");
		}
		Ok(())
	}
}
