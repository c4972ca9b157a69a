"""A city's node: it keeps the rows, decides what is answered, and signs what leaves."""

from importlib.metadata import version

__version__ = version("hansa")
