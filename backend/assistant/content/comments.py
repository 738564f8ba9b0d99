"""Finds the comments of a YAML file, which its reader passes over, and what each belongs to."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from backend.core.strict_yaml import Node

# Tokens that stand where the next one begins, or at the end: they cover nothing.
_EMPTY = (yaml.StreamStartToken, yaml.StreamEndToken, yaml.BlockEndToken, yaml.DocumentEndToken)
_HEADER = "|>+-0123456789"


@dataclass
class Comments:
    """The comments of one file: at its top, above and below the line of an item, at its end."""

    head: list[str] = field(default_factory=list)
    above: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    below: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    foot: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
    line: int
    column: int
    text: str
    is_alone: bool


def comments_of(text: str, node: Node) -> Comments:
    """Return the comments of `text`, whose content is `node`.

    A comment belongs to the item on its line or to the next one; one that is indented deeper than
    the next belongs to what stands before it.
    """
    comments = Comments()
    if "#" not in text:
        return comments
    lines = text.splitlines()
    items = sorted({line for line, _ in _items(node)})
    leaves = {line for line, is_leaf in _items(node) if is_leaf}
    for found in _found(text, lines):
        comments.texts.append(found.text)
        before = items[bisect_right(items, found.line) - 1] if items[0] <= found.line else 0
        coming = bisect_left(items, found.line + 1)
        after = items[coming] if coming < len(items) else 0
        indent = _indent(lines[after - 1]) if after else 0
        if not before:
            comments.head.append(found.text)
        elif not found.is_alone:
            comments.above[before].append(found.text)
        elif found.column > indent and before in leaves:
            comments.below[before].append(found.text)
        elif after:
            comments.above[after].append(found.text)
        else:
            comments.foot.append(found.text)
    return comments


def _items(node: Node) -> Iterator[tuple[int, bool]]:
    """List the line of every entry of the file, and whether it holds no further ones."""
    children = node.value
    if isinstance(children, str) or not children:
        yield node.line, True
        return
    yield node.line, False
    for each in children.values() if isinstance(children, dict) else children:
        yield from _items(each)


def _found(text: str, lines: list[str]) -> Iterator[_Found]:
    free_from = _free_from(text)
    for number, line in enumerate(lines, 1):
        start = free_from.get(number, 0)
        rest = line[start:].lstrip() if start is not None else ""
        if rest.startswith("#"):
            column = len(line) - len(rest)
            yield _Found(number, column, rest.rstrip(), not line[:column].strip())


def _free_from(text: str) -> dict[int, int | None]:
    """Map lines to the column behind their last token; None where a text runs through them."""
    free: dict[int, int | None] = {}
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, _EMPTY):
            continue
        start, end = token.start_mark, token.end_mark
        for line in range(start.line + 1, end.line + 1):
            free[line] = None
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            header = text.splitlines()[start.line][start.column :]
            free[start.line + 1] = start.column + len(header) - len(header.lstrip(_HEADER))
        free[end.line + 1] = max(end.column, free.get(end.line + 1) or 0)
    return free


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
