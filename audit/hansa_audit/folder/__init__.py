"""A fetched log on the auditor's disk: its files, the keys that count, its entries and its findings."""
