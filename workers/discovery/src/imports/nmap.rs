//! The XML of nmap.

use quick_xml::{
	events::{BytesStart, Event},
	Reader,
};

use super::attribute;
use crate::{
	error::Error,
	evidence,
	policy::{DeviceClass, Transport},
	products,
	snapshot::{Asset, Identity, Service, Snapshot},
};

/// Most hosts and most services of one file.
const HOSTS: usize = 1 << 17;
const SERVICES: usize = 1 << 20;

/// Reads nmap's XML output (`-oX`): hosts that were up, their open ports, and what was found out about them.
/// The class of the devices stays unknown: a port scan does not tell whether a patient is attached.
///
/// # Errors
/// [`Error::Import`] if it is not nmap's XML, is cut off, or is too large.
pub fn import_nmap(xml: &[u8]) -> Result<Snapshot, Error> {
	let wrong = |reason: String| Error::Import { what: "an nmap report", reason };
	let text = String::from_utf8_lossy(xml);
	let mut reader = Reader::from_str(&text);
	let mut snapshot = Snapshot::default();
	let mut host: Option<Host> = None;
	let mut port: Option<Port> = None;
	let mut in_cpe = false;
	let mut known = false;
	let mut services = 0;
	loop {
		let at = reader.buffer_position();
		let event = reader.read_event().map_err(|error| wrong(format!("byte {at}: {error}")))?;
		match event {
			Event::Start(ref start) | Event::Empty(ref start) => match start.name().as_ref() {
				"nmaprun" => {
					known = true;
					let seconds =
						attribute(start, "start").and_then(|text| text.parse::<u64>().ok());
					snapshot.taken_at_ms = seconds.unwrap_or(0).saturating_mul(1_000);
				},
				"host" => host = Some(Host::default()),
				"address" => {
					if let Some(host) = &mut host {
						host.address(start);
					}
				},
				"status" => {
					if let Some(host) = &mut host {
						host.up = attribute(start, "state").as_deref() == Some("up");
					}
				},
				"port" => port = Port::new(start),
				"state" => {
					if let Some(port) = &mut port {
						port.open = attribute(start, "state").as_deref() == Some("open");
					}
				},
				"service" => {
					if let Some(port) = &mut port {
						port.service(start);
					}
				},
				"cpe" => in_cpe = true,
				_ => {},
			},
			Event::Text(text) if in_cpe => {
				if let Some(port) = &mut port {
					let text = (*text).to_owned();
					port.cpe.get_or_insert(text);
				}
			},
			Event::End(end) => match end.name().as_ref() {
				"cpe" => in_cpe = false,
				"port" => {
					if let (Some(host), Some(port)) = (&mut host, port.take()) {
						services += 1;
						if services > SERVICES {
							return Err(wrong(format!("it has more than {SERVICES} services")));
						}
						host.ports.push(port);
					}
				},
				"host" => {
					if snapshot.assets.len() >= HOSTS {
						return Err(wrong(format!("it has more than {HOSTS} hosts")));
					}
					snapshot.assets.extend(host.take().and_then(Host::asset));
				},
				"nmaprun" => break,
				_ => {},
			},
			Event::Eof if known => return Err(wrong("it ends before the report does".into())),
			Event::Eof => return Err(wrong("it is no nmap report (`nmap -oX`)".into())),
			_ => {},
		}
	}
	snapshot.order();
	Ok(snapshot)
}

#[derive(Default)]
struct Host {
	up: bool,
	ip: Option<std::net::IpAddr>,
	mac: Option<String>,
	ports: Vec<Port>,
}

impl Host {
	fn address(&mut self, start: &BytesStart<'_>) {
		let Some(text) = attribute(start, "addr") else { return };
		if attribute(start, "addrtype").as_deref() == Some("mac") {
			self.mac = Some(evidence::text(text.to_lowercase().as_bytes()));
		} else {
			self.ip = self.ip.or_else(|| text.parse().ok());
		}
	}

	fn asset(self) -> Option<Asset> {
		let address = self.ip.filter(|_| self.up)?;
		let services = self.ports.into_iter().filter(|port| port.open);
		Some(Asset {
			id: Asset::id_of(address),
			address,
			device_class: DeviceClass::Unknown,
			services: services.map(|port| port.found(address)).collect(),
			identities: self.mac.map(Identity::Mac).into_iter().collect(),
			updates: Vec::new(),
		})
	}
}

