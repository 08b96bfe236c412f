//! The learned part: how unusual is a point, and because of which features?

/// How a feature is scaled before it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
	/// A count or size: compared by its logarithm, `ln(1 + x)`.
	Count,
	/// A share in [0, 1]: compared as it is.
	Share,
}

/// A feature of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
	/// How alerts call it.
	pub name: &'static str,
	/// How it is scaled.
	pub scale: Scale,
}

impl Feature {
	/// The value on the scale on which it is compared.
	pub fn scaled(&self, value: f64) -> f64 {
		match self.scale {
			Scale::Count => value.max(0.0).ln_1p(),
			Scale::Share => value,
		}
	}
}

/// A streaming detector over points of fixed width. The caller decides what is learned.
pub trait Detector {
	/// How unusual the point is, higher being more unusual; nothing while the detector warms up.
	fn score(&self, point: &[f64]) -> Option<f64>;

	/// Share of what was learned that lies no further out, found cheaply: what screens events ahead of
	/// the score. Nothing if the detector cannot tell.
	fn screen(&self, _point: &[f64]) -> Option<f64> {
		None
	}

	/// Share of each feature in the score, in the order of the features; sums to 1.
	fn explain(&self, point: &[f64]) -> Vec<f64>;

	/// Typical value of each feature among what was learned lately, in its own unit.
	fn typical(&self) -> Vec<f64>;

	/// Learns a point that is taken to be normal.
	fn learn(&mut self, point: &[f64]);
}
