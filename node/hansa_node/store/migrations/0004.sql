-- Checksums of what else is served again or decided upon; see hansa_node.store.checksum.

-- The roots of complete subtrees of 256^level leaves: with at most 255 leaves they tell every hash of the tree.
CREATE TABLE log_hashes_2 (
    log INTEGER NOT NULL,
    level INTEGER NOT NULL CHECK (level >= 1),
    idx INTEGER NOT NULL CHECK (idx >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over log, level, idx, hash
    PRIMARY KEY (log, level, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO log_hashes_2 SELECT log, level, idx, hash, row_checksum(log, level, idx, hash) FROM log_hashes;
DROP TABLE log_hashes;
ALTER TABLE log_hashes_2 RENAME TO log_hashes;

-- What witnesses said about a checkpoint: one line for each.
CREATE TABLE cosignatures_2 (
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    name TEXT NOT NULL,
    line BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over size, name, line
    PRIMARY KEY (size, name)
) STRICT, WITHOUT ROWID;
INSERT INTO cosignatures_2 SELECT size, name, line, row_checksum(size, name, line) FROM cosignatures;
DROP TABLE cosignatures;
ALTER TABLE cosignatures_2 RENAME TO cosignatures;

-- The largest checkpoint that a quorum of witnesses cosigned, and when it was complete. One row at most.
CREATE TABLE witnessed_2 (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    size INTEGER NOT NULL REFERENCES checkpoints (size),
    at TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over size, at
) STRICT;
INSERT INTO witnessed_2 SELECT only, size, at, row_checksum(size, at) FROM witnessed;
DROP TABLE witnessed;
ALTER TABLE witnessed_2 RENAME TO witnessed;

-- As a mirror: the other logs whose entries lie here, and up to where; the last checkpoint that a quorum cosigned.
CREATE TABLE mirrors_2 (
    log INTEGER PRIMARY KEY CHECK (log > 0),
    origin TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    cosigned_size INTEGER,
    cosigned_note BLOB,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over all fields above, in this order
) STRICT;
INSERT INTO mirrors_2
    SELECT log, origin, size, note, cosigned_size, cosigned_note,
        row_checksum(log, origin, size, note, cosigned_size, cosigned_note) FROM mirrors;
DROP TABLE mirrors;
ALTER TABLE mirrors_2 RENAME TO mirrors;

-- What the log last said about a subject that changes now and then: policy, roster, a dataset, its version.
CREATE TABLE announced_2 (
    subject TEXT PRIMARY KEY,
    version INTEGER NOT NULL,  -- a later word about the subject has no smaller one, until the node starts again
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over subject, version, digest
) STRICT, WITHOUT ROWID;
INSERT INTO announced_2 SELECT subject, version, digest, row_checksum(subject, version, digest) FROM announced;
DROP TABLE announced;
ALTER TABLE announced_2 RENAME TO announced;
