"""Documents: bounded readers of foreign JSON, canonical JSON (RFC 8785), and models of what people write."""
