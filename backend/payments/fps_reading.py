"""Reads a payment code, by tag and never by position.

A data object is a tag of two digits, a length of two digits, and its value. EMV counts characters
and some readers count bytes, so a code may hold printable ASCII alone, where both agree.
"""

import binascii
import re
from datetime import UTC, datetime

from backend.core.clock import HONG_KONG
from backend.core.languages import Words
from backend.payments.fps_code import (
    CURRENCIES,
    END,
    VALUES,
    Amount,
    CodeNotReadable,
    Initiation,
    PayeeKind,
    PaymentCode,
)

LONGEST = 512
PLAIN = re.compile(r"[ -~]*")
OBJECT = re.compile(r"(\d\d)(\d\d)", re.ASCII)
AMOUNT = re.compile(r"(0|[1-9]\d{0,9})(?:\.(\d{1,2}))?", re.ASCII)
MOMENT = re.compile(r"\d{12}", re.ASCII)

NOT_PLAIN = Words("it holds more than plain letters", "含有不接受的字元", "含有不接受的字符")
TOO_LONG = Words("it is too long", "內容過長", "内容过长")
CUT = Words("a length does not fit", "長度不符", "长度不符")
TWICE = Words("{tag} stands twice", "{tag} 重複", "{tag} 重复")
MISSING = Words("{tag} is missing", "缺少 {tag}", "缺少 {tag}")
WRONG = Words("{tag} is not as it must be", "{tag} 的內容不正確", "{tag} 的内容不正确")
CHECK_SUM = Words("its check sum is wrong", "校驗碼不符", "校验码不符")
PAYEES = Words("it names no payee, or several", "沒有或有多個收款人", "没有或有多个收款人")


def crc(text: str) -> str:
    """Return the check sum of a text: CRC-16/CCITT-FALSE (ISO/IEC 13239), four capital digits."""
    return f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def parse(text: str) -> PaymentCode:
    """Read a payment code, by tag and never by position; CodeNotReadable, and nothing else.

    `00` must come first and the check sum last; between them any order goes. Capitals in the name
    of the template and small letters in the check sum are read as well.
    """
    _ensure_whole(text)
    objects = _objects(text[:-8], "")
    if next(iter(objects), None) != "00":
        raise CodeNotReadable(why=_about(MISSING, "00"))
    payee = _objects(_taken(objects, "", "26"), "26.")
    bill = _objects(objects.pop("62", ""), "62.")
    _taken(objects, "", "00")
    _taken(payee, "26.", "00")
    initiation = _taken_or_none(objects, "", "01")
    kinds = [kind for kind in PayeeKind if kind in payee]
    if len(kinds) != 1:
        raise CodeNotReadable(why=PAYEES)
    return PaymentCode(
        payee=_taken(payee, "26.", kinds[0]),
        payee_kind=kinds[0],
        name=_taken(objects, "", "59"),
        clearing_code=_taken_or_none(payee, "26.", "01"),
        expires_at=_moment(payee.pop("05", None)),
        initiation=Initiation(initiation) if initiation else None,
        category=_taken(objects, "", "52"),
        currency=_currency(_taken(objects, "", "53")),
        amount=_amount(objects.pop("54", None)),
        country=_taken(objects, "", "58"),
        city=_taken(objects, "", "60"),
        bill_number=_taken_or_none(bill, "62.", "01"),
        reference=_taken_or_none(bill, "62.", "05"),
        others=tuple(sorted(objects.items())),
        payee_others=tuple(sorted(payee.items())),
        bill_others=tuple(sorted(bill.items())),
    )


def _ensure_whole(text: str) -> None:
    if len(text) > LONGEST:
        raise CodeNotReadable(why=TOO_LONG)
    if not PLAIN.fullmatch(text):
        raise CodeNotReadable(why=NOT_PLAIN)
    if text[-8:-4] != END:
        raise CodeNotReadable(why=_about(MISSING, "63"))
    if text[-4:].upper() != crc(text[:-4]):
        raise CodeNotReadable(why=CHECK_SUM)


def _objects(text: str, template: str) -> dict[str, str]:
    found: dict[str, str] = {}
    while text:
        head = OBJECT.match(text)
        length = int(head[2]) if head else 0
        if head is None or length == 0 or len(text) < 4 + length:
            raise CodeNotReadable(why=CUT)
        if head[1] in found or (template + head[1]) == "63":
            raise CodeNotReadable(why=_about(TWICE, template + head[1]))
        found[head[1]], text = text[4 : 4 + length], text[4 + length :]
    return found


def _taken(objects: dict[str, str], template: str, tag: str) -> str:
    value = _taken_or_none(objects, template, tag)
    if value is None:
        raise CodeNotReadable(why=_about(MISSING, template + tag))
    return value


def _taken_or_none(objects: dict[str, str], template: str, tag: str) -> str | None:
    value, allowed = objects.pop(tag, None), VALUES.get(template + tag)
    if value is not None and allowed and not allowed.fullmatch(value):
        raise CodeNotReadable(why=_about(WRONG, template + tag))
    return value


def _currency(number: str) -> str:
    if number not in CURRENCIES:
        raise CodeNotReadable(why=_about(WRONG, "53"))
    return CURRENCIES[number]


def _amount(spelling: str | None) -> Amount | None:
    if spelling is None:
        return None
    match = AMOUNT.fullmatch(spelling)
    cents = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if cents == 0:
        raise CodeNotReadable(why=_about(WRONG, "54"))
    return Amount(cents, spelling)


def _moment(digits: str | None) -> datetime | None:
    if digits is None:
        return None
    try:
        if not MOMENT.fullmatch(digits):
            raise ValueError(digits)
        moment = datetime.strptime(f"20{digits}", "%Y%m%d%H%M%S").replace(tzinfo=HONG_KONG)
    except ValueError as error:
        raise CodeNotReadable(why=_about(WRONG, "26.05")) from error
    return moment.astimezone(UTC)


def _about(words: Words, tag: str) -> Words:
    """Name the tag in all three languages."""
    return Words(*(each.format(tag=tag) for each in (words.en, words.zh_hant, words.zh_hans)))
