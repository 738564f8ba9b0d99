"""Five callbacks of one payment request in all 120 orders, each twice or more: one end state.

The bank's truth is always the same: an order that expired before it was paid twice. What differs is
when and how often we hear of what, where we stand by then, and when we look for ourselves.
"""

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any
from unittest.mock import patch

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tqdm import tqdm

from backend.app import Gateways, create_app
from backend.bills import Bill
from backend.core import clock
from backend.core.database import Database
from backend.departments.webhooks.models import DepartmentEvent
from backend.gateways.bank_client import HttpBank
from backend.notifications import Message
from backend.payments.actions import start_payment
from backend.payments.callbacks.actions import apply_stored
from backend.payments.errands import ask, run_errands, take
from backend.payments.models import BankCredit, LedgerEntry, LedgerPosting, PaymentAttempt
from backend.payments.receipts.models import Receipt
from backend.simulators import bank_events, bank_ledger
from tests.chaos.payments_ground import (
    AMOUNT_CENTS,
    Ground,
    post_bills,
    settings_of,
    settle_resident,
    unheard,
)
from tests.simulators.bank_desk import BankDesk, running_bank_simulator
from tests.simulators.bank_keys import API_KEY

FIVE = (
    "order.opened",
    "payment.started",
    "payment.received",
    "payment.received again",
    "order.expired",
)
MINUTES = 30
MOST_SKEW_SECONDS = 600
EndState = tuple[Any, ...]
AS_IT_SHOULD_BE: EndState = (
    "paid",
    "paid",
    AMOUNT_CENTS,
    AMOUNT_CENTS,
    ("paid_already",),
    1,
    (("bill_new", 1), ("payment_held", 1), ("payment_received", 1)),
    (("bill.paid", 1), ("payment.held", 1)),
    (("bank", 2 * AMOUNT_CENTS), ("department", -AMOUNT_CENTS), ("held", -AMOUNT_CENTS)),
)


@dataclass
class Time:
    """The bank's clock, and how far ours is ahead of it."""

    at_bank: datetime
    skew: timedelta = timedelta()

    def bank_clock(self) -> datetime:
        return self.at_bank

    def clock(self) -> datetime:
        return self.at_bank + self.skew

    def wait(self, **span: float) -> None:
        self.at_bank += timedelta(**span)


