"""Missed questions as rows: counted, capped, forgotten, and never at a resident's cost."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from backend.assistant.answering import Answered
from backend.assistant.feedback import actions
from backend.assistant.feedback.actions import (
    count_vote,
    forget_old,
    keep_missed,
    note_unanswered,
)
from backend.assistant.feedback.models import AnswerVotes, MissedQuestion
from backend.assistant.feedback.rules import KEPT_FOR, Missed, Reason
from backend.assistant.policy import Outcome
from backend.core.database import Database
from backend.core.languages import Language
from tests.core.together import together

TODAY = date(2026, 11, 23)


def question(text: str, reason: Reason = Reason.NONE, service: str | None = None) -> Missed:
    return Missed(text, Language.EN, reason, service, "r1")


def keep(database: Database, found: Missed, day: date = TODAY) -> bool:
    with database.transaction() as db:
        return keep_missed(db, found, day)


def kept(database: Database) -> dict[str, int]:
    with database.transaction(read_only=True) as db:
        return {each.text: each.count for each in db.scalars(select(MissedQuestion))}


def settled(text: str, outcome: Outcome = Outcome.NONE) -> Answered:
    return Answered(text, Language.ZH_HANT, outcome, None, "r1")


def test_a_question_that_comes_again_is_counted(database: Database) -> None:
    keep(database, question("where is my cat"), TODAY - timedelta(days=3))
    keep(database, Missed("Where is my CAT", Language.EN, Reason.NONE, None, "r2"))
    keep(database, question("something else"))

    assert kept(database) == {"where is my cat": 2, "something else": 1}
    with database.transaction(read_only=True) as db:
        cat = db.scalars(select(MissedQuestion).where(MissedQuestion.count == 2)).one()
    assert (cat.first_on, cat.last_on, cat.release) == (TODAY - timedelta(days=3), TODAY, "r2")


def test_of_many_at_once_none_is_lost(database: Database) -> None:
    brought = together(6, lambda number: keep(database, question(f"cat {number % 2}")))

    assert brought == [True] * 6
    assert kept(database) == {"cat 0": 3, "cat 1": 3}


def test_a_flood_of_nonsense_is_not_kept_but_what_is_known_is_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_NEW_A_DAY", 3)

    brought = [keep(database, question(f"nonsense {number}")) for number in range(5)]
    again = keep(database, question("nonsense 0"))
    tomorrow = keep(database, question("new"), TODAY + timedelta(days=1))

    assert brought == [True, True, True, False, False]
    assert again
    assert tomorrow
    assert kept(database) == {"nonsense 0": 2, "nonsense 1": 1, "nonsense 2": 1, "new": 1}


def test_after_ninety_days_a_question_is_forgotten_though_it_came_again(database: Database) -> None:
    keep(database, question("old"), TODAY - KEPT_FOR - timedelta(days=1))
    keep(database, question("just kept"), TODAY - KEPT_FOR)
    keep(database, question("old"), TODAY - timedelta(days=1))

    keep(database, question("new"))

    assert kept(database) == {"just kept": 1, "new": 1}


def test_each_write_forgets_a_few(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "SWEPT_PER_WRITE", 2)
    long_ago = TODAY - timedelta(days=200)
    for number in range(5):
        keep(database, question(f"old {number}"), long_ago)

    keep(database, question("new"))

    assert len(kept(database)) == 4
    with database.transaction() as db:
        assert forget_old(db, TODAY, 100) == 3


def test_votes_are_counted_per_release_and_service(database: Database) -> None:
    votes = [("r1", "wsd-pay", True)] * 2 + [("r1", "wsd-pay", False), ("r2", None, False)]

    for release, service, helpful in votes:
        with database.transaction() as db:
            count_vote(db, release, service, helpful=helpful)

    with database.transaction(read_only=True) as db:
        found = {
            (v.release, v.service): (v.helpful, v.unhelpful)
            for v in db.scalars(select(AnswerVotes))
        }
    assert found == {("r1", "wsd-pay"): (2, 1), ("r2", ""): (0, 1)}


def test_votes_at_once_are_all_counted(database: Database) -> None:
    def vote(_number: int) -> None:
        with database.transaction() as db:
            count_vote(db, "r1", "wsd-pay", helpful=True)

    together(6, vote)

    with database.transaction(read_only=True) as db:
        assert db.scalars(select(AnswerVotes.helpful)).one() == 6


def test_a_question_without_an_answer_is_noted_masked(database: Database) -> None:
    note_unanswered(database, settled("我個電話９１２３４５６７，點樣養貓"))

    assert kept(database) == {"我個電話[phone],點樣養貓": 1}


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.NONE])
def test_nothing_else_is_noted(database: Database, outcome: Outcome) -> None:
    note_unanswered(database, settled("交水費", outcome))

    assert kept(database) == {}


@pytest.mark.parametrize(
    "odd", ["a\0b", "a\ud800b", "\x1b[31mred", "a" + "\u0301" * 3000, "水" * 9000]
)
def test_any_text_can_be_noted(database: Database, odd: str) -> None:
    note_unanswered(database, settled(odd))

    assert len(kept(database)) == 1


@pytest.mark.slow
def test_a_busy_database_costs_the_question_and_nothing_else(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as rival, caplog.at_level(logging.WARNING):
        keep_missed(rival, question("held"), TODAY)
        if database.engine.dialect.name == "postgresql":
            rival.execute(text("lock table missed_questions in access exclusive mode"))
        note_unanswered(database, settled("a secret of mine"))

    assert kept(database) == {"held": 1}
    assert "a missed question is forgotten" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture
def spoil(database: Database) -> Callable[[str], None]:
    def run(statement: str) -> None:
        with database.transaction() as db:
            db.execute(text(statement))

    return run


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_broken_database_is_only_said_to_the_log(
    database: Database, spoil: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    spoil("drop table missed_questions")

    note_unanswered(database, settled("a secret of mine"))

    assert "a missed question is forgotten: OperationalError" in caplog.text
    assert "secret" not in caplog.text


def test_a_patient_session_follows_an_impatient_one(database: Database) -> None:
    ask = "pragma busy_timeout" if database.engine.dialect.name == "sqlite" else "show lock_timeout"
    waits = []

    for seconds in (0.2, None, 0.3, None):
        with database.transaction(busy_timeout_seconds=seconds) as db:
            waits.append(str(db.scalar(text(ask))).removesuffix("s").removesuffix("m"))

    assert waits[1] == waits[3] in ("10000", "10")
    assert (waits[0], waits[2]) == ("200", "300")
