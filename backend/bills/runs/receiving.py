"""A file arrives in pieces, each of them stored before the next is read."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.bills.runs.models import BillRun, BillRunChunk, run_with, standing_run, unfinished_runs
from backend.bills.runs.rules import (
    MOST_UNFINISHED,
    RECEIVING_FOR,
    FileFormat,
    RunState,
    RunsWaiting,
    UploadForgotten,
)
from backend.core.clock import new_id
from backend.core.database import Database, after_commit

Clock = Callable[[], datetime]


def receive(
    rows: Database,
    department_id: str,
    file_format: FileFormat,
    pieces: Iterable[bytes],
    *,
    clock: Clock,
    ring: Callable[[], None],
    started_by: str | None = None,
    push_over_minutes: int = 0,
) -> tuple[BillRun, bool]:
    """Store a file as a run that waits to be checked; return it and whether it is new.

    `pieces` are PIECE_BYTES long, but for the last. The very bytes of a run that stands are that
    run. Where `pieces` raises, what came is forgotten; where this process is killed, a worker does
    that in an hour. `started_by` is a client or an operator, if it is known who. RunsWaiting,
    UploadForgotten.
    """
    run = BillRun(
        id=new_id("run"),
        department_id=department_id,
        started_by=started_by,
        push_over_minutes=push_over_minutes,
        format=file_format,
        state=RunState.RECEIVING,
    )
    run_id = _open(rows, run, clock())
    try:
        sha256 = _store(rows, run_id, pieces, clock)
    except Exception:
        with rows.transaction() as db:
            forget(db, run_id)
        raise
    with rows.transaction() as db:
        return _seal(db, run_id, sha256, clock(), ring)


def forget(db: Session, run_id: str) -> None:
    """Let go of a file that nobody will work on."""
    db.execute(delete(BillRunChunk).where(BillRunChunk.run_id == run_id))
    db.execute(delete(BillRun).where(BillRun.id == run_id))


def _store(rows: Database, run_id: str, pieces: Iterable[bytes], clock: Clock) -> str:
    """Store the pieces, each in a transaction of its own; return the SHA-256 of them all."""
    digest, size = hashlib.sha256(), 0
    for number, piece in enumerate(pieces):
        digest.update(piece)
        size += len(piece)
        with rows.transaction() as db:
            run = _arriving(db, run_id)
            run.due_at = clock() + RECEIVING_FOR
            run.size_bytes = size
            db.add(BillRunChunk(run_id=run_id, number=number, data=piece))
    return digest.hexdigest()


def _open(rows: Database, run: BillRun, now: datetime) -> str:
    run.due_at, run.created_at = now + RECEIVING_FOR, now
    with rows.transaction() as db:
        _queue_up(db, run.department_id)
        if db.scalars(unfinished_runs(run.department_id, now)).one() >= MOST_UNFINISHED:
            raise RunsWaiting(most=MOST_UNFINISHED)
        db.add(run)
    return run.id


def _seal(
    db: Session, run_id: str, sha256: str, now: datetime, ring: Callable[[], None]
) -> tuple[BillRun, bool]:
    run = _arriving(db, run_id)
    _queue_up(db, run.department_id)
    standing = db.scalars(standing_run(run.department_id, sha256)).one_or_none()
    if standing is not None:
        forget(db, run_id)
        return standing, False
    run.state = RunState.CHECKING
    run.sha256 = sha256
    run.due_at = now
    after_commit(db, ring)
    return run, True


def _arriving(db: Session, run_id: str) -> BillRun:
    run = db.scalars(run_with(run_id).with_for_update()).one_or_none()
    if run is None or run.state != RunState.RECEIVING:
        raise UploadForgotten
    return run


def _queue_up(db: Session, department_id: str) -> None:
    """Let a department's files begin and end one after the other; SQLite does so by itself."""
    if db.get_bind().dialect.name == "postgresql":
        digest = hashlib.sha256(b"bill-runs\0" + department_id.encode()).digest()
        number = int.from_bytes(digest[:8], signed=True)
        db.execute(select(func.pg_advisory_xact_lock(number)))
