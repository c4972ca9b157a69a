"""A standing watch over several cities' logs."""
