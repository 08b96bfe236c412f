//! From lines of logs to events.

use std::{
	fs::File,
	io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
	path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use flate2::bufread::MultiGzDecoder;

use crate::{event::Event, ThreatsError};

mod atna;
mod dicom;
mod eve;
mod fhir;
mod hl7;
mod named;
mod observation;
mod syslog;
mod wazuh;
pub(crate) mod windows;
mod zeek;

/// A line longer than this is malformed: 1 MiB.
const LONGEST_LINE: u64 = 1 << 20;

/// With this begins the line by which each file of messages that came over the network is told from every other.
pub const SPOOL_MARK: &str = "#curex-spool";

/// Malformed lines that are described; the rest is counted.
const SAMPLES: usize = 10;

/// The format of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
	/// Zeek, JSON lines or TSV, told apart line by line: connections (`conn.log`), what was named in them (`dns.log`,
	/// `http.log`, `ssl.log`, `files.log`), and what Zeek noticed (`notice.log`). Lines of other logs are passed over.
	Zeek,
	/// FHIR R4 AuditEvent resources, one a line.
	FhirAudit,
	/// Suricata EVE, JSON lines: flows, signatures that fired, and what was named (`dns`, `http`, `tls`, `fileinfo`).
	Eve,
	/// Syslog, RFC 3164 and RFC 5424, with or without priority; what holds an audit message is read as that.
	Syslog,
	/// Windows events as JSON lines: Winlogbeat's, or EVTX files converted to JSON.
	Windows,
	/// Wazuh `alerts.json`, JSON lines.
	Wazuh,
	/// HL7 v2 messages, one a line; their headers, what was refused, and the numbers of results, nothing of patients.
	Hl7,
	/// Associations in the log of a DICOM archive, as Orthanc writes it.
	Dicom,
	/// FHIR R4 Observations, or Bundles that hold some, one a line.
	FhirObservation,
	/// Audit messages of DICOM (PS3.15 A.5), one a line, with or without the syslog header of IHE ITI-20.
	AtnaAudit,
}

/// A log to read.
pub struct Source<R> {
	/// How reports call it.
	pub name: String,
	/// Its format.
	pub format: Format,
	/// Its content.
	pub reader: R,
}

impl<R> Source<R> {
	/// A source with a name for reports.
	pub fn new(name: impl Into<String>, format: Format, reader: R) -> Self {
		Self { name: name.into(), format, reader }
	}
}

/// Lines that could not be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Malformed {
	/// How many.
	pub count: u64,
	/// The first ten: source, line number and reason. Never the line itself, which may hold
	/// personal data.
	pub samples: Vec<String>,
}

impl Malformed {
	pub(crate) fn add(&mut self, source: &str, line: u64, reason: &str) {
		self.count += 1;
		if self.samples.len() < SAMPLES {
			self.samples.push(format!("{source}:{line}: {reason}"));
		}
	}
}

/// Opens a log; one that was compressed with gzip is read as what it was.
///
/// # Errors
/// What the system says.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
	let mut file = File::open(path)?;
	let compressed = is_compressed(&mut file)?;
	let file = BufReader::with_capacity(1 << 16, file);
	Ok(match compressed {
		true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
		false => Box::new(file),
	})
}

/// Whether a file begins as gzip does (RFC 1952, section 2.3.1). Goes back to its beginning.
pub(crate) fn is_compressed(file: &mut File) -> io::Result<bool> {
	let mut begin = Vec::with_capacity(2);
	file.by_ref().take(2).read_to_end(&mut begin)?;
	file.seek(SeekFrom::Start(0))?;
	Ok(begin == [0x1f, 0x8b])
}

/// The files of a log, oldest first: those to which it was rotated, whose names go on with a dot or hyphen and
/// a digit (`conn.log.2.gz`, `conn.log-20260301`), then itself. Of a folder all its files.
///
/// # Errors
/// What the system says; [`io::ErrorKind::NotFound`] if there is no such file.
pub fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
	let folder = match path.is_dir() {
		true => path,
		false => {
			path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
		},
	};
	let own = path.file_name().and_then(|name| name.to_str()).filter(|_| !path.is_dir());
	let mut files = Vec::new();
	for entry in folder.read_dir()? {
		let entry = entry?;
		let name = entry.file_name();
		let of_log = own.is_none_or(|own| name.to_str().is_some_and(|name| is_rotation(own, name)));
		if of_log && entry.path().is_file() {
			files.push((entry.metadata()?.modified()?, entry.path()));
		}
	}
	if files.is_empty() && own.is_some() {
		// Says why it cannot be opened.
		File::open(path)?;
		return Ok(vec![path.into()]);
	}
	files.sort();
	Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Whether a file is the log of this name, or was it before a rotation.
