//! Which addresses are spoken to: those of the public Internet over TLS, and those that are allowed by name. A feed
//! that names or redirects to an address in the hospital's own network (server-side request forgery) leads nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::{
	config::Config,
	http::Uri,
	unversioned::{
		resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
		transport::NextTimeout,
	},
};

/// Looks up names and refuses addresses. It stands where the connection is made, so that a name cannot answer
/// differently to the check and to the connection.
#[derive(Debug)]
pub(super) struct Guard {
	names: DefaultResolver,
	allowed: Vec<IpAddr>,
}

/// An address that is not spoken to.
#[derive(Debug, thiserror::Error)]
#[error("{address} is {what}")]
pub(super) struct NotAllowed {
	address: IpAddr,
	what: &'static str,
}

impl Guard {
	pub(super) fn new(allowed: &[IpAddr]) -> Self {
		Self { names: DefaultResolver::default(), allowed: allowed.to_vec() }
	}

	fn check(&self, address: IpAddr, secure: bool) -> Result<(), NotAllowed> {
		if self.allowed.contains(&address) {
			return Ok(());
		}
		let what = if !is_public(address) {
			"no public address; a mirror in the house has to be allowed by its address"
		} else if !secure {
			"to be spoken to over TLS only; use https"
		} else {
			return Ok(());
		};
		Err(NotAllowed { address, what })
	}
}

impl Resolver for Guard {
	fn resolve(
		&self,
		uri: &Uri,
		config: &Config,
		timeout: NextTimeout,
	) -> Result<ResolvedSocketAddrs, ureq::Error> {
		let found = self.names.resolve(uri, config, timeout)?;
		let secure = uri.scheme_str() == Some("https");
		for at in found.iter() {
			self.check(at.ip(), secure).map_err(|error| ureq::Error::Other(Box::new(error)))?;
		}
		Ok(found)
	}
}

/// Whether an address is one of the public Internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
	match address {
		IpAddr::V4(address) => is_public_v4(address),
		IpAddr::V6(address) => is_public_v6(address),
	}
}

fn is_public_v4(address: Ipv4Addr) -> bool {
	let [a, b, c, _] = address.octets();
	!(a == 0
		|| address.is_private()
		|| address.is_loopback()
		|| address.is_link_local()
		|| address.is_documentation()
		|| address.is_multicast()
		// Shared by providers, protocol assignments, benchmarks, reserved and broadcast.
		|| (a == 100 && (64..128).contains(&b))
		|| (a, b, c) == (192, 0, 0)
		|| (a == 198 && (b == 18 || b == 19))
		|| a >= 240)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
	let [a, b, ..] = address.segments();
	if let Some(mapped) = address.to_ipv4_mapped() {
		return is_public_v4(mapped);
	}
	// Global unicast, without Teredo, documentation and 6to4, which lead to other addresses or nowhere.
	(0x2000..0x4000).contains(&a) && !(a == 0x2001 && (b == 0 || b == 0xdb8)) && a != 0x2002
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn addresses_of_the_house_are_refused_unless_they_are_allowed() {
		let guard = Guard::new(&["10.0.0.5".parse().expect("an address")]);
		let refused =
			|text: &str, secure| guard.check(text.parse().expect("an address"), secure).is_err();
		for inside in [
			"127.0.0.1",
			"10.0.0.1",
			"172.16.0.1",
			"192.168.1.1",
			"169.254.169.254",
			"100.64.0.1",
			"0.0.0.0",
			"255.255.255.255",
			"224.0.0.1",
			"198.18.0.1",
			"192.0.0.8",
			"::1",
			"::",
			"fe80::1",
			"fc00::1",
			"ff02::1",
			"::ffff:10.0.0.1",
			"64:ff9b::a00:1",
			"2002:a00:1::",
			"2001:0:1::",
			"2001:db8::1",
		] {
			assert!(refused(inside, true), "{inside}");
		}
		for outside in ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"] {
			assert!(!refused(outside, true) && refused(outside, false), "{outside}");
		}
		assert!(!refused("10.0.0.5", false));
	}
}
