"""What residents say that asks for no service is heard as such, and nothing else is."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.assistant import Release, normalise, router, scores
from backend.assistant.content.loading import load_content
from backend.assistant.normalise import MOST_CHARACTERS
from backend.assistant.own import books as own
from backend.assistant.talk.hearing import NAMES, Heard, TalkKind, bill_kinds_in, hear
from backend.assistant.talk.picking import NEITHER, OTHER, PLACES
from backend.bills import BillKind
from backend.core.settings import CHECKOUT

pytestmark = pytest.mark.slow
# Of the staff's own lines in the middle of a conversation; the rest is beyond a lexical model.
HEARD_RIGHT = 0.85


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("how much is my water bill", Heard(TalkKind.OWN, "bills", exact=True)),
        ("幾時到期", Heard(TalkKind.OWN, "due", exact=True)),
        ("ＨＯＷ ＭＵＣＨ does it cost?", Heard(TalkKind.FOLLOW, "cost", exact=True)),
        ("第二个", Heard(TalkKind.CHOOSE, "second", exact=True)),
        ("did I already pay my bils", Heard(TalkKind.OWN, "paid")),
    ],
)
def test_talk_is_heard(release: Release, said: str, heard: Heard) -> None:
    found = hear(release, said)

    assert found is not None
    assert (found.kind, found.name) == (heard.kind, heard.name)
    assert found.exact or not heard.exact


@pytest.mark.parametrize(
    "said",
    ["pay my rates", "繳付差餉", "apply for an electronic water bill", "", "!!!", "\u0301" * 300],
)
def test_what_asks_for_a_service_or_for_nothing_is_no_talk(release: Release, said: str) -> None:
    assert hear(release, said) is None


def test_without_talk_nothing_is_heard(release: Release) -> None:
    assert hear(replace(release, talk=None), "how much does it cost") is None


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=400))
def test_any_text_at_all_can_be_listened_to(release: Release, text: str) -> None:
    assert hear(release, text) == hear(release, text)
    assert set(bill_kinds_in(release, text)) <= set(release.bill_kinds)


@pytest.mark.parametrize("text", ["pay " * 50_000, "水" * 200_000, "a" * 200_000, "１. " * 90_000])
def test_what_is_read_of_a_long_text_is_bounded(
    release: Release, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weighed: list[int] = []

    def counted(talk: Release, tokens: normalise.Tokens, guessed: int) -> scores.Vector:
        weighed.append(sum(map(len, tokens)))
        return scores.vector(talk, tokens, guessed)

    monkeypatch.setattr("backend.assistant.talk.hearing.vector", counted)

    hear(release, text)

    assert len(weighed) == 1
    assert weighed[0] <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("how much is my water bill", ["water"]),
        ("我張水費單同差餉單幾多錢", ["water", "rates"]),
        ("我的水费和医院账单", ["water", "hospital"]),
        ("how much is the tax", ["tax"]),
        ("government rent please", ["government_rent"]),
        ("what do I owe", []),
        ("", []),
    ],
)
def test_the_kinds_of_bill_in_a_question_are_found(
    release: Release, said: str, kinds: list[str]
) -> None:
    assert sorted(bill_kinds_in(release, said)) == sorted(kinds)


def test_code_and_content_know_the_same_names(release: Release) -> None:
    assert set(NAMES[TalkKind.OWN]) == set(own.Topic)
    assert set(NAMES[TalkKind.CHOOSE]) == {*PLACES, OTHER, NEITHER}
    heard = set(release.sayings)
    assert {f"{kind}/{name}" for kind, names in NAMES.items() for name in names} <= heard
    assert set(release.bill_kinds) <= set(BillKind)


def test_most_lines_of_the_staffs_exam_are_heard_right(release: Release) -> None:
    content = load_content(CHECKOUT / "intents")
    lines = [(talk.heard, line.text) for talk in content.talk for line in talk.finds]

    wrong = [
        (wanted, text, found.id if found else None)
        for wanted, text in lines
        if (found := hear(release, text)) is None or found.id != wanted
    ]

    assert len(wrong) <= (1 - HEARD_RIGHT) * len(lines), wrong


def test_hearing_never_changes_what_the_services_answer(release: Release) -> None:
    plain = replace(release, talk=None)

    for text in ("pay my water bill", "幾時到期", "I want to complain"):
        assert router.ask(release, text) == router.ask(plain, text)
