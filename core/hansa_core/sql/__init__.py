"""SQL in and out: an analyst's statement split into plan and outer SELECT, and a plan written as SQL."""
