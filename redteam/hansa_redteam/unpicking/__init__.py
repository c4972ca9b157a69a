"""The attacker of suppressed cells: linear programmes over everything that was published."""
