//! An embedded store of advisories and inventory, for feeds that are too large to be held in memory.
//!
//! Imports are incremental (what did not change costs nothing further) and resumable (a file that was cut off
//! goes on where it stopped). What changed is remembered until it was matched, so that a new advisory leads to
//! the assets it concerns, and a changed asset to its advisories, without comparing everything with everything.

mod import;
mod matching;
mod schema;

use std::path::Path;

use rusqlite::{params, Connection};
use sha2::{Digest, Sha256};

pub use self::{
	import::{Imported, Progress},
	matching::Matched,
};
use crate::{error::Error, matching::service_keys, AssetService};

/// Advisories, exploitation facts, packages and an inventory in one SQLite database.
pub struct Store {
	db: Connection,
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
	/// Statements about products: one for a vulnerability and a source.
	pub advisories: u64,
	/// Statements of distributions and registries about packages.
	pub packages: u64,
	/// Vulnerabilities known to be exploited.
	pub kev: u64,
	/// Vulnerabilities with a probability of exploitation.
	pub epss: u64,
	/// Assets of the inventory.
	pub assets: u64,
}

impl Store {
	/// Opens or creates a store.
	///
	/// # Errors
	/// [`Error::Store`] if the file is no store, or of a version that this program does not know.
	pub fn open(path: &Path) -> Result<Self, Error> {
		Self::prepare(Connection::open(path)?)
	}

	/// A store that vanishes with the process.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn in_memory() -> Result<Self, Error> {
		Self::prepare(Connection::open_in_memory()?)
	}

	fn prepare(db: Connection) -> Result<Self, Error> {
		schema::prepare(&db)?;
		Ok(Self { db })
	}

	/// Replaces the inventory. Assets that are new, gone or different are remembered for the next
	/// [`match_changed`](Self::match_changed). Returns how many.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn set_inventory(&mut self, services: &[AssetService]) -> Result<u64, Error> {
		let mut by_asset: std::collections::BTreeMap<&str, Vec<&AssetService>> =
			std::collections::BTreeMap::new();
		for service in services {
			by_asset.entry(&service.asset).or_default().push(service);
		}
		let transaction = self.db.transaction()?;
		let mut changed = 0;
		{
			let mut known = transaction.prepare("SELECT asset FROM inventory")?;
			let known: Vec<String> =
				known.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
			for asset in known.iter().filter(|asset| !by_asset.contains_key(asset.as_str())) {
				transaction.execute("DELETE FROM inventory WHERE asset = ?1", [asset])?;
				transaction.execute("DELETE FROM service_key WHERE asset = ?1", [asset])?;
				transaction.execute("INSERT OR IGNORE INTO pending_asset VALUES (?1)", [asset])?;
				changed += 1;
			}
			let mut hash_of = transaction.prepare("SELECT hash FROM inventory WHERE asset = ?1")?;
			let mut put =
				transaction.prepare("INSERT OR REPLACE INTO inventory VALUES (?1, ?2, ?3)")?;
			let mut clear = transaction.prepare("DELETE FROM service_key WHERE asset = ?1")?;
			let mut key =
				transaction.prepare("INSERT OR IGNORE INTO service_key VALUES (?1, ?2)")?;
			let mut pend =
				transaction.prepare("INSERT OR IGNORE INTO pending_asset VALUES (?1)")?;
			for (asset, services) in by_asset {
				let body = serde_json::to_vec(&services).map_err(Error::encoding)?;
				let hash: [u8; 32] = Sha256::digest(&body).into();
				let before: Option<Vec<u8>> = rusqlite::OptionalExtension::optional(
					hash_of.query_row([asset], |row| row.get(0)),
				)?;
				if before.as_deref() == Some(&hash[..]) {
					continue;
				}
				put.execute(params![asset, hash, body])?;
				clear.execute([asset])?;
				for service in services {
					for name in service_keys(service) {
						key.execute([name.as_str(), asset])?;
					}
					if let Some(name) = matching::package_key_of(service) {
						key.execute([name.as_str(), asset])?;
					}
				}
				pend.execute([asset])?;
				changed += 1;
			}
		}
		transaction.commit()?;
		Ok(changed)
	}

	/// SHA-256 over everything that is known about vulnerabilities, in hexadecimal; empty if nothing is. The same
	/// knowledge gives the same version, in whatever order and from whatever files it came.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn version(&self) -> Result<String, Error> {
		let mut hash = Sha256::new();
		let mut rows = 0_u64;
		for sql in [
			"SELECT source, cve, hash FROM statement ORDER BY source, cve",
			"SELECT 'kev', cve, body FROM kev ORDER BY cve",
			"SELECT 'epss', cve, CAST(probability AS TEXT) || ' ' || percentile FROM epss ORDER BY cve",
			"SELECT 'vex', cve, body FROM vex ORDER BY cve, body",
		] {
			let mut query = self.db.prepare(sql)?;
			let mut found = query.query([])?;
			while let Some(row) = found.next()? {
				rows += 1;
				for column in 0..3 {
					let bytes = row.get_ref(column)?.as_bytes().map_err(rusqlite::Error::from)?;
					hash.update((bytes.len() as u64).to_be_bytes());
					hash.update(bytes);
				}
			}
		}
		Ok(if rows == 0 { String::new() } else { hex::encode(hash.finalize()) })
	}

	/// How much the store holds.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn contents(&self) -> Result<Contents, Error> {
		let count = |table: &str| -> Result<u64, Error> {
			let sql = format!("SELECT COUNT(*) FROM {table}");
			let count: i64 = self.db.query_row(&sql, [], |row| row.get(0))?;
			Ok(u64::try_from(count).unwrap_or(0))
		};
		Ok(Contents {
			advisories: count("advisory")?,
			packages: count("package")?,
			kev: count("kev")?,
			epss: count("epss")?,
			assets: count("inventory")?,
		})
	}
}

#[cfg(test)]
mod tests;
