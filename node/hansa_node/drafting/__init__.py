"""Drafts of manifests: which column of a city's file is which of the contract's, and how it is written."""
