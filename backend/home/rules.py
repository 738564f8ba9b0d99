"""How much of everything the first screen has room for."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import TypeVar

MOST_BILLS = 3
MOST_MESSAGES = 3
MOST_SERVICES = 8
NEW_FOR = timedelta(days=7)
Thing = TypeVar("Thing")


def first_of_each(things: Iterable[Thing], most: int) -> list[Thing]:
    """Return the first `most` of these, each once, in their order."""
    return list(islice(dict.fromkeys(things), most))
