//! Tables into which many rows are put at once, and from which many are read at once.

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Of {
	Number,
	Text,
	Bytes,
}

impl Of {
	/// Many of it, in PostgreSQL's words.
	fn many(self) -> &'static str {
		match self {
			Self::Number => "BIGINT[]",
			Self::Text => "TEXT[]",
			Self::Bytes => "BYTEA[]",
		}
	}
}

/// A table with the columns that are written or asked for.
pub(in crate::store) struct Table {
	/// Its name.
	pub name: &'static str,
	/// The columns in order.
	pub columns: &'static [(&'static str, Of)],
	/// What to do with a row that is there already.
	pub conflict: &'static str,
}

impl Table {
	fn names(&self, separator: &str, form: impl Fn(&str) -> String) -> String {
		self.columns.iter().map(|(name, _)| form(name)).collect::<Vec<_>>().join(separator)
	}

	/// The columns as arrays: `$1::BIGINT[], $2::TEXT[]`.
	fn arrays(&self) -> String {
		let arrays =
			(1..).zip(self.columns).map(|(place, (_, of))| format!("${place}::{}", of.many()));
		arrays.collect::<Vec<_>>().join(", ")
	}

	pub(super) fn insert_one(&self) -> String {
		let (names, places) = (self.names(", ", str::to_owned), self.names(", ", |_| "?".into()));
		format!("INSERT INTO {} ({names}) VALUES ({places}) {}", self.name, self.conflict)
	}

	pub(super) fn insert_many(&self) -> String {
		let (names, arrays) = (self.names(", ", str::to_owned), self.arrays());
		format!(
			"INSERT INTO {} ({names}) SELECT * FROM unnest({arrays}) {}",
			self.name, self.conflict
		)
	}

	pub(super) fn select_one(&self, columns: &str) -> String {
		let equal = self.names(" AND ", |name| format!("r.{name} = ?"));
		format!("SELECT {columns} FROM {} r WHERE {equal}", self.name)
	}

	pub(super) fn select_many(&self, columns: &str) -> String {
		let (names, arrays) = (self.names(", ", str::to_owned), self.arrays());
		let equal = self.names(" AND ", |name| format!("r.{name} = k.{name}"));
		format!(
			"SELECT {columns} FROM unnest({arrays}) AS k({names}) JOIN {} r ON {equal}",
			self.name
		)
	}
}
