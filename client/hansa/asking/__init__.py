"""Asking a league: connect, sign, call, follow, verify, check receipts."""
