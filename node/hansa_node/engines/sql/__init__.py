"""The compiler that engines share: a plan as one statement, which an engine's dialect spells."""
