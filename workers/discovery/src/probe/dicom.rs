//! DICOM: requests an association for Verification, reads who accepts it, and releases it.
//!
//! The acceptor names its implementation in the user information of its answer (PS3.7, annex D.3.3.2):
//! Implementation Class UID (item 0x52) and Implementation Version Name (item 0x55). That is the toolkit the
//! product was built with; which product it is, DICOM does not say.

use std::net::SocketAddr;

use dicom_ul::pdu::{
	read_pdu, write_pdu, AssociationRQ, Pdu, PresentationContextProposed, UserVariableItem,
	DEFAULT_MAX_PDU,
};
use tokio::io::AsyncWriteExt;

use super::{heard, read_some, service, Answer, Prober};
use crate::{audit::ProbeAction, error::Error, evidence, policy::Transport, snapshot::Service};

/// Length of type, reserved byte and length field (PS3.8, section 9.3.1).
const HEADER: usize = 6;
/// Largest answer that is read, bytes. An A-ASSOCIATE-AC to one proposal is a few hundred.
const ANSWER_BYTES: usize = 16 << 10;

const ASSOCIATE_AC: u8 = 0x02;
const ASSOCIATE_RJ: u8 = 0x03;
const ABORT: u8 = 0x07;

const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
const VERIFICATION: &str = "1.2.840.10008.1.1";
const IMPLICIT_VR_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";

/// Roots of Implementation Class UIDs, and the product whose authors own them.
const CLASS_UID_ROOTS: &[(&str, &str)] = &[
	(DCMTK_CLASS_UID_ROOT, "dcmtk"),
	("1.2.40.0.13.1.", "dcm4che"),
	("1.2.826.0.1.3680043.9.3811.", "pynetdicom"),
	("1.3.6.1.4.1.30071.8", "fo-dicom"),
	("2.25.268051044599311345688996422911472681751", "dicom-rs"),
];

/// DCMTK appends its version: `1.2.276.0.7230010.3.0.3.6.7` is 3.6.7.
const DCMTK_CLASS_UID_ROOT: &str = "1.2.276.0.7230010.3.0.";

pub(super) async fn ask(prober: &Prober<'_>, at: SocketAddr) -> Result<Answer, Error> {
	let Ok(mut stream) = prober.connect(at).await? else { return Ok(Answer::Else(String::new())) };
	prober.announce(at, Transport::Tcp, ProbeAction::DicomAssociation).await?;
	let request = request(&prober.policy.calling_ae_title, &prober.policy.called_ae_title);
	if stream.write_all(&request).await.is_err() {
		return Ok(Answer::Else(String::new()));
	}
	let patience = prober.policy.timeout();
	let (answer, _) = read_some(&mut stream, ANSWER_BYTES, patience, is_whole).await;
	let Some(found) = identify(at, &answer) else { return Ok(Answer::Else(heard(&answer))) };
	if answer.first() == Some(&ASSOCIATE_AC)
		&& stream.write_all(&encode(&Pdu::ReleaseRQ)).await.is_ok()
	{
		// Politeness only: what comes back, or whether anything does, changes nothing.
		let _ = read_some(&mut stream, HEADER + 4, prober.policy.greeting_time(), is_whole).await;
	}
	Ok(Answer::Understood(found.into()))
}

fn request(calling: &str, called: &str) -> Vec<u8> {
	encode(&Pdu::AssociationRQ(AssociationRQ {
		protocol_version: 1,
		calling_ae_title: calling.into(),
		called_ae_title: called.into(),
		application_context_name: APPLICATION_CONTEXT.into(),
		presentation_contexts: vec![PresentationContextProposed {
			id: 1,
			abstract_syntax: VERIFICATION.into(),
			transfer_syntaxes: vec![IMPLICIT_VR_LITTLE_ENDIAN.into()],
		}],
		user_variables: vec![
			UserVariableItem::MaxLength(DEFAULT_MAX_PDU),
			UserVariableItem::ImplementationClassUID(dicom_ul::IMPLEMENTATION_CLASS_UID.into()),
			UserVariableItem::ImplementationVersionName(
				dicom_ul::IMPLEMENTATION_VERSION_NAME.into(),
			),
		],
	}))
}

