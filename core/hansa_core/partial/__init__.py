"""Partial answers: exact mergeable state, its merge, its checks and its finished values."""
