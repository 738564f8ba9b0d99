"""One layout for every file: laid out twice is laid out once, and nothing written is ever lost."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.assistant.commands import intents
from backend.assistant.content.comments import comments_of
from backend.assistant.content.formatting import formatted, meaning_of
from backend.assistant.content.reading import files_of
from backend.core.settings import CHECKOUT
from backend.core.strict_yaml import NotPlain, read_plain
from tests.assistant.conftest import PLAIN

Write = Callable[..., Path]
MESSY = PLAIN.replace("opens: wsd-pay", 'opens:   "wsd-pay"')
UNTIDY = """\
# About water.
# Second line.

status:   live
phrases:
      zh-Hans: ['水费在哪交']   # Mainland
      # English comes first
      en:
            # the plain one
            - "pay my water bill"
            - >-
              a phrase over
              two lines
            # - an old one
      zh-Hant: [ 我想俾水費, "yes" ]
title: {en: Pay, zh-Hant: 繳付, zh-Hans: 缴付}
finds: []
# the end
"""
MESSY = PLAIN.replace("opens: wsd-pay", 'opens:   "wsd-pay"')
TIDY = """\
# About water.
# Second line.
title:
  en: Pay
  zh-Hant: 繳付
  zh-Hans: 缴付
phrases:
  # English comes first
  en:
    # the plain one
    - pay my water bill
    - a phrase over two lines
    # - an old one
  zh-Hant:
    - 我想俾水費
    - "yes"
  # Mainland
  zh-Hans:
    - 水费在哪交
finds: []
status: live
# the end
"""
QUOTED = [
    *("yes", "no", "null", "~", "12345", "2343 2255", "12:30", "017", "1e3", "2026-08-01", "", " a"),
    *("a ", "a: b", "a #b", "- a", "#a", "'a'", '"a"', "[a]", "{a}", "@a", "*a", "&a", "!a", "%a"),
    *("a:", "a\nb", "a\tb", "a\0b", "a\u2028b", "\ufeffa", "a\x7fb", "\ud800", "1_000", "=", "<<"),
]  # fmt: skip
BARE = [
    "a",
    "pay my bill",
    "點樣交水費呀",
    "don't",
    "(a)",
    "-a",
    "a, b",
    "?a",
    "a:b",
    "a#b",
    "🙂",
    "e\u0301",
]


def laid_out(text: str, name: str = "water/pay.yaml") -> str:
    return formatted(text.encode(), name).decode()


def comments(text: str) -> list[str]:
    return sorted(comments_of(text, read_plain(text.encode())).texts)


def meaning(text: str) -> object:
    return meaning_of(read_plain(text.encode()))


def test_an_untidy_file_becomes_tidy() -> None:
    assert laid_out(UNTIDY) == TIDY


def test_a_tidy_file_stays_as_it_is() -> None:
    assert laid_out(TIDY) == TIDY
    assert laid_out(PLAIN) == PLAIN


def test_the_order_of_phrases_stays_and_repeats_are_not_dropped() -> None:
    text = "phrases:\n  en:\n    - b\n    - a\n    - b\n"

    assert laid_out(text) == text


def test_words_keep_their_order_and_their_rows() -> None:
    text = 'same:\n  # paying\n  - [pay, settle, "no"]\n  - [繳交, 繳付]\nshort:\n  title: t\n  en: e\n'

    assert laid_out(text, "words.yaml") == text


@pytest.mark.parametrize("text", QUOTED, ids=ascii)
def test_what_a_reader_might_take_for_something_else_stands_in_quotes(text: str) -> None:
    line = laid_out(yaml.safe_dump({"a": text}, allow_unicode=False))

    assert line.startswith('a: "')
    assert meaning(line) == {"a": text}


@pytest.mark.parametrize("text", BARE, ids=ascii)
def test_what_is_plain_stands_without_quotes(text: str) -> None:
    assert laid_out(yaml.safe_dump({"a": text}, default_style='"')) == f"a: {text}\n"


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("a: b # why", "# why"),
        ("# why\na: b", "# why"),
        ("a: b\n# why", "# why"),
        ("a: |  # why\n  b\n  # no comment\n", "# why"),
        ("a: |\n  b\n# why\nc: d\n", "# why"),
        ("a: [b,\n  # why\n  c]\n", "# why"),
        ("a:\n  - # why\n    b\n", "# why"),
        ("a: 'b\n  # no comment'\nc: d # why", "# why"),
        ('a: "#no" # why', "# why"),
        ("a: b#no # why", "# why"),
        ("--- # why\na: b\n", "# why"),
        ("a: b\r\n# why\r\nc: d\r\n", "# why"),
    ],
)
def test_a_comment_is_found_wherever_it_stands_and_kept(text: str, comment: str) -> None:
    after = laid_out(text)

    assert comments(text) == comments(after) == [comment]
    assert meaning(after) == meaning(text)
    assert laid_out(after) == after


@pytest.mark.slow
def test_the_real_files_lose_nothing_and_are_stable() -> None:
    folder = CHECKOUT / "intents"

    for name in files_of(folder)[::25]:
        text = (folder / name).read_text()
        after = laid_out(text, name)
        assert meaning(after) == meaning(text), name
        assert comments(after) == comments(text), name
        assert laid_out(after, name) == after, name


@pytest.mark.slow
def test_the_real_files_have_their_layout() -> None:
    folder = CHECKOUT / "intents"

    untidy = [
        name
        for name in files_of(folder)
        if laid_out((folder / name).read_text(), name) != (folder / name).read_text()
    ]

    assert untidy == [], "run `scripts/ferry intents format`"


texts = st.text(max_size=12) | st.sampled_from([*QUOTED, *BARE, "# a", "a # b", ": ", "- "])
keys = st.sampled_from(["title", "en", "zh-Hant", "phrases", "finds", "status", "other"])
trees = st.recursive(
    texts,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4),
    max_leaves=12,
).filter(lambda tree: isinstance(tree, dict) and tree)
REMARKS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 8), st.sampled_from(["# x", "#", "# - y: z"])),
    max_size=4,
)


def dumped(tree: Any, style: str | None, flow: bool | None, remarks: list[Any]) -> str:
    """Write `tree` in one of YAML's many styles, with comments strewn in between lines."""
    text = yaml.safe_dump(
        tree, default_style=style, default_flow_style=flow, allow_unicode=True, sort_keys=False
    )
    lines = text.split("\n")
    for place, indent, remark in remarks:
        if place < len(lines):
            lines.insert(place, " " * indent + remark)
    return "\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["water/pay.yaml", "words.yaml"])
