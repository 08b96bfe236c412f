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

-- Decisions and changes of the network, few among all (`governance.rs` asks with the same words).
CREATE INDEX event_governance ON event (block, position) WHERE name IN ('Proposed', 'Voted', 'Closed', 'Executed', 'Disapproved', 'UpgradeAuthorized', 'CodeUpdated', 'NewAuthorities', 'Offence', 'OrganisationAdmitted', 'OrganisationSuspended', 'OrganisationReinstated', 'OrganisationExpelled', 'QuotaSet', 'ValidatorChangeQueued', 'ValidatorChangeDropped', 'ValidatorAdded', 'ValidatorMoved', 'ValidatorRemoved', 'ValidatorDisabled', 'ReplacementNeeded', 'LawChanged', 'OldestPolicyRaised', 'GroupChanged') AND (name <> 'Closed' OR pallet = 'Council');

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
CREATE INDEX record_removed ON record (removed) WHERE removed IS NOT NULL;

-- The last serial that was given; none is given twice, whatever left the index. And up to which number of an organisation's
-- sequence exchanges left.
CREATE TABLE given (what TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;

-- How a record stood before: from block `since` on, up to before block `until`. `patch` leads there from how it stood next.
CREATE TABLE version (
	serial INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, patch TEXT NOT NULL,
	PRIMARY KEY (serial, since)
) WITHOUT ROWID;

-- Whom a record concerns; `other` is the other side. State and purpose stand here too, so that a search within
-- one organisation reads this table alone.
CREATE TABLE party (
	organisation INTEGER NOT NULL, kind INTEGER NOT NULL, serial INTEGER NOT NULL, other INTEGER,
	state TEXT, purpose TEXT,
	PRIMARY KEY (organisation, kind, serial)
) WITHOUT ROWID;
CREATE INDEX party_state ON party (organisation, kind, state, serial);
CREATE INDEX party_other ON party (organisation, kind, other, serial) WHERE other IS NOT NULL;

-- The events that changed a record: its timeline. `action` is the event's name.
CREATE TABLE touch (
	serial INTEGER NOT NULL, block INTEGER NOT NULL, position INTEGER NOT NULL, action TEXT NOT NULL,
	PRIMARY KEY (serial, block, position)
) WITHOUT ROWID;
CREATE INDEX touch_action ON touch (action, serial);

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

-- How many exchanges that began on a day (counted from 1970) came how far: 0 asked, 1 sent, 2 received, 3 acknowledged.
-- Numbers alone: they stay when the exchanges leave the index.
CREATE TABLE daily (
	day INTEGER NOT NULL, organisation INTEGER NOT NULL, other INTEGER NOT NULL, purpose TEXT NOT NULL,
	stage INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, organisation, other, purpose, stage)
) WITHOUT ROWID;
