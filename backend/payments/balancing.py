"""Whether the books hold together: what came is settled, held or gone back, to the cent (promise T08).

Each currency has sums of its own: cents of one are never added to cents of another.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.payments.models import (
    BankCredit,
    LedgerEntry,
    LedgerPosting,
    Refund,
    returned_by_credit,
)
from backend.payments.rules import Account, RefundState


@dataclass
class Sums:
    """What the books come to in one currency, in cents; by department what is owed to it."""

    came_cents: int = 0  # all money that is recorded
    settled_cents: int = 0  # by the ledger
    held_cents: int = 0  # by the ledger, less what went back
    returned_cents: int = 0
    bank_cents: int = 0  # by the ledger
    by_department: dict[str, int] = field(default_factory=dict)
    recorded_settled_cents: int = 0  # by the rows of money themselves

    @property
    def wrongs(self) -> Sequence[str]:
        """What does not hold, a sentence each; none where all is well."""
        parts = self.settled_cents + self.held_cents + self.returned_cents
        checks = {
            "What came is not what was settled, held and returned.": self.came_cents == parts,
            "The bank's account is not what came less what was returned.": (
                self.bank_cents == self.came_cents - self.returned_cents
            ),
            "What departments are owed is not what was settled.": (
                sum(self.by_department.values()) == self.settled_cents
            ),
            "What the ledger settled is not what the money settled.": (
                self.settled_cents == self.recorded_settled_cents
            ),
            "More went back than was held.": self.held_cents >= 0,
        }
        return [sentence for sentence, holds in checks.items() if not holds]


@dataclass(frozen=True)
class Books:
    """The sums of the books by currency, and what is wrong with single rows of them."""

    by_currency: Mapping[str, Sums]
    unbalanced_entries: int
    overdrawn_credits: Sequence[str]  # of which more went back than was held of them

    @property
    def wrongs(self) -> Sequence[str]:
        """What does not hold, a sentence each; none where all is well."""
        found = [
            f"{currency}: {sentence}"
            for currency, sums in self.by_currency.items()
            for sentence in sums.wrongs
        ]
        if self.unbalanced_entries:
            found.append("Some entries do not balance.")
        found += [f"More of {each} went back than was held." for each in self.overdrawn_credits]
        return found


def read_books(db: Session) -> Books:
    """Sum the books up."""
    by_currency: dict[str, Sums] = defaultdict(Sums)
    for currency, came, settled in db.execute(_recorded()):
        by_currency[currency].came_cents = int(came)
        by_currency[currency].recorded_settled_cents = int(settled)
    for currency, returned in db.execute(_returned()):
        by_currency[currency].returned_cents = int(returned)
    for currency, account, department_id, cents in db.execute(_posted()):
        _add(by_currency[currency], Account(account), department_id, int(cents))
    return Books(
        by_currency=dict(sorted(by_currency.items())),
        unbalanced_entries=db.scalars(_unbalanced()).one(),
        overdrawn_credits=db.scalars(_overdrawn()).all(),
    )


def _add(sums: Sums, account: Account, department_id: str | None, cents: int) -> None:
    """Add what was posted to an account; what is owed stands there with a minus."""
    if account is Account.BANK:
        sums.bank_cents += cents
    elif account is Account.HELD:
        sums.held_cents -= cents
    else:
        sums.settled_cents -= cents
        sums.by_department[department_id or ""] = -cents


def _recorded() -> Select[str, int, int]:
    return select(
        BankCredit.currency, func.sum(BankCredit.amount_cents), func.sum(BankCredit.settled_cents)
    ).group_by(BankCredit.currency)


def _returned() -> Select[str, int]:
    return (
        select(BankCredit.currency, func.sum(Refund.amount_cents))
        .join(BankCredit, BankCredit.id == Refund.credit_id)
        .where(Refund.state == RefundState.DONE)
        .group_by(BankCredit.currency)
    )


def _posted() -> Select[str, str, str | None, int]:
    groups = (LedgerEntry.currency, LedgerPosting.account, LedgerPosting.department_id)
    return (
        select(*groups, func.sum(LedgerPosting.amount_cents))
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .group_by(*groups)
        .order_by(*groups)
    )


def _unbalanced() -> Select[int]:
    entries = (
        select(LedgerPosting.entry_id)
        .group_by(LedgerPosting.entry_id)
        .having(func.sum(LedgerPosting.amount_cents) != 0)
        .subquery()
    )
    return select(func.count()).select_from(entries)


def _overdrawn() -> Select[str]:
    returned = returned_by_credit().subquery()
    return (
        select(BankCredit.id)
        .join(returned, returned.c.credit_id == BankCredit.id)
        .where(returned.c.cents > BankCredit.held_cents)
        .order_by(BankCredit.id)
    )
