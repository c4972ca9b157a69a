-- Checksums, a real ledger, and a release key that names the mechanism's parameters.
-- `row_checksum(…)` is SHA-256 over the fields of a row in the order given; see hansa_node.store.checksum.

CREATE TABLE log_entries_2 (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL CHECK (idx >= 0),
    time_unix_s INTEGER NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) BETWEEN 1 AND 65535),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over log, idx, time_unix_s, leaf
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO log_entries_2 SELECT log, idx, time_unix_s, leaf, row_checksum(log, idx, time_unix_s, leaf) FROM log_entries;
DROP TABLE log_entries;
ALTER TABLE log_entries_2 RENAME TO log_entries;

CREATE TABLE openings_2 (
    idx INTEGER PRIMARY KEY,
    opening BLOB NOT NULL,  -- RFC 8785 JSON: each field with its salt and value
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over idx, opening
) STRICT;
INSERT INTO openings_2 SELECT idx, opening, row_checksum(idx, opening) FROM openings;
DROP TABLE openings;
ALTER TABLE openings_2 RENAME TO openings;

CREATE TABLE witness_state_2 (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over origin, size, root
) STRICT, WITHOUT ROWID;
INSERT INTO witness_state_2 SELECT origin, size, root, row_checksum(origin, size, root) FROM witness_state;
DROP TABLE witness_state;
ALTER TABLE witness_state_2 RENAME TO witness_state;

-- Charges that were taken and never given back, in order. The last row of a ledger says all that was spent in it.
CREATE TABLE charges (
    ledger TEXT NOT NULL CHECK (ledger <> ''),
    number INTEGER NOT NULL CHECK (number >= 0),
    cost INTEGER NOT NULL CHECK (cost >= 0),
    spent INTEGER NOT NULL CHECK (spent >= cost),  -- in the ledger so far, this charge included
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over ledger, number, cost, spent
    PRIMARY KEY (ledger, number)
) STRICT, WITHOUT ROWID;

-- Permitted queries whose charges were taken before the engine ran, while they are open. Each ends as an entry of the
-- log: its query's decision, or the aborted query that `body` and `opening` (both RFC 8785 JSON) already say.
CREATE TABLE reservations_2 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reserved_at TEXT NOT NULL,
    body BLOB NOT NULL,
    opening BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over reserved_at, body, opening
) STRICT;
INSERT INTO reservations_2
    SELECT id, reserved_at, body, opening, row_checksum(reserved_at, body, opening) FROM reservations;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'reservations')
    WHERE name = 'reservations_2' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'reservations');
DROP TABLE reservations;
ALTER TABLE reservations_2 RENAME TO reservations;

-- What has been released, once and for ever.
CREATE TABLE releases_2 (
    plan_hash BLOB NOT NULL CHECK (length(plan_hash) = 32),
    level TEXT NOT NULL,
    parameters TEXT NOT NULL,  -- RFC 8785 JSON: epsilon and what else the level's mechanism was told; {} where nothing
    data_version INTEGER NOT NULL,
    protection_version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partial_ipc BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over all fields above, in this order
    PRIMARY KEY (plan_hash, level, parameters, data_version, protection_version)
) STRICT;
INSERT INTO releases_2
    SELECT plan_hash, level, '{}', data_version, protection_version, contract, partial_ipc,
        row_checksum(plan_hash, level, '{}', data_version, protection_version, contract, partial_ipc) FROM releases;
DROP TABLE releases;
ALTER TABLE releases_2 RENAME TO releases;

-- The signed answer that a key's query got: one before its expiry, and at most one after it. Its receipt follows from
-- the entry at `idx` and the first checkpoint that covers it, always in the same bytes.
CREATE TABLE answers_2 (
    idx INTEGER PRIMARY KEY,
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    key_id TEXT NOT NULL,  -- whoever signs another's query bytes anew gets an answer of their own
    after_expiry INTEGER NOT NULL CHECK (after_expiry IN (0, 1)),
    payload BLOB NOT NULL,
    signature_key_id TEXT NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over all fields above, in this order
    UNIQUE (query_hash, key_id, after_expiry)
) STRICT;
INSERT INTO answers_2
    SELECT idx, query_hash, key_id, after_expiry, payload, signature_key_id, signature,
        row_checksum(idx, query_hash, key_id, after_expiry, payload, signature_key_id, signature) FROM answers;
DROP TABLE answers;
ALTER TABLE answers_2 RENAME TO answers;

-- Signed notes that are served again, or go into receipts. What a witness signed can be checked by its signature alone,
-- but an error of the disk has to be told from one of a peer.
CREATE TABLE checkpoints_2 (
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over size, note
) STRICT;
INSERT INTO checkpoints_2 SELECT size, note, row_checksum(size, note) FROM checkpoints;
DROP TABLE checkpoints;
ALTER TABLE checkpoints_2 RENAME TO checkpoints;
