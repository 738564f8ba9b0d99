"""Reads a payment code the way a bank's app does. Its own reader: it checks the one who wrote the code.

After EMVCo's Merchant-Presented Mode (EMV QRCPS-MPM) with FPS's template of Hong Kong in tag 26:
a tag of two digits, a length of two digits, a value; a checksum in tag 63 at the end.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.core.clock import HONG_KONG

FPS = "HK.COM.HKICL"
CURRENCIES = {"344": "HKD", "156": "CNY"}


class CodeRefused(Exception):
    """A bank's app would not take this code; `code` says why in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Code:
    """What a payment code asks for. `amount_cents` is None where the payer fills it in."""

    payee: str
    payee_name: str
    amount_cents: int | None
    currency: str
    bill_number: str | None
    reference: str | None
    expires_at: datetime | None


def read_code(text: str) -> Code:
    """Return what a code asks for; CodeRefused where it is broken, or its payee is not void."""
    text = text.strip()
    if len(text) < 8 or text[-8:-4] != "6304" or text[-4:].upper() != checksum(text[:-4]):
        raise CodeRefused("code_broken")
    fields = _fields(text)
    account = _fields(fields.get("26", ""))
    more = _fields(fields.get("62", ""))
    if fields.get("00") != "01" or account.get("00", "").upper() != FPS:
        raise CodeRefused("code_not_fps")
    payee = account.get("02", "")
    if "03" in account or "04" in account or not any(each.isalpha() for each in payee):
        raise CodeRefused("payee_not_void")
    if fields.get("53") not in CURRENCIES:
        raise CodeRefused("code_broken")
    return Code(
        payee=payee,
        payee_name=fields.get("59", ""),
        amount_cents=cents(fields["54"]) if "54" in fields else None,
        currency=CURRENCIES[fields["53"]],
        bill_number=more.get("01"),
        reference=more.get("05"),
        expires_at=_expiry(account["05"]) if "05" in account else None,
    )


def checksum(text: str) -> str:
    """Return the CRC-16/CCITT-FALSE of a text (polynomial 1021, from FFFF), in four capitals."""
    register = 0xFFFF
    for byte in text.encode():
        register ^= byte << 8
        for _ in range(8):
            carry = register & 0x8000
            register = (register << 1) & 0xFFFF ^ (0x1021 if carry else 0)
    return f"{register:04X}"


def cents(text: str) -> int:
    """Return an amount such as `486.3` in cents; CodeRefused if it is none."""
    whole, _, part = text.partition(".")
    is_amount = whole.isdigit() and (not part or part.isdigit()) and len(part) <= 2
    if not (text.isascii() and is_amount and len(text) <= 13) or not Decimal(text):
        raise CodeRefused("amount_odd")
    return int(Decimal(text) * 100)


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        tag, length = text[place : place + 2], text[place + 2 : place + 4]
        value = text[place + 4 : place + 4 + int(length or 0)] if length.isdecimal() else None
        if value is None or len(length) < 2 or len(value) < int(length) or tag in found:
            raise CodeRefused("code_broken")
        found[tag] = value
        place += 4 + int(length)
    return found


def _expiry(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%y%m%d%H%M%S").replace(tzinfo=HONG_KONG)
    except ValueError as error:
        raise CodeRefused("code_broken") from error
