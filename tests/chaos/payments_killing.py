"""Everything runs for real and is killed at random: nothing acknowledged is lost, no cent differs."""

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass

from tqdm import tqdm

from backend.core.database import Database
from tests.chaos.payments_auditing import Audit, audit, let_time_pass
from tests.chaos.payments_driving import Driver
from tests.chaos.payments_works import Works

SEED = 20261125
TELLERS = 4
LONGEST_PAUSE_SECONDS = 1.0
CALLBACK_SECONDS = 10  # for callbacks that are still on their way


@dataclass(frozen=True)
class Massacre:
    """Who was killed how often, what went on meanwhile, and what is left of it."""

    killed: Counter[str]
    stories: int
    payments: int
    transactions: int
    refunds: int
    audit: Audit


def kill(works: Works, kills: int) -> Massacre:
    """Kill parts of the works, so many times, while bills are posted and paid; then look."""
    rows = Database(works.database_url)
    _begin_anew(works)
    driver = Driver(works, rows)
    driver.start(TELLERS, SEED)
    killed = _kill_some(works, kills, driver)
    works.wait_until_up()
    driver.stop()
    _let_callbacks_arrive(works)
    works.kill_ferry()
    let_time_pass(rows, works.desk)
    found = audit(rows, works.desk, driver.acknowledged)
    massacre = Massacre(
        killed=killed,
        stories=driver.stories,
        payments=len(driver.acknowledged.payment_ids),
        transactions=works.desk.totals().credits,
        refunds=works.desk.totals().refunds,
        audit=found,
    )
    rows.close()
    return massacre


def _begin_anew(works: Works) -> None:
    """Have callbacks sent again."""
    works.desk.call_back(f"{works.url}/v1/bank/callbacks")


def _kill_some(works: Works, kills: int, driver: Driver) -> Counter[str]:
    chance = random.Random(SEED)
    killed: Counter[str] = Counter()
    for _ in tqdm(range(kills), "kills", file=sys.stderr, leave=False, mininterval=1):
        time.sleep(chance.random() * LONGEST_PAUSE_SECONDS)
        killed[works.kill_one(chance)] += 1
        if driver.failures:
            break
    return killed


def _let_callbacks_arrive(works: Works) -> None:
    """Give those a moment that the bank means to send; what is not heard of by then is found."""
    until = time.monotonic() + CALLBACK_SECONDS
    while time.monotonic() < until and _on_their_way(works):
        time.sleep(0.2)


def _on_their_way(works: Works) -> int:
    over = {line["event_id"] for line in works.desk.lines("delivery") if line["is_over"]}
    meant = (line for line in works.desk.lines("event") if not line["fault"]["lose"])
    return sum(line["event"]["event_id"] not in over for line in meant)
