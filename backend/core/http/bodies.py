"""Bodies are read once, strictly: capped, UTF-8, JSON without doubled keys, NaN or lone surrogates.

RFC 8259 leaves several of these to the reader; Ferry refuses them all (RFC 7493, I-JSON).
"""

import json
import math
from collections.abc import Iterator
from typing import IO, Any, NoReturn
from urllib.parse import parse_qsl

from flask import Request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from backend.core.http.problems import HttpRefusal
from backend.core.languages import Words

LARGEST_BYTES = 64 * 1024
DEEPEST = 20
MOST_FORM_FIELDS = 20
# werkzeug cuts a body of no stated length off at its limit, in silence: one byte more shows it.
READ_AT_MOST = LARGEST_BYTES + 1
WHOLLY_READ = "ferry.body_wholly_read"  # in the environ of a request

NOT_UTF8 = Words("it is not UTF-8", "並非 UTF-8 編碼", "并非 UTF-8 编码")
BYTE_ORDER_MARK = Words(
    "a byte order mark stands before it", "開首有位元組順序標記", "开头有字节顺序标记"
)
NAME_TWICE = Words("a name stands twice", "有名稱重複", "有名称重复")
NOT_FINITE = Words("a number is not finite", "有數字並非有限數", "有数字并非有限数")
TOO_DEEP = Words("it is nested too deep", "層次太深", "层次太深")
BROKEN_OFF = Words("it breaks off", "內容不完整", "内容不完整")
NOT_WELL_FORMED = Words("it is not well formed", "格式不正確", "格式不正确")
NOT_STORABLE = Words(
    "a text holds a character that cannot be stored", "含有無法儲存的字元", "含有无法储存的字符"
)


class BodyNotReadable(HttpRefusal):
    status = 400
    code = "body_not_readable"
    says = Words(
        "The body cannot be read: {why}.", "未能讀取內容：{why}。", "未能读取内容：{why}。"
    )


class BodyNotExpected(HttpRefusal):
    status = 400
    code = "body_not_expected"
    says = Words("This request takes no body.", "這項要求不應附有內容。", "这项要求不应附有内容。")


class BodyTooLarge(HttpRefusal):
    status = 413
    code = "body_too_large"
    says = Words(
        "The body is larger than {most} bytes.",
        "內容超過 {most} 位元組。",
        "内容超过 {most} 字节。",
    )


class MediaTypeNotTaken(HttpRefusal):
    status = 415
    code = "media_type_not_taken"
    says = Words(
        "Send the body as {wanted}.", "請以 {wanted} 格式送出內容。", "请以 {wanted} 格式送出内容。"
    )


class EncodingNotTaken(HttpRefusal):
    status = 415
    code = "encoding_not_taken"
    says = Words(
        "Send the body as plain UTF-8: no Content-Encoding, and no charset but utf-8.",
        "請以未經壓縮的 UTF-8 送出內容：不接受 Content-Encoding，charset 只可以是 utf-8。",
        "请以未经压缩的 UTF-8 送出内容：不接受 Content-Encoding，charset 只可以是 utf-8。",
    )


def ensure_type(request: Request, *wanted: str) -> None:
    """Refuse a body that says it is something else; MediaTypeNotTaken, EncodingNotTaken."""
    if request.mimetype not in wanted:
        raise MediaTypeNotTaken(wanted=" / ".join(wanted))
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype == "application/json":
        charset = "utf-8"  # whatever it says (RFC 8259, section 11)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if charset not in ("utf-8", "utf8") or encoding != "identity":
        raise EncodingNotTaken


def raw_body(request: Request) -> bytes:
    """Return the body's bytes; BodyTooLarge past the cap, whatever its stated length."""
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise BodyTooLarge(most=LARGEST_BYTES) from error
    except ParseException as error:  # the chunks of a body make no sense to gunicorn
        raise BodyNotReadable(why=NOT_WELL_FORMED) from error
    if len(raw) > LARGEST_BYTES:
        raise BodyTooLarge(most=LARGEST_BYTES)
    request.environ[WHOLLY_READ] = True
    return raw


