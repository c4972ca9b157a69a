"""Drafts of contracts: what a city's file suggests that a league may share of such data."""
