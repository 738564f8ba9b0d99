"""Finds runs of digits in a plain text and says what each is: an identity card, a phone, a card.

No regular expression: the scan goes once from left to right and looks a few characters ahead at
most, so its cost is linear in the text, whatever stands in it.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
SEPARATORS = frozenset(" -_./()[]+*#~|,'\u2022\u00b7\u2212")
# A comma or full stop with a blank behind it ends a sentence or a part of one, and so a number.
ENDING = frozenset(",.")
WIDEST_GAP = 4
FEWEST_DIGITS = 5
HKID_DIGITS, MAINLAND_ID_DIGITS = 6, 17
MOST_SHORT, MOST_BESIDE_DATE = 7, 4
HKID, PHONE, CARD, NUMBER = "[HKID]", "[phone]", "[card]", "[number]"


@dataclass(frozen=True, slots=True)
class Run:
    """Digits of `text` from `start` up to `end` (exclusive), whatever separates them left out."""

    text: str
    start: int
    end: int
    digits: str

    @property
    def written(self) -> str:
        return self.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A part of a text, from `start` up to `end` (exclusive), and what is shown in its place."""

    start: int
    end: int
    label: str


def hidden_numbers(text: str) -> Iterator[Hidden]:
    """Yield what is to be hidden, left to right. `text` has passed `masking.plain`."""
    place = 0
    while place < len(text):
        if text[place] not in DIGITS:
            place += 1
            continue
        run = _run_from(text, place)
        hidden = _identity_card(run) or _other(run)
        if hidden is not None:
            yield hidden
        place = hidden.end if hidden else run.end


def _run_from(text: str, start: int) -> Run:
    """Return the digits from `start` on, with gaps of a few separators between them."""
    digits = [text[start]]
    end = start + 1
    while end < len(text):
        after = _past_gap(text, end, WIDEST_GAP)
        is_end_of_sentence = after > end + 1 and not ENDING.isdisjoint(text[end:after])
        if after == len(text) or text[after] not in DIGITS or is_end_of_sentence:
            break
        digits.append(text[after])
        end = after + 1
    return Run(text, start, end, "".join(digits))


def _past_gap(text: str, place: int, widest: int) -> int:
    last = min(len(text), place + widest)
    while place < last and _separates(text[place]):
        place += 1
    return place


def _separates(character: str) -> bool:
    return character in SEPARATORS or unicodedata.category(character) == "Pd"


def _identity_card(run: Run) -> Hidden | None:
    """Return the Hong Kong identity card number that `run` begins with, if its check digit fits."""
    if len(run.digits) < HKID_DIGITS:
        return None
    found = _check_of(run)
    if found is None:
        return None
    check, end = found
    for start, letters in _letters_before(run):
        if is_hkid(letters + run.digits[:HKID_DIGITS] + check):
            return Hidden(start, end, HKID)
    return None


def _check_of(run: Run) -> tuple[str, int] | None:
    """Return the check digit behind six digits, 0 to 9 or A, and where the number ends."""
    text = run.text
    if len(run.digits) > HKID_DIGITS:
        check, end = run.digits[HKID_DIGITS], _place_of_digit(run, HKID_DIGITS) + 1
    else:
        check, end = "A", _past_gap(text, run.end, WIDEST_GAP) + 1
        if text[end - 1 : end] not in ("A", "a"):
            return None
    if text[end : end + 1] in (")", "]"):
        return check, end + 1
    # Digits behind an open end may well be the rest of another number: a phone's, say.
    is_more = len(run.digits) > HKID_DIGITS + 1 or text[end : end + 1] in LETTERS
    return None if is_more else (check, end)


def _place_of_digit(run: Run, number: int) -> int:
    places = (place for place in range(run.start, run.end) if run.text[place] in DIGITS)
    return next(place for count, place in enumerate(places) if count == number)


def _letters_before(run: Run) -> list[tuple[int, str]]:
    """List the one or two letters before `run`, with where they begin, the longer first.

    Right before the digits they may end a word, as nobody knows what stands before; behind a
    separator they must stand by themselves, or any "is 1234567" would be a card.
    """
    text, end = run.text, run.start
    while end > 0 and run.start - end < 2 and _separates(text[end - 1]):
        end -= 1
    start = end
    while start > 0 and end - start < 3 and text[start - 1] in LETTERS:
        start -= 1
    if end < run.start and end - start > 2:
        return []
    longest = min(end - start, 2)
    shortest = 1 if end == run.start else longest
    lengths = range(longest, max(shortest, 1) - 1, -1)
    return [(end - length, text[end - length : end]) for length in lengths]


def is_hkid(number: str) -> bool:
    """Say whether one or two letters, six digits and a check digit (0 to 9 or A) fit together.

    Weights 9 to 2 and then 1, modulo 11; A is 10 to 35 for Z, a missing first letter is 36, and the
    check digit A is 10.
    """
    *known, check = list(number.upper().rjust(9))
    values = [36 if each == " " else int(each, 36) for each in known]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    return (total + int(check, 36)) % 11 == 0


