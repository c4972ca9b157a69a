"""Health of the processes of this machine, and an examination of every step between an analyst and the cities."""
