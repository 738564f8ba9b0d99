"""The router that most would write first: the nearest phrase, by rapidfuzz."""

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from backend.assistant.measuring.contest.child import Ask, Found, Load, take_part
from backend.assistant.measuring.questions import Labelled

PHRASES = "phrases.json"


def train(lines: Sequence[Labelled], folder: Path) -> None:
    """Keep the phrases: there is nothing to learn."""
    (folder / PHRASES).write_text(
        json.dumps([(line.text, line.intent) for line in lines], ensure_ascii=False)
    )


def by_default(folder: Path) -> Ask:
    """Ask `extractOne` as its manual's first example does: WRatio, the texts as they are."""
    return _nearest(folder, fuzz.WRatio, lambda text: text)


def by_tokens(scorer: Callable[..., float], folder: Path) -> Ask:
    """Ask with a scorer of words; case and punctuation go first, of the phrases once for all."""
    return _nearest(folder, scorer, default_process)


def _nearest(folder: Path, scorer: Callable[..., float], prepare: Callable[[str], str]) -> Ask:
    rows = json.loads((folder / PHRASES).read_text())
    names = [name for _, name in rows]
    phrases = [prepare(text) for text, _ in rows]

    def asked(text: str) -> Found:
        best = process.extractOne(prepare(text), phrases, scorer=scorer)
        return Found((names[best[2]],), best[1] / 100) if best else Found((), 0.0)

    return asked


WAYS: dict[str, Load] = {
    "default": by_default,
    "token_set": partial(by_tokens, fuzz.token_set_ratio),
    "token_sort": partial(by_tokens, fuzz.token_sort_ratio),
}

if __name__ == "__main__":
    take_part(train, WAYS[sys.argv[1]], sys.argv[2:])
