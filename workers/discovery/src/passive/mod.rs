//! What can be known without asking: traffic that was captured or passes by, and the logs of a network monitor.

mod capture;
mod frame;
mod tap;
mod zeek;

use std::{
	collections::{btree_map::Entry, BTreeMap},
	net::IpAddr,
};

pub use self::{capture::Capture, zeek::ZeekLog};
use crate::{
	policy::{DeviceClass, Policy},
	snapshot::{Asset, Identity, Service, Snapshot},
};

/// Most hosts that are kept; traffic with forged addresses must not fill the memory.
const HOSTS: usize = 1 << 17;
/// Most services and most identities of one host.
const PER_HOST: usize = 256;

/// Hosts as they were observed. Nothing in it was asked for.
#[derive(Debug, Default)]
pub struct Observations {
	hosts: BTreeMap<IpAddr, Host>,
	/// Hosts that were left out because there were too many.
	left_out: u64,
}

#[derive(Debug, Default)]
struct Host {
	identities: Vec<Identity>,
	services: Vec<Service>,
	/// Hints about the kind of device.
	medical: bool,
	network: bool,
	workstation: bool,
}

impl Observations {
	/// How many hosts were left out because there were too many.
	pub fn left_out(&self) -> u64 {
		self.left_out
	}

	fn host(&mut self, address: IpAddr) -> Option<&mut Host> {
		if address.is_unspecified() || address.is_multicast() || is_broadcast(address) {
			return None;
		}
		if !self.hosts.contains_key(&address) && self.hosts.len() >= HOSTS {
			self.left_out += 1;
			return None;
		}
		Some(self.hosts.entry(address).or_default())
	}

	pub(crate) fn identity(&mut self, address: IpAddr, identity: Identity) {
		if let Some(host) = self.host(address) {
			if !host.identities.contains(&identity) && host.identities.len() < PER_HOST {
				host.identities.push(identity);
			}
		}
	}

	pub(crate) fn service(&mut self, service: Service) {
		let medical = matches!(service.protocol.as_str(), "dicom" | "hl7");
		if let Some(host) = self.host(service.address) {
			host.medical |= medical;
			let known = host.services.iter().position(|known| {
				(known.port, known.transport, &known.protocol)
					== (service.port, service.transport, &service.protocol)
			});
			match known {
				Some(at) if service.confidence > host.services[at].confidence => {
					host.services[at] = service;
				},
				Some(_) => {},
				None if host.services.len() < PER_HOST => host.services.push(service),
				None => {},
			}
		}
	}

	/// The observed hosts as an inventory, with the class that the evidence supports.
	pub fn snapshot(&self, taken_at_ms: u64) -> Snapshot {
		let assets = self.hosts.iter().map(|(address, host)| Asset {
			id: Asset::id_of(*address),
			address: *address,
			device_class: host.class(),
			services: host.services.clone(),
			identities: host.identities.clone(),
			updates: Vec::new(),
		});
		let mut snapshot =
			Snapshot { taken_at_ms, assets: assets.collect(), held_back: Vec::new() };
		snapshot.order();
		snapshot
	}

	/// Adds to an inventory what was observed: identities of its assets, and the hosts and services that it lacks.
	/// What a probe found at a port stands, for it asked. `is_ours` tells the hospital's addresses from those of the
	/// rest of the world, which passes by as well.
	pub fn complete(&self, snapshot: &mut Snapshot, is_ours: impl Fn(IpAddr) -> bool) {
		let mut known: BTreeMap<IpAddr, Asset> =
			std::mem::take(&mut snapshot.assets).into_iter().map(|a| (a.address, a)).collect();
		let observed = self.snapshot(snapshot.taken_at_ms).assets;
		for observed in observed.into_iter().filter(|observed| is_ours(observed.address)) {
			match known.entry(observed.address) {
				Entry::Vacant(place) => {
					place.insert(observed);
				},
				Entry::Occupied(place) => {
					let asset = place.into_mut();
					for identity in observed.identities {
						if !asset.identities.contains(&identity) {
							asset.identities.push(identity);
						}
					}
					for service in observed.services {
						// Port 0 is that of software which serves none.
						let same = |s: &Service| {
							(s.port, s.transport) == (service.port, service.transport)
								&& (s.port != 0 || s.product == service.product)
						};
						if !asset.services.iter().any(same) {
							asset.services.push(service);
						}
					}
				},
			}
		}
		snapshot.assets = known.into_values().collect();
		snapshot.order();
	}

	/// Classifies targets that nobody has classified, by what was observed. Returns how many.
	///
	/// A class that a person gave stays. A host that speaks a medical protocol is taken for patient-connected,
	/// and one without clear evidence stays unknown: neither is probed then. No probe follows from this call.
	pub fn classify(&self, policy: &mut Policy) -> usize {
		let mut classified = 0;
		for target in policy.targets.iter_mut().filter(|t| t.device_class == DeviceClass::Unknown) {
			let class = self.hosts.get(&target.address).map_or(DeviceClass::Unknown, Host::class);
			if class != DeviceClass::Unknown {
				target.device_class = class;
				classified += 1;
			}
		}
		classified
	}
}

fn is_broadcast(address: IpAddr) -> bool {
	matches!(address, IpAddr::V4(address) if address.is_broadcast())
}

impl Host {
	/// The class that the evidence supports; what speaks for caution outweighs everything else.
	fn class(&self) -> DeviceClass {
		let serves = self.services.iter().any(|service| {
			service.confidence >= 60
				&& matches!(
					service.protocol.as_str(),
					"ssh"
						| "http" | "tls" | "smtp"
						| "ftp" | "smb" | "mysql"
						| "postgresql" | "dns"
				)
		});
		if self.medical {
			DeviceClass::PatientConnected
		} else if self.network {
			DeviceClass::Network
		} else if self.workstation {
			DeviceClass::Workstation
		} else if serves {
			DeviceClass::Server
		} else {
			DeviceClass::Unknown
		}
	}
}

#[cfg(test)]
mod tests;
