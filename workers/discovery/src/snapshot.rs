//! What a discovery found, in one canonical order.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::policy::{DeviceClass, Transport};

/// A package of the host's distribution that provides a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
	/// Binary package, for example `openssh-server`.
	pub name: String,
	/// Its version, for example `1:9.2p1-2+deb12u3`.
	pub version: String,
	/// Source package it was built from, for example `openssh`: the name distribution advisories use.
	pub source: String,
	/// Version of the source package.
	pub source_version: String,
	/// Distribution and release in OSV's words, for example `Debian:12`.
	pub distribution: String,
}

/// A service that answers at one port.
///
/// One port may carry two: a web server and the application behind it, a DICOM toolkit and the product that
/// is built with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
	/// Where it answers.
	pub address: IpAddr,
	/// At which port.
	pub port: u16,
	/// Over which transport.
	pub transport: Transport,
	/// What it speaks: `ssh`, `http`, `dicom`, `snmp`, `fhir`, …, or `unknown`.
	pub protocol: String,
	/// Product in lower case, for example `openssh`.
	pub product: Option<String>,
	/// Vendor in lower case, for example `openbsd`.
	pub vendor: Option<String>,
	/// Version as the service itself gives it.
	pub version: Option<String>,
	/// CPE 2.3 formatted string (NIST IR 7695), if product and vendor are known to the CPE dictionary.
	pub cpe23: Option<String>,
	/// What the other side sent, cleaned and bounded: why all of the above is believed.
	pub evidence: String,
	/// How sure the identification is, 0 to 100.
	pub confidence: u8,
	/// The distribution package behind it, if known.
	pub package: Option<Package>,
}

impl Service {
	/// Package URL of the package behind it, if known (purl specification): the source is named as `upstream`.
	pub fn purl(&self) -> Option<String> {
		let package = self.package.as_ref()?;
		let (distribution, release) = package.distribution.split_once(':')?;
		let distribution = distribution.to_lowercase().replace(' ', "");
		let kind = match distribution.as_str() {
			"debian" | "ubuntu" => "deb",
			"alpine" => "apk",
			_ => "rpm",
		};
		let quoted = |text: &str| text.replace('%', "%25").replace('+', "%2B").replace('?', "%3F");
		Some(format!(
			"pkg:{kind}/{distribution}/{}@{}?distro={distribution}-{release}&upstream={}",
			quoted(&package.name),
			quoted(&package.version),
			quoted(&package.source)
		))
	}

	/// What makes a service the same one in two snapshots.
	fn key(&self) -> (u16, Transport, String, Option<String>) {
		(self.port, self.transport, self.protocol.clone(), self.product.clone())
	}
}

/// A host that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
	/// Stable name: derived from the address at which the host was first seen (`ip:192.0.2.7`), and kept when a
	/// host with the same identities is seen at another one ([`Snapshot::bind_identities`]).
	pub id: String,
	/// The address it was seen at.
	pub address: IpAddr,
	/// What the policy says it is.
	pub device_class: DeviceClass,
	/// Services in canonical order: by port, transport, protocol, product. Empty if the host only refuses.
	pub services: Vec<Service>,
	/// What stays the same when the address changes, in canonical order.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub identities: Vec<Identity>,
	/// Installed updates by their number in the vendor's knowledge base (`KB5033372`), in order, if the host told them.
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	pub updates: Vec<String>,
}

/// Something by which a host is known again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
	/// Address of its network interface, lower case with colons.
	Mac(String),
	/// SHA-256 of its TLS certificate, hexadecimal.
	Certificate(String),
	/// SHA-256 of its SSH host key, as `ssh-keygen -l` writes it.
	SshHostKey(String),
	/// Id of its SMB server, hexadecimal.
	SmbServer(String),
	/// DICOM application entity title.
	AeTitle(String),
	/// Name by which it calls itself (DHCP, mDNS, LLDP).
	Hostname(String),
}

