"""The benchmark of the search: it measures both finders on the same queries and prints them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.menu.benchmark import main


@pytest.mark.slow
def test_it_prints_one_json_object(tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("water bill\n\n水費\n", encoding="utf-8")

    done = CliRunner().invoke(main, ["--json", "--rounds", "1", "--queries", str(queries)])

    found = json.loads(done.output)
    assert (done.exit_code, found["queries"], found["rounds"]) == (0, 2, 1)
    assert found["rival"].startswith("rapidfuzz ")
    for who in ("ferry_search", "rapidfuzz_wratio"):
        assert 0 < found[who]["p50_us"] <= found[who]["p99_us"]
        assert found[who]["first"] is None


@pytest.mark.slow
def test_it_tells_people_how_often_the_wanted_service_comes_first() -> None:
    done = CliRunner().invoke(main, ["--rounds", "1"])

    assert done.exit_code == 0
    assert "puts the wanted service first 100.0%" in done.output
    assert "times as quick at p50" in done.output


def test_a_file_without_queries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("\n\n")

    done = CliRunner().invoke(main, ["--queries", str(tmp_path / "none.txt")])

    assert done.exit_code == 1
    assert done.stderr == "Error: There is no query to try.\n"
