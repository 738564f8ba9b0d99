"""Finds services by a few typed words, in three languages, forgiving slips of the finger.

Every name of a service, and everything else that people call it, is an entry of one inverted index.
English is cut into words and neighbouring pairs of them, so that `car park` finds `carpark`; Chinese
into characters and pairs, folded to one script. A word also reaches those that begin with it, and a
misspelt one the nearest that exist (optimal string alignment: a letter dropped, doubled, wrong or
swapped with its neighbour counts one). Terms weigh by how rare they are (inverse document
frequency). An entry is worth how much of the question it answers, and a little how much of itself
was asked for; what it belongs to, its department and theme, helps less than its own words.
"""

import math
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise, takewhile

from rapidfuzz import process
from rapidfuzz.distance import OSA

from backend.core.languages import Words
from backend.core.text import fold, is_chinese, too_many_marks
from backend.menu.catalogue import Catalogue, Department, Service, Theme

LONGEST_QUERY = 100
WORD = re.compile(r"[a-z0-9]+")
STOP_WORDS = frozenset(
    WORD.findall("a an and at by do for from how i in is my of on or the to want where with")
)
# How well a typed term is met: by a name's own word, or by one of what the service belongs to …
OWN, AROUND = 1.0, 0.4
# … and these times that by a word that only begins or ends alike (where the typed one exists too,
# and where it does not), and by one that is a slip or two away.
RELATED, BEGUN, NEAR = 0.6, 0.85, 0.75
SHORTEST_STEM, LONGEST_ENDING = 4, 3
SHORTEST_TO_MEND = 4
# What a term weighs beside a whole English word or a pair of characters.
PAIR_OF_WORDS, CHARACTER, UNKNOWN = 0.4, 0.4, 0.35
# A hit below either is noise: the least score, and the least share of the best one's.
LEAST_SCORE, LEAST_OF_BEST = 0.2, 0.35
NARROWNESS = 0.2
MOST_NEAR = 3


@dataclass(frozen=True)
class Hit:
    """A service found, and how well it fits, in 0–1."""

    service: Service
    score: float


@dataclass(frozen=True)
class Terms:
    """A text cut into what the index knows, each term with its share of weight."""

    share: dict[str, float]
    words: frozenset[str]


def terms_of(text: str) -> Terms:
    """Cut a text into words, pairs of neighbouring words, characters, and pairs of these."""
    folded = unicodedata.normalize("NFD", fold(text))
    plain = "".join(each for each in folded if not unicodedata.combining(each))
    words = WORD.findall(plain)
    telling = dict.fromkeys(word for word in words if word not in STOP_WORDS)
    share = {one + other: PAIR_OF_WORDS for one, other in pairwise(words)}
    for run in _chinese_runs(plain):
        share |= {one + other: 1.0 for one, other in pairwise(run)}
        share |= dict.fromkeys(run, 1.0 if len(run) == 1 else CHARACTER)
    share |= dict.fromkeys(telling, 1.0)
    return Terms(share, frozenset(telling))