impl Identity {
	/// Whether two hosts hardly ever share it. Titles and names are given by people, who give them twice.
	pub fn is_strong(&self) -> bool {
		!matches!(self, Self::AeTitle(_) | Self::Hostname(_))
	}
}

impl Asset {
	/// The stable name of the host at an address; see [`Asset::id`].
	pub fn id_of(address: IpAddr) -> String {
		format!("ip:{address}")
	}

	/// The same bytes for the same asset, whatever order its services were found in: JSON without blanks,
	/// fields in the order of declaration, services in canonical order. A Merkle leaf is made of these.
	pub fn canonical_bytes(&self) -> Vec<u8> {
		let mut asset = self.clone();
		asset.services.sort_by_key(Service::key);
		asset.identities.sort();
		serde_json::to_vec(&asset).expect(
			"an asset has no map and no number that JSON lacks, and a vector takes every write; qed",
		)
	}
}

/// A target that was not probed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBack {
	/// Its address.
	pub address: IpAddr,
	/// A sentence.
	pub reason: String,
}

/// All that one discovery found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
	/// When the discovery began, milliseconds since 1970 (UTC).
	pub taken_at_ms: u64,
	/// Assets ordered by id.
	pub assets: Vec<Asset>,
	/// Targets of the policy that were not probed, ordered by address.
	pub held_back: Vec<HeldBack>,
}

impl Snapshot {
	/// Canonical bytes of every asset, ordered by asset id: the leaves of the inventory's Merkle tree.
	pub fn canonical_leaves(&self) -> Vec<Vec<u8>> {
		let mut assets: Vec<&Asset> = self.assets.iter().collect();
		assets.sort_by(|a, b| a.id.cmp(&b.id));
		assets.into_iter().map(Asset::canonical_bytes).collect()
	}

	/// Gives assets the ids under which `before` knows them: a host that moved to another address, where a strong
	/// identity says that it is the same one. Returns how many moved.
	///
	/// An identity that several assets share binds nothing: it says nothing about which of them it is.
	pub fn bind_identities(&mut self, before: &Self) -> usize {
		let owners = |snapshot: &Self| {
			let mut owners: BTreeMap<Identity, Vec<usize>> = BTreeMap::new();
			for (at, asset) in snapshot.assets.iter().enumerate() {
				for identity in asset.identities.iter().filter(|identity| identity.is_strong()) {
					owners.entry(identity.clone()).or_default().push(at);
				}
			}
			owners
		};
		let (old, new) = (owners(before), owners(self));
		let mut moved = 0;
		for (identity, now) in new {
			let (&[now], Some(&[then])) = (now.as_slice(), old.get(&identity).map(Vec::as_slice))
			else {
				continue;
			};
			let id = before.assets[then].id.clone();
			let taken = self.assets.iter().any(|asset| asset.id == id);
			if self.assets[now].id != id && !taken {
				self.assets[now].id = id;
				moved += 1;
			}
		}
		self.order();
		moved
	}

	pub(crate) fn order(&mut self) {
		for asset in &mut self.assets {
			asset.identities.sort();
			asset.identities.dedup();
			asset.services.sort_by_key(Service::key);
		}
		self.assets.sort_by(|a, b| a.id.cmp(&b.id));
		self.held_back.sort_by_key(|held| held.address);
	}
}

