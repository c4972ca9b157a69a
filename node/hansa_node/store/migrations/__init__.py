"""The numbered forward migrations of the store's schema, as SQL."""
