"""Strawmen: a node from which the harness takes one defence."""
