"""What tells who asked is gone before anything is stored, however it is written."""

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.feedback import masking, numbers
from backend.assistant.feedback.masking import mask, plain, says_nothing

WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
AS_IT_IS: dict[int, str] = {}
SCRIPTS = st.sampled_from([AS_IT_IS, WIDE, ARABIC, DEVANAGARI])


def has_digit(text: str) -> bool:
    return any(
        unicodedata.digit(each, None) is not None for each in unicodedata.normalize("NFKC", text)
    )


letters = st.characters(exclude_categories=("Cs", "Nd", "Nl", "No")).filter(
    lambda each: not has_digit(each) and "@" not in unicodedata.normalize("NFKC", each)
)
around = st.text(letters, max_size=20)
anything = st.text(st.characters(exclude_categories=()), max_size=40)
digit = st.sampled_from("0123456789")


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(digit, min_size=least, max_size=most)


def check_of_hkid(prefix: str, six: str) -> str:
    """Work the check digit out, the long way round."""
    values = [36] if len(prefix) == 1 else []
    values += [ord(letter) - ord("A") + 10 for letter in prefix]
    values += [int(each) for each in six]
    rest = (
        sum(weight * value for weight, value in zip((9, 8, 7, 6, 5, 4, 3, 2), values, strict=True))
        % 11
    )
    return {0: "0", 1: "A"}.get(rest, str(11 - rest))


@st.composite
def hkids(draw: st.DrawFn) -> str:
    prefix = draw(st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), min_size=1, max_size=2))
    six = draw(digits(6, 6))
    check = check_of_hkid(prefix, six)
    gap, space = draw(st.sampled_from(["", " ", "-"])), draw(st.sampled_from(["", " "]))
    check = draw(st.sampled_from([check, f"({check})", f"[{check}]", f" ( {check} )"]))
    written = f"{prefix}{gap}{six}{space}{check}"
    return draw(st.sampled_from([written, written.lower(), written.translate(WIDE)]))


