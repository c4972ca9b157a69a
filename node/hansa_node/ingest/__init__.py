"""From a city's own files to an immutable dataset version: mapped, quantised, and protected where it must be."""
