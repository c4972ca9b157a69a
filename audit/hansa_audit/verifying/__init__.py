"""Checking a fetched log offline, and proofs of its entries."""
