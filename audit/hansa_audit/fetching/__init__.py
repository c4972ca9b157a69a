"""Bringing a log, a roster or an opening from a city to the auditor's disk."""
