"""Words for what can become of a question."""

from __future__ import annotations

from hansa_audit.languages.message import message
from hansa_audit.report.figures import AGAIN, ANSWERED, OTHER, REFUSED

WORDS = {
    ANSWERED: message("answered"),
    AGAIN: message("answered again"),
    REFUSED: message("refused"),
    OTHER: message("other"),
}
MEANINGS = {
    ANSWERED: message("answered: a protected total was worked out and given out"),
    AGAIN: message("answered again: the same total as before, at no cost"),
    REFUSED: message("refused"),
    OTHER: message("neither: waits for approval, or broke off"),
}
