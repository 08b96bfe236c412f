//! Random numbers from a seed, the same on every machine.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
	/// Numbers of a seed.
	pub fn new(seed: u64) -> Self {
		Self(seed)
	}

	/// Any number.
	pub fn any(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		mix(self.0)
	}

	/// A number below `limit`, which is at least 1.
	pub fn below(&mut self, limit: usize) -> usize {
		((u128::from(self.any()) * limit as u128) >> 64) as usize
	}

	/// A number in [0, 1).
	pub fn unit(&mut self) -> f64 {
		(self.any() >> 11) as f64 / (1u64 << 53) as f64
	}

	/// A standard normal number (Box and Muller 1958).
	pub fn normal(&mut self) -> f64 {
		let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
		radius * (std::f64::consts::TAU * self.unit()).cos()
	}

	/// So many different numbers below `limit`, all of them if there are fewer.
	pub fn sample(&mut self, limit: usize, count: usize) -> Vec<usize> {
		let mut all: Vec<usize> = (0..limit).collect();
		let count = count.min(limit);
		for place in 0..count {
			let other = place + self.below(limit - place);
			all.swap(place, other);
		}
		all.truncate(count);
		all
	}
}

/// The finaliser of SplitMix64.
pub fn mix(value: u64) -> u64 {
	let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
	let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
	value ^ (value >> 31)
}
