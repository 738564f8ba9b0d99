"""The assistant: ask in your own words, in any of three scripts, and reach the right service.

A resident types what they want as they would say it; the answer is a service, or two or three to
choose from, or the honest word that none fits. Whoever is in danger is told first whom to call.
Staff write the phrases (`intents/`); a release is what they have published.
"""

from backend.assistant.policy import Outcome
from backend.assistant.release import Call, Crisis, Release
from backend.assistant.reply import Answer, Choice, Why
from backend.assistant.router import ask
from backend.assistant.store import ReleaseBroken, load_current

__all__ = [
    "Answer",
    "Call",
    "Choice",
    "Crisis",
    "Outcome",
    "Release",
    "ReleaseBroken",
    "Why",
    "ask",
    "load_current",
]
