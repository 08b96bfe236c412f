//! The database of an index: a SQLite file, or a PostgreSQL server. Both answer the same statements, written as SQLite
//! has them; the few words in which PostgreSQL differs are put into its own here and nowhere else.

use crate::Error;
use rusqlite::{
	types::{ToSqlOutput, ValueRef},
	OpenFlags,
};
use std::{
	path::{Path, PathBuf},
	str::FromStr,
	time::Duration,
};

mod postgres;
mod table;
mod value;

use self::postgres::Server;
pub(super) use table::{Of, Table};
pub use value::{FromValue, Row, Value};

/// How long a connection waits for another that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements that a connection keeps prepared.
const PREPARED: usize = 64;

/// Binds values to the places of a statement.
macro_rules! values {
	($($value:expr),* $(,)?) => { [$($crate::store::Value::from($value)),*] };
}
pub(crate) use values;

/// Where an index is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
	/// A SQLite file.
	File(PathBuf),
	/// A database of a PostgreSQL server on this machine: `postgresql:///name?host=/run/postgresql`.
	Server(String),
}

impl Place {
	/// The file, if it is one.
	pub fn file(&self) -> Option<&Path> {
		match self {
			Self::File(path) => Some(path),
			Self::Server(_) => None,
		}
	}
}

impl FromStr for Place {
	type Err = Error;

	fn from_str(text: &str) -> Result<Self, Error> {
		if text.starts_with("postgresql://") || text.starts_with("postgres://") {
			postgres::check(text)?;
			Ok(Self::Server(text.into()))
		} else {
			Ok(Self::File(text.into()))
		}
	}
}

impl From<&Path> for Place {
	fn from(path: &Path) -> Self {
		Self::File(path.into())
	}
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
	/// It writes; what is not there yet is made.
	Write,
	/// It reads, and cannot write.
	Read,
}

/// A connection to an index.
pub struct Connection(Backend);

enum Backend {
	File(rusqlite::Connection),
	Server(Server),
}

