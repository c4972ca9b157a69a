"""Answering at each protection level: a plan is bound, priced and computed there."""