@dataclass(frozen=True)
class Story:
    """One order of the five, and the payment request that they tell of."""

    told: tuple[str, ...]
    attempt: PaymentAttempt
    chance: random.Random
    events: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """What a story is played on."""

    rows: Database
    client: FlaskClient
    bank: HttpBank
    desk: BankDesk
    time: Time

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Send a callback through the real route, signed as the bank signs; it must be taken."""
        headers, raw = self.desk.callback(dict(event))
        reply = self.client.post("/v1/bank/callbacks", data=raw, headers=headers)
        assert reply.status_code == 204, reply.get_data(as_text=True)

    def apply(self) -> None:
        """Act upon the callbacks that are stored."""
        self._do_all(partial(apply_stored, self.rows, self.time.clock, unheard))

    def look(self) -> None:
        """Run the errands at the bank that are due."""
        self._do_all(partial(run_errands, self.rows, self.bank, self.time.clock, unheard))

    def _do_all(self, chore: Callable[[], datetime | None]) -> None:
        while (due_at := chore()) and due_at <= self.time.clock():
            pass


def end_states(ground: Ground, every: int = 1) -> set[EndState]:
    """Return how every so manieth of the 120 orders ended, and how it should: one and the same."""
    url = ground.new_database()
    rows = Database(url)
    time = Time(clock.now())
    with (
        running_bank_simulator(ground.folder / "orders.log") as (desk, _postman),
        _bank_going_by(time),
    ):
        bank = HttpBank(desk.url, API_KEY)
        settings = settings_of(ground.folder, url, desk.url)
        client = create_app(settings, Gateways({}), rows).test_client()
        stage = Stage(rows, client, bank, desk, time)
        stories = _play_all(stage, list(permutations(FIVE))[::every])
        bank.close()
    with rows.transaction(read_only=True) as db:
        found = {_end_of(db, story.attempt) for story in stories}
    rows.close()
    return found | {AS_IT_SHOULD_BE}


@contextmanager
def _bank_going_by(time: Time) -> Iterator[None]:
    """Give the simulator, which runs in this process, a clock that we turn."""
    with ExitStack() as stack:
        for module in (bank_ledger, bank_events):
            stack.enter_context(patch.object(module, "now", time.bank_clock))
        yield


def _play_all(stage: Stage, orders: Sequence[tuple[str, ...]]) -> list[Story]:
    resident_id = settle_resident(stage.rows)
    numbers = [f"ORDER-{number}" for number in range(len(orders))]
    bill_ids = post_bills(stage.rows, resident_id, numbers)
    stories = []
    told = zip(orders, bill_ids, strict=True)
    for order, bill_id in tqdm(
        told, "end states", len(orders), file=sys.stderr, leave=False, mininterval=1
    ):
        chance = random.Random("".join(order))
        seconds = chance.randint(-MOST_SKEW_SECONDS, MOST_SKEW_SECONDS)
        stage.time.skew = timedelta(seconds=seconds)
        story = Story(order, _start(stage, resident_id, bill_id), chance)
        _make_the_truth(stage, story)
        _tell(stage, story)
        stage.time.wait(hours=1)
        stories.append(story)
    return stories


def _start(stage: Stage, resident_id: str, bill_id: str) -> PaymentAttempt:
    with stage.rows.transaction() as db:
        now = stage.time.clock()
        attempt, _is_new = start_payment(
            db, resident_id, bill_id, now=now, minutes=MINUTES, ring=unheard
        )
    return attempt


def _make_the_truth(stage: Stage, story: Story) -> None:
    """Let the bank hear of the order, see it expire, and then take two payments of it.

    We may have noted that the bank knows it, or have died before; we may have seen it expire.
    """
    if story.chance.random() < 0.5:
        stage.look()
    else:
        for errand in take(stage.rows, stage.time.clock()):
            ask(stage.bank, errand)
    stage.time.wait(seconds=MINUTES * 60 + MOST_SKEW_SECONDS + 1)
    if story.chance.random() < 0.3:
        stage.look()
    stage.desk.pay(story.attempt.reference, times=2, late=True)
    for event in stage.desk.events():
        if event["reference"] == story.attempt.reference:
            again = " again" if event["type"] in story.events else ""
            story.events[event["type"] + again] = event
    assert sorted(story.events) == sorted(FIVE), story.events


def _tell(stage: Stage, story: Story) -> None:
    """Deliver the five in their order, every one of them again later; act upon them now and then."""
    told = list(story.told)
    for name in story.told:
        again = story.chance.randint(told.index(name) + 1, len(told))
        told.insert(again, name)
    for name in told:
        stage.deliver(story.events[name])
        stage.time.wait(seconds=story.chance.randint(1, 60))
        if story.chance.random() < 0.3:
            stage.apply()
        if story.chance.random() < 0.15:
            stage.look()
    stage.apply()
    stage.time.wait(minutes=2)  # past the lease of whoever died
    stage.look()


def _end_of(db: Session, attempt: PaymentAttempt) -> EndState:
    stands = db.get_one(PaymentAttempt, attempt.id, populate_existing=True)
    bill = db.get_one(Bill, attempt.bill_id)
    arrived = db.scalars(select(BankCredit).where(BankCredit.attempt_id == attempt.id)).all()
    about = [attempt.id, bill.id, *(credit.id for credit in arrived)]
    keys = [f"credit:{credit.transaction_id}" for credit in arrived]
    return (
        str(stands.state),
        str(bill.state),
        sum(credit.settled_cents for credit in arrived),
        sum(credit.held_cents for credit in arrived),
        tuple(sorted(str(credit.hold_reason) for credit in arrived if credit.hold_reason)),
        db.scalar(select(func.count()).where(Receipt.bill_id == bill.id)),
        _counted(db, Message.kind, Message.about_id.in_(about)),
        _counted(db, DepartmentEvent.type, DepartmentEvent.about_id.in_(about)),
        _balances(db, keys),
    )


def _counted(db: Session, kind: Any, condition: Any) -> tuple[tuple[str, int], ...]:
    rows = db.execute(select(kind, func.count()).where(condition).group_by(kind))
    return tuple(sorted((str(name), int(times)) for name, times in rows))


def _balances(db: Session, business_keys: Sequence[str]) -> tuple[tuple[str, int], ...]:
    sums = (
        select(LedgerPosting.account, func.sum(LedgerPosting.amount_cents))
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .where(LedgerEntry.business_key.in_(business_keys))
        .group_by(LedgerPosting.account)
    )
    return tuple(sorted((str(account), int(cents)) for account, cents in db.execute(sums)))
