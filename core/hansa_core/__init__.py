"""The pure core of Hansa: values in, values out; no I/O, clock, randomness or logging."""