impl Connection {
	/// Connects.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn open(place: &Place, purpose: Use) -> Result<Self, Error> {
		match place {
			Place::File(path) => open_file(path, purpose).map(Backend::File),
			Place::Server(address) => Server::connect(address, purpose).map(Backend::Server),
		}
		.map(Self)
	}

	/// All rows of an answer.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`], and what `read` says.
	pub fn all<T>(
		&self,
		sql: &str,
		values: &[Value],
		read: impl Fn(&Row) -> Result<T, Error>,
	) -> Result<Vec<T>, Error> {
		match &self.0 {
			Backend::File(file) => {
				let mut statement = file.prepare_cached(sql)?;
				let columns = statement.column_count();
				let mut rows = statement.query(rusqlite::params_from_iter(values))?;
				let mut all = Vec::new();
				while let Some(row) = rows.next()? {
					let row = (0..columns)
						.map(|column| row.get_ref(column).map(Value::from))
						.collect::<Result<_, _>>()?;
					all.push(read(&Row::new(row))?);
				}
				Ok(all)
			},
			Backend::Server(server) => server.ask(sql, values)?.iter().map(read).collect(),
		}
	}

	/// The last row of an answer, if it has any.
	///
	/// # Errors
	/// As [`Self::all`].
	pub fn one<T>(
		&self,
		sql: &str,
		values: &[Value],
		read: impl Fn(&Row) -> Result<T, Error>,
	) -> Result<Option<T>, Error> {
		Ok(self.all(sql, values, read)?.pop())
	}

	/// Carries a statement out; returns how many rows it changed.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
		match &self.0 {
			Backend::File(file) => {
				Ok(file.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))? as u64)
			},
			Backend::Server(server) => server.execute(sql, values),
		}
	}

	/// Puts rows into a table, whatever their number in few round trips.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub(super) fn insert(&self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), Error> {
		if rows.is_empty() {
			return Ok(());
		}
		match &self.0 {
			Backend::File(file) => {
				let mut statement = file.prepare_cached(&table.insert_one())?;
				for row in &rows {
					statement.execute(rusqlite::params_from_iter(row))?;
				}
				Ok(())
			},
			Backend::Server(server) => server.insert(&table.insert_many(), rows),
		}
	}

	/// The rows of a table, named `r`, whose columns equal one of the keys.
	///
	/// # Errors
	/// As [`Self::all`].
	pub(super) fn matching<T>(
		&self,
		columns: &str,
		keys: &Table,
		wanted: Vec<Vec<Value>>,
		read: impl Fn(&Row) -> Result<T, Error>,
	) -> Result<Vec<T>, Error> {
		match &self.0 {
			Backend::File(_) => {
				let sql = keys.select_one(columns);
				let mut all = Vec::new();
				for key in &wanted {
					all.extend(self.all(&sql, key, &read)?);
				}
				Ok(all)
			},
			Backend::Server(_) if wanted.is_empty() => Ok(Vec::new()),
			Backend::Server(server) => {
				let rows = server.ask_many(&keys.select_many(columns), wanted)?;
				rows.iter().map(read).collect()
			},
		}
	}

	/// Carries statements out that bind nothing.
	///
	/// # Errors
	/// [`Error::Database`] or [`Error::Server`].
	pub fn batch(&self, sql: &str) -> Result<(), Error> {
		match &self.0 {
			Backend::File(file) => Ok(file.execute_batch(sql)?),
			Backend::Server(server) => server.batch(sql),
		}
	}

	/// Does everything or nothing.
	///
	/// # Errors
	/// What the work says, after taking everything back.
	pub fn atomically<T>(&self, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
		self.batch("BEGIN")?;
		match work(self) {
			Ok(done) => self.batch("COMMIT").map(|()| done),
			Err(error) => {
				// What was wrong first is told, whether or not the connection still answers.
				let _ = self.batch("ROLLBACK");
				Err(error)
			},
		}
	}

	/// Reads everything as it stood when the first thing was read, whatever is written meanwhile.
	///
	/// # Errors
	/// What the work says.
	pub fn in_one_view<T>(&self, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
		self.batch(match &self.0 {
			Backend::File(_) => "BEGIN",
			Backend::Server(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ",
		})?;
		let read = work(self);
		self.batch("COMMIT").and(read)
	}

	/// Makes the tables of this version, or checks that they are of it.
	///
	/// # Errors
	/// [`Error::OtherDatabase`] for another version.
	pub(super) fn prepare(&self, schema: &str, version: u32) -> Result<(), Error> {
		match self.version()? {
			0 => self.atomically(|connection| {
				connection.batch(schema)?;
				match &connection.0 {
					Backend::File(file) => Ok(file.pragma_update(None, "user_version", version)?),
					Backend::Server(server) => server.set_version(version),
				}
			}),
			found if found == version => Ok(()),
			other => Err(Error::OtherDatabase(format!(
				"the database has version {other}, this program writes {version}; delete it and let \
				 the explorer index anew"
			))),
		}
	}

	fn version(&self) -> Result<u32, Error> {
		match &self.0 {
			Backend::File(file) => Ok(file.query_row("PRAGMA user_version", [], |row| row.get(0))?),
			Backend::Server(server) => server.version(),
		}
	}
}

fn open_file(path: &Path, purpose: Use) -> Result<rusqlite::Connection, Error> {
	let file = match purpose {
		Use::Write => {
			let file = rusqlite::Connection::open(path)?;
			file.busy_timeout(PATIENCE)?;
			// A block that a power cut takes back is read from a node again.
			file.execute_batch(
				"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA secure_delete = ON;",
			)?;
			file
		},
		Use::Read => {
			let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
			let file = rusqlite::Connection::open_with_flags(path, flags)?;
			file.busy_timeout(PATIENCE)?;
			file.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -16384;")?;
			file
		},
	};
	file.set_prepared_statement_cache_capacity(PREPARED);
	Ok(file)
}

impl From<ValueRef<'_>> for Value {
	fn from(value: ValueRef<'_>) -> Self {
		match value {
			ValueRef::Null => Self::Null,
			ValueRef::Integer(number) => Self::Number(number),
			// No column holds one; what a statement divides would.
			ValueRef::Real(number) => Self::Text(number.to_string()),
			ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
			ValueRef::Blob(bytes) => Self::Bytes(bytes.into()),
		}
	}
}

impl rusqlite::ToSql for Value {
	fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
		Ok(ToSqlOutput::Borrowed(match self {
			Self::Null => ValueRef::Null,
			Self::Number(number) => ValueRef::Integer(*number),
			Self::Text(text) => ValueRef::Text(text.as_bytes()),
			Self::Bytes(bytes) => ValueRef::Blob(bytes),
		}))
	}
}
