"""Engines: each answers a plan over one dataset, and all of them to the bit alike."""
