"""The red team: executable attacks on a node, and strawmen that lack one defence and fall to them."""
