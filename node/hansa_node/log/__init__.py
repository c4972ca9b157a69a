"""The city's own log: how entries get into it, how its tree is read, and what a receipt is made of."""
