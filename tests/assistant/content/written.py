"""Intents as tests write them."""

from backend.assistant.content.intents import Intent, Line, Status
from backend.core.languages import Language, Words


def intent(name: str, phrase: str) -> Intent:
    """Make an intent whose one phrase stands on line 7."""
    return Intent(
        id=name,
        title=Words("a", "b", "c"),
        opens=name,
        phrases={Language.EN: (Line(7, phrase),)},
        finds=(),
        misses=(),
        status=Status.LIVE,
        reviewed="2026-11-23",
    )