fn encode(pdu: &Pdu) -> Vec<u8> {
	let mut bytes = Vec::new();
	match write_pdu(&mut bytes, pdu) {
		Ok(()) => bytes,
		// Nothing is sent then, and nothing will answer.
		Err(_) => Vec::new(),
	}
}

/// Length that the header announces, header included; `None` if it is no answer to an association request.
fn announced_length(bytes: &[u8]) -> Option<usize> {
	let header = bytes.get(..HEADER)?;
	let length = u32::from_be_bytes([header[2], header[3], header[4], header[5]]);
	let length = usize::try_from(length).ok()?;
	let plausible = match header[0] {
		ASSOCIATE_AC => (68..=ANSWER_BYTES - HEADER).contains(&length),
		ASSOCIATE_RJ | ABORT => length == 4,
		_ => length == 4 && header[0] == 0x06,
	};
	(plausible && header[1] == 0).then_some(HEADER + length)
}

fn is_whole(bytes: &[u8]) -> bool {
	bytes.len() >= HEADER && announced_length(bytes).is_none_or(|length| bytes.len() >= length)
}

/// What the answer to an association request tells; `None` if it is not DICOM.
pub(super) fn identify(at: SocketAddr, answer: &[u8]) -> Option<Service> {
	let whole = answer.get(..announced_length(answer)?)?;
	let dicom = |product: Option<&str>, version, evidence: String, confidence| {
		service(at, Transport::Tcp, "dicom", product, version, evidence, confidence)
	};
	// The decoder is a third party's: should it panic on hostile bytes, the answer is not understood.
	let read = std::panic::catch_unwind(|| read_pdu(whole, DEFAULT_MAX_PDU, true));
	match read.ok()?.ok()?? {
		Pdu::AssociationAC(accepted) => {
			let mut class_uid = None;
			let mut version_name = None;
			for item in accepted.user_variables {
				match item {
					UserVariableItem::ImplementationClassUID(uid) => class_uid = trimmed(&uid),
					UserVariableItem::ImplementationVersionName(name) => {
						version_name = trimmed(&name)
					},
					_ => {},
				}
			}
			let evidence = format!(
				"association accepted; implementation class {}, version name {}",
				class_uid.as_deref().unwrap_or("not given"),
				version_name.as_deref().unwrap_or("not given")
			);
			let (product, version, confidence) =
				implementation(class_uid.as_deref(), version_name.as_deref());
			Some(dicom(product, version, evidence, confidence))
		},
		Pdu::AssociationRJ(rejected) => {
			let why =
				evidence::text(format!("association rejected: {:?}", rejected.source).as_bytes());
			Some(dicom(None, None, why, 85))
		},
		Pdu::AbortRQ { .. } => {
			Some(dicom(None, None, "association aborted by the other side".into(), 60))
		},
		_ => None,
	}
}

fn trimmed(text: &str) -> Option<String> {
	evidence::name(text.trim_end_matches('\0'))
}

/// Product, version and confidence of an implementation.
fn implementation(
	class_uid: Option<&str>,
	version_name: Option<&str>,
) -> (Option<&'static str>, Option<String>, u8) {
	let uid = class_uid.unwrap_or_default();
	let name = version_name.unwrap_or_default();
	let by_uid =
		CLASS_UID_ROOTS.iter().find(|(root, _)| uid.starts_with(root)).map(|(_, name)| *name);
	let (by_name, named_version) = version_of_name(name);
	match (by_uid, by_name) {
		(Some("dcmtk"), _) => {
			let version = dcmtk_version(uid).or(named_version);
			let agree = by_name == Some("dcmtk");
			(Some("dcmtk"), version, if agree { 95 } else { 80 })
		},
		(Some(product), named) if named.is_none() || named == Some(product) => {
			let confidence = if named_version.is_some() { 90 } else { 75 };
			(Some(product), named_version, confidence)
		},
		// The two disagree, or only the name speaks: the name is free text, so less is believed.
		(_, Some(product)) => (Some(product), named_version, 60),
		_ => (None, None, 85),
	}
}

