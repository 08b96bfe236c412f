-- The index of the ledger. Rows of one block are written in one transaction, `block` last of all.
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- Metadata of every runtime, so that old blocks stay readable.
CREATE TABLE runtime (
	spec_version INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, metadata BLOB NOT NULL
);

CREATE TABLE block (
	number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, parent BLOB NOT NULL, time INTEGER,
	author INTEGER, spec_version INTEGER NOT NULL, extrinsics INTEGER NOT NULL, events INTEGER NOT NULL
);

CREATE TABLE extrinsic (
	block INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, signer BLOB,
	pallet TEXT NOT NULL, call TEXT NOT NULL, arguments TEXT NOT NULL, failure TEXT,
	PRIMARY KEY (block, position)
) WITHOUT ROWID;
CREATE INDEX extrinsic_hash ON extrinsic (hash);
CREATE INDEX extrinsic_signer ON extrinsic (signer, block) WHERE signer IS NOT NULL;

CREATE TABLE event (
	block INTEGER NOT NULL, position INTEGER NOT NULL, extrinsic INTEGER, pallet TEXT NOT NULL,
	name TEXT NOT NULL, fields TEXT NOT NULL,
	PRIMARY KEY (block, position)
) WITHOUT ROWID;

-- A record as it stands; `serial` grows with the block in which it was first seen.
CREATE TABLE record (
	serial INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id TEXT NOT NULL, begun INTEGER NOT NULL,
	changed INTEGER NOT NULL, removed INTEGER, state TEXT, purpose TEXT, consent BLOB,
	value TEXT NOT NULL,
	UNIQUE (kind, id)
);
CREATE INDEX record_begun ON record (kind, begun);
CREATE INDEX record_serial ON record (kind, serial);
CREATE INDEX record_state ON record (kind, state, serial);
CREATE INDEX record_purpose ON record (kind, purpose, serial);
CREATE INDEX record_consent ON record (consent, serial) WHERE consent IS NOT NULL;

-- Whom a record concerns; `other` is the other side. State and purpose stand here too, so that a search within
-- one organisation reads this table alone.
CREATE TABLE party (
	organisation INTEGER NOT NULL, kind INTEGER NOT NULL, serial INTEGER NOT NULL, other INTEGER,
	state TEXT, purpose TEXT,
	PRIMARY KEY (organisation, kind, serial)
) WITHOUT ROWID;
CREATE INDEX party_record ON party (kind, serial) WHERE kind <> 3; -- exchanges never change theirs
CREATE INDEX party_other ON party (organisation, kind, other, serial) WHERE other IS NOT NULL;

-- The events that changed a record: its timeline.
CREATE TABLE touch (
	serial INTEGER NOT NULL, block INTEGER NOT NULL, position INTEGER NOT NULL,
	PRIMARY KEY (serial, block, position)
) WITHOUT ROWID;

-- Where commitments and other values of 32 bytes stand; -1 for what the block itself does.
CREATE TABLE mention (
	value BLOB NOT NULL, block INTEGER NOT NULL, extrinsic INTEGER NOT NULL,
	PRIMARY KEY (value, block, extrinsic)
) WITHOUT ROWID;

-- How many records of a kind stand in a state; kept with every change.
CREATE TABLE tally (
	kind INTEGER NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, state)
) WITHOUT ROWID;

-- The same between whom: of an organisation (smaller number first) and the other side, -1 if there is none.
CREATE TABLE flow (
	kind INTEGER NOT NULL, organisation INTEGER NOT NULL, other INTEGER NOT NULL, state TEXT NOT NULL,
	count INTEGER NOT NULL, PRIMARY KEY (kind, organisation, other, state)
) WITHOUT ROWID;
