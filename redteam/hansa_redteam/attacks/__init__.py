"""The attacks, one module a class."""