/// Product and version out of an Implementation Version Name (at most 16 characters, vendor's own style).
fn version_of_name(name: &str) -> (Option<&'static str>, Option<String>) {
	// `OFFIS_DCMTK_367` and `PYNETDICOM_202` write 3.6.7 and 2.0.2 without dots.
	let digits = |rest: &str| {
		(rest.len() == 3 && rest.bytes().all(|b| b.is_ascii_digit()))
			.then(|| rest.chars().map(String::from).collect::<Vec<_>>().join("."))
	};
	if let Some(rest) = name.strip_prefix("OFFIS_DCMTK_") {
		return (Some("dcmtk"), digits(rest));
	}
	if let Some(rest) = name.strip_prefix("PYNETDICOM_") {
		return (Some("pynetdicom"), digits(rest));
	}
	for (prefix, product) in
		[("dcm4che-", "dcm4che"), ("DICOM-rs_", "dicom-rs"), ("fo-dicom_", "fo-dicom")]
	{
		if let Some(rest) = name.strip_prefix(prefix) {
			return (Some(product), evidence::name(rest));
		}
	}
	(None, None)
}

fn dcmtk_version(uid: &str) -> Option<String> {
	let rest = uid.strip_prefix(DCMTK_CLASS_UID_ROOT)?;
	let numbers: Vec<&str> = rest.split('.').collect();
	let plausible = (2..=4).contains(&numbers.len())
		&& numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
	plausible.then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn class_uid_and_version_name_tell_the_toolkit() {
		for (uid, name, expected) in [
			(
				Some("1.2.276.0.7230010.3.0.3.6.7"),
				Some("OFFIS_DCMTK_367"),
				(Some("dcmtk"), Some("3.6.7"), 95),
			),
			(Some("1.2.276.0.7230010.3.0.3.6.7"), None, (Some("dcmtk"), Some("3.6.7"), 80)),
			(None, Some("OFFIS_DCMTK_370"), (Some("dcmtk"), Some("3.7.0"), 60)),
			(
				Some("1.2.40.0.13.1.3"),
				Some("dcm4che-5.30.0"),
				(Some("dcm4che"), Some("5.30.0"), 90),
			),
			(Some("1.2.3.4"), Some("ACME_PACS_1"), (None, None, 85)),
			(None, None, (None, None, 85)),
		] {
			let (product, version, confidence) = implementation(uid, name);
			assert_eq!((product, version.as_deref(), confidence), expected, "{uid:?} {name:?}");
		}
	}

	#[test]
	fn the_request_is_a_well_formed_association_request() {
		let bytes = request("CUREX", "ANY-SCP");
		let pdu = read_pdu(&bytes[..], DEFAULT_MAX_PDU, true).expect("we write what we can read");
		match pdu {
			Some(Pdu::AssociationRQ(rq)) => {
				assert_eq!(rq.called_ae_title, "ANY-SCP");
				assert_eq!(rq.presentation_contexts[0].abstract_syntax, VERIFICATION);
			},
			other => panic!("{other:?}"),
		}
	}

	#[test]
	fn an_answer_that_announces_too_much_is_not_dicom() {
		assert!(
			identify(([192, 0, 2, 7], 104).into(), &[2, 0, 0xff, 0xff, 0xff, 0xff, 0]).is_none()
		);
		assert!(is_whole(&[2, 0, 0xff, 0xff, 0xff, 0xff]));
		assert!(identify(([192, 0, 2, 7], 104).into(), b"HTTP/1.1 400 Bad Request\r\n").is_none());
	}

	proptest::proptest! {
		#[test]
		fn no_answer_makes_it_panic(
			kind in proptest::sample::select(vec![2u8, 3, 6, 7]),
			body in proptest::collection::vec(0u8.., 68..400),
		) {
			let mut bytes = vec![kind, 0, 0, 0];
			bytes.extend(u16::try_from(body.len()).unwrap_or(0).to_be_bytes());
			bytes.extend(body);
			identify(([192, 0, 2, 7], 104).into(), &bytes);
		}
	}
}
