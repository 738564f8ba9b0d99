"""`ferry bills` on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import ferry
from tests.bills.runs.files import HEADER, Office, csv_file, many, ndjson_file

pytestmark = pytest.mark.slow
Call = Callable[..., Result]


@pytest.fixture
def call(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `ferry bills` on this database."""
    monkeypatch.setenv("FERRY_STAGE", "demo")
    monkeypatch.setenv("FERRY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FERRY_DATABASE_URL", database_url)

    def calling(*words: str) -> Result:
        return CliRunner().invoke(ferry, ["bills", *words])

    return calling


def ingest(call: Call, path: Path, *words: str) -> Result:
    return call("ingest", str(path), "--department", "WSD", *words)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bills.csv"


def test_a_sound_file_is_posted(call: Call, file: Path, office: Office) -> None:
    file.write_bytes(many(1200, resident_id=office.resident()))

    result = ingest(call, file, "--json")

    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert (summary["state"], summary["posted"], summary["problems"]) == ("done", 1200, [])
    assert office.told() == (1200, 0)
    again = json.loads(ingest(call, file, "--json").stdout)
    assert again == summary


def test_whoever_posts_a_large_file_is_named_and_cannot_let_its_pushes_go(
    call: Call, file: Path, office: Office
) -> None:
    file.write_bytes(many(10_001))

    result = ingest(call, file, "--by", " Chan", "--push-over-hours", "2")

    [run] = office.runs()
    assert (result.exit_code, run.started_by, run.push_over_minutes) == (0, "chan", 120)
    assert f"ferry runs approve {run.id} --by NAME" in result.stderr
    alone = CliRunner().invoke(ferry, ["runs", "approve", run.id, "--by", "CHAN"])
    assert (alone.exit_code, "take two" in alone.stderr) == (1, True)
    assert CliRunner().invoke(ferry, ["runs", "approve", run.id, "--by", "lee"]).exit_code == 0


@pytest.mark.parametrize(
    "words", [["--by", "陳"], ["--by", ""], ["--push-over-hours", "25"], ["--push-over-hours", "x"]]
)
def test_a_name_or_a_time_that_is_none_posts_nothing(
    call: Call, file: Path, office: Office, words: list[str]
) -> None:
    file.write_bytes(many(3))

    assert ingest(call, file, *words).exit_code > 0
    assert office.runs() == []


def test_a_broken_file_is_refused_with_its_lines(call: Call, file: Path, office: Office) -> None:
    file.write_bytes(csv_file(["W-1,water,0,2099-12-20,A", "W-2,steam,1,2099-12-20,A"], 2, 1))

    result = ingest(call, file)

    assert result.exit_code == 1
    assert "line 2, amount_cents: Use a number from 1 to 1000000000." in result.stderr
    assert "line 3, kind: Choose one of: water" in result.stderr
    assert "Nothing was posted" in result.stderr
    assert office.bills() == []


def test_json_lines_are_told_by_their_name_or_their_first_character(
    call: Call, tmp_path: Path, office: Office
) -> None:
    bill = {"kind": "water", "amount_cents": 1, "due_on": "2099-12-20", "account_number": "A"}
    for number, name in enumerate(["a.ndjson", "b.jsonl", "c.dump"]):
        path = tmp_path / name
        path.write_bytes(ndjson_file([{**bill, "bill_number": f"W-{number}"}]))
        assert ingest(call, path).exit_code == 0

    assert len(office.bills()) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-", "--department", "WSD"], "Name a file"),
        (["nowhere.csv", "--department", "WSD"], "nowhere.csv cannot be read: No such file"),
        ([".", "--department", "WSD"], ". cannot be read: Is a directory"),
        (["/dev/null", "--department", "WSD"], "/dev/null is no ordinary file."),
        ([__file__, "--department", "XYZ"], "There is no department XYZ."),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(call: Call, words: list[str], sentence: str) -> None:
    result = call("ingest", *words)

    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_run_is_listed_paused_resumed_cancelled_and_watched(call: Call, office: Office) -> None:
    run_id = office.send(many(3))

    assert run_id in call("runs").stdout
    assert call("runs", "--department", "RVD").stdout == ""
    assert "paused" in call("pause", run_id).stdout
    assert call("run", run_id).exit_code == 130
    assert "checking" in call("resume", run_id).stdout
    office.work_off()
    office.wait(86_400 * 36_500)
    office.work_off()
    assert call("run", run_id).exit_code == 0
    refused = call("pause", run_id)
    assert (refused.exit_code, "it cannot be paused" in refused.stderr) == (1, True)
    assert "cancelled" in call("cancel", run_id, "--withdraw-posted").stdout


@pytest.mark.parametrize("reason", ["", " ", "x" * 301, "two\nlines"])
def test_a_reason_that_residents_could_not_read_is_refused(
    call: Call, office: Office, reason: str
) -> None:
    run_id = office.send(many(3))

    result = call("cancel", run_id, "--withdraw-posted", "--reason", reason)

    assert (result.exit_code, "in one line" in result.stderr) == (1, True)
    assert office.run(run_id).state == "checking"


def test_a_run_that_is_not_there_is_said_to_be_so(call: Call) -> None:
    result = call("run", "run_00000000000000000000000000")

    assert result.exit_code == 1
    assert "There is nothing here" in result.stderr


def test_a_header_alone_is_no_file_of_bills(call: Call, file: Path) -> None:
    file.write_text(HEADER + "\n")

    assert "The last line must be the trailer" in ingest(call, file).stderr
