"""What a run of the attacks found, as a page."""
