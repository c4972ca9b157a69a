"""Entries of a log as text and as tables."""
