"""The question language: plans, their meaning, their canonical form, and the algebra of partial answers."""
