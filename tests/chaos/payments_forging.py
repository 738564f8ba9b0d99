"""Callbacks that are not the bank's, or not of this moment, thousands of them: none is taken."""

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import func, select
from tqdm import tqdm

from backend.core.database import Database
from backend.payments.callbacks.models import BankEvent
from tests.chaos.payments_forger import Forger, Letter
from tests.chaos.payments_replaying import Sender
from tests.chaos.payments_works import Works

SEED = 20261124
AT_ONCE = 8


@dataclass(frozen=True)
class Outcome:
    """Whether a forgery was taken, and whether it had become genuine by then: it was slow."""

    is_taken: bool
    is_excused: bool


def forge(works: Works, forgeries: int) -> int:
    """Send so many; return how many were taken, or stored all the same."""
    rows = Database(works.database_url)
    forger = Forger(works.desk, random.Random(SEED))
    sender = Sender(works.url)
    genuine = forger.harmless()
    assert sender.send_pairs(genuine.pairs, genuine.raw) == 204, "a genuine one is refused, too"
    before = _stored(rows)
    ways = forger.ways()
    with closing(sender), ThreadPoolExecutor(AT_ONCE) as hands:
        outcomes = hands.map(
            lambda number: _send(sender, ways[number % len(ways)]()), range(forgeries)
        )
        bar = tqdm(outcomes, "forged", forgeries, file=sys.stderr, leave=False, mininterval=1)
        heard = list(bar)
    stored = _stored(rows) - before
    rows.close()
    excused = sum(outcome.is_excused for outcome in heard)
    return max(sum(outcome.is_taken for outcome in heard), stored - excused)


def _send(sender: Sender, letter: Letter) -> Outcome:
    is_taken = 200 <= sender.send_pairs(letter.pairs, letter.raw) < 300
    is_excused = is_taken and time.time() >= letter.fresh_at
    return Outcome(is_taken and not is_excused, is_excused)


def _stored(rows: Database) -> int:
    with rows.transaction(read_only=True) as db:
        return int(db.scalar(select(func.count()).select_from(BankEvent)) or 0)
