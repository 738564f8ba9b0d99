"""`ferry intents`: what staff and programs get to read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.assistant.commands import intents
from backend.assistant.releases.store import load_current
from tests.assistant.conftest import PLAIN, TAX

pytestmark = pytest.mark.slow
KEYS = (
    "n top1 top3 answered wrong_confident clarified_right oos_answered crisis_caught crisis_false"
    " told p50_us p99_us"
).split()
ASKED = (
    '{"q": "pay my water bill", "lang": "en", "accept": ["wsd-pay"]}\n'
    '{"q": "tell me a joke", "lang": "en", "accept": [], "kind": "oos"}\n'
)


@pytest.fixture
def folder(write_intent: Callable[..., Path]) -> Path:
    write_intent()
    return write_intent("tax/pay.yaml", TAX)


@pytest.fixture
def run(tmp_path: Path, folder: Path) -> Callable[..., Result]:
    def run(*words: str, shelf: str = "--releases") -> Result:
        places = ["--intents", str(folder)]
        if shelf:
            places += [shelf, str(tmp_path / "releases")]
        return CliRunner().invoke(intents, [*words, *places])

    return run


def test_sound_content_is_said_to_be_in_order(run: Callable[..., Result]) -> None:
    result = run("check", shelf="")

    assert result.exit_code == 0, result.output
    assert "2 intents and 0 crises are in order." in result.output


def test_a_broken_file_cannot_go_live(
    run: Callable[..., Result], write_intent: Callable[..., Path], tmp_path: Path
) -> None:
    write_intent("water/pay.yaml", PLAIN.replace("misses", "mises"))

    result = run("publish", shelf="--to")

    assert result.exit_code == 1
    assert "water/pay.yaml, line 15: “mises” is not known here." in result.output
    assert not (tmp_path / "releases").exists()


def test_publishing_makes_a_release_current(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("publish", shelf="--to")

    assert result.exit_code == 0, result.output
    assert load_current(tmp_path / "releases").version in result.stdout


def test_trying_shows_the_service_and_the_phrase(run: Callable[..., Result]) -> None:
    result = run("try", "pay my water bill")

    assert "wsd-pay" in result.stdout
    assert "like “pay my water bill”" in result.stdout


def test_evaluating_prints_exactly_its_keys_over_all_files(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text(ASKED)

    result = run("evaluate", str(asked), str(asked), "--json")

    figures = json.loads(result.stdout)
    assert list(figures) == [*KEYS, "languages", "departments"]
    assert figures["n"] == 4


def test_evaluating_trains_once_and_says_so_apart(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text(ASKED)

    first, second = run("evaluate", str(asked)), run("evaluate", str(asked))

    assert "training one" in first.stderr
    assert second.stderr == ""
    assert "top1" in second.stdout


def test_a_bad_line_stops_with_its_number(run: Callable[..., Result], tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text(ASKED + "oops")

    result = run("evaluate", str(asked))

    assert result.exit_code == 2
    assert "asked.jsonl, line 3: this is not one JSON object" in result.output


def test_a_benchmark_prints_one_object(tmp_path: Path) -> None:
    words = {"pay": "bill money fee cash".split(), "read": "book page shelf author".split()}
    lines = [
        json.dumps({"text": f"{word} {other}", "intent": name})
        for name, said in words.items()
        for word in said
        for other in said
    ]
    known, strange = tmp_path / "known.jsonl", tmp_path / "strange.jsonl"
    known.write_text("\n".join(lines))
    strange.write_text(json.dumps({"text": "zebra in the snow", "intent": "oos"}))

    result = CliRunner().invoke(
        intents,
        ["benchmark", "--train", str(known), "--test", str(known), "--oos", str(strange), "--json"],
    )

    found = json.loads(result.stdout)
    assert found["accuracy"] == 1.0
    assert found["auroc"] == 1.0
    assert found["oos_recall_at_95"] == 1.0
    assert {"top3", "train_seconds", "model_bytes", "p50_us", "p99_us"} <= set(found)
