"""The page of what a run of the attacks found."""
