"""The exam that an editor of intents sits."""

from dataclasses import replace

import pytest

from backend.assistant import Release
from backend.assistant.content.intents import Content, Line, Outside, Status
from backend.assistant.content.loading import load_content
from backend.assistant.measuring.exam import sit
from backend.core.settings import CHECKOUT


@pytest.fixture(scope="module")
def content() -> Content:
    """The bills alone, which the small release knows."""
    whole = load_content(CHECKOUT / "intents")
    bills = tuple(intent for intent in whole.intents if intent.id.startswith("bills/"))
    return replace(whole, intents=bills)


@pytest.mark.slow
def test_every_line_is_tried(release: Release, content: Content) -> None:
    every = (*content.intents, *content.crises, *content.talk)
    lines = sum(len(each.finds) + len(each.misses) for each in every)

    assert sit(release, content).tried == lines + len(content.outside.finds)


@pytest.mark.slow
def test_a_draft_sits_no_exam(release: Release, content: Content) -> None:
    drafts = tuple(replace(intent, status=Status.DRAFT) for intent in content.intents)
    only = replace(content, intents=drafts, crises=(), talk=(), outside=Outside())

    assert sit(release, only).tried == 0


@pytest.mark.slow
def test_a_line_that_lands_elsewhere_is_named_with_its_place(
    release: Release, content: Content
) -> None:
    pay = next(intent for intent in content.intents if intent.opens == "wsd-pay")
    astray = replace(pay, finds=(Line(99, "繳交差餉"),), misses=(Line(100, "交水費"),))

    only = replace(content, intents=(astray,), crises=(), talk=(), outside=Outside())
    failed = sit(release, only).failed

    assert [(each.file, each.line) for each in failed] == [
        ("bills/wsd-pay.yaml", 99),
        ("bills/wsd-pay.yaml", 100),
    ]
    assert "lands in rvd-pay" in failed[0].sentence


@pytest.mark.slow
def test_talk_is_sat_in_the_middle_of_a_conversation(release: Release, content: Content) -> None:
    cost = next(talk for talk in content.talk if talk.heard == "follow/cost")
    finds = (Line(7, "how much does it cost"), Line(8, "pay my rates"))
    misses = (Line(9, "第二個"), Line(10, "幾錢㗎"))
    astray = replace(cost, finds=finds, misses=misses)
    only = replace(content, intents=(), crises=(), talk=(astray,), outside=Outside())

    result = sit(release, only)

    assert result.tried == 4
    assert [str(each) for each in result.failed] == [
        "talk/follow/cost.yaml, line 8: “pay my rates” is heard as a question for a service.",
        "talk/follow/cost.yaml, line 10: “幾錢㗎” is heard as this, and must not be.",
    ]
