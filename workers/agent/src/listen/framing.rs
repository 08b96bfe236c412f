//! Where a message ends in a stream: RFC 6587, octet counting and trailers, told apart frame by frame.

/// What stands before the message of a spool's own; no sender may begin with it.
pub(crate) use curex_threats::ingest::SPOOL_MARK;

/// Digits of the greatest length that is taken for one: of longer ones the frame is a line.
const DIGITS: usize = 8;

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
	/// Nothing, or digits that may be a length.
	#[default]
	Begin,
	/// A length and a space.
	Space,
	/// So many bytes of the message are to come.
	Counted(usize),
	/// The message ends with a line feed or a NUL.
	Line,
}

/// What was found among bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
	pub messages: u64,
	/// Messages of which the end was cut off because they are too long.
	pub shortened: u64,
}

/// Cuts a stream into messages. Holds no more of it than the longest message.
#[derive(Debug)]
pub(crate) struct Framing {
	longest: usize,
	state: State,
	held: Vec<u8>,
	shortened: bool,
}

impl Framing {
	pub fn new(longest: usize) -> Self {
		Self { longest, state: State::Begin, held: Vec::new(), shortened: false }
	}

	/// Whether a message has begun and not ended.
	pub fn is_within(&self) -> bool {
		self.state != State::Begin || !self.held.is_empty()
	}

	/// Whether bytes of a message are missing whose length was told.
	pub fn is_counted(&self) -> bool {
		matches!(self.state, State::Counted(_))
	}

	/// Takes the next bytes of the stream and adds every message that ends among them to `lines`, one a line.
	pub fn take(&mut self, mut bytes: &[u8], lines: &mut Vec<u8>) -> Found {
		let mut found = Found::default();
		while let Some(&first) = bytes.first() {
			match self.state {
				State::Begin => {
					let is_digit =
						first.is_ascii_digit() && (first != b'0' || !self.held.is_empty());
					match first {
						// What some senders put behind a message whose length they told.
						b'\n' | b'\r' | b'\0' | b' ' if self.held.is_empty() => bytes = &bytes[1..],
						_ if is_digit && self.held.len() < DIGITS => {
							self.held.push(first);
							bytes = &bytes[1..];
						},
						b' ' => {
							self.held.push(first);
							bytes = &bytes[1..];
							self.state = State::Space;
						},
						_ => self.state = State::Line,
					}
				},
				// Every message begins with its priority: a line that begins with a number is told from a length.
				State::Space => match (first, length(&self.held)) {
					(b'<', Some(length)) => {
						self.held.clear();
						self.state = State::Counted(length);
					},
					_ => self.state = State::Line,
				},
				State::Counted(left) => {
					let (own, rest) = bytes.split_at(left.min(bytes.len()));
					self.hold(own);
					bytes = rest;
					match left - own.len() {
						0 => self.end(lines, &mut found),
						left => self.state = State::Counted(left),
					}
				},
				State::Line => {
					let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\0'));
					let (own, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
					self.hold(own);
					bytes = rest;
					if end.is_some() {
						bytes = &bytes[1..];
						self.end(lines, &mut found);
					}
				},
			}
		}
		found
	}

	/// The stream is over: what was begun is a message too.
	pub fn finish(&mut self, lines: &mut Vec<u8>) -> Found {
		let mut found = Found::default();
		self.end(lines, &mut found);
		found
	}

	fn hold(&mut self, bytes: &[u8]) {
		let room = self.longest - self.held.len().min(self.longest);
		self.shortened |= bytes.len() > room;
		self.held.extend_from_slice(&bytes[..bytes.len().min(room)]);
	}

	fn end(&mut self, lines: &mut Vec<u8>, found: &mut Found) {
		if add_line(&self.held, lines) {
			found.messages += 1;
			found.shortened += u64::from(self.shortened);
		}
		self.held.clear();
		self.shortened = false;
		self.state = State::Begin;
	}
}

fn length(held: &[u8]) -> Option<usize> {
	std::str::from_utf8(held).ok()?.trim_end().parse().ok().filter(|length| *length > 0)
}

/// Adds a message as one line; false if there is nothing in it. What would end the line is a space there.
pub(crate) fn add_line(message: &[u8], lines: &mut Vec<u8>) -> bool {
	let is_blank = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'\0' | b' ');
	let Some(last) = message.iter().rposition(|byte| !is_blank(byte)) else { return false };
	let message = &message[..=last];
	if message.starts_with(SPOOL_MARK.as_bytes()) {
		lines.push(b' ');
	}
	lines.extend(message.iter().map(|byte| if is_blank(byte) { b' ' } else { *byte }));
	lines.push(b'\n');
	true
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn lines_of(longest: usize, chunks: &[&[u8]]) -> (String, Found) {
		let (mut framing, mut lines) = (Framing::new(longest), Vec::new());
		let mut found = Found::default();
		let mut add = |more: Found| {
			found.messages += more.messages;
			found.shortened += more.shortened;
		};
		for chunk in chunks {
			add(framing.take(chunk, &mut lines));
		}
		add(framing.finish(&mut lines));
		assert!(!framing.is_within());
		(String::from_utf8_lossy(&lines).into_owned(), found)
	}

