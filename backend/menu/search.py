"""Finds services by a few typed words, in three languages, forgiving slips of the finger.

An inverted index over the names of services, themes and departments: English by words and their
beginnings, with the nearest known word for a misspelt one; Chinese by characters and pairs of them,
folded to one script. Terms weigh by how rare they are (inverse document frequency).
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from backend.core.text import fold, is_chinese, too_many_marks
from backend.menu.catalogue import Catalogue, Service

LONGEST_QUERY = 100
WORD = re.compile(r"[a-z0-9]+")
# What a hit is worth: the name itself, what it belongs to, the beginning of a word, a near word.
NAME, AROUND, BEGINNING, NEAR = 1.0, 0.35, 0.8, 0.7
NEAREST_RATIO = 72
LEAST_SHARE = 0.34
STOP_WORDS = frozenset("a an and at by do for from how i in is my of on or the to where".split())


@dataclass(frozen=True)
class Hit:
    """A service found, and how well it fits, in 0–1."""

    service: Service
    score: float


def terms_of(text: str) -> list[str]:
    """Cut folded text into terms: words, Chinese characters, and pairs of neighbours of these."""
    folded = fold(text)
    words = [word for word in WORD.findall(folded) if word not in STOP_WORDS]
    runs = "".join(character if is_chinese(character) else " " for character in folded).split()
    pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
    return words + [character for run in runs for character in run] + pairs


class SearchIndex:
    """The index of one catalogue; built once, then only read."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.services = catalogue.services
        self.postings: dict[str, dict[int, float]] = defaultdict(dict)
        for number, service in enumerate(self.services):
            department = catalogue.department_by_id[service.department_id]
            around = [department.name, catalogue.theme_by_id[service.theme_id].name]
            around_terms = [t for name in around for t in terms_of(_all(name))]
            names = terms_of(_all(service.name)) + terms_of(service.id.replace("-", " "))
            for term in [*around_terms, department.id.lower()]:
                self.postings[term][number] = AROUND
            for term in names:
                self.postings[term][number] = NAME
        self.words = sorted(term for term in self.postings if term.isascii())
        most = len(self.services)
        self.rarity = {term: math.log(1 + most / len(at)) for term, at in self.postings.items()}
        self.rarest = math.log(1 + most)
        self.length = [len(set(terms_of(_all(service.name)))) for service in self.services]

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """Return the services that fit best, best first. Any text is taken; odd text finds nothing."""
        if too_many_marks(query[:LONGEST_QUERY]):
            return []
        asked = list(dict.fromkeys(terms_of(query[:LONGEST_QUERY])))
        found: dict[int, float] = defaultdict(float)
        possible = 0.0
        for term in asked:
            best, weight = self._reach(term)
            possible += weight
            for number, gain in best.items():
                found[number] += gain * weight
        ranked = sorted(found, key=lambda number: (-found[number], self.length[number], number))
        hits = [Hit(self.services[number], found[number] / possible) for number in ranked[:limit]]
        return [hit for hit in hits if hit.score >= LEAST_SHARE]

    def _reach(self, term: str) -> tuple[dict[int, float], float]:
        """Return which services a term reaches and how well, and what the term weighs."""
        if term in self.postings:
            return self.postings[term], self.rarity[term]
        if not term.isascii():
            return {}, self.rarest / 4
        begun = [word for word in self.words if len(term) >= 2 and word.startswith(term)]
        if begun:
            return self._merged(begun, BEGINNING), max(self.rarity[word] for word in begun)
        near = process.extract(
            term, self.words, scorer=fuzz.ratio, score_cutoff=NEAREST_RATIO, limit=2
        )
        if near and len(term) >= 4:
            return self._merged([word for word, _, _ in near], NEAR), self.rarity[near[0][0]]
        return {}, self.rarest / 2

    def _merged(self, words: Iterable[str], factor: float) -> dict[int, float]:
        reached: dict[int, float] = {}
        for word in words:
            for number, gain in self.postings[word].items():
                reached[number] = max(reached.get(number, 0.0), gain * factor)
        return reached


def _all(name: object) -> str:
    return " ".join(str(text) for text in vars(name).values())
