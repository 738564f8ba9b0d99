"""A pier: runs of pushes to residents with a phone each, and workers that deliver them."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from backend.accounts import Device, Resident
from backend.core.bulk import insert_rows
from backend.core.clock import new_id, new_ids
from backend.core.database import Database
from backend.gateways.push import FirebasePush
from backend.notifications import (
    Batch,
    MessageKind,
    RunPlan,
    Telling,
    notify_many,
    open_push_run,
    plan_pushes,
)
from backend.notifications.outbox.models import Delivery
from backend.notifications.runs import actions
from backend.notifications.runs.models import PushRun
from backend.notifications.sweeping import sweep_push_runs
from tests.notifications.town import Town
from tests.simulators.desk import Desk, wait_until

FACTS = {"amount": "418.50", "due_on": "2026-12-20"}
FIRST, SECOND = "cli_first", "cli_second"


@dataclass
class Pier:
    """Runs whose pushes go to addresses that begin with the run's name."""

    town: Town
    desk: Desk
    rings: int = 0

    @property
    def rows(self) -> Database:
        return self.town.database

    def ring(self) -> None:
        self.rings += 1

    def begin(
        self,
        name: str,
        pushes: int,
        *,
        bills: int | None = None,
        department_id: str = "WSD",
        over_minutes: int = 0,
        is_last: bool = True,
    ) -> str:
        """Open a run of so many bills, by FIRST, and post a batch of it; return its id."""
        plan = RunPlan(new_id("run"), department_id, bills or pushes, FIRST, over_minutes)
        self.batch(plan, name, pushes, is_last=is_last)
        return plan.run_id

    def batch(self, plan: RunPlan, name: str, pushes: int, *, is_last: bool = True) -> None:
        """Tell so many residents, each with a phone at `name-…`, as one batch of a bill run does."""
        with self.rows.transaction() as db:
            run = open_push_run(db, plan, self.town.now)
            residents = self.settle(db, name, pushes)
            tellings = [Telling(id_, new_id("bill"), FACTS) for id_ in residents]
            batch = Batch(
                plan.department_id,
                MessageKind.BILL_NEW,
                self.town.now,
                run_id=plan.run_id,
                push_from=run.starts_at,
                spread_seconds=run.over_minutes * 60,
            )
            plan_pushes(db, run, notify_many(db, tellings, batch), is_last=is_last)

    def settle(self, db: Any, name: str, count: int) -> Sequence[str]:
        """Settle so many residents, each with a phone at `name-…`; return their ids."""
        ids, now = new_ids("res", count), self.town.now
        people = [(id_, "demo", id_, "CANARY NAME", "en", "plus", now) for id_ in ids]
        insert_rows(
            db,
            Resident,
            ("id", "provider", "subject", "name", "language", "level", "created_at"),
            people,
        )
        columns = ("id", "resident_id", "installation_id", "platform", "address_kind", "address")
        phones = [
            (device, id_, device, "ios", "token", f"{name}-{device}", now)
            for device, id_ in zip(new_ids("dev", count), ids, strict=True)
        ]
        insert_rows(db, Device, (*columns, "registered_at"), phones)
        return ids

    def do(self, deed: Callable[..., PushRun], run_id: str, *words: Any, **more: Any) -> PushRun:
        """Do what the department of the Pier asks of a run."""
        with self.rows.transaction() as db:
            return deed(db, "WSD", run_id, *words, **more)

    def pause(self, run_id: str) -> PushRun:
        return self.do(actions.pause_pushes, run_id)

    def resume(self, run_id: str) -> PushRun:
        return self.do(actions.resume_pushes, run_id, now=self.town.now, ring=self.ring)

    def cancel(self, run_id: str) -> PushRun:
        return self.do(actions.cancel_pushes, run_id, self.ring)

    def approve(self, run_id: str, by: str = SECOND) -> PushRun:
        return self.do(actions.approve_pushes, run_id, by, now=self.town.now, ring=self.ring)

    def look(self, run_id: str) -> PushRun:
        with self.rows.transaction(read_only=True) as db:
            return actions.get_push_run(db, None, run_id)

    def sweep(self) -> datetime | None:
        """Let the worker do all that there is to sweep at this moment."""
        while (again := sweep_push_runs(self.rows, self.town.clock, self.ring)) is not None:
            if again > self.town.now:
                return again
        return None

    def deliver(self, seconds: int = 5) -> None:
        """Let a worker deliver what is due, for so many seconds of the town's time."""
        for _ in range(seconds):
            self.town.work_off()
            self.town.wait(1)

    def arrived(self, name: str) -> Counter[str]:
        """How often FCM took a push to each address that begins with this name."""
        return Counter(each for each in self.desk.addresses() if each.startswith(f"{name}-"))

    def rows_of(self, run_id: str) -> Counter[str]:
        """The states of a run's pushes, as the rows have them."""
        counted = (
            select(Delivery.state, func.count())
            .where(Delivery.queue.endswith(f":{run_id}"))
            .group_by(Delivery.state)
        )
        with self.rows.transaction(read_only=True) as db:
            return Counter(dict(db.execute(counted).all()))


@dataclass
class Workers:
    """Workers that deliver all the while, by a clock that runs."""

    pier: Pier
    turns: list[int] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    is_over: bool = False
    begun: float = field(default_factory=time.monotonic)

    def clock(self) -> datetime:
        return self.pier.town.now + timedelta(seconds=time.monotonic() - self.begun)

    def work(self, number: int, sender: FirebasePush) -> None:
        town = replace(self.pier.town, sender=sender)
        postman = town.postman()
        postman.clock = self.clock
        try:
            while not self.is_over:
                postman.deliver_waiting()
                self.turns[number] += 1
                time.sleep(0.01)
        except BaseException as error:
            self.failures.append(error)
            raise

    def let_turns_end(self) -> None:
        """Wait until what every worker has in hand at this moment is written down."""
        before = list(self.turns)
        wait_until(lambda: all(now > then for now, then in zip(self.turns, before, strict=True)))


@contextmanager
def working(pier: Pier, *senders: FirebasePush) -> Iterator[Workers]:
    """Let a worker for each of these senders work beside the test."""
    workers = Workers(pier, [0] * len(senders))
    threads = [
        threading.Thread(target=workers.work, args=[number, sender])
        for number, sender in enumerate(senders)
    ]
    for thread in threads:
        thread.start()
    try:
        yield workers
    finally:
        workers.is_over = True
        for thread in threads:
            thread.join(30)
    assert workers.failures == []
