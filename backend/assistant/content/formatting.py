"""Lays a file of `intents/` out in the one canonical way, and loses nothing that it says.

Keys in their order, two blanks of indent, one phrase a line, quotes where they are needed, comments
on lines of their own. Laid out twice is laid out once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.resolver import Resolver

from backend.assistant.content.comments import Comments, comments_of
from backend.assistant.content.reading import Problem, read_files
from backend.core.durable import replace_whole
from backend.core.strict_yaml import Node, NotPlain, read_plain

INDENT = 2
KEYS = (
    *("title", "opens", "says", "calls", "offers", "phrases", "finds", "misses"),
    *("status", "reviewed", "number", "name", "source", "checked", "en", "zh-Hant", "zh-Hans"),
)
# Files whose keys are words that residents say: their order is the writer's.
TABLES = ("words.yaml", "talk/kinds.yaml")
# Their values are dates, which other programs may read as such.
DATES = ("reviewed", "checked")
# What may stand anywhere inside a text without quotes, beside letters and digits.
HARMLESS = frozenset(" .-/()'?!？！，。、")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
# Breaks lines or marks the beginning of a file, though it may be written.
TREACHEROUS = frozenset("\x7f\x85\u2028\u2029\ufeff")
_RESOLVER = Resolver()


class NotKept(Exception):
    """The canonical layout would change what the file says; the message is a plain sentence."""


def formatted(raw: bytes, name: str) -> bytes:
    """Return the file `name` of `intents/` in its canonical layout, the same bytes if it has it.

    Raises `NotPlain` for what the strict reader refuses.
    """
    node = read_plain(raw)
    text = raw.decode("utf-8")
    comments = comments_of(text, node)
    sheet = _Sheet(comments, is_table=name in TABLES)
    lines = [*comments.head, *sheet.block(node, 0), *comments.foot]
    laid_out = "".join(f"{line}\n" for line in lines)
    if laid_out != text:
        _ensure_kept(text, node, laid_out)
    return laid_out.encode()


def format_files(folder: Path, *, write: bool) -> tuple[list[str], list[Problem]]:
    """Lay out every sound file of `folder`; return the names of those that were not, and problems.

    Each file is swapped whole; without `write` none is touched, as none with a problem ever is.
    """
    reading = read_files(folder)
    changed: list[str] = []
    problems = list(reading.problems)
    for name in reading.files:
        raw = (folder / name).read_bytes()
        try:
            laid_out = formatted(raw, name)
        except (NotPlain, NotKept) as error:
            problems.append(Problem(name, 0, str(error)))
            continue
        if laid_out != raw:
            changed.append(name)
            if write:
                replace_whole(folder / name, laid_out)
    return changed, problems


def _ensure_kept(text: str, node: Node, laid_out: str) -> None:
    try:
        again = read_plain(laid_out.encode())
    except NotPlain as error:
        raise NotKept("this file cannot be laid out; its layout stays as it is.") from error
    before, after = comments_of(text, node).texts, comments_of(laid_out, again).texts
    if meaning_of(again) != meaning_of(node) or sorted(before) != sorted(after):
        raise NotKept("something in this file would be lost; its layout stays as it is.")


def meaning_of(node: Node) -> object:
    """Return what a node says, without its places."""
    if isinstance(node.value, dict):
        return {key: meaning_of(value) for key, value in node.value.items()}
    if isinstance(node.value, list):
        return [meaning_of(each) for each in node.value]
    return node.value


@dataclass
class _Sheet:
    """A file being laid out, line by line."""

    comments: Comments
    is_table: bool
    rank: dict[str, int] = field(default_factory=lambda: {key: at for at, key in enumerate(KEYS)})

    def block(self, node: Node, depth: int) -> Iterator[str]:
        """Lay out a node that begins on a line of its own."""
        pad = " " * INDENT * depth
        if isinstance(node.value, dict) and node.value:
            for key, value in self._in_order(node.value):
                yield from self._entry(f"{pad}{_written(key, 'key')}:", key, value, depth)
        elif isinstance(node.value, list) and node.value:
            for value in node.value:
                yield from self._item(value, depth)
        else:
            yield from self._leaf(node, pad, "", depth)

    def _in_order(self, found: dict[str, Node]) -> list[tuple[str, Node]]:
        if self.is_table:
            return list(found.items())
        return sorted(found.items(), key=lambda item: self.rank.get(item[0], len(KEYS)))

    def _entry(self, start: str, key: str, value: Node, depth: int) -> Iterator[str]:
        if isinstance(value.value, str) or not value.value:
            yield from self._leaf(value, f"{start} ", key, depth)
            return
        yield from self._above(value.line, depth)
        yield start
        yield from self.block(value, depth + 1)

    def _item(self, value: Node, depth: int) -> Iterator[str]:
        pad = " " * INDENT * depth
        if _is_row(value) or isinstance(value.value, str) or not value.value:
            yield from self._leaf(value, f"{pad}- ", "", depth)
            return
        yield from self._above(value.line, depth)
        dash = "- "
        for line in self.block(value, depth + 1):
            is_comment = line.lstrip().startswith("#")
            if dash and is_comment:
                yield pad + line.lstrip()
            else:
                yield pad + dash + line.removeprefix(pad + " " * INDENT) if dash else line
                dash = ""

    def _leaf(self, node: Node, start: str, key: str, depth: int) -> Iterator[str]:
        lines = sorted(set(_lines_of(node)))
        for line in lines:
            yield from self._above(line, depth)
        for line in lines[:-1]:
            yield from self._below(line, depth)
        yield start + _on_one_line(node, key)
        yield from self._below(lines[-1], depth)

    def _above(self, line: int, depth: int) -> Iterator[str]:
        for comment in self.comments.above.pop(line, ()):
            yield " " * INDENT * depth + comment

    def _below(self, line: int, depth: int) -> Iterator[str]:
        for comment in self.comments.below.pop(line, ()):
            yield " " * INDENT * depth + comment


def _is_row(node: Node) -> bool:
    """Say whether an item is a row of words, as in `words.yaml`, which stays on one line."""
    return isinstance(node.value, list) and all(isinstance(each.value, str) for each in node.value)


def _on_one_line(node: Node, key: str) -> str:
    if isinstance(node.value, str):
        return _written(node.value, "date" if key in DATES else "text")
    if isinstance(node.value, dict):
        return "{}"
    row = [each.value for each in node.value if isinstance(each.value, str)]
    return f"[{', '.join(_written(text, 'row') for text in row)}]"


def _lines_of(node: Node) -> Iterator[int]:
    yield node.line
    if isinstance(node.value, list):
        for each in node.value:
            yield from _lines_of(each)


def _written(text: str, role: str) -> str:
    """Write a text without quotes if every reader of YAML then takes it for this very text."""
    return text if _is_plain(text, role) else _quoted(text)


def _is_plain(text: str, role: str) -> bool:
    if (role != "date" and _looks_like_more(text)) or not TREACHEROUS.isdisjoint(text):
        return False
    if text[:1].isalnum() and text[-1] != " " and all(map(_is_harmless, text)):
        return True
    sample, shape = {
        "key": (f"{text}: x", {text: "x"}),
        "row": (f"[{text}, x]", [text, "x"]),
    }.get(role, (f"a: {text}", {"a": text}))
    try:
        return meaning_of(read_plain(sample.encode())) == shape
    except (NotPlain, UnicodeEncodeError):
        return False


def _looks_like_more(text: str) -> bool:
    """Say whether another program, or a reader, would take it for a number, a date or a truth."""
    try:
        float(text.replace(" ", ""))
    except ValueError:
        pass
    else:
        return True
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return bool(tag != "tag:yaml.org,2002:str")


def _is_harmless(sign: str) -> bool:
    return sign.isalnum() or sign in HARMLESS


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    if sign in ESCAPES:
        return ESCAPES[sign]
    if sign in TREACHEROUS or yaml.reader.Reader.NON_PRINTABLE.match(sign):
        return f"\\U{ord(sign):08X}"
    return sign
