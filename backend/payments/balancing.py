"""Whether the books hold together: what came is settled, held or gone back, to the cent (promise T08)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.payments import ledger
from backend.payments.models import BankCredit, LedgerPosting, Refund
from backend.payments.rules import Account, RefundState


@dataclass(frozen=True)
class Books:
    """The sums of the books, in cents; by department what is owed to it."""

    came_cents: int  # all money that is recorded
    settled_cents: int  # by the ledger
    held_cents: int  # by the ledger, less what went back
    returned_cents: int
    bank_cents: int  # by the ledger
    by_department: Mapping[str, int]
    unbalanced_entries: int
    recorded_settled_cents: int  # by the rows of money themselves

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
            "Some entries do not balance.": not self.unbalanced_entries,
        }
        return [sentence for sentence, holds in checks.items() if not holds]


def read_books(db: Session) -> Books:
    """Sum the books up."""
    balances = ledger.balances(db)
    came = select(
        func.coalesce(func.sum(BankCredit.amount_cents), 0),
        func.coalesce(func.sum(BankCredit.settled_cents), 0),
    )
    came_cents, settled_cents = db.execute(came).one()
    returned = select(func.coalesce(func.sum(Refund.amount_cents), 0)).where(
        Refund.state == RefundState.DONE
    )
    owed = (
        select(LedgerPosting.department_id, func.sum(LedgerPosting.amount_cents))
        .where(LedgerPosting.account == Account.DEPARTMENT)
        .group_by(LedgerPosting.department_id)
        .order_by(LedgerPosting.department_id)
    )
    unbalanced = (
        select(LedgerPosting.entry_id)
        .group_by(LedgerPosting.entry_id)
        .having(func.sum(LedgerPosting.amount_cents) != 0)
        .subquery()
    )
    return Books(
        came_cents=int(came_cents),
        settled_cents=-balances[Account.DEPARTMENT],
        held_cents=-balances[Account.HELD],
        returned_cents=int(db.scalars(returned).one()),
        bank_cents=balances[Account.BANK],
        by_department={name or "": -int(cents) for name, cents in db.execute(owed)},
        unbalanced_entries=db.scalars(select(func.count()).select_from(unbalanced)).one(),
        recorded_settled_cents=int(settled_cents),
    )
