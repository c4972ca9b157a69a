"""Disclosure rules for published tables, and which questions follow from them."""
