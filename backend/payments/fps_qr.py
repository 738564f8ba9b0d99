"""Payment codes as Hong Kong's banks read them: EMV merchant-presented QR codes for FPS.

This is the door: codes are written and read here, and the only way by which one leaves Ferry is
`code_to_pay`, which lets nobody real into a demo's codes, and nobody void into production's.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from backend.core.clock import HONG_KONG
from backend.payments.fps_code import (
    CODES,
    END,
    GUID,
    Amount,
    CodeNotReadable,
    CodeNotWritable,
    Initiation,
    PayeeKind,
    PaymentCode,
)
from backend.payments.fps_reading import crc, parse

__all__ = [
    "Amount",
    "CodeNotReadable",
    "CodeNotWritable",
    "Initiation",
    "PayeeKind",
    "PayeeNotAllowed",
    "PaymentCode",
    "build",
    "check_payee",
    "code_to_pay",
    "crc",
    "ensure_payable",
    "ensure_void",
    "parse",
]

DEMO_NAME = "DEMO"
LONGEST_BILL_NUMBER = 25  # of object 62.01
# FPS identifiers are numbers of seven or nine digits, so letters alone can never be one.
VOID = re.compile(r"[A-Za-z]{4,25}")
REAL = re.compile(r"\d{7}|\d{9}", re.ASCII)
# Placeholders that stand in examples and tests; never to be shown as payable by anybody.
DENIED_PAYEES = frozenset({"9999999", "999999999", "+852-67891234", "BILL@EXAMPLE.COM"})


class PayeeNotAllowed(ValueError):
    """This payee may not stand in a payment code here; the message says why."""


def build(code: PaymentCode) -> str:
    """Write a payment code; CodeNotWritable where reading it back would not give the same."""
    try:
        text = _write(code)
        is_same = parse(text) == code
    except (CodeNotReadable, KeyError, ValueError) as error:
        raise CodeNotWritable(f"these facts make no payment code: {error}") from error
    if not is_same:
        raise CodeNotWritable("this payment code would be read as another")
    return text


def _write(code: PaymentCode) -> str:
    moment = code.expires_at
    payee = [
        ("00", GUID),
        ("01", code.clearing_code),
        (str(code.payee_kind), code.payee),
        ("05", moment.astimezone(HONG_KONG).strftime("%y%m%d%H%M%S") if moment else None),
        *code.payee_others,
    ]
    bill = [("01", code.bill_number), ("05", code.reference), *code.bill_others]
    objects = [
        ("00", "01"),
        ("01", code.initiation),
        ("26", _joined(payee)),
        ("52", code.category),
        ("53", CODES[code.currency]),
        ("54", code.amount.spelling if code.amount else None),
        ("58", code.country),
        ("59", code.name),
        ("60", code.city),
        ("62", _joined(bill) or None),
        *code.others,
    ]
    text = _joined(objects) + END
    return text + crc(text)


def _joined(objects: Iterable[tuple[str, str | None]]) -> str:
    there = sorted((tag, value) for tag, value in objects if value is not None)
    return "".join(f"{tag}{len(value):02d}{value}" for tag, value in there)


def ensure_void(code: PaymentCode) -> None:
    """Refuse a code that could be paid, or looks as if: PayeeNotAllowed."""
    if code.payee.upper() in DENIED_PAYEES:
        raise PayeeNotAllowed("This payee stands on the list of those that are never shown.")
    if code.payee_kind is not PayeeKind.IDENTIFIER:
        raise PayeeNotAllowed("A demo names no mobile number and no e-mail address as its payee.")
    if not VOID.fullmatch(code.payee):
        raise PayeeNotAllowed(
            "A demo's payee must be void: 4 to 25 letters and nothing else, which no bank knows."
        )
    if code.name != DEMO_NAME:
        raise PayeeNotAllowed(f"A demo's payee must be named {DEMO_NAME}.")


def ensure_payable(code: PaymentCode) -> None:
    """Refuse a code that leads nowhere: PayeeNotAllowed."""
    if code.payee.upper() in DENIED_PAYEES:
        raise PayeeNotAllowed("This payee is a placeholder of examples.")
    if code.payee_kind is not PayeeKind.IDENTIFIER or not REAL.fullmatch(code.payee):
        raise PayeeNotAllowed("The payee must be an FPS identifier: a number of 7 or 9 digits.")
    if code.name.strip().upper() in (DEMO_NAME, "NA"):
        raise PayeeNotAllowed("The payee must have a name that residents know.")


def check_payee(payee: str, name: str, *, is_demo: bool) -> None:
    """Refuse at start what could never stand in a payment code; PayeeNotAllowed, a ValueError."""
    code = PaymentCode(payee=payee, name=name)
    ensure_allowed(code, is_demo=is_demo)
    try:
        build(code)
    except CodeNotWritable as error:
        raise PayeeNotAllowed(
            "The payee's name must be 1 to 25 plain letters, as a payment code can hold no more."
        ) from error


def ensure_allowed(code: PaymentCode, *, is_demo: bool) -> None:
    """Refuse the wrong kind of payee for where this Ferry runs; PayeeNotAllowed."""
    if is_demo:
        ensure_void(code)
    else:
        ensure_payable(code)


def code_to_pay(
    payee: str,
    payee_name: str,
    *,
    is_demo: bool,
    amount_cents: int,
    currency: str,
    bill_number: str,
    reference: str,
    expires_at: datetime,
) -> str:
    """Write the code of one payment request: the only way by which one leaves Ferry.

    It expires at the whole second before `expires_at`. A bill number that object 62.01 cannot hold
    is left out, never cut: our own reference in 62.05 says which bill it is. PayeeNotAllowed,
    CodeNotWritable.
    """
    code = PaymentCode(
        payee=payee,
        name=payee_name,
        initiation=Initiation.DYNAMIC,
        amount=Amount.of(amount_cents),
        currency=currency,
        bill_number=bill_number if len(bill_number) <= LONGEST_BILL_NUMBER else None,
        reference=reference,
        expires_at=expires_at.replace(microsecond=0),
    )
    ensure_allowed(code, is_demo=is_demo)
    return build(code)
