//! What sensors saw named in connections.

use std::net::IpAddr;

use crate::indicators::IndicatorKind;

/// Domains, addresses, URLs and hashes, each once.
#[derive(Default)]
pub(super) struct Named(Vec<(IndicatorKind, String)>);

impl Named {
	fn add(&mut self, kind: IndicatorKind, value: &str) {
		let is_known = |(other, held): &(IndicatorKind, String)| *other == kind && held == value;
		if !value.is_empty() && !self.0.iter().any(is_known) {
			self.0.push((kind, value.into()));
		}
	}

	/// A name that was asked for.
	pub(super) fn domain(&mut self, name: &str) {
		self.add(IndicatorKind::Domain, name);
	}

	/// A name or an address.
	pub(super) fn host(&mut self, host: &str) {
		match host.parse::<IpAddr>() {
			Ok(_) => self.add(IndicatorKind::Address, host),
			Err(_) => self.domain(host),
		}
	}

	/// What was asked for by HTTP, of a host or a proxy.
	pub(super) fn url(&mut self, host: Option<&str>, path: Option<&str>) {
		match (host, path) {
			(_, Some(url)) if url.contains("://") => self.add(IndicatorKind::Url, url),
			(Some(host), path) if !host.is_empty() => {
				let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
				self.add(IndicatorKind::Url, &format!("http://{host}{path}"));
			},
			_ => {},
		}
	}

	/// A hash of a file.
	pub(super) fn hash(&mut self, hash: &str) {
		self.add(IndicatorKind::Hash, hash);
	}

	pub(super) fn all(self) -> Vec<(IndicatorKind, String)> {
		self.0
	}
}