struct Port {
	number: u16,
	transport: Transport,
	open: bool,
	name: Option<String>,
	product: Option<String>,
	version: Option<String>,
	confidence: u8,
	cpe: Option<String>,
}

impl Port {
	fn new(start: &BytesStart<'_>) -> Option<Self> {
		let transport = match attribute(start, "protocol")?.as_str() {
			"tcp" => Transport::Tcp,
			"udp" => Transport::Udp,
			_ => return None,
		};
		Some(Self {
			number: attribute(start, "portid")?.parse().ok()?,
			transport,
			open: false,
			name: None,
			product: None,
			version: None,
			confidence: 0,
			cpe: None,
		})
	}

	fn service(&mut self, start: &BytesStart<'_>) {
		self.name = attribute(start, "name");
		self.product = attribute(start, "product");
		self.version = attribute(start, "version");
		// nmap's confidence goes up to 10.
		let confidence = attribute(start, "conf").and_then(|text| text.parse::<u8>().ok());
		self.confidence = confidence.unwrap_or(0).min(9) * 10;
	}

	fn found(self, address: std::net::IpAddr) -> Service {
		// `OpenSSH` is openssh, `Apache httpd` is apache.
		let product = self.product.as_deref().map(|text| {
			let lower = text.to_lowercase();
			let first = lower.split(' ').next().unwrap_or_default().to_owned();
			if products::product(&first).is_some() {
				first
			} else {
				lower.replace(' ', "_")
			}
		});
		let version = self
			.version
			.as_deref()
			.and_then(|text| text.split(' ').next())
			.and_then(evidence::name);
		let known = product.as_deref().and_then(products::product);
		let line = format!(
			"nmap: {} {} {}",
			self.name.as_deref().unwrap_or("unknown"),
			self.product.as_deref().unwrap_or_default(),
			self.version.as_deref().unwrap_or_default()
		);
		Service {
			address,
			port: self.number,
			transport: self.transport,
			protocol: self
				.name
				.as_deref()
				.and_then(evidence::name)
				.unwrap_or_else(|| "unknown".into()),
			vendor: known.map(|known| known.vendor.to_owned()),
			cpe23: known.and_then(|known| known.cpe23(version.as_deref())),
			product: product.as_deref().and_then(evidence::name),
			version,
			evidence: evidence::text(line.as_bytes()),
			confidence: self.confidence,
			package: None,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const REPORT: &str = r#"<?xml version="1.0"?><nmaprun scanner="nmap" start="1700000000">
		<host><status state="up"/><address addr="192.0.2.7" addrtype="ipv4"/>
		<address addr="02:00:00:00:00:AA" addrtype="mac" vendor="x"/><ports>
		<port protocol="tcp" portid="22"><state state="open"/><service name="ssh" product="OpenSSH"
			version="9.2p1 Debian 2+deb12u3" conf="10"><cpe>cpe:/a:openbsd:openssh:9.2p1</cpe></service></port>
		<port protocol="tcp" portid="80"><state state="closed"/></port></ports></host>
		<host><status state="down"/><address addr="192.0.2.8" addrtype="ipv4"/></host></nmaprun>"#;

	#[test]
	fn open_ports_of_hosts_that_are_up_are_imported() {
		let snapshot = import_nmap(REPORT.as_bytes()).expect("a report");
		assert_eq!(snapshot.assets.len(), 1);
		let asset = &snapshot.assets[0];
		assert_eq!(asset.identities, [Identity::Mac("02:00:00:00:00:aa".into())]);
		assert_eq!(asset.services.len(), 1);
		let service = &asset.services[0];
		assert_eq!(service.cpe23.as_deref(), Some("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*"));
		assert_eq!((service.confidence, asset.device_class), (90, DeviceClass::Unknown));
	}

	#[test]
	fn a_report_that_was_cut_off_is_refused() {
		for cut in [10, 100, 300, REPORT.len() - 3] {
			assert!(import_nmap(&REPORT.as_bytes()[..cut]).is_err(), "{cut}");
		}
		assert!(import_nmap(b"<other/>").is_err());
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(text in "[<>/=\"'&;! a-z0-9?-]{0,80}") {
			let _ = import_nmap(text.as_bytes());
			let _ = import_nmap(format!("<nmaprun><host><ports><port protocol=\"tcp\" portid=\"1\">{text}").as_bytes());
		}
	}
}
