"""Codes as pictures, read back by a reader that is not ours."""

import io
from xml.etree import ElementTree

import pytest
import segno
import zxingcpp
from PIL import Image

from backend.payments.pictures import QUIET_ZONE, as_png, as_svg, dark_runs

CODE = "00020101021226290012hk.com.hkicl0209DEMOFERRY520400005303344540641.8505802HK5904DEMO6002HK"
SVG = "{http://www.w3.org/2000/svg}"


def read_back(picture: Image.Image) -> str:
    """Read a picture by a reader that knows nothing of how it was drawn."""
    found = zxingcpp.read_barcodes(picture)
    assert len(found) == 1
    text: str = found[0].text
    return text


def test_a_png_is_read_back_as_what_was_drawn() -> None:
    picture = Image.open(io.BytesIO(as_png(CODE)))

    assert read_back(picture) == CODE


def test_the_runs_draw_the_same_code() -> None:
    side, runs = dark_runs(CODE)
    picture = Image.new("L", ((side + 2 * QUIET_ZONE),) * 2, 255)
    for column, row, length in runs:
        for x in range(column, column + length):
            picture.putpixel((x + QUIET_ZONE, row + QUIET_ZONE), 0)

    assert read_back(picture.resize((picture.width * 4,) * 2, Image.Resampling.NEAREST)) == CODE


def test_the_error_level_is_m_and_the_quiet_zone_is_four_modules() -> None:
    side, _ = dark_runs(CODE)
    svg = ElementTree.fromstring(as_svg(CODE))

    assert svg.get("viewBox") == f"0 0 {side + 8} {side + 8}"
    assert side == segno.make_qr(CODE, error="m", boost_error=False).symbol_size(border=0)[0]


@pytest.mark.parametrize("title", ["QR", "繳費二維碼", "</title><script>alert(1)</script>"])
def test_an_svg_has_a_name_for_who_cannot_see_and_no_script(title: str) -> None:
    text = as_svg(CODE, title)

    svg = ElementTree.fromstring(text)
    assert svg.get("role") == "img"
    assert svg.findtext(f"{SVG}title") == title
    assert {child.tag for child in svg.iter()} == {f"{SVG}svg", f"{SVG}title", f"{SVG}path"}
    assert CODE not in text


def test_the_same_text_gives_the_same_picture() -> None:
    assert (as_png(CODE), as_svg(CODE)) == (as_png(CODE), as_svg(CODE))
