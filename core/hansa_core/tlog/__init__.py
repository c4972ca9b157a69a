"""The transparency log: an append-only list of entries whose every change shows.

Values in, values out, byte for byte as C2SP writes them, so that third-party tools read a city's log:
`merkle` hashes and proves (RFC 6962), `tiles` cuts the tree into files (tlog-tiles), `note` and `checkpoint` say who
signed which root (signed-note, tlog-checkpoint), `cosignature` and `witness` let others confirm it (tlog-cosignature,
tlog-witness), `proof` and `policy` carry the evidence and say when it suffices (tlog-proof, tlog-policy).
Every parser takes bytes from outside: it accepts one spelling of each value and raises PeerError for all else.
"""
