//! What a host says about itself from inside: system, kernel, packages, programs and installed updates.
//!
//! The lists are written on the host by the commands in `docs/discovery.md` and read here; nothing is sent to the host.

mod linux;
mod windows;

use std::{borrow::Cow, collections::BTreeSet, net::IpAddr};

use crate::{
	error::Error,
	evidence,
	packages::{upstream_version, HostPackages, InstalledPackage},
	policy::{DeviceClass, Transport},
	snapshot::{Asset, Identity, Package, Service, Snapshot},
};

/// Largest list that is read, bytes.
const LIST_BYTES: usize = 64 << 20;
/// Most packages, programs and updates that are kept of one host.
const ENTRIES: usize = 20_000;

/// What one host said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostInventory {
	/// Its name.
	pub name: Option<String>,
	/// Its operating system.
	pub system: Option<OperatingSystem>,
	/// The kernel that runs, for example `6.1.0-18-amd64`.
	pub kernel: Option<String>,
	/// Packages of a distribution.
	pub packages: Vec<InstalledPackage>,
	/// Programs that were installed without a distribution.
	pub programs: Vec<Program>,
	/// Installed updates by their number in Microsoft's knowledge base, for example `KB5033372`.
	pub updates: BTreeSet<String>,
}

/// An operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatingSystem {
	/// Vendor in lower case.
	pub vendor: String,
	/// Its name with release, for example `Windows 10 Version 22H2` or `Debian GNU/Linux 12`.
	pub product: String,
	/// Its whole version, if told: `10.0.19045.3803`.
	pub version: Option<String>,
	/// CPE 2.3 formatted string, if its name in the dictionary is known.
	pub cpe23: Option<String>,
	/// Distribution and release in OSV's words, for example `Debian:12`.
	pub distribution: Option<String>,
}

/// A program as its installer entered it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
	/// Its name.
	pub name: String,
	/// Its publisher.
	pub publisher: Option<String>,
	/// Its version.
	pub version: Option<String>,
}

