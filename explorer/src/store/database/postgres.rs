//! PostgreSQL. A connection lives on a thread of its own, so that whoever asks may itself run on an asynchronous one.

use super::{Row, Use, Value};
use crate::Error;
use postgres::{
	config::Host,
	types::{to_sql_checked, IsNull, ToSql, Type},
	Client, Config, NoTls, Statement,
};
use std::{
	collections::HashMap,
	sync::mpsc::{channel, Receiver, Sender},
};

/// So many rows are sent with one statement.
const MOST_ROWS: usize = 10_000;

/// A connection to a server.
pub(super) struct Server {
	requests: Sender<Request>,
}

struct Request {
	sql: String,
	what: What,
	reply: Sender<Result<Answer, Error>>,
}

enum What {
	Ask(Vec<Value>),
	Execute(Vec<Value>),
	/// The same with the values of many rows, column by column.
	AskMany(Vec<Vec<Value>>),
	ExecuteMany(Vec<Vec<Value>>),
	Batch,
}

enum Answer {
	Rows(Vec<Row>),
	Changed(u64),
}

/// Refuses an address that cannot be read, or whose connection would cross a network in the clear.
pub(super) fn check(address: &str) -> Result<Config, Error> {
	let config: Config = address
		.parse()
		.map_err(|error| Error::Input(format!("the address of the database: {error}")))?;
	let is_here = |host: &Host| match host {
		Host::Unix(_) => true,
		Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
	};
	if config.get_hosts().is_empty() || !config.get_hosts().iter().all(is_here) {
		return Err(Error::Input(
			"a PostgreSQL server is reached on this machine alone, for the connection is not encrypted: \
			 postgresql:///NAME?host=/run/postgresql"
				.into(),
		));
	}
	Ok(config)
}

impl Server {
	pub(super) fn connect(address: &str, purpose: Use) -> Result<Self, Error> {
		let mut config = check(address)?;
		config.application_name("curex-explorer");
		if purpose == Use::Read {
			let others = config.get_options().unwrap_or_default().to_owned();
			// A plan that serves every value serves a question with few answers badly.
			config.options(&format!(
				"{others} -c default_transaction_read_only=on -c plan_cache_mode=force_custom_plan"
			));
		}
		let (requests, received) = channel::<Request>();
		let (told, connected) = channel();
		std::thread::spawn(move || match config.connect(NoTls) {
			Ok(client) => {
				let _ = told.send(Ok(()));
				serve(client, &config, &received);
			},
			Err(error) => drop(told.send(Err(fault(&error)))),
		});
		connected.recv().map_err(|_| gone())??;
		Ok(Self { requests })
	}

	pub(super) fn ask(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Error> {
		match self.send(sql, What::Ask(values.to_vec()))? {
			Answer::Rows(rows) => Ok(rows),
			Answer::Changed(_) => Ok(Vec::new()),
		}
	}

	pub(super) fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, Error> {
		match self.send(sql, What::Execute(values.to_vec()))? {
			Answer::Changed(rows) => Ok(rows),
			Answer::Rows(rows) => Ok(rows.len() as u64),
		}
	}

	/// Puts many rows into a table with few statements.
	pub(super) fn insert(&self, sql: &str, rows: Vec<Vec<Value>>) -> Result<(), Error> {
		for columns in in_columns(rows) {
			self.send(sql, What::ExecuteMany(columns))?;
		}
		Ok(())
	}

	/// Asks about many keys with few statements.
	pub(super) fn ask_many(&self, sql: &str, keys: Vec<Vec<Value>>) -> Result<Vec<Row>, Error> {
		let mut rows = Vec::new();
		for columns in in_columns(keys) {
			if let Answer::Rows(found) = self.send(sql, What::AskMany(columns))? {
				rows.extend(found);
			}
		}
		Ok(rows)
	}

	pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
		self.send(sql, What::Batch).map(drop)
	}

