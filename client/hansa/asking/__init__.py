"""Asking a league: connect, sign, send and follow."""
