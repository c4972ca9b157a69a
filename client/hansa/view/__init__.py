"""Views of answers, explanations and catalogues."""
