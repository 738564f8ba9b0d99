"""A payment attempt becomes what its resident reads: a code to pay with, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session

from backend.bills import OwnPayment
from backend.core.settings import BankAccount
from backend.payments import rules
from backend.payments.fps_qr import code_to_pay
from backend.payments.models import (
    BankCredit,
    PaymentAttempt,
    attempts_alive_at,
    credits_of_attempt,
    returned_of_credits,
)
from backend.payments.receipts.models import receipt_of_credits


@dataclass(frozen=True)
class ReadCode:
    """What a bank's app scans or opens."""

    text: str
    svg: str
    png: str
    app_link: str | None


@dataclass(frozen=True)
class Held:
    """Money of one currency that came and settled nothing, and how much of it went back."""

    currency: str
    amount_cents: int
    returned_cents: int


@dataclass(frozen=True)
class ReadPayment:
    """A payment attempt as its resident reads it."""

    id: str
    bill_id: str
    state: str
    cancel_asked: bool
    amount_cents: int
    currency: str
    created_at: datetime
    expires_at: datetime
    code: ReadCode | None
    paid_cents: int
    held: Sequence[Held]
    receipt_id: str | None


@dataclass(frozen=True)
class Till:
    """The account that is paid into, and whether payments here are for show alone."""

    account: BankAccount
    is_demo: bool

    def code_text(self, attempt: PaymentAttempt) -> str:
        """Return the payment code of an attempt, the same each time."""
        return code_to_pay(
            payee=self.account.payee,
            payee_name=self.account.payee_name,
            is_demo=self.is_demo,
            amount_cents=attempt.amount_cents,
            currency=attempt.currency,
            bill_number=attempt.bill_number,
            reference=attempt.reference,
            expires_at=attempt.expires_at,
        )


def read_payment(db: Session, attempt: PaymentAttempt, till: Till) -> ReadPayment:
    """Read an attempt with the money that came for it."""
    arrived = db.scalars(credits_of_attempt(attempt.id)).all()
    ids = [credit.id for credit in arrived]
    receipt = db.scalars(receipt_of_credits(ids)).one_or_none() if ids else None
    returned = dict(db.execute(returned_of_credits(ids)).all()) if ids else {}
    return ReadPayment(
        id=attempt.id,
        bill_id=attempt.bill_id,
        state=attempt.state,
        cancel_asked=attempt.cancel_asked_at is not None,
        amount_cents=attempt.amount_cents,
        currency=attempt.currency,
        created_at=attempt.created_at,
        expires_at=attempt.expires_at,
        code=_code(attempt, till),
        paid_cents=sum(credit.settled_cents for credit in arrived),
        held=_held(arrived, returned),
        receipt_id=receipt.id if receipt else None,
    )


def read_payments_of(
    db: Session, resident_id: str, bill_ids: Collection[str]
) -> Mapping[str, OwnPayment]:
    """Return, by bill, which of a resident's own payments is under way, and of which money is held.

    Of bills without either there is nothing.
    """
    under_way, held = {}, {}
    for row in db.execute(attempts_alive_at(resident_id, bill_ids)):
        if row.state in rules.OPEN_STATES:
            under_way[row.bill_id] = row.id
        if row.held_cents > 0:
            held[row.bill_id] = row.id
    return {
        bill_id: OwnPayment(under_way.get(bill_id), held.get(bill_id))
        for bill_id in {*under_way, *held}
    }


def _code(attempt: PaymentAttempt, till: Till) -> ReadCode | None:
    """Return what to pay with while the attempt is open and nothing has asked for its end."""
    if attempt.state not in rules.OPEN_STATES or attempt.cancel_asked_at is not None:
        return None
    text, address = till.code_text(attempt), f"/v1/payments/{attempt.id}/code"
    link = till.account.app_link
    return ReadCode(
        text=text,
        svg=f"{address}.svg",
        png=f"{address}.png",
        app_link=f"{link}{quote(text, safe='')}" if link else None,
    )


def _held(arrived: Sequence[BankCredit], returned: Mapping[str, int]) -> list[Held]:
    kept = [credit for credit in arrived if credit.held_cents]
    return [
        Held(
            currency,
            sum(each.held_cents for each in kept if each.currency == currency),
            sum(int(returned.get(each.id, 0)) for each in kept if each.currency == currency),
        )
        for currency in sorted({each.currency for each in kept})
    ]
