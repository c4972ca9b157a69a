"""Where the files of a league lie, and the TOML in them."""
