//! Severity by CVSS, recomputed from the vector.

use polycvss::{Score, Vector};
use serde::{Deserialize, Serialize};

/// A CVSS base vector with the score computed from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
	/// The vector as published (CVSS 2.0, 3.0, 3.1 or 4.0).
	pub vector: String,
	/// Base score 0.0 to 10.0, computed from the vector by the formulas of FIRST for its version.
	pub score: f64,
	/// The score the publisher states, if it differs from the computed one.
	pub stated: Option<f64>,
}

impl Cvss {
	/// Reads a vector and computes its base score; `None` if the vector is not valid.
	pub fn from_vector(vector: &str, stated: Option<f64>) -> Option<Self> {
		let parsed: Vector = vector.trim().parse().ok()?;
		let computed = parsed.base_score();
		let differs = stated.filter(|stated| Score::from(*stated) != computed);
		Some(Self { vector: vector.trim().into(), score: f64::from(computed), stated: differs })
	}

	/// Newer versions outrank older ones, then the worse score does.
	pub(crate) fn rank(&self) -> (u8, u32) {
		(self.generation(), (self.score * 10.0) as u32)
	}

	/// Rank of the vector's version: newer is preferred where an advisory carries several.
	pub(crate) fn generation(&self) -> u8 {
		match self.vector.get(..8) {
			Some("CVSS:4.0") => 4,
			Some("CVSS:3.1") => 3,
			Some("CVSS:3.0") => 2,
			_ => 1,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_base_score_is_computed_and_compared_with_the_stated_one() {
		for (vector, score) in [
			("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.1),
			("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
			("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", 5.9),
			("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.2),
			("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
		] {
			let cvss = Cvss::from_vector(vector, Some(score)).expect("a valid vector");
			assert_eq!((cvss.score, cvss.stated), (score, None), "{vector}");
		}
		let wrong = Cvss::from_vector("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(9.9)).expect("valid");
		assert_eq!(wrong.stated, Some(9.9));
		assert_eq!(Cvss::from_vector("CVSS:3.1/nonsense", None), None);
	}
}