def is_left_unread(request: Request) -> bool:
    """Say whether some of a body may still be under way, so that no other request can follow it."""
    return is_stated(request) and WHOLLY_READ not in request.environ


def is_stated(request: Request) -> bool:
    """Say whether a request announces a body."""
    return bool(request.content_length or request.headers.get("Transfer-Encoding"))


def read_json(request: Request) -> Any:
    """Return the body's JSON value, or raise the refusal that fits."""
    ensure_type(request, "application/json")
    return read_text(_utf8(raw_body(request)))


def read_text(text: str) -> Any:
    """Return the one JSON value that `text` holds; BodyNotReadable."""
    try:
        value = json.loads(
            text, object_pairs_hook=_no_doubles, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError as error:
        raise BodyNotReadable(why=TOO_DEEP) from error
    except ValueError as error:
        raise BodyNotReadable(why=NOT_WELL_FORMED) from error
    # Decoded UTF-8 holds a surrogate by an escape alone, and is no deeper than it has brackets.
    if "\\u" in text or text.count("[") + text.count("{") > DEEPEST:
        _refuse_odd_text(value)
    return value


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form body (application/x-www-form-urlencoded), none of them twice."""
    ensure_type(request, "application/x-www-form-urlencoded")
    text = _utf8(raw_body(request))
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise BodyNotReadable(why=NOT_WELL_FORMED) from error
    fields = _no_doubles(pairs)
    _refuse_odd_text(fields)
    return fields


def pieces_of(request: Request, most: int, piece_bytes: int) -> Iterator[bytes]:
    """Yield a body of up to `most` bytes in pieces, all but the last `piece_bytes` long.

    For the few operations that take a file. BodyTooLarge past the cap, at once where the length is
    stated; BodyNotReadable where the body breaks off.
    """
    request.max_content_length = most + 1
    stated, come = request.content_length, 0
    if stated is not None and stated > most:
        raise BodyTooLarge(most=most)
    try:
        stream = request.stream
        while piece := _filled(stream, piece_bytes):
            come += len(piece)
            if come > most:
                raise BodyTooLarge(most=most)
            yield piece
    except RequestEntityTooLarge as error:
        raise BodyTooLarge(most=most) from error
    except (ParseException, ClientDisconnected) as error:
        raise BodyNotReadable(why=BROKEN_OFF) from error
    if stated is not None and come < stated:
        raise BodyNotReadable(why=BROKEN_OFF)
    request.environ[WHOLLY_READ] = True


def _filled(stream: IO[bytes], size: int) -> bytes:
    """Read `size` bytes, fewer at the end alone: a socket gives what it has."""
    parts, missing = [], size
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def refuse_body(request: Request) -> None:
    """Refuse a body where none is expected, so that nothing slips in unread."""
    if request.content_length or (request.headers.get("Transfer-Encoding") and raw_body(request)):
        raise BodyNotExpected


def _utf8(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyNotReadable(why=NOT_UTF8) from error
    if text.startswith("\ufeff"):
        raise BodyNotReadable(why=BYTE_ORDER_MARK)
    return text


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BodyNotReadable(why=NAME_TWICE)
    return members


def _no_constant(_name: str) -> NoReturn:
    raise BodyNotReadable(why=NOT_FINITE)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BodyNotReadable(why=NOT_FINITE)
    return number


def _refuse_odd_text(value: Any) -> None:
    """Refuse lone surrogates and NUL, which no database takes, and nesting past `DEEPEST`."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise BodyNotReadable(why=TOO_DEEP)
        if isinstance(item, str) and not is_storable(item):
            raise BodyNotReadable(why=NOT_STORABLE)
        if isinstance(item, list):
            waiting += [(part, depth + 1) for part in item]
        elif isinstance(item, dict):
            waiting += [(part, depth + 1) for pair in item.items() for part in pair]


def is_storable(text: str) -> bool:
    """Say whether every database takes `text`: no NUL, no surrogate without its other half."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
