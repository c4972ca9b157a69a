"""Making a new league: holders, roster, and every file of it."""
