-- The rules that the log names by hash: each policy, manifest and contract, as RFC 8785 JSON that anybody may read.

CREATE TABLE published_rules (
    hash TEXT PRIMARY KEY CHECK (length(hash) = 64),  -- SHA-256 of the document, lower-case hex
    document BLOB NOT NULL,
    opening BLOB NOT NULL,  -- RFC 8785 JSON: each secret field with its salt and value; empty where it has none
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)  -- over hash, document, opening
) STRICT, WITHOUT ROWID;
