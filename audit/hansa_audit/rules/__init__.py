"""What rules a city announced: in force at a time, and how they changed."""
