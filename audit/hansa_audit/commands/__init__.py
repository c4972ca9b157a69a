"""The commands of `hansa audit`."""
