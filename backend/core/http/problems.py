"""One shape for every refusal: RFC 9457 `application/problem+json`, in the reader's language."""

from typing import Any, ClassVar

from flask import Response, json
from werkzeug.http import HTTP_STATUS_CODES

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Unavailable
from backend.core.languages import Language, Words
from backend.core.telemetry import trace_id

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
STATUS_OF_KIND: dict[type[Refusal], int] = {
    Invalid: 422,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
}
TITLES = {
    400: Words("The request is not well formed", "要求格式不正確", "请求格式不正确"),
    401: Words("Please sign in", "請先登入", "请先登录"),
    403: Words("You may not do this", "你無權進行這項操作", "你无权进行这项操作"),
    404: Words("Not found", "找不到", "找不到"),
    405: Words("This cannot be done here", "此處不支援這項操作", "此处不支持这项操作"),
    409: Words("This does not fit with what is there", "與現有資料有衝突", "与现有资料有冲突"),
    413: Words("Too large", "內容太大", "内容太大"),
    415: Words("This format is not taken", "不接受這種格式", "不接受这种格式"),
    422: Words("Something is missing or wrong", "資料不齊全或不正確", "资料不齐全或不正确"),
    429: Words("Too many requests", "要求次數太多", "请求次数太多"),
    500: Words("Something went wrong on our side", "系統出現問題", "系统出现问题"),
    503: Words("Not available just now", "暫時未能提供服務", "暂时未能提供服务"),
}
DETAILS = {
    404: NotFound.says,
    405: Words(
        "This address does not take that method.",
        "這個網址不支援該方法。",
        "这个网址不支持该方法。",
    ),
    500: Words(
        "We have been told. Please try again later, and give the trace id if you call 1823.",
        "我們已得悉。請稍後再試；致電1823時請提供追蹤編號。",
        "我们已得悉。请稍后再试；致电1823时请提供追踪编号。",
    ),
}
FALLBACK = Words("The request was not taken.", "這項要求不獲接納。", "这项请求不获接纳。")


class HttpRefusal(Refusal):
    """A refusal that belongs to HTTP itself, and knows its status and headers."""

    status: ClassVar[int]

    def headers(self) -> dict[str, str]:
        """Return the headers that go with it."""
        return {}

    def members(self) -> dict[str, str]:
        """Return extension members of its problem document (RFC 9457, section 3.2)."""
        return {}


def status_of(refusal: type[Refusal]) -> int:
    """Return the HTTP status of a kind of refusal: the only table from one to the other."""
    if issubclass(refusal, HttpRefusal):
        return refusal.status
    return next(status for kind, status in STATUS_OF_KIND.items() if issubclass(refusal, kind))


def problem(
    status: int,
    code: str,
    detail: str,
    language: Language,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """Make a problem document: `type title status detail code trace_id errors[]`."""
    title = TITLES.get(status) or TITLES[500 if status >= 500 else 400]
    members = {
        "type": f"urn:ferry:problem:{code}",
        "title": title.into(language),
        "status": status,
        "detail": detail,
        "code": code,
        "trace_id": trace_id(),
        "errors": errors or [],
        **(extra or {}),
    }
    response = Response(
        json.dumps(members, separators=(",", ":")) + "\n", status=status, mimetype=MEDIA_TYPE
    )
    response.headers.extend(headers or {})
    return response


def problem_of_refusal(refusal: Refusal, language: Language) -> Response:
    """Make the problem document of a named refusal."""
    status, detail = status_of(type(refusal)), refusal.sentence(language)
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status == 503 else {}
    extra = {}
    if isinstance(refusal, HttpRefusal):
        headers, extra = headers | refusal.headers(), refusal.members()
    return problem(status, refusal.code, detail, language, headers=headers, extra=extra)


def problem_of_status(status: int, language: Language, headers: dict[str, str]) -> Response:
    """Make the problem document of a bare status, such as the router's 404."""
    name = HTTP_STATUS_CODES.get(status, "not taken")
    code = name.lower().replace(" ", "_").replace("'", "")
    detail = DETAILS.get(status, FALLBACK).into(language)
    return problem(status, code, detail, language, headers=headers)
