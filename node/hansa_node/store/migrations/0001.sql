-- The durable truth of one node. Hashes are 32 raw bytes; times are Unix seconds, or naive UTC in ISO 8601.

-- The leaves of every log that lies here, in order: the city's own (log 0), and those that it mirrors for others.
CREATE TABLE log_entries (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL CHECK (idx >= 0),
    time_unix_s INTEGER NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) BETWEEN 1 AND 65535),
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

-- The roots of complete subtrees of 256^level leaves: with at most 255 leaves they tell every hash of the tree.
CREATE TABLE log_hashes (
    log INTEGER NOT NULL,
    level INTEGER NOT NULL CHECK (level >= 1),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (log, level, idx)
) STRICT, WITHOUT ROWID;

-- What the own log's entries commit to without saying it. Deleting it leaves every proof valid.
CREATE TABLE openings (
    idx INTEGER PRIMARY KEY,
    opening BLOB NOT NULL  -- RFC 8785 JSON: each field with its salt and value
) STRICT;

-- The signed head after each transaction: one size is signed once.
CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL
) STRICT;

-- What witnesses said about a checkpoint: one line for each.
CREATE TABLE cosignatures (
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    name TEXT NOT NULL,
    line BLOB NOT NULL,
    PRIMARY KEY (size, name)
) STRICT, WITHOUT ROWID;

-- The largest checkpoint that a quorum of witnesses cosigned, and when it was complete. One row at most.
CREATE TABLE witnessed (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    at TEXT NOT NULL
) STRICT;

-- As a witness: the largest head that this city cosigned for another log.
CREATE TABLE witness_state (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32)
) STRICT, WITHOUT ROWID;

-- As a mirror: the other logs whose entries lie here, and up to where; the last checkpoint that a quorum cosigned.
CREATE TABLE mirrors (
    log INTEGER PRIMARY KEY CHECK (log > 0),
    origin TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    cosigned_size INTEGER,
    cosigned_note BLOB
) STRICT;

-- What the log last said about a subject that changes now and then: policy, roster, a dataset, its version.
CREATE TABLE announced (
    subject TEXT PRIMARY KEY,
    version INTEGER NOT NULL,  -- a later word about the subject has no smaller one, until the node starts again
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;

-- The city's keys that the log last said to be in force; the log's own stands in its first entry.
CREATE TABLE keys_in_force (
    role TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (role, key)
) STRICT, WITHOUT ROWID;

-- Which query a key has used a nonce for: the same nonce with other bytes is a replay.
CREATE TABLE nonces (
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;

-- Charges taken before the engine runs, while they are open. Each ends as an entry of the log: its query's decision,
-- or the aborted query that `body` and `opening` (both RFC 8785 JSON) already say.
CREATE TABLE reservations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reserved_at TEXT NOT NULL,
    cost_microrho INTEGER NOT NULL CHECK (cost_microrho >= 0),
    body BLOB NOT NULL,
    opening BLOB NOT NULL
) STRICT;

-- What has been released, once and for ever.
CREATE TABLE releases (
    plan_hash BLOB NOT NULL CHECK (length(plan_hash) = 32),
    level TEXT NOT NULL,
    data_version INTEGER NOT NULL,
    protection_version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partial_ipc BLOB NOT NULL,
    PRIMARY KEY (plan_hash, level, data_version, protection_version)
) STRICT;

-- The signed answer that a key's query got: one before its expiry, and at most one after it. Its receipt follows from
-- the entry at `idx` and the first checkpoint that covers it, always in the same bytes.
CREATE TABLE answers (
    idx INTEGER PRIMARY KEY,
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    key_id TEXT NOT NULL,  -- whoever signs another's query bytes anew gets an answer of their own
    after_expiry INTEGER NOT NULL CHECK (after_expiry IN (0, 1)),
    payload BLOB NOT NULL,
    signature_key_id TEXT NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    UNIQUE (query_hash, key_id, after_expiry)
) STRICT;