fn is_rotation(log: &str, name: &str) -> bool {
	let Some(rest) = name.strip_prefix(log) else { return false };
	let mut rest = rest.chars();
	match rest.next() {
		None => true,
		Some('.' | '-') => rest.next().is_some_and(|character| character.is_ascii_digit()),
		Some(_) => false,
	}
}

/// Reads a source to its end and hands every event to `accept`.
///
/// # Errors
/// [`ThreatsError::Read`] if the reader fails.
pub fn read<R: BufRead>(
	source: Source<R>,
	malformed: &mut Malformed,
	mut accept: impl FnMut(Event),
) -> Result<(), ThreatsError> {
	let Source { name, format, mut reader } = source;
	let mut parser = Parser::new(format);
	let mut line = Vec::new();
	for number in 1.. {
		let read = read_line(&mut reader, &mut line)
			.map_err(|error| ThreatsError::Read { source_name: name.clone(), error })?;
		if read.bytes == 0 {
			break;
		}
		match parser.line(&line, &read) {
			Ok(Some(event)) => accept(event),
			Ok(None) => {},
			Err(reason) => malformed.add(&name, number, &reason),
		}
	}
	Ok(())
}

/// Reads lines of one format, which may refer to lines before them.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Parser {
	format: Format,
	zeek: zeek::Header,
}

impl Parser {
	pub(crate) fn new(format: Format) -> Self {
		Self { format, zeek: zeek::Header::default() }
	}

	pub(crate) fn format(&self) -> Format {
		self.format
	}

	/// An event, nothing, or why the line is malformed.
	pub(crate) fn line(&mut self, line: &[u8], read: &Line) -> Result<Option<Event>, String> {
		let event = self.parse(line, read)?;
		let now = u64::try_from(Utc::now().timestamp_millis()).unwrap_or(u64::MAX);
		match event {
			Some(event) if event.at() > now.saturating_add(AHEAD) => {
				Err("its time lies more than two days ahead of this machine's clock".into())
			},
			event => Ok(event),
		}
	}

	fn parse(&mut self, line: &[u8], read: &Line) -> Result<Option<Event>, String> {
		if read.too_long {
			return Err("longer than 1 MiB".into());
		}
		let text = match self.format {
			// Names of patients in the character set of a country, which are not read; messages in any.
			Format::Hl7 | Format::Dicom | Format::Syslog => String::from_utf8_lossy(line),
			_ => std::str::from_utf8(line).map_err(|_| "not UTF-8")?.into(),
		};
		// A mark of the byte order stands at the head of what some tools of Windows write.
		let text = text.trim_matches(['\r', '\n', '\u{feff}']);
		let is_mark = self.format == Format::Syslog && text.starts_with(SPOOL_MARK);
		if is_mark || text.trim().is_empty() {
			return Ok(None);
		}
		match self.format {
			Format::Zeek => self.zeek.parse(text),
			Format::FhirAudit => fhir::parse(text).map(|access| access.map(Event::Access)),
			Format::Eve => eve::parse(text),
			// As a log message it would be kept with the names in it.
			Format::Syslog if atna::is_in(text) => {
				atna::parse(text).map(|access| access.map(Event::Access))
			},
			Format::Syslog => syslog::parse(text).map(|line| line.map(Event::Log)),
			Format::AtnaAudit => atna::parse(text).map(|access| access.map(Event::Access)),
			Format::Windows => windows::parse(text).map(|line| line.map(Event::Log)),
			Format::Wazuh => wazuh::parse(text),
			Format::Hl7 => hl7::parse(text),
			Format::Dicom => dicom::parse(text).map(|line| line.map(Event::Log)),
			Format::FhirObservation => observation::parse(text)
				.map(|measured| (!measured.is_empty()).then_some(Event::Measured(measured))),
		}
	}
}

/// Why a line is not the JSON that was expected. The library quotes what it found, which may be personal; it is left out.
fn not_json(error: &serde_json::Error) -> String {
	let text = error.to_string();
	let is_quoted = error.is_data()
		&& !["missing field", "duplicate field"].iter().any(|begin| text.starts_with(begin));
	match text.rsplit_once(", expected ").filter(|_| is_quoted) {
		Some((_, expected)) => format!("JSON: not {expected}"),
		None if is_quoted => "JSON: not in the form that was expected".into(),
		None => format!("JSON: {text}"),
	}
}

