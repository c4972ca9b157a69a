"""Engines that answer a plan over the rows of one dataset, to the bit alike."""
