"""Many processes pay one bill at the same moment, again and again: the bank sees one order of each."""

import multiprocessing
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from backend.core import clock
from backend.core.database import Database, is_busy
from backend.gateways.bank_client import HttpBank
from backend.payments.actions import start_payment
from backend.payments.errands import run_errands
from tests.chaos.payments_ground import Ground, post_bills, settle_resident, unheard
from tests.simulators.bank_desk import BankDesk, running_bank_simulator
from tests.simulators.bank_keys import API_KEY

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Race:
    """What the bank's log shows, and how many of our tries the database turned away."""

    second_orders: int
    orders: int
    turned_away: int


@dataclass(frozen=True)
class Lane:
    """What each racer is handed."""

    database_url: str
    bank_url: str
    resident_id: str
    bill_ids: list[str]


def race(ground: Ground, processes: int, rounds: int) -> Race:
    """Let so many processes pay one bill at once, so many times over, a new bill each time."""
    url = ground.new_database()
    rows = Database(url)
    resident_id = settle_resident(rows)
    numbers = [f"RACE-{number}" for number in range(rounds)]
    bill_ids = post_bills(rows, resident_id, numbers)
    with running_bank_simulator(ground.folder / "race.log") as (desk, _postman):
        turned_away = _run(Lane(url, desk.url, resident_id, bill_ids), processes)
        _work_off(rows, desk)
        orders = Counter(order["bill_number"] for order in desk.orders())
    rows.close()
    second = sum(times - 1 for times in orders.values()) + len(set(orders) - set(numbers))
    return Race(second, len(orders), turned_away)


def _run(lane: Lane, processes: int) -> int:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    barrier = context.Barrier(processes)
    done, turned_away = context.Value("i"), context.Value("i")
    racers = [
        context.Process(target=_pay_all, args=(lane, barrier, done, turned_away), daemon=True)
        for _ in range(processes)
    ]
    for racer in racers:
        racer.start()
    _watch(racers, done, len(lane.bill_ids) * processes)
    return int(turned_away.value)


def _watch(racers: Sequence[BaseProcess], done: Any, wanted: int) -> None:
    with tqdm(
        total=wanted, desc="second orders", file=sys.stderr, leave=False, mininterval=1
    ) as bar:
        for racer in racers:
            while racer.is_alive():
                racer.join(0.2)
                bar.update(done.value - bar.n)
    assert [racer.exitcode for racer in racers] == [0] * len(racers)


def _pay_all(lane: Lane, barrier: Barrier, done: Any, turned_away: Any) -> None:
    rows = Database(lane.database_url)
    bank = HttpBank(lane.bank_url, API_KEY)
    for bill_id in lane.bill_ids:
        barrier.wait(PATIENCE_SECONDS)
        try:
            _pay(rows, bank, lane.resident_id, bill_id)
        except DBAPIError as error:
            if not is_busy(error):
                raise
            with turned_away.get_lock():
                turned_away.value += 1
        with done.get_lock():
            done.value += 1
    bank.close()
    rows.close()


def _pay(rows: Database, bank: HttpBank, resident_id: str, bill_id: str) -> None:
    with rows.transaction() as db:
        start_payment(db, resident_id, bill_id, now=clock.now(), minutes=30, ring=unheard)
    run_errands(rows, bank, clock.now, unheard)


def _work_off(rows: Database, desk: BankDesk) -> None:
    """Run what errands are left, so that no order is missing because nobody told the bank yet."""
    bank = HttpBank(desk.url, API_KEY)
    while (due_at := run_errands(rows, bank, clock.now, unheard)) and due_at <= clock.now():
        pass
    bank.close()
