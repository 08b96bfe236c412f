//! From likelihood and impact to a level. The tables are data; their tests are what a table must
//! satisfy.

use curex_primitives::Level::{self, High, Low, Moderate, VeryHigh, VeryLow};

use crate::{fixed::Probability, parameters::Parameters};

/// A level for every likelihood (row, from very low) and impact (column, from very low).
pub type Matrix = [[Level; 5]; 5];

/// NIST SP 800-30 r1, table I-2.
pub const CYBER: Matrix = [
	[VeryLow, VeryLow, VeryLow, Low, Low],
	[VeryLow, Low, Low, Low, Moderate],
	[VeryLow, Low, Moderate, Moderate, High],
	[VeryLow, Low, Moderate, High, VeryHigh],
	[VeryLow, Low, Moderate, High, VeryHigh],
];

/// Severity 1 to 4 (column) against likelihood 1 to 4 (row), the shape of the CNIL's map, with five
/// levels.
pub const PRIVACY: [[Level; 4]; 4] = [
	[VeryLow, VeryLow, Low, Moderate],
	[VeryLow, Low, Moderate, High],
	[Low, Moderate, High, VeryHigh],
	[Low, Moderate, High, VeryHigh],
];

/// The band of a likelihood.
pub fn band(likelihood: Probability, parameters: &Parameters) -> Level {
	let reached =
		parameters.likelihood_from_ppm.iter().filter(|from| likelihood.ppm() >= **from).count();
	Level::ALL[reached]
}

/// The level of a likelihood and an impact.
pub fn cyber(likelihood: Level, impact: Level) -> Level {
	CYBER[likelihood as usize][impact as usize]
}

/// The level of a likelihood and a severity from 1 to 4. Of the five likelihood bands the two
/// highest count alike.
pub fn privacy(likelihood: Level, severity: u8) -> Level {
	let row = (likelihood as usize).min(3);
	PRIVACY[row][usize::from(severity.clamp(1, 4)) - 1]
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	fn check<const N: usize>(matrix: &[[Level; N]; N]) {
		for row in 0..N {
			for column in 0..N {
				let here = matrix[row][column];
				assert!(row == 0 || matrix[row - 1][column] <= here, "falls at {row}, {column}");
				assert!(column == 0 || matrix[row][column - 1] <= here, "falls at {row}, {column}");
				// A step to a neighbour never jumps over two levels.
				if column > 0 {
					assert!(
						here as u8 - matrix[row][column - 1] as u8 <= 1,
						"jump at {row}, {column}"
					);
				}
			}
		}
		let reached: BTreeSet<Level> = matrix.iter().flatten().copied().collect();
		assert_eq!(reached.len(), 5, "a band cannot be reached: {reached:?}");
	}

	#[test]
	fn the_cyber_matrix_is_monotone_and_reaches_every_band() {
		check(&CYBER);
	}

	#[test]
	fn the_privacy_matrix_is_monotone_and_reaches_every_band() {
		check(&PRIVACY);
	}

	#[test]
	fn likelihood_bands_start_where_the_standard_says() {
		let parameters = Parameters::default();
		let band = |percent: u64| band(Probability::from_ppm(percent * 10_000), &parameters);
		assert_eq!([band(4), band(5), band(20), band(21)], [VeryLow, Low, Low, Moderate]);
		assert_eq!([band(79), band(80), band(95), band(96)], [Moderate, High, High, VeryHigh]);
	}
}
