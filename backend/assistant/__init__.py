"""The assistant: ask in your own words, in any of three scripts, and reach the right service.

A resident types what they want as they would say it; the answer is a service, or two or three to
choose from, or the honest word that none fits. Whoever is in danger is told first whom to call.
Staff write the phrases (`intents/`); a release is what they have published.

A question goes `routes` -> `desk` -> `talk` -> `router` (normalise, repair, features, scores, policy,
reply) and comes back through `saying`; what is the resident's `own` is put in at the desk. No other
room is in its way: `content`, `training`, `measuring` and `commands` are the staff's.
"""

from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Call, Crisis, Release
from backend.assistant.releases.store import ReleaseBroken, load_current
from backend.assistant.reply import Answer, Choice, Why
from backend.assistant.router import ask

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
