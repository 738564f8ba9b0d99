"""Reads one YAML file as text and nothing else: no types, tags, anchors, merges or doubled keys.

PyYAML's pure-Python scanner and parser are driven event by event, because its composer recurses
and its constructor is where surprises live (YAML 1.1: `no`, `12:30`, `<<`). The C loader is never
used: it dies on 50,000 nested brackets.
"""

from dataclasses import dataclass
from typing import TypeAlias

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

DEEPEST = 6
LARGEST_BYTES = 256 * 1024

SPLIT_BY_COLON = "a colon followed by a space splits this phrase in two. Put the phrase in quotes."


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line (from 1) where it begins."""

    line: int
    value: "Value"


Value: TypeAlias = str | list[Node] | dict[str, Node]


class NotPlain(Exception):
    """The file is not plain YAML; `line` is from 1, or 0 where no line can be named."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


class _Events(Reader, Scanner, Parser):
    """PyYAML's first three stages, without the ones that build values."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def next(self) -> yaml.Event:
        """Take the next event; PyYAML's own methods carry no types."""
        event: yaml.Event = self.get_event()  # type: ignore[no-untyped-call]
        return event

    def coming(self) -> yaml.Event:
        """Look at the next event without taking it."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        return event


def read_plain(raw: bytes) -> Node:
    """Return the one mapping, list or text that the file holds, or raise `NotPlain`."""
    try:
        return _document(_Events(_text(raw)))
    except yaml.MarkedYAMLError as error:
        raise _explained(error) from error
    except yaml.reader.ReaderError as error:
        line = error_line(raw, error.position)
        raise NotPlain(line, "a character here does not belong in a text file.") from error


def _document(events: _Events) -> Node:
    events.next()
    start = events.next()
    if isinstance(start, yaml.StreamEndEvent):
        raise NotPlain(1, "the file is empty.")
    if getattr(start, "version", None) or getattr(start, "tags", None):
        raise NotPlain(_line(start), "lines that begin with % are not taken here.")
    node = _node(events, 1)
    events.next()
    if not isinstance(events.coming(), yaml.StreamEndEvent):
        raise NotPlain(_line(events.coming()), "one file holds one document; here is a second.")
    return node


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST_BYTES:
        raise NotPlain(0, f"the file is larger than {LARGEST_BYTES // 1024} KiB.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotPlain(line, "the file is not written in UTF-8.") from error


def error_line(raw: bytes, position: int) -> int:
    """Return the line of the character at `position`."""
    return raw.decode("utf-8").count("\n", 0, position) + 1


def _node(events: _Events, depth: int) -> Node:
    if depth > DEEPEST:
        raise NotPlain(_line(events.coming()), "this is nested too deeply.")
    event = events.next()
    _refuse_cleverness(event)
    if isinstance(event, yaml.ScalarEvent):
        return Node(_line(event), event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return Node(_line(event), _list(events, depth))
    return Node(_line(event), _mapping(events, depth))


def _list(events: _Events, depth: int) -> list[Node]:
    found: list[Node] = []
    while not events.check_event(yaml.SequenceEndEvent):
        found.append(_node(events, depth + 1))
    events.next()
    return found


def _mapping(events: _Events, depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    while not events.check_event(yaml.MappingEndEvent):
        key = _node(events, depth + 1)
        if not isinstance(key.value, str):
            raise NotPlain(key.line, "a key must be a plain word.")
        if key.value == "<<":
            raise NotPlain(key.line, "merging with << is not taken here.")
        if key.value in found:
            first = found[key.value].line
            raise NotPlain(key.line, f"“{key.value}” stands here twice; first on line {first}.")
        found[key.value] = Node(key.line, _node(events, depth + 1).value)
    events.next()
    return found


def _refuse_cleverness(event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise NotPlain(_line(event), "aliases (words that begin with *) are not taken. Use quotes.")
    if getattr(event, "anchor", None):
        raise NotPlain(_line(event), "anchors (words that begin with &) are not taken. Use quotes.")
    if getattr(event, "tag", None):
        raise NotPlain(_line(event), "tags (words that begin with !) are not taken. Use quotes.")


def _explained(error: yaml.MarkedYAMLError) -> NotPlain:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    problem = error.problem or "this cannot be read"
    if problem.startswith("mapping values are not allowed"):
        return NotPlain(line, SPLIT_BY_COLON)
    if "cannot start any token" in problem or "alphabetic or numeric character" in problem:
        return NotPlain(line, "this phrase begins with a special sign. Put the phrase in quotes.")
    return NotPlain(line, f"this is not well-formed YAML: {problem}.")


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark else 0
