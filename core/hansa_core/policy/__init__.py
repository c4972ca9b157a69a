"""Policy: the rules by which a city answers or refuses a question."""
