"""Founding a league: keys, certificates, the signed roster, and a profile for each city's analyst."""
