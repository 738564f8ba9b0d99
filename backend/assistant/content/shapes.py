"""Says whether a file of `intents/` has the shape it must have, in plain sentences with lines."""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from rapidfuzz import process

from backend.core.languages import Language
from backend.core.strict_yaml import SPLIT_BY_COLON, Node

LONGEST_PHRASE = 200
LONGEST_TEXT = 1000
STATUSES = ("draft", "live", "retired")

Wrong: TypeAlias = tuple[int, str]
Reader: TypeAlias = "Callable[[Node, list[Wrong]], Any]"


def intent(node: Node, wrong: list[Wrong]) -> Any:
    """Read an ordinary intent."""
    return _fields(
        node,
        {
            "title": _in_languages(_text),
            "opens": _text,
            **_HEARD,
        },
        wrong,
    )


def crisis(node: Node, wrong: list[Wrong]) -> Any:
    """Read an intent under `crisis/`: what to say and whom to call instead of a service."""
    return _fields(
        node,
        {
            "title": _in_languages(_text),
            "says": _in_languages(_text),
            "calls": _list_of(_call),
            **_HEARD,
        },
        wrong,
    )


def outside(node: Node, wrong: list[Wrong]) -> Any:
    """Read `outside.yaml`: what is said to an assistant though no service answers it."""
    return _fields(node, _HEARD, wrong)


def telling(node: Node, wrong: list[Wrong]) -> Any:
    """Read talk that Ferry answers with a sentence of the staff's: help, and follow-ups."""
    says: dict[str, Reader] = {"title": _in_languages(_text), "says": _in_languages(_text)}
    return _fields(node, {**says, **_HEARD}, wrong, {"offers": _list_of(_named)})


def heard(node: Node, wrong: list[Wrong]) -> Any:
    """Read talk that code answers: own data, and picking among what was offered."""
    return _fields(node, {"title": _in_languages(_text), **_HEARD}, wrong)


def nowhere(node: Node, wrong: list[Wrong]) -> Any:
    """Refuse talk that stands in none of its four folders."""
    wrong.append((node.line, "talk stands in help/, follow/, own/ or choose/; move this file."))


def bill_kinds(node: Node, wrong: list[Wrong]) -> Any:
    """Read `talk/kinds.yaml`: under each kind of bill the words that name it."""
    if not isinstance(node.value, dict):
        wrong.append((node.line, "this file must hold lists of words, one for each kind of bill."))
        return {}
    return {name: _lines(words, wrong) for name, words in node.value.items()}


def words(node: Node, wrong: list[Wrong]) -> Any:
    """Read `words.yaml`: under each key a table of words as said to words as meant."""
    if not isinstance(node.value, dict):
        wrong.append((node.line, "this file must hold tables of words."))
        return {}
    return {name: _table(table, wrong) for name, table in node.value.items()}


def _fields(
    node: Node,
    needed: dict[str, Reader],
    wrong: list[Wrong],
    optional: dict[str, Reader] | None = None,
) -> Any:
    known = {**needed, **(optional or {})}
    if not isinstance(node.value, dict):
        wrong.append((node.line, f"here must stand keys, beginning with “{next(iter(known))}”."))
        return {}
    wrong += [
        (value.line, _unknown(key, known)) for key, value in node.value.items() if key not in known
    ]
    wrong += [(node.line, f"“{key}” is missing.") for key in needed if key not in node.value]
    return {key: read(node.value[key], wrong) for key, read in known.items() if key in node.value}


def _unknown(word: str, known: Iterable[str]) -> str:
    near = process.extractOne(word, list(known), score_cutoff=60)
    hint = f" Did you mean “{near[0]}”?" if near else f" Known are: {', '.join(known)}."
    return f"“{word}” is not known here.{hint}"


def _text(node: Node, wrong: list[Wrong]) -> str:
    if not isinstance(node.value, str):
        wrong.append((node.line, SPLIT_BY_COLON if isinstance(node.value, dict) else _NO_LIST))
        return ""
    text = node.value.strip()
    if not text:
        wrong.append((node.line, "here is nothing written."))
    if len(text) > LONGEST_TEXT:
        wrong.append((node.line, f"this is longer than {LONGEST_TEXT} characters."))
    return text


_NO_LIST = "here must stand one text, not a list."


def _lines(node: Node, wrong: list[Wrong]) -> Any:
    return _list_of(_line)(node, wrong)


def _line(node: Node, wrong: list[Wrong]) -> Any:
    """Read one phrase, with its line, so that later checks can name it."""
    text = _text(node, wrong)
    if len(text) > LONGEST_PHRASE:
        wrong.append((node.line, f"this phrase is longer than {LONGEST_PHRASE} characters."))
    return [node.line, text]


def _list_of(read: Reader) -> Reader:
    def reader(node: Node, wrong: list[Wrong]) -> Any:
        if not isinstance(node.value, list):
            wrong.append((node.line, "here must stand a list: one line each, beginning with “- ”."))
            return []
        return [read(each, wrong) for each in node.value]

    return reader


def _in_languages(read: Reader) -> Reader:
    def reader(node: Node, wrong: list[Wrong]) -> Any:
        return _fields(node, {str(language): read for language in Language}, wrong)

    return reader


def _phrases(node: Node, wrong: list[Wrong]) -> Any:
    """Read phrases by language; a language that is missing altogether is named by the checks."""
    return _in_languages(_lines)(node, wrong)


def _named(node: Node, wrong: list[Wrong]) -> Any:
    """Read the id of a service, with its line."""
    return [node.line, _text(node, wrong)]


def _call(node: Node, wrong: list[Wrong]) -> Any:
    fields: dict[str, Reader] = {
        "number": _text,
        "name": _in_languages(_text),
        "source": _text,
        "checked": _date,
    }
    return _fields(node, fields, wrong)


def _status(node: Node, wrong: list[Wrong]) -> str:
    text = _text(node, wrong)
    if text and text not in STATUSES:
        wrong.append((node.line, _unknown(text, STATUSES)))
    return text


def _date(node: Node, wrong: list[Wrong]) -> str:
    text = _text(node, wrong)
    year, _, rest = text.partition("-")
    month, _, day = rest.partition("-")
    lengths = [len(part) for part in (year, month, day)]
    if text and (lengths != [4, 2, 2] or not (year + month + day).isdecimal()):
        wrong.append((node.line, f"“{text}” is not a date like 2026-11-23."))
    return text


def _table(node: Node, wrong: list[Wrong]) -> Any:
    """Read words as said to words as meant, in one of two forms: a mapping, or rows of equals.

    Of a row such as `[pay, settle, foot]` the first is what the others mean.
    """
    if isinstance(node.value, dict):
        return [[said, _text(meant, wrong)] for said, meant in node.value.items()]
    rows = _list_of(_list_of(_text))(node, wrong)
    return [[said, row[0]] for row in rows for said in row[1:]]


_HEARD: dict[str, Reader] = {
    "phrases": _phrases,
    "finds": _lines,
    "misses": _lines,
    "status": _status,
    "reviewed": _date,
}
