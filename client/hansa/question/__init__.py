"""The question: its statement or builder, its options, and the analyst's own tables."""
