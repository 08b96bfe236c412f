//! What the state holds.

use super::*;

/// An alert and what became of it.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
)]
pub struct Alert {
	/// The alert as recorded.
	pub digest: AlertDigest,
	/// Commitment to what came of it, once it is closed.
	pub closed: Option<Commitment>,
}

impl Alert {
	/// Whether somebody still has to deal with it.
	pub fn is_open(&self) -> bool {
		self.closed.is_none()
	}
}

/// An indicator that a member shares.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	TypeInfo,
)]
pub struct Indicator {
	/// Digest of the address, file or domain.
	pub digest: [u8; 32],
	/// How far its readers may pass it on.
	pub traffic_light: TrafficLight,
	/// When it was shared.
	pub shared_at: Moment,
	/// From when it no longer counts.
	pub expires_at: Moment,
}
