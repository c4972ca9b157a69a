"""The node's one durable file: its schema and migrations, its single writer, and the tables beside the log."""
