"""The auditor's tools: what was asked, answered, refused and spent, proven without trusting anybody."""
