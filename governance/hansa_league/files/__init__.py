"""Files of a league: their places, and the TOML in them."""
