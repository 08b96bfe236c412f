//! Flows by source address: how much, to how many, with what success.

use std::net::IpAddr;

use curex_primitives::Moment;

use super::{share, Behaviour, Greatest, Map, Observation, Recent, Tally, Windows};
use crate::{
	alert::{written, Kind},
	config::StreamConfig,
	detector::{Feature, Scale},
	event::Flow,
};

const fn count(name: &'static str) -> Feature {
	Feature { name, scale: Scale::Count }
}

#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct FlowBehaviour {
	windows: Windows<IpAddr, Window>,
	length: Moment,
}

impl FlowBehaviour {
	pub(crate) fn new(config: &StreamConfig) -> Self {
		Self {
			windows: Windows::new(config.entities),
			length: config.window_seconds.saturating_mul(1_000),
		}
	}
}

/// What one source did lately.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Window {
	flows: Recent<Target>,
	failed: usize,
	destinations: Tally<IpAddr>,
	targets: Tally<(IpAddr, u16)>,
	failed_targets: Tally<(IpAddr, u16)>,
	ports_of: Map<IpAddr, u32>,
	most_ports: Greatest,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Target {
	destination: IpAddr,
	port: u16,
	failed: bool,
}

impl Window {
	fn push(&mut self, flow: &Flow, length: Moment) {
		let target = Target {
			destination: flow.destination,
			port: flow.destination_port,
			failed: flow.failed(),
		};
		self.destinations.add(target.destination);
		if self.targets.add((target.destination, target.port)) {
			self.change_ports(target.destination, 1);
		}
		if target.failed {
			self.failed += 1;
			self.failed_targets.add((target.destination, target.port));
		}
		let mut left = Vec::new();
		self.flows.push(flow.at, target, length, |target| left.push(target));
		for target in left {
			self.leave(&target);
		}
	}

	fn leave(&mut self, target: &Target) {
		self.destinations.remove(&target.destination);
		if self.targets.remove(&(target.destination, target.port)) {
			self.change_ports(target.destination, -1);
		}
		if target.failed {
			self.failed -= 1;
			self.failed_targets.remove(&(target.destination, target.port));
		}
	}

	fn change_ports(&mut self, destination: IpAddr, by: i32) {
		let before = self.ports_of.get(&destination).copied().unwrap_or(0);
		let after = before.saturating_add_signed(by);
		if after == 0 {
			self.ports_of.remove(&destination);
		} else {
			self.ports_of.insert(destination, after);
		}
		self.most_ports.replace(before, after);
	}
}

impl Behaviour for FlowBehaviour {
	type Event = Flow;
	const KIND: Kind = Kind::Flow;
	const FEATURES: &'static [Feature] = &[
		count("duration_ms"),
		count("bytes_sent"),
		count("bytes_received"),
		count("packets"),
		count("flows"),
		count("destinations"),
		count("ports_of_one_destination"),
		count("failed_targets"),
		Feature { name: "failed_share", scale: Scale::Share },
	];

	fn observe(&mut self, flow: &Flow) -> Observation {
		let window = self.windows.of(&flow.source, flow.at);
		window.push(flow, self.length);
		let (destinations, ports) = (window.destinations.distinct(), window.most_ports.get());
		Observation {
			entity: flow.source.to_string(),
			at: flow.at,
			point: vec![
				flow.duration * 1_000.0,
				flow.bytes_sent as f64,
				flow.bytes_received as f64,
				flow.packets as f64,
				window.flows.len() as f64,
				destinations as f64,
				f64::from(ports),
				window.failed_targets.distinct() as f64,
				share(window.failed, window.flows.len()),
			],
			reach: (window.failed_targets.distinct() as u64).max(u64::from(ports)),
			group: None,
		}
	}

	fn describe(&self, entity: &str, point: &[f64]) -> String {
		format!(
			"{entity} opened {} connections to {} hosts and up to {} ports of one host within {} s; {:.0} % of \
			 them failed, at {} targets.",
			point[4],
			point[5],
			point[6],
			self.length / 1_000,
			100.0 * point[8],
			point[7],
		)
	}

	fn technique(leading: &str) -> Option<&'static str> {
		match leading {
			// Network Service Discovery
			"destinations" | "ports_of_one_destination" | "failed_targets" | "failed_share" => {
				Some("T1046")
			},
			// Exfiltration Over Alternative Protocol
			"bytes_sent" => Some("T1048"),
			_ => None,
		}
	}

	fn safeguard(leading: &str) -> &'static str {
		match leading {
			"destinations" | "ports_of_one_destination" | "failed_targets" | "failed_share" => {
				"isolate the device from other segments until it is examined"
			},
			"bytes_sent" => "block what the device sends out of its segment",
			_ => "have the owner of the device explain the traffic",
		}
	}

	fn evidence(flow: &Flow) -> String {
		format!(
			"{} {} {} -> {} port {} {}",
			written(flow.at),
			flow.protocol,
			flow.source,
			flow.destination,
			flow.destination_port,
			flow.state
		)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn flow(at: Moment, destination: u8, port: u16, bytes: u64) -> Flow {
		Flow {
			at,
			source: "10.0.0.1".parse().unwrap(),
			destination: IpAddr::from([10, 0, 1, destination]),
			destination_port: port,
			protocol: "tcp".into(),
			state: "SF".into(),
			duration: 0.0,
			bytes_sent: bytes,
			bytes_received: 0,
			packets: 2,
			packets_received: 1,
			hardware: None,
		}
	}

	#[test]
	fn the_window_counts_targets_and_forgets_them_when_they_leave() {
		let mut behaviour = FlowBehaviour::new(&StreamConfig::default());
		behaviour.observe(&flow(0, 1, 80, 0));
		behaviour.observe(&flow(1_000, 1, 443, 0));
		behaviour.observe(&flow(2_000, 1, 443, 10));
		let observation = behaviour.observe(&flow(3_000, 2, 80, 10));
		assert_eq!(observation.point[4..], [4.0, 2.0, 2.0, 2.0, 0.5]);
		let later = behaviour.observe(&flow(61_500, 2, 80, 10));
		assert_eq!(later.point[4..], [3.0, 2.0, 1.0, 0.0, 0.0]);
	}
}
