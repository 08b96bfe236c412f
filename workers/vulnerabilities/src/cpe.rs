//! CPE 2.3 formatted strings (NIST IR 7695, section 6.2), as far as matching needs them.

/// A platform name: `cpe:2.3:part:vendor:product:version:update:…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cpe {
	pub(crate) vendor: String,
	pub(crate) product: String,
	/// Version and update joined (`9.2`, `p1` is `9.2p1`).
	pub(crate) version: CpeVersion,
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
		let parts = split(text.strip_prefix("cpe:2.3:")?);
		let [part, vendor, product, version, update, ..] = parts.as_slice() else { return None };
		if parts.len() != 11 || !matches!(part.as_str(), "a" | "o" | "h" | "*" | "-") {
			return None;
		}
		let version = match version.as_str() {
			"*" => CpeVersion::Any,
			"-" => CpeVersion::NotApplicable,
			version if matches!(update.as_str(), "*" | "-") => CpeVersion::Exactly(version.into()),
			version => CpeVersion::Exactly(format!("{version}{update}")),
		};
		Some(Self { vendor: vendor.clone(), product: product.clone(), version })
	}
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
	fn quoted_colons_do_not_split() {
		let cpe = Cpe::parse(r"cpe:2.3:a:f5:nginx:1\:2\+x:*:*:*:*:*:*:*").expect("a CPE");
		assert_eq!(cpe.version, CpeVersion::Exactly("1:2+x".into()));
		assert_eq!(Cpe::parse("cpe:/a:f5:nginx"), None);
		assert_eq!(Cpe::parse("cpe:2.3:a:f5:nginx"), None);
	}
}
