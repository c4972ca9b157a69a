"""Budget: the charges of a question to a city's ledgers, held against what is spent."""