def _other(run: Run) -> Hidden | None:
    """Return what a run that is no identity card hides; None for dates and short numbers."""
    if len(run.digits) < FEWEST_DIGITS or is_harmless(run.written):
        return None
    start, end = _with_letters_and_brackets(run)
    return Hidden(start, end, label_of(run.digits))


def _with_letters_and_brackets(run: Run) -> tuple[int, int]:
    """Widen a run by what belongs to it: one or two letters in front, an X behind, brackets."""
    text, start, end = run.text, run.start, run.end
    if len(run.digits) == MAINLAND_ID_DIGITS:
        after = _past_gap(text, end, WIDEST_GAP)
        end = after + 1 if text[after : after + 1] in ("X", "x") else end
    if len(run.digits) == HKID_DIGITS and text[end : end + 3] in ("(A)", "(a)"):
        end += 3
    letters = [found for found, _ in _letters_before(run) if text[found:start].isalpha()]
    if letters and (letters[0] == 0 or text[letters[0] - 1] not in LETTERS):
        start = letters[0]
    if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
        end += 1
    if ")" in text[start:end] and "(" not in text[start:end]:
        while start > 0 and text[start - 1] in "(+":
            start -= 1
    return (start - 1 if text[start - 1 : start] == "+" else start), end


def label_of(digits: str) -> str:
    """Say what a run of digits is: `[phone]`, `[card]` or `[number]`."""
    if is_phone(digits):
        return PHONE
    if 13 <= len(digits) <= 19 and passes_luhn(digits) and not is_mainland_id(digits):
        return CARD
    return NUMBER


def is_phone(digits: str) -> bool:
    """Say whether these are a phone's: Hong Kong's 8 digits or a Mainland mobile's 11.

    With or without the country's code, behind `00` or not.
    """
    bare = digits.removeprefix("00")
    local = bare.removeprefix("852") if len(bare) == 11 else bare
    if len(local) == 8:
        return local[0] not in "01"
    mobile = bare.removeprefix("86") if len(bare) == 13 else bare
    return len(mobile) == 11 and mobile[0] == "1" and mobile[1] in "3456789"


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit is that of Luhn's formula (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(map(int, digits[::-2])) + sum(each - 9 if each > 9 else each for each in doubled)
    return total % 10 == 0


def is_mainland_id(digits: str) -> bool:
    """Say whether 18 digits are a Mainland identity number (GB 11643-1999, check by mod 11-2)."""
    if len(digits) != MAINLAND_ID_DIGITS + 1:
        return False
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits))
    return total % 11 == 1


def is_harmless(written: str) -> bool:
    """Say whether a run of five digits or more is a date, a short amount, or a few beside a year.

    Without a date seven digits are the most, so that no phone is ever harmless.
    """
    pieces = written.split()
    dates = [piece for piece in pieces if is_date(piece)]
    rest = [piece for piece in pieces if not is_date(piece)]
    is_shaped = bool(dates) or any(is_year(each) or is_amount(each) for each in rest)
    all_short = all(is_year(each) or is_amount(each) or is_short(each) for each in rest)
    most = MOST_BESIDE_DATE if dates else MOST_SHORT
    left = sum(character in DIGITS for piece in rest for character in piece)
    return is_shaped and all_short and left <= most


def is_short(piece: str) -> bool:
    return len(piece) <= 3 and DIGITS.issuperset(piece)


def is_year(piece: str) -> bool:
    """Say whether `piece` is a year of the last or this century."""
    return len(piece) == 4 and piece[:2] in ("19", "20") and DIGITS.issuperset(piece)


def is_amount(piece: str) -> bool:
    """Say whether `piece` is a number of up to seven digits as amounts are written.

    That is with cents (`482.30`), with commas at the thousands (`12,000`), or with both.
    """
    whole, dot, cents = piece.partition(".")
    thousands = whole.split(",")
    head, tail = thousands[0], thousands[1:]
    if not (1 <= len(head) <= (3 if tail else 4)) or any(len(part) != 3 for part in tail):
        return False
    if dot and not 1 <= len(cents) <= 2:
        return False
    return bool(dot or tail) and DIGITS.issuperset("".join([*thousands, cents]))


def is_date(piece: str) -> bool:
    """Say whether `piece` is a day, a month of a year, or a tax year, as people write them.

    `2026-08-01`, `1/8/2026`, `1.8.26`, `8/2026`, `2026-08`, `2025/26`.
    """
    for separator in "-/.":
        parts = piece.split(separator)
        if len(parts) in (2, 3) and all(DIGITS.issuperset(part) and part for part in parts):
            return _is_day(parts) if len(parts) == 3 else _is_month(*parts)
    return False


def _is_day(parts: list[str]) -> bool:
    first, month, last = parts
    year, day = (first, last) if len(first) == 4 else (last, first)
    return (
        (is_year(year) or (len(year) == 2 and year is last))
        and (len(month) <= 2 and 1 <= int(month) <= 12)
        and (len(day) <= 2 and 1 <= int(day) <= 31)
    )


def _is_month(first: str, last: str) -> bool:
    if is_year(first) and len(last) == 2:
        return 1 <= int(last) <= 12 or int(last) == (int(first) + 1) % 100
    return is_year(last) and len(first) <= 2 and 1 <= int(first) <= 12
