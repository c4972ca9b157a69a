"""SQL text into a plan and an outer statement, and a plan back into SQL."""
