-- As a mirror: the published rules that entries of other logs name, by the log's number in `mirrors`.

CREATE TABLE mirrored_rules (
    log INTEGER NOT NULL CHECK (log > 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),  -- SHA-256 of the document, lower-case hex
    document BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),  -- over log, hash, document
    PRIMARY KEY (log, hash)
) STRICT, WITHOUT ROWID;
