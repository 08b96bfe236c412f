//! SNMP v2c: who is the agent? Reads at most three objects and writes nothing.

use std::{
	io,
	net::{IpAddr, SocketAddr},
	time::Duration,
};

use snmp2::{AsyncSession, Oid, Pdu, Value};
use tokio::time::timeout;

use super::{service, Port, Prober};
use crate::{audit::ProbeAction, error::Error, evidence, policy::Transport, snapshot::Service};

/// SNMPv2-MIB::sysDescr.0 (RFC 3418).
const SYS_DESCR: &[u64] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];
/// SNMPv2-MIB::sysObjectID.0 (RFC 3418).
const SYS_OBJECT_ID: &[u64] = &[1, 3, 6, 1, 2, 1, 1, 2, 0];
/// UCD-SNMP-MIB::versionTag.0, the version of Net-SNMP's own agent.
const VERSION_TAG: &[u64] = &[1, 3, 6, 1, 4, 1, 2021, 100, 2, 0];

/// Enterprise numbers (IANA) that tell the vendor of an agent.
const ENTERPRISES: &[(&str, &str)] = &[
	("1.3.6.1.4.1.8072.", "net-snmp"),
	("1.3.6.1.4.1.2021.", "net-snmp"),
	("1.3.6.1.4.1.9.", "cisco"),
	("1.3.6.1.4.1.11.", "hp"),
	("1.3.6.1.4.1.311.", "microsoft"),
	("1.3.6.1.4.1.2636.", "juniper"),
	("1.3.6.1.4.1.12356.", "fortinet"),
];

/// Asks an agent what it is; an agent that does not know the community stays silent.
pub(super) async fn ask(prober: &Prober<'_>, address: IpAddr, port: u16) -> Result<Port, Error> {
	let at = SocketAddr::new(address, port);
	let system = match get(prober, at, &[SYS_DESCR, SYS_OBJECT_ID]).await? {
		Reply::Values(values) => values,
		Reply::Refused => return Ok(Port::Closed),
		Reply::Nothing => return Ok(Port::Silent),
		Reply::Garbled => {
			let what = "answered, but not in SNMP v2c".to_owned();
			let found = service(at, Transport::Udp, "unknown", None, None, what, 10);
			return Ok(Port::Open(found.into()));
		},
	};
	let vendor = vendor(&system);
	let mut version = None;
	if vendor == Some("net-snmp") {
		if let Reply::Values(values) = get(prober, at, &[VERSION_TAG]).await? {
			version = values.into_iter().next().flatten().and_then(|tag| evidence::name(&tag));
		}
	}
	Ok(Port::Open(agent(at, &system, version).into()))
}

/// The vendor by the object that an agent says it is, second of the two that were asked for.
fn vendor(system: &[Option<String>]) -> Option<&'static str> {
	let id = system.get(1)?.as_deref()?;
	let found = ENTERPRISES.iter().find(|(prefix, _)| format!("{id}.").starts_with(prefix));
	found.map(|(_, vendor)| *vendor)
}

/// The agent as a service.
fn agent(at: SocketAddr, system: &[Option<String>], version: Option<String>) -> Service {
	let [description, object_id] = [0, 1].map(|at| system.get(at).and_then(Option::as_deref));
	let mut evidence = format!(
		"sysDescr {}; sysObjectID {}",
		description.unwrap_or("withheld"),
		object_id.unwrap_or("withheld")
	);
	if let Some(tag) = &version {
		evidence.push_str("; versionTag ");
		evidence.push_str(tag);
	}
	let vendor = vendor(system);
	let product = vendor.filter(|vendor| *vendor == "net-snmp");
	let confidence = match (product, &version) {
		(Some(_), Some(_)) => 95,
		(Some(_), None) => 80,
		_ => 60,
	};
	let mut found = service(at, Transport::Udp, "snmp", product, version, evidence, confidence);
	found.vendor = vendor.map(str::to_owned);
	found
}

/// An agent by a response to the first question.
pub(super) fn identify(at: SocketAddr, answer: &[u8]) -> Option<Service> {
	let read = || -> Option<Vec<Option<String>>> {
		let answer = Pdu::from_bytes(answer).ok()?;
		Some(answer.varbinds.take(2).map(|(_, value)| text(&value)).collect())
	};
	// The decoder is a third party's: should it panic on hostile bytes, the answer is not understood.
	let values = std::panic::catch_unwind(read).ok().flatten()?;
	Some(agent(at, &values, None))
}

enum Reply {
	/// One text per object asked, in order; `None` if the agent withholds it.
	Values(Vec<Option<String>>),
	/// The host refused the datagram.
	Refused,
	/// Nothing came back in time.
	Nothing,
	/// Something came back that is no answer to the question.
	Garbled,
}

async fn get(prober: &Prober<'_>, at: SocketAddr, oids: &[&'static [u64]]) -> Result<Reply, Error> {
	let dotted = |oid: &&[u64]| oid.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
	let action = ProbeAction::SnmpGet { oids: oids.iter().map(dotted).collect() };
	prober.announce(at, Transport::Udp, action).await?;
	if prober.policy.dry_run {
		return Ok(Reply::Nothing);
	}
	let exchange = exchange(
		at,
		prober.policy.snmp_community.clone().into_bytes(),
		oids.to_vec(),
		prober.policy.timeout(),
	);
	// A task of its own: should the decoder panic on hostile bytes, only this answer is lost.
	Ok(tokio::spawn(exchange).await.unwrap_or(Reply::Garbled))
}

async fn exchange(
	at: SocketAddr,
	community: Vec<u8>,
	oids: Vec<&'static [u64]>,
	patience: Duration,
) -> Reply {
	let Some(oids) =
		oids.into_iter().map(|oid| Oid::from(oid).ok()).collect::<Option<Vec<Oid<'_>>>>()
	else {
		return Reply::Nothing;
	};
	let ask = async {
		let mut session = AsyncSession::new_v2c(at, &community, 1).await.map_err(refused)?;
		let questions: Vec<&Oid<'_>> = oids.iter().collect();
		let answer = session.get_many(&questions).await.map_err(|error| match error {
			snmp2::Error::Receive | snmp2::Error::Send => Reply::Refused,
			_ => Reply::Garbled,
		})?;
		Ok(answer.varbinds.take(questions.len()).map(|(_, value)| text(&value)).collect())
	};
	match timeout(patience, ask).await {
		Err(_) => Reply::Nothing,
		Ok(Ok(values)) => Reply::Values(values),
		Ok(Err(reply)) => reply,
	}
}

fn refused(error: io::Error) -> Reply {
	match error.kind() {
		io::ErrorKind::ConnectionRefused => Reply::Refused,
		_ => Reply::Nothing,
	}
}

fn text(value: &Value<'_>) -> Option<String> {
	match value {
		Value::OctetString(bytes) => Some(evidence::text(bytes)),
		Value::ObjectIdentifier(oid) => Some(evidence::text(oid.to_string().as_bytes())),
		_ => None,
	}
}