/// One thing that changed between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Difference {
	/// A host that was not there before.
	AssetAppeared {
		/// Its id.
		asset: String,
	},
	/// A host that is no longer seen, although it was looked for.
	AssetDisappeared {
		/// Its id.
		asset: String,
	},
	/// The same address answers with another identity: a replaced device, or somebody who took its place.
	IdentityChanged {
		/// The host's id.
		asset: String,
		/// What it was known by.
		before: Identity,
		/// What it shows now.
		after: Identity,
	},
	/// A service that was not there before, on a host that was.
	ServiceAppeared {
		/// The host's id.
		asset: String,
		/// The service.
		service: Box<Service>,
	},
	/// A service that is no longer seen, on a host that is.
	ServiceDisappeared {
		/// The host's id.
		asset: String,
		/// The service as it was.
		service: Box<Service>,
	},
	/// The same service with another version, package or evidence.
	ServiceChanged {
		/// The host's id.
		asset: String,
		/// The service as it was.
		before: Box<Service>,
		/// The service as it is.
		after: Box<Service>,
	},
}

/// What changed from `old` to `new`, ordered by asset id.
///
/// A target that was held back this time is not reported as gone: nobody looked.
pub fn differences(old: &Snapshot, new: &Snapshot) -> Vec<Difference> {
	let by_id = |snapshot: &Snapshot| -> BTreeMap<String, Asset> {
		snapshot.assets.iter().map(|asset| (asset.id.clone(), asset.clone())).collect()
	};
	let (before, after) = (by_id(old), by_id(new));
	let mut out = Vec::new();
	for (id, asset) in &before {
		let looked_for = !new.held_back.iter().any(|held| held.address == asset.address);
		match after.get(id) {
			Some(now) => service_differences(asset, now, &mut out),
			None if looked_for => out.push(Difference::AssetDisappeared { asset: id.clone() }),
			None => {},
		}
	}
	for id in after.keys().filter(|id| !before.contains_key(*id)) {
		out.push(Difference::AssetAppeared { asset: id.clone() });
	}
	out
}

/// Strong identities of one kind that were replaced.
fn identity_differences(before: &Asset, after: &Asset, out: &mut Vec<Difference>) {
	let kind = std::mem::discriminant::<Identity>;
	for gone in before.identities.iter().filter(|i| i.is_strong() && !after.identities.contains(i))
	{
		let came = after
			.identities
			.iter()
			.find(|now| kind(now) == kind(gone) && !before.identities.contains(now));
		if let Some(came) = came {
			out.push(Difference::IdentityChanged {
				asset: before.id.clone(),
				before: gone.clone(),
				after: came.clone(),
			});
		}
	}
}