	#[test]
	fn lengths_and_trailers_are_told_apart_frame_by_frame() {
		let stream = b"11 <34>1 - a\nb<34>by line\r\n\n\n<34>by nul\x0012 <34>counted\n12 Dec 06:55 no length\n9 <34>ended";
		let (lines, found) = lines_of(100, &[stream]);
		let expected = [
			"<34>1 - a b",
			"<34>by line",
			"<34>by nul",
			"<34>counted",
			"12 Dec 06:55 no length",
			"<34>ended",
		];
		assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
		assert_eq!(found, Found { messages: 6, shortened: 0 });
	}

	#[test]
	fn a_message_that_is_too_long_is_cut_and_the_next_one_is_whole() {
		let long = "x".repeat(500);
		for stream in [format!("504 <34>{long}10 <34>1 next"), format!("<34>{long}\n<34>1 next\n")]
		{
			let (lines, found) = lines_of(64, &[stream.as_bytes()]);
			let lines: Vec<&str> = lines.lines().collect();
			assert_eq!((lines[0].len(), lines[1]), (64, "<34>1 next"), "{stream}");
			assert_eq!(found, Found { messages: 2, shortened: 1 });
		}
	}

	#[test]
	fn a_length_of_thousands_of_gigabytes_and_garbage_hold_no_more_than_a_message() {
		let mut framing = Framing::new(64);
		let mut lines = Vec::new();
		framing.take(b"99999999 <", &mut lines);
		for _ in 0..1_000 {
			framing.take(&[b'9'; 1_000], &mut lines);
		}
		assert!(framing.held.capacity() <= 128 && lines.is_empty());
		let (lines, _) = lines_of(64, &[b"99999999999999999999 <\xff\xfe\x16\x03\x01"]);
		assert_eq!(lines.lines().count(), 1);
	}

	#[test]
	fn no_message_passes_for_the_spools_own_mark() {
		let (lines, _) = lines_of(200, &[SPOOL_MARK.as_bytes(), b" forged\n"]);
		assert!(!lines.starts_with(SPOOL_MARK) && lines.trim_start().starts_with(SPOOL_MARK));
	}

	proptest! {
		#[test]
		fn where_the_stream_is_cut_makes_no_difference(
			parts in prop::collection::vec(
				prop_oneof![
					"[0-9]{1,9}", Just("<3>".to_owned()), Just(" ".to_owned()),
					Just("\n".to_owned()), "[a-z]{1,9}",
				],
				0..40,
			),
			cut in 1usize..7,
		) {
			let stream = parts.concat();
			let chunks: Vec<&[u8]> = stream.as_bytes().chunks(cut).collect();
			prop_assert_eq!(lines_of(32, &chunks), lines_of(32, &[stream.as_bytes()]));
		}
	}
}
