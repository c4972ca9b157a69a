"""Rules that a city announced: those in force at a time, and their changes."""
