"""What FCM took and no row says yet: noted at once, and written down by whoever comes next."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from backend.notifications.outbox import delivering
from backend.notifications.outbox.notebook import Notebook
from tests.notifications.town import LEASE_SECONDS, Town
from tests.simulators.desk import Desk

A_DEAD_HAND = """
import os, sys
from pathlib import Path
from backend.notifications.outbox.notebook import Notebook
book = Notebook(Path(sys.argv[1]))
for word in sys.argv[2:]:
    delivery_id, attempt = word.split("=")
    book.note(delivery_id, int(attempt))
os.kill(os.getpid(), 9)
"""


def notes_of_a_dead_worker(folder: Path, *notes: tuple[str, int]) -> None:
    """Let a process note what it heard, and die of SIGKILL."""
    words = [f"{delivery_id}={attempt}" for delivery_id, attempt in notes]
    dead = subprocess.run([sys.executable, "-c", A_DEAD_HAND, str(folder), *words], check=False)
    assert dead.returncode == -9


@pytest.mark.slow
def test_what_a_killed_worker_had_heard_is_not_sent_again(
    town: Town, desk: Desk, tmp_path: Path
) -> None:
    town.tell(*[town.resident(f"phone-{number}") for number in range(4)])
    parcels = town.claim()
    heard = parcels[:3]
    notes = [(each.claimed.delivery_id, each.claimed.attempt) for each in heard]
    notes_of_a_dead_worker(tmp_path, *notes)
    town.wait(LEASE_SECONDS)

    worker = town.postman(Notebook(tmp_path))
    while (due_at := worker.deliver_waiting()) is not None and due_at <= town.now:
        pass

    assert desk.addresses() == [parcels[3].claimed.address]
    assert Counter(town.states()) == {("sent", None): 4}
    assert [path.stat().st_size for path in tmp_path.glob("note_*.txt")] == [0]  # its own


@pytest.mark.slow
def test_the_note_of_an_earlier_attempt_changes_nothing_of_a_newer_one(
    town: Town, tmp_path: Path
) -> None:
    town.tell(town.resident("phone"))
    [slow] = town.claim()
    town.wait(LEASE_SECONDS)
    town.claim()
    notes_of_a_dead_worker(tmp_path, (slow.claimed.delivery_id, slow.claimed.attempt))

    Notebook(tmp_path).settle(town.database, town.now)

    assert town.states() == [("claimed", None)]


def test_the_notebook_of_a_living_worker_is_left_alone(town: Town, tmp_path: Path) -> None:
    town.tell(town.resident("phone"))
    [parcel] = town.claim()
    living = Notebook(tmp_path)
    living.note(parcel.claimed.delivery_id, parcel.claimed.attempt)

    Notebook(tmp_path).settle(town.database, town.now)

    assert town.states() == [("claimed", None)]
    living.settle(town.database, town.now)
    assert town.states() == [("sent", None)]


@pytest.mark.parametrize("torn", ["", "dlv_", "dlv_01m84fgmdv4znp04e3g2m3jy43", "\xff\x00 1\n"])
def test_a_torn_note_is_none(town: Town, tmp_path: Path, torn: str) -> None:
    town.tell(town.resident("phone"))
    [parcel] = town.claim()
    sound = f"{parcel.claimed.delivery_id} {parcel.claimed.attempt}\n"
    (tmp_path / "note_torn.txt").write_bytes((sound + torn).encode("latin-1"))

    Notebook(tmp_path).settle(town.database, town.now)

    assert town.states() == [("sent", None)]
    assert list(tmp_path.glob("note_*")) == []


def test_a_folder_that_cannot_be_written_stops_no_push(
    town: Town, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "pushes").write_text("a file in the way")
    town.tell(town.resident("phone"))

    town.postman(Notebook(tmp_path / "pushes")).deliver_waiting()

    assert desk.addresses() == ["phone"]
    assert town.states() == [("sent", None)]


def test_while_the_rows_are_away_the_outcome_is_kept_and_written_when_they_are_back(
    town: Town, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.tell(town.resident("phone"))
    tries = []
    real = delivering.record

    def away_at_first(*args: object) -> None:
        tries.append(os.getpid())
        if len(tries) < 3:
            raise OperationalError("update", {}, RuntimeError("the server is away"))
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(delivering, "record", away_at_first)
    monkeypatch.setattr(delivering, "TRY_AGAIN_SECONDS", 0.0)

    town.postman(Notebook(tmp_path)).deliver_waiting()

    assert len(tries) == 3
    assert desk.addresses() == ["phone"]
    assert town.states() == [("sent", None)]


def test_where_the_rows_stay_away_the_notebook_has_it(
    town: Town, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.tell(town.resident("phone"))
    worker = town.postman(Notebook(tmp_path))

    def away(*_: object) -> None:
        raise OperationalError("update", {}, ValueError("no room for it"))

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "record", away)
        patch.setattr(delivering, "is_busy", lambda _error: False)
        with pytest.raises(OperationalError):
            worker.deliver_waiting()
    town.wait(LEASE_SECONDS)
    worker.deliver_waiting()

    assert desk.addresses() == ["phone"]
    assert town.states() == [("sent", None)]
