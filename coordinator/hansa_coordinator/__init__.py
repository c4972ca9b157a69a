"""The coordinator: carries a question to the cities it addresses and their signed answers back; stores nothing."""