@st.composite
def phones(draw: st.DrawFn) -> str:
    bare = draw(st.sampled_from("23456789")) + draw(digits(7, 7))
    place = draw(st.integers(1, 7))
    local = draw(
        st.sampled_from([bare, f"{bare[:4]}-{bare[4:]}", f"{bare[:place]} {bare[place:]}"])
    )
    mobile = "1" + draw(st.sampled_from("3456789")) + draw(digits(9, 9))
    mobile = draw(st.sampled_from([mobile, f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}"]))
    code = draw(st.sampled_from(["+852 ", "852", "(852) ", "00852-", ""]))
    far = draw(st.sampled_from(["+86 ", "86", "0086-", ""]))
    return draw(st.sampled_from([code + local, far + mobile])).translate(draw(SCRIPTS))


@st.composite
def cards(draw: st.DrawFn) -> str:
    known = draw(st.sampled_from("3456")) + draw(digits(11, 17))
    doubled = [
        int(each) * (2 if place % 2 == 0 else 1) for place, each in enumerate(reversed(known))
    ]
    check = -sum(each // 10 + each % 10 for each in doubled) % 10
    card, gap = f"{known}{check}", draw(st.sampled_from(["", " ", "-"]))
    grouped = gap.join(card[place : place + 4] for place in range(0, len(card), 4))
    return grouped.translate(draw(SCRIPTS))


@given(before=around, number=st.one_of(hkids(), phones(), cards()), after=around)
def test_no_card_no_phone_no_identity_card_survives(before: str, number: str, after: str) -> None:
    assert not has_digit(mask(before + number + after))


@given(before=around, address=st.emails(), after=around)
def test_no_address_survives(before: str, address: str, after: str) -> None:
    masked = mask(before + address + after)

    assert address.lower() not in masked.lower()
    assert "@" not in masked


@given(before=anything, number=digits(5, 30), after=anything, script=SCRIPTS)
def test_no_five_digits_in_a_row_survive(
    before: str, number: str, after: str, script: dict[int, str]
) -> None:
    masked = mask(before + number.translate(script) + after)

    rows = "".join(each if each in numbers.DIGITS else " " for each in masked).split()
    assert max(map(len, rows), default=0) < 5


@given(anything)
def test_whatever_is_masked_can_be_stored_and_shown(text: str) -> None:
    masked = mask(text)

    masked.encode()
    assert all(unicodedata.category(each) not in ("Cc", "Cf", "Cs") for each in masked)


@given(anything)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("A123456(3)", "[HKID]"),
        ("a123456(3)", "[HKID]"),
        ("Ａ１２３４５６（３）", "[HKID]"),
        ("A 123456 3", "[HKID]"),
        ("A1234563", "[HKID]"),
        ("AB987654(3)", "[HKID]"),
        ("G123456(A)", "[HKID]"),
        ("A123456(8)", "[number]"),
        ("A123456", "[number]"),
        ("9123 4567", "[phone]"),
        ("9123-4567", "[phone]"),
        ("91234567", "[phone]"),
        ("+852 2345 6789", "[phone]"),
        ("(852) 9123 4567", "[phone]"),
        ("0085291234567", "[phone]"),
        ("138 1234 5678", "[phone]"),
        ("+86-13812345678", "[phone]"),
        ("٩١٢٣٤٥٦٧", "[phone]"),
        ("9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "[phone]"),
        ("9\u200b1\u200b2\u200b3\u200b4\u200b5\u200b6\u200b7", "[phone]"),
        ("九一二三四五六七", "[phone]"),
        ("玖壹二叁四五陸七", "[phone]"),
        ("4111 1111 1111 1111", "[card]"),
        ("4111-1111-1111-1111", "[card]"),
        ("4111 1111 1111 1112", "[number]"),
        ("11010519491231002X", "[number]"),
        ("024-123456-882", "[number]"),
        ("12345", "[number]"),
        ("1 2 3 4 5", "[number]"),
        ("chan.tai-man+x@gmail.com", "[e-mail]"),
        ("josé@exämple.com", "[e-mail]"),
        ("用户@例子.公司", "[e-mail]"),
        ("me＠example.com", "[e-mail]"),
    ],
)
def test_each_kind_gets_its_label(written: str, label: str) -> None:
    assert mask(written) == label
    assert mask(f"我係，{written}，唔該") == f"我係,{label},唔該"


@pytest.mark.parametrize(
    "harmless",
    [
        "form BIR60",
        "IR56B of 2025",
        "BIR60 2026",
        "2026-08-01",
        "2026/8/1",
        "on 1/12/2026 at 12:30",
        "01.08.2026",
        "2026-08-01 12:30",
        "23.1.2026 9:30",
        "2025/26",
        "08/2026",
        "2026年11月30日",
        "二〇二六年",
        "HK$482.30",
        "HK$ 12,000 a month",
        "1,234.50",
        "9:00-17:30",
        "flat 12B, 3/F",
        "bus 101, 102 and 103",
        "call 1823",
    ],
)
def test_dates_short_amounts_and_forms_stay(harmless: str) -> None:
    assert mask(harmless) == harmless


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("A123456(3) 91234567", "[HKID] [phone]"),
        ("A1234563 91234567", "[number]"),
        ("D+852 6673-0000", "D[phone]"),
        ("2026 123 4", "[phone]"),
        ("is 1234567 mine", "is [number] mine"),
        ("$1234567", "$[number]"),
        ("a@b@c.com", "[e-mail][e-mail]"),
        ("mail me@example.com.", "mail [e-mail]."),
        ("電郵係abc@x.com呀", "電郵係[e-mail]呀"),
        ("tel9123 4567", "tel[phone]"),
        ("[9123 4567]", "[[phone]]"),
        ("meet @ 5pm", "meet @ 5pm"),
        (" a \t\n b\0c ", "a b c"),
        ("", ""),
    ],
)
def test_what_stands_around_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_the_check_digits_are_those_of_known_numbers() -> None:
    assert numbers.is_hkid("A1234563")
    assert numbers.is_hkid("AB9876543")
    assert numbers.is_hkid("C1234569")
    assert not numbers.is_hkid("A1234564")
    assert numbers.passes_luhn("4111111111111111")
    assert not numbers.passes_luhn("4111111111111112")


@pytest.mark.parametrize("text", ["", "[phone]", "[HKID], [e-mail]!", "?? …"])
def test_labels_alone_say_nothing(text: str) -> None:
    assert says_nothing(text)


def test_a_word_beside_a_label_says_something() -> None:
    assert not says_nothing("[phone] 係邊個")


@contextmanager
def counting_steps() -> Iterator[Callable[[], int]]:
    """Count the lines of the masking that run; Python's own loops in C are linear by themselves."""
    steps = 0
    files = {masking.__file__, numbers.__file__}

    def trace(frame: FrameType, event: str, _argument: object) -> object:
        nonlocal steps
        if frame.f_code.co_filename not in files:
            return None
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: steps
    finally:
        sys.settrace(before)


def steps_of(text: str) -> int:
    with counting_steps() as steps:
        mask(text)
    return steps()


NASTY = [
    "1", "1 ", "1-", "(1", "1)", "1, ", "1. ", "12 ", "a1", "A123456(3)", "A123456(3) ", "a@", "@",
    "a", ".", "a.b@", "九", "九 ", "+852", " ", "(", "\u0301", "e\u0301", "1\u0301", "１", "ﷺ",
    "2026-08-01 ", "12,000.50 ", "\ud800", "\u200b", "用@",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", NASTY, ids=ascii)
def test_twice_the_text_is_no_more_than_twice_the_work(piece: str) -> None:
    text = piece * (2048 // len(piece))

    once, twice = steps_of(text[: len(text) // 2]), steps_of(text)

    assert twice <= 2.2 * once + 200
    assert twice < 200 * len(text)


def test_a_pile_of_marks_is_cut_before_it_is_sorted() -> None:
    assert len(mask("e" + "\u0301\u0323" * 1500)) < 12


def test_a_longer_text_than_any_question_is_not_read_to_its_end() -> None:
    assert len(plain("x" * 10**6)) == masking.MOST_RAW_CHARACTERS
