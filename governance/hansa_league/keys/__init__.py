"""New keys, certificate authorities and certificates."""
