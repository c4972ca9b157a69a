"""From what the cities signed to the table that was asked for: verify, merge, outer SQL, marks and notes."""
