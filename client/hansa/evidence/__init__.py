"""What is kept of an answer, and its replay."""
