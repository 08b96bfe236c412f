//! What others wrote about devices: port scans of nmap, and manufacturers' disclosure statements (MDS2).

mod mds2;
mod nmap;
mod spreadsheet;

pub use self::{
	mds2::{import_mds2, Disclosure, Response, SecurityAnswer},
	nmap::import_nmap,
};

/// An attribute of an element, unescaped.
fn attribute(start: &quick_xml::events::BytesStart<'_>, name: &str) -> Option<String> {
	let found = start.attributes().flatten().find(|attribute| attribute.key.as_ref() == name)?;
	let raw = found.value.into_owned();
	Some(quick_xml::escape::unescape(&raw).map_or(raw.clone(), |text| text.into_owned()))
}
