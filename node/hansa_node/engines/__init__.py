"""What answers a plan over one dataset: engines over rows, to the bit alike, and published tables."""
