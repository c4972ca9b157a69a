"""Files of one machine: TOML configuration, keys, trust anchor, roster, contracts, private files; its clock and log."""
