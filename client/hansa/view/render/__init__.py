"""Rendering of an answer, for a person or for a program."""
