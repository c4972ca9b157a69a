"""Four cities on one machine: prepares a demo league with real data, starts it and tours it."""