@settings(deadline=None, max_examples=60)
@given(
    tree=trees,
    style=st.sampled_from([None, '"', "'", "|", ">"]),
    flow=st.sampled_from([None, True, False]),
    remarks=REMARKS,
)
def test_any_file_keeps_its_meaning_and_its_comments(
    name: str, tree: Any, style: str | None, flow: bool | None, remarks: list[Any]
) -> None:
    text = dumped(tree, style, flow, remarks)
    try:
        before = meaning(text)
    except NotPlain:
        return

    after = laid_out(text, name)

    assert meaning(after) == before
    assert comments(after) == comments(text)
    assert laid_out(after, name) == after


@pytest.fixture
def run(write_intent: Write) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        return CliRunner().invoke(intents, ["format", *words, "--intents", str(write_intent())])

    return run


@pytest.mark.slow
def test_the_command_rewrites_what_differs_and_says_so(
    run: Callable[..., Result], write_intent: Write
) -> None:
    folder = write_intent("water/messy.yaml", MESSY)
    (folder / "water/messy.yaml").chmod(0o640)

    looked = run("--check")
    first, second = run(), run("--check")

    assert looked.exit_code == 1
    assert looked.stdout == "water/messy.yaml: its layout differs.\n"
    assert (first.exit_code, first.stdout) == (0, "water/messy.yaml: laid out.\n")
    assert (second.exit_code, second.stdout) == (0, "Every file has its layout.\n")
    assert (folder / "water/messy.yaml").read_text() == PLAIN
    assert stat.S_IMODE((folder / "water/messy.yaml").stat().st_mode) == 0o640


@pytest.mark.slow
def test_a_broken_file_is_named_and_left_alone(
    run: Callable[..., Result], write_intent: Write
) -> None:
    folder = write_intent("water/broken.yaml", PLAIN.replace("misses", "mises"))

    result = run()

    assert result.exit_code == 1
    assert "water/broken.yaml, line 15: “mises” is not known here." in result.stdout
    assert "mises" in (folder / "water/broken.yaml").read_text()


@pytest.mark.slow
def test_a_full_disk_leaves_the_file_as_it_was(
    run: Callable[..., Result], write_intent: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_intent("water/messy.yaml", MESSY)

    def full_disk(*_args: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.fsync", full_disk)
    result = run()

    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert (folder / "water/messy.yaml").read_text() == MESSY
    assert sorted(path.name for path in (folder / "water").iterdir()) == ["messy.yaml", "pay.yaml"]
