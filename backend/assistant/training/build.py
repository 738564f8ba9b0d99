"""Builds a release from content: numbers the features, fits the model, finds the thresholds."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.assistant.content.intents import Content, Phrases, Status
from backend.assistant.normalise import Synonyms, Tokens, normalise
from backend.assistant.readings import readings
from backend.assistant.release import Columns, Crisis, Examples, Kind, Release, Target
from backend.assistant.repair import Lexicon
from backend.assistant.training import linear
from backend.assistant.training.thresholds import policy_of, score_unseen
from backend.core.languages import Language, Words

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Material:
    """What a model learns from: `examples[i]` are the phrases of `targets[i]`."""

    content: str
    targets: tuple[Target, ...]
    examples: tuple[tuple[tuple[str, Language], ...], ...]
    synonyms: Synonyms = field(default_factory=lambda: Synonyms.of([]))
    crises: Mapping[str, Crisis] = field(default_factory=dict)


def train(content: Content, progress: Progress) -> Release:
    """Build the release of `content`. The same content always gives the same release."""
    return build(material_of(content), progress)


def material_of(content: Content) -> Material:
    """Choose what of the content is learnt: live intents, crises and what lies outside.

    A title is what the resident reads on the menu, so it is a phrase like any other. `finds`
    lines are the acceptance test and are never learnt; `misses` of a crisis are learnt as being
    no crisis, because an alarm that rings too often is not listened to.
    """
    live = [intent for intent in content.intents if intent.status is Status.LIVE]
    crises = [crisis for crisis in content.crises if crisis.status is Status.LIVE]
    near_crisis = dict.fromkeys(line.text for crisis in crises for line in crisis.misses)
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
        tuple((line, Language.EN) for line in near_crisis),
        (),
    ]
    return Material(
        content.digest,
        tuple(targets),
        tuple(phrases),
        Synonyms.of(content.synonyms),
        {each.id: Crisis(each.id, each.title, each.says, each.calls) for each in crises},
    )


def _in_languages(phrases: Phrases) -> tuple[tuple[str, Language], ...]:
    return tuple((line.text, language) for language, lines in phrases.items() for line in lines)


def _titles(title: Words) -> tuple[tuple[str, Language], ...]:
    return tuple((title.into(language), language) for language in Language)


def build(material: Material, progress: Progress) -> Release:
    """Fit the model of `material` and set its thresholds; `progress` hears of each step."""
    columns = Columns.of(material.targets)
    tokens, labels = samples(material)
    progress(f"{len(tokens)} phrases of {len(material.targets)} targets: counting features")
    table = linear.tabulate(tokens, labels, readings())
    progress(f"{len(table.vocabulary)} features: cross-validating")
    unseen = score_unseen(table, columns, len(material.targets))
    progress("fitting the release")
    model = linear.fit(table, columns, len(material.targets))
    weights = model.weights.astype(np.float16)
    return Release(
        version=_version(material, weights),
        content=material.content,
        targets=material.targets,
        columns=columns,
        vocabulary=table.vocabulary,
        weights=weights,
        terms=model.terms,
        bias=model.bias,
        unseen_term=model.unseen_term,
        readings=readings(),
        synonyms=material.synonyms,
        lexicon=Lexicon.of(Counter(token for phrase in tokens for token in phrase)),
        examples=_examples(material),
        exact=_exact(tokens, labels),
        policy=policy_of(unseen, columns, material.targets),
        crises=material.crises,
    )


def samples(material: Material) -> tuple[list[Tokens], list[int]]:
    """Return the distinct phrases of each target, folded, and their labels.

    One phrase in both scripts folds to one: else cross-validation would have seen it before.
    """
    distinct = dict.fromkeys(
        (normalise(text, material.synonyms).tokens, label)
        for label, examples in enumerate(material.examples)
        for text, _ in examples
    )
    known = [(tokens, label) for tokens, label in distinct if tokens]
    return [tokens for tokens, _ in known], [label for _, label in known]


def _examples(material: Material) -> tuple[Examples, ...]:
    return tuple(
        Examples.of(
            (text, normalise(text, material.synonyms).text, language)
            for text, language in dict(examples).items()
        )
        for examples in material.examples
    )


def _exact(tokens: Sequence[Tokens], labels: Sequence[int]) -> dict[Tokens, int]:
    """Map each phrase to its target; a phrase of two targets decides nothing."""
    exact: dict[Tokens, int] = {}
    doubled: set[Tokens] = set()
    for phrase, label in zip(tokens, labels, strict=True):
        if exact.setdefault(phrase, label) != label:
            doubled.add(phrase)
    return {phrase: label for phrase, label in exact.items() if phrase not in doubled}


def _version(material: Material, weights: NDArray[np.float16]) -> str:
    """Name a release by the hashes of what went in and of what came out."""
    return f"{material.content[:16]}-{hashlib.sha256(weights.tobytes()).hexdigest()[:8]}"
