"""How long each part of a bill may be and what form it has: said once, for the API and for files."""

import re
from datetime import date

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)
MOST_LINES = 50
MOST_SURCHARGES = 6
# Characters that each text of a bill may have at most.
LONGEST = {
    "payer_name": 100,
    "premises": 200,
    "legal_basis": 300,
    "payment_reference": 40,
    "contact": 200,
    "pdf_url": 500,
    "line": 200,
    "quantity": 40,
    "rule": 300,
    "reason": 300,
}
# Each goes with `\Z`, as `$` would let a line break through at the end.
BILL_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}\Z"
ACCOUNT_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9 /._-]{0,39}\Z"
LINK_CODE = r"^[A-Za-z0-9][A-Za-z0-9-]{3,39}\Z"
# Neither a name before the host nor anything that would need escaping in a page.
SECURE_ADDRESS = (
    r"^https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9/._~%?&=+,;:@#-]*)?\Z"
)
# One line that says something: no control characters, nothing that no database takes, none of the
# marks that turn writing round (Unicode Standard Annex 9), by which a text could read as another,
# and no tower of combining marks.
TEXT = (
    r"^(?=.*\S)(?!.*[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{9})"
    r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+\Z"
)
_TEXT = re.compile(TEXT)


def is_text(text: str) -> bool:
    """Say whether `text` is one line that says something and that people can read."""
    return _TEXT.match(text) is not None
