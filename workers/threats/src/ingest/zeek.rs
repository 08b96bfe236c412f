//! Zeek connection logs.

use std::{borrow::Cow, net::IpAddr};

use crate::event::Flow;

/// What a TSV log said about itself so far.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Header {
	separator: char,
	unset: String,
	fields: Vec<String>,
}

impl Default for Header {
	fn default() -> Self {
		Self { separator: '\t', unset: "-".into(), fields: Vec::new() }
	}
}

impl Header {
	/// Reads one line: a flow, nothing (a directive), or the reason why not.
	pub(super) fn parse(&mut self, line: &str) -> Result<Option<Flow>, String> {
		if line.starts_with('{') {
			let row: Row = serde_json::from_str(line).map_err(|error| format!("JSON: {error}"))?;
			return row.into_flow().map(Some);
		}
		if let Some(directive) = line.strip_prefix('#') {
			self.directive(directive);
			return Ok(None);
		}
		if self.fields.is_empty() {
			return Err("neither JSON nor preceded by a #fields line".into());
		}
		self.row(line)?.into_flow().map(Some)
	}

	fn directive(&mut self, text: &str) {
		if let Some(separator) = text.strip_prefix("separator ") {
			let code =
				separator.strip_prefix("\\x").and_then(|hex| u8::from_str_radix(hex, 16).ok());
			self.separator = code.map_or('\t', char::from);
		} else if let Some((name, rest)) = text.split_once(self.separator) {
			match name {
				"unset_field" => self.unset = rest.into(),
				"fields" => self.fields = rest.split(self.separator).map(Into::into).collect(),
				_ => {},
			}
		}
	}

	fn row<'a>(&self, line: &'a str) -> Result<Row<'a>, String> {
		let values: Vec<&str> = line.split(self.separator).collect();
		if values.len() != self.fields.len() {
			return Err(format!("{} columns, header has {}", values.len(), self.fields.len()));
		}
		let text = |name: &str| {
			let position = self.fields.iter().position(|field| field == name)?;
			Some(values[position]).filter(|value| *value != self.unset)
		};
		fn number<T: std::str::FromStr>(
			name: &str,
			value: Option<&str>,
		) -> Result<Option<T>, String> {
			value.map(|value| value.parse().map_err(|_| format!("{name} is no number"))).transpose()
		}
		let required = |name: &str| text(name).ok_or_else(|| format!("{name} is missing"));
		Ok(Row {
			ts: number("ts", Some(required("ts")?))?.unwrap_or(f64::NAN),
			source: required("id.orig_h")?.into(),
			destination: required("id.resp_h")?.into(),
			destination_port: number("id.resp_p", text("id.resp_p"))?.unwrap_or_default(),
			protocol: required("proto")?.into(),
			duration: number("duration", text("duration"))?,
			bytes_sent: number("orig_bytes", text("orig_bytes"))?,
			bytes_received: number("resp_bytes", text("resp_bytes"))?,
			state: text("conn_state").map(Into::into),
			packets_sent: number("orig_pkts", text("orig_pkts"))?,
			packets_received: number("resp_pkts", text("resp_pkts"))?,
			hardware: text("orig_l2_addr").map(Into::into),
		})
	}
}

/// The columns that are used; Zeek sites add their own, which are ignored.
#[derive(serde::Deserialize)]
struct Row<'a> {
	ts: f64,
	#[serde(borrow, rename = "id.orig_h")]
	source: Cow<'a, str>,
	#[serde(borrow, rename = "id.resp_h")]
	destination: Cow<'a, str>,
	#[serde(rename = "id.resp_p", default)]
	destination_port: u16,
	#[serde(borrow, rename = "proto")]
	protocol: Cow<'a, str>,
	duration: Option<f64>,
	#[serde(rename = "orig_bytes")]
	bytes_sent: Option<u64>,
	#[serde(rename = "resp_bytes")]
	bytes_received: Option<u64>,
	#[serde(borrow, rename = "conn_state")]
	state: Option<Cow<'a, str>>,
	#[serde(rename = "orig_pkts")]
	packets_sent: Option<u64>,
	#[serde(rename = "resp_pkts")]
	packets_received: Option<u64>,
	/// Written by Zeek's policy `protocols/conn/mac-logging`.
	#[serde(borrow, rename = "orig_l2_addr")]
	hardware: Option<Cow<'a, str>>,
}

impl Row<'_> {
	fn into_flow(self) -> Result<Flow, String> {
		let address = |name: &str, text: &str| {
			text.parse::<IpAddr>().map_err(|_| format!("{name} is no address"))
		};
		if !(self.ts.is_finite() && (0.0..1e12).contains(&self.ts)) {
			return Err("ts is no time in seconds".into());
		}
		let duration = self.duration.unwrap_or(0.0);
		if !(duration.is_finite() && duration >= 0.0) {
			return Err("duration is no length in seconds".into());
		}
		let packets_received = self.packets_received.unwrap_or(0);
		Ok(Flow {
			at: (self.ts * 1_000.0) as u64,
			source: address("id.orig_h", &self.source)?,
			destination: address("id.resp_h", &self.destination)?,
			destination_port: self.destination_port,
			protocol: self.protocol.to_ascii_lowercase(),
			state: self.state.unwrap_or_default().into_owned(),
			duration,
			bytes_sent: self.bytes_sent.unwrap_or(0),
			bytes_received: self.bytes_received.unwrap_or(0),
			packets: self.packets_sent.unwrap_or(0).saturating_add(packets_received),
			packets_received,
			hardware: self.hardware.map(Cow::into_owned),
		})
	}
}
