//! The socket of the mailbox: one JSON object per line, each way. Only the user who runs the node may open it.

use super::{message::Answer, Error, Mailbox};
use futures::{stream::FuturesUnordered, FutureExt, StreamExt};
use sp_core::offchain::OffchainStorage;
use std::{
	fs, io,
	os::unix::fs::{FileTypeExt, PermissionsExt},
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::{
	io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
	net::{UnixListener, UnixStream},
	time::timeout,
};

const LOG_TARGET: &str = "curex::mailbox";

/// Bytes of the longest line: 1 MiB.
pub const MAX_LINE: usize = 1 << 20;
/// Connections that are served at the same time.
pub const MAX_CONNECTIONS: usize = 8;
/// A connection without a line, or one that does not take its answer, is closed after this time.
const IDLE: Duration = Duration::from_secs(300);

/// Listens for the agent.
pub struct Server<S> {
	listener: UnixListener,
	mailbox: Mailbox<S>,
	_socket: Socket,
}

/// Removes the socket when the node stops.
struct Socket(PathBuf);

impl Drop for Socket {
	fn drop(&mut self) {
		// A leftover is replaced at the next start.
		let _ = fs::remove_file(&self.0);
	}
}

impl<S: OffchainStorage + 'static> Server<S> {
	/// Opens the socket at `path`, mode 0600; replaces a socket that was left there, nothing else. To be called in a
	/// tokio runtime.
	///
	/// # Errors
	/// [`Error::Socket`]
	pub fn bind(path: &Path, mailbox: Mailbox<S>) -> Result<Self, Error> {
		let listener = listen(path)
			.map_err(|reason| Error::Socket { path: path.display().to_string(), reason })?;
		Ok(Self { listener, mailbox, _socket: Socket(path.to_path_buf()) })
	}

	/// Serves until the node stops.
	pub async fn run(self) {
		let mut connections = FuturesUnordered::new();
		loop {
			futures::select! {
				accepted = self.listener.accept().fuse() => match accepted {
					Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
						connections.push(serve(stream, self.mailbox.clone()));
					},
					Ok((mut stream, _)) => {
						// Answered without waiting: one line fits into any socket buffer.
						let _ = say(&mut stream, &Error::Busy.into()).now_or_never();
					},
					Err(reason) => {
						log::warn!(target: LOG_TARGET, "The agent could not connect: {reason}");
						tokio::time::sleep(Duration::from_secs(1)).await;
					},
				},
				ended = connections.select_next_some() => if let Err(reason) = ended {
					log::debug!(target: LOG_TARGET, "A connection of the agent broke: {reason}");
				},
			}
		}
	}
}

/// Binds under another name first, so that the socket never lies at its place with a wider mode.
fn listen(path: &Path) -> io::Result<UnixListener> {
	match fs::symlink_metadata(path) {
		Ok(present) if !present.file_type().is_socket() => {
			return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else lies there"));
		},
		_ => {},
	}
	let mut name = path.as_os_str().to_owned();
	name.push(".new");
	let unnamed = PathBuf::from(name);
	match fs::remove_file(&unnamed) {
		Err(reason) if reason.kind() != io::ErrorKind::NotFound => return Err(reason),
		_ => {},
	}
	let listener = UnixListener::bind(&unnamed)?;
	fs::set_permissions(&unnamed, fs::Permissions::from_mode(0o600))?;
	fs::rename(unnamed, path)?;
	Ok(listener)
}

async fn serve<S: OffchainStorage + 'static>(
	stream: UnixStream,
	mailbox: Mailbox<S>,
) -> io::Result<()> {
	let (reader, mut writer) = stream.into_split();
	let mut reader = BufReader::new(reader);
	loop {
		let line = match timeout(IDLE, read_line(&mut reader)).await?? {
			Line::End => return Ok(()),
			Line::TooLong => {
				return say(&mut writer, &Error::LineTooLong.into()).await;
			},
			Line::Whole(line) => line,
		};
		let mailbox = mailbox.clone();
		let answer = tokio::task::spawn_blocking(move || {
			serde_json::from_slice(&line)
				.map_err(|reason| Error::BadRequest(reason.to_string()))
				.and_then(|question| mailbox.answer(question))
				.unwrap_or_else(Answer::from)
		})
		.await?;
		say(&mut writer, &answer).await?;
	}
}

enum Line {
	Whole(Vec<u8>),
	TooLong,
	End,
}

async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
	let mut line = Vec::new();
	let read = reader.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).await?;
	Ok(match line.pop() {
		None => Line::End,
		Some(b'\n') => Line::Whole(line),
		Some(_) if read > MAX_LINE => Line::TooLong,
		// The agent went away in the middle of a line.
		Some(_) => Line::End,
	})
}

async fn say(writer: &mut (impl AsyncWriteExt + Unpin), answer: &Answer) -> io::Result<()> {
	let mut line = serde_json::to_vec(answer)?;
	line.push(b'\n');
	timeout(IDLE, writer.write_all(&line)).await?
}
