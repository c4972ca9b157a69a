"""Tables as people keep them: read from files and databases, each value as it is written."""
