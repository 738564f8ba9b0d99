"""What the staff write: intents, crises, synonyms, and what lies outside; immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from backend.assistant.normalise import Tokens, cut
from backend.assistant.releases.release import Call
from backend.core.languages import Language, Words
from backend.core.text import fold


class Status(StrEnum):
    """Whether an intent is being written, in use, or kept for the record."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a resident might say, and the line of the file where it stands."""

    number: int
    text: str


def key_of(line: Line) -> Tokens:
    """Return what two phrases have in common when they are the same to the matcher."""
    return cut(fold(line.text))


Phrases: TypeAlias = Mapping[Language, tuple[Line, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What every file holds: what people say, and its exam. The path is the id."""

    id: str
    title: Words
    phrases: Phrases
    finds: tuple[Line, ...]
    misses: tuple[Line, ...]
    status: Status
    reviewed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Written):
    """What someone wants, and the service of the menu that it opens."""

    opens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisIntent(Written):
    """Somebody is in danger: what to say first and whom to call."""

    says: Words
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk(Written):
    """What is said that asks for no service: `id` is `talk/help/complaint` and the like.

    `says` is None where code answers; `offers` are services to show below what is said.
    """

    says: Words | None
    offers: tuple[Line, ...]

    @property
    def heard(self) -> str:
        """What is heard when one of its phrases is said: `help/complaint`."""
        return self.id.removeprefix("talk/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What is said to an assistant though no service answers it; `misses` belong to a service."""

    phrases: Phrases = field(default_factory=dict)
    finds: tuple[Line, ...] = ()
    misses: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The whole of `intents/`, immutable, with the hash of its files.

    `synonyms` are pairs of (as said, as meant); `bill_kinds` the words that name a kind of bill.
    """

    digest: str
    intents: tuple[Intent, ...] = ()
    crises: tuple[CrisisIntent, ...] = ()
    outside: Outside = field(default_factory=Outside)
    synonyms: tuple[tuple[str, str], ...] = ()
    talk: tuple[Talk, ...] = ()
    bill_kinds: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
