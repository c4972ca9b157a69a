"""Contracts: the shared description of a dataset, its scalar types, levels, quanta and bins."""
