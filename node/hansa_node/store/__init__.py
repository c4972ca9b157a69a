"""The node's one durable file."""