class SearchIndex:
    """The index of one catalogue; built once, then only read, so threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.services = catalogue.services
        self.owner: list[int] = []
        self.total: list[float] = []
        self.postings: dict[str, dict[int, float]] = defaultdict(dict)
        words: set[str] = set()
        cut: list[Terms] = []
        for number, service in enumerate(self.services):
            department = catalogue.department_by_id[service.department_id]
            around = _around(department, catalogue.theme_by_id[service.theme_id])
            words |= around.words
            for text in (*_texts(service.name), *service.also):
                terms = terms_of(text)
                if not terms.share:
                    continue
                words |= terms.words
                self._post(len(cut), terms, around)
                cut.append(terms)
                self.owner.append(number)
        self.words, self.vocabulary = sorted(words), frozenset(words)
        self.rarity = {term: self._rarity(posting) for term, posting in self.postings.items()}
        self.rarest = max(self.rarity.values(), default=0.0)
        self.total = [
            sum(self.rarity[term] * share for term, share in terms.share.items()) for terms in cut
        ]

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """Return the services that fit best, best first. Any text is taken; odd text finds nothing."""
        best = self._scores(query[:LONGEST_QUERY])
        least = max(LEAST_SCORE, LEAST_OF_BEST * max(best.values(), default=0.0))
        telling = [number for number, score in best.items() if score >= least]
        ranked = sorted(telling, key=lambda number: (-best[number], number))[:limit]
        return [Hit(self.services[number], best[number]) for number in ranked]

    def _scores(self, query: str) -> dict[int, float]:
        """Return the score of every service that any term reaches: that of its best entry."""
        if too_many_marks(query):
            return {}
        found: dict[int, float] = defaultdict(float)
        asked = 0.0
        terms = terms_of(query)
        for term, share in terms.share.items():
            reached, weight = self._reach(term, is_word=term in terms.words)
            asked += weight * share
            for entry, gain in reached.items():
                found[entry] += gain * weight * share
        best: dict[int, float] = {}
        for entry, gain in found.items():
            score = gain / asked * (1 - NARROWNESS * (1 - min(1.0, gain / self.total[entry])))
            number = self.owner[entry]
            best[number] = max(best.get(number, 0.0), score)
        return best

    def _post(self, entry: int, terms: Terms, around: Terms) -> None:
        for term in around.share:
            self.postings[term][entry] = AROUND
        for term in terms.share:
            self.postings[term][entry] = OWN

    def _rarity(self, posting: Iterable[int]) -> float:
        return math.log(1 + len(self.services) / len({self.owner[entry] for entry in posting}))

    def _reach(self, term: str, *, is_word: bool) -> tuple[dict[int, float], float]:
        """Return which entries a term reaches and how well, and what the term weighs."""
        known = self.postings.get(term)
        if not is_word:
            if known is not None:
                return known, self.rarity[term]
            # Two words that nobody wrote side by side tell nothing; strange characters a little.
            return {}, 0.0 if term.isascii() else self.rarest * UNKNOWN
        kin = [*self._words_beginning_with(term), *self._words_that_begin(term)]
        if known is not None:
            return self._merged(kin, RELATED, known), self.rarity[term]
        factor = BEGUN
        if not kin:
            kin, factor = self._words_near(term), NEAR
        if not kin:
            return {}, self.rarest * UNKNOWN
        return self._merged(kin, factor, {}), max(self.rarity[word] for word in kin)

    def _words_beginning_with(self, term: str) -> list[str]:
        """Return the words that one may be in the midst of typing."""
        if len(term) < 2:
            return []
        after = islice(self.words, bisect_left(self.words, term), None)
        return [
            word for word in takewhile(lambda word: word.startswith(term), after) if word != term
        ]

    def _words_that_begin(self, term: str) -> list[str]:
        """Return the words that this one only puts an ending to: passports, renewal, renewing."""
        shorter = range(max(SHORTEST_STEM, len(term) - LONGEST_ENDING), len(term))
        return [term[:at] for at in shorter if term[:at] in self.vocabulary]

    def _words_near(self, term: str) -> list[str]:
        """Return the words that are the fewest slips away; none for a word too short to tell."""
        if len(term) < SHORTEST_TO_MEND:
            return []
        slips = 1 if len(term) < 7 else 2
        found = process.extract(
            term, self.words, scorer=OSA.distance, score_cutoff=slips, limit=MOST_NEAR
        )
        return [word for word, slip, _ in found if slip == found[0][1]]

    def _merged(
        self, words: Iterable[str], factor: float, known: Mapping[int, float]
    ) -> dict[int, float]:
        reached = dict(known)
        for word in words:
            for entry, gain in self.postings[word].items():
                reached[entry] = max(reached.get(entry, 0.0), gain * factor)
        return reached


@lru_cache(maxsize=2)
def index_of(catalogue: Catalogue) -> SearchIndex:
    """Return the index of a catalogue; the same catalogue is indexed once in a process."""
    return SearchIndex(catalogue)


def _chinese_runs(text: str) -> Iterator[str]:
    """Yield runs of Chinese characters; blanks between two of them do not part them."""
    parted = "".join(each if is_chinese(each) or each == " " else "\n" for each in text)
    return (run for line in parted.split("\n") if (run := line.replace(" ", "")))


def _around(department: Department, theme: Theme) -> Terms:
    return terms_of("\n".join([department.id, *_texts(department.name), *_texts(theme.name)]))


def _texts(words: Words) -> tuple[str, str, str]:
    return words.en, words.zh_hant, words.zh_hans
