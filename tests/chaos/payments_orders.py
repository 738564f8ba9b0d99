"""Five callbacks of one payment request in all 120 orders, each twice or more: one end state.

The bank's truth is always the same: an order that expired before it was paid twice. What differs is
when and how often we hear of what, where we stand by then, and when we look for ourselves.
"""

import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

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

SEED = 20261123
FIVE = (
    "order.opened",
    "payment.started",
    "payment.received",
    "payment.received again",
    "order.expired",
)
BETWEEN = timedelta(hours=1)  # of our clocks, so that one order's errands are not another's
EXPIRES_AFTER_SECONDS = 2.0
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
class Story:
    """One order of the five, and the payment request that they tell of.

    Our clock is hours ahead of the bank's, less with each story, so that none's errands are due
    before their turn.
    """

    told: tuple[str, ...]
    attempt: PaymentAttempt
    now: datetime
    chance: random.Random
    is_announced: bool  # else whoever told the bank died before noting it
    events: dict[str, dict[str, Any]] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now

    def wait(self) -> None:
        self.now += timedelta(seconds=self.chance.randint(1, 90))


@dataclass(frozen=True)
class Stage:
    """What a story is played on."""

    rows: Database
    client: FlaskClient
    bank: HttpBank
    desk: BankDesk

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Send a callback through the real route, signed as the bank signs; it must be taken."""
        headers, raw = self.desk.callback(dict(event))
        reply = self.client.post("/v1/bank/callbacks", data=raw, headers=headers)
        assert reply.status_code == 204, reply.get_data(as_text=True)

    def apply(self, story: Story) -> None:
        while (due_at := apply_stored(self.rows, story.clock, unheard)) and due_at <= story.now:
            pass

    def look(self, story: Story) -> None:
        while (
            due_at := run_errands(self.rows, self.bank, story.clock, unheard)
        ) and due_at <= story.now:
            pass


def end_states(ground: Ground, every: int = 1) -> set[EndState]:
    """Return how every so manieth of the 120 orders ended, and how it should: one and the same."""
    url = ground.new_database()
    rows = Database(url)
    with running_bank_simulator(ground.folder / "orders.log") as (desk, _postman):
        bank = HttpBank(desk.url, API_KEY)
        settings = settings_of(ground.folder, url, desk.url)
        client = create_app(settings, Gateways({}), rows).test_client()
        stage = Stage(rows, client, bank, desk)
        stories = _begin(stage, list(permutations(FIVE))[::every])
        time.sleep(EXPIRES_AFTER_SECONDS)
        # The one whose clock is the least ahead comes first: the others' errands are not due yet.
        for story in tqdm(stories[::-1], "end states", file=sys.stderr, leave=False, mininterval=1):
            _let_it_be_paid(stage, story)
            _play(stage, story)
        bank.close()
    with rows.transaction(read_only=True) as db:
        found = {_end_of(db, story.attempt) for story in stories}
    rows.close()
    return found | {AS_IT_SHOULD_BE}


def _begin(stage: Stage, orders: Sequence[tuple[str, ...]]) -> list[Story]:
    """Start a payment of a bill for each order, and let the bank hear of it in time."""
    resident_id = settle_resident(stage.rows)
    numbers = [f"ORDER-{number}" for number in range(len(orders))]
    bill_ids = post_bills(stage.rows, resident_id, numbers)
    stories = []
    for number, (order, bill_id) in enumerate(zip(orders, bill_ids, strict=True)):
        expires_at = clock.now() + timedelta(seconds=EXPIRES_AFTER_SECONDS)
        ahead = BETWEEN * (len(orders) - number)  # our clock; the bank's says when it is over
        with stage.rows.transaction() as db:
            attempt, _is_new = start_payment(
                db,
                resident_id,
                bill_id,
                now=expires_at + ahead,
                minutes=-(ahead // timedelta(minutes=1)),
                ring=unheard,
            )
        chance = random.Random(SEED + number)
        story = Story(order, attempt, expires_at + ahead, chance, number % 2 == 0)
        _announce(stage, story)
        stories.append(story)
    return stories


def _announce(stage: Stage, story: Story) -> None:
    if story.is_announced:
        stage.look(story)
        return
    for errand in take(stage.rows, story.now):  # and die before anything is noted
        assert ask(stage.bank, errand).found, "the bank was not told before the order expired"


def _let_it_be_paid(stage: Stage, story: Story) -> None:
    """Let the bank take two payments of an expired order, of which we may have heard."""
    story.wait()
    if story.is_announced and story.chance.random() < 0.5:
        story.now += timedelta(minutes=16)
        stage.look(story)
    stage.desk.pay(story.attempt.reference, times=2, late=True)
    for event in stage.desk.events():
        if event["reference"] == story.attempt.reference:
            again = " again" if event["type"] in story.events else ""
            story.events[event["type"] + again] = event
    assert sorted(story.events) == sorted(FIVE), story.events


def _play(stage: Stage, story: Story) -> None:
    """Deliver the five in their order, every one of them again later; act upon them now and then."""
    told = list(story.told)
    for name in story.told:
        again = story.chance.randint(told.index(name) + 1, len(told))
        told.insert(again, name)
    for name in told:
        stage.deliver(story.events[name])
        story.wait()
        if story.chance.random() < 0.3:
            stage.apply(story)
        if story.chance.random() < 0.15:
            stage.look(story)
    stage.apply(story)
    story.now += timedelta(minutes=2)  # past the lease of whoever died
    stage.look(story)


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
