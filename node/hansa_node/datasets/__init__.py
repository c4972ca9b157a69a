"""Dataset versions: what ingest writes and what engines read."""