/// Milliseconds since 1970 of an instant in the form of RFC 3339, or with a zone without a colon.
fn instant(text: &str) -> Result<u64, String> {
	let parsed = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")
		.or_else(|_| DateTime::parse_from_rfc3339(text));
	let parsed = parsed.map_err(|_| "a time is no instant with a zone".to_string())?;
	u64::try_from(parsed.timestamp_millis()).map_err(|_| "a time lies before 1970".to_string())
}

/// By how many milliseconds an event may be ahead of this machine's clock, so that no zone that was taken for another matters.
/// One of the far future would end every wait, and delete what may be kept for a time alone.
const AHEAD: u64 = 2 * 24 * 3_600 * 1_000;

/// What was read of a line.
pub(crate) struct Line {
	/// Its bytes, its end included; 0 at the end of the input.
	pub(crate) bytes: u64,
	/// Whether its end was found.
	pub(crate) ended: bool,
	/// Whether only its last part was kept.
	too_long: bool,
}

/// Reads one line of bounded length; the rest of a longer line is skipped.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
	let mut out = Line { bytes: 0, ended: false, too_long: false };
	loop {
		line.clear();
		let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', line)? as u64;
		out.bytes += read;
		out.ended = line.ends_with(b"\n");
		if read < LONGEST_LINE || out.ended {
			return Ok(out);
		}
		out.too_long = true;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn events_of(format: Format, text: &[u8]) -> (Vec<Event>, Malformed) {
		let (mut events, mut malformed) = (Vec::new(), Malformed::default());
		read(Source::new("log", format, text), &mut malformed, |event| events.push(event)).unwrap();
		(events, malformed)
	}

	#[test]
	fn malformed_lines_are_counted_and_named_and_the_rest_is_read() {
		let good = r#"{"ts":1.5,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp"}"#;
		let mut text = format!("{good}\nnot json\n{{\"ts\":1}}\n").into_bytes();
		text.extend_from_slice(b"\xff\xfe\n");
		text.extend(std::iter::repeat_n(b'x', 3 << 20));
		text.extend_from_slice(format!("\n\n{good}").as_bytes());
		let (events, malformed) = events_of(Format::Zeek, &text);
		assert_eq!(events.len(), 2);
		assert_eq!(malformed.count, 4);
		assert!(malformed.samples[0].starts_with("log:2:"), "{:?}", malformed.samples);
		assert!(malformed.samples[3].starts_with("log:5: longer"), "{:?}", malformed.samples);
	}

	#[test]
	fn an_event_of_the_far_future_is_malformed_and_one_of_tomorrow_is_not() {
		let now = Utc::now().timestamp();
		let flow = |at: i64| {
			format!(
				r#"{{"ts":{at},"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp"}}"#
			)
		};
		let text = [flow(now + 86_400), flow(now + 4 * 86_400), flow(4_000_000_000)].join("\n");
		let (events, malformed) = events_of(Format::Zeek, text.as_bytes());
		assert_eq!((events.len(), malformed.count), (1, 2));
		assert!(malformed.samples[0].contains("ahead"), "{:?}", malformed.samples);
	}

	#[test]
	fn the_same_flow_reads_the_same_from_json_and_tsv() {
		let json = concat!(
			r#"{"ts":928.943457,"uid":"C","id.orig_h":"10.0.2.112","id.orig_p":49168,"#,
			r#""id.resp_h":"195.113.214.219","id.resp_p":80,"proto":"tcp","duration":0.055687,"#,
			r#""orig_bytes":261,"resp_bytes":1077,"conn_state":"SF","orig_pkts":5,"resp_pkts":5}"#,
		);
		let tsv = concat!(
			"#separator \\x09\n#unset_field\t-\n#path\tconn\n",
			"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t",
			"orig_bytes\tresp_bytes\tconn_state\torig_pkts\tresp_pkts\n",
			"928.943457\tC\t10.0.2.112\t49168\t195.113.214.219\t80\ttcp\t-\t0.055687\t261\t1077\tSF\t5\t5\n",
			"#close\t2015\n",
		);
		let (from_json, _) = events_of(Format::Zeek, json.as_bytes());
		let (from_tsv, malformed) = events_of(Format::Zeek, tsv.as_bytes());
		assert_eq!(malformed, Malformed::default());
		assert_eq!(from_json.len(), 1);
		assert_eq!(from_json, from_tsv);
		assert_eq!(from_json[0].at(), 928_943);
	}

	#[test]
	fn an_audit_message_among_syslog_is_an_access_and_in_another_encoding_malformed() {
		let audit = "<85>1 2026-03-02T08:00:01Z ehr EHR - IHE+RFC-3881 - <AuditMessage><EventIdentification \
			EventActionCode=\"R\" EventDateTime=\"2026-03-02T08:00:00Z\"/><ActiveParticipant UserID=\"mary\"/></AuditMessage>";
		let syslog = "<34>1 2026-03-02T08:00:02Z pacs su - - - AuditMessage failed";
		let text = format!("{audit}\n{syslog}\n");
		let (events, malformed) = events_of(Format::Syslog, text.as_bytes());
		assert_eq!(malformed, Malformed::default());
		assert!(
			matches!(&events[..], [Event::Access(access), Event::Log(_)] if access.user == "mary")
		);
		let mut text: Vec<u8> = audit.encode_utf16().flat_map(u16::to_le_bytes).collect();
		text.extend_from_slice(
			format!("\n{}\n{audit}\n", audit.replace("mary", "m\u{fc}ller")).as_bytes(),
		);
		let latin = text.windows(2).position(|pair| pair == "\u{fc}".as_bytes()).unwrap();
		text.splice(latin..latin + 2, [0xfc]);
		let (events, malformed) = events_of(Format::AtnaAudit, &text);
		assert_eq!(events.len(), 1, "{malformed:?}");
		assert!(
			malformed.count >= 2 && malformed.samples.iter().all(|sample| !sample.contains("ller"))
		);
	}

	#[test]
	fn the_files_of_a_log_are_its_rotations_and_itself() {
		let folder = tempfile::tempdir().unwrap();
		let names = ["conn.log.2.gz", "conn.log-20260301", "conn.log"];
		for name in names.into_iter().chain(["conn.log.bak", "conn.logs", "dns.log"]) {
			std::fs::write(folder.path().join(name), name).unwrap();
		}
		let found = |path: &Path| -> Vec<String> {
			let files = files_of(path).unwrap();
			let mut names: Vec<String> = files
				.iter()
				.map(|file| file.file_name().unwrap().to_str().unwrap().into())
				.collect();
			names.sort();
			names
		};
		assert_eq!(found(&folder.path().join("conn.log")), ["conn.log", names[1], names[0]]);
		assert_eq!(found(folder.path()).len(), 6);
		assert!(files_of(&folder.path().join("none.log")).is_err());
	}

	#[test]
	fn reasons_quote_nothing_of_a_line() {
		for (format, line) in [
			(Format::Zeek, r#"{"ts":"Jane Doe, expected a","id.orig_h":"10.0.0.1","proto":"tcp"}"#),
			(Format::Zeek, r#"{"ts":1,"id.resp_p":"Jane Doe, expected a","proto":"tcp"}"#),
			(Format::Eve, r#"{"timestamp":{"Jane Doe":1},"event_type":"flow"}"#),
			(Format::Wazuh, r#"{"timestamp":"x","rule":"Jane Doe"}"#),
			(
				Format::FhirAudit,
				r#"{"resourceType":"AuditEvent","recorded":"x","agent":"Jane Doe"}"#,
			),
			(
				Format::FhirObservation,
				r#"{"resourceType":"Observation","status":"final","code":{},"valueQuantity":{"value":"Jane Doe"}}"#,
			),
			(Format::Windows, "Jane Doe"),
		] {
			let (_, malformed) = events_of(format, line.as_bytes());
			assert_eq!(malformed.count, 1, "{line}");
			assert!(!malformed.samples[0].contains("Jane"), "{:?}", malformed.samples);
		}
		let (_, malformed) = events_of(Format::Wazuh, br#"{"timestamp":"x"}"#);
		assert!(malformed.samples[0].contains("missing field `rule`"), "{:?}", malformed.samples);
	}

	#[test]
	fn messages_in_other_character_sets_and_behind_a_byte_order_mark_are_read() {
		let latin = b"Dec 10 06:55:46 gate sshd[7]: Anmeldung von M\xfcller verweigert\n";
		let (events, malformed) = events_of(Format::Syslog, latin);
		assert_eq!((events.len(), malformed.count), (1, 0));
		let line = r#"{"ts":1.5,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","proto":"tcp"}"#;
		let (events, malformed) = events_of(Format::Zeek, format!("\u{feff}{line}\n").as_bytes());
		assert_eq!((events.len(), malformed.count), (1, 0));
	}

	#[test]
	fn tsv_without_its_header_is_malformed() {
		let (events, malformed) = events_of(Format::Zeek, b"928.9\tC\t10.0.2.112\n");
		assert!(events.is_empty());
		assert!(malformed.samples[0].contains("#fields"), "{:?}", malformed.samples);
	}
}
