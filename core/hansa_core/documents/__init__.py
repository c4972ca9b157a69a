"""Documents from outside: strict JSON, canonical JSON (RFC 8785) and checked fields."""
