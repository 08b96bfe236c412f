//! How much memory the consortium needs.

use std::{
	collections::HashMap,
	fs,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::Duration,
};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Most memory that this process and all below it held so far.
pub struct Peak(Arc<AtomicU64>);

impl Peak {
	/// Looks once a second from now on, as long as the value lives.
	pub fn observe() -> Self {
		let peak = Arc::new(AtomicU64::new(0));
		let seen = Arc::downgrade(&peak);
		std::thread::spawn(move || {
			while let Some(peak) = seen.upgrade() {
				peak.fetch_max(resident(std::process::id()), Ordering::Relaxed);
				drop(peak);
				std::thread::sleep(PAUSE);
			}
		});
		Self(peak)
	}

	/// In MiB.
	pub fn mib(&self) -> u64 {
		self.0.load(Ordering::Relaxed) / 1_024
	}
}

/// Resident memory of a process and all below it, in KiB. Pages that several share count for each: an upper bound.
fn resident(root: u32) -> u64 {
	let mut below: HashMap<u32, Vec<(u32, u64)>> = HashMap::new();
	let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
	for id in folders.filter_map(|folder| folder.file_name().to_str()?.parse::<u32>().ok()) {
		let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { continue };
		let number = |name: &str| {
			let line = status.lines().find_map(|line| line.strip_prefix(name))?;
			line.split_whitespace().next()?.parse::<u64>().ok()
		};
		let parent = number("PPid:").and_then(|parent| parent.try_into().ok()).unwrap_or(0);
		below.entry(parent).or_default().push((id, number("VmRSS:").unwrap_or(0)));
	}
	let own = below.values().flatten().find(|(id, _)| *id == root).map_or(0, |(_, size)| *size);
	let mut sum = own;
	let mut open = vec![root];
	while let Some(parent) = open.pop() {
		for (id, size) in below.get(&parent).into_iter().flatten() {
			sum += size;
			open.push(*id);
		}
	}
	sum
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_child_counts_with_its_parent() {
		let alone = resident(std::process::id());
		assert!(alone > 1_000, "{alone} KiB");
		let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
		let with_child = resident(std::process::id());
		let of_child = resident(child.id());
		child.kill().unwrap();
		child.wait().unwrap();
		assert!(of_child > 0 && with_child > of_child, "{with_child} and {of_child} KiB");
		assert_eq!(resident(u32::MAX), 0, "nobody");
	}
}
