"""The node as a process: configuration, start, stop, checks and commands."""
