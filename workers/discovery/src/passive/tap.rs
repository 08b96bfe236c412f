//! A tap: frames as they pass at a network interface of this machine.

use std::{
	io::ErrorKind,
	sync::atomic::{AtomicBool, Ordering},
	time::{Duration, Instant},
};

use pnet_datalink::{channel, interfaces, Channel, Config};

use super::{frame, Capture, Observations};
use crate::error::Error;

/// Longest wait for a frame before the stop switch is looked at again.
const PATIENCE: Duration = Duration::from_millis(200);
/// Largest frame, bytes: what segmentation offload of the interface puts together.
const FRAME_BYTES: usize = 64 << 10;

impl Observations {
	/// Watches the frames at an interface for some time, or until `stop` is set. Sends nothing.
	///
	/// The interface is put into promiscuous mode meanwhile, so that the mirror port of a switch is seen whole. The
	/// process needs the right to do so (on Linux the capability `CAP_NET_RAW`).
	///
	/// # Errors
	/// [`Error::Tap`] if there is no such interface, it may not be watched, or it went away; what was seen before is
	/// kept.
	pub fn watch(
		&mut self,
		interface: &str,
		time: Duration,
		stop: &AtomicBool,
	) -> Result<Capture, Error> {
		let wrong = |reason: String| Error::Tap { interface: interface.into(), reason };
		let found = interfaces()
			.into_iter()
			.find(|found| found.name == interface)
			.ok_or_else(|| wrong("this machine has no such interface; see `ip link`".into()))?;
		let config = Config {
			read_buffer_size: FRAME_BYTES,
			read_timeout: Some(PATIENCE),
			..Config::default()
		};
		let mut frames = match channel(&found, config) {
			Ok(Channel::Ethernet(_, frames)) => frames,
			Ok(_) => return Err(wrong("it does not carry Ethernet frames".into())),
			Err(error) if error.kind() == ErrorKind::PermissionDenied => {
				return Err(wrong(format!("{error}; give the program CAP_NET_RAW")));
			},
			Err(error) => return Err(wrong(error.to_string())),
		};
		let mut capture = Capture::default();
		let begin = Instant::now();
		while begin.elapsed() < time && !stop.load(Ordering::Relaxed) {
			match frames.next() {
				Ok(bytes) => {
					capture.frames += 1;
					capture.skipped += u64::from(!frame::observe(bytes, self));
				},
				Err(error)
					if matches!(
						error.kind(),
						ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
					) => {},
				Err(error) => return Err(wrong(error.to_string())),
			}
		}
		Ok(capture)
	}
}
