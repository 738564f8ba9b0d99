"""Two operators at a desk, and the worker that sends what they have decided."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from backend.gateways.bank import Bank
from backend.payments.models import BankCredit, Refund
from backend.payments.refunds import actions
from backend.payments.refunds.sending import send_refunds
from tests.payments.harbour import Harbour


@dataclass
class RefundDesk:
    """Who asks, who approves, and what became of it."""

    harbour: Harbour

    def held(self, **wishes: object) -> BankCredit:
        """Let somebody pay a bill twice; return the money that is held."""
        resident = self.harbour.resident()
        attempt = self.harbour.announced(resident, self.harbour.bill(resident))
        self.harbour.pay(attempt, **{"times": 2, **wishes})
        self.harbour.hear_all()
        return next(each for each in reversed(self.harbour.credits()) if each.held_cents)

    def ask(
        self, credit: BankCredit, amount_cents: int | None = None, operator: str = "Chan Siu Ming"
    ) -> str:
        """Ask for a refund; return its id."""
        with self.harbour.database.transaction() as db:
            return actions.ask_refund(
                db,
                credit.id,
                amount_cents,
                "paid twice",
                operator=operator,
                now=self.harbour.clock(),
            ).id

    def approve(self, refund_id: str, operator: str = "Lee Ka Yan") -> None:
        with self.harbour.database.transaction() as db:
            actions.approve_refund(db, refund_id, operator, self.harbour.clock(), self.harbour.ring)

    def decline(self, refund_id: str, operator: str = "Lee Ka Yan") -> None:
        with self.harbour.database.transaction() as db:
            actions.decline_refund(db, refund_id, operator, self.harbour.clock())

    def approved(self, credit: BankCredit, amount_cents: int | None = None) -> str:
        """Ask and approve; return the refund's id."""
        refund_id = self.ask(credit, amount_cents)
        self.approve(refund_id)
        return refund_id

    def news(self, refund_id: str, *, done: bool, reason: str | None = None) -> None:
        """Let the bank tell us of a refund."""
        with self.harbour.database.transaction() as db:
            actions.apply_refund_news(db, refund_id, done, reason, self.harbour.clock())

    def send(self, bank: Bank | None = None) -> datetime | None:
        """Let the worker do one batch; return when it wants to come again."""
        self.harbour.bank.quiet.end()  # which is kept by the machine's clock
        harbour = self.harbour
        return send_refunds(harbour.database, bank or harbour.bank, harbour.clock, harbour.ring)

    def send_all(self) -> None:
        """Let the worker do all that is due at this moment."""
        while (due_at := self.send()) is not None and due_at <= self.harbour.clock():
            pass

    def refund(self, refund_id: str) -> Refund:
        with self.harbour.database.transaction(read_only=True) as db:
            return db.get_one(Refund, refund_id)

    def refunds(self) -> list[Refund]:
        with self.harbour.database.transaction(read_only=True) as db:
            return list(db.scalars(select(Refund).order_by(Refund.id)))

    def bank_lines(self) -> list[str]:
        """The references of all refunds that the bank has taken on."""
        return list(self.harbour.ledger.refunds)

    def books_agree(self) -> bool:
        """Say whether our books and the bank's come to the same."""
        return self.harbour.books()[0] == self.harbour.bank_cents()
