"""A question's way through a node: verify, bind, decide, recall, reserve, execute, protect, seal, commit, send."""
