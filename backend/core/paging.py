"""Lists in pages: an opaque cursor that names the last row seen, never an offset."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backend.core.errors import Invalid
from backend.core.languages import Words

Row = TypeVar("Row")
DEFAULT_LIMIT = 20
MOST = 100


class CursorNotKnown(Invalid):
    code = "cursor_not_known"
    says = Words(
        "This cursor was not made by Ferry. Start from the first page.",
        "這個頁標並非由系統發出，請由第一頁重新開始。",
        "这个页标并非由系统发出，请由第一页重新开始。",
    )


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursor of the next page, None at the end."""

    items: Sequence[Row]
    next_cursor: str | None


def encode_cursor(*keys: str) -> str:
    """Make the cursor of the row whose sort keys are `keys`."""
    packed = json.dumps(keys, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> tuple[str, ...]:
    """Return the `count` sort keys inside `cursor`; CursorNotKnown if it is not one of ours."""
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        keys = json.loads(packed.decode())
    except (binascii.Error, ValueError, RecursionError) as error:
        raise CursorNotKnown from error
    if not isinstance(keys, list) or len(keys) != count:
        raise CursorNotKnown
    if not all(isinstance(key, str) and "\0" not in key and key.isprintable() for key in keys):
        raise CursorNotKnown
    return tuple(keys)
