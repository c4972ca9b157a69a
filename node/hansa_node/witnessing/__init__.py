"""Cosignatures and mirrors of this city's own log by other cities, and whether it may answer without them."""
