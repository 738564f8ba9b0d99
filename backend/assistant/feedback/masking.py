"""Takes out of a text what tells who wrote it, before it is stored anywhere.

What goes: Hong Kong identity cards, phones, bank cards, e-mail addresses, and every other run of
five digits or more. What stays: dates, short amounts, the numbers of forms. Names stay, as nobody
can tell them from words: a masked text is personal all the same.
"""

import unicodedata
from collections.abc import Callable, Iterator

from backend.assistant.feedback.numbers import Hidden, hidden_numbers
from backend.core.text import MOST_COMBINING_MARKS, is_chinese

MOST_RAW_CHARACTERS = 4096
E_MAIL = "[e-mail]"
LABELS = ("[HKID]", "[phone]", "[card]", "[number]", E_MAIL)
# RFC 5322, section 3.2.3, what an address may hold beside letters, digits and dots.
_ATOM = frozenset("!#$%&'*+-/=?^_`{|}~.")
_CHINESE_DIGITS = {character: str(value) for value, character in enumerate("〇一二三四五六七八九")}
# As on cheques, in either script.
_CHINESE_DIGITS |= {character: str(value) for value, character in enumerate("零壹貳叁肆伍陸柒捌玖")}
_CHINESE_DIGITS |= {"贰": "2", "陆": "6"}
FEWEST_CHINESE_DIGITS = 5
# Letters to Unicode, but drawn as nothing: a number must not hide behind them.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def mask(text: str) -> str:
    """Return `text`, plain and masked. Linear in its length, and bounded: the rest is cut off.

    >>> mask("My HKID is A123456(3), call +852 9123 4567 or me@example.com about BIR60 of 2026")
    'My HKID is [HKID], call [phone] or [e-mail] about BIR60 of 2026'
    """
    shown = _replaced(plain(text), _hidden_addresses)
    return " ".join(_replaced(shown, hidden_numbers).split())


def says_nothing(masked: str) -> bool:
    """Say whether nothing is left of a masked text but its labels."""
    for label in LABELS:
        masked = masked.replace(label, "")
    return not any(character.isalnum() for character in masked)


def plain(text: str) -> str:
    """Fold width, make every digit of every script ASCII, and drop what nobody sees."""
    wide = unicodedata.normalize("NFKC", _without_piles(text[:MOST_RAW_CHARACTERS]))
    return _with_chinese_digits("".join(_plain_characters(wide[:MOST_RAW_CHARACTERS])))


def _without_piles(text: str) -> str:
    """Cut runs of combining marks short: sorting them would cost the square of their number."""
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= MOST_COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)


def _plain_characters(text: str) -> Iterator[str]:
    is_behind_digit = False
    for character in text:
        category = unicodedata.category(character)
        if category in ("Cf", "Cs", "Co", "Cn") or (is_behind_digit and category[0] == "M"):
            continue
        value = unicodedata.digit(character, None)
        is_behind_digit = value is not None
        if value is not None:
            yield str(value)
        else:
            yield " " if category[0] in "CZ" or character in _BLANKS else character


def _with_chinese_digits(text: str) -> str:
    """Write long rows of Chinese digits (`九一二三四五六七`) as digits; `二〇二六年` stays."""
    kept: list[str] = []
    row: list[str] = []
    for character in [*text, ""]:
        if character in _CHINESE_DIGITS:
            row.append(character)
            continue
        is_number = len(row) >= FEWEST_CHINESE_DIGITS
        kept += [_CHINESE_DIGITS[each] for each in row] if is_number else row
        row = []
        kept.append(character)
    return "".join(kept)


def _hidden_addresses(text: str) -> Iterator[Hidden]:
    """Yield the e-mail addresses of `text`. Each `@` looks back no further than to the last one."""
    past = 0
    at = text.find("@")
    while at >= 0:
        start, end = _name_before(text, at, past), _host_after(text, at + 1)
        follows_another = past == at > 0
        if (start < at or follows_another) and end > at + 1:
            yield Hidden(start, end, E_MAIL)
        past = max(end, at + 1)
        at = text.find("@", past)


def _name_before(text: str, at: int, past: int) -> int:
    """Return where the part before the `@` begins; Chinese counts where nothing else is there."""
    for may_be_part in (_is_address_letter, str.isalnum):
        start = at
        while start > past and may_be_part(text[start - 1]):
            start -= 1
        if start < at:
            return start
    return at


def _host_after(text: str, start: int) -> int:
    """Return where the part behind the `@` ends; Chinese counts where nothing else is there."""
    for may_be_part in (_is_host_letter, _is_any_host_letter):
        end = start
        while end < len(text) and may_be_part(text[end]):
            end += 1
        if end > start:
            return end - 1 if text[end - 1] == "." and end - 1 > start else end
    return start


def _is_address_letter(character: str) -> bool:
    return character in _ATOM or _is_host_letter(character)


def _is_host_letter(character: str) -> bool:
    return character in "-." or (character.isalnum() and not is_chinese(character))


def _is_any_host_letter(character: str) -> bool:
    return character in "-." or character.isalnum()


def _replaced(text: str, hidden_in: Callable[[str], Iterator[Hidden]]) -> str:
    kept: list[str] = []
    past = 0
    for hidden in hidden_in(text):
        kept += (text[past : hidden.start], hidden.label)
        past = hidden.end
    return "".join([*kept, text[past:]])
