"""Builds a release from content: numbers the features, fits the model, finds the thresholds."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from backend.assistant.content.intents import Content, CrisisIntent, Phrases, Status, Talk
from backend.assistant.normalise import Question, Synonyms, Tokens, normalise
from backend.assistant.readings import readings
from backend.assistant.releases.lookup import Exact, Vocabulary, phrase_hash
from backend.assistant.releases.phrasebook import Examples, Phrasebook
from backend.assistant.releases.release import Columns, Crisis, Kind, Release, Target
from backend.assistant.releases.weights import Weights
from backend.assistant.repair import Lexicon
from backend.assistant.training import centroids, linear
from backend.assistant.training.learnt import Learnt
from backend.assistant.training.leaving_out import score_unseen
from backend.assistant.training.thresholds import Unseen, policy_of
from backend.core.languages import Language, Words

Progress = Callable[[str], None]
Spoken: TypeAlias = tuple[str, Question, Language]


@dataclass(frozen=True, slots=True)
class Material:
    """What a model learns from: `examples[i]` are the phrases of `targets[i]`."""

    content: str
    targets: tuple[Target, ...]
    examples: tuple[tuple[tuple[str, Language], ...], ...]
    synonyms: Synonyms = field(default_factory=lambda: Synonyms.of([]))
    crises: Mapping[str, Crisis] = field(default_factory=dict)


def material_of(content: Content) -> Material:
    """Choose what of the content is learnt: live intents, crises and what lies outside.

    A title is what the resident reads on the menu, so it is a phrase like any other. `finds`
    lines are the acceptance test and are never learnt; `misses` of a crisis are learnt as being
    no crisis, because an alarm that rings too often is not listened to. So is talk: whoever says
    thanks, or asks for a person, is in no danger.
    """
    live = [intent for intent in content.intents if intent.status is Status.LIVE]
    crises = [crisis for crisis in content.crises if crisis.status is Status.LIVE]
    targets = [
        *(Target(Kind.SERVICE, intent.id, intent.opens) for intent in live),
        *(Target(Kind.CRISIS, crisis.id) for crisis in crises),
        Target(Kind.OUTSIDE, "outside"),
        Target(Kind.NEAR_CRISIS, "near-crisis"),
        Target(Kind.ANY_CRISIS, "any-crisis"),
    ]
    phrases = [
        *(_titles(each.title) + _in_languages(each.phrases) for each in live),
        *(_in_languages(each.phrases) for each in crises),
        _in_languages(content.outside.phrases),
    ]
    known = {text for said in phrases for text, _ in said}
    phrases += [_near_crisis(crises, content.talk, known) if crises else (), ()]
    return Material(
        content.digest,
        tuple(targets),
        tuple(phrases),
        Synonyms.of(content.synonyms),
        {each.id: Crisis(each.id, each.title, each.says, each.calls) for each in crises},
    )


def _near_crisis(
    crises: Iterable[CrisisIntent], talk: Iterable[Talk], known: Collection[str]
) -> tuple[tuple[str, Language], ...]:
    """Return what only sounds like a crisis, and all talk, but for phrases that are `known`."""
    said = [
        *((line.text, Language.EN) for crisis in crises for line in crisis.misses),
        *(phrase for each in talk for phrase in _in_languages(each.phrases)),
    ]
    return tuple(dict.fromkeys(each for each in said if each[0] not in known))


def _in_languages(phrases: Phrases) -> tuple[tuple[str, Language], ...]:
    return tuple((line.text, language) for language, lines in phrases.items() for line in lines)


def _titles(title: Words) -> tuple[tuple[str, Language], ...]:
    return tuple((title.into(language), language) for language in Language)


def build(material: Material, progress: Progress) -> Release:
    """Fit the model of `material` and set its thresholds; `progress` hears of each step."""
    return release_of(material, learn(material, progress))


def learn(material: Material, progress: Progress) -> Learnt:
    """Learn `material` in the way that its size allows."""
    columns = Columns.of(material.targets)
    if len(material.targets) >= centroids.FEWEST_TARGETS:
        return centroids.learn(
            material.examples, material.synonyms, columns, len(material.targets), progress
        )
    spoken = _spoken(material)
    tokens, labels = _apart(_distinct(spoken))
    progress(f"{len(tokens)} phrases of {len(material.targets)} targets: counting features")
    table = linear.tabulate(tokens, labels, readings())
    progress(f"{len(table.vocabulary)} features: fitting the model")
    model = linear.fit(table, columns, len(material.targets))
    progress("asking each phrase with itself left out")
    unseen = Unseen(score_unseen(table, columns, model), table.labels)
    return Learnt(
        vocabulary=Vocabulary.of(table.vocabulary),
        weights=Weights.of_rows(model.weights),
        bias=model.bias,
        terms=model.terms,
        unseen_term=model.unseen_term,
        words=Counter(token for phrase in tokens for token in phrase),
        exact=_exact(tokens, labels),
        examples=Phrasebook.of(map(_examples, spoken)),
        unseen=unseen,
    )


def release_of(material: Material, learnt: Learnt) -> Release:
    """Put what was learnt from `material` together."""
    columns = Columns.of(material.targets)
    return Release(
        version=_version(material, learnt.weights),
        content=material.content,
        targets=material.targets,
        columns=columns,
        vocabulary=learnt.vocabulary,
        weights=learnt.weights,
        terms=learnt.terms,
        bias=learnt.bias,
        unseen_term=learnt.unseen_term,
        readings=readings(),
        synonyms=material.synonyms,
        lexicon=Lexicon.of(learnt.words),
        examples=learnt.examples,
        exact=learnt.exact,
        policy=policy_of(learnt.unseen, columns, material.targets),
        crises=material.crises,
    )


def samples(material: Material) -> tuple[list[Tokens], list[int]]:
    """Return the distinct phrases of each target, folded, and their labels."""
    return _apart(phrases_of(material))


def phrases_of(material: Material) -> list[tuple[Question, int]]:
    """Return the distinct phrases of each target, with their labels.

    One phrase in both scripts folds to one: else leaving one out would leave the other in.
    """
    return _distinct(_spoken(material))


def _apart(phrases: Sequence[tuple[Question, int]]) -> tuple[list[Tokens], list[int]]:
    return [question.tokens for question, _ in phrases], [label for _, label in phrases]


def _spoken(material: Material) -> list[list[Spoken]]:
    """Fold and cut every phrase of each target, once."""
    return [
        [
            (text, normalise(text, material.synonyms), language)
            for text, language in dict(examples).items()
        ]
        for examples in material.examples
    ]


def _distinct(spoken: Sequence[Sequence[Spoken]]) -> list[tuple[Question, int]]:
    distinct: dict[tuple[Tokens, int], Question] = {}
    for label, rows in enumerate(spoken):
        for _, question, _ in rows:
            if question.tokens:
                distinct.setdefault((question.tokens, label), question)
    return [(question, label) for (_, label), question in distinct.items()]


def _examples(rows: Iterable[Spoken]) -> Examples:
    return Examples.of((text, question.text, language) for text, question, language in rows)


def _exact(tokens: Sequence[Tokens], labels: Sequence[int]) -> Exact:
    hashes = np.fromiter((phrase_hash(phrase) for phrase in tokens), dtype=np.uint64)
    return Exact.of(hashes, np.array(labels, dtype=np.int32))


def _version(material: Material, weights: Weights) -> str:
    """Name a release by the hashes of what went in and of what came out."""
    digest = hashlib.sha256(weights.common.data)
    for more in (weights.owners, weights.cells, weights.scales):
        digest.update(more.data)
    return f"{material.content[:16]}-{digest.hexdigest()[:8]}"
