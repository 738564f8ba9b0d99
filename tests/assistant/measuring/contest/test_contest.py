"""The contest itself: real rivals in real processes, on a set of a few lines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.assistant.measuring.contest.__main__ import main
from backend.assistant.measuring.contest.entrants import OURS, Absent, Entrant, nlpjs
from backend.assistant.measuring.contest.running import Broken, run
from backend.assistant.measuring.contest.sets import TextSet
from backend.assistant.measuring.questions import Labelled

PHRASES = {
    "water": ["pay my water bill", "water charges", "交水費", "the tap water account"],
    "parking": ["pay a parking fine", "ticket on my windscreen", "交泊車罰款", "fixed penalty"],
}
QUESTIONS = {"water": ["settle the water bill", "水費"], "parking": ["parking ticket fine"]}
LINE = (Labelled("a", "x"),)
TEXTS = TextSet("A set", "made up", LINE, LINE)


def write_lines(path: Path, lines: dict[str, list[str]]) -> str:
    rows = [{"text": text, "intent": name} for name, texts in lines.items() for text in texts]
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    train = write_lines(tmp_path / "train.jsonl", PHRASES)
    test = write_lines(tmp_path / "test.jsonl", QUESTIONS)
    oos = write_lines(tmp_path / "oos.jsonl", {"oos": ["tell me a joke"]})
    docs = str(tmp_path / "docs")
    return ["--train", train, "--test", test, "--oos", oos, "--docs", docs, "--rounds", "2"]


@pytest.mark.slow
def test_spoiled_questions_are_asked_of_all_and_written_down(
    files: list[str], tmp_path: Path
) -> None:
    rivals = ["--rival", "token_set"]
    slips = ["--typos", "1", "--drop-vowels", "0.5", "--homophones", "0.15"]

    done = CliRunner().invoke(main, [*files, *rivals, *slips, "--name", "Two", "--json"])

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["name"], found["questions"], found["oos"], found["rounds"]) == ("Two", 3, 1, 2)
    assert [each["key"] for each in found["rivals"]] == ["ferry", "token_set"]
    for each in found["rivals"]:
        assert each["asked"] == 3
        assert 0 < each["p50_us"] <= each["p99_us"]
        assert each["model_mb"] >= 0
    assert found["slips"] == (
        "typos in 100% of the words and no vowels in 50% of the words"
        " and homophones for 15% of the characters"
    )
    assert "## Two, typos in" in (tmp_path / "docs" / "bench-assistant.md").read_text()
    assert (tmp_path / "docs" / "bench-assistant.svg").exists()


def test_one_file_alone_is_no_set(files: list[str]) -> None:
    done = CliRunner().invoke(main, files[:2])

    assert done.exit_code == 2
    assert "--train and --test belong together" in done.output


def test_phrases_of_one_intent_are_no_contest(files: list[str], tmp_path: Path) -> None:
    files[1] = write_lines(tmp_path / "one.jsonl", {"water": PHRASES["water"]})

    done = CliRunner().invoke(main, files)

    assert done.exit_code == 1
    assert "A contest needs phrases of two intents and one question." in done.output


def test_a_broken_line_is_named(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("no JSON")

    done = CliRunner().invoke(main, files)

    assert done.exit_code == 1
    assert "train.jsonl, line 1" in done.output


def test_a_rival_that_cannot_learn_is_left_out_with_a_sentence() -> None:
    nobody = Entrant("nobody", "Nobody", ("false",))

    runs, absent = run([nobody], TEXTS, 1, 1.0, lambda _line: None)

    assert runs == ()
    assert absent == ("Nobody was left out: it could not learn these phrases.",)


def test_without_ferry_there_is_no_contest() -> None:
    with pytest.raises(Broken, match="Ferry was left out"):
        run([replace(OURS, command=("false",))], TEXTS, 1, 1.0, lambda _line: None)


def test_nlpjs_stays_away_where_there_is_no_node(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Absent, match="Node and npm are not installed"):
        nlpjs(tmp_path, lambda _line: None)


def test_nlpjs_stays_away_where_its_packages_cannot_be_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []

    with pytest.raises(Absent, match="could not be fetched"):
        nlpjs(tmp_path / "data", said.append)

    assert "12 MB, once" in said[0]
