"""What the rivals learn and are asked: never the same lines, and one order for all."""

import json
from collections.abc import Callable
from pathlib import Path

from backend.assistant.content.loading import load_content
from backend.assistant.measuring.contest.sets import set_of_content, set_of_files


def write_lines(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("\n".join(json.dumps({"text": text, "intent": name}) for text, name in rows))
    return path


def test_phrases_and_titles_are_learnt_and_finds_lines_are_asked(
    write_intent: Callable[..., Path],
) -> None:
    content = load_content(write_intent())

    found = set_of_content(content)

    assert {line.intent for line in (*found.train, *found.test)} == {"wsd-pay"}
    assert [line.text for line in found.test] == ["wotar bill payment"]
    assert [line.text for line in found.train] == [
        "Pay your water bill",
        "繳付水費",
        "缴付水费",
        "pay my water bill",
        "我想俾水費",
        "水费在哪交",
    ]


def test_a_retired_intent_takes_no_part(
    write_intent: Callable[..., Path],
) -> None:
    folder = write_intent()
    path = folder / "water" / "pay.yaml"
    path.write_text(path.read_text().replace("status: live", "status: retired"))

    found = set_of_content(load_content(folder))

    assert (found.train, found.test) == ((), ())


def test_lines_without_an_intent_are_asked_apart_and_never_learnt(tmp_path: Path) -> None:
    train = write_lines(tmp_path / "train.jsonl", [("a", "x"), ("b", "y"), ("c", "oos")])
    test = write_lines(tmp_path / "test.jsonl", [("d", "x"), ("e", "oos")])
    oos = write_lines(tmp_path / "oos.jsonl", [("f", "whatever")])

    found = set_of_files(train, test, oos)

    assert (found.intents, [line.text for line in found.train]) == (2, ["a", "b"])
    assert [line.text for line in found.test] == ["d"]
    assert {line.text for line in found.oos} == {"e", "f"}


def test_questions_are_dealt_into_the_same_order_every_time(tmp_path: Path) -> None:
    rows = [(str(number), "x") for number in range(50)]
    path = write_lines(tmp_path / "lines.jsonl", rows)

    once, again = (set_of_files(path, path, None).test for _ in range(2))

    assert once == again
    assert [line.text for line in once] != [text for text, _ in rows]
