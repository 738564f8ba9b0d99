"""A release: everything that the assistant knows, compiled once, and never changed afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from backend.assistant.meaning import Encoder, Meaning
from backend.assistant.normalise import Question, Synonyms, Tokens
from backend.assistant.policy import Policy
from backend.assistant.releases.lookup import Exact, Vocabulary
from backend.assistant.releases.phrasebook import Phrasebook
from backend.assistant.releases.weights import Weights
from backend.assistant.repair import Lexicon
from backend.core.languages import Language, Words

_MOST_REMEMBERED = 50_000


class Kind(StrEnum):
    """What a column of the model stands for.

    `near_crisis` holds what only sounds like a crisis: the detector of any crisis learns it, the
    column itself stays empty, because such lines may well belong to a service.
    """

    SERVICE = "service"
    CRISIS = "crisis"
    OUTSIDE = "outside"
    NEAR_CRISIS = "near_crisis"
    ANY_CRISIS = "any_crisis"


@dataclass(frozen=True, slots=True)
class Target:
    """One column of the model: an intent that opens a service, a kind of crisis, or neither."""

    kind: Kind
    intent: str
    service: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call in a crisis, with where the number stands and when it was last checked."""

    number: str
    name: Words
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class Crisis:
    """What to say and whom to call in one kind of crisis."""

    kind: str
    title: Words
    says: Words
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """What Ferry itself says to one kind of talk, and the services to show below it.

    `says` is None where code composes the sentence: own data, and picking among what was offered.
    """

    title: Words
    says: Words | None = None
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What one token or pair adds to a question's vector: known features, and its squared length.

    The length counts the features that no phrase has, too: unknown words make a vector honest.
    """

    rows: tuple[int, ...]
    values: tuple[float, ...]
    squared: float


Memo: TypeAlias = dict[Tokens, Part]


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each kind of target stands among the columns of the weights."""

    services: NDArray[np.intp]
    crises: NDArray[np.intp]
    outside: NDArray[np.intp]
    near_crisis: NDArray[np.intp]
    any_crisis: NDArray[np.intp]

    @classmethod
    def of(cls, targets: Sequence[Target]) -> "Columns":
        def places(kind: Kind) -> NDArray[np.intp]:
            found = [place for place, target in enumerate(targets) if target.kind is kind]
            return np.array(found, dtype=np.intp)

        return cls(
            places(Kind.SERVICE),
            places(Kind.CRISIS),
            places(Kind.OUTSIDE),
            places(Kind.NEAR_CRISIS),
            places(Kind.ANY_CRISIS),
        )

    def crisis_lead(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how far a crisis is ahead of every service: (…, targets) in, (…) out.

        What tells of any crisis and what tells of its kind count together.
        """
        any_crisis = scores[..., self.any_crisis].max(axis=-1)
        kind = scores[..., self.crises].max(axis=-1)
        service = scores[..., self.services].max(axis=-1, initial=-1.0)
        return np.asarray(any_crisis + kind - service)


@dataclass(frozen=True)
class Release:
    """A published set of intents, compiled. Nothing in it changes; `memo` only saves work.

    `weights` is (features, targets), a byte each, memory-mapped; `terms` (features,) holds each
    feature's inverse document frequency, float32; `bias` (targets,) float32.

    `talk` is a second, small release: its targets are what residents say that asks for no service,
    such as `help/complaint`. `sayings` holds what Ferry says to each of them; `bill_kinds` the words
    that name a kind of bill, folded and cut. `meaning` is an optional second opinion, had from the
    `encoder` that this process runs.
    """

    version: str
    content: str
    targets: tuple[Target, ...]
    columns: Columns
    vocabulary: Vocabulary
    weights: Weights
    terms: NDArray[np.float32]
    bias: NDArray[np.float32]
    unseen_term: float
    readings: Mapping[str, str]
    synonyms: Synonyms
    lexicon: Lexicon
    examples: Phrasebook
    exact: Exact
    policy: Policy
    crises: Mapping[str, Crisis]
    talk: "Release | None" = None
    sayings: Mapping[str, Saying] = field(default_factory=dict)
    bill_kinds: Mapping[str, tuple[Tokens, ...]] = field(default_factory=dict)
    meaning: Meaning | None = None
    encoder: Encoder | None = field(default=None, compare=False, repr=False)
    memo: Memo = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def crisis_phrases(self) -> dict[int, dict[str, str]]:
        """Every phrase of a crisis, folded, and its kind, by the length of the phrase."""
        found: dict[int, dict[str, str]] = {}
        for column in self.columns.crises:
            for folded in self.examples[column].folded:
                found.setdefault(len(folded), {})[folded] = self.targets[column].intent
        return found

    @cached_property
    def column_of(self) -> dict[str, int]:
        """The first column of each service."""
        found: dict[str, int] = {}
        for column in self.columns.services.tolist():
            found.setdefault(self.targets[column].service, column)
        return found

    def title_of(self, column: int, language: Language | None) -> str:
        """Return the title of an intent: its first phrase in that language."""
        examples = self.examples[column]
        wanted = examples.within(language) if language else examples
        return next(iter(wanted.texts or examples.texts), "")

    def opinion(self, question: Question) -> NDArray[np.float32] | None:
        """Return what the meaning of `question` adds to the scores, (targets,), None for nothing."""
        if self.meaning is None or self.encoder is None:
            return None
        return self.meaning.opinion(self.encoder, question.text, question.tokens)

    def remember(self, tokens: Tokens, part: Part) -> Part:
        """Keep `part` for the next question that needs it, within a bound.

        Only of words and pairs that the staff's own phrases hold: a resident's name or number never
        stays, and no text of a stranger's fills what there is room for.
        """
        known = part.rows and all(token in self.lexicon.counts for token in tokens)
        if known and len(self.memo) < _MOST_REMEMBERED:
            self.memo[tokens] = part
        return part
