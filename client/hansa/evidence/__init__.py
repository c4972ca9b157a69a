"""The evidence of an answer, and its replay."""
