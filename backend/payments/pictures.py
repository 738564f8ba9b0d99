"""Texts as QR pictures (ISO/IEC 18004): error correction level M, a quiet zone of four modules."""

import io
from collections.abc import Iterator

import segno

QUIET_ZONE = 4
PNG_SCALE = 8  # dots a module, so that a phone's camera reads it off another phone


def as_svg(text: str, title: str = "QR") -> str:
    """Draw a text as an SVG picture without script or size; `title` is read out to who cannot see."""
    out = io.BytesIO()
    _code(text).save(
        out,
        kind="svg",
        border=QUIET_ZONE,
        light="white",
        xmldecl=False,
        omitsize=True,
        title=title,
        svgclass=None,
        lineclass=None,
    )
    return out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)


def as_png(text: str) -> bytes:
    """Draw a text as a PNG picture, black on white."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", scale=PNG_SCALE, border=QUIET_ZONE, light="white")
    return out.getvalue()


def dark_runs(text: str) -> tuple[int, Iterator[tuple[int, int, int]]]:
    """Return how many modules a side has, and its dark runs: column, row from the top, length."""
    rows = _code(text).matrix
    return len(rows), _runs(rows)


def _runs(rows: tuple[bytearray, ...]) -> Iterator[tuple[int, int, int]]:
    for y, row in enumerate(rows):
        start = None
        for x, is_dark in enumerate((*row, 0)):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                yield start, y, x - start
                start = None


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=False)