impl HostInventory {
	/// Adds a list: what kind it is is told by its content.
	///
	/// JSON and CSV as PowerShell writes them (UTF-8, or UTF-16 with a byte order mark), a dpkg status file, a release
	/// file (os-release(5)), and lists of dpkg and rpm with the release file before them.
	///
	/// # Errors
	/// [`Error::Import`] if it is larger than 64 MiB, of no known kind, or says nothing.
	pub fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
		let wrong = |reason: &str| Error::Import {
			what: "a list of what is installed on a host",
			reason: reason.into(),
		};
		if bytes.len() > LIST_BYTES {
			return Err(wrong("it has more than 64 MiB"));
		}
		let text = decoded(bytes).ok_or_else(|| {
			wrong("it is neither UTF-8 nor UTF-16 with a byte order mark; write it as `Out-File` or `>` does")
		})?;
		let mut found = self.clone();
		let trimmed = text.trim_start();
		if trimmed.starts_with(['{', '[']) {
			windows::json(trimmed, &mut found).map_err(|reason| wrong(&reason))?;
		} else if linux::is_list(&text) {
			linux::read(&text, &mut found);
		} else {
			windows::csv(&text, &mut found).map_err(|reason| wrong(&reason))?;
		}
		if found == *self {
			return Err(wrong(
				"no system, package, program or update is in it that was not known; see docs/discovery.md for the \
				 commands that write it",
			));
		}
		found.packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
		found.packages.dedup();
		found.programs.sort();
		found.programs.dedup();
		found.packages.truncate(ENTRIES);
		found.programs.truncate(ENTRIES);
		*self = found;
		Ok(())
	}

	/// Adds to a snapshot what the host at this address said of itself: services that were found from outside are linked
	/// with their packages; system, other packages and programs follow as software that serves no port. A host that is
	/// not in the snapshot is added with this class.
	pub fn complete(&self, snapshot: &mut Snapshot, address: IpAddr, class: DeviceClass) {
		let at = snapshot.assets.iter().position(|asset| asset.address == address);
		let at = at.unwrap_or_else(|| {
			snapshot.assets.push(Asset {
				id: Asset::id_of(address),
				address,
				device_class: class,
				services: Vec::new(),
				identities: Vec::new(),
				updates: Vec::new(),
			});
			snapshot.assets.len() - 1
		});
		let asset = &mut snapshot.assets[at];
		let name = self.name.as_deref().and_then(evidence::name).map(Identity::Hostname);
		asset.identities.extend(name);
		asset.updates = self.updates.iter().cloned().collect();
		if let Some(distribution) = self.distribution() {
			let packages = HostPackages {
				distribution,
				installed: self.running_packages().cloned().collect(),
			};
			asset.services.iter_mut().for_each(|service| packages.link(service));
		}
		let linked: BTreeSet<String> = asset
			.services
			.iter()
			.filter_map(|service| service.package.as_ref())
			.map(|package| package.source.clone())
			.collect();
		asset.services.extend(self.software(address, &linked));
		snapshot.order();
	}

	fn distribution(&self) -> Option<String> {
		self.system.as_ref()?.distribution.clone()
	}

	/// Kernels that are installed and do not run say nothing about the host.
	fn running_packages(&self) -> impl Iterator<Item = &InstalledPackage> {
		let kernel = self.kernel.as_deref();
		self.packages.iter().filter(move |package| match kernel {
			Some(kernel) if package.source == linux::KERNEL => package.name.ends_with(kernel),
			_ => true,
		})
	}

	/// Everything that serves no port, packages once for each source.
	fn software(&self, address: IpAddr, linked: &BTreeSet<String>) -> Vec<Service> {
		let entry = |protocol: &str, product: &str, evidence: String| Service {
			address,
			port: 0,
			transport: Transport::Tcp,
			protocol: protocol.into(),
			product: Some(product.into()),
			vendor: None,
			version: None,
			cpe23: None,
			evidence: evidence::text(evidence.as_bytes()),
			confidence: 97,
			package: None,
		};
		let mut out = Vec::new();
		if let Some(system) = &self.system {
			let kernel = self.kernel.as_ref().map_or(String::new(), |k| format!("; kernel {k}"));
			out.push(Service {
				vendor: Some(system.vendor.clone()),
				version: system.version.clone(),
				cpe23: system.cpe23.clone(),
				..entry("operating-system", &system.product, format!("told by the host{kernel}"))
			});
		}
		if let Some(distribution) = self.distribution() {
			let mut seen = linked.clone();
			for package in self.running_packages() {
				if !seen.insert(package.source.clone()) {
					continue;
				}
				let mut found =
					entry("package", &package.source, format!("package {}", package.name));
				found.version = Some(upstream_version(&package.source_version).to_owned());
				found.package = Some(Package {
					name: package.name.clone(),
					version: package.version.clone(),
					source: package.source.clone(),
					source_version: package.source_version.clone(),
					distribution: distribution.clone(),
				});
				out.push(found);
			}
		}
		for program in &self.programs {
			out.push(Service {
				vendor: program.publisher.clone(),
				version: program.version.clone(),
				..entry("program", &program.name, "entered by its installer".into())
			});
		}
		out
	}
}

/// The text of a file that PowerShell or a shell wrote: UTF-16 with a byte order mark, or UTF-8 with or without one.
fn decoded(bytes: &[u8]) -> Option<Cow<'_, str>> {
	let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
		let units: Vec<u16> = rest.chunks_exact(2).map(|two| unit([two[0], two[1]])).collect();
		rest.len()
			.is_multiple_of(2)
			.then(|| String::from_utf16(&units).ok())
			.flatten()
			.map(Cow::Owned)
	};
	match bytes {
		[0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
		[0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
		[0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
		_ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
	}
}

#[cfg(test)]
mod tests;
