"""`ferry runs` on the command line."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import ferry
from backend.core import clock
from backend.core.clock import new_id
from backend.core.database import Database
from backend.notifications import RunPlan, open_push_run, plan_pushes, push_run_with
from backend.notifications.runs import commands
from backend.notifications.runs.models import more_of

pytestmark = pytest.mark.slow
Call = Callable[..., Result]


@pytest.fixture
def call(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `ferry runs` on this database."""
    monkeypatch.setenv("FERRY_STAGE", "demo")
    monkeypatch.setenv("FERRY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FERRY_DATABASE_URL", database_url)

    def calling(*words: str) -> Result:
        return CliRunner().invoke(ferry, ["runs", *words])

    return calling


def opened(database: Database, bills: int, started_by: str | None = None, pushes: int = 5) -> str:
    plan = RunPlan(new_id("run"), "WSD", bills, started_by)
    with database.transaction() as db:
        plan_pushes(db, open_push_run(db, plan, clock.now()), pushes, is_last=True)
    return plan.run_id


def test_a_run_is_listed_shown_paused_resumed_and_cancelled(call: Call, database: Database) -> None:
    run_id = opened(database, 5)

    assert f"{run_id}  WSD   going     5 planned, 0 sent" in call("list").stdout
    assert call("list", "--department", "RVD").stdout == ""
    shown = call("show", run_id).stdout
    assert "5 bills, started by command at 20" in shown
    assert "over 0 minutes" in shown
    for deed, state in (("pause", "paused"), ("resume", "going"), ("cancel", "cancelled")):
        told = call(deed, run_id)
        assert (told.exit_code, state in told.stdout) == (0, True)
    refused = call("resume", run_id)
    assert (refused.exit_code, "cannot be resumed" in refused.stderr) == (1, True)


@pytest.mark.parametrize("name", ["chan", "CHAN", " ｃｈａｎ "])
def test_whoever_started_a_run_cannot_approve_it(call: Call, database: Database, name: str) -> None:
    run_id = opened(database, 10_001, "chan")

    refused = call("approve", run_id, "--by", name)

    assert (refused.exit_code, "take two" in refused.stderr) == (1, True)
    assert "held" in call("list").stdout


@pytest.mark.parametrize("name", ["", "陳", "с" + "han", "cli_x", "command"])
def test_a_name_that_is_none_is_refused(call: Call, database: Database, name: str) -> None:
    run_id = opened(database, 10_001, "chan")

    refused = call("approve", run_id, "--by", name)

    assert (refused.exit_code, "Name yourself" in refused.stderr) == (1, True)


def test_another_operator_lets_a_large_run_go(call: Call, database: Database) -> None:
    run_id = opened(database, 10_001, "chan")

    told = call("approve", run_id, "--by", "Lee")

    assert told.exit_code == 0
    assert "going" in told.stdout or "Its pushes go from" in told.stderr
    shown = call("show", run_id).stdout
    assert "started by chan" in shown
    assert "let go by lee at 20" in shown


def test_a_run_that_a_nameless_command_started_takes_a_client(
    call: Call, database: Database
) -> None:
    run_id = opened(database, 10_001)

    assert "take two" in call("approve", run_id, "--by", "lee").stderr


def test_a_small_run_needs_no_approval_and_says_so(call: Call, database: Database) -> None:
    told = call("approve", opened(database, 10_000, "chan"), "--by", "chan")

    assert (told.exit_code, "Nobody needs to approve it" in told.stderr) == (0, True)


def test_a_run_is_watched_until_it_is_settled(
    call: Call, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "LOOK_SECONDS", 0.05)
    run_id = opened(database, 5)

    def go_on() -> None:
        with database.transaction() as db:
            db.execute(more_of(run_id, {"sent": 3, "failed": 1, "dropped": 1}))
            db.scalars(push_run_with(run_id)).one().settled_at = clock.now()

    later = threading.Timer(0.3, go_on)
    later.start()
    watched = call("watch", run_id)
    later.join()

    assert watched.exit_code == 0
    assert "3 sent, 1 failed, 1 dropped, 0 waiting" in watched.stdout
    assert "5/5" in watched.stderr
    assert "dropped=1" in watched.stderr


@pytest.mark.parametrize("deed", ["pause", None])
def test_a_watch_ends_where_a_run_stands_still(
    call: Call, database: Database, deed: str | None
) -> None:
    run_id = opened(database, 5 if deed else 10_001, "chan")
    if deed:
        call(deed, run_id)

    watched = call("watch", run_id)

    assert watched.exit_code == 0
    assert ("paused" if deed else "held") in watched.stdout


def test_a_run_that_is_not_there_is_said_to_be_so(call: Call) -> None:
    for words in (["show"], ["watch"], ["pause"], ["cancel"]):
        told = call(*words, "run_00000000000000000000000000")
        assert (told.exit_code, "There is nothing" in told.stderr) == (1, True)
