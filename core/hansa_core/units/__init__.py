"""Units of measure: UCUM's codes, this house's words for them, currencies, and exact conversion."""
