"""Redesign of published tables: declarations that lose less to suppression, found from counted cells."""
