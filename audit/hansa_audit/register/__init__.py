"""A public register of what cities were asked, as static pages."""
