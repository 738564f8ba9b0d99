"""Picks among what was shown: the first, the second one, the last, no, the other one."""

from dataclasses import dataclass

PLACES = {"first": 0, "second": 1, "third": 2, "last": -1}
OTHER, NEITHER = "other", "neither"


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be picked from, by id: `current` is spoken of, `left` is what it was taken for.

    `left` stands only while “the other one” was said last, so that saying it again leads no
    further: a turn that is sent twice must give the same reply.
    """

    ids: tuple[str, ...]
    current: str | None = None
    left: str | None = None


def pick(shown: Shown, name: str) -> Shown | None:
    """Return what is shown after `name`; `current` is None if one must still be picked.

    None stands for nothing that could be meant: no other one, or none of them.
    """
    if name in PLACES:
        place = PLACES[name]
        return Shown(shown.ids, shown.ids[place] if place < len(shown.ids) else None)
    return _other(shown) if name == OTHER else None


def _other(shown: Shown) -> Shown | None:
    if shown.current is not None and shown.left is not None:
        return shown
    taken = shown.left if shown.current is None else shown.current
    others = tuple(each for each in shown.ids if each != taken)
    if not others or (taken is None and len(others) == 1):
        return None
    if len(others) == 1:
        return Shown(shown.ids, others[0], taken)
    return Shown(others, None, taken)
