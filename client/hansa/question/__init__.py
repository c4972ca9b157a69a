"""The question: builder, statement and the analyst's own tables."""
