"""The plan: what a question may compute, its types, checks, meaning and canonical form."""