	/// The version of the tables; 0 if there are none.
	pub(super) fn version(&self) -> Result<u32, Error> {
		let there = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'curex_version'";
		if self.ask(there, &[])?.is_empty() {
			return Ok(0);
		}
		let rows = self.ask("SELECT version FROM curex_version", &[])?;
		rows.first().map_or(Ok(0), |row| row.get(0))
	}

	pub(super) fn set_version(&self, version: u32) -> Result<(), Error> {
		self.batch(
			"CREATE TABLE curex_version (version BIGINT NOT NULL); CREATE FUNCTION curex_unhex(digits TEXT) \
			 RETURNS BYTEA LANGUAGE SQL IMMUTABLE STRICT RETURN decode(digits, 'hex')",
		)?;
		self.execute("INSERT INTO curex_version VALUES (?)", &[version.into()]).map(drop)
	}

	fn send(&self, sql: &str, what: What) -> Result<Answer, Error> {
		let (reply, answer) = channel();
		let request = Request { sql: sql.into(), what, reply };
		self.requests.send(request).map_err(|_| gone())?;
		answer.recv().map_err(|_| gone())?
	}
}

/// Answers until nobody can ask any more.
fn serve(mut client: Client, config: &Config, requests: &Receiver<Request>) {
	let mut prepared: HashMap<String, Statement> = HashMap::new();
	for Request { sql, what, reply } in requests {
		if client.is_closed() {
			// What was under way is lost and was told so; what comes now begins anew.
			prepared.clear();
			if let Ok(again) = config.connect(NoTls) {
				client = again;
			}
		}
		let answer = answer(&mut client, &mut prepared, &sql, what);
		// Who no longer waits needs no answer.
		let _ = reply.send(answer.map_err(|error| fault(&error)));
	}
}

/// What a statement binds.
enum Bound {
	One(Vec<Value>),
	/// An array for each place.
	Many(Vec<Vec<Value>>),
}

/// Rows, at most [`MOST_ROWS`] at a time, as columns.
fn in_columns(rows: Vec<Vec<Value>>) -> impl Iterator<Item = Vec<Vec<Value>>> {
	let mut rows = rows.into_iter();
	std::iter::from_fn(move || {
		let mut columns: Vec<Vec<Value>> = Vec::new();
		for row in rows.by_ref().take(MOST_ROWS) {
			columns.resize_with(row.len(), Vec::new);
			columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
		}
		(!columns.is_empty()).then_some(columns)
	})
}

fn answer(
	client: &mut Client,
	prepared: &mut HashMap<String, Statement>,
	sql: &str,
	what: What,
) -> Result<Answer, postgres::Error> {
	let asks = matches!(what, What::Ask(_) | What::AskMany(_));
	let bound: Bound = match what {
		What::Batch => {
			client.batch_execute(&translate(sql))?;
			return Ok(Answer::Changed(0));
		},
		What::Ask(values) | What::Execute(values) => Bound::One(values),
		What::AskMany(columns) | What::ExecuteMany(columns) => Bound::Many(columns),
	};
	let statement = match prepared.get(sql) {
		Some(statement) => statement.clone(),
		None => {
			let statement = client.prepare(&translate(sql))?;
			if prepared.len() >= super::PREPARED {
				prepared.clear();
			}
			prepared.insert(sql.into(), statement.clone());
			statement
		},
	};
	let values: Vec<&(dyn ToSql + Sync)> = match &bound {
		Bound::One(values) => values.iter().map(|value| value as &(dyn ToSql + Sync)).collect(),
		Bound::Many(columns) => {
			columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect()
		},
	};
	if !asks {
		return client.execute(&statement, &values).map(Answer::Changed);
	}
	let rows = client.query(&statement, &values)?;
	let read = |row: &postgres::Row| {
		let values = (0..row.len()).map(|column| read(row, column));
		values.collect::<Result<_, _>>().map(Row::new)
	};
	rows.iter().map(read).collect::<Result<_, _>>().map(Answer::Rows)
}

