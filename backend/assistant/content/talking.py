"""The rules of `intents/talk/`: names that code knows, sentences that can be completed, and borders."""

from collections.abc import Iterator, Mapping
from string import Formatter

from rapidfuzz import process

from backend.assistant.content.intents import Content, Line, Phrases, Talk, key_of
from backend.assistant.content.reading import Problem
from backend.assistant.normalise import Tokens
from backend.assistant.talk.hearing import NAMES, TalkKind
from backend.bills import BillKind
from backend.core.languages import Language

KINDS = "talk/kinds.yaml"
# What the sentences of a follow-up may leave open: all of the service spoken of.
PLACEHOLDERS = ("service", "department", "hotline")
Where = tuple[str, int]


def check_talk(content: Content, known_services: frozenset[str] | None) -> Iterator[Problem]:
    """Find every broken rule of the talk; its phrases are checked as all phrases are, elsewhere."""
    for talk in content.talk:
        yield from _unknown_name(talk)
        yield from _open_places(talk)
        yield from _unknown_offers(talk, known_services)
    yield from _standing_twice(content)
    yield from _bill_kinds(content.bill_kinds)


def _unknown_name(talk: Talk) -> Iterator[Problem]:
    kind, _, name = talk.heard.partition("/")
    names = NAMES.get(TalkKind(kind))
    if names and name not in names:
        near = process.extractOne(name, names, score_cutoff=60)
        hint = f"Did you mean “{near[0]}”?" if near else f"Known are: {', '.join(names)}."
        yield Problem(f"{talk.id}.yaml", 0, f"Ferry knows no “{name}” under talk/{kind}. {hint}")


def _open_places(talk: Talk) -> Iterator[Problem]:
    """Find places in a sentence that nothing fills; help speaks of no service that could."""
    known = PLACEHOLDERS if talk.heard.startswith(TalkKind.FOLLOW) else ()
    for language in Language:
        says = talk.says.into(language) if talk.says else ""
        try:
            named = [name for _, name, _, _ in Formatter().parse(says) if name is not None]
        except ValueError:
            sentence = f"a brace in what it says in {language} stands alone."
            yield Problem(f"{talk.id}.yaml", 0, sentence)
            continue
        for name in named:
            if name not in known:
                allowed = ", ".join(f"{{{each}}}" for each in known) or "none"
                sentence = f"nothing is known to fill “{{{name}}}” in {language}; known: {allowed}."
                yield Problem(f"{talk.id}.yaml", 0, sentence)


def _unknown_offers(talk: Talk, known_services: frozenset[str] | None) -> Iterator[Problem]:
    for line in talk.offers:
        if known_services is not None and line.text not in known_services:
            sentence = f"it offers “{line.text}”, which is no service of the menu."
            yield Problem(f"{talk.id}.yaml", line.number, sentence)


def _standing_twice(content: Content) -> Iterator[Problem]:
    """Find phrases of two kinds of talk, and of talk and a service or a crisis.

    Own data is shown beside the services, so that a phrase may ask for both. What lies outside the
    services, such as a greeting, may well be talk.
    """
    elsewhere: dict[Tokens, Where] = {}
    own_too: dict[Tokens, Where] = {}
    for crisis in content.crises:
        _note(elsewhere, crisis.id, crisis.phrases)
    for intent in content.intents:
        _note(own_too, intent.id, intent.phrases)
    for talk in content.talk:
        for line in _lines(talk.phrases):
            key = key_of(line)
            found = elsewhere.get(key)
            if found is None and not talk.heard.startswith(TalkKind.OWN):
                found = own_too.get(key)
            if found and found[0] != talk.id:
                sentence = (
                    f"the phrase “{line.text}” stands in {found[0]}.yaml, line {found[1]}, too."
                )
                yield Problem(f"{talk.id}.yaml", line.number, sentence)
        _note(elsewhere, talk.id, talk.phrases)


def _note(seen: dict[Tokens, Where], name: str, phrases: Phrases) -> None:
    for line in _lines(phrases):
        seen.setdefault(key_of(line), (name, line.number))


def _lines(phrases: Phrases) -> Iterator[Line]:
    for lines in phrases.values():
        yield from lines


def _bill_kinds(bill_kinds: Mapping[str, tuple[Line, ...]]) -> Iterator[Problem]:
    """Find kinds that no bill has, and words that name two of them."""
    seen: dict[Tokens, str] = {}
    for kind, lines in bill_kinds.items():
        if kind not in set(BillKind):
            known = ", ".join(BillKind)
            yield Problem(KINDS, 0, f"“{kind}” is no kind of bill. Known are: {known}.")
        for line in lines:
            first = seen.setdefault(key_of(line), kind)
            if first != kind:
                sentence = f"“{line.text}” names {first} already; one word names one kind."
                yield Problem(KINDS, line.number, sentence)
