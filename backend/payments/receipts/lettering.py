"""Letters on a printed receipt: which typeface draws which character, and where a line breaks.

Latin letters are Helvetica, which every reader of PDF has; Chinese ones come from a subset of Droid
Sans Fallback that is embedded (see fonts/README.md). What neither has is drawn as a mark, never
left out.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONT_FILE = Path(__file__).parent / "fonts" / "DroidSansFallback-receipts.ttf"
CHINESE = "FerryChinese"
LATIN, LATIN_BOLD = "Helvetica", "Helvetica-Bold"
NO_GLYPH = "〓"  # the geta mark, which printers set for a sort that is not there
WORD = re.compile(r"[!-~]+ ?|\s|.", re.DOTALL)


@cache
def chinese_characters() -> frozenset[str]:
    """Load the Chinese typeface, once for each process, and return the characters that it draws."""
    font = TTFont(CHINESE, FONT_FILE, asciiReadable=0)
    pdfmetrics.registerFont(font)
    return frozenset(chr(code) for code in font.face.charToGlyph)


def runs(text: str, *, bold: bool = False) -> Iterator[tuple[str, str]]:
    """Yield a text in pieces of one typeface each: the typeface, and what it draws."""
    latin = LATIN_BOLD if bold else LATIN
    drawn = (_drawn(character, latin) for character in text)
    for face, pieces in groupby(drawn, key=lambda each: each[0]):
        yield face, "".join(character for _, character in pieces)


def _drawn(character: str, latin: str) -> tuple[str, str]:
    if " " <= character <= "~" or (character > "\xa0" and _is_western(character)):
        return latin, character
    return CHINESE, character if character in chinese_characters() else NO_GLYPH


def _is_western(character: str) -> bool:
    """Say whether Helvetica, as every reader of PDF has it, draws this (WinAnsiEncoding)."""
    try:
        return character.encode("cp1252") >= b"\x80"
    except UnicodeEncodeError:
        return False


def drawable(text: str) -> str:
    """Return a text as it is drawn: what has no glyph, and what is no letter at all, as a mark."""
    return "".join(piece for _, piece in runs(text))


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in points."""
    return sum(pdfmetrics.stringWidth(piece, face, size) for face, piece in runs(text, bold=bold))


def lines(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than `width` points: between words, or Chinese characters.

    A word that is wider than a whole line is broken where it must be.
    """
    broken, line = [], ""
    for word in _breakable(text, size, width, bold=bold):
        if line and width_of((line + word).rstrip(), size, bold=bold) > width:
            broken.append(line.rstrip())
            line = ""
        line += word
    return [*broken, line.rstrip()]


def _breakable(text: str, size: float, width: float, *, bold: bool) -> Iterator[str]:
    for word in WORD.findall(text):
        if width_of(word.rstrip(), size, bold=bold) > width:
            yield from word
        else:
            yield word


def write(
    canvas: Canvas, x: float, y: float, text: str, size: float, *, bold: bool = False
) -> None:
    """Write one line from the left, its baseline at `y`."""
    line = canvas.beginText(x, y)
    for face, piece in runs(text, bold=bold):
        line.setFont(face, size)
        line.textOut(piece)
    canvas.drawText(line)
