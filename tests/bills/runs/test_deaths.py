"""Workers that die at any moment, and commands that are stopped: every bill once, told once."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.bills.runs.models import BillRun
from backend.bills.runs.reading import Reader
from backend.bills.runs.rules import PIECE_BYTES, FileFormat, RunState
from backend.bills.runs.turn import LEASE
from tests.bills.runs.files import HEADER, Death, Office, dying_at, many, start_worker
from tests.simulators.desk import wait_until

PATIENCE_SECONDS = 60
FERRY = str(Path(sys.executable).with_name("ferry"))


@pytest.mark.slow
def test_a_worker_that_dies_before_any_statement_leaves_nothing_half_done(office: Office) -> None:
    resident = office.resident(phones=1)
    run_id = office.send(many(1200, resident_id=resident))

    deaths = 0
    for statement in range(1, 60):
        try:
            with dying_at(office, statement):
                office.work()
        except Death:
            deaths += 1
        bills = len(office.bills())
        assert office.told() == (bills, bills)
        assert office.run(run_id).posted == bills
        office.wait(LEASE.total_seconds() + 1)

    run = office.run(run_id)
    assert deaths > 10
    assert (run.state, run.posted, run.already_there) == (RunState.DONE, 1200, 0)
    assert office.told() == (1200, 1200)


@pytest.mark.slow
@pytest.mark.processes
def test_workers_that_are_killed_post_and_tell_every_bill_once(
    office: Office, database_url: str
) -> None:
    resident, dice = office.resident(phones=1), random.Random(4)
    run_id = office.send(many(6_000, resident_id=resident))

    ahead = 0
    for _ in range(2):
        ahead += 60
        worker = start_worker(database_url, ahead)
        before = office.run(run_id)
        wait_until(
            lambda before=before: progress(office.run(run_id)) > progress(before), PATIENCE_SECONDS
        )
        time.sleep(dice.uniform(0, 0.3))
        worker.kill()
        worker.communicate()
    last = start_worker(database_url, ahead + 60)
    last.communicate(timeout=PATIENCE_SECONDS)

    run = office.run(run_id)
    assert (run.state, run.posted, run.already_there) == (RunState.DONE, 6_000, 0)
    assert len(office.bills()) == 6_000
    assert office.told() == (6_000, 6_000)


def progress(run: BillRun) -> tuple[int, int, bool]:
    return run.checked, run.posted, run.state == RunState.DONE


def environment(office: Office, database_url: str, folder: Path) -> dict[str, str]:
    stage = {"FERRY_STAGE": "demo", "FERRY_DATA_DIR": str(folder)}
    return {**os.environ, **stage, "FERRY_DATABASE_URL": database_url, "PYTHONWARNINGS": "ignore"}


@pytest.mark.slow
@pytest.mark.processes
def test_ingest_stopped_by_hand_goes_on_when_it_is_called_again(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "bills.csv"
    file.write_bytes(many(8_000, resident_id=office.resident()))
    command = [FERRY, "bills", "ingest", str(file), "--department", "WSD", "--json"]
    variables = environment(office, database_url, tmp_path)
    first = subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: any_posted(office), PATIENCE_SECONDS)

    first.send_signal(signal.SIGINT)
    said, warned = first.communicate(timeout=PATIENCE_SECONDS)

    stopped = json.loads(said)
    assert (first.returncode, stopped["state"]) == (130, "paused")
    assert 0 < stopped["posted"] < 8_000
    assert "ferry bills resume" in warned
    assert len(office.bills()) == stopped["posted"]
    again = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    finished = json.loads(again.stdout)
    assert (finished["id"], finished["state"]) == (stopped["id"], "done")
    assert (finished["posted"], finished["already_there"]) == (8_000, 0)
    assert office.told() == (8_000, 0)


def any_posted(office: Office) -> bool:
    runs = office.runs()
    return bool(runs) and runs[0].posted > 0


@pytest.mark.slow
def test_a_large_file_is_read_in_little_memory() -> None:
    """Forty megabytes go through three; 700 bytes a line, as a department's real ones have."""
    wide = ",".join(["x" * 200, "x" * 200, "x" * 300])
    header = f"{HEADER},premises,contact,legal_basis\n".encode()
    line = f"W-1,water,100,2099-12-20,A1,{wide}\n".encode()

    def pieces(_at: int) -> Iterator[bytes]:
        yield header
        for _ in range(40):
            yield line * (PIECE_BYTES // len(line))

    tracemalloc.start()
    reader = Reader(FileFormat.CSV, pieces)
    while not (batch := reader.batch()).is_last:
        assert batch.problems == []
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert reader.feed.read_bytes > 39 * PIECE_BYTES
    assert peak < 6 * PIECE_BYTES


@pytest.mark.slow
@pytest.mark.processes
def test_ingest_keeps_within_its_memory(office: Office, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "bills.csv"
    file.write_bytes(many(6_000, resident_id=office.resident()))
    child = subprocess.Popen(
        [FERRY, "bills", "ingest", str(file), "--department", "WSD"],
        env=environment(office, database_url, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    peak_kb = 0
    while child.poll() is None:
        peak_kb = max(peak_kb, peak_of(child.pid))
        time.sleep(0.02)

    assert child.returncode == 0
    assert 0 < peak_kb < 300 * 1024


def peak_of(pid: int) -> int:
    """Return a process's highest resident memory so far, in kB; 0 once it is gone.

    Not ru_maxrss, which a child inherits from whoever started it.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