fn read(row: &postgres::Row, column: usize) -> Result<Value, postgres::Error> {
	Ok(match *row.columns()[column].type_() {
		Type::BOOL => row.try_get::<_, Option<bool>>(column)?.map(i64::from).into(),
		Type::INT4 => row.try_get::<_, Option<i32>>(column)?.map(i64::from).into(),
		Type::INT8 => row.try_get::<_, Option<i64>>(column)?.into(),
		Type::BYTEA => row.try_get::<_, Option<&[u8]>>(column)?.into(),
		_ => row.try_get::<_, Option<String>>(column)?.into(),
	})
}

impl ToSql for Value {
	fn to_sql(
		&self,
		of: &Type,
		out: &mut bytes::BytesMut,
	) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
		match self {
			Self::Null => Ok(IsNull::Yes),
			Self::Number(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
			Self::Number(number) => number.to_sql(of, out),
			Self::Text(text) => text.to_sql(of, out),
			Self::Bytes(bytes) => bytes.to_sql(of, out),
		}
	}

	fn accepts(of: &Type) -> bool {
		[Type::INT4, Type::INT8, Type::TEXT, Type::VARCHAR, Type::BYTEA].contains(of)
	}

	to_sql_checked!();
}

/// A statement of SQLite's in PostgreSQL's words.
fn translate(sql: &str) -> String {
	let sql = sql
		.replace(" WITHOUT ROWID", "")
		.replace("INTEGER", "BIGINT")
		.replace("BLOB", "BYTEA")
		.replace(" ->> '$.", "::jsonb ->> '")
		.replace(" -> '$.", "::jsonb -> '")
		.replace(" unhex(", " curex_unhex(")
		.replace(" CROSS JOIN ", " JOIN ");
	number_places(&without_hints(&sql))
}

/// Without the hints which index to take: PostgreSQL knows none.
fn without_hints(sql: &str) -> String {
	let mut parts = sql.split(" INDEXED BY ");
	let mut text = parts.next().unwrap_or_default().to_owned();
	for part in parts {
		text.push_str(part.find(' ').map_or("", |end| &part[end..]));
	}
	text
}

/// `$1`, `$2`, … for `?` and `?1`.
fn number_places(sql: &str) -> String {
	let mut text = String::with_capacity(sql.len() + 16);
	let mut highest = 0;
	let mut letters = sql.chars().peekable();
	while let Some(letter) = letters.next() {
		if letter != '?' {
			text.push(letter);
			continue;
		}
		let mut digits = String::new();
		while let Some(digit) = letters.next_if(char::is_ascii_digit) {
			digits.push(digit);
		}
		let number = digits.parse().unwrap_or(highest + 1);
		highest = highest.max(number);
		text.push_str(&format!("${number}"));
	}
	text
}

fn fault(error: &postgres::Error) -> Error {
	Error::Server(match error.as_db_error() {
		Some(said) => said.message().to_owned(),
		None => error.to_string(),
	})
}

fn gone() -> Error {
	Error::Server("the connection is lost".into())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn statements_are_put_into_other_words() {
		assert_eq!(
			translate("SELECT r.value ->> '$.name' FROM record r INDEXED BY record_consent WHERE kind = ?1 AND a = ?2 AND b = ? AND c = ?1"),
			"SELECT r.value::jsonb ->> 'name' FROM record r WHERE kind = $1 AND a = $2 AND b = $3 AND c = $1"
		);
		assert_eq!(
			translate(
				"CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
			),
			"CREATE TABLE meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL)"
		);
	}

	#[test]
	fn a_server_elsewhere_is_refused() {
		for here in ["postgresql:///curex?host=/run/postgresql", "postgresql://a@localhost/curex"] {
			assert!(check(here).is_ok(), "{here}");
		}
		for elsewhere in
			["postgresql://a:b@db.example/curex", "postgresql:///curex", "postgresql://["]
		{
			assert!(matches!(check(elsewhere), Err(Error::Input(_))), "{elsewhere}");
		}
	}
}
