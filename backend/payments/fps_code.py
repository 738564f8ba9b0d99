"""What a payment code says, and what each part of it may hold.

After *EMV QR Code Specification for Payment Systems (EMV QRCPS): Merchant-Presented Mode* and
Hong Kong's use of it: template 26 under `hk.com.hkicl`. What of this is unverified against the
operator's own text stands in docs/decisions/0017-payment-codes.md.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.core.errors import Invalid
from backend.core.languages import Words

GUID = "hk.com.hkicl"
END = "6304"  # tag and length of the check sum, which itself covers them
CODES = {"HKD": "344", "CNY": "156"}  # ISO 4217, by number
CURRENCIES = {number: name for name, number in CODES.items()}
# What each object may hold; tags inside a template are `26.02`.
VALUES = {
    tag: re.compile(pattern, re.ASCII)
    for tag, pattern in {
        "00": r"01",
        "01": r"1[12]",
        "52": r"\d{4}",
        "58": r"[A-Z]{2}",
        "59": r".{1,25}",
        "60": r".{1,15}",
        "26.00": r"(?i:hk\.com\.hkicl)",
        "26.01": r"\d{3}",
        "26.02": r"[!-~]{1,34}",
        "26.03": r"\+\d{1,3}-\d{1,15}",
        "26.04": r"[!-?A-~]+@[!-?A-~]+",
        "62.01": r".{1,25}",
        "62.05": r".{1,25}",
    }.items()
}


class CodeNotReadable(Invalid):
    code = "payment_code_not_readable"
    says = Words(
        "This payment code cannot be read: {why}.",
        "未能讀取此付款碼：{why}。",
        "未能读取此付款码：{why}。",
    )


class CodeNotWritable(ValueError):
    """These facts make no payment code that would be read as they are meant."""


class PayeeKind(StrEnum):
    """By what a payee is known to FPS; the value is the tag inside template 26."""

    IDENTIFIER = "02"
    MOBILE = "03"
    EMAIL = "04"


class Initiation(StrEnum):
    """Whether a code is for every payment or for one (tag 01)."""

    STATIC = "11"
    DYNAMIC = "12"


@dataclass(frozen=True)
class Amount:
    """Whole cents, and how the code spells them: `100.5` and `100.50` are the same money."""

    cents: int
    spelling: str

    @classmethod
    def of(cls, cents: int) -> "Amount":
        """Spell an amount with both decimals."""
        return cls(cents, f"{cents // 100}.{cents % 100:02d}")


Objects = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PaymentCode:
    """What a payment code says. `expires_at` is aware and of whole seconds.

    Without an amount the payer enters one. Objects of tags that are not known here are kept, sorted
    by tag: `others` on the outside, those of templates 26 and 62 beside them.
    """

    payee: str
    payee_kind: PayeeKind = PayeeKind.IDENTIFIER
    name: str = "NA"
    clearing_code: str | None = None
    expires_at: datetime | None = None
    initiation: Initiation | None = Initiation.DYNAMIC
    category: str = "0000"
    currency: str = "HKD"
    amount: Amount | None = None
    country: str = "HK"
    city: str = "HK"
    bill_number: str | None = None
    reference: str | None = None
    others: Objects = ()
    payee_others: Objects = ()
    bill_others: Objects = ()
