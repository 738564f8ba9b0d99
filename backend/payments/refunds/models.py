"""Named selects of refunds; their table stands with the money that they are of."""

from datetime import datetime

from sqlalchemy import Select, func, select

from backend.payments.models import BankCredit, PaymentAttempt, Refund
from backend.payments.rules import OPEN_REFUNDS, RefundState


def locked_credit(credit_id: str) -> Select[BankCredit]:
    """The money with this id, its row locked, so that refunds of it follow one another."""
    return select(BankCredit).where(BankCredit.id == credit_id).with_for_update()


def locked_refund(refund_id: str) -> Select[Refund]:
    """The refund with this id, its row locked."""
    return select(Refund).where(Refund.id == refund_id).with_for_update()


def open_refund_of(credit_id: str) -> Select[Refund]:
    """The refund of this money that is under way, if one is."""
    return select(Refund).where(Refund.credit_id == credit_id, Refund.state.in_(OPEN_REFUNDS))


def refunds_due(now: datetime, most: int) -> Select[Refund]:
    """Approved refunds whose turn has come, the first first; a rival's are passed over."""
    return (
        select(Refund)
        .where(Refund.state == RefundState.APPROVED, Refund.due_at <= now)
        .order_by(Refund.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def next_refund_due() -> Select[datetime | None]:
    """When the next approved refund has its turn, None if there is none."""
    return select(func.min(Refund.due_at)).where(Refund.state == RefundState.APPROVED)


def with_currency() -> Select[Refund, str]:
    """Refunds, each with the currency of its money."""
    return select(Refund, BankCredit.currency).join(BankCredit, BankCredit.id == Refund.credit_id)


def refunds_newest_first(state: RefundState | None, limit: int) -> Select[Refund, str]:
    """Refunds in some state, or in any, the newest first, each with the currency of its money."""
    refunds = with_currency().order_by(Refund.id.desc()).limit(limit)
    return refunds if state is None else refunds.where(Refund.state == state)


def attempt_with(attempt_id: str) -> Select[PaymentAttempt]:
    """The attempt that money came for, whoever's: to tell them, never for a reader."""
    return select(PaymentAttempt).where(PaymentAttempt.id == attempt_id)


def refunds_paid_out(since: datetime, until: datetime) -> Select[Refund, str]:
    """Refunds that the bank paid out in a span of time, its end not included, with currencies."""
    return with_currency().where(
        Refund.state == RefundState.DONE, Refund.closed_at >= since, Refund.closed_at < until
    )


def unstated_refunds(since: datetime, until: datetime) -> Select[Refund, str]:
    """Refunds paid out in a span of time that no file of the bank holds."""
    return refunds_paid_out(since, until).where(Refund.stated_on.is_(None))
