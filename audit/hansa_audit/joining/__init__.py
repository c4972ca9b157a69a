"""One question across the logs of several cities."""
