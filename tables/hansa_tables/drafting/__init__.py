"""A first look at a table that nobody has described yet: what it most likely is, and what is unsure."""
