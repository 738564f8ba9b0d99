"""How often one may be wrong about an account: what proves it is weak, so the stop is hard.

Each request takes a place among the few before its proof is looked at, and gives it back once the
proof was right. So neither many requests at the same moment nor a right answer gets past the stop,
and the count is the same for all processes and outlives them.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, tuple_
from sqlalchemy.orm import Session

from backend.bills.linking.models import LinkGuess, guesses_counted_by, link_of, old_guesses
from backend.bills.linking.rules import AccountNotProved, plain_account
from backend.core.database import Database, insert_unless_there
from backend.core.limits import TooManyRequests

SWEPT_PER_GUESS = 10


@dataclass(frozen=True)
class Allowance:
    """How many wrong guesses a window of time has room for."""

    most: int
    window: timedelta


@dataclass(frozen=True)
class Guess:
    """Who guesses at which account, and when."""

    resident_id: str
    department_id: str
    account_number: str
    made_at: datetime

    @property
    def counted_by(self) -> dict[str, Allowance]:
        """Who or what this guess is counted by; an account by a hash, as it may be anybody's."""
        account = f"{self.department_id}\0{plain_account(self.account_number)}"
        hashed = hashlib.sha256(account.encode()).hexdigest()
        return {self.resident_id: PER_RESIDENT, f"account:{hashed}": PER_ACCOUNT}


PER_RESIDENT = Allowance(5, timedelta(hours=1))
PER_ACCOUNT = Allowance(10, timedelta(days=1))


@contextmanager
def counted(rows: Database, db_of_request: Callable[[], Session], guess: Guess) -> Iterator[None]:
    """Count a guess unless the block proves it right; TooManyRequests.

    The place is taken in a transaction of its own, as it must outlive a refusal, and before the
    request's own writes anything, as SQLite has one writer at a time.
    """
    with rows.transaction() as db:
        is_free = _is_linked(db, guess)
        if not is_free:
            take(db, guess)
    try:
        yield
    except AccountNotProved:
        raise
    except Exception:  # it was no guess: a key that is in flight, a database that is busy
        db_of_request().rollback()
        with rows.transaction() as db:
            give_back(db, guess)
        raise
    give_back(db_of_request(), guess)


def take(db: Session, guess: Guess) -> None:
    """Take a place for a guess with everybody who counts it; TooManyRequests."""
    old = old_guesses(guess.made_at - PER_ACCOUNT.window, SWEPT_PER_GUESS)
    db.execute(delete(LinkGuess).where(tuple_(LinkGuess.counted_by, LinkGuess.place).in_(old)))
    for counted_by, allowance in guess.counted_by.items():
        _take_place(db, counted_by, allowance, guess.made_at)


def give_back(db: Session, guess: Guess) -> None:
    """Give back the places that this guess took."""
    taken = LinkGuess.counted_by.in_(list(guess.counted_by)), LinkGuess.made_at == guess.made_at
    db.execute(delete(LinkGuess).where(*taken))


def _is_linked(db: Session, guess: Guess) -> bool:
    """Say whether the account is the resident's already, so that there is nothing to guess."""
    account = plain_account(guess.account_number)
    link = db.scalars(link_of(guess.department_id, account)).one_or_none()
    return link is not None and link.resident_id == guess.resident_id


def _take_place(db: Session, counted_by: str, allowance: Allowance, now: datetime) -> None:
    taken = {each.place: each for each in db.scalars(guesses_counted_by(counted_by))}
    for place in range(allowance.most):
        if place not in taken:
            values = {"counted_by": counted_by, "place": place, "made_at": now}
            if insert_unless_there(db, LinkGuess, values):
                return
        elif taken[place].made_at <= now - allowance.window:
            taken[place].made_at = now
            return
    first = min((each.made_at for each in taken.values()), default=now)
    wait = first + allowance.window - now
    raise TooManyRequests(seconds=max(1, math.ceil(wait.total_seconds())))
