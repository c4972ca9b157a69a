-- The durable truth of one node. Times are naive UTC in ISO 8601, whole seconds; hashes are 32 raw bytes.

-- Which query a key has used a nonce for: the same nonce with other bytes is a replay.
CREATE TABLE nonces (
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;

-- One row per decision, in the order of the commits.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    decided_at TEXT NOT NULL,
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    key_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT NOT NULL,
    purpose TEXT,              -- NULL where the query could not be read
    dataset TEXT,              -- NULL where the query could not be read
    level TEXT,                -- NULL where the city serves no such dataset
    data_version INTEGER,      -- NULL where the city serves no such dataset
    policy_id TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    roster_version INTEGER NOT NULL,
    software_version TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('permit', 'refuse', 'aborted')),
    code TEXT,                 -- the refusal's code; NULL otherwise
    recalled INTEGER NOT NULL DEFAULT 0 CHECK (recalled IN (0, 1)),
    cost_microrho INTEGER NOT NULL CHECK (cost_microrho >= 0),
    result_hash BLOB,          -- SHA-256 of the signed answer bytes; NULL for an aborted query
    CHECK ((decision = 'refuse') = (code IS NOT NULL)),
    CHECK ((decision = 'aborted') = (result_hash IS NULL))
) STRICT;

-- Charges taken before the engine runs. A reservation ends as a debit of its decision, or as an aborted decision.
CREATE TABLE reservations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reserved_at TEXT NOT NULL,
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    key_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    organisation TEXT NOT NULL,
    purpose TEXT NOT NULL,
    dataset TEXT NOT NULL,
    level TEXT NOT NULL,
    data_version INTEGER NOT NULL,
    policy_id TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    roster_version INTEGER NOT NULL,
    software_version TEXT NOT NULL,
    cost_microrho INTEGER NOT NULL CHECK (cost_microrho >= 0),
    decision_id INTEGER UNIQUE REFERENCES decisions (id)  -- NULL while the reservation is open
) STRICT;
CREATE INDEX open_reservations ON reservations (id) WHERE decision_id IS NULL;

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

-- The signed answer that a key's query got: one before its expiry, and at most one after it.
CREATE TABLE answers (
    query_hash BLOB NOT NULL CHECK (length(query_hash) = 32),
    key_id TEXT NOT NULL,  -- whoever signs another's query bytes anew gets an answer of their own
    after_expiry INTEGER NOT NULL CHECK (after_expiry IN (0, 1)),
    payload BLOB NOT NULL,
    signature_key_id TEXT NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    PRIMARY KEY (query_hash, key_id, after_expiry)
) STRICT;
