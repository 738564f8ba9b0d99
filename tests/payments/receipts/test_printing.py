"""The printed receipt: what stands on it, read back by readers that are not ours."""

import hashlib
import io
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pypdf import PdfReader

from backend.core.languages import Language
from backend.core.settings import CHECKOUT
from backend.menu.content import read_catalogue
from backend.payments.receipts import wording
from backend.payments.receipts.lettering import (
    LATIN,
    NO_GLYPH,
    chinese_characters,
    drawable,
    lines,
    runs,
    width_of,
)
from backend.payments.receipts.printing import as_pdf
from backend.payments.receipts.reading import ReadReceipt
from tests.receipts import PAID_AT

BASE = "https://ferry.example"
TOKEN = "eyJ" + "x" * 600


def receipt(**changes: Any) -> ReadReceipt:
    facts: dict[str, Any] = {
        "id": "rcpt_1",
        "number": "R20261124-AB12CD34EF",
        "bill": {"id": "bill_1", "number": "WSD/2026-11_0017", "title": "水費及排污費"},
        "department": {"id": "WSD", "name": "水務署"},
        "amount_cents": 123456789,
        "currency": "HKD",
        "paid_at": PAID_AT,
        "fps_reference": "FRN20261124000000017",
        "issued_at": PAID_AT + timedelta(seconds=2),
        "jws": TOKEN,
        "check_url": f"{BASE}/v1/receipts/check?t={TOKEN}",
        **changes,
    }
    return ReadReceipt(**facts)


def printed(
    language: Language = Language.ZH_HANT, *, is_demo: bool = True, **changes: Any
) -> bytes:
    return as_pdf(receipt(**changes), BASE, language, is_demo=is_demo)


def read(pdf: bytes) -> str:
    """Return the text of a page of one, its line breaks away."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 1
    return pages[0].extract_text().replace("\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("language", Language)
def test_all_that_matters_stands_on_the_page_as_text(language: Language) -> None:
    text = read(printed(language))

    for value in (
        "HK$1,234,567.89",
        "R20261124-AB12CD34EF",
        "WSD/2026-11_0017",
        "FRN20261124000000017",
        "水務署",
        "水費及排污費",
        f"{BASE}/v1/receipts/check",
        wording.moment(PAID_AT, language),
        wording.RECEIPT.into(language),
    ):
        assert value in text
    assert "x" * 10 not in text


@pytest.mark.slow
def test_times_are_hong_kongs() -> None:
    assert wording.moment(PAID_AT, Language.EN) == "24 November 2026, 00:05:09"
    assert "2026年11月24日 00:05:09" in read(printed())


@pytest.mark.slow
@pytest.mark.parametrize("language", Language)
def test_a_demos_receipt_says_that_it_is_none(language: Language) -> None:
    notice = wording.ILLUSTRATIVE.into(language)

    assert notice in read(printed(language))
    assert notice not in read(printed(language, is_demo=False))


@pytest.mark.slow
def test_a_reader_is_told_title_language_and_size() -> None:
    pdf = PdfReader(io.BytesIO(printed(Language.ZH_HANT)))

    assert pdf.metadata
    assert pdf.metadata.title == "收據 R20261124-AB12CD34EF"
    assert pdf.metadata.author == "水務署"
    assert pdf.root_object["/Lang"] == "zh-Hant"
    assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]


@pytest.mark.slow
def test_the_code_leads_to_the_check() -> None:
    page = PdfReader(io.BytesIO(printed())).pages[0]

    links = [note.get_object()["/A"]["/URI"] for note in page["/Annots"]]  # type: ignore[index, union-attr]

    assert links == [f"{BASE}/v1/receipts/check?t={TOKEN}"]


@pytest.mark.slow
def test_the_chinese_typeface_is_embedded() -> None:
    page = PdfReader(io.BytesIO(printed())).pages[0]

    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]

    chinese = [font for font in fonts if "DroidSansFallback" in font["/BaseFont"]]
    assert chinese
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in chinese)
    assert all("/ToUnicode" in font for font in chinese)


AWKWARD: dict[str, dict[str, Any]] = {
    "a missing glyph": {"department": {"id": "X", "name": "水\U0002a6a5署"}},
    "a lone surrogate": {"department": {"id": "X", "name": "水\ud800署"}},
    "a control character": {"department": {"id": "X", "name": "a\0b\x1bc\nd"}},
    "markup": {"department": {"id": "X", "name": ")Tj (<b>&\\"}},
    "an endless word": {"fps_reference": "F" * 300},
    "another currency": {"currency": "CNY"},
    "an unknown currency": {"currency": "XXX"},
    "nothing": {"fps_reference": ""},
    "much Chinese": {"department": {"id": "X", "name": "水務署" * 60}},
}


@pytest.mark.slow
@pytest.mark.parametrize("changes", AWKWARD.values(), ids=AWKWARD)
def test_awkward_values_never_break_a_page(changes: dict[str, Any]) -> None:
    pdf = printed(**changes)

    assert "R20261124-AB12CD34EF" in read(pdf)
    assert len(pdf) < 100_000


@pytest.mark.slow
def test_a_character_without_a_glyph_is_marked_and_never_left_out() -> None:
    text = read(printed(department={"id": "X", "name": "水\U0002a6a5署"}))

    assert f"水{NO_GLYPH}署" in text


@pytest.mark.slow
def test_the_same_receipt_is_the_same_bytes_in_another_process() -> None:
    here = hashlib.sha256(printed()).hexdigest()
    code = (
        "import hashlib; from tests.payments.receipts.test_printing import printed;"
        "print(hashlib.sha256(printed()).hexdigest())"
    )

    there = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert there.stdout.strip() == here
    assert hashlib.sha256(printed()).hexdigest() == here


class Dawdling(dict[str, str]):
    """A department whose name takes a moment to read: others could print meanwhile."""

    reading = 0
    most = 0

    def __getitem__(self, member: str) -> str:
        Dawdling.reading += 1
        Dawdling.most = max(Dawdling.most, Dawdling.reading)
        time.sleep(0.005)
        Dawdling.reading -= 1
        return super().__getitem__(member)


@pytest.mark.slow
def test_receipts_that_are_asked_for_at_once_do_not_mix() -> None:
    names = ["水務署", "郵政署", "稅務局", "房屋署", "醫院管理局", "差餉物業估價署"]
    departments = [Dawdling(id=name, name=name) for name in names]
    alone = [printed(department=each) for each in departments]

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda each: printed(department=each), departments))

    assert together == alone
    assert Dawdling.most == 1


def texts_of(content: Any) -> Iterator[str]:
    """Yield every text inside plain content."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from texts_of(inner)


