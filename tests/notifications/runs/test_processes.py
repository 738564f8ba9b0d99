"""Real workers: a cancel on the command line silences all of them within ten seconds."""

from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from click.testing import CliRunner

from backend.cli import ferry
from backend.core import clock
from backend.core.settings import Settings
from backend.notifications.preferences.models import PushPreferences
from backend.notifications.preferences.rules import Preferences
from tests.bills.runs.files import HEADER, Office, csv_file
from tests.notifications.processes.works import Works
from tests.notifications.runs.pier import Pier
from tests.simulators.desk import Desk, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]
PUSHES = 1000
SILENT_WITHIN_SECONDS = 10


@pytest.fixture
def works(settings: Settings, desk: Desk) -> Iterator[Works]:
    works = Works(settings, desk)
    yield works
    works.end()


def begin(pier: Pier) -> str:
    """Post a file of bills to residents without quiet hours, as these workers have the real clock."""
    pier.town.now = clock.now()
    chosen = asdict(replace(Preferences(), quiet_from="08:00", quiet_until="08:00"))
    with pier.rows.transaction() as db:
        residents = pier.settle(db, "A", PUSHES)
        for id_ in residents:
            db.add(PushPreferences(resident_id=id_, changed_at=pier.town.now, **chosen))
    lines = [f"W-{n},water,1,2099-12-20,{n},{id_}" for n, id_ in enumerate(residents)]
    file = csv_file(lines, PUSHES, PUSHES, f"{HEADER},resident_id")
    return Office(pier.rows, pier.town.now).handle(file).id


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_cancel_silences_every_worker_and_the_counts_are_what_arrived(
    works: Works, pier: Pier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begin(pier)
    monkeypatch.setenv("FERRY_STAGE", "demo")
    monkeypatch.setenv("FERRY_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("FERRY_DATABASE_URL", settings.database_url)
    works.start_workers(2, more={"FERRY_PUSHES_PER_SECOND": "2000"})
    wait_until(lambda: len(pier.arrived("A")) > 100)

    cancelled = CliRunner().invoke(ferry, ["runs", "cancel", run_id])

    assert cancelled.exit_code == 0
    wait_until(lambda: pier.look(run_id).settled_at is not None, SILENT_WITHIN_SECONDS)
    run, arrived = pier.look(run_id), pier.arrived("A")
    assert 100 < run.sent == len(arrived) == arrived.total() < PUSHES
    assert (run.state, run.sent + run.dropped, run.failed) == ("cancelled", PUSHES, 0)
