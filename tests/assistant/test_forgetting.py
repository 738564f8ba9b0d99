"""What is kept for a time is gone after it, though nobody asked anything since."""

from datetime import timedelta

import pytest
from huey import MemoryHuey
from sqlalchemy import func, select

from backend.assistant import forgetting
from backend.assistant.conversations.actions import begin
from backend.assistant.conversations.models import Conversation
from backend.assistant.feedback.actions import keep_missed
from backend.assistant.feedback.models import MissedQuestion
from backend.assistant.feedback.rules import Missed, Reason
from backend.assistant.forgetting import forget_in_time
from backend.core import clock
from backend.core.database import Base, Database
from backend.core.jobs import Bell
from backend.core.languages import Language

NOW = clock.now()
TODAY = clock.hong_kong_date(NOW)


def count(database: Database, table: type[Base]) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def fill(database: Database, number: int) -> None:
    """Note questions of the last day of the ninety, and begin conversations now."""
    with database.transaction() as db:
        for each in range(number):
            missed = Missed(f"where is pier {each}", Language.EN, Reason.NONE, None, "r-1")
            keep_missed(db, missed, TODAY)
            begin(db, None, NOW)


def test_all_that_was_kept_long_enough_is_forgotten_however_much_it_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    fill(database, 5)

    forget_in_time(database, lambda: NOW + timedelta(days=91))

    assert count(database, MissedQuestion) == 0
    assert count(database, Conversation) == 0


def test_what_may_still_be_kept_stays(database: Database) -> None:
    fill(database, 2)

    forget_in_time(database, lambda: NOW + timedelta(minutes=29))

    assert (count(database, MissedQuestion), count(database, Conversation)) == (2, 2)


def test_the_worker_forgets_once_an_hour() -> None:
    huey = MemoryHuey(immediate=False)
    done: list[str] = []
    bell = Bell(huey, {"nothing": lambda: None}, lambda: done.append("tidied"))

    at_the_minute = [NOW.replace(minute=minute, tzinfo=None) for minute in range(60)]
    rung = [task for moment in at_the_minute for task in bell.huey.read_periodic(moment)]
    tidying = [task for task in rung if task.name == "tidy"]
    for task in tidying:
        huey.execute(task)

    assert done == ["tidied"]
