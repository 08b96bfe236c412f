//! Compares the inventory with the store: all of it, or what changed.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::Connection;
use serde::Serialize;

use super::{import::joined_package_key, Store};
use crate::{
	error::Error,
	feed::Feed,
	matching::{by_asset, installed_package, match_each, match_some, service_keys, ByAsset},
	AssetService, Epss, Outcome,
};

/// Statements that are held in memory at the same time.
const STATEMENTS_AT_ONCE: u64 = 60_000;
/// Changed vulnerabilities beyond which everything is compared anew.
const MOST_CHANGED: u64 = 20_000;

/// What was compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Matched {
	/// Whether the whole inventory was compared with the whole feed. Earlier results are void then.
	pub full: bool,
	/// Vulnerabilities whose earlier results are void.
	pub cves: Vec<String>,
	/// Assets whose earlier results are void.
	pub assets: Vec<String>,
	/// Services that were compared.
	pub services: u64,
	/// Statements that were looked at.
	pub statements: u64,
	/// Results that were handed over.
	pub outcomes: u64,
}

/// The key under which statements about a service's package are found.
pub(super) fn package_key_of(service: &AssetService) -> Option<String> {
	installed_package(service)
		.map(|package| joined_package_key(&package.distribution, &package.source))
}

impl Store {
	/// Compares the whole inventory with everything and hands the results over one by one.
	///
	/// Memory is bounded by the inventory and by the statements about single products; results are not kept.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn match_all(&mut self, sink: &mut dyn FnMut(Outcome<'_>)) -> Result<Matched, Error> {
		let services = self.services(None)?;
		self.match_given(&services, sink)
	}

	/// Compares what changed since the last time: vulnerabilities that an import touched with the assets that
	/// have their products, and assets that changed with everything. Nothing is forgotten if it is interrupted.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn match_changed(&mut self, sink: &mut dyn FnMut(Outcome<'_>)) -> Result<Matched, Error> {
		let Some((cves, feed)) = self.changes()? else { return self.match_all(sink) };
		let assets = self.column("SELECT asset FROM pending_asset")?;
		let mut matched = Matched { cves, assets, ..Matched::default() };
		let changed: HashSet<&str> = matched.assets.iter().map(String::as_str).collect();

		// Assets that have a product or package of a changed vulnerability.
		let mut concerned: HashSet<String> = HashSet::new();
		for cve in &matched.cves {
			let mut assets = self.db.prepare_cached(
				"SELECT DISTINCT k.asset FROM advisory a JOIN product p ON p.advisory = a.id
					JOIN service_key k ON k.key = p.key WHERE a.cve = ?1
				UNION SELECT k.asset FROM package p JOIN service_key k ON k.key = p.key WHERE p.cve = ?1",
			)?;
			for asset in assets.query_map([cve], |row| row.get::<_, String>(0))? {
				concerned.insert(asset?);
			}
		}
		concerned.retain(|asset| !changed.contains(asset.as_str()));
		let services = self.services(Some(&concerned))?;
		let all: Vec<&AssetService> = services.iter().collect();
		let mut outcomes = 0;
		match_some(&all, &by_asset(&services), &feed, &mut |outcome| {
			outcomes += 1;
			sink(outcome);
		});
		matched.outcomes += outcomes;
		matched.services += services.len() as u64;
		matched.statements += (feed.advisories.len() + feed.packages.len()) as u64;

		let changed: HashSet<String> = changed.into_iter().map(str::to_owned).collect();
		let services = self.services(Some(&changed))?;
		self.match_services(&services, &mut matched, sink)?;
		self.clear_pending()?;
		Ok(matched)
	}

	/// Like [`match_all`](Self::match_all) for an inventory that is not kept in the store.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn match_given(
		&mut self,
		services: &[AssetService],
		sink: &mut dyn FnMut(Outcome<'_>),
	) -> Result<Matched, Error> {
		let mut matched = Matched { full: true, ..Matched::default() };
		self.match_services(services, &mut matched, sink)?;
		self.clear_pending()?;
		Ok(matched)
	}

	/// Compares an inventory that is not kept in the store with the vulnerabilities that imports touched since the
	/// last comparison.
	///
	/// # Errors
	/// [`Error::Store`].
	pub fn match_given_changed(
		&mut self,
		services: &[AssetService],
		sink: &mut dyn FnMut(Outcome<'_>),
	) -> Result<Matched, Error> {
		let Some((cves, feed)) = self.changes()? else { return self.match_given(services, sink) };
		let mut matched = Matched { cves, services: services.len() as u64, ..Matched::default() };
		matched.statements = (feed.advisories.len() + feed.packages.len()) as u64;
		match_each(services, &feed, &mut |outcome| {
			matched.outcomes += 1;
			sink(outcome);
		});
		self.clear_pending()?;
		Ok(matched)
	}

	/// The vulnerabilities that imports touched with all that is known of them; nothing if they are so many that
	/// everything is compared anew.
	fn changes(&self) -> Result<Option<(Vec<String>, Feed)>, Error> {
		let cves = self.column("SELECT cve FROM pending_cve")?;
		if cves.len() as u64 > MOST_CHANGED {
			return Ok(None);
		}
		let mut feed = Feed::default();
		for cve in &cves {
			load_cve(&self.db, cve, &mut feed)?;
		}
		Ok(Some((cves, feed)))
	}

	fn column(&self, sql: &str) -> Result<Vec<String>, Error> {
		let mut query = self.db.prepare(sql)?;
		let rows = query.query_map([], |row| row.get(0))?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	fn clear_pending(&mut self) -> Result<(), Error> {
		self.db
			.execute_batch("BEGIN; DELETE FROM pending_cve; DELETE FROM pending_asset; COMMIT;")?;
		Ok(())
	}

	/// Services of some assets, or of all.
	fn services(&self, assets: Option<&HashSet<String>>) -> Result<Vec<AssetService>, Error> {
		let mut out = Vec::new();
		let mut take = |body: Vec<u8>| -> Result<(), Error> {
			let services: Vec<AssetService> =
				serde_json::from_slice(&body).map_err(Error::encoding)?;
			out.extend(services);
			Ok(())
		};
		match assets {
			None => {
				let mut query = self.db.prepare("SELECT body FROM inventory")?;
				let mut rows = query.query([])?;
				while let Some(row) = rows.next()? {
					take(row.get(0)?)?;
				}
			},
			Some(assets) => {
				let mut query =
					self.db.prepare_cached("SELECT body FROM inventory WHERE asset = ?1")?;
				for asset in assets {
					let mut rows = query.query([asset])?;
					while let Some(row) = rows.next()? {
						take(row.get(0)?)?;
					}
				}
			},
		}
		Ok(out)
	}

	/// Services that look for the same statements are compared together, as many as fit into memory.
	fn match_services(
		&self,
		services: &[AssetService],
		matched: &mut Matched,
		sink: &mut dyn FnMut(Outcome<'_>),
	) -> Result<(), Error> {
		let mut groups: BTreeMap<Vec<String>, Vec<&AssetService>> = BTreeMap::new();
		let assets = by_asset(services);
		for service in services {
			let mut keys = service_keys(service);
			keys.extend(package_key_of(service));
			groups.entry(keys).or_default().push(service);
		}
		let mut count = self.db.prepare(
			"SELECT (SELECT COUNT(*) FROM product WHERE key = ?1)
				+ (SELECT COUNT(*) FROM package WHERE key = ?1)",
		)?;
		let mut sizes: HashMap<String, u64> = HashMap::new();
		let mut waiting: Vec<&AssetService> = Vec::new();
		let mut keys: HashSet<String> = HashSet::new();
		let mut size = 0;
		for (wanted, services) in groups {
			let mut more = 0;
			for key in wanted.iter().filter(|key| !keys.contains(*key)) {
				let known = match sizes.get(key) {
					Some(known) => *known,
					None => {
						let rows: i64 = count.query_row([key], |row| row.get(0))?;
						let rows = u64::try_from(rows).unwrap_or(0);
						sizes.insert(key.clone(), rows);
						rows
					},
				};
				more += known;
			}
			if size > 0 && size + more > STATEMENTS_AT_ONCE {
				self.match_batch(&waiting, &keys, &assets, matched, sink)?;
				waiting.clear();
				keys.clear();
				size = 0;
			}
			size += more;
			keys.extend(wanted);
			waiting.extend(services);
		}
		self.match_batch(&waiting, &keys, &assets, matched, sink)
	}

	fn match_batch(
		&self,
		services: &[&AssetService],
		keys: &HashSet<String>,
		assets: &ByAsset<'_>,
		matched: &mut Matched,
		sink: &mut dyn FnMut(Outcome<'_>),
	) -> Result<(), Error> {
		let feed = self.statements(keys)?;
		matched.services += services.len() as u64;
		matched.statements += (feed.advisories.len() + feed.packages.len()) as u64;
		let mut outcomes = 0;
		match_some(services, assets, &feed, &mut |outcome| {
			outcomes += 1;
			sink(outcome);
		});
		matched.outcomes += outcomes;
		Ok(())
	}

	/// All statements that are found under the keys, and what is known about their vulnerabilities.
	fn statements(&self, keys: &HashSet<String>) -> Result<Feed, Error> {
		let mut feed = Feed::default();
		let mut ids: Vec<i64> = Vec::new();
		let mut by_key = self.db.prepare_cached("SELECT advisory FROM product WHERE key = ?1")?;
		let mut packages = self.db.prepare_cached("SELECT body FROM package WHERE key = ?1")?;
		for key in keys {
			if key.starts_with('@') {
				let mut rows = packages.query([key])?;
				while let Some(row) = rows.next()? {
					feed.packages.push(decoded(row)?);
				}
			} else {
				for id in by_key.query_map([key], |row| row.get(0))? {
					ids.push(id?);
				}
			}
		}
		ids.sort_unstable();
		ids.dedup();
		let mut by_id = self.db.prepare_cached("SELECT body FROM advisory WHERE id = ?1")?;
		for id in ids {
			feed.advisories.push(by_id.query_row([id], |row| Ok(decoded(row)))??);
		}
		let mut cves: Vec<String> = feed.advisories.iter().map(|a| a.cve.clone()).collect();
		cves.extend(feed.packages.iter().map(|p| p.cve.clone()));
		cves.sort_unstable();
		cves.dedup();
		for cve in cves {
			load_facts(&self.db, &cve, &mut feed)?;
		}
		Ok(feed)
	}
}

fn decoded<T: serde::de::DeserializeOwned>(row: &rusqlite::Row<'_>) -> Result<T, Error> {
	let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
	serde_json::from_slice(body).map_err(Error::encoding)
}

/// Like [`decoded`] for a column that may be empty.
fn decoded_column<T: serde::de::DeserializeOwned>(
	row: &rusqlite::Row<'_>,
	column: usize,
) -> Result<Option<T>, Error> {
	let body = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
	body.map(serde_json::from_slice).transpose().map_err(Error::encoding)
}

/// Everything about one vulnerability.
fn load_cve(db: &Connection, cve: &str, feed: &mut Feed) -> Result<(), Error> {
	let mut query = db.prepare_cached("SELECT body FROM advisory WHERE cve = ?1")?;
	let mut rows = query.query([cve])?;
	while let Some(row) = rows.next()? {
		feed.advisories.push(decoded(row)?);
	}
	let mut query = db.prepare_cached("SELECT body FROM package WHERE cve = ?1")?;
	let mut rows = query.query([cve])?;
	while let Some(row) = rows.next()? {
		feed.packages.push(decoded(row)?);
	}
	load_facts(db, cve, feed)
}

/// Severity, exploitation and VEX of one vulnerability.
fn load_facts(db: &Connection, cve: &str, feed: &mut Feed) -> Result<(), Error> {
	let mut query = db.prepare_cached(
		"SELECT severity.body, kev.body, epss.probability, epss.percentile
			FROM (SELECT ?1 AS cve) AS wanted LEFT JOIN severity USING (cve)
			LEFT JOIN kev USING (cve) LEFT JOIN epss USING (cve)",
	)?;
	let mut rows = query.query([cve])?;
	if let Some(row) = rows.next()? {
		if let Some(severity) = decoded_column(row, 0)? {
			feed.severities.insert(cve.to_owned(), severity);
		}
		if let Some(kev) = decoded_column(row, 1)? {
			feed.kev.insert(cve.to_owned(), kev);
		}
		if let Some(probability) = row.get(2)? {
			feed.epss.insert(cve.to_owned(), Epss { probability, percentile: row.get(3)? });
		}
	}
	let mut query = db.prepare_cached("SELECT body FROM vex WHERE cve = ?1")?;
	let mut rows = query.query([cve])?;
	while let Some(row) = rows.next()? {
		feed.vex.push(decoded(row)?);
	}
	Ok(())
}
