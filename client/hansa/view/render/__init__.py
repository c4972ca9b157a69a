"""How an answer is shown to a person or written for a program."""
