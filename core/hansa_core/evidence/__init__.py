"""The evidence log: what an entry says, what an opening hides, what a receipt proves, what an audit finds."""
