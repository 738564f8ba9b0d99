"""Refuses in a sentence what no model can be learnt from."""

from backend.assistant.releases.release import Kind
from backend.assistant.training.build import Material

LEARNT = (Kind.SERVICE, Kind.CRISIS, Kind.OUTSIDE)


class TooLittle(Exception):
    """There is nothing to tell apart; the message is a plain sentence."""


def ensure_enough(material: Material) -> None:
    """Let a service pass that can be told from something else; `TooLittle`."""
    rows = zip(material.targets, material.examples, strict=True)
    kinds = [target.kind for target, phrases in rows if phrases and target.kind in LEARNT]
    if Kind.SERVICE not in kinds:
        raise TooLittle("No intent is live, so there is nothing to answer with.")
    if len(kinds) == 1:
        raise TooLittle(
            "One intent alone cannot be told from anything else. Write a second one, or say in "
            "outside.yaml what no service answers."
        )
