"""Pushes that could not be placed: parked with the reason, and let go again by a command."""

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from backend.accounts import Device
from backend.cli import ferry
from backend.core.database import Database
from backend.notifications import Batch, MessageKind, Telling, notify_many
from backend.notifications.outbox import replaying
from backend.notifications.outbox.replaying import list_parked, replay
from backend.notifications.rules import WORTH_PUSHING_FOR
from backend.notifications.runs.models import PushRun
from backend.notifications.runs.rules import PushRunState
from tests.engines import SqliteRoom
from tests.notifications.town import Town
from tests.simulators.desk import Desk


def spoil(town: Town, *addresses: str) -> None:
    """Spoil these phones' rows, so that no push to them can be shaped."""
    with town.database.transaction() as db:
        spoiled = update(Device).where(Device.address.in_(addresses))
        db.execute(spoiled.values(address_kind="carrier pigeon"))


def mend(town: Town) -> None:
    with town.database.transaction() as db:
        db.execute(update(Device).values(address_kind="token"))


def replayed(town: Town, reason: str | None = None) -> int:
    return sum(replay(town.database, reason, town.now, lambda: None))


@pytest.mark.slow
def test_one_poisoned_push_in_a_hundred_is_parked_alone_and_goes_when_it_is_mended(
    town: Town, desk: Desk
) -> None:
    town.tell(*town.crowd(200))
    spoil(town, "phone-7-0", "phone-77-0")
    town.work_off()
    with town.database.transaction(read_only=True) as db:
        parked = [(each.reason, each.count) for each in list_parked(db)]
    first = Counter(desk.addresses())
    mend(town)
    town.wait(60)

    again = replayed(town)
    town.work_off()

    assert parked == [("no fid and no token", 2)]
    assert len(first) == 198
    assert again == 2
    assert Counter(desk.addresses()) == Counter(f"phone-{n}-0" for n in range(200))
    assert replayed(town) == 0


def test_only_what_was_parked_for_that_reason_goes_again(town: Town, desk: Desk) -> None:
    town.tell(town.resident("refused"), town.resident("spoiled"))
    spoil(town, "spoiled")
    desk.answer({"status": 400}, address="refused")
    town.work_off()
    town.wait(1)

    again = replayed(town, "InvalidArgumentError")
    town.work_off()

    assert again == 1
    assert desk.addresses() == ["refused"]
    assert ("failed", "no fid and no token") in town.states()


def test_what_is_too_old_when_it_is_replayed_is_dropped_and_says_so(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    desk.answer({"status": 400})
    town.work_off()
    town.wait(WORTH_PUSHING_FOR[MessageKind.BILL_NEW].total_seconds() + 60)

    replayed(town)
    town.work_off()

    assert desk.addresses() == []
    assert town.states() == [("dropped", "too old")]


def test_the_counts_of_a_run_stay_exact_and_a_run_that_was_done_goes_on(
    town: Town, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "A_BATCH", 2)
    residents = town.crowd(5)
    batch = Batch("WSD", MessageKind.BILL_NEW, town.now, run_id="run_1")
    facts = {"amount": "1.00", "due_on": "2026-12-20"}
    tellings = [Telling(id_, f"bill_{n}", facts) for n, id_ in enumerate(residents)]
    with town.database.transaction() as db:
        planned = notify_many(db, tellings, batch)
        run = PushRun(id="run_1", department_id="WSD", state=PushRunState.GOING, bills=5)
        run.started_by, run.starts_at, run.created_at = "client", town.now, town.now
        run.planned = planned
        db.add(run)
    desk.answer(*[{"status": 400}] * 3)
    town.work_off()
    before = counts(town.database)
    with town.database.transaction() as db:
        db.execute(update(PushRun).values(state=PushRunState.DONE, settled_at=town.now))
    town.wait(1)

    replayed(town)
    between = counts(town.database)
    town.work_off()

    assert before == (PushRunState.GOING, 5, 2, 3)
    assert between == (PushRunState.GOING, 5, 2, 0)
    assert counts(town.database) == (PushRunState.GOING, 5, 5, 0)
    assert len(desk.addresses()) == 5


def counts(rows: Database) -> tuple[str, int, int, int]:
    with rows.transaction(read_only=True) as db:
        run = db.scalars(select(PushRun)).one()
        return (run.state, run.planned, run.sent, run.failed)


@pytest.fixture
def asked(tmp_path: Path, sqlite_room: SqliteRoom, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that the command finds by its settings."""
    url = sqlite_room.copy_to(tmp_path / "ferry.db")
    monkeypatch.setenv("FERRY_STAGE", "demo")
    monkeypatch.setenv("FERRY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FERRY_DATABASE_URL", url)
    return Database(url)


def test_the_command_says_what_is_parked_and_lets_it_go_again(
    asked: Database, sender: object, desk: Desk
) -> None:
    town = Town(asked, sender)  # type: ignore[arg-type]
    none = CliRunner().invoke(ferry, ["deliveries", "parked"])
    nothing = CliRunner().invoke(ferry, ["deliveries", "replay", "--yes"])
    town.tell(town.resident("phone"))
    desk.answer({"status": 400})
    town.work_off()

    shown = CliRunner().invoke(ferry, ["deliveries", "parked"])
    told = CliRunner().invoke(ferry, ["deliveries", "parked", "--json"])
    no = CliRunner().invoke(ferry, ["deliveries", "replay"], input="n\n")
    kept = town.states()
    yes = CliRunner().invoke(ferry, ["deliveries", "replay", "--yes"])

    assert "Nothing is parked." in none.output
    assert nothing.exit_code == 1
    assert "InvalidArgumentError" in shown.output
    assert [each["count"] for each in json.loads(told.output)] == [1]
    assert no.exit_code == 1
    assert kept == [("failed", "InvalidArgumentError")]
    assert "1 pushes wait again" in yes.output
    assert town.states() == [("waiting", None)]
