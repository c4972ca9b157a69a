"""Manifests: what a city declares about one dataset."""
