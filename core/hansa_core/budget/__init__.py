"""What questions cost the ledgers of a city, and whether that is still there to be spent."""
