"""How answers, explanations and catalogues are shown."""
