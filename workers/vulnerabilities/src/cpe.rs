//! CPE 2.3 formatted strings (NIST IR 7695, section 6.2), as far as matching needs them.

use crate::feed::Part;

/// A platform name: `cpe:2.3:part:vendor:product:version:update:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cpe {
	pub(crate) part: Option<Part>,
	pub(crate) vendor: String,
	pub(crate) product: String,
	/// Version and update joined (`9.2`, `p1` is `9.2p1`).
	pub(crate) version: CpeVersion,
	/// The software environment (`target_sw`), if it is limited.
	pub(crate) target: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CpeVersion {
	/// `*`: any.
	Any,
	/// `-`: the product has no version.
	NotApplicable,
	Exactly(String),
}

impl Cpe {
	/// Reads a formatted string; `None` if it is none.
	pub(crate) fn parse(text: &str) -> Option<Self> {
		if let Some(old) = text.strip_prefix("cpe:/") {
			return Self::parse(&from_uri(old));
		}
		let parts = split(text.strip_prefix("cpe:2.3:")?);
		let [part, vendor, product, version, update, ..] = parts.as_slice() else { return None };
		if parts.len() != 11 || !matches!(part.as_str(), "a" | "o" | "h" | "*" | "-") {
			return None;
		}
		let kind = match part.as_str() {
			"a" => Some(Part::Application),
			"o" => Some(Part::OperatingSystem),
			"h" => Some(Part::Hardware),
			_ => None,
		};
		let target = parts.get(8).filter(|target| !matches!(target.as_str(), "*" | "-")).cloned();
		let version = match version.as_str() {
			"*" => CpeVersion::Any,
			"-" => CpeVersion::NotApplicable,
			version if matches!(update.as_str(), "*" | "-") => CpeVersion::Exactly(version.into()),
			version => CpeVersion::Exactly(format!("{version}{update}")),
		};
		Some(Self { part: kind, vendor: vendor.clone(), product: product.clone(), version, target })
	}
}

/// The older URI binding (`cpe:/a:openbsd:openssh:9.2p1`) as a formatted string, without its rarer parts.
fn from_uri(rest: &str) -> String {
	let mut parts: Vec<String> = rest
		.split(':')
		.take(5)
		.map(|part| match part {
			"" => "*".to_owned(),
			part => part.replace("%2b", "\\+").replace("%2B", "\\+"),
		})
		.collect();
	parts.resize(11, "*".to_owned());
	format!("cpe:2.3:{}", parts.join(":"))
}

/// Splits at colons that are not quoted and removes the quotes.
fn split(text: &str) -> Vec<String> {
	let mut parts = vec![String::new()];
	let mut quoted = false;
	for c in text.chars() {
		match c {
			'\\' if !quoted => quoted = true,
			':' if !quoted => parts.push(String::new()),
			c => {
				if let Some(part) = parts.last_mut() {
					part.push(c);
				}
				quoted = false;
			},
		}
	}
	parts
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn version_and_update_are_joined() {
		let cpe = Cpe::parse("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*").expect("a CPE");
		assert_eq!(cpe.version, CpeVersion::Exactly("9.2p1".into()));
		assert_eq!((cpe.vendor.as_str(), cpe.product.as_str()), ("openbsd", "openssh"));
	}

	#[test]
	fn a_software_environment_is_kept() {
		let cpe = Cpe::parse("cpe:2.3:a:acme:viewer:1.0:*:*:*:*:android:*:*").expect("a CPE");
		assert_eq!(cpe.target.as_deref(), Some("android"));
	}

	#[test]
	fn quoted_colons_do_not_split() {
		let cpe = Cpe::parse(r"cpe:2.3:a:f5:nginx:1\:2\+x:*:*:*:*:*:*:*").expect("a CPE");
		assert_eq!(cpe.version, CpeVersion::Exactly("1:2+x".into()));
		let old = Cpe::parse("cpe:/a:f5:nginx").expect("the older binding");
		assert_eq!((old.product.as_str(), old.version), ("nginx", CpeVersion::Any));
		assert_eq!(Cpe::parse("cpe:2.3:a:f5:nginx"), None);
	}
}
