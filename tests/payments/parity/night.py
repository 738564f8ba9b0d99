"""A night watch that holds the harbour's books against the bank's file."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from backend.gateways.bank import Bank, Transaction
from backend.payments.crediting import record_credit
from backend.payments.models import BankCredit, PaymentAttempt
from backend.payments.parity.models import (
    ParityDay,
    ParityFinding,
    ParitySum,
    count_of_open_findings,
)
from backend.payments.parity.nightly import check_days
from backend.payments.rules import HeardBy
from tests.payments.harbour import Harbour

TODAY = date(2026, 11, 23)  # of the harbour, in Hong Kong
ONE_O_CLOCK = datetime(2026, 11, 23, 17, tzinfo=UTC)  # of the night after


@dataclass
class Night:
    """What is paid by day, and what the night finds."""

    harbour: Harbour

    def paid(self, *, heard: bool = True, **wishes: object) -> PaymentAttempt:
        """Let a bill be paid at the bank; we may have heard of it, or not."""
        resident = self.harbour.resident()
        attempt = self.harbour.announced(resident, self.harbour.bill(resident))
        self.harbour.pay(attempt, **wishes)
        if heard:
            self.harbour.hear_all()
        return attempt

    def heard_of(self, transaction_id: str, attempt: PaymentAttempt, amount_cents: int) -> None:
        """Let our books have money that the bank may know nothing of."""
        money = Transaction(
            transaction_id, "FRN1", attempt.reference, amount_cents, "HKD", self.harbour.now
        )
        with self.harbour.database.transaction() as db:
            record_credit(db, money, HeardBy.CALLBACK, self.harbour.now)

    def check(self, bank: Bank | None = None) -> datetime | None:
        """Let the worker look once; return when it wants to come again."""
        self.harbour.bank.quiet.end()  # which is kept by the machine's clock
        harbour = self.harbour
        return check_days(harbour.database, bank or harbour.bank, harbour.clock, harbour.ring)

    def check_all(self) -> None:
        """Let the worker do all that is due at this moment."""
        while (due_at := self.check()) is not None and due_at <= self.harbour.clock():
            pass

    def fall(self, days: int = 0) -> None:
        """Let time pass until one o'clock of the coming night, or of one so many days later."""
        self.harbour.now = ONE_O_CLOCK + timedelta(days=days)

    def findings(self) -> list[tuple[str, int | None, int | None]]:
        """Kind, the bank's cents and ours, of all that was found."""
        with self.harbour.database.transaction(read_only=True) as db:
            found = db.scalars(select(ParityFinding).order_by(ParityFinding.id))
            return [(each.kind, each.bank_cents, each.our_cents) for each in found]

    def open_kinds(self) -> list[str]:
        """The kinds of findings that nobody has closed."""
        with self.harbour.database.transaction(read_only=True) as db:
            wanted = select(ParityFinding.kind).where(ParityFinding.closed_at.is_(None))
            return list(db.scalars(wanted.order_by(ParityFinding.id)))

    def days(self, currency: str = "HKD") -> dict[date, tuple[int, int] | None]:
        """The bank's cents and ours of each day, None where it is not checked."""
        with self.harbour.database.transaction(read_only=True) as db:
            days = db.scalars(select(ParityDay)).all()
            of_it = select(ParitySum).where(ParitySum.currency == currency)
            sums = {each.day: (each.bank_cents, each.our_cents) for each in db.scalars(of_it)}
        return {each.day: sums.get(each.day, (0, 0)) if each.checked_at else None for each in days}

    def count_open(self) -> int:
        """What the gauge shows."""
        with self.harbour.database.transaction(read_only=True) as db:
            return db.scalars(count_of_open_findings()).one()

    def credit_of(self, attempt: PaymentAttempt) -> BankCredit:
        with self.harbour.database.transaction(read_only=True) as db:
            return db.scalars(select(BankCredit).where(BankCredit.attempt_id == attempt.id)).one()
