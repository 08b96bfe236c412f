//! Tables of the store.

use rusqlite::Connection;

use crate::error::Error;

/// Version of the tables; a store of another version is refused.
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE file (
	name TEXT PRIMARY KEY, size INTEGER, modified INTEGER, records INTEGER, complete INTEGER, failure TEXT
) WITHOUT ROWID;
CREATE TABLE statement (source TEXT, cve TEXT, hash BLOB, PRIMARY KEY (source, cve)) WITHOUT ROWID;
CREATE TABLE advisory (id INTEGER PRIMARY KEY, source TEXT, cve TEXT, summary TEXT, body BLOB);
CREATE INDEX advisory_cve ON advisory (cve, source);
CREATE TABLE product (key TEXT, advisory INTEGER, PRIMARY KEY (key, advisory)) WITHOUT ROWID;
CREATE INDEX product_advisory ON product (advisory);
CREATE TABLE package (id INTEGER PRIMARY KEY, source TEXT, cve TEXT, key TEXT, body BLOB);
CREATE INDEX package_cve ON package (cve, source);
CREATE INDEX package_key ON package (key);
CREATE TABLE severity (cve TEXT PRIMARY KEY, generation INTEGER, score INTEGER, body BLOB) WITHOUT ROWID;
CREATE TABLE kev (cve TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE epss (cve TEXT PRIMARY KEY, probability REAL, percentile REAL) WITHOUT ROWID;
CREATE TABLE vex (id INTEGER PRIMARY KEY, file TEXT, cve TEXT, body BLOB);
CREATE INDEX vex_cve ON vex (cve);
CREATE TABLE inventory (asset TEXT PRIMARY KEY, hash BLOB, body BLOB) WITHOUT ROWID;
CREATE TABLE service_key (key TEXT, asset TEXT, PRIMARY KEY (key, asset)) WITHOUT ROWID;
CREATE INDEX service_key_asset ON service_key (asset);
CREATE TABLE pending_cve (cve TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE pending_asset (asset TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// Creates the tables of a new store and refuses one of another version.
pub(super) fn prepare(db: &Connection) -> Result<(), Error> {
	db.pragma_update(None, "journal_mode", "WAL")?;
	db.pragma_update(None, "synchronous", "NORMAL")?;
	db.pragma_update(None, "cache_size", -65_536)?;
	db.set_prepared_statement_cache_capacity(64);
	let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
	match version {
		VERSION => Ok(()),
		0 => {
			db.execute_batch(&format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?;
			Ok(())
		},
		other => Err(Error::StoreVersion { found: other, known: VERSION }),
	}
}
