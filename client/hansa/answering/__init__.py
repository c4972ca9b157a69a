"""From verified releases to the table that was asked for: merge, outer SQL, marks, gaps and notes."""