def test_every_character_of_the_catalogue_and_of_our_words_has_a_glyph() -> None:
    sources = [path.read_text() for path in (CHECKOUT / "backend").rglob("*.py")]
    catalogue = list(texts_of(read_catalogue(CHECKOUT / "catalogue")))

    written = {character for text in sources for character in text if character > "㐀"}
    written |= {character for text in catalogue for character in text}

    marked = {character for character in written if drawable(character) != character}
    assert {"署", "费", "費"} <= written
    assert marked == set()
    assert NO_GLYPH in chinese_characters()


@pytest.mark.parametrize("encoding", ["gb2312", "big5"])
def test_every_common_chinese_character_has_a_glyph(encoding: str) -> None:
    rows = range(0xB0, 0xD8) if encoding == "gb2312" else range(0xA4, 0xC7)
    pairs = (bytes([row, column]) for row in rows for column in range(0x40, 0xFF))
    common = {pair.decode(encoding, errors="ignore") for pair in pairs}

    chinese = {character for character in common if len(character) == 1 and character > "㐀"}

    assert len(chinese) > 3700
    assert chinese - chinese_characters() == set()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Water Supplies Department " * 9,
        "水務署" * 40,
        "F" * 300,
        "水W務S署D" * 30,
        "a  b " * 99,
    ],
    ids=["nothing", "English", "Chinese", "a word", "both", "gaps"],
)
@pytest.mark.parametrize("width", [200.0, 480.0])
def test_lines_are_never_too_wide_and_lose_nothing(text: str, width: float) -> None:
    broken = lines(text, 17, width)

    assert all(width_of(line, 17) <= width for line in broken)
    assert "".join(broken).replace(" ", "") == text.replace(" ", "")


def test_english_is_broken_between_words() -> None:
    wide = partial(width_of, size=17)
    words = "Rating and Valuation Department".split()

    broken = lines(" ".join(words), 17, wide("Rating and Valuation") + 5)

    assert broken == ["Rating and Valuation", "Department"]
    assert {face for face, _ in runs("Café “é”")} == {LATIN}
