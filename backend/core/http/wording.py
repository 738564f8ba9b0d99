"""What is wrong with a field, said in the reader's language."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from backend.core.languages import Language, Words

MOST_ERRORS = 20
LONGEST_POINTER = 120
KINDS = {
    "string": Words("a text", "文字", "文字"),
    "integer": Words("a whole number", "整數", "整数"),
    "number": Words("a number", "數字", "数字"),
    "boolean": Words("true or false", " true 或 false", " true 或 false"),
    "date": Words("a date, as in 2026-12-20", "日期，例如 2026-12-20", "日期，例如 2026-12-20"),
    "datetime": Words(
        "a date and time with its zone, as in 2026-12-20T08:00:00Z",
        "日期、時間及時區，例如 2026-12-20T08:00:00Z",
        "日期、时间及时区，例如 2026-12-20T08:00:00Z",
    ),
    "list": Words("a list", "列表", "列表"),
}
DAY = r"\d{4}-\d\d-\d\d"  # with or without a time behind it
# The left side is what marshmallow says; its named groups fill the places on the right.
SENTENCES: list[tuple[re.Pattern[str], Words]] = [
    (re.compile(pattern), words)
    for pattern, words in [
        (
            r"Missing data for required field\.",
            Words("This is needed.", "必須填寫。", "必须填写。"),
        ),
        (r"Field may not be null\.", Words("This may not be null.", "不可為空。", "不可为空。")),
        (r"Unknown field\.", Words("This is not known here.", "不接受此項目。", "不接受此项目。")),
        (
            f"Not a valid (?P<kind>{'|'.join(KINDS)})\\.",
            Words("This needs {kind}.", "此處需要{kind}。", "此处需要{kind}。"),
        ),
        (
            r"Must be one of: (?P<choices>.*)\.",
            Words("Choose one of: {choices}.", "請選擇：{choices}。", "请选择：{choices}。"),
        ),
        (
            r"Invalid (?:input )?type\.|Not a valid mapping type\.",
            Words("This needs an object.", "此處需要物件。", "此处需要对象。"),
        ),
        (
            r"Shorter than minimum length (?P<min>\d+)\.",
            Words("Use {min} characters or more.", "最少 {min} 個字元。", "最少 {min} 个字符。"),
        ),
        (
            r"Longer than maximum length (?P<max>\d+)\.",
            Words("Use {max} characters at most.", "最多 {max} 個字元。", "最多 {max} 个字符。"),
        ),
        (
            r"Length must be between (?P<min>\d+) and (?P<max>\d+)\.",
            Words(
                "Use {min} to {max} characters.",
                "長度須為 {min} 至 {max} 個字元。",
                "长度须为 {min} 至 {max} 个字符。",
            ),
        ),
        (
            r"More than (?P<max>\d+) items\.",
            Words("Send {max} of them at most.", "最多 {max} 項。", "最多 {max} 项。"),
        ),
        (
            rf"Must be greater than or equal to (?P<min>{DAY}).* and less than or equal to (?P<max>{DAY}).*\.",
            Words(
                "Use a date from {min} to {max}.",
                "日期須介乎 {min} 至 {max}。",
                "日期须介于 {min} 至 {max}。",
            ),
        ),
        (
            r"Must be greater than or equal to (?P<min>\S+) and less than or equal to (?P<max>\S+)\.",
            Words(
                "Use a number from {min} to {max}.",
                "數值須介乎 {min} 至 {max}。",
                "数值须介于 {min} 至 {max}。",
            ),
        ),
        (
            r"Exactly one of: (?P<choices>.*)\.",
            Words(
                "Send exactly one of: {choices}.",
                "請只提供其中一項：{choices}。",
                "请只提供其中一项：{choices}。",
            ),
        ),
        (
            r"String does not match expected pattern\.",
            Words("This is not in the expected form.", "格式不符。", "格式不符。"),
        ),
    ]
]
OTHERWISE = Words("This value is not accepted.", "不接受此內容。", "不接受此内容。")


def sentence(message: str, language: Language) -> str:
    """Return marshmallow's `message` as a sentence in `language`."""
    for pattern, words in SENTENCES:
        match = pattern.fullmatch(message)
        if match:
            return words.into(language, **_values(match, language))
    return OTHERWISE.into(language)


def _values(match: re.Match[str], language: Language) -> dict[str, str]:
    values = match.groupdict()
    if "kind" in values:
        kind = values["kind"]
        values["kind"] = KINDS[kind].into(language)
    return values


def field_errors(messages: Any, language: Language) -> list[dict[str, str]]:
    """Flatten webargs' messages into `[{pointer, detail}]`, a JSON pointer each (RFC 6901).

    The first `MOST_ERRORS` of them: a body full of unknown names must not be answered at length.
    """
    found = (
        {"pointer": pointer[:LONGEST_POINTER], "detail": sentence(message, language)}
        for location in (messages if isinstance(messages, dict) else {})
        for pointer, message in _walk(messages[location], "#")
    )
    return list(islice(found, MOST_ERRORS))


def _walk(messages: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            step = (
                "" if name == "_schema" else "/" + str(name).replace("~", "~0").replace("/", "~1")
            )
            yield from _walk(inner, pointer + step)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        yield pointer, str(message)
