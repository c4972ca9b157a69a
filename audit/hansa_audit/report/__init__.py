"""One page on one log, for people who decide about it and do not read logs."""
