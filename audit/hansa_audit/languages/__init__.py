"""Languages of the public pages: words from catalogues, and each language's form of numbers and dates."""
