"""Very many targets are learnt in one stream, in chunks, and answer as few do."""

import numpy as np
import pytest

from backend.assistant import Outcome, ask
from backend.assistant.normalise import Synonyms, normalise
from backend.assistant.readings import readings
from backend.assistant.releases.lookup import hash_of
from backend.assistant.releases.release import Crisis, Kind, Release, Target
from backend.assistant.scores import vector, weigh
from backend.assistant.training import Material, build, centroids
from backend.assistant.training.stream import Reader
from backend.core.languages import Language, Words

pytestmark = pytest.mark.slow
SAID = {
    "water": "pay water bill|water charges due|settle my water account|繳水費|水费怎么交",
    "tax": "pay my tax|tax return form|salaries tax due|file a tax return|交稅",
    "parking": "parking fine|parking meter|car park spaces|where to park|pay a parking ticket",
    "library": "renew a book|library card|borrow books|return a library book|library hours",
}
GAS = Crisis("gas", Words("Gas", "煤氣", "煤气"), Words("Call 999.", "打999。", "打999。"), ())


def material(*, crisis: bool) -> Material:
    targets = [Target(Kind.SERVICE, name, name) for name in SAID]
    phrases = [tuple((text, Language.EN) for text in said.split("|")) for said in SAID.values()]
    if crisis:
        smells = tuple(
            (f"{who} smells gas {where}", Language.EN)
            for who in "I we".split()
            for where in ("here", "at home", "in the kitchen")
        )
        targets += [
            Target(Kind.CRISIS, "gas"),
            Target(Kind.OUTSIDE, "outside"),
            Target(Kind.NEAR_CRISIS, "near-crisis"),
            Target(Kind.ANY_CRISIS, "any-crisis"),
        ]
        phrases += [
            smells,
            (("tell me a joke", Language.EN), ("who won the match", Language.EN)),
            (("my gas bill is high", Language.EN),),
            (),
        ]
    return Material("c" * 64, tuple(targets), tuple(phrases), crises={"gas": GAS} if crisis else {})


@pytest.fixture(params=[False, True], ids=["services", "with crises"])
def learnt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setattr(centroids, "FEWEST_TARGETS", 1)
    return build(material(crisis=request.param), lambda _line: None)


def test_each_phrase_and_each_slip_of_it_finds_its_target(learnt: Release) -> None:
    for name, said in SAID.items():
        for text in said.split("|"):
            assert ask(learnt, text).choices[0].service == name
    assert ask(learnt, "borow a libary book").choices[0].service == "library"
    assert ask(learnt, "水費").choices[0].service == "water"


def test_centroids_have_the_length_of_one(learnt: Release) -> None:
    rows = np.arange(learnt.weights.shape[0])
    squared = np.zeros(len(learnt.targets))
    for row in rows:
        squared += learnt.weights.meet(np.array([row]), np.ones(1, dtype=np.float32))[0] ** 2

    full = learnt.bias == 0

    assert squared[full] == pytest.approx(1, abs=0.02)
    assert not squared[~full].any()


def test_a_crisis_is_caught_and_what_only_sounds_like_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(centroids, "FEWEST_TARGETS", 1)
    learnt = build(material(crisis=True), lambda _line: None)

    assert ask(learnt, "somebody smells gas in the kitchen").outcome is Outcome.CRISIS
    assert ask(learnt, "pay water bill").outcome is not Outcome.CRISIS
    assert learnt.bias[learnt.columns.near_crisis] == centroids.EMPTY


def test_chunks_of_any_size_give_the_same_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centroids, "FEWEST_TARGETS", 1)
    at_once = build(material(crisis=True), lambda _line: None)

    monkeypatch.setattr(centroids, "AT_ONCE", 1)
    in_chunks = build(material(crisis=True), lambda _line: None)

    assert in_chunks.version == at_once.version
    assert in_chunks.policy == at_once.policy


def test_a_phrase_left_out_scores_as_if_it_had_never_been_there() -> None:
    every = [[(text, Language.EN) for text in said.split("|")] for said in SAID.values()]
    stream = Reader(Synonyms.of([]), readings()).read(every)
    terms = centroids._terms(stream)
    phrases = centroids._vectors(stream, terms, 0, len(stream.labels))
    added = centroids._added(phrases, stream.labels, len(every))
    others = stream.labels.copy()
    others[2] = centroids.NOBODY

    found = centroids._left_out(added, phrases[[2]], stream.labels[[2]])

    without = centroids._unit(centroids._added(phrases, others, len(every)))
    assert found[0] == pytest.approx(float((without[0] @ phrases[2].T).toarray()[0, 0]), abs=1e-5)


def test_a_feature_of_a_single_phrase_is_left_out_of_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(centroids, "FEWEST_TARGETS", 1)
    monkeypatch.setattr(centroids, "FEW_PHRASES", 1)
    learnt = build(material(crisis=False), lambda _line: None)

    assert learnt.vocabulary.get("wwater") is not None
    assert learnt.vocabulary.get("wspaces") is None
    assert ask(learnt, "pay my tax").choices[0].service == "tax"


def test_a_question_meets_the_features_that_its_phrase_brought(learnt: Release) -> None:
    question = normalise("pay water bill", learnt.synonyms)

    scored = weigh(learnt, vector(learnt, question.tokens))

    target = int(scored.scores.argmax())
    assert learnt.targets[target].service == "water"
    assert scored.gains_of_parts(target).sum() == pytest.approx(scored.scores[target], abs=1e-4)
    assert np.linalg.norm(scored.question.values) == pytest.approx(1, abs=1e-3)


def test_the_stream_counts_each_distinct_phrase_of_a_target_once() -> None:
    twice = [("Pay water bill", Language.EN), ("pay  WATER bill", Language.EN)]

    stream = Reader(Synonyms.of([]), readings()).read([twice, [("!!", Language.EN)]])

    assert stream.labels.tolist() == [0]
    assert stream.words == {"pay": 1, "water": 1, "bill": 1}
    assert hash_of("wwater") in stream.hashes
    assert stream.examples[0].texts == ("Pay water bill", "pay  WATER bill")