fn service_differences(before: &Asset, after: &Asset, out: &mut Vec<Difference>) {
	identity_differences(before, after, out);
	let by_key = |asset: &Asset| -> BTreeMap<_, Service> {
		asset.services.iter().map(|service| (service.key(), service.clone())).collect()
	};
	let (old, new) = (by_key(before), by_key(after));
	let asset = || before.id.clone();
	for (key, service) in &old {
		match new.get(key) {
			None => out.push(Difference::ServiceDisappeared {
				asset: asset(),
				service: Box::new(service.clone()),
			}),
			Some(now) if now != service => out.push(Difference::ServiceChanged {
				asset: asset(),
				before: Box::new(service.clone()),
				after: Box::new(now.clone()),
			}),
			Some(_) => {},
		}
	}
	for (_, service) in new.into_iter().filter(|(key, _)| !old.contains_key(key)) {
		out.push(Difference::ServiceAppeared { asset: asset(), service: Box::new(service) });
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn service(port: u16, product: &str, version: &str) -> Service {
		Service {
			address: [192, 0, 2, 7].into(),
			port,
			transport: Transport::Tcp,
			protocol: "ssh".into(),
			product: Some(product.into()),
			vendor: None,
			version: Some(version.into()),
			cpe23: None,
			evidence: String::new(),
			confidence: 95,
			package: None,
		}
	}

	fn asset(last: u8, services: Vec<Service>) -> Asset {
		let address = [192, 0, 2, last].into();
		Asset {
			id: Asset::id_of(address),
			address,
			device_class: DeviceClass::Server,
			services,
			identities: Vec::new(),
			updates: Vec::new(),
		}
	}

	#[test]
	fn canonical_bytes_do_not_depend_on_the_order_of_discovery() {
		let (a, b) = (service(22, "openssh", "9.2p1"), service(80, "nginx", "1.22.1"));
		let one = asset(7, vec![a.clone(), b.clone()]);
		let other = asset(7, vec![b, a]);
		assert_eq!(one.canonical_bytes(), other.canonical_bytes());
		let leaves = |assets| Snapshot { assets, ..Snapshot::default() }.canonical_leaves();
		assert_eq!(
			leaves(vec![one.clone(), asset(8, vec![])]),
			leaves(vec![asset(8, vec![]), other])
		);
		assert_ne!(one.canonical_bytes(), asset(7, vec![]).canonical_bytes());
	}

	#[test]
	fn an_updated_service_is_one_change() {
		let before = Snapshot {
			assets: vec![asset(7, vec![service(22, "openssh", "9.2p1")])],
			..Snapshot::default()
		};
		let after = Snapshot {
			assets: vec![asset(7, vec![service(22, "openssh", "9.8p1")]), asset(9, vec![])],
			..Snapshot::default()
		};
		let found = differences(&before, &after);
		assert_eq!(found.len(), 2, "{found:?}");
		assert!(matches!(&found[0], Difference::ServiceChanged { after, .. }
			if after.version.as_deref() == Some("9.8p1")));
		assert_eq!(found[1], Difference::AssetAppeared { asset: "ip:192.0.2.9".into() });
		assert!(differences(&after, &after).is_empty());
	}

	#[test]
	fn a_host_that_moved_keeps_its_name_and_a_replaced_one_is_noticed() {
		let known = |last: u8, mac: &str| Asset {
			identities: vec![Identity::Mac(mac.into()), Identity::AeTitle("PACS".into())],
			..asset(last, vec![])
		};
		let snapshot = |assets| Snapshot { assets, ..Snapshot::default() };
		let before = snapshot(vec![known(7, "02:00:00:00:00:01"), known(8, "02:00:00:00:00:02")]);
		let mut after =
			snapshot(vec![known(9, "02:00:00:00:00:01"), known(8, "02:00:00:00:00:03")]);
		assert_eq!(after.bind_identities(&before), 1);
		assert!(after
			.assets
			.iter()
			.any(|a| a.id == "ip:192.0.2.7" && a.address.to_string() == "192.0.2.9"));
		let found = differences(&before, &after);
		assert!(
			matches!(&found[..], [Difference::IdentityChanged { asset, .. }] if asset == "ip:192.0.2.8")
		);
		// Two hosts with one address of an interface: nobody knows which is which.
		let mut twins =
			snapshot(vec![known(9, "02:00:00:00:00:01"), known(10, "02:00:00:00:00:01")]);
		assert_eq!(twins.bind_identities(&before), 0);
	}

	#[test]
	fn a_package_has_a_url() {
		let mut found = service(22, "openssh", "9.2p1");
		assert_eq!(found.purl(), None);
		found.package = Some(Package {
			name: "openssh-server".into(),
			version: "1:9.2p1-2+deb12u3".into(),
			source: "openssh".into(),
			source_version: "1:9.2p1-2+deb12u3".into(),
			distribution: "Debian:12".into(),
		});
		assert_eq!(
			found.purl().as_deref(),
			Some("pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u3?distro=debian-12&upstream=openssh")
		);
	}

	#[test]
	fn a_target_that_was_held_back_is_not_reported_as_gone() {
		let before = Snapshot { assets: vec![asset(7, vec![])], ..Snapshot::default() };
		let mut after = Snapshot::default();
		assert_eq!(
			differences(&before, &after),
			[Difference::AssetDisappeared { asset: "ip:192.0.2.7".into() }]
		);
		after.held_back =
			vec![HeldBack { address: [192, 0, 2, 7].into(), reason: "patient connected".into() }];
		assert!(differences(&before, &after).is_empty());
	}
}
