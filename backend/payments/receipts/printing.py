"""A receipt as a PDF: one A4 page, large enough to read on a small phone, the same bytes each time."""

import io
from dataclasses import dataclass
from threading import Lock

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from backend.core.languages import Language
from backend.payments.pictures import QUIET_ZONE, dark_runs
from backend.payments.receipts import wording
from backend.payments.receipts.lettering import drawable, lines, write
from backend.payments.receipts.reading import CHECK_PATH, ReadReceipt

WIDE, HIGH = A4
MARGIN = 56.0
INNER = WIDE - 2 * MARGIN
CODE_SIDE = 190.0
GREY, BLACK = 0.35, 0.0
# reportlab cuts its subset of a typeface out of one file with one reading head.
_one_at_a_time = Lock()


@dataclass
class Page:
    """A page that is written from the top down; `y` is where the next line's top is, in points."""

    canvas: Canvas
    y: float = HIGH - MARGIN

    def put(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        grey: bool = False,
        width: float = INNER,
        after: float = 0,
    ) -> None:
        """Write a text, broken into lines, and leave `after` points below it."""
        self.canvas.setFillGray(GREY if grey else BLACK)
        for line in lines(text, size, width, bold=bold):
            self.y -= size * 1.3
            write(self.canvas, MARGIN, self.y, line, size, bold=bold)
        self.y -= after

    def rule(self) -> None:
        """Draw a line from margin to margin."""
        self.canvas.setStrokeGray(0.7)
        self.canvas.line(MARGIN, self.y - 6, WIDE - MARGIN, self.y - 6)
        self.y -= 18


def as_pdf(receipt: ReadReceipt, base_url: str, language: Language, *, is_demo: bool) -> bytes:
    """Print a receipt; `base_url` is how the page that checks it must begin."""
    with _one_at_a_time:
        return _printed(receipt, base_url, language, is_demo=is_demo)


def _printed(receipt: ReadReceipt, base_url: str, language: Language, *, is_demo: bool) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1, lang=str(language))
    canvas.setTitle(f"{wording.RECEIPT.into(language)} {receipt.number}")
    canvas.setAuthor(drawable(receipt.department["name"]))
    canvas.setSubject(receipt.bill["title"])
    canvas.setCreator("Ferry")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    page = Page(canvas)
    if is_demo:
        page.put(wording.ILLUSTRATIVE.into(language), 14, bold=True, after=10)
    _state(page, receipt, language)
    _explain(page, receipt, base_url, language)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _state(page: Page, receipt: ReadReceipt, language: Language) -> None:
    page.put(receipt.department["name"], 18, after=2)
    page.put(wording.RECEIPT.into(language), 30, bold=True, after=4)
    page.rule()
    page.put(wording.PAID.into(language), 14, grey=True)
    page.put(wording.money(receipt.amount_cents, receipt.currency), 38, bold=True, after=8)
    for label, value in (
        (wording.FOR, receipt.bill["title"]),
        (wording.BILL_NUMBER, receipt.bill["number"]),
        (wording.NUMBER, receipt.number),
        (wording.PAID_AT, wording.moment(receipt.paid_at, language)),
        (wording.FPS_REFERENCE, receipt.fps_reference),
        (wording.ISSUED_AT, wording.moment(receipt.issued_at, language)),
    ):
        page.put(label.into(language), 12, grey=True)
        page.put(value, 17, after=5)
    page.rule()


def _explain(page: Page, receipt: ReadReceipt, base_url: str, language: Language) -> None:
    top, width = page.y, INNER - CODE_SIDE - 12
    page.put(wording.CHECK.into(language), 17, bold=True, width=width, after=4)
    page.put(wording.HOW_TO_CHECK.into(language), 13, width=width, after=4)
    page.put(f"{base_url}{CHECK_PATH}", 11, width=width)
    x, y = WIDE - MARGIN - CODE_SIDE, top - CODE_SIDE
    _draw_code(page.canvas, receipt.check_url, x, y)
    page.canvas.linkURL(receipt.check_url, (x, y, x + CODE_SIDE, top), relative=0)


def _draw_code(canvas: Canvas, text: str, x: float, y: float) -> None:
    side, dark = dark_runs(text)
    module = CODE_SIDE / (side + 2 * QUIET_ZONE)
    path = canvas.beginPath()
    for column, row, length in dark:
        left = x + (column + QUIET_ZONE) * module
        low = y + CODE_SIDE - (row + 1 + QUIET_ZONE) * module
        path.rect(left, low, length * module, module)
    canvas.setFillGray(BLACK)
    canvas.drawPath(path, stroke=0, fill=1)
