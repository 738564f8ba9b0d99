"""Staff's YAML is text and nothing else; whatever is clever or hostile is refused by a sentence."""

import pytest

from backend.core.strict_yaml import LARGEST_BYTES, NotPlain, read_plain

MERGE_BOMB = "a: &a {x: 1}\n" + "\n".join(f"b{n}: &b{n} {{<<: [*a, *a]}}" for n in range(40))
REFUSED = {
    "nested brackets": (b"[" * 50_000, "nested too deeply"),
    "nested mappings": (b"a: {" * 20_000, "nested too deeply"),
    "nested by indent": ("\n".join(" " * n + "a:" for n in range(300)).encode(), "nested"),
    "a merge bomb": (MERGE_BOMB.encode(), "anchors"),
    "a merge key": (b"a:\n  <<: b", "merging"),
    "an anchor": (b"a: &x b", "anchors"),
    "an alias": (b"a: *x", "aliases"),
    "a tag": (b"a: !!python/object/apply:os.system ['true']", "tags"),
    "a harmless tag": (b"a: !!str b", "tags"),
    "a tag directive": (b"%TAG ! tag:x,2000:\n---\na: b", "begin with %"),
    "a version directive": (b"%YAML 1.1\n---\na: b", "begin with %"),
    "a doubled key": (b"a: b\nc: d\na: e", "twice; first on line 1"),
    "many documents": (b"a: b\n---\nc: d", "second"),
    "a list for a key": (b"? [a, b]\n: c", "plain word"),
    "NUL": (b"a: b\0c", "does not belong"),
    "a bell": (b"a: b\x07c", "does not belong"),
    "UTF-16": ("a: b".encode("utf-16"), "UTF-8"),
    "a lone surrogate": (b"a: \xed\xa0\x80", "UTF-8"),
    "an overlong form": (b"a: \xc0\xaf", "UTF-8"),
    "a colon and a space": (b"a: b: c", "Put the phrase in quotes"),
    "a tab for indent": (b"a:\n\t- b", "Put the phrase in quotes"),
    "an at sign": (b"a: @b", "Put the phrase in quotes"),
    "an open quote": (b'a: "b', "not well-formed"),
    "an open bracket": (b"a: [b", "not well-formed"),
    "nothing": (b"", "empty"),
    "only a comment": (b"# hello", "empty"),
    "too much": (b"a: " + b"b" * LARGEST_BYTES, "larger than 256 KiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_is_refused_by_a_sentence(name: str) -> None:
    raw, part = REFUSED[name]

    with pytest.raises(NotPlain) as refused:
        read_plain(raw)

    assert part in refused.value.sentence


@pytest.mark.parametrize("text", ["no", "12:30", "0123", "~", "null", "1e3", "2026-08-01", "0x1f"])
def test_every_value_stays_the_text_that_it_is(text: str) -> None:
    node = read_plain(f"a: {text}".encode())

    assert isinstance(node.value, dict)
    assert node.value["a"].value == text


def test_an_error_names_its_line() -> None:
    with pytest.raises(NotPlain) as refused:
        read_plain(b"phrases:\n  en:\n    - pay: my: bill\n")

    assert refused.value.line == 3
