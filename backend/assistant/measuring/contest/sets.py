"""The sets of labelled texts that the rivals learn from and are asked."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.assistant.content.intents import Content, Status
from backend.assistant.measuring.questions import Labelled, read_labelled
from backend.core.languages import Language

# One order for all rivals, so that a slow one is asked the first of them and still a fair sample.
SEED = 20261123


@dataclass(frozen=True, slots=True)
class TextSet:
    """Texts to learn from, texts to be asked, and texts that no intent answers."""

    name: str
    source: str
    train: tuple[Labelled, ...]
    test: tuple[Labelled, ...]
    oos: tuple[Labelled, ...] = ()

    @property
    def intents(self) -> int:
        """How many intents there are to choose from."""
        return len({line.intent for line in self.train})


def set_of_content(content: Content) -> TextSet:
    """Make a set of the staff's content: phrases and titles to learn, `finds` lines to be asked.

    The label of a text is the service that its intent opens; crises, synonyms and what lies
    outside are left away, as no rival has a place for them.
    """
    live = [intent for intent in content.intents if intent.status is Status.LIVE]
    train = [
        Labelled(text, intent.opens)
        for intent in live
        for text in dict.fromkeys(
            [intent.title.into(language) for language in Language]
            + [line.text for lines in intent.phrases.values() for line in lines]
        )
    ]
    test = [Labelled(line.text, intent.opens) for intent in live for line in intent.finds]
    oos = [Labelled(line.text, None) for line in content.outside.finds]
    source = (
        "`intents/` of this checkout: phrases against `finds` lines, which nothing learns, but which "
        "staff had in view when they mended phrases; a kind figure for Ferry, therefore"
    )
    return TextSet("Ferry's own services", source, tuple(train), _dealt(test), _dealt(oos))


def set_of_files(train: Path, test: Path, oos: Path | None) -> TextSet:
    """Read `{"text", "intent"}` lines, or raise `LineWrong`; the intent `oos` is none."""
    asked = read_labelled(test)
    strangers = [Labelled(line.text, None) for line in (read_labelled(oos) if oos else [])]
    return TextSet(
        f"{train.parent.name}/{train.stem}",
        f"`{train.name}` against `{test.name}`",
        tuple(line for line in read_labelled(train) if line.intent is not None),
        _dealt([line for line in asked if line.intent is not None]),
        _dealt([*strangers, *(line for line in asked if line.intent is None)]),
    )


def _dealt(lines: Sequence[Labelled]) -> tuple[Labelled, ...]:
    dealer = random.Random(SEED)  # noqa: S311 - a dice, not a secret
    return tuple(dealer.sample(lines, len(lines)))
