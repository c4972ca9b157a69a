"""How this city has its own log cosigned and mirrored by others, and what it may do while it has not."""
